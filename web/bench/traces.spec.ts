/** The longest trace of the sample data: 10,000 spans. */

import type { Browser, BrowserContext, Page } from "@playwright/test";
import { expect, type Store, test as base } from "../tests/store.ts";
import { addSpans, begin, span } from "../tests/traces.ts";
import { onDisk } from "./disk.ts";
import { judge, phase } from "./figures.ts";
import { firstPainted, watchFor } from "./watch.ts";

const COLD = 7;
const WARM = 15;
const ROW = ".wf-row";

interface Sample {
  readonly store: Store;
  /** Path of the rollout with the longest trace. */
  readonly path: string;
}

const test = base.extend<object, { sample: Sample }>({
  sample: [
    // The framework wants a pattern.
    async ({}, use) => {
      await onDisk(["demo"], async (store) => {
        await store.counted();
        const longest = "dashboard/rollouts?sort_by=spans&sort_order=desc&limit=1";
        const { items } = await store.call("GET", longest);
        await use({ store, path: `/rollouts/${items[0].rollout_id}` });
      });
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

async function open(page: Page, { store, path }: Sample): Promise<{ first: number; all: number }> {
  await page.goto(store.url + path);
  const first = await firstPainted(page, ROW);
  // The first 2,000 spans are fetched by themselves; the others are there when nothing more is on its way.
  const all = await page.evaluate(() =>
    window.watch.until(() => document.querySelector(".progress[data-on=true]") === null),
  );
  return { first, all };
}

async function inContext<T>(
  browser: Browser,
  run: (page: Page, context: BrowserContext) => Promise<T>,
): Promise<T> {
  const context = await browser.newContext();
  const page = await context.newPage();
  await watchFor(page, [ROW]);
  const result = await run(page, context);
  await context.close();
  return result;
}

test("10,000 spans, opened for the first time", async ({ browser, sample }) => {
  const opened = [];
  for (let turn = 0; turn < COLD; turn += 1)
    opened.push(await inContext(browser, (page) => open(page, sample)));
  judge(
    "10,000 spans, nothing cached: to the first rows",
    1_000,
    opened.map(({ first }) => first),
  );
});

test("10,000 spans, opened again", async ({ browser, sample }) => {
  const opened = await inContext(browser, async (page) => {
    await open(page, sample);
    const opened = [];
    for (let turn = 0; turn < WARM; turn += 1) opened.push(await open(page, sample));
    return opened;
  });
  judge(
    "10,000 spans: to the first rows",
    1_000,
    opened.map(({ first }) => first),
  );
  judge(
    "10,000 spans: to the last rows",
    1_000,
    opened.map(({ all }) => all),
  );
});

test("10,000 spans, scrolled", async ({ browser, sample }) => {
  const frames = await inContext(browser, async (page) => {
    await open(page, sample);
    // What is filtered is not folded: nearly all of them are rows.
    await page.getByRole("searchbox", { name: "Filter spans by text" }).fill("re");
    await expect(page.getByRole("treegrid")).toHaveAttribute("aria-rowcount", /^\d{4,5}$/);
    return page.locator(".wf-scroll").evaluate(
      (scroller) =>
        new Promise<number[]>((done) => {
          const frames: number[] = [];
          let last: number | null = null;
          const step = (now: number): void => {
            if (last !== null) frames.push(now - last);
            last = now;
            // Some rows, as a wheel does; now and then far, as a scrollbar does.
            scroller.scrollTop += frames.length % 30 === 0 ? 20_000 : 150;
            if (frames.length < 300) requestAnimationFrame(step);
            else done(frames);
          };
          requestAnimationFrame(step);
        }),
    );
  });
  judge("10,000 spans, scrolled: a frame", 33, frames);
});

test("10,000 spans, a key", async ({ browser, sample }) => {
  const times = await inContext(browser, async (page) => {
    await open(page, sample);
    await page.keyboard.press("Home");
    return page.evaluate(async () => {
      const times: number[] = [];
      const press = (key: string): void => {
        const event = { key, code: key, bubbles: true, cancelable: true };
        document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", event));
      };
      for (let turn = 0; turn < 60; turn += 1) {
        const begun = performance.now();
        press("ArrowDown");
        await window.watch.painted();
        times.push(performance.now() - begun);
      }
      return times;
    });
  });
  judge("10,000 spans: from a key to what it does", 100, times);
});

test("spans that come while somebody looks", async ({ browser, sample: { store } }) => {
  const ids = await begin(store);
  await addSpans(store, [span(ids, "root", 0, 1)]);
  const { told, longest } = await inContext(browser, async (page) => {
    await page.goto(`${store.url}/rollouts/${ids.rollout_id}`);
    await expect(page.locator(".pill")).toContainText("Live");
    await firstPainted(page, ROW);
    const told: number[] = [];
    for (let turn = 0; turn < 10; turn += 1) {
      const id = `one-${turn}`;
      await page.waitForTimeout(phase(turn));
      const there = page.evaluate(
        (id) =>
          window.watch
            .until(() => document.querySelector(`[data-key="span:${id}"]`) !== null)
            .then((at) => performance.timeOrigin + at),
        id,
      );
      await addSpans(store, [span(ids, id, turn, turn + 1, { parent_id: "root" })]);
      const begun = performance.timeOrigin + performance.now();
      told.push((await there) - begun);
    }
    await page.evaluate(() => {
      Object.assign(window, { longest: 0 });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries())
          Object.assign(window, {
            longest: Math.max(duration, (window as unknown as { longest: number }).longest),
          });
      }).observe({ type: "longtask" });
    });
    // 500 in a second, for ten seconds.
    const begun = Date.now();
    for (let part = 0; part < 100; part += 1) {
      const many = Array.from({ length: 50 }, (_, number) =>
        span(ids, `${part}-${number}`, part, part + 1, { parent_id: "root", name: `step ${number}` }),
      );
      await addSpans(store, many);
      const rest = begun + (part + 1) * 100 - Date.now();
      if (rest > 0) await new Promise((done) => setTimeout(done, rest));
    }
    await expect(page.getByRole("treegrid")).toHaveAttribute("aria-rowcount", /^\d+$/);
    const longest = await page.evaluate(() => (window as unknown as { longest: number }).longest);
    return { told, longest };
  });
  judge("a span that is stored: to its row", 1_000, told);
  judge("500 spans a second: the longest task", 200, [longest]);
});
