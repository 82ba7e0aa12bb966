/** Parameters of the address that a page reads and changes. */

import { computed, type ReadonlySignal } from "@preact/signals";
import { navigate, place } from "../app/location.ts";
import { readState, type StateOf, writeState } from "./params.ts";

export interface UrlState<S> {
  /** What the address says now. */
  readonly value: StateOf<S>;
  readonly signal: ReadonlySignal<StateOf<S>>;
  /** Changes the address. `push` for what somebody chose, `replace` while they type. */
  set(change: Partial<StateOf<S>>, how?: "push" | "replace"): void;
  /** The address after such a change, for {@link href}. */
  link(change: Partial<StateOf<S>>): string;
}

export function urlState<const S extends Record<string, unknown>>(params: S): UrlState<S> {
  const now = computed(() => readState(params, place.value.query));
  const link = (change: Partial<StateOf<S>>): string => {
    const { path, query } = place.peek();
    const next = writeState(params, query, change);
    return next === "" ? path : `${path}?${next}`;
  };
  return {
    get value() {
      return now.value;
    },
    signal: now,
    set: (change, how = "push") => navigate(link(change), how),
    link,
  };
}
