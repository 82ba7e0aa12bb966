/** Charts over time, drawn as they are needed: bars that are stacked, or lines; each is a table too. */

import { type Signal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { zone } from "../app/preferences.ts";
import { short } from "../format/number.ts";
import { dateTime, hourMinute, iso } from "../format/time.ts";

export interface Series {
  readonly label: string;
  /** The name of a token: `succeeded`. */
  readonly colour: string;
  /** One per step; null: not known. */
  readonly values: readonly (number | null)[];
}

interface Props {
  readonly title: string;
  readonly kind: "bars" | "lines";
  /** When each step begins. */
  readonly steps: readonly number[];
  readonly series: readonly Series[];
  readonly height: number;
  /** The step that is pointed at, shared by charts above each other. */
  readonly pointed: Signal<number | null>;
  /** Whether times are written below. */
  readonly axis?: boolean;
  readonly table: boolean;
}

const LEFT = 36;

export function Chart({ title, kind, steps, series, height, pointed, axis, table }: Props) {
  const width = useSignal(600);
  const box = useRef<HTMLDivElement>(null);
  // Before anything is drawn, so that it is drawn once.
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => {
      width.value = Math.max(200, element.clientWidth);
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [table]);
  const at = pointed.value;
  return (
    <figure class="chart">
      <figcaption>
        <b>{title}</b>
        {series.map(({ label, colour, values }) => (
          <span key={label} class="key">
            <i style={{ background: `var(--${colour})` }} />
            {label} <span class="muted">{at === null ? "" : short(values[at] ?? null)}</span>
          </span>
        ))}
        <span class="grow" />
        {at !== null && steps[at] !== undefined && (
          <span class="muted">{dateTime(steps[at], zone.value)}</span>
        )}
      </figcaption>
      {table ? (
        <ChartTable title={title} steps={steps} series={series} />
      ) : (
        <div class="drawing" ref={box} onPointerLeave={() => (pointed.value = null)}>
          <Drawing
            {...{ title, kind, steps, series, height, pointed, axis: axis === true, width: width.value }}
          />
        </div>
      )}
    </figure>
  );
}

interface DrawingProps {
  readonly title: string;
  readonly kind: "bars" | "lines";
  readonly steps: readonly number[];
  readonly series: readonly Series[];
  readonly height: number;
  readonly width: number;
  readonly axis: boolean;
  readonly pointed: Signal<number | null>;
}

function Drawing({ title, kind, steps, series, height, width, axis, pointed }: DrawingProps) {
  const total = (index: number): number => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0);
  const greatest =
    kind === "bars"
      ? Math.max(0, ...steps.map((_, i) => total(i)))
      : Math.max(0, ...series.flatMap(({ values }) => values.map((v) => v ?? 0)));
  const top = niceTop(greatest);
  const step = (width - LEFT) / Math.max(1, steps.length);
  const x = (index: number): number => LEFT + index * step;
  const y = (value: number): number => height - 1 - (value / top) * (height - 7);
  const said = `${title}: ${series.map(({ label, values }) => `${label} ${short(values.findLast((v) => v !== null) ?? null)} at the end`).join(", ")}`;
  const at = pointed.value;
  return (
    <svg
      role="img"
      aria-label={said}
      width={width}
      height={height + (axis ? 18 : 6)}
      onPointerMove={(event) => {
        const index = Math.floor((event.offsetX - LEFT) / step);
        pointed.value = index >= 0 && index < steps.length ? index : null;
      }}
    >
      {[0, top / 2, top].map((value) => (
        <g key={value}>
          <line class="grid" x1={LEFT} x2={width} y1={y(value)} y2={y(value)} />
          <text class="tick" x={LEFT - 6} y={y(value) + 4} text-anchor="end">
            {short(value)}
          </text>
        </g>
      ))}
      {at !== null && <rect class="pointed" x={x(at)} y={0} width={step} height={height} />}
      {kind === "bars"
        ? bars(steps, series, x, y, step)
        : series.map((one) => (
            <path
              key={one.label}
              class="curve"
              style={{ stroke: `var(--${one.colour})` }}
              d={curve(one.values, x, y, step)}
            />
          ))}
      {axis &&
        labelled(steps, step).map((index) => (
          <text key={index} class="tick" x={x(index)} y={height + 14}>
            {hourMinute(steps[index] ?? 0, zone.value)}
          </text>
        ))}
    </svg>
  );
}

function bars(
  steps: readonly number[],
  series: readonly Series[],
  x: (i: number) => number,
  y: (v: number) => number,
  step: number,
) {
  const gap = step > 5 ? 1.5 : 0.5;
  // One path per series keeps the document small.
  const below = steps.map(() => 0);
  return series.map(({ label, colour, values }) => {
    let path = "";
    values.forEach((value, i) => {
      if (value === null || value === 0) return;
      const from = below[i] ?? 0;
      below[i] = from + value;
      path += `M${x(i) + gap / 2} ${y(from)}V${y(from + value)}h${Math.max(0.5, step - gap)}V${y(from)}z`;
    });
    return <path key={label} class="bars" d={path} style={{ fill: `var(--${colour})` }} />;
  });
}

function curve(
  values: readonly (number | null)[],
  x: (i: number) => number,
  y: (v: number) => number,
  step: number,
): string {
  let path = "";
  let pen = false;
  values.forEach((value, i) => {
    if (value !== null) path += `${pen ? "L" : "M"}${x(i) + step / 2} ${y(value)}`;
    pen = value !== null;
  });
  return path;
}

/** The least of 1, 2, 4, 5, 10, 20, … that is not exceeded. */
function niceTop(value: number): number {
  if (value <= 2) return 2;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 5, 10].map((factor) => factor * size).find((top) => top >= value) ?? value;
}

/** Which steps have a label, so that labels never touch. */
function labelled(steps: readonly number[], step: number): number[] {
  const every = [1, 2, 5, 10, 15, 20, 30].find((n) => n * step >= 56) ?? Math.ceil(56 / step);
  return steps
    .map((_, index) => index)
    .filter((index) => index % every === 0 && index * step + 40 < steps.length * step);
}

function ChartTable({
  title,
  steps,
  series,
}: {
  title: string;
  steps: readonly number[];
  series: readonly Series[];
}) {
  return (
    <div class="chart-table" role="region" aria-label={title} tabIndex={0}>
      <table class="table">
        <caption class="sr-only">{title}</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {series.map(({ label }) => (
              <th key={label} scope="col" class="num">
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {steps.map((start, index) => (
            <tr key={start}>
              <th scope="row">
                <time dateTime={iso(start)}>{dateTime(start, zone.value)}</time>
              </th>
              {series.map(({ label, values }) => (
                <td key={label} class="num">
                  {values[index] ?? "—"}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** A line without axes, for a tile. Decoration: the number beside it says what is meant. */
export function Sparkline({ values, colour }: { values: readonly (number | null)[]; colour: string }) {
  const [width, height] = [120, 22];
  const top = Math.max(1e-9, ...values.map((value) => value ?? 0));
  const step = width / Math.max(1, values.length - 1);
  const path = curve(
    values,
    (i) => i * step - step / 2,
    (v) => height - 1 - (v / top) * (height - 3),
    step,
  );
  return (
    <svg class="sparkline" viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="curve" d={path} style={{ stroke: `var(--${colour})` }} />
    </svg>
  );
}
