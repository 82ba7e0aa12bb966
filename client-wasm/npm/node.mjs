import entry from "./node.cjs";

export const { LightningStoreClient, LightningStoreError, init } = entry;
