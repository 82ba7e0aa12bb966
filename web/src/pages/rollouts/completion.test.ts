import { expect, it } from "vitest";
import { complete, take } from "./completion.ts";

const texts = (text: string, seen = {}) =>
  complete(text, text.length, seen)?.options.map((option) => option.text);

it("offers keys, then values", () => {
  expect(texts("st")).toEqual(["status:"]);
  expect(texts("status:fa")).toEqual(["status:failed"]);
  expect(texts("status:failed,ca")).toEqual(["status:failed,cancelled"]);
  expect(texts("rew")).toEqual(["reward>"]);
});

it("offers what was seen in the rows", () => {
  expect(texts("worker:2", { worker: ["w-1", "w-2"] })).toEqual(["worker:w-2"]);
  expect(texts("meta", { meta: ["step"] })).toEqual(["meta.step:"]);
  expect(texts("model:my", { model: ["my model"] })).toEqual(['model:"my model"']);
});

it("offers nothing for what is finished", () => {
  expect(texts("status:failed")).toBeUndefined();
});

it("puts an option in the place of the term at the cursor", () => {
  const completion = complete("a st b", 4, {});
  expect(completion).not.toBeNull();
  if (completion === null) return;
  expect(take("a st b", completion, { text: "status:", hint: "" })).toEqual({
    text: "a status: b",
    cursor: 9,
  });
  expect(take("a st", { ...completion, end: 4 }, { text: "mode:val", hint: "" })).toEqual({
    text: "a mode:val ",
    cursor: 11,
  });
});
