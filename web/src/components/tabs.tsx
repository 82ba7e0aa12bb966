/** Views of one thing, one of which is shown. */

import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface Tab<T extends string> {
  readonly name: T;
  readonly label: ComponentChildren;
}

interface Props<T extends string> {
  /** What all of them are about. */
  readonly label: string;
  readonly tabs: readonly Tab<T>[];
  readonly current: T;
  readonly onChange: (name: T) => void;
  /** The view that is shown. */
  readonly children: ComponentChildren;
}

export function Tabs<T extends string>({ label, tabs, current, onChange, children }: Props<T>) {
  const id = useId();
  const move = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    const index = tabs.findIndex(({ name }) => name === current);
    const next = step === 0 ? undefined : tabs[(index + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    event.preventDefault();
    onChange(next.name);
    document.getElementById(`${id}-${next.name}`)?.focus();
  };
  return (
    <>
      <div class="tabs" role="tablist" aria-label={label} onKeyDown={move}>
        {tabs.map(({ name, label }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === current}
            aria-controls={`${id}-panel`}
            tabIndex={name === current ? 0 : -1}
            onClick={() => onChange(name)}
          >
            {label}
          </button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${current}`} tabIndex={0}>
        {children}
      </div>
    </>
  );
}
