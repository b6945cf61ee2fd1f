/** Whether rings can bound a polygon: none crosses itself or another, and every hole is one; as `detente.screening.shape` has it. */

import { TooLarge } from "../record/errors.js";
import type { RingForm } from "./forms.js";
import { InvalidVolume } from "./refused.js";
import { cross, dot, normal, plus, scaled, type Vector } from "./wgs84.js";

const WIDEST_COS = Math.cos((85 * Math.PI) / 180);
const MOST_EDGE_PAIRS = 50_000_000;
const POINTS_TRIED = 256;
const ON_AN_EDGE = 1e-9; // of the Earth's radius: 6 mm

type Point = readonly [number, number];
type FlatRing = readonly Point[]; // closed

/** An edge in the plane: its ends, its box, and whose it is. */
interface Edge {
  readonly a: Point;
  readonly b: Point;
  readonly low: Point;
  readonly high: Point;
  readonly ring: number;
  readonly index: number;
  readonly order: number;
}

/** The direction of the middle of a polygon, given as closed rings, the shell first; refuses rings that reach too far or cross. */
export function checkRings(rings: readonly RingForm[]): Vector {
  const normals = rings.map((ring) => ring.map(normal));
  const sum = (normals[0] ?? []).slice(0, -1).reduce<Vector>(plus, [0, 0, 0]);
  const length = Math.sqrt(dot(sum, sum));
  if (length < 1e-9 || normals.some((ring) => ring.some((n) => dot(n, sum) < WIDEST_COS * length))) {
    throw new InvalidVolume(
      "the polygon reaches more than 85° from its middle",
      "a ring means the smaller side of the Earth; split larger areas",
    );
  }
  const middle = scaled(sum, 1 / length);
  const flat = flattened(normals, middle);
  checkCrossings(flat, rings);
  checkHoles(flat[0] ?? [], flat.slice(1));
  return middle;
}

/** Seen from the middle of the Earth, on a plane: great circles are straight there. */
function flattened(normals: readonly (readonly Vector[])[], up: Vector): FlatRing[] {
  const sizes = up.map(Math.abs);
  const least = sizes.indexOf(Math.min(...sizes));
  const aside: Vector = [Number(least === 0), Number(least === 1), Number(least === 2)];
  const across = cross(aside, up);
  const east = scaled(across, 1 / Math.sqrt(dot(across, across)));
  const north = cross(up, east);
  return normals.map((ring) => ring.map((n) => [dot(n, east) / dot(n, up), dot(n, north) / dot(n, up)]));
}

function checkCrossings(flat: readonly FlatRing[], rings: readonly RingForm[]): void {
  const found = firstCrossing(edgesOf(flat));
  if (!found) return;
  const [a, b] = found;
  const [lat, lon] = rings[a.ring]?.[a.index] ?? [NaN, NaN];
  const name = a.ring !== b.ring ? `rings ${a.ring} and ${b.ring}` : a.ring === 0 ? "the ring" : `hole ${a.ring - 1}`;
  throw new InvalidVolume(
    `${name} cross${a.ring === b.ring ? "es itself" : ""}: edge ${a.index} and edge ${b.index} intersect near ${lat.toFixed(4)}, ${lon.toFixed(4)}`,
    "check the order of the corners",
  );
}

function edgesOf(flat: readonly FlatRing[]): Edge[] {
  let order = 0;
  return flat.flatMap((points, ring) =>
    points.slice(1).map((b, index) => {
      const a = points[index] ?? b;
      const low: Point = [Math.min(a[0], b[0]), Math.min(a[1], b[1])];
      const high: Point = [Math.max(a[0], b[0]), Math.max(a[1], b[1])];
      return { a, b, low, high, ring, index, order: order++ };
    }),
  );
}

/** The first two edges, in their order, that properly cross. Edges that touch or run along each other do not count. */
function firstCrossing(edges: readonly Edge[]): readonly [Edge, Edge] | undefined {
  const swept = [...edges].sort((e, f) => e.low[0] - f.low[0]);
  let found: readonly [Edge, Edge] | undefined;
  let seen = 0;
  for (const [place, e] of swept.entries()) {
    for (let k = place + 1; k < swept.length; k++) {
      const f = swept[k] as Edge;
      if (f.low[0] > e.high[0]) break;
      if (f.low[1] > e.high[1] || f.high[1] < e.low[1]) continue;
      if (++seen > MOST_EDGE_PAIRS) throw tooIntricate();
      const pair = e.order < f.order ? ([e, f] as const) : ([f, e] as const);
      if ((!found || isEarlier(pair, found)) && doCross(e, f)) found = pair;
    }
  }
  return found;
}

function tooIntricate(): TooLarge {
  return new TooLarge(
    `the outline is too intricate to check: more than ${MOST_EDGE_PAIRS} pairs of its edges lie side by side`,
    "simplify it outward, or split it",
  );
}

function isEarlier([a, b]: readonly [Edge, Edge], [c, d]: readonly [Edge, Edge]): boolean {
  return a.order < c.order || (a.order === c.order && b.order < d.order);
}

function doCross(e: Edge, f: Edge): boolean {
  return side(e.a, e.b, f.a) * side(e.a, e.b, f.b) < 0 && side(f.a, f.b, e.a) * side(f.a, f.b, e.b) < 0;
}

/** -1, 0 or 1: on which side of a→b c lies; 0 within what rounding of coordinates of order 1 could turn over. */
function side(a: Point, b: Point, c: Point): number {
  const [abx, aby, acx, acy] = [b[0] - a[0], b[1] - a[1], c[0] - a[0], c[1] - a[1]];
  const [left, right] = [abx * acy, aby * acx];
  const lengths = Math.abs(abx) + Math.abs(aby) + Math.abs(acx) + Math.abs(acy);
  const doubt = 1e-12 * (Math.abs(left) + Math.abs(right)) + 2e-15 * lengths;
  return Math.abs(left - right) <= doubt ? 0 : Math.sign(left - right);
}

/** Refuses holes that leave nothing of their shell, or that are not holes in it. Rings must not cross. */
function checkHoles(shell: FlatRing, holes: readonly FlatRing[]): void {
  holes.forEach((hole, index) => {
    const inside = liesInside(hole, shell);
    if (inside === undefined) {
      throw new InvalidVolume(`hole ${index} runs along its shell and leaves nothing of it`, "check the rings");
    }
    if (!inside) {
      throw new InvalidVolume(`hole ${index} lies outside its shell`, "send it as a polygon of its own, or remove it");
    }
  });
  for (const [outer, outerRing] of holes.entries()) {
    for (const [inner, innerRing] of holes.entries()) {
      if (outer === inner || !boxHolds(outerRing, innerRing) || !liesInside(innerRing, outerRing)) continue;
      throw new InvalidVolume(
        `hole ${inner} lies inside hole ${outer}`,
        "an island in a hole is a polygon of its own; remove a hole given twice",
      );
    }
  }
}

function boxHolds(outer: FlatRing, inner: FlatRing): boolean {
  return ([0, 1] as const).every((axis) => {
    const [o, i] = [outer.map((p) => p[axis]), inner.map((p) => p[axis])];
    return least(i) >= least(o) && most(i) <= most(o);
  });
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function most(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}

/** Whether a closed ring lies inside another that it does not cross; undefined where it runs along it as far as was looked. */
function liesInside(ring: FlatRing, other: FlatRing): boolean | undefined {
  const corners = ring.slice(0, -1);
  const points = [...corners, ...corners.map((p, k) => halfway(p, ring[k + 1] ?? p))];
  const step = Math.max(1, Math.floor(points.length / POINTS_TRIED));
  for (let k = 0; k < points.length; k += step) {
    const point = points[k] as Point;
    if (distanceTo(other, point) > ON_AN_EDGE) return Math.abs(turnsRound(other, point)) > Math.PI;
  }
  return undefined;
}

function halfway(a: Point, b: Point): Point {
  return [0.5 * (a[0] + b[0]), 0.5 * (a[1] + b[1])];
}

function distanceTo(ring: FlatRing, [x, y]: Point): number {
  let nearest = Infinity;
  for (let k = 1; k < ring.length; k++) {
    const [[ax, ay], [bx, by]] = [ring[k - 1] as Point, ring[k] as Point];
    const [alongX, alongY] = [bx - ax, by - ay];
    const square = Math.max(alongX * alongX + alongY * alongY, 1e-300);
    const share = Math.min(Math.max(((x - ax) * alongX + (y - ay) * alongY) / square, 0), 1);
    nearest = Math.min(nearest, Math.hypot(ax + share * alongX - x, ay + share * alongY - y));
  }
  return nearest;
}

function turnsRound(ring: FlatRing, [x, y]: Point): number {
  let total = 0;
  for (let k = 1; k < ring.length; k++) {
    const [[px, py], [qx, qy]] = [ring[k - 1] as Point, ring[k] as Point];
    const [ax, ay, bx, by] = [px - x, py - y, qx - x, qy - y];
    total += Math.atan2(ax * by - ay * bx, ax * bx + ay * by);
  }
  return total;
}
