/** A store that keeps what it answers, as one that is used does. */

import { mkdtemp, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BINARY, Store } from "../tests/store.ts";

/** Starts it in a folder beside the program, so on a disk and not in memory. */
export async function onDisk(args: readonly string[], use: (store: Store) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(dirname(BINARY), "bench-"));
  try {
    const store = await Store.start([...args, "--log-level", "warn"], { file: join(folder, "store.db") });
    await use(store);
    await store.stop();
  } finally {
    await rm(folder, { recursive: true });
  }
}
