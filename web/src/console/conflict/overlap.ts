/** How two volumes lie to one another, for the eye alone: in plan about their middle, in height, in time. Nothing is decided here. */

import type { AltitudeForm, VolumeForm } from "../../notice/index.js";
import { outline } from "../../notice/outline.js";

type Ring = readonly (readonly number[])[];

export interface Plan {
  /** Paths of SVG, y downwards; north is up. */
  readonly ours: string;
  readonly theirs: string;
  readonly common: string;
  readonly width: number;
  readonly height: number;
  readonly metresPerUnit: number;
}

/** A stretch on a scale from 0 to 1; open where it goes on past what is shown. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly opensBelow: boolean;
  readonly opensAbove: boolean;
}

export interface Stretches {
  readonly ours: Stretch;
  readonly theirs: Stretch;
  /** What both cover; null where nothing. */
  readonly common: readonly [from: number, to: number] | null;
}

const WIDTH = 320;
const HEIGHT = 200;
const MARGIN = 12;
const METRES_PER_DEG = 111_195;

/** Both outlines and what they share, drawn to one scale. `common` is a geometry of GeoJSON, where the answer gives one. */
export function planOf(ours: VolumeForm, theirs: VolumeForm, common: unknown): Plan | null {
  const shapes = [ringsOf(outline(ours.footprint)), ringsOf(outline(theirs.footprint)), ringsOf(common)];
  const first = shapes[0]?.[0]?.[0]?.[0];
  if (first === undefined) return null;
  const near = shapes.map((rings) =>
    rings.map((ring) => ring.map(([lon = 0, lat = 0]) => [unwrapped(lon, first), lat])),
  );
  const points = near.slice(0, 2).flat(2);
  const [lons, lats] = [points.map(([lon = 0]) => lon), points.map(([, lat = 0]) => lat)];
  const [west, east] = [Math.min(...lons), Math.max(...lons)];
  const [south, north] = [Math.min(...lats), Math.max(...lats)];
  const shrink = Math.max(0.01, Math.cos(((south + north) / 2) * (Math.PI / 180)));
  const scale = Math.min(
    (WIDTH - 2 * MARGIN) / Math.max(1e-9, (east - west) * shrink),
    (HEIGHT - 2 * MARGIN) / Math.max(1e-9, north - south),
  );
  const x = (lon: number): number => WIDTH / 2 + (lon - (west + east) / 2) * shrink * scale;
  const y = (lat: number): number => HEIGHT / 2 - (lat - (south + north) / 2) * scale;
  const path = (rings: readonly Ring[]): string =>
    rings
      .map((ring) => `M${ring.map(([lon = 0, lat = 0]) => `${x(lon).toFixed(1)},${y(lat).toFixed(1)}`).join("L")}Z`)
      .join("");
  const [a = [], b = [], c = []] = near;
  return {
    ours: path(a),
    theirs: path(b),
    common: path(c),
    width: WIDTH,
    height: HEIGHT,
    metresPerUnit: METRES_PER_DEG / scale,
  };
}

/** Their heights on one scale, the surface at its foot; null where they are stated in different references, which only the answer compares. */
export function heightsOf(ours: VolumeForm, theirs: VolumeForm): Stretches | null {
  const limits = [ours.altitude_lower, ours.altitude_upper, theirs.altitude_lower, theirs.altitude_upper];
  const references = new Set(limits.filter(isStated).map(({ reference }) => reference));
  if (references.size > 1) return null;
  return stretches(
    [ours.altitude_lower.value_m, ours.altitude_upper.value_m],
    [theirs.altitude_lower.value_m, theirs.altitude_upper.value_m],
  );
}

export function timesOf(ours: VolumeForm, theirs: VolumeForm): Stretches | null {
  return stretches([ours.window.start_us, ours.window.end_us], [theirs.window.start_us, theirs.window.end_us]);
}

/** Whether it stands in a reference of its own: the surface is at the foot of each. */
function isStated({ value_m, reference }: AltitudeForm): boolean {
  return value_m !== null && !(reference === "AGL" && value_m === 0);
}

type Ends = readonly [from: number | null, to: number | null];

/** Null is open. What is shown goes a tenth past the outermost end that is stated. */
function stretches(ours: Ends, theirs: Ends): Stretches | null {
  const stated = [...ours, ...theirs].filter((each) => each !== null);
  if (stated.length === 0) return null;
  const [least, most] = [Math.min(...stated), Math.max(...stated)];
  const room = (most - least || Math.abs(most) || 1) / 10;
  const at = (value: number): number => (value - least + room) / (most - least + 2 * room);
  const stretch = ([from, to]: Ends): Stretch => ({
    from: from === null ? 0 : at(from),
    to: to === null ? 1 : at(to),
    opensBelow: from === null,
    opensAbove: to === null,
  });
  const [one, other] = [stretch(ours), stretch(theirs)];
  const [from, to] = [Math.max(one.from, other.from), Math.min(one.to, other.to)];
  return { ours: one, theirs: other, common: from <= to ? [from, to] : null };
}

function ringsOf(geometry: unknown): Ring[] {
  const { type, coordinates } = (geometry ?? {}) as { type?: string; coordinates?: unknown };
  if (type === "Polygon") return coordinates as Ring[];
  if (type === "MultiPolygon") return (coordinates as Ring[][]).flat();
  return [];
}

/** The same meridian, within half a turn of another: so that what lies at 180° is not drawn around the world. */
function unwrapped(lon: number, near: number): number {
  return lon - 360 * Math.round((lon - near) / 360);
}
