/** A point well inside an area, for its symbol and its words. */

import type { MultiPolygon, Position } from "geojson";

type Ring = readonly Position[];

/** The centroid of the largest polygon, or, where that lies outside of it or in a hole, the middle of the widest stretch at its latitude. [lon, lat]. */
export function pointInside({ coordinates }: MultiPolygon): [number, number] | null {
  const largest = coordinates.reduce<Ring[] | null>(
    (best, polygon) => (best === null || area(polygon[0] ?? []) > area(best[0] ?? []) ? polygon : best),
    null,
  );
  const [rim] = largest ?? [];
  if (!largest || !rim?.length) return null;
  const [lon, lat] = centroid(rim);
  const stretches = insideAt(largest, lat);
  const around = stretches.find(([west, east]) => west < lon && lon < east);
  if (around) return [lon, lat];
  const widest = stretches.reduce<[number, number] | null>(
    (best, each) => (best === null || each[1] - each[0] > best[1] - best[0] ? each : best),
    null,
  );
  return widest ? [(widest[0] + widest[1]) / 2, lat] : [lon, lat];
}

/** In square degrees as they lie on the map: for comparing, not for telling. */
export function area(ring: Ring): number {
  return Math.abs(doubleArea(ring)) / 2;
}

function doubleArea(ring: Ring): number {
  return edges(ring).reduce((sum, [[x1 = 0, y1 = 0], [x2 = 0, y2 = 0]]) => sum + x1 * y2 - x2 * y1, 0);
}

function centroid(ring: Ring): [number, number] {
  const [x0 = 0, y0 = 0] = ring[0] ?? [];
  let [sum, sumX, sumY] = [0, 0, 0];
  for (const [[x1 = 0, y1 = 0], [x2 = 0, y2 = 0]] of edges(ring)) {
    const cross = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
    sum += cross;
    sumX += cross * (x1 + x2 - 2 * x0);
    sumY += cross * (y1 + y2 - 2 * y0);
  }
  return sum === 0 ? [x0, y0] : [x0 + sumX / (3 * sum), y0 + sumY / (3 * sum)];
}

/** Stretches of a parallel, west to east, that lie inside a polygon. */
function insideAt(polygon: readonly Ring[], lat: number): [number, number][] {
  const crossings = polygon
    .flatMap((ring) => edges(ring))
    .filter(([[, y1 = 0], [, y2 = 0]]) => y1 > lat !== y2 > lat)
    .map(([[x1 = 0, y1 = 0], [x2 = 0, y2 = 0]]) => x1 + ((lat - y1) / (y2 - y1)) * (x2 - x1))
    .sort((a, b) => a - b);
  return Array.from({ length: crossings.length >> 1 }, (_, index) => [
    crossings[2 * index] ?? 0,
    crossings[2 * index + 1] ?? 0,
  ]);
}

function edges(ring: Ring): [Position, Position][] {
  return ring.slice(1).map((to, index) => [ring[index] ?? to, to]);
}
