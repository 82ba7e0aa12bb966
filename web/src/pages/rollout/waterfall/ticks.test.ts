import { describe, expect, it } from "vitest";
import { axisTicks, elapsed } from "./ticks.ts";

const utc = (): number => 0;

describe("ticks of an axis", () => {
  it("never overlap, however wide or long the axis is", () => {
    for (const width of [120, 300, 777, 1600]) {
      for (let span = 1e-4; span < 1e7; span *= 3.7) {
        for (const origin of [undefined, 1_700_000_000.123]) {
          const start = 1_700_000_000.123;
          const ticks = axisTicks({
            start,
            end: start + span,
            width,
            zoneOffset: utc,
            ...(origin === undefined ? {} : { origin }),
          });
          for (let place = 1; place < ticks.length; place += 1) {
            const before = ticks[place - 1];
            const tick = ticks[place];
            if (before === undefined || tick === undefined) continue;
            expect((tick.at - before.at) * width).toBeGreaterThan(before.label.length * 6);
            expect(tick.label).not.toBe(before.label);
          }
        }
      }
    }
  });

  it("count from the origin, also when only a part is shown", () => {
    const ticks = axisTicks({ start: 102, end: 108, width: 600, origin: 100, zoneOffset: utc });
    expect(ticks.map((tick) => tick.label)).toEqual(["2 s", "3 s", "4 s", "5 s", "6 s", "7 s", "8 s"]);
  });

  it("stand at round times of the clock of the zone", () => {
    const start = Date.UTC(2026, 10, 24, 13, 2, 31) / 1000;
    const ticks = axisTicks({ start, end: start + 3600, width: 700, zoneOffset: () => 5400 });
    expect(ticks[0]?.label).toBe("14:40");
    expect(ticks.every((tick) => /^\d\d:\d0$/.test(tick.label))).toBe(true);
  });

  it("are none where there is no time", () => {
    expect(axisTicks({ start: 5, end: 5, width: 500, zoneOffset: utc })).toEqual([]);
    expect(axisTicks({ start: 5, end: Number.NaN, width: 500, zoneOffset: utc })).toEqual([]);
    expect(axisTicks({ start: 5, end: 6, width: 0, zoneOffset: utc })).toEqual([]);
  });
});

describe("distances from the start", () => {
  it("say as much as the step is fine", () => {
    expect(elapsed(0, 1)).toBe("0");
    expect(elapsed(0.25, 0.05)).toBe("250 ms");
    expect(elapsed(0.00025, 0.00005)).toBe("0.25 ms");
    expect(elapsed(1.5, 0.5)).toBe("1.5 s");
    expect(elapsed(125, 5)).toBe("2:05");
    expect(elapsed(7500, 300)).toBe("2:05 h");
    expect(elapsed(-2, 1)).toBe("−2 s");
  });
});
