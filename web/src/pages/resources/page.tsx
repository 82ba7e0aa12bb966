/** All sets of resources: what they hold, who uses them, and how well that went. */

import type { ResourceBrief, ResourcesRow } from "lightning-store-client/trace";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { useQuery } from "../../api/query.ts";
import { href, navigate, pathOf } from "../../app/location.ts";
import { useTitle } from "../../app/title.ts";
import { CopyButton } from "../../components/copy.tsx";
import { Pager } from "../../components/pager.tsx";
import { Answered, Empty, Progress } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { shortId } from "../../format/id.ts";
import { count, plural } from "../../format/number.ts";
import { RewardChip } from "../rollout/reward.tsx";
import { list, readSort, type SortField } from "./state.ts";
import "../rollout/rollout.css";
import "./resources.css";

const SIZE = 50;

interface Rows {
  readonly items: readonly ResourcesRow[];
  readonly total: number;
}

async function loadRows(query: string, sort: string, page: number, signal: AbortSignal): Promise<Rows> {
  const { by, order } = readSort(sort);
  const offset = (page - 1) * SIZE;
  const contains = query === "" ? {} : { resources_id_contains: query };
  if (level.peek() === "full") {
    const asked = { ...contains, limit: SIZE, offset, sort_by: by, sort_order: order };
    return client.dashboard.resources(asked, { signal });
  }
  const plain = await client.queryResources({ ...contains, limit: SIZE, offset }, { signal });
  return { total: plain.total, items: plain.items.map(briefOf) };
}

/** What the plain protocol says of a set; nobody counts its rollouts. */
function briefOf(update: Awaited<ReturnType<typeof client.queryResources>>["items"][number]): ResourcesRow {
  const names = Object.entries(update.resources).map(([name, resource]) => ({
    name,
    resource_type: resource.resource_type,
    text:
      "model" in resource
        ? `${resource.model} at ${resource.endpoint}`
        : // Other kinds may come.
          (resource.template?.split("\n")[0] ?? ""),
  }));
  return { ...update, latest: false, names, rollouts: 0, mean_reward: null };
}

export function Page() {
  useTitle("Resources");
  const { q, sort, page } = list.signal.value;
  const full = level.value === "full";
  const answer = useQuery({
    key: JSON.stringify([level.value, q, sort, page]),
    load: (signal) => loadRows(q, sort, page, signal),
    topics: ["resources"],
  });
  const { by, order } = readSort(sort);
  return (
    <div class="page">
      <div class="page-head">
        <h1>Resources</h1>
        <input
          type="search"
          class="field"
          data-filter
          placeholder="Part of an id"
          aria-label="Filter by part of an id"
          value={q}
          onInput={(event) => list.set({ q: event.currentTarget.value, page: 1 }, "replace")}
        />
      </div>
      <div class="card">
        <Progress on={answer.loading.value && answer.data.value !== null} />
        <Answered answer={answer}>
          {(rows) =>
            rows.items.length === 0 ? (
              <Nothing query={q} />
            ) : (
              <>
                <div class="scroll-x" tabIndex={0} role="region" aria-label="Resources">
                  <Table
                    caption="Sets of resources"
                    columns={
                      full ? COLUMNS : COLUMNS.filter((column) => !DERIVED.has(column.name)).map(unsorted)
                    }
                    rows={rows.items}
                    keyOf={(row) => row.resources_id}
                    stale={answer.stale.value}
                    onRow={(row) => navigate(pathOf("resources", row.resources_id))}
                    {...(full
                      ? {
                          sort: { by, order },
                          onSort: (next: { by: string; order: "asc" | "desc" }) =>
                            list.set({
                              sort: `${next.order === "desc" ? "-" : ""}${next.by as SortField}`,
                              page: 1,
                            }),
                        }
                      : {})}
                  />
                </div>
                <Pager
                  total={rows.total}
                  first={(page - 1) * SIZE}
                  shown={rows.items.length}
                  size={SIZE}
                  onPage={(next) => list.set({ page: next })}
                />
              </>
            )
          }
        </Answered>
      </div>
    </div>
  );
}

function Nothing({ query }: { readonly query: string }) {
  if (query !== "") {
    return (
      <Empty title="No set of resources fits">
        <p>No id contains “{query}”.</p>
        <button type="button" class="button" onClick={() => list.set({ q: "", page: 1 })}>
          Show all
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="No resources yet">
      <p>Models and prompts that rollouts run with appear here. A trainer stores them:</p>
      <pre class="resources-example">
        {
          'await store.add_resources({\n    "main": LLM(endpoint="http://localhost:8000/v1", model="qwen"),\n})'
        }
      </pre>
    </Empty>
  );
}

const DERIVED = new Set(["rollouts", "reward"]);

function unsorted(column: Column<ResourcesRow>): Column<ResourcesRow> {
  const { sort: _, ...rest } = column;
  return rest;
}

const COLUMNS: readonly Column<ResourcesRow>[] = [
  {
    name: "id",
    label: "Id",
    sort: "resources_id",
    wide: true,
    cell: (row) => (
      <span class="resources-id">
        <a class="mono" href={href(pathOf("resources", row.resources_id))} title={row.resources_id}>
          {shortId(row.resources_id, 26)}
        </a>
        <CopyButton text={row.resources_id} what="resources id" />
        {row.latest ? <span class="chip is-latest">latest</span> : null}
      </span>
    ),
  },
  { name: "version", label: "Version", sort: "version", numeric: true, cell: (row) => count(row.version) },
  {
    name: "names",
    label: "Holds",
    wide: true,
    cell: (row) => (
      <span class="resources-names">
        {row.names.map((brief) => (
          <Brief key={brief.name} brief={brief} />
        ))}
      </span>
    ),
  },
  {
    name: "rollouts",
    label: "Rollouts",
    sort: "rollouts",
    numeric: true,
    cell: (row) =>
      row.rollouts === 0 ? (
        <span class="muted">0</span>
      ) : (
        <a
          href={href(`/rollouts?resources=${encodeURIComponent(row.resources_id)}`)}
          aria-label={plural(row.rollouts, "rollout")}
        >
          {count(row.rollouts)}
        </a>
      ),
  },
  {
    name: "reward",
    label: "Mean reward",
    sort: "mean_reward",
    numeric: true,
    cell: (row) =>
      row.mean_reward === null ? <span class="muted">—</span> : <RewardChip value={row.mean_reward} />,
  },
  { name: "updated", label: "Updated", sort: "update_time", cell: (row) => <Time at={row.update_time} /> },
  { name: "created", label: "Created", sort: "create_time", cell: (row) => <Time at={row.create_time} /> },
];

function Brief({ brief }: { readonly brief: ResourceBrief }) {
  return (
    <span class="resources-brief" title={`${brief.name}: ${brief.text ?? brief.resource_type ?? ""}`}>
      <span class="chip">
        {brief.name}
        <span class="muted">{brief.resource_type ?? "?"}</span>
      </span>
      {brief.text === null ? null : <span class="line muted">{brief.text}</span>}
    </span>
  );
}
