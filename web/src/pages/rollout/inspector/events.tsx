/** What happened within a span, and where its links lead. */

import { JsonDocument, type SpanEventEntry, type Summary } from "lightning-store-client/trace";
import { useMemo } from "preact/hooks";
import { JsonTree } from "../../../components/json/json_tree.tsx";
import { Time } from "../../../components/time.tsx";
import { duration } from "../../../format/duration.ts";
import type { TraceSession } from "../session.ts";
import { Exception } from "./exception.tsx";
import { Links } from "./overview.tsx";

interface Props {
  readonly session: TraceSession;
  readonly summary: Summary;
  readonly onSpan: (spanId: string) => void;
}

export function Events({ session, summary, onSpan }: Props) {
  const events = useMemo(() => session.waterfall.eventsOf(summary.span_id) ?? [], [summary]);
  const links = useMemo(() => rawLinks(session.waterfall.raw(summary.span_id)), [summary]);
  const none =
    events.length === 0 &&
    links === null &&
    summary.link_rules.length === 0 &&
    summary.linked_by.length === 0;
  if (none && summary.exception === null) return <p class="state muted">No events and no links.</p>;
  return (
    <div class="stack">
      {summary.exception !== null && !events.some(isException) ? (
        <Exception exception={summary.exception} />
      ) : null}
      {events.length === 0 ? null : (
        <ol class="plain events">
          {events.map((event, place) => (
            <Event key={place} event={event} start={summary.start} />
          ))}
        </ol>
      )}
      <Links summary={summary} onSpan={onSpan} />
      {links === null ? null : (
        <section class="inspector-part">
          <h3>Links as sent</h3>
          <JsonTree text={links} label="Links" plain openLevels={3} />
        </section>
      )}
    </div>
  );
}

function isException(event: SpanEventEntry): boolean {
  return event.name === "exception" || event.attributes.includes('"exception.type"');
}

function Event({ event, start }: { readonly event: SpanEventEntry; readonly start: number | null }) {
  const after = event.timestamp === null || start === null ? null : event.timestamp - start;
  return (
    <li class="event">
      <p class="event-head">
        <strong>{event.name || "(no name)"}</strong>
        {after === null ? null : <span class="mono">+{duration(after)}</span>}
        <span class="grow" />
        <Time at={event.timestamp} as="absolute" />
      </p>
      {isException(event) ? <Exception exception={exceptionOf(event.attributes)} /> : null}
      {event.attributes === "{}" || isException(event) ? null : (
        <JsonTree text={event.attributes} label={`Attributes of ${event.name}`} plain openLevels={1} />
      )}
    </li>
  );
}

function exceptionOf(attributes: string): {
  type: string | null;
  message: string | null;
  stacktrace: string | null;
} {
  using doc = new JsonDocument(attributes);
  const read = (key: string): string | null => {
    const id = doc.find([key]);
    return id < 0 ? null : doc.string(id);
  };
  return {
    type: read("exception.type"),
    message: read("exception.message"),
    stacktrace: read("exception.stacktrace"),
  };
}

/** The list of links of a span as sent; null if it is empty. */
function rawLinks(span: string | null): string | null {
  if (span === null) return null;
  using doc = new JsonDocument(span);
  const id = doc.find(["links"]);
  return id < 0 || doc.node(id).count === 0 ? null : doc.text(id);
}
