/** Spans for tests, and what tests of traces do again and again. */

import { type Locator, type Page, expect } from "@playwright/test";
import type { Store } from "./store.ts";

export interface Ids {
  readonly rollout_id: string;
  readonly attempt_id: string;
}

export type SpanFields = Record<string, unknown>;

/** When all traces of tests begin, in seconds since 1970. */
export const BEGIN = 1_790_000_000;

/** A span from `from` to `to`, in seconds from {@link BEGIN}. */
export function span(
  ids: Ids,
  id: string,
  from: number | null,
  to: number | null,
  more: SpanFields = {},
): SpanFields {
  return {
    ...ids,
    sequence_id: 0,
    trace_id: "t".padEnd(32, "0"),
    span_id: id,
    parent_id: null,
    name: id,
    status: { status_code: "OK", description: null },
    attributes: {},
    events: [],
    links: [],
    start_time: from === null ? null : BEGIN + from,
    end_time: to === null ? null : BEGIN + to,
    context: null,
    parent: null,
    resource: { attributes: {}, schema_url: "" },
    ...more,
  };
}

/** A rollout with a running attempt. */
export async function begin(store: Store, rollout: object = { input: { question: "6 × 7?" } }): Promise<Ids> {
  await store.enqueue(rollout);
  return store.dequeue("worker-1");
}

export async function addSpans(store: Store, spans: readonly SpanFields[]): Promise<void> {
  for (let first = 0; first < spans.length; first += 1000) {
    const answer = await store.call<{ error?: string }[]>("POST", "spans/batch", {
      spans: spans.slice(first, first + 1000),
    });
    expect(JSON.stringify(answer)).not.toContain("refused");
  }
}

/** The text of each row that is in the document: `depth label`. */
export function rows(page: Page): Promise<string[]> {
  return page.locator(".wf-row").evaluateAll((elements) =>
    elements
      .map((element) => ({
        at: Number(element.getAttribute("aria-rowindex")),
        text: `${Number(element.getAttribute("aria-level")) - 1} ${element.querySelector(".wf-label")?.textContent ?? ""}`,
      }))
      .sort((a, b) => a.at - b.at)
      .map(({ text }) => text),
  );
}

/** A row by its label. */
export function row(page: Page, label: string) {
  return page.locator(".wf-row", { has: page.locator(".wf-label", { hasText: label }) }).first();
}

export const inspector = (page: Page) => page.getByRole("region", { name: "Chosen span" });

/** Where an element is; it must be there. */
export async function boxOf(
  locator: Locator,
): Promise<{ x: number; y: number; width: number; height: number }> {
  const box = await locator.boundingBox();
  if (box === null) throw new Error("it is not in the page");
  return box;
}

/** What can be read on the page, without blanks: lines are broken where there is room. */
export async function textOf(page: Page): Promise<string> {
  return (await page.locator("main").innerText()).replaceAll(/\s+/g, "");
}
