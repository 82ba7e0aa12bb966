/** An attempt at a glance: its spans on a line of time, without names. */

import type { LightSpan } from "lightning-store-client";
import { duration } from "../../format/duration.ts";
import { plural } from "../../format/number.ts";

const MOST_ROWS = 40;

export function MiniWaterfall({ spans, total }: { spans: readonly LightSpan[]; total: number }) {
  const timed = spans.filter((span) => span.start_time !== undefined).slice(0, MOST_ROWS);
  if (timed.length === 0)
    return <p class="muted">{total === 0 ? "No spans yet." : "Its spans have no times."}</p>;
  const starts = timed.map((span) => span.start_time ?? 0);
  const ends = timed.map((span, index) => span.end_time ?? starts[index] ?? 0);
  const begin = Math.min(...starts);
  const whole = Math.max(...ends) - begin || 1;
  return (
    <figure class="mini">
      <div role="img" aria-label={`${plural(total, "span")} in ${duration(whole)}`}>
        {timed.map((span, index) => (
          <i
            key={span.span_id}
            data-kind={span.kind}
            data-error={span.error === true}
            title={`${span.label ?? span.name} · ${duration((ends[index] ?? 0) - (starts[index] ?? 0))}`}
            style={{
              "--left": `${(100 * ((starts[index] ?? 0) - begin)) / whole}%`,
              "--width": `${(100 * ((ends[index] ?? 0) - (starts[index] ?? 0))) / whole}%`,
            }}
          />
        ))}
      </div>
      <figcaption class="muted">
        {plural(total, "span")} · {duration(whole)}
        {total > timed.length && ` · the first ${timed.length} are shown`}
      </figcaption>
    </figure>
  );
}
