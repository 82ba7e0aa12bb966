//! TypeScript of the calls of `/v1/agl/dashboard`. What they answer is made from the wire's types by `bundle/`.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const DECLARATIONS: &str = r#"
/** Which rollouts, in what order. All conditions that are given must hold. */
export interface DashboardRolloutsQuery {
  status_in?: RolloutStatus[];
  /** Statuses of the newest attempts; `none`: there is no attempt. */
  attempt_status_in?: (AttemptStatus | "none")[];
  /** `none`: it has no mode. */
  mode_in?: (Mode | "none")[];
  /** At most 500. */
  rollout_id_in?: RolloutId[];
  rollout_id_contains?: string;
  /** Part of the id or of the line of input; letters from A to Z in either case. */
  text?: string;
  worker_id?: WorkerId;
  resources_id?: ResourcesId;
  model?: string;
  /** When it was made, in seconds since 1970: `since` ≤ start < `until`. */
  since?: number;
  until?: number;
  /** `error`: it failed or has errors; `reward`: it has one; `retry`: it has several attempts. */
  has?: ("error" | "reward" | "retry")[];
  reward_min?: number;
  reward_max?: number;
  run_time_min?: number;
  run_time_max?: number;
  queue_wait_min?: number;
  queue_wait_max?: number;
  spans_min?: number;
  spans_max?: number;
  tokens_min?: number;
  tokens_max?: number;
  /** `key:value`: a member of the metadata, as text. */
  metadata?: string[];
  /** 0 to 500; 0: only total and facets. @defaultValue `100` */
  limit?: number;
  /** Not together with `after`. */
  offset?: number;
  /** The `next` of the page before. */
  after?: string;
  /** @defaultValue `false` */
  facets?: boolean;
  /** @defaultValue `"start_time"` */
  sort_by?:
    | "start_time"
    | "end_time"
    | "rollout_id"
    | "status"
    | "mode"
    | "attempts"
    | "queue_wait"
    | "run_time"
    | "reward"
    | "spans"
    | "errors"
    | "tokens";
  /** @defaultValue `"desc"` */
  sort_order?: "asc" | "desc";
}

/** Which workers, in what order. */
export interface DashboardWorkersQuery {
  worker_id_contains?: string;
  status_in?: WorkerStatus[];
  /** 1 to 500. @defaultValue `100` */
  limit?: number;
  offset?: number;
  /** @defaultValue `"worker_id"` */
  sort_by?: "worker_id" | "status" | "last_heartbeat_time" | "finished" | "mean_run_time";
  /** @defaultValue `"asc"` */
  sort_order?: "asc" | "desc";
}

/** Which sets of resources, in what order. */
export interface DashboardResourcesQuery {
  resources_id_contains?: string;
  limit?: number;
  offset?: number;
  /** @defaultValue `"update_time"` */
  sort_by?: "update_time" | "create_time" | "resources_id" | "version" | "rollouts" | "mean_reward";
  /** @defaultValue `"desc"` */
  sort_order?: "asc" | "desc";
}

/** Which part of a queue. */
export interface DashboardQueueQuery {
  /** 1 to 500. @defaultValue `100` */
  limit?: number;
  offset?: number;
}

/** Which spans of an attempt, in the order in which they came. */
export interface DashboardTraceQuery {
  /** The `after` of the answer before. */
  after?: number;
  /** 1 to 10,000, which is the default. */
  limit?: number;
}

/** What people look at: answers of `/v1/agl/dashboard`, which the Python server does not have (`refused`, 404). */
export interface Dashboard {
  /** What this server can do that the Python server cannot. */
  capabilities(options?: CallOptions): Promise<Capabilities>;
  /** Numbers of the store, and what happened lately: in the last hour, if no window is given. */
  summary(
    query?: { window?: "15m" | "1h" | "6h" | "24h" } | JsonText,
    options?: CallOptions,
  ): Promise<StoreSummary>;
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
"#;
