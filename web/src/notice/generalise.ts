/**
 * The generaliser: what a recipient is told of a volume in a `general` or `existence` view; as `detente.screening.generalise`.
 *
 * A generalised volume is made of whole cells, layers and slots of an agreed grid, and holds the volume it was made from, uncertainty
 * included. `docs/cover.md` states the whole rule, and tests/vectors/generaliser what every implementation must reproduce to the last bit.
 */

import { TooLarge } from "../record/errors.js";
import { cellsMeeting, finestCells, keyOf } from "./cover.js";
import type { AltitudeForm, FootprintForm, MultiPolygonForm, Place, VolumeForm, WindowForm } from "./forms.js";
import { InvalidVolume } from "./refused.js";
import { MARGINS, outlineOf } from "./rim.js";
import { type Cell, placed, placeOnFace } from "./s2cells.js";
import { holds, type Shape, shapeOf, widened } from "./shape.js";
import { normal, placeTowards } from "./wgs84.js";

export const GENERALISER_VERSION = 1;
export const MOST_CELLS = 4096;
export const DAY_US = 86_400_000_000;
const FLOAT_NOISE_M = 1e-6; // FL150 is 4572.000000000001 m: not a layer higher for that
const LOWEST_M = -12_000;
const HIGHEST_M = 1_000_000;
const FIRST_US = -62_135_596_800_000_000n; // 0001-01-01 and 9999-12-31: the calendar's ends
const LAST_US = 253_402_300_799_999_999n;
const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** What the parties agreed to generalise to: cell levels (the finest that keeps to `mostCells` is used), layers (null tells no altitude), slots. */
export interface GeneralGrid {
  readonly cellLevels: readonly number[];
  readonly layerM: number | null;
  readonly slotUs: number;
  readonly mostCells: number;
}

/** The grid of an `existence` view: the coarsest agreed cells, all altitudes, whole UTC days. */
export function existenceGrid(coarsestLevel: number): GeneralGrid {
  return { cellLevels: [coarsestLevel], layerM: null, slotUs: DAY_US, mostCells: MOST_CELLS };
}

/** The band and window of a generalised volume. */
type Extent = Pick<VolumeForm, "altitude_lower" | "altitude_upper" | "window">;

/** The least volume of whole cells, layers and slots that holds a volume and its uncertainty. Errs outward only. */
export function generalise(volume: VolumeForm, grid: GeneralGrid): VolumeForm {
  const [level, cells] = generalisedCells(volume, grid);
  return made(cells, level, extentOf(volume, grid));
}

/** All of a notice's volumes generalised: one for each band, window and level, in order, so that legs can't be told apart. */
export function generaliseVolumes(volumes: readonly VolumeForm[], grid: GeneralGrid): VolumeForm[] {
  const found = new Map<string, { extent: Extent; level: number; cells: Map<number, Cell> }>();
  for (const volume of volumes) {
    const [level, cells] = generalisedCells(volume, grid);
    const extent = extentOf(volume, grid);
    const name = JSON.stringify([extent, level]);
    const group = found.get(name) ?? { extent, level, cells: new Map<number, Cell>() };
    for (const cell of cells) group.cells.set(keyOf(cell, level), cell);
    found.set(name, group);
  }
  return [...found.values()]
    .sort((a, b) => inOrder(a.extent, b.extent) || a.level - b.level)
    .map(({ extent, level, cells }) => made([...cells.values()], level, extent));
}

/** The level and the cells that a generalised volume consists of. */
export function generalisedCells(volume: VolumeForm, grid: GeneralGrid): readonly [number, Cell[]] {
  const { footprint, position_uncertainty_m: uncertainM } = volume;
  const shape = shapeOf(footprint);
  if (uncertainM === 0 && footprint.shape === "multipolygon") {
    for (const level of [...new Set(grid.cellLevels)].sort((a, b) => b - a)) {
      const cells = cellsBehind(footprint, shape, level, grid.mostCells);
      if (cells) return [level, cells];
    }
  }
  return finestCells(widened(shape, uncertainM), grid.cellLevels, grid.mostCells);
}

function made(cells: readonly Cell[], level: number, extent: Extent): VolumeForm {
  return {
    footprint: outlineOf(cells, level),
    ...extent,
    position_uncertainty_m: 0,
    altitude_uncertainty_m: 0,
    time_uncertainty_s: 0,
  };
}

function extentOf(volume: VolumeForm, grid: GeneralGrid): Extent {
  return {
    ...(grid.layerM === null
      ? { altitude_lower: UNLIMITED, altitude_upper: UNLIMITED }
      : generaliseBand(volume, grid.layerM)),
    window: generaliseWindow(volume.window, volume.time_uncertainty_s, grid.slotUs),
  };
}

function inOrder(a: Extent, b: Extent): number {
  const [one, other] = [orderOf(a), orderOf(b)];
  const differing = one.findIndex((value, k) => value !== other[k]);
  return differing < 0 ? 0 : (one[differing] ?? 0) < (other[differing] ?? 0) ? -1 : 1;
}

function orderOf({ altitude_lower: lower, altitude_upper: upper, window }: Extent): readonly (number | string)[] {
  return [
    window.start_us ?? -Infinity,
    window.end_us ?? Infinity,
    Number(window.start_stated),
    Number(window.end_stated),
    lower.value_m ?? -Infinity,
    upper.value_m ?? Infinity,
    lower.reference,
    upper.reference,
  ];
}

const UNLIMITED: AltitudeForm = { reference: "UNL", value_m: null };

/** The band outward to whole layers, each side in its own reference; at least one layer where both share it. */
function generaliseBand(volume: VolumeForm, layerM: number): Pick<VolumeForm, "altitude_lower" | "altitude_upper"> {
  const { altitude_lower: lower, altitude_upper: upper, altitude_uncertainty_m: uncertainM } = volume;
  const first = lower.value_m === null ? null : Math.floor((lower.value_m - uncertainM + FLOAT_NOISE_M) / layerM);
  let last = upper.value_m === null ? null : Math.ceil((upper.value_m + uncertainM - FLOAT_NOISE_M) / layerM);
  if (lower.reference === upper.reference && first !== null && last === first) last = first + 1;
  // a band that is stated to start at the surface is screened otherwise than one that reaches under it
  const sinks = lower.reference === "AGL" && 0 <= (lower.value_m ?? NaN) && (lower.value_m ?? NaN) < uncertainM;
  return {
    altitude_lower: sinks ? UNLIMITED : limit(lower, first, layerM),
    altitude_upper: limit(upper, last, layerM),
  };
}

function limit(stated: AltitudeForm, layer: number | null, layerM: number): AltitudeForm {
  if (layer === null) return stated;
  const edgeM = layer * layerM + 0; // without -0
  return LOWEST_M <= edgeM && edgeM <= HIGHEST_M ? { reference: stated.reference, value_m: edgeM } : UNLIMITED;
}

/** The window outward to whole slots, at least one; open sides stay open, and an edge past the calendar opens. */
export function generaliseWindow(window: WindowForm, uncertainS: number, slotUs: number): WindowForm {
  const [slack, slot] = [BigInt(Math.ceil(uncertainS * 1_000_000)), BigInt(slotUs)];
  const start = window.start_us === null ? null : down(BigInt(window.start_us) - slack, slot);
  let end = window.end_us === null ? null : -down(-(BigInt(window.end_us) + slack), slot);
  if (end !== null && end === start) end += slot;
  return {
    start_us: start !== null && start >= FIRST_US ? whole(start) : null,
    end_us: end !== null && end <= LAST_US ? whole(end) : null,
    start_stated: window.start_stated,
    end_stated: window.end_stated,
  };
}

function down(us: bigint, slot: bigint): bigint {
  return us - (((us % slot) + slot) % slot);
}

function whole(us: bigint): number {
  if (us > LARGEST || us < -LARGEST) {
    throw new InvalidVolume(
      "a time before 1684 or after 2255 cannot be written exactly",
      "leave that side open, or state it nearer",
      "window",
    );
  }
  return Number(us);
}

/** The cells whose outline this footprint is, to the last bit; undefined where it is no such outline. */
function cellsBehind(footprint: MultiPolygonForm, shape: Shape, level: number, mostCells: number): Cell[] | undefined {
  const [core] = shape;
  if (!core || !mayBeOutline(footprint, level)) return undefined;
  const touched = touchedCells(shape, level, 9 * mostCells); // the outline touches the cells next to it as well
  const cells = touched.filter((cell) => holds(core, normal(placeTowards(placed(cell, level).centre))));
  if (!cells.length || cells.length > mostCells) return undefined;
  return isSame(outlineOf(cells, level), footprint) ? cells : undefined;
}

function touchedCells(shape: Shape, level: number, mostCells: number): Cell[] {
  try {
    return cellsMeeting(shape, level, mostCells);
  } catch (error) {
    if (error instanceof TooLarge) return [];
    throw error;
  }
}

/** Whether the first position lies where a corner of an outline does. Quick, and never wrongly false. */
function mayBeOutline({ parts }: MultiPolygonForm, level: number): boolean {
  const first = parts[0]?.shell[0];
  if (!first) return false;
  return placeOnFace(normal(first), level).every((column) => Math.abs(column - Math.round(column)) < 16 / MARGINS);
}

function isSame(one: FootprintForm, other: FootprintForm): boolean {
  return JSON.stringify(plainRings(one)) === JSON.stringify(plainRings(other));
}

function plainRings(footprint: FootprintForm): readonly (readonly (readonly Place[])[])[] {
  return footprint.shape === "multipolygon" ? footprint.parts.map(({ shell, holes }) => [shell, ...holes]) : [];
}
