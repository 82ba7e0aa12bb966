/** One message: who speaks, and what is said. */

import type { Message, Part, SpanRef } from "lightning-store-client/trace";
import type { ComponentChildren } from "preact";
import { CopyButton } from "../../../components/copy.tsx";
import { Icon, type IconName } from "../../../components/icon.tsx";
import { JsonTree } from "../../../components/json/json_tree.tsx";
import { Picture } from "./image.tsx";
import { TextPart } from "./text.tsx";
import { messageText, textOfJson } from "./transcript.ts";

const SIGNS: Readonly<Record<string, IconName>> = {
  system: "settings",
  developer: "settings",
  user: "agent",
  assistant: "llm",
  tool: "tool",
  function: "tool",
};

/** The colour of an edge; roles that nobody knows have one of their own. */
function tone(role: string): string {
  return Object.hasOwn(SIGNS, role) ? role : "other";
}

export interface Links {
  /** Where the result of a call stands in the page, by the id of the call. */
  readonly results: ReadonlySet<string>;
  /** The spans in which tools ran, by the name of the tool. */
  readonly spans: readonly SpanRef[];
  /** Makes ids of elements unique. */
  readonly prefix: string;
  readonly onSpan: (spanId: string) => void;
}

export function MessageCard({
  message,
  links,
  aside,
}: {
  message: Message;
  links: Links;
  aside?: ComponentChildren;
}) {
  const role = message.role === "" ? "unknown" : message.role;
  const answers = message.tool_call_id;
  return (
    <article
      class="msg"
      data-role={tone(role)}
      {...(answers ? { id: `${links.prefix}-${answers}`, tabIndex: -1 } : {})}
    >
      <header class="msg-head">
        <Icon name={SIGNS[role] ?? "message"} />
        <span class="msg-role">{role}</span>
        {message.name === undefined ? null : <span class="msg-name">{message.name}</span>}
        {answers === undefined ? null : (
          <span class="msg-id" title="The call that this answers">
            <span class="sr-only">answers </span>
            <code>{answers}</code>
          </span>
        )}
        {message.finish_reason === undefined ? null : (
          <span
            class={`chip msg-finish${message.finish_reason === "length" ? " is-odd" : ""}`}
            title="Why the model stopped"
          >
            {message.finish_reason}
          </span>
        )}
        <span class="grow" />
        {aside}
        <CopyButton text={() => messageText(message)} what="message" />
      </header>
      <div class="msg-parts">
        {message.parts.length === 0 ? <p class="muted">(nothing)</p> : null}
        {message.parts.map((part, place) => (
          <PartView key={place} part={part} links={links} role={role} />
        ))}
      </div>
    </article>
  );
}

function PartView({
  part,
  links,
  role,
}: {
  readonly part: Part;
  readonly links: Links;
  readonly role: string;
}) {
  switch (part.type) {
    case "text":
      return <TextPart text={part.text} name={`${role} message`} />;
    case "json":
      return (
        <div class="msg-json">
          {part.note === undefined ? null : <Note text={part.note} />}
          <JsonTree text={part.value} label={`${role} message`} plain openLevels={2} />
        </div>
      );
    case "image":
      return <Picture url={part.url ?? ""} alt={part.media_type ?? ""} />;
    case "tool_call":
      return <ToolCall part={part} links={links} />;
    case "tool_result":
      return (
        <div
          class="msg-result"
          {...(part.tool_call_id === null
            ? {}
            : { id: `${links.prefix}-${part.tool_call_id}`, tabIndex: -1 })}
        >
          {part.tool_call_id === null ? null : (
            <p class="msg-id">
              result of <code>{part.tool_call_id}</code>
            </p>
          )}
          <ResultContent content={part.content} />
        </div>
      );
    case "reasoning":
      return (
        <details class="msg-reasoning" open>
          <summary>Reasoning</summary>
          <TextPart text={part.text} name="reasoning" />
        </details>
      );
    case "refusal":
      return (
        <div class="msg-refusal">
          <p class="msg-label">
            <Icon name="off" />
            Refused
          </p>
          <TextPart text={part.text} name="refusal" />
        </div>
      );
    default:
      return <JsonTree text={JSON.stringify(part)} label="part of a message" plain />;
  }
}

function ResultContent({ content }: { readonly content: string }) {
  const text = textOfJson(content);
  return text === null ? (
    <JsonTree text={content} label="result" plain openLevels={2} />
  ) : (
    <TextPart text={text} name="result" />
  );
}

function Note({ text }: { readonly text: string }) {
  return (
    <p class="msg-note">
      <Icon name="info" />
      {text}
    </p>
  );
}

function ToolCall({
  part,
  links,
}: {
  readonly part: Extract<Part, { type: "tool_call" }>;
  readonly links: Links;
}) {
  const { id, name, note } = part;
  const target = id !== null && links.results.has(id) ? `${links.prefix}-${id}` : null;
  const span =
    target === null
      ? links.spans.find((one) => one.label === name || one.name.includes(name ?? "\u0000"))
      : undefined;
  const text = note === undefined ? null : textOfJson(part.arguments);
  return (
    <section class="msg-call" aria-label={`Call of ${name ?? "a tool"}`}>
      <header class="msg-call-head">
        <Icon name="tool" />
        <strong>{name ?? "(no name)"}</strong>
        {id === null ? null : <code class="msg-id">{id}</code>}
        <span class="grow" />
        {target === null ? null : (
          <button type="button" class="link" onClick={() => goTo(target)}>
            result ↓
          </button>
        )}
        {span === undefined ? null : (
          <button type="button" class="link" onClick={() => links.onSpan(span.span_id)}>
            ran as #{span.sequence_id} →
          </button>
        )}
      </header>
      {note === undefined ? null : <Note text={note} />}
      {text === null ? (
        <JsonTree text={part.arguments} label={`Arguments of ${name ?? "the call"}`} plain openLevels={2} />
      ) : (
        <div class="plain-text">{text}</div>
      )}
    </section>
  );
}

function goTo(id: string): void {
  const element = document.getElementById(id);
  element?.scrollIntoView({ block: "nearest" });
  element?.focus({ preventScroll: true });
}
