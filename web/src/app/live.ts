/**
 * The store's events, as this tab hears them: one stream, closed while nobody looks, and none of our questions while a
 * person has paused the page.
 */

import { computed, effect, signal } from "@preact/signals";
import type { Items, StoreEvent } from "lightning-store-client";
import { client } from "../api/client.ts";
import type { Failure } from "../api/failure.ts";
import { failureOf } from "../api/failure.ts";
import { liveAtStart } from "./preferences.ts";

export type LiveTopic =
  | "rollouts"
  | "queue"
  | "workers"
  | "resources"
  | "summary"
  | `spans:${string}/${string}`;

/** Heard by every tab; the topics of single attempts come on top. */
const ALWAYS: readonly LiveTopic[] = ["rollouts", "queue", "workers", "resources", "summary"];
/** How often a store without events is asked, in milliseconds. */
const POLL = 5_000;

type Stream =
  | { readonly state: "closed" | "connecting" | "open" | "polling" }
  | { readonly state: "waiting"; readonly retryAt: number | null };

const stream = signal<Stream>({ state: "closed" });

/** A person wants to look at things as they are. */
export const paused = signal(!liveAtStart.peek());

/** Changes that came while paused. */
export const missed = signal(0);

/** Since when the store has not been reached, in milliseconds since 1970. Null: it is reached. */
export const unreachableSince = signal<number | null>(null);

/** Why, in words. */
export const unreachableBecause = signal<string | null>(null);

export type LiveState = "connecting" | "live" | "reconnecting" | "paused" | "polling" | "offline";

export const liveState = computed<LiveState>(() => {
  if (unreachableSince.value !== null) return stream.value.state === "waiting" ? "reconnecting" : "offline";
  if (paused.value) return "paused";
  switch (stream.value.state) {
    case "open":
      return "live";
    case "polling":
      return "polling";
    case "waiting":
      return "reconnecting";
    default:
      return "connecting";
  }
});

/** When the next try is made, in milliseconds since 1970. Null: none is planned. */
export const retryAt = computed(() => (stream.value.state === "waiting" ? stream.value.retryAt : null));

interface Listener {
  readonly topics: readonly LiveTopic[];
  readonly changed: (event: StoreEvent | null) => void;
}
const listeners = new Set<Listener>();

/** Calls back when something changed in these topics; null: anything may have. While paused nobody is called. */
export function watch(topics: readonly LiveTopic[], changed: (event: StoreEvent | null) => void): () => void {
  const listener = { topics, changed };
  listeners.add(listener);
  if (topics.some((topic) => topic.startsWith("spans:"))) reopenSoon();
  return () => {
    listeners.delete(listener);
    if (topics.some((topic) => topic.startsWith("spans:"))) reopenSoon();
  };
}

/** Has every view ask again, as by a person's wish. */
export function refreshAll(): void {
  missed.value = 0;
  for (const listener of listeners) listener.changed(null);
}

/** A question was answered: the store is there. */
export function noteAnswer(): void {
  unreachableSince.value = null;
  unreachableBecause.value = null;
}

/** A question was not answered. */
export function noteFailure(failure: Failure): void {
  if (failure.kind !== "offline") return noteAnswer();
  unreachableSince.value ??= Date.now();
  unreachableBecause.value = failure.message;
  // The stream may not have noticed yet; its next try finds out when the store is back.
  if (stream.peek().state === "open") reopenSoon();
}

let items: Items<StoreEvent> | null = null;
let lastId: string | null = null;
let heardTopics = "";
let everOpen = false;
let reopening: ReturnType<typeof setTimeout> | null = null;
let polling: ReturnType<typeof setInterval> | null = null;
let reduced = false;

/** Begins to listen. `events`: whether the store tells any. */
export function startLive(events: boolean): void {
  reduced = !events;
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  effect(() => {
    // A paused page keeps its stream to count what it misses, but asks for nothing: also not for a new stream.
    if (!paused.value && !document.hidden) open();
  });
}

export function setPaused(value: boolean): void {
  if (paused.peek() === value) return;
  paused.value = value;
  if (!value) refreshAll();
}

/** Tries again now. */
export function retryNow(): void {
  close();
  open();
  if (reduced) refreshAll();
}

function topicsNow(): LiveTopic[] {
  const more = [...listeners]
    .flatMap((listener) => listener.topics)
    .filter((topic) => topic.startsWith("spans:"));
  return [...ALWAYS, ...new Set(more)];
}

/** Other topics need another stream; several changes at once need one. */
function reopenSoon(): void {
  reopening ??= setTimeout(() => {
    reopening = null;
    if (reduced || document.hidden || paused.peek()) return;
    if (
      items !== null &&
      topicsNow().join(" ") === heardTopics &&
      stream.peek().state === "open" &&
      unreachableSince.peek() === null
    )
      return;
    close();
    open();
  }, 50);
}

function close(): void {
  const before = items;
  items = null;
  stream.value = { state: "closed" };
  if (polling !== null) clearInterval(polling);
  polling = null;
  void before?.return();
}

function open(): void {
  if (items !== null || polling !== null) return;
  if (reduced) return poll();
  const topics = topicsNow();
  heardTopics = topics.join(" ");
  stream.value = { state: "connecting" };
  items = client.events(topics, { after: lastId });
  void listen(items);
}

function poll(): void {
  stream.value = { state: "polling" };
  polling = setInterval(() => {
    if (!paused.peek()) tell(null);
  }, POLL);
}

async function listen(mine: Items<StoreEvent>): Promise<void> {
  try {
    for await (const event of mine) {
      if (items !== mine) return;
      hear(event, mine);
    }
  } catch (error) {
    if (items !== mine) return;
    items = null;
    const failure = failureOf(error);
    if (failure?.kind !== "offline") return poll();
    stream.value = { state: "waiting", retryAt: null };
    noteFailure(failure);
  }
}

function hear(event: StoreEvent, mine: Items<StoreEvent>): void {
  switch (event.type) {
    case "connected":
      stream.value = { state: "open" };
      noteAnswer();
      // What happened in between may be told again or not: ask once for what is shown.
      if (everOpen && !paused.peek()) tell(null);
      everOpen = true;
      return;
    case "disconnected":
      lost(event, mine);
      return;
    default:
      if (event.id !== null) lastId = event.id;
      if (paused.peek()) missed.value += 1;
      else tell(event.type === "reset" ? null : event);
  }
}

function lost(event: Extract<StoreEvent, { type: "disconnected" }>, mine: Items<StoreEvent>): void {
  if (event.retryInMs === null) {
    // The store answers, but tells no events.
    items = null;
    return poll();
  }
  unreachableSince.value ??= Date.now();
  unreachableBecause.value = event.error.message;
  if (paused.peek()) {
    items = null;
    void mine.return();
    stream.value = { state: "waiting", retryAt: null };
  } else {
    stream.value = { state: "waiting", retryAt: Date.now() + event.retryInMs };
  }
}

function tell(event: StoreEvent | null): void {
  const topic = event === null ? null : topicOf(event);
  for (const listener of listeners) {
    if (topic === null || listener.topics.includes(topic)) listener.changed(event);
  }
}

function topicOf(event: StoreEvent): LiveTopic | null {
  switch (event.type) {
    case "rollout":
      return "rollouts";
    case "worker":
      return "workers";
    case "resources":
      return "resources";
    case "queue":
      return "queue";
    case "summary":
      return "summary";
    case "spans":
      return `spans:${event.data.rollout_id}/${event.data.attempt_id}`;
    default:
      return null;
  }
}
