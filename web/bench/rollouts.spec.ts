/** A list of 100,000 rollouts. */

import type { Page } from "@playwright/test";
import { expect, type Store, test as base } from "../tests/store.ts";
import { onDisk } from "./disk.ts";
import { judge, phase } from "./figures.ts";
import { firstPainted, watchFor } from "./watch.ts";

const ROLLOUTS = 100_000;
const BATCH = 1_000;
/** So many of them are finished. */
const FINISHED = 2_000;
const ROW = "tbody tr";

const test = base.extend<object, { filled: Store }>({
  filled: [
    // The framework wants a pattern.
    async ({}, use) => {
      await onDisk([], async (store) => {
        await fill(store);
        await use(store);
      });
    },
    { scope: "worker", timeout: 240_000 },
  ],
});

async function fill(store: Store): Promise<void> {
  const modes = ["train", "val", "test"];
  for (let first = 0; first < ROLLOUTS; first += BATCH) {
    const batch = Array.from({ length: BATCH }, (_, number) => ({
      input: {
        task_id: `gsm8k-${first + number}`,
        question: `How many apples are in basket ${first + number}?`,
      },
      mode: modes[number % modes.length],
      metadata: { step: Math.floor((first + number) / 1_000) },
    }));
    await store.enqueue(...batch);
  }
  for (let done = 0; done < FINISHED; done += 100) {
    const taken = await store.call<{ rollout_id: string; attempt: { attempt_id: string } }[]>(
      "POST",
      "queues/rollouts/dequeue",
      { worker_id: `worker-${done % 8}`, limit: 100 },
    );
    await Promise.all(
      taken.map(({ rollout_id, attempt: { attempt_id } }, number) =>
        store.finish({ rollout_id, attempt_id }, number % 10 === 0 ? "failed" : "succeeded"),
      ),
    );
  }
}

/** From a click in the page to other rows in it. */
async function timed(page: Page, button: string): Promise<number> {
  const locator = page.locator(button).first();
  return locator.evaluate(async (element) => {
    const keys = (): string =>
      [...document.querySelectorAll<HTMLElement>("tbody tr")].map(({ dataset }) => dataset["key"]).join();
    const before = keys();
    const begun = performance.now();
    (element as HTMLElement).click();
    const there = await window.watch.until(
      () => keys() !== before && document.querySelector("table[aria-busy=true]") === null,
    );
    return there - begun;
  });
}

test("100,000 rollouts", async ({ page, filled }) => {
  await watchFor(page, [ROW]);
  await page.goto(`${filled.url}/rollouts`);
  await firstPainted(page, ROW);
  const times: Record<string, number[]> = {};
  const measure = async (name: string, button: string): Promise<void> => {
    (times[name] ??= []).push(await timed(page, button));
  };
  for (let turn = 0; turn < 10; turn += 1) {
    await measure("the next page", "[aria-label='Next page']");
    await measure("the page before", "[aria-label='Page before']");
    await measure("sorted otherwise", "th:has-text('Run time') button");
    await measure("sorted otherwise", "th:has-text('Started') button");
    await measure("filtered", "[aria-label=Status] button:has-text('failed')");
    await measure("not filtered any more", "[aria-label=Status] button:has-text('failed')");
  }
  for (const [name, values] of Object.entries(times)) judge(`100,000 rollouts: ${name}`, 200, values);
});

test("the last of 2,000 pages, and a text that few rollouts have", async ({ page, filled }) => {
  await watchFor(page, [ROW]);
  const opened: Record<string, number[]> = {};
  for (let turn = 0; turn < 6; turn += 1) {
    for (const [name, query] of [
      ["the last page", `page=${ROLLOUTS / 50}`],
      ["a text in few of them", "q=basket+99999"],
    ] as const) {
      const answered = page.waitForResponse((response) => response.url().includes("/dashboard/rollouts?"));
      await page.goto(`${filled.url}/rollouts?${query}`);
      const response = await answered;
      await response.finished();
      const { requestStart, responseEnd } = response.request().timing();
      await firstPainted(page, ROW);
      (opened[name] ??= []).push(responseEnd - requestStart);
    }
  }
  for (const [name, values] of Object.entries(opened))
    judge(`100,000 rollouts: ${name} (the answer alone)`, 150, values);
});

test("the first load", async ({ browser, filled }) => {
  const cold: number[] = [];
  const warm: number[] = [];
  for (let turn = 0; turn < 7; turn += 1) {
    const context = await browser.newContext();
    const page = await context.newPage();
    await watchFor(page, [ROW]);
    for (const times of [cold, warm, warm]) {
      await page.goto(`${filled.url}/rollouts`);
      times.push(await firstPainted(page, ROW));
    }
    await context.close();
  }
  judge("the list, nothing cached: to the first rows", 900, cold);
  judge("the list: to the first rows", 400, warm);
});

test("a change", async ({ page, filled }) => {
  await watchFor(page, [ROW]);
  await page.goto(`${filled.url}/rollouts`);
  await expect(page.locator(".pill")).toContainText("Live");
  await firstPainted(page, ROW);
  const told: number[] = [];
  for (let turn = 0; turn < 20; turn += 1) {
    const [id] = await filled.enqueue({ input: `new ${turn}` });
    const row = page.locator(`tr[data-key="${id}"]`);
    await expect(row).toContainText("queuing");
    await page.waitForTimeout(phase(turn));
    const there = row.evaluate((row) =>
      window.watch
        .until(() => row.textContent?.includes("cancelled") === true)
        .then((at) => performance.timeOrigin + at),
    );
    await filled.call("POST", `rollouts/${id}`, { status: "cancelled" });
    const begun = performance.timeOrigin + performance.now();
    told.push((await there) - begun);
  }
  judge("a change in the store: to the list", 1_000, told);
});
