/** Text of a message: as written, or as Markdown; long ones folded; JSON as a tree. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { markdown } from "../../../app/preferences.ts";
import { JsonTree } from "../../../components/json/json_tree.tsx";
import { count } from "../../../format/number.ts";
import { FOLD_LINES, foldText } from "./fold.ts";
import { Markdown } from "./markdown.tsx";

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
