/** What was said in one call of a model: the prompt, the answer, the tools that were offered. */

import { useSignal } from "@preact/signals";
import type { Message, SpanMessages, SpanRef, Tool } from "lightning-store-client/trace";
import { useId, useMemo } from "preact/hooks";
import { markdown } from "../../../app/preferences.ts";
import { CopyButton } from "../../../components/copy.tsx";
import { JsonTree } from "../../../components/json/json_tree.tsx";
import { plural } from "../../../format/number.ts";
import { type Links, MessageCard } from "./card.tsx";
import { markdownTranscript, openAiMessages } from "./transcript.ts";
import "./messages.css";

const DIALECTS: Readonly<Record<string, string>> = {
  gen_ai: "OpenTelemetry GenAI",
  agent_ops: "AgentOps",
  weave: "Weave",
  open_inference: "OpenInference",
  raw: "raw request",
  plain: "inputs and outputs",
};

/** The ids of calls whose results are among these messages. */
export function resultsOf(messages: readonly Message[]): Set<string> {
  const found = new Set<string>();
  for (const message of messages) {
    if (message.tool_call_id !== undefined) found.add(message.tool_call_id);
    for (const part of message.parts) {
      if (part.type === "tool_result" && part.tool_call_id !== null) found.add(part.tool_call_id);
    }
  }
  return found;
}

export function MarkdownSwitch() {
  return (
    <label class="wf-check">
      <input
        type="checkbox"
        checked={markdown.value}
        onChange={(event) => {
          markdown.value = event.currentTarget.checked;
        }}
      />
      Markdown
    </label>
  );
}

/** Messages beyond these are shown when somebody asks for them: a history may be very long. */
const SHOWN = 60;

interface Props {
  readonly said: SpanMessages;
  readonly toolSpans: readonly SpanRef[];
  readonly onSpan: (spanId: string) => void;
}

export function MessageList({ said, toolSpans, onSpan }: Props) {
  const prefix = useId();
  const all = useSignal(false);
  const links: Links = useMemo(
    () => ({ results: resultsOf([...said.prompt, ...said.completion]), spans: toolSpans, prefix, onSpan }),
    [said, toolSpans],
  );
  const hidden = all.value ? 0 : Math.max(0, said.prompt.length - SHOWN);
  if (said.prompt.length === 0 && said.completion.length === 0) {
    return <p class="state muted">Nothing was said to a model here, or nobody wrote it down.</p>;
  }
  const both = [...said.prompt, ...said.completion];
  return (
    <div class="msg-list">
      <div class="msg-bar">
        <MarkdownSwitch />
        {said.dialect === null ? null : (
          <span class="muted" title="How the messages were written down">
            {DIALECTS[said.dialect] ?? said.dialect}
          </span>
        )}
        <span class="grow" />
        <CopyButton text={() => markdownTranscript(both)} what="as Markdown" label="as Markdown" />
        <CopyButton text={() => openAiMessages(both)} what="as OpenAI messages" label="as OpenAI" />
      </div>
      <Tools tools={said.tools} />
      {said.prompt.length === 0 ? null : <h3 class="msg-heading">Prompt</h3>}
      {hidden > 0 ? (
        <button type="button" class="button" onClick={() => (all.value = true)}>
          Show {plural(hidden, "earlier message")}
        </button>
      ) : null}
      {said.prompt.slice(hidden).map((message, place) => (
        <MessageCard key={hidden + place} message={message} links={links} />
      ))}
      {said.completion.length === 0 ? null : (
        <h3 class="msg-heading">
          {said.completion.length > 1 ? `Answers (${said.completion.length})` : "Answer"}
        </h3>
      )}
      {said.completion.map((message, place) => (
        <MessageCard key={`answer-${place}`} message={message} links={links} />
      ))}
    </div>
  );
}

/** Tools that were offered: names, with descriptions and schemas on demand. */
export function Tools({ tools, title }: { readonly tools: readonly Tool[]; readonly title?: string }) {
  if (tools.length === 0) return null;
  return (
    <details class="msg-tools">
      <summary>
        {title ?? "Tools offered"} <span class="muted">({tools.length})</span>{" "}
        <span class="muted line">{tools.map((tool) => tool.name ?? "?").join(", ")}</span>
      </summary>
      {tools.map((tool, place) => (
        <OneTool key={place} tool={tool} />
      ))}
    </details>
  );
}

function OneTool({ tool }: { readonly tool: Tool }) {
  const open = useSignal(false);
  return (
    <div class="msg-tool">
      <p>
        <strong>{tool.name ?? "(no name)"}</strong>{" "}
        <button
          type="button"
          class="link"
          aria-expanded={open.value}
          onClick={() => (open.value = !open.value)}
        >
          {open.value ? "hide schema" : "schema"}
        </button>
      </p>
      {tool.description === null ? null : <p class="plain-text muted">{tool.description}</p>}
      {open.value ? (
        <JsonTree
          text={tool.parameters}
          label={`Schema of ${tool.name ?? "the tool"}`}
          plain
          openLevels={3}
        />
      ) : null}
    </div>
  );
}
