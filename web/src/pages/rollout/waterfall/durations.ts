/** Durations as people type them. */

const UNITS: Readonly<Record<string, number>> = {
  us: 1e-6,
  µs: 1e-6,
  ms: 1e-3,
  s: 1,
  "": 1,
  m: 60,
  min: 60,
  h: 3600,
};

/** Seconds of `50ms`, `1.5 s`, `2m`; a number alone is of seconds. Null: it is none. */
export function secondsOf(text: string): number | null {
  const [, number, unit = ""] = /^\s*[>≥]?\s*(\d+(?:\.\d+)?|\.\d+)\s*([a-zµ]*)\s*$/i.exec(text) ?? [];
  const size = UNITS[unit.toLowerCase()];
  if (number === undefined || size === undefined) return null;
  return Number((Number(number) * size).toPrecision(12));
}

/** The shortest text that {@link secondsOf} reads as this. */
export function textOfSeconds(seconds: number): string {
  if (seconds !== 0 && seconds < 1e-3) return `${Number((seconds * 1e6).toPrecision(12))}µs`;
  if (seconds !== 0 && seconds < 1) return `${Number((seconds * 1e3).toPrecision(12))}ms`;
  return `${seconds}s`;
}
