/** One row of the waterfall: the tree on the left, the bar on the right. */

import { Flag, type Row } from "lightning-store-client/trace";
import { Icon } from "../../../components/icon.tsx";
import { duration } from "../../../format/duration.ts";
import { count, short } from "../../../format/number.ts";
import { KindIcon, kindClass } from "../kind_icon.tsx";
import { RewardChip } from "../reward.tsx";
import { kindWord } from "./kinds.ts";
import { ROW_HEIGHT } from "./windowing.ts";
import { bar, type Range } from "./zoom.ts";

/** Indent beyond this depth would leave no room for words. */
const DEEPEST_INDENT = 14;

export interface SpanRowProps {
  readonly row: Row;
  /** Columns of numbers instead of the bar. */
  readonly tree: boolean;
  readonly range: Range | null;
  /** When the trace begins. */
  readonly origin: number | null;
  /** Pixels of the timeline. */
  readonly width: number;
  /** What runs goes on until here. */
  readonly until: number;
  readonly selected: boolean;
  /** It is the one that the Tab key stops at. */
  readonly stop: boolean;
  readonly onChoose: (row: Row) => void;
  readonly onToggle: (row: Row) => void;
}

export function SpanRow(props: SpanRowProps) {
  const { row, tree, range, origin, width, until, selected, stop, onChoose, onToggle } = props;
  const has = (bit: number): boolean => (row.flags & bit) !== 0;
  const expandable = has(Flag.HAS_CHILDREN);
  const open = has(Flag.OPEN);
  const depth = Math.min(row.depth, DEEPEST_INDENT);
  const classes = ["wf-row"];
  if (selected) classes.push("is-selected");
  if (has(Flag.DIMMED)) classes.push("is-dimmed");
  if (has(Flag.VIRTUAL)) classes.push("is-virtual");
  if (has(Flag.ERROR)) classes.push("is-error");
  return (
    <div
      class={classes.join(" ")}
      role="row"
      aria-rowindex={row.row + 2}
      aria-level={row.depth + 1}
      aria-posinset={row.position}
      aria-setsize={row.siblings}
      aria-selected={selected}
      {...(expandable ? { "aria-expanded": open } : {})}
      tabIndex={stop ? 0 : -1}
      data-key={row.key}
      style={{ "--top": `${row.row * ROW_HEIGHT}px` }}
      onClick={() => onChoose(row)}
      onDblClick={() => expandable && onToggle(row)}
    >
      <div class="wf-name" role="gridcell" style={{ "--depth": String(depth) }}>
        <span class="wf-guides" aria-hidden="true" />
        {expandable ? (
          // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- the row has the keys
          <span
            class="wf-twisty"
            aria-hidden="true"
            onClick={(event) => {
              event.stopPropagation();
              onToggle(row);
            }}
          >
            <Icon name={open ? "down" : "right"} />
          </span>
        ) : (
          <span class="wf-twisty" />
        )}
        <KindIcon kind={row.kind} />
        <span class="sr-only">{kindWord(row.kind)} </span>
        <span
          class="wf-label"
          title={row.name !== null && row.name !== row.label ? `${row.label} — ${row.name}` : row.label}
        >
          {row.label === "" ? "(no name)" : row.label}
        </span>
        {has(Flag.ERROR) ? (
          <span class="wf-mark wf-error" title="Failed, or holds an exception">
            <Icon name="warning" />
            <span class="sr-only">error</span>
          </span>
        ) : has(Flag.ERROR_BELOW) && !open ? (
          <span class="wf-mark wf-error-below" title={`${row.errors} with errors below`}>
            <Icon name="warning" />
            {row.errors}
            <span class="sr-only"> errors below</span>
          </span>
        ) : null}
        {has(Flag.REPAIRED) ? (
          <span class="wf-mark" title="Its place was put right">
            <Icon name="again" />
            <span class="sr-only">repaired</span>
          </span>
        ) : null}
        {expandable && !open ? (
          <span class="wf-below">{count(row.spans - (has(Flag.VIRTUAL) ? 0 : 1))}</span>
        ) : null}
        {tree ? null : <Facts row={row} />}
      </div>
      {tree ? (
        <Numbers row={row} origin={origin} />
      ) : (
        <div class="wf-time" role="gridcell">
          <div class="wf-lane">
            {range === null || row.start === null ? (
              <span class="wf-untimed">{has(Flag.VIRTUAL) ? "" : "no time"}</span>
            ) : (
              <Bar row={row} range={range} width={width} until={until} />
            )}
          </div>
        </div>
      )}
    </div>
  );
}

/** Tokens and reward, beside the name. */
function Facts({ row }: { readonly row: Row }) {
  if (row.reward === null && row.input_tokens === null && row.output_tokens === null) return null;
  return (
    <span class="wf-facts">
      <Tokens row={row} />
      {row.reward === null ? null : <RewardChip value={row.reward} />}
    </span>
  );
}

function Tokens({ row }: { readonly row: Row }) {
  if (row.input_tokens === null && row.output_tokens === null) return null;
  return (
    <span class="wf-tokens" title="Tokens of prompt → answer">
      {short(row.input_tokens ?? 0)}→{short(row.output_tokens ?? 0)}
    </span>
  );
}

function Numbers({ row, origin }: { readonly row: Row; readonly origin: number | null }) {
  const cells = [
    kindWord(row.kind),
    <Tokens row={row} />,
    row.reward === null ? null : <RewardChip value={row.reward} />,
    row.start === null || origin === null ? null : `+${duration(row.start - origin)}`,
    row.duration === null ? (row.flags & Flag.RUNNING ? "running" : null) : duration(row.duration),
    row.sequence_id,
  ];
  return (
    <>
      {cells.map((cell, place) => (
        <div key={place} role="gridcell" class="wf-number">
          {cell}
        </div>
      ))}
    </>
  );
}

interface BarProps {
  readonly row: Row;
  readonly range: Range;
  readonly width: number;
  readonly until: number;
}

/** Pixels that the words of a duration take. */
const LABEL_WIDTH = 64;

function Bar({ row, range, width, until }: BarProps) {
  const has = (bit: number): boolean => (row.flags & bit) !== 0;
  const start = row.start ?? range.start;
  const running = has(Flag.RUNNING);
  const seconds = row.duration ?? (running ? Math.max(0, until - start) : 0);
  const words = running ? `${duration(seconds)} …` : duration(row.duration ?? 0);
  const point = has(Flag.ZERO_LENGTH) || (row.duration === null && !running);
  const place = bar(start, seconds, range);
  if (place === undefined) {
    const before = start + seconds < range.start;
    return (
      <span class={`wf-outside ${before ? "is-before" : "is-after"}`} title={words}>
        {before ? "‹" : "›"}
        <span class="sr-only">{words}, not within what is shown</span>
      </span>
    );
  }
  const pixels = (percent: number): number => (percent / 100) * width;
  const end = place.left + place.width;
  const side =
    pixels(100 - end) >= LABEL_WIDTH ? "after" : pixels(place.left) >= LABEL_WIDTH ? "before" : "within";
  const own = row.self_time === null || seconds <= 0 ? 1 : Math.min(1, Math.max(0, row.self_time / seconds));
  const style = {
    "--left": `${place.left.toFixed(4)}%`,
    "--width": `${place.width.toFixed(4)}%`,
    "--own": own.toFixed(3),
  };
  const classes = `wf-bar ${kindClass(row.kind)}${has(Flag.ERROR) ? " is-error" : ""}${running ? " is-running" : ""}${has(Flag.VIRTUAL) ? " is-ghost" : ""}`;
  if (point)
    return (
      <span
        class={`wf-point ${kindClass(row.kind)}${has(Flag.ERROR) ? " is-error" : ""}`}
        style={style}
        title="A moment"
      />
    );
  return (
    <>
      <span class={classes} style={style} />
      <span
        class={`wf-duration is-${side}`}
        style={{ "--left": `${place.left.toFixed(4)}%`, "--right": `${end.toFixed(4)}%` }}
      >
        {words}
      </span>
    </>
  );
}
