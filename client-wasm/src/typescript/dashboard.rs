//! TypeScript of the calls of `/v1/agl/dashboard`. What they take and answer is made by `bundle/` from the description of
//! the API.

use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen(typescript_custom_section)]
const DECLARATIONS: &str = r#"
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
"#;
