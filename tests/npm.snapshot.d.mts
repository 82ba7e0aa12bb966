/// <reference lib="esnext.disposable" />
/* tslint:disable */
/* eslint-disable */

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



/** What people look at: answers of `/v1/agl/dashboard`, which the Python server does not have (`refused`, 404). */
export interface Dashboard {
    /** What this server can do that the Python server cannot. */
    capabilities(options?: CallOptions): Promise<Capabilities>;
    /** Numbers of the store, and what happened lately: in the last hour, if no window is given. */
    summary(query?: DashboardSummaryQuery | JsonText, options?: CallOptions): Promise<StoreSummary>;
    /** A page of rollouts with what their spans say. */
    rollouts(query?: DashboardRolloutsQuery | JsonText, options?: CallOptions): Promise<RolloutRows>;
    /** One rollout with all its attempts. */
    rollout(rolloutId: RolloutId, options?: CallOptions): Promise<RolloutDetail>;
    /** The spans of an attempt (or of the one called latest) without their attributes. */
    trace(
    rolloutId: RolloutId,
    attemptId: AttemptId,
    query?: DashboardTraceQuery | JsonText,
    options?: CallOptions,
    ): Promise<LightTrace>;
    /** One whole span. */
    span(rolloutId: RolloutId, attemptId: AttemptId, spanId: string, options?: CallOptions): Promise<Span>;
    /** Who waits, in order, and who was taken last. */
    queue(query?: DashboardQueueQuery | JsonText, options?: CallOptions): Promise<QueueView>;
    /** A page of workers with what they did lately. */
    workers(query?: DashboardWorkersQuery | JsonText, options?: CallOptions): Promise<WorkerRows>;
    /** One worker with its attempts of the last hour. */
    worker(workerId: WorkerId, options?: CallOptions): Promise<WorkerDetail>;
    /** A page of sets of resources with what came of them. */
    resources(query?: DashboardResourcesQuery | JsonText, options?: CallOptions): Promise<ResourcesRows>;
    /** A set of resources with its superseded versions. */
    resourceVersions(resourcesId: ResourcesId, options?: CallOptions): Promise<ResourcesVersions>;
    /** Where a file is downloaded from; nothing is sent. Of rollouts all that match, without `limit`, `offset` and `after`. */
    exportUrl(
    what: "rollouts.jsonl" | "rollouts.csv",
    query?: Omit<DashboardRolloutsQuery, "limit" | "offset" | "after"> | JsonText,
    ): Promise<string>;
    exportUrl(what: "spans.jsonl", query: { rollout_id: RolloutId; attempt_id?: AttemptId } | JsonText): Promise<string>;
}

/** The same calls, answering JSON text: a `Waterfall` takes it as it is. */
export type TextDashboard = {
    readonly [M in Exclude<keyof Dashboard, "exportUrl">]: (
    ...args: Parameters<Dashboard[M]>
    ) => Promise<JsonText>;
};



/**
 * Talks to a lightning-store server.
 *
 * Every method makes one call, repeats it after trouble of the network or the server, and has its effect at most once
 * however often that was. It fails with a `LightningStoreError`, or with the reason of its `AbortSignal`.
 *
 * Objects go in and out as they are on the wire, with their `snake_case` keys; null stays null. Numbers of JavaScript
 * are exact up to 2^53. For larger ones there is JSON text: it is taken wherever an object is, and {@link text} answers
 * it.
 */
export class LightningStoreClient {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Stores a new set of resources, which is then the latest.
     */
    addResources(resources: NamedResourcesInput | JsonText, options?: WriteOptions): Promise<ResourcesUpdate>;
    /**
     * Stores one span under the number that it has. Null if its attempt has a span with this id already, which is kept
     * as it is.
     */
    addSpan(span: SpanInput | JsonText, options?: WriteOptions): Promise<Span | null>;
    /**
     * Stores spans in one transaction. Those without a number (`sequence_id` 0) get the next ones of their rollouts. A
     * span that is refused does not keep the others out: the answer says what became of each, in order.
     */
    addSpans(spans: SpanInput[] | JsonText, options?: WriteOptions): Promise<AddedSpan[]>;
    /**
     * All attempts of a rollout, fetched page by page. New ones come last and are not missed.
     */
    attempts(rolloutId: RolloutId, query?: QueryAttempts | JsonText, options?: CallOptions): Items<Attempt>;
    /**
     * Takes rollouts from the queue and starts an attempt of each; an empty list if there was none in time.
     *
     * An aborted call may have taken rollouts that nobody works on, until their time is up. Better let it end: with a
     * short `wait_seconds`, or with a key of your own, to make it again.
     */
    dequeue(request?: Dequeue, options?: WriteOptions): Promise<AttemptedRollout[]>;
    /**
     * Creates rollouts and queues them in this order. All of them or none.
     */
    enqueue(rollouts: NewRollout[] | JsonText, options?: WriteOptions): Promise<Rollout[]>;
    /**
     * What changes in any of these topics: from now on, or since the event whose id is the option `after`.
     *
     * It never ends by itself. When the connection is lost, or silent for 40 seconds, it is opened again and goes on
     * where it was. What cannot be told any more is told as `reset`. Only a refusal, such as a wrong token, ends it:
     * with a last `disconnected` whose `retryInMs` is null.
     */
    events(topics: Topic[], options?: EventOptions): Items<StoreEvent>;
    /**
     * The newest attempt of a rollout. Null if it has none, or if there is no such rollout.
     */
    getLatestAttempt(rolloutId: RolloutId, options?: CallOptions): Promise<Attempt | null>;
    /**
     * The resources that were written last. Null if there are none.
     */
    getLatestResources(options?: CallOptions): Promise<ResourcesUpdate | null>;
    /**
     * One set of resources. Null if there is no such set.
     */
    getResources(resourcesId: ResourcesId, options?: CallOptions): Promise<ResourcesUpdate | null>;
    /**
     * One rollout with its newest attempt. Null if there is no such rollout.
     */
    getRollout(rolloutId: RolloutId, options?: CallOptions): Promise<RolloutWithAttempt | null>;
    /**
     * One worker. Null if it was never seen.
     */
    getWorker(workerId: WorkerId, options?: CallOptions): Promise<Worker | null>;
    /**
     * Whether the server is alive: asks once and does not repeat.
     */
    health(options?: CallOptions): Promise<Health>;
    /**
     * A new key for the option `idempotencyKey`: for a call that may have to be repeated, even by another program. Keep
     * it where it survives a crash, and make the call with it. Nothing is sent.
     */
    newKey(): Promise<string>;
    /**
     * A client of the server at `url`, which may have a path (`https://host/store/`) and a user and password. Nothing is
     * sent yet.
     */
    constructor(url: any, options?: ClientOptions);
    /**
     * The next number for a span of a rollout, which needs not exist yet. Numbers may be left out when this call is
     * repeated, but none is given twice.
     */
    nextSequenceId(rolloutId: RolloutId, attemptId: AttemptId, options?: CallOptions): Promise<number>;
    /**
     * One page of the attempts of a rollout; an empty one if there is no such rollout. Like {@link searchAttempts}, but
     * its conditions are in the URL, which can say less: no `sort_by` of null.
     */
    queryAttempts(rolloutId: RolloutId, query?: QueryAttempts | JsonText, options?: CallOptions): Promise<Page<Attempt>>;
    /**
     * One page of sets of resources.
     */
    queryResources(query?: QueryResources | JsonText, options?: CallOptions): Promise<Page<ResourcesUpdate>>;
    /**
     * One page of rollouts, each with its newest attempt. Like {@link searchRollouts}, but its conditions are in the
     * URL, which can say less: no empty lists.
     */
    queryRollouts(query?: QueryRollouts | JsonText, options?: CallOptions): Promise<Page<RolloutWithAttempt>>;
    /**
     * One page of the spans of a rollout; an empty one if there is no such rollout. Like {@link searchSpans}, but its
     * conditions are in the URL, which can say less: no `sort_by` of null.
     */
    querySpans(query: QuerySpans | JsonText, options?: CallOptions): Promise<Page<Span>>;
    /**
     * One page of workers. Like {@link searchWorkers}, but its conditions are in the URL, which can say less: no empty
     * lists.
     */
    queryWorkers(query?: QueryWorkers | JsonText, options?: CallOptions): Promise<Page<Worker>>;
    /**
     * All sets of resources that match, fetched page by page. In the order stored, which is the default, new sets come
     * last and are not missed.
     */
    resources(query?: QueryResources | JsonText, options?: CallOptions): Items<ResourcesUpdate>;
    /**
     * A span that says what an attempt is worth. The last one of a rollout counts. Nothing is sent: store it with
     * {@link addSpans}.
     */
    reward(attempt: AttemptIds, value: number): Promise<Span>;
    /**
     * All rollouts that match, each with its newest attempt, fetched page by page as they are asked for.
     *
     * In the order stored, which is the default, new rollouts come last and are not missed. But where changes decide
     * what matches (a condition on the status) or in what order, a rollout may be skipped or come twice while others
     * change.
     */
    rollouts(query?: QueryRollouts | JsonText, options?: CallOptions): Items<RolloutWithAttempt>;
    /**
     * One page of the attempts of a rollout; an empty one if there is no such rollout.
     */
    searchAttempts(rolloutId: RolloutId, query?: QueryAttempts | JsonText, options?: CallOptions): Promise<Page<Attempt>>;
    /**
     * One page of rollouts, each with its newest attempt.
     */
    searchRollouts(query?: QueryRollouts | JsonText, options?: CallOptions): Promise<Page<RolloutWithAttempt>>;
    /**
     * One page of the spans of a rollout; an empty one if there is no such rollout.
     */
    searchSpans(query: QuerySpans | JsonText, options?: CallOptions): Promise<Page<Span>>;
    /**
     * One page of workers.
     */
    searchWorkers(query?: QueryWorkers | JsonText, options?: CallOptions): Promise<Page<Worker>>;
    /**
     * A span of an attempt that begins and ends now, with new ids, to be filled in and stored. Nothing is sent.
     */
    span(attempt: AttemptIds, name: string): Promise<Span>;
    /**
     * All spans of a rollout that match, fetched page by page. By number, which is the default, a span that arrives late
     * with a low number may be missed; in the order stored (`sort_by: null`) none is.
     */
    spans(query: QuerySpans | JsonText, options?: CallOptions): Items<Span>;
    /**
     * Starts another attempt of a rollout, whatever its status and however many it had.
     */
    startAttempt(rolloutId: RolloutId, workerId?: WorkerId | null, options?: WriteOptions): Promise<AttemptedRollout>;
    /**
     * Creates a rollout and starts its first attempt at once, without the queue.
     */
    startRollout(rollout: StartRollout | JsonText, options?: WriteOptions): Promise<AttemptedRollout>;
    /**
     * What the store holds.
     */
    statistics(options?: CallOptions): Promise<Statistics>;
    /**
     * Changes an attempt; `latest` stands for the newest one, which takes its rollout along.
     */
    updateAttempt(rolloutId: RolloutId, attemptId: AttemptId, update: UpdateAttempt | JsonText, options?: WriteOptions): Promise<Attempt>;
    /**
     * Stores a new version of a set of resources, or its first one; it is then the latest.
     */
    updateResources(resourcesId: ResourcesId, resources: NamedResourcesInput | JsonText, options?: WriteOptions): Promise<ResourcesUpdate>;
    /**
     * Changes a rollout; with the status `queuing` or `requeuing` it is queued again.
     */
    updateRollout(rolloutId: RolloutId, update: UpdateRollout | JsonText, options?: WriteOptions): Promise<Rollout>;
    /**
     * A worker's heartbeat. Makes the worker known if it is not.
     */
    updateWorker(workerId: WorkerId, update?: UpdateWorker | JsonText, options?: CallOptions): Promise<Worker>;
    /**
     * Waits until these rollouts are finished, for so many seconds; null: for as long as it takes. Answers those that
     * are finished, in the order asked for. Rollouts that do not exist are not waited for.
     */
    waitForRollouts(rolloutIds: RolloutId[], timeoutSeconds?: number | null, options?: CallOptions): Promise<Rollout[]>;
    /**
     * All workers that match, fetched page by page.
     */
    workers(query?: QueryWorkers | JsonText, options?: CallOptions): Items<Worker>;
}

/**
 * Loads the module. Calls do that by themselves when they are the first; call it to do so earlier, or to say where the
 * module is. In Node there is nothing to do.
 */
export function init(source?: string | URL | Request | Response | BufferSource | WebAssembly.Module): Promise<void>;
/** One try at a rollout. */
export interface Attempt {
  /** The rollout that is tried. */
  rollout_id: RolloutId;
  /** Its id, given by the store; unique within the rollout. */
  attempt_id: AttemptId;
  /** 1 for the rollout's first attempt, then 2, 3, … */
  sequence_id: number;
  /** When it was started. */
  start_time: Timestamp;
  /** When it failed or succeeded. Timeout and unresponsive leave it as it is. */
  end_time: Timestamp | null;
  /** Where it is in its life. */
  status: AttemptStatus;
  /** Who works on it. */
  worker_id: WorkerId | null;
  /** When its last span arrived, or what an update said. */
  last_heartbeat_time: Timestamp | null;
  /** Anything its worker wants to keep beside it: an object. Null until it is set. */
  metadata: JsonObject | null;
}

/** Of an attempt, what a row of a list needs. */
export interface AttemptBrief {
  /** Its id. */
  attempt_id: AttemptId;
  /** The how-manieth it is, from 1. */
  sequence_id: number;
  /** Where it is in its life. */
  status: AttemptStatus;
  /** When it began. */
  start_time: Timestamp;
  /** When it ended. Null: it has not. */
  end_time: Timestamp | null;
  /** Who carries it out. Null: nobody said. */
  worker_id: WorkerId | null;
  /** The last sign of life. Null: none yet. */
  last_heartbeat_time: Timestamp | null;
}

/** An attempt: `at-` and 8 lowercase hexadecimal digits. Unique within its rollout only. */
export type AttemptId = string;

/** An attempt with what its spans say. */
export interface AttemptRow {
  /** The attempt. */
  attempt: Attempt;
  /** What its spans say. */
  facts: SpanFacts;
  /**
   * Why it ended, in words: `timeout 600 s`, `no span for 120 s`, or the type of the last exception of a failed one.
   * Null: it runs, succeeded, or nobody knows.
   */
  reason: string | null;
}

/**
 * Where an attempt is in its life.
 *
 * - `preparing`: Taken by a worker that has not reported yet.
 * - `running`: At least one span has arrived, or its worker says so.
 * - `failed`: Ended without success.
 * - `succeeded`: Ended with success.
 * - `unresponsive`: Nothing was heard of it for `unresponsive_seconds`.
 * - `timeout`: It took longer than `timeout_seconds`.
 */
export type AttemptStatus = "preparing" | "running" | "failed" | "succeeded" | "unresponsive" | "timeout";

/** A rollout with the attempt that was started. */
export interface AttemptedRollout extends Rollout {
  attempt: Attempt;
}

/** Something to look at. */
export interface Attention {
  /** What it is. */
  kind: AttentionKind;
  /** Since when. */
  time: Timestamp;
  /** It in words. */
  text: string;
  /** The rollout it is about. */
  rollout_id: RolloutId | null;
  /** The attempt it is about. */
  attempt_id: AttemptId | null;
  /** The worker it is about. */
  worker_id: WorkerId | null;
}

/** Why something should be looked at. */
export type AttentionKind = "attempt_timeout" | "attempt_unresponsive" | "rollout_failed" | "worker_silent" | "running_long" | "failures_rise";

/** A string, a boolean or a number, or a list of one of these. Kinds are kept: 1.0 stays a double. Null is refused; in answers it stands for a number that JSON does not have (NaN, infinity). */
export type AttributeValue = string | boolean | number | null | string[] | boolean[] | (number | null)[];

/**
 * Answer of `GET /v1/agl/dashboard/capabilities`: what this server can do that the Python server cannot. A page that gets
 * a 404 here does without.
 */
export interface Capabilities {
  /** `lightning-store` */
  name: string;
  /** The server's version. */
  version: string;
  /** What kind of store it has: `sqlite`, `memory`. */
  store: string;
  /** Superseded versions that are kept of each set of resources. */
  resource_versions: number;
  /** Whether rollouts may be called off or queued again from the dashboard. */
  actions: boolean;
}

/** Numbers of rollouts that ended. */
export interface FinishedCounts {
  /** Well. */
  succeeded: number;
  /** Without success. */
  failed: number;
  /** Called off. */
  cancelled: number;
}

/** Answer of `GET /v1/agl/health`. */
export interface Health {
  /** `ok` while the process serves. */
  status: string;
}

/**
 * A span without attributes, events, links and resource, but with what the waterfall shows of them. Members that would
 * be null, false or empty are absent, and so are those that follow from the span before. What is alike in many spans stands
 * together, so that ten thousand of them are small when they are compressed.
 */
export interface LightSpan {
  /** Its name. */
  name: string;
  /** What it is: `llm`, `tool`, `agent`, `reward`, `message` and so on. */
  kind: string;
  /** What its row shows: the model, the tool, the text of a message. Absent: its name. */
  label?: string | null;
  /** The operation, agent or tool that the name does not say. */
  operation?: string | null;
  /** Its id. */
  span_id: string;
  /** The id of its parent. */
  parent_id?: string | null;
  /** The trace it is part of. Absent: that of the span before it in this answer. */
  trace_id?: string | null;
  /** Its place in the order of the rollout. Absent: the one after that of the span before it in this answer. */
  sequence_id?: number | null;
  /** When it began, in seconds since 1970. */
  start_time?: number | null;
  /** When it ended. Absent: it has not, or nobody said. */
  end_time?: number | null;
  /** Tokens of its prompt. */
  input_tokens?: number | null;
  /** Tokens of its answer. */
  output_tokens?: number | null;
  /** Its primary reward. */
  reward?: number | null;
  /** It failed, or is or holds an exception. */
  error?: boolean;
  /** It has links to other spans. */
  links?: boolean;
}

/**
 * Answer of `GET /v1/agl/dashboard/rollouts/{rollout_id}/attempts/{attempt_id}/trace`: spans in the order in which they
 * came.
 */
export interface LightTrace {
  /** The spans. */
  items: LightSpan[];
  /** How many the attempt has in all. */
  total: number;
  /** What to send as `after` for the spans that follow these, now or later. Null: there are none yet. */
  after: number | null;
  /** There are more already. */
  more: boolean;
}

/** A model endpoint. */
export interface Llm {
  /** Its URL. */
  endpoint: string;
  /** The model's name there. */
  model: string;
  /** The key to use. Null: none. */
  api_key: string | null;
  /** Anything to hand to the model, such as its temperature: an object. */
  sampling_parameters: JsonObject;
}

/**
 * What a rollout is for.
 *
 * - `train`: Training.
 * - `val`: Validation.
 * - `test`: Test.
 */
export type Mode = "train" | "val" | "test";

/** The rewards of one mode. */
export interface ModeReward {
  /** The mode. */
  mode: Mode | null;
  /** How many rollouts have a reward. */
  rollouts: number;
  /** The mean of their final rewards. */
  mean: number;
}

/**
 * Resources by name, in the order given; may be empty. Body of `POST /v1/agl/resources` and of
 * `POST /v1/agl/resources/{resources_id}`.
 */
export type NamedResources = { [name: string]: Resource };

/** A prompt with places to fill in. */
export interface PromptTemplate {
  /** The text. */
  template: string;
  /** The language of its places. */
  engine: TemplateEngine;
}

/** The queue in two numbers. */
export interface QueueDepth {
  /** Rollouts that wait, for their first or another attempt. */
  depth: number;
  /** Since when the first of them has been waiting. Null: none does. */
  oldest: Timestamp | null;
}

/** The queue as it stands. */
export interface QueueEvent {
  /** How many wait. */
  depth: number;
  oldest: Timestamp | null;
  /** The number of the change, as in the message's id; of several told at once that of the first. */
  seq: number;
}

/** Answer of `GET /v1/agl/dashboard/queue`. */
export interface QueueView {
  /** When this was true. */
  time: Timestamp;
  /** The queue in two numbers. */
  queue: QueueDepth;
  /** Rollouts that came into the queue within the last minute. */
  enqueued_last_minute: number;
  /** Rollouts that were taken within the last minute. */
  dequeued_last_minute: number;
  /** Seconds until the queue is empty, at the rate of the last minute. Null: fewer than 5 were taken in it. */
  eta: number | null;
  /** Who could take them. */
  workers: WorkerCounts;
  /** Those that wait, in the order in which they are taken. */
  items: WaitingRollout[];
  /** The limit that was asked for. */
  limit: number;
  /** How many come before the first one of this page. */
  offset: number;
  /** Places in the queue whose rollouts wait no longer. They are skipped. */
  stale: number;
  /** Those that were taken last, the newest first; at most 20. */
  taken: RolloutRow[];
}

/** One resource, told apart by `resource_type`. */
export type Resource = Llm & { resource_type: "llm"; } | Llm & { resource_type: "proxy_llm"; } | PromptTemplate & { resource_type: "prompt_template"; };

/** One resource in a line. */
export interface ResourceBrief {
  /** Its name in the set. */
  name: string;
  /** Its type: `llm`, `proxy_llm`, `prompt_template`, or what else was sent. Null: it says none. */
  resource_type: string | null;
  /** Its model and endpoint, or the first line of its template; at most 200 characters. Null: neither. */
  text: string | null;
}

/** A set of resources, which is the latest from now on. */
export interface ResourcesEvent {
  /** The set. */
  resources_id: ResourcesId;
  /** Its version. */
  version: number;
  /** The number of the change, as in the message's id; of several told at once that of the first. */
  seq: number;
}

/** A set of resources: `rs-` and 12 lowercase hexadecimal digits, or whatever an update named. */
export type ResourcesId = string;

/** A set of resources as a table shows it. */
export interface ResourcesRow {
  /** Its id. */
  resources_id: ResourcesId;
  /** Its version. */
  version: number;
  /** When it was first stored. */
  create_time: Timestamp;
  /** When this version was stored. */
  update_time: Timestamp;
  /** It was written last of all. */
  latest: boolean;
  /** What it holds, by name; at most 16. */
  names: ResourceBrief[];
  /** Rollouts that name this set. */
  rollouts: number;
  /** The mean of their final rewards. Null: none has one. */
  mean_reward: number | null;
}

/** Answer of `GET /v1/agl/dashboard/resources`. */
export interface ResourcesRows {
  /** The sets of resources of this page, in the order asked for. */
  items: ResourcesRow[];
  /** How many match in all. */
  total: number;
  /** The limit that was asked for. */
  limit: number;
  /** How many come before the first one of this page. */
  offset: number;
}

/** One version of a set of resources. */
export interface ResourcesUpdate {
  /** The id of the set. */
  resources_id: ResourcesId;
  /** When the set was created. */
  create_time: Timestamp;
  /** When this version was written. */
  update_time: Timestamp;
  /** 1, then one more with every update of this set. */
  version: number;
  /** The resources. */
  resources: NamedResources;
}

/** One version of a set of resources. */
export interface ResourcesVersion {
  /** The version. */
  version: number;
  /** When it was stored. */
  update_time: Timestamp;
  /** What it holds: an object, by name. Secrets are masked. */
  resources: JsonObject;
  /** Rollouts that name this set and were made while this version was its current one. */
  rollouts: number;
  /** The mean of their final rewards. Null: none has one. */
  mean_reward: number | null;
}

/** Answer of `GET /v1/agl/dashboard/resources/{resources_id}/versions`. */
export interface ResourcesVersions {
  /** The set. */
  resources_id: ResourcesId;
  /** When it was first stored. */
  create_time: Timestamp;
  /** Its versions that are kept, the current one first. */
  items: ResourcesVersion[];
}

/** One dimension of a reward. */
export interface RewardDimension {
  /** Its name. Null: it has none, as in old data. */
  name: string | null;
  /** Its value. */
  value: number;
}

/** A rollout, without its attempts. */
export interface Rollout {
  /** Its id, given by the store. */
  rollout_id: RolloutId;
  /** The task, any JSON. Never changed or looked into by the store. */
  input: JsonValue;
  /** When it was created. */
  start_time: Timestamp;
  /** When it ended. Null while it is not finished. */
  end_time: Timestamp | null;
  /** What it is for. */
  mode: Mode | null;
  /** The resources it is to be done with: those named, or the latest ones when it was created. */
  resources_id: ResourcesId | null;
  /** Where it is in its life. */
  status: RolloutStatus;
  /** How often and for how long it is tried. */
  config: RolloutConfig;
  /** Anything its owner wants to keep beside it: an object, or null after it was cleared. */
  metadata: JsonObject | null;
}

/** How often and for how long a rollout is tried. */
export interface RolloutConfig {
  /** An attempt that takes longer, in seconds from its start, is timed out. Null: never. */
  timeout_seconds: number | null;
  /** An attempt that is silent for longer, in seconds, is unresponsive. Null: never. */
  unresponsive_seconds: number | null;
  /**
   * So many attempts at the most; at least 1.
   * @defaultValue `1`
   */
  max_attempts: number;
  /** After which ends of an attempt another one is made. */
  retry_condition: AttemptStatus[];
}

/** Numbers of rollouts. */
export interface RolloutCounts {
  /** Waiting for their first attempt. */
  queuing: number;
  /** Taken, without a span yet. */
  preparing: number;
  /** Being carried out. */
  running: number;
  /** Waiting for another attempt. */
  requeuing: number;
  /** Ended well. */
  succeeded: number;
  /** Ended without success. */
  failed: number;
  /** Called off. */
  cancelled: number;
}

/** One rollout with all its attempts. */
export interface RolloutDetail {
  /** The rollout. */
  rollout: Rollout;
  /** The same as a row. */
  row: RolloutRow;
  /** Its attempts, oldest first. */
  attempts: AttemptRow[];
  /** Spans that the facts do not know yet. */
  behind: number;
}

/** A rollout as it stands. */
export interface RolloutEvent {
  /** The rollout. */
  rollout_id: RolloutId;
  /** Where it is in its life. */
  status: RolloutStatus;
  attempt_id: AttemptId | null;
  attempt_status: AttemptStatus | null;
  /** The number of the change, as in the message's id; of several told at once that of the first. */
  seq: number;
}

/** Numbers of rollouts by words. A word without rollouts may be missing. */
export interface RolloutFacets {
  /** By status. */
  status: { [name: string]: number };
  /** By the status of the newest attempt; `none`: there is no attempt. */
  attempt_status: { [name: string]: number };
  /** By mode; `none`: it has none. */
  mode: { [name: string]: number };
}

/** A rollout: `ro-` and 12 lowercase hexadecimal digits. */
export type RolloutId = string;

/** One rollout as a table shows it. */
export interface RolloutRow {
  /** Its id. */
  rollout_id: RolloutId;
  /** Where it is in its life. */
  status: RolloutStatus;
  /** What it is for. */
  mode: Mode | null;
  /** The resources it is to be run with. Null: the latest. */
  resources_id: ResourcesId | null;
  /** One line of its input: its `task`, `question`, `prompt` or `input`, else the input as JSON; at most 200 characters. */
  input: string;
  /** When it was made. */
  start_time: Timestamp;
  /** When it ended. Null: it has not. */
  end_time: Timestamp | null;
  /** How many attempts there are. */
  attempts: number;
  /** How many there may be. */
  max_attempts: number;
  /** Seconds after which an attempt is ended. Null: never. */
  timeout_seconds: number | null;
  /** Seconds of silence after which an attempt is given up. Null: never. */
  unresponsive_seconds: number | null;
  /** The newest attempt. Null: there is none. */
  attempt?: AttemptBrief | null;
  /** Seconds from its start to that of its first attempt. Null: it has none yet. */
  queue_wait: number | null;
  /** Seconds that the newest attempt took. Null: there is none, or it runs. */
  run_time: number | null;
  /** What spans say: rewards and the last error of the newest attempt, sums over all attempts for the rest. */
  facts: SpanFacts;
  /** Scalar members of its metadata, as text of at most 100 characters each; at most 16. */
  metadata: { [name: string]: string };
}

/** A page of rollouts. */
export interface RolloutRows {
  /** The rollouts. */
  items: RolloutRow[];
  /** How many match in all. */
  total: number;
  /** The limit that was asked for. */
  limit: number;
  /** How many come before the first one of this page. Null: the page was asked for by a cursor. */
  offset: number | null;
  /** What to send as `after` for the next page. Null: this is the last one. */
  next: string | null;
  /**
   * How many match by status, status of the newest attempt, and mode: each list as if it had no condition of its own.
   * Null: not asked for.
   */
  facets: RolloutFacets | null;
  /** Spans that the facts do not know yet. */
  behind: number;
}

/**
 * Where a rollout is in its life.
 *
 * - `queuing`: Waiting in the queue for its first attempt.
 * - `preparing`: Taken by a worker that has not reported yet.
 * - `running`: Its newest attempt is running.
 * - `failed`: Ended without success and without attempts left.
 * - `succeeded`: Ended with success.
 * - `cancelled`: Given up by its owner.
 * - `requeuing`: Waiting in the queue for another attempt.
 */
export type RolloutStatus = "queuing" | "preparing" | "running" | "failed" | "succeeded" | "cancelled" | "requeuing";

/** A rollout with its newest attempt; without the key `attempt` if it has none. */
export interface RolloutWithAttempt extends Rollout {
  attempt?: Attempt;
}

/** A span. */
export interface Span {
  /** The rollout it belongs to. */
  rollout_id: RolloutId;
  /** The attempt it belongs to. */
  attempt_id: AttemptId;
  /** Its place among the spans of the rollout; two spans may share one. */
  sequence_id: number;
  /** The trace it is part of. */
  trace_id: string;
  /** Its id: unique within the attempt, and the key by which a repeated span is known. */
  span_id: string;
  /** The span that it is a part of. Null: of none. */
  parent_id: string | null;
  /** What it is. */
  name: string;
  /** How it ended. */
  status: SpanStatus;
  /** What is known of it. */
  attributes: { [name: string]: AttributeValue };
  /** What happened within it. */
  events: SpanEvent[];
  /** What it is related to. */
  links: SpanLink[];
  /** When it began. */
  start_time: Timestamp | null;
  /** When it ended. */
  end_time: Timestamp | null;
  /** Its own context. */
  context: SpanContext | null;
  /** Its parent's context. */
  parent: SpanContext | null;
  /** What made it. */
  resource: SpanResource;
}

/** Where a span belongs in its trace. */
export interface SpanContext {
  /** The trace. */
  trace_id: string;
  /** The span. */
  span_id: string;
  /** Whether it came from another process. */
  is_remote: boolean;
  /** What vendors added. */
  trace_state: { [name: string]: string };
}

/** A span that was not stored. */
export interface SpanError {
  /** Why not. */
  error: string;
}

/** Something that happened at one moment. */
export interface SpanEvent {
  /** What it is. */
  name: string;
  /** What is known of it. */
  attributes: { [name: string]: AttributeValue };
  /** When it happened. */
  timestamp: Timestamp | null;
}

/** What is worked out from spans. */
export interface SpanFacts {
  /** Spans. */
  spans: number;
  /** Those that failed, or are or hold an exception. */
  errors: number;
  /** Tokens of prompts. An answer that was observed twice, by an agent and by a proxy, counts once if both say its id. */
  input_tokens: number;
  /** Tokens of answers. */
  output_tokens: number;
  /** What it cost, in the currency of those who said so. Null: nobody did. */
  cost: number | null;
  /** The models that answered, in the order in which they were first heard of; at most 8. */
  models: string[];
  /** The primary value of the last reward. Null: there is none. */
  reward: number | null;
  /** All dimensions of that reward, the primary one first; at most 16. */
  rewards: RewardDimension[];
  /** The last exception, or failed span: its type and message, at most 200 characters. Null: there is none. */
  last_error: string | null;
}

/** A relation to another span. */
export interface SpanLink {
  /** The other span. */
  context: SpanContext;
  /** What is known of the relation. */
  attributes: { [name: string]: AttributeValue } | null;
}

/** What made a span. Unlike the other parts it keeps no unknown members. */
export interface SpanResource {
  /** What is known of it. */
  attributes: { [name: string]: AttributeValue };
  /** The schema of its attributes; may be empty. */
  schema_url: string;
}

/** How a span ended. */
export interface SpanStatus {
  /** Well or not. */
  status_code: StatusCode;
  /** In words. */
  description: string | null;
}

/** New spans of an attempt. */
export interface SpansEvent {
  /** The rollout. */
  rollout_id: RolloutId;
  /** The attempt. */
  attempt_id: AttemptId;
  /** The lowest `sequence_id` among the new ones. There may be older spans above it. */
  from_seq: number;
  /** How many there are. */
  count: number;
  /** The number of the change, as in the message's id; of several told at once that of the first. */
  seq: number;
}

/** Answer of `GET /v1/agl/statistics`. */
export interface Statistics {
  /** What kind of store answers. */
  name: string;
  /** Rollouts of any status. */
  total_rollouts: number;
  /** Attempts of any status. */
  total_attempts: number;
  /** Spans. */
  total_spans: number;
  /** Sets of resources, each counted once whatever its version. */
  total_resources: number;
  /** Workers that were ever seen. */
  total_workers: number;
  /** Seconds since the server was started. */
  uptime: number;
}

/**
 * How a span ended.
 *
 * - `UNSET`: Not said.
 * - `OK`: Well.
 * - `ERROR`: With an error.
 */
export type StatusCode = "UNSET" | "OK" | "ERROR";

/** Answer of `GET /v1/agl/dashboard/summary`. */
export interface StoreSummary {
  /** When this was true. */
  time: Timestamp;
  /** Rollouts there are now, by status. */
  rollouts: RolloutCounts;
  /** Rollouts that ended within the window. */
  finished: FinishedCounts;
  /** Who waits. */
  queue: QueueDepth;
  /** Who works. */
  workers: WorkerCounts;
  /** Rewards of the rollouts that succeeded within the window, by mode. */
  rewards: ModeReward[];
  /** The window in equal steps, oldest first; the last one is not over. */
  steps: SummaryStep[];
  /** Seconds that a step has. */
  step_seconds: number;
  /** What somebody should look at: the newest of the window, at most 8. */
  attention: Attention[];
  /** The rollouts that ended last; at most 10. */
  latest: RolloutRow[];
  /** What the store holds. */
  totals: StoreTotals;
  /** Spans that the facts do not know yet. */
  behind: number;
}

/** What the store holds in all. */
export interface StoreTotals {
  /** Rollouts. */
  rollouts: number;
  /** Attempts. */
  attempts: number;
  /** Spans. */
  spans: number;
  /** Sets of resources. */
  resources: number;
  /** Workers. */
  workers: number;
  /** Bytes that the database takes on disk, or in memory. Null: not known. */
  bytes: number | null;
  /** Seconds since the server was started. */
  uptime: number;
}

/** Numbers have changed. */
export interface SummaryEvent {
  /** The number of the last change that is meant, as in the message's id. */
  seq: number;
}

/** What happened in one step of time. Null: not known, such as for the time before a start of the server. */
export interface SummaryStep {
  /** When it begins. */
  start: Timestamp;
  /** Rollouts that ended. */
  finished: FinishedCounts;
  /** Rollouts that were made. */
  enqueued: number;
  /** Attempts that were begun. */
  begun: number;
  /** Spans that came. */
  spans: number | null;
  /** Their tokens, of prompts and answers. */
  tokens: number | null;
  /** Rollouts that waited at its end, or wait now. */
  queue_depth: number | null;
  /** Workers that were busy at its end, or are now. */
  busy_workers: number | null;
}

/**
 * The language of a prompt template.
 *
 * - `jinja`: Jinja.
 * - `f-string`: Python's f-strings.
 * - `poml`: POML.
 */
export type TemplateEngine = "jinja" | "f-string" | "poml";

/** Seconds since 1970 (UTC) as a double, to the microsecond. Always finite. */
export type Timestamp = number;

/** A rollout that waits. */
export interface WaitingRollout {
  /** Its place, from 1. */
  position: number;
  /** Since when it has been waiting: it was made then, or its last attempt ended. */
  since: Timestamp;
  /** Why it is to be tried again, in words. Null: it waits for its first attempt. */
  reason: string | null;
  /** The rollout. */
  row: RolloutRow;
}

/** A worker, as far as the store has seen it. */
export interface Worker {
  /** What it calls itself. */
  worker_id: WorkerId;
  /** What it is doing. */
  status: WorkerStatus;
  /** What its last heartbeat said: an object. Null before the first one. */
  heartbeat_stats: JsonObject | null;
  /** When it last sent a heartbeat. */
  last_heartbeat_time: Timestamp | null;
  /** When it last asked for work. */
  last_dequeue_time: Timestamp | null;
  /** When it last became busy. */
  last_busy_time: Timestamp | null;
  /** When it last became idle or unknown. */
  last_idle_time: Timestamp | null;
  /** The rollout of its attempt. */
  current_rollout_id: RolloutId | null;
  /** Its attempt. */
  current_attempt_id: AttemptId | null;
}

/** Numbers of workers. The silent ones are among the others too. */
export interface WorkerCounts {
  /** Waiting for work. */
  idle: number;
  /** At work. */
  busy: number;
  /** Neither is known. */
  unknown: number;
  /** Not heard of for too long; see [`super::WorkerRow::silent`]. */
  silent: number;
}

/** Answer of `GET /v1/agl/dashboard/workers/{worker_id}`. */
export interface WorkerDetail {
  /** When this was true. */
  time: Timestamp;
  /** The worker. */
  worker: WorkerRow;
  /** Its attempts that began or ended within the last hour, oldest first; at most the newest 500. */
  attempts: AttemptRow[];
}

/** A worker as it stands. */
export interface WorkerEvent {
  /** The worker. */
  worker_id: WorkerId;
  /** What it is doing. */
  status: WorkerStatus;
  current_rollout_id: RolloutId | null;
  current_attempt_id: AttemptId | null;
  /** The number of the change, as in the message's id; of several told at once that of the first. */
  seq: number;
}

/** A worker: whatever it calls itself. The empty string is kept on attempts but names no worker. */
export type WorkerId = string;

/** A worker with what it did within the last hour. */
export interface WorkerRow {
  /** The worker. Secrets in its `heartbeat_stats` are masked. */
  worker: Worker;
  /**
   * It is busy or idle by what it last said, but nothing was heard of it for 30 seconds, and 3 times its usual interval
   * if that is known.
   */
  silent: boolean;
  /** When its current attempt began. Null: it has none. */
  current_since: Timestamp | null;
  /** Attempts that ended within the last hour. */
  finished: number;
  /** Those of them that succeeded. */
  succeeded: number;
  /** The mean of their run times, in seconds. Null: there is none. */
  mean_run_time: number | null;
}

/** Answer of `GET /v1/agl/dashboard/workers`. */
export interface WorkerRows {
  /** When this was true. */
  time: Timestamp;
  /** The workers of this page. */
  items: WorkerRow[];
  /** How many match in all. */
  total: number;
  /** The limit that was asked for. */
  limit: number;
  /** How many come before the first one of this page. */
  offset: number;
  /** All workers by what they do. */
  counts: WorkerCounts;
}

/**
 * What a worker is doing, derived from its attempts.
 *
 * - `idle`: It has nothing to do.
 * - `busy`: It has an attempt.
 * - `unknown`: It was never seen at work, or its attempt was lost.
 */
export type WorkerStatus = "idle" | "busy" | "unknown";

/** Which part of the queue. */
export interface DashboardQueueQuery {
  /**
   * At most so many.
   * @defaultValue `100`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
}

/** Which sets of resources, and in what order. */
export interface DashboardResourcesQuery {
  /** Only with this text in the id, case-sensitive. */
  resources_id_contains?: string;
  /**
   * What to sort by. What is missing comes last in both directions.
   * @defaultValue `"update_time"`
   */
  sort_by?: "update_time" | "create_time" | "resources_id" | "version" | "rollouts" | "mean_reward";
  /**
   * The direction.
   * @defaultValue `"desc"`
   */
  sort_order?: SortOrder;
  /**
   * At most so many.
   * @defaultValue `100`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
}

/** Which rollouts, and in what order. All conditions that are given must hold. */
export interface DashboardRolloutsQuery {
  /** Only with one of these statuses. */
  status_in?: RolloutStatus[];
  /** Only those whose newest attempt has one of these statuses; `none`: that have none. */
  attempt_status_in?: ("preparing" | "running" | "failed" | "succeeded" | "unresponsive" | "timeout" | "none")[];
  /** Only with one of these modes; `none`: that have none. */
  mode_in?: ("train" | "val" | "test" | "none")[];
  /** Only with one of these ids. */
  rollout_id_in?: RolloutId[];
  /** Only with this text in the id, case-sensitive. */
  rollout_id_contains?: string;
  /** Only with this text in the id or in the line that is shown of the input, whatever the case of ASCII letters. */
  text?: string;
  /** Only those whose newest attempt this worker carries out. */
  worker_id?: string;
  /** Only with these resources. */
  resources_id?: string;
  /** Only those in which this model answered. */
  model?: string;
  /** Only those made at this time or later, in seconds since 1970. */
  since?: number;
  /** Only those made earlier than this time, in seconds since 1970. */
  until?: number;
  /** Only with all of these: a span that failed, or a failure of its own; a reward; more than one attempt. */
  has?: ("error" | "reward" | "retry")[];
  /** The least final reward. */
  reward_min?: number;
  /** The most final reward. */
  reward_max?: number;
  /** The least run time of the newest attempt, in seconds. */
  run_time_min?: number;
  /** The most run time of the newest attempt, in seconds. */
  run_time_max?: number;
  /** The least wait for the first attempt, in seconds. */
  queue_wait_min?: number;
  /** The most wait for the first attempt, in seconds. */
  queue_wait_max?: number;
  /** The least number of spans. */
  spans_min?: number;
  /** The most number of spans. */
  spans_max?: number;
  /** The least number of tokens, of prompts and answers. */
  tokens_min?: number;
  /** The most number of tokens, of prompts and answers. */
  tokens_max?: number;
  /** Only with these members of the metadata: `<key>:<value>`, the value as text. */
  metadata?: string[];
  /**
   * What to sort by. What is missing comes last in both directions.
   * @defaultValue `"start_time"`
   */
  sort_by?: "start_time" | "end_time" | "rollout_id" | "status" | "mode" | "attempts" | "queue_wait" | "run_time" | "reward" | "spans" | "errors" | "tokens";
  /**
   * The direction.
   * @defaultValue `"desc"`
   */
  sort_order?: SortOrder;
  /**
   * At most so many.
   * @defaultValue `100`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
  /** Where the page before has ended: its `next`. Not together with `offset`. */
  after?: string;
  /**
   * Whether numbers by status, status of the newest attempt, and mode are wanted.
   * @defaultValue `false`
   */
  facets?: boolean;
}

/** How far back. */
export interface DashboardSummaryQuery {
  /**
   * How far back it looks.
   * @defaultValue `"1h"`
   */
  window?: "15m" | "1h" | "6h" | "24h";
}

/** Which spans of an attempt, in the order in which they came. */
export interface DashboardTraceQuery {
  /** Only spans that were stored after those of the answer that said so. */
  after?: number;
  /** Only spans that observed the model's answer with this id: what links by it lead to. */
  response_id?: string;
  /**
   * At most so many.
   * @defaultValue `10000`
   */
  limit?: number;
}

/** Which workers, and in what order. */
export interface DashboardWorkersQuery {
  /** Only with this text in the id, case-sensitive. */
  worker_id_contains?: string;
  /** Only with one of these statuses. */
  status_in?: WorkerStatus[];
  /**
   * What to sort by. What is missing comes last in both directions.
   * @defaultValue `"worker_id"`
   */
  sort_by?: "worker_id" | "status" | "last_heartbeat_time" | "finished" | "mean_run_time";
  /**
   * The direction.
   * @defaultValue `"asc"`
   */
  sort_order?: SortOrder;
  /**
   * At most so many.
   * @defaultValue `100`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
}

/**
 * How the filters of a query are joined.
 *
 * - `and`: All must hold.
 * - `or`: One must hold.
 */
export type FilterLogic = "and" | "or";

/** A model endpoint. */
export interface LlmInput {
  /** Its URL. */
  endpoint: string;
  /** The model's name there. */
  model: string;
  /** The key to use. Null: none. */
  api_key?: string | null;
  /** Anything to hand to the model, such as its temperature: an object. */
  sampling_parameters?: JsonObject;
}

/**
 * Resources by name, in the order given; may be empty. Body of `POST /v1/agl/resources` and of
 * `POST /v1/agl/resources/{resources_id}`.
 */
export type NamedResourcesInput = { [name: string]: ResourceInput };

/** What a new rollout is made of. */
export interface NewRollout {
  /** The task, any JSON; null is a task too, but the key must be there. */
  input: JsonValue;
  /** What it is for. */
  mode?: Mode | null;
  /** The resources to use. Null: the latest ones at that moment. An unknown id is taken as it is. */
  resources_id?: ResourcesId | null;
  /** How often and for how long it is tried. Null: once and for as long as it takes. */
  config?: RolloutConfigInput | null;
  /** Anything to keep beside it. Null: `{}`. */
  metadata?: JsonObject | null;
}

/** The conditions of a list; all may be absent but those that are required. */
export interface QueryAttempts {
  /**
   * At most so many; -1 means all.
   * @defaultValue `-1`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
  /**
   * The field to sort by; equal ones stay in the order stored. A time that is null is later than all others, anything else that is null comes before them.
   * @defaultValue `"sequence_id"`
   */
  sort_by?: "rollout_id" | "attempt_id" | "sequence_id" | "start_time" | "end_time" | "status" | "worker_id" | "last_heartbeat_time" | null;
  /**
   * The direction.
   * @defaultValue `"asc"`
   */
  sort_order?: SortOrder;
}

/** Which sets of resources, and in what order. */
export interface QueryResources {
  /** Only this set. */
  resources_id?: string;
  /** Only with this text in the id, case-sensitive. */
  resources_id_contains?: string;
  /**
   * At most so many; -1 means all.
   * @defaultValue `-1`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
  /** The field to sort by; equal ones stay in the order stored. A time that is null is later than all others, anything else that is null comes before them. */
  sort_by?: "resources_id" | "create_time" | "update_time" | "version";
  /**
   * The direction.
   * @defaultValue `"asc"`
   */
  sort_order?: SortOrder;
}

/** The conditions of a list; all may be absent but those that are required. */
export interface QueryRollouts {
  /** Only with one of these statuses; an empty list fits none. */
  status_in?: RolloutStatus[] | null;
  /** Only with one of these ids; an empty list fits none. */
  rollout_id_in?: string[] | null;
  /** Only with this text in the id, case-sensitive. */
  rollout_id_contains?: string | null;
  /**
   * How the conditions are joined.
   * @defaultValue `"and"`
   */
  filter_logic?: FilterLogic;
  /**
   * At most so many; -1 means all.
   * @defaultValue `-1`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
  /** The field to sort by; equal ones stay in the order stored. A time that is null is later than all others, anything else that is null comes before them. */
  sort_by?: "rollout_id" | "start_time" | "end_time" | "mode" | "resources_id" | "status" | null;
  /**
   * The direction.
   * @defaultValue `"asc"`
   */
  sort_order?: SortOrder;
}

/** The conditions of a list; all may be absent but those that are required. */
export interface QuerySpans {
  /** Only of this rollout. */
  rollout_id: RolloutId;
  /** Only of this attempt; `latest` stands for the newest one. */
  attempt_id?: AttemptId | null;
  /** Only with this as the trace's id. */
  trace_id?: string | null;
  /** Only with this text in the trace's id, case-sensitive. */
  trace_id_contains?: string | null;
  /** Only with this as the span's id. */
  span_id?: string | null;
  /** Only with this text in the span's id, case-sensitive. */
  span_id_contains?: string | null;
  /** Only with this as the parent's id. */
  parent_id?: string | null;
  /** Only with this text in the parent's id, case-sensitive. */
  parent_id_contains?: string | null;
  /** Only with this as the name. */
  name?: string | null;
  /** Only with this text in the name, case-sensitive. */
  name_contains?: string | null;
  /**
   * How the texts are joined; the rollout and the attempt must fit in any case. `or` without any text fits none.
   * @defaultValue `"and"`
   */
  filter_logic?: FilterLogic;
  /**
   * At most so many; -1 means all.
   * @defaultValue `-1`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
  /**
   * The field to sort by; equal ones stay in the order stored. A time that is null is later than all others, anything else that is null comes before them.
   * @defaultValue `"sequence_id"`
   */
  sort_by?: "rollout_id" | "attempt_id" | "sequence_id" | "trace_id" | "span_id" | "parent_id" | "name" | "start_time" | "end_time" | null;
  /**
   * The direction.
   * @defaultValue `"asc"`
   */
  sort_order?: SortOrder;
}

/** The conditions of a list; all may be absent but those that are required. */
export interface QueryWorkers {
  /** Only with one of these statuses; an empty list fits none. */
  status_in?: WorkerStatus[] | null;
  /** Only with this text in the id, case-sensitive. */
  worker_id_contains?: string | null;
  /**
   * How the two are joined.
   * @defaultValue `"and"`
   */
  filter_logic?: FilterLogic;
  /**
   * At most so many; -1 means all.
   * @defaultValue `-1`
   */
  limit?: number;
  /**
   * Leave out so many first.
   * @defaultValue `0`
   */
  offset?: number;
  /** The field to sort by; equal ones stay in the order stored. A time that is null is later than all others, anything else that is null comes before them. */
  sort_by?: "worker_id" | "status" | "last_heartbeat_time" | "last_dequeue_time" | "last_busy_time" | "last_idle_time" | "current_rollout_id" | "current_attempt_id" | null;
  /**
   * The direction.
   * @defaultValue `"asc"`
   */
  sort_order?: SortOrder;
}

/** One resource, told apart by `resource_type`. */
export type ResourceInput = LlmInput & { resource_type: "llm"; } | LlmInput & { resource_type: "proxy_llm"; } | PromptTemplate & { resource_type: "prompt_template"; };

/** How often and for how long a rollout is tried. */
export interface RolloutConfigInput {
  /** An attempt that takes longer, in seconds from its start, is timed out. Null: never. */
  timeout_seconds?: number | null;
  /** An attempt that is silent for longer, in seconds, is unresponsive. Null: never. */
  unresponsive_seconds?: number | null;
  /**
   * So many attempts at the most; at least 1.
   * @defaultValue `1`
   */
  max_attempts?: number;
  /** After which ends of an attempt another one is made. */
  retry_condition?: AttemptStatus[];
}

/**
 * Direction of a list.
 *
 * - `asc`: Smallest first.
 * - `desc`: Largest first.
 */
export type SortOrder = "asc" | "desc";

/** A span. */
export interface SpanInput {
  /** The rollout it belongs to. */
  rollout_id: RolloutId;
  /** The attempt it belongs to. */
  attempt_id: AttemptId;
  /** Its place among the spans of the rollout; two spans may share one. */
  sequence_id: number;
  /** The trace it is part of. */
  trace_id: string;
  /** Its id: unique within the attempt, and the key by which a repeated span is known. */
  span_id: string;
  /** The span that it is a part of. Null: of none. */
  parent_id: string | null;
  /** What it is. */
  name: string;
  /** How it ended. */
  status: SpanStatusInput;
  /** What is known of it. */
  attributes: { [name: string]: AttributeValue };
  /** What happened within it. */
  events: SpanEventInput[];
  /** What it is related to. */
  links: SpanLinkInput[];
  /** When it began. */
  start_time: Timestamp | null;
  /** When it ended. */
  end_time: Timestamp | null;
  /** Its own context. */
  context: SpanContext | null;
  /** Its parent's context. */
  parent: SpanContext | null;
  /** What made it. */
  resource: SpanResource;
}

/** Something that happened at one moment. */
export interface SpanEventInput {
  /** What it is. */
  name: string;
  /** What is known of it. */
  attributes: { [name: string]: AttributeValue };
  /** When it happened. */
  timestamp?: Timestamp | null;
}

/** A relation to another span. */
export interface SpanLinkInput {
  /** The other span. */
  context: SpanContext;
  /** What is known of the relation. */
  attributes?: { [name: string]: AttributeValue } | null;
}

/** How a span ended. */
export interface SpanStatusInput {
  /** Well or not. */
  status_code: StatusCode;
  /** In words. */
  description?: string | null;
}

/** Body of `POST /v1/agl/rollouts`: a rollout that starts at once, without the queue. */
export interface StartRollout extends NewRollout {
  /** Who works on its first attempt. */
  worker_id?: WorkerId | null;
}

/** Body of `POST /v1/agl/rollouts/{rollout_id}/attempts/{attempt_id}`. Null is refused for every field. */
export interface UpdateAttempt {
  /** Where it is in its life. The newest attempt takes its rollout along. */
  status?: AttemptStatus;
  /** Who works on it. */
  worker_id?: WorkerId;
  /** When it was last heard of. 0 means: never take it for unresponsive. */
  last_heartbeat_time?: Timestamp;
  /** Replaces the whole metadata. */
  metadata?: JsonObject;
}

/** Body of `POST /v1/agl/rollouts/{rollout_id}`. */
export interface UpdateRollout {
  /** The task. Null is a task. */
  input?: JsonValue;
  /** What it is for. Null clears. */
  mode?: Mode | null;
  /** The resources to use. Null clears. */
  resources_id?: ResourcesId | null;
  /** Where it is in its life; any status may follow any other. Null is refused. */
  status?: RolloutStatus;
  /** Replaces the whole config. Null is refused. */
  config?: RolloutConfigInput;
  /** Replaces the whole metadata. Null clears. */
  metadata?: JsonObject | null;
}

/** Body of `POST /v1/agl/workers/{worker_id}`, a heartbeat; may be absent. */
export interface UpdateWorker {
  /** Replaces what the last heartbeat said. Null is refused. */
  heartbeat_stats?: JsonObject;
}

/** One page of a list. */
export interface Page<T> {
  /** The items of this page. */
  items: T[];
  /** The limit that was asked for; -1 means none. */
  limit: number;
  /** The offset that was asked for. */
  offset: number;
  /** How many items match in all, also when `offset` lies past the last one. */
  total: number;
}
