import { describe, expect, it } from "vitest";

import { type Brush, Ink, type Rings } from "../../src/picture/ink.js";

const BRUSH: Brush = { colour: [200, 100, 50], fill: 90, rim: 0, texture: "solid" };
const [WIDTH, HEIGHT] = [70, 50];

/** The same numbers each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

function ring(next: () => number): Float64Array {
  const corners = 3 + Math.floor(next() * 7);
  return Float64Array.from(
    { length: 2 * corners },
    (_, at) => Math.round((next() * 140 - 40) * 2) / 2 - (at % 2 ? 15 : 0),
  );
}

function painted(draw: (ink: Ink) => void): Uint8ClampedArray {
  const ink = new Ink(WIDTH, HEIGHT);
  draw(ink);
  const image = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
  ink.paint(image);
  return image;
}

function covered(image: Uint8ClampedArray): boolean[] {
  return Array.from({ length: WIDTH * HEIGHT }, (_, pixel) => (image[4 * pixel + 3] ?? 0) > 0);
}

/** The definition: the middle of the pixel, and how often a ray from it to the right crosses a rim. */
function isInside(rings: Rings, x: number, y: number): boolean {
  let crossings = 0;
  for (const points of rings) {
    for (let at = 0; at < points.length; at += 2) {
      const [x1 = 0, y1 = 0] = points.slice(at, at + 2);
      const next = (at + 2) % points.length;
      const [x2 = 0, y2 = 0] = points.slice(next, next + 2);
      if (y1 > y + 0.5 !== y2 > y + 0.5 && x + 0.5 < x1 + ((y + 0.5 - y1) / (y2 - y1)) * (x2 - x1)) crossings += 1;
    }
  }
  return crossings % 2 === 1;
}

describe("areas drawn by sums", () => {
  it("covers the pixels whose middle lies inside, by the even–odd rule, wherever the corners are", () => {
    const next = numbers(1);
    for (let round = 0; round < 60; round += 1) {
      const rings = [ring(next), ...(next() < 0.4 ? [ring(next)] : [])];
      const found = covered(painted((ink) => ink.draw(rings, BRUSH, 1)));
      const expected = found.map((_, pixel) => isInside(rings, pixel % WIDTH, Math.floor(pixel / WIDTH)));
      expect(found).toEqual(expected);
    }
  });

  it("forgets what is taken away, whatever was drawn in between", () => {
    const next = numbers(2);
    const brushes = (["solid", "hatch", "dots"] as const).map((texture, at) => ({
      ...BRUSH,
      rim: 400,
      texture,
      colour: [90 * at, 20, 255 - 90 * at] as const,
    }));
    for (let round = 0; round < 30; round += 1) {
      const areas = Array.from({ length: 6 }, (_, at) => ({ rings: [ring(next)], brush: brushes[at % 3] ?? BRUSH }));
      const stays = areas.filter((_, at) => at % 2);
      const goes = areas.filter((_, at) => !(at % 2));
      const both = painted((ink) => {
        for (const { rings, brush } of areas) ink.draw(rings, brush, 1);
        ink.paint(new Uint8ClampedArray(WIDTH * HEIGHT * 4));
        ink.clear();
        for (const { rings, brush } of areas) ink.draw(rings, brush, 1);
        for (const { rings, brush } of goes) ink.draw(rings, brush, -1);
      });
      const alone = painted((ink) => {
        for (const { rings, brush } of stays) ink.draw(rings, brush, 1);
      });
      expect(both).toEqual(alone);
    }
  });

  it("shows what is smaller than a pixel, and what is a line", () => {
    for (const points of [
      [10.4, 10.4, 10.6, 10.4, 10.6, 10.6],
      [3.2, 8.1, 60.7, 8.1, 3.2, 8.1],
      [20, 20, 20, 20, 20, 20],
    ]) {
      const image = painted((ink) => ink.draw([Float64Array.from(points)], { ...BRUSH, rim: 400 }, 1));
      expect(covered(image)).toContain(true);
    }
  });

  it("draws the rim of what begins and ends far off the sheet", () => {
    const across = Float64Array.from([-1e7, 25.5, 1e7, 25.5, 1e7, 1e7, -1e7, 1e7]);
    const row = covered(painted((ink) => ink.draw([across], { ...BRUSH, fill: 0, rim: 400 }, 1))).slice(
      25 * WIDTH,
      26 * WIDTH,
    );
    expect(row).toEqual(Array.from({ length: WIDTH }, () => true));
  });

  it("is the darker the more areas lie over one another, and never of a colour that none of them has", () => {
    const square = [Float64Array.from([5, 5, 40, 5, 40, 40, 5, 40])];
    const at = 4 * (20 * WIDTH + 20);
    const of = (count: number): number[] => {
      const image = painted((ink) => {
        for (let each = 0; each < count; each += 1) ink.draw(square, BRUSH, 1);
      });
      return [...image.slice(at, at + 4)];
    };
    const depths = [1, 2, 5, 50, 500].map((count) => of(count));
    for (const [red, green, blue] of depths) expect([red, green, blue]).toEqual([200, 100, 50]);
    const weights = depths.map(([, , , weight = 0]) => weight);
    expect(weights).toEqual([...weights].sort((a, b) => a - b));
    expect(new Set(weights.slice(0, 4)).size).toBe(4);
    expect(weights[4]).toBe(255);
  });

  it("says which tiles changed, and no others", () => {
    const ink = new Ink(WIDTH, HEIGHT);
    const image = new Uint8ClampedArray(WIDTH * HEIGHT * 4);
    expect(ink.paint(image)).toHaveLength(6);
    ink.draw([Float64Array.from([2, 2, 9, 2, 9, 9])], BRUSH, 1);
    expect(ink.paint(image)).toEqual([{ x: 0, y: 0 }]);
    expect(ink.paint(image)).toEqual([]);
  });
});
