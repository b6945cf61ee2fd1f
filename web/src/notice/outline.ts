/**
 * What a map draws of a footprint: polygons around it on the outside. For the eye: they decide nothing; as `detente.geodesy.outline`.
 *
 * Every footprint lies within its outline, and the outline within 0.1 % (of the radius or half width) of the footprint. Edges are cut along
 * the geodesic, so that they may be drawn straight. Longitudes run on past ±180° where a ring crosses the antimeridian, as maps draw it without
 * a seam; a ring round a pole is closed along it.
 */

import polygonClipping from "polygon-clipping";

import { chartAbout, type Point } from "./chart.js";
import type { CorridorForm, FootprintForm, PartForm, Place, RingForm } from "./forms.js";
import { middleLine, moving } from "./shape.js";
import { cut, direct, finalAzimuth, inverse, normal } from "./wgs84.js";

/** GeoJSON (RFC 7946): longitude before latitude, rings closed, shells anticlockwise and holes clockwise. */
export interface MultiPolygonGeometry {
  readonly type: "MultiPolygon";
  readonly coordinates: Point[][][];
}

const LONGEST_EDGE_M = 25_000; // a straight edge this long strays 21 m from the geodesic at 60° of latitude
const SIDE_MARGIN = 1.0002; // sides of corridors bow outward between their corners by less than this
const CIRCLE_CORNERS = 72; // 1/cos(180°/72) is 1.00095

/** The footprint as a map draws it. */
export function outline(footprint: FootprintForm): MultiPolygonGeometry {
  return { type: "MultiPolygon", coordinates: partsOf(footprint).map(drawn) };
}

function partsOf(footprint: FootprintForm): readonly PartForm[] {
  switch (footprint.shape) {
    case "polygon":
      return [cutPart(footprint)];
    case "multipolygon":
      return footprint.parts.map(cutPart);
    case "circle":
      return [part(circle(footprint.centre, footprint.radius_m))];
    case "orbit":
      return [part(capsule(middleLine(footprint), footprint.width_m / 2, [false, false]))];
    case "corridor":
      return corridor(footprint);
  }
}

function part(shell: RingForm): PartForm {
  return { shell, holes: [] };
}

function cutPart({ shell, holes }: PartForm): PartForm {
  return { shell: cutRing(shell), holes: holes.map(cutRing) };
}

function cutRing(ring: RingForm): RingForm {
  return cut([...ring, ...ring.slice(0, 1)], LONGEST_EDGE_M).slice(0, -1);
}

/** Corners of the polygon whose edges touch the circle. */
function circle(centre: Place, radiusM: number): RingForm {
  const cornerM = radiusM / Math.cos(Math.PI / CIRCLE_CORNERS);
  return Array.from({ length: CIRCLE_CORNERS }, (_, k) => direct(centre, (-k * 360) / CIRCLE_CORNERS, cornerM));
}

/** Round one leg, anticlockwise: right side, far end, left side, near end. */
function capsule(line: readonly [Place, Place], halfWidthM: number, square: readonly [boolean, boolean]): RingForm {
  const places = cut(line, LONGEST_EDGE_M);
  const alongDeg = places.map((place, k) => {
    const next = places[k + 1];
    return next ? inverse(place, next).azimuthDeg : finalAzimuth(places[k - 1] ?? place, place);
  });
  const sideM = halfWidthM * SIDE_MARGIN;
  const side = (turnDeg: number): RingForm =>
    places.map((place, k) => direct(place, (alongDeg[k] ?? 0) + turnDeg, sideM));
  const far = end(line[1], alongDeg.at(-1) ?? 0, sideM, square[1]);
  const near = end(line[0], (alongDeg[0] ?? 0) + 180, sideM, square[0]);
  return [...side(90), ...far, ...[...side(-90)].reverse(), ...near];
}

/** The corners of an end, from its right to its left, seen along `outDeg`. */
function end(place: Place, outDeg: number, halfWidthM: number, isSquare: boolean): RingForm {
  if (isSquare) return [45, -45].map((turnDeg) => direct(place, outDeg + turnDeg, halfWidthM * Math.SQRT2));
  const count = CIRCLE_CORNERS / 2;
  const stepDeg = 180 / count;
  const cornerM = halfWidthM / Math.cos(Math.PI / count / 2);
  return Array.from({ length: count }, (_, k) => direct(place, outDeg + 90 - stepDeg * (k + 0.5), cornerM));
}

function corridor({ centre_line, half_width_m, ends }: CorridorForm): readonly PartForm[] {
  const line = moving(centre_line);
  const isSquare = ends === "square";
  const legs = line
    .slice(1)
    .map((to, k) =>
      capsule([line[k] ?? to, to], half_width_m, [isSquare && k === 0, isSquare && k === line.length - 2]),
    );
  return legs.length === 1 ? legs.map(part) : joined(legs, line[0] ?? [0, 0]);
}

/** One outline round several legs, joined on a chart; the legs themselves where the joining fails, which only looks worse. */
function joined(legs: readonly RingForm[], centre: Place): readonly PartForm[] {
  const chart = chartAbout(centre);
  const [first, ...others] = legs.map((leg) => [leg.map(chart.forward)]);
  try {
    const found = polygonClipping.union(first ?? [], ...others);
    return found.map(([shell = [], ...holes]) => ({ shell: fromChart(shell), holes: holes.map(fromChart) }));
  } catch {
    return legs.map(part);
  }

  function fromChart(ring: Point[]): RingForm {
    return ring.slice(0, -1).map(chart.inverse);
  }
}

// ── as GeoJSON has it ────────────────────────────────────────────────────────────────────────────────────────────────

function drawn({ shell, holes }: PartForm): Point[][] {
  const isNorth = shell.reduce((sum, place) => sum + normal(place)[2], 0) > 0;
  const outer = unrolled(shell, isNorth);
  const west = Math.min(...outer.map(([lon]) => lon));
  return [turned(outer, true), ...holes.map((hole) => turned(eastOf(west, unrolled(hole, isNorth)), false))];
}

/** A closed ring whose longitudes run on, without a leap at the antimeridian. */
function unrolled(ring: RingForm, isNorth: boolean): Point[] {
  const points: Point[] = [];
  for (const [lat, lon] of [...ring, ...ring.slice(0, 1)]) {
    const before = points.at(-1)?.[0] ?? lon;
    points.push([before + wrapped(lon - before), lat]);
  }
  const [start = [0, 0], last = start] = [points[0], points.at(-1)];
  if (Math.abs(last[0] - start[0]) < 180) return [...points.slice(0, -1), start];
  const pole = isNorth ? 90 : -90; // it goes round one
  return [...points, [last[0], pole], [start[0], pole], start];
}

function wrapped(degrees: number): number {
  return degrees - 360 * Math.round(degrees / 360);
}

/** The ring moved by whole turns, so that it begins where its shell is. */
function eastOf(west: number, ring: Point[]): Point[] {
  const least = Math.min(...ring.map(([lon]) => lon));
  const turns = 360 * Math.ceil((west - least) / 360 - 1e-9);
  return ring.map(([lon, lat]) => [lon + turns, lat]);
}

function turned(ring: Point[], anticlockwise: boolean): Point[] {
  const twiceArea = ring
    .slice(1)
    .reduce((sum, [lon, lat], k) => sum + (ring[k]?.[0] ?? 0) * lat - lon * (ring[k]?.[1] ?? 0), 0);
  return twiceArea > 0 === anticlockwise ? ring : [...ring].reverse();
}
