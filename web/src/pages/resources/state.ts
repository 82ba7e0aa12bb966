/** What of the pages of resources is in their addresses. */

import { choice, optional, text, whole } from "../../url/params.ts";
import { urlState } from "../../url/state.ts";

export const SORTS = [
  "update_time",
  "create_time",
  "resources_id",
  "version",
  "rollouts",
  "mean_reward",
] as const;
export type SortField = (typeof SORTS)[number];

/** `-update_time`: newest first. */
export function readSort(value: string): { by: SortField; order: "asc" | "desc" } {
  const by = SORTS.find((name) => name === value.replace(/^-/, "")) ?? "update_time";
  return { by, order: value.startsWith("-") ? "desc" : "asc" };
}

export const list = urlState({
  q: text(),
  sort: text("-update_time"),
  page: whole(1, 1),
});

export const detail = urlState({
  /** The version; 0: the current one. */
  v: whole(0, 0),
  /** What it is compared with: `id@version`. */
  diff: optional(),
  /** Only the resource of this name. */
  name: optional(),
  layout: choice(["split", "unified"] as const, "split"),
});

/** A set of resources at a version; 0 is the current one. */
export interface Pick {
  readonly id: string;
  readonly version: number;
}

/** `id@3`; without a version the current one. Null: it is none. */
export function readPick(value: string | null): Pick | null {
  if (value === null || value === "") return null;
  const at = value.lastIndexOf("@");
  const version = at < 0 ? 0 : Number(value.slice(at + 1));
  if (at < 0 || !Number.isSafeInteger(version) || version < 0) return { id: value, version: 0 };
  return { id: value.slice(0, at), version };
}

export function writePick({ id, version }: Pick): string {
  return version === 0 ? id : `${id}@${version}`;
}
