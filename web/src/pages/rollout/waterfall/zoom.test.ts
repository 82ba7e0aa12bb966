import { describe, expect, it } from "vitest";
import { bar, clamp, covers, dragged, pan, zoom } from "./zoom.ts";

const whole = { start: 1000, end: 1100 };

describe("the part of a trace that is shown", () => {
  it("stays within the trace and keeps its length", () => {
    expect(clamp({ start: 990, end: 1010 }, whole)).toEqual({ start: 1000, end: 1020 });
    expect(clamp({ start: 1095, end: 1125 }, whole)).toEqual({ start: 1070, end: 1100 });
    expect(clamp({ start: 0, end: 5000 }, whole)).toEqual(whole);
  });

  it("keeps what is at the centre where it is", () => {
    expect(zoom(whole, whole, 0.5)).toEqual({ start: 1025, end: 1075 });
    expect(zoom(whole, whole, 0.5, 0)).toEqual({ start: 1000, end: 1050 });
    expect(covers(zoom(whole, whole, 4), whole)).toBe(true);
  });

  it("never becomes too small to have digits", () => {
    let range = whole;
    for (let times = 0; times < 80; times += 1) range = zoom(range, whole, 0.5, 0.3) as typeof whole;
    expect(range.end - range.start).toBeGreaterThan(0);
    expect(range.start).toBeGreaterThanOrEqual(whole.start);
  });

  it("moves by a part of itself", () => {
    expect(pan({ start: 1000, end: 1020 }, whole, 0.5)).toEqual({ start: 1010, end: 1030 });
    expect(pan({ start: 1000, end: 1020 }, whole, -1)).toEqual({ start: 1000, end: 1020 });
  });

  it("is dragged in either direction, but not by a click", () => {
    expect(dragged(1080, 1020, whole)).toEqual({ start: 1020, end: 1080 });
    expect(dragged(1020, 1020.01, whole)).toBeUndefined();
  });
});

describe("a bar", () => {
  it("is cut off at the edges", () => {
    expect(bar(1000, 100, { start: 1050, end: 1100 })).toEqual({ left: 0, width: 100 });
    expect(bar(1075, 12.5, { start: 1050, end: 1100 })).toEqual({ left: 50, width: 25 });
  });

  it("is not drawn outside", () => {
    expect(bar(1000, 10, { start: 1050, end: 1100 })).toBeUndefined();
    expect(bar(1101, 10, { start: 1050, end: 1100 })).toBeUndefined();
    expect(bar(Number.NaN, 10, whole)).toBeUndefined();
  });
});
