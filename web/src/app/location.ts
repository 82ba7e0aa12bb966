/**
 * Where the page is: a path below the base of the document, and a query. All state that a person can see is in it.
 *
 * Addresses in this code begin with `/` and mean the base, which may be any prefix; {@link href} makes them real.
 */

import { batch, signal } from "@preact/signals";

/** What all addresses are relative to; ends in `/`. */
export const base = new URL(".", document.baseURI);

export interface Place {
  /** Begins with `/`; percent-encoded, as in the address bar. */
  readonly path: string;
  /** Without `?`; may be empty. */
  readonly query: string;
}

export const place = signal<Place>(here());

/** The address as the browser needs it. */
export function href(to: string): string {
  return base.pathname + to.replace(/^\//, "");
}

/** The whole address, to copy. */
export function absolute(to: string): string {
  return new URL(href(to), base).href;
}

/** `/rollouts/a%2Fb` of `rollouts`, `a/b`. */
export function pathOf(...segments: string[]): string {
  return `/${segments.map(encodeURIComponent).join("/")}`;
}

/** The decoded segments of a path. */
export function segmentsOf(path: string): string[] {
  return path
    .split("/")
    .filter((segment) => segment !== "")
    .map((segment) => {
      try {
        return decodeURIComponent(segment);
      } catch {
        return segment;
      }
    });
}

/** Goes to an address. `replace`: the way back does not lead here, as while somebody types. */
export function navigate(to: string, how: "push" | "replace" = "push"): void {
  const before = place.peek();
  if (to === before.path + (before.query === "" ? "" : `?${before.query}`)) return;
  if (how === "push") history.pushState(null, "", href(to));
  else history.replaceState(null, "", href(to));
  batch(() => {
    place.value = here();
  });
  if (place.peek().path !== before.path) {
    window.scrollTo(0, 0);
    arrived();
  }
}

const arrivals = new Set<() => void>();

/** Calls back after a move to another page, for the focus and what is announced. */
export function onArrival(callback: () => void): () => void {
  arrivals.add(callback);
  return () => arrivals.delete(callback);
}

function arrived(): void {
  for (const callback of arrivals) callback();
}

function here(): Place {
  const { pathname, search } = window.location;
  const path = pathname.startsWith(base.pathname) ? pathname.slice(base.pathname.length - 1) : "/";
  return { path, query: search.replace(/^\?/, "") };
}

/** Parts of the server that are no page of ours. */
const ELSEWHERE = /^\/(v1|docs|redoc|openapi\.json|metrics|health|assets)(\/|$)/;

/** Has links within the page followed without loading it anew. */
export function followLinks(): void {
  window.addEventListener("popstate", () => {
    const before = place.peek().path;
    place.value = here();
    if (place.peek().path !== before) arrived();
  });
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (link === null || link.target !== "" || link.hasAttribute("download")) return;
    const url = new URL(link.href, base);
    if (url.origin !== base.origin || !url.pathname.startsWith(base.pathname)) return;
    const path = url.pathname.slice(base.pathname.length - 1);
    if (ELSEWHERE.test(path)) return;
    event.preventDefault();
    navigate(path + url.search);
  });
}
