import { describe, expect, test } from "vitest";

import type { FootprintForm, Place } from "../../src/notice/forms.js";
import { outline } from "../../src/notice/outline.js";
import { inverse } from "../../src/notice/wgs84.js";

type Ring = readonly (readonly [number, number])[];

function only(footprint: FootprintForm): readonly Ring[] {
  const { type, coordinates } = outline(footprint);
  expect(type).toBe("MultiPolygon");
  expect(coordinates.length).toBe(1);
  return coordinates[0] ?? [];
}

function area(ring: Ring): number {
  return ring.slice(1).reduce((sum, [x, y], k) => sum + (ring[k]?.[0] ?? NaN) * y - x * (ring[k]?.[1] ?? NaN), 0) / 2;
}

function holds(ring: Ring, [lat, lon]: Place): boolean {
  const crossed = ring.slice(1).filter(([x, y], k) => {
    const [px, py] = ring[k] ?? [NaN, NaN];
    return py > lat !== y > lat && lon < px + ((lat - py) / (y - py)) * (x - px);
  });
  return crossed.length % 2 === 1;
}

const SQUARE: Place[] = [
  [35, 35],
  [35, 36],
  [36, 36],
  [36, 35],
];

describe("what a map draws", () => {
  test.each([
    [0, 0],
    [62, -20],
    [-45, 100],
  ])("a circle at %d, %d, from outside, by at most a thousandth", (lat, lon) => {
    const [ring = []] = only({ shape: "circle", centre: [lat, lon], radius_m: 30_000 });
    const far = ring.map(([x, y]) => inverse([lat, lon], [y, x]).distanceM);
    expect(Math.min(...far)).toBeGreaterThan(30_000);
    expect(Math.max(...far)).toBeLessThan(30_030);
  });

  test("rings are closed, shells anticlockwise, holes clockwise, whichever way they were given", () => {
    const hole: Place[] = SQUARE.map(([lat, lon]) => [35.25 + (lat - 35) / 2, 35.25 + (lon - 35) / 2]);
    for (const holes of [[hole], [[...hole].reverse()]]) {
      for (const shell of [SQUARE, [...SQUARE].reverse()]) {
        const rings = only({ shape: "polygon", shell, holes });
        expect(rings.map((ring) => Math.sign(area(ring)))).toEqual([1, -1]);
        for (const ring of rings) expect(ring[0]).toEqual(ring.at(-1));
      }
    }
  });

  test("edges are cut along the geodesic, and every corner is kept", () => {
    const [ring = []] = only({ shape: "polygon", shell: SQUARE, holes: [] });
    for (const [lat, lon] of SQUARE) expect(ring).toContainEqual([lon, lat]);
    expect(ring.length).toBeGreaterThan(4 * 4);
  });

  test("a corridor that bends is one outline, and holds its line", () => {
    const line: Place[] = [
      [33.8, 35.4],
      [34.6, 36.2],
      [34.6, 36.2],
      [34.4, 37.1],
      [33.9, 36.6],
    ];
    const [ring = []] = only({ shape: "corridor", centre_line: line, half_width_m: 5_556, ends: "square" });
    for (const place of line) expect(holds(ring, place)).toBe(true);
    for (const place of [[34.0, 36.2] as const, [35, 36.2] as const]) expect(holds(ring, place)).toBe(false);
  });

  test("a corridor that closes on itself keeps the hole in it", () => {
    const closed = [...SQUARE, SQUARE[0] ?? [0, 0]];
    const rings = only({ shape: "corridor", centre_line: closed, half_width_m: 5_000, ends: "round" });
    expect(rings.map((ring) => Math.sign(area(ring)))).toEqual([1, -1]);
  });

  test.each([
    ["left", -0.2],
    ["centre", 0],
    ["right", 0.2],
  ] as const)("the middle of an orbit lies to the %s", (alignment, lon) => {
    const [ring = []] = only({ shape: "orbit", first: [0, 0], second: [1, 0], width_m: 44_000, alignment });
    expect(holds(ring, [0.5, lon])).toBe(true);
    expect(holds(ring, [0.5, lon + 0.25])).toBe(false);
    expect(holds(ring, [0.5, lon - 0.25])).toBe(false);
  });
});

describe("the antimeridian and the poles", () => {
  test.each([179.9, -179.9])("longitudes run on past the antimeridian from %d", (lon) => {
    const [ring = []] = only({ shape: "circle", centre: [-17, lon], radius_m: 50_000 });
    const lons = ring.map(([x]) => x);
    expect(Math.max(...lons) - Math.min(...lons)).toBeLessThan(2);
    expect(Math.max(...lons.map(Math.abs))).toBeGreaterThan(180);
    expect(Math.sign(area(ring))).toBe(1);
  });

  test("a hole lies where its shell is", () => {
    const shell: Place[] = [
      [-18, 179],
      [-18, -179],
      [-16, -179],
      [-16, 179],
    ];
    const hole: Place[] = [
      [-17.5, -179.8],
      [-17.5, -179.4],
      [-16.5, -179.4],
    ];
    const [outer = [], inner = []] = only({ shape: "polygon", shell, holes: [hole] });
    for (const [lon, lat] of inner.slice(1)) expect(holds(outer, [lat, lon])).toBe(true);
  });

  test.each([
    [89, 1],
    [-89, -1],
  ])("a circle at %d that holds the pole is closed along it", (lat, sign) => {
    const [ring = []] = only({ shape: "circle", centre: [lat, 40], radius_m: 300_000 });
    expect(ring.filter(([, y]) => y === 90 * sign).length).toBe(2);
    for (const lon of [-170, -60, 0, 90, 175]) {
      const turns = [-360, 0, 360].map((turn) => holds(ring, [89.9 * sign, lon + turn]));
      expect(turns.filter(Boolean).length).toBe(1);
    }
  });
});
