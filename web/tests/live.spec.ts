/** What the page does when the store goes away, comes back, or is to be left alone. */

import type { Page } from "@playwright/test";
import { expect, settled, Store, test } from "./store.ts";
import { servePage } from "./serve.ts";

test("a store that goes away is told within 45 s; when it is back the page goes on by itself (T5)", async ({
  page,
  served,
  store,
}) => {
  await store.enqueue({ input: "before" });
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator(".pill")).toContainText("Live");
  await expect(page.locator("tbody tr")).toHaveCount(1);
  served.refuse = () => "drop";
  const banner = page.locator("[data-banner=offline]");
  await expect(banner).toBeVisible({ timeout: 45_000 });
  await expect(banner).toContainText("Server not reachable since");
  await expect(page.locator(".pill")).toContainText("Reconnecting");
  // What was there stays.
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await store.enqueue({ input: "meanwhile" });
  served.refuse = null;
  await expect(banner).toBeHidden({ timeout: 35_000 });
  await expect(page.locator("tbody tr")).toHaveCount(2);
  await expect(page.locator(".pill")).toContainText("Live");
});

test("retry now tries at once", async ({ page, served }) => {
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator(".pill")).toContainText("Live");
  served.refuse = () => "drop";
  await expect(page.locator("[data-banner=offline]")).toBeVisible({ timeout: 45_000 });
  // Long enough before the next try of its own.
  await expect(page.locator("[data-banner=offline]")).toContainText(/retrying in ([4-9]|\d\d) s/, {
    timeout: 30_000,
  });
  served.refuse = null;
  await page.getByRole("button", { name: "Retry now" }).click();
  await expect(page.locator("[data-banner=offline]")).toBeHidden({ timeout: 2_500 });
});

test("a server that was started anew is found again", async ({ page }) => {
  const first = await Store.start();
  const served = await servePage(first.url);
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator(".pill")).toContainText("Live");
  await first.stop();
  await expect(page.locator("[data-banner=offline]")).toBeVisible({ timeout: 45_000 });
  const second = await Store.start([], { port: first.port });
  await second.enqueue({ input: "new" });
  await expect(page.locator("tbody tr")).toHaveCount(1, { timeout: 35_000 });
  await served.close();
  await second.stop();
});

test("after a broken stream the events in between are not lost (T23)", async ({ page, served, store }) => {
  const [id] = await store.enqueue({ input: "a" });
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator(".pill")).toContainText("Live");
  const ids = await store.dequeue("worker-1");
  await expect(page.locator(`tr[data-key="${id}"]`)).toContainText("preparing");
  served.refuse = (path) => (path.includes("/events") ? "drop" : null);
  await expect(page.locator(".pill")).toContainText("Reconnecting");
  await store.span(ids, "x");
  await store.finish(ids, "succeeded");
  const before = served.seen.length;
  served.refuse = null;
  await expect(page.locator(`tr[data-key="${id}"]`)).toContainText("succeeded", { timeout: 35_000 });
  expect(served.seen.slice(before).some((request) => request.includes("/events"))).toBe(true);
});

test.describe("with a clock of its own", () => {
  test.use({ fresh: true });

  test("while paused nothing is asked, also not when the page is focused; what is missed is counted", async ({
    page,
    served,
    store,
  }) => {
    await page.clock.install();
    await store.enqueue({ input: "a" });
    await page.goto(`${served.url}rollouts`);
    await expect(page.locator(".pill")).toContainText("Live");
    await expect(page.locator("tbody tr")).toHaveCount(1);
    await page.getByRole("button", { name: "Pause live updates" }).click();
    await expect(page.locator(".pill")).toContainText("Paused");
    await wait(page);
    await settled(page, served);
    const before = served.seen.length;
    await store.enqueue({ input: "b" });
    await expect(page.locator(".pill .badge")).toContainText("missed");
    await page.evaluate(() => {
      window.dispatchEvent(new Event("focus"));
      window.dispatchEvent(new Event("online"));
    });
    await wait(page);
    await settled(page, served);
    expect(served.seen.slice(before)).toEqual([]);
    await expect(page.locator("tbody tr")).toHaveCount(1);
    await page.keyboard.press("p");
    await expect(page.locator("tbody tr")).toHaveCount(2);
    await expect(page.locator(".pill")).toContainText("Live");
  });

  test("a hidden tab closes its stream, and a shown one goes on", async ({ page, served, store }) => {
    await page.clock.install();
    await page.goto(`${served.url}rollouts`);
    await expect(page.locator(".pill")).toContainText("Live");
    const hide = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => value });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    await hide(true);
    await expect.poll(() => served.streams).toBe(0);
    await wait(page);
    await settled(page, served);
    const before = served.seen.length;
    const [id] = await store.enqueue({ input: "a" });
    await wait(page);
    await settled(page, served);
    expect(served.seen.slice(before)).toEqual([]);
    await hide(false);
    await expect(page.locator(`tr[data-key="${id}"]`)).toBeVisible();
  });
});

test("events in a burst are answered by at most one question per second", async ({ page, served, store }) => {
  await store.enqueue({ input: "a" });
  await page.goto(`${served.url}queue`);
  await expect(page.locator(".pill")).toContainText("Live");
  await settled(page, served);
  const before = served.seen.length;
  const asked = (): number =>
    served.seen.slice(before).filter((request) => request.includes("dashboard/queue")).length;
  const begun = Date.now();
  // Until it has been asked three times, of which the first may have been at once.
  while (asked() < 3) await store.enqueue({ input: "another" });
  expect(Date.now() - begun).toBeGreaterThan(1_500);
});

/** Has ten seconds go by for the page: what it would do by and by it does now. */
async function wait(page: Page): Promise<void> {
  await page.clock.runFor(10_000);
}

/** Only one of several tabs is seen; the test browser would show all of them. */
function hideTab(): void {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => true });
  document.dispatchEvent(new Event("visibilitychange"));
}

test("eight tabs load side by side (T18)", async ({ context, served, store, page }) => {
  await store.enqueue({ input: "a" });
  await page.goto(`${served.url}rollouts`);
  for (let tab = 0; tab < 8; tab += 1) {
    const other = tab === 0 ? page : await context.newPage();
    if (tab > 0) await other.goto(`${served.url}rollouts`);
    await expect(other.locator("tbody tr")).toHaveCount(1);
    await other.evaluate(hideTab);
  }
});

test("a server without events and numbers is shown in reduced mode (T22)", async ({
  page,
  served,
  store,
}) => {
  // As the Python server answers: what it does not know is not found.
  served.refuse = (path) => (path.includes("/dashboard/") || path.includes("/events") ? 404 : null);
  await store.enqueue({ input: { question: "6 × 7?" }, mode: "train" });
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("[data-banner=reduced]")).toContainText("Reduced mode");
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await expect(page.locator("tbody tr")).toContainText("6 × 7?");
  await expect(page.locator("th", { hasText: "Reward" })).toHaveCount(0);
  await expect(page.locator(".pill")).toContainText("Polling");
  await store.enqueue({ input: "later" });
  await expect(page.locator("tbody tr")).toHaveCount(2);
  await page.goto(`${served.url}workers`);
  await expect(page.getByText("No workers yet")).toBeVisible();
  await page.goto(served.url);
  await expect(page.getByText("This server counts nothing")).toBeVisible();
});
