/** Resources: what they hold, their secrets, their versions, and what differs between them. */

import { expect, test, type Store } from "./store.ts";
import { textOf } from "./traces.ts";

const KEY = "sk-secret-0123456789";

function resources(template: string, temperature: number): object {
  return {
    main: {
      resource_type: "llm",
      endpoint: "http://localhost:8000/v1",
      model: "small-7b",
      api_key: KEY,
      sampling_parameters: { temperature },
    },
    prompt: { resource_type: "prompt_template", template, engine: "jinja" },
  };
}

/** A set with two versions; the second one has another prompt. */
async function twoVersions(store: Store): Promise<string> {
  const { resources_id } = await store.call(
    "POST",
    "resources",
    resources("Answer {{ question }}\nPlease answer shortly.", 0.5),
  );
  await store.call(
    "POST",
    `resources/${resources_id}`,
    resources("Answer {{ question }}\nPlease answer in one word.", 0.7),
  );
  return resources_id;
}

test("a set is a line in the list and cards on its page, its key masked (T20)", async ({
  page,
  served,
  store,
}) => {
  const id = await twoVersions(store);
  await page.goto(`${served.url}resources`);
  const line = page.locator(`tr[data-key="${id}"]`);
  await expect(line).toContainText("latest");
  await expect(line).toContainText("small-7b");
  await expect(line).toContainText("prompt_template");
  await line.getByRole("link").first().click();
  await expect(page.getByRole("region", { name: "main" })).toContainText("••••6789");
  expect(await page.content()).not.toContain("sk-secret");
  await expect(page.locator(".template-variable").first()).toContainText("question");
  await page.getByRole("region", { name: "main" }).getByRole("button", { name: "JSON", exact: true }).click();
  expect(await page.content()).not.toContain("sk-secret");
  await page.getByRole("button", { name: "Reveal secrets" }).click();
  await expect(page.getByRole("region", { name: "main" })).toContainText(KEY);
});

test("two versions side by side, with the rewards of their rollouts", async ({ page, served, store }) => {
  const id = await twoVersions(store);
  await page.goto(`${served.url}resources/${id}`);
  await page.getByRole("combobox", { name: "Compare with" }).selectOption("version 1");
  await expect(page).toHaveURL(new RegExp(`diff=${id}%401`));
  await expect(page.getByText("2 resources differ.")).toBeVisible();
  await expect(page.getByRole("cell", { name: "sampling_parameters.temperature" })).toBeVisible();
  await expect(page.locator(".diff mark").first()).toBeVisible();
  await expect(page.locator(".diff-text.is-removed")).toContainText("shortly");
  await page.getByRole("button", { name: "Unified" }).click();
  await expect(page).toHaveURL(/layout=unified/);
  await page.keyboard.press("]");
  await expect(page.locator(".is-current")).toHaveCount(1);
  await page.getByRole("button", { name: "Swap" }).click();
  await expect(page).toHaveURL(/v=1/);
  await expect(page.locator(".diff-text.is-added")).toContainText("shortly");
  const before = await textOf(page);
  await page.reload();
  await expect.poll(() => textOf(page)).toBe(before);
});

test("two sets can be compared, too", async ({ page, served, store }) => {
  const id = await twoVersions(store);
  const other = await store.call("POST", "resources", {
    extra: { resource_type: "prompt_template", template: "x", engine: "f-string" },
  });
  await page.goto(`${served.url}resources/${other.resources_id}?diff=${id}`);
  await expect(page.getByRole("region", { name: "extra" })).toContainText("added");
  await expect(page.getByRole("region", { name: "main" })).toContainText("removed");
});

test("what is not there is told", async ({ page, served, store }) => {
  await page.goto(`${served.url}resources`);
  await expect(page.getByText("No resources yet")).toBeVisible();
  const id = await twoVersions(store);
  await expect(page.locator(`tr[data-key="${id}"]`)).toBeVisible();
  await page.goto(`${served.url}resources?q=nothing-like-it`);
  await expect(page.getByText("No set of resources fits")).toBeVisible();
  await page.goto(`${served.url}resources/rs-nowhere`);
  await expect(page.getByText("There is no such set of resources")).toBeVisible();
  await page.goto(`${served.url}resources/${id}?v=99`);
  await expect(page.getByText("This version is not kept")).toBeVisible();
});
