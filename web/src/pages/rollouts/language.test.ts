import { describe, expect, it } from "vitest";
import { nearest, parse, tokens } from "./language.ts";

const conditions = (text: string) => {
  const { conditions, problems } = parse(text);
  expect(problems).toEqual([]);
  return conditions;
};
const problem = (text: string) => parse(text).problems[0];

describe("the language of the query bar", () => {
  it("reads statuses, several with commas, and takes what two terms have in common", () => {
    expect(conditions("status:failed,cancelled").status_in).toEqual(["failed", "cancelled"]);
    expect(conditions("status:failed,cancelled status:failed,running").status_in).toEqual(["failed"]);
    expect(conditions("attempt:timeout mode:train has:error,retry")).toMatchObject({
      attempt_status_in: ["timeout"],
      mode_in: ["train"],
      has: ["error", "retry"],
    });
  });

  it("reads ids, workers, models and metadata, also with blanks and dots", () => {
    expect(conditions('worker:Worker-3 model:"my model" id:5c1f meta.step:4 meta.a.b:"x y"')).toMatchObject({
      worker_id: "Worker-3",
      model: "my model",
      rollout_id_contains: "5c1f",
      metadata: ["step:4", "a.b:x y"],
    });
  });

  it("takes everything else as text, and quotes keep it together", () => {
    expect(conditions("red dragon").text).toBe("red dragon");
    expect(conditions('"status:failed" x').text).toBe("status:failed x");
    expect(conditions("").text).toBeUndefined();
  });

  it("reads ranges with units", () => {
    expect(conditions("dur>=30s dur<=5m").ranges["run_time"]).toEqual({ min: 30, max: 300 });
    expect(conditions("wait:500ms..2h").ranges["queue_wait"]).toEqual({ min: 0.5, max: 7200 });
    expect(conditions("tokens>=10k").ranges["tokens"]).toEqual({ min: 10_000, max: null });
    expect(conditions("reward:-0.5").ranges["reward"]).toEqual({ min: -0.5, max: -0.5 });
  });

  it("leaves the limit itself out where it is asked to", () => {
    const { max } = conditions("reward<0.5").ranges["reward"] ?? { max: null };
    expect(max).toBeLessThan(0.5);
    expect(0.5 - (max ?? 0)).toBeLessThan(1e-15);
    expect(conditions("reward>0").ranges["reward"]?.min).toBe(Number.MIN_VALUE);
    expect(conditions("reward>-1").ranges["reward"]?.min).toBeGreaterThan(-1);
    expect(conditions("spans<100").ranges["spans"]).toEqual({ min: null, max: 99 });
    expect(conditions("spans>100").ranges["spans"]).toEqual({ min: 101, max: null });
  });

  it("reads times, and how long ago", () => {
    expect(conditions("since:2h").since).toEqual({ ago: 7200 });
    expect(conditions("since:2026-11-24T12:00Z").since).toEqual({ at: 1_795_521_600 });
    expect(conditions("until:1795521600").until).toEqual({ at: 1_795_521_600 });
    expect(problem("since:yesterday")?.message).toContain("since is a time such as");
  });

  it("points at what it does not understand, and says what may have been meant", () => {
    expect(problem("x statos:failed")).toMatchObject({ start: 2, end: 15, suggestion: "status:failed" });
    expect(problem("status:faild")).toMatchObject({ suggestion: "status:failed" });
    expect(problem("status:failed,runing")).toMatchObject({ suggestion: "status:failed,running" });
    expect(problem("http://example.org")).toMatchObject({ suggestion: '"http://example.org"' });
    expect(problem("dur>fast")?.message).toContain("30s");
    expect(problem("status:")?.message).toContain("needs a value");
    expect(problem("status>failed")?.message).toContain("colon");
    expect(problem("worker:a worker:b")?.message).toContain("once");
  });

  it("never leaves a term out: it is a condition, text, or a problem", () => {
    for (const text of [
      "foo:bar",
      "a<b",
      "meta.x>3",
      "reward<<1",
      "dur:",
      'x:"',
      "::",
      "=",
      '"',
      "status:failed:",
    ]) {
      const { conditions, problems } = parse(text);
      const { ranges, ...rest } = conditions;
      expect(problems.length + Object.keys(ranges).length + Object.keys(rest).length, text).toBeGreaterThan(
        0,
      );
    }
  });

  it("splits at blanks that are not within quotes", () => {
    expect(tokens('a  b:"c d" "e').map(({ text }) => text)).toEqual(["a", 'b:"c d"', '"e']);
  });

  it("finds the nearest word, or none", () => {
    expect(nearest("wroker", ["worker", "reward"])).toBe("worker");
    expect(nearest("zzzzzz", ["worker", "reward"])).toBeNull();
  });
});
