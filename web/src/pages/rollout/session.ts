/**
 * The spans of one attempt: fetched as light rows, then as they come; the whole of a span when somebody looks at it.
 *
 * Texts of the server go into the module as they are. Whoever draws asks {@link TraceSession.waterfall} for what can be
 * seen, again after every change of {@link TraceSession.revision}.
 */

import { batch, signal } from "@preact/signals";
import { type Kind, Waterfall } from "lightning-store-client/trace";
import { level } from "../../api/capabilities.ts";
import { client } from "../../api/client.ts";
import { type Failure, failureOf } from "../../api/failure.ts";
import { noteAnswer, noteFailure } from "../../app/live.ts";
import { endOfPage } from "./page_end.ts";

/** Light rows that are fetched at once. The first lot is small, so that there is something to see. */
const FIRST_PAGE = 2_000;
const PAGE = 10_000;

/** More spans than these are not loaded before somebody wants them. */
export const MAX_SPANS = 200_000;

/** So many bodies are fetched one by one; more are fetched as pages of all spans. */
const SINGLE_BODIES = 24;
const BODIES_PAGE = 500;

/** More rewards and annotations than these are not fetched to find out what they link to. */
const MAX_LINKING = 200;

/** What links most often name: the id of a model's answer. */
const ANSWER_ID = "gen_ai.response.id";

export class TraceSession {
  readonly waterfall = new Waterfall();
  /** Changes whenever rows may have. */
  readonly revision = signal(0);
  /** Spans that the attempt has, as the server said last. */
  readonly total = signal(0);
  /** All rows that the server had are here. */
  readonly complete = signal(false);
  readonly loading = signal(false);
  readonly failure = signal<Failure | null>(null);
  /** Loading stopped at {@link MAX_SPANS}. */
  readonly tooMany = signal(false);
  /** Bodies that are still to come, of those asked for; null: none are on their way. */
  readonly bodies = signal<{ readonly done: number; readonly of: number } | null>(null);
  /** Grows when spans came after the first load, for what is announced. */
  readonly arrived = signal(0);

  readonly rolloutId: string;
  readonly attemptId: string;
  #after = 0;
  #limit = MAX_SPANS;
  #closed = false;
  #again = false;
  readonly #abort = new AbortController();
  #queue: Promise<unknown> = Promise.resolve();
  readonly #opening = new Map<string, Promise<boolean>>();

  constructor(rolloutId: string, attemptId: string) {
    this.rolloutId = rolloutId;
    this.attemptId = attemptId;
  }

  /** Fetches what came since the last time, page by page. */
  async update(): Promise<void> {
    if (this.#closed) return;
    if (this.loading.peek()) {
      this.#again = true;
      return;
    }
    this.loading.value = true;
    try {
      do {
        this.#again = false;
        await this.#pages();
      } while (this.#again && !this.#closed);
      noteAnswer();
      this.failure.value = null;
    } catch (error) {
      const failure = failureOf(error);
      if (failure !== null && !this.#closed) {
        noteFailure(failure);
        this.failure.value = failure;
      }
    } finally {
      this.loading.value = false;
    }
  }

  async #pages(): Promise<void> {
    if (level.peek() === "reduced") return this.#plainPages();
    for (;;) {
      const limit = this.#after === 0 ? FIRST_PAGE : PAGE;
      const query = { limit, ...(this.#after === 0 ? {} : { after: this.#after }) };
      const options = { signal: this.#abort.signal };
      const text = await client.text.dashboard.trace(this.rolloutId, this.attemptId, query, options);
      if (this.#closed) return;
      const page = endOfPage(text);
      const before = this.complete.peek();
      const { added } = this.waterfall.append(text);
      const full = this.waterfall.spanCount >= this.#limit;
      batch(() => {
        this.#after = page.after ?? this.#after;
        this.total.value = page.total;
        this.complete.value = !page.more;
        this.tooMany.value = page.more && full;
        if (added > 0 || this.revision.peek() === 0) this.changed();
        if (before && added > 0) this.arrived.value += added;
      });
      if (!page.more || full) return;
    }
  }

  /** The same from a store without light rows: whole spans, by their places. */
  async #plainPages(): Promise<void> {
    for (;;) {
      const ids = { rollout_id: this.rolloutId, attempt_id: this.attemptId };
      const query = { ...ids, limit: BODIES_PAGE, offset: this.#after };
      const text = await client.text.querySpans(query, { signal: this.#abort.signal });
      if (this.#closed) return;
      const before = this.complete.peek();
      const { added, duplicates, completed } = this.waterfall.append(text);
      batch(() => {
        this.#after += added + duplicates + completed;
        this.total.value = this.waterfall.spanCount;
        this.complete.value = added + duplicates + completed < BODIES_PAGE;
        if (added > 0 || this.revision.peek() === 0) this.changed();
        if (before && added > 0) this.arrived.value += added;
      });
      if (this.complete.peek()) return;
    }
  }

  /** Spans that are here; told again after every change. */
  spanCountNow(): number {
    void this.revision.value;
    return this.#closed ? 0 : this.waterfall.spanCount;
  }

  /** Loads on beyond {@link MAX_SPANS}. */
  async loadAll(): Promise<void> {
    this.#limit = Number.POSITIVE_INFINITY;
    await this.update();
  }

  /** Says that rows may be other ones. */
  changed(): void {
    this.revision.value += 1;
  }

  /** Has the whole of a span here. False: it is not to be had. */
  body(spanId: string): Promise<boolean> {
    if (!this.waterfall.needsBody(spanId)) return Promise.resolve(true);
    const open = this.#opening.get(spanId);
    if (open) return open;
    const fetched = this.#fetchBody(spanId).finally(() => this.#opening.delete(spanId));
    this.#opening.set(spanId, fetched);
    return fetched;
  }

  async #fetchBody(spanId: string): Promise<boolean> {
    const options = { signal: this.#abort.signal };
    const text = await client.text.dashboard.span(this.rolloutId, this.attemptId, spanId, options);
    if (this.#closed) return false;
    this.waterfall.append(text);
    this.changed();
    return true;
  }

  /** Has those spans whole without which links from and to a span are not found, if they are few. */
  async linkingBodies(spanId: string): Promise<void> {
    await this.#fewBodies(["reward", "annotation"]);
    const summary = this.#closed ? null : this.waterfall.summaryOf(spanId);
    if (summary === null || summary.link_rules.length === 0 || summary.links_to.length > 0) return;
    const answer = summary.link_rules.find(({ key }) => key === ANSWER_ID);
    if (answer === undefined) await this.#fewBodies(["llm"]);
    else await this.#observersOf(answer.value);
  }

  /** Has the whole of all spans here that observed an answer: light rows do not say its id. */
  async #observersOf(answer: string): Promise<void> {
    // A store without light rows has sent all of them whole.
    if (level.peek() === "reduced") return;
    const query = { response_id: answer, limit: MAX_LINKING };
    const options = { signal: this.#abort.signal };
    const { items } = await client.dashboard.trace(this.rolloutId, this.attemptId, query, options);
    await this.#bodiesOneByOne(items.map(({ span_id }) => span_id));
  }

  async #fewBodies(kinds: Kind[]): Promise<void> {
    if (!this.#closed && this.waterfall.withoutBody(kinds).length <= MAX_LINKING) await this.allBodies(kinds);
  }

  /** Has the whole of all spans here, or of those of some kinds. */
  allBodies(kinds?: Kind[]): Promise<void> {
    // One after the other: what the first one fetches the next one need not.
    const fetched = this.#queue.then(() => this.#allBodies(kinds));
    this.#queue = fetched.catch(() => undefined);
    return fetched;
  }

  async #allBodies(kinds?: Kind[]): Promise<void> {
    if (this.#closed) return;
    const missing = this.waterfall.withoutBody(kinds);
    if (missing.length === 0) return;
    this.bodies.value = { done: 0, of: missing.length };
    try {
      if (missing.length <= SINGLE_BODIES) await this.#bodiesOneByOne(missing);
      else await this.#bodiesByPages(missing.length, kinds);
      if (!this.#closed) this.changed();
    } finally {
      this.bodies.value = null;
    }
  }

  async #bodiesOneByOne(missing: readonly string[]): Promise<void> {
    const left = [...missing];
    const worker = async (): Promise<void> => {
      for (let next = left.pop(); next !== undefined && !this.#closed; next = left.pop()) {
        await this.body(next);
        this.bodies.value = { done: missing.length - left.length, of: missing.length };
      }
    };
    await Promise.all([worker(), worker(), worker(), worker()]);
  }

  async #bodiesByPages(of: number, kinds?: Kind[]): Promise<void> {
    const ids = { rollout_id: this.rolloutId, attempt_id: this.attemptId };
    for (let offset = 0; !this.#closed; offset += BODIES_PAGE) {
      const query = { ...ids, limit: BODIES_PAGE, offset };
      const text = await client.text.querySpans(query, { signal: this.#abort.signal });
      if (this.#closed) return;
      this.waterfall.append(text);
      const left = this.waterfall.withoutBody(kinds).length;
      this.bodies.value = { done: Math.max(0, of - left), of };
      if (left === 0 || offset > this.total.peek()) return;
    }
  }

  /** Gives the memory back. Nothing may be asked of it afterwards. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort(new DOMException("the page was left", "AbortError"));
    this.waterfall.free();
  }

  get closed(): boolean {
    return this.#closed;
  }
}
