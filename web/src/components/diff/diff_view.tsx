/** Two texts, side by side or one below the other, with the lines and words that differ. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { count } from "../../format/number.ts";
import { type DiffLine, type DiffRow, diffRows, folded } from "./lines.ts";
import { type Differ, loadDiffer } from "./load.ts";
import "./diff.css";

export type DiffLayout = "split" | "unified";

interface Props {
  readonly before: string;
  readonly after: string;
  readonly layout: DiffLayout;
  /** What the texts are, for those who cannot see it. */
  readonly label: string;
}

export function DiffView({ before, after, layout, label }: Props) {
  const differ = useSignal<Differ | null>(null);
  useEffect(() => {
    let current = true;
    void loadDiffer().then((loaded) => {
      if (current) differ.value = loaded;
    });
    return () => {
      current = false;
    };
  }, []);
  const rows = useMemo(
    () => (differ.value === null ? null : folded(diffRows(differ.value, before, after))),
    [differ.value, before, after],
  );
  if (rows === null) return <div class="diff" aria-busy="true" />;
  let place = 0;
  return (
    <div class={`diff is-${layout}`} role="region" aria-label={label} tabIndex={0}>
      <table class="diff-table">
        <caption class="sr-only">{label}</caption>
        <colgroup>
          <col class="diff-col" />
          {layout === "split" ? <col /> : <col class="diff-col" />}
          {layout === "split" ? <col class="diff-col" /> : null}
          <col />
        </colgroup>
        <tbody>
          {rows.map((row) => {
            const number = place;
            place += 1;
            if (typeof row === "number") {
              return (
                <tr key={number} class="diff-fold">
                  <td colSpan={layout === "split" ? 4 : 3}>{count(row)} equal lines</td>
                </tr>
              );
            }
            return layout === "split" ? (
              <SplitRow key={number} row={row} />
            ) : (
              <UnifiedRows key={number} row={row} />
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function SplitRow({ row }: { readonly row: DiffRow }) {
  const changed = row.left !== row.right;
  return (
    <tr {...(changed ? { "data-change": "" } : {})}>
      <td class="diff-number">{row.left?.oldLine}</td>
      <Text line={row.left} sign={changed && row.left ? "−" : ""} />
      <td class="diff-number">{row.right?.newLine}</td>
      <Text line={row.right} sign={changed && row.right ? "+" : ""} />
    </tr>
  );
}

function UnifiedRows({ row }: { readonly row: DiffRow }) {
  if (row.left === row.right) {
    return (
      <tr>
        <td class="diff-number">{row.left?.oldLine}</td>
        <td class="diff-number">{row.right?.newLine}</td>
        <Text line={row.left} sign="" />
      </tr>
    );
  }
  return (
    <>
      {row.left === undefined ? null : (
        <tr data-change="">
          <td class="diff-number">{row.left.oldLine}</td>
          <td class="diff-number" />
          <Text line={row.left} sign="−" />
        </tr>
      )}
      {row.right === undefined ? null : (
        <tr data-change="">
          <td class="diff-number" />
          <td class="diff-number">{row.right.newLine}</td>
          <Text line={row.right} sign="+" />
        </tr>
      )}
    </>
  );
}

function Text({ line, sign }: { readonly line: DiffLine | undefined; readonly sign: string }) {
  if (line === undefined) return <td class="diff-text is-none" />;
  return (
    <td class={`diff-text is-${line.kind}`}>
      <span class="diff-sign" aria-hidden="true">
        {sign}
      </span>
      {sign === "" ? null : <span class="sr-only">{line.kind}: </span>}
      {line.pieces.map((piece, place) =>
        piece.changed ? <mark key={place}>{piece.text}</mark> : piece.text,
      )}
    </td>
  );
}

/** Goes to the next (or previous) change below an element; round at the end. */
export function goToChange(within: ParentNode, step: 1 | -1): boolean {
  const rows = [...within.querySelectorAll<HTMLElement>("[data-change]")];
  // Rows that follow each other are one change.
  const changes = rows.filter(
    (row) =>
      !(row.previousElementSibling instanceof HTMLElement && "change" in row.previousElementSibling.dataset),
  );
  if (changes.length === 0) return false;
  const at = changes.findIndex((row) => row.classList.contains("is-current"));
  const next =
    changes[(at < 0 ? (step > 0 ? 0 : changes.length - 1) : at + step + changes.length) % changes.length];
  for (const row of changes) row.classList.toggle("is-current", row === next);
  next?.scrollIntoView({ block: "center" });
  return true;
}
