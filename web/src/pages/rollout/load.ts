/** Asks for one rollout with its attempts: from the dashboard's operations, or from the plain protocol. */

import {
  type Attempt,
  JsonDocument,
  type RolloutDetail,
  type RolloutWithAttempt,
} from "lightning-store-client/trace";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { failureOf } from "../../api/failure.ts";
import { NO_FACTS } from "../../api/facts.ts";

export interface LoadedRollout {
  readonly detail: RolloutDetail;
  /** The rollout as sent. */
  readonly text: string;
  /** Its input as sent: integers of any size are exact. */
  readonly input: string;
  readonly metadata: string;
}

/** Null: there is no such rollout. */
export async function loadRollout(id: string, signal: AbortSignal): Promise<LoadedRollout | null> {
  if (level.peek() === "reduced") return plain(id, signal);
  const text = await client.text.dashboard.rollout(id, { signal });
  return read(text, JSON.parse(text) as RolloutDetail);
}

function read(text: string, detail: RolloutDetail): LoadedRollout {
  using doc = new JsonDocument(text);
  const part = (...path: string[]): string => {
    const id = doc.find(path);
    return id < 0 ? "null" : doc.text(id);
  };
  return {
    detail,
    text: part("rollout"),
    input: part("rollout", "input"),
    metadata: part("rollout", "metadata"),
  };
}

/** The Python server fails when it is asked for a rollout that it does not have; its list knows better. */
async function textOf(id: string, signal: AbortSignal): Promise<string> {
  try {
    return await client.text.getRollout(id, { signal });
  } catch (error) {
    if (failureOf(error)?.kind !== "server") throw error;
    const { total } = await client.queryRollouts({ rollout_id_in: [id], limit: 1 }, { signal });
    if (total > 0) throw error;
    return "null";
  }
}

async function plain(id: string, signal: AbortSignal): Promise<LoadedRollout | null> {
  const text = await textOf(id, signal);
  const rollout = JSON.parse(text) as RolloutWithAttempt | null;
  if (rollout === null) return null;
  const page = await client.queryAttempts(id, { limit: -1 }, { signal });
  const { config } = rollout;
  const latest = page.items.at(-1) ?? null;
  const detail: RolloutDetail = {
    rollout,
    row: {
      rollout_id: rollout.rollout_id,
      status: rollout.status,
      mode: rollout.mode,
      resources_id: rollout.resources_id,
      input: "",
      start_time: rollout.start_time,
      end_time: rollout.end_time,
      attempts: page.items.length,
      max_attempts: config.max_attempts,
      timeout_seconds: config.timeout_seconds,
      unresponsive_seconds: config.unresponsive_seconds,
      attempt: latest,
      queue_wait: page.items[0] === undefined ? null : page.items[0].start_time - rollout.start_time,
      run_time: latest?.end_time == null ? null : latest.end_time - latest.start_time,
      facts: NO_FACTS,
      metadata: {},
    },
    attempts: page.items.map((attempt: Attempt) => ({ attempt, facts: NO_FACTS, reason: null })),
    behind: 0,
  };
  using doc = new JsonDocument(text);
  const part = (key: string): string => {
    const at = doc.find([key]);
    return at < 0 ? "null" : doc.text(at);
  };
  return { detail, text, input: part("input"), metadata: part("metadata") };
}
