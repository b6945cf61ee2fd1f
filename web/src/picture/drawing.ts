/** Drawing a polygon, a circle or a line on the map, and bending it afterwards: told each time something is finished. */

import type { Feature } from "geojson";
import type { Map } from "maplibre-gl";
import {
  type GeoJSONStoreFeatures,
  type HexColor,
  TerraDraw,
  TerraDrawCircleMode,
  TerraDrawLineStringMode,
  TerraDrawPolygonMode,
  TerraDrawSelectMode,
} from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";

import { circle, circleOf } from "./measure.js";
import type { Palette } from "./palette.js";
import type { DrawKind, Drawn, Position } from "./types.js";

export interface Drawing {
  /** Begins a new shape, or goes on with one. What was there is gone. */
  start(kind: DrawKind, shape?: Drawn): void;
  stop(): void;
  repaint(palette: Palette): void;
  end(): void;
}

const MODES: Readonly<Record<DrawKind, string>> = { polygon: "polygon", circle: "circle", line: "linestring" };
const DECIMALS = 9; // 0.1 mm
const CIRCLE_CORNERS = 32; // each is a handle

export function openDrawing(map: Map, palette: Palette, ondrawn: (drawn: Drawn) => void): Drawing {
  const corners = { draggable: true, midpoints: true, deletable: true } as const;
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, coordinatePrecision: DECIMALS, prefixId: "drawing" }),
    modes: [
      new TerraDrawPolygonMode(),
      new TerraDrawCircleMode({ projection: "globe", segments: CIRCLE_CORNERS }),
      new TerraDrawLineStringMode(),
      new TerraDrawSelectMode({
        flags: {
          polygon: { feature: { draggable: true, coordinates: corners } },
          linestring: { feature: { draggable: true, coordinates: corners } },
          circle: { feature: { draggable: true, coordinates: { resizable: "center" } } },
        },
      }),
    ],
  });
  draw.start();
  paint(palette);

  draw.on("finish", (id, { mode, action }) => {
    const feature = draw.getSnapshotFeature(id);
    if (!feature) return;
    const shape = drawnOf(feature, action === "dragCoordinateResize" ? middle : undefined);
    middle = shape?.kind === "circle" ? shape.points[0] : undefined;
    if (action === "draw" && mode !== "select") queueMicrotask(() => bend(id));
    if (shape?.kind === "circle") draw.updateFeatureGeometry(id, featureOf(shape).geometry); // bent in Mercator: shown again as what is told
    if (shape) ondrawn(shape);
  });

  /** Of the circle that is there: it stays where only the radius changes. */
  let middle: Position | undefined;

  function bend(id: string | number): void {
    draw.setMode("select");
    draw.selectFeature(id);
  }

  function paint(next: Palette): void {
    const [accent, surface] = [hex(next.accent), hex(next.surface)];
    const outline = { fillColor: accent, fillOpacity: 0.15, outlineColor: accent, outlineWidth: 2 };
    draw.updateModeOptions<typeof TerraDrawPolygonMode>("polygon", {
      styles: {
        ...outline,
        closingPointColor: surface,
        closingPointOutlineColor: accent,
        closingPointOutlineWidth: 2,
        closingPointWidth: 5,
      },
    });
    draw.updateModeOptions<typeof TerraDrawCircleMode>("circle", { styles: outline });
    draw.updateModeOptions<typeof TerraDrawLineStringMode>("linestring", {
      styles: { lineStringColor: accent, lineStringWidth: 3 },
    });
    draw.updateModeOptions<typeof TerraDrawSelectMode>("select", {
      styles: {
        selectedPolygonColor: accent,
        selectedPolygonFillOpacity: 0.15,
        selectedPolygonOutlineColor: accent,
        selectedPolygonOutlineWidth: 2.5,
        selectedLineStringColor: accent,
        selectedLineStringWidth: 3,
        selectionPointColor: surface,
        selectionPointOutlineColor: accent,
        selectionPointOutlineWidth: 2,
        selectionPointWidth: 5,
        midPointColor: accent,
        midPointOutlineColor: surface,
        midPointWidth: 4,
      },
    });
  }

  return {
    start(kind, shape) {
      draw.clear();
      draw.setMode(MODES[kind]);
      middle = shape?.kind === "circle" ? shape.points[0] : undefined;
      if (shape?.kind !== kind) return;
      const [added] = draw.addFeatures([featureOf(shape)]);
      if (added?.valid && added.id !== undefined) bend(added.id);
    },
    stop() {
      draw.clear();
      draw.setMode("static");
    },
    repaint: paint,
    end() {
      draw.stop();
    },
  };
}

/** What a feature of the drawing says; null for what is none of ours. A circle around a middle that is known keeps it. */
export function drawnOf(
  { geometry, properties }: Pick<Feature, "geometry" | "properties">,
  known?: Position,
): Drawn | null {
  if (geometry.type === "LineString") return { kind: "line", points: geometry.coordinates.map(place) };
  if (geometry.type !== "Polygon") return null;
  const [rim = []] = geometry.coordinates;
  if (properties?.["mode"] !== "circle") return { kind: "polygon", points: rim.slice(0, -1).map(place) };
  const { middle, radiusM } = circleOf(rim);
  return { kind: "circle", points: [known ?? middle], radius_m: radiusM };
}

export function featureOf({ kind, points, radius_m }: Drawn): GeoJSONStoreFeatures {
  const properties = { mode: MODES[kind] };
  const corners = points.map(([lat, lon]) => rounded(lon, lat));
  const [first] = points;
  if (kind === "line") return { type: "Feature", properties, geometry: { type: "LineString", coordinates: corners } };
  const rim =
    kind === "circle" && first
      ? circle(first, radius_m ?? 0, CIRCLE_CORNERS).map(([lon, lat]) => rounded(lon, lat))
      : [...corners, ...corners.slice(0, 1)];
  return { type: "Feature", properties, geometry: { type: "Polygon", coordinates: [rim] } };
}

function place([lon = 0, lat = 0]: readonly number[]): Position {
  return [lat, lon - 360 * Math.round(lon / 360)];
}

function rounded(lon: number, lat: number): [number, number] {
  return [Number(lon.toFixed(DECIMALS)), Number(lat.toFixed(DECIMALS))];
}

function hex(rgb: string): HexColor {
  const [r = 0, g = 0, b = 0] = rgb.match(/[\d.]+/g)?.map(Number) ?? [];
  return `#${[r, g, b].map((part) => Math.round(part).toString(16).padStart(2, "0")).join("")}`;
}
