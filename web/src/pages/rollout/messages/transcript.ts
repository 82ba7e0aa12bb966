/** Messages as text that can be taken elsewhere. */

import type { Message, Part } from "lightning-store-client/trace";

/** The text of a JSON string; null if it is something else. */
export function textOfJson(json: string): string | null {
  if (json.trimStart()[0] !== '"') return null;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === "string" ? value : null;
  } catch {
    return null;
  }
}

/** What is said in a message. */
export function messageText(message: Message): string {
  return message.parts.map(partText).join("\n");
}

function partText(part: Part): string {
  switch (part.type) {
    case "text":
    case "reasoning":
    case "refusal":
      return part.text;
    case "json":
      return part.value;
    case "image":
      return part.url ?? "";
    case "tool_call":
      return `${part.name ?? ""}(${textOfJson(part.arguments) ?? part.arguments})`;
    case "tool_result":
      return textOfJson(part.content) ?? part.content;
  }
}

/** Messages as Markdown, for people. */
export function markdownTranscript(messages: readonly Message[]): string {
  return messages
    .map((message) => {
      const name = message.name === undefined ? "" : ` (${message.name})`;
      const calls = message.parts.map((part) =>
        part.type === "tool_call"
          ? `\`${part.name ?? "tool"}\`\n\n${fence(textOfJson(part.arguments) ?? part.arguments)}`
          : part.type === "json"
            ? fence(part.value)
            : partText(part),
      );
      return `## ${message.role}${name}\n\n${calls.join("\n\n")}\n`;
    })
    .join("\n");
}

/** A block of code that nothing within it ends. */
function fence(text: string): string {
  const longest = Math.max(0, ...Array.from(text.matchAll(/`+/g), ([ticks]) => ticks.length));
  const ticks = "`".repeat(Math.max(3, longest + 1));
  return `${ticks}json\n${text}\n${ticks}`;
}

/** Messages as the chat interface of OpenAI takes them. */
export function openAiMessages(messages: readonly Message[]): string {
  return JSON.stringify(messages.map(openAiMessage), null, 2);
}

type Content = { type: "text"; text: string } | { type: "image_url"; image_url: { url: string } };

function openAiMessage(message: Message): Record<string, unknown> {
  const calls = message.parts.filter((part) => part.type === "tool_call");
  const result = message.parts.find((part) => part.type === "tool_result");
  const refusal = message.parts.find((part) => part.type === "refusal");
  const content = message.parts.flatMap((part): Content[] => {
    if (part.type === "text") return [{ type: "text", text: part.text }];
    if (part.type === "image" && part.url !== null)
      return [{ type: "image_url", image_url: { url: part.url } }];
    if (part.type === "json") return [{ type: "text", text: part.value }];
    if (part.type === "tool_result")
      return [{ type: "text", text: textOfJson(part.content) ?? part.content }];
    return [];
  });
  const [only] = content;
  const plain =
    content.length === 1 && only?.type === "text" ? only.text : content.length === 0 ? null : content;
  const callId = message.tool_call_id ?? (result?.type === "tool_result" ? result.tool_call_id : undefined);
  return {
    role: message.role,
    ...(message.name === undefined ? {} : { name: message.name }),
    content: plain,
    ...(refusal?.type === "refusal" ? { refusal: refusal.text } : {}),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((call) => ({
            id: call.id ?? "",
            type: "function",
            function: { name: call.name ?? "", arguments: textOfJson(call.arguments) ?? call.arguments },
          })),
        }),
    ...(callId == null ? {} : { tool_call_id: callId }),
  };
}
