/** Where conditions are typed: with completion, and lines under what is not understood. */

import { useSignal } from "@preact/signals";
import { useEffect, useId, useRef } from "preact/hooks";
import { useCommands } from "../../app/keyboard.ts";
import { Icon } from "../../components/icon.tsx";
import { type Completion, complete, type Option, type Seen, take } from "./completion.ts";
import { parse, type Problem } from "./language.ts";

interface Props {
  readonly value: string;
  readonly seen: Seen;
  /** `typing`: it goes on. */
  readonly onChange: (text: string, typing: boolean) => void;
}

/** How long after the last key the store is asked, in milliseconds. */
const REST = 250;

export function QueryBar({ value, seen, onChange }: Props) {
  const text = useSignal(value);
  const completion = useSignal<Completion | null>(null);
  const chosen = useSignal(-1);
  const scrolled = useSignal(0);
  const input = useRef<HTMLInputElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const said = useRef(value);
  const id = useId();

  // The address changed otherwise: by a link, or the way back.
  useEffect(() => {
    if (value !== said.current) text.value = value;
    said.current = value;
  }, [value]);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  useCommands([
    {
      id: "focus-filter",
      label: "Filter",
      group: "Lists",
      keys: ["/"],
      palette: true,
      run: () => input.current?.focus(),
    },
  ]);

  const tell = (typing: boolean): void => {
    clearTimeout(timer.current ?? undefined);
    said.current = text.peek();
    onChange(text.peek(), typing);
  };
  const change = (next: string): void => {
    text.value = next;
    clearTimeout(timer.current ?? undefined);
    timer.current = setTimeout(() => tell(true), REST);
  };
  const offer = (): void => {
    const cursor = input.current?.selectionStart ?? text.peek().length;
    completion.value = complete(text.peek(), cursor, seen);
    chosen.value = -1;
  };
  const accept = (option: Option): void => {
    const now = completion.peek();
    if (now === null) return;
    const next = take(text.peek(), now, option);
    change(next.text);
    const field = input.current;
    if (field !== null) {
      field.value = next.text;
      field.focus();
      field.setSelectionRange(next.cursor, next.cursor);
    }
    offer();
  };
  const mend = ({ start, end, suggestion }: Problem): void => {
    text.value = text.peek().slice(0, start) + (suggestion ?? "") + text.peek().slice(end);
    completion.value = null;
    tell(false);
    input.current?.focus();
  };
  const keys = (event: KeyboardEvent): void => {
    const options = completion.peek()?.options ?? [];
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step !== 0 && options.length > 0) {
      event.preventDefault();
      chosen.value =
        (chosen.peek() + step + options.length + (chosen.peek() < 0 && step < 0 ? 1 : 0)) % options.length;
    } else if ((event.key === "Enter" || event.key === "Tab") && options[chosen.peek()] !== undefined) {
      event.preventDefault();
      accept(options[chosen.peek()] as Option);
    } else if (event.key === "Enter") {
      completion.value = null;
      tell(false);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (completion.peek() === null) input.current?.blur();
      completion.value = null;
    } else if (event.key === " " && event.ctrlKey) {
      offer();
    }
  };

  const { problems } = parse(text.value);
  const options = completion.value?.options ?? [];
  return (
    <div class="query">
      <div class="query-field" data-invalid={problems.length > 0}>
        <Icon name="filter" />
        <div class="query-text">
          <div class="query-marks" aria-hidden="true">
            <div style={{ transform: `translateX(${-scrolled.value}px)` }}>{marks(text.value, problems)}</div>
          </div>
          <input
            ref={input}
            type="text"
            role="combobox"
            aria-label="Filter rollouts"
            aria-expanded={options.length > 0}
            aria-controls={`${id}-options`}
            aria-autocomplete="list"
            aria-activedescendant={chosen.value >= 0 ? `${id}-${chosen.value}` : undefined}
            aria-invalid={problems.length > 0}
            aria-describedby={problems.length > 0 ? `${id}-problems` : undefined}
            placeholder="Filter: status:failed reward<0.5 dur>30s meta.step:4 or any text"
            autocomplete="off"
            autocapitalize="off"
            spellcheck={false}
            value={text.value}
            onInput={(event) => {
              change(event.currentTarget.value);
              offer();
            }}
            onFocus={offer}
            onClick={offer}
            onBlur={() => (completion.value = null)}
            onKeyDown={keys}
            onScroll={(event) => (scrolled.value = event.currentTarget.scrollLeft)}
          />
        </div>
        {text.value !== "" && (
          <button
            type="button"
            class="copy"
            aria-label="Clear the filter"
            onClick={() => {
              text.value = "";
              tell(false);
            }}
          >
            <Icon name="cross" />
          </button>
        )}
      </div>
      <ul
        id={`${id}-options`}
        class="options plain"
        role="listbox"
        aria-label="Completions"
        hidden={options.length === 0}
      >
        {options.map((option, index) => (
          <li
            key={option.text}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === chosen.value}
            onPointerDown={(event) => {
              event.preventDefault();
              accept(option);
            }}
          >
            <code>{option.text}</code>
            <span class="muted line">{option.hint}</span>
          </li>
        ))}
      </ul>
      {problems.length > 0 && (
        <ul id={`${id}-problems`} class="problems plain">
          {problems.map((problem) => (
            <li key={problem.start}>
              <Icon name="warning" />
              <span>
                <code>{text.value.slice(problem.start, problem.end)}</code> — {problem.message}.
              </span>
              {problem.suggestion !== null && (
                <button type="button" class="link" onClick={() => mend(problem)}>
                  Write <code>{problem.suggestion}</code>
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** The text again, invisible, with what is not understood underlined. */
function marks(text: string, problems: readonly Problem[]) {
  const pieces = [];
  let at = 0;
  for (const { start, end } of problems) {
    pieces.push(text.slice(at, start), <u key={start}>{text.slice(start, end)}</u>);
    at = end;
  }
  return [...pieces, text.slice(at)];
}
