import * as differ from "diff";
import { describe, expect, it } from "vitest";
import { type DiffRow, diffRows, folded } from "./lines.ts";

function words(line: DiffRow["left"]): string {
  if (line === undefined) return "∅";
  return line.pieces.map((piece) => (piece.changed ? `[${piece.text}]` : piece.text)).join("");
}

function told(rows: readonly DiffRow[]): string[] {
  return rows.map(({ left, right }) =>
    left === right ? `  ${words(left)}` : `${words(left)} | ${words(right)}`,
  );
}

describe("differences of lines", () => {
  it("mark the words that changed", () => {
    expect(told(diffRows(differ, "a\nthe red fox\nz\n", "a\nthe blue fox\nz\n"))).toEqual([
      "  a",
      "the [red] fox | the [blue] fox",
      "  z",
    ]);
  });

  it("number both sides", () => {
    const rows = diffRows(differ, "a\nb\nc\n", "a\nc\nd\n");
    expect(rows.map((row) => [row.left?.oldLine, row.right?.newLine])).toEqual([
      [1, 1],
      [2, undefined],
      [3, 2],
      [undefined, 3],
    ]);
  });

  it("take lines with nothing in common as two", () => {
    expect(told(diffRows(differ, "xxxx yyyy\n", "completely different\n"))).toEqual([
      "xxxx yyyy | completely different",
    ]);
  });

  it("are none between equal texts, and everything against nothing", () => {
    expect(diffRows(differ, "a\nb", "a\nb").every((row) => row.left === row.right)).toBe(true);
    expect(diffRows(differ, "", "a\nb").map((row) => row.left)).toEqual([undefined, undefined]);
    expect(diffRows(differ, "", "")).toEqual([]);
  });

  it("fold what is far from any change", () => {
    const lines = Array.from({ length: 20 }, (_, number) => `line ${number}`);
    const changed = lines.with(10, "other");
    const rows = folded(diffRows(differ, lines.join("\n"), changed.join("\n")));
    expect(rows.map((row) => (typeof row === "number" ? row : "row"))).toEqual([
      7,
      ...Array.from({ length: 7 }, () => "row"),
      6,
    ]);
  });
});
