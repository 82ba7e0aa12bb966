/** Two attempts side by side. */

import { expect, test, type Store } from "./store.ts";
import { addSpans, begin, type Ids, span, textOf } from "./traces.ts";

async function attempt(store: Store, ids: Ids, prompt: string, tools: number, reward: number): Promise<void> {
  await addSpans(store, [
    span(ids, "root", 0, 10),
    span(ids, "call", 1, 2, {
      parent_id: "root",
      name: "openai.chat.completion",
      attributes: {
        "gen_ai.prompt.0.role": "user",
        "gen_ai.prompt.0.content": prompt,
        "gen_ai.usage.prompt_tokens": 10,
        "gen_ai.usage.completion_tokens": tools,
      },
    }),
    ...Array.from({ length: tools }, (_, number) =>
      span(ids, `tool${number}`, 3 + number, 4 + number, {
        parent_id: "root",
        name: "tool_call.look",
        attributes: { "tool.name": "look" },
      }),
    ),
    span(ids, "score", 9, 9, {
      parent_id: "root",
      name: "agentlightning.annotation",
      attributes: { "agentlightning.reward.0.value": reward },
    }),
  ]);
}

test("two attempts of a rollout: a sentence, the totals, and every span", async ({ page, served, store }) => {
  const first = await begin(store, { input: "x", config: { max_attempts: 2, retry_condition: ["failed"] } });
  await attempt(store, first, "Say A please", 1, 0.2);
  await store.finish(first, "failed");
  const second = await store.dequeue("worker-2");
  await attempt(store, second, "Say B please", 3, 0.9);
  await page.goto(`${served.url}rollouts/${first.rollout_id}`);
  await page.getByRole("link", { name: /Compare attempt 2/ }).click();
  await expect(
    page.getByText("B made 2 more tool calls, used 2 more tokens, reward 0.2 → 0.9."),
  ).toBeVisible();
  await expect(page.locator(".compare-row.is-added")).toHaveCount(2);
  await page.getByRole("button", { name: "Only changed" }).click();
  await expect(page).toHaveURL(/only=changed/);
  await expect(page.locator(".compare-row.is-same")).toHaveCount(0);
  await page.locator(".compare-row.is-changed").getByRole("button").first().click();
  await expect(page.locator(".diff mark").first()).toHaveText("A");
  const before = await textOf(page);
  await page.reload();
  await expect.poll(() => textOf(page)).toBe(before);
  await page.getByRole("button", { name: "Swap" }).click();
  await expect(page.getByText(/B made 2 fewer tool calls/)).toBeVisible();
});

test("attempts of two rollouts, by their ids", async ({ page, served, store }) => {
  const a = await begin(store);
  await attempt(store, a, "Say A", 1, 0.5);
  const b = await begin(store);
  await attempt(store, b, "Say A", 1, 0.5);
  await page.goto(`${served.url}compare`);
  await page.getByRole("textbox", { name: "A" }).fill(a.rollout_id);
  await page.getByRole("textbox", { name: "B" }).fill(`${b.rollout_id}/${b.attempt_id}`);
  await page.getByRole("button", { name: "Compare", exact: true }).click();
  await expect(page.getByText("A and B made the same calls, with the same tokens and reward.")).toBeVisible();
});
