/** A time, as preferred, with the whole of it in its tooltip. */

import { now } from "../app/clock.ts";
import { times, zone } from "../app/preferences.ts";
import { elapsed } from "../format/duration.ts";
import { dateTime, iso, relative, zoneLabel } from "../format/time.ts";

/** Shows `—` for null. `as`: whatever people prefer, unless it is said. */
export function Time({ at, as }: { at: number | null | undefined; as?: "relative" | "absolute" }) {
  if (at == null) return <span class="muted">—</span>;
  const whole = `${dateTime(at, zone.value, true)} ${zoneLabel(zone.value, at)}`;
  return (
    <time dateTime={iso(at)} title={whole}>
      {(as ?? times.value) === "relative" ? relative(at, now.value) : dateTime(at, zone.value)}
    </time>
  );
}

/** How long something has been going on: counts on. */
export function Since({ at }: { at: number }) {
  return (
    <span title={`since ${dateTime(at, zone.value)} ${zoneLabel(zone.value, at)}`}>
      {elapsed(now.value - at)}
    </span>
  );
}
