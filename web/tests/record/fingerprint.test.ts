import { expect, test } from "vitest";

import { NotAuthentic } from "../../src/record/errors.js";
import { checkSpoken, NotUnderstood, readSpoken, spoken } from "../../src/record/fingerprint.js";
import { publicKeyFromText } from "../../src/record/keys.js";
import { vectorText } from "../vectors.js";

const { fingerprints } = JSON.parse(vectorText("record/forms.json")) as { fingerprints: Record<string, string> };
const CASES = Object.entries(fingerprints);
const [[TEXT, SAID], [, OTHER]] = CASES as [[string, string], [string, string]];

test.each(CASES)("the fingerprint of %s is what Python says", async (text, said) => {
  const key = await publicKeyFromText(text);
  expect(spoken(key)).toBe(said);
  checkSpoken(key, said.toLowerCase().replaceAll(" ", "-").replaceAll("0", "o").replaceAll("1", "l"));
});

test("another key's fingerprint, read well, is refused", async () => {
  const key = await publicKeyFromText(TEXT);
  expect(() => checkSpoken(key, OTHER)).toThrow(NotAuthentic);
});

test("one wrong character is always caught, and so are two that were swapped and a group out of its place", () => {
  for (let place = 0; place < SAID.length; place++) {
    for (const other of SAID[place] === " " ? "" : "0123456789ABCDEFGHJKMNPQRSTVWXYZ") {
      if (other !== SAID[place]) {
        expect(() => readSpoken(SAID.slice(0, place) + other + SAID.slice(place + 1))).toThrow(NotUnderstood);
      }
    }
  }
  const groups = SAID.split(" ");
  const [first = "", second = "", ...rest] = groups;
  expect(() => readSpoken([second, first, ...rest].join(" "))).toThrow("group 1");
  for (const [index, each] of groups.entries()) {
    for (let place = 0; place < 4; place++) {
      const swapped = each.slice(0, place) + each.charAt(place + 1) + each.charAt(place) + each.slice(place + 2);
      if (swapped !== each)
        expect(() => readSpoken(groups.with(index, swapped).join(" "))).toThrow(`group ${index + 1}`);
    }
  }
});

test.each(["", "ABCDE", SAID.replace(/^./, "U"), `${SAID} 0`, SAID.replace(/^./, "é")])(
  "%j is no fingerprint",
  (text) => {
    expect(() => readSpoken(text)).toThrow(NotUnderstood);
  },
);
