/** Kinds of spans in the words of a person, and how they are grouped for the chips of the filter. */

import type { Kind } from "lightning-store-client/trace";

const WORDS: Readonly<Record<Kind, string>> = {
  other: "other",
  llm: "model call",
  tool: "tool",
  agent: "agent",
  reward: "reward",
  message: "message",
  object: "object",
  exception: "exception",
  operation: "operation",
  annotation: "annotation",
  workflow: "workflow",
  task: "task",
  chain: "chain",
  retriever: "retriever",
  reranker: "reranker",
  embedding: "embedding",
  guardrail: "guardrail",
  evaluator: "evaluator",
  prompt: "prompt",
  http: "HTTP",
  virtual: "group",
};

export function kindWord(kind: Kind): string {
  return WORDS[kind] ?? kind;
}

/** The order of the chips. */
const ORDER: readonly Kind[] = [
  "llm",
  "tool",
  "agent",
  "reward",
  "message",
  "object",
  "exception",
  "operation",
];

function rank(kind: Kind): number {
  const at = ORDER.indexOf(kind);
  return at >= 0 ? at : kind === "other" ? 1_000 : 100;
}

export function chipOrder(kinds: readonly Kind[]): Kind[] {
  return kinds.filter((kind) => kind !== "virtual").sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}
