import entry from "./trace-node.cjs";

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
