/**
 * A flat chart about a place: stereographic, for joining outlines; decides nothing; as `detente.geodesy.chart`.
 *
 * Latitude and longitude are read as if on a sphere, so poles and the antimeridian are places like any other.
 * Source: Snyder, Map Projections: A Working Manual (USGS 1395), 21.
 */

import type { Place } from "./forms.js";

/** East and north on a chart, in Earth radii; or longitude and latitude, as GeoJSON has them. */
export type Point = [number, number];

export interface Chart {
  readonly forward: (place: Place) => Point;
  readonly inverse: (point: Point) => Place;
}

const RADIANS = Math.PI / 180;
const ANTIPODE = 1e-12; // no direction is left within 9 m of it

export function chartAbout([latitudeDeg, longitudeDeg]: Place): Chart {
  const [sin0, cos0] = [Math.sin(latitudeDeg * RADIANS), Math.cos(latitudeDeg * RADIANS)];
  return {
    forward([latDeg, lonDeg]) {
      const [sinLat, cosLat] = [Math.sin(latDeg * RADIANS), Math.cos(latDeg * RADIANS)];
      const turn = (lonDeg - longitudeDeg) * RADIANS;
      const nearness = Math.max(1 + sin0 * sinLat + cos0 * cosLat * Math.cos(turn), ANTIPODE);
      return [
        (2 / nearness) * cosLat * Math.sin(turn),
        (2 / nearness) * (cos0 * sinLat - sin0 * cosLat * Math.cos(turn)),
      ];
    },
    inverse([x, y]) {
      const halfSquare = (x * x + y * y) / 4;
      const [forwards, scale] = [(1 - halfSquare) / (1 + halfSquare), 1 / (1 + halfSquare)];
      const sine = forwards * sin0 + y * scale * cos0;
      const turn = Math.atan2(x * scale, forwards * cos0 - y * scale * sin0) / RADIANS;
      const longitude = longitudeDeg + turn;
      return [
        Math.asin(Math.min(Math.max(sine, -1), 1)) / RADIANS,
        longitude - 360 * Math.floor((longitude + 180) / 360),
      ];
    },
  };
}
