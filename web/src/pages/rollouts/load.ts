/** Asks the store for a page of rollouts: by the dashboard's operations, or by the plain protocol where there are none. */

import type {
  DashboardRolloutsQuery,
  RolloutRow,
  RolloutRows,
  RolloutWithAttempt,
} from "lightning-store-client";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { NO_FACTS } from "../../api/facts.ts";
import { type Asked, type ListState, SORTS, sortOf } from "./conditions.ts";

export interface ListPage extends RolloutRows {
  /** How many came before its first row. */
  readonly first: number;
  /** When it was asked for, in seconds since 1970. */
  readonly time: number;
}

/** Where pages begin, so that a far one costs no more than the first: by question and page. */
const cursors = new Map<string, string>();
const MOST_CURSORS = 500;

export async function loadPage(asked: Asked, state: ListState, signal: AbortSignal): Promise<ListPage> {
  const now = Date.now() / 1000;
  const size = Number(state.size);
  const first = (state.page - 1) * size;
  const { by, order } = sortOf(state);
  if (asked.impossible !== null) return { ...NOTHING, limit: size, first, time: now };
  const conditions = asked.conditions(now);
  if (level.peek() === "reduced") return { ...(await plain(conditions, state, signal)), first, time: now };
  const question = JSON.stringify([asked.parsed.conditions, { ...state, page: 0, peek: null, cols: null }]);
  const after = cursors.get(`${question} ${state.page}`);
  const rows = await client.dashboard.rollouts(
    {
      ...conditions,
      limit: size,
      ...(after === undefined ? { offset: first } : { after }),
      sort_by: SORTS[by] ?? "start_time",
      sort_order: order,
      facets: true,
    },
    { signal },
  );
  if (rows.next !== null) {
    if (cursors.size >= MOST_CURSORS) cursors.clear();
    cursors.set(`${question} ${state.page + 1}`, rows.next);
  }
  return { ...rows, first, time: now };
}

/** The rows with these ids as they are now, by id, and how many match in all. */
export async function loadChanges(
  asked: Asked,
  ids: string[],
): Promise<{ rows: Map<string, RolloutRow>; total: number; facets: RolloutRows["facets"]; behind: number }> {
  const [rows, all] = await Promise.all([
    ids.length === 0 ? null : client.dashboard.rollouts({ rollout_id_in: ids, limit: ids.length }),
    client.dashboard.rollouts({ ...asked.conditions(Date.now() / 1000), limit: 0, facets: true }),
  ]);
  return {
    rows: new Map(rows?.items.map((row) => [row.rollout_id, row])),
    total: all.total,
    facets: all.facets,
    behind: all.behind,
  };
}

const NOTHING: RolloutRows = {
  items: [],
  total: 0,
  limit: 0,
  offset: 0,
  next: null,
  facets: null,
  behind: 0,
};

/** What the plain protocol can filter and sort by; the page offers nothing else then. */
const PLAIN_SORTS: Readonly<Record<string, "start_time" | "end_time" | "rollout_id" | "status" | "mode">> = {
  start: "start_time",
  end: "end_time",
  id: "rollout_id",
  status: "status",
  mode: "mode",
};

async function plain(
  conditions: DashboardRolloutsQuery,
  state: ListState,
  signal: AbortSignal,
): Promise<RolloutRows> {
  const { by, order } = sortOf(state);
  const size = Number(state.size);
  const page = await client.queryRollouts(
    {
      ...(conditions.status_in === undefined ? {} : { status_in: conditions.status_in }),
      ...(conditions.rollout_id_contains === undefined && conditions.text === undefined
        ? {}
        : { rollout_id_contains: String(conditions.rollout_id_contains ?? conditions.text) }),
      limit: size,
      offset: (state.page - 1) * size,
      sort_by: PLAIN_SORTS[by] ?? "start_time",
      sort_order: order,
    },
    { signal },
  );
  return { ...NOTHING, items: page.items.map(rowOf), total: page.total, limit: size, offset: page.offset };
}

/** What a plain rollout says; nothing is known of its spans. */
function rowOf(rollout: RolloutWithAttempt): RolloutRow {
  const { attempt, config } = rollout;
  return {
    rollout_id: rollout.rollout_id,
    status: rollout.status,
    mode: rollout.mode,
    resources_id: rollout.resources_id,
    input: lineOf(rollout.input),
    start_time: rollout.start_time,
    end_time: rollout.end_time,
    attempts: attempt?.sequence_id ?? 0,
    max_attempts: config.max_attempts,
    timeout_seconds: config.timeout_seconds,
    unresponsive_seconds: config.unresponsive_seconds,
    attempt: attempt ?? null,
    queue_wait: attempt?.sequence_id === 1 ? attempt.start_time - rollout.start_time : null,
    run_time: attempt?.end_time == null ? null : attempt.end_time - attempt.start_time,
    facts: NO_FACTS,
    metadata: {},
  };
}

function lineOf(input: unknown): string {
  if (typeof input === "string") return input.slice(0, 200);
  if (typeof input === "object" && input !== null) {
    for (const key of ["task", "question", "prompt", "input"]) {
      const value = (input as Record<string, unknown>)[key];
      if (typeof value === "string") return value.slice(0, 200);
    }
  }
  return (JSON.stringify(input) ?? "").slice(0, 200);
}
