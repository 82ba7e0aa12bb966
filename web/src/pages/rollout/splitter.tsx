/** A bar between two panes: dragged, or moved by arrow keys. */

import { useRef } from "preact/hooks";

export interface SplitterProps {
  readonly label: string;
  /** Pixels, or percent: whatever `change` takes. */
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** How much an arrow key moves it. */
  readonly step: number;
  /** Units per pixel; negative if the pane lies to the right of the bar. */
  readonly perPixel: () => number;
  readonly onChange: (value: number) => void;
}

export function Splitter({ label, value, least, most, step, perPixel, onChange }: SplitterProps) {
  const from = useRef<{ x: number; value: number; scale: number } | null>(null);
  const put = (next: number): void => onChange(Math.round(Math.min(most, Math.max(least, next)) * 10) / 10);
  return (
    <div
      class="splitter"
      role="separator"
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={Math.round(value)}
      aria-valuemin={least}
      aria-valuemax={most}
      tabIndex={0}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { x: event.clientX, value, scale: perPixel() };
        event.preventDefault();
      }}
      onPointerMove={(event) => {
        const begun = from.current;
        if (begun) put(begun.value + (event.clientX - begun.x) * begun.scale);
      }}
      onPointerUp={() => {
        from.current = null;
      }}
      onPointerCancel={() => {
        from.current = null;
      }}
      onKeyDown={(event) => {
        const sign = Math.sign(perPixel());
        if (event.key === "ArrowLeft") put(value - step * sign);
        else if (event.key === "ArrowRight") put(value + step * sign);
        else if (event.key === "Home") put(least);
        else if (event.key === "End") put(most);
        else return;
        event.preventDefault();
        event.stopPropagation();
      }}
    />
  );
}
