/** All attempts of a rollout side by side: how they ended, how long they took, and how long it was until the next one. */

import type { AttemptRow } from "lightning-store-client/trace";
import { now } from "../../app/clock.ts";
import { useCommands } from "../../app/keyboard.ts";
import { href, pathOf } from "../../app/location.ts";
import { Icon } from "../../components/icon.tsx";
import { StatusBadge } from "../../components/status.tsx";
import { duration } from "../../format/duration.ts";
import { plural } from "../../format/number.ts";
import { RewardChip } from "./reward.tsx";
import { url } from "./state.ts";

interface Props {
  readonly rolloutId: string;
  readonly attempts: readonly AttemptRow[];
  readonly current: string | null;
}

/** Whether an attempt goes on. */
export function isOpen(attempt: AttemptRow["attempt"]): boolean {
  return (
    attempt.end_time === null &&
    (attempt.status === "preparing" || attempt.status === "running" || attempt.status === "unresponsive")
  );
}

/** Seconds that an attempt took, or takes until now. Null: nobody knows when it ended. */
function taken({ attempt }: AttemptRow): number | null {
  if (attempt.end_time !== null) return attempt.end_time - attempt.start_time;
  if (isOpen(attempt)) return Math.max(0, now.value - attempt.start_time);
  return attempt.last_heartbeat_time === null ? null : attempt.last_heartbeat_time - attempt.start_time;
}

/** The address of an attempt: nothing chosen in another one is kept. */
function addressOf(attempts: readonly AttemptRow[], place: number): string {
  const chosen = attempts[place]?.attempt.attempt_id ?? "latest";
  const attempt = place === attempts.length - 1 ? "latest" : chosen;
  return url.link({ attempt, span: null, focus: null, t0: null, t1: null });
}

export function Attempts({ rolloutId, attempts, current }: Props) {
  const at = attempts.findIndex(({ attempt }) => attempt.attempt_id === current);
  const goTo = (place: number): boolean => {
    const next = attempts[place];
    if (next === undefined) return false;
    const attempt = place === attempts.length - 1 ? "latest" : next.attempt.attempt_id;
    url.set({ attempt, span: null, focus: null, t0: null, t1: null });
    requestAnimationFrame(() =>
      document.querySelector<HTMLElement>(".attempt[aria-current]")?.scrollIntoView({ block: "nearest" }),
    );
    return true;
  };
  useCommands([
    {
      id: "attempt.before",
      label: "Previous attempt",
      group: "Rollout",
      keys: ["{"],
      run: () => goTo(at - 1),
    },
    { id: "attempt.after", label: "Next attempt", group: "Rollout", keys: ["}"], run: () => goTo(at + 1) },
  ]);
  if (attempts.length === 0) return null;
  const longest = Math.max(1e-3, ...attempts.map((attempt) => taken(attempt) ?? 0));
  return (
    <nav class="attempts" aria-label="Attempts">
      <ol class="plain">
        {attempts.map((row, place) => {
          const { attempt, facts, reason } = row;
          const seconds = taken(row);
          const before = attempts[place - 1]?.attempt;
          const end = before?.end_time ?? before?.last_heartbeat_time ?? null;
          const gap = end === null ? null : attempt.start_time - end;
          return (
            <>
              {place === 0 ? null : (
                <li
                  key={`gap-${attempt.attempt_id}`}
                  class="attempt-gap"
                  title="From the end of one attempt to the start of the next"
                >
                  <Icon name="right" />
                  {gap === null || gap <= 0 ? null : <span>{duration(gap)}</span>}
                </li>
              )}
              <li key={attempt.attempt_id} class="attempt-tile">
                <a
                  class="attempt"
                  href={href(addressOf(attempts, place))}
                  aria-current={attempt.attempt_id === current ? "true" : undefined}
                  title={attempt.attempt_id}
                  onKeyDown={(event) => {
                    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
                    if (step === 0 || !goTo(place + step)) return;
                    event.preventDefault();
                    event.stopPropagation();
                    requestAnimationFrame(() =>
                      document.querySelector<HTMLElement>(".attempt[aria-current]")?.focus(),
                    );
                  }}
                >
                  <span class="attempt-line">
                    <strong>#{attempt.sequence_id}</strong>
                    <StatusBadge status={attempt.status} />
                    <span class="grow" />
                    <span>{duration(seconds)}</span>
                  </span>
                  <span
                    class="attempt-bar"
                    data-status={attempt.status}
                    style={{ "--part": String(Math.max(0.01, (seconds ?? 0) / longest)) }}
                  />
                  <span class="attempt-line attempt-small">
                    {reason === null ? (
                      <span class="line">{attempt.worker_id ?? "no worker"}</span>
                    ) : (
                      <span class="line attempt-reason" title={reason}>
                        {reason}
                      </span>
                    )}
                    <span class="grow" />
                    {facts.spans > 0 ? <span>{plural(facts.spans, "span")}</span> : null}
                    {facts.errors > 0 ? (
                      <span class="attempt-errors">
                        <Icon name="warning" />
                        {facts.errors}
                        <span class="sr-only"> errors</span>
                      </span>
                    ) : null}
                    {facts.reward === null ? null : <RewardChip value={facts.reward} />}
                  </span>
                </a>
                {before === undefined ? null : (
                  <a
                    class="attempt-compare"
                    href={href(
                      `${pathOf("rollouts", rolloutId, "compare")}?a=${encodeURIComponent(before.attempt_id)}&b=${encodeURIComponent(attempt.attempt_id)}`,
                    )}
                    aria-label={`Compare attempt ${attempt.sequence_id} with the one before`}
                    title="Compare with the attempt before"
                  >
                    <Icon name="compare" />
                  </a>
                )}
              </li>
            </>
          );
        })}
      </ol>
    </nav>
  );
}
