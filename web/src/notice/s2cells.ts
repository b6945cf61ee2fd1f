/**
 * S2 cells: where they lie, which of them lie near an arc, and their ids; as `detente.screening.s2cells`.
 *
 * A cell is known here by its face, column and row: ids are made only for whoever wants to read them. Columns and rows are whole numbers; their
 * corners come of +, −, ×, ÷ and √ alone, which IEEE 754 defines to the last bit.
 *
 * Source: S2 Geometry, s2coords and s2cell_id; https://s2geometry.io/devguide/s2cell_hierarchy.
 */

import { cross, dot, minus, plus, scaled, type Vector } from "./wgs84.js";

export const FACES = [0, 1, 2, 3, 4, 5] as const;
const FINEST_LEVEL = 30;

/** A cell of a level that is known beside it. */
export interface Cell {
  readonly face: number;
  readonly i: number;
  readonly j: number;
}

// outward normal, first and second axis of the six faces of the cube
const AXES: readonly (readonly [Vector, Vector, Vector])[] = [
  [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  [
    [0, 1, 0],
    [-1, 0, 0],
    [0, 0, 1],
  ],
  [
    [0, 0, 1],
    [-1, 0, 0],
    [0, -1, 0],
  ],
  [
    [-1, 0, 0],
    [0, 0, -1],
    [0, -1, 0],
  ],
  [
    [0, -1, 0],
    [0, 0, -1],
    [1, 0, 0],
  ],
  [
    [0, 0, -1],
    [0, 1, 0],
    [1, 0, 0],
  ],
];

export function axesOf(face: number): readonly [Vector, Vector, Vector] {
  return AXES[face] as readonly [Vector, Vector, Vector];
}

/** The four cells one level finer. */
export function children({ face, i, j }: Cell): readonly Cell[] {
  return [
    { face, i: 2 * i, j: 2 * j },
    { face, i: 2 * i + 1, j: 2 * j },
    { face, i: 2 * i + 1, j: 2 * j + 1 },
    { face, i: 2 * i, j: 2 * j + 1 },
  ];
}

/** The unit vector of a column and row; whole numbers are corners of cells, and they may lie off the face. */
export function direction(face: number, i: number, j: number, level: number): Vector {
  const [normal, uAxis, vAxis] = axesOf(face);
  const [u, v] = [slopeOfColumn(i / 2 ** level), slopeOfColumn(j / 2 ** level)];
  const [x, y, z] = plus(plus(normal, scaled(uAxis, u)), scaled(vAxis, v));
  const length = Math.sqrt(1 + u * u + v * v);
  return [x / length, y / length, z / length];
}

function slopeOfColumn(s: number): number {
  return s >= 0.5 ? (4 * s * s - 1) / 3 : (1 - 4 * (1 - s) * (1 - s)) / 3;
}

/** Column and row of a direction on its own face, with the fraction within the cell. */
export function placeOnFace(towards: Vector, level: number): readonly [number, number] {
  const sizes = towards.map(Math.abs);
  const axis = sizes.indexOf(Math.max(...sizes));
  const [normal, uAxis, vAxis] = axesOf((towards[axis] as number) < 0 ? axis + 3 : axis);
  const depth = dot(towards, normal);
  return [
    columnOfSlope(dot(towards, uAxis) / depth) * 2 ** level,
    columnOfSlope(dot(towards, vAxis) / depth) * 2 ** level,
  ];
}

function columnOfSlope(u: number): number {
  const root = 0.5 * Math.sqrt(1 + 3 * Math.abs(u));
  return u >= 0 ? root : 1 - root;
}

/** The cell's middle, and its corners, anticlockwise. */
export interface Placed {
  readonly centre: Vector;
  readonly corners: readonly Vector[];
  /** How far (radians) the corners are from the centre. */
  readonly reach: number;
}

export function placed({ face, i, j }: Cell, level: number): Placed {
  const centre = direction(face, i + 0.5, j + 0.5, level);
  const corners = [
    direction(face, i, j, level),
    direction(face, i + 1, j, level),
    direction(face, i + 1, j + 1, level),
    direction(face, i, j + 1, level),
  ];
  const chord2 = corners.map((corner) => square(minus(corner, centre)));
  return { centre, corners, reach: 2 * Math.asin(0.5 * Math.sqrt(Math.max(...chord2))) };
}

function square(a: Vector): number {
  return dot(a, a);
}

/** A great circle arc of less than half the Earth, or a single point, with what distances to it take. */
export interface Arc {
  readonly first: Vector;
  readonly second: Vector;
  readonly normal: Vector;
  readonly afterFirst: Vector;
  readonly beforeSecond: Vector;
}

export function arc(first: Vector, second: Vector): Arc {
  const across = cross(minus(first, second), plus(first, second)); // exact for short arcs, unlike a × b
  const length = Math.sqrt(square(across));
  const normal: Vector = length > 1e-15 ? scaled(across, 1 / length) : [0, 0, 0];
  return { first, second, normal, afterFirst: cross(normal, first), beforeSecond: cross(second, normal) };
}

/** Angle (radians) between a unit vector and an arc. */
export function angleTo({ first, second, normal, afterFirst, beforeSecond }: Arc, point: Vector): number {
  if (dot(point, afterFirst) > 0 && dot(point, beforeSecond) > 0) {
    return Math.asin(Math.min(Math.abs(dot(point, normal)), 1));
  }
  const chord2 = Math.min(square(minus(point, first)), square(minus(point, second)));
  return 2 * Math.asin(Math.min(0.5 * Math.sqrt(chord2), 1));
}

/** Whether an arc comes within `angle` (radians) of the cell with these corners, its inside included. */
export function reaches(line: Arc, corners: readonly Vector[], angle: number): boolean {
  const edges = corners.map((corner, k) => arc(corner, corners[(k + 1) % 4] as Vector));
  if (enters(line, edges)) return true;
  return (
    edges.some((edge) => angleTo(edge, line.first) <= angle || angleTo(edge, line.second) <= angle) ||
    corners.some((corner) => angleTo(line, corner) <= angle)
  );
}

/** Whether an arc has a point on the inner side of all four edges. The chord is clipped by their planes, after Liang and Barsky. */
function enters({ first, second }: Arc, edges: readonly Arc[]): boolean {
  let [enter, leave] = [0, 1];
  for (const { normal } of edges) {
    const from = dot(first, normal);
    const rise = dot(second, normal) - from;
    if (rise > 0) enter = Math.max(enter, -from / rise);
    else if (rise < 0) leave = Math.min(leave, -from / rise);
    else if (from < 0) return false;
  }
  return enter <= leave;
}

// the Hilbert curve: place on the curve of a child by its (i, j) bits, and how the curve turns in it
const PLACE = [
  [0, 1, 3, 2],
  [0, 3, 1, 2],
  [2, 3, 1, 0],
  [2, 1, 3, 0],
] as const;
const TURN = [1, 0, 0, 3] as const;

/** The S2 id of a cell. */
export function idOf({ face, i, j }: Cell, level: number): bigint {
  let id = BigInt(face);
  let turn = face & 1;
  for (let k = level - 1; k >= 0; k--) {
    const digit = PLACE[turn]?.[(((i >> k) & 1) << 1) | ((j >> k) & 1)] ?? 0;
    id = (id << 2n) | BigInt(digit);
    turn ^= TURN[digit];
  }
  return ((id << 1n) | 1n) << BigInt(2 * (FINEST_LEVEL - level));
}

/** An id as S2 writes it: hexadecimal without trailing zeros. */
export function token(id: bigint): string {
  return id.toString(16).padStart(16, "0").replace(/0+$/, "");
}
