/**
 * The map of the picture: MapLibre over a basemap of this page's own origin, with the volumes of one moment.
 *
 * A few volumes are the map's own, in one source; what a moment shows is told to it by feature state, at most once a frame, and only of what
 * appears or goes, so that nothing is cut into tiles again while somebody moves through time. Many are drawn on a sheet over it (`crowd`),
 * and the map, which would draw all of itself for each of them, rests: symbols go while time moves, and come when it does not.
 */

import type { Feature, FeatureCollection, GeoJSON, Point } from "geojson";
import * as maplibre from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";

import { locale } from "../words/index.svelte.js";
import { type Basemap, basemap, near } from "./basemap.js";
import { countryName } from "./countries.js";
import { type Crowd, openCrowd } from "./crowd.js";
import { graticule } from "./graticule.js";
import { dots, hatch, PIXEL_RATIO, symbol, volumeLabel, words } from "./images.js";
import { area, pointInside } from "./inside.js";
import { LABEL_LAYERS, layers, PATTERNS, SOURCES, VOLUME_FILLS } from "./layers.js";
import { extentOf, geodesic } from "./measure.js";
import { type Palette, partyStyle } from "./palette.js";
import { activeAt } from "./timeline.js";
import type { Answer, Extent, Places, Position, Shown } from "./types.js";

export const MOST_LABELS = 250;
const EMPTY: FeatureCollection = { type: "FeatureCollection", features: [] };
const LABELS_AFTER_MS = 150;
const LABELS_AT_LEAST_MS = 600;
const FEW = 1_500; // volumes that the map draws by itself
const FEW_IN_SOFTWARE = 60; // where there is no graphics card, and it draws some five times a second
const AROUND_DEG = 12; // of what is shown first, the ground that is drawn with it
const CLICK_PX = 3;
const CLOSEST = 11; // the zoom at which little is shown at first

type PaintName = Parameters<maplibre.Map["setPaintProperty"]>[1];
type PaintValue = Parameters<maplibre.Map["setPaintProperty"]>[2];

export interface MapEvents {
  /** Where the pointer is; null where it left. */
  readonly pointer: (at: Position | null) => void;
  /** Volumes under a click, the smallest first; and where. */
  readonly clicked: (ids: readonly string[], at: Position) => void;
  /** The view moved: its middle, and metres per pixel there. */
  readonly moved: (middle: Position, metresPerPixel: number) => void;
}

export interface PictureMap {
  readonly map: maplibre.Map;
  show(shown: readonly Shown[], parties: readonly string[]): void;
  at(timeUs: number): void;
  select(id: string | undefined): void;
  places(places: Places): void;
  measure(line: readonly Position[]): void;
  labels(shown: boolean): void;
  /** Draws all again in other colours, or with the names of another language. */
  repaint(palette: Palette): void;
  fit(extent: Extent, at?: "once"): void;
  extent(): Extent | null;
  end(): void;
}

maplibre.setWorkerUrl(workerUrl);

/**
 * Opens a map in an element, at an extent or with the whole world. The ground is there from its first frame: without a graphics card each
 * frame that shows a little more takes a good part of a second.
 */
export async function openMap(
  container: HTMLElement,
  first: Palette,
  events: MapEvents,
  extent: Extent | null,
): Promise<PictureMap> {
  const ground = await basemap().catch(() => null); // without it what was released is shown all the same
  const map = new maplibre.Map({
    container,
    attributionControl: false,
    style: style(first, ground && extent ? near(ground, extent, AROUND_DEG) : ground),
    ...(extent
      ? { bounds: bounds(extent), fitBoundsOptions: { padding: padding(container), maxZoom: CLOSEST } }
      : { center: [0, 20], zoom: 1 }),
    validateStyle: false, // it is ours, and looking through all of the ground takes a while
    canvasContextAttributes: { antialias: false },
    maxPitch: 0,
    dragRotate: false,
    pitchWithRotate: false,
    fadeDuration: 0,
    maxZoom: 16,
    renderWorldCopies: true,
    locale: {},
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  const few = drawsInSoftware(map) ? FEW_IN_SOFTWARE : FEW;
  let palette = first;
  let version = 0;
  let shown: readonly Shown[] = [];
  let styles = new Map<string, number>();
  let points: ([number, number] | null)[] = [];
  let on = new Set<number>();
  let chosen: number | undefined;
  let timeUs = 0;
  let frame = 0;
  let labelling: ReturnType<typeof setTimeout> | undefined;
  let withLabels = true;
  let loaded = false;
  let crowd: Crowd | null = null;
  let moving = false;
  let appliedMs = 0;
  let labelledMs = 0;
  let arranged: Places = {};

  const set = (source: (typeof SOURCES)[number], data: GeoJSON): void => {
    void map.getSource<maplibre.GeoJSONSource>(source)?.setData(data);
  };

  map.setMissingStyleImageResolver((id) => {
    const drawn = imageOf(id);
    if (drawn && !map.hasImage(id)) map.addImage(id, drawn, { pixelRatio: PIXEL_RATIO });
  });

  function imageOf(id: string): ImageData | null {
    const [kind = "", ...rest] = id.split("|");
    const text = rest.slice(1).join("|");
    if (kind === "volume") {
      const volume = shown[Number(rest[1])];
      return volume ? volumeLabel(volume, colourOf(volume), palette) : null;
    }
    if (kind === "symbol") return symbol(rest[1] ?? "", (rest[2] ?? "") as Answer | "", palette);
    if (kind === "country")
      return words(text.toUpperCase(), palette.quiet, palette, { size: 10, weight: 500, spacing: 1.5 });
    if (kind === "degrees") return words(text, palette.quiet, palette, { size: 10 });
    if (kind === "place") return words(text, palette.quiet, palette, { size: 11, weight: 600 });
    return null;
  }

  const colourOf = ({ party }: Shown): string =>
    palette.parties[partyStyle(styles.get(party) ?? 0).colour] ?? palette.text;

  function patterns(): void {
    for (const index of PATTERNS) {
      const colour = palette.parties[index] ?? palette.text;
      for (const [id, drawn] of [
        [`hatch-${index}`, hatch(colour)],
        [`dots-${index}`, dots(colour)],
      ] as const) {
        if (map.hasImage(id)) map.updateImage(id, drawn);
        else map.addImage(id, drawn, { pixelRatio: PIXEL_RATIO });
      }
    }
  }

  function apply(nowMs: number): void {
    frame = 0;
    if (!loaded) load();
    const now = new Set<number>();
    shown.forEach((each, index) => {
      if (activeAt(each, timeUs)) now.add(index);
    });
    for (const index of on) if (!now.has(index)) turn(index, false);
    for (const index of now) if (!on.has(index)) turn(index, true);
    on = now;
    crowd?.paint();
    const frameMs = nowMs - appliedMs;
    label(LABELS_AFTER_MS + (frameMs < 10 * LABELS_AFTER_MS ? frameMs : 0)); // when time has come to rest, on slow machines too
    appliedMs = nowMs;
  }

  /** Its symbol goes with a volume at once: a mark of CONFLICT must not outlive what it marks. */
  function turn(index: number, shows: boolean): void {
    if (crowd) {
      crowd.turn(index, shows);
      rest(false);
      return;
    }
    map.setFeatureState({ source: "volumes", id: index }, { on: shows });
    map.setFeatureState({ source: "labels", id: index }, { gone: !shows && index !== chosen });
  }

  /** Of many, symbols and words are there while time rests, and no others: none may outlive what it marks. */
  function rest(rests: boolean): void {
    if (moving === !rests) return;
    moving = !rests;
    crowd?.rest(rests);
    for (const layer of LABEL_LAYERS) map.setLayoutProperty(layer, "visibility", rests ? "visible" : "none");
  }

  /** A few volumes go to the map, of many the chosen one alone. */
  function load(): void {
    loaded = true;
    const features = shown.flatMap(({ party, level, answer, geometry }, id): Feature[] => {
      if (crowd && id !== chosen) return [];
      const properties = { level, answer: answer ?? "", ...partyStyle(styles.get(party) ?? 0) };
      return [{ type: "Feature", id, properties, geometry }];
    });
    set("volumes", { type: "FeatureCollection", features });
  }

  function label(afterMs: number): void {
    clearTimeout(labelling);
    const dueMs = crowd ? afterMs : Math.max(0, LABELS_AT_LEAST_MS - (performance.now() - labelledMs)); // while time plays on, too
    labelling = setTimeout(
      () => {
        labelledMs = performance.now();
        set("labels", withLabels ? labelsOf() : EMPTY);
        rest(true);
      },
      Math.min(afterMs, dueMs),
    );
  }

  function labelsOf(): FeatureCollection<Point> {
    const order = (index: number): number =>
      index === chosen ? 0 : { CONFLICT: 1, POSSIBLE: 2, CLEAR: 3 }[shown[index]?.answer ?? "CLEAR"];
    const first = [...on, ...(chosen === undefined || on.has(chosen) ? [] : [chosen])]
      .sort((a, b) => order(a) - order(b))
      .slice(0, MOST_LABELS);
    const features = first.flatMap((index): Feature<Point>[] => {
      const at = points[index];
      if (!at) return [];
      const { activity = "", answer = "" } = shown[index] ?? {};
      const properties = {
        image: `symbol|${version}|${activity}|${answer}`,
        words: `volume|${version}|${index}`,
        order: order(index),
      };
      return [{ type: "Feature", id: index, properties, geometry: { type: "Point", coordinates: at } }];
    });
    return { type: "FeatureCollection", features };
  }

  function drawPlaces(): void {
    const features = Object.entries(arranged).flatMap(([place, collection]) =>
      (collection as FeatureCollection).features.map((feature) => {
        const name: unknown = feature.properties?.["name"] ?? feature.properties?.["label"];
        const image = typeof name === "string" && name ? { image: `place|${version}|${name}` } : {};
        return { ...feature, properties: { place, ...image } };
      }),
    );
    set("places", { type: "FeatureCollection", features });
  }

  function drawGraticule(): void {
    const bounds = map.getBounds();
    const [west, south, east, north] = [bounds.getWest(), bounds.getSouth(), bounds.getEast(), bounds.getNorth()];
    const lines = graticule([west, south, east, north]);
    const { clientWidth: width, clientHeight: height } = container;
    const rim = (x: number, y: number): maplibre.LngLat => map.unproject([x, y]);
    const names = lines.features.map(({ geometry: { coordinates }, properties: { text } }): Feature<Point> => {
      const [[lon = 0, lat = 0] = [], [, endLat] = []] = coordinates;
      const meridian = lat !== endLat;
      const at = meridian ? [lon, rim(width / 2, 14).lat] : [rim(width - 26, height / 2).lng, lat];
      return {
        type: "Feature",
        properties: { image: `degrees|${version}|${text}` },
        geometry: { type: "Point", coordinates: at },
      };
    });
    set("graticule", { type: "FeatureCollection", features: [...lines.features, ...names] });
  }

  function moved(): void {
    const { lng, lat } = map.getCenter();
    const metresPerPixel = (40_075_016.686 * Math.cos((lat * Math.PI) / 180)) / (512 * 2 ** map.getZoom());
    events.moved([lat, wrapped(lng)], metresPerPixel);
  }

  function nameCountries(): void {
    const features = (ground?.names ?? []).map(({ code, at, size }): Feature<Point> => {
      const name = countryName(code, locale());
      const properties = name ? { image: `country|${version}|${name}`, size } : {};
      return { type: "Feature", properties, geometry: { type: "Point", coordinates: [...at] } };
    });
    set("names", { type: "FeatureCollection", features });
  }

  map.on("mousemove", ({ lngLat }) => events.pointer([lngLat.lat, wrapped(lngLat.lng)]));
  map.on("mouseout", () => events.pointer(null));
  map.on("move", moved);
  map.on("moveend", drawGraticule);
  map.on("resize", drawGraticule);
  map.on("click", ({ point: { x, y }, lngLat }) => {
    const found = (crowd ? crowd.under(x, y) : drawnAt(x, y)).filter((index) => on.has(index));
    const size = (index: number): number =>
      (shown[index]?.geometry.coordinates ?? []).reduce((sum, [rim = []]) => sum + area(rim), 0);
    const ids = found.sort((a, b) => size(a) - size(b)).flatMap((index) => shown[index]?.id ?? []);
    events.clicked(ids, [lngLat.lat, wrapped(lngLat.lng)]);
  });

  /** Marks when ground and volumes were first there to be seen: what the bench waits for. */
  function drawnFirst(): void {
    if (!loaded || !map.isSourceLoaded("land") || !map.isSourceLoaded("volumes")) return;
    performance.mark("picture drawn");
    map.off("render", drawnFirst);
    if (ground && extent) for (const [source, data] of Object.entries(grounds(ground))) set(source as "land", data);
  }

  function drawnAt(x: number, y: number): number[] {
    const box: [maplibre.PointLike, maplibre.PointLike] = [
      [x - CLICK_PX, y - CLICK_PX],
      [x + CLICK_PX, y + CLICK_PX],
    ];
    const hit = map.queryRenderedFeatures(box, { layers: [...VOLUME_FILLS, "volumes-line"] });
    return [...new Set(hit.map(({ id }) => Number(id)))];
  }

  await new Promise<void>((done) => {
    void map.once("style.load", () => done());
  });
  patterns();
  nameCountries();
  drawGraticule();
  moved();
  map.on("render", drawnFirst);

  return {
    map,
    show(next, parties) {
      shown = next;
      styles = new Map(parties.map((party, index) => [party, index]));
      points = next.map(({ geometry }) => pointInside(geometry));
      forget("volume|");
      version += 1;
      map.removeFeatureState({ source: "volumes" });
      map.removeFeatureState({ source: "labels" });
      on = new Set();
      chosen = undefined;
      loaded = false;
      if (next.length > few) (crowd ??= openCrowd(map)).show(next, styles, palette);
      else {
        crowd?.end();
        crowd = null;
        rest(true);
      }
      if (!frame) frame = requestAnimationFrame(apply);
    },
    at(next) {
      timeUs = next;
      if (!frame) frame = requestAnimationFrame(apply);
    },
    select(id) {
      const index = id === undefined ? -1 : shown.findIndex((each) => each.id === id);
      if (chosen !== undefined) map.setFeatureState({ source: "volumes", id: chosen }, { selected: false });
      chosen = index < 0 ? undefined : index;
      if (chosen !== undefined) {
        map.setFeatureState({ source: "volumes", id: chosen }, { selected: true });
        map.setFeatureState({ source: "labels", id: chosen }, { gone: false });
        if (crowd || !on.has(chosen)) load();
      }
      label(0);
    },
    places(next) {
      arranged = next;
      drawPlaces();
    },
    measure(line) {
      const dots = line.map(([lat, lon]): Feature => ({
        type: "Feature",
        properties: {},
        geometry: { type: "Point", coordinates: [lon, lat] },
      }));
      const drawn: Feature = {
        type: "Feature",
        properties: {},
        geometry: { type: "LineString", coordinates: geodesic(line) },
      };
      set("measure", { type: "FeatureCollection", features: line.length > 1 ? [drawn, ...dots] : dots });
    },
    labels(wanted) {
      withLabels = wanted;
      label(0);
    },
    repaint(next) {
      palette = next;
      version += 1;
      if (crowd) {
        crowd.show(shown, styles, palette);
        for (const index of on) crowd.turn(index, true);
        crowd.paint();
      }
      for (const layer of layers(next)) {
        for (const [name, value] of Object.entries<unknown>(layer.paint ?? {})) {
          map.setPaintProperty(layer.id, name as PaintName, value as PaintValue);
        }
      }
      for (const kind of ["volume|", "symbol|", "country|", "degrees|", "place|"]) forget(kind);
      patterns();
      nameCountries();
      drawGraticule();
      drawPlaces();
      label(0);
    },
    fit(next) {
      map.fitBounds(bounds(next), { padding: padding(container), maxZoom: CLOSEST, animate: false });
    },
    extent() {
      const active = on.size ? [...on].flatMap((index) => shown[index] ?? []) : shown;
      return extentOf(active.flatMap(({ geometry }) => geometry.coordinates.map(([rim = []]) => rim)));
    },
    end() {
      crowd?.end();
      cancelAnimationFrame(frame);
      clearTimeout(labelling);
      map.remove();
    },
  };

  function forget(kind: string): void {
    for (const id of map.listImages()) if (id.startsWith(kind)) map.removeImage(id);
  }
}

function bounds([west, south, east, north]: Extent): [number, number, number, number] {
  return [west, south, east < west ? east + 360 : east, north];
}

function padding({ clientWidth, clientHeight }: HTMLElement): number {
  return Math.min(56, clientWidth / 8, clientHeight / 8);
}

function grounds({ land, borders, coasts }: Basemap): Record<"land" | "borders" | "coasts", GeoJSON> {
  return {
    land,
    borders: { type: "Feature", properties: {}, geometry: borders },
    coasts: { type: "Feature", properties: {}, geometry: coasts },
  };
}

function style(palette: Palette, ground: Basemap | null): maplibre.StyleSpecification {
  const known: Partial<Record<(typeof SOURCES)[number], GeoJSON>> = ground ? grounds(ground) : {};
  const sources = Object.fromEntries(
    SOURCES.map((name) => {
      const fine = name === "volumes" ? { tolerance: 0.5, buffer: 64 } : {};
      return [name, { type: "geojson", data: known[name] ?? EMPTY, ...fine } as const];
    }),
  );
  return { version: 8, sources, layers: layers(palette) };
}

function drawsInSoftware(map: maplibre.Map): boolean {
  const gl = map.getCanvas().getContext("webgl2");
  const named = gl?.getExtension("WEBGL_debug_renderer_info");
  return named ? /swiftshader|llvmpipe|software/i.test(String(gl?.getParameter(named.UNMASKED_RENDERER_WEBGL))) : false;
}

function wrapped(lon: number): number {
  return lon - 360 * Math.round(lon / 360);
}
