/**
 * Serves the built page as the store does, under any prefix and with its policy, and hands `/v1` on to a store. It can
 * count, hold up and refuse requests, for tests of what the page does then.
 */

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));

export const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".json": "application/json",
  ".wasm": "application/wasm",
};

export interface PageServer {
  /** Ends in `/`. */
  readonly url: string;
  /** Requests to the store so far: method and path with query. */
  readonly seen: string[];
  /** Answers instead of the store: a status, or null to hand the request on. `drop`: the connection is cut. */
  refuse: ((path: string) => number | "drop" | null) | null;
  close(): Promise<void>;
}

export async function servePage(store: string, prefix = "/"): Promise<PageServer> {
  const seen: string[] = [];
  const open = new Set<IncomingMessage>();
  const state: { refuse: PageServer["refuse"] } = { refuse: null };
  const server: Server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", "http://localhost");
    if (!url.pathname.startsWith(prefix)) return void outgoing.writeHead(404).end();
    const path = url.pathname.slice(prefix.length - 1);
    if (!path.startsWith("/v1/")) return void page(path, prefix, outgoing);
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
    handOn(incoming, outgoing, store + path + url.search, () => open.delete(incoming));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    seen,
    get refuse() {
      return state.refuse;
    },
    set refuse(value) {
      state.refuse = value;
      // Streams that are open would otherwise not notice.
      if (value !== null)
        for (const incoming of open) if (value(incoming.url ?? "") === "drop") incoming.socket.destroy();
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

async function page(path: string, prefix: string, outgoing: ServerResponse): Promise<void> {
  const headers = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
  const name = normalize(path).replace(/^\/+/, "");
  const isFile = name.startsWith("assets/") || name === "icon.svg";
  try {
    let body = await readFile(join(DIST, isFile ? name : "index.html"));
    const type = isFile ? (TYPES[extname(name)] ?? "application/octet-stream") : TYPES[".html"];
    if (!isFile) body = Buffer.from(body.toString().replace('<base href="/">', `<base href="${prefix}">`));
    outgoing.writeHead(200, { ...headers, "content-type": type ?? "" }).end(body);
  } catch {
    outgoing.writeHead(404, headers).end();
  }
}
