/** A reward: its number, coloured by its sign, and how far it is from nothing. */

import { reward } from "../format/number.ts";

interface Dimension {
  readonly name: string | null;
  readonly value: number;
}

export function Reward({
  value,
  dimensions = [],
}: {
  value: number | null;
  dimensions?: readonly Dimension[];
}) {
  if (value === null) {
    return (
      <span class="reward muted">
        —<i />
      </span>
    );
  }
  const sign = value > 0 ? "plus" : value < 0 ? "minus" : "zero";
  const title =
    dimensions.map(({ name, value }) => `${name ?? "reward"}: ${value}`).join("\n") || String(value);
  return (
    <span class="reward" data-sign={sign} title={title}>
      {reward(value)}
      <i style={{ "--part": Math.min(1, Math.abs(value)) }} />
    </span>
  );
}
