import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";
import { budget } from "./build/budget.ts";
import { precompress } from "./build/precompress.ts";
import { preloadWasm } from "./build/preload_wasm.ts";

/** Where `make npm` leaves the client. */
const client = fileURLToPath(new URL("../target/npm/package/dist/", import.meta.url));

const { version } = JSON.parse(readFileSync(`${client}../package.json`, "utf8")) as { version: string };

/** Modules of the shell and of more than one page, except those that are loaded when they are needed. */
function isShared(id: string): boolean {
  if (/\/app\/(help|palette|not_found)\.tsx$|\/api\/trace\.ts$/.test(id)) return false;
  return (
    /\/src\/(app|api|url|format|styles)\//.test(id) ||
    /\/(first_rollout\.tsx|pages\/rollouts\/[^/]+\.css|main\.tsx)$/.test(id) ||
    id.includes("rolldown/runtime") ||
    /\/src\/components\/[^/]+$/.test(id) ||
    /\/node_modules\/(preact|@preact)\//.test(id)
  );
}

export default defineConfig({
  base: "./",
  define: { PAGE_VERSION: JSON.stringify(version) },
  resolve: {
    alias: [
      { find: /^lightning-store-client$/, replacement: `${client}browser.mjs` },
      { find: /^lightning-store-client\/trace$/, replacement: `${client}trace.mjs` },
    ],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    reportCompressedSize: false,
    manifest: "manifest.json",
    rolldownOptions: {
      output: {
        // What every page needs is one file, and not one for each set of pages that share something.
        codeSplitting: {
          groups: [{ name: "shared", test: (id: string) => isShared(id.replaceAll("\\", "/")) }],
        },
      },
    },
  },
  server: {
    fs: { allow: [".."] },
    proxy: { "/v1": process.env["LIGHTNING_STORE_URL"] ?? "http://127.0.0.1:4747" },
  },
  plugins: [preloadWasm(), budget(), precompress()],
  test: { include: ["src/**/*.test.ts"] },
} as Parameters<typeof defineConfig>[0]);
