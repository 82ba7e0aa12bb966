/** A store of its own for each test: the real server, in memory, on a free port. */

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test as base } from "@playwright/test";
import { type PageServer, servePage } from "./serve.ts";

const BINARY =
  process.env["LIGHTNING_STORE_BIN"] ??
  fileURLToPath(new URL("../../target/release/lightning-store", import.meta.url));

export class Store {
  readonly #process: ChildProcess;
  readonly url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.url = url;
  }

  /** `args`: `demo` for a store that is filled. */
  static async start(args: readonly string[] = [], port = 0): Promise<Store> {
    const process = spawn(BINARY, [...args, "--store", "memory", "--port", String(port)], {
      stdio: ["ignore", "pipe", "pipe"],
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
  /** What serves the page in front of the store. */
  readonly served: PageServer;
}

/** Whatever a test does: no script fails, no policy is broken, and nothing is asked of anybody else. */
export const test = base.extend<Fixtures>({
  // The framework wants a pattern.
  store: async ({}, use) => {
    const store = await Store.start();
    await use(store);
    await store.stop();
  },
  served: async ({ store, page }, use) => {
    const served = await servePage(store.url);
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
    await served.close();
  },
});

export { expect };
