// The package required by a CommonJS program: the same classes as those that an ES module gets.
const assert = require("node:assert/strict");
const { LightningStoreClient, LightningStoreError, init } = require("lightning-store-client");

async function main() {
  await init();
  const client = new LightningStoreClient(process.env.LIGHTNING_STORE_URL);
  assert.deepEqual(await client.health(), { status: "ok" });
  const imported = await import("lightning-store-client");
  assert.equal(imported.LightningStoreClient, LightningStoreClient);
  assert.equal(imported.LightningStoreError, LightningStoreError);
  const traces = require("lightning-store-client/trace");
  assert.equal(traces.LightningStoreClient, LightningStoreClient);
  assert.equal((await import("lightning-store-client/trace")).Waterfall, traces.Waterfall);
  assert.equal(new traces.Waterfall().append('{"span_id":"a"}').added, 1);
  console.log("commonjs");
}

main();
