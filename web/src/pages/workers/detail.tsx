/** One worker: what it did within the last hour, and how its machine does. */

import "./workers.css";
import { useSignal } from "@preact/signals";
import type { Attempt, AttemptRow, WorkerDetail } from "lightning-store-client";
import { useEffect } from "preact/hooks";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { useQuery } from "../../api/query.ts";
import { href, navigate, pathOf } from "../../app/location.ts";
import { zone } from "../../app/preferences.ts";
import type { PageProps } from "../../app/routes.tsx";
import { useTitle } from "../../app/title.ts";
import { Sparkline } from "../../components/chart.tsx";
import { CopyButton } from "../../components/copy.tsx";
import { Meter } from "../../components/meter.tsx";
import { Numbers } from "../../components/numbers.tsx";
import { Reward } from "../../components/reward.tsx";
import { Answered } from "../../components/states.tsx";
import { StatusBadge } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Since, Time } from "../../components/time.tsx";
import { duration } from "../../format/duration.ts";
import { shortId } from "../../format/id.ts";
import { count, percent, plural } from "../../format/number.ts";
import { hourMinute } from "../../format/time.ts";
import { WorkerStatus } from "./page.tsx";
import { machineOf, mean } from "./stats.ts";

/** How far back the lane goes, in seconds. */
const HOUR = 3_600;

export function Page({ id }: PageProps) {
  useTitle(id, "Workers");
  const answer = useQuery<WorkerDetail>({
    key: id,
    keep: false,
    topics: ["workers", "rollouts", "summary"],
    load: (signal) =>
      level.peek() === "reduced" ? plain(id, signal) : client.dashboard.worker(id, { signal }),
  });
  return (
    <div class="page">
      <div class="page-head">
        <h1 class="mono">{id}</h1>
        <CopyButton text={id} what="worker id" />
        {answer.data.value !== null && <WorkerStatus row={answer.data.value.worker} />}
        <span class="grow" />
        <a href={href("/workers")}>All workers</a>
      </div>
      <Answered answer={answer}>{(detail) => <Worker detail={detail} />}</Answered>
      {answer.error.value?.kind === "missing" && <Nearest id={id} />}
    </div>
  );
}

/** Workers whose ids begin alike. */
function Nearest({ id }: { id: string }) {
  const begin = id.slice(0, Math.max(2, Math.ceil(id.length / 2)));
  const answer = useQuery({
    key: begin,
    load: (signal) => client.queryWorkers({ worker_id_contains: begin, limit: 5 }, { signal }),
  });
  const items = answer.data.value?.items ?? [];
  if (items.length === 0) return null;
  return (
    <p>
      Did you look for{" "}
      {items.map(({ worker_id }, index) => (
        <span key={worker_id}>
          {index > 0 && ", "}
          <a href={href(pathOf("workers", worker_id))}>{worker_id}</a>
        </span>
      ))}
      ?
    </p>
  );
}

async function plain(id: string, signal: AbortSignal): Promise<WorkerDetail> {
  const worker = await client.getWorker(id, { signal });
  if (worker === null) throw new Error(`There is no worker ${id}.`);
  return {
    time: Date.now() / 1000,
    worker: { worker, silent: false, current_since: null, finished: 0, succeeded: 0, mean_run_time: null },
    attempts: [],
  };
}

function Worker({ detail }: { detail: WorkerDetail }) {
  const { worker, finished, succeeded, mean_run_time, current_since } = detail.worker;
  const rollout = worker.current_rollout_id;
  return (
    <>
      <Numbers
        items={[
          [
            "At work on",
            rollout === null ? (
              "—"
            ) : (
              <a class="mono" href={href(pathOf("rollouts", rollout))}>
                {shortId(rollout)}
              </a>
            ),
          ],
          current_since === null ? null : ["For", <Since at={current_since} />],
          ["Heartbeat", <Time at={worker.last_heartbeat_time} as="relative" />],
          ["Last work", <Time at={worker.last_dequeue_time} as="relative" />],
          ["Last busy", <Time at={worker.last_busy_time} as="relative" />],
          ["Last idle", <Time at={worker.last_idle_time} as="relative" />],
          ["Done, last hour", count(finished)],
          ["Succeeded", percent(succeeded, finished)],
          ["Mean run time", duration(mean_run_time)],
        ]}
      />
      {level.value !== "reduced" && <Hour detail={detail} />}
      <MachineCard stats={worker.heartbeat_stats} time={worker.last_heartbeat_time} />
      <details class="card">
        <summary class="body">Raw JSON</summary>
        <div class="body">
          <CopyButton text={() => JSON.stringify(worker, null, 2)} what="JSON" label="Copy JSON" />
          <pre>{JSON.stringify(worker, null, 2)}</pre>
        </div>
      </details>
    </>
  );
}

function Hour({ detail: { attempts, time } }: { detail: WorkerDetail }) {
  const begin = time - HOUR;
  const place = (at: number): number => (100 * Math.min(HOUR, Math.max(0, at - begin))) / HOUR;
  return (
    <section class="card" aria-label="The last hour">
      <header>
        <h2 class="grow">The last hour</h2>
        <span class="muted">{plural(attempts.length, "attempt")}</span>
      </header>
      <div class="body stack">
        <div>
          {/* A picture that can be clicked; what it leads to is in the table below too. */}
          <div
            class="lane"
            role="img"
            aria-label={`${plural(attempts.length, "attempt")} of the last hour on a line of time`}
            onClick={(event) => {
              const path = event.target instanceof HTMLElement ? event.target.dataset["path"] : undefined;
              if (path !== undefined) navigate(path);
            }}
          >
            {attempts.map(({ attempt }) => {
              const end = endOf(attempt, time);
              const [from, to] = [place(attempt.start_time), place(end)];
              return (
                <i
                  key={attempt.attempt_id}
                  data-path={`${pathOf("rollouts", attempt.rollout_id)}?attempt=${encodeURIComponent(attempt.attempt_id)}`}
                  data-status={attempt.status}
                  title={`${attempt.rollout_id} · ${attempt.status} · ${duration(end - attempt.start_time)}`}
                  style={{ "--left": `${from}%`, "--width": `${Math.max(0, to - from)}%` }}
                />
              );
            })}
          </div>
          <div class="lane-axis" aria-hidden="true">
            {[0, 1, 2, 3, 4].map((quarter) => (
              <span key={quarter}>{hourMinute(begin + (quarter * HOUR) / 4, zone.value)}</span>
            ))}
          </div>
        </div>
      </div>
      {attempts.length > 0 && (
        <div class="scroll-x">
          <Table
            caption="Attempts of the last hour"
            columns={ATTEMPTS}
            rows={attempts.slice(-MOST_ROWS).toReversed()}
            keyOf={({ attempt }) => attempt.attempt_id}
          />
        </div>
      )}
    </section>
  );
}

/** Attempts in the table; the line of time has all. */
const MOST_ROWS = 50;

function isOpen({ status }: Attempt): boolean {
  return status === "running" || status === "preparing";
}

/** When it ended, as far as it is known: one that was given up says only when it was last heard of. */
function endOf(attempt: Attempt, now: number): number {
  return attempt.end_time ?? (isOpen(attempt) ? now : (attempt.last_heartbeat_time ?? attempt.start_time));
}

const ATTEMPTS: readonly Column<AttemptRow>[] = [
  {
    name: "status",
    label: "Status",
    plain: true,
    cell: ({ attempt }) => <StatusBadge status={attempt.status} />,
  },
  {
    name: "rollout",
    label: "Rollout",
    plain: true,
    cell: ({ attempt }) => (
      <a
        class="mono"
        title={attempt.rollout_id}
        href={href(
          `${pathOf("rollouts", attempt.rollout_id)}?attempt=${encodeURIComponent(attempt.attempt_id)}`,
        )}
      >
        {shortId(attempt.rollout_id)}
      </a>
    ),
  },
  { name: "number", label: "Attempt", numeric: true, cell: ({ attempt }) => attempt.sequence_id },
  {
    name: "why",
    label: "Why it ended",
    wide: true,
    class: "input",
    cell: ({ attempt, reason, facts }) => (
      <span class="line muted">
        {reason ?? (attempt.status === "succeeded" ? "" : facts.last_error) ?? ""}
      </span>
    ),
  },
  {
    name: "reward",
    label: "Reward",
    numeric: true,
    cell: ({ facts }) => <Reward value={facts.reward} dimensions={facts.rewards} />,
  },
  { name: "spans", label: "Spans", numeric: true, cell: ({ facts }) => count(facts.spans) },
  {
    name: "run",
    label: "Run time",
    numeric: true,
    cell: ({ attempt }) =>
      isOpen(attempt) ? <Since at={attempt.start_time} /> : duration(endOf(attempt, 0) - attempt.start_time),
  },
  {
    name: "started",
    label: "Started",
    numeric: true,
    cell: ({ attempt }) => <Time at={attempt.start_time} />,
  },
];

interface Sample {
  readonly time: number | null;
  readonly cpu: number | null;
  readonly memory: number | null;
  readonly gpu: number | null;
}
/** Samples that are kept while the page is open. */
const MOST_SAMPLES = 600;

function MachineCard({ stats, time }: { stats: unknown; time: number | null }) {
  const machine = machineOf(stats);
  const history = useSignal<readonly Sample[]>([]);
  useEffect(() => {
    const gpu = mean(machine.gpus.map(({ used }) => used));
    history.value = [...history.peek(), { time, cpu: machine.cpu, memory: machine.memory, gpu }].slice(
      -MOST_SAMPLES,
    );
  }, [time]);
  const empty =
    machine.host === null && machine.cpu === null && machine.memory === null && machine.gpus.length === 0;
  if (empty && Object.keys(machine.rest).length === 0) return null;
  return (
    <section class="card" aria-label="Machine">
      <header>
        <h2 class="grow">Machine</h2>
        {machine.host !== null && <span class="mono">{machine.host}</span>}
      </header>
      <div class="body stack">
        <div class="machine">
          {machine.cpu !== null && <Meter label="CPU" value={machine.cpu} />}
          {machine.memory !== null && <Meter label="Memory" value={machine.memory} />}
          {machine.disk !== null && <Meter label="Disk" value={machine.disk} />}
          {machine.gpus.map((gpu, index) => (
            <span key={index} class="row">
              {gpu.used !== null && (
                <Meter label={`GPU ${index} ${gpu.name}`} value={gpu.used} note={gpu.note} />
              )}
              {gpu.memory !== null && <Meter label="its memory" value={gpu.memory} />}
            </span>
          ))}
        </div>
        {history.value.length > 1 && (
          <div class="history">
            {(["cpu", "memory", "gpu"] as const).map((name) =>
              history.value.every((sample) => sample[name] === null) ? null : (
                <div key={name}>
                  <span class="muted">
                    {{ cpu: "CPU", memory: "Memory", gpu: "GPU" }[name]} since you came
                  </span>
                  <Sparkline values={history.value.map((sample) => sample[name])} colour="busy" />
                </div>
              ),
            )}
          </div>
        )}
        {Object.keys(machine.rest).length > 0 && <pre>{JSON.stringify(machine.rest, null, 2)}</pre>}
      </div>
    </section>
  );
}
