/** What of a trace is shown, and how: text, kinds, errors, least duration, focus, levels, order, repair, follow. */

import { useSignal, useSignalEffect } from "@preact/signals";
import type { Kind } from "lightning-store-client/trace";
import { useMemo, useRef } from "preact/hooks";
import { Icon } from "../../../components/icon.tsx";
import { Menu } from "../../../components/menu.tsx";
import { count, plural } from "../../../format/number.ts";
import { KindIcon } from "../kind_icon.tsx";
import { url } from "../state.ts";
import { secondsOf, textOfSeconds } from "./durations.ts";
import { chipOrder, kindWord } from "./kinds.ts";
import { isFiltered, orderOf, type WaterfallModel } from "./model.ts";

export function FilterBar({ model }: { readonly model: WaterfallModel }) {
  const state = url.signal.value;
  const revision = model.session.revision.value;
  const { waterfall } = model;
  const counts = useMemo(() => waterfall.kindCounts(), [revision]);
  const kinds = chipOrder(Object.keys(counts) as Kind[]);
  const filtered = isFiltered(state);
  const toggle = (kind: Kind): void => {
    const next = state.kind.includes(kind)
      ? state.kind.filter((other) => other !== kind)
      : [...state.kind, kind];
    url.set({ kind: next });
  };
  return (
    <div class="wf-filter" role="search" aria-label="Spans">
      <div class="wf-filter-line">
        <input
          type="search"
          class="field wf-search"
          data-filter
          placeholder="Filter spans"
          aria-label="Filter spans by text"
          value={state.q}
          onInput={(event) => url.set({ q: event.currentTarget.value }, "replace")}
          onKeyDown={(event) => {
            if (event.key === "Enter") model.jump("match", event.shiftKey);
          }}
        />
        <label class="wf-check" title="Searches attributes and events too">
          <input
            type="checkbox"
            checked={state.deep}
            onChange={(event) => {
              const deep = event.currentTarget.checked;
              url.set({ deep }, "replace");
              if (deep) void model.session.allBodies();
            }}
          />
          everywhere
        </label>
        <LeastDuration />
        <button
          type="button"
          class="button"
          aria-pressed={state.errors}
          onClick={() => url.set({ errors: !state.errors })}
        >
          <Icon name="warning" />
          Errors
        </button>
        {filtered ? (
          <>
            <span class="wf-count" role="status">
              {count(waterfall.matched)} of {count(waterfall.total)}
            </span>
            <button
              type="button"
              class="button icon quiet"
              aria-label="Previous match"
              onClick={() => model.jump("match", true)}
            >
              <Icon name="up" />
            </button>
            <button
              type="button"
              class="button icon quiet"
              aria-label="Next match"
              onClick={() => model.jump("match")}
            >
              <Icon name="down" />
            </button>
            <button
              type="button"
              class="button quiet"
              onClick={() => url.set({ q: "", deep: false, kind: [], errors: false, min_dur: null })}
            >
              Clear
            </button>
          </>
        ) : null}
      </div>
      <div class="wf-second">
        <div class="wf-chips" role="group" aria-label="Kinds">
          {kinds.map((kind) => (
            <button
              key={kind}
              type="button"
              class="chip wf-chip"
              aria-pressed={state.kind.includes(kind)}
              onClick={() => toggle(kind)}
            >
              <KindIcon kind={kind} />
              {kindWord(kind)} <span class="muted">{count(counts[kind] ?? 0)}</span>
            </button>
          ))}
          <Repairs model={model} />
        </div>
        <LevelMenu model={model} />
        <button
          type="button"
          class="button"
          aria-pressed={state.follow}
          title="Keep the newest span in view"
          onClick={() => url.set({ follow: !state.follow }, "replace")}
        >
          Follow
        </button>
      </div>
      <Breadcrumbs model={model} />
    </div>
  );
}

function LeastDuration() {
  const state = url.signal.value;
  const typed = useSignal<string | null>(null);
  const wrong = typed.value !== null && typed.value.trim() !== "" && secondsOf(typed.value) === null;
  return (
    <input
      type="text"
      class="field wf-least"
      placeholder="min duration"
      aria-label="Least duration, such as 50ms or 2s"
      aria-invalid={wrong}
      title={
        wrong ? "Not a duration; try 50ms, 2s or 1m" : "Spans that took at least this long: 50ms, 2s, 1m"
      }
      value={typed.value ?? (state.min_dur === null ? "" : textOfSeconds(state.min_dur))}
      onInput={(event) => {
        const text = event.currentTarget.value;
        typed.value = text;
        const seconds = secondsOf(text);
        if (seconds !== null || text.trim() === "") url.set({ min_dur: seconds }, "replace");
      }}
      onBlur={() => {
        typed.value = null;
      }}
    />
  );
}

function LevelMenu({ model }: { readonly model: WaterfallModel }) {
  const state = url.signal.value;
  const order = orderOf(state);
  const levels: readonly (readonly [number, string])[] = [
    [1, "Collapse all"],
    [2, "2 levels"],
    [3, "3 levels"],
    [4, "4 levels"],
    [5, "5 levels"],
    [99, "Expand all"],
  ];
  return (
    <Menu
      label={
        <>
          View <Icon name="down" />
        </>
      }
    >
      {(close) => (
        <>
          <h3>Open</h3>
          {levels.map(([level, label]) => (
            <button
              key={level}
              type="button"
              class="item"
              onClick={() => {
                model.levels(level);
                close();
              }}
            >
              {state.collapsed === level ? <Icon name="check" /> : <span class="icon" />}
              {label}
            </button>
          ))}
          <h3>Order</h3>
          {(["time", "seq"] as const).map((name) => (
            <button
              key={name}
              type="button"
              class="item"
              onClick={() => {
                url.set({ order: name });
                close();
              }}
            >
              {(order === "sequence") === (name === "seq") ? <Icon name="check" /> : <span class="icon" />}
              {name === "time" ? "By start time" : "By sequence number"}
            </button>
          ))}
          <h3>Structure</h3>
          <button
            type="button"
            class="item"
            onClick={() => {
              url.set({ repair: !state.repair });
              close();
            }}
          >
            {state.repair ? <Icon name="check" /> : <span class="icon" />}
            Place floating spans by time
          </button>
        </>
      )}
    </Menu>
  );
}

const REASONS = {
  circle: "circle opened",
  duplicate_ids: "spans of a known id left out",
  moved: "span moved by time",
} as const;

function Repairs({ model }: { readonly model: WaterfallModel }) {
  const revision = model.session.revision.value;
  const repairs = useMemo(() => model.waterfall.repairs(), [revision]);
  if (repairs.length === 0) return null;
  const many = repairs.reduce(
    (sum, repair) => sum + (repair.reason === "duplicate_ids" ? repair.count : 1),
    0,
  );
  return (
    <Menu
      class="chip wf-repaired"
      align="start"
      label={
        <>
          <Icon name="warning" />
          structure repaired ({count(many)})
        </>
      }
    >
      {(close) =>
        repairs.slice(0, 50).map((repair, place) =>
          repair.reason === "duplicate_ids" ? (
            <p key={place} class="wf-repair">
              {plural(repair.count, "span")} left out: another one with the same id came first
            </p>
          ) : (
            <button
              key={place}
              type="button"
              class="item"
              onClick={() => {
                close();
                model.reveal(repair.span_id, { push: true });
              }}
            >
              {REASONS[repair.reason]}: <code>{repair.span_id}</code>
            </button>
          ),
        )
      }
    </Menu>
  );
}

function Breadcrumbs({ model }: { readonly model: WaterfallModel }) {
  const { focus } = url.signal.value;
  const revision = model.session.revision.value;
  const trail = useMemo(() => (focus === null ? [] : model.waterfall.breadcrumbs()), [focus, revision]);
  if (focus === null) return null;
  return (
    <nav class="wf-crumbs" aria-label="Focus">
      <button type="button" class="link" onClick={() => url.set({ focus: null })}>
        All spans
      </button>
      {trail.map(({ key, label }, place) => (
        <>
          <Icon name="right" />
          {place === trail.length - 1 ? (
            <strong aria-current="true">{label}</strong>
          ) : (
            <button type="button" class="link" onClick={() => url.set({ focus: key })}>
              {label}
            </button>
          )}
        </>
      ))}
      <button type="button" class="button quiet" onClick={() => url.set({ focus: null })}>
        <Icon name="cross" />
        Show everything
      </button>
    </nav>
  );
}

/** Brings what the address says to the module, whenever it changes. */
export function useAddress(model: WaterfallModel): void {
  const before = useRef("");
  const waits = useRef(false);
  useSignalEffect(() => {
    const state = url.signal.value;
    if (waits.current) void model.session.revision.value;
    const { q, deep, kind, errors, min_dur, focus, repair } = state;
    const now = JSON.stringify([q, deep, kind, errors, min_dur, focus, repair, orderOf(state)]);
    if (model.session.closed) return;
    if (now !== before.current) {
      before.current = now;
      waits.current = !model.apply(state);
    } else if (waits.current && model.waterfall.setFocus(focus)) {
      waits.current = false;
      model.session.changed();
    }
  });
}
