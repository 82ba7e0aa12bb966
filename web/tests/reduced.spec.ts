/** The page before the published Python server, which has none of the dashboard's calls and tells no events (T22). */

import { expect, follow, settled, Store, test as base } from "./store.ts";
import { BEGIN, inspector, row, rows, span } from "./traces.ts";

const PYTHON = process.env["LIGHTNING_STORE_PYTHON"];

const test = base.extend({
  // The framework wants a pattern.
  api: async ({}, use) => {
    const python = await Store.startPython(PYTHON ?? "python3");
    await use(python);
    await python.stop();
  },
});
test.skip(PYTHON === undefined, "LIGHTNING_STORE_PYTHON names no interpreter that has the package");

test("the published Python server is shown in reduced mode (T22)", async ({ page, served, api }) => {
  test.setTimeout(120_000);
  const { resources_id } = await api.call("POST", "resources", {
    main: {
      resource_type: "llm",
      endpoint: "http://localhost:8000/v1",
      model: "small-7b",
      api_key: "sk-secret-0123456789",
      sampling_parameters: {},
    },
    prompt: { resource_type: "prompt_template", template: "Answer {question}", engine: "f-string" },
  });
  const config = { max_attempts: 2, retry_condition: ["failed"] };
  const [first] = await api.enqueue({ input: { question: "6 × 7?" }, mode: "train", config });
  const failed = await api.dequeue("worker-1");
  await api.call("POST", "spans", span(failed, "boom", 0, 1, { name: "step", sequence_id: 1 }));
  await api.finish(failed, "failed");
  const ids = await api.dequeue("worker-1");
  expect(ids.rollout_id).toBe(first);
  const spans = [
    span(ids, "root", 0, 10, { sequence_id: 1 }),
    span(ids, "call", 1, 3, {
      sequence_id: 2,
      parent_id: "root",
      name: "openai.chat.completion",
      attributes: {
        "gen_ai.request.model": "small-7b",
        "gen_ai.response.id": "r1",
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "6 × 7?",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.content": "42",
        "gen_ai.usage.prompt_tokens": 7,
      },
    }),
    span(ids, "score", 4, 4, {
      sequence_id: 3,
      parent_id: "root",
      name: "agentlightning.annotation",
      attributes: {
        "agentlightning.reward.0.value": 0.5,
        "agentlightning.link.0.key_match": "gen_ai.response.id",
        "agentlightning.link.0.value_match": "r1",
      },
    }),
  ];
  for (const one of spans) await api.call("POST", "spans", one);
  await api.call("POST", "workers/worker-1", { heartbeat_stats: { host: "node-1", cpu_usage_pct: 42 } });
  await api.enqueue(...Array.from({ length: 60 }, (_, number) => ({ input: `task ${number}`, mode: "val" })));

  // The list.
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("[data-banner=reduced]")).toContainText("Reduced mode");
  await expect(page.locator(".pill")).toContainText("Polling");
  await expect(page.locator("tbody tr")).toHaveCount(50);
  await expect(page.locator(".page-head .muted").first()).toHaveText("61");
  await expect(page.locator("th", { hasText: "Reward" })).toHaveCount(0);
  await page.getByRole("button", { name: "Next page" }).click();
  await expect(page.locator("tbody tr")).toHaveCount(11);
  await expect(page.locator("tbody")).toContainText("6 × 7?");
  for (const label of ["Status", "Rollout", "Mode", "Started"]) {
    await page.locator("th", { hasText: label }).getByRole("button").click();
    await expect(page.locator("th", { hasText: label })).toHaveAttribute("aria-sort", /./);
    await settled(page, served);
    await expect(page.getByRole("alert")).toHaveCount(0);
    await expect(page.locator("tbody tr")).toHaveCount(50);
  }
  await page
    .getByRole("group", { name: "Status" })
    .getByRole("button", { name: /^running/ })
    .click();
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.getByRole("button", { name: "Clear all" }).click();
  await page.getByRole("combobox", { name: "Filter rollouts" }).fill(String(first).slice(3));
  await expect(page.locator("tbody tr")).toHaveCount(1);
  // There is no look beside the list: a click opens the rollout.
  await page.locator("tbody tr").click();
  await expect(page).toHaveURL(new RegExp(`rollouts/${first}`));

  // A rollout.
  await expect.poll(() => rows(page)).toEqual(["0 root", "1 small-7b", "1 reward"]);
  await row(page, "small-7b").click();
  await expect(inspector(page)).toContainText("Rewarded by");
  await page.getByRole("tab", { name: "Messages" }).last().click();
  await expect(inspector(page).locator(".msg")).toHaveCount(2);
  await page.getByRole("tab", { name: "Raw" }).click();
  await expect(inspector(page).locator("pre")).toContainText('"gen_ai.response.id"');
  for (const [view, text] of [
    ["messages", "42"],
    ["training", "small-7b"],
    ["json", "max_attempts"],
  ] as const) {
    await follow(page, `${served.url}rollouts/${first}?view=${view}&span=call`);
    await expect(page.locator(".trace-scroll")).toContainText(text);
  }
  await page.goto(`${served.url}rollouts/${first}`);
  await expect(row(page, "root")).toBeVisible();
  const late = span(ids, "late", 5, 6, { sequence_id: 4, parent_id: "root", start_time: BEGIN + 5 });
  await api.call("POST", "spans", late);
  await expect(row(page, "late")).toBeVisible();
  await page.getByRole("link", { name: /Compare attempt 2/ }).click();
  await expect(page.locator(".compare-row").first()).toBeVisible();

  // Everything else, and what is not there.
  for (const [path, text] of [
    ["", "This server counts nothing"],
    ["queue", "This server does not show its queue"],
    ["workers", "worker-1"],
    ["workers/worker-1", "node-1"],
    ["workers/nobody", "nobody"],
    ["resources", "small-7b"],
    [`resources/${resources_id}`, "••••6789"],
    [`resources/${resources_id}?diff=${resources_id}`, "Nothing differs"],
    ["resources/rs-nowhere", "There is no such set of resources"],
    ["rollouts/ro-nowhere", "There is no such rollout"],
    [`rollouts/${first}?attempt=at-nowhere`, "There is no such attempt"],
    ["settings", "speaks the plain protocol"],
  ] as const) {
    await follow(page, served.url + path);
    await settled(page, served);
    await expect(page.locator("main"), path).toContainText(text);
    expect(await page.content(), path).not.toContain("sk-secret");
  }
  const asked = served.seen.filter((request) => /\/(dashboard|events)/.test(request));
  expect([...new Set(asked)]).toEqual(["GET /v1/agl/dashboard/capabilities"]);
});
