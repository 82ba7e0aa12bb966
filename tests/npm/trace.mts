// Traces and the calls of the dashboard, every method, type-checked strictly and then run. A test compares the methods that
// are called here with those that are declared.
import assert from "node:assert/strict";
import {
  compare,
  Flag,
  init,
  isSecret,
  JsonDocument,
  KINDS,
  LightningStoreClient,
  maskSecrets,
  Waterfall,
  type Appended,
  type Capabilities,
  type Columns,
  type Comparison,
  type Conversation,
  type FinalReward,
  type JsonNode,
  type LightTrace,
  type Minimap,
  type QueueView,
  type ResourcesRows,
  type ResourcesVersions,
  type RolloutDetail,
  type RolloutRows,
  type Row,
  type Span,
  type SpanEventEntry,
  type SpanMessages,
  type StoreSummary,
  type Summary,
  type Training,
  type WorkerDetail,
  type WorkerRows,
} from "lightning-store-client/trace";

await init();
const client = new LightningStoreClient(process.env["LIGHTNING_STORE_URL"] ?? "");
const dashboard = client.dashboard;
assert.equal(client.dashboard, dashboard);

// A rollout with an agent, a call of a model and a reward.
const resources = await client.addResources({ main: { resource_type: "llm", endpoint: "http://llm", model: "m" } });
const [queued] = await client.enqueue([{ input: { task: "6 × 7?" }, mode: "train", metadata: { step: "4" } }]);
assert.ok(queued);
const [work] = await client.dequeue({ worker_id: "worker-1" });
assert.ok(work);
const ids = [work.rollout_id, work.attempt.attempt_id] as const;
const agent: Span = await client.span(work.attempt, "agent");
const call: Span = await client.span(work.attempt, "openai.chat.completion");
call.parent_id = agent.span_id;
Object.assign(call.attributes, {
  "gen_ai.request.model": "m",
  "gen_ai.request.temperature": 0.5,
  "gen_ai.prompt.0.role": "user",
  "gen_ai.prompt.0.content": "6 × 7?",
  "gen_ai.completion.0.role": "assistant",
  "gen_ai.completion.0.content": "42",
  "gen_ai.usage.prompt_tokens": 5,
  "gen_ai.usage.completion_tokens": 1,
  "llm.x.api_key": "sk-0123456789ab",
});
call.events = [{ name: "exception", attributes: { "exception.type": "E" }, timestamp: call.start_time }];
await client.addSpans([agent, call, await client.reward(work.attempt, 0.5)]);
await client.updateAttempt(...ids, { status: "succeeded" });

// What a page asks for. Facts follow the spans a moment later.
for (let looks = 0; (await dashboard.rollout(queued.rollout_id)).behind > 0; looks += 1) {
  assert.ok(looks < 1_000, "the facts do not catch up");
}
const capabilities: Capabilities = await dashboard.capabilities();
assert.ok(capabilities);
const summary: StoreSummary = await dashboard.summary({ window: "15m" });
assert.equal(summary.rollouts.succeeded, 1);
const rows: RolloutRows = await dashboard.rollouts({
  status_in: ["succeeded"],
  metadata: ["step:4"],
  since: 0.5,
  facets: true,
  limit: 1,
  sort_by: "reward",
  sort_order: "asc",
});
assert.equal(rows.total, 1);
assert.equal(rows.items[0]?.rollout_id, queued.rollout_id);
assert.equal(rows.facets?.mode["train"], 1);
const detail: RolloutDetail = await dashboard.rollout(queued.rollout_id);
assert.equal(detail.attempts.length, 1);
const light: LightTrace = await dashboard.trace(queued.rollout_id, "latest", { limit: 10 });
assert.equal(light.total, 3);
assert.deepEqual([light.items[1]?.kind, light.items[1]?.error], ["llm", true]);
const whole: Span = await dashboard.span(...ids, call.span_id);
assert.equal(whole.attributes["gen_ai.request.model"], "m");
const queue: QueueView = await dashboard.queue({ limit: 5 });
assert.equal(queue.queue.depth, 0);
const workers: WorkerRows = await dashboard.workers({ sort_by: "status" });
assert.equal(workers.items.length, 1);
const worker: WorkerDetail = await dashboard.worker("worker-1");
assert.ok(worker);
const sets: ResourcesRows = await dashboard.resources();
assert.equal(sets.items[0]?.resources_id, resources.resources_id);
const versions: ResourcesVersions = await dashboard.resourceVersions(resources.resources_id);
assert.equal(versions.items.length, 1);
const url: string = await dashboard.exportUrl("rollouts.csv", { reward_min: 0.25, has: ["reward"] });
assert.ok(url.endsWith("/v1/agl/dashboard/export/rollouts.csv?reward_min=0.25&has=reward"), url);
assert.equal((await (await fetch(url)).text()).trim().split("\n").length, 2);
const missing = await dashboard.rollout("ro-nope").catch((error: unknown) => error);
assert.equal((missing as { status: number }).status, 404);

// Its trace: first light, then whole.
const text: string = await client.text.dashboard.trace(...ids);
const waterfall = new Waterfall();
const appended: Appended = waterfall.append(text);
assert.deepEqual([appended.added, appended.refused], [3, 0]);
assert.deepEqual([waterfall.spanCount, waterfall.total, waterfall.matched], [3, 3, 3]);
assert.ok(waterfall.extent !== null && waterfall.extent.end >= waterfall.extent.start);
assert.equal(waterfall.needsBody(call.span_id), true);
assert.equal(waterfall.withoutBody(["llm"])[0], call.span_id);
const revision = waterfall.revision;
assert.equal(waterfall.append(await client.text.dashboard.span(...ids, call.span_id)).completed, 1);
assert.ok(waterfall.revision > revision && !waterfall.needsBody(call.span_id));

const row = waterfall.find(call.span_id);
const shown: Row | null = waterfall.row(row);
assert.deepEqual([shown?.label, shown?.kind, shown?.span_id], ["m", "llm", call.span_id]);
assert.ok(((shown?.flags ?? 0) & Flag.ERROR) !== 0);
assert.equal(waterfall.findKey(shown?.key ?? ""), row);
assert.equal(waterfall.row(99), null);
assert.equal(waterfall.row(-1), null);
const columns: Columns = waterfall.columns();
assert.equal(columns.start.length, waterfall.rowCount);
assert.equal(KINDS[columns.kind[row] ?? 0], "llm");
assert.deepEqual([...waterfall.columns(row, 1).parent], [columns.parent[row]]);
assert.deepEqual(
  waterfall.rows(0, 99).map(({ flags }) => flags),
  [...columns.flags],
);

assert.equal(waterfall.next("error", -1), waterfall.find(call.span_id));
assert.equal(waterfall.next("reward", -1, true), waterfall.find(light.items[2]?.span_id ?? ""));
waterfall.openLevels(1);
assert.equal(waterfall.find(call.span_id), -1);
assert.ok(waterfall.reveal(call.span_id) >= 0);
waterfall.openLevels(null);
const agentKey = `span:${agent.span_id}`;
assert.equal(waterfall.setOpen(agentKey, false), true);
assert.equal(waterfall.toggle(waterfall.findKey(agentKey)), true);
waterfall.setFold(false);
waterfall.setFilter({ text: "OPENAI", everywhere: true, kinds: ["exception", "llm"], errors: true, minDuration: 0 });
assert.equal(waterfall.matched, 1);
waterfall.setFilter({});
assert.equal(waterfall.matched, 3);
assert.equal(waterfall.setFocus(agentKey), true);
assert.deepEqual(waterfall.breadcrumbs().at(-1), { key: agentKey, label: "agent" });
assert.equal(waterfall.setFocus("span:nope"), false);
assert.equal(waterfall.setFocus(null), true);
waterfall.setOrder("sequence");
waterfall.setRepair(true);
assert.ok(Array.isArray(waterfall.repairs()));
assert.equal(waterfall.kindCounts().reward, 1);
const minimap: Minimap = waterfall.minimap(50);
assert.deepEqual([minimap.busy.length, minimap.deepest.length, minimap.rewards[0]?.value], [50, 50, 0.5]);
assert.throws(() => waterfall.setFilter({ kinds: ["nope" as "llm"] }), TypeError);

// One span, and all of them.
const told: Summary | null = waterfall.summaryOf(call.span_id);
assert.deepEqual(told?.parameters, [["temperature", "0.5"]]);
assert.equal(told?.usage.total, 6);
assert.equal(waterfall.summaryOf("nope"), null);
const said: SpanMessages | null = waterfall.messagesOf(call.span_id);
assert.deepEqual(said?.completion[0]?.parts, [{ type: "text", text: "42" }]);
assert.ok(!waterfall.attributesOf(call.span_id)?.includes("sk-0"));
assert.ok(waterfall.attributesOf(call.span_id, { shape: "nested", revealSecrets: true })?.includes("sk-0"));
const happened: SpanEventEntry[] | null = waterfall.eventsOf(call.span_id);
assert.equal(happened?.[0]?.attributes, '{"exception.type":"E"}');
assert.ok(!waterfall.raw(call.span_id)?.includes("sk-0"));
const conversation: Conversation = waterfall.conversation();
assert.deepEqual([conversation.turns.length, conversation.turns[0]?.input_tokens], [1, 5]);
const training: Training = waterfall.training({ rewardMatch: "first_sibling", skipWithoutTokens: true });
assert.equal(training.left_out[0]?.reason, "no_token_ids");
assert.equal(waterfall.training().triplets.length, 1);
const final: FinalReward | null = waterfall.finalReward();
assert.equal(final?.value, 0.5);
const other = new Waterfall();
other.append(text);
const compared: Comparison = compare(other, waterfall, "sequence");
assert.equal(compared.a.spans, 3);
assert.ok(isSecret("x.api_key") && !isSecret("max_tokens"));
assert.equal(maskSecrets('{"password":"short"}'), '{"password":"••••"}');
assert.equal(maskSecrets("{}"), null);
other.free();
waterfall.free();

// Any JSON.
const document = new JsonDocument('{"n":[1.0,9007199254740993],"s":"{\\"x\\":1}"}');
const members: JsonNode[] = document.children(0);
assert.deepEqual([members[0]?.type, members[0]?.count, members[1]?.embedded], ["array", 2, true]);
const big = document.find(["n", 1]);
assert.deepEqual([document.text(big), document.path(big), document.node(big).value], ["9007199254740993", ["n", 1], "9007199254740993"]);
assert.deepEqual([...document.search("9007")], [big]);
assert.equal(document.string(document.find(["s"])), '{"x":1}');
assert.equal(document.pretty(document.find(["n"])), "[\n  1.0,\n  9007199254740993\n]");
const inner = document.embedded(document.find(["s"]));
assert.equal(inner?.text(), '{"x":1}');
assert.equal(document.embedded(0), null);
assert.equal(document.error, null);
inner?.free();
document.free();
const broken = new JsonDocument("{");
assert.ok(broken.error?.includes("character 1"));
broken.free();
console.log("trace");
