/**
 * The language of the query bar: `status:failed reward<0.5 dur>30s meta.step:4 "some text"`. All terms must hold. What is
 * not understood is pointed at, with what may have been meant; it is never left out silently.
 */

import { quantity, type Scale } from "./quantity.ts";

export const STATUSES = [
  "queuing",
  "preparing",
  "running",
  "requeuing",
  "succeeded",
  "failed",
  "cancelled",
] as const;
export const ATTEMPT_STATUSES = [
  "preparing",
  "running",
  "succeeded",
  "failed",
  "timeout",
  "unresponsive",
  "none",
] as const;
export const MODES = ["train", "val", "test", "none"] as const;
export const HAS = ["error", "reward", "retry"] as const;

/** Conditions, as the store takes them; times may count back from now. */
export interface Conditions {
  status_in?: readonly string[];
  attempt_status_in?: readonly string[];
  mode_in?: readonly string[];
  has?: readonly string[];
  metadata?: readonly string[];
  rollout_id_contains?: string;
  text?: string;
  worker_id?: string;
  resources_id?: string;
  model?: string;
  since?: Moment;
  until?: Moment;
  ranges: Readonly<Record<string, Range>>;
}

export interface Range {
  readonly min: number | null;
  readonly max: number | null;
}

/** A time, or so many seconds before the question is asked. */
export type Moment = { readonly at: number } | { readonly ago: number };

export interface Problem {
  /** Where the term is in the text. */
  readonly start: number;
  readonly end: number;
  readonly message: string;
  /** What to write instead. Null: no idea. */
  readonly suggestion: string | null;
}

export interface Parsed {
  readonly conditions: Conditions;
  readonly problems: readonly Problem[];
}

interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

type Draft = { -readonly [K in keyof Conditions]: Conditions[K] } & {
  ranges: Record<string, Range>;
  words: string[];
};

/** What a term does to the conditions; its answer is what is wrong with it. */
type Apply = (
  draft: Draft,
  operator: string,
  value: string,
) => string | { message: string; suggestion: string } | null;

interface Key {
  readonly hint: string;
  readonly values?: readonly string[];
  readonly apply: Apply;
}

function among(
  field: "status_in" | "attempt_status_in" | "mode_in" | "has",
  values: readonly string[],
  hint: string,
): Key {
  return {
    hint,
    values,
    apply(draft, operator, value) {
      if (operator !== ":" && operator !== "=") return `cannot be compared with ${operator}; write a colon`;
      const asked = value.split(",").filter((word) => word !== "");
      const strange = asked.find((word) => !values.includes(word));
      if (strange !== undefined) {
        const near = nearest(strange, values);
        const message = `there is no ${JSON.stringify(strange)}; there are ${values.join(", ")}`;
        return near === null ? message : { message, suggestion: value.replace(strange, near) };
      }
      const before = draft[field];
      if (field === "has") draft.has = [...new Set([...(before ?? []), ...asked])];
      else draft[field] = before === undefined ? asked : before.filter((word) => asked.includes(word));
      return null;
    },
  };
}

function exactly(field: "worker_id" | "resources_id" | "model" | "rollout_id_contains", hint: string): Key {
  return {
    hint,
    apply(draft, operator, value) {
      if (operator !== ":" && operator !== "=") return `cannot be compared with ${operator}; write a colon`;
      if (draft[field] !== undefined && draft[field] !== value) return "can be asked for once only";
      draft[field] = value;
      return null;
    },
  };
}

function range(field: string, scale: Scale, hint: string): Key {
  return {
    hint,
    apply(draft, operator, value) {
      const found = rangeOf(operator, value, scale);
      if (typeof found === "string") return found;
      const before = draft.ranges[field] ?? { min: null, max: null };
      draft.ranges[field] = {
        min: found.min === null ? before.min : Math.max(found.min, before.min ?? found.min),
        max: found.max === null ? before.max : Math.min(found.max, before.max ?? found.max),
      };
      return null;
    },
  };
}

function moment(field: "since" | "until", hint: string): Key {
  return {
    hint,
    apply(draft, operator, value) {
      if (operator !== ":" && operator !== "=") return `cannot be compared with ${operator}; write a colon`;
      const found = momentOf(value);
      if (found === null) return "is a time such as 2026-11-24T14:00, or so long ago, such as 2h";
      if (draft[field] !== undefined) return "can be asked for once only";
      draft[field] = found;
      return null;
    },
  };
}

export const KEYS: Readonly<Record<string, Key>> = {
  status: among("status_in", STATUSES, "status of the rollout; several with commas"),
  attempt: among("attempt_status_in", ATTEMPT_STATUSES, "status of the newest attempt"),
  mode: among("mode_in", MODES, "train, val, test or none"),
  has: among("has", HAS, "error, reward or retry"),
  id: exactly("rollout_id_contains", "part of the rollout id"),
  worker: exactly("worker_id", "worker of the newest attempt"),
  resources: exactly("resources_id", "id of the resources"),
  model: exactly("model", "a model that answered"),
  reward: range("reward", "plain", "final reward: reward<0.5, reward:0..1"),
  dur: range("run_time", "duration", "run time: dur>30s, dur:1m..5m"),
  wait: range("queue_wait", "duration", "time in the queue: wait>10s"),
  spans: range("spans", "count", "number of spans: spans>100"),
  tokens: range("tokens", "count", "tokens in and out: tokens>10k"),
  since: moment("since", "made after: since:2h, since:2026-11-24"),
  until: moment("until", "made before"),
};
const ALIASES: Readonly<Record<string, string>> = {
  run: "dur",
  run_time: "dur",
  duration: "dur",
  queue_wait: "wait",
  rollout: "id",
  attempt_status: "attempt",
};

export function parse(text: string): Parsed {
  const draft: Draft = { ranges: {}, words: [] };
  const problems: Problem[] = [];
  for (const token of tokens(text)) {
    const wrong = read(draft, token.text);
    if (wrong !== null) problems.push({ start: token.start, end: token.end, ...wrong });
  }
  const { words, ...conditions } = draft;
  if (words.length > 0) conditions.text = words.join(" ");
  return { conditions, problems };
}

function read(draft: Draft, text: string): { message: string; suggestion: string | null } | null {
  const parts = /^([a-z_]+(?:\.[^:<>=\s"]+)?)(<=|>=|[:<>=])(.*)$/i.exec(text);
  if (parts === null) {
    draft.words.push(unquote(text));
    return null;
  }
  const [, name = "", operator = "", raw = ""] = parts;
  const value = unquote(raw);
  const quoted = `"${text.replaceAll('"', "")}"`;
  if (/^meta(data)?\./i.test(name)) {
    if (operator !== ":" && operator !== "=")
      return { message: "metadata can be compared by a colon only", suggestion: `${name}:${raw}` };
    draft.metadata = [...(draft.metadata ?? []), `${name.slice(name.indexOf(".") + 1)}:${value}`];
    return null;
  }
  const known = KEYS[name] ?? KEYS[ALIASES[name] ?? ""];
  if (known === undefined) {
    const near = nearest(name.toLowerCase(), [...Object.keys(KEYS), ...Object.keys(ALIASES)]);
    return near === null
      ? {
          message: `there is no ${JSON.stringify(name)} to ask for; text with a colon goes in quotes`,
          suggestion: quoted,
        }
      : { message: `there is no ${JSON.stringify(name)} to ask for`, suggestion: near + operator + raw };
  }
  if (value === "") return { message: `${name} needs a value: ${known.hint}`, suggestion: null };
  const wrong = known.apply(draft, operator, value);
  if (wrong === null) return null;
  if (typeof wrong === "string") return { message: `${name} ${wrong}`, suggestion: null };
  return { message: `${name}: ${wrong.message}`, suggestion: name + operator + wrong.suggestion };
}

/** The terms with their places: split at blanks that are not within quotes. */
export function tokens(text: string): Token[] {
  return [...text.matchAll(/(?:[^\s"]|"[^"]*(?:"|$))+/g)].map((found) => ({
    start: found.index,
    end: found.index + found[0].length,
    text: found[0],
  }));
}

function unquote(text: string): string {
  return text.replaceAll('"', "");
}

function rangeOf(operator: string, value: string, scale: Scale): Range | string {
  const pair = /^(.*?)\.\.(.*)$/.exec(value);
  if (pair !== null && (operator === ":" || operator === "=")) {
    const min = quantity(pair[1] ?? "", scale);
    const max = quantity(pair[2] ?? "", scale);
    return min === null || max === null ? `needs numbers on both sides of the dots` : { min, max };
  }
  const number = quantity(value, scale);
  if (number === null) {
    return scale === "duration"
      ? "is a time such as 500ms, 30s, 5m or 2h"
      : `is a number${scale === "count" ? " such as 100 or 10k" : ""}`;
  }
  switch (operator) {
    case "<":
      return { min: null, max: below(number, scale) };
    case ">":
      return { min: above(number, scale), max: null };
    case "<=":
      return { min: null, max: number };
    case ">=":
      return { min: number, max: null };
    default:
      return { min: number, max: number };
  }
}

/** The greatest number below this one; the store knows limits that belong to the range only. */
function below(number: number, scale: Scale): number {
  return scale === "count" ? Math.ceil(number) - 1 : -above(-number, "plain");
}

function above(number: number, scale: Scale): number {
  if (scale === "count") return Math.floor(number) + 1;
  if (number === 0) return Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  view.setBigInt64(0, view.getBigInt64(0) + (number > 0 ? 1n : -1n));
  return view.getFloat64(0);
}

/** `2h`, `2026-11-24`, `2026-11-24T14:00Z`, or seconds since 1970. Null: none of them. */
export function momentOf(value: string): Moment | null {
  if (/^\d{9,}(\.\d+)?$/.test(value)) return { at: Number(value) };
  const ago = /[a-z]$/i.test(value) ? quantity(value, "duration") : null;
  if (ago !== null) return { ago };
  if (!/^\d{4}-\d\d/.test(value)) return null;
  const at = Date.parse(value);
  return Number.isNaN(at) ? null : { at: at / 1000 };
}

/** The word that was most likely meant. Null: none is near. */
export function nearest(word: string, words: readonly string[]): string | null {
  let best: string | null = null;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const other of words) {
    const away = other.startsWith(word) && word.length > 1 ? 0.5 : distance(word, other);
    if (away < least) {
      least = away;
      best = other;
    }
  }
  return best;
}

/** How many letters are to be changed, left out, put in or exchanged. */
function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? (i === 0 ? j : i);
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      let cost = Math.min(
        at(i - 1, j) + 1,
        at(i, j - 1) + 1,
        at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = cost;
    }
  }
  return at(a.length, b.length);
}
