/** What may be meant while somebody types a query. */

import { KEYS, tokens } from "./language.ts";

export interface Option {
  /** The whole term. */
  readonly text: string;
  readonly hint: string;
}

export interface Completion {
  /** What an option takes the place of. */
  readonly start: number;
  readonly end: number;
  readonly options: readonly Option[];
}

/** Values that were seen, by key: workers, models, resources, `meta.` keys. */
export type Seen = Readonly<Record<string, readonly string[]>>;

const MOST = 8;

export function complete(text: string, cursor: number, seen: Seen): Completion | null {
  const token = tokens(text).find(({ start, end }) => start < cursor && cursor <= end) ?? {
    start: cursor,
    end: cursor,
    text: "",
  };
  const typed = text.slice(token.start, cursor);
  const parts = /^([a-z_]+(?:\.[^:<>=\s"]+)?)([:=])(.*)$/i.exec(typed);
  const options =
    parts === null ? keys(typed, seen) : values(parts[1] ?? "", parts[2] ?? "", parts[3] ?? "", seen);
  if (options.length === 0 || (options.length === 1 && options[0]?.text === token.text)) return null;
  return { start: token.start, end: token.end, options: options.slice(0, MOST) };
}

function keys(typed: string, seen: Seen): Option[] {
  if (/[<>"]/.test(typed)) return [];
  const all = Object.entries(KEYS).map(([key, { hint }]) => ({
    text: `${key}${ranged(key) ? ">" : ":"}`,
    hint,
  }));
  const meta = (seen["meta"] ?? []).map((key) => ({ text: `meta.${key}:`, hint: "metadata" }));
  return [...all, ...meta].filter(({ text }) => text.startsWith(typed.toLowerCase()));
}

function ranged(key: string): boolean {
  return ["reward", "dur", "wait", "spans", "tokens"].includes(key);
}

function values(key: string, operator: string, typed: string, seen: Seen): Option[] {
  const comma = typed.lastIndexOf(",") + 1;
  const before = typed.slice(0, comma);
  const begun = typed.slice(comma).replaceAll('"', "").toLowerCase();
  const known = KEYS[key]?.values ?? seen[key] ?? [];
  return known
    .filter((value) => value.toLowerCase().includes(begun) && !before.split(",").includes(value))
    .map((value) => ({
      text: key + operator + before + (/\s/.test(value) ? `"${value}"` : value),
      hint: "",
    }));
}

/** The text with an option taken; a finished term is followed by a blank. */
export function take(text: string, completion: Completion, option: Option): { text: string; cursor: number } {
  const finished = !/[:<>=]$/.test(option.text);
  const rest = text.slice(completion.end);
  const blank = finished && !rest.startsWith(" ") ? " " : "";
  const head = text.slice(0, completion.start) + option.text + blank;
  return { text: head + rest, cursor: head.length };
}
