/** Where an axis has its ticks, and what they read. Labels never overlap: the step grows until they fit. */

export interface Tick {
  /** Seconds since 1970. */
  readonly time: number;
  /** Where it stands, from 0 (left edge) to 1. */
  readonly at: number;
  readonly label: string;
}

export interface AxisOptions {
  /** Seconds since 1970 at the left edge. */
  readonly start: number;
  readonly end: number;
  /** Pixels. */
  readonly width: number;
  /** What ticks count from; absolute times if it is missing. */
  readonly origin?: number;
  /** Seconds that the clock of the zone is ahead of UTC, around a time. */
  readonly zoneOffset: (time: number) => number;
}

/** Pixels that one character of a label takes, and the room between two labels. */
const CHARACTER = 6.6;
const GAP = 14;
/** Ticks closer than this are restless. */
const LEAST = 64;

const FRACTIONS = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1].flatMap((unit) => [unit, 2 * unit, 5 * unit]);
const SECONDS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800];
const HOURS = [3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800, 1_209_600, 2_592_000];
const STEPS = [...FRACTIONS, ...SECONDS, ...HOURS];

export function axisTicks(options: AxisOptions): Tick[] {
  const { start, end, width, origin } = options;
  const span = end - start;
  if (!(span > 0) || !(width > 0) || !Number.isFinite(span)) return [];
  for (const step of STEPS) {
    // Times since 1970 have no more than about six digits behind the point.
    if (span / step > width / LEAST || (origin === undefined && step < 1e-5)) continue;
    const ticks = ticksOf(options, step);
    const widest = Math.max(0, ...ticks.map((tick) => tick.label.length)) * CHARACTER + GAP;
    if ((step / span) * width >= widest) return ticks;
  }
  return ticksOf(options, span);
}

function ticksOf({ start, end, origin, zoneOffset }: AxisOptions, step: number): Tick[] {
  // Ticks stand at round times of the zone's clock, or at round distances from the origin.
  const base = origin ?? -zoneOffset(start);
  const first = Math.ceil((start - base) / step - 1e-9);
  const last = Math.floor((end - base) / step + 1e-9);
  const ticks: Tick[] = [];
  for (let number = first; number <= last && ticks.length < 400; number += 1) {
    const time = base + number * step;
    const at = Math.min(1, Math.max(0, (time - start) / (end - start)));
    const label = origin === undefined ? clock(number * step, step) : elapsed(number * step, step);
    ticks.push({ time, at, label });
  }
  return ticks;
}

function decimals(step: number): number {
  return Math.max(0, Math.min(6, Math.ceil(-Math.log10(step) - 1e-9)));
}

/** `1.5 s`, `250 ms`, `2:05 min`: how far from the origin. */
export function elapsed(seconds: number, step: number): string {
  const sign = seconds < -step / 2 ? "−" : "";
  const size = Math.abs(seconds);
  if (size < step / 2) return "0";
  if (step < 1e-3) return `${sign}${trim(size * 1e3, decimals(step * 1e3))} ms`;
  if (step < 1 && size < 1) return `${sign}${trim(size * 1e3, 0)} ms`;
  if (size < 60 || step < 1) return `${sign}${trim(size, decimals(step))} s`;
  const rounded = Math.round(size);
  if (rounded < 3600) return `${sign}${Math.floor(rounded / 60)}:${two(rounded % 60)}`;
  const hours = `${Math.floor(rounded / 3600)}:${two(Math.floor(rounded / 60) % 60)}`;
  return step < 60 ? `${sign}${hours}:${two(rounded % 60)}` : `${sign}${hours} h`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function trim(value: number, digits: number): string {
  return value.toFixed(digits);
}

/** The clock of the zone: `14:02`, `14:02:31.250`, `3 Nov`. `local` are seconds of that clock. */
function clock(local: number, step: number): string {
  const date = new Date(Math.round(local * 1e3));
  if (Number.isNaN(date.getTime())) return "";
  if (step >= 86_400) return date.toISOString().slice(5, 10);
  const iso = date.toISOString();
  if (step >= 60) return iso.slice(11, 16);
  const digits = decimals(step);
  if (digits === 0) return iso.slice(11, 19);
  if (digits <= 3) return iso.slice(14, 19) + iso.slice(19, 20 + digits);
  const fraction = (((local % 1) + 1) % 1).toFixed(digits).slice(1);
  return `${new Date(Math.floor(local + 5e-8) * 1e3).toISOString().slice(17, 19)}${fraction}`;
}
