// The page of `page/` in headless Chromium: built by Vite, and as it is, without any bundler. Both are served with the
// strict content security policy that the package promises to work under.
import assert from "node:assert/strict";
import { once } from "node:events";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";
import { pathToFileURL } from "node:url";

const [tools, browserPath] = process.argv.slice(2);
const store = process.env.LIGHTNING_STORE_URL;
const require = createRequire(join(tools, "package.json"));
const { chromium } = require("playwright-core");
const { build } = await import(pathToFileURL(require.resolve("vite")));

const POLICY = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' ${store}`;
const TYPES = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/** Serves a folder. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url, "http://page").pathname);
    try {
      const content = readFileSync(join(folder, path === "/" ? "index.html" : path));
      response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "text/html", "content-security-policy": POLICY });
      response.end(content);
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** What the page says in the end. Nothing may be said on its console, and nothing loaded from elsewhere. */
async function visit(browser, folder) {
  const { url, close } = await serve(folder);
  const context = await browser.newContext();
  const page = await context.newPage();
  const trouble = [];
  // The page asks for a rollout that does not exist, which browsers note.
  page.on("console", (message) => message.text().includes("404") || trouble.push(message.text()));
  page.on("pageerror", (error) => trouble.push(String(error)));
  page.on("request", (request) => {
    if (![url, store].some((known) => request.url().startsWith(known))) trouble.push(request.url());
  });
  await page.goto(`${url}?store=${encodeURIComponent(store)}`);
  const result = page.locator("#result:not(:empty)");
  const text = await result.textContent({ timeout: 60_000 });
  await context.close();
  close();
  assert.deepEqual(trouble, [], text);
  return JSON.parse(text);
}

const expected = {
  trace: { added: 10_000, rows: 10_001, matched: 1_250, found: true, turns: 0, errors: true },
  isQuick: true,
  isSameClass: true,
  status: "succeeded",
  spans: ["agentlightning.annotation"],
  aborted: "AbortError",
  refused: [true, "refused", 404],
  exact: true,
};

await build({ root: "page", base: "./", logLevel: "warn", build: { outDir: "../built", emptyOutDir: true } });

const plain = "plain";
cpSync("page", plain, { recursive: true });
cpSync("node_modules/lightning-store-client/dist", join(plain, "client"), { recursive: true });
const script = readFileSync(join(plain, "main.js"), "utf8");
writeFileSync(join(plain, "main.js"), script
    .replace('"lightning-store-client"', '"./client/browser.mjs"')
    .replace('"lightning-store-client/trace"', '"./client/trace.mjs"'),
);

const browser = await chromium.launch({
  executablePath: browserPath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update"],
});
try {
  assert.deepEqual(await visit(browser, "built"), expected);
  assert.deepEqual(await visit(browser, plain), expected);
} finally {
  await browser.close();
}
console.log("browser");
