/** The sections of the page: on the left, or at the bottom of narrow screens. */

import { Icon, type IconName } from "../components/icon.tsx";
import { href } from "./location.ts";
import { railCollapsed } from "./preferences.ts";
import { type Section, section } from "./routes.tsx";

const SECTIONS: readonly (readonly [Exclude<Section, null>, path: string, label: string])[] = [
  ["overview", "/", "Overview"],
  ["rollouts", "/rollouts", "Rollouts"],
  ["queue", "/queue", "Queue"],
  ["workers", "/workers", "Workers"],
  ["resources", "/resources", "Resources"],
  ["settings", "/settings", "Settings"],
];

export function Rail() {
  const collapsed = railCollapsed.value;
  return (
    <nav class="rail" aria-label="Sections">
      <a class="brand" href={href("/")} aria-label="Lightning, overview">
        <Icon name="bolt" filled />
        <span>Lightning</span>
      </a>
      <ul class="plain">
        {SECTIONS.map(([name, path, label]) => (
          <li key={name}>
            <a href={href(path)} aria-current={section.value === name ? "page" : undefined} title={label}>
              <Icon name={name as IconName} />
              <span>{label}</span>
            </a>
          </li>
        ))}
      </ul>
      <button
        type="button"
        class="button quiet icon fold"
        aria-label={collapsed ? "Widen the list of sections" : "Narrow the list of sections"}
        title={collapsed ? "Widen" : "Narrow"}
        aria-expanded={!collapsed}
        onClick={() => (railCollapsed.value = !collapsed)}
      >
        <Icon name={collapsed ? "right" : "left"} />
      </button>
    </nav>
  );
}
