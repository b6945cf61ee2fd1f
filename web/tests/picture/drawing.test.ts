import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

import type { GeometryCollection, Topology } from "topojson-specification";
import { describe, expect, test } from "vitest";

import { unpacked } from "../../src/picture/basemap.js";
import { countryName } from "../../src/picture/countries.js";
import { drawnOf, featureOf } from "../../src/picture/drawing.js";
import { bearing, circle, circleOf, distance } from "../../src/picture/measure.js";
import { partyStyle } from "../../src/picture/palette.js";
import type { Drawn, Position } from "../../src/picture/types.js";

describe("what was drawn", () => {
  const polygon: Drawn = {
    kind: "polygon",
    points: [
      [1, 2],
      [1, 3],
      [2, 3],
    ],
  };
  const line: Drawn = {
    kind: "line",
    points: [
      [1, 2],
      [1, 3],
    ],
  };

  test.each([polygon, line])("a $kind comes back as it went", (drawn) => {
    expect(drawnOf(featureOf(drawn))).toEqual(drawn);
  });

  test("a circle comes back as it went", () => {
    const back = drawnOf(featureOf({ kind: "circle", points: [[34, 33]], radius_m: 9_260 }));
    expect(back?.radius_m).toBeCloseTo(9_260, 2);
    expect(distance(back?.points[0] ?? [0, 0], [34, 33])).toBeLessThan(0.01);
  });

  test("handles are nothing drawn", () => {
    expect(drawnOf({ geometry: { type: "Point", coordinates: [0, 0] }, properties: {} })).toBeNull();
  });

  test.each([
    [[71, 25], 40_000],
    [[-40, 179.9], 100_000],
  ] as [Position, number][])(
    "a circle far north or over the antimeridian is found again: %s, %s m",
    (middle, radiusM) => {
      const found = circleOf(circle(middle, radiusM));
      expect(distance(found.middle, middle)).toBeLessThan(0.01);
      expect(found.radiusM).toBeCloseTo(radiusM, 2);
    },
  );
});

test("a course is told from 0 to 360", () => {
  expect(bearing([0, 0], [0, -1])).toBeCloseTo(270, 9);
});

test("countries of the basemap are named once, where ISO 3166 lists them", () => {
  const path = createRequire(import.meta.url).resolve("world-atlas/countries-50m.json");
  type Atlas = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;
  const { names } = unpacked(JSON.parse(readFileSync(path, "utf8")) as Atlas);
  expect(names.filter(({ code }) => !countryName(code, "en"))).toEqual([]);
  expect(new Set(names.map(({ code }) => code)).size).toBe(names.length);
  expect(countryName("250", "en")).toBe("France");
  expect(countryName("000", "en")).toBeNull();
});

test("twenty-four parties look different", () => {
  const styles = Array.from({ length: 24 }, (_, index) => JSON.stringify(partyStyle(index)));
  expect(new Set(styles).size).toBe(24);
});
