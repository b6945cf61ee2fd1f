/** Meridians and parallels, as far apart as the view asks for. */

import type { Feature, FeatureCollection, LineString } from "geojson";

import type { Extent } from "./types.js";

const STEPS_DEG = [30, 20, 10, 5, 2, 1, 1 / 2, 1 / 4, 1 / 6, 1 / 12, 1 / 30, 1 / 60];
const FARTHEST_NORTH = 85;

/** The widest step of which at least four pass `widthDeg`. */
export function stepFor(widthDeg: number): number {
  return STEPS_DEG.find((step) => widthDeg / step >= 4) ?? 1 / 60;
}

/** Lines over a view, west of east, with `text` at its rim: `34°30′N`. */
export function graticule([west, south, east, north]: Extent): FeatureCollection<LineString, { text: string }> {
  const step = stepFor(Math.min(east - west, 360));
  const [bottom, top] = [Math.max(south, -FARTHEST_NORTH), Math.min(north, FARTHEST_NORTH)];
  const meridians = multiples(west, east, step).map((lon) =>
    line(
      [
        [lon, bottom],
        [lon, top],
      ],
      degrees(wrapped(lon), "E", "W"),
    ),
  );
  const parallels = multiples(bottom, top, step).map((lat) =>
    line(
      [
        [west, lat],
        [east, lat],
      ],
      degrees(lat, "N", "S"),
    ),
  );
  return { type: "FeatureCollection", features: [...meridians, ...parallels] };
}

/** `34°30′N`: whole minutes, which all steps are made of. */
export function degrees(of: number, positive: string, negative: string): string {
  const minutes = Math.round(Math.abs(of) * 60);
  const [whole, rest] = [Math.floor(minutes / 60), minutes % 60];
  const side = minutes === 0 ? "" : of > 0 ? positive : negative;
  return `${whole}°${rest ? `${String(rest).padStart(2, "0")}′` : ""}${side}`;
}

function wrapped(lon: number): number {
  const near = lon - 360 * Math.round(lon / 360);
  return near === -180 ? 180 : near;
}

function multiples(from: number, to: number, step: number): number[] {
  const first = Math.ceil(from / step - 1e-9);
  return Array.from(
    { length: Math.max(0, Math.floor(to / step + 1e-9) - first + 1) },
    (_, index) => (first + index) * step,
  );
}

function line(coordinates: [number, number][], text: string): Feature<LineString, { text: string }> {
  return { type: "Feature", properties: { text }, geometry: { type: "LineString", coordinates } };
}
