/** The row somebody is at: moved by keys, looked at beside the list, opened. */

import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Command } from "../../app/keyboard.ts";
import { navigate, pathOf } from "../../app/location.ts";
import { copyText } from "../../components/copy.tsx";
import { announce } from "../../app/announce.ts";

interface Options {
  /** What holds the table. */
  readonly table: RefObject<HTMLElement | null>;
  readonly ids: readonly string[];
  /** The one that is looked at. */
  readonly current: string | null;
  readonly onPeek: (id: string | null, how?: "push" | "replace") => void;
}

export interface Cursor {
  readonly commands: readonly Command[];
  at(): string | null;
  move(id: string): void;
  step(step: 1 | -1): void;
  close(): void;
}

export function useCursor({ table, ids, current, onPeek }: Options): Cursor {
  const last = useRef<string | null>(current);
  if (current !== null) last.current = current;

  const rowOf = (id: string): HTMLElement | null =>
    table.current?.querySelector<HTMLElement>(`tr[data-key="${CSS.escape(id)}"]`) ?? null;
  const at = (): string | null => {
    const row = document.activeElement?.closest<HTMLElement>("tr[data-key]");
    return row?.dataset["key"] ?? (last.current !== null && ids.includes(last.current) ? last.current : null);
  };
  const move = (id: string): void => {
    last.current = id;
    const row = rowOf(id);
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  };
  const step = (by: 1 | -1): boolean => {
    const here = at();
    const index = here === null ? (by > 0 ? -1 : ids.length) : ids.indexOf(here);
    const next = ids[index + by];
    if (next === undefined) return ids.length > 0;
    move(next);
    if (current !== null) onPeek(next, "replace");
    return true;
  };
  const close = (): void => {
    onPeek(null);
    if (last.current !== null) move(last.current);
  };
  // An address that shows a row shows where it is in the list.
  useEffect(() => {
    if (current !== null) rowOf(current)?.scrollIntoView({ block: "nearest" });
  }, [current !== null && ids.includes(current)]);

  const withRow = (run: (id: string) => unknown) => (): unknown => {
    const id = at();
    return id === null ? false : run(id);
  };
  return {
    at,
    move,
    step,
    close,
    commands: [
      { id: "next", label: "Next row", group: "Lists", keys: ["j", "ArrowDown"], run: () => step(1) },
      { id: "previous", label: "Row before", group: "Lists", keys: ["k", "ArrowUp"], run: () => step(-1) },
      {
        id: "open",
        label: "Open the row",
        group: "Lists",
        keys: ["Enter"],
        run: withRow((id) => navigate(pathOf("rollouts", id))),
      },
      {
        id: "peek",
        label: "Look at the row beside the list",
        group: "Lists",
        keys: [" "],
        run: withRow((id) => (current === id ? close() : onPeek(id))),
      },
      {
        id: "close",
        label: "Close",
        group: "Lists",
        keys: ["Escape"],
        run: () => (current === null ? false : close()),
      },
      {
        id: "copy-id",
        label: "Copy the id",
        group: "Lists",
        keys: ["c"],
        run: withRow(async (id) => {
          if (await copyText(id)) announce(`Copied ${id}`);
        }),
      },
    ],
  };
}
