/** The axis of the waterfall: ticks in the zone of the page, or from the start. */

import { zone } from "../../../app/preferences.ts";
import { zoneLabel } from "../../../format/time.ts";
import { url } from "../state.ts";
import { axisTicks, type Tick } from "./ticks.ts";
import type { Range } from "./zoom.ts";

/** Seconds that the clock of a zone is ahead of UTC at a time. */
export function zoneOffset(name: string, time: number): number {
  if (name === "local") return -new Date(time * 1000).getTimezoneOffset() * 60;
  const [, sign, hours = "0", minutes = "0"] = /UTC([+-−])(\d+)(?::(\d+))?/.exec(zoneLabel(name, time)) ?? [];
  if (sign === undefined) return 0;
  return (sign === "+" ? 1 : -1) * (Number(hours) * 3600 + Number(minutes) * 60);
}

interface Shown {
  readonly range: Range | null;
  readonly whole: Range | null;
  readonly width: number;
}

/** Ticks of what is shown; none while nothing is. */
function ticksOf({ range, whole, width }: Shown): Tick[] {
  if (range === null || whole === null) return [];
  return axisTicks({
    start: range.start,
    end: range.end,
    width,
    ...(url.signal.value.axis === "absolute" ? {} : { origin: whole.start }),
    zoneOffset: (time) => zoneOffset(zone.value, time),
  });
}

export function Axis(shown: Shown) {
  return (
    <div class="wf-axis">
      {ticksOf(shown)
        // The last one may have no room for its words.
        .filter((tick) => tick.at * shown.width + tick.label.length * 6.6 < shown.width + 12)
        .map((tick) => (
          <span key={tick.label} class="wf-tick" style={{ "--left": `${(tick.at * 100).toFixed(3)}%` }}>
            {tick.label}
          </span>
        ))}
    </div>
  );
}

/** Switches between times from the start and times of day. */
export function AxisMode({ range }: { readonly range: Range | null }) {
  const absolute = url.signal.value.axis === "absolute";
  if (range === null) return null;
  return (
    <button
      type="button"
      class="wf-axis-mode"
      title={absolute ? "Show time from the start" : "Show time of day"}
      onClick={() => url.set({ axis: absolute ? "relative" : "absolute" }, "replace")}
    >
      {absolute ? zoneLabel(zone.value, range.start) : "from start"}
    </button>
  );
}

/** Lines through all rows where the axis has ticks. */
export function Grid(shown: Shown) {
  return (
    <>
      {ticksOf(shown).map((tick) => (
        <span key={tick.label} class="wf-gridline" style={{ "--left": `${(tick.at * 100).toFixed(3)}%` }} />
      ))}
    </>
  );
}
