import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");
const tokens = new Map(
  [...css.matchAll(/--([\w-]+): light-dark\((#\w{6}), (#\w{6})\)/g)].map(([, name, light, dark]) => [
    name,
    [light, dark],
  ]),
);

function luminance(colour: string): number {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [r = 0, g = 0, b = 0] = parts.map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

const TEXT = [
  "ink",
  "ink-2",
  "ink-3",
  "accent",
  "queuing",
  "preparing",
  "running",
  "requeuing",
  "succeeded",
  "failed",
  "cancelled",
  "unresponsive",
  "timeout",
  "idle",
  "busy",
  "unknown",
  "silent",
  "reward-plus",
  "reward-minus",
  "reward-zero",
];
const MARKS = [...tokens.keys()].filter((name) => name?.startsWith("kind-")).concat("line-strong", "focus");
const GROUNDS = ["ground", "surface", "raised", "sunken", "hover", "selected"];

it.each(["light", "dark"])("text has a contrast of 4.5 and marks of 3 on every ground (%s)", (theme) => {
  const at = theme === "light" ? 0 : 1;
  const of = (name: string | undefined): string => tokens.get(name)?.[at] ?? "#808080";
  const low: string[] = [];
  for (const ground of GROUNDS) {
    for (const name of TEXT)
      if (contrast(of(name), of(ground)) < 4.5)
        low.push(`${name} on ${ground}: ${contrast(of(name), of(ground)).toFixed(2)}`);
    for (const name of MARKS)
      if (contrast(of(name), of(ground)) < 3)
        low.push(`${name} on ${ground}: ${contrast(of(name), of(ground)).toFixed(2)}`);
  }
  if (contrast(of("on-accent"), of("accent")) < 4.5) low.push("on-accent");
  for (const ground of ["warn-ground", "bad-ground", "added", "removed"]) {
    if (contrast(of("ink"), of(ground)) < 4.5) low.push(`ink on ${ground}`);
  }
  if (contrast(of("failed"), of("bad-ground")) < 4.5) low.push("failed on bad-ground");
  expect(low).toEqual([]);
});

it("no style but the tokens names a colour", () => {
  // A colour elsewhere would be wrong in one of the themes.
  const found = ["base.css", "components.css", "shell.css"].flatMap((name) =>
    (readFileSync(new URL(name, import.meta.url), "utf8").match(/#[0-9a-f]{3,8}\b|rgb\([^)]*\)/gi) ?? []).map(
      (colour) => `${name} ${colour}`,
    ),
  );
  expect(found).toEqual([]);
});
