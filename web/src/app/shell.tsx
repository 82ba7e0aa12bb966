/** What is around every page: the rail, the bar on top, banners, and the way over them. */

import { useSignal } from "@preact/signals";
import { Component, type ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { level } from "../api/capabilities.ts";
import { failureOf } from "../api/failure.ts";
import { ErrorState } from "../components/states.tsx";
import { announcement } from "./announce.ts";
import { Banners } from "./banners.tsx";
import { lazy } from "./lazy.tsx";
import { type Command, useCommands } from "./keyboard.ts";
import { paused, refreshAll, setPaused } from "./live.ts";
import { absolute, navigate, onArrival, place } from "./location.ts";
import { railCollapsed, theme } from "./preferences.ts";
import { Rail } from "./rail.tsx";
import { brokenPage, shown } from "./routes.tsx";
import { TopBar } from "./top_bar.tsx";
import { copyText } from "../components/copy.tsx";
import { announce } from "./announce.ts";

const Help = lazy(() => import("./help.tsx").then((module) => module.Help));
const Palette = lazy(() => import("./palette.tsx").then((module) => module.Palette));

const GO: readonly (readonly [key: string, path: string, label: string])[] = [
  ["o", "/", "Overview"],
  ["r", "/rollouts", "Rollouts"],
  ["q", "/queue", "Queue"],
  ["w", "/workers", "Workers"],
  ["e", "/resources", "Resources"],
  ["s", "/settings", "Settings"],
];

export function Shell() {
  const dialog = useSignal<"help" | "palette" | null>(null);
  const main = useRef<HTMLElement>(null);
  useEffect(() => onArrival(() => main.current?.focus({ preventScroll: true })), []);
  const everywhere: Command[] = [
    ...GO.map(
      ([key, path, label]): Command => ({
        id: `go-${key}`,
        label: `Go to ${label}`,
        group: "Go to",
        keys: [`g ${key}`],
        palette: true,
        run: () => navigate(path),
      }),
    ),
    {
      id: "help",
      label: "Keyboard help",
      group: "Everywhere",
      keys: ["?"],
      palette: true,
      run: () => (dialog.value = "help"),
    },
    {
      id: "palette",
      label: "Search and commands",
      group: "Everywhere",
      keys: ["Ctrl+k"],
      run: () => (dialog.value = "palette"),
    },
    { id: "refresh", label: "Refresh now", group: "Everywhere", keys: ["r"], palette: true, run: refreshAll },
    {
      id: "pause",
      label: paused.value ? "Resume live updates" : "Pause live updates",
      group: "Everywhere",
      keys: ["p"],
      palette: true,
      run: () => setPaused(!paused.peek()),
    },
    {
      id: "theme",
      label: "Change the theme",
      group: "Everywhere",
      keys: ["."],
      palette: true,
      run: nextTheme,
    },
    {
      id: "copy-link",
      label: "Copy a link to this view",
      group: "Everywhere",
      keys: ["y"],
      palette: true,
      run: async () => {
        const { path, query } = place.peek();
        if (await copyText(absolute(path) + (query === "" ? "" : `?${query}`))) announce("Copied the link");
      },
    },
  ];
  useCommands(everywhere);
  const page = shown.value;
  return (
    <div class="shell" data-rail={railCollapsed.value ? "icons" : "full"}>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          // Not by its address: that would be relative to the base of the document.
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <Rail />
      <div class="column">
        <TopBar onSearch={() => (dialog.value = "palette")} onHelp={() => (dialog.value = "help")} />
        <Banners />
        <main id="main" ref={main} tabIndex={-1}>
          {brokenPage.value !== null && <Broken error={brokenPage.value} />}
          {page !== null && level.value !== null && (
            <Fence key={`${page.route.path.join("/")} ${page.id}`}>
              <page.Page id={page.id} />
            </Fence>
          )}
        </main>
      </div>
      <div class="sr-only" role="status" aria-live="polite" data-announcement>
        {announcement.value}
      </div>
      {dialog.value === "help" && <Help onClose={() => (dialog.value = null)} />}
      {dialog.value === "palette" && <Palette onClose={() => (dialog.value = null)} />}
    </div>
  );
}

function nextTheme(): void {
  const dark =
    theme.peek() === "dark" ||
    (theme.peek() === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  theme.value = dark ? "light" : "dark";
}

function Broken({ error }: { error: unknown }) {
  const failure = failureOf(error);
  return failure === null ? null : <ErrorState failure={failure} retry={() => window.location.reload()} />;
}

/** Keeps a mistake of a page from taking the shell down. */
class Fence extends Component<{ children: ComponentChildren }, { error: unknown }> {
  override state = { error: null };
  static override getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }
  override render() {
    if (this.state.error === null) return this.props.children;
    return <Broken error={this.state.error} />;
  }
}
