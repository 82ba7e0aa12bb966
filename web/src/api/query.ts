/**
 * What a view shows of the store: asked for by its address, kept while it is asked for anew, and asked for again when the
 * store says that it changed, at most once per second.
 */

import { batch, type ReadonlySignal, signal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { noteAnswer, noteFailure, type LiveTopic, watch } from "../app/live.ts";
import { type Failure, failureOf } from "./failure.ts";

/** The least time between two automatic questions, in milliseconds. */
const PACE = 1_000;

export interface Question<T> {
  /** What is asked, as text: another key is another question. Null: nothing is asked. */
  readonly key: string | null;
  readonly load: (signal: AbortSignal) => Promise<T>;
  /** When to ask again. */
  readonly topics?: readonly LiveTopic[];
  /** Whether the answer to another key is shown until this one is there. */
  readonly keep?: boolean;
  /** What is done instead of asking again when the store changed. */
  readonly onChange?: () => void;
}

export interface Answer<T> {
  /** The last answer. */
  readonly data: ReadonlySignal<T | null>;
  /** Why the last question has none. */
  readonly error: ReadonlySignal<Failure | null>;
  /** A question is open. */
  readonly loading: ReadonlySignal<boolean>;
  /** `data` answers another question than the one that is asked now. */
  readonly stale: ReadonlySignal<boolean>;
  /** Asks again now. */
  refetch(): Promise<void>;
  /** Puts something in the place of the answer, such as newer rows. */
  put(data: T): void;
}

class Resource<T> implements Answer<T> {
  readonly data = signal<T | null>(null);
  readonly error = signal<Failure | null>(null);
  readonly loading = signal(false);
  readonly stale = signal(false);
  question: Question<T>;
  #open: AbortController | null = null;
  #asked = 0;
  #again: ReturnType<typeof setTimeout> | null = null;
  #dirty = false;

  constructor(question: Question<T>) {
    this.question = question;
  }

  /** Another question, or the first one. */
  ask(): void {
    batch(() => {
      this.error.value = null;
      if (this.question.keep === false) this.data.value = null;
      else this.stale.value = this.data.value !== null;
    });
    void this.refetch();
  }

  put(data: T): void {
    this.data.value = data;
  }

  async refetch(): Promise<void> {
    this.#forget();
    if (this.question.key === null) return;
    const open = new AbortController();
    this.#open = open;
    this.#asked = Date.now();
    this.loading.value = true;
    try {
      const data = await this.question.load(open.signal);
      if (this.#open !== open) return;
      noteAnswer();
      batch(() => {
        this.data.value = data;
        this.error.value = null;
        this.stale.value = false;
      });
    } catch (error) {
      if (this.#open !== open) return;
      const failure = failureOf(error);
      if (failure === null) return;
      noteFailure(failure);
      this.error.value = failure;
    } finally {
      if (this.#open === open) {
        this.#open = null;
        this.loading.value = false;
        if (this.#dirty) this.changed();
      }
    }
  }

  /** The store changed. */
  changed(): void {
    if (this.question.onChange !== undefined) return this.question.onChange();
    if (this.#open !== null) {
      this.#dirty = true;
      return;
    }
    this.#again ??= setTimeout(() => void this.refetch(), Math.max(0, this.#asked + PACE - Date.now()));
  }

  /** Nobody waits for it any more. */
  close(): void {
    this.#forget();
    this.loading.value = false;
  }

  #forget(): void {
    this.#open?.abort();
    this.#open = null;
    this.#dirty = false;
    if (this.#again !== null) clearTimeout(this.#again);
    this.#again = null;
  }
}

/** Asks while the component is there. */
export function useQuery<T>(question: Question<T>): Answer<T> {
  const resource = useMemo(() => new Resource<T>(question), []);
  resource.question = question;
  const topics = question.topics?.join(" ") ?? "";
  useEffect(() => {
    if (question.key !== null) resource.ask();
    else resource.close();
  }, [question.key]);
  useEffect(
    () => watch(topics === "" ? [] : (topics.split(" ") as LiveTopic[]), () => resource.changed()),
    [topics],
  );
  useEffect(() => () => resource.close(), []);
  return resource;
}

/** Calls `run` when the store changes in these topics: at once, then at most once per second. */
export function usePaced(run: () => Promise<void> | void): () => void {
  const latest = useRef(run);
  latest.current = run;
  const paced = useMemo(() => {
    let last = 0;
    let timer: ReturnType<typeof setTimeout> | null = null;
    let busy = false;
    let dirty = false;
    const go = async (): Promise<void> => {
      timer = null;
      last = Date.now();
      busy = true;
      try {
        await latest.current();
      } finally {
        busy = false;
        if (dirty) {
          dirty = false;
          ask();
        }
      }
    };
    const ask = (): void => {
      if (busy) dirty = true;
      else timer ??= setTimeout(() => void go(), Math.max(0, last + PACE - Date.now()));
    };
    return { ask, stop: () => (timer === null ? undefined : clearTimeout(timer)) };
  }, []);
  useEffect(() => paced.stop, []);
  return paced.ask;
}
