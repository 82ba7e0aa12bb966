/** What was said to models, as every instrumentation writes it down; and texts that want to be more than text. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, follow, settled, test } from "./store.ts";
import { addSpans, begin, inspector, span } from "./traces.ts";

interface Recording {
  readonly dialect: string;
  readonly name: string;
  readonly attributes: Record<string, unknown>;
}

/** One conversation as six instrumentations recorded it; the client's tests read them too. */
const RECORDINGS = JSON.parse(
  readFileSync(
    fileURLToPath(new URL("../../client-core/tests/trace/golden/messages.json", import.meta.url)),
    "utf8",
  ),
) as Recording[];

test("the dialects tell one conversation alike (T14)", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(
    store,
    RECORDINGS.map(({ name, attributes }, number) =>
      span(ids, `call-${number}`, number, number + 1, { name, attributes }),
    ),
  );
  expect(new Set(RECORDINGS.map(({ dialect }) => dialect)).size).toBe(5);
  for (const [number, { dialect }] of RECORDINGS.entries()) {
    await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=call-${number}&tab=messages`);
    const cards = inspector(page).locator(".msg");
    await expect(cards.first(), dialect).toBeVisible();
    await expect(inspector(page).locator(".msg-role"), dialect).toHaveText([
      "system",
      "user",
      "assistant",
      "tool",
      "assistant",
    ]);
    await expect(cards.nth(0), dialect).toContainText("Be brief.");
    await expect(cards.nth(1), dialect).toContainText("Weather in Oslo?");
    // The picture is in the trace, so it is shown.
    await expect(cards.nth(1).locator("img"), dialect).toHaveAttribute(
      "src",
      "data:image/png;base64,iVBORw0KGgo=",
    );
    await expect(cards.nth(2).locator(".msg-call"), dialect).toContainText("weather");
    await expect(cards.nth(2).locator(".msg-call"), dialect).toContainText("9007199254740993");
    await expect(cards.nth(3), dialect).toContainText("celsius");
    await expect(cards.nth(4), dialect).toContainText("It's 5 degrees.");
    await inspector(page).locator(".msg-tools summary").click();
    await expect(inspector(page).locator(".msg-tool"), dialect).toContainText("Weather of a city");
    // From the call to its result.
    await cards
      .nth(2)
      .getByRole("button", { name: /result/ })
      .click();
    await expect(cards.nth(3), dialect).toBeFocused();
  }
});

/** Attributes of a call that was sent this much, and answered. */
function turn(number: number, said: string[]): Record<string, unknown> {
  return Object.fromEntries([
    ...said.flatMap((content, place) => [
      [`gen_ai.prompt.${place}.role`, place % 2 === 0 ? "user" : "assistant"],
      [`gen_ai.prompt.${place}.content`, content],
    ]),
    ["gen_ai.completion.0.role", "assistant"],
    ["gen_ai.completion.0.content", `answer ${number}`],
    ["gen_ai.request.model", "m"],
    ["gen_ai.response.id", `r${number}`],
  ]);
}

test("the attempt is one conversation: what was said before is folded, and calls are linked to spans", async ({
  page,
  served,
  store,
}) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "one", 0, 1, { name: "openai.chat.completion", attributes: turn(1, ["question 1"]) }),
    span(ids, "two", 1, 2, {
      name: "openai.chat.completion",
      attributes: turn(2, ["question 1", "answer 1", "question 2"]),
    }),
    span(ids, "score", 3, 3, {
      name: "agentlightning.annotation",
      attributes: {
        "agentlightning.reward.0.value": 0.75,
        "agentlightning.link.0.key_match": "gen_ai.response.id",
        "agentlightning.link.0.value_match": "r1",
      },
    }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?view=messages&span=score`);
  const turns = page.locator(".turn");
  await expect(turns).toHaveCount(2);
  await expect(turns.nth(1)).toContainText("2 messages as in call 1");
  await expect(turns.nth(1)).toContainText("+1 new message");
  await expect(turns.nth(1).locator(".msg")).toHaveCount(2);
  await expect(turns.nth(0).locator(".reward-button")).toContainText("0.75");
  await turns.nth(1).getByRole("button", { name: "m", exact: true }).click();
  await expect(page).toHaveURL(/span=two/);
  // The same reward, told by the span that it rewards.
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=one`);
  await expect(inspector(page)).toContainText("Rewarded by");
  // The other way: rows do not say which answer a call got, so the store is asked who got this one.
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=score`);
  await expect(inspector(page).getByRole("button", { name: /^model call\s*m\s*#1$/ })).toBeVisible();
  expect(served.seen.some((request) => request.includes("response_id=r1"))).toBe(true);
});

test("Markdown has no pictures from elsewhere, no HTML, and is remembered", async ({
  page,
  served,
  store,
}) => {
  const ids = await begin(store);
  const text =
    "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<b id=raw>raw</b> ![cat](https://example.org/cat.png) [bad](javascript:alert(1)) [good](https://example.org/)";
  await addSpans(store, [
    span(ids, "call", 0, 1, {
      name: "openai.chat.completion",
      attributes: { "gen_ai.prompt.0.role": "user", "gen_ai.prompt.0.content": text },
    }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=call&tab=messages`);
  const said = inspector(page).locator(".msg").first();
  await expect(said).toContainText("# Title");
  await page.getByRole("checkbox", { name: "Markdown" }).check();
  await expect(said.locator("table td").first()).toHaveText("1");
  await expect(said.locator("#raw")).toHaveCount(0);
  await expect(said).toContainText("<b id=raw>");
  await expect(said.locator("img")).toHaveCount(0);
  await expect(said.getByRole("link", { name: /Load image from example.org/ })).toHaveAttribute(
    "rel",
    /noreferrer/,
  );
  await expect(said.getByRole("link", { name: "good" })).toHaveAttribute("target", "_blank");
  expect(
    await said.locator("a").evaluateAll((all) => all.map((one) => one.getAttribute("href"))),
  ).not.toContain("javascript:alert(1)");
  await page.reload();
  await expect(said.locator("table")).toBeVisible();
});

const ATTACKS = [
  "<img src=x onerror=window.attacked=1>",
  "<script>window.attacked=1</script>",
  "<svg onload=window.attacked=1>",
  "\"><iframe srcdoc='<script>parent.attacked=1</script>'>",
  "javascript:window.attacked=1",
  "<a href='javascript:window.attacked=1'>x</a>",
  "{{constructor.constructor('window.attacked=1')()}}",
  "\u202e<style>*{display:none}</style>",
];

test("texts stay texts, wherever they are (T15)", async ({ page, served, store }) => {
  test.setTimeout(300_000);
  await page.addInitScript(() => localStorage.setItem("lightning.markdown", "true"));
  for (const [number, attack] of ATTACKS.entries()) {
    const ids = await begin(store, {
      input: { question: attack, [attack]: attack },
      metadata: { [attack]: attack },
    });
    await addSpans(store, [
      span(ids, attack, 0, 5, {
        name: attack,
        attributes: { [attack]: attack, "agentlightning.tag.0": attack },
        events: [{ name: attack, attributes: { [attack]: attack }, timestamp: null }],
      }),
      span(ids, `call-${number}`, 1, 3, {
        parent_id: attack,
        name: "openai.chat.completion",
        attributes: {
          "gen_ai.request.model": attack,
          "gen_ai.prompt.0.role": attack,
          "gen_ai.prompt.0.content": `${attack}\n\n![${attack}](${attack})\n\n[${attack}](${attack})`,
          "gen_ai.completion.0.role": "assistant",
          "gen_ai.completion.0.tool_calls.0.id": attack,
          "gen_ai.completion.0.tool_calls.0.name": attack,
          "gen_ai.completion.0.tool_calls.0.arguments": attack,
          "gen_ai.request.functions.0.name": attack,
          "gen_ai.request.functions.0.description": attack,
          "gen_ai.request.functions.0.parameters": attack,
        },
      }),
      span(ids, `boom-${number}`, 4, 4, {
        parent_id: `gone ${attack}`,
        name: "agentlightning.exception",
        attributes: { "exception.type": attack, "exception.message": attack, "exception.stacktrace": attack },
      }),
    ]);
    const base = `${served.url}rollouts/${ids.rollout_id}`;
    const first = `?span=${encodeURIComponent(attack)}`;
    for (const state of [
      first,
      `?span=${encodeURIComponent(attack)}&tab=attributes`,
      `?span=${encodeURIComponent(attack)}&tab=events`,
      `?span=call-${number}&tab=messages`,
      `?span=boom-${number}&tab=raw&q=${encodeURIComponent(attack)}`,
      "?view=messages&span=x",
      "?view=training&span=x",
      "?view=json&span=x",
    ]) {
      // The first one as it is opened, the others as links lead there.
      await (state === first ? page.goto(base + state) : follow(page, base + state));
      await expect(inspector(page)).toBeVisible();
      if (state === first) await page.locator(".ro-input summary").click();
      await settled(page, served);
      expect(
        await page.evaluate(() => (window as unknown as { attacked?: number }).attacked),
        state,
      ).toBeUndefined();
      expect(await page.locator("main :is(script, iframe, style, img, object, embed)").count(), state).toBe(
        0,
      );
      expect(await page.locator("a[href^='javascript:']").count(), state).toBe(0);
    }
    await store.finish(ids, "succeeded");
  }
});

test("keys stay as stored and integers are exact (T7)", async ({ page, served, store }) => {
  await store.call("POST", "queues/rollouts/enqueue", {
    rollouts: [{ input: { expected_choice: "B", camelCase: 1 } }],
  });
  // A number that JavaScript cannot hold has to be sent as text.
  const answer = await fetch(`${store.url}/v1/agl/queues/rollouts/enqueue`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"rollouts":[{"input":{"expected_choice":"B","big":9007199254740993,"":"empty key","a.b":{"nested":1.0}}}]}',
  });
  const [{ rollout_id }] = (await answer.json()) as [{ rollout_id: string }];
  await store.dequeue("worker-1");
  const ids = await store.dequeue("worker-1");
  expect(ids.rollout_id).toBe(rollout_id);
  await fetch(`${store.url}/v1/agl/spans`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(
      span(ids, "s", 0, 1, {
        attributes: { expected_choice: "C", "x.y_z": "%BIG%", long: "y".repeat(5_000) },
      }),
    ).replace('"%BIG%"', "9007199254740993"),
  });
  await page.goto(`${served.url}rollouts/${rollout_id}?span=s&tab=attributes&flat=1`);
  await page.locator(".ro-input summary").click();
  const input = page.getByRole("tree", { name: "Input" });
  await expect(input).toContainText("expected_choice");
  await expect(input).toContainText("9007199254740993");
  await expect(input).toContainText("1.0");
  await expect(input).toContainText('""');
  const attributes = page.getByRole("tree", { name: "Attributes" });
  await expect(attributes).toContainText("x.y_z");
  await expect(attributes).toContainText("9007199254740993");
  await expect(attributes).toContainText("5 kB");
  await page.getByRole("tab", { name: "Raw" }).click();
  await expect(inspector(page).locator("pre")).toContainText("9007199254740993");
  // Searching opens what hides a match.
  await page.goto(`${served.url}rollouts/${rollout_id}?view=json&span=s`);
  await page.getByRole("searchbox", { name: "Search in Spans" }).fill("x.y_z");
  await page.keyboard.press("Enter");
  await expect(
    page.getByRole("tree", { name: "Spans" }).getByRole("treeitem", { selected: true }),
  ).toContainText("x.y_z");
});

test("secrets in spans are masked until somebody asks (T20)", async ({ page, served, store }) => {
  const ids = await begin(store);
  await addSpans(store, [
    span(ids, "s", 0, 1, {
      attributes: {
        "llm.openai.api_key": "sk-secret-0123456789",
        hidden_params: '{"api_key": "sk-secret-0123456789"}',
        max_tokens: 5,
      },
    }),
  ]);
  for (const tab of ["attributes", "raw"]) {
    await page.goto(`${served.url}rollouts/${ids.rollout_id}?span=s&tab=${tab}`);
    await expect(inspector(page)).toContainText("••••6789");
    expect(await page.content()).not.toContain("sk-secret");
    await page.getByRole("button", { name: "Reveal secrets" }).click();
    await expect(inspector(page)).toContainText("sk-secret-0123456789");
    await page.getByRole("button", { name: "Hide secrets" }).click();
    expect(await page.content()).not.toContain("sk-secret");
  }
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?view=json&span=s`);
  await expect(page.getByRole("tree", { name: "Spans" })).toBeVisible();
  expect(await page.content()).not.toContain("sk-secret");
});

test("what a trainer gets: tokens, rewards, and what is left out", async ({ page, served, store }) => {
  const ids = await begin(store);
  const call = (id: string, at: number, more: object) =>
    span(ids, id, at, at + 1, {
      name: "openai.chat.completion",
      attributes: { "gen_ai.response.id": id, "gen_ai.request.model": "m", ...more },
    });
  await addSpans(store, [
    call("r1", 0, { prompt_token_ids: [1, 2, 3], response_token_ids: [4, 5] }),
    call("r2", 2, {}),
    span(ids, "score", 5, 5, {
      name: "agentlightning.annotation",
      attributes: { "agentlightning.reward.0.value": -1 },
    }),
  ]);
  await page.goto(`${served.url}rollouts/${ids.rollout_id}?view=training&span=score`);
  const table = page.getByRole("table", { name: /Transitions/ });
  await expect(table.locator("tbody tr")).toHaveCount(2);
  await expect(table.locator("tbody tr").nth(0)).toContainText("3");
  await expect(table.locator("tbody tr").nth(1)).toContainText("−1");
  await expect(page.getByText(/1 without token ids: they will be skipped/)).toBeVisible();
});
