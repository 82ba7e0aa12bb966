/** What is said to those who do not see the page: politely, and at most once in five seconds. */

import { signal } from "@preact/signals";

const PACE = 5_000;

export const announcement = signal("");
let last = 0;
let timer: ReturnType<typeof setTimeout> | null = null;
let next = "";

export function announce(text: string): void {
  next = text;
  timer ??= setTimeout(
    () => {
      timer = null;
      last = Date.now();
      announcement.value = next;
    },
    Math.max(0, last + PACE - Date.now()),
  );
}
