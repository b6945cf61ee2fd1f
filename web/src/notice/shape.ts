/**
 * Footprints made ready for measuring: every footprint is a union of cores, each widened by a radius; as `detente.screening.shape`.
 *
 * A core is a point, a chain of geodesic edges, or a region bounded by rings of them. Edges are cut along the geodesic into pieces of at most
 * 25 km. A circle is its centre; a corridor its centre line, with a four-cornered region at each square end; an orbit one leg.
 */

import { at } from "../record/errors.js";
import type { CorridorForm, FootprintForm, OrbitForm, PartForm, Place, RingForm } from "./forms.js";
import { InvalidVolume } from "./refused.js";
import { checkRings } from "./rings.js";
import { cross, cut, direct, dot, finalAzimuth, inverse, normal, type Vector } from "./wgs84.js";

const PIECE_M = 25_000;
const LONGEST_EDGE_M = 10_000_000; // a quarter of the way round: beyond it the shortest line is soon not the only one

/** A chain of pieces; as a ring it is closed, its first place repeated at the end. */
export interface Chain {
  readonly normals: readonly Vector[];
}

/** A polygon: a ring, the holes in it, and a direction within 85° of all of it. */
export interface Part {
  readonly shell: Chain;
  readonly holes: readonly Chain[];
  readonly middle: Vector;
}

/** What is widened by `radiusM`: a chain, or the region of some polygons. */
export interface Core {
  readonly chains: readonly Chain[];
  readonly parts: readonly Part[];
  readonly radiusM: number;
}

export type Shape = readonly Core[];

/** The footprint made ready; InvalidVolume where its geometry cannot be, TooLarge where it is too intricate to tell. */
export function shapeOf(footprint: FootprintForm): Shape {
  switch (footprint.shape) {
    case "polygon":
      return [region([footprint])];
    case "multipolygon":
      return [region(footprint.parts)];
    case "circle":
      return [line([footprint.centre], footprint.radius_m)];
    case "corridor":
      return corridor(footprint);
    case "orbit":
      return [line(middleLine(footprint), footprint.width_m / 2)];
  }
}

/** The shape widened on all sides. */
export function widened(shape: Shape, byM: number): Shape {
  return shape.map((core) => ({ ...core, radiusM: core.radiusM + byM }));
}

/** Whether a direction lies inside the region; sure only for those more than 5 cm from its rings. */
export function holds(core: Core, direction: Vector): boolean {
  return core.parts.some(
    ({ shell, holes, middle }) =>
      dot(direction, middle) > 0 && // otherwise it is the antipode that the ring goes round
      windsRound(shell, direction) &&
      !holes.some((hole) => windsRound(hole, direction)),
  );
}

function windsRound({ normals }: Chain, p: Vector): boolean {
  let total = 0;
  for (let k = 1; k < normals.length; k++) {
    const [a, b] = [normals[k - 1] as Vector, normals[k] as Vector];
    total += Math.atan2(dot(p, cross(a, b)), dot(a, b) - dot(p, a) * dot(p, b));
  }
  return Math.abs(total) > Math.PI; // it is 0 or ±2π
}

function line(places: RingForm, radiusM: number): Core {
  return { chains: [chain(places)], parts: [], radiusM };
}

function region(parts: readonly PartForm[]): Core {
  const made = parts.map((part, index) => at(parts.length > 1 ? `polygon ${index}` : "", () => partOf(part)));
  return { chains: made.flatMap(({ shell, holes }) => [shell, ...holes]), parts: made, radiusM: 0 };
}

function partOf({ shell, holes }: PartForm): Part {
  const [outer, ...inner] = [shell, ...holes].map(closed);
  const middle = checkRings([outer ?? [], ...inner]);
  return { shell: chain(outer ?? []), holes: inner.map(chain), middle };
}

function closed(ring: RingForm): RingForm {
  return [...ring, ...ring.slice(0, 1)];
}

function chain(places: RingForm): Chain {
  places.slice(1).forEach((to, index) => checkEdge(places[index] ?? to, to, index));
  return { normals: cut(places, PIECE_M).map(normal) };
}

function checkEdge(from: Place, to: Place, index: number): void {
  if (dot(normal(from), normal(to)) > 0.5) return; // less than 60° apart: far shorter
  const lengthM = inverse(from, to).distanceM;
  if (lengthM > LONGEST_EDGE_M) {
    throw new InvalidVolume(
      `the edge from position ${index} to ${index + 1} is ${(lengthM / 1000).toFixed(0)} km long; the limit is 10,000 km`,
      "add positions in between, so that it is clear which way round the Earth it goes",
    );
  }
}

/** The leg in the middle of an orbit. */
export function middleLine({ first, second, width_m, alignment }: OrbitForm): readonly [Place, Place] {
  if (alignment === "centre") return [first, second];
  const sideDeg = alignment === "left" ? -90 : 90;
  return [
    direct(first, inverse(first, second).azimuthDeg + sideDeg, width_m / 2),
    direct(second, finalAzimuth(first, second) + sideDeg, width_m / 2),
  ];
}

/** A centre line without places that stand still. */
export function moving(centreLine: RingForm): RingForm {
  return centreLine.filter(([lat, lon], index) => {
    const before = centreLine[index - 1];
    return before?.[0] !== lat || before[1] !== lon;
  });
}

function corridor({ centre_line, half_width_m, ends }: CorridorForm): Shape {
  const places = moving(centre_line);
  const body = line(places, half_width_m);
  if (ends === "round") return [body];
  const [first, second] = places as readonly [Place, Place];
  const [inner, last] = places.slice(-2) as [Place, Place];
  return [body, region([endSquare(second, first, half_width_m)]), region([endSquare(inner, last, half_width_m)])];
}

function endSquare(inner: Place, end: Place, halfWidthM: number): PartForm {
  const outDeg = finalAzimuth(inner, end);
  const far = direct(end, outDeg, halfWidthM);
  const onDeg = finalAzimuth(end, far);
  const shell = [
    direct(end, outDeg - 90, halfWidthM),
    direct(end, outDeg + 90, halfWidthM),
    direct(far, onDeg + 90, halfWidthM),
    direct(far, onDeg - 90, halfWidthM),
  ];
  return { shell, holes: [] };
}
