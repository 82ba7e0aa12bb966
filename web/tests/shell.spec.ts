/** Around the pages: addresses, keys, narrow screens, prefixes, and what is refused. */

import { servePage } from "./serve.ts";
import { expect, settled, test } from "./store.ts";

test("no request goes to anybody else, also not for whole objects (T6)", async ({ page, served, store }) => {
  await store.carriedOut({ question: "q" }, { reward: 1 });
  const hosts = new Set<string>();
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  for (const path of ["", "rollouts", "queue", "workers", "workers/worker-1", "resources", "settings"]) {
    await page.goto(served.url + path);
    await expect(page.locator("h1")).toBeVisible();
  }
  await page.goto(`${served.url}workers/worker-1`);
  await page.getByText("Raw JSON").click();
  await expect(page.locator("details pre")).toContainText('"worker_id": "worker-1"');
  expect([...hosts]).toEqual([new URL(served.url).host]);
});

test.describe("for the first time", () => {
  test.use({ fresh: true });
  test("at most eight requests at the start, all of them ours", async ({ page, served }) => {
    const asked: string[] = [];
    page.on("request", (request) => {
      // What is within the page is not asked for.
      if (!request.url().startsWith("data:")) asked.push(request.url());
    });
    await page.goto(`${served.url}rollouts`);
    await expect(page.locator(".pill")).toContainText("Live");
    await expect(page.getByText("No rollouts yet")).toBeVisible();
    await settled(page, served);
    expect(asked.length, asked.join("\n")).toBeLessThanOrEqual(8);
  });
});

test("addresses of the old page lead to the new ones (T21)", async ({ page, served, store }) => {
  const id = await store.carriedOut("a");
  await page.goto(`${served.url}traces?rolloutId=${id}&attemptId=at-1`);
  await expect(page).toHaveURL(`${served.url}rollouts/${id}?attempt=at-1`);
  await page.goto(`${served.url}traces`);
  await expect(page).toHaveURL(`${served.url}rollouts`);
  await page.goto(`${served.url}runners`);
  await expect(page).toHaveURL(`${served.url}workers`);
  await expect(page.locator("h1")).toHaveText("Workers");
});

test("an address that is none says so and leads back", async ({ page, served, store }) => {
  const [id] = await store.enqueue({ input: "a" });
  const answer = await page.goto(`${served.url}nothing/${String(id).slice(3, 8)}`);
  expect(answer?.status()).toBe(200);
  await expect(page.locator("h1")).toHaveText("There is no such page");
  await expect(page.getByRole("link", { name: String(id) })).toBeVisible();
  await page.locator("main").getByRole("link", { name: "Rollouts" }).click();
  await expect(page.locator("h1")).toHaveText("Rollouts");
});

test("a worker that is not there is no broken page", async ({ page, served }) => {
  await page.goto(`${served.url}workers/nobody`);
  await expect(page.getByRole("alert")).toContainText("nobody");
  await expect(page.getByRole("alert")).toContainText("404");
});

test("the page works below a prefix (T17)", async ({ page, store }) => {
  const served = await servePage(store.url, "/x/y/");
  await store.enqueue({ input: "a" });
  const wrong: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(served.url)) wrong.push(request.url());
  });
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await page.getByRole("navigation", { name: "Sections" }).getByRole("link", { name: "Queue" }).click();
  await expect(page).toHaveURL(`${served.url}queue`);
  await expect(page.getByRole("table", { name: "Waiting rollouts" })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("table", { name: "Waiting rollouts" })).toBeVisible();
  await page.goBack();
  await expect(page.locator("h1")).toHaveText("Rollouts");
  expect(wrong).toEqual([]);
  await served.close();
});

test("by keys alone: list, look, open, copy, back (T10)", async ({ page, served, store, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const ids = [await store.carriedOut("a", { reward: 1 }), await store.carriedOut("b", { reward: 0 })];
  await page.goto(served.url);
  await expect(page.locator("h1")).toHaveText("Overview");
  await page.keyboard.press("g");
  await page.keyboard.press("r");
  await expect(page.locator("h1")).toHaveText("Rollouts");
  await expect(page.locator("tbody tr")).toHaveCount(2);
  await page.keyboard.press("j");
  await expect(page.locator("tbody tr").first()).toBeFocused();
  await page.keyboard.press("Space");
  const peek = page.getByRole("complementary", { name: `Rollout ${ids[1]}` });
  await expect(peek).toBeVisible();
  await page.keyboard.press("j");
  await expect(page.getByRole("complementary", { name: `Rollout ${ids[0]}` })).toContainText("succeeded");
  await page.keyboard.press("c");
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(ids[0]);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("complementary")).toHaveCount(0);
  await expect(page.locator("tbody tr").nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${served.url}rollouts/${ids[0]}`);
  await page.goBack();
  await expect(page.locator("tbody tr")).toHaveCount(2);
});

test("help shows the keys there are; they can be switched off", async ({ page, served }) => {
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("h1")).toBeVisible();
  await page.keyboard.press("?");
  const help = page.getByRole("dialog", { name: "Keyboard" });
  await expect(help).toContainText("Next row");
  await expect(help).toContainText("Go to Queue");
  await page.keyboard.press("Escape");
  await expect(help).toHaveCount(0);
  await page.goto(`${served.url}settings`);
  await page.getByLabel(/Single keys/).uncheck();
  await page.keyboard.press("?");
  await expect(help).toHaveCount(0);
  await page.reload();
  await expect(page.getByLabel(/Single keys/)).not.toBeChecked();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Search and commands" })).toBeVisible();
});

test("the palette opens whatever an id names", async ({ page, served, store }) => {
  const id = await store.carriedOut("a");
  await page.goto(served.url);
  await expect(page.locator("h1")).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search ids and commands" }).fill(id.slice(0, 9));
  await expect(page.getByRole("option").first()).toContainText(id);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${served.url}rollouts/${id}`);
});

test("usable at 390 pixels: cards, no sideways scrolling, everything in reach (T16)", async ({
  page,
  served,
  store,
}) => {
  await page.setViewportSize({ width: 390, height: 844 });
  const id = await store.carriedOut(
    { question: "How far is it from here to the other end of the longest line that anybody ever wrote?" },
    { reward: 0.5 },
  );
  await store.enqueue({ input: "waits" });
  for (const path of [
    "",
    "rollouts",
    "rollouts?q=statos:x",
    "queue",
    "workers",
    "workers/worker-1",
    "settings",
  ]) {
    await page.goto(served.url + path);
    await expect(page.locator("h1")).toBeVisible();
    await settled(page, served);
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(over, path).toBeLessThanOrEqual(0);
  }
  await page.goto(`${served.url}rollouts`);
  await page.locator(`tr[data-key="${id}"]`).click({ position: { x: 180, y: 4 } });
  const peek = page.getByRole("complementary");
  await expect(peek).toBeVisible();
  expect((await peek.boundingBox())?.width).toBe(390);
  await peek.getByRole("button", { name: /Close/ }).click();
  await expect(peek).toHaveCount(0);
});

const EVIL = `<img src=x onerror="document.title='owned'"><script>document.title='owned'</script>"'>{{7*7}}`;
test("whatever is stored is text (T15)", async ({ page, served, store }) => {
  test.slow();
  await store.enqueue({ input: { question: EVIL }, mode: "train", metadata: { [EVIL]: EVIL, step: EVIL } });
  await store.dequeue(EVIL);
  await store.enqueue({ input: EVIL });
  for (const path of [
    "",
    "rollouts?cols=status,id,input,worker,meta.step",
    `rollouts?q=${encodeURIComponent(EVIL)}`,
    `rollouts?worker=${encodeURIComponent(EVIL)}&cols=meta.${encodeURIComponent(EVIL)}`,
    "queue",
    "workers",
    `workers/${encodeURIComponent(EVIL)}`,
    `rollouts/${encodeURIComponent(EVIL)}`,
    encodeURIComponent(EVIL),
  ]) {
    await page.goto(served.url + path);
    await expect(page.locator("h1").first()).toBeVisible();
    await settled(page, served);
    expect(await page.title(), path).not.toBe("owned");
    expect(await page.locator("img, main script").count(), path).toBe(0);
  }
});

test("a refusal names the request; a failure offers another try", async ({ page, served, store }) => {
  await store.enqueue({ input: "a" });
  served.refuse = (path) => (path.includes("dashboard/rollouts") ? 400 : null);
  await page.goto(`${served.url}rollouts`);
  const failure = page.getByRole("alert").first();
  await expect(failure).toContainText("The server refused this request (400)");
  await expect(failure).toContainText("Refused with 400 by the test");
  await expect(failure).toContainText("The connection is fine");
  served.refuse = (path) => (path.includes("dashboard/rollouts") ? 500 : null);
  await page.reload();
  await expect(failure).toContainText("The server failed at this request (500)");
  served.refuse = null;
  await failure.getByRole("button", { name: "Try again" }).click();
  await expect(page.locator("tbody tr")).toHaveCount(1);
  await expect(page.locator("[data-banner=offline]")).toHaveCount(0);
});

test("a zone is always in sight, and times follow it", async ({ page, served, store }) => {
  await store.enqueue({ input: "a" });
  await page.goto(`${served.url}rollouts`);
  await expect(page.getByRole("button", { name: /Times are in UTC\+[12]/ })).toBeVisible();
  const shown = page.locator("tbody time").first();
  await page.getByRole("button", { name: /Times are in/ }).click();
  await page.getByRole("button", { name: "Absolute" }).click();
  const local = await shown.innerText();
  expect(local).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  await page.getByRole("button", { name: /Times are in/ }).click();
  await page.getByRole("button", { name: "UTC", exact: true }).click();
  await expect(shown).not.toHaveText(local);
  expect(`${(await shown.innerText()).replace(" ", "T")}`).toBe(
    (await shown.getAttribute("datetime"))?.slice(0, 19),
  );
});

test("short times keep their unit (T8)", async ({ page, served, store }) => {
  await store.enqueue({ input: "a" });
  await store.dequeue("w");
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator('td[data-label="Queue wait"]')).toHaveText(/^\d+(\.\d+)? (ms|s|µs)$/);
});

test("a module that is not loaded leaves a page that says why", async ({ page, store }) => {
  const served = await servePage(store.url);
  await page.route("**/*.wasm", (route) => route.fulfill({ status: 404, body: "" }));
  await page.goto(`${served.url}rollouts`);
  await expect(page.locator("h1")).toHaveText("This page could not be started");
  await expect(page.getByRole("link", { name: "rollouts" })).toBeVisible();
  await served.close();
});
