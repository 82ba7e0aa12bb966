/** Has the browser fetch the client's module while it still reads the scripts. */

import type { Plugin } from "vite";

export function preloadWasm(): Plugin {
  return {
    name: "preload-wasm",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }) {
        const modules = Object.keys(bundle ?? {}).filter((name) =>
          /^assets\/lightning_store_wasm_bg\b.*\.wasm$/.test(name),
        );
        return {
          html,
          tags: modules.map((name) => ({
            tag: "link",
            attrs: {
              rel: "preload",
              href: `./${name}`,
              as: "fetch",
              type: "application/wasm",
              crossorigin: true,
            },
            injectTo: "head" as const,
          })),
        };
      },
    },
  };
}
