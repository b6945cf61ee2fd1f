/**
 * Many volumes on a sheet of their own. While somebody moves through time the sheet lies over the map, which is not drawn anew; when time
 * rests the map takes the sheet in, under its symbols and words, and moves with it. It is drawn again when the map has moved.
 */

import type * as maplibre from "maplibre-gl";

import { type Brush, Ink, type Rings, TILE } from "./ink.js";
import { type Palette, partyStyle } from "./palette.js";
import type { Level, Shown } from "./types.js";

const TEXTURES: Readonly<Record<Level, Brush["texture"]>> = {
  full: "solid",
  own: "solid",
  general: "hatch",
  existence: "dots",
};
const FILLS: Readonly<Record<Brush["texture"], number>> = { solid: 90, hatch: 220, dots: 260 };
const RIM = 420;
const OWN_RIM = 1_400;
const MARKED_RIM = 4_000;
const TILE_PX = 512; // of the world at zoom 0

export interface Crowd {
  /** What there is; nothing of it shows yet. */
  show(shown: readonly Shown[], styles: ReadonlyMap<string, number>, palette: Palette): void;
  turn(index: number, shows: boolean): void;
  /** Puts on the screen what was turned. */
  paint(): void;
  /** Whether time rests: then the map has the sheet. */
  rest(rests: boolean): void;
  /** Everything shown under a point of the map, in no order. */
  under(x: number, y: number): number[];
  end(): void;
}

const NAME = "crowd";
const BEFORE = "measure"; // of the map's layers: what is written lies over the sheet
const MOST_DEG = 170; // wider views are not given to the map, which would wrap them

/** Where the map stands: the world's corner and width, in pixels of the container. */
interface Stand {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export function openCrowd(map: maplibre.Map): Crowd {
  const canvas = document.createElement("canvas");
  canvas.className = "crowd";
  map.getCanvasContainer().append(canvas);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let image = new ImageData(1, 1);
  let ink = new Ink(1, 1);
  let shown: readonly Shown[] = [];
  let brushes: Brush[] = [];
  let worlds: (Rings | undefined)[] = [];
  let stand: Stand = standing();
  let resting = false;
  const on = new Set<number>();
  const drawn = new Map<number, Rings[]>();

  function standing(): Stand {
    const { x, y } = map.project([-180, 85.051_128_779_806_6]);
    return { x, y, width: TILE_PX * 2 ** map.getZoom() };
  }

  /** The area as it lies on the sheet, once for each of the worlds side by side that it shows in. */
  function placed(index: number): Rings[] {
    const world = (worlds[index] ??= worldOf(shown[index]));
    let [west, east] = [Infinity, -Infinity];
    for (const ring of world) {
      for (let at = 0; at < ring.length; at += 2) {
        west = Math.min(west, ring[at] as number);
        east = Math.max(east, ring[at] as number);
      }
    }
    const copies: Rings[] = [];
    const first = Math.ceil((-stand.x - east * stand.width) / stand.width);
    const last = Math.floor((ink.width - stand.x - west * stand.width) / stand.width);
    for (let copy = first; copy <= last && copies.length < 4; copy += 1) {
      copies.push(world.map((ring) => onSheet(ring, stand, copy)));
    }
    return copies;
  }

  function put(index: number): void {
    const [rings, brush] = [placed(index), brushes[index]];
    if (!brush || rings.length === 0) return;
    drawn.set(index, rings);
    for (const each of rings) ink.draw(each, brush, 1);
  }

  function take(index: number): void {
    const brush = brushes[index];
    for (const each of drawn.get(index) ?? []) if (brush) ink.draw(each, brush, -1);
    drawn.delete(index);
  }

  function again(): void {
    const { clientWidth: width, clientHeight: height } = map.getContainer();
    if (width !== ink.width || height !== ink.height) {
      [canvas.width, canvas.height] = [Math.max(1, width), Math.max(1, height)];
      ink = new Ink(canvas.width, canvas.height);
      image = new ImageData(canvas.width, canvas.height);
    } else {
      ink.clear();
    }
    stand = standing();
    drawn.clear();
    for (const index of on) put(index);
    canvas.style.transform = "";
    paint();
    if (resting) give();
  }

  /** The map takes the sheet in as it is, and the sheet over it goes. */
  function give(): void {
    const corners = cornersOf(map);
    if (!corners) {
      canvas.hidden = false;
      return;
    }
    const source = map.getSource<maplibre.CanvasSource>(NAME);
    if (source) {
      source.setCoordinates(corners);
      source.play();
      source.pause();
    } else {
      map.addSource(NAME, { type: "canvas", canvas, coordinates: corners, animate: false });
      map.addLayer({ id: NAME, type: "raster", source: NAME, paint: { "raster-fade-duration": 0 } }, BEFORE);
    }
    map.setLayoutProperty(NAME, "visibility", "visible");
    map.once("render", () => {
      canvas.hidden = resting;
    });
  }

  function follow(): void {
    const now = standing();
    const scale = now.width / stand.width;
    canvas.style.transform = `translate(${now.x - stand.x * scale}px, ${now.y - stand.y * scale}px) scale(${scale})`;
  }

  function paint(): void {
    for (const { x, y } of ink.paint(image.data)) context?.putImageData(image, 0, 0, x, y, TILE, TILE);
  }

  map.on("move", follow);
  map.on("moveend", again);
  map.on("resize", again);
  again();

  return {
    show(next, styles, palette) {
      shown = next;
      worlds = [];
      on.clear();
      brushes = next.map((each) => brushOf(each, styles.get(each.party) ?? 0, palette));
      again();
    },
    turn(index, shows) {
      if (shows === on.has(index)) return;
      if (shows) on.add(index);
      else on.delete(index);
      if (shows) put(index);
      else take(index);
    },
    paint,
    rest(rests) {
      resting = rests;
      if (rests) give();
      else {
        canvas.hidden = false;
        if (map.getLayer(NAME)) map.setLayoutProperty(NAME, "visibility", "none");
      }
    },
    under(x, y) {
      return [...drawn].flatMap(([index, copies]) => (copies.some((rings) => isInside(rings, x, y)) ? [index] : []));
    },
    end() {
      map.off("move", follow);
      map.off("moveend", again);
      map.off("resize", again);
      if (map.getLayer(NAME)) map.removeLayer(NAME);
      if (map.getSource(NAME)) map.removeSource(NAME);
      canvas.remove();
    },
  };
}

type Corner = [lon: number, lat: number];

/** Of what is in view, from the upper left and with the clock; nothing where it is too wide, or reaches past where the map ends. */
function cornersOf(map: maplibre.Map): [Corner, Corner, Corner, Corner] | null {
  const { clientWidth: width, clientHeight: height } = map.getContainer();
  const [upper, lower] = [map.unproject([0, 0]), map.unproject([width, height])];
  if (lower.lng - upper.lng > MOST_DEG || upper.lat > 84 || lower.lat < -84) return null;
  return [
    [upper.lng, upper.lat],
    [lower.lng, upper.lat],
    [lower.lng, lower.lat],
    [upper.lng, lower.lat],
  ];
}

function brushOf({ level, answer }: Shown, style: number, palette: Palette): Brush {
  const texture = TEXTURES[level];
  const marked = answer === "CONFLICT" || answer === "POSSIBLE";
  const own = palette.parties[partyStyle(style).colour] ?? palette.text;
  const colour = answer === "CONFLICT" ? palette.conflict : answer === "POSSIBLE" ? palette.possible : own;
  return {
    colour: channels(colour),
    fill: FILLS[texture],
    rim: marked ? MARKED_RIM : level === "own" ? OWN_RIM : RIM,
    texture,
  };
}

function channels(colour: string): [number, number, number] {
  const [red = 0, green = 0, blue = 0] = colour.match(/[\d.]+/g)?.map(Number) ?? [];
  return [Math.round(red), Math.round(green), Math.round(blue)];
}

/** Web Mercator, the world from 0 to 1. */
function worldOf(volume: Shown | undefined): Rings {
  return (volume?.geometry.coordinates ?? []).flatMap((polygon) =>
    polygon.map((ring) => {
      const points = new Float64Array(ring.length * 2);
      ring.forEach(([lon = 0, lat = 0], index) => {
        const tilt = Math.max(-0.9999, Math.min(0.9999, Math.sin((lat * Math.PI) / 180)));
        points[2 * index] = lon / 360 + 0.5;
        points[2 * index + 1] = 0.5 - Math.log((1 + tilt) / (1 - tilt)) / (4 * Math.PI);
      });
      return points;
    }),
  );
}

function onSheet(ring: Float64Array, { x, y, width }: Stand, copy: number): Float64Array {
  const points = new Float64Array(ring.length);
  for (let at = 0; at < ring.length; at += 2) {
    points[at] = x + ((ring[at] as number) + copy) * width;
    points[at + 1] = y + (ring[at + 1] as number) * width;
  }
  return points;
}

function isInside(rings: Rings, x: number, y: number): boolean {
  let inside = false;
  for (const ring of rings) {
    let x1 = ring[ring.length - 2] as number;
    let y1 = ring[ring.length - 1] as number;
    for (let at = 0; at < ring.length; at += 2) {
      const [x2, y2] = [ring[at] as number, ring[at + 1] as number];
      if (y1 > y !== y2 > y && x < x1 + ((y - y1) / (y2 - y1)) * (x2 - x1)) inside = !inside;
      [x1, y1] = [x2, y2];
    }
  }
  return inside;
}
