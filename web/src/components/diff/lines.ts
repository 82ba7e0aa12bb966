/** Differences of two texts as lines, with the words that changed within lines that stand for each other. */

import type { Change } from "diff";

export interface DiffPiece {
  readonly text: string;
  readonly changed: boolean;
}

export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  /** Numbers of the line, from 1, in the old and in the new text. */
  readonly oldLine?: number;
  readonly newLine?: number;
  readonly pieces: readonly DiffPiece[];
}

/** Lines that stand beside each other: one of them is missing if something was only added or only removed. */
export interface DiffRow {
  readonly left?: DiffLine;
  readonly right?: DiffLine;
}

type Differ = typeof import("diff");

/** Texts longer than this are told apart by lines only. */
const MAX_WORD_CHARACTERS = 20_000;

export function diffRows(
  differ: Pick<Differ, "diffLines" | "diffWordsWithSpace">,
  before: string,
  after: string,
): DiffRow[] {
  const rows: DiffRow[] = [];
  let oldLine = 1;
  let newLine = 1;
  const changes = differ.diffLines(before, after, { timeout: 2000 }) ?? whole(before, after);
  for (let place = 0; place < changes.length; place += 1) {
    const change = changes[place];
    if (change === undefined) break;
    if (!change.added && !change.removed) {
      for (const text of linesOf(change.value)) {
        const pieces = [{ text, changed: false }];
        const line = { kind: "same" as const, oldLine: oldLine++, newLine: newLine++, pieces };
        rows.push({ left: line, right: line });
      }
      continue;
    }
    // A removal and the addition behind it (or the other way round) stand for each other.
    const next = changes[place + 1];
    const pair = next && (next.added || next.removed) && next.added !== change.added ? next : undefined;
    if (pair) place += 1;
    const removed = linesOf((change.removed ? change : pair)?.value ?? "");
    const added = linesOf((change.added ? change : pair)?.value ?? "");
    for (let number = 0; number < Math.max(removed.length, added.length); number += 1) {
      const [left, right] = wordsOf(differ, removed[number], added[number]);
      rows.push({
        ...(left && { left: { kind: "removed" as const, oldLine: oldLine++, pieces: left } }),
        ...(right && { right: { kind: "added" as const, newLine: newLine++, pieces: right } }),
      });
    }
  }
  return rows;
}

function whole(before: string, after: string): Change[] {
  return [
    { value: before, added: false, removed: true, count: 1 },
    { value: after, added: true, removed: false, count: 1 },
  ];
}

function linesOf(text: string): string[] {
  if (text === "") return [];
  const lines = text.split("\n");
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function unchanged(text: string | undefined): DiffPiece[] | undefined {
  return text === undefined ? undefined : [{ text, changed: false }];
}

function wordsOf(
  differ: Pick<Differ, "diffWordsWithSpace">,
  before: string | undefined,
  after: string | undefined,
): [DiffPiece[] | undefined, DiffPiece[] | undefined] {
  if (before === undefined || after === undefined || before.length + after.length > MAX_WORD_CHARACTERS) {
    return [unchanged(before), unchanged(after)];
  }
  const changes = differ.diffWordsWithSpace(before, after);
  const same = changes.reduce(
    (sum, change) => sum + (change.added || change.removed ? 0 : change.value.trim().length),
    0,
  );
  // Lines with next to nothing in common are two lines, not one that changed.
  if (same * 4 < Math.min(before.trim().length, after.trim().length))
    return [unchanged(before), unchanged(after)];
  const side = (leave: "added" | "removed") =>
    changes
      .filter((change) => !change[leave])
      .map((change) => ({ text: change.value, changed: Boolean(change.added || change.removed) }));
  return [side("added"), side("removed")];
}

/** Rows around changes; longer runs of unchanged rows are one number. */
export function folded(rows: readonly DiffRow[], context = 3): (DiffRow | number)[] {
  const near = rows.map(() => false);
  rows.forEach((row, place) => {
    if (row.left === row.right) return;
    for (let at = Math.max(0, place - context); at <= Math.min(rows.length - 1, place + context); at += 1)
      near[at] = true;
  });
  const shown: (DiffRow | number)[] = [];
  let hidden = 0;
  rows.forEach((row, place) => {
    if (near[place]) {
      if (hidden > 0) shown.push(hidden);
      hidden = 0;
      shown.push(row);
    } else {
      hidden += 1;
    }
  });
  if (hidden > 0) shown.push(hidden);
  return shown;
}
