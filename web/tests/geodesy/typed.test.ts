import { describe, expect, test } from "vitest";

import { readAltitude } from "../../src/geodesy/altitude-text.js";
import { readMoment, writeDtg } from "../../src/geodesy/moments.js";
import { readPosition, readPositions } from "../../src/geodesy/positions.js";
import { type PositionFormat, writePosition } from "../../src/geodesy/write.js";

const NOW = Date.UTC(2026, 10, 23, 18, 0) * 1_000;

describe("a position", () => {
  test.each([
    ["35.5, 35.8", 35.5, 35.8],
    ["35.5N 35.8E", 35.5, 35.8],
    ["N35.5 E35.8", 35.5, 35.8],
    ["35°30′00″N 035°48′00″E", 35.5, 35.8],
    ["35 30.0 N 035 48.0 E", 35.5, 35.8],
    ["353000N 0354800E", 35.5, 35.8],
    ["3530N03548E", 35.5, 35.8],
    ["-33.9, 18.4", -33.9, 18.4],
    ["35,5 35,8", 35.5, 35.8],
    ["36S YE 30000 20000", 35.4, 36.0],
  ])("%s is read", (text, latitude, longitude) => {
    const read = readPosition(text);
    const near = text.includes("S YE") ? 0 : 5;
    expect(read.latitudeDeg).toBeCloseTo(latitude, near);
    expect(read.longitudeDeg).toBeCloseTo(longitude, near);
  });

  test.each([
    ["135.5, 35.8", "are the two swapped"],
    ["35.8E 35.5E", "one of N or S"],
    ["35,30,35,48", "decimal marks"],
    ["somewhere", "is not a coordinate"],
    ["35°61′N 35°00′E", "from 0 to below 60"],
    ["36S YE 300 20", "has 5 digits"],
  ])("%s is refused", (text, refusal) => expect(() => readPosition(text)).toThrow(refusal));

  test.each(["dms", "ddm", "dd", "mgrs"] as PositionFormat[])("written as %s is read again", (format) => {
    for (const [latitude, longitude] of [
      [35.4999999, 35.8],
      [-33.91, -70.6],
      [0.00001, 179.99999],
      [59.9999999, -0.0001],
    ] as const) {
      const read = readPosition(writePosition(latitude, longitude, format));
      expect(Math.abs(read.latitudeDeg - latitude)).toBeLessThan(3e-5);
      expect(Math.abs(read.longitudeDeg - longitude)).toBeLessThan(6e-5);
    }
  });

  test.each([
    ["35.5, 35.8", 7_204],
    ["37SBV5208", 714],
    ["353000N 0354800E", 20],
  ])("%s leaves %i m open", (text, metres) => expect(Math.round(readPosition(text).offByM)).toBe(metres));

  test("that is wrong among several is named by its line", () => {
    expect(readPositions("35N 36E\n\n36N 36E")).toHaveLength(2);
    expect(() => readPositions("35N 36E\nnowhere")).toThrow("line 2");
  });
});

describe("a moment", () => {
  test.each([
    ["171839ZSEP18", "2018-09-17T18:39:00.000Z"],
    ["17 2139C SEP 2018", "2018-09-17T18:39:00.000Z"],
    ["2018-09-17T21:39+03:00", "2018-09-17T18:39:00.000Z"],
    ["2018-09-17 18:39Z", "2018-09-17T18:39:00.000Z"],
    ["1839Z", "2026-11-23T18:39:00.000Z"],
    ["1739Z", "2026-11-24T17:39:00.000Z"],
    ["now", "2026-11-23T18:00:00.000Z"],
  ])("%s is read", (text, iso) => expect(new Date(readMoment(text, NOW) / 1_000).toISOString()).toBe(iso));

  test.each([
    ["2018-09-17T18:39", "has no zone"],
    ["171839SEP18", "has no zone"],
    ["311839ZSEP18", "does not exist"],
    ["17.09.2018 18:39", "is not a time"],
    ["2018-09-17T18:39+99:99", "beyond ±14:00"],
  ])("%s is refused", (text, refusal) => expect(() => readMoment(text, NOW)).toThrow(refusal));

  test.each(["171839ZSEP18", "171839ZSEP1999", "010000ZJAN2100", "010000ZJAN0099"])(
    "%s written as a date-time group is read again",
    (group) => {
      const at = readMoment(group, NOW);
      expect([writeDtg(at), readMoment(writeDtg(at), NOW)]).toEqual([group, at]);
    },
  );
});

test.each([
  ["FL240", "FL", 7315.2],
  ["2000 ft AMSL", "AMSL", 609.6],
  ["120 m AGL", "AGL", 120],
  ["SFC", "AGL", 0],
  ["UNL", "UNL", null],
  ["", "UNSTATED", null],
])("the altitude %s is read", (text, reference, value) => {
  const read = readAltitude(text);
  expect(read.reference).toBe(reference);
  if (value === null) expect(read.value_m).toBeNull();
  else expect(read.value_m).toBeCloseTo(value, 6);
});

test("a bare altitude is refused", () => expect(() => readAltitude("2000 ft")).toThrow("does not say above what"));
