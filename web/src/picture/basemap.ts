/**
 * Land, coasts and borders at 1:50 million, of this page's own origin. Borders are drawn as they are de facto; the picture takes no position on them.
 *
 * Source: Natural Earth (public domain), as packed by world-atlas (ISC).
 */

import type { Feature, FeatureCollection, MultiLineString, MultiPolygon, Polygon, Position as Place } from "geojson";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import atlasUrl from "world-atlas/countries-50m.json?url";

import { area, pointInside } from "./inside.js";
import type { Extent } from "./types.js";

type Atlas = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;

export interface Basemap {
  readonly land: FeatureCollection;
  readonly borders: MultiLineString;
  readonly coasts: MultiLineString;
  readonly names: readonly CountryName[];
}

/** Where a country's name is written; `size` is its largest part in square degrees, so that the larger come first. */
export interface CountryName {
  /** Numeric, of ISO 3166-1. */
  readonly code: string;
  readonly at: readonly [lon: number, lat: number];
  readonly size: number;
}

let loading: Promise<Basemap> | undefined;

/** Read once for all pictures of a page; a failure is not kept. */
export function basemap(): Promise<Basemap> {
  loading ??= read().catch((error: unknown) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function read(): Promise<Basemap> {
  const answer = await fetch(atlasUrl);
  if (!answer.ok) throw new Error(`basemap: ${answer.status} ${answer.statusText}`);
  return unpacked((await answer.json()) as Atlas);
}

export function unpacked(atlas: Atlas): Basemap {
  const { countries, land } = atlas.objects;
  const known = feature(atlas, countries) as FeatureCollection<Polygon | MultiPolygon>;
  return {
    land: feature(atlas, land),
    borders: mesh(atlas, countries, (one, other) => one !== other),
    coasts: mesh(atlas, countries, (one, other) => one === other),
    names: largest(known.features.flatMap(nameOf)),
  };
}

/** Of the ground what lies in an extent or within so many degrees of it, whole parts: enough for a first look, in a fraction of the time. */
export function near({ land, borders, coasts, names }: Basemap, extent: Extent, aroundDeg: number): Basemap {
  const [west, south, east, north] = extent;
  const width = (east < west ? east + 360 : east) - west;
  const isNear = (line: readonly Place[]): boolean =>
    line.some(([lon = 0, lat = 0]) => {
      const fromWest = (((lon - west + aroundDeg) % 360) + 360) % 360;
      return fromWest <= width + 2 * aroundDeg && lat >= south - aroundDeg && lat <= north + aroundDeg;
    });
  const polygons = land.features.flatMap(({ geometry }) =>
    geometry.type === "Polygon" ? [geometry.coordinates] : geometry.type === "MultiPolygon" ? geometry.coordinates : [],
  );
  const coordinates = polygons.filter(([rim = []]) => isNear(rim));
  const lines = (all: MultiLineString): MultiLineString => ({ ...all, coordinates: all.coordinates.filter(isNear) });
  return {
    land: {
      type: "FeatureCollection",
      features: [{ type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates } }],
    },
    borders: lines(borders),
    coasts: lines(coasts),
    names,
  };
}

function nameOf({ id, geometry }: Feature<Polygon | MultiPolygon>): CountryName[] {
  const polygons = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  const at = pointInside({ type: "MultiPolygon", coordinates: polygons });
  const size = Math.max(...polygons.map(([rim = []]) => area(rim)));
  return at && typeof id === "string" ? [{ code: id, at, size }] : [];
}

/** One name for each code: some small islands carry that of the country whose they are. */
function largest(names: readonly CountryName[]): CountryName[] {
  const byCode = new Map<string, CountryName>();
  for (const each of names) if (each.size > (byCode.get(each.code)?.size ?? 0)) byCode.set(each.code, each);
  return [...byCode.values()];
}
