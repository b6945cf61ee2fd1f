import { describe, expect, test } from "vitest";

import { bandOf, lanes, place, topOf } from "../../src/picture/altitude.js";
import { degrees, graticule, stepFor } from "../../src/picture/graticule.js";
import { pointInside } from "../../src/picture/inside.js";
import { bearing, circle, circleOf, distance, extentOf, geodesic, round125 } from "../../src/picture/measure.js";
import { activeAt, dateTimeGroup, density, HOUR_US, spanOf, ticks } from "../../src/picture/timeline.js";
import type { Shown } from "../../src/picture/types.js";

const square = (west: number, south: number, side: number): [number, number][] => [
  [west, south],
  [west + side, south],
  [west + side, south + side],
  [west, south + side],
  [west, south],
];

function volume(given: Partial<Shown>): Shown {
  return {
    id: "one",
    party: "A",
    label: "ONE",
    activity: "air_operation",
    level: "full",
    geometry: { type: "MultiPolygon", coordinates: [[square(35, 33, 1)]] },
    fromUs: 0,
    untilUs: 10,
    lowerM: 0,
    upperM: 1000,
    altitudeText: "",
    ...given,
  };
}

describe("along time", () => {
  test("a window includes both its ends, so that what happens at one moment is there then", () => {
    expect([-1, 0, 10, 11].map((at) => activeAt({ fromUs: 0, untilUs: 10 }, at))).toEqual([false, true, true, false]);
    expect(activeAt({ fromUs: 7, untilUs: 7 }, 7)).toBe(true);
  });

  test("an open side goes on for ever", () => {
    expect(activeAt({ fromUs: -Infinity, untilUs: 5 }, -1e18)).toBe(true);
    expect(activeAt({ fromUs: 5, untilUs: Infinity }, 1e18)).toBe(true);
  });

  test("open sides do not stretch the span", () => {
    const span = spanOf([{ fromUs: -Infinity, untilUs: HOUR_US }, { fromUs: 0, untilUs: Infinity }], 0); // prettier-ignore
    expect(span).toEqual({ fromUs: 0, untilUs: HOUR_US });
  });

  test("a volume counts in every part that it touches, and one of a moment in one", () => {
    const shown = [volume({ fromUs: 10, untilUs: 30 }), volume({ fromUs: 55, untilUs: 55, answer: "CONFLICT" })];
    const counted = density(shown, { fromUs: 0, untilUs: 100 }, 10);
    expect([...counted.active].slice(1, 3)).toEqual([1, 1]);
    expect([...counted.conflicts]).toEqual([0, 0, 0, 0, 0, 1, 0, 0, 0, 0]);
  });

  test("what lies outside the span is not counted", () => {
    const shown = [volume({ fromUs: 200, untilUs: 300 }), volume({ fromUs: -30, untilUs: -20 })];
    expect(density(shown, { fromUs: 0, untilUs: 100 }, 4).most).toBe(0);
  });

  test("moments under the slider are whole and no more than fit", () => {
    const found = ticks({ fromUs: 0, untilUs: 24 * HOUR_US }, 8);
    expect(found.length).toBeLessThanOrEqual(9);
    expect(found.every((at) => at % (3 * HOUR_US) === 0)).toBe(true);
  });

  test("a moment is said in UTC, as logs say it", () => {
    expect(dateTimeGroup(Date.UTC(2018, 8, 17, 18, 39) * 1000)).toBe("171839Z SEP 18");
  });
});

describe("heights", () => {
  test("keep their order in the strip", () => {
    const heights = [0, 10, 150, 3000, 9000, 40_000].map((height) => place(height, 12_000));
    expect(heights).toEqual([...heights].sort((a, b) => a - b));
    expect([heights.at(0), heights.at(-1)]).toEqual([0, 1]);
  });

  test("an open upper side runs out of the strip, and does not stretch it", () => {
    const unlimited = volume({ lowerM: 100, upperM: Infinity });
    const top = topOf([volume({}), unlimited]);
    expect(top).toBeLessThan(2000);
    expect(bandOf(unlimited, top)).toMatchObject({ to: 1, open: true });
  });

  test("bands stand with their party, parties in the order given", () => {
    const active = [volume({ id: "b", party: "B" }), volume({ id: "a" })];
    const found = lanes(active, ["A", "B", "C"], 2000);
    expect(found.map(({ party, bands }) => [party, bands.map(({ id }) => id)])).toEqual([
      ["A", ["a"]],
      ["B", ["b"]],
    ]);
  });
});

test("a crowded lane covers the same heights with few bands", () => {
  const active = Array.from({ length: 10_000 }, (_, at) =>
    volume({ id: `${at}`, lowerM: at < 5000 ? 100 : 1500, upperM: at < 5000 ? 101 + (at % 400) : 1800 }),
  );
  const [lane] = lanes(active, ["A"], 2000);
  expect(lane?.bands.map(({ from, to }) => [from, to])).toEqual([
    [place(100, 2000), place(500, 2000)],
    [place(1500, 2000), place(1800, 2000)],
  ]);
});

describe("on the ground", () => {
  test("lengths are geodesic: from JFK to LHR as GeographicLib's documentation has it", () => {
    expect(distance([40.6, -73.8], [51.6, -0.5])).toBeCloseTo(5_551_759.4, 0);
    expect(bearing([40.6, -73.8], [51.6, -0.5])).toBeCloseTo(51.1988, 3);
  });

  test("no line goes around the Earth", () => {
    const lons = geodesic([
      [10, 179],
      [12, -178],
    ]).map(([lon]) => lon);
    expect(Math.max(...lons) - Math.min(...lons)).toBeLessThan(3.001);
  });

  test("a circle is found again from its ring", () => {
    const found = circleOf(circle([33.4, 35.6], 18_000));
    expect(found.radiusM).toBeCloseTo(18_000, 1);
    expect(distance(found.middle, [33.4, 35.6])).toBeLessThan(1);
  });

  test("a scale bar is round and never longer than its room", () => {
    for (const most of [0.3, 1, 4.9, 7, 240]) {
      expect(round125(most)).toBeLessThanOrEqual(most);
      expect(round125(most) * 2.5).toBeGreaterThanOrEqual(most);
    }
  });

  test("an extent takes the short way over the antimeridian", () => {
    expect(extentOf([square(178, 0, 1), square(-179, 0, 1)])).toEqual([178, 0, -178, 1]);
    expect(extentOf([square(34, 31, 1), square(36, 33, 1)])).toEqual([34, 31, 37, 34]);
  });

  test("a label stands inside an area that bends around its middle", () => {
    const bent: [number, number][] = [
      [0, 0],
      [10, 0],
      [10, 10],
      [9, 10],
      [9, 1],
      [1, 1],
      [1, 10],
      [0, 10],
      [0, 0],
    ];
    const [lon = NaN, lat = NaN] = pointInside({ type: "MultiPolygon", coordinates: [[bent]] }) ?? [];
    expect(lat > 1 ? lon < 1 || lon > 9 : lat > 0).toBe(true);
  });

  test("the graticule runs on over the antimeridian, and names meridians within it", () => {
    const texts = graticule([175, -5, 185, 5]).features.map(({ properties }) => properties.text);
    expect(texts).toEqual(expect.arrayContaining(["180°E", "176°E", "176°W", "0°"]));
    expect(degrees(-33.5, "N", "S")).toBe("33°30′S");
    for (const wide of [0.1, 2, 30, 300]) expect(wide / stepFor(wide)).toBeGreaterThanOrEqual(4);
  });
});
