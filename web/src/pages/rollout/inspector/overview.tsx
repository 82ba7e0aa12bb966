/** One span in words. */

import type { Summary } from "lightning-store-client/trace";
import type { ComponentChildren } from "preact";
import { CopyButton } from "../../../components/copy.tsx";
import { Icon } from "../../../components/icon.tsx";
import { KeyValue } from "../../../components/keyvalue.tsx";
import { Time } from "../../../components/time.tsx";
import { duration } from "../../../format/duration.ts";
import { count } from "../../../format/number.ts";
import { RewardChip } from "../reward.tsx";
import type { TraceSession } from "../session.ts";
import { SpanLink } from "../span_link.tsx";
import { kindWord } from "../waterfall/kinds.ts";
import { Exception } from "./exception.tsx";

interface Props {
  readonly session: TraceSession;
  readonly summary: Summary;
  readonly onSpan: (spanId: string) => void;
}

export function Overview({ session, summary, onSpan }: Props) {
  const { usage } = summary;
  const parent = summary.parent_id === null ? null : session.waterfall.summaryOf(summary.parent_id);
  return (
    <div class="stack">
      {summary.exception === null ? null : <Exception exception={summary.exception} folded />}
      <KeyValue
        pairs={[
          ["Kind", kindWord(summary.kind)],
          ["Status", <Status summary={summary} />],
          ["Name", <Copied text={summary.name} what="name" />],
          optional("Operation", summary.operation),
          optional("Agent", summary.agent),
          optional("Tracer", summary.tracer),
        ]}
      />
      <Part title="Time">
        <KeyValue
          pairs={[
            ["Start", <Time at={summary.start} as="absolute" />],
            ["End", <Time at={summary.end} as="absolute" />],
            [
              "Duration",
              summary.duration === null ? (
                <span class="muted">{summary.start === null ? "not known" : "has not ended"}</span>
              ) : (
                duration(summary.duration)
              ),
            ],
            summary.offset === null ? null : ["From the start", `+${duration(summary.offset)}`],
            summary.self_time === null ? null : ["Of its own", duration(summary.self_time)],
            summary.time_to_first_token === null
              ? null
              : ["First token after", duration(summary.time_to_first_token)],
            ["Sequence", count(summary.sequence_id)],
          ]}
        />
      </Part>
      <Model summary={summary} />
      {usage.input === null && usage.output === null && usage.total === null && usage.cost === null ? null : (
        <Part title="Tokens">
          <KeyValue
            pairs={[
              number("In", usage.input),
              number("Of these cached", usage.cached),
              number("Out", usage.output),
              number("Of these reasoning", usage.reasoning),
              number("Total", usage.total),
              usage.cost === null ? null : ["Cost", String(usage.cost)],
              summary.token_ids === null
                ? null
                : [
                    "Token ids",
                    `${count(summary.token_ids[0])} of the prompt, ${count(summary.token_ids[1])} of the answer`,
                  ],
            ]}
          />
        </Part>
      )}
      {summary.rewards.length === 0 ? null : (
        <Part title="Reward">
          <KeyValue
            pairs={summary.rewards.map((reward, place) => [
              reward.name ?? (place === 0 ? "primary" : `dimension ${place}`),
              <RewardChip value={reward.value} />,
            ])}
          />
        </Part>
      )}
      {summary.tags.length === 0 ? null : (
        <Part title="Tags">
          <div class="row">
            {summary.tags.map((tag, place) => (
              <span key={place} class="chip">
                {tag}
              </span>
            ))}
          </div>
        </Part>
      )}
      <Links summary={summary} onSpan={onSpan} />
      <Part title="Ids">
        <KeyValue
          pairs={[
            ["Span", <Copied text={summary.span_id} what="span id" mono />],
            summary.parent_id === null
              ? ["Parent", <span class="muted">none: it is a root</span>]
              : [
                  "Parent",
                  parent === null ? (
                    <>
                      <Copied text={summary.parent_id} what="parent id" mono />
                      <span class="muted">not received yet</span>
                    </>
                  ) : (
                    <SpanLink span={{ ...parent, reward: null }} onSpan={onSpan} />
                  ),
                ],
            ["Trace", <Copied text={summary.trace_id} what="trace id" mono />],
            summary.response_id === null
              ? null
              : ["Answer", <Copied text={summary.response_id} what="id of the answer" mono />],
          ]}
        />
      </Part>
    </div>
  );
}

function Status({ summary }: { readonly summary: Summary }) {
  const description = summary.status_description;
  return (
    <>
      <span class={summary.error ? "span-status is-error" : "span-status"}>
        <Icon name={summary.error ? "warning" : summary.status === "OK" ? "check" : "other"} />
        {summary.status ?? "not said"}
        {summary.error && summary.status !== "ERROR" ? " (with an exception)" : ""}
      </span>
      {description ? <p class="plain-text">{description}</p> : null}
    </>
  );
}

function Model({ summary }: { readonly summary: Summary }) {
  const { model_requested: asked, model_answered: answered, parameters } = summary;
  if (asked === null && answered === null && parameters.length === 0 && summary.finish_reason === null)
    return null;
  return (
    <Part title="Model">
      <KeyValue
        pairs={[
          asked !== null && answered !== null && asked !== answered
            ? ["Asked → answered", `${asked} → ${answered}`]
            : optional("Model", answered ?? asked),
          ...parameters.map(([name, value]) => [name, <code class="line-wrap">{value}</code>] as const),
          summary.finish_reason === null ? null : ["Stopped because", summary.finish_reason],
        ]}
      />
    </Part>
  );
}

export function Links({ summary, onSpan }: Omit<Props, "session">) {
  const { links_to, linked_by, tool_calls, link_rules, rewards } = summary;
  if (links_to.length + linked_by.length + tool_calls.length + link_rules.length === 0) return null;
  const meant = rewards.length > 0 ? "Rewards" : "Links to";
  return (
    <Part title="Related spans">
      <KeyValue
        pairs={[
          links_to.length === 0 ? null : [meant, <Spans spans={links_to} onSpan={onSpan} />],
          links_to.length > 0 || link_rules.length === 0
            ? null
            : [
                meant,
                <span class="muted">
                  a span with {link_rules.map((rule) => `${rule.key} = ${rule.value}`).join(" and ")}, which
                  is not here
                </span>,
              ],
          linked_by.length === 0
            ? null
            : [
                linked_by.some((span) => span.reward !== null) ? "Rewarded by" : "Linked by",
                <Spans spans={linked_by} onSpan={onSpan} />,
              ],
          tool_calls.length === 0
            ? null
            : ["Tools called here", <Spans spans={tool_calls} onSpan={onSpan} />],
        ]}
      />
    </Part>
  );
}

function Spans({
  spans,
  onSpan,
}: {
  readonly spans: Summary["links_to"];
  readonly onSpan: (spanId: string) => void;
}) {
  return (
    <>
      {spans.slice(0, 20).map((span) => (
        <SpanLink key={span.span_id} span={span} onSpan={onSpan} />
      ))}
      {spans.length > 20 ? <span class="muted">and {count(spans.length - 20)} more</span> : null}
    </>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <section class="inspector-part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Copied({
  text,
  what,
  mono = false,
}: {
  readonly text: string;
  readonly what: string;
  readonly mono?: boolean;
}) {
  return (
    <span class="copied">
      <span class={mono ? "mono" : ""}>{text === "" ? '""' : text}</span>
      <CopyButton text={text} what={what} />
    </span>
  );
}

function optional(name: string, value: string | null): readonly [string, string] | null {
  return value === null ? null : [name, value];
}

function number(name: string, value: number | null): readonly [string, string] | null {
  return value === null ? null : [name, count(value)];
}
