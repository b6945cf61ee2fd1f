/**
 * WGS 84: geodesics through GeographicLib, and positions in earth-centred coordinates; as `detente.geodesy.wgs84`.
 *
 * Degrees and metres. GeographicLib here and behind PROJ are two ports of one algorithm, and agree to some 15 nm anywhere.
 * Source: NIMA TR8350.2 for the constants; Karney, Algorithms for geodesics, J. Geodesy 87 (2013).
 */

import geodesic from "geographiclib-geodesic";

import type { Place } from "./forms.js";

/** Three coordinates: a unit vector, or metres from the middle of the Earth. */
export type Vector = readonly [number, number, number];

export const SEMI_MAJOR_M = 6_378_137.0;
const FLATTENING = 1 / 298.257223563;
const SEMI_MINOR_M = SEMI_MAJOR_M * (1 - FLATTENING);
export const SMALLEST_CURVATURE_RADIUS_M = SEMI_MAJOR_M * (1 - FLATTENING * (2 - FLATTENING));
const RADIANS = Math.PI / 180;

const ellipsoid = new geodesic.Geodesic.Geodesic(SEMI_MAJOR_M, FLATTENING);

/** A course (degrees, clockwise from north) and how far (m). */
export interface Leg {
  readonly azimuthDeg: number;
  readonly distanceM: number;
}

/** The shortest way from one place to another, by its azimuth at the first. */
export function inverse([lat1, lon1]: Place, [lat2, lon2]: Place): Leg {
  const { azi1, s12 } = ellipsoid.Inverse(lat1, lon1, lat2, lon2);
  return { azimuthDeg: azi1 ?? NaN, distanceM: s12 ?? NaN };
}

/** Where one gets to by going so far at an azimuth. */
export function direct([lat, lon]: Place, azimuthDeg: number, distanceM: number): Place {
  const { lat2, lon2 } = ellipsoid.Direct(lat, lon, azimuthDeg, distanceM);
  return [lat2 ?? NaN, lon2 ?? NaN];
}

/** The azimuth at which the geodesic from the first place arrives at the second, going on. */
export function finalAzimuth(from: Place, to: Place): number {
  return inverse(to, from).azimuthDeg + 180;
}

/** A line with extra places along its geodesics, so that no piece is longer than `longestM`; every given place is kept. */
export function cut(line: readonly Place[], longestM: number): Place[] {
  const [start] = line;
  const places: Place[] = start ? [start] : [];
  line.slice(1).forEach((to, index) => {
    places.push(...between(line[index] ?? to, to, longestM), to);
  });
  return places;
}

function between(from: Place, to: Place, longestM: number): Place[] {
  if (arcAtMost(apart(ecef(from), ecef(to))) < longestM) return [];
  const { azimuthDeg, distanceM } = inverse(from, to);
  const count = Math.max(Math.ceil(distanceM / longestM), 1);
  return Array.from({ length: count - 1 }, (_, step) => direct(from, azimuthDeg, (distanceM * (step + 1)) / count));
}

/** The unit vector along the ellipsoid's outward normal. */
export function normal([latitudeDeg, longitudeDeg]: Place): Vector {
  const lat = latitudeDeg * RADIANS;
  const lon = longitudeDeg * RADIANS;
  const level = Math.cos(lat);
  return [level * Math.cos(lon), level * Math.sin(lon), Math.sin(lat)];
}

/** Metres from the middle of the Earth, on the ellipsoid. */
export function ecef(place: Place): Vector {
  const [x, y, z] = normal(place);
  const px = x * SEMI_MAJOR_M ** 2;
  const py = y * SEMI_MAJOR_M ** 2;
  const pz = z * SEMI_MINOR_M ** 2;
  const depth = Math.sqrt(x * px + y * py + z * pz);
  return [px / depth, py / depth, pz / depth];
}

/** The place whose direction a vector has, latitude read as if on a sphere. */
export function placeTowards([x, y, z]: Vector): Place {
  return [Math.atan2(z, Math.hypot(x, y)) / RADIANS, Math.atan2(y, x) / RADIANS];
}

/** The longest geodesic (m) that a straight chord through the Earth can span. Errs outward. */
function arcAtMost(chordM: number): number {
  const half = chordM / (2 * SMALLEST_CURVATURE_RADIUS_M);
  if (chordM >= 12_000_000) return Math.PI * SEMI_MAJOR_M;
  return 2 * SMALLEST_CURVATURE_RADIUS_M * Math.asin(Math.min(half, 1));
}

export function apart(a: Vector, b: Vector): number {
  return Math.sqrt((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2);
}

export function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

export function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

export function scaled(a: Vector, by: number): Vector {
  return [a[0] * by, a[1] * by, a[2] * by];
}

export function plus(a: Vector, b: Vector): Vector {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
}

export function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}
