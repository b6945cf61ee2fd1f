/** What the picture is given and what it gives back: plain values, of whichever source. Times are microseconds since 1970, heights metres. */

import type { FeatureCollection, MultiPolygon } from "geojson";

export type Level = "full" | "general" | "existence" | "own";
export type Answer = "CLEAR" | "POSSIBLE" | "CONFLICT";

/** One volume to draw. */
export interface Shown {
  readonly id: string;
  readonly party: string;
  readonly label: string;
  readonly activity: string;
  readonly level: Level;
  readonly geometry: MultiPolygon;
  /** −Infinity where it has no beginning. */
  readonly fromUs: number;
  /** Infinity where it has no end. */
  readonly untilUs: number;
  readonly lowerM: number;
  readonly upperM: number;
  readonly altitudeText: string;
  readonly answer?: Answer;
}

/** What an arena agreed on beforehand. Of a feature, `name` and `label` are written beside it. */
export interface Places {
  readonly lines?: FeatureCollection;
  readonly zones?: FeatureCollection;
  readonly hazards?: FeatureCollection;
}

/** West, south, east, north, in degrees; east below west where it crosses the antimeridian. */
export type Extent = readonly [west: number, south: number, east: number, north: number];

/** Latitude and longitude, in degrees. */
export type Position = readonly [lat: number, lon: number];

export type DrawKind = "polygon" | "circle" | "line";

/** What somebody drew, or bent afterwards. A circle has one point, its middle. */
export interface Drawn {
  readonly kind: DrawKind;
  readonly points: readonly Position[];
  readonly radius_m?: number;
}
