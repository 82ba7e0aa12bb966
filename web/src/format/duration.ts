/** Spans of time in words: as many digits as say something. */

/** `812 ms`, `3.42 s`, `47.1 s`, `5 m 03 s`, `2 h 04 m`, `3 d 4 h`. Takes seconds; `—` for null. */
export function duration(seconds: number | null | undefined): string {
  if (seconds == null || !Number.isFinite(seconds)) return "—";
  if (seconds < 0) return `−${duration(-seconds)}`;
  if (seconds === 0) return "0 ms";
  if (seconds < 0.001) return `${trim(seconds * 1e6, 3)} µs`;
  if (seconds < 0.9995) return `${trim(seconds * 1e3, 3)} ms`;
  if (seconds < 59.95) return `${trim(seconds, 3)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return two(Math.floor(whole / 60), "m", whole % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return two(Math.floor(minutes / 60), "h", minutes % 60, "m");
  const hours = Math.round(seconds / 3600);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** A duration without parts below a second, for what counts on: `4 s`, `5 m 03 s`. */
export function elapsed(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  return whole < 60 ? `${whole} s` : duration(whole);
}

/** At most so many digits that matter, without zeros at the end of a fraction. */
function trim(value: number, digits: number): string {
  const whole = Math.round(value);
  if (String(whole).length >= digits) return String(whole);
  return String(Number(value.toPrecision(digits)));
}

function two(first: number, firstUnit: string, second: number, secondUnit: string): string {
  return `${first} ${firstUnit} ${String(second).padStart(2, "0")} ${secondUnit}`;
}
