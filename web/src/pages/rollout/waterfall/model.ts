/** How the waterfall of a session is looked at: what the address says, brought to the module; and what is chosen. */

import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type Filter, Flag, type Order, type Row } from "lightning-store-client/trace";
import { order as preferredOrder } from "../../../app/preferences.ts";
import type { TraceSession } from "../session.ts";
import { type RolloutState, url } from "../state.ts";
import { clamp, covers, type Range } from "./zoom.ts";

/** A moment has no width; this is what an axis of one shows, in seconds. */
const LEAST_EXTENT = 1e-3;

export function filterOf(state: RolloutState): Filter {
  return {
    text: state.q,
    everywhere: state.deep,
    kinds: [...state.kind],
    errors: state.errors,
    minDuration: state.min_dur,
  };
}

export function isFiltered(state: RolloutState): boolean {
  return state.q !== "" || state.kind.length > 0 || state.errors || state.min_dur !== null;
}

export function orderOf(state: RolloutState): Order {
  const chosen = state.order ?? preferredOrder.value;
  return chosen === "seq" ? "sequence" : "time";
}

export class WaterfallModel {
  readonly session: TraceSession;
  /** The row that has the focus, by its key. */
  readonly active = signal<string | null>(null);
  /** Ask for the row of the active key to be brought into view; `center` if it may be far away. */
  readonly wanted = signal<{
    readonly key: string;
    readonly focus: boolean;
    readonly center: boolean;
  } | null>(null);
  /** The current second, while something runs. */
  readonly now = signal<number | null>(null);

  constructor(session: TraceSession) {
    this.session = session;
  }

  get waterfall(): TraceSession["waterfall"] {
    return this.session.waterfall;
  }

  /** Brings what the address says to the module. False: the part that it shows alone has not come yet. */
  apply(state: RolloutState): boolean {
    const { waterfall } = this;
    waterfall.setOrder(orderOf(state));
    waterfall.setRepair(state.repair);
    waterfall.setFilter(filterOf(state));
    const found = waterfall.setFocus(state.focus);
    this.session.changed();
    return found;
  }

  applyLevels(levels: number): void {
    if (levels === 0) return;
    this.waterfall.openLevels(levels >= 99 ? null : levels);
    this.session.changed();
  }

  /** The whole time of the trace; while it runs up to now. Null: no span has a time. */
  readonly whole: ReadonlySignal<Range | null> = computed(() => {
    void this.session.revision.value;
    const now = this.now.value;
    if (this.session.closed) return null;
    const { extent } = this.waterfall;
    if (extent === null) return null;
    // An attempt that has long been silent would become a line at the left edge.
    const patience = Math.max(60, extent.end - extent.start);
    const until = now !== null && now - extent.end <= patience ? now : extent.end;
    const end = Math.max(extent.end, until, extent.start + LEAST_EXTENT);
    return { start: extent.start, end };
  });

  /** What of it is shown. It stays where it is when the trace grows, unless all of it is shown. */
  readonly range: ReadonlySignal<Range | null> = computed(() => {
    const whole = this.whole.value;
    const { t0, t1 } = url.signal.value;
    if (whole === null || (t0 === null && t1 === null)) return whole;
    const start = whole.start + (t0 ?? 0);
    const end = t1 === null ? whole.end : whole.start + t1;
    return end > start ? clamp({ start, end }, whole) : whole;
  });

  setRange(range: Range | null, how: "push" | "replace" = "replace"): void {
    const whole = this.whole.peek();
    if (range === null || whole === null || covers(range, whole)) {
      url.set({ t0: null, t1: null }, how);
      return;
    }
    url.set({ t0: microseconds(range.start - whole.start), t1: microseconds(range.end - whole.start) }, how);
  }

  /** The number of the active row; -1: it has none now. */
  activeRow(): number {
    const key = this.active.peek();
    return key === null ? -1 : this.waterfall.findKey(key);
  }

  /** Chooses a row, and its span if it has one. */
  choose(row: Row, how: { push?: boolean; focus?: boolean; center?: boolean } = {}): void {
    this.active.value = row.key;
    select(row.span_id, how.push ? "push" : "replace");
    this.wanted.value = { key: row.key, focus: how.focus ?? true, center: how.center ?? false };
  }

  /** Chooses a row without going there. */
  chooseQuietly(row: number): void {
    const found = this.waterfall.row(row);
    if (found === null) return;
    this.active.value = found.key;
    select(found.span_id, "replace");
  }

  chooseRow(row: number, how: { push?: boolean; focus?: boolean; center?: boolean } = {}): void {
    const found = this.waterfall.row(row);
    if (found !== null) this.choose(found, how);
  }

  /** Chooses a span, wherever it is: what hides it is opened. False: a filter or the focus hides it, or it is not here. */
  reveal(spanId: string, how: { push?: boolean; focus?: boolean } = {}): boolean {
    let row = this.waterfall.find(spanId);
    if (row < 0) {
      row = this.waterfall.reveal(spanId);
      this.session.changed();
    }
    if (row < 0) return false;
    this.chooseRow(row, { ...how, center: true });
    return true;
  }

  /** Moves by rows. */
  step(by: number): void {
    const count = this.waterfall.rowCount;
    if (count === 0) return;
    const from = this.activeRow();
    const to = from < 0 ? (by > 0 ? 0 : count - 1) : Math.min(count - 1, Math.max(0, from + by));
    this.chooseRow(to);
  }

  /** To the next error, reward or match. */
  jump(what: "error" | "reward" | "match", backwards = false): boolean {
    const row = this.waterfall.next(what, this.activeRow(), backwards);
    if (row < 0) return false;
    this.session.changed();
    this.chooseRow(row, { center: true });
    return true;
  }

  /** Closes the active row, or goes to the one above it. */
  left(): void {
    const row = this.waterfall.row(this.activeRow());
    if (row === null) return;
    if (row.flags & Flag.OPEN) this.setOpen(row, false);
    else if (row.parent >= 0) this.chooseRow(row.parent);
  }

  /** Opens the active row, or goes to the first one below it. */
  right(): void {
    const row = this.waterfall.row(this.activeRow());
    if (row === null || !(row.flags & Flag.HAS_CHILDREN)) return;
    if (row.flags & Flag.OPEN) this.chooseRow(row.row + 1);
    else this.setOpen(row, true);
  }

  setOpen(row: Row, open: boolean): void {
    this.waterfall.setOpen(row.key, open);
    this.session.changed();
  }

  levels(levels: number): void {
    url.set({ collapsed: levels }, "replace");
    this.waterfall.openLevels(levels >= 99 || levels === 0 ? null : levels);
    this.session.changed();
  }
}

/** Times in addresses have no more digits than clocks. */
function microseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6;
}

/** Puts the chosen span into the address, unless it is there. */
function select(spanId: string | null, how: "push" | "replace"): void {
  if (spanId !== null && url.value.span !== spanId) url.set({ span: spanId }, how);
}
