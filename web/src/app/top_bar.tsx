/** Search, whether the page is live, the zone of its times, and its theme. */

import { Icon } from "../components/icon.tsx";
import { Menu } from "../components/menu.tsx";
import { zoneLabel } from "../format/time.ts";
import { now } from "./clock.ts";
import { LivePill, LiveSwitch } from "./live_pill.tsx";
import { theme, times, zone } from "./preferences.ts";

export function TopBar({ onSearch, onHelp }: { onSearch: () => void; onHelp: () => void }) {
  return (
    <header class="top-bar">
      <button type="button" class="search-button" onClick={onSearch} aria-keyshortcuts="Control+K">
        <Icon name="search" />
        <span>Search ids, go anywhere…</span>
        <kbd>Ctrl K</kbd>
      </button>
      <div class="grow" />
      <LivePill />
      <LiveSwitch />
      <ZoneMenu />
      <ThemeMenu />
      <button
        type="button"
        class="button quiet icon wide-only"
        aria-label="Keyboard help"
        title="Keyboard help (?)"
        onClick={onHelp}
      >
        <Icon name="keyboard" />
      </button>
    </header>
  );
}

function ZoneMenu() {
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const label = zoneLabel(zone.value, Math.floor(now.value / 3600) * 3600);
  const options = [...new Set(["local", "UTC", zone.value])];
  return (
    <Menu class="button quiet zone" name={`Times are in ${label}. Change the zone`} label={label}>
      {(close) => (
        <>
          <h3>Zone of times</h3>
          {options.map((name) => (
            <Choice key={name} on={zone.value === name} onChoose={() => ((zone.value = name), close())}>
              {name === "local" ? `Local (${own})` : name}
            </Choice>
          ))}
          <h3>Times</h3>
          <Choice on={times.value === "relative"} onChoose={() => ((times.value = "relative"), close())}>
            Relative, such as 12 s ago
          </Choice>
          <Choice on={times.value === "absolute"} onChoose={() => ((times.value = "absolute"), close())}>
            Absolute
          </Choice>
        </>
      )}
    </Menu>
  );
}

function ThemeMenu() {
  return (
    <Menu
      class="button quiet icon"
      name="Theme"
      label={<Icon name={theme.value === "dark" ? "moon" : "sun"} />}
    >
      {(close) =>
        (["system", "light", "dark"] as const).map((name) => (
          <Choice key={name} on={theme.value === name} onChoose={() => ((theme.value = name), close())}>
            {{ system: "As the system", light: "Light", dark: "Dark" }[name]}
          </Choice>
        ))
      }
    </Menu>
  );
}

function Choice({ on, onChoose, children }: { on: boolean; onChoose: () => void; children: string }) {
  return (
    <button type="button" class="item" aria-pressed={on} onClick={onChoose}>
      <span class="mark">{on && <Icon name="check" />}</span>
      {children}
    </button>
  );
}
