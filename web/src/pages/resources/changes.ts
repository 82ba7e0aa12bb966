/** What differs between two sets of resources. */

import { JsonDocument } from "lightning-store-client/trace";
import { namesOf } from "./load.ts";

/** A value by its path; null: it is not there. Strings as they are, everything else as JSON. */
export interface FieldChange {
  readonly path: string;
  readonly before: string | null;
  readonly after: string | null;
  /** It is text of several lines, or long: its lines are compared. */
  readonly long: boolean;
}

export interface ResourceChange {
  readonly name: string;
  readonly state: "added" | "removed" | "changed" | "same";
  readonly type: string | null;
  readonly fields: readonly FieldChange[];
}

/** Longer texts are compared line by line. */
const LONG = 80;

export function changesOf(before: string, after: string): ResourceChange[] {
  const old = new Map(namesOf(before).map((one) => [one.name, one]));
  const now = new Map(namesOf(after).map((one) => [one.name, one]));
  const names = [...new Set([...old.keys(), ...now.keys()])].sort((a, b) => a.localeCompare(b));
  return names.map((name) => {
    const [left, right] = [old.get(name), now.get(name)];
    const fields = fieldChanges(
      left === undefined ? "{}" : left.text,
      right === undefined ? "{}" : right.text,
    );
    const state =
      left === undefined
        ? "added"
        : right === undefined
          ? "removed"
          : fields.length === 0
            ? "same"
            : "changed";
    return { name, state, type: right?.type ?? left?.type ?? null, fields };
  });
}

function fieldChanges(before: string, after: string): FieldChange[] {
  const old = fieldsOf(before);
  const now = fieldsOf(after);
  const paths = [...new Set([...old.keys(), ...now.keys()])];
  return paths
    .map((path) => {
      const [left, right] = [old.get(path) ?? null, now.get(path) ?? null];
      const long = [left, right].some((text) => text !== null && (text.includes("\n") || text.length > LONG));
      return { path, before: left, after: right, long };
    })
    .filter((field) => field.before !== field.after);
}

/** Scalars by their paths. */
export function fieldsOf(text: string): Map<string, string> {
  using doc = new JsonDocument(text);
  const found = new Map<string, string>();
  const open = [{ id: 0, path: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { id, path } = next;
    const node = doc.node(id);
    if (node.count > 0) {
      const children = doc.children(id, 0, node.count);
      for (const child of children.toReversed()) {
        open.push({ id: child.id, path: path === "" ? String(child.key) : `${path}.${child.key}` });
      }
    } else if (path !== "") {
      found.set(path, doc.string(id));
    }
  }
  return found;
}
