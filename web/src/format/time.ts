/** The one formatter of times: of lists, axes, tooltips. A time is never shown without its zone being in sight. */

import { elapsed } from "./duration.ts";

/** `local`, `UTC`, or a name such as `Europe/Berlin`. */
export type Zone = string;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(zone: Zone, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${name}`;
  let made = formats.get(key);
  if (made === undefined) {
    const timeZone = isZone(zone) && zone !== "local" ? { timeZone: zone } : {};
    made = new Intl.DateTimeFormat("en-GB", { hourCycle: "h23", ...options, ...timeZone });
    formats.set(key, made);
  }
  return made;
}

/** Whether the browser knows such a zone. */
export function isZone(zone: string): boolean {
  if (zone === "local") return true;
  try {
    return new Intl.DateTimeFormat("en-GB", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}

function parts(seconds: number, zone: Zone): Record<string, string> {
  const made = format(zone, "parts", {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  });
  return Object.fromEntries(made.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]));
}

/** `2026-11-24 14:02:31`, with `.123` if asked for. */
export function dateTime(seconds: number, zone: Zone, milliseconds = false): string {
  const p = parts(seconds, zone);
  return `${p["year"]}-${p["month"]}-${p["day"]} ${clock(seconds, zone, milliseconds)}`;
}

/** `14:02:31`, with `.123` if asked for. */
export function clock(seconds: number, zone: Zone, milliseconds = false): string {
  const p = parts(seconds, zone);
  const whole = `${p["hour"]}:${p["minute"]}:${p["second"]}`;
  return milliseconds ? `${whole}.${p["fractionalSecond"]}` : whole;
}

/** `14:02`: for axes. */
export function hourMinute(seconds: number, zone: Zone): string {
  const p = parts(seconds, zone);
  return `${p["hour"]}:${p["minute"]}`;
}

/** `UTC`, `UTC+1`, at that time. */
export function zoneLabel(zone: Zone, seconds: number): string {
  const made = format(zone, "offset", { timeZoneName: "shortOffset" });
  const offset =
    made.formatToParts(seconds * 1000).find(({ type }) => type === "timeZoneName")?.value ?? zone;
  return offset.replace("GMT", "UTC").replace(/\+0$/, "");
}

/** What a machine reads: `2026-11-24T13:02:31.123Z`. Empty for times that no calendar has. */
export function iso(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** `12 s ago`, `in 3 m 00 s`; `now` within a second, for clocks differ. */
export function relative(seconds: number, now: number): string {
  const age = now - seconds;
  if (Math.abs(age) < 1) return "now";
  return age > 0 ? `${coarse(age)} ago` : `in ${coarse(-age)}`;
}

/** One unit. */
function coarse(seconds: number): string {
  if (seconds < 60) return elapsed(seconds);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
