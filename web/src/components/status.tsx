/** Where something is in its life: a shape, a word and a colour. */

import { Icon, type IconName } from "./icon.tsx";

const SHAPES: Record<string, IconName> = {
  queuing: "waiting",
  preparing: "preparing",
  running: "running",
  requeuing: "again",
  succeeded: "good",
  failed: "bad",
  cancelled: "off",
  unresponsive: "silent",
  timeout: "late",
  idle: "waiting",
  busy: "running",
  unknown: "question",
  silent: "silent",
};

/** `attempt`: the status of the newest attempt, told where it says something else. */
export function StatusBadge({ status, attempt }: { status: string; attempt?: string | null | undefined }) {
  return (
    <span class="status" data-status={status}>
      <Icon name={SHAPES[status] ?? "question"} filled={status === "running" || status === "busy"} />
      {status}
      {attempt != null && attempt !== status && !implied(status, attempt) && (
        <span class="muted"> · {attempt}</span>
      )}
    </span>
  );
}

/** What anybody expects of an attempt of such a rollout. */
function implied(status: string, attempt: string): boolean {
  return status === "requeuing" && attempt === "failed";
}
