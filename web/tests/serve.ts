/**
 * Stands before a store as a proxy does, under any prefix: the page is what the program serves. It can count, hold up
 * and refuse requests, for tests of what the page does then.
 */

import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface PageServer {
  /** Ends in `/`. */
  readonly url: string;
  /** Requests to the store so far: method and path with query. */
  readonly seen: string[];
  /** How many requests are not answered yet; streams of events never are, and do not count. */
  readonly pending: number;
  /** How many streams of events are open. */
  readonly streams: number;
  /** Answers instead of the store: a status, or null to hand the request on. `drop`: the connection is cut. */
  refuse: ((path: string) => number | "drop" | null) | null;
  /** From now on stands before another store, as if nothing had happened. */
  aim(store: string, api?: string): void;
  close(): Promise<void>;
}

/** `store`: what serves the page. `api`: what answers its questions, if that is another server. */
export async function servePage(store: string, prefix = "/", api = store): Promise<PageServer> {
  const behind = { store, api };
  const seen: string[] = [];
  const open = new Set<IncomingMessage>();
  const isStream = ({ url }: IncomingMessage): boolean => url?.includes("/agl/events") === true;
  let pending = 0;
  const state: { refuse: PageServer["refuse"] } = { refuse: null };
  const server: Server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", "http://localhost");
    if (!url.pathname.startsWith(prefix)) return void outgoing.writeHead(404).end();
    const path = url.pathname.slice(prefix.length - 1);
    if (!isStream(incoming)) {
      pending += 1;
      outgoing.on("close", () => (pending -= 1));
    }
    incoming.headers["x-forwarded-prefix"] = prefix;
    if (!path.startsWith("/v1/"))
      return handOn(incoming, outgoing, behind.store + path + url.search, () => {});
    seen.push(`${incoming.method} ${path}${url.search}`);
    const refused = state.refuse?.(path) ?? null;
    if (refused === "drop") return void incoming.socket.destroy();
    if (refused !== null) {
      outgoing
        .writeHead(refused, { "content-type": "application/json" })
        .end(JSON.stringify({ detail: `Refused with ${refused} by the test` }));
      return;
    }
    open.add(incoming);
    handOn(incoming, outgoing, behind.api + path + url.search, () => open.delete(incoming));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    seen,
    get pending() {
      return pending;
    },
    get streams() {
      return [...open].filter(isStream).length;
    },
    get refuse() {
      return state.refuse;
    },
    set refuse(value) {
      state.refuse = value;
      // Streams that are open would otherwise not notice.
      if (value !== null)
        for (const incoming of open) if (value(incoming.url ?? "") === "drop") incoming.socket.destroy();
    },
    aim(store, api = store) {
      Object.assign(behind, { store, api });
      seen.length = 0;
      state.refuse = null;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function handOn(incoming: IncomingMessage, outgoing: ServerResponse, to: string, done: () => void): void {
  const forward = request(
    to,
    { method: incoming.method ?? "GET", headers: { ...incoming.headers, host: new URL(to).host } },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      outgoing.flushHeaders();
      answer.pipe(outgoing);
      answer.on("error", () => outgoing.destroy());
    },
  );
  forward.on("error", () => outgoing.destroy());
  outgoing.on("close", () => {
    done();
    forward.destroy();
  });
  incoming.pipe(forward);
}
