/**
 * Cells of one level as polygons with geodesic edges that hold them; as `detente.screening.generalise.outline_of`. A function of the set of cells.
 *
 * Cells of a block (those within one cell of level 1) that share a side or a corner are one part. Its rim is followed with the cells on the
 * left, and every corner moved outward by 1/2048 of a cell's width. Which cells make a part, and where its corners are, is counted in
 * whole numbers; degrees come of `sevenDecimals`, which leaves nothing to the last bit of an arc tangent.
 */

import type { MultiPolygonForm, PartForm, Place, RingForm } from "./forms.js";
import type { Cell } from "./s2cells.js";
import { sevenDecimals } from "./seven-decimals.js";

/** A cell's width is so many margins. */
export const MARGINS = 2048;
const STRIDE = 2 ** 18; // more than there are columns on a face

type Step = readonly [number, number];

/** A side of a cell on the rim: the corner it starts at, the way it runs, the cell on its left. */
interface Side {
  readonly x: number;
  readonly y: number;
  readonly way: number;
  readonly cell: number;
}

const WAYS: readonly Step[] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];

export function outlineOf(cells: readonly Cell[], level: number): MultiPolygonForm {
  const parts = [...blocks(cells, level)].flatMap(([face, block]) => partsOf(face, block, level));
  return { shape: "multipolygon", parts: parts.sort((p, q) => inOrder(p.shell, q.shell)) };
}

function keyOf(i: number, j: number): number {
  return (i + 1) * STRIDE + j + 1;
}

function blocks(cells: readonly Cell[], level: number): (readonly [number, Map<number, Cell>])[] {
  const found = new Map<number, Map<number, Cell>>();
  for (const cell of cells) {
    const quarter = ((cell.i >> (level - 1)) << 1) | (cell.j >> (level - 1));
    const block = found.get(cell.face * 4 + quarter) ?? new Map<number, Cell>();
    found.set(cell.face * 4 + quarter, block.set(keyOf(cell.i, cell.j), cell));
  }
  return [...found].map(([number, block]) => [number >> 2, block]);
}

function partsOf(face: number, cells: ReadonlyMap<number, Cell>, level: number): PartForm[] {
  const component = components(cells);
  const shells = new Map<number, RingForm>();
  const holes = new Map<number, RingForm[]>();
  for (const sides of rings(cells)) {
    const ring = ringOf(face, sides, level);
    const number = component.get((sides[0] as Side).cell) ?? -1;
    if (isAnticlockwise(sides)) shells.set(number, ring);
    else holes.set(number, [...(holes.get(number) ?? []), ring]);
  }
  return [...shells].map(([number, shell]) => ({ shell, holes: (holes.get(number) ?? []).sort(inOrder) }));
}

/** A number for each cell, equal for cells that are joined by shared sides or corners. */
function components(cells: ReadonlyMap<number, Cell>): Map<number, number> {
  const component = new Map<number, number>();
  for (const start of cells.keys()) {
    const waiting = component.has(start) ? [] : [start];
    for (let key = waiting.pop(); key !== undefined; key = waiting.pop()) {
      if (!cells.has(key) || component.has(key)) continue;
      component.set(key, start);
      for (const di of [-STRIDE, 0, STRIDE]) waiting.push(key + di - 1, key + di, key + di + 1);
    }
  }
  return component;
}

/** The rims of the cells, each with the cells on its left. */
function rings(cells: ReadonlyMap<number, Cell>): Side[][] {
  const rim = rimOf(cells);
  const left = new Map(rim);
  const found: Side[][] = [];
  for (const start of rim.values()) {
    const sides: Side[] = [];
    for (let side = start; left.delete(nameOf(side)); side = onward(side, rim)) sides.push(side);
    if (sides.length) found.push(sides);
  }
  return found;
}

function nameOf({ x, y, way }: { readonly x: number; readonly y: number; readonly way: number }): number {
  return keyOf(x, y) * 4 + way;
}

/** The sides with a cell on their left and none on their right. */
function rimOf(cells: ReadonlyMap<number, Cell>): Map<number, Side> {
  const rim = new Map<number, Side>();
  for (const [cell, { i, j }] of cells) {
    const sides = [
      { x: i, y: j, way: 0, cell, open: !cells.has(keyOf(i, j - 1)) },
      { x: i + 1, y: j, way: 1, cell, open: !cells.has(keyOf(i + 1, j)) },
      { x: i + 1, y: j + 1, way: 2, cell, open: !cells.has(keyOf(i, j + 1)) },
      { x: i, y: j + 1, way: 3, cell, open: !cells.has(keyOf(i - 1, j)) },
    ];
    for (const side of sides) if (side.open) rim.set(nameOf(side), side);
  }
  return rim;
}

/** The side that follows: to the right where two cells meet at a corner only, so that they are drawn as one. */
function onward({ x, y, way }: Side, rim: ReadonlyMap<number, Side>): Side {
  const [dx, dy] = WAYS[way] as Step;
  for (const turn of [3, 0, 1]) {
    const after = rim.get(nameOf({ x: x + dx, y: y + dy, way: (way + turn) % 4 }));
    if (after) return after;
  }
  throw new Error("the rim of cells is closed");
}

function isAnticlockwise(sides: readonly Side[]): boolean {
  return sides.reduce((sum, { x, y, way }) => sum + x * (WAYS[way] as Step)[1] - y * (WAYS[way] as Step)[0], 0) > 0;
}

function ringOf(face: number, sides: readonly Side[], level: number): RingForm {
  const ring = sides.map((side, k) => cornerOf(face, sides.at(k - 1) as Side, side, level));
  const least = ring.reduce((best, place, k) => (placesInOrder(place, ring[best] as Place) < 0 ? k : best), 0);
  return [...ring.slice(least), ...ring.slice(0, least)];
}

/** The corner between two sides, moved to the right of both ways, which is away from the cells. */
function cornerOf(face: number, into: Side, out: Side, level: number): Place {
  const ways = into.way === out.way ? [into.way] : [into.way, out.way];
  let [i, j] = [MARGINS * out.x, MARGINS * out.y];
  for (const way of ways) {
    const [dx, dy] = WAYS[way] as Step;
    i += dy;
    j -= dx;
  }
  return sevenDecimals(face, i, j, level);
}

function inOrder(a: RingForm, b: RingForm): number {
  const differing = a.findIndex((place, k) => !b[k] || placesInOrder(place, b[k]) !== 0);
  if (differing < 0) return a.length - b.length;
  const [one, other] = [a[differing], b[differing]];
  return one && other ? placesInOrder(one, other) : 1;
}

function placesInOrder(a: Place, b: Place): number {
  return a[0] - b[0] || a[1] - b[1];
}
