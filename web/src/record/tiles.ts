/**
 * A log as plain files: tiles of 256 hashes, and the tree that they make, of which nobody has to be believed; as `detente.record.tiles`, `proven`.
 *
 * The tiles at the right edge, one a level, hold between them all that the root is made of. A full tile is held against the one hash that stands
 * for it in the level above. So every hash that is given here leads to the root of a checkpoint.
 *
 * Source: c2sp.org/tlog-tiles, of height 8.
 */

import { type Bytes, concat, equal, hex } from "./bytes.js";
import { Malformed, NotAuthentic, TooLarge } from "./errors.js";
import { short } from "./keys.js";
import { EMPTY_ROOT, folded, HASH_BYTES, LARGEST, nodeHash, rootAt } from "./merkle.js";

export const HEIGHT = 8;
export const WIDTH = 1 << HEIGHT;
const MOST_KEPT = 512; // tiles at once, 8 KiB each and as much again above them

/** Which tile: level 0 holds leaf hashes. A `width` below 256 is a partial one. */
export interface TileAddress {
  readonly level: number;
  readonly number: bigint;
  readonly width: number;
}

/** The bytes of a tile, of exactly the width asked for. */
export type FetchTile = (tile: TileAddress) => Promise<Bytes>;

/** Where a tile lies below its log: `tile/<level>/<number>`, `.p/<width>` after it where it is not full. */
export function tilePath({ level, number, width }: TileAddress): `tile/${string}` {
  const groups = [three(number % 1000n)];
  for (let rest = number / 1000n; rest; rest /= 1000n) groups.unshift(`x${three(rest % 1000n)}`);
  return `tile/${level}/${groups.join("/")}${width === WIDTH ? "" : `.p/${width}`}`;
}

function three(number: bigint): string {
  return number.toString().padStart(3, "0");
}

/** Tiles from a web server; `log` is the address below which they lie. Read no further than a tile may reach. */
export function tilesAt(log: string): FetchTile {
  return async (tile) => {
    const path = tilePath(tile);
    const answer = await fetch(`${log.replace(/\/$/, "")}/${path}`);
    if (!answer.ok || !answer.body) throw new Malformed(`${path} is not there: the server said ${answer.status}`);
    return readAtMost(answer.body, WIDTH * HASH_BYTES, path);
  };
}

async function readAtMost(body: ReadableStream<Bytes>, most: number, path: string): Promise<Bytes> {
  const reader = body.getReader();
  let whole = new Uint8Array();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return whole;
    whole = concat(whole, value);
    if (whole.length > most) {
      await reader.cancel();
      throw new TooLarge(`${path} has more than ${most} bytes`);
    }
  }
}

/** The hashes of a tile, and of each level above them as far as they are complete. */
type Rows = readonly (readonly Bytes[])[];

/** The tree of a checkpoint, out of tiles. Made by `provenTiles` only. */
export class ProvenTiles {
  private readonly kept = new Map<string, Promise<Rows>>();

  /** @internal */
  constructor(
    private readonly fetchTile: FetchTile,
    readonly size: bigint,
    private readonly edge: readonly Rows[],
  ) {}

  /** The leaf hash at an index below the size; NotAuthentic where a tile on its way to the root is not the tree's. */
  async leaf(index: bigint): Promise<Bytes> {
    return this.node(0, index);
  }

  /** The root of the tree as it was at an earlier size. */
  async rootAt(size: bigint): Promise<Bytes> {
    if (!(0n <= size && size <= this.size)) {
      throw new Malformed(`a tree of ${String(size)} leaves is not a beginning of one of ${String(this.size)}`);
    }
    return rootAt(size, (level, index) => this.node(level, index));
  }

  private async node(level: number, index: bigint): Promise<Bytes> {
    const within = level % HEIGHT;
    const perTile = BigInt(WIDTH >> within);
    const rows = await this.rows(Math.floor(level / HEIGHT), index / perTile);
    const hash = rows[within]?.[Number(index % perTile)];
    if (!hash) throw new Malformed(`hash ${String(index)} of level ${level} is not in a tree of ${String(this.size)}`);
    return hash;
  }

  private async rows(level: number, number: bigint): Promise<Rows> {
    if (number === this.size >> BigInt(HEIGHT * (level + 1))) return this.edge[level] ?? [];
    const name = `${level}/${String(number)}`;
    let found = this.kept.get(name);
    if (!found) {
      if (this.kept.size >= MOST_KEPT) this.kept.clear();
      found = this.proven(level, number);
      this.kept.set(name, found);
      found.catch(() => this.kept.delete(name)); // asked for once more, it may come whole
    }
    return found;
  }

  private async proven(level: number, number: bigint): Promise<Rows> {
    const tile = { level, number, width: WIDTH };
    const rows = await fetched(this.fetchTile, tile);
    const [left, right] = rows[HEIGHT - 1] ?? [];
    const above = await this.node((level + 1) * HEIGHT, number);
    if (!left || !right || !equal(await nodeHash(left, right), above)) {
      throw new NotAuthentic(
        `${tilePath(tile)} is not the tile of the tree of ${String(this.size)} leaves`,
        "a hash in it was altered, or it is another log's",
      );
    }
    return rows;
  }
}

/** The tree of `size` leaves with this root; NotAuthentic where the tiles at its right edge do not lead there. */
export async function provenTiles(fetchTile: FetchTile, size: bigint, root: Bytes): Promise<ProvenTiles> {
  if (!(0n <= size && size <= LARGEST)) throw new Malformed(`a tree of ${String(size)} leaves`);
  const edge: Rows[] = [];
  for (let level = 0; size >> BigInt(HEIGHT * level); level++) edge.push(await edgeRows(fetchTile, size, level));
  const pieces = edge.toReversed().flatMap(complete);
  if (!equal(pieces.length ? await folded(pieces) : EMPTY_ROOT, root)) {
    throw new NotAuthentic(
      `the tiles lead to another root than that of the tree of ${String(size)} leaves, ${short(hex(root))}`,
      "a tile was altered, or the checkpoint is of another log",
    );
  }
  return new ProvenTiles(fetchTile, size, edge);
}

async function edgeRows(fetchTile: FetchTile, size: bigint, level: number): Promise<Rows> {
  const count = size >> BigInt(HEIGHT * level);
  const width = Number(count % BigInt(WIDTH));
  return width ? fetched(fetchTile, { level, number: count / BigInt(WIDTH), width }) : [];
}

async function fetched(fetchTile: FetchTile, tile: TileAddress): Promise<Rows> {
  const raw = await fetchTile(tile);
  if (raw.length !== tile.width * HASH_BYTES) {
    throw new Malformed(`${tilePath(tile)} has ${raw.length} bytes, not ${tile.width * HASH_BYTES}`);
  }
  let row = Array.from({ length: tile.width }, (_, index) => raw.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES));
  const rows = [row];
  while (rows.length < HEIGHT) {
    row = await paired(row);
    rows.push(row);
  }
  return rows;
}

/** The level above, as far as it is complete. */
async function paired(row: readonly Bytes[]): Promise<Bytes[]> {
  const above: Bytes[] = [];
  for (let index = 0; index + 1 < row.length; index += 2) {
    above.push(await nodeHash(...(row.slice(index, index + 2) as [Bytes, Bytes])));
  }
  return above;
}

/** The largest complete subtrees over a row that does not fill its tile, the largest first. */
function complete(rows: Rows): Bytes[] {
  const count = rows[0]?.length ?? 0;
  return rows
    .map((row, level) => ((count >> level) & 1 ? row[(count >> level) - 1] : undefined))
    .filter((hash) => hash !== undefined)
    .toReversed();
}
