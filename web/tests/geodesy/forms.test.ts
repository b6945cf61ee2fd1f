/** What people write is read here as Python reads it, or refused as there; the vectors are made there. Meant differences are named below. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

import { readAltitude } from "../../src/geodesy/altitude-text.js";
import { readMoment } from "../../src/geodesy/moments.js";
import { readPosition } from "../../src/geodesy/positions.js";
import { NotUnderstood } from "../../src/geodesy/written.js";

type Value = "refused" | number | readonly (number | string | null)[];
interface Case {
  readonly kind: "position" | "moment" | "altitude";
  readonly text: string;
  readonly value: Value;
}

const CASES = JSON.parse(
  readFileSync(process.env["FORMS"] ?? new URL("../../../tests/vectors/geodesy/forms.json", import.meta.url), "utf8"),
) as Case[];
const NOW_US = Date.UTC(2026, 10, 24) * 1000;

/** Read here and not there: shorthand of whoever types. */
const SHORTHAND: Readonly<Record<Case["kind"], RegExp>> = {
  position: /^(?!)/,
  moment: /^\s*(?:\d\d:?\d\d\s*[zZ]|now)\s*$/,
  altitude: /^\s*$/,
};
/** Read there and not here: UTM, the poles in MGRS, and zones that are not of an area and a place. */
const LEFT_OUT: Readonly<Record<Case["kind"], RegExp>> = {
  position: /^\s*(?:MGRS:?)?\s*(?:[ABYZ][A-HJ-NP-Z]{2}|(?:UTM|ZONE)?\s*\d{1,2}\s*[A-Z][\s,;]+(?:E\s*)?\d{6})/i,
  moment: /\d\s*[A-Za-z]{2,}[A-Za-z0-9+-]*$/,
  altitude: /(?!)/,
};

function read({ kind, text }: Case): Value {
  try {
    if (kind === "moment") return readMoment(text, NOW_US);
    if (kind === "altitude") {
      const { reference, value_m } = readAltitude(text);
      return [reference, value_m];
    }
    const { latitudeDeg, longitudeDeg, offByM } = readPosition(text);
    return [latitudeDeg, longitudeDeg, offByM];
  } catch (error) {
    if (!(error instanceof NotUnderstood)) throw error;
    return "refused";
  }
}

/** A metre of place, the last bit of a number. */
function isClose(here: Value, there: Value): boolean {
  if (!Array.isArray(here) || !Array.isArray(there)) return here === there;
  return here.every((part: unknown, at) => {
    const other: unknown = there[at];
    if (typeof part !== "number" || typeof other !== "number") return part === other;
    return Math.abs(part - other) <= (at < 2 ? 1.5e-5 : 1e-9 * Math.abs(other));
  });
}

describe.each(["position", "moment", "altitude"] as const)("each way to write a %s", (kind) => {
  const cases = CASES.filter((each) => each.kind === kind);

  test("is read as Python reads it, or refused as there", () => {
    const others = cases
      .map((each) => ({ text: each.text, here: read(each), there: each.value }))
      .filter(({ text, here, there }) => {
        if (isClose(here, there)) return false;
        if (there === "refused") return !SHORTHAND[kind].test(text);
        return !(here === "refused" && LEFT_OUT[kind].test(text));
      });
    expect(others).toEqual([]);
  });

  test("is among the vectors, read and refused", () => {
    const refused = cases.filter(({ value }) => value === "refused").length;
    expect(refused).toBeGreaterThan(30);
    expect(cases.length - refused).toBeGreaterThan(30);
  });
});
