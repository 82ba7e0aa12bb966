/** A button that opens a small panel: of actions, choices or a form. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface Props {
  /** What the button shows. */
  readonly label: ComponentChildren;
  /** What the button is called, if that is not what it shows. */
  readonly name?: string;
  readonly class?: string;
  /** On which side of the button the panel is aligned. */
  readonly align?: "start" | "end";
  /** The panel; `close` leads back to the button. */
  readonly children: (close: () => void) => ComponentChildren;
}

export function Menu({ label, name, class: className, align, children }: Props) {
  const open = useSignal(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    open.value = false;
    button.current?.focus();
  };
  useEffect(() => {
    if (!open.value) return;
    const outside = (event: Event): void => {
      if (event.target instanceof Node && root.current?.contains(event.target) !== true) open.value = false;
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("focusin", outside);
    root.current?.querySelector<HTMLElement>(".panel :is(a, button, input, select)")?.focus();
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("focusin", outside);
    };
  }, [open.value]);
  const keys = (event: KeyboardEvent): void => {
    if (!open.value) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const all = [
        ...(root.current?.querySelectorAll<HTMLElement>(".panel :is(a, button, input, select)") ?? []),
      ];
      const index = all.findIndex((item) => item === document.activeElement);
      const next = all[(index + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length];
      if (next === undefined) return;
      event.preventDefault();
      next.focus();
    }
  };
  return (
    <div class="menu" ref={root} onKeyDown={keys}>
      <button
        type="button"
        ref={button}
        class={className ?? "button"}
        aria-expanded={open.value}
        aria-controls={id}
        {...(name === undefined ? {} : { "aria-label": name, title: name })}
        onClick={() => (open.value = !open.value)}
      >
        {label}
      </button>
      {open.value && (
        <div id={id} class={align === "start" ? "panel start" : "panel"}>
          {children(close)}
        </div>
      )}
    </div>
  );
}
