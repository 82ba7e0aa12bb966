//! TypeScript of what is not on the wire: options, errors, iterators, events. The wire's types are made by `bundle/`.

mod dashboard;

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const DECLARATIONS: &str = r#"
/** Any JSON value. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** A JSON object. */
export type JsonObject = { [key: string]: JsonValue };

/** JSON as text. Taken wherever an object is: integers beyond 2^53 and doubles like `1.0` stay what they are. */
export type JsonText = string;

/** Settings of a client. */
export interface ClientOptions {
  /** The server's token, sent as `Authorization: Bearer`. */
  token?: string | null;
  /**
   * How long to wait for each answer. Where the server is asked to wait for something, that time is added.
   * @defaultValue `30000`
   */
  requestTimeoutMs?: number | null;
  /**
   * How many items the iterators of lists fetch at a time.
   * @defaultValue `500`
   */
  pageSize?: number | null;
  /** How calls are repeated after trouble of the network or the server. False: never. */
  retry?: RetryOptions | false | null;
}

/** How often and after what time failed calls are made again. */
export interface RetryOptions {
  /**
   * The wait before each repetition; as many as there are.
   * @defaultValue `[1000, 2000, 5000]`
   */
  delaysMs?: number[] | null;
  /**
   * The waits between the looks at the server's health before a repetition.
   * @defaultValue `[100, 200, 500]`
   */
  probeDelaysMs?: number[] | null;
  /**
   * By what part of itself each wait is prolonged at random, at most, so that many clients do not come back at once.
   * @defaultValue `0.25`
   */
  jitter?: number | null;
  /**
   * The longest time for which a server's `Retry-After` is obeyed.
   * @defaultValue `60000`
   */
  maxRetryAfterMs?: number | null;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call and its request, with the signal's reason: an `AbortError`, unless another one was given. */
  signal?: AbortSignal | null;
}

/** What calls that write take. */
export interface WriteOptions extends CallOptions {
  /**
   * A name of the call: the same call with the same key, within 24 hours, has its effect once and is answered alike. A
   * client gives every call one that is kept for its repetitions; bring your own to repeat it after your program ended.
   */
  idempotencyKey?: string | null;
}

/** What the stream of events takes. */
export interface EventOptions extends CallOptions {
  /** The id of the last event that was seen. */
  after?: string | null;
}

/** What {@link LightningStoreClient.dequeue} asks for. */
export interface Dequeue {
  /**
   * At most so many rollouts; 0: none, and nothing is touched.
   * @defaultValue `1`
   */
  limit?: number;
  /** Who asks. The store then knows the worker, and which attempt it is busy with. */
  worker_id?: WorkerId | null;
  /** How long to wait while the queue is empty; may be hours. The call ends as soon as there is something. */
  wait_seconds?: number | null;
}

/** Which attempt: any object that has both, such as an attempt or a rollout event. */
export interface AttemptIds {
  rollout_id: RolloutId;
  attempt_id: AttemptId;
}

/** What became of a span: it as it is stored, null for a duplicate, or why it is not stored. */
export type AddedSpan = Span | null | SpanError;

/** What a listener wants to hear of. */
export type Topic = "rollouts" | "workers" | "resources" | "queue" | "summary" | `spans:${string}/${string}`;

/** What {@link LightningStoreClient.events} tells. */
export type StoreEvent =
  /** The stream is open. The events that follow are those since the last one, or since now. */
  | { type: "connected" }
  /** Something changed. `id` is what `after` goes on from. */
  | { type: "rollout"; id: string | null; data: RolloutEvent }
  | { type: "worker"; id: string | null; data: WorkerEvent }
  | { type: "resources"; id: string | null; data: ResourcesEvent }
  | { type: "spans"; id: string | null; data: SpansEvent }
  | { type: "queue"; id: string | null; data: QueueEvent }
  | { type: "summary"; id: string | null; data: SummaryEvent }
  /** What was missed is not known: fetch anew what is shown. */
  | { type: "reset"; id: string | null; data: Record<string, never> }
  /** The stream is closed. It is opened again after so many milliseconds; null: never, and this is the last item. */
  | { type: "disconnected"; error: LightningStoreError; retryInMs: number | null };

/** One item after the other, for `for await`. */
export interface Items<T> extends AsyncIterableIterator<T, undefined, undefined> {
  next(): Promise<IteratorResult<T, undefined>>;
  /** Ends it at once, also while a `next` waits, and closes its connection. */
  return(): Promise<IteratorResult<T, undefined>>;
  [Symbol.asyncIterator](): Items<T>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** What kind of error it is, in one word that stays the same. */
export type ErrorKind = "unreachable" | "timed_out" | "refused" | "unhealthy" | "undecodable" | "invalid";

/** One faulty field of a request. */
export interface FieldIssue {
  /** The kind of mistake, such as `missing`. */
  kind: string;
  /** Where it is, joined with dots. */
  place: string;
  /** What was expected, for people. */
  message: string;
}

/** Why a call has no result. The message names the call and says what to do next. */
export class LightningStoreError extends Error {
  private constructor();
  readonly name: "LightningStoreError";
  /**
   * - `unreachable`: no connection to the server, or it broke.
   * - `timed_out`: no answer in time.
   * - `refused`: the server answered, but not with a success.
   * - `unhealthy`: the call was not repeated, because the server's health cannot be seen.
   * - `undecodable`: the answer is not what this version understands.
   * - `invalid`: the call makes no sense; nothing was sent.
   */
  readonly kind: ErrorKind;
  /** The HTTP status. Null: there was no answer. */
  readonly status: number | null;
  /** What is wrong, in the server's words. */
  readonly detail: string | null;
  /** Whether the same call may succeed later. It has been repeated as often as the client's options say. */
  readonly retryable: boolean;
  /** The faulty fields of the request, all of them. */
  readonly issues: FieldIssue[];
  /** The operation, as the server's documentation names it. */
  readonly call: string | null;
  /** The id under which the server's log has the request. */
  readonly requestId: string | null;
  /** The key to repeat the call with, so that it has its effect once. */
  readonly idempotencyKey: string | null;
}

/** The methods of the client, answering JSON text. */
export type TextClient = {
  readonly [M in Exclude<keyof LightningStoreClient, "text" | "dashboard" | "free" | typeof Symbol.dispose>]: (
    ...args: Parameters<LightningStoreClient[M]>
  ) => ReturnType<LightningStoreClient[M]> extends Promise<unknown> ? Promise<JsonText> : Items<JsonText>;
} & { readonly dashboard: TextDashboard };

export interface LightningStoreClient {
  /** The same client, whose methods answer JSON text: for integers beyond 2^53, which `JSON.parse` rounds. */
  readonly text: TextClient;
  /** What people look at. */
  readonly dashboard: Dashboard;
}
"#;
