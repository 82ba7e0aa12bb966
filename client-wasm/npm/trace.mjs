// Client and traces for browsers, workers and bundlers; see browser.mjs.
import { makeClient } from "./client.mjs";
import load, * as glue from "./trace-glue.mjs";
import { makeTrace } from "./traces.mjs";

const entry = makeTrace(makeClient, glue, (source) =>
  load(source === undefined ? undefined : { module_or_path: source }),
);

export const {
  LightningStoreClient,
  LightningStoreError,
  init,
  Waterfall,
  JsonDocument,
  compare,
  isSecret,
  maskSecrets,
  KINDS,
  Flag,
} = entry;
