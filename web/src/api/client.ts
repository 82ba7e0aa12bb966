/** The one client of the page. Whatever it asks of the store goes through here. */

import { init, LightningStoreClient } from "lightning-store-client";
import { base } from "../app/location.ts";

/** Failed reads are shown at once and asked again when the store is back, so the client repeats nothing by itself. */
export const client = new LightningStoreClient(base.href, { retry: false, requestTimeoutMs: 20_000 });

/**
 * Loads the client's module. Once, before anything is shown.
 *
 * @throws what the browser says when it cannot: an old browser, a policy, or a wrong media type.
 */
export async function loadClient(): Promise<void> {
  await init();
}
