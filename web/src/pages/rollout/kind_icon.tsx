/** A small sign for each kind of span. The word of the kind stands beside it, or is its label. */

import type { Kind } from "lightning-store-client/trace";
import { Icon, type IconName } from "../../components/icon.tsx";
import { kindWord } from "./waterfall/kinds.ts";

/** Kinds without a sign of their own, and the sign and colour that they share. */
const LIKE: Readonly<Partial<Record<Kind, IconName>>> = {
  workflow: "operation",
  task: "operation",
  chain: "operation",
  retriever: "retrieval",
  reranker: "retrieval",
  embedding: "retrieval",
  guardrail: "annotation",
  evaluator: "annotation",
  prompt: "message",
  virtual: "list",
};

/** What a kind is drawn as. */
export function kindSign(kind: Kind): IconName {
  return LIKE[kind] ?? (kind as IconName);
}

/** The class that gives a kind its colour: `kind-llm`. */
export function kindClass(kind: Kind): string {
  const sign = kindSign(kind);
  return `kind-${sign === "list" ? "other" : sign}`;
}

export function KindIcon({ kind, labelled = false }: { readonly kind: Kind; readonly labelled?: boolean }) {
  return (
    <span class={`kind ${kindClass(kind)}`}>
      <Icon name={kindSign(kind)} {...(labelled ? { label: kindWord(kind) } : {})} />
    </span>
  );
}
