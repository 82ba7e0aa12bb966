import { describe, expect, it } from "vitest";
import { centerRow, OVERSCAN, ROW_HEIGHT, rowWindow, scrollToRow } from "./windowing.ts";

describe("rows that are drawn", () => {
  it("are those that can be seen and a few around", () => {
    expect(rowWindow(0, 10 * ROW_HEIGHT, 1000)).toEqual({ first: 0, end: 10 + OVERSCAN });
    expect(rowWindow(100 * ROW_HEIGHT, 10 * ROW_HEIGHT, 1000)).toEqual({ first: 92, end: 118 });
  });

  it("end where the list ends", () => {
    expect(rowWindow(990 * ROW_HEIGHT, 20 * ROW_HEIGHT, 1000).end).toBe(1000);
    expect(rowWindow(5000 * ROW_HEIGHT, 20 * ROW_HEIGHT, 3)).toEqual({ first: 2, end: 3 });
    expect(rowWindow(0, 500, 0)).toEqual({ first: 0, end: 0 });
  });
});

describe("the way to a row", () => {
  it("is as short as possible, or leads to the middle", () => {
    expect(scrollToRow(5, 0, 260)).toBe(0);
    expect(scrollToRow(15, 0, 260)).toBe(156);
    expect(scrollToRow(2, 260, 260)).toBe(52);
    expect(centerRow(5, 0, 260)).toBe(0);
    expect(centerRow(100, 0, 260)).toBe(100 * ROW_HEIGHT - 117);
  });
});
