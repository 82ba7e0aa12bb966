/** What a rollout's settings mean, in words. */

import type { RolloutConfig } from "lightning-store-client/trace";
import { duration } from "../../format/duration.ts";

function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}

/** `retries up to 2 times on failed or timeout`, `ends an attempt after 10 m 00 s`. */
export function configWords(config: RolloutConfig): string[] {
  const { max_attempts: most, retry_condition: on, timeout_seconds, unresponsive_seconds } = config;
  const retries = most - 1;
  const words = [
    retries <= 0 || on.length === 0
      ? "never retries"
      : `retries up to ${retries === 1 ? "once" : `${retries} times`} on ${listed(on)}`,
  ];
  if (timeout_seconds !== null) words.push(`ends an attempt after ${duration(timeout_seconds)}`);
  if (unresponsive_seconds !== null)
    words.push(`gives it up after ${duration(unresponsive_seconds)} of silence`);
  return words;
}

/** A command that asks for the same, quoted for a shell. */
export function curlOf(url: string): string {
  return `curl -H 'Accept: application/json' '${url.replaceAll("'", "'\\''")}'`;
}
