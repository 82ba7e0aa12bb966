/** What of a comparison is in its address. */

import { choice, optional } from "../../url/params.ts";
import { urlState } from "../../url/state.ts";

export const url = urlState({
  a: optional(),
  b: optional(),
  only: choice(["all", "changed"] as const, "all"),
  /** The line that is opened: its number among all lines. */
  row: optional(),
  layout: choice(["split", "unified"] as const, "split"),
});

/** One side: an attempt of a rollout. */
export interface Side {
  readonly rolloutId: string;
  readonly attemptId: string;
}

/** `rollout/attempt`; the attempt may be missing, which is the latest one. Null: it is none. */
export function sideOf(text: string | null): Side | null {
  if (text === null) return null;
  const slash = text.lastIndexOf("/");
  const rolloutId = slash < 0 ? text : text.slice(0, slash);
  const attemptId = slash < 0 ? "latest" : text.slice(slash + 1);
  return rolloutId === "" || attemptId === "" ? null : { rolloutId, attemptId };
}
