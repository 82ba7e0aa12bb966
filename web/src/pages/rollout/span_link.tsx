/** Another span, by its sign, its label and its number. */

import type { SpanRef } from "lightning-store-client/trace";
import { KindIcon } from "./kind_icon.tsx";
import { RewardChip } from "./reward.tsx";

export function SpanLink({
  span,
  onSpan,
}: {
  readonly span: SpanRef;
  readonly onSpan: (spanId: string) => void;
}) {
  return (
    <button type="button" class="span-link" title={span.name} onClick={() => onSpan(span.span_id)}>
      <KindIcon kind={span.kind} labelled />
      <span class="line">{span.label}</span>
      <span class="muted">#{span.sequence_id}</span>
      {span.reward === null ? null : <RewardChip value={span.reward} />}
    </button>
  );
}
