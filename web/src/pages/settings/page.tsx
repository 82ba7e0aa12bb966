/** How a person wants the page, and what it is made of. */

import "./settings.css";
import type { Signal } from "@preact/signals";
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { capabilities, level } from "../../api/capabilities.ts";
import { setPaused } from "../../app/live.ts";
import { base } from "../../app/location.ts";
import {
  columns,
  density,
  liveAtStart,
  markdown,
  order,
  railCollapsed,
  resetPreferences,
  shortcuts,
  theme,
  times,
  zone,
} from "../../app/preferences.ts";
import { useTitle } from "../../app/title.ts";
import { KeyValue } from "../../components/keyvalue.tsx";
import { isZone } from "../../format/time.ts";

export function Page() {
  useTitle("Settings");
  return (
    <div class="page settings">
      <h1>Settings</h1>
      <p class="muted">Kept in this browser only.</p>
      <section class="card">
        <header>
          <h2>Look</h2>
        </header>
        <div class="body stack">
          <Choices
            label="Theme"
            value={theme}
            options={{ system: "As the system", light: "Light", dark: "Dark" }}
          />
          <Choices label="Density" value={density} options={{ compact: "Compact", regular: "Regular" }} />
          <Check label="Only icons in the list of sections" value={railCollapsed} />
        </div>
      </section>
      <section class="card">
        <header>
          <h2>Times</h2>
        </header>
        <div class="body stack">
          <ZoneField />
          <Choices
            label="In lists"
            value={times}
            options={{ relative: "Relative, such as 12 s ago", absolute: "Absolute" }}
          />
        </div>
      </section>
      <section class="card">
        <header>
          <h2>Behaviour</h2>
        </header>
        <div class="body stack">
          <Check
            label="Follow the store when the page is opened"
            value={liveAtStart}
            onChange={(on) => setPaused(!on)}
          />
          <Check label="Single keys do something (? shows them)" value={shortcuts} />
          <Check label="Render messages as Markdown" value={markdown} />
          <Choices
            label="Order of spans"
            value={order}
            options={{ time: "By time", seq: "By sequence number" }}
          />
          <div class="row">
            <span class="grow">
              {columns.value === null
                ? "Columns of rollouts: as usual"
                : `Columns of rollouts: ${columns.value.join(", ")}`}
            </span>
            <button
              type="button"
              class="button"
              disabled={columns.value === null}
              onClick={() => (columns.value = null)}
            >
              As usual
            </button>
          </div>
        </div>
      </section>
      <div class="row">
        <button type="button" class="button" onClick={resetPreferences}>
          Reset all settings
        </button>
      </div>
      <About />
    </div>
  );
}

function Choices<T extends string>({
  label,
  value,
  options,
}: {
  label: string;
  value: Signal<T>;
  options: Record<T, string>;
}) {
  const id = useId();
  return (
    <div class="setting" role="radiogroup" aria-labelledby={id}>
      <span id={id}>{label}</span>
      <span class="row">
        {(Object.entries(options) as [T, string][]).map(([name, text]) => (
          <label key={name}>
            <input
              type="radio"
              name={id}
              checked={value.value === name}
              onChange={() => (value.value = name)}
            />{" "}
            {text}
          </label>
        ))}
      </span>
    </div>
  );
}

function Check({
  label,
  value,
  onChange,
}: {
  label: string;
  value: Signal<boolean>;
  onChange?: (on: boolean) => void;
}) {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={value.value}
        onChange={(event) => {
          value.value = event.currentTarget.checked;
          onChange?.(value.value);
        }}
      />
      {label}
    </label>
  );
}

function ZoneField() {
  const id = useId();
  const typed = useSignal(zone.value);
  const fits = isZone(typed.value);
  return (
    <div class="setting">
      <label htmlFor={id}>Zone</label>
      <span class="stack">
        <input
          id={id}
          class="field"
          list={`${id}-zones`}
          value={typed.value}
          aria-invalid={!fits}
          aria-describedby={fits ? undefined : `${id}-wrong`}
          onInput={(event) => {
            typed.value = event.currentTarget.value.trim();
            if (typed.value !== "" && isZone(typed.value)) zone.value = typed.value;
          }}
        />
        <datalist id={`${id}-zones`}>
          {["local", "UTC", ...Intl.supportedValuesOf("timeZone")].map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        {!fits && (
          <span id={`${id}-wrong`} class="bad">
            No such zone. Write local, UTC, or a name such as Europe/Berlin.
          </span>
        )}
      </span>
    </div>
  );
}

function About() {
  const server = capabilities.value;
  const differs = server !== null && server.version !== PAGE_VERSION;
  return (
    <section class="card">
      <header>
        <h2>About</h2>
      </header>
      <div class="body stack">
        <KeyValue
          pairs={[
            ["Store", base.href],
            [
              "Server",
              server === null
                ? level.value === "reduced"
                  ? "speaks the plain protocol"
                  : "not reached yet"
                : `${server.name} ${server.version}`,
            ],
            server === null ? null : ["Kind of store", server.store],
            server === null ? null : ["Kept versions of resources", String(server.resource_versions)],
            server === null
              ? null
              : ["Actions", server.actions ? "allowed" : "switched off: this page only reads"],
            ["Page and client", PAGE_VERSION],
          ]}
        />
        {differs && (
          <p class="bad" role="alert">
            This page is of version {PAGE_VERSION} and the server of version {server.version}. Load the page
            again; if that does not help, something between them keeps old files.
          </p>
        )}
        <p>
          <Documents />
        </p>
        <p class="muted">
          MIT licence. Made with Preact and @preact/signals (MIT), and with the Rust crates of the client (MIT
          or Apache 2.0).
        </p>
      </div>
    </section>
  );
}

function Documents(): ComponentChildren {
  return (
    <>
      <a href={new URL("docs", base).href}>Documentation of the interface</a> ·{" "}
      <a href={new URL("openapi.json", base).href}>OpenAPI</a>
    </>
  );
}
