import { expect, it } from "vitest";
import { bytes } from "./bytes.ts";
import { duration, elapsed } from "./duration.ts";
import { shortId } from "./id.ts";
import { percent, plural, reward, short } from "./number.ts";
import { clock, dateTime, isZone, iso, relative, zoneLabel } from "./time.ts";

it.each([
  [0.812, "812 ms"],
  [0.0004, "400 µs"],
  [0.00123, "1.23 ms"],
  [0, "0 ms"],
  [0.9999, "1 s"],
  [3.4217, "3.42 s"],
  [47.06, "47.1 s"],
  [59.97, "1 m 00 s"],
  [303, "5 m 03 s"],
  [3599.6, "1 h 00 m"],
  [7440, "2 h 04 m"],
  [273_600, "3 d 4 h"],
  [-2, "−2 s"],
  [null, "—"],
  [Number.NaN, "—"],
])("%s seconds are %s", (seconds, text) => expect(duration(seconds)).toBe(text));

it("counts in whole seconds while something goes on", () => {
  expect([elapsed(0.9), elapsed(59.9), elapsed(61), elapsed(-3)]).toEqual(["0 s", "59 s", "1 m 01 s", "0 s"]);
});

it("shows rewards as they are, and never a rounded zero", () => {
  expect([0.5, -0.25, 1, 0.00001, 0.123456, null].map(reward)).toEqual([
    "0.5",
    "−0.25",
    "1",
    "1.0e−5",
    "0.1235",
    "—",
  ]);
});

it("shortens numbers that are only compared", () => {
  expect([980, 12_400, 999_600, 3_100_000, 2.5e9, 0.123456].map((value) => short(value))).toEqual([
    "980",
    "12.4k",
    "1M",
    "3.1M",
    "2.5B",
    "0.123",
  ]);
  expect(short(8_770, 2)).toBe("8.8k");
  expect([plural(1, "rollout"), plural(1284, "rollout")]).toEqual(["1 rollout", "1,284 rollouts"]);
  expect([percent(1, 3), percent(0, 0)]).toEqual(["33 %", "—"]);
  expect([bytes(512), bytes(1_234), bytes(182e6)]).toEqual(["512 B", "1.23 kB", "182 MB"]);
});

it("shows a time in the zone that is asked for, and names it", () => {
  const at = 1_795_521_600.123;
  expect(dateTime(at, "UTC")).toBe("2026-11-24 12:00:00");
  expect(clock(at, "Asia/Kolkata", true)).toBe("17:30:00.123");
  expect([
    zoneLabel("UTC", at),
    zoneLabel("Europe/Berlin", at),
    zoneLabel("Europe/Berlin", 1_780_000_000),
  ]).toEqual(["UTC", "UTC+1", "UTC+2"]);
  expect(iso(at)).toBe("2026-11-24T12:00:00.123Z");
  expect(iso(1e20)).toBe("");
  expect([isZone("Europe/Berlin"), isZone("Mars/Olympus"), isZone("local")]).toEqual([true, false, true]);
});

it("says how long ago, in one unit", () => {
  expect(
    [0.4, 12, 200, 7300, 90_000, 200_000, -130].map((age) => relative(1_000_000 - age, 1_000_000)),
  ).toEqual(["now", "12 s ago", "3 min ago", "2 h ago", "25 h ago", "2 d ago", "in 2 min"]);
});

it("shows both ends of a long id", () => {
  expect(shortId("ro-5c1f0c9e6d27")).toBe("ro-5c1f0c9e6d27");
  expect(shortId("0d9bb41e-2f5e-4bb9-9c9e-0c5a7a0e6d27")).toBe("0d9bb41e-2f5e…6d27");
});
