/** What is measured, and what it may be at the most. */

import { expect, test } from "@playwright/test";

export interface Figure {
  readonly name: string;
  /** Milliseconds. */
  readonly budget: number;
  /** Milliseconds, in order. */
  readonly values: readonly number[];
}

/** How an annotation is marked that holds a {@link Figure}. */
export const FIGURE = "figure";

/** Machines differ, and this one may be busy: only what is far beyond its budget is a failure. */
const PATIENCE = 10;

/** Has the table show it. Fails if it is beyond ten times its budget. */
export function judge(name: string, budget: number, measured: readonly number[]): void {
  const values = measured.toSorted((a, b) => a - b);
  const figure: Figure = { name, budget, values };
  test.info().annotations.push({ type: FIGURE, description: JSON.stringify(figure) });
  expect.soft(part(values, 0.95), `${name}: ms`).toBeLessThanOrEqual(PATIENCE * budget);
}

/** The value that this part of all does not exceed. */
export function part(values: readonly number[], of: number): number {
  return values[Math.min(values.length - 1, Math.ceil(values.length * of) - 1)] ?? Number.NaN;
}

/** Milliseconds to wait before a change: the page asks at most once per second, and changes come at any time. */
export function phase(turn: number): number {
  return (turn * 377) % 1_500;
}
