/** The trace of an attempt: rows, bars, filters, zoom, keys, and what happens while spans come. */

import type { Request } from "@playwright/test";
import { expect, settled, test } from "./store.ts";
import {
  addSpans,
  begin,
  boxOf,
  BEGIN,
  inspector,
  row,
  rows,
  span,
  type SpanFields,
  textOf,
} from "./traces.ts";

test("durations below a second are told, errors are marked by more than colour (T8)", async ({
  page,
  served,
  store,
}) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "root", 0, 10),
    span(ids, "quick", 1, 1.812, { parent_id: "root" }),
    span(ids, "bad", 2, 4, { parent_id: "root", status: { status_code: "ERROR", description: "boom" } }),
    span(ids, "moment", 5, 5, { parent_id: "root" }),
    span(ids, "timeless", null, null, { parent_id: "root" }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}`);
  await expect(row(page, "quick")).toContainText("812 ms");
  await expect(row(page, "bad").locator(".wf-bar")).toHaveClass(/is-error/);
  await expect(row(page, "bad")).toContainText("error");
  await expect(row(page, "moment").locator(".wf-point")).toBeVisible();
  expect(await rows(page)).toContain("1 no timestamps");
  const box = await boxOf(row(page, "quick").locator(".wf-bar"));
  const lane = await boxOf(row(page, "quick").locator(".wf-lane"));
  expect((box.x - lane.x) / lane.width).toBeCloseTo(0.1, 2);
  expect(box.width / lane.width).toBeCloseTo(0.0812, 2);
});

test("rows have the attributes of a tree, and one stop of the Tab key", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "root", 0, 10),
    span(ids, "a", 1, 2, { parent_id: "root" }),
    span(ids, "b", 2, 3, { parent_id: "root" }),
    span(ids, "b1", 2, 3, { parent_id: "b" }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}`);
  const grid = page.getByRole("treegrid");
  await expect(grid).toHaveAttribute("aria-rowcount", "5");
  const b = row(page, "b");
  await expect(row(page, "b1")).toHaveAttribute("aria-level", "3");
  await expect(page.locator('[data-key="span:b"]')).toHaveAttribute("aria-posinset", "2");
  await expect(page.locator('[data-key="span:b"]')).toHaveAttribute("aria-setsize", "2");
  await expect(page.locator('[data-key="span:b"]')).toHaveAttribute("aria-expanded", "true");
  await expect(page.locator('[data-key="span:a"]')).not.toHaveAttribute("aria-expanded");
  await expect(page.locator('.wf-row[tabindex="0"]')).toHaveCount(1);
  await b.click();
  await page.keyboard.press("ArrowLeft");
  await expect(page.locator('[data-key="span:b"]')).toHaveAttribute("aria-expanded", "false");
  expect(await rows(page)).toEqual(["0 root", "1 a", "1 b"]);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(page.locator('[data-key="span:b1"]')).toBeFocused();
  await expect(page).toHaveURL(/span=b1/);
  await page.keyboard.press("Home");
  await expect(page.locator('[data-key="span:root"]')).toBeFocused();
});

test("a parent that comes late takes its children (T13)", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "child-1", 1, 2, { parent_id: "late" }),
    span(ids, "child-2", 2, 3, { parent_id: "late" }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}`);
  await expect(page.locator(".pill")).toContainText("Live");
  await expect.poll(() => rows(page)).toEqual(["0 parent not yet received (late)", "1 child-1", "1 child-2"]);
  await row(page, "child-1").click();
  const begun = Date.now();
  await addSpans(store, [span(ids, "late", 0, 4, { name: "the parent" })]);
  await expect.poll(() => rows(page)).toEqual(["0 the parent", "1 child-1", "1 child-2"]);
  expect(Date.now() - begun).toBeLessThan(10_000);
  // What was chosen is chosen still.
  await expect(page.locator('[data-key="span:child-1"]')).toHaveAttribute("aria-selected", "true");
});

test("a part that is to be shown alone may come later than the address that says so", async ({
  page,
  served,
  store,
}) => {
  const ids = await begin(store);
  await addSpans(store, [span(ids, "root", 0, 10)]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?focus=span%3Apart`);
  await expect.poll(() => rows(page)).toEqual(["0 root"]);
  await addSpans(store, [
    span(ids, "part", 1, 5, { parent_id: "root" }),
    span(ids, "one", 2, 3, { parent_id: "part" }),
  ]);
  await expect.poll(() => rows(page)).toEqual(["0 part", "1 one"]);
});

test("what is looked at does not move when spans come, and Follow goes with them", async ({
  page,
  served,
  store,
}) => {
  const ids = await begin(store);
  const many: SpanFields[] = [span(ids, "root", 0, 400)];
  for (let number = 0; number < 300; number += 1) {
    many.push(
      span(ids, `s${number}`, 100 + number * 0.5, 100.2 + number * 0.5, {
        parent_id: "root",
        name: `step ${number}`,
      }),
    );
  }
  await addSpans(store, many);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=s200`);
  await expect(page.locator(".pill")).toContainText("Live");
  await expect(row(page, "step 200")).toBeVisible();
  const place = async () => (await boxOf(page.locator('[data-key="span:s200"]'))).y;
  const before = await place();
  // They lie above what is shown.
  await addSpans(
    store,
    [1, 2, 3, 4].map((number) => span(ids, `early${number}`, number, number + 1, { parent_id: "root" })),
  );
  await expect(page.getByRole("treegrid")).toHaveAttribute("aria-rowcount", "306");
  expect(Math.abs((await place()) - before)).toBeLessThan(2);
  await page.getByRole("button", { name: "Follow" }).click();
  await addSpans(store, [span(ids, "newest", 390, 391, { parent_id: "root" })]);
  await expect(row(page, "newest")).toBeInViewport();
  await expect(page).toHaveURL(/follow=1/);
});

test("a trace of 10,000 spans opens at once, weighs little, and only what is seen is in the document (T11)", async ({
  page,
  served,
  store,
}) => {
  test.slow();
  const ids = await begin(store);
  const spans: SpanFields[] = [span(ids, "root", 0, 5000)];
  // As real ones, ids have nothing in common, and neither have the ends of numbers.
  const id = (number: number): string =>
    ((BigInt(number + 1) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn).toString(16).padStart(16, "0");
  const call = (number: number): object => ({
    "gen_ai.request.model": "small-7b",
    "gen_ai.response.id": `chatcmpl-${id(-number)}`,
    "gen_ai.usage.prompt_tokens": 400 + ((number * 7919) % 2_600),
    "gen_ai.usage.completion_tokens": (number * 37) % 400,
  });
  for (let task = 0; task < 100; task += 1) {
    const parent_id = id(task * 100 + 99);
    spans.push(span(ids, parent_id, task * 50, task * 50 + 49, { parent_id: "root", name: `task ${task}` }));
    for (let step = 0; step < 99; step += 1) {
      const from = BEGIN + task * 50 + step * 0.451237;
      spans.push(
        span(ids, id(task * 100 + step), null, null, {
          parent_id,
          start_time: Number(from.toFixed(6)),
          end_time: Number((from + 0.4 * Math.abs(Math.sin(from))).toFixed(6)),
          name: `step ${step % 50}`,
          attributes: step % 2 === 0 ? call(task * 100 + step) : {},
        }),
      );
    }
  }
  await addSpans(store, spans.slice(0, 10_000));
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  const rowsSent: Request[] = [];
  page.on("requestfinished", (request) => {
    if (/\/trace\?/.test(request.url())) rowsSent.push(request);
  });
  const begun = Date.now();
  await page.goto(`${served.url}rollouts/${ids.rollout_id}`);
  await expect(row(page, "root")).toBeVisible();
  expect(Date.now() - begun).toBeLessThan(10_000);
  // Over 2,000 spans: three levels are open.
  await expect(row(page, "task 0")).toBeVisible();
  await page.keyboard.press("5");
  await expect(page.getByRole("treegrid")).toHaveAttribute("aria-rowcount", "10001");
  expect(await page.locator("*").count()).toBeLessThanOrEqual(3_000);
  await page.locator(".wf-scroll").evaluate((element) => element.scrollTo(0, 100_000));
  await expect.poll(async () => (await rows(page)).length).toBeLessThan(80);
  const indexes = await page
    .locator(".wf-row")
    .evaluateAll((all) => all.map((one) => Number(one.getAttribute("aria-rowindex"))));
  expect(Math.max(...indexes)).toBeGreaterThan(3_800);
  expect(await page.locator("*").count()).toBeLessThanOrEqual(3_000);
  expect(rowsSent.length).toBeGreaterThan(0);
  expect(rowsSent.length).toBeLessThanOrEqual(3);
  const sizes = await Promise.all(rowsSent.map((request) => request.sizes()));
  const total = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
  expect(total).toBeGreaterThan(100_000);
  expect(total).toBeLessThanOrEqual(300_000);
});

test("filters hide what does not fit and keep what is above it, dimmed", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "root", 0, 10),
    span(ids, "call", 1, 3, {
      parent_id: "root",
      name: "openai.chat.completion",
      attributes: { "gen_ai.request.model": "small-model" },
    }),
    span(ids, "tool", 3, 3.02, {
      parent_id: "call",
      name: "tool_call.look",
      attributes: { "tool.name": "look" },
    }),
    span(ids, "bad", 4, 9, { parent_id: "root", status: { status_code: "ERROR" } }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}`);
  await expect(row(page, "look")).toBeVisible();
  await page.getByRole("searchbox", { name: "Filter spans by text" }).fill("LOOK");
  await expect.poll(() => rows(page)).toEqual(["0 root", "1 small-model", "2 look"]);
  await expect(page.locator('[data-key="span:root"]')).toHaveClass(/is-dimmed/);
  await expect(page.locator(".wf-count")).toHaveText("1 of 4");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("button", { name: /^model call/ }).click();
  await expect(page).toHaveURL(/kind=llm/);
  await expect.poll(() => rows(page)).toEqual(["0 root", "1 small-model"]);
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("button", { name: "Errors" }).click();
  await expect.poll(() => rows(page)).toEqual(["0 root", "1 bad"]);
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByRole("textbox", { name: /Least duration/ }).fill("50ms");
  await expect.poll(() => rows(page)).toEqual(["0 root", "1 small-model", "1 bad"]);
  await page.getByRole("textbox", { name: /Least duration/ }).fill("1h");
  await expect(page.getByText("No span fits")).toBeVisible();
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await expect(row(page, "look")).toBeVisible();
});

test("keys go to errors, rewards and matches, focus and zoom", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "root", 0, 100),
    span(ids, "part", 10, 50, { parent_id: "root" }),
    span(ids, "bad", 12, 20, { parent_id: "part", status: { status_code: "ERROR" } }),
    span(ids, "score", 90, 90, {
      parent_id: "root",
      name: "agentlightning.annotation",
      attributes: { "agentlightning.reward.0.name": "primary", "agentlightning.reward.0.value": 0.5 },
    }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=root`);
  await expect(page.locator('[data-key="span:root"]')).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("e");
  await expect(page).toHaveURL(/span=bad/);
  await page.keyboard.press("w");
  await expect(page).toHaveURL(/span=score/);
  await page.keyboard.press("Shift+E");
  await expect(page).toHaveURL(/span=bad/);
  await page.keyboard.press("ArrowLeft");
  await expect(page).toHaveURL(/span=part/);
  await page.keyboard.press("f");
  await expect(page).toHaveURL(/focus=span%3Apart/);
  await expect.poll(() => rows(page)).toEqual(["0 part", "1 bad"]);
  await expect(page.getByRole("navigation", { name: "Focus" })).toContainText("root");
  await page.keyboard.press("u");
  await expect.poll(async () => (await rows(page)).length).toBe(4);
  await page.keyboard.press("+");
  await expect(page).toHaveURL(/t0=25&t1=75/);
  await page.keyboard.press("Shift+ArrowRight");
  await expect(page).toHaveURL(/t0=37.5&t1=87.5/);
  await page.keyboard.press("0");
  await expect(page).not.toHaveURL(/t0=/);
  await page.keyboard.press("1");
  await expect.poll(() => rows(page)).toEqual(["0 root"]);
  await page.keyboard.press("t");
  await expect(page).toHaveURL(/tab=messages/);
  await page.keyboard.press("o");
  await expect(page).toHaveURL(/order=seq/);
});

test("the minimap zooms by dragging, and its edges by keys", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [span(ids, "root", 0, 100), span(ids, "late", 80, 100, { parent_id: "root" })]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=late`);
  await expect(row(page, "late")).toBeVisible();
  const map = await boxOf(page.locator(".minimap"));
  await page.mouse.move(map.x + map.width * 0.5, map.y + 30);
  await page.mouse.down();
  await page.mouse.move(map.x + map.width * 0.9, map.y + 30, { steps: 4 });
  await page.mouse.up();
  await expect(page).toHaveURL(/t0=(49|50)/);
  const from = page.getByRole("slider", { name: "Shown from" });
  await from.focus();
  await page.keyboard.press("Home");
  await expect(page).toHaveURL(/t0=0&t1=(89|90)/);
  await page.keyboard.press("PageUp");
  await expect(page).toHaveURL(/t0=10&/);
  await expect(from).toHaveAttribute("aria-valuenow", "10000");
  await page.locator(".minimap").dblclick();
  await expect(page).not.toHaveURL(/t0=/);
});

test("a broken structure is repaired, and said so", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "a", 0, 5, { parent_id: "b" }),
    span(ids, "b", 1, 4, { parent_id: "a" }),
    span(ids, "c", 6, 7),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}`);
  await expect(page.getByRole("button", { name: /structure repaired \(1\)/ })).toBeVisible();
  await page.getByRole("button", { name: /structure repaired/ }).click();
  await page.getByRole("button", { name: /circle opened/ }).click();
  await expect(inspector(page)).toBeVisible();
});

test("whatever is seen is in the address, and a reload brings it back (T4)", async ({
  page,
  served,
  store,
}) => {
  const ids = await begin(store, { input: "x", config: { max_attempts: 2, retry_condition: ["failed"] } });
  await addSpans(store, [
    span(ids, "root", 0, 100),
    span(ids, "call", 10, 60, {
      parent_id: "root",
      name: "openai.chat.completion",
      attributes: { "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": "hi" },
    }),
    span(ids, "bad", 70, 80, { parent_id: "root", status: { status_code: "ERROR" } }),
  ]);
  await store.finish(ids, "succeeded");
  const states = [
    "span=call",
    "span=call&tab=messages",
    "span=call&tab=attributes&flat=1",
    "span=bad&tab=events",
    "span=call&tab=raw",
    "view=tree&span=bad",
    "view=messages&span=call",
    "view=training&reward_match=first_sibling&span=call",
    "view=json&span=call",
    "q=openai&span=call",
    "kind=llm&errors=1&span=bad",
    "focus=span%3Acall&span=call",
    "order=seq&t0=20&t1=40&span=call",
    "collapsed=1&span=root",
    "min_dur=20&axis=absolute&span=root",
  ];
  for (const state of states) {
    await page.goto(`${served.url}rollouts/${ids.rollout_id}?${state}&unknown=kept`);
    await expect(inspector(page).getByRole("tab").first(), state).toBeVisible();
    const shown = async () =>
      (await textOf(page)).replaceAll(/Started.*?ago|Started.*?now|Ended.*?ago|Ended.*?now/g, "");
    await settled(page, served);
    const before = await shown();
    expect(new URL(page.url()).search, state).toBe(`?${state}&unknown=kept`);
    await page.reload();
    await expect.poll(shown, { message: state }).toBe(before);
  }
});

test("back and forward lead through what was chosen", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "root", 0, 10),
    span(ids, "one", 1, 2, { parent_id: "root" }),
    span(ids, "two", 2, 3, { parent_id: "root" }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=root`);
  await row(page, "one").click();
  await row(page, "two").click();
  await page.goBack();
  await expect(page.locator('[data-key="span:one"]')).toHaveAttribute("aria-selected", "true");
  await page.goForward();
  await expect(inspector(page).getByRole("heading", { name: "two" })).toBeVisible();
});

test("times of day are those of the zone, and say which", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [span(ids, "root", 0, 3600)]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=root`);
  await page.getByRole("button", { name: "from start" }).click();
  // 1,790,000,000 is 2026-09-21 14:13:20 UTC; the browser is in Berlin.
  expect(new Date(BEGIN * 1000).toISOString()).toContain("T14:13:20");
  await expect(page.locator(".wf-axis-mode")).toHaveText("UTC+2");
  await expect(page.locator(".wf-tick").first()).toHaveText(/^16:\d\d$/);
});

test("narrow screens show the inspector over everything (T16)", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [span(ids, "root", 0, 10), span(ids, "one", 1, 2, { parent_id: "root" })]);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${served.url}rollouts/${ids.rollout_id}`);
  await expect(row(page, "one")).toBeVisible();
  await expect(inspector(page)).toHaveCount(0);
  await row(page, "one").click();
  const box = await boxOf(inspector(page));
  expect(box.width).toBe(390);
  expect(box.height).toBe(844);
  await page.getByRole("button", { name: "Close the inspector" }).click();
  await expect(inspector(page)).toHaveCount(0);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test("a failed attempt opens at its first error", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "root", 0, 10, { status: { status_code: "ERROR" } }),
    span(ids, "fine", 1, 2, { parent_id: "root" }),
    span(ids, "boom", 3, 3, {
      parent_id: "root",
      name: "agentlightning.exception",
      attributes: {
        "exception.type": "ValueError",
        "exception.message": "no such city",
        "exception.stacktrace":
          'Traceback\n  File "/a/site-packages/x.py", line 1\n  File "/app/run.py", line 2',
      },
    }),
  ]);
  await store.finish(ids, "failed");
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?tab=events`);
  await expect(page).toHaveURL(/span=boom/);
  await expect(inspector(page)).toContainText("no such city");
  await expect(inspector(page).locator(".is-library")).toHaveCount(1);
  // Missing things are told, not empty.
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=nowhere`);
  await expect(page.getByText("This span is not here")).toBeVisible();
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?attempt=at-nowhere`);
  await expect(page.getByText("There is no such attempt")).toBeVisible();
  await page.goto(`${served.url}rollouts/${ids.rollout_id.slice(0, 9)}xyz`);
  await expect(page.getByRole("heading", { name: "There is no such rollout" })).toBeVisible();
  await expect(page.getByRole("link", { name: ids.rollout_id })).toBeVisible();
});
