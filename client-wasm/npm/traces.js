// What the entries of `lightning-store-client/trace` have besides the client. It becomes an ES module and a CommonJS one,
// so it imports and exports nothing.

/** Kinds of spans by their codes. */
const KINDS = Object.freeze([
  "other",
  "llm",
  "tool",
  "agent",
  "reward",
  "message",
  "object",
  "exception",
  "operation",
  "annotation",
  "workflow",
  "task",
  "chain",
  "retriever",
  "reranker",
  "embedding",
  "guardrail",
  "evaluator",
  "prompt",
  "http",
  "virtual",
]);

/** What a row is, as bits. */
const Flag = Object.freeze({
  ERROR: 1,
  RUNNING: 2,
  VIRTUAL: 4,
  ORPHAN: 8,
  ZERO_LENGTH: 16,
  UNTIMED: 32,
  REPAIRED: 64,
  HAS_CHILDREN: 128,
  OPEN: 256,
  FOLD: 512,
  DIMMED: 1024,
  ERROR_BELOW: 2048,
  REWARD: 4096,
});

/** The columns of a layout in the order of their addresses. */
const COLUMNS = [
  ["start", Float64Array],
  ["duration", Float64Array],
  ["selfTime", Float64Array],
  ["depth", Uint16Array],
  ["parent", Int32Array],
  ["kind", Uint8Array],
  ["flags", Uint16Array],
  ["children", Uint32Array],
  ["spans", Uint32Array],
  ["errors", Uint32Array],
  ["tokens", Float64Array],
  ["position", Uint32Array],
  ["siblings", Uint32Array],
  ["folded", Uint32Array],
];

const STOPS = ["error", "reward", "match"];

const kindBits = (kinds = []) =>
  kinds.reduce((bits, kind) => {
    const code = KINDS.indexOf(kind);
    if (code < 0) throw new TypeError(`${kind} is no kind of span; there are ${KINDS.join(", ")}`);
    return bits | (1 << code);
  }, 0);

/** What the module knows nothing about is null. */
const parsed = (text) => (text === undefined ? null : JSON.parse(text));

/** Row numbers and the like: whole numbers from 0 on; the module would wrap others around. */
const whole = (number, otherwise = 0) => (number >= 0 ? Math.min(Math.floor(number), 0xffffffff) : otherwise);

function isSequence(order) {
  if (order !== "time" && order !== "sequence") throw new TypeError(`${order} is no order; there are time and sequence`);
  return order === "sequence";
}

/**
 * Traces over the generated module `glue`.
 *
 * @param glue its exports, usable once `load` is done
 * @param load fetches and compiles it; undefined if that is done already
 */
function makeTrace(glue, load) {
  let isLoaded = load === undefined;
  let loading;
  async function init(source) {
    if (isLoaded) return;
    loading ??= load(source);
    try {
      await loading;
      isLoaded = true;
    } catch (cause) {
      loading = undefined; // The next one may have more luck.
      throw cause;
    }
  }

  function loaded() {
    if (!isLoaded) throw new Error("the module is not loaded yet: await initTrace() first");
    return glue;
  }

  class Waterfall {
    #inner;
    #revision = 0;
    #state;

    constructor() {
      this.#inner = new (loaded().Waterfall)();
    }

    /** After something that may have changed rows. */
    #changed(result) {
      this.#revision += 1;
      this.#state = undefined;
      return result;
    }

    #read() {
      return (this.#state ??= this.#inner.state());
    }

    /** A copy of a column. Views would detach when the memory grows. */
    #column(Type, address, length) {
      return new Type(glue.Waterfall.memory().buffer, address, length).slice();
    }

    append(text) {
      const outcome = JSON.parse(this.#inner.append(String(text)));
      if (outcome.added + outcome.completed > 0) this.#changed();
      return outcome;
    }

    get revision() {
      return this.#revision;
    }

    get rowCount() {
      return this.#read()[0];
    }

    get spanCount() {
      return this.#read()[1];
    }

    get total() {
      return this.#read()[2];
    }

    get matched() {
      return this.#read()[3];
    }

    get extent() {
      const [, , , , start, end] = this.#read();
      return Number.isNaN(start) ? null : { start, end };
    }

    row(row) {
      return row >= 0 ? (this.rows(row, 1)[0] ?? null) : null;
    }

    rows(first, count) {
      return JSON.parse(this.#inner.rows(whole(first), whole(count)));
    }

    columns(first = 0, count = Infinity) {
      const from = Math.min(whole(first), this.rowCount);
      const length = Math.min(whole(count), this.rowCount - from);
      const addresses = this.#inner.columns();
      const columns = { first: from };
      COLUMNS.forEach(([name, Type], at) => {
        columns[name] = this.#column(Type, addresses[at] + from * Type.BYTES_PER_ELEMENT, length);
      });
      return columns;
    }

    find(spanId) {
      return this.#inner.rowOf(String(spanId));
    }

    findKey(key) {
      return this.#inner.rowOfKey(String(key));
    }

    reveal(spanId) {
      return this.#changed(this.#inner.reveal(String(spanId)));
    }

    next(what, from, backwards = false) {
      const stop = STOPS.indexOf(what);
      if (stop < 0) throw new TypeError(`${what} is nothing to look for; there are ${STOPS.join(", ")}`);
      return this.#changed(this.#inner.next(stop, from, backwards));
    }

    setOpen(key, open) {
      return this.#changed(this.#inner.setOpen(String(key), Boolean(open)));
    }

    toggle(row) {
      return row >= 0 && this.#changed(this.#inner.toggle(whole(row)));
    }

    openLevels(levels) {
      this.#changed(this.#inner.openLevels(levels === null ? undefined : whole(levels)));
    }

    setFold(fold) {
      this.#changed(this.#inner.setFold(Boolean(fold)));
    }

    setFilter({ text, everywhere, kinds, errors, minDuration } = {}) {
      const least = minDuration ?? undefined;
      this.#changed(
        this.#inner.setFilter(text ?? "", Boolean(everywhere), kindBits(kinds), Boolean(errors), least),
      );
    }

    setFocus(key) {
      return this.#changed(this.#inner.setFocus(key ?? undefined));
    }

    setOrder(order) {
      this.#changed(this.#inner.setOrder(isSequence(order)));
    }

    setRepair(repair) {
      this.#changed(this.#inner.setRepair(Boolean(repair)));
    }

    breadcrumbs() {
      return JSON.parse(this.#inner.breadcrumbs());
    }

    repairs() {
      return JSON.parse(this.#inner.repairs());
    }

    kindCounts() {
      return JSON.parse(this.#inner.kindCounts());
    }

    minimap(columns, start = NaN, end = NaN) {
      const [from, to, length, busy, shallowest, deepest, errors] = this.#inner.minimap(whole(columns), start, end);
      return {
        start: from,
        end: to,
        busy: this.#column(Uint32Array, busy, length),
        shallowest: this.#column(Uint16Array, shallowest, length),
        deepest: this.#column(Uint16Array, deepest, length),
        errors: this.#column(Uint32Array, errors, length),
        rewards: JSON.parse(this.#inner.minimapRewards()).map(([[column, value], span_id]) => ({
          column,
          value,
          span_id,
        })),
      };
    }

    needsBody(spanId) {
      return this.#inner.needsBody(String(spanId));
    }

    withoutBody(kinds) {
      return JSON.parse(this.#inner.withoutBody(kindBits(kinds)));
    }

    summaryOf(spanId) {
      return parsed(this.#inner.summary(String(spanId)));
    }

    messagesOf(spanId) {
      return parsed(this.#inner.messages(String(spanId)));
    }

    attributesOf(spanId, { shape = "flat", revealSecrets = false } = {}) {
      return this.#inner.attributes(String(spanId), shape === "nested", revealSecrets) ?? null;
    }

    eventsOf(spanId, { revealSecrets = false } = {}) {
      return parsed(this.#inner.events(String(spanId), revealSecrets));
    }

    raw(spanId, { revealSecrets = false } = {}) {
      return this.#inner.raw(String(spanId), revealSecrets) ?? null;
    }

    conversation() {
      return JSON.parse(this.#inner.conversation());
    }

    training({
      rewardMatch = "first_occurrence",
      repairHierarchy = true,
      callName = "openai.chat.completion",
      agent = null,
      excludeInReward = true,
      skipWithoutTokens = false,
    } = {}) {
      const rules = [rewardMatch === "first_sibling", repairHierarchy, excludeInReward, skipWithoutTokens];
      const bits = rules.reduce((bits, holds, at) => bits | (holds ? 1 << at : 0), 0);
      return JSON.parse(this.#inner.training(bits, callName, agent ?? undefined));
    }

    finalReward() {
      return JSON.parse(this.#inner.finalReward());
    }

    free() {
      this.#inner.free();
    }

    static compare(a, b, order = "time") {
      return JSON.parse(glue.Waterfall.compare(a.#inner, b.#inner, isSequence(order)));
    }
  }

  class JsonDocument {
    #inner;

    constructor(text) {
      this.#inner = text instanceof glue.Document ? text : new (loaded().Document)(String(text));
    }

    get error() {
      return this.#inner.error() ?? null;
    }

    node(id) {
      return JSON.parse(this.#inner.node(whole(id)));
    }

    children(id, first = 0, count = Infinity) {
      return JSON.parse(this.#inner.children(whole(id), whole(first), whole(count)));
    }

    find(path) {
      return this.#inner.find(JSON.stringify(path));
    }

    path(id) {
      return JSON.parse(this.#inner.path(whole(id)));
    }

    search(text, limit = 1000) {
      return this.#inner.search(String(text), whole(limit));
    }

    text(id = 0) {
      return this.#inner.text(whole(id));
    }

    string(id) {
      return this.#inner.string(whole(id));
    }

    pretty(id = 0) {
      return this.#inner.pretty(whole(id));
    }

    embedded(id) {
      const inner = this.#inner.embedded(whole(id));
      return inner === undefined ? null : new JsonDocument(inner);
    }

    free() {
      this.#inner.free();
    }
  }

  if (Symbol.dispose) {
    for (const { prototype } of [Waterfall, JsonDocument]) prototype[Symbol.dispose] = prototype.free;
  }

  return {
    initTrace: init,
    Waterfall,
    JsonDocument,
    compare: Waterfall.compare,
    isSecret: (key) => loaded().Document.isSecret(String(key)),
    maskSecrets: (text) => loaded().Document.maskSecrets(String(text)) ?? null,
    KINDS,
    Flag,
  };
}
