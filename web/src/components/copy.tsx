/** Copies a text. */

import { useSignal } from "@preact/signals";
import { announce } from "../app/announce.ts";
import { Icon } from "./icon.tsx";

/** Puts a text on the clipboard; on pages without a secure context by way of a selection. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "sr-only";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

/** `what` is named to those who do not see it: “Copy rollout id”. With `label` it is shown in words. */
export function CopyButton({
  text,
  what,
  label,
}: {
  text: string | (() => string);
  what: string;
  label?: string;
}) {
  const done = useSignal(false);
  const copy = async (event: Event): Promise<void> => {
    event.stopPropagation();
    done.value = await copyText(typeof text === "string" ? text : text());
    announce(done.value ? `Copied ${what}` : `Could not copy ${what}`);
    setTimeout(() => {
      done.value = false;
    }, 1_500);
  };
  return (
    <button
      type="button"
      class={label === undefined ? "copy" : "button"}
      aria-label={`Copy ${what}`}
      title={`Copy ${what}`}
      onClick={copy}
    >
      <Icon name={done.value ? "check" : "copy"} />
      {label}
    </button>
  );
}
