/** The vertical profile: heights on a scale that gives the lower airspace room, and what is active in which band. */

import type { Shown } from "./types.js";

export const FOOT_M = 0.3048;
const CEILING_M = 20_000;
const FLOOR_M = 300;

/** Heights, in feet, that are written beside the strip. */
export const TICKS_FT = [0, 500, 2_000, 5_000, 10_000, 18_000, 28_000, 40_000, 60_000];

export interface Band {
  readonly id: string;
  /** 0 at the bottom of the strip, 1 at its top. */
  readonly from: number;
  readonly to: number;
  /** It goes on above what the strip shows. */
  readonly open: boolean;
}

export interface Lane {
  readonly party: string;
  readonly bands: readonly Band[];
}

/** Where a height lies in a strip that ends at `topM`: by its square root, so that 0 to 2,000 ft are not a hair's breadth. */
export function place(heightM: number, topM: number): number {
  return Math.sqrt(Math.min(Math.max(heightM, 0), topM) / topM);
}

/** The strip's upper end: the lowest tick above everything that ends below the ceiling. */
export function topOf(shown: readonly Shown[]): number {
  const highest = shown.reduce(
    (high, { lowerM, upperM }) => Math.max(high, upperM <= CEILING_M ? upperM : lowerM),
    FLOOR_M,
  );
  return (TICKS_FT.find((feet) => feet * FOOT_M >= highest) ?? 60_000) * FOOT_M;
}

/** More than so many in a lane are not told apart any longer, and as many elements would hold every frame up. */
export const MOST_BANDS = 60;

/** Bands by party, parties in the order given; in a crowded lane those that overlap are one. One that is thinner than a hair is drawn as thick as one. */
export function lanes(active: readonly Shown[], parties: readonly string[], topM: number): Lane[] {
  const byParty = new Map<string, Band[]>(parties.map((party) => [party, []]));
  for (const each of active) byParty.get(each.party)?.push(bandOf(each, topM));
  return [...byParty]
    .filter(([, bands]) => bands.length)
    .map(([party, bands]) => ({ party, bands: bands.length > MOST_BANDS ? joined(bands) : bands }));
}

export function bandOf({ id, lowerM, upperM }: Shown, topM: number): Band {
  const from = Math.min(place(lowerM, topM), 0.99);
  return { id, from, to: Math.max(place(upperM, topM), from + 0.01), open: upperM > topM };
}

/** The stretches that bands cover, from the ground up. */
function joined(bands: readonly Band[]): Band[] {
  const found: Band[] = [];
  for (const band of [...bands].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1);
    if (!last || band.from > last.to) found.push(band);
    else found[found.length - 1] = { ...last, to: Math.max(last.to, band.to), open: last.open || band.open };
  }
  return found;
}
