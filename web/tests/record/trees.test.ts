import { expect, test } from "vitest";

import { type Bytes, concat, fromBase64, utf8 } from "../../src/record/bytes.js";
import { DetenteError, Malformed, NotAuthentic } from "../../src/record/errors.js";
import { checkConsistency, checkInclusion, EMPTY_ROOT, leafHash } from "../../src/record/merkle.js";
import { provenTiles, tilePath } from "../../src/record/tiles.js";
import { vectorText } from "../vectors.js";
import { flipped, tilesFrom } from "./world.js";

const TREES = JSON.parse(vectorText("record/trees.json")) as {
  roots: string[];
  inclusion: { index: number; size: number; hashes: string[] }[];
  consistency: { old: number; size: number; hashes: string[] }[];
  large: {
    size: number;
    root: string;
    opened: number[];
    earlier: Record<string, string>;
    tiles: Record<string, string>;
    paths: Record<string, string>;
  };
};
const bytes = (text: string) => fromBase64(text, "it");
const ROOTS = TREES.roots.map(bytes);
const root = (size: number) => ROOTS[size] ?? new Uint8Array();
const leaf = async (index: number) => leafHash(utf8(String(index)));

function wrong(hashes: Bytes[]): Bytes[][] {
  const other = hashes.map((hash) => {
    const changed = hash.slice();
    changed[31] = (changed[31] ?? 0) ^ 1;
    return changed;
  });
  const eachChanged = hashes.map((_, place) =>
    hashes.map((hash, index) => (index === place ? (other[index] ?? hash) : hash)),
  );
  return [...eachChanged, hashes.slice(1), hashes.slice(0, -1), [...hashes, new Uint8Array(32)]].filter(
    (each) => each.length !== hashes.length || each.some((hash, index) => hash !== hashes[index]),
  );
}

test("a proof of inclusion holds for one leaf at one place of one tree", async () => {
  for (const { index, size, hashes } of TREES.inclusion) {
    const proof = hashes.map(bytes);
    await checkInclusion(await leaf(index), BigInt(index), BigInt(size), root(size), proof);
    for (const changed of wrong(proof)) {
      await expect(checkInclusion(await leaf(index), BigInt(index), BigInt(size), root(size), changed)).rejects.toThrow(
        NotAuthentic,
      );
    }
    for (let other = 0; other < size; other++) {
      if (other !== index) {
        await expect(checkInclusion(await leaf(index), BigInt(other), BigInt(size), root(size), proof)).rejects.toThrow(
          DetenteError,
        );
      }
    }
  }
});

test("a tree goes on from each before it, and from no other", async () => {
  for (const { old, size, hashes } of TREES.consistency) {
    const proof = hashes.map(bytes);
    await checkConsistency(BigInt(old), root(old), BigInt(size), root(size), proof);
    for (const changed of wrong(proof)) {
      await expect(checkConsistency(BigInt(old), root(old), BigInt(size), root(size), changed)).rejects.toThrow(
        NotAuthentic,
      );
    }
    const stranger = new Uint8Array(32);
    await expect(checkConsistency(BigInt(old), stranger, BigInt(size), root(size), proof)).rejects.toThrow(
      NotAuthentic,
    );
    if (old > 0) {
      await expect(checkConsistency(BigInt(old), root(old), BigInt(size), stranger, proof)).rejects.toThrow(
        "two stories",
      );
    }
  }
});

test("sizes out of order and hashes that are none are malformed", async () => {
  await expect(checkConsistency(3n, root(3), 2n, root(2), [])).rejects.toThrow(Malformed);
  await checkConsistency(0n, EMPTY_ROOT, 0n, EMPTY_ROOT, []);
  await expect(checkConsistency(0n, EMPTY_ROOT, 0n, root(1), [])).rejects.toThrow(NotAuthentic);
  await expect(checkInclusion(await leaf(2), 2n, 2n, root(2), [])).rejects.toThrow(Malformed);
  await expect(checkInclusion(await leaf(0), 0n, 2n, root(2), [new Uint8Array(31)])).rejects.toThrow(Malformed);
});

test("a large tree gives its leaves and its earlier roots, each proven by its tiles", async () => {
  const { large } = TREES;
  const proven = await provenTiles(tilesFrom(large.tiles), BigInt(large.size), bytes(large.root));
  for (const index of large.opened) expect(await proven.leaf(BigInt(index))).toEqual(await leaf(index));
  for (const [size, earlier] of Object.entries(large.earlier)) {
    expect(await proven.rootAt(BigInt(size))).toEqual(bytes(earlier));
  }
  await expect(proven.rootAt(BigInt(large.size + 1))).rejects.toThrow("is not a beginning");
  await expect(proven.leaf(BigInt(large.size))).rejects.toThrow("is not in a tree");
});

test("any bit of a small log's only tile is refused, and so is any other width or size", async () => {
  const hashes = await Promise.all(Array.from({ length: 5 }, (_, index) => leaf(index)));
  const tile = concat(...hashes);
  const opened = (raw: Bytes, size = 5n) => provenTiles(() => Promise.resolve(raw), size, root(5));
  expect(await (await opened(tile)).rootAt(3n)).toEqual(root(3));
  for (const changed of flipped(tile)) await expect(opened(changed)).rejects.toThrow("lead to another root");
  for (const raw of [tile.slice(1), tile.slice(32), concat(tile, new Uint8Array(32))]) {
    await expect(opened(raw)).rejects.toThrow(Malformed);
  }
  for (const size of [0n, 4n, 6n, 2n ** 63n]) await expect(opened(tile, size)).rejects.toThrow(DetenteError);
});

test.each(Object.entries(TREES.large.tiles))("a changed hash of %s leads to no root", async (path, text) => {
  const { large } = TREES;
  const changed = bytes(text);
  changed[40 % changed.length] = (changed[40 % changed.length] ?? 0) ^ 4;
  const read = async () => {
    const proven = await provenTiles(
      tilesFrom(large.tiles, { [path]: changed }),
      BigInt(large.size),
      bytes(large.root),
    );
    for (const index of large.opened) await proven.leaf(BigInt(index));
  };
  await expect(read()).rejects.toThrow(/is not the tile of the tree|lead to another root/);
});

test.each(Object.entries(TREES.large.paths))("tile %s lies where C2SP tlog-tiles has it", (number, path) => {
  expect(tilePath({ level: 0, number: BigInt(number), width: 7 })).toBe(path);
});
