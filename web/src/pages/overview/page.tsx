/** How the store does, at a glance. */

import "./overview.css";
import { useSignal } from "@preact/signals";
import type { Attention, RolloutRow, StoreSummary } from "lightning-store-client";
import { capabilities, level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { useQuery } from "../../api/query.ts";
import { href, pathOf } from "../../app/location.ts";
import { useTitle } from "../../app/title.ts";
import { Chart } from "../../components/chart.tsx";
import { Icon, type IconName } from "../../components/icon.tsx";
import { Reward } from "../../components/reward.tsx";
import { Answered, Empty } from "../../components/states.tsx";
import { StatusBadge } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { bytes } from "../../format/bytes.ts";
import { duration } from "../../format/duration.ts";
import { shortId } from "../../format/id.ts";
import { count, plural } from "../../format/number.ts";
import { choice } from "../../url/params.ts";
import { urlState } from "../../url/state.ts";
import { FirstRollout } from "./first_rollout.tsx";
import { Tiles } from "./tiles.tsx";

const WINDOWS = ["15m", "1h", "6h", "24h"] as const;
const url = urlState({ window: choice(WINDOWS, "1h") });

export function Page() {
  useTitle("Overview");
  if (level.value === "reduced") return <Reduced />;
  return <Overview />;
}

function Overview() {
  const { window } = url.value;
  const answer = useQuery({
    key: window,
    topics: ["summary", "rollouts", "queue", "workers"],
    load: (signal) => client.dashboard.summary({ window }, { signal }),
  });
  return (
    <div class="page overview">
      <div class="page-head">
        <h1>Overview</h1>
        <span class="grow" />
        <div class="segments" role="group" aria-label="Window">
          {WINDOWS.map((name) => (
            <button
              key={name}
              type="button"
              aria-pressed={name === window}
              onClick={() => url.set({ window: name })}
            >
              {name}
            </button>
          ))}
        </div>
      </div>
      <Answered answer={answer}>
        {(summary) =>
          summary.totals.rollouts === 0 ? (
            <>
              <Tiles summary={summary} window={window} />
              <FirstRollout />
            </>
          ) : (
            <>
              <Tiles summary={summary} window={window} />
              <Charts summary={summary} />
              <div class="two">
                <NeedsAttention items={summary.attention} />
                <Latest rows={summary.latest} />
              </div>
              <StoreLine summary={summary} />
            </>
          )
        }
      </Answered>
    </div>
  );
}

function Reduced() {
  return (
    <div class="page">
      <h1>Overview</h1>
      <Empty title="This server counts nothing">
        <p>Its rollouts and workers are listed all the same.</p>
        <div class="row">
          <a class="button" href={href("/rollouts")}>
            Rollouts
          </a>
          <a class="button" href={href("/workers")}>
            Workers
          </a>
        </div>
      </Empty>
    </div>
  );
}

function Charts({ summary: { steps, step_seconds } }: { summary: StoreSummary }) {
  const pointed = useSignal<number | null>(null);
  const table = useSignal(false);
  const starts = steps.map(({ start }) => start);
  const unit = step_seconds === 60 ? "minute" : duration(step_seconds);
  return (
    <section class="card charts" aria-label="Over time">
      <Chart
        title={`Finished per ${unit}`}
        kind="bars"
        steps={starts}
        height={120}
        pointed={pointed}
        table={table.value}
        series={(["succeeded", "failed", "cancelled"] as const).map((status) => ({
          label: status,
          colour: status,
          values: steps.map(({ finished }) => finished[status]),
        }))}
      />
      <Chart
        title="Queue and workers"
        kind="lines"
        steps={starts}
        height={84}
        pointed={pointed}
        axis
        table={table.value}
        series={[
          { label: "waiting", colour: "requeuing", values: steps.map(({ queue_depth }) => queue_depth) },
          { label: "busy workers", colour: "busy", values: steps.map(({ busy_workers }) => busy_workers) },
        ]}
      />
      <button
        type="button"
        class="link as-table"
        aria-pressed={table.value}
        onClick={() => (table.value = !table.value)}
      >
        {table.value ? "View as chart" : "View as table"}
      </button>
    </section>
  );
}

const SHAPES: Record<string, IconName> = {
  attempt_timeout: "late",
  attempt_unresponsive: "silent",
  rollout_failed: "bad",
  worker_silent: "silent",
  running_long: "clock",
  failures_rise: "warning",
};

function NeedsAttention({ items }: { items: readonly Attention[] }) {
  return (
    <section class="card">
      <header>
        <h2>Needs attention</h2>
      </header>
      {items.length === 0 ? (
        <p class="body muted all-well">
          <Icon name="good" /> All is well: nothing failed for good, nobody is silent.
        </p>
      ) : (
        <ul class="plain attention">
          {items.map((item) => (
            <li key={`${item.kind} ${item.time} ${item.rollout_id} ${item.worker_id}`}>
              <Icon name={SHAPES[item.kind] ?? "warning"} />
              <a class="grow" href={href(targetOf(item))}>
                {item.text}
              </a>
              <span class="muted">
                <Time at={item.time} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function targetOf({ rollout_id, attempt_id, worker_id, kind }: Attention): string {
  if (rollout_id !== null) {
    return (
      pathOf("rollouts", rollout_id) +
      (attempt_id === null ? "" : `?attempt=${encodeURIComponent(attempt_id)}`)
    );
  }
  if (worker_id !== null) return pathOf("workers", worker_id);
  return kind === "failures_rise" ? "/rollouts?status=failed&sort=-end" : "/rollouts";
}

const LATEST: readonly Column<RolloutRow>[] = [
  { name: "status", label: "Status", plain: true, cell: ({ status }) => <StatusBadge status={status} /> },
  {
    name: "id",
    label: "Rollout",
    plain: true,
    cell: ({ rollout_id }) => (
      <a class="mono" href={href(pathOf("rollouts", rollout_id))} title={rollout_id}>
        {shortId(rollout_id)}
      </a>
    ),
  },
  {
    name: "input",
    label: "Input",
    wide: true,
    class: "input",
    cell: ({ input }) => (
      <span class="line" title={input}>
        {input}
      </span>
    ),
  },
  {
    name: "reward",
    label: "Reward",
    numeric: true,
    cell: ({ facts }) => <Reward value={facts.reward} dimensions={facts.rewards} />,
  },
  { name: "run", label: "Run time", numeric: true, cell: ({ run_time }) => duration(run_time) },
  { name: "ended", label: "Ended", numeric: true, cell: ({ end_time }) => <Time at={end_time} /> },
];

function Latest({ rows }: { rows: readonly RolloutRow[] }) {
  return (
    <section class="card">
      <header>
        <h2 class="grow">Finished last</h2>
        <a href={href("/rollouts?status=succeeded&status=failed&status=cancelled&sort=-end")}>All</a>
      </header>
      {rows.length === 0 ? (
        <p class="body muted">None has ended yet.</p>
      ) : (
        <Table caption="Finished last" columns={LATEST} rows={rows} keyOf={({ rollout_id }) => rollout_id} />
      )}
    </section>
  );
}

function StoreLine({ summary: { totals } }: { summary: StoreSummary }) {
  const about = capabilities.value;
  return (
    <p class="store-line muted">
      {about !== null && <span>{`${about.name} ${about.version} (${about.store})`}</span>}
      <span>up {duration(Math.floor(totals.uptime))}</span>
      <span>{plural(totals.rollouts, "rollout")}</span>
      <span>{plural(totals.attempts, "attempt")}</span>
      <span>{plural(totals.spans, "span")}</span>
      <a href={href("/resources")}>{count(totals.resources)} resources</a>
      <a href={href("/workers")}>{plural(totals.workers, "worker")}</a>
      {totals.bytes !== null && <span>{bytes(totals.bytes)}</span>}
    </p>
  );
}
