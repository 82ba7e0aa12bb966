/** Text of a message: as written, or as Markdown; long ones folded; JSON as a tree. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { markdown } from "../../../app/preferences.ts";
import { JsonTree } from "../../../components/json/json_tree.tsx";
import { count } from "../../../format/number.ts";
import { Markdown } from "./markdown.tsx";

/** Lines and characters beyond which a text is folded. */
export const FOLD_LINES = 40;
const FOLD_CHARACTERS = 8_000;

/** The beginning of a text that is shown, and how many lines it has; the whole text if it is short. */
export function foldText(text: string): {
  readonly shown: string;
  readonly lines: number;
  readonly folded: boolean;
} {
  const lines = text.split("\n");
  const head = lines.slice(0, FOLD_LINES).join("\n").slice(0, FOLD_CHARACTERS);
  return { shown: head, lines: lines.length, folded: head.length < text.length };
}

function isStructure(text: string): boolean {
  const first = text.trimStart()[0];
  if ((first !== "{" && first !== "[") || text.length > 2_000_000) return false;
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

export function TextPart({ text, name }: { readonly text: string; readonly name: string }) {
  const open = useSignal(false);
  const { shown, lines, folded } = useMemo(() => foldText(text), [text]);
  const structure = useMemo(() => isStructure(text), [text]);
  if (text === "") return <p class="muted">(empty)</p>;
  if (structure) return <JsonTree text={text} label={name} plain openLevels={2} />;
  const visible = open.value || !folded ? text : shown;
  return (
    <div class="msg-text">
      {markdown.value ? <Markdown text={visible} /> : <div class="plain-text">{visible}</div>}
      {folded ? (
        <button
          type="button"
          class="button quiet"
          aria-expanded={open.value}
          onClick={() => (open.value = !open.value)}
        >
          {open.value
            ? "Show less"
            : `Show all ${lines > FOLD_LINES ? `${count(lines)} lines` : `${count(text.length)} characters`}`}
        </button>
      ) : null}
    </div>
  );
}
