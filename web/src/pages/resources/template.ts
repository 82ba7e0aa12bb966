/** Templates taken apart into text and the places that are filled in. */

export interface TemplatePiece {
  readonly text: string;
  readonly kind: "text" | "variable" | "tag" | "comment";
}

const PATTERNS: Readonly<Record<string, RegExp>> = {
  jinja: /(?<variable>\{\{.*?\}\})|(?<tag>\{%.*?%\})|(?<comment>\{#.*?#\})/gs,
  "f-string": /\{\{|\}\}|(?<variable>\{[^{}]*\})/g,
  poml: /(?<variable>\{\{.*?\}\})|(?<comment><!--.*?-->)|(?<tag><\/?[a-z][^<>]*>)/gis,
};

export function templatePieces(template: string, engine: string): TemplatePiece[] {
  const pattern = PATTERNS[engine];
  const pieces: TemplatePiece[] = [];
  let from = 0;
  const plain = (to: number): void => {
    if (to > from) pieces.push({ text: template.slice(from, to), kind: "text" });
  };
  for (const match of pattern === undefined ? [] : template.matchAll(pattern)) {
    const { variable, tag, comment } = match.groups ?? {};
    const kind =
      variable !== undefined
        ? "variable"
        : tag !== undefined
          ? "tag"
          : comment !== undefined
            ? "comment"
            : null;
    if (kind === null) continue;
    plain(match.index);
    pieces.push({ text: match[0], kind });
    from = match.index + match[0].length;
  }
  plain(template.length);
  return pieces;
}

/** Pieces by lines, for numbers beside them. */
export function templateLines(template: string, engine: string): TemplatePiece[][] {
  const lines: TemplatePiece[][] = [[]];
  for (const piece of templatePieces(template, engine)) {
    piece.text.split("\n").forEach((text, place) => {
      if (place > 0) lines.push([]);
      if (text !== "") lines.at(-1)?.push({ text, kind: piece.kind });
    });
  }
  return lines;
}

/** The names of what is filled in, each once. */
export function variablesOf(template: string, engine: string): string[] {
  const names = templatePieces(template, engine)
    .filter((piece) => piece.kind === "variable")
    .map((piece) => /[A-Za-z_][\w.]*/.exec(piece.text)?.[0])
    .filter((name) => name !== undefined);
  return [...new Set(names)];
}
