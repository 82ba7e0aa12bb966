// A large trace, and what a page does with it. Used in Node too.

/** 10,000 light spans as a server answers them: 8 below each, and every 1,000th an error. */
export function bigTrace() {
  const items = Array.from({ length: 10_000 }, (_, at) => ({
    span_id: `span-${at}`,
    ...(at > 0 && { parent_id: `span-${Math.floor((at - 1) / 8)}` }),
    trace_id: "trace",
    name: `step ${at % 8}`,
    sequence_id: at + 1,
    start_time: 1_767_225_600.123456 + at * 0.01,
    end_time: 1_767_225_600.123456 + at * 0.01 + 1,
    kind: at % 8 ? "operation" : "tool",
    ...(at % 1_000 === 999 && { error: true }),
  }));
  return JSON.stringify({ items, total: items.length, after: items.length, more: false });
}

/** Opens it, looks at all of it, and closes it again. */
export function visit(Waterfall, text) {
  const begin = performance.now();
  const waterfall = new Waterfall();
  const { added } = waterfall.append(text);
  waterfall.rows(0, 50);
  const milliseconds = performance.now() - begin;
  waterfall.openLevels(null);
  waterfall.setFold(false);
  const rows = waterfall.columns().start.length + waterfall.rows(waterfall.rowCount - 1, 5).length;
  const errors = waterfall.next("error", -1) >= 0;
  waterfall.minimap(1_000);
  const turns = waterfall.conversation().turns.length;
  waterfall.setFilter({ text: "STEP 3" });
  const { matched } = waterfall;
  const found = waterfall.find("span-9995") >= 0;
  waterfall.free();
  return { milliseconds, added, rows, matched, found, turns, errors };
}
