/** What has to be loaded before the first page is there (T24), as the browser sees it. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "./store.ts";

test.use({ fresh: true });

test("scripts and styles of the list weigh at most 60 kB, compressed (T24)", async ({ page, served }) => {
  const files = new Set<string>();
  page.on("request", (request) => {
    const name = new URL(request.url()).pathname;
    if (/\.(js|css)$/.test(name)) files.add(name);
  });
  await page.goto(`${served.url}rollouts`);
  await expect(page.getByText("No rollouts yet")).toBeVisible();
  const size = (name: string): number =>
    gzipSync(readFileSync(fileURLToPath(new URL(`../dist${name}`, import.meta.url))), { level: 9 }).length;
  const total = [...files].reduce((sum, name) => sum + size(name), 0);
  expect(total, [...files].map((name) => `${name} ${size(name)}`).join("\n")).toBeLessThanOrEqual(60_000);
});
