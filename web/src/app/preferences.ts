/** What a person prefers, kept in this browser. Where nothing can be kept it lasts as long as the page. */

import { effect, type Signal, signal } from "@preact/signals";

const PREFIX = "lightning.";

function read(name: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name) ?? "null");
  } catch {
    return null;
  }
}

function keep(name: string, value: unknown, usual: unknown): void {
  try {
    if (JSON.stringify(value) === JSON.stringify(usual)) localStorage.removeItem(PREFIX + name);
    else localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // Full, or forbidden: it is only a preference.
  }
}

const resets: (() => void)[] = [];

/** A preference. `fits` guards against what an older version, or a hand, has written. */
export function preference<T>(name: string, usual: T, fits: (value: unknown) => value is T): Signal<T> {
  const kept = read(name);
  const value = signal<T>(fits(kept) ? kept : usual);
  effect(() => keep(name, value.value, usual));
  resets.push(() => {
    value.value = usual;
  });
  return value;
}

function oneOf<T extends string>(...options: readonly T[]): (value: unknown) => value is T {
  return (value): value is T => options.includes(value as T);
}
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isText = (value: unknown): value is string => typeof value === "string";
const isColumns = (value: unknown): value is string[] | null =>
  value === null || (Array.isArray(value) && value.every(isText));

export const theme = preference<"system" | "light" | "dark">(
  "theme",
  "system",
  oneOf("system", "light", "dark"),
);
export const density = preference<"compact" | "regular">("density", "compact", oneOf("compact", "regular"));
/** `local`, `UTC`, or the name of a zone such as `Europe/Berlin`. */
export const zone = preference<string>("zone", "local", isText);
export const times = preference<"relative" | "absolute">("times", "relative", oneOf("relative", "absolute"));
export const shortcuts = preference<boolean>("shortcuts", true, isBoolean);
/** Whether the page follows the store when it is opened. */
export const liveAtStart = preference<boolean>("live", true, isBoolean);
export const markdown = preference<boolean>("markdown", false, isBoolean);
/** The order of spans. */
export const order = preference<"time" | "seq">("order", "time", oneOf("time", "seq"));
/** Columns of the table of rollouts. Null: as usual. */
export const columns = preference<string[] | null>("columns", null, isColumns);
export const railCollapsed = preference<boolean>("rail", false, isBoolean);

/** Forgets them all. */
export function resetPreferences(): void {
  for (const reset of resets) reset();
}

/** Has the document look as preferred. */
export function applyPreferences(): void {
  effect(() => {
    const root = document.documentElement;
    if (theme.value === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = theme.value;
    root.dataset["density"] = density.value;
  });
}
