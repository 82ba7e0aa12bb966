/** A store of its own for each test: the real server, in memory, on a free port. */

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import {
  type BrowserContext,
  expect,
  type Page,
  type PlaywrightWorkerArgs,
  test as base,
  type WorkerInfo,
} from "@playwright/test";
import { type PageServer, servePage } from "./serve.ts";

/** The program. */
export const BINARY =
  process.env["LIGHTNING_STORE_BIN"] ??
  fileURLToPath(new URL("../../target/release/lightning-store", import.meta.url));

export class Store {
  readonly #process: ChildProcess;
  readonly url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  /** `args`: `demo` for a store that is filled. `file`: where it is kept, otherwise than in memory. */
  static async start(
    args: readonly string[] = [],
    { port = 0, file }: { port?: number; file?: string } = {},
  ): Promise<Store> {
    const store = file === undefined ? "memory" : `sqlite:${file}`;
    return Store.#run(BINARY, [...args, "--store", store, "--port", String(port)]);
  }

  /** The store of the published package, in memory. `python`: its interpreter. */
  static startPython(python: string): Promise<Store> {
    const script = fileURLToPath(new URL("../../tests/python/reference_server.py", import.meta.url));
    return Store.#run(python, [script]);
  }

  static async #run(program: string, args: readonly string[]): Promise<Store> {
    const process = spawn(program, args, {
      stdio: ["ignore", "pipe", "pipe"],
      // Without this the package looks for a list of prices on the network first.
      env: { ...globalThis.process.env, LITELLM_LOCAL_MODEL_COST_MAP: "True" },
    });
    const url = await new Promise<string>((done, fail) => {
      let said = "";
      const hear = (piece: Buffer): void => {
        said += piece.toString();
        const found = /listening on (http:\/\/[^\s]+)/.exec(said);
        if (found?.[1] !== undefined) done(found[1].replace(/\/$/, ""));
      };
      process.stdout.on("data", hear);
      process.stderr.on("data", hear);
      process.on("error", fail);
      process.on("exit", () => fail(new Error(`the server did not start: ${said}`)));
    });
    return new Store(process, url);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const over = new Promise((done) => this.#process.once("exit", done));
    this.#process.kill("SIGKILL");
    await over;
  }

  async call<T = any>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/v1/agl/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async enqueue(...rollouts: object[]): Promise<string[]> {
    const made = await this.call<{ rollout_id: string }[]>("POST", "queues/rollouts/enqueue", { rollouts });
    return made.map(({ rollout_id }) => rollout_id);
  }

  async dequeue(worker: string): Promise<{ rollout_id: string; attempt_id: string }> {
    const [taken] = await this.call("POST", "queues/rollouts/dequeue", { worker_id: worker });
    return { rollout_id: taken.rollout_id, attempt_id: taken.attempt.attempt_id };
  }

  /** A span of an attempt; times in seconds from `at`. */
  async span(
    ids: { rollout_id: string; attempt_id: string },
    name: string,
    more: object = {},
  ): Promise<void> {
    const now = Date.now() / 1000;
    await this.call("POST", "spans", {
      ...ids,
      sequence_id: Math.floor(performance.now() * 10),
      trace_id: "0".repeat(31) + "1",
      span_id: Math.random().toString(16).slice(2, 18).padEnd(16, "0"),
      parent_id: null,
      context: null,
      parent: null,
      name,
      status: { status_code: "OK" },
      attributes: {},
      events: [],
      links: [],
      start_time: now - 1,
      end_time: now,
      resource: { attributes: {}, schema_url: "" },
      ...more,
    });
  }

  async finish(ids: { rollout_id: string; attempt_id: string }, status: string): Promise<void> {
    await this.call("POST", `rollouts/${ids.rollout_id}/attempts/${ids.attempt_id}`, { status });
  }

  /** Waits until rewards, tokens and counts know all spans. */
  async counted(): Promise<void> {
    await expect
      .poll(async () => (await this.call<{ behind: number }>("GET", "dashboard/rollouts?limit=0")).behind)
      .toBe(0);
  }

  /** A rollout that was carried out, with a reward if there is one. */
  async carriedOut(
    input: unknown,
    {
      status = "succeeded",
      reward,
      mode = "train",
    }: { status?: string; reward?: number; mode?: string } = {},
  ): Promise<string> {
    await this.enqueue({ input, mode });
    const ids = await this.dequeue("worker-1");
    await this.span(ids, "openai.chat.completion", {
      attributes: { "gen_ai.usage.prompt_tokens": 20, "gen_ai.usage.completion_tokens": 5 },
    });
    if (reward !== undefined) {
      await this.span(ids, "agentlightning.annotation", {
        attributes: { "agentlightning.reward.0.name": "primary", "agentlightning.reward.0.value": reward },
      });
    }
    await this.finish(ids, status);
    return ids.rollout_id;
  }
}

interface Fixtures {
  readonly store: Store;
  /** What answers the page, if that is not the store that it comes from. */
  readonly api: Store;
  /** What serves the page in front of the store. */
  readonly served: PageServer;
  /** With a browser that has nothing in its caches, for tests of what is loaded, and of time. */
  readonly fresh: boolean;
}

/** What tests have in common, so that not each of them loads and compiles the page anew. */
interface Kept {
  readonly kept: { readonly context: BrowserContext; readonly door: PageServer };
}

function newContext({ browser }: Pick<PlaywrightWorkerArgs, "browser">, { project }: WorkerInfo) {
  const { viewport, timezoneId } = project.use;
  return browser.newContext({
    ...(viewport === undefined ? {} : { viewport }),
    ...(timezoneId === undefined ? {} : { timezoneId }),
  });
}

/** Whatever a test does: no script fails, no policy is broken, and nothing is asked of anybody else. */
export const test = base.extend<Fixtures, Kept>({
  fresh: [false, { option: true }],
  kept: [
    async ({ browser }, use, info) => {
      const door = await servePage("");
      const context = await newContext({ browser }, info);
      await use({ context, door });
      await context.close();
      await door.close();
    },
    { scope: "worker" },
  ],
  context: async ({ browser, kept, fresh }, use, info) => {
    const context = fresh ? await newContext({ browser }, info) : kept.context;
    await use(context);
    await context.clearPermissions();
    if (fresh) await context.close();
  },
  page: async ({ context, kept, colorScheme }, use) => {
    const page = await context.newPage();
    await page.emulateMedia({ colorScheme });
    const session = await context.newCDPSession(page);
    const kinds = { origin: new URL(kept.door.url).origin, storageTypes: "local_storage" };
    await session.send("Storage.clearDataForOrigin", kinds);
    await session.detach();
    await use(page);
    for (const one of context.pages()) await one.close();
  },
  // The framework wants a pattern.
  store: async ({}, use) => {
    const store = await Store.start();
    await use(store);
    await store.stop();
  },
  api: async ({ store }, use) => use(store),
  served: async ({ store, api, page, kept }, use) => {
    const served = kept.door;
    served.aim(store.url, api.url);
    const wrong: string[] = [];
    page.on("pageerror", (error) => wrong.push(`error: ${error.message}`));
    page.on("console", (message) => {
      if (/content security policy/i.test(message.text())) wrong.push(`policy: ${message.text()}`);
    });
    page.on("request", (request) => {
      if (!request.url().startsWith(served.url) && !request.url().startsWith("data:"))
        wrong.push(`foreign: ${request.url()}`);
    });
    await use(served);
    expect(wrong).toEqual([]);
  },
});

/** Goes to an address as a link of the page does, without loading it anew. */
export async function follow(page: Page, url: string): Promise<void> {
  // Before it is there nobody follows its links.
  await page.locator("main").waitFor();
  await page.evaluate((url) => {
    const link = document.createElement("a");
    link.href = url;
    document.body.append(link);
    link.click();
    link.remove();
  }, url);
}

/** What was asked for is here and drawn: nothing is on its way, and for some frames nothing changes. */
export async function settled(page: Page, served: PageServer): Promise<void> {
  const isQuiet = async (): Promise<boolean> => {
    if (served.pending > 0) return false;
    await page.evaluate(async () => {
      let left = 5;
      const observer = new MutationObserver(() => (left = 5));
      observer.observe(document.body, { childList: true, subtree: true, characterData: true });
      while (left > 0) {
        left -= 1;
        await new Promise((done) => requestAnimationFrame(done));
      }
      observer.disconnect();
    });
    return served.pending === 0;
  };
  await expect.poll(isQuiet, { intervals: [20] }).toBe(true);
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
}

export { expect };
