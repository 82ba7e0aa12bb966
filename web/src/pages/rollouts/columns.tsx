/** The columns of the table of rollouts. */

import type { RolloutRow } from "lightning-store-client";
import { useRef } from "preact/hooks";
import { now } from "../../app/clock.ts";
import { href, pathOf } from "../../app/location.ts";
import { Icon } from "../../components/icon.tsx";
import { Reward } from "../../components/reward.tsx";
import { StatusBadge } from "../../components/status.tsx";
import type { Column } from "../../components/table.tsx";
import { Since, Time } from "../../components/time.tsx";
import { duration } from "../../format/duration.ts";
import { shortId } from "../../format/id.ts";
import { count, plural, short } from "../../format/number.ts";

type RowColumn = Column<RolloutRow> & {
  /** Shown unless somebody chose columns. */
  readonly usual?: boolean;
  /** The plain protocol does not know it. */
  readonly derived?: boolean;
};

const DASH = <span class="muted">—</span>;

function lasting(seconds: number | null) {
  return seconds === null ? DASH : duration(seconds);
}

export const COLUMNS: readonly RowColumn[] = [
  {
    name: "status",
    label: "Status",
    plain: true,
    sort: "status",
    usual: true,
    cell: (row) => <StatusCell row={row} />,
  },
  {
    name: "id",
    label: "Rollout",
    plain: true,
    sort: "id",
    usual: true,
    cell: ({ rollout_id }) => (
      <a class="mono" href={href(pathOf("rollouts", rollout_id))} title={rollout_id}>
        {shortId(rollout_id)}
      </a>
    ),
  },
  {
    name: "input",
    label: "Input",
    usual: true,
    wide: true,
    class: "input",
    cell: ({ input }) => (
      <span class="line" title={input}>
        {input}
      </span>
    ),
  },
  {
    name: "mode",
    class: "lesser",
    label: "Mode",
    sort: "mode",
    usual: true,
    cell: ({ mode }) => mode ?? DASH,
  },
  {
    name: "attempts",
    label: "Attempts",
    sort: "attempts",
    numeric: true,
    usual: true,
    cell: ({ attempts, max_attempts }) =>
      attempts > 1 ? <b>{`${attempts}/${max_attempts}`}</b> : `${attempts}/${max_attempts}`,
  },
  {
    name: "reward",
    label: "Reward",
    sort: "reward",
    numeric: true,
    usual: true,
    derived: true,
    cell: ({ facts }) => <Reward value={facts.reward} dimensions={facts.rewards} />,
  },
  {
    name: "wait",
    class: "minor lesser",
    label: "Queue wait",
    sort: "wait",
    numeric: true,
    usual: true,
    cell: ({ queue_wait, start_time, status }) =>
      queue_wait === null && status === "queuing" ? <Since at={start_time} /> : lasting(queue_wait),
  },
  {
    name: "run",
    label: "Run time",
    sort: "run",
    numeric: true,
    usual: true,
    cell: ({ run_time, attempt }) =>
      run_time === null && attempt != null && isOpen(attempt.status) ? (
        <Since at={attempt.start_time} />
      ) : (
        lasting(run_time)
      ),
  },
  {
    name: "spans",
    class: "lesser",
    label: "Spans",
    sort: "spans",
    numeric: true,
    usual: true,
    derived: true,
    cell: ({ facts }) =>
      facts.spans === 0 ? (
        DASH
      ) : facts.errors === 0 ? (
        count(facts.spans)
      ) : (
        <>
          <span class="bad" title={facts.last_error ?? undefined}>
            <Icon name="warning" label={plural(facts.errors, "error")} />
            {count(facts.errors)}
          </span>
          {` / ${count(facts.spans)}`}
        </>
      ),
  },
  {
    name: "errors",
    class: "minor",
    label: "Errors",
    sort: "errors",
    numeric: true,
    derived: true,
    cell: ({ facts }) =>
      facts.errors === 0 ? (
        <span class="muted">0</span>
      ) : (
        <span class="bad" title={facts.last_error ?? undefined}>
          {count(facts.errors)}
        </span>
      ),
  },
  {
    name: "tokens",
    class: "lesser",
    label: "Tokens",
    sort: "tokens",
    numeric: true,
    usual: true,
    derived: true,
    cell: ({ facts: { input_tokens, output_tokens } }) =>
      input_tokens + output_tokens === 0 ? (
        DASH
      ) : (
        <span
          title={`${count(input_tokens)} in, ${count(output_tokens)} out`}
        >{`${short(input_tokens, 2)} → ${short(output_tokens, 2)}`}</span>
      ),
  },
  {
    name: "started",
    label: "Started",
    sort: "start",
    numeric: true,
    usual: true,
    cell: ({ start_time }) => <Time at={start_time} />,
  },
  {
    name: "ended",
    label: "Ended",
    sort: "end",
    numeric: true,
    cell: ({ end_time }) => <Time at={end_time} />,
  },
  {
    name: "worker",
    label: "Worker",
    cell: ({ attempt }) =>
      attempt?.worker_id == null ? (
        DASH
      ) : (
        <a href={href(pathOf("workers", attempt.worker_id))}>{attempt.worker_id}</a>
      ),
  },
  {
    name: "resources",
    label: "Resources",
    cell: ({ resources_id }) =>
      resources_id === null ? (
        DASH
      ) : (
        <a class="mono" href={href(pathOf("resources", resources_id))} title={resources_id}>
          {shortId(resources_id)}
        </a>
      ),
  },
  {
    name: "model",
    label: "Model",
    derived: true,
    cell: ({ facts }) => (facts.models.length === 0 ? DASH : facts.models.join(", ")),
  },
  { name: "heartbeat", label: "Heartbeat", numeric: true, cell: (row) => <Heartbeat row={row} /> },
  {
    name: "cost",
    label: "Cost",
    numeric: true,
    derived: true,
    cell: ({ facts }) => (facts.cost === null ? DASH : short(facts.cost)),
  },
];

/** Columns by their names; `meta.<key>` is one too. Unknown names are left out. */
export function columnsOf(names: readonly string[] | null, reduced: boolean): readonly RowColumn[] {
  const chosen =
    names === null
      ? COLUMNS.filter(({ usual }) => usual === true)
      : names.map((name) =>
          name.startsWith("meta.") ? metadataColumn(name) : COLUMNS.find((column) => column.name === name),
        );
  return chosen.filter(
    (column): column is RowColumn => column !== undefined && !(reduced && column.derived === true),
  );
}

export function metadataColumn(name: string): RowColumn {
  const key = name.slice("meta.".length);
  return { name, label: key, derived: true, cell: ({ metadata }) => metadata[key] ?? DASH };
}

function isOpen(status: string): boolean {
  return status === "preparing" || status === "running";
}

/** Flashes when it becomes another one. */
function StatusCell({ row }: { row: RolloutRow }) {
  const shown = `${row.status} ${row.attempt?.status}`;
  const before = useRef(shown);
  const changed = useRef(false);
  if (before.current !== shown) changed.current = true;
  before.current = shown;
  return (
    <span key={shown} class={changed.current ? "flash" : undefined}>
      <StatusBadge status={row.status} attempt={row.attempt?.status} />
    </span>
  );
}

/** How long nothing was heard, in sight of the time after which the attempt is given up. */
function Heartbeat({ row: { attempt, unresponsive_seconds } }: { row: RolloutRow }) {
  if (attempt == null || attempt.last_heartbeat_time === null) return DASH;
  if (!isOpen(attempt.status) || unresponsive_seconds === null)
    return <Time at={attempt.last_heartbeat_time} />;
  const part = (now.value - attempt.last_heartbeat_time) / unresponsive_seconds;
  const state = part >= 1 ? "late" : part >= 0.5 ? "slow" : "fine";
  return (
    <span class="heartbeat" data-state={state}>
      {state !== "fine" && (
        <Icon name="warning" label={state === "late" ? "over its limit" : "half of its limit is over"} />
      )}
      <Time at={attempt.last_heartbeat_time} as="relative" />
    </span>
  );
}
