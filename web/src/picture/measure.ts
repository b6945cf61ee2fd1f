/** Lengths and lines on the ellipsoid, for the measuring line, the scale bar, and circles that were drawn. */

import { cut, direct, inverse } from "../notice/wgs84.js";
import type { Extent, Position } from "./types.js";

export const NAUTICAL_MILE_M = 1852;

export function lengthOf(line: readonly Position[]): number {
  return line.slice(1).reduce((sum, to, index) => sum + distance(line[index] ?? to, to), 0);
}

export function distance(from: Position, to: Position): number {
  return inverse(from, to).distanceM;
}

/** Degrees clockwise from true north, 0 up to 360. */
export function bearing(from: Position, to: Position): number {
  return (inverse(from, to).azimuthDeg + 360) % 360;
}

/** The geodesic as a line of [lon, lat] that does not jump at the antimeridian. */
export function geodesic(line: readonly Position[]): [number, number][] {
  let before: number | undefined;
  return cut([...line], Math.max(lengthOf(line) / 96, 10_000)).map(([lat, lon]) => {
    const near: number = before === undefined ? lon : lon + 360 * Math.round((before - lon) / 360);
    before = near;
    return [near, lat];
  });
}

/** The circle that a ring of [lon, lat] was drawn as: the middle, and the mean distance to it. */
export function circleOf(ring: readonly (readonly number[])[]): { middle: Position; radiusM: number } {
  const corners = ring.slice(0, -1).map(([lon = 0, lat = 0]): Position => [lat, lon]);
  const mean = (of: (corner: Position) => number): number =>
    corners.reduce((sum, corner) => sum + of(corner), 0) / corners.length;
  let middle: Position = [mean(([lat]) => lat), mean(([, lon]) => lon)];
  for (let round = 0; round < 8; round += 1) {
    const far = corners.map((corner) => inverse(middle, corner));
    const radius = far.reduce((sum, leg) => sum + leg.distanceM, 0) / far.length;
    const off = (along: (angle: number) => number): number =>
      far.reduce((sum, leg) => sum + (leg.distanceM - radius) * along((leg.azimuthDeg * Math.PI) / 180), 0) /
      far.length;
    const [dn, de] = [2 * off(Math.cos), 2 * off(Math.sin)];
    middle = direct(middle, (Math.atan2(de, dn) * 180) / Math.PI, Math.hypot(dn, de));
  }
  return { middle, radiusM: mean((corner) => distance(middle, corner)) };
}

/** A ring of [lon, lat] at a distance of a middle. */
export function circle(middle: Position, radiusM: number, corners = 64): [number, number][] {
  return Array.from({ length: corners + 1 }, (_, index) => {
    const [lat, lon] = direct(middle, (-360 * (index % corners)) / corners, radiusM);
    return [lon + 360 * Math.round((middle[1] - lon) / 360), lat];
  });
}

/** The longest round length that is no longer than `mostM`: 1, 2 or 5 times a power of ten. */
export function round125(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  return ([5, 2, 1].find((times) => times * power <= most) ?? 1) * power;
}

/** What holds all the rings; null where there are none. Longitudes are taken by the widest gap, so that the antimeridian parts nothing. */
export function extentOf(rings: Iterable<readonly (readonly number[])[]>): Extent | null {
  let [south, north] = [Infinity, -Infinity];
  const spans: [number, number][] = [];
  for (const ring of rings) {
    let [west, east] = [Infinity, -Infinity];
    for (const [lon = 0, lat = 0] of ring) {
      [south, north, west, east] = [
        Math.min(south, lat),
        Math.max(north, lat),
        Math.min(west, lon),
        Math.max(east, lon),
      ];
    }
    if (west <= east) spans.push([west, east]);
  }
  if (!spans.length) return null;
  spans.sort(([a], [b]) => a - b);
  const [first] = spans[0] ?? [0];
  let reach = -Infinity;
  let gap = { width: -Infinity, from: 0, to: 0 };
  for (const [west, east] of spans) {
    if (west - reach > gap.width && Number.isFinite(reach)) gap = { width: west - reach, from: reach, to: west };
    reach = Math.max(reach, east);
  }
  return gap.width > first + 360 - reach ? [gap.to, south, gap.from, north] : [first, south, reach, north];
}
