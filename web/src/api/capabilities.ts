/** What the store can do. */

import { signal } from "@preact/signals";
import type { Capabilities } from "lightning-store-client";
import { noteFailure } from "../app/live.ts";
import { client } from "./client.ts";
import { failureOf } from "./failure.ts";

/** `full`: it is lightning-store. `reduced`: another server of the same protocol. Null: not known yet. */
export const level = signal<"full" | "reduced" | null>(null);

export const capabilities = signal<Capabilities | null>(null);

/** Asks once. A store that cannot be reached is taken for a full one: it will be asked for everything anyway. */
export async function findCapabilities(): Promise<"full" | "reduced"> {
  try {
    capabilities.value = await client.dashboard.capabilities();
    level.value = "full";
  } catch (error) {
    const failure = failureOf(error);
    if (failure !== null) noteFailure(failure);
    level.value = failure?.status === 404 || failure?.status === 405 ? "reduced" : "full";
  }
  return level.value;
}
