import { expect, it } from "vitest";
import { readState } from "../../url/params.ts";
import { asked, isFiltered, PARAMS, sortOf } from "./conditions.ts";

const of = (query: string) => asked(readState(PARAMS, query));

it("joins what is typed with what is chosen", () => {
  expect(of("q=status:failed,running&status=failed&has=error&reward_max=0.5&q2=x").conditions(0)).toEqual({
    status_in: ["failed"],
    has: ["error"],
    reward_max: 0.5,
  });
});

it("says so when the conditions exclude each other", () => {
  expect(of("q=status:failed&status=running").impossible).toContain("status");
  expect(of("q=worker:a&worker=b").impossible).toContain("workers");
  expect(of("q=status:failed").impossible).toBeNull();
});

it("counts back from the time of the question", () => {
  expect(of("since=1h").conditions(10_000)).toEqual({ since: 6_400 });
  expect(of("since=2026-11-24T12:00Z").conditions(0)).toEqual({ since: 1_795_521_600 });
});

it("sorts by the newest if nothing is said", () => {
  expect(sortOf(readState(PARAMS, ""))).toEqual({ by: "start", order: "desc" });
  expect(sortOf(readState(PARAMS, "sort=reward"))).toEqual({ by: "reward", order: "asc" });
});

it("knows whether anything is filtered", () => {
  expect(isFiltered(readState(PARAMS, "page=3&sort=id&peek=x"))).toBe(false);
  expect(isFiltered(readState(PARAMS, "worker=a"))).toBe(true);
});
