/** Who works, at what, and how their machines do. */

import "./workers.css";
import type { WorkerRow, WorkerRows } from "lightning-store-client";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { useQuery } from "../../api/query.ts";
import { href, navigate, pathOf } from "../../app/location.ts";
import { useTitle } from "../../app/title.ts";
import { Icon } from "../../components/icon.tsx";
import { Meter } from "../../components/meter.tsx";
import { Pager } from "../../components/pager.tsx";
import { Answered, Empty, Progress } from "../../components/states.tsx";
import { StatusBadge } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Since, Time } from "../../components/time.tsx";
import { duration } from "../../format/duration.ts";
import { shortId } from "../../format/id.ts";
import { count, percent, plural } from "../../format/number.ts";
import { choice, text, whole, words } from "../../url/params.ts";
import { urlState } from "../../url/state.ts";
import { machineOf, mean } from "./stats.ts";

const SIZE = 100;
const STATUSES = ["idle", "busy", "unknown"] as const;
const SORTS = ["worker_id", "status", "last_heartbeat_time", "finished", "mean_run_time"] as const;
const url = urlState({
  q: text(),
  status: words(STATUSES),
  sort: choice([...SORTS, ...SORTS.map((name) => `-${name}` as const)], "worker_id"),
  page: whole(1, 1),
});

export function Page() {
  useTitle("Workers");
  const state = url.value;
  const reduced = level.value === "reduced";
  const answer = useQuery({
    key: JSON.stringify(state),
    topics: ["workers", "rollouts"],
    load: (signal) => (reduced ? plain(state, signal) : asked(state, signal)),
  });
  const by = state.sort.replace(/^-/, "");
  const order = state.sort.startsWith("-") ? "desc" : "asc";
  const counts = answer.data.value?.counts;
  return (
    <div class="page">
      <div class="page-head">
        <h1>Workers</h1>
        {answer.data.value !== null && <span class="muted">{count(answer.data.value.total)}</span>}
        {counts !== undefined && counts.silent > 0 && (
          <span class="status" data-status="silent">
            <Icon name="silent" /> {plural(counts.silent, "silent worker")}
          </span>
        )}
      </div>
      <div class="row">
        <input
          class="field"
          type="search"
          aria-label="Filter by id"
          placeholder="Part of an id"
          value={state.q}
          onInput={(event) => url.set({ q: event.currentTarget.value, page: 1 }, "replace")}
        />
        <div class="segments" role="group" aria-label="Status">
          {STATUSES.map((status) => (
            <button
              key={status}
              type="button"
              aria-pressed={state.status.includes(status)}
              onClick={() =>
                url.set({
                  status: state.status.includes(status)
                    ? state.status.filter((other) => other !== status)
                    : [...state.status, status],
                  page: 1,
                })
              }
            >
              <StatusBadge status={status} /> {counts !== undefined && !reduced && count(counts[status])}
            </button>
          ))}
        </div>
      </div>
      <section class="card" aria-label="Workers">
        <Progress on={answer.loading.value && answer.stale.value} />
        <Answered answer={answer}>
          {(view) =>
            view.items.length === 0 ? (
              state.q === "" && state.status.length === 0 ? (
                <Empty title="No workers yet">
                  <p>A worker appears when it asks for work under a name, or sends a heartbeat.</p>
                </Empty>
              ) : (
                <Empty title="No worker matches">
                  <button
                    type="button"
                    class="button"
                    onClick={() => url.set({ q: "", status: [], page: 1 })}
                  >
                    Clear all
                  </button>
                </Empty>
              )
            ) : (
              <div class="scroll-x">
                <Table
                  caption="Workers"
                  columns={reduced ? COLUMNS.filter(({ name }) => !DERIVED.includes(name)) : COLUMNS}
                  rows={view.items}
                  keyOf={({ worker }) => worker.worker_id}
                  sort={{ by, order }}
                  onSort={(sort) =>
                    url.set({
                      sort: `${sort.order === "desc" ? "-" : ""}${sort.by}` as typeof state.sort,
                      page: 1,
                    })
                  }
                  onRow={({ worker }) => navigate(pathOf("workers", worker.worker_id))}
                  stale={answer.stale.value}
                />
              </div>
            )
          }
        </Answered>
        {answer.data.value !== null && answer.data.value.total > SIZE && (
          <Pager
            total={answer.data.value.total}
            first={(state.page - 1) * SIZE}
            shown={answer.data.value.items.length}
            size={SIZE}
            onPage={(page) => url.set({ page })}
          />
        )}
      </section>
    </div>
  );
}

type State = typeof url.value;

function asked(state: State, signal: AbortSignal): Promise<WorkerRows> {
  return client.dashboard.workers(
    {
      ...(state.q === "" ? {} : { worker_id_contains: state.q }),
      ...(state.status.length === 0 ? {} : { status_in: [...state.status] }),
      limit: SIZE,
      offset: (state.page - 1) * SIZE,
      sort_by: state.sort.replace(/^-/, "") as (typeof SORTS)[number],
      sort_order: state.sort.startsWith("-") ? "desc" : "asc",
    },
    { signal },
  );
}

/** By the plain protocol: without what is worked out. */
async function plain(state: State, signal: AbortSignal): Promise<WorkerRows> {
  const by = state.sort.replace(/^-/, "");
  const page = await client.queryWorkers(
    {
      ...(state.q === "" ? {} : { worker_id_contains: state.q }),
      ...(state.status.length === 0 ? {} : { status_in: [...state.status] }),
      limit: SIZE,
      offset: (state.page - 1) * SIZE,
      sort_by: by === "status" || by === "last_heartbeat_time" ? by : "worker_id",
      sort_order: state.sort.startsWith("-") ? "desc" : "asc",
    },
    { signal },
  );
  const items = page.items.map((worker) => ({
    worker,
    silent: false,
    current_since: null,
    finished: 0,
    succeeded: 0,
    mean_run_time: null,
  }));
  return {
    time: Date.now() / 1000,
    items,
    total: page.total,
    limit: page.limit,
    offset: page.offset,
    counts: { idle: 0, busy: 0, unknown: 0, silent: 0 },
  };
}

const DERIVED = ["finished", "rate", "mean"];
const DASH = <span class="muted">—</span>;

const COLUMNS: readonly Column<WorkerRow>[] = [
  {
    name: "id",
    label: "Worker",
    plain: true,
    sort: "worker_id",
    cell: ({ worker: { worker_id } }) => <a href={href(pathOf("workers", worker_id))}>{worker_id}</a>,
  },
  { name: "status", label: "Status", plain: true, sort: "status", cell: (row) => <WorkerStatus row={row} /> },
  {
    name: "current",
    label: "At work on",
    full: true,
    cell: ({ worker: { current_rollout_id, current_attempt_id }, current_since }) =>
      current_rollout_id === null ? (
        DASH
      ) : (
        <>
          <a
            class="mono"
            title={current_rollout_id}
            href={href(
              pathOf("rollouts", current_rollout_id) +
                (current_attempt_id === null ? "" : `?attempt=${encodeURIComponent(current_attempt_id)}`),
            )}
          >
            {shortId(current_rollout_id)}
          </a>
          {current_since !== null && (
            <span class="muted">
              {" "}
              for <Since at={current_since} />
            </span>
          )}
        </>
      ),
  },
  {
    name: "heartbeat",
    label: "Heartbeat",
    sort: "last_heartbeat_time",
    numeric: true,
    cell: ({ worker }) => <Time at={worker.last_heartbeat_time} />,
  },
  {
    name: "finished",
    label: "Done in 1 h",
    sort: "finished",
    numeric: true,
    cell: ({ finished }) => count(finished),
  },
  {
    name: "rate",
    label: "Succeeded",
    numeric: true,
    cell: ({ finished, succeeded }) => percent(succeeded, finished),
  },
  {
    name: "mean",
    label: "Mean time",
    sort: "mean_run_time",
    numeric: true,
    cell: ({ mean_run_time }) => duration(mean_run_time),
  },
  { name: "host", label: "Host", cell: ({ worker }) => machineOf(worker.heartbeat_stats).host ?? DASH },
  { name: "cpu", label: "CPU", cell: ({ worker }) => used("CPU", machineOf(worker.heartbeat_stats).cpu) },
  {
    name: "memory",
    label: "Memory",
    cell: ({ worker }) => used("Memory", machineOf(worker.heartbeat_stats).memory),
  },
  {
    name: "disk",
    label: "Disk",
    class: "minor",
    cell: ({ worker }) => used("Disk", machineOf(worker.heartbeat_stats).disk),
  },
  {
    name: "gpu",
    label: "GPU",
    cell: ({ worker }) => {
      const { gpus } = machineOf(worker.heartbeat_stats);
      return used(plural(gpus.length, "GPU"), mean(gpus.map((gpu) => gpu.used)));
    },
  },
];

function used(label: string, value: number | null) {
  return value === null ? DASH : <Meter label={label} value={value} bare />;
}

export function WorkerStatus({ row }: { row: WorkerRow }) {
  return (
    <>
      <StatusBadge status={row.worker.status} />
      {row.silent && (
        <>
          {" "}
          <StatusBadge status="silent" />
        </>
      )}
    </>
  );
}
