/**
 * A table of things: sorted by the server, one row of which may be current. On narrow screens each row is a card.
 */

import type { ComponentChildren } from "preact";
import { Icon } from "./icon.tsx";

export interface Column<T> {
  /** Its name in addresses. */
  readonly name: string;
  readonly label: string;
  /** What the server sorts by; without it there is no button. */
  readonly sort?: string;
  /** Numbers are aligned at their end. */
  readonly numeric?: boolean;
  /** In a card: the whole width, and without its label. */
  readonly wide?: boolean;
  /** In a card: the whole width, with its label. */
  readonly full?: boolean;
  /** In a card it needs no label. */
  readonly plain?: boolean;
  readonly class?: string;
  cell(row: T): ComponentChildren;
}

export interface Sort {
  readonly by: string;
  readonly order: "asc" | "desc";
}

interface Props<T> {
  /** What it is a table of. */
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly keyOf: (row: T) => string;
  readonly sort?: Sort;
  readonly onSort?: (sort: Sort) => void;
  readonly current?: string | null;
  readonly onRow?: (row: T, event: MouseEvent) => void;
  /** The rows answer another question than the one that is asked. */
  readonly stale?: boolean;
}

export function Table<T>({ caption, columns, rows, keyOf, sort, onSort, current, onRow, stale }: Props<T>) {
  return (
    <table
      class={stale === true ? "table cards stale" : "table cards"}
      role="table"
      aria-busy={stale === true}
    >
      <caption class="sr-only">{caption}</caption>
      <thead role="rowgroup">
        <tr role="row">
          {columns.map((column) => (
            <Header key={column.name} column={column} sort={sort} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">
        {rows.map((row) => {
          const key = keyOf(row);
          return (
            <tr
              key={key}
              role="row"
              data-key={key}
              tabIndex={onRow === undefined ? undefined : -1}
              aria-current={key === current ? "true" : undefined}
              onClick={onRow === undefined ? undefined : (event) => clicked(event) && onRow(row, event)}
            >
              {columns.map((column) => (
                <td
                  key={column.name}
                  role="cell"
                  data-label={column.wide === true || column.plain === true ? "" : column.label}
                  class={classOf(column)}
                >
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function classOf<T>(column: Column<T>): string | undefined {
  const { numeric, wide, full } = column;
  const names = [numeric === true && "num", wide === true && "wide", full === true && "full", column.class];
  return names.filter(Boolean).join(" ") || undefined;
}

/** A click on the row itself, not on something in it that does something of its own; nor the end of a selection. */
function clicked(event: MouseEvent): boolean {
  if (event.target instanceof Element && event.target.closest("a, button, input, label, summary") !== null)
    return false;
  return window.getSelection()?.isCollapsed !== false;
}

interface HeaderProps<T> {
  readonly column: Column<T>;
  readonly sort: Sort | undefined;
  readonly onSort: ((sort: Sort) => void) | undefined;
}

function Header<T>({ column, sort, onSort }: HeaderProps<T>) {
  const { label, numeric } = column;
  const by = column.sort;
  if (by === undefined || onSort === undefined) {
    return (
      <th role="columnheader" scope="col" class={classOf(column)}>
        {label === "" ? <span class="sr-only">{column.name}</span> : label}
      </th>
    );
  }
  const order = sort?.by === by ? sort.order : null;
  // The first click sorts as one most likely wants it, the second one turns it.
  const next =
    order === null
      ? numeric === true || by.endsWith("time")
        ? "desc"
        : "asc"
      : order === "asc"
        ? "desc"
        : "asc";
  const said =
    order === null ? {} : { "aria-sort": order === "asc" ? ("ascending" as const) : ("descending" as const) };
  return (
    <th role="columnheader" scope="col" class={classOf(column)} {...said}>
      <button type="button" class="sort" onClick={() => onSort({ by, order: next })}>
        {label}
        <Icon name={order === "asc" ? "up" : "down"} />
      </button>
    </th>
  );
}
