import { describe, expect, test } from "vitest";

import { fromUtf8, utf8 } from "../../src/record/bytes.js";
import { canonical, type Json, readCanonical, readStrict } from "../../src/record/canonical.js";
import { Malformed } from "../../src/record/errors.js";
import { vectorBytes, vectorRows } from "../vectors.js";

const written = (value: Json) => fromUtf8(canonical(value), "it");

test.each(vectorRows("jcs/numbers.csv"))("the number $bits is written as the RFC writes it", ({ bits = "", text }) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  expect(written(view.getFloat64(0))).toBe(text);
});

test("a document is written as the reference writes it", () => {
  expect(canonical(readStrict(vectorBytes("jcs/values.json")))).toEqual(vectorBytes("jcs/values.canonical.json"));
});

test("members stand in the order of UTF-16 as the RFC shows", () => {
  const ordered = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\u{1f600}", "\ufb33"];
  const given = Object.fromEntries(ordered.toReversed().map((name) => [name, 0]));
  expect(written(given)).toBe(`{${ordered.map((name) => `${JSON.stringify(name)}:0`).join(",")}}`);
});

test("a member that is called like a part of the language is a member", () => {
  const raw = utf8('{"__proto__":{"a":1},"constructor":2}');
  expect(canonical(readCanonical(raw))).toEqual(raw);
});

// The same texts as tests/record/test_canonical.py.
describe.each([
  ['{"a":1,"a":1}', "canonical"],
  ['{"a": 1}', "canonical"],
  ['{"b":1,"a":1}', "canonical"],
  ["1.0", "canonical"],
  ["-0", "canonical"],
  ["1E2", "canonical"],
  ["9007199254740993", "canonical"],
  ['"\\u0041"', "canonical"],
  ['"\\/"', "canonical"],
  ["[1,]", "not JSON"],
  ["\ufeff1", "not JSON"],
  ["NaN", "not JSON"],
  ["1e400", "not a number"],
  ["9".repeat(5000), "not a number"],
  ['"\\ud800"', "surrogate"],
  ["[".repeat(40) + "]".repeat(40), "too deep"],
  ["[".repeat(100_000), "not JSON"],
  ["1 2", "not JSON"],
  ["", "not JSON"],
  ['"a\nb"', "not JSON"],
])("%.40j", (text, said) => {
  test("is refused", () => {
    expect(() => readCanonical(utf8(text))).toThrow(said);
    expect(() => readCanonical(utf8(text))).toThrow(Malformed);
  });
});

test("bytes that are no UTF-8 are refused", () => {
  expect(() => readCanonical(Uint8Array.of(0x22, 0xff, 0x22))).toThrow("not UTF-8");
});

test.each(['{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"b":{"a":1 , "a" : 2}}]', '{"a":[{"a":1}],"a":2}'])(
  "%s names a member twice, in whatever layout",
  (text) => expect(() => readStrict(utf8(text))).toThrow("stands twice"),
);

test.each(['{"a":{"a":1},"b":{"a":1}}', '["a","a:","{",{"a":"a\\":"}]', '{"\\\\":1,"\\"":2}'])(
  "%s names none twice",
  (text) => expect(readStrict(utf8(text))).toEqual(JSON.parse(text)),
);

test.each([NaN, Infinity, "\udc00", { "\udc00": 1 }] as Json[])("%j cannot be carried", (value) => {
  expect(() => canonical(value)).toThrow(Malformed);
});
