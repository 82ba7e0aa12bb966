/** Which page is shown at which address. Each page is a script of its own, loaded when it is first needed. */

import { computed, signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { navigate, pathOf, place, segmentsOf } from "./location.ts";

/** A page takes what its path says: an id. */
export interface PageProps {
  readonly id: string;
}
type Page = ComponentType<PageProps>;
type Load = () => Promise<{ Page: Page }>;

interface Route {
  /** Segments; `:id` is any. */
  readonly path: readonly string[];
  readonly load: Load;
  /** The entry of the rail it belongs to. */
  readonly section: Section;
}

export type Section = "overview" | "rollouts" | "queue" | "workers" | "resources" | "settings" | null;

/** Pages that show traces, or whole objects as they were written, need a module of their own first. */
function withTraces(load: Load): Load {
  return async () => {
    const [page] = await Promise.all([
      load(),
      import("../api/trace.ts").then(({ loadTrace }) => loadTrace()),
    ]);
    return page;
  };
}

const ROUTES: readonly Route[] = [
  { path: [], section: "overview", load: () => import("../pages/overview/page.tsx") },
  { path: ["rollouts"], section: "rollouts", load: () => import("../pages/rollouts/page.tsx") },
  {
    path: ["rollouts", ":id"],
    section: "rollouts",
    load: withTraces(() => import("../pages/rollout/page.tsx")),
  },
  {
    path: ["rollouts", ":id", "compare"],
    section: "rollouts",
    load: withTraces(() => import("../pages/compare/attempts.tsx")),
  },
  { path: ["compare"], section: "rollouts", load: withTraces(() => import("../pages/compare/rollouts.tsx")) },
  { path: ["queue"], section: "queue", load: () => import("../pages/queue/page.tsx") },
  { path: ["workers"], section: "workers", load: () => import("../pages/workers/page.tsx") },
  { path: ["workers", ":id"], section: "workers", load: () => import("../pages/workers/detail.tsx") },
  {
    path: ["resources"],
    section: "resources",
    load: withTraces(() => import("../pages/resources/page.tsx")),
  },
  {
    path: ["resources", ":id"],
    section: "resources",
    load: withTraces(() => import("../pages/resources/detail.tsx")),
  },
  { path: ["settings"], section: "settings", load: () => import("../pages/settings/page.tsx") },
];
const MISSING: Route = { path: ["*"], section: null, load: () => import("./not_found.tsx") };

export interface Match {
  readonly route: Route;
  readonly id: string;
}

export function match(path: string): Match {
  const segments = segmentsOf(path);
  for (const route of ROUTES) {
    if (route.path.length !== segments.length) continue;
    if (route.path.every((segment, index) => segment === ":id" || segment === segments[index])) {
      return { route, id: segments[route.path.indexOf(":id")] ?? "" };
    }
  }
  return { route: MISSING, id: path };
}

/** Where an address of the Python server's page leads now. Null: it is none. */
export function redirectOf(path: string, query: string): string | null {
  const [first, ...rest] = segmentsOf(path);
  if (rest.length > 0) return null;
  if (first === "runners") return "/workers";
  if (first !== "traces") return null;
  const search = new URLSearchParams(query);
  const rollout = search.get("rolloutId");
  const attempt = search.get("attemptId");
  if (rollout === null || rollout === "") return "/rollouts";
  return (
    pathOf("rollouts", rollout) +
    (attempt === null || attempt === "" ? "" : `?attempt=${encodeURIComponent(attempt)}`)
  );
}

const wanted = computed(() => match(place.value.path));

export const section = computed(() => wanted.value.route.section);

export interface Shown {
  readonly Page: Page;
  readonly id: string;
  readonly route: Route;
}

/** The page that is shown: the one before, until the script of the next one is there. */
export const shown = signal<Shown | null>(null);

/** Why the script of a page is not there. */
export const brokenPage = signal<unknown>(null);

async function show({ route, id }: Match): Promise<void> {
  try {
    const { Page } = await route.load();
    if (wanted.peek().route !== route || wanted.peek().id !== id) return;
    brokenPage.value = null;
    shown.value = { Page, id, route };
  } catch (error) {
    brokenPage.value = error;
  }
}

function redirect(): void {
  const to = redirectOf(place.peek().path, place.peek().query);
  if (to !== null) navigate(to, "replace");
}

/** Loads the first page, and from then on the one of the address. */
export async function preloadPage(): Promise<void> {
  redirect();
  await show(wanted.peek());
  wanted.subscribe((next) => {
    const to = redirectOf(place.peek().path, place.peek().query);
    if (to !== null) queueMicrotask(redirect);
    else if (shown.peek()?.route !== next.route || shown.peek()?.id !== next.id) void show(next);
  });
}
