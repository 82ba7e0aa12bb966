/** The lists: what they show, filter, sort, and how they follow the store. */

import { expect, follow, settled, test } from "./store.ts";

test("a change is on the page soon, without a reload (T1)", async ({ page, served, store }) => {
  await page.goto(`${served.url}rollouts`);
  await expect(page.getByText("No rollouts yet")).toBeVisible();
  await expect(page.locator(".pill")).toContainText("Live");
  const [id] = await store.enqueue({ input: { question: "6 × 7?" }, mode: "train" });
  await expect(page.locator(`tr[data-key="${id}"]`)).toContainText("queuing");
  const begun = Date.now();
  const ids = await store.dequeue("worker-1");
  await expect(page.locator(`tr[data-key="${id}"]`)).toContainText("preparing");
  // The budget is a second; a busy machine gets ten times that.
  expect(Date.now() - begun).toBeLessThan(10_000);
  await store.span(ids, "x");
  await store.finish(ids, "succeeded");
  await expect(page.locator(`tr[data-key="${id}"]`)).toContainText("succeeded");
});

test("the overview counts: enqueue 3, take 1", async ({ page, served, store }) => {
  await page.goto(served.url);
  await expect(page.locator(".pill")).toContainText("Live");
  await store.enqueue({ input: 1 }, { input: 2 }, { input: 3 });
  await store.dequeue("worker-1");
  const tile = (name: string) => page.locator("a.tile", { hasText: name }).locator(".value");
  await expect(tile("Queued")).toHaveText("2");
  await expect(tile("Preparing")).toHaveText("1");
  await expect(page.getByRole("link", { name: /Queued/ })).toHaveAttribute("href", "/queue");
});

test("every sortable header sorts, on the server, in both directions (T2)", async ({
  page,
  served,
  store,
}) => {
  for (const [i, reward] of [0.5, -1, 0.25].entries())
    await store.carriedOut({ question: `q${i}` }, { reward });
  await store.enqueue({ input: "waits" });
  await page.goto(
    `${served.url}rollouts?cols=status,id,mode,attempts,reward,wait,run,spans,errors,tokens,started,ended`,
  );
  await expect(page.locator("tbody tr")).toHaveCount(4);
  const names: Record<string, string> = {
    Status: "status",
    Rollout: "rollout_id",
    Mode: "mode",
    Attempts: "attempts",
    Reward: "reward",
    "Queue wait": "queue_wait",
    "Run time": "run_time",
    Spans: "spans",
    Errors: "errors",
    Tokens: "tokens",
    Started: "start_time",
    Ended: "end_time",
  };
  for (const [label, field] of Object.entries(names)) {
    for (let turn = 0; turn < 2; turn += 1) {
      const button = page.locator("th", { hasText: label }).getByRole("button");
      await button.click();
      const header = page.locator("th", { hasText: label });
      await expect(header).toHaveAttribute("aria-sort", /ascending|descending/);
      const order = (await header.getAttribute("aria-sort")) === "ascending" ? "asc" : "desc";
      const wanted = await store.call("GET", `dashboard/rollouts?sort_by=${field}&sort_order=${order}`);
      const ids = wanted.items.map((row: { rollout_id: string }) => row.rollout_id);
      await expect
        .poll(() =>
          page
            .locator("tbody tr")
            .evaluateAll((rows) => rows.map((row) => (row as HTMLElement).dataset["key"])),
        )
        .toEqual(ids);
    }
  }
  // What the server cannot sort by has no button.
  await page.goto(`${served.url}rollouts?cols=id,input,worker,model`);
  await expect(page.locator("th", { hasText: "Input" }).getByRole("button")).toHaveCount(0);
  await expect(page.locator("th", { hasText: "Worker" }).getByRole("button")).toHaveCount(0);
});

test("each filter changes the total as the interface says (T3)", async ({ page, served, store }) => {
  await store.carriedOut({ question: "red dragon" }, { reward: 0.9 });
  await store.carriedOut({ question: "blue" }, { reward: 0.1, mode: "val" });
  await store.carriedOut({ question: "green" }, { status: "failed" });
  await store.enqueue({ input: "waits", metadata: { step: 4 } });
  const cases: [query: string, api: string][] = [
    ["status=failed", "status_in=failed"],
    ["status=failed&status=succeeded", "status_in=failed&status_in=succeeded"],
    ["attempt_status=none", "attempt_status_in=none"],
    ["mode=val", "mode_in=val"],
    ["has=reward", "has=reward"],
    ["worker=worker-1", "worker_id=worker-1"],
    ["reward_min=0.5", "reward_min=0.5"],
    ["q=dragon", "text=dragon"],
    ["q=status:failed", "status_in=failed"],
    ["q=meta.step:4", "metadata=step:4"],
    [`q=${encodeURIComponent("reward>=0.1 reward<0.9")}`, "reward_min=0.1&reward_max=0.89"],
    ["since=1h", "since=0"],
    ["until=2020-01-01", "until=1000000000"],
  ];
  for (const [query, api] of cases) {
    const { total } = await store.call("GET", `dashboard/rollouts?limit=0&${api}`);
    await page.goto(`${served.url}rollouts?${query}`);
    await expect(page.locator(".page-head .muted").first(), query).toHaveText(String(total));
    await expect(page.locator("tbody tr"), query).toHaveCount(total);
  }
});

test("facets count, choose, and go back", async ({ page, served, store }) => {
  await store.carriedOut("a");
  await store.enqueue({ input: "b" }, { input: "c" });
  await page.goto(`${served.url}rollouts`);
  const queuing = page.getByRole("group", { name: "Status" }).getByRole("button", { name: /^queuing/ });
  await expect(queuing).toContainText("2");
  await queuing.click();
  await expect(page.locator("tbody tr")).toHaveCount(2);
  expect(new URL(page.url()).search).toBe("?status=queuing");
  await page.goBack();
  await expect(page.locator("tbody tr")).toHaveCount(3);
  await expect(queuing).toHaveAttribute("aria-pressed", "false");
});

test("what the query bar does not understand is underlined, told and mended, not left out", async ({
  page,
  served,
  store,
}) => {
  await store.enqueue({ input: "b" });
  await page.goto(`${served.url}rollouts`);
  const bar = page.getByRole("combobox", { name: "Filter rollouts" });
  await bar.fill("statos:queuing");
  await expect(bar).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator(".query-marks u")).toHaveText("statos:queuing");
  await page.getByRole("button", { name: "Write status:queuing" }).click();
  await expect(bar).toHaveValue("status:queuing");
  await expect(page.locator("tbody tr")).toHaveCount(1);
});

test("the query bar completes keys and values by the keyboard", async ({ page, served, store }) => {
  await store.enqueue({ input: "b" });
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.keyboard.press("/");
  const bar = page.getByRole("combobox", { name: "Filter rollouts" });
  await expect(bar).toBeFocused();
  await page.keyboard.type("sta");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(bar).toHaveValue("status:");
  await page.keyboard.type("que");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await expect(bar).toHaveValue("status:queuing ");
  await expect(page).toHaveURL(/q=status%3Aqueuing/);
});

const STATES = [
  "rollouts?q=status%3Afailed+foo&status=failed&status=running",
  "rollouts?mode=val&has=error&sort=reward",
  "rollouts?page=2&size=50&sort=-id",
  "rollouts?cols=status,id,meta.step",
  "rollouts?worker=worker-1&since=2h&reward_min=-1&reward_max=0.5",
  "rollouts?unknown=kept&status=queuing",
  "?window=6h",
  "queue",
  "workers?q=work&status=busy&sort=-finished",
  "workers/worker-1",
  "settings",
  "rollouts?attempt_status=timeout&attempt_status=none",
];
test("an address is kept through a reload (T4)", async ({ page, served, store }) => {
  await store.carriedOut("a");
  await store.counted();
  const clean = (text: string): string => text.replaceAll(/\d+ (ms|s|min|m)\b( ago)?|\bnow\b/g, "");
  const shown = async (): Promise<string> => clean(await page.locator("main").innerText());
  await page.goto(`${served.url}compare`);
  for (const state of STATES) {
    await follow(page, served.url + state);
    await settled(page, served);
    await expect(page.locator("h1"), state).toBeVisible();
    const url = page.url();
    const before = await shown();
    await page.reload();
    await expect.poll(shown, { message: state }).toBe(before);
    expect(page.url()).toBe(url);
  }
});

test("what is chosen goes into the address, and what is unknown stays there", async ({
  page,
  served,
  store,
}) => {
  await store.enqueue({ input: "b" });
  await page.goto(`${served.url}rollouts?utm=1`);
  await page
    .getByRole("group", { name: "Status" })
    .getByRole("button", { name: /^queuing/ })
    .click();
  await expect(page).toHaveURL(/\?utm=1&status=queuing$/);
});

test("new rollouts do not move what is read: they wait behind a banner", async ({ page, served, store }) => {
  await store.enqueue({ input: "first" });
  await page.goto(`${served.url}rollouts`);
  await page.locator("tbody tr").first().hover();
  await store.enqueue({ input: "second" }, { input: "third" });
  await expect(page.getByRole("button", { name: "2 new rollouts · Show" })).toBeVisible();
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.getByRole("button", { name: "2 new rollouts · Show" }).click();
  await expect(page.locator("tbody tr")).toHaveCount(3);
  await expect(page.getByRole("button", { name: /new rollout/ })).toHaveCount(0);
});

test("paging asks the server, says how many there are, and survives a reload", async ({
  page,
  served,
  store,
}) => {
  await store.enqueue(...Array.from({ length: 120 }, (_, i) => ({ input: `task ${i}` })));
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("tbody tr")).toHaveCount(50);
  await page.getByRole("button", { name: "Next page" }).click();
  await expect(page.getByText("51–100 of 120")).toBeVisible();
  await page.getByRole("textbox", { name: "Go to page" }).fill("3");
  await page.keyboard.press("Enter");
  await expect(page.getByText("101–120 of 120")).toBeVisible();
  await expect(page).toHaveURL(/page=3/);
  await page.reload();
  await expect(page.locator("tbody tr")).toHaveCount(20);
  await page.getByLabel("Rows").selectOption("200");
  await expect(page.locator("tbody tr")).toHaveCount(120);
});

test("exports carry the filter, and cells that begin like formulas are disarmed (T19)", async ({
  page,
  served,
  store,
}) => {
  await store.enqueue({ input: "=cmd|' /C calc'!A0" }, { input: "+1+1" }, { input: "harmless", mode: "val" });
  await page.goto(`${served.url}rollouts?q=cmd`);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.getByRole("button", { name: "Export 1 rollout" }).click();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: /CSV/ }).click(),
  ]);
  const { readFile } = await import("node:fs/promises");
  const csv = await readFile(await download.path(), "utf8");
  expect(csv.trim().split("\n").length).toBe(2);
  expect(csv).not.toMatch(/(^|,)"?=cmd/m);
  expect(csv).toContain("'=cmd");
});

test("selecting two offers a comparison; ids are copied", async ({ page, served, store }) => {
  const ids = await store.enqueue({ input: "a" }, { input: "b" });
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("tbody tr")).toHaveCount(2);
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.keyboard.press("j");
  await page.keyboard.press("Shift+x");
  await expect(page.getByText("2 rollouts selected")).toBeVisible();
  const href = await page.getByRole("link", { name: "Compare" }).getAttribute("href");
  for (const id of ids) expect(href).toContain(id);
});

test("a table of 100 rows has fewer than 3,000 nodes (T12)", async ({ page, served, store }) => {
  for (let i = 0; i < 4; i += 1)
    await store.enqueue(...Array.from({ length: 250 }, (_, n) => ({ input: `task ${n}`, mode: "train" })));
  await page.goto(`${served.url}rollouts?size=100`);
  await expect(page.locator("tbody tr")).toHaveCount(100);
  expect(await page.evaluate(() => document.querySelectorAll("*").length)).toBeLessThan(3_000);
});

test("the queue shows who waits, in order, and why again", async ({ page, served, store }) => {
  const [first, second] = await store.enqueue(
    { input: "a", config: { max_attempts: 2, retry_condition: ["failed"] } },
    { input: "b" },
  );
  const ids = await store.dequeue("worker-1");
  await store.finish(ids, "failed");
  await page.goto(`${served.url}queue`);
  const rows = page.getByRole("table", { name: "Waiting rollouts" }).locator("tbody tr");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(0)).toHaveAttribute("data-key", String(second));
  await expect(rows.nth(1)).toHaveAttribute("data-key", String(first));
  await expect(rows.nth(1)).toContainText("2/2");
});

test("workers show their machine, and what they are at", async ({ page, served, store }) => {
  await store.enqueue({ input: "a" });
  const { rollout_id } = await store.dequeue("worker-7");
  await store.call("POST", "workers/worker-7", {
    heartbeat_stats: { host: "node-1", cpu_usage_pct: 42, odd: { key: 1 } },
  });
  await page.goto(`${served.url}workers`);
  await expect(page.locator("tbody tr")).toContainText("busy");
  await expect(page.locator("tbody tr")).toContainText("42 %");
  await page.getByRole("link", { name: "worker-7" }).click();
  await expect(page.getByRole("link", { name: rollout_id }).first()).toBeVisible();
  await expect(page.getByText('"odd"').first()).toBeVisible();
});
