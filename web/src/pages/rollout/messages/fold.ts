/** Long texts: what of them is shown at first. */

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
