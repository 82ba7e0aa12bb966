// Traces, with the client, for browsers, workers and bundlers; see browser.mjs.
import { init as initClient } from "./browser.mjs";
import load, { Document, Waterfall as Rows } from "./trace-glue.mjs";
import { makeTrace } from "./traces.mjs";

export { LightningStoreClient, LightningStoreError } from "./browser.mjs";
export const {
  initTrace,
  Waterfall,
  JsonDocument,
  compare,
  isSecret,
  maskSecrets,
  KINDS,
  Flag,
} = makeTrace({ Document, Waterfall: Rows }, (source) =>
  load(source === undefined ? undefined : { module_or_path: source }),
);

/** Loads both modules. */
export async function init() {
  await Promise.all([initClient(), initTrace()]);
}
