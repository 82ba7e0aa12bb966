/**
 * JSON to look at: children are made when they are opened, integers of any size are exact, strings that hold JSON open
 * like objects. One stop of the Tab key; arrows move; what is chosen can be copied, value or path.
 */

import { JsonDocument } from "lightning-store-client/trace";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { bytes } from "../../format/bytes.ts";
import { count } from "../../format/number.ts";
import { CopyButton } from "../copy.tsx";
import { Icon } from "../icon.tsx";
import {
  CHUNK,
  type Embedded,
  type JsonLine,
  isLong,
  linesOf,
  opening,
  pathOf,
  pathText,
  type TreeState,
  UNTOUCHED,
} from "./lines.ts";
import { RawText } from "./raw_text.tsx";
import "./json_tree.css";

export interface JsonTreeProps {
  /** JSON as it was written. Text that is none is shown as it is, with a note. */
  readonly text: string;
  /** What it is, for those who cannot see it. */
  readonly label: string;
  /** Levels that are open at first. */
  readonly openLevels?: number;
  /** Without search and the line of buttons. */
  readonly plain?: boolean;
}

export function JsonTree({ text, label, openLevels = 1, plain = false }: JsonTreeProps) {
  const doc = useDocument(text);
  const [raw, setRaw] = useState(false);
  const [state, setState] = useState<TreeState>(UNTOUCHED);
  const [active, setActive] = useState("0");
  const [query, setQuery] = useState("");
  const embedded = useRef<Embedded>(new Map());
  const tree = useRef<HTMLDivElement>(null);
  const moved = useRef(false);

  useEffect(() => {
    setState(UNTOUCHED);
    setActive("0");
    const inner = embedded.current;
    return () => {
      for (const one of inner.values()) one.free();
      inner.clear();
    };
  }, [doc]);

  const lines = useMemo(
    () => (raw ? [] : linesOf(doc, state, openLevels, embedded.current)),
    [doc, state, openLevels, raw],
  );
  const found = useMemo(() => (query === "" ? [] : Array.from(doc.search(query, 1000))), [doc, query]);
  const hits = useMemo(() => new Set(found.map(String)), [found]);
  const current = lines.find((line) => line.key === active) ?? lines[0];

  useEffect(() => {
    if (!moved.current) return;
    moved.current = false;
    const row = tree.current?.querySelector<HTMLElement>('[tabindex="0"]');
    row?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }, [active, state]);

  const move = (key: string | undefined) => {
    if (key === undefined) return;
    moved.current = true;
    setActive(key);
  };
  const setOpen = (line: JsonLine, open: boolean) => {
    setState((before) => ({ ...before, opened: new Map(before.opened).set(line.key, open) }));
  };
  const showMore = (line: JsonLine) => {
    const owner = line.key.slice(0, -1);
    setState((before) => ({
      ...before,
      shown: new Map(before.shown).set(owner, (before.shown.get(owner) ?? CHUNK) + CHUNK * 5),
    }));
    move(owner);
  };
  const act = (line: JsonLine) => {
    if (line.more !== undefined) showMore(line);
    else if (line.open !== undefined) setOpen(line, !line.open);
  };
  const goTo = (step: 1 | -1) => {
    if (found.length === 0) return;
    const at = found.findIndex((id) => String(id) === active);
    const next =
      found[(at < 0 ? (step > 0 ? 0 : found.length - 1) : at + step + found.length) % found.length];
    if (next === undefined) return;
    setState((before) => opening(doc, next, before));
    move(String(next));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const place = current ? lines.indexOf(current) : -1;
    if (place < 0 || !current) return;
    switch (event.key) {
      case "ArrowDown":
        move(lines[place + 1]?.key);
        break;
      case "ArrowUp":
        move(lines[place - 1]?.key);
        break;
      case "Home":
        move(lines[0]?.key);
        break;
      case "End":
        move(lines.at(-1)?.key);
        break;
      case "ArrowRight":
        if (current.open === false) setOpen(current, true);
        else if (current.open) move(lines[place + 1]?.key);
        break;
      case "ArrowLeft":
        if (current.open) setOpen(current, false);
        else move(lines.slice(0, place).findLast((line) => line.depth < current.depth)?.key);
        break;
      case "Enter":
      case " ":
        act(current);
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div class={plain ? "json json-plain" : "json"}>
      {plain ? null : (
        <div class="json-bar">
          <input
            type="search"
            class="field"
            placeholder="Search keys and values"
            aria-label={`Search in ${label}`}
            value={query}
            onInput={(event) => setQuery(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== "Enter") return;
              event.preventDefault();
              goTo(event.shiftKey ? -1 : 1);
            }}
          />
          {query === "" ? null : (
            <span class="json-found" role="status">
              {found.length === 0
                ? "nothing found"
                : `${found.length}${found.length === 1000 ? "+" : ""} found`}
            </span>
          )}
          <span class="json-path" title="Where the chosen value lies">
            {current && !raw ? pathText(pathOf(current)) || "(everything)" : ""}
          </span>
          {raw || !current ? (
            <CopyButton text={text} what={label} label="Copy all" />
          ) : (
            <>
              <CopyButton text={() => current.doc.string(current.node.id)} what="value" label="Value" />
              <CopyButton text={() => pathText(pathOf(current))} what="path" label="Path" />
            </>
          )}
          <button type="button" class="button" aria-pressed={raw} onClick={() => setRaw(!raw)}>
            Raw
          </button>
        </div>
      )}
      {doc.error === null ? null : <p class="json-note">Not JSON: {doc.error}</p>}
      {raw ? (
        <RawText text={text} label={label} />
      ) : (
        // oxlint-disable-next-line jsx-a11y/interactive-supports-focus -- the lines have the focus
        <div class="json-tree" role="tree" aria-label={label} ref={tree} onKeyDown={onKeyDown}>
          {lines.map((line) => (
            <Line
              key={line.key}
              line={line}
              active={line === current}
              hit={hits.has(line.key)}
              onChoose={(toggle) => {
                setActive(line.key);
                if (toggle) act(line);
              }}
            />
          ))}
        </div>
      )}
    </div>
  );
}

/** The document of a text, given back when the text changes or the tree goes. */
function useDocument(text: string): JsonDocument {
  const held = useRef<{ text: string; doc: JsonDocument } | null>(null);
  if (held.current?.text !== text) {
    held.current?.doc.free();
    held.current = { text, doc: new JsonDocument(text) };
  }
  useEffect(
    () => () => {
      held.current?.doc.free();
      held.current = null;
    },
    [],
  );
  return held.current.doc;
}

interface LineProps {
  readonly line: JsonLine;
  readonly active: boolean;
  readonly hit: boolean;
  readonly onChoose: (toggle: boolean) => void;
}

function Line({ line, active, hit, onChoose }: LineProps) {
  const { node } = line;
  const common = {
    role: "treeitem" as const,
    tabIndex: active ? 0 : -1,
    "aria-level": line.depth + 1,
    "aria-posinset": line.position,
    "aria-setsize": line.size,
    "aria-selected": active,
    style: { "--depth": String(line.depth) },
  };
  if (line.more !== undefined) {
    return (
      <div {...common} class="json-line json-more" onClick={() => onChoose(true)}>
        {count(line.more)} more …
      </div>
    );
  }
  const long = isLong(node);
  return (
    <div
      {...common}
      {...(line.open === undefined ? {} : { "aria-expanded": line.open })}
      class={`json-line${hit ? " json-hit" : ""}`}
      onClick={(event) => onChoose(event.detail < 2 && !selecting())}
    >
      <span class="json-twisty">
        {line.open === undefined ? null : <Icon name={line.open ? "down" : "right"} />}
      </span>
      {node.key === null ? null : (
        <>
          <span class={typeof node.key === "number" ? "json-index" : "json-key"}>
            {node.key === "" ? '""' : node.key}
          </span>
          <span class="json-colon">: </span>
        </>
      )}
      {node.type === "object" || node.type === "array" ? (
        <span class="json-count">
          {node.type === "object" ? `{${node.count || ""}}` : `[${node.count || ""}]`}
        </span>
      ) : long && line.open && !node.embedded ? (
        <LongText line={line} />
      ) : (
        <span class={`json-value json-${node.type}`}>
          {shortText(node.value ?? "", node.type === "string")}
        </span>
      )}
      {node.embedded ? <span class="json-badge">JSON in a string</span> : null}
      {long && (node.cut || node.bytes > 2048) ? <span class="json-badge">{bytes(node.bytes)}</span> : null}
      {node.note === null ? null : <span class="json-badge json-odd">{node.note}</span>}
    </div>
  );
}

function selecting(): boolean {
  return (window.getSelection()?.toString() ?? "") !== "";
}

function shortText(value: string, quoted: boolean): string {
  if (!quoted) return value;
  const line = value.slice(0, 200).replaceAll(/\s+/g, " ");
  return `"${line}${value.length > line.length ? "…" : ""}"`;
}

/** A long string: its first 2,048 characters, then all of it. */
function LongText({ line }: { readonly line: JsonLine }) {
  const [all, setAll] = useState(false);
  const { node, doc } = line;
  const text = all ? doc.string(node.id) : (node.value ?? "");
  return (
    <span class="json-long">
      <span class="json-value json-string json-block">{text}</span>
      {node.cut && !all ? (
        <button
          type="button"
          class="button"
          onClick={(event) => {
            event.stopPropagation();
            setAll(true);
          }}
        >
          Show all {bytes(node.bytes)}
        </button>
      ) : null}
    </span>
  );
}
