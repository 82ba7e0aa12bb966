// Browsers, workers and bundlers. The module is loaded when it is first needed, or by `init`.
import { makeClient } from "./client.mjs";
import load, * as glue from "./glue.mjs";

export const { LightningStoreClient, LightningStoreError, init } = makeClient(glue, (source) =>
  load(source === undefined ? undefined : { module_or_path: source }),
);
