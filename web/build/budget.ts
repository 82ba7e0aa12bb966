/** Fails the build when a page gets heavier than agreed. */

import { gzipSync } from "node:zlib";
import type { Plugin } from "vite";

/** Bytes compressed with gzip. */
const FIRST_LOAD = 60_000;
const LAZY_CHUNK = 25_000;
const WASM = 180_000;
/** The page that people open first: its chunk counts with those of the entry. */
const FIRST_PAGE = "src/pages/rollouts/page.tsx";

interface Chunk {
  type: "chunk";
  fileName: string;
  code: string;
  isEntry: boolean;
  imports: string[];
  facadeModuleId: string | null;
  viteMetadata?: { importedCss: Set<string> };
}

export function budget(): Plugin {
  return {
    name: "budget",
    apply: "build",
    generateBundle(_options, bundle) {
      const sizes = new Map<string, number>();
      for (const [name, item] of Object.entries(bundle)) {
        sizes.set(name, gzipSync(item.type === "chunk" ? item.code : item.source, { level: 9 }).length);
      }
      const chunks = Object.values(bundle).filter((item) => item.type === "chunk") as unknown as Chunk[];
      const first = new Set<string>();
      const add = (chunk: Chunk | undefined): void => {
        if (chunk === undefined || first.has(chunk.fileName)) return;
        first.add(chunk.fileName);
        for (const css of chunk.viteMetadata?.importedCss ?? []) first.add(css);
        for (const name of chunk.imports) add(bundle[name] as unknown as Chunk);
      };
      for (const chunk of chunks) {
        if (chunk.isEntry || chunk.facadeModuleId?.endsWith(FIRST_PAGE)) add(chunk);
      }
      const total = [...first].reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
      const report = [`first load of /rollouts ${total} of ${FIRST_LOAD} bytes: ${[...first].join(", ")}`];
      const over: string[] = total > FIRST_LOAD ? [`first load: ${total} > ${FIRST_LOAD}`] : [];
      for (const [name, size] of sizes) {
        const limit = name.endsWith(".wasm") ? WASM : first.has(name) ? FIRST_LOAD : LAZY_CHUNK;
        if (!/\.(js|css|wasm)$/.test(name)) continue;
        if (!first.has(name)) report.push(`${name} ${size} of ${limit}`);
        if (size > limit) over.push(`${name}: ${size} > ${limit}`);
      }
      this.info(report.join("\n"));
      if (over.length === 0) return;
      const verdict = `Too heavy (bytes, gzip):\n${over.join("\n")}`;
      // While something is being made, LIGHTNING_STORE_BUDGET=report says it and goes on.
      if (process.env["LIGHTNING_STORE_BUDGET"] === "report") this.warn(verdict);
      else this.error(verdict);
    },
  };
}
