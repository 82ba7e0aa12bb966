/// <reference lib="esnext.disposable" />
import type { JsonText } from "./index.mjs";
export * from "./index.mjs";

/** Loads both modules, that of the client and that of traces. In Node there is nothing to do. */
export function init(): Promise<void>;

/**
 * Loads the module of traces, which the classes and functions below need: they throw before. The argument says where it is,
 * if not beside its script. In Node there is nothing to do.
 */
export function initTrace(
  source?: string | URL | Request | Response | BufferSource | WebAssembly.Module,
): Promise<void>;

/** What a span is. */
export type Kind =
  | "other" | "llm" | "tool" | "agent" | "reward" | "message" | "object" | "exception" | "operation" | "annotation"
  | "workflow" | "task" | "chain" | "retriever" | "reranker" | "embedding" | "guardrail" | "evaluator" | "prompt" | "http"
  | "virtual";

/** Kinds by the codes in {@link Columns.kind}. */
export const KINDS: readonly Kind[];

/** Bits of {@link Columns.flags} and {@link Row.flags}. */
export const Flag: {
  /** The span failed, or is or holds an exception. */
  readonly ERROR: 1;
  /** It has begun and not ended. */
  readonly RUNNING: 2;
  /** No span: a missing parent, the root of several roots, a group, or folded siblings. */
  readonly VIRTUAL: 4;
  /** Its parent has not been received. */
  readonly ORPHAN: 8;
  /** It ended when it began. */
  readonly ZERO_LENGTH: 16;
  /** It has no start. */
  readonly UNTIMED: 32;
  /** It was put where it is by a repair of the tree. */
  readonly REPAIRED: 64;
  /** There is something below it. */
  readonly HAS_CHILDREN: 128;
  /** What is below it is shown. */
  readonly OPEN: 256;
  /** It stands for several siblings. */
  readonly FOLD: 512;
  /** It does not fit the filter; something below it does. */
  readonly DIMMED: 1024;
  /** Something below it is an error. */
  readonly ERROR_BELOW: 2048;
  /** It has a reward. */
  readonly REWARD: 4096;
};

/** By what siblings are ordered: by start, or by sequence number. */
export type Order = "time" | "sequence";

/** What became of spans that were appended. */
export interface Appended {
  added: number;
  /** Spans that were here without their attributes, and have them now. */
  completed: number;
  duplicates: number;
  /** Values that are no spans. */
  refused: number;
  /** Why they are none; the first 20. */
  reasons: string[];
}

/** What spans must be to be shown; all conditions that are given must hold. */
export interface Filter {
  /** Part of label, name, operation or id; letters from A to Z in either case. */
  text?: string;
  /** Searches the whole text of the spans too (of those that have a body here). */
  everywhere?: boolean;
  /** One of these; empty: any. */
  kinds?: Kind[];
  errors?: boolean;
  /** Seconds, or more. */
  minDuration?: number | null;
}

/** Columns of rows `first` and following; all of one length. */
export interface Columns {
  first: number;
  /** Seconds since 1970; NaN if not known. */
  start: Float64Array;
  /** Seconds; NaN if not known. */
  duration: Float64Array;
  /** Seconds in which no child was going on; NaN if not known. */
  selfTime: Float64Array;
  depth: Uint16Array;
  /** Row number of the parent, or -1. */
  parent: Int32Array;
  kind: Uint8Array;
  flags: Uint16Array;
  /** Nodes directly below, shown or not. */
  children: Uint32Array;
  /** Spans below it and itself; errors, tokens of all of these. */
  spans: Uint32Array;
  errors: Uint32Array;
  tokens: Float64Array;
  /** Place among its shown siblings, from 1 (aria-posinset), and how many these are (aria-setsize). */
  position: Uint32Array;
  siblings: Uint32Array;
  /** How many siblings it stands for; 0: it is no fold. */
  folded: Uint32Array;
}

/** One row: all that is drawn. Null: not known or none. */
export interface Row {
  /** Its number. */
  row: number;
  /** What it stands for: `span:<id>`, `missing:<id>`, `fold:<id>`, `root`, `untimed`. For opening, closing and focus. */
  key: string;
  /** The model, the tool, the text of a message; else the name; "name × 57" of a fold. */
  label: string;
  /** As sent; null: it is no span. */
  name: string | null;
  span_id: string | null;
  kind: Kind;
  sequence_id: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  reward: number | null;
  /** Seconds since 1970. */
  start: number | null;
  /** Seconds. */
  duration: number | null;
  self_time: number | null;
  /** How many siblings it stands for; null: it is no fold. */
  folded: number | null;
  /** aria-level - 1 */
  depth: number;
  /** Row number, or -1. */
  parent: number;
  /** See {@link Flag}. */
  flags: number;
  children: number;
  spans: number;
  errors: number;
  tokens: number;
  position: number;
  siblings: number;
}

export interface RewardMark { column: number; value: number; span_id: string }

/** The whole trace in as many columns as a canvas has pixels. */
export interface Minimap {
  /** Seconds since 1970 at the left and the right edge. */
  start: number;
  end: number;
  /** Spans that are going on. */
  busy: Uint32Array;
  /** Depth of the topmost of them; 65535 where there is none. */
  shallowest: Uint16Array;
  /** Depth of the lowest of them; 0 where there is none. */
  deepest: Uint16Array;
  /** Errors that begin here. */
  errors: Uint32Array;
  /** At most the lowest and the highest of each column. */
  rewards: RewardMark[];
}

/** Something in the structure that was put right. */
export type Repair =
  /** Spans were each other's parents; this one is a root now. */
  | { reason: "circle"; span_id: string }
  /** Different spans had one id; all but the first were left out. */
  | { reason: "duplicate_ids"; count: number }
  /** Lies where it happened, not where its parent says (only with `setRepair(true)`). */
  | { reason: "moved"; span_id: string };

export interface SpanRef {
  span_id: string;
  label: string;
  name: string;
  kind: Kind;
  sequence_id: number;
  reward: number | null;
}

export interface Reward { name: string | null; value: number }
export interface LinkRule { key: string; value: string }
export interface Exception { type: string | null; message: string | null; stacktrace: string | null }

/** Null: not said. */
export interface Usage {
  input: number | null;
  cached: number | null;
  output: number | null;
  reasoning: number | null;
  total: number | null;
  cost: number | null;
}

/** What an inspector shows of one span. Null: not known. */
export interface Summary {
  span_id: string;
  parent_id: string | null;
  trace_id: string;
  name: string;
  label: string;
  kind: Kind;
  error: boolean;
  /** `OK`, `ERROR`, `UNSET`, or what else was sent. */
  status: string | null;
  status_description: string | null;
  sequence_id: number;
  /** Seconds since 1970. */
  start: number | null;
  end: number | null;
  /** Seconds. */
  duration: number | null;
  /** Seconds from the first start of the trace. */
  offset: number | null;
  /** Seconds in which none of its children was going on. */
  self_time: number | null;
  tracer: string | null;
  operation: string | null;
  agent: string | null;
  model_requested: string | null;
  model_answered: string | null;
  /** `temperature` and others, in the order sent; the values are JSON text. */
  parameters: [name: string, value: JsonText][];
  usage: Usage;
  time_to_first_token: number | null;
  finish_reason: string | null;
  response_id: string | null;
  rewards: Reward[];
  tags: string[];
  link_rules: LinkRule[];
  links_to: SpanRef[];
  linked_by: SpanRef[];
  tool_calls: SpanRef[];
  exception: Exception | null;
  /** How many token ids of prompt and answer it has. */
  token_ids: [prompt: number, response: number] | null;
}

/** One event within a span. */
export interface SpanEventEntry {
  name: string;
  /** Seconds since 1970. */
  timestamp: number | null;
  /** An object. Secrets are masked unless asked for. */
  attributes: JsonText;
}

export type Part =
  | { type: "text"; text: string }
  /** `note`: why it is shown like this; absent: it is meant to be JSON. */
  | { type: "json"; value: JsonText; note?: string }
  /** A `data:` URI holds the picture; never load others unasked. */
  | { type: "image"; url: string | null; media_type?: string }
  /** `note`: what is wrong with the arguments (then they are a JSON string: the text as written). */
  | { type: "tool_call"; id: string | null; name: string | null; arguments: JsonText; note?: string }
  | { type: "tool_result"; tool_call_id: string | null; content: JsonText }
  | { type: "reasoning"; text: string }
  | { type: "refusal"; text: string };

export interface Message {
  /** `system`, `user`, `assistant`, `tool`, `developer`, or any other word. */
  role: string;
  name?: string;
  parts: Part[];
  tool_call_id?: string;
  finish_reason?: string;
}

export interface Tool { name: string | null; description: string | null; parameters: JsonText }
export type Dialect = "gen_ai" | "agent_ops" | "weave" | "open_inference" | "raw" | "plain";

/** What was said in one span. */
export interface SpanMessages {
  dialect: Dialect | null;
  prompt: Message[];
  completion: Message[];
  tools: Tool[];
}

export interface TurnReward { span_id: string; value: number; linked: boolean }
export interface Observation { span_id: string; name: string; dialect: Dialect | null }

/** One call of a model. */
export interface Turn {
  span_id: string;
  observations: Observation[];
  response_id: string | null;
  label: string;
  error: boolean;
  /** The turn (from 0) whose messages this one begins with; null: it begins anew. */
  follows: number | null;
  /** How many messages of the prompt were there before; they are left out of `messages`. */
  shared: number;
  messages: Message[];
  completion: Message[];
  /** Offered tools, if they are not those of the turn before. */
  tools: Tool[];
  tool_count: number;
  input_tokens: number | null;
  output_tokens: number | null;
  rewards: TurnReward[];
}

export interface Conversation { turns: Turn[]; other_rewards: TurnReward[] }

export interface TrainingOptions {
  /** @defaultValue `"first_occurrence"` */
  rewardMatch?: "first_occurrence" | "first_sibling";
  /** @defaultValue true */
  repairHierarchy?: boolean;
  /** What the name of a call's span contains. @defaultValue `"openai.chat.completion"` */
  callName?: string;
  /** What the name of the agent around a call contains; null: any, or none. */
  agent?: string | null;
  /** Leaves out calls within the computation of a reward. @defaultValue true */
  excludeInReward?: boolean;
  /** @defaultValue false */
  skipWithoutTokens?: boolean;
}

export interface Triplet {
  span_id: string;
  response_id: string | null;
  agent: string;
  prompt_tokens: number;
  response_tokens: number;
  reward: number | null;
  reward_span_id: string | null;
  /** Token ids are missing: trainers skip it. */
  no_token_ids: boolean;
}

export interface LeftOutCall {
  span_id: string;
  reason: "duplicate_response_id" | "within_call" | "within_reward" | "other_agent" | "no_token_ids";
}

export interface UnmatchedReward { span_id: string; value: number }
export interface Training { triplets: Triplet[]; left_out: LeftOutCall[]; unmatched_rewards: UnmatchedReward[] }
export interface FinalReward { value: number; span_id: string; dimensions: Reward[] }

export interface ComparedRow {
  difference: "same" | "changed" | "added" | "removed";
  changes: ("label" | "error" | "reward" | "tokens" | "messages")[];
  depth: number;
  a: SpanRef | null;
  b: SpanRef | null;
  duration_delta: number | null;
  tokens_delta: number;
  reward_delta: number | null;
}

export interface Totals {
  spans: number;
  errors: number;
  llm_calls: number;
  tool_calls: number;
  tokens: number;
  duration: number | null;
  reward: number | null;
}

export interface Comparison { rows: ComparedRow[]; a: Totals; b: Totals; sentence: string }

/** Two attempts side by side. For changed messages both need their bodies ({@link Waterfall.withoutBody}). */
export function compare(a: Waterfall, b: Waterfall, order?: Order): Comparison;

/** A trace in wasm memory, and how it is looked at. Traces over 2,000 spans open with 3 levels; repeated siblings fold. */
export class Waterfall {
  constructor();

  /**
   * The text of a {@link LightTrace}, a page of spans, a list of spans, or one span; light or whole, in any order, late
   * parents too. A whole span completes its light row. What is no span is reported and keeps nothing out.
   */
  append(text: JsonText): Appended;

  /** Goes up with every change of spans, rows or view. */
  readonly revision: number;
  /** Rows that are shown now. */
  readonly rowCount: number;
  /** Spans that were received. */
  readonly spanCount: number;
  /** Spans in the tree or in the part in focus, and how many of them fit the filter ("n of m"). */
  readonly total: number;
  readonly matched: number;
  /** From the first start to the last end, seconds since 1970; null: no times. */
  readonly extent: { start: number; end: number } | null;

  /** Row `row`; null if there is none. */
  row(row: number): Row | null;
  /** Rows `first` to `first + count - 1`, as many as there are. For the visible window: some 40 rows take 0.1 ms. */
  rows(first: number, count: number): Row[];
  /** The same as typed arrays, by default all rows: 69 bytes a row. */
  columns(first?: number, count?: number): Columns;

  /** The row of a span; -1: it has none now (hidden, folded, or not received). Changes nothing. */
  find(spanId: string): number;
  /** The row of a key; -1: none. */
  findKey(key: string): number;
  /** Opens everything above a span, folds too, and gives its row; -1: filter or focus hide it, or it is not here. */
  reveal(spanId: string): number;
  /**
   * The next (or previous) span after row `from` (-1: from the beginning, or the end) that is an error, has a reward, or fits
   * the filter. Goes round at the end. Reveals it; -1: there is none. Row numbers may be new afterwards.
   */
  next(what: "error" | "reward" | "match", from: number, backwards?: boolean): number;

  /** Opens or closes a row (a fold too). False: there is no such place. */
  setOpen(key: string, open: boolean): boolean;
  /** The other way round; false: it has nothing below it. */
  toggle(row: number): boolean;
  /** Opens so many levels and closes what is deeper; null: all. 1: only the topmost rows. Forgets what was opened by hand. */
  openLevels(levels: number | null): void;
  /** Folds repeated siblings. @defaultValue true */
  setFold(fold: boolean): void;
  /** `{}`: everything. While a filter is set nothing is folded, and only what was closed by hand is closed. */
  setFilter(filter: Filter): void;
  /** Only this place and what is below it; null: everything. False: there is no such place. */
  setFocus(key: string | null): boolean;
  setOrder(order: Order): void;
  /** Moves floating spans below those in which they happened. @defaultValue false */
  setRepair(repair: boolean): void;
  /** Places above the focus, topmost first, the focus last; empty without focus. */
  breadcrumbs(): { key: string; label: string }[];
  /** What was put right in the structure. */
  repairs(): Repair[];
  /** Spans by kind, for chips; only kinds that occur. */
  kindCounts(): Partial<Record<Kind, number>>;

  /** The whole trace, or from `start` to `end` (seconds since 1970), in `columns` columns. */
  minimap(columns: number, start?: number, end?: number): Minimap;

  /** Only a light row of this span is here: fetch it whole and append it before its inspector is shown. False if not here at all. */
  needsBody(spanId: string): boolean;
  /** The ids of all spans (of these kinds) that are light, in order. Conversation, training and compare need bodies. */
  withoutBody(kinds?: Kind[]): string[];

  /** Null: no such span. */
  summaryOf(spanId: string): Summary | null;
  messagesOf(spanId: string): SpanMessages | null;
  /** An object: keys as stored ("flat", the default), or dots leading into objects and lists ("nested"). */
  attributesOf(spanId: string, options?: { shape?: "flat" | "nested"; revealSecrets?: boolean }): JsonText | null;
  eventsOf(spanId: string, options?: { revealSecrets?: boolean }): SpanEventEntry[] | null;
  /** The span exactly as the server sent it; with a secret masked it is written anew. */
  raw(spanId: string, options?: { revealSecrets?: boolean }): JsonText | null;

  /** The attempt as one conversation. */
  conversation(): Conversation;
  /** What a trainer would get. */
  training(options?: TrainingOptions): Training;
  finalReward(): FinalReward | null;

  /** Gives back its memory. Nothing may be called afterwards. */
  free(): void;
  [Symbol.dispose](): void;
}

/** A node of a {@link JsonDocument}. */
export interface JsonNode {
  /** Its number: 0 is the root; others are only good for this document. */
  id: number;
  /** Member's key, place in the list, or null for the root. */
  key: string | number | null;
  type: "null" | "boolean" | "number" | "string" | "array" | "object";
  /** Members or elements; 0 for scalars. */
  count: number;
  /** Bytes of its text. */
  bytes: number;
  /** Scalars as JSON text (numbers digit by digit), strings decoded; of long ones the first 2,048 characters. Null for lists and objects. */
  value: string | null;
  /** `value` is only the beginning. */
  cut: boolean;
  /** A string that holds a JSON or Python list or object as text: {@link JsonDocument.embedded} opens it. */
  embedded: boolean;
  /** What is odd: `NaN` or `Infinity`, half a surrogate pair, a key that is there twice. Null: nothing. */
  note: string | null;
}

/** JSON text taken apart for looking at, in wasm memory: children are made when asked for, integers of any size stay exact. */
export class JsonDocument {
  /** Text that is no JSON makes a document of one string, with `error` saying what is wrong. */
  constructor(text: string);
  /** Null: it is JSON. */
  readonly error: string | null;
  node(id: number): JsonNode;
  /** Members or elements `first` to `first + count - 1`. */
  children(id: number, first?: number, count?: number): JsonNode[];
  /** -1: there is no such place. Of equal keys the last one. */
  find(path: readonly (string | number)[]): number;
  path(id: number): (string | number)[];
  /** Nodes whose key or scalar value contains `text` (A to Z in either case), in order, at most `limit` (1,000). */
  search(text: string, limit?: number): Uint32Array;
  /** Its text as written. */
  text(id?: number): JsonText;
  /** A string decoded; anything else as its text. For copying. */
  string(id: number): string;
  /** Its text with line breaks and two blanks per level; numbers as written. */
  pretty(id?: number): JsonText;
  /** The document in a string, see {@link JsonNode.embedded}. Null: there is none. It is to be freed as well. */
  embedded(id: number): JsonDocument | null;
  free(): void;
  [Symbol.dispose](): void;
}

/** Whether the value under this key is a secret (`api_key`, `authorization`, …) and is masked until asked for. */
export function isSecret(key: string): boolean;
/** JSON text with all secrets in it masked; null: there is none, or it is no JSON. */
export function maskSecrets(text: JsonText): JsonText | null;
