/**
 * Areas drawn by sums: what each area adds to a pixel is added when it appears and taken away when it goes, in whole numbers, so that a moment
 * later costs what changes and not what there is. Of ten thousand areas nobody sees a single hatch anyway; how many lie over one another shows.
 *
 * A pixel is inside where its middle is, by the even–odd rule; the rim is drawn whole, so that nothing is too small to be seen.
 */

/** What an area is drawn with: weights are the share of the ground that one such area covers, in thousandths. */
export interface Brush {
  readonly colour: readonly [red: number, green: number, blue: number];
  readonly fill: number;
  readonly rim: number;
  /** Every so many pixels only, as what is generalised is drawn elsewhere. */
  readonly texture: "solid" | "hatch" | "dots";
}

/** Rings in pixels: x and y by turns; the last corner leads back to the first. */
export type Rings = readonly Float64Array[];

export const TILE = 32;
const SUMS = 4; // red, green, blue, weight
const OPAQUE_AT = 8_000; // more weight changes no colour
const HATCH = 6;
const DOTS = 5;

/** The share of the ground that shows through weights up to OPAQUE_AT, as 0 to 255 covered. */
const COVERED = Uint8ClampedArray.from({ length: OPAQUE_AT + 1 }, (_, weight) => 255 * (1 - Math.exp(-weight / 1000)));

export class Ink {
  readonly width: number;
  readonly height: number;
  readonly #sums: Int32Array;
  readonly #dirty: Uint8Array;
  readonly #tilesWide: number;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#sums = new Int32Array(width * height * SUMS);
    this.#tilesWide = Math.ceil(width / TILE);
    this.#dirty = new Uint8Array(this.#tilesWide * Math.ceil(height / TILE)).fill(1);
  }

  clear(): void {
    this.#sums.fill(0);
    this.#dirty.fill(1);
  }

  /** Adds an area, or takes away one that was added with the same rings and brush. */
  draw(rings: Rings, brush: Brush, sign: 1 | -1): void {
    if (brush.fill > 0) this.#fill(rings, brush, sign * brush.fill);
    if (brush.rim > 0) for (const ring of rings) this.#rim(ring, brush, sign * brush.rim);
  }

  /** Brings an image up to date; says which tiles of it changed. */
  paint(image: Uint8ClampedArray): { x: number; y: number }[] {
    const changed: { x: number; y: number }[] = [];
    this.#dirty.forEach((isDirty, tile) => {
      if (!isDirty) return;
      const [x, y] = [(tile % this.#tilesWide) * TILE, Math.floor(tile / this.#tilesWide) * TILE];
      this.#paintTile(image, x, y);
      changed.push({ x, y });
    });
    this.#dirty.fill(0);
    return changed;
  }

  #paintTile(image: Uint8ClampedArray, left: number, top: number): void {
    const sums = this.#sums;
    const right = Math.min(this.width, left + TILE);
    for (let y = top; y < Math.min(this.height, top + TILE); y += 1) {
      for (let at = (y * this.width + left) * SUMS, end = (y * this.width + right) * SUMS; at < end; at += SUMS) {
        const weight = sums[at + 3] as number;
        if (weight > 0) {
          image[at] = (sums[at] as number) / weight;
          image[at + 1] = (sums[at + 1] as number) / weight;
          image[at + 2] = (sums[at + 2] as number) / weight;
        }
        image[at + 3] = COVERED[Math.min(weight, OPAQUE_AT)] as number;
      }
    }
  }

  #fill(rings: Rings, { colour: [red, green, blue], texture }: Brush, weight: number): void {
    const [top, bottom] = rows(rings, this.height);
    const crossings: number[] = [];
    for (let y = top; y <= bottom; y += 1) {
      crossings.length = 0;
      for (const ring of rings) cross(ring, y + 0.5, crossings);
      crossings.sort((a, b) => a - b);
      for (let pair = 0; pair + 1 < crossings.length; pair += 2) {
        const from = Math.max(0, Math.ceil((crossings[pair] as number) - 0.5));
        const to = Math.min(this.width, Math.ceil((crossings[pair + 1] as number) - 0.5));
        if (from >= to) continue;
        this.#touch(from, to, y);
        for (let x = from; x < to; x += 1) {
          if (texture === "solid" || isInked(texture, x, y)) this.#add(x, y, red, green, blue, weight);
        }
      }
    }
  }

  #rim(ring: Float64Array, { colour: [red, green, blue] }: Brush, weight: number): void {
    let x1 = ring[ring.length - 2] as number;
    let y1 = ring[ring.length - 1] as number;
    for (let at = 0; at < ring.length; at += 2) {
      const [x2, y2] = [ring[at] as number, ring[at + 1] as number];
      this.#stroke(x1, y1, x2, y2, red, green, blue, weight);
      [x1, y1] = [x2, y2];
    }
  }

  /** The pixels along a line, one in each column or row, whichever it crosses more of. */
  #stroke(
    x1: number,
    y1: number,
    x2: number,
    y2: number,
    red: number,
    green: number,
    blue: number,
    weight: number,
  ): void {
    const steps = Math.max(1, Math.ceil(Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1))));
    const [first, last] = within(x1, y1, x2, y2, this.width, this.height);
    for (let step = Math.floor(first * steps); step < Math.min(steps, Math.ceil(last * steps) + 1); step += 1) {
      const x = Math.floor(x1 + ((x2 - x1) * step) / steps);
      const y = Math.floor(y1 + ((y2 - y1) * step) / steps);
      if (x < 0 || y < 0 || x >= this.width || y >= this.height) continue;
      this.#touch(x, x + 1, y);
      this.#add(x, y, red, green, blue, weight);
    }
  }

  #add(x: number, y: number, red: number, green: number, blue: number, weight: number): void {
    const sums = this.#sums;
    const at = (y * this.width + x) * SUMS;
    sums[at] = (sums[at] as number) + red * weight;
    sums[at + 1] = (sums[at + 1] as number) + green * weight;
    sums[at + 2] = (sums[at + 2] as number) + blue * weight;
    sums[at + 3] = (sums[at + 3] as number) + weight;
  }

  #touch(from: number, to: number, y: number): void {
    const row = Math.floor(y / TILE) * this.#tilesWide;
    for (let tile = Math.floor(from / TILE); tile <= Math.floor((to - 1) / TILE); tile += 1)
      this.#dirty[row + tile] = 1;
  }
}

function isInked(texture: "hatch" | "dots", x: number, y: number): boolean {
  return texture === "hatch" ? (x + y) % HATCH < 2 : x % DOTS < 2 && y % DOTS < 2;
}

/** The first and last row whose middle may lie inside, on the sheet. */
function rows(rings: Rings, height: number): [number, number] {
  let [top, bottom] = [Infinity, -Infinity];
  for (const ring of rings) {
    for (let at = 1; at < ring.length; at += 2) {
      top = Math.min(top, ring[at] as number);
      bottom = Math.max(bottom, ring[at] as number);
    }
  }
  return [Math.max(0, Math.ceil(top - 0.5)), Math.min(height - 1, Math.floor(bottom - 0.5))];
}

function cross(ring: Float64Array, y: number, crossings: number[]): void {
  let x1 = ring[ring.length - 2] as number;
  let y1 = ring[ring.length - 1] as number;
  for (let at = 0; at < ring.length; at += 2) {
    const [x2, y2] = [ring[at] as number, ring[at + 1] as number];
    if (y1 > y !== y2 > y) crossings.push(x1 + ((y - y1) / (y2 - y1)) * (x2 - x1));
    [x1, y1] = [x2, y2];
  }
}

/** The part of a line, from 0 to 1, outside of which it does not touch the sheet; nothing where it never does. Liang and Barsky's way. */
function within(x1: number, y1: number, x2: number, y2: number, width: number, height: number): [number, number] {
  let [first, last] = [0, 1];
  for (const [way, room] of [
    [x1 - x2, x1],
    [x2 - x1, width - x1],
    [y1 - y2, y1],
    [y2 - y1, height - y1],
  ] as const) {
    if (way === 0 && room < 0) return [1, 0];
    if (way < 0) first = Math.max(first, room / way);
    if (way > 0) last = Math.min(last, room / way);
  }
  return first > last ? [1, 0] : [first, last];
}
