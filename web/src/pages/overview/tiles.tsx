/** The store in a dozen numbers, each a way to what it counts. */

import type { ComponentChildren } from "preact";
import type { StoreSummary, SummaryStep } from "lightning-store-client";
import { now } from "../../app/clock.ts";
import { href } from "../../app/location.ts";
import { Sparkline } from "../../components/chart.tsx";
import { elapsed } from "../../format/duration.ts";
import { count, reward, short } from "../../format/number.ts";

/** A queue that waits for longer, in seconds, while workers are idle, is stuck. */
const STUCK = 300;

export function Tiles({ summary, window }: { summary: StoreSummary; window: string }) {
  const { rollouts, finished, queue, workers, steps, step_seconds } = summary;
  const each = (read: (step: SummaryStep) => number | null): (number | null)[] => steps.map(read);
  const waits = queue.oldest === null ? null : Math.max(0, now.value - queue.oldest);
  const stuck = waits !== null && waits > STUCK && workers.idle > 0;
  const inWindow = (status: string): string => `/rollouts?status=${status}&since=${window}&sort=-end`;
  const rate = (value: number | null, per: number): number | null =>
    value === null ? null : (value / step_seconds) * per;
  // The last step is not over: its rate would always be too low.
  const last = (read: (step: SummaryStep) => number | null): number | null =>
    steps.length < 2 ? null : read(steps.at(-2) as SummaryStep);
  return (
    <ul class="tiles plain" aria-label="The store in numbers">
      <Tile
        label="Queued"
        to="/queue"
        alarm={stuck}
        value={count(rollouts.queuing + rollouts.requeuing)}
        note={
          waits === null
            ? "nobody waits"
            : `oldest ${elapsed(waits)}${stuck ? " while workers are idle" : ""}`
        }
        line={each((step) => step.queue_depth)}
        colour="queuing"
      />
      <Tile
        label="Preparing"
        to="/rollouts?status=preparing"
        value={count(rollouts.preparing)}
        note="taken, no span yet"
      />
      <Tile
        label="Running"
        to="/rollouts?status=running"
        value={count(rollouts.running)}
        note={`${count(workers.busy)} busy`}
        line={each((step) => step.busy_workers)}
        colour="running"
      />
      <Tile
        label="Succeeded"
        to={inWindow("succeeded")}
        value={count(finished.succeeded)}
        note={`in ${window}`}
        line={each((step) => step.finished.succeeded)}
        colour="succeeded"
      />
      <Tile
        label="Failed"
        to={inWindow("failed")}
        value={count(finished.failed)}
        note={failureRate(finished)}
        line={each((step) => step.finished.failed)}
        colour="failed"
      />
      <Tile
        label="Cancelled"
        to={inWindow("cancelled")}
        value={count(finished.cancelled)}
        note={`in ${window}`}
        line={each((step) => step.finished.cancelled)}
        colour="cancelled"
      />
      <Tile
        label="Workers"
        to="/workers"
        alarm={workers.silent > 0}
        value={`${count(workers.busy)} / ${count(workers.busy + workers.idle + workers.unknown)}`}
        note={`${count(workers.idle)} idle, ${count(workers.unknown)} unknown${workers.silent > 0 ? `, ${count(workers.silent)} silent` : ""}`}
        line={each((step) => step.busy_workers)}
        colour="busy"
      />
      <Tile
        label="Spans/s"
        to="/rollouts?sort=-spans"
        value={short(
          rate(
            last((step) => step.spans),
            1,
          ),
        )}
        note={summary.behind > 0 ? `${short(summary.behind)} to be counted` : "within the last step"}
        line={each((step) => step.spans)}
        colour="kind-llm"
      />
      <Tile
        label="Tokens/min"
        to="/rollouts?sort=-tokens"
        value={short(
          rate(
            last((step) => step.tokens),
            60,
          ),
        )}
        note="in and out"
        line={each((step) => step.tokens)}
        colour="kind-tool"
      />
      <li class="tile rewards">
        <span class="label">Mean reward in {window}</span>
        {summary.rewards.length === 0 && <span class="muted">none yet</span>}
        {summary.rewards.map(({ mode, mean, rollouts: number }) => (
          <a
            key={String(mode)}
            href={href(`/rollouts?mode=${mode ?? "none"}&has=reward&since=${window}&sort=-end`)}
          >
            <span class="muted">{mode ?? "none"}</span>
            <b>{reward(Number(mean.toPrecision(4)))}</b>
            <span class="muted">of {short(number)}</span>
          </a>
        ))}
      </li>
    </ul>
  );
}

interface TileProps {
  readonly label: string;
  readonly to: string;
  readonly value: ComponentChildren;
  readonly note: string;
  readonly alarm?: boolean;
  readonly line?: readonly (number | null)[];
  readonly colour?: string;
}

function Tile({ label, to, value, note, alarm, line, colour }: TileProps) {
  return (
    <li>
      <a class="tile" href={href(to)} data-alarm={alarm === true}>
        <span class="label">{label}</span>
        <span class="value">{value}</span>
        <span class="note">{note}</span>
        {line !== undefined && <Sparkline values={line} colour={colour ?? "ink-3"} />}
      </a>
    </li>
  );
}

function failureRate({ succeeded, failed }: { succeeded: number; failed: number }): string {
  const all = succeeded + failed;
  return all === 0 ? "none ended" : `${Number(((100 * failed) / all).toPrecision(2))} % of ${short(all)}`;
}
