import { expect, it } from "vitest";
import { frameLines } from "./inspector/frames.ts";
import { endOfPage } from "./page_end.ts";
import { configWords, curlOf } from "./words.ts";

it("settings are told in words", () => {
  const usual = { timeout_seconds: null, unresponsive_seconds: null, max_attempts: 1, retry_condition: [] };
  expect(configWords(usual)).toEqual(["never retries"]);
  expect(
    configWords({
      max_attempts: 3,
      retry_condition: ["failed", "timeout"],
      timeout_seconds: 600,
      unresponsive_seconds: 120,
    }),
  ).toEqual([
    "retries up to 2 times on failed or timeout",
    "ends an attempt after 10 m 00 s",
    "gives it up after 2 m 00 s of silence",
  ]);
});

it("commands are safe in a shell", () => {
  expect(curlOf("http://x/it's")).toBe("curl -H 'Accept: application/json' 'http://x/it'\\''s'");
});

it("frames of libraries are told apart, with the code below them", () => {
  const lines = frameLines(
    [
      "Traceback (most recent call last):",
      '  File "/app/agent.py", line 3, in run',
      "    go()",
      '  File "/usr/lib/python3.12/site-packages/x.py", line 9, in go',
      "    raise ValueError",
      "ValueError: no",
    ].join("\n"),
  );
  expect(lines.map((line) => line.library)).toEqual([false, false, false, true, true, false]);
});

it("the end of a page is read without its spans", () => {
  expect(endOfPage('{"items":[{"name":"\\"total\\":1"}],"total":12,"after":9,"more":true}')).toEqual({
    total: 12,
    after: 9,
    more: true,
  });
  expect(endOfPage('{"more": false, "items": [], "after": null, "total": 0}')).toEqual({
    total: 0,
    after: null,
    more: false,
  });
});
