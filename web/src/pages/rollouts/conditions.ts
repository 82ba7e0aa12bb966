/** What the address of the list says, as a question to the store. */

import type { DashboardRolloutsQuery } from "lightning-store-client";
import { choice, decimal, list, optional, type StateOf, text, whole, words } from "../../url/params.ts";
import {
  ATTEMPT_STATUSES,
  HAS,
  MODES,
  momentOf,
  type Moment,
  type Parsed,
  parse,
  type Problem,
  STATUSES,
} from "./language.ts";

export const SIZES = [50, 100, 200, 500] as const;

/** What the server can sort by, by its name in addresses. */
export const SORTS: Readonly<Record<string, NonNullable<DashboardRolloutsQuery["sort_by"]>>> = {
  start: "start_time",
  end: "end_time",
  id: "rollout_id",
  status: "status",
  mode: "mode",
  attempts: "attempts",
  wait: "queue_wait",
  run: "run_time",
  reward: "reward",
  spans: "spans",
  errors: "errors",
  tokens: "tokens",
};
const SORT_WORDS = Object.keys(SORTS).flatMap((name) => [name, `-${name}`]);

export const PARAMS = {
  q: text(),
  status: words(STATUSES),
  attempt_status: words(ATTEMPT_STATUSES),
  mode: words(MODES),
  worker: optional(),
  resources: optional(),
  since: optional(),
  until: optional(),
  has: words(HAS),
  reward_min: decimal(),
  reward_max: decimal(),
  sort: choice(SORT_WORDS, "-start"),
  page: whole(1, 1),
  size: choice(SIZES.map(String), "50"),
  cols: list(),
  peek: optional(),
} as const;

export type ListState = StateOf<typeof PARAMS>;

export interface Asked {
  readonly parsed: Parsed;
  /** What keeps the question from being asked: terms that are not understood, or that exclude each other. */
  readonly problems: readonly Problem[];
  readonly impossible: string | null;
  /** The conditions, at this time. */
  conditions(now: number): DashboardRolloutsQuery;
}

export function asked(state: ListState): Asked {
  const parsed = parse(state.q);
  const { conditions } = parsed;
  const status = both(conditions.status_in, state.status);
  const attempt = both(conditions.attempt_status_in, state.attempt_status);
  const mode = both(conditions.mode_in, state.mode);
  const worker = conditions.worker_id ?? state.worker ?? undefined;
  const resources = conditions.resources_id ?? state.resources ?? undefined;
  let impossible: string | null = null;
  for (const [name, found] of [
    ["status", status],
    ["attempt", attempt],
    ["mode", mode],
  ] as const) {
    if (found?.length === 0) impossible = `The conditions on ${name} exclude each other.`;
  }
  if (state.worker !== null && worker !== state.worker) impossible = "Two different workers are asked for.";
  if (state.resources !== null && resources !== state.resources)
    impossible = "Two different resources are asked for.";
  const since = later(conditions.since, state.since);
  const until = conditions.until ?? (state.until === null ? undefined : (momentOf(state.until) ?? undefined));
  const ranges: Record<string, { min: number | null; max: number | null }> = { ...conditions.ranges };
  if (state.reward_min !== null || state.reward_max !== null) {
    const own = ranges["reward"] ?? { min: null, max: null };
    ranges["reward"] = { min: greater(own.min, state.reward_min), max: smaller(own.max, state.reward_max) };
  }
  const has = [...new Set([...(conditions.has ?? []), ...state.has])];
  return {
    parsed,
    problems: parsed.problems,
    impossible,
    conditions(now) {
      const query: Record<string, string | number | boolean | readonly string[] | null | undefined> = {
        status_in: status,
        attempt_status_in: attempt,
        mode_in: mode,
        worker_id: worker,
        resources_id: resources,
        model: conditions.model,
        rollout_id_contains: conditions.rollout_id_contains,
        text: conditions.text,
        metadata: conditions.metadata,
        has: has.length === 0 ? undefined : has,
        since: since === undefined ? undefined : timeOf(since, now),
        until: until === undefined ? undefined : timeOf(until, now),
      };
      for (const [name, { min, max }] of Object.entries(ranges)) {
        query[`${name}_min`] = min;
        query[`${name}_max`] = max;
      }
      return Object.fromEntries(
        Object.entries(query).filter(([, value]) => value != null),
      ) as DashboardRolloutsQuery;
    },
  };
}

export function sortOf(state: ListState): { by: string; order: "asc" | "desc" } {
  const name = state.sort.replace(/^-/, "");
  return { by: name, order: state.sort.startsWith("-") ? "desc" : "asc" };
}

/** Whether anything is filtered. */
export function isFiltered(state: ListState): boolean {
  const { q, status, attempt_status, mode, worker, resources, since, until, has, reward_min, reward_max } =
    state;
  return (
    q.trim() !== "" ||
    [status, attempt_status, mode, has].some((list) => list.length > 0) ||
    [worker, resources, since, until, reward_min, reward_max].some((value) => value !== null)
  );
}

/** What takes all conditions away. */
export const UNFILTERED = {
  q: "",
  status: [],
  attempt_status: [],
  mode: [],
  worker: null,
  resources: null,
  since: null,
  until: null,
  has: [],
  reward_min: null,
  reward_max: null,
  page: 1,
} as const;

function both(
  typed: readonly string[] | undefined,
  chosen: readonly string[],
): readonly string[] | undefined {
  if (chosen.length === 0) return typed;
  return typed === undefined ? chosen : chosen.filter((word) => typed.includes(word));
}

function later(typed: Moment | undefined, chosen: string | null): Moment | undefined {
  return typed ?? (chosen === null ? undefined : (momentOf(chosen) ?? undefined));
}

function timeOf(moment: Moment, now: number): number {
  return "at" in moment ? moment.at : Math.floor(now - moment.ago);
}

function greater(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function smaller(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.min(a, b);
}
