// A trace of 10,000 spans, opened again and again: how long it takes, and that memory does not grow.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { Waterfall } from "lightning-store-client/trace";
import { bigTrace, visit } from "./page/trace.js";

// The module's memory, which is none of the package's exports.
const glue = createRequire(import.meta.url)("./node_modules/lightning-store-client/dist/trace-glue.cjs");
const bytes = () => glue.Waterfall.memory().buffer.byteLength;

const text = bigTrace();
const sizes = [];
for (let opening = 0; opening < 6; opening += 1) {
  const { milliseconds, ...seen } = visit(Waterfall, text);
  console.log(`opened in ${milliseconds.toFixed()} ms`);
  assert.deepEqual(seen, { added: 10_000, rows: 10_001, matched: 1_250, found: true, turns: 0, errors: true });
  // The budget is a tenth of that; machines that run tests are busy.
  assert.ok(milliseconds < 10_000, `${milliseconds} ms`);
  sizes.push(bytes());
}
assert.equal(sizes.at(-1), sizes[0], `memory grows: ${sizes}`);
console.log("trace_load");
