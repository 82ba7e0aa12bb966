/** The list of rollouts somebody came from, for the way to the next one. It outlives a reload, not the tab. */

import { effect, signal } from "@preact/signals";

const NAME = "lightning.trail";

export interface Trail {
  /** The ids, in the order of the list. */
  readonly ids: readonly string[];
  /** The address of the list. */
  readonly from: string;
}

function read(): Trail {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(NAME) ?? "null");
    if (
      typeof kept === "object" &&
      kept !== null &&
      "ids" in kept &&
      Array.isArray(kept.ids) &&
      "from" in kept
    ) {
      return { ids: kept.ids.map(String), from: String(kept.from) };
    }
  } catch {
    // Nothing can be kept here.
  }
  return { ids: [], from: "/rollouts" };
}

export const trail = signal<Trail>(read());

effect(() => {
  try {
    sessionStorage.setItem(NAME, JSON.stringify(trail.value));
  } catch {
    // It lasts as long as the page.
  }
});

/** The rollout `step` places further in the list. Null: there is none. */
export function onTrail(id: string, step: 1 | -1): string | null {
  const index = trail.value.ids.indexOf(id);
  return index < 0 ? null : (trail.value.ids[index + step] ?? null);
}
