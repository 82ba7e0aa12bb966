/** A look at one rollout beside the list. */

import type { RolloutRow } from "lightning-store-client";
import { client } from "../../api/client.ts";
import { failureOf } from "../../api/failure.ts";
import { useQuery } from "../../api/query.ts";
import { href, pathOf } from "../../app/location.ts";
import { CopyButton } from "../../components/copy.tsx";
import { Icon } from "../../components/icon.tsx";
import { KeyValue } from "../../components/keyvalue.tsx";
import { Reward } from "../../components/reward.tsx";
import { Answered } from "../../components/states.tsx";
import { StatusBadge } from "../../components/status.tsx";
import { Since, Time } from "../../components/time.tsx";
import { duration } from "../../format/duration.ts";
import { count, plural } from "../../format/number.ts";
import { MiniWaterfall } from "./mini_waterfall.tsx";

interface Props {
  readonly id: string;
  readonly onClose: () => void;
  readonly onStep: (step: 1 | -1) => void;
}

export function Peek({ id, onClose, onStep }: Props) {
  const answer = useQuery({
    key: id,
    keep: false,
    topics: ["rollouts", "summary"],
    load: async (signal) => {
      const detail = await client.dashboard.rollout(id, { signal });
      const newest = detail.attempts.at(-1)?.attempt.attempt_id;
      const trace =
        newest === undefined
          ? null
          : await client.dashboard.trace(id, newest, { limit: 200 }, { signal }).catch(unlessAborted);
      return { detail, trace };
    },
  });
  const path = pathOf("rollouts", id);
  return (
    <aside class="peek" aria-label={`Rollout ${id}`}>
      <header>
        <a class="mono line grow" href={href(path)} title={id}>
          {id}
        </a>
        <CopyButton text={id} what="rollout id" />
        <button type="button" class="copy" aria-label="Rollout before (k)" onClick={() => onStep(-1)}>
          <Icon name="up" />
        </button>
        <button type="button" class="copy" aria-label="Next rollout (j)" onClick={() => onStep(1)}>
          <Icon name="down" />
        </button>
        <a class="button" href={href(path)}>
          Open
        </a>
        <button type="button" class="copy" aria-label="Close (Esc)" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </header>
      <div class="body" tabIndex={0} role="region" aria-label="Summary of the rollout">
        <Answered answer={answer}>
          {({ detail, trace }) => (
            <>
              <Facts row={detail.row} />
              <h2>Input</h2>
              <pre class="box">{pretty(detail.rollout.input)}</pre>
              {detail.row.facts.last_error !== null && (
                <>
                  <h2>Last error</h2>
                  <pre class="box bad">{detail.row.facts.last_error}</pre>
                </>
              )}
              <h2>{plural(detail.attempts.length, "attempt")}</h2>
              <ul class="plain attempts">
                {detail.attempts.map(({ attempt, facts, reason }) => (
                  <li key={attempt.attempt_id}>
                    <a href={href(`${path}?attempt=${encodeURIComponent(attempt.attempt_id)}`)}>
                      #{attempt.sequence_id}
                    </a>
                    <StatusBadge status={attempt.status} />
                    <span class="muted">
                      {attempt.end_time === null &&
                      (attempt.status === "running" || attempt.status === "preparing") ? (
                        <Since at={attempt.start_time} />
                      ) : (
                        duration(attempt.end_time === null ? null : attempt.end_time - attempt.start_time)
                      )}
                    </span>
                    <span class="muted">{plural(facts.spans, "span")}</span>
                    <span class="grow line muted">{reason ?? ""}</span>
                    <Reward value={facts.reward} dimensions={facts.rewards} />
                  </li>
                ))}
              </ul>
              {trace !== null && (
                <>
                  <h2>Newest attempt</h2>
                  <MiniWaterfall spans={trace.items} total={trace.total} />
                </>
              )}
            </>
          )}
        </Answered>
      </div>
    </aside>
  );
}

function Facts({ row }: { row: RolloutRow }) {
  const { facts, attempt } = row;
  return (
    <KeyValue
      pairs={[
        ["Status", <StatusBadge status={row.status} attempt={attempt?.status} />],
        ["Reward", <Reward value={facts.reward} dimensions={facts.rewards} />],
        row.mode === null ? null : ["Mode", row.mode],
        ["Started", <Time at={row.start_time} />],
        ["Queue wait", duration(row.queue_wait)],
        ["Run time", duration(row.run_time)],
        attempt?.worker_id == null
          ? null
          : ["Worker", <a href={href(pathOf("workers", attempt.worker_id))}>{attempt.worker_id}</a>],
        row.resources_id === null
          ? null
          : ["Resources", <a href={href(pathOf("resources", row.resources_id))}>{row.resources_id}</a>],
        facts.input_tokens + facts.output_tokens === 0
          ? null
          : ["Tokens", `${count(facts.input_tokens)} in, ${count(facts.output_tokens)} out`],
        facts.models.length === 0 ? null : ["Model", facts.models.join(", ")],
      ]}
    />
  );
}

function pretty(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  return text.length > 4_000 ? `${text.slice(0, 4_000)}…` : text;
}

/** The rest can be looked at without the trace. */
function unlessAborted(error: unknown): null {
  if (failureOf(error) === null) throw error;
  return null;
}
