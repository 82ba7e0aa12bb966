/** No violation that axe-core finds, on every page, with and without data, when the store fails, in both themes (T9). */

import { expectClean } from "./axe.ts";
import { expect, follow, settled, test } from "./store.ts";

const PATHS = ["", "rollouts", "queue", "workers", "workers/worker-1", "settings", "nothing"];

test.beforeEach(async ({ page }) => {
  // Nothing is half-way between two colours.
  await page.emulateMedia({ reducedMotion: "reduce" });
});

for (const state of ["data", "empty", "error"] as const) {
  test(`every page is clean: ${state}`, async ({ page, served, store }) => {
    if (state === "data") {
      await store.carriedOut({ question: "a" }, { reward: 0.5 });
      await store.carriedOut({ question: "b" }, { status: "failed" });
      await store.enqueue({ input: "c" }, { input: "d" });
      await store.dequeue("worker-2");
      await store.call("POST", "workers/worker-1", {
        heartbeat_stats: { host: "n", cpu_usage_pct: 42, mem_pct: 95 },
      });
    }
    if (state === "error") served.refuse = (path) => (/dashboard\/(?!capabilities)/.test(path) ? 500 : null);
    await page.goto(`${served.url}compare`);
    for (const path of PATHS) {
      await follow(page, served.url + path);
      await settled(page, served);
      await expect(page.locator("h1")).toBeVisible();
      await expectClean(page, path);
    }
  });
}

test("open menus, dialogs, the view beside the list and the chart's table are clean", async ({
  page,
  served,
  store,
}) => {
  const id = await store.carriedOut({ question: "a" }, { reward: 0.5 });
  await page.goto(`${served.url}rollouts?peek=${id}&q=statos:x`);
  await expect(page.getByRole("complementary")).toBeVisible();
  await settled(page, served);
  await expectClean(page, "peek");
  await follow(page, `${served.url}rollouts`);
  await page.getByRole("button", { name: "Columns" }).click();
  await expectClean(page, "columns");
  await page.keyboard.press("Escape");
  await page.getByRole("combobox", { name: "Filter rollouts" }).click();
  await expect(page.getByRole("option").first()).toBeVisible();
  await expectClean(page, "completion");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog")).toBeVisible();
  await expectClean(page, "help");
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search ids and commands" }).fill("go");
  await expectClean(page, "palette");
  await page.keyboard.press("Escape");
  await follow(page, served.url);
  await page.getByRole("button", { name: "View as table" }).click();
  await expectClean(page, "table");
});
