import { expect, it } from "vitest";
import { secondsOf, textOfSeconds } from "./durations.ts";

it("durations are read as people write them", () => {
  expect(secondsOf("50ms")).toBe(0.05);
  expect(secondsOf("> 1.5 s")).toBe(1.5);
  expect(secondsOf("2")).toBe(2);
  expect(secondsOf("3 min")).toBe(180);
  expect(secondsOf("250µs")).toBe(0.00025);
  expect(secondsOf("soon")).toBeNull();
  expect(secondsOf("5 parsecs")).toBeNull();
  expect(secondsOf("")).toBeNull();
});

it("and written so that they are read alike", () => {
  for (const seconds of [0, 0.00025, 0.05, 1.5, 90, 7200]) {
    expect(secondsOf(textOfSeconds(seconds))).toBe(seconds);
  }
});
