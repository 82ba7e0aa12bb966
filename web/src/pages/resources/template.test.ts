import { describe, expect, it } from "vitest";
import { templateLines, templatePieces, variablesOf } from "./template.ts";

const kinds = (text: string, engine: string): string[] =>
  templatePieces(text, engine).map((piece) => `${piece.kind}:${piece.text}`);

describe("templates", () => {
  it("of Python have braces, and doubled ones are none", () => {
    expect(kinds("Hi {name}, {{no}} {x.y!r}", "f-string")).toEqual([
      "text:Hi ",
      "variable:{name}",
      "text:, {{no}} ",
      "variable:{x.y!r}",
    ]);
    expect(variablesOf("{a} {b} {a}", "f-string")).toEqual(["a", "b"]);
  });

  it("of Jinja have variables, tags and comments", () => {
    expect(kinds("{% for x in y %}{{ x }}{# no #}", "jinja")).toEqual([
      "tag:{% for x in y %}",
      "variable:{{ x }}",
      "comment:{# no #}",
    ]);
  });

  it("of engines that nobody knows are text", () => {
    expect(kinds("{{ x }}", "other")).toEqual(["text:{{ x }}"]);
    expect(templatePieces("", "jinja")).toEqual([]);
  });

  it("keep every character, line by line", () => {
    const text = "a {{ b\n }} c\n\n<x>";
    const lines = templateLines(text, "jinja");
    expect(lines.map((line) => line.map((piece) => piece.text).join("")).join("\n")).toBe(text);
  });
});
