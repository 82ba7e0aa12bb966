/** The module that lays out traces: as heavy as the client, and loaded only for pages that show any. */

import { initTrace } from "lightning-store-client/trace";

/** Loads it; its classes can be used from then on. */
export async function loadTrace(): Promise<void> {
  await initTrace();
}
