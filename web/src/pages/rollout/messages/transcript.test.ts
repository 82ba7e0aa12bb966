import type { Message } from "lightning-store-client/trace";
import { describe, expect, it } from "vitest";
import { hostOf } from "./host.ts";
import { foldText } from "./fold.ts";
import { markdownTranscript, messageText, openAiMessages } from "./transcript.ts";

const said: Message[] = [
  { role: "system", parts: [{ type: "text", text: "Be brief." }] },
  {
    role: "user",
    parts: [
      { type: "text", text: "What is this?" },
      { type: "image", url: "data:image/png;base64,AAAA" },
    ],
  },
  {
    role: "assistant",
    parts: [{ type: "tool_call", id: "call_1", name: "look", arguments: '{"n":9007199254740993}' }],
  },
  { role: "tool", tool_call_id: "call_1", parts: [{ type: "text", text: "a ```fence```" }] },
];

describe("messages taken elsewhere", () => {
  it("are what the chat interface takes, integers exact", () => {
    const taken = JSON.parse(openAiMessages(said)) as Record<string, unknown>[];
    expect(taken[0]).toEqual({ role: "system", content: "Be brief." });
    expect(taken[1]?.["content"]).toEqual([
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ]);
    expect(taken[2]).toEqual({
      role: "assistant",
      content: null,
      tool_calls: [
        { id: "call_1", type: "function", function: { name: "look", arguments: '{"n":9007199254740993}' } },
      ],
    });
    expect(taken[3]).toEqual({ role: "tool", content: "a ```fence```", tool_call_id: "call_1" });
  });

  it("are Markdown whose blocks nothing within them ends", () => {
    const text = markdownTranscript([
      { role: "assistant", parts: [{ type: "json", value: '"```"' }] },
      ...said.slice(2, 3),
    ]);
    expect(text).toContain('````json\n"```"\n````');
    expect(text).toContain("## assistant");
    expect(text).toContain("`look`");
  });

  it("are copied as what was said", () => {
    expect(said.map(messageText)).toEqual([
      "Be brief.",
      "What is this?\ndata:image/png;base64,AAAA",
      'look({"n":9007199254740993})',
      "a ```fence```",
    ]);
  });
});

describe("long texts", () => {
  it("are folded after 40 lines", () => {
    const long = Array.from({ length: 213 }, (_, line) => `line ${line}`).join("\n");
    expect(foldText(long).lines).toBe(213);
    expect(foldText(long).folded).toBe(true);
    expect(foldText(long).shown.split("\n")).toHaveLength(40);
    expect(foldText("short").folded).toBe(false);
  });
});

describe("pictures", () => {
  it("say whose they are only if they are of the web", () => {
    expect(hostOf("https://example.org/a.png")).toBe("example.org");
    expect(hostOf("javascript:alert(1)")).toBeNull();
    expect(hostOf("//example.org/a.png")).toBeNull();
  });
});
