/** All rollouts: what is asked of them is in the address. */

import "./rollouts.css";
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import type { RolloutRow } from "lightning-store-client";
import { level } from "../../api/capabilities.ts";
import { useQuery, usePaced } from "../../api/query.ts";
import { announce } from "../../app/announce.ts";
import { useCommands } from "../../app/keyboard.ts";
import { noteAnswer, noteFailure } from "../../app/live.ts";
import { href, navigate, pathOf, place } from "../../app/location.ts";
import { columns as preferredColumns } from "../../app/preferences.ts";
import { lazy } from "../../app/lazy.tsx";
import { useTitle } from "../../app/title.ts";
import { trail } from "../../app/trail.ts";
import { failureOf } from "../../api/failure.ts";
import { CopyButton } from "../../components/copy.tsx";
import { Icon } from "../../components/icon.tsx";
import { Pager } from "../../components/pager.tsx";
import { Answered, Empty, Progress } from "../../components/states.tsx";
import { type Column, Table } from "../../components/table.tsx";
import { count, plural } from "../../format/number.ts";
import { urlState } from "../../url/state.ts";
import { ColumnMenu } from "./column_menu.tsx";
import { columnsOf } from "./columns.tsx";
import {
  asked as askedOf,
  isFiltered,
  type ListState,
  PARAMS,
  SIZES,
  sortOf,
  SORTS,
  UNFILTERED,
} from "./conditions.ts";
import { Export } from "./export.tsx";
import { Conditions, Excluded, FacetMenus, StatusFacet } from "./facets.tsx";
import { FirstRollout } from "../overview/first_rollout.tsx";
import { type ListPage, loadChanges, loadPage } from "./load.ts";
import { QueryBar } from "./query_bar.tsx";
import { useCursor } from "./cursor.ts";

const url = urlState(PARAMS);
const Peek = lazy(() => import("./peek.tsx").then((module) => module.Peek));
/** Spans that are not counted yet are told from so many on; a few always are on their way. */
const MANY = 50;

export function Page() {
  useTitle("Rollouts");
  const state = url.value;
  const reduced = level.value === "reduced";
  const asked = useMemo(() => askedOf(state), [place.value.query]);
  const { by, order } = sortOf(state);
  const key = JSON.stringify([{ ...state, peek: null, cols: null }]);
  const table = useRef<HTMLDivElement>(null);
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  /** How many matched when the rows were fetched. */
  const base = useRef(0);
  const fresh = useSignal(0);

  const paced = usePaced(async () => {
    const page = answer.data.peek();
    if (reduced || page === null || answer.stale.peek() || mayInsert(state, table.current, chosen.peek())) {
      await answer.refetch();
      return;
    }
    try {
      const ids = page.items.map((row) => row.rollout_id);
      const changes = await loadChanges(asked, ids);
      noteAnswer();
      if (answer.data.peek() !== page) return;
      const items = page.items.map((row) => changes.rows.get(row.rollout_id) ?? row);
      answer.put({ ...page, items, facets: changes.facets, behind: changes.behind, total: changes.total });
      fresh.value = Math.max(0, changes.total - base.current);
      if (fresh.value > 0) announce(`${plural(fresh.value, "new rollout")}`);
    } catch (error) {
      const failure = failureOf(error);
      if (failure !== null) noteFailure(failure);
    }
  });
  const answer = useQuery<ListPage>({
    key,
    topics: ["rollouts", "summary"],
    onChange: paced,
    load: async (signal) => {
      const page = await loadPage(asked, state, signal);
      base.current = page.total;
      fresh.value = 0;
      return page;
    },
  });
  const page = answer.data.value;
  const rows = page?.items ?? [];
  const ids = rows.map((row) => row.rollout_id);
  useEffect(() => {
    if (page !== null) trail.value = { ids, from: `/rollouts?${place.peek().query}` };
  }, [ids.join(" ")]);
  useEffect(() => {
    chosen.value = new Set();
    if (table.current !== null) table.current.scrollTop = 0;
  }, [key]);

  const set = (change: Partial<ListState>): void => url.set(change);
  const peek = (id: string | null, how: "push" | "replace" = "push"): void => {
    // What a look beside the list shows only the dashboard's calls tell.
    if (reduced && id !== null) navigate(pathOf("rollouts", id));
    else url.set({ peek: id }, how);
  };
  const cursor = useCursor({ table, ids, current: reduced ? null : state.peek, onPeek: peek });
  const toggle = (id: string, range: boolean): void => {
    const next = new Set(chosen.peek());
    const last = [...next].at(-1);
    const [from, to] = [last === undefined ? -1 : ids.indexOf(last), ids.indexOf(id)];
    if (range && from >= 0 && to >= 0) {
      for (const other of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(other);
    } else if (!next.delete(id)) next.add(id);
    chosen.value = next;
  };
  useCommands([
    ...cursor.commands,
    {
      id: "select",
      label: "Select the row",
      group: "Lists",
      keys: ["x"],
      run: () => (cursor.at() === null ? false : toggle(cursor.at() as string, false)),
    },
    {
      id: "select-range",
      label: "Select up to the row",
      group: "Lists",
      keys: ["Shift+x"],
      run: () => (cursor.at() === null ? false : toggle(cursor.at() as string, true)),
    },
  ]);

  const names = state.cols ?? preferredColumns.value;
  const shown = columnsOf(names, reduced);
  const columns = useMemo(
    () => [selectColumn(chosen, toggle), ...sortable(shown, reduced)],
    [shown.map(({ name }) => name).join(" "), chosen.value, ids.join(" ")],
  );
  const metadata = [...new Set(rows.flatMap((row) => Object.keys(row.metadata)))];
  const picked = ids.filter((id) => chosen.value.has(id));
  const total = page?.total ?? 0;

  return (
    <div class="list-page" data-peek={state.peek !== null && !reduced}>
      <div class="list-head">
        <div class="page-head">
          <h1>Rollouts</h1>
          {page !== null && <span class="muted">{count(total)}</span>}
          {page !== null && page.behind > MANY && (
            <span class="muted" title="Rewards, tokens and counts follow the spans a moment later">
              · {plural(page.behind, "span")} to be counted
            </span>
          )}
          <span class="grow" />
          <ColumnMenu
            shown={shown.map(({ name }) => name)}
            metadata={metadata}
            reduced={reduced}
            onChange={(next) => {
              preferredColumns.value = next === null ? null : [...next];
              url.set({ cols: next }, "replace");
            }}
          />
          {!reduced && <Export asked={asked} state={state} total={total} chosen={picked} />}
        </div>
        <div class="filters">
          <QueryBar
            value={state.q}
            seen={seenIn(rows, metadata)}
            onChange={(q, typing) => url.set({ q, page: 1 }, typing ? "replace" : "push")}
          />
          <FacetMenus state={state} facets={page?.facets ?? null} set={set} reduced={reduced} />
        </div>
        <div class="row">
          <StatusFacet state={state} facets={page?.facets ?? null} set={set} />
          <Conditions state={state} set={set} />
          {isFiltered(state) && (
            <button type="button" class="button quiet" onClick={() => set(UNFILTERED)}>
              Clear all
            </button>
          )}
        </div>
      </div>
      <Progress on={answer.loading.value && page !== null} />
      {fresh.value > 0 && (
        <div class="fresh">
          <button type="button" class="button primary" onClick={() => void answer.refetch()}>
            {plural(fresh.value, "new rollout")} · Show
          </button>
        </div>
      )}
      {picked.length > 0 && <Chosen ids={picked} onClear={() => (chosen.value = new Set())} />}
      <div class="list-body">
        <div class="list-scroll" ref={table} role="region" aria-label="Rollouts" tabIndex={0}>
          <Answered answer={answer} rows={14}>
            {() =>
              rows.length === 0 ? (
                <Nothing state={state} impossible={asked.impossible} set={set} />
              ) : (
                <Table
                  caption="Rollouts"
                  columns={columns}
                  rows={rows}
                  keyOf={(row: RolloutRow) => row.rollout_id}
                  sort={{ by, order }}
                  onSort={(sort) =>
                    set({
                      sort: sort.order === "desc" ? `-${sort.by}` : sort.by,
                      page: 1,
                    } as Partial<ListState>)
                  }
                  current={state.peek}
                  onRow={(row) => {
                    cursor.move(row.rollout_id);
                    peek(row.rollout_id);
                  }}
                  stale={answer.stale.value}
                />
              )
            }
          </Answered>
        </div>
        {state.peek !== null && !reduced && (
          <Peek id={state.peek} onClose={cursor.close} onStep={(step) => cursor.step(step)} />
        )}
      </div>
      {page !== null && total > 0 && (
        <Pager
          total={total}
          first={page.first}
          shown={rows.length}
          size={Number(state.size)}
          sizes={SIZES}
          onPage={(to) => set({ page: to })}
          onSize={(size) => set({ size: String(size), page: 1 })}
        />
      )}
    </div>
  );
}

/** Whether new rows may come in above those that are there: nobody reads, points at or has chosen any. */
function mayInsert(state: ListState, table: HTMLElement | null, chosen: ReadonlySet<string>): boolean {
  if (state.page !== 1 || state.sort !== "-start" || state.peek !== null || chosen.size > 0) return false;
  if (table === null || table.scrollTop > 4 || window.scrollY > 4) return false;
  const rows = table.querySelector("tbody");
  return rows === null || (!rows.matches(":hover") && !rows.contains(document.activeElement));
}

function sortable(columns: readonly Column<RolloutRow>[], reduced: boolean): readonly Column<RolloutRow>[] {
  const possible = reduced ? ["start", "end", "id", "status", "mode"] : Object.keys(SORTS);
  return columns.map((column) => {
    if (column.sort === undefined || possible.includes(column.sort)) return column;
    const { sort: _, ...rest } = column;
    return rest;
  });
}

function selectColumn(
  chosen: { readonly value: ReadonlySet<string> },
  toggle: (id: string, range: boolean) => void,
): Column<RolloutRow> {
  return {
    name: "Select",
    label: "",
    class: "select",
    cell: ({ rollout_id }) => (
      <input
        type="checkbox"
        aria-label={`Select ${rollout_id}`}
        tabIndex={-1}
        checked={chosen.value.has(rollout_id)}
        onClick={(event) => toggle(rollout_id, event.shiftKey)}
      />
    ),
  };
}

function distinct(values: readonly (string | null | undefined)[]): string[] {
  return [...new Set(values.filter((value): value is string => value != null))].sort();
}

/** What completion offers. */
function seenIn(rows: readonly RolloutRow[], metadata: readonly string[]): Record<string, string[]> {
  return {
    worker: distinct(rows.map((row) => row.attempt?.worker_id)),
    resources: distinct(rows.map((row) => row.resources_id)),
    model: distinct(rows.flatMap((row) => row.facts.models)),
    meta: [...metadata],
  };
}

function Nothing({
  state,
  impossible,
  set,
}: {
  state: ListState;
  impossible: string | null;
  set: (change: Partial<ListState>) => void;
}) {
  if (!isFiltered(state)) return <FirstRollout />;
  return (
    <Empty title="No rollout matches">
      <p>{impossible ?? "These conditions leave nothing over. Take one away:"}</p>
      <Excluded state={state} set={set} />
    </Empty>
  );
}

function Chosen({ ids, onClear }: { ids: readonly string[]; onClear: () => void }) {
  const [a, b] = ids;
  return (
    <div class="chosen" role="group" aria-label="Selected rollouts">
      <span>{plural(ids.length, "rollout")} selected</span>
      {ids.length === 2 && a !== undefined && b !== undefined && (
        <a
          class="button"
          href={href(
            `/compare?a=${encodeURIComponent(pathOf(a, "latest").slice(1))}&b=${encodeURIComponent(pathOf(b, "latest").slice(1))}`,
          )}
        >
          <Icon name="compare" />
          Compare
        </a>
      )}
      <CopyButton text={ids.join("\n")} what="ids" label="Copy ids" />
      {ids.length === 1 && a !== undefined && (
        <button type="button" class="button" onClick={() => navigate(pathOf("rollouts", a))}>
          Open
        </button>
      )}
      <button type="button" class="button quiet" onClick={onClear}>
        Clear selection
      </button>
    </div>
  );
}
