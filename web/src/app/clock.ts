/** The time, for what counts on. It stands still while nobody looks. */

import { signal } from "@preact/signals";

/** Seconds since 1970, once per second. */
export const now = signal(Date.now() / 1000);

export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) now.value = Date.now() / 1000;
  }, 1_000);
  document.addEventListener("visibilitychange", () => {
    now.value = Date.now() / 1000;
  });
}
