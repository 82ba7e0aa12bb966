/** How many rollouts there are of each kind, to choose from. */

import type { RolloutFacets } from "lightning-store-client";
import { Icon } from "../../components/icon.tsx";
import { Menu } from "../../components/menu.tsx";
import { StatusBadge } from "../../components/status.tsx";
import { count, short } from "../../format/number.ts";
import { type ListState, UNFILTERED } from "./conditions.ts";
import { ATTEMPT_STATUSES, HAS, MODES, STATUSES } from "./language.ts";

type Change = (change: Partial<ListState>) => void;

interface Props {
  readonly state: ListState;
  readonly facets: RolloutFacets | null;
  readonly set: Change;
}

/** One button per status, with its number. */
export function StatusFacet({ state, facets, set }: Props) {
  return (
    <div class="facet" role="group" aria-label="Status">
      {STATUSES.map((status) => {
        const on = state.status.includes(status);
        const number = facets?.status[status] ?? 0;
        return (
          <button
            key={status}
            type="button"
            aria-pressed={on}
            data-none={facets !== null && number === 0}
            onClick={() => set({ status: toggled(state.status, status), page: 1 })}
          >
            <StatusBadge status={status} />
            {facets !== null && <span class="n">{count(number)}</span>}
          </button>
        );
      })}
    </div>
  );
}

export function FacetMenus({ state, facets, set, reduced }: Props & { reduced: boolean }) {
  if (reduced) return null;
  return (
    <>
      <Choices
        label="Attempt"
        words={ATTEMPT_STATUSES}
        chosen={state.attempt_status}
        numbers={facets?.attempt_status ?? null}
        onChange={(attempt_status) => set({ attempt_status, page: 1 })}
      />
      <Choices
        label="Mode"
        words={MODES}
        chosen={state.mode}
        numbers={facets?.mode ?? null}
        onChange={(mode) => set({ mode, page: 1 })}
      />
      <Choices
        label="With"
        words={HAS}
        chosen={state.has}
        numbers={null}
        onChange={(has) => set({ has, page: 1 })}
      />
    </>
  );
}

interface ChoicesProps<T extends string> {
  readonly label: string;
  readonly words: readonly T[];
  readonly chosen: readonly T[];
  readonly numbers: Readonly<Record<string, number>> | null;
  readonly onChange: (chosen: readonly T[]) => void;
}

function Choices<T extends string>({ label, words, chosen, numbers, onChange }: ChoicesProps<T>) {
  return (
    <Menu
      align="start"
      label={
        <>
          {label}
          {chosen.length > 0 && <span class="n">{chosen.join(", ")}</span>}
          <Icon name="down" />
        </>
      }
    >
      {() =>
        words.map((word) => (
          <label key={word} class="item">
            <input
              type="checkbox"
              checked={chosen.includes(word)}
              onChange={() => onChange(toggled(chosen, word))}
            />
            <span class="grow">{word}</span>
            {numbers !== null && <span class="muted">{short(numbers[word] ?? 0)}</span>}
          </label>
        ))
      }
    </Menu>
  );
}

/** The conditions that are set besides those that can be seen, each with a way out. */
export function Conditions({ state, set }: { state: ListState; set: Change }) {
  const chips: [label: string, change: Partial<ListState>][] = [];
  if (state.worker !== null) chips.push([`worker ${state.worker}`, { worker: null }]);
  if (state.resources !== null) chips.push([`resources ${state.resources}`, { resources: null }]);
  if (state.since !== null) chips.push([`since ${state.since}`, { since: null }]);
  if (state.until !== null) chips.push([`until ${state.until}`, { until: null }]);
  if (state.reward_min !== null) chips.push([`reward ≥ ${state.reward_min}`, { reward_min: null }]);
  if (state.reward_max !== null) chips.push([`reward ≤ ${state.reward_max}`, { reward_max: null }]);
  return (
    <>
      {chips.map(([label, change]) => (
        <span key={label} class="chip">
          {label}
          <button
            type="button"
            class="copy"
            aria-label={`Remove ${label}`}
            onClick={() => set({ ...change, page: 1 })}
          >
            <Icon name="cross" />
          </button>
        </span>
      ))}
    </>
  );
}

/** Which conditions leave nothing over, each with a way out. */
export function Excluded({ state, set }: { state: ListState; set: Change }) {
  const all: [label: string, change: Partial<ListState>][] = [];
  if (state.q.trim() !== "") all.push([`the text ${state.q.trim()}`, { q: "" }]);
  if (state.status.length > 0) all.push([`status ${state.status.join(", ")}`, { status: [] }]);
  if (state.attempt_status.length > 0)
    all.push([`attempt ${state.attempt_status.join(", ")}`, { attempt_status: [] }]);
  if (state.mode.length > 0) all.push([`mode ${state.mode.join(", ")}`, { mode: [] }]);
  if (state.has.length > 0) all.push([`with ${state.has.join(", ")}`, { has: [] }]);
  return (
    <div class="row center">
      {all.map(([label, change]) => (
        <button key={label} type="button" class="button" onClick={() => set({ ...change, page: 1 })}>
          <Icon name="cross" />
          {label}
        </button>
      ))}
      <Conditions state={state} set={set} />
      <button type="button" class="button" onClick={() => set(UNFILTERED)}>
        Clear all
      </button>
    </div>
  );
}

function toggled<T extends string>(words: readonly T[], word: T): readonly T[] {
  return words.includes(word) ? words.filter((other) => other !== word) : [...words, word];
}
