/** What differs in one span of two attempts: what was said, and the attributes. */

import type { ComparedRow, SpanMessages } from "lightning-store-client/trace";
import { JsonDocument } from "lightning-store-client/trace";
import { useMemo } from "preact/hooks";
import { href, pathOf } from "../../app/location.ts";
import { DiffView } from "../../components/diff/diff_view.tsx";
import { markdownTranscript } from "../rollout/messages/transcript.ts";
import type { TraceSession } from "../rollout/session.ts";
import { url } from "./state.ts";

interface Props {
  readonly row: ComparedRow;
  readonly a: TraceSession;
  readonly b: TraceSession;
}

export function SpanDifference({ row, a, b }: Props) {
  const { layout } = url.signal.value;
  const texts = useMemo(() => {
    const said = (session: TraceSession, id: string | undefined): string =>
      id === undefined ? "" : transcript(session.waterfall.messagesOf(id));
    const known = (session: TraceSession, id: string | undefined): string =>
      id === undefined ? "" : pretty(session.waterfall.attributesOf(id) ?? "{}");
    return {
      said: [said(a, row.a?.span_id), said(b, row.b?.span_id)] as const,
      known: [known(a, row.a?.span_id), known(b, row.b?.span_id)] as const,
    };
  }, [row, a, b]);
  return (
    <div class="compare-detail">
      <div class="row">
        <div class="segmented" role="group" aria-label="Layout">
          {(["split", "unified"] as const).map((name) => (
            <button
              key={name}
              type="button"
              class="button"
              aria-pressed={layout === name}
              onClick={() => url.set({ layout: name }, "replace")}
            >
              {name === "split" ? "Side by side" : "Unified"}
            </button>
          ))}
        </div>
        <span class="grow" />
        <SpanAddress session={a} spanId={row.a?.span_id} name="A" />
        <SpanAddress session={b} spanId={row.b?.span_id} name="B" />
      </div>
      {texts.said[0] === "" && texts.said[1] === "" ? null : texts.said[0] === texts.said[1] ? (
        <p class="muted">The same was said.</p>
      ) : (
        <>
          <h3>Messages</h3>
          <DiffView
            before={texts.said[0]}
            after={texts.said[1]}
            layout={layout}
            label="Messages of A and B"
          />
        </>
      )}
      {texts.known[0] === texts.known[1] ? (
        <p class="muted">The attributes are the same.</p>
      ) : (
        <>
          <h3>Attributes</h3>
          <DiffView
            before={texts.known[0]}
            after={texts.known[1]}
            layout={layout}
            label="Attributes of A and B"
          />
        </>
      )}
    </div>
  );
}

function SpanAddress({
  session,
  spanId,
  name,
}: {
  session: TraceSession;
  spanId: string | undefined;
  name: string;
}) {
  if (spanId === undefined) return null;
  const query = new URLSearchParams({ attempt: session.attemptId, span: spanId });
  return <a href={href(`${pathOf("rollouts", session.rolloutId)}?${query.toString()}`)}>Span in {name}</a>;
}

function transcript(said: SpanMessages | null): string {
  return said === null ? "" : markdownTranscript([...said.prompt, ...said.completion]);
}

function pretty(text: string): string {
  using doc = new JsonDocument(text);
  return doc.pretty();
}
