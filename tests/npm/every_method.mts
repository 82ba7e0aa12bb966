// Every method of the client, type-checked strictly and then run. A test compares the methods that are called here with
// those that are declared.
import assert from "node:assert/strict";
import {
  init,
  LightningStoreClient,
  LightningStoreError,
  type AddedSpan,
  type Attempt,
  type AttemptedRollout,
  type ClientOptions,
  type ErrorKind,
  type Items,
  type JsonText,
  type NewRollout,
  type Page,
  type ResourcesUpdate,
  type Rollout,
  type RolloutWithAttempt,
  type Span,
  type SpanInput,
  type Statistics,
  type StoreEvent,
  type UpdateRollout,
  type Worker,
} from "lightning-store-client";

const options: ClientOptions = { requestTimeoutMs: 20_000, pageSize: 2, retry: { delaysMs: [10, 20], jitter: 0 } };
await init();
const client = new LightningStoreClient(process.env["LIGHTNING_STORE_URL"] ?? "", options);
const signal = AbortSignal.timeout(60_000);

// The store.
const health: { status: string } = await client.health({ signal });
assert.equal(health.status, "ok");
const empty: Statistics = await client.statistics();
assert.equal(empty.total_rollouts, 0);

// Events, from now on.
const events: Items<StoreEvent> = client.events(["rollouts", "workers", "resources"], { signal });
const first = await events.next();
assert.equal(first.done ? undefined : first.value.type, "connected");

// Resources.
const resources: ResourcesUpdate = await client.addResources({
  main: { resource_type: "llm", endpoint: "http://llm", model: "m" },
  prompt: { resource_type: "prompt_template", template: "{x}", engine: "f-string" },
});
assert.deepEqual(resources.resources["main"], {
  resource_type: "llm",
  endpoint: "http://llm",
  model: "m",
  api_key: null,
  sampling_parameters: {},
});
const updated = await client.updateResources(resources.resources_id, resources.resources);
assert.equal(updated.version, 2);
const latest: ResourcesUpdate | null = await client.getLatestResources();
assert.deepEqual(latest, updated);
assert.deepEqual(await client.getResources(resources.resources_id), updated);
assert.equal(await client.getResources("rs-nope"), null);
const sets: Page<ResourcesUpdate> = await client.queryResources({ resources_id_contains: "rs-", limit: 1 });
assert.equal(sets.total, 1);
for await (const set of client.resources()) assert.equal(set.resources_id, updated.resources_id);

// The queue. The same key, the same effect.
const tasks: NewRollout[] = [1, 2, 3, 4, 5].map((n) => ({ input: { n }, mode: "train" as const }));
const idempotencyKey: string = await client.newKey();
const queued: Rollout[] = await client.enqueue(tasks, { idempotencyKey });
assert.deepEqual(await client.enqueue(tasks, { idempotencyKey }), queued);
assert.equal((await client.statistics()).total_rollouts, 5);
const [taken, ...none]: AttemptedRollout[] = await client.dequeue({ worker_id: "w-1", wait_seconds: 20 }, { signal });
assert(taken !== undefined && none.length === 0);
assert.deepEqual(taken.input, { n: 1 });
assert.equal((await client.dequeue({ limit: 0 })).length, 0);

// Rollouts.
const started = await client.startRollout({
  input: null,
  config: { max_attempts: 2, retry_condition: ["failed"] },
  metadata: { a: 1 },
  worker_id: "w-2",
});
assert.equal(started.config.timeout_seconds, null);
const got: RolloutWithAttempt | null = await client.getRollout(started.rollout_id);
assert.equal(got?.attempt?.attempt_id, started.attempt.attempt_id);
assert.equal("attempt" in (await client.getRollout(queued[4]!.rollout_id))!, false);
assert.equal(await client.getRollout("ro-nope"), null);
const queuing = { status_in: ["queuing" as const], sort_by: "rollout_id" as const, sort_order: "desc" as const };
assert.equal((await client.queryRollouts(queuing)).total, 4);
const page: Page<RolloutWithAttempt> = await client.searchRollouts({ ...queuing, rollout_id_in: [] });
assert.equal(page.total, 0);
const inputs: unknown[] = [];
for await (const rollout of client.rollouts({ limit: 5 }, { signal })) inputs.push(rollout.input);
assert.deepEqual(inputs, tasks.map((task) => task.input));
const cleared: UpdateRollout = { metadata: null };
const changed: Rollout = await client.updateRollout(started.rollout_id, cleared);
assert.deepEqual([changed.metadata, changed.config.max_attempts], [null, 2]);

// Attempts.
const second = await client.startAttempt(started.rollout_id, "w-3");
const newest: Attempt | null = await client.getLatestAttempt(started.rollout_id);
assert.equal(newest?.attempt_id, second.attempt.attempt_id);
assert.equal((await client.startAttempt(queued[1]!.rollout_id)).attempt.worker_id, null);
assert.equal((await client.queryAttempts(started.rollout_id, { limit: 1 })).total, 2);
assert.equal((await client.searchAttempts(started.rollout_id, { sort_by: null })).items.length, 2);
const numbers: number[] = [];
for await (const attempt of client.attempts(started.rollout_id)) numbers.push(attempt.sequence_id);
assert.deepEqual(numbers, [1, 2]);

// Spans.
const root: Span = await client.span(taken.attempt, "agent");
const input: SpanInput = { ...root, attributes: { "gen_ai.request.model": "m", tokens: [1, 2] }, status: { status_code: "OK" } };
const reward = await client.reward(taken.attempt, 0.5);
assert.equal(reward.attributes["agentlightning.reward.0.value"], 0.5);
const added: AddedSpan[] = await client.addSpans([input, { ...reward, parent_id: root.span_id }, input]);
const stored = added.map((span) => (span === null || "error" in span ? null : span.sequence_id));
assert.deepEqual(stored, [1, 2, null]);
const sequence_id: number = await client.nextSequenceId(taken.rollout_id, taken.attempt.attempt_id);
assert(sequence_id > 2); // The duplicate had the number before it.
const third: Span | null = await client.addSpan({ ...(await client.span(taken.attempt, "tool")), sequence_id });
assert.equal(third?.sequence_id, sequence_id);
assert.equal((await client.querySpans({ rollout_id: taken.rollout_id, name: "agent" })).items[0]?.status.description, null);
assert.equal((await client.searchSpans({ rollout_id: taken.rollout_id, name_contains: "o", limit: 1 })).total, 2);
const names: string[] = [];
for await (const span of client.spans({ rollout_id: taken.rollout_id, attempt_id: "latest" })) names.push(span.name);
assert.deepEqual(names, ["agent", "agentlightning.annotation", "tool"]);

// Workers.
const worker: Worker = await client.updateWorker("w-1", { heartbeat_stats: { cpu: 0.5 } });
assert.deepEqual([worker.status, worker.current_rollout_id], ["busy", taken.rollout_id]);
assert.equal((await client.getWorker("w-1"))?.heartbeat_stats?.["cpu"], 0.5);
assert.equal(await client.getWorker("w-nope"), null);
assert.equal((await client.queryWorkers({ status_in: ["busy"] })).total, 3);
assert.equal((await client.searchWorkers({ worker_id_contains: "w-" })).total, 3);
const workers: string[] = [];
for await (const { worker_id } of client.workers({ sort_by: "worker_id" })) workers.push(worker_id);
assert.deepEqual(workers, ["w-1", "w-2", "w-3"]);

// The end of an attempt, awaited and heard of.
const waiting: Promise<Rollout[]> = client.waitForRollouts([taken.rollout_id], 30, { signal });
const ended: Attempt = await client.updateAttempt(taken.rollout_id, "latest", { status: "succeeded" });
assert.equal(ended.status, "succeeded");
assert.deepEqual((await waiting).map((rollout) => rollout.status), ["succeeded"]);
assert.deepEqual(await client.waitForRollouts([queued[4]!.rollout_id], 0), []);
const kinds = new Set<StoreEvent["type"]>();
let finished = false;
let after: string | null = null;
for await (const event of events) {
  kinds.add(event.type);
  if (event.type === "rollout") after = event.id;
  if (event.type === "rollout" && event.data.status === "succeeded") finished = true;
  // Things that change at about the same time are told in the order in which they began to.
  if (finished && kinds.has("resources") && kinds.has("worker")) break;
}
assert(!kinds.has("disconnected"));
assert.equal((await events.next()).done, true);

// From an event on; what waits is ended at once.
const later = client.events([`spans:${taken.rollout_id}/${taken.attempt.attempt_id}`], { after });
assert.equal((await later.next()).value?.type, "connected");
const waits = later.next();
await later.return();
assert.equal((await waits).done, true);

// JSON text keeps what JavaScript's numbers do not.
const exact: JsonText = '{"big":9007199254740993,"double":1.0}';
const text = await client.text.startRollout(`{"input":${exact}}`);
assert(text.includes(`"input":${exact}`), text);
const { rollout_id } = JSON.parse(text) as Rollout;
for await (const item of client.text.rollouts({ rollout_id_in: [rollout_id] })) assert(item.includes(exact));

// Errors say what kind they are.
const failed = await client.updateRollout("ro-nope", { status: "failed" }).catch((error: unknown) => error);
assert(failed instanceof LightningStoreError);
const kind: ErrorKind = failed.kind;
assert.deepEqual([kind, failed.status, failed.retryable], ["refused", 404, false]);

client.free();
client[Symbol.dispose]?.();
console.log("every method");
