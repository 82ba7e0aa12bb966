// What a program sees when something goes wrong: of its own, on the way, or at the server.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { once } from "node:events";
import { LightningStoreClient, LightningStoreError } from "lightning-store-client";

const client = new LightningStoreClient(process.env.LIGHTNING_STORE_URL);

/** The error of a call. */
async function failure(call) {
  try {
    await call();
  } catch (error) {
    return error;
  }
  assert.fail("the call did not fail");
}

async function invalid(call, text) {
  const error = await failure(call);
  assert(error instanceof LightningStoreError && error instanceof Error, String(error));
  assert.deepEqual([error.name, error.kind, error.status, error.retryable], ["LightningStoreError", "invalid", null, false]);
  assert(error.message.includes(text), error.message);
  assert(error.stack.includes("errors.mjs"), error.stack);
}

/** A server that answers what `answer` says, and its client. */
async function serverThat(answer, options) {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, client: new LightningStoreClient(`http://127.0.0.1:${server.address().port}`, options) };
}

// All mistakes of a request are told at once.
const faulty = await failure(() => client.enqueue([{ mode: "nope" }, { input: 1, config: { max_attempts: 0 } }]));
assert.deepEqual([faulty.kind, faulty.status, faulty.call], ["refused", 422, "enqueue_rollouts"]);
assert.deepEqual(
  faulty.issues.map((issue) => issue.place),
  ["body.rollouts.0.input", "body.rollouts.0.mode", "body.rollouts.1.config.max_attempts"],
);
assert.match(faulty.requestId, /./);
assert.match(faulty.idempotencyKey, /./);

// A missing rollout is an error where it has to be there.
const missing = await failure(() => client.updateRollout("ro-nope", {}));
assert.deepEqual([missing.kind, missing.status, missing.retryable], ["refused", 404, false]);
assert(missing.message.includes(missing.detail));

// What makes no sense is not sent.
await invalid(() => client.getRollout(), "an id is no string");
await invalid(() => client.getRollout(".."), "cannot be used");
await invalid(() => client.searchRollouts({ limit: 1.5 }), "members of a query");
await invalid(() => client.queryRollouts({ status_in: [] }), "search for it instead");
await invalid(() => client.enqueue([{ input: 1n }]), "JSON text");
await invalid(() => client.startRollout("{"), "no JSON");
await invalid(() => client.dequeue({ limit: -1 }), "limit");
await invalid(() => client.span({}, "a"), "rollout_id");
await invalid(() => client.waitForRollouts("ro-1"), "list of ids");
await invalid(() => client.health({ signal: 5 }), "AbortSignal");
await invalid(() => client.enqueue([], { idempotencyKey: "two words" }), "key");
await invalid(() => client.events(["news"]).next(), "no topic");
await invalid(async () => new LightningStoreClient("localhost"), "scheme");
await invalid(async () => new LightningStoreClient("http://h", { requestTimeoutMs: "soon" }), "requestTimeoutMs");

// Nobody is there.
const closed = await serverThat(() => {}, { retry: false });
closed.server.close();
const unreachable = await failure(() => closed.client.statistics());
assert.deepEqual([unreachable.kind, unreachable.status, unreachable.retryable], ["unreachable", null, true]);

// Somebody is there, but not soon enough.
const silent = await serverThat(() => {}, { requestTimeoutMs: 50, retry: false });
const late = await failure(() => silent.client.statistics());
assert.deepEqual([late.kind, late.retryable], ["timed_out", true]);
silent.server.closeAllConnections();
silent.server.close();

// Trouble passes: the call is repeated with the same key.
const keys = [];
const troubled = await serverThat(
  (request, response) => {
    if (request.url.endsWith("/health")) return response.end('{"status":"ok"}');
    keys.push(request.headers["idempotency-key"]);
    response.statusCode = keys.length < 3 ? 503 : 201;
    response.end("[]");
  },
  { retry: { delaysMs: [1, 1], probeDelaysMs: [] } },
);
assert.deepEqual(await troubled.client.enqueue([]), []);
assert.equal(new Set(keys).size, 1);
assert.equal(keys.length, 3);
troubled.server.closeAllConnections();
troubled.server.close();

// An aborted call fails with the signal's reason, and its request is closed.
const aborted = await failure(() => client.health({ signal: AbortSignal.abort() }));
assert.deepEqual([aborted.name, aborted instanceof LightningStoreError], ["AbortError", false]);
let arrived;
const arrival = new Promise((resolve) => (arrived = resolve));
const waiting = await serverThat((request) => arrived(request), {});
for (const open of [
  (signal) => waiting.client.statistics({ signal }),
  (signal) => waiting.client.dequeue({ wait_seconds: 100 }, { signal }),
]) {
  const controller = new AbortController();
  const call = failure(() => open(controller.signal));
  const request = await new Promise((resolve) => {
    waiting.server.removeAllListeners("request");
    waiting.server.once("request", resolve);
  });
  const gone = once(request.socket, "close");
  controller.abort(new Error("enough"));
  assert.equal((await call).message, "enough");
  await gone;
}
waiting.server.closeAllConnections();
waiting.server.close();

// Aborted events end, also those that wait.
const controller = new AbortController();
const events = client.events(["workers"], { signal: controller.signal });
assert.equal((await events.next()).value.type, "connected");
const next = failure(() => events.next());
controller.abort();
assert.equal((await next).name, "AbortError");
assert.equal((await events.next()).done, true);

// A refusal ends the events, with an error that is one.
const refusing = await serverThat((_, response) => response.writeHead(401).end('{"detail":"no"}'), {});
const told = [];
for await (const event of refusing.client.events(["workers"])) told.push(event);
assert.equal(told.length, 1);
assert.deepEqual([told[0].type, told[0].retryInMs, told[0].error.status], ["disconnected", null, 401]);
assert(told[0].error instanceof LightningStoreError);
refusing.server.close();

// Lists answer one after the other, also when asked at once.
await client.enqueue([1, 2, 3].map((input) => ({ input })));
const list = client.rollouts();
const all = await Promise.all([list.next(), list.next(), list.next(), list.next()]);
assert.deepEqual(all.map((item) => item.value?.input), [1, 2, 3, undefined]);

// Calls outlive their client; later ones are refused.
const freed = new LightningStoreClient(process.env.LIGHTNING_STORE_URL);
const health = freed.health();
freed.free();
freed.free();
assert.deepEqual(await health, { status: "ok" });
await invalid(() => freed.health(), "was freed");
console.log("errors");
