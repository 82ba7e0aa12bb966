import { expect, it } from "vitest";
import {
  choice,
  decimal,
  flag,
  list,
  optional,
  readState,
  text,
  whole,
  words,
  writeState,
} from "./params.ts";

const params = {
  q: text(),
  status: words(["a", "b"]),
  sort: choice(["-start", "id"], "-start"),
  page: whole(1, 1),
  min: decimal(),
  errors: flag(),
  cols: list(),
  peek: optional(),
};

it("reads what is not said as usual", () => {
  expect(readState(params, "")).toEqual({
    q: "",
    status: [],
    sort: "-start",
    page: 1,
    min: null,
    errors: false,
    cols: null,
    peek: null,
  });
});

it("reads what was written", () => {
  const state = {
    q: "a b&c",
    status: ["b", "a"],
    sort: "id",
    page: 7,
    min: -0.5,
    errors: true,
    cols: ["x", "y"],
    peek: "ro/1",
  } as const;
  expect(readState(params, writeState(params, "", state))).toEqual(state);
});

it("leaves out what is as usual, and keeps what it does not know", () => {
  expect(writeState(params, "x=1&x=2&page=3", { page: 1 })).toBe("x=1&x=2");
  expect(writeState(params, "q=a", { status: ["a", "b"] })).toBe("q=a&status=a&status=b");
});

it("takes what makes no sense as not said", () => {
  expect(readState(params, "status=zzz&status=a&sort=up&page=-1&min=abc&errors=yes")).toMatchObject({
    status: ["a"],
    sort: "-start",
    page: 1,
    min: null,
    errors: false,
  });
});
