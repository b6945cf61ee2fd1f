/**
 * The cells of one level that come within 0.1 m of a shape, outward only; as `detente.screening.cover`. `docs/cover.md` states the rule.
 *
 * Where an answer could differ between here and Python: sines, cosines and geodesics may end in another last bit, which moves a line by some
 * 1e-16 to 2e-15 of the Earth's radius. A cell is taken where its distance is at most θ, which lies 0.1 m past the footprint: no point of a
 * footprint hangs on a bit, on either machine. Two of them can differ only about a cell whose own distance is θ to within 1e-14, 0.1 µm: of cells that
 * a rim runs through at level 9 (16 km), one in 1e11. `tests/vectors` would not find one, and nothing here makes one likelier: θ is no round number.
 */

import { TooLarge } from "../record/errors.js";
import { type Arc, angleTo, arc, type Cell, children, FACES, type Placed, placed, reaches } from "./s2cells.js";
import { type Chain, type Core, holds, type Shape } from "./shape.js";
import { SMALLEST_CURVATURE_RADIUS_M, type Vector } from "./wgs84.js";

const SLACK_M = 0.1; // twice what great circle and geodesic part by on 25 km
const ROUNDING = 1e-12; // radians

/** A cell that may be taken, and the arcs that may reach it. */
interface Candidate {
  readonly cell: Cell;
  readonly arcs: readonly Arc[];
}

/** A number for a cell of a level, by which it is told from the others of that level. */
export function keyOf({ face, i, j }: Cell, level: number): number {
  return (face * 2 ** level + i) * 2 ** level + j;
}

/** The cells of a level that come within the slack of a shape, each once; TooLarge where there are more than `mostCells`. */
export function cellsMeeting(shape: Shape, level: number, mostCells: number): Cell[] {
  const found = new Map<number, Cell>();
  for (const core of shape) {
    for (const cell of cellsOfCore(core, level, mostCells)) found.set(keyOf(cell, level), cell);
  }
  checkCount(found.size, level, mostCells);
  return [...found.values()];
}

/** The finest of `levels` at which the shape takes at most `mostCells`, and the cells there. */
export function finestCells(shape: Shape, levels: readonly number[], mostCells: number): readonly [number, Cell[]] {
  const fineFirst = [...new Set(levels)].sort((a, b) => b - a);
  for (const level of fineFirst.slice(0, -1)) {
    try {
      return [level, cellsMeeting(shape, level, mostCells)];
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
    }
  }
  const coarsest = fineFirst.at(-1) ?? 0;
  return [coarsest, cellsMeeting(shape, coarsest, mostCells)];
}

function checkCount(count: number, level: number, mostCells: number): void {
  if (count > mostCells) {
    throw new TooLarge(
      `the footprint takes at least ${count} cells of level ${level}; the limit is ${mostCells}`,
      "use a coarser level, or split the footprint",
    );
  }
}

/** From the faces of the cube to the level asked for: each cell keeps the arcs that may reach it, and is dropped, taken whole or split in four. */
function cellsOfCore(core: Core, finest: number, mostCells: number): Cell[] {
  const angle = (core.radiusM + SLACK_M) / SMALLEST_CURVATURE_RADIUS_M;
  const arcs = core.chains.flatMap(arcsOf);
  let waiting: Candidate[] = FACES.map((face) => ({ cell: { face, i: 0, j: 0 }, arcs }));
  const taken: Cell[] = [];
  let count = 0;
  for (let level = 0; waiting.length; level++) {
    const onward: Candidate[] = [];
    for (const candidate of waiting) {
      const judged = level === finest ? atLast(candidate, level, angle, core) : onTheWay(candidate, level, angle, core);
      if (judged === "all") {
        count += 4 ** (finest - level);
        checkCount(count, finest, mostCells);
        descend(candidate.cell, finest - level, taken);
      } else if (judged !== "none") {
        for (const cell of children(candidate.cell)) onward.push({ cell, arcs: judged });
      }
    }
    if (onward.length > 4 * mostCells) checkCount(count + reached(onward, level + 1, angle), finest, mostCells);
    waiting = onward;
  }
  return taken;
}

type Judged = "all" | "none" | readonly Arc[];

function onTheWay({ cell, arcs }: Candidate, level: number, angle: number, core: Core): Judged {
  const where = placed(cell, level);
  const near: Arc[] = [];
  for (const line of arcs) {
    const apart = angleTo(line, where.centre);
    if (apart + where.reach <= angle) return "all";
    if (apart <= angle + where.reach + ROUNDING) near.push(line);
  }
  return near.length ? near : inside(core, where.centre);
}

function atLast({ cell, arcs }: Candidate, level: number, angle: number, core: Core): Judged {
  const where = placed(cell, level);
  return isReached(where, arcs, angle) ? "all" : inside(core, where.centre);
}

/** Of a cell that no ring comes near, all or nothing lies inside. */
function inside(core: Core, centre: Vector): Judged {
  return core.parts.length && holds(core, centre) ? "all" : "none";
}

function isReached({ centre, corners, reach }: Placed, arcs: readonly Arc[], angle: number): boolean {
  const apart = arcs.map((line) => angleTo(line, centre));
  if (apart.some((each) => each <= angle)) return true;
  const near = arcs.filter((_, k) => (apart[k] as number) <= angle + reach + ROUNDING);
  return near.some((line) => reaches(line, corners, angle));
}

function reached(waiting: readonly Candidate[], level: number, angle: number): number {
  return waiting.filter(({ cell, arcs }) => isReached(placed(cell, level), arcs, angle)).length;
}

function descend(cell: Cell, levels: number, into: Cell[]): void {
  if (!levels) into.push(cell);
  else for (const child of children(cell)) descend(child, levels - 1, into);
}

function arcsOf({ normals }: Chain): Arc[] {
  const [only] = normals;
  if (only && normals.length === 1) return [arc(only, only)];
  return normals.slice(1).map((to, index) => arc(normals[index] ?? to, to));
}
