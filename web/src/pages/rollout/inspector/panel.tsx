/** What is known of the chosen span. The tab is kept from span to span. */

import { useSignal } from "@preact/signals";
import type { Summary } from "lightning-store-client/trace";
import { useEffect, useMemo } from "preact/hooks";
import { type Failure, failureOf } from "../../../api/failure.ts";
import { CopyButton } from "../../../components/copy.tsx";
import { Icon } from "../../../components/icon.tsx";
import { ErrorState, Loading } from "../../../components/states.tsx";
import { Tabs } from "../../../components/tabs.tsx";
import { KindIcon } from "../kind_icon.tsx";
import { lazy } from "../lazy.tsx";
import type { TraceSession } from "../session.ts";
import { type Tab, url } from "../state.ts";
import { Attributes } from "./attributes.tsx";
import { Overview } from "./overview.tsx";
import { Raw } from "./raw.tsx";
import "./inspector.css";

const MessageList = lazy(async () => (await import("../messages/list.tsx")).MessageList);
const Events = lazy(async () => (await import("./events.tsx")).Events);

export interface InspectorProps {
  readonly session: TraceSession;
  readonly spanId: string;
  readonly onSpan: (spanId: string) => void;
  readonly onClose: () => void;
}

export function Inspector({ session, spanId, onSpan, onClose }: InspectorProps) {
  const revision = session.revision.value;
  const failure = useBody(session, spanId);
  const ready = !session.closed && !session.waterfall.needsBody(spanId);
  const summary = useMemo(
    () => (session.closed ? null : session.waterfall.summaryOf(spanId)),
    [spanId, revision],
  );
  const { tab } = url.signal.value;
  if (summary === null) return <NotHere session={session} spanId={spanId} onClose={onClose} />;
  const events = ready ? (session.waterfall.eventsOf(spanId)?.length ?? 0) : 0;
  const tabs: readonly { name: Tab; label: string }[] = [
    { name: "overview", label: "Overview" },
    { name: "messages", label: "Messages" },
    { name: "attributes", label: "Attributes" },
    { name: "events", label: events > 0 ? `Events & links (${events})` : "Events & links" },
    { name: "raw", label: "Raw" },
  ];
  return (
    <section class="inspector" aria-label="Chosen span">
      <header class="inspector-head">
        <KindIcon kind={summary.kind} labelled />
        <h2 class="line" title={summary.name}>
          {summary.label || "(no name)"}
        </h2>
        <span class="muted">#{summary.sequence_id}</span>
        <span class="grow" />
        <CopyButton text={spanId} what="span id" />
        <button type="button" class="button icon quiet" aria-label="Close the inspector" onClick={onClose}>
          <Icon name="cross" />
        </button>
      </header>
      <Tabs label="The span" tabs={tabs} current={tab} onChange={(next) => url.set({ tab: next }, "replace")}>
        <div class="inspector-body">
          {failure.value === null ? null : (
            <ErrorState failure={failure.value} retry={() => session.body(spanId)} />
          )}
          {ready ? (
            <Body session={session} summary={summary} tab={tab} onSpan={onSpan} />
          ) : failure.value === null ? (
            <Loading rows={6} />
          ) : null}
        </div>
      </Tabs>
    </section>
  );
}

interface BodyProps {
  readonly session: TraceSession;
  readonly summary: Summary;
  readonly tab: Tab;
  readonly onSpan: (spanId: string) => void;
}

function Body({ session, summary, tab, onSpan }: BodyProps) {
  switch (tab) {
    case "overview":
      return <Overview session={session} summary={summary} onSpan={onSpan} />;
    case "messages":
      return <Said session={session} summary={summary} onSpan={onSpan} />;
    case "attributes":
      return <Attributes session={session} spanId={summary.span_id} />;
    case "events":
      return <Events session={session} summary={summary} onSpan={onSpan} />;
    case "raw":
      return <Raw session={session} spanId={summary.span_id} />;
  }
}

function Said({ session, summary, onSpan }: Omit<BodyProps, "tab">) {
  const said = useMemo(() => session.waterfall.messagesOf(summary.span_id), [summary]);
  if (said === null) return null;
  return <MessageList key={summary.span_id} said={said} toolSpans={summary.tool_calls} onSpan={onSpan} />;
}

function NotHere({ session, spanId, onClose }: Omit<InspectorProps, "onSpan">) {
  if (!session.complete.value && session.failure.value === null) return <Loading rows={6} />;
  return (
    <section class="inspector" aria-label="Chosen span">
      <div class="state">
        <h2>This span is not here</h2>
        <p>
          This attempt has no span <code>{spanId}</code>. It may belong to another attempt, or have been
          evicted from memory.
        </p>
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </section>
  );
}

/** Fetches the whole of a span, if only its row is here. */
function useBody(session: TraceSession, spanId: string): { readonly value: Failure | null } {
  const failure = useSignal<Failure | null>(null);
  const known = session.revision.value > 0 && !session.closed && session.waterfall.summaryOf(spanId) !== null;
  useEffect(() => {
    failure.value = null;
    if (!known || session.closed) return;
    session.body(spanId).catch((error: unknown) => {
      failure.value = failureOf(error);
    });
    // What is said about it stands in others. Without them it is shown all the same.
    session.linkingBodies(spanId).catch(() => undefined);
  }, [session, spanId, known]);
  return failure;
}
