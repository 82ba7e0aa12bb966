/** What the page is asked while it is measured. Times are those of the page's own clock, in milliseconds. */

import type { Page } from "@playwright/test";

interface Watch {
  /** When something that fits was first painted, since the address was opened. */
  readonly first: Record<string, number>;
  /** Resolves behind the next painting. */
  painted(): Promise<void>;
  /** Resolves as soon as it holds, looked at with each change of the document, and what holds is painted. */
  until(holds: () => boolean): Promise<number>;
}

declare global {
  interface Window {
    watch: Watch;
  }
}

/** Has every document of the page note when each of these first has been painted. */
export async function watchFor(page: Page, selectors: readonly string[]): Promise<void> {
  await page.addInitScript((selectors) => {
    const painted = (): Promise<void> => new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    const waiting = new Set<() => void>();
    const watch: Watch = {
      first: {},
      painted,
      until: (holds) =>
        new Promise((done) => {
          const look = (): void => {
            if (!holds()) return;
            waiting.delete(look);
            void painted().then(() => done(performance.now()));
          };
          waiting.add(look);
          look();
        }),
    };
    window.watch = watch;
    const seen = new Set<string>();
    new MutationObserver(() => {
      for (const selector of selectors) {
        if (seen.has(selector) || document.querySelector(selector) === null) continue;
        seen.add(selector);
        void painted().then(() => {
          watch.first[selector] = performance.now();
          for (const look of waiting) look();
        });
      }
      for (const look of waiting) look();
    }).observe(document, { childList: true, subtree: true, attributes: true, characterData: true });
  }, selectors);
}

/** When it was first painted, since the address was opened. */
export async function firstPainted(page: Page, selector: string): Promise<number> {
  return page.evaluate(async (selector) => {
    await window.watch.until(() => window.watch.first[selector] !== undefined);
    return window.watch.first[selector] ?? Number.NaN;
  }, selector);
}
