/** Prints what was measured as a Markdown table. */

import type { Reporter, TestCase, TestResult } from "@playwright/test/reporter";
import { type Figure, FIGURE, part } from "./figures.ts";

export default class Table implements Reporter {
  readonly #lines: string[] = [];
  #failed = false;

  onTestBegin(test: TestCase): void {
    process.stderr.write(`${test.title}\n`);
  }

  onTestEnd(_test: TestCase, result: TestResult): void {
    for (const { type, description } of result.annotations) {
      if (type === FIGURE && description !== undefined) this.#lines.push(line(JSON.parse(description)));
    }
    for (const { message } of result.errors) process.stderr.write(`${message ?? "it failed"}\n`);
    this.#failed ||= result.status !== "passed";
  }

  onEnd(): void {
    const head = ["| page | budget ms | p50 ms | p95 ms | p95 ÷ budget |", "|---|--:|--:|--:|--:|"];
    process.stdout.write(`\n${[...head, ...this.#lines].join("\n")}\n`);
    if (this.#failed) process.stdout.write("\nFAILED: over ten times its budget, or not measured\n");
  }

  printsToStdio(): boolean {
    return true;
  }
}

function line({ name, budget, values }: Figure): string {
  const [p50, p95] = [part(values, 0.5), part(values, 0.95)];
  return `| ${name} | ${budget} | ${p50.toFixed(0)} | ${p95.toFixed(0)} | ${(p95 / budget).toFixed(2)} |`;
}
