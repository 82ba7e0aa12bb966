// Browsers, workers and bundlers. The module is loaded when it is first needed, or by `init`.
import { makeClient } from "./client.mjs";
// By their names: bundlers make an object of all exports only with a helper, which may be one more file to load.
import load, { LightningStoreClient as Client } from "./glue.mjs";

export const { LightningStoreClient, LightningStoreError, init } = makeClient(
  { LightningStoreClient: Client },
  (source) => load(source === undefined ? undefined : { module_or_path: source }),
);
