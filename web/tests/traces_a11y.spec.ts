/** The pages of traces and resources, for everybody: no violation in any state, light or dark. */

import { expectClean } from "./axe.ts";
import { expect, follow, settled, type Store, test } from "./store.ts";
import { addSpans, begin, inspector, row, span } from "./traces.ts";

function resources(template: string): object {
  return {
    main: {
      resource_type: "llm",
      endpoint: "http://x/v1",
      model: "m",
      api_key: "sk-0123456789abc",
      sampling_parameters: { temperature: 1 },
    },
    prompt: { resource_type: "prompt_template", template, engine: "jinja" },
  };
}

interface Filled {
  /** A rollout with two attempts. */
  readonly id: string;
  /** `attempt=…`: the first one. */
  readonly attempt: string;
  /** A rollout without any. */
  readonly waiting: string;
  /** A set with two versions. */
  readonly resources_id: string;
}

/** A store in which there is something of everything. */
async function fill(store: Store): Promise<Filled> {
  const first = await begin(store, {
    input: { question: "6 × 7?" },
    metadata: { step: 4 },
    config: { max_attempts: 2, retry_condition: ["failed"] },
  });
  const trace = (ids: typeof first) => [
    span(ids, "root", 0, 10, { status: { status_code: "ERROR", description: "boom" } }),
    span(ids, "call", 1, 5, {
      parent_id: "root",
      name: "openai.chat.completion",
      attributes: {
        "gen_ai.request.model": "m",
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": "look",
        "gen_ai.completion.0.role": "assistant",
        "gen_ai.completion.0.tool_calls.0.id": "c1",
        "gen_ai.completion.0.tool_calls.0.name": "look",
        "gen_ai.completion.0.tool_calls.0.arguments": '{"at":1}',
        "gen_ai.request.functions.0.name": "look",
        "llm.openai.api_key": "sk-0123456789abc",
      },
    }),
    span(ids, "orphan", 2, 3, { parent_id: "missing" }),
    span(ids, "boom", 6, 6, {
      parent_id: "root",
      name: "agentlightning.exception",
      attributes: {
        "exception.type": "ValueError",
        "exception.message": "no",
        "exception.stacktrace": "Traceback\n  File x",
      },
    }),
    span(ids, "score", 9, 9, {
      parent_id: "root",
      name: "agentlightning.annotation",
      attributes: { "agentlightning.reward.0.value": -0.5 },
    }),
  ];
  await addSpans(store, trace(first));
  await store.finish(first, "failed");
  const second = await store.dequeue("worker-2");
  await addSpans(store, trace(second).slice(0, 2));
  const [waiting] = await store.enqueue({ input: "waits" });
  const { resources_id } = await store.call("POST", "resources", resources("a {{ b }}"));
  await store.call("POST", `resources/${resources_id}`, resources("c {{ b }}\nd"));
  return {
    id: first.rollout_id,
    attempt: `attempt=${first.attempt_id}`,
    waiting: waiting ?? "",
    resources_id: String(resources_id),
  };
}

const STATES: Readonly<Record<string, (filled: Filled) => readonly string[]>> = {
  spans: ({ id, attempt }) => [
    `rollouts/${id}?${attempt}&span=call`,
    `rollouts/${id}?${attempt}&span=call&tab=messages`,
    `rollouts/${id}?${attempt}&span=call&tab=attributes`,
    `rollouts/${id}?${attempt}&span=boom&tab=events`,
    `rollouts/${id}?${attempt}&span=call&tab=raw`,
  ],
  views: ({ id, attempt }) => [
    `rollouts/${id}?${attempt}&view=tree&span=score&errors=1`,
    `rollouts/${id}?${attempt}&view=messages&span=call`,
    `rollouts/${id}?${attempt}&view=training&span=call`,
    `rollouts/${id}?${attempt}&view=json&span=call`,
    `rollouts/${id}?${attempt}&q=nothing-like-it`,
    `rollouts/${id}?focus=span%3Acall&t0=1&t1=2`,
  ],
  "other pages": ({ id, waiting, resources_id }) => [
    `rollouts/${id}?attempt=at-nowhere`,
    `rollouts/${waiting}`,
    "rollouts/ro-nowhere",
    `rollouts/${id}/compare`,
    `rollouts/${id}/compare?only=changed&row=0`,
    "compare",
    "resources",
    "resources?q=nothing-like-it",
    `resources/${resources_id}`,
    `resources/${resources_id}?diff=${resources_id}%401`,
    "resources/rs-nowhere",
  ],
};

for (const [name, statesOf] of Object.entries(STATES)) {
  test(`nothing is in the way of anybody: ${name} (T9)`, async ({ page, served, store }) => {
    test.setTimeout(240_000);
    await page.emulateMedia({ reducedMotion: "reduce" });
    const states = statesOf(await fill(store));
    await page.goto(`${served.url}settings`);
    for (const state of states) {
      await follow(page, served.url + state);
      await settled(page, served);
      await expect(page.locator("main h1, main h2").first(), state).toBeVisible();
      await expectClean(page, state);
    }
    if (name !== "spans") return;
    await page.setViewportSize({ width: 390, height: 844 });
    for (const state of states.slice(0, 2)) {
      await follow(page, served.url + state);
      await expect(inspector(page)).toBeVisible();
      await expectClean(page, state);
    }
  });
}

test("a rollout, a span and its id are reached by keys alone (T10)", async ({
  page,
  served,
  store,
  context,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const ids = await begin(store);
  await addSpans(store, [span(ids, "root", 0, 10), span(ids, "one", 1, 2, { parent_id: "root" })]);
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`rollouts/${ids.rollout_id}`));
  await expect(row(page, "one")).toBeVisible();
  await page.keyboard.press("Home");
  await page.keyboard.press("j");
  await expect(page.locator('[data-key="span:one"]')).toBeFocused();
  await page.keyboard.press("c");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(ids.rollout_id);
  // From the row on to the inspector: its id is a button away.
  await page.getByRole("button", { name: "Copy span id" }).first().focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe("one");
  await page.keyboard.press("Escape");
  await expect(inspector(page)).toHaveCount(0);
  await page.goBack();
  await expect(page.locator("tbody tr")).toHaveCount(1);
});
