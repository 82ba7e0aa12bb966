import entry from "./trace-node.cjs";

export const {
  LightningStoreClient,
  LightningStoreError,
  init,
  initTrace,
  Waterfall,
  JsonDocument,
  compare,
  isSecret,
  maskSecrets,
  KINDS,
  Flag,
} = entry;
