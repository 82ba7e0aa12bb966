/** Why there is nothing to show. */

import { LightningStoreError } from "lightning-store-client";

export interface Failure {
  /** `offline`: the store was not reached. `request`: it refused. `server`: it failed. `page`: we did. */
  readonly kind: "offline" | "missing" | "request" | "server" | "page";
  /** In one sentence. */
  readonly message: string;
  /** The server's words. */
  readonly detail: string | null;
  readonly status: number | null;
  /** What was asked, such as `dashboard_rollouts`. */
  readonly call: string | null;
  readonly requestId: string | null;
  /** Where something can be seen of it: the faulty fields, a trace of calls. */
  readonly more: string | null;
}

/** Null for what was given up on purpose. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof DOMException && error.name === "AbortError") return null;
  if (error instanceof LightningStoreError) {
    const { message, detail, status, call, requestId, issues } = error;
    const more =
      issues.length > 0 ? issues.map((issue) => `${issue.place}: ${issue.message}`).join("\n") : null;
    return { kind: kindOf(error.kind, status), message, detail, status, call, requestId, more };
  }
  const message = error instanceof Error ? error.message : String(error);
  const more = error instanceof Error ? (error.stack ?? null) : null;
  return { kind: "page", message, detail: null, status: null, call: null, requestId: null, more };
}

function kindOf(kind: string, status: number | null): Failure["kind"] {
  if (kind === "unreachable" || kind === "timed_out" || kind === "unhealthy") return "offline";
  if (status === 404) return "missing";
  if (status !== null && status >= 500) return "server";
  return kind === "refused" || kind === "invalid" ? "request" : "page";
}
