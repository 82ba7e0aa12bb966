/**
 * The whole trace in 64 pixels: what goes on when, errors as ticks, rewards as marks. Drag to zoom; the edges of the part
 * that is shown are sliders for the keyboard.
 */

import { useComputed, useSignalEffect } from "@preact/signals";
import type { Minimap as MinimapColumns } from "lightning-store-client/trace";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { theme } from "../../../app/preferences.ts";
import { duration } from "../../../format/duration.ts";
import type { WaterfallModel } from "./model.ts";
import { clamp, covers, dragged, LEAST_SECONDS, pan, position, type Range } from "./zoom.ts";

const HEIGHT = 64;

type Drag = { readonly kind: "new" | "move" | "start" | "end"; readonly from: number; readonly range: Range };

export function Minimap({ model }: { readonly model: WaterfallModel }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  const drag = useRef<Drag | null>(null);
  const [draft, setDraft] = useState<Range | null>(null);
  const whole = model.whole.value;
  const range = draft ?? model.range.value;

  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => setWidth(element.clientWidth));
    observer.observe(element);
    setWidth(element.clientWidth);
    return () => observer.disconnect();
  }, []);

  const inputs = useComputed(() => ({
    revision: model.session.revision.value,
    whole: model.whole.value,
    theme: theme.value,
  }));
  const redraw = (): void => {
    const target = canvas.current;
    const now = model.whole.peek();
    if (!target || width === 0 || now === null || model.session.closed) return;
    draw(target, model.waterfall.minimap(width, now.start, now.end), width);
  };
  useSignalEffect(() => {
    void inputs.value;
    const frame = requestAnimationFrame(redraw);
    return () => cancelAnimationFrame(frame);
  });
  useEffect(redraw, [width]);
  useEffect(() => {
    const dark = window.matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", redraw);
    return () => dark.removeEventListener("change", redraw);
  }, [width]);

  const timeAt = (event: PointerEvent): number => {
    const rect = box.current?.getBoundingClientRect();
    if (!rect || whole === null || rect.width === 0) return 0;
    const part = Math.min(1, Math.max(0, (event.clientX - rect.left) / rect.width));
    return whole.start + part * (whole.end - whole.start);
  };
  const begin = (event: PointerEvent): void => {
    if (event.button !== 0 || whole === null || range === null) return;
    const edge =
      event.target instanceof Element ? event.target.closest("[data-edge]")?.getAttribute("data-edge") : null;
    const time = timeAt(event);
    const zoomed = !covers(range, whole);
    const kind =
      edge === "start" || edge === "end"
        ? edge
        : zoomed && time >= range.start && time <= range.end
          ? "move"
          : "new";
    drag.current = { kind, from: time, range };
    box.current?.setPointerCapture(event.pointerId);
    event.preventDefault();
  };
  const moved = (event: PointerEvent): Range | undefined => {
    const now = drag.current;
    if (now === null || whole === null) return undefined;
    const time = timeAt(event);
    switch (now.kind) {
      case "new":
        return dragged(now.from, time, whole);
      case "move":
        return clamp(
          { start: now.range.start + time - now.from, end: now.range.end + time - now.from },
          whole,
        );
      case "start":
        return dragged(Math.min(time, now.range.end - LEAST_SECONDS), now.range.end, whole, 0);
      case "end":
        return dragged(now.range.start, Math.max(time, now.range.start + LEAST_SECONDS), whole, 0);
    }
  };
  const finish = (event: PointerEvent): void => {
    const next = moved(event);
    drag.current = null;
    setDraft(null);
    if (next) model.setRange(next);
  };

  if (whole === null || range === null) return null;
  const from = Math.max(0, position(range.start, whole));
  const to = Math.min(1, position(range.end, whole));
  const length = whole.end - whole.start;
  const nudge = (edge: "start" | "end", by: number): void => {
    const least = Math.max(length * 0.002, LEAST_SECONDS);
    if (edge === "start")
      model.setRange({
        ...range,
        start: Math.min(range.end - least, Math.max(whole.start, range.start + by)),
      });
    else
      model.setRange({ ...range, end: Math.max(range.start + least, Math.min(whole.end, range.end + by)) });
  };
  const onKeyDown =
    (edge: "start" | "end") =>
    (event: KeyboardEvent): void => {
      const step = length / 100;
      const steps: Record<string, number> = {
        ArrowLeft: -step,
        ArrowDown: -step,
        ArrowRight: step,
        ArrowUp: step,
        PageDown: -10 * step,
        PageUp: 10 * step,
        Home: -length,
        End: length,
      };
      const by = steps[event.key];
      if (by === undefined) return;
      if (event.shiftKey) model.setRange(pan(range, whole, Math.sign(by) * 0.1));
      else nudge(edge, by);
      event.preventDefault();
      event.stopPropagation();
    };
  const slider = (edge: "start" | "end") => {
    const at = edge === "start" ? range.start : range.end;
    return (
      <div
        class={`mm-handle mm-${edge}`}
        data-edge={edge}
        role="slider"
        tabIndex={0}
        aria-label={edge === "start" ? "Shown from" : "Shown until"}
        aria-orientation="horizontal"
        aria-valuemin={0}
        aria-valuemax={Math.round(length * 1000)}
        aria-valuenow={Math.round((at - whole.start) * 1000)}
        aria-valuetext={`${duration(at - whole.start)} after the start`}
        style={{ "--at": `${((edge === "start" ? from : to) * 100).toFixed(3)}%` }}
        onKeyDown={onKeyDown(edge)}
      />
    );
  };
  return (
    <div
      class={`minimap${covers(range, whole) ? "" : " is-zoomed"}`}
      ref={box}
      onPointerDown={begin}
      onPointerMove={(event) => {
        if (drag.current) setDraft(moved(event) ?? null);
      }}
      onPointerUp={finish}
      onPointerCancel={() => {
        drag.current = null;
        setDraft(null);
      }}
      onDblClick={() => model.setRange(null)}
      title="Drag to zoom, double-click to see everything"
    >
      <canvas ref={canvas} aria-hidden="true" />
      <div class="mm-shade mm-left" style={{ "--size": `${(from * 100).toFixed(3)}%` }} />
      <div class="mm-shade mm-right" style={{ "--size": `${((1 - to) * 100).toFixed(3)}%` }} />
      {slider("start")}
      {slider("end")}
    </div>
  );
}

function draw(canvas: HTMLCanvasElement, map: MinimapColumns, width: number): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(HEIGHT * ratio);
  const pen = canvas.getContext("2d");
  if (!pen) return;
  pen.scale(ratio, ratio);
  pen.clearRect(0, 0, width, HEIGHT);
  // Only a property that is a colour says what light-dark() means here.
  const colour = (value: string): string => {
    canvas.style.setProperty("color", value);
    return getComputedStyle(canvas).color;
  };
  const columns = map.busy.length;
  const deepest = map.deepest.reduce((most, depth) => Math.max(most, depth), 1);
  const top = 10;
  const room = HEIGHT - top - 4;
  const pitch = Math.min(9, room / (deepest + 1));
  const y = (depth: number): number => top + depth * pitch;
  const row = Math.max(1.5, pitch - 1);
  // What goes on: from the topmost to the lowest span of each column, stronger at the lowest.
  pen.fillStyle = colour("color-mix(in srgb, var(--line-strong) 30%, transparent)");
  for (let x = 0; x < columns; x += 1) {
    const shallow = map.shallowest[x] ?? 65_535;
    if (shallow === 65_535) continue;
    pen.fillRect(x, y(shallow), 1, y(map.deepest[x] ?? shallow) - y(shallow) + row);
  }
  pen.fillStyle = colour("color-mix(in srgb, var(--kind-llm) 80%, transparent)");
  for (let x = 0; x < columns; x += 1) {
    if ((map.shallowest[x] ?? 65_535) !== 65_535) pen.fillRect(x, y(map.deepest[x] ?? 0), 1, row);
  }
  pen.fillStyle = colour("var(--failed)");
  for (let x = 0; x < columns; x += 1) {
    if ((map.errors[x] ?? 0) > 0) pen.fillRect(x - 0.5, HEIGHT - 9, 2, 9);
  }
  pen.fillStyle = colour("color-mix(in srgb, var(--failed) 30%, transparent)");
  for (let x = 0; x < columns; x += 1) {
    if ((map.errors[x] ?? 0) > 0) pen.fillRect(x, top, 1, HEIGHT - top);
  }
  for (const { column, value } of map.rewards) {
    pen.fillStyle = colour(
      value < 0 ? "var(--reward-minus)" : value > 0 ? "var(--reward-plus)" : "var(--reward-zero)",
    );
    pen.beginPath();
    pen.moveTo(column + 0.5, 8);
    pen.lineTo(column - 3.5, 1);
    pen.lineTo(column + 4.5, 1);
    pen.fill();
  }
}
