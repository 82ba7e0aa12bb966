/** A reward as a number, coloured by its sign. */

import { reward } from "../../format/number.ts";

function sign(value: number): "plus" | "minus" | "zero" {
  return value > 0 ? "plus" : value < 0 ? "minus" : "zero";
}

export function RewardChip({ value, title }: { readonly value: number; readonly title?: string }) {
  return (
    <span class={`reward-chip reward-${sign(value)}`} title={title ?? `Reward ${value}`}>
      <span class="sr-only">reward </span>
      {reward(value)}
    </span>
  );
}

/** A difference of rewards, with its sign. */
export function RewardDelta({ value }: { readonly value: number }) {
  const words = value > 0 ? `+${reward(value)}` : reward(value);
  return <span class={`reward-chip reward-${sign(value)}`}>{words}</span>;
}
