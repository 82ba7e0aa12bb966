/**
 * What keys do. Views say so while they are there; the same list is what `?` shows, what the palette offers and what
 * tooltips name.
 */

import { computed, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { shortcuts } from "./preferences.ts";

export interface Command {
  /** Its name among all commands. */
  readonly id: string;
  /** What people read. */
  readonly label: string;
  /** Under which heading. */
  readonly group: string;
  /** Such as `j`, `Shift+n`, `g o` (one after the other), `ArrowDown`, `Ctrl+k`. None: in the palette only. */
  readonly keys: readonly string[];
  /** `false`: it was not for this command after all; the next one is asked. */
  run(event: KeyboardEvent | null): unknown;
  /** Whether the palette offers it. */
  readonly palette?: boolean;
}

const layers = signal<readonly (readonly Command[])[]>([]);

/** All commands there are now, the innermost first. */
export const commands = computed(() => layers.value.toReversed().flat());

/** Offers commands while the component is there. */
export function useCommands(list: readonly Command[]): void {
  const latest = useRef(list);
  latest.current = list;
  const shape = list.map((command) => command.id).join(" ");
  useEffect(() => {
    // What a key does is looked up when it is pressed, in the newest list.
    const layer = latest.current.map((command) => ({
      ...command,
      run: (event: KeyboardEvent | null) => latest.current.find(({ id }) => id === command.id)?.run(event),
    }));
    layers.value = [...layers.peek(), layer];
    return () => {
      layers.value = layers.peek().filter((other) => other !== layer);
    };
  }, [shape]);
}

/** `G then O`, as people read it. */
export function keyLabel(key: string): string {
  const names: Record<string, string> = {
    ArrowUp: "↑",
    ArrowDown: "↓",
    ArrowLeft: "←",
    ArrowRight: "→",
    Escape: "Esc",
    " ": "Space",
  };
  return key === " "
    ? "Space"
    : key
        .split(" ")
        .map((stroke) =>
          stroke
            .split("+")
            .map((part) => names[part] ?? (part.length === 1 ? part : part))
            .join(" + "),
        )
        .join(" then ");
}

/** How long the second key of a pair may take, in milliseconds. */
const PAIR = 1_200;
let first: { key: string; time: number } | null = null;

/** The stroke of an event: letters by their place, so that other alphabets work. */
export function strokeOf(event: KeyboardEvent): string {
  const letter = /^Key([A-Z])$/.exec(event.code)?.[1]?.toLowerCase();
  const latin = /^[a-z]$/i.test(event.key) ? event.key.toLowerCase() : letter;
  const isSymbol = event.key.length === 1 && latin === undefined;
  const key = latin ?? event.key;
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  // Of a symbol Shift is a part already: `?`, `{`.
  if (event.shiftKey && !isSymbol) parts.push("Shift");
  return [...parts, key].join("+");
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (
    target.isContentEditable ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement
  )
    return true;
  return (
    target instanceof HTMLInputElement && !["checkbox", "radio", "button", "range"].includes(target.type)
  );
}

/** Keys that mean something to a focused button or link. */
function isActivation(stroke: string, target: EventTarget | null): boolean {
  if (stroke !== "Enter" && stroke !== " ") return false;
  return (
    target instanceof Element &&
    target.closest("a, button, summary, input, select, [role=button], [role=slider]") !== null
  );
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const stroke = strokeOf(event);
  const always = stroke === "Ctrl+k" || stroke === "Escape";
  if (
    !always &&
    (!shortcuts.peek() || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey)
  )
    return;
  // Dialogs have keys of their own.
  if (stroke !== "Ctrl+k" && document.querySelector("dialog[open]") !== null) return;
  if (isActivation(stroke, event.target)) return;
  const pair = first !== null && Date.now() - first.time < PAIR ? `${first.key} ${stroke}` : null;
  first = null;
  if (pair !== null && press(pair, event)) return;
  if (press(stroke, event)) return;
  if (commands.peek().some(({ keys }) => keys.some((key) => key.startsWith(`${stroke} `)))) {
    first = { key: stroke, time: Date.now() };
  }
}

function press(stroke: string, event: KeyboardEvent): boolean {
  for (const command of commands.peek()) {
    if (!command.keys.includes(stroke)) continue;
    if (command.run(event) === false) continue;
    event.preventDefault();
    return true;
  }
  return false;
}

export function listenToKeys(): void {
  document.addEventListener("keydown", onKey);
}
