/** No violation that axe-core finds, on every page, with and without data, when the store fails, in both themes (T9). */

import { violations } from "./axe.ts";
import { expect, test } from "./store.ts";

const PATHS = ["", "rollouts", "queue", "workers", "workers/worker-1", "settings", "nothing"];

for (const scheme of ["light", "dark"] as const) {
  test.describe(scheme, () => {
    test.use({ colorScheme: scheme });
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
        if (state === "error")
          served.refuse = (path) => (/dashboard\/(?!capabilities)/.test(path) ? 500 : null);
        for (const path of PATHS) {
          await page.goto(served.url + path);
          await expect(page.locator("h1")).toBeVisible();
          await page.waitForTimeout(500);
          expect(await violations(page), path).toEqual([]);
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
      await page.waitForTimeout(500);
      expect(await violations(page), "peek").toEqual([]);
      await page.goto(`${served.url}rollouts`);
      await page.getByRole("button", { name: "Columns" }).click();
      expect(await violations(page), "columns").toEqual([]);
      await page.keyboard.press("Escape");
      await page.getByRole("combobox", { name: "Filter rollouts" }).click();
      await expect(page.getByRole("option").first()).toBeVisible();
      expect(await violations(page), "completion").toEqual([]);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Escape");
      await page.keyboard.press("?");
      expect(await violations(page), "help").toEqual([]);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: "Search ids and commands" }).fill("go");
      expect(await violations(page), "palette").toEqual([]);
      await page.goto(served.url);
      await page.getByRole("button", { name: "View as table" }).click();
      expect(await violations(page), "table").toEqual([]);
    });
  });
}
