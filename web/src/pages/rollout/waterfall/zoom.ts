/** The part of a trace's time that is shown. All functions are pure; times are seconds since 1970. */

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The least that can be shown: below this, times since 1970 have no digits left. */
export const LEAST_SECONDS = 2e-5;

/** The range within `whole`; its length is kept if it fits. */
export function clamp(range: Range, whole: Range): Range {
  const length = Math.min(Math.max(range.end - range.start, LEAST_SECONDS), whole.end - whole.start);
  if (!(length > 0)) return whole;
  const start = Math.min(Math.max(range.start, whole.start), whole.end - length);
  return { start, end: start + length };
}

/** `factor` < 1 zooms in; what is at `center` (0 to 1 of the range) stays where it is. */
export function zoom(range: Range, whole: Range, factor: number, center = 0.5): Range {
  const length = range.end - range.start;
  const pivot = range.start + length * center;
  const next = Math.max(length * factor, LEAST_SECONDS);
  return clamp({ start: pivot - next * center, end: pivot + next * (1 - center) }, whole);
}

/** Moves by a part of what is shown. */
export function pan(range: Range, whole: Range, part: number): Range {
  const by = (range.end - range.start) * part;
  return clamp({ start: range.start + by, end: range.end + by }, whole);
}

/** A range that was dragged from one end to the other, in whichever direction; undefined if it is too small to be meant. */
export function dragged(from: number, to: number, whole: Range, leastPart = 0.003): Range | undefined {
  const range = { start: Math.min(from, to), end: Math.max(from, to) };
  if (range.end - range.start < (whole.end - whole.start) * leastPart) return undefined;
  return clamp(range, whole);
}

export function covers(range: Range, whole: Range): boolean {
  return range.start <= whole.start && range.end >= whole.end;
}

/** Where a time lies within a range: 0 at the left edge, 1 at the right one. */
export function position(time: number, range: Range): number {
  const length = range.end - range.start;
  return length > 0 ? (time - range.start) / length : 0;
}

/** A bar within a range, cut off at its edges: percent from the left, and percent wide. Undefined if it lies outside. */
export function bar(
  start: number,
  duration: number,
  range: Range,
): { left: number; width: number } | undefined {
  const from = position(start, range);
  const to = position(start + duration, range);
  if (!(to >= 0) || !(from <= 1)) return undefined;
  const left = Math.max(0, from);
  return { left: left * 100, width: (Math.min(1, to) - left) * 100 };
}
