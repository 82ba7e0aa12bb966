/** Who waits, in the order in which they are taken. */

import type { QueueView, RolloutRow, WaitingRollout } from "lightning-store-client";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { useQuery } from "../../api/query.ts";
import { now } from "../../app/clock.ts";
import { href, navigate, pathOf } from "../../app/location.ts";
import { useTitle } from "../../app/title.ts";
import { Icon } from "../../components/icon.tsx";
import { Numbers } from "../../components/numbers.tsx";
import { Pager } from "../../components/pager.tsx";
import { Answered, Empty } from "../../components/states.tsx";
import { StatusBadge } from "../../components/status.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Since, Time } from "../../components/time.tsx";
import { duration, elapsed } from "../../format/duration.ts";
import { shortId } from "../../format/id.ts";
import { count, plural } from "../../format/number.ts";
import { whole } from "../../url/params.ts";
import { urlState } from "../../url/state.ts";

const SIZE = 100;
const url = urlState({ page: whole(1, 1) });

export function Page() {
  useTitle("Queue");
  return (
    <div class="page">
      <div class="page-head">
        <h1>Queue</h1>
      </div>
      {level.value === "reduced" ? (
        <Empty title="This server does not show its queue">
          <p>
            <a href={href("/rollouts?status=queuing&status=requeuing&sort=start")}>Rollouts that wait</a> are
            listed all the same.
          </p>
        </Empty>
      ) : (
        <Queue />
      )}
    </div>
  );
}

function Queue() {
  const { page } = url.value;
  const answer = useQuery({
    key: String(page),
    topics: ["queue", "rollouts", "workers"],
    load: (signal) => client.dashboard.queue({ limit: SIZE, offset: (page - 1) * SIZE }, { signal }),
  });
  return (
    <Answered answer={answer}>
      {(view) => (
        <>
          <Alarm view={view} />
          <Head view={view} />
          <section class="card" aria-label="Waiting">
            <header>
              <h2>Waiting</h2>
              <span class="muted">first in, first out; those that are tried again go to the end</span>
            </header>
            {view.items.length === 0 ? (
              <Empty title="Nobody waits">
                <p>Rollouts that are enqueued appear here until a worker takes them.</p>
              </Empty>
            ) : (
              <div class="scroll-x">
                <Table
                  caption="Waiting rollouts"
                  columns={WAITING}
                  rows={view.items}
                  keyOf={({ row }) => row.rollout_id}
                  stale={answer.stale.value}
                  onRow={({ row }) => navigate(pathOf("rollouts", row.rollout_id))}
                />
              </div>
            )}
            {view.queue.depth > SIZE && (
              <Pager
                total={view.queue.depth}
                first={view.offset}
                shown={view.items.length}
                size={SIZE}
                onPage={(to) => url.set({ page: to })}
              />
            )}
          </section>
          {view.stale > 0 && (
            <p class="muted">
              {plural(view.stale, "stale entry", "stale entries")}: their rollouts wait no longer, and they
              will be skipped.
            </p>
          )}
          <section class="card" aria-label="Taken last">
            <header>
              <h2>Taken last</h2>
            </header>
            {view.taken.length === 0 ? (
              <p class="body muted">None has been taken yet.</p>
            ) : (
              <div class="scroll-x">
                <Table
                  caption="Rollouts that were taken last"
                  columns={TAKEN}
                  rows={view.taken}
                  keyOf={({ rollout_id }) => rollout_id}
                  onRow={({ rollout_id }) => navigate(pathOf("rollouts", rollout_id))}
                />
              </div>
            )}
          </section>
        </>
      )}
    </Answered>
  );
}

function Head({
  view: { queue, enqueued_last_minute, dequeued_last_minute, workers, eta },
}: {
  view: QueueView;
}) {
  return (
    <Numbers
      items={[
        ["Waiting", count(queue.depth)],
        ["Oldest", queue.oldest === null ? "—" : elapsed(now.value - queue.oldest)],
        ["Enqueued, last minute", count(enqueued_last_minute)],
        ["Taken, last minute", count(dequeued_last_minute)],
        ["Idle workers", <a href={href("/workers?status=idle")}>{count(workers.idle)}</a>],
        eta === null || queue.depth === 0 ? null : ["Empty in about", duration(Math.round(eta))],
      ]}
    />
  );
}

/** What looks as if nobody takes anything any more. */
function Alarm({ view: { queue, dequeued_last_minute, workers } }: { view: QueueView }) {
  if (queue.depth === 0 || dequeued_last_minute > 0) return null;
  if (queue.oldest !== null && now.value - queue.oldest < 60) return null;
  const known = workers.idle + workers.busy + workers.unknown;
  return (
    <div class="failure" role="alert">
      <h2>
        <Icon name="warning" />
        The queue stands still
      </h2>
      <p>
        {plural(queue.depth, "rollout")} waiting, none taken for a minute,{" "}
        {known === 0
          ? "no worker was ever seen"
          : `${plural(workers.idle, "idle worker")} of ${count(known)}`}
        .{" "}
        {known === 0
          ? "Start one, or look at what it connects to."
          : "Look at whether workers still ask for work."}
      </p>
    </div>
  );
}

function idCell({ rollout_id }: RolloutRow) {
  return (
    <a class="mono" href={href(pathOf("rollouts", rollout_id))} title={rollout_id}>
      {shortId(rollout_id)}
    </a>
  );
}

function inputCell({ input }: RolloutRow) {
  return (
    <span class="line" title={input}>
      {input}
    </span>
  );
}

function resourcesCell({ resources_id }: RolloutRow) {
  return resources_id === null ? (
    <span class="muted">latest</span>
  ) : (
    <a class="mono" href={href(pathOf("resources", resources_id))} title={resources_id}>
      {shortId(resources_id)}
    </a>
  );
}

const WAITING: readonly Column<WaitingRollout>[] = [
  { name: "position", label: "#", numeric: true, cell: ({ position }) => count(position) },
  { name: "id", label: "Rollout", plain: true, cell: ({ row }) => idCell(row) },
  { name: "input", label: "Input", wide: true, class: "input", cell: ({ row }) => inputCell(row) },
  { name: "mode", label: "Mode", cell: ({ row }) => row.mode ?? <span class="muted">—</span> },
  { name: "resources", label: "Resources", cell: ({ row }) => resourcesCell(row) },
  {
    name: "attempt",
    label: "Attempt",
    numeric: true,
    cell: ({ row }) => `${row.attempts + 1}/${Math.max(row.max_attempts, row.attempts + 1)}`,
  },
  { name: "reason", label: "Why again", cell: ({ reason }) => reason ?? <span class="muted">—</span> },
  { name: "since", label: "Waiting", numeric: true, cell: ({ since }) => <Since at={since} /> },
];

const TAKEN: readonly Column<RolloutRow>[] = [
  {
    name: "status",
    label: "Status",
    plain: true,
    cell: ({ status, attempt }) => <StatusBadge status={status} attempt={attempt?.status} />,
  },
  { name: "id", label: "Rollout", plain: true, cell: idCell },
  { name: "input", label: "Input", wide: true, class: "input", cell: inputCell },
  {
    name: "worker",
    label: "Worker",
    cell: ({ attempt }) =>
      attempt?.worker_id == null ? (
        <span class="muted">—</span>
      ) : (
        <a href={href(pathOf("workers", attempt.worker_id))}>{attempt.worker_id}</a>
      ),
  },
  { name: "wait", label: "Waited", numeric: true, cell: ({ queue_wait }) => duration(queue_wait) },
  { name: "taken", label: "Taken", numeric: true, cell: ({ attempt }) => <Time at={attempt?.start_time} /> },
];
