// A page that goes the whole way of a rollout. Its address says where the store is, as `?store=`.
import { LightningStoreClient, LightningStoreError } from "lightning-store-client";
import { bigTrace, visit } from "./trace.js";

const result = document.getElementById("result");

async function main() {
  const store = new URLSearchParams(location.search).get("store");
  const client = new LightningStoreClient(store);
  const events = client.events(["rollouts"]);
  if ((await events.next()).value.type !== "connected") throw new Error("no events");
  const [queued] = await client.enqueue([{ input: { question: "6 × 7?" } }]);
  const [taken] = await client.dequeue({ worker_id: "page", wait_seconds: 20 });
  await client.addSpans([await client.reward(taken.attempt, 1)]);
  await client.updateAttempt(taken.rollout_id, taken.attempt.attempt_id, { status: "succeeded" });
  for await (const event of events) if (event.data?.status === "succeeded") break;
  const spans = [];
  for await (const span of client.spans({ rollout_id: queued.rollout_id })) spans.push(span.name);

  const controller = new AbortController();
  const call = client.dequeue({ wait_seconds: 20 }, { signal: controller.signal }).catch((error) => error);
  controller.abort();
  const refused = await client.updateRollout("ro-nope", {}).catch((error) => error);
  const text = await client.text.startRollout('{"input":9007199254740993}');
  client.free();
  const reader = new LightningStoreClient(store);

  // As a page does that has not always a trace to show.
  const traces = await import("lightning-store-client/trace");
  await traces.initTrace();
  const { milliseconds, ...trace } = visit(traces.Waterfall, bigTrace());
  return {
    trace,
    isQuick: milliseconds < 10_000,
    isSameClass: traces.LightningStoreClient === LightningStoreClient,
    status: (await reader.getRollout(queued.rollout_id)).status,
    spans,
    aborted: (await call).name,
    refused: [refused instanceof LightningStoreError, refused.kind, refused.status],
    exact: text.includes('"input":9007199254740993'),
  };
}

main().then(
  (outcome) => (result.textContent = JSON.stringify(outcome)),
  (error) => (result.textContent = JSON.stringify({ error: String(error), stack: error.stack })),
);
