/** The lines of a JSON tree: what of a document is shown, flattened. */

import type { JsonDocument, JsonNode } from "lightning-store-client/trace";

/** Members or elements that are shown of one list before the rest is asked for. */
export const CHUNK = 100;

/** Strings longer than this, or of several lines, are one shortened line until they are opened. */
export const SHORT_CHARACTERS = 160;

export type Steps = readonly (string | number)[];

export interface JsonLine {
  /** Good for one tree: which document, and which node of it. */
  readonly key: string;
  readonly doc: JsonDocument;
  readonly node: JsonNode;
  readonly depth: number;
  /** From 1, and of how many. */
  readonly position: number;
  readonly size: number;
  /** Undefined: there is nothing to open. */
  readonly open: boolean | undefined;
  /** Where its document lies within those around it. */
  readonly base: Steps;
  /** More of this list can be asked for: so many are not shown. The line stands for these, not for the node. */
  readonly more?: number;
}

/** What was opened or closed by hand. Keys are those of the lines. */
export interface TreeState {
  readonly opened: ReadonlyMap<string, boolean>;
  /** Children shown, if more than a chunk. */
  readonly shown: ReadonlyMap<string, number>;
}

export const UNTOUCHED: TreeState = { opened: new Map(), shown: new Map() };

/** Documents within strings, by the key of their line, so that each is made once. */
export type Embedded = Map<string, JsonDocument>;

export function isLong(node: JsonNode): boolean {
  const value = node.value ?? "";
  return node.type === "string" && (node.cut || value.length > SHORT_CHARACTERS || value.includes("\n"));
}

/** Whether a line can be opened. */
export function canOpen(node: JsonNode): boolean {
  return node.count > 0 || node.embedded || isLong(node);
}

export function linesOf(
  root: JsonDocument,
  state: TreeState,
  openLevels: number,
  embedded: Embedded,
): JsonLine[] {
  const lines: JsonLine[] = [];
  const walk = (
    doc: JsonDocument,
    prefix: string,
    base: Steps,
    node: JsonNode,
    depth: number,
    position: number,
    size: number,
  ): void => {
    const key = `${prefix}${node.id}`;
    const byLevel = node.count > 0 && node.count <= CHUNK && depth < openLevels;
    const open = canOpen(node) ? (state.opened.get(key) ?? byLevel) : undefined;
    lines.push({ key, doc, node, depth, position, size, open, base });
    if (!open) return;
    if (node.embedded) {
      const inner = within(doc, node, key, embedded);
      if (inner) walkChildren(inner, `${key}>`, [...base, ...doc.path(node.id)], inner.node(0), depth + 1);
      return;
    }
    walkChildren(doc, prefix, base, node, depth + 1);
  };
  const walkChildren = (
    doc: JsonDocument,
    prefix: string,
    base: Steps,
    node: JsonNode,
    depth: number,
  ): void => {
    const shown = Math.min(node.count, state.shown.get(`${prefix}${node.id}`) ?? CHUNK);
    doc.children(node.id, 0, shown).forEach((child, place) => {
      walk(doc, prefix, base, child, depth, place + 1, node.count);
    });
    if (shown < node.count) {
      const key = `${prefix}${node.id}…`;
      lines.push({
        key,
        doc,
        node,
        depth,
        position: shown + 1,
        size: node.count,
        open: undefined,
        base,
        more: node.count - shown,
      });
    }
  };
  walk(root, "", [], root.node(0), 0, 1, 1);
  return lines;
}

function within(
  doc: JsonDocument,
  node: JsonNode,
  key: string,
  embedded: Embedded,
): JsonDocument | undefined {
  const known = embedded.get(key);
  if (known) return known;
  const inner = doc.embedded(node.id);
  if (inner) embedded.set(key, inner);
  return inner ?? undefined;
}

const PLAIN = /^[A-Za-z_$][\w$]*$/;

/** Where the value of a line lies. */
export function pathOf(line: JsonLine): Steps {
  return [...line.base, ...line.doc.path(line.node.id)];
}

/** A path as a person writes it: `a.b[0]["odd key"]`. */
export function pathText(path: Steps): string {
  return path
    .map((step, place) => {
      if (typeof step === "number") return `[${step}]`;
      if (!PLAIN.test(step)) return `[${JSON.stringify(step)}]`;
      return place === 0 ? step : `.${step}`;
    })
    .join("");
}

/** The state in which the line of a node of the outermost document is shown. */
export function opening(doc: JsonDocument, id: number, state: TreeState): TreeState {
  const opened = new Map(state.opened);
  const shown = new Map(state.shown);
  const path = doc.path(id);
  for (let length = 0; length < path.length; length += 1) {
    const above = doc.find(path.slice(0, length));
    if (above < 0) break;
    opened.set(String(above), true);
    const step = path[length];
    const place = typeof step === "number" ? step : placeOf(doc, above, step ?? "");
    if (place >= (shown.get(String(above)) ?? CHUNK))
      shown.set(String(above), Math.ceil((place + 1) / CHUNK) * CHUNK);
  }
  return { opened, shown };
}

function placeOf(doc: JsonDocument, id: number, key: string): number {
  return doc.children(id).findIndex((child) => child.key === key);
}
