import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

import { readDurationS, readLengthM, readSpeedMS } from "../../src/geodesy/quantities.js";
import { NotUnderstood } from "../../src/geodesy/written.js";

interface Case {
  readonly kind: "length" | "duration" | "speed";
  readonly text: string;
  readonly value?: number;
  readonly refused?: { readonly what: string; readonly hint: string };
}

const READERS = { length: readLengthM, duration: readDurationS, speed: readSpeedMS };
const VECTORS = new URL("../../../tests/vectors/geodesy/quantities.json", import.meta.url);
const CASES = JSON.parse(readFileSync(VECTORS, "utf8")) as Case[];

test.each(CASES)("$kind $text is read, or refused, as Python does", ({ kind, text, value, refused }) => {
  let came: unknown;
  try {
    came = READERS[kind](text);
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    came = { what: error.what, hint: error.hint };
  }
  expect(came).toEqual(value ?? refused);
});
