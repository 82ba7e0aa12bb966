/**
 * The rows of a trace and their bars. Only rows that can be seen (and the chosen one) are in the document; where rows come
 * or go above, what is looked at stays where it is.
 */

import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import { Flag, type Row } from "lightning-store-client/trace";
import { useLayoutEffect, useRef } from "preact/hooks";
import { preference } from "../../../app/preferences.ts";
import { Empty } from "../../../components/states.tsx";
import { duration } from "../../../format/duration.ts";
import { Splitter } from "../splitter.tsx";
import { url } from "../state.ts";
import { Axis, AxisMode, Grid } from "./axis.tsx";
import { isFiltered, type WaterfallModel } from "./model.ts";
import { SpanRow } from "./row.tsx";
import { centerRow, ROW_HEIGHT, rowWindow, scrollToRow } from "./windowing.ts";
import { position, zoom } from "./zoom.ts";

/** Pixels of the line above the rows. */
const HEAD = 30;

/** Room on both sides of the timeline, so that what happens at its ends can be seen. */
const PADDING = 20;
/** Of these to the right. */
const PADDING_END = 14;

const isPercent = (value: unknown): value is number =>
  typeof value === "number" && value >= 20 && value <= 80;
/** How much of the width the names take, in percent. */
const nameWidth = preference<number>("trace.names", 46, isPercent);

export interface RowsProps {
  readonly model: WaterfallModel;
  /** Columns of numbers instead of bars. */
  readonly tree: boolean;
}

export function Rows({ model, tree }: RowsProps) {
  const state = url.signal.value;
  const revision = model.session.revision.value;
  const { waterfall } = model;
  const body = useRef<HTMLDivElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const size = useSignal({ width: 0, height: 600, scrollbar: 0 });
  const count = waterfall.rowCount;
  const whole = model.whole.value;
  const range = model.range.value;

  useSize(scroller, size);
  useAnchor(model, scroller, top, revision);
  useWanted(model, scroller, top, size);
  useFollow(model, scroller, top, size, revision, state.follow);

  const { width, height, scrollbar } = size.value;
  const timeline = tree ? 0 : Math.max(0, width * (1 - nameWidth.value / 100) - PADDING);
  const { first, end } = rowWindow(top.value * ROW_HEIGHT, height, count);
  const rows = waterfall.rows(first, Math.max(0, end - first));
  const active = model.active.value;
  const activeRow = active === null ? -1 : waterfall.findKey(active);
  if (activeRow >= 0 && (activeRow < first || activeRow >= end)) {
    const far = waterfall.row(activeRow);
    if (far !== null) rows.push(far);
  }
  const stop = activeRow >= 0 ? activeRow : first;
  const choose = (row: Row): void => model.choose(row, { push: true });
  const toggle = (row: Row): void => model.setOpen(row, (row.flags & Flag.OPEN) === 0);

  if (count === 0) return <NoRows model={model} />;
  return (
    <div
      class={tree ? "wf-body is-tree" : "wf-body"}
      ref={body}
      style={{
        "--names": `${nameWidth.value}%`,
        "--names-part": String(nameWidth.value / 100),
        "--scrollbar": `${scrollbar}px`,
      }}
    >
      {tree ? null : (
        <div class="wf-overlay" aria-hidden="true">
          <Grid range={range} whole={whole} width={timeline} />
          <NowLine model={model} />
          <div class="wf-cross">
            <span />
          </div>
        </div>
      )}
      <div
        class="wf-scroll"
        role="treegrid"
        aria-label="Spans"
        aria-rowcount={count + 1}
        aria-colcount={tree ? 7 : 2}
        ref={scroller}
        onScroll={(event) => {
          top.value = Math.max(0, Math.floor(event.currentTarget.scrollTop / ROW_HEIGHT));
        }}
        onPointerMove={(event) => tree || moveCross(event, body.current, model, timeline)}
        onPointerLeave={() => body.current?.classList.remove("has-cross")}
        onWheel={(event) => {
          if (tree || !event.ctrlKey || range === null || whole === null) return;
          event.preventDefault();
          const left = event.currentTarget.getBoundingClientRect().left + width - timeline - PADDING_END;
          const center = Math.min(1, Math.max(0, (event.clientX - left) / timeline));
          model.setRange(zoom(range, whole, event.deltaY > 0 ? 1.25 : 0.8, center));
        }}
      >
        <div role="rowgroup" class="wf-head">
          {tree ? (
            <TreeHead />
          ) : (
            <div role="row" class="wf-head-row" aria-rowindex={1}>
              <div role="columnheader" class="wf-head-name">
                Span
                <AxisMode range={range} />
              </div>
              <div role="columnheader" class="wf-head-time">
                <span class="sr-only">Time</span>
                <Axis range={range} whole={whole} width={timeline} />
              </div>
            </div>
          )}
        </div>
        <div role="rowgroup" class="wf-rows" style={{ "--height": `${count * ROW_HEIGHT}px` }}>
          {rows.map((row) => (
            <SpanRow
              key={row.key}
              row={row}
              tree={tree}
              range={range}
              width={timeline}
              until={whole?.end ?? 0}
              origin={whole?.start ?? null}
              selected={row.row === activeRow}
              stop={row.row === stop}
              onChoose={choose}
              onToggle={toggle}
            />
          ))}
        </div>
      </div>
      {tree ? null : (
        <div class="wf-splitter">
          <Splitter
            label="Width of the names"
            value={nameWidth.value}
            least={20}
            most={80}
            step={2}
            perPixel={() => 100 / Math.max(1, width)}
            onChange={(value) => {
              nameWidth.value = value;
            }}
          />
        </div>
      )}
    </div>
  );
}

function TreeHead() {
  return (
    <div role="row" class="wf-head-row" aria-rowindex={1}>
      {["Span", "Kind", "Tokens", "Reward", "Start", "Duration", "No."].map((name) => (
        <div key={name} role="columnheader" class={name === "Span" ? "wf-head-name" : "wf-head-number"}>
          {name}
        </div>
      ))}
    </div>
  );
}

function NoRows({ model }: { readonly model: WaterfallModel }) {
  const state = url.signal.value;
  if (model.session.loading.value || !model.session.complete.value) return null;
  if (isFiltered(state)) {
    return (
      <Empty title="No span fits">
        <p>The filter leaves nothing of {model.waterfall.total} spans.</p>
        <button
          type="button"
          class="button"
          onClick={() => url.set({ q: "", deep: false, kind: [], errors: false, min_dur: null })}
        >
          Clear the filter
        </button>
      </Empty>
    );
  }
  if (state.focus !== null) {
    return (
      <Empty title="This part of the trace is not here">
        <button type="button" class="button" onClick={() => url.set({ focus: null })}>
          Show everything
        </button>
      </Empty>
    );
  }
  return (
    <Empty title="No spans yet">
      <p>They appear here as the attempt writes them.</p>
    </Empty>
  );
}

type Ref<T> = { readonly current: T | null };
interface Size {
  readonly width: number;
  readonly height: number;
  readonly scrollbar: number;
}

function useSize(scroller: Ref<HTMLDivElement>, size: Signal<Size>): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const measure = (): void => {
      const next = {
        width: element.clientWidth,
        height: Math.max(ROW_HEIGHT, element.clientHeight - HEAD),
        scrollbar: element.offsetWidth - element.clientWidth,
      };
      const before = size.peek();
      if (before.width !== next.width || before.height !== next.height || before.scrollbar !== next.scrollbar)
        size.value = next;
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    measure();
    return () => observer.disconnect();
  }, [scroller.current === null]);
}

/** Keeps the topmost row where it is when rows come or go above it. */
function useAnchor(
  model: WaterfallModel,
  scroller: Ref<HTMLDivElement>,
  top: Signal<number>,
  revision: number,
): void {
  const anchor = useRef<{ key: string; offset: number } | null>(null);
  useLayoutEffect(() => {
    const element = scroller.current;
    const held = anchor.current;
    if (!element || held === null || element.scrollTop === 0) return;
    const row = model.waterfall.findKey(held.key);
    const wanted = row * ROW_HEIGHT + held.offset;
    if (row < 0 || Math.abs(wanted - element.scrollTop) < 1) return;
    element.scrollTop = wanted;
    top.value = Math.max(0, Math.floor(element.scrollTop / ROW_HEIGHT));
  }, [revision]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!element || model.session.closed) return;
    const at = Math.floor(element.scrollTop / ROW_HEIGHT);
    const row = model.waterfall.row(at);
    anchor.current = row === null ? null : { key: row.key, offset: element.scrollTop - at * ROW_HEIGHT };
  });
}

/** Brings rows into view that somebody asked for. */
function useWanted(
  model: WaterfallModel,
  scroller: Ref<HTMLDivElement>,
  top: Signal<number>,
  size: Signal<Size>,
): void {
  useSignalEffect(() => {
    const wanted = model.wanted.value;
    const element = scroller.current;
    if (wanted === null || !element || model.session.closed) return;
    const row = model.waterfall.findKey(wanted.key);
    if (row < 0) return;
    // The rows' height may be that of before; it must be the new one to be scrolled within.
    element
      .querySelector<HTMLElement>(".wf-rows")
      ?.style.setProperty("--height", `${model.waterfall.rowCount * ROW_HEIGHT}px`);
    const move = wanted.center ? centerRow : scrollToRow;
    const to = move(row, element.scrollTop, size.peek().height);
    if (to !== element.scrollTop) {
      element.scrollTop = to;
      top.value = Math.max(0, Math.floor(element.scrollTop / ROW_HEIGHT));
    }
    if (!wanted.focus) return;
    requestAnimationFrame(() => {
      element
        .querySelector<HTMLElement>(`[data-key="${CSS.escape(wanted.key)}"]`)
        ?.focus({ preventScroll: true });
    });
  });
}

/** Keeps the newest row in view. */
function useFollow(
  model: WaterfallModel,
  scroller: Ref<HTMLDivElement>,
  top: Signal<number>,
  size: Signal<Size>,
  revision: number,
  follow: boolean,
): void {
  useLayoutEffect(() => {
    const element = scroller.current;
    if (!follow || !element) return;
    const { start } = model.waterfall.columns();
    let newest = 0;
    for (let row = 1; row < start.length; row += 1)
      if ((start[row] ?? 0) >= (start[newest] ?? 0)) newest = row;
    element.scrollTop = scrollToRow(newest, element.scrollTop, size.peek().height);
    top.value = Math.max(0, Math.floor(element.scrollTop / ROW_HEIGHT));
  }, [revision, follow]);
}

/** A line at the pointer, and how far from the start it is. */
function moveCross(
  event: PointerEvent,
  body: HTMLElement | null,
  model: WaterfallModel,
  timeline: number,
): void {
  const range = model.range.peek();
  const whole = model.whole.peek();
  if (body === null || range === null || whole === null || !(event.currentTarget instanceof HTMLElement))
    return;
  const left =
    event.currentTarget.getBoundingClientRect().left +
    event.currentTarget.clientWidth -
    timeline -
    PADDING_END;
  const part = (event.clientX - left) / timeline;
  if (part < 0 || part > 1) {
    body.classList.remove("has-cross");
    return;
  }
  const cross = body.querySelector<HTMLElement>(".wf-cross");
  const words = cross?.firstElementChild;
  if (!cross || !words) return;
  body.classList.add("has-cross");
  cross.style.setProperty("--left", `${(part * 100).toFixed(3)}%`);
  cross.classList.toggle("is-right", part > 0.8);
  words.textContent = `+${duration(range.start + part * (range.end - range.start) - whole.start)}`;
}

function NowLine({ model }: { readonly model: WaterfallModel }) {
  const now = model.now.value;
  const range = model.range.value;
  if (now === null || range === null) return null;
  const at = position(now, range);
  return at < 0 || at > 1 ? null : <span class="wf-now" style={{ "--left": `${(at * 100).toFixed(3)}%` }} />;
}
