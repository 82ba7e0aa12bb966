import { expect, it } from "vitest";
import { machineOf, mean } from "./stats.ts";

it("reads what the runner sends, and keeps what it does not know", () => {
  const machine = machineOf({
    host: "node-1",
    cpu_usage_pct: 12.5,
    mem_pct: 50,
    gpus: [{ gpu: "A100", util_pct: 90, mem_used_mb: 40_960, mem_total_mb: 81_920, temp_c: 66.4 }],
    extra: { a: 1 },
  });
  expect(machine).toMatchObject({
    host: "node-1",
    cpu: 12.5,
    memory: 50,
    disk: null,
    rest: { extra: { a: 1 } },
  });
  expect(machine.gpus).toEqual([{ name: "A100", used: 90, memory: 50, note: "66 °C" }]);
});

it("takes anything", () => {
  for (const odd of [null, 3, "x", [], { gpus: "none", cpu_usage_pct: "high" }, { gpus: [null, 1] }]) {
    expect(machineOf(odd).cpu).toBeNull();
  }
  expect(mean([null, 2, 4])).toBe(3);
  expect(mean([])).toBeNull();
});
