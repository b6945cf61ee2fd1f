/**
 * Merkle trees as RFC 6962 hashes them: roots, proofs that a leaf is in a tree, proofs that one tree goes on from another;
 * as `detente.record.merkle`. Sizes and places are bigints: a tree may have 2^63 − 1 leaves.
 *
 * Source: RFC 6962, section 2.1; the checks as RFC 9162 spells them out, sections 2.1.3.2 and 2.1.4.2.
 */

import { type Bytes, equal, fromHex, hex, sha256 } from "./bytes.js";
import { Malformed, NotAuthentic } from "./errors.js";
import { short } from "./keys.js";

export const HASH_BYTES = 32;
export const LARGEST = 2n ** 63n - 1n;
export const LONGEST_PROOF = 63;
/** SHA-256 of nothing. */
export const EMPTY_ROOT = fromHex("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "it");

/** The hash of the complete subtree over the leaves `index · 2^level` up to `(index + 1) · 2^level`. */
export type Node = (level: number, index: bigint) => Promise<Bytes>;

/** SHA-256(0x00 ‖ data). */
export async function leafHash(data: Bytes): Promise<Bytes> {
  return sha256(Uint8Array.of(0), data);
}

/** SHA-256(0x01 ‖ left ‖ right). */
export async function nodeHash(left: Bytes, right: Bytes): Promise<Bytes> {
  return sha256(Uint8Array.of(1), left, right);
}

/** The hash over subtrees that stand side by side, each smaller than the one before: joined from the right. At least one. */
export async function folded(hashes: readonly Bytes[]): Promise<Bytes> {
  const [last, ...rest] = hashes.toReversed();
  if (!last) throw new TypeError("no hashes to fold");
  let right = last;
  for (const left of rest) right = await nodeHash(left, right);
  return right;
}

/** The root of the tree over the first `size` leaves. */
export async function rootAt(size: bigint, node: Node): Promise<Bytes> {
  const pieces: Bytes[] = [];
  for (let start = 0n; start < size;) {
    const level = (size - start).toString(2).length - 1;
    pieces.push(await node(level, start >> BigInt(level)));
    start += 1n << BigInt(level);
  }
  return pieces.length ? folded(pieces) : EMPTY_ROOT;
}

/** Returns where the leaf hash is at `index` of the tree of `size` with this root; else NotAuthentic. */
export async function checkInclusion(
  leaf: Bytes,
  index: bigint,
  size: bigint,
  root: Bytes,
  proof: readonly Bytes[],
): Promise<void> {
  checkHashes(leaf, root, ...proof);
  if (!(0n <= index && index < size && size <= LARGEST)) {
    throw new Malformed(`leaf ${String(index)} of a tree of ${String(size)}`);
  }
  const climb = climbing(index, size - 1n);
  let found = leaf;
  for (const sibling of proof) {
    if (climb.isOver()) {
      throw new NotAuthentic(
        `the proof of leaf ${String(index)} has more hashes than lead to the root of ${String(size)}`,
      );
    }
    found = climb.isRight() ? await nodeHash(sibling, found) : await nodeHash(found, sibling);
    climb.up();
  }
  if (!climb.isOver() || !equal(found, root)) {
    throw new NotAuthentic(
      `leaf ${String(index)} is not in the tree of ${String(size)} leaves with root ${short(hex(root))}`,
      "the entry, its proof or the checkpoint is not the one that was logged",
    );
  }
}

/** Returns where the tree of `newSize` begins with the tree of `oldSize`: nothing was removed, altered or put between; else NotAuthentic. */
export async function checkConsistency(
  oldSize: bigint,
  oldRoot: Bytes,
  newSize: bigint,
  newRoot: Bytes,
  proof: readonly Bytes[],
): Promise<void> {
  checkHashes(oldRoot, newRoot, ...proof);
  if (!(0n <= oldSize && oldSize <= newSize && newSize <= LARGEST)) {
    throw new Malformed(`a tree of ${String(newSize)} cannot go on from one of ${String(oldSize)}`);
  }
  if (!(await goesOn(oldSize, oldRoot, newSize, newRoot, proof))) {
    const [newer, older] = [short(hex(newRoot)), short(hex(oldRoot))];
    throw new NotAuthentic(
      `the tree of ${String(newSize)} leaves, root ${newer}, does not begin with that of ${String(oldSize)}, root ${older}`,
      "keep both checkpoints: signed by one key they prove that it told two stories",
    );
  }
}

async function goesOn(
  oldSize: bigint,
  oldRoot: Bytes,
  newSize: bigint,
  newRoot: Bytes,
  proof: readonly Bytes[],
): Promise<boolean> {
  if (oldSize === 0n || oldSize === newSize) {
    const begins = equal(oldRoot, oldSize ? newRoot : EMPTY_ROOT);
    return proof.length === 0 && begins && (newSize > 0n || equal(newRoot, EMPTY_ROOT));
  }
  const isPower = (oldSize & (oldSize - 1n)) === 0n;
  const grown = await grownRoots(oldSize, newSize, isPower ? [oldRoot, ...proof] : proof);
  return grown !== null && equal(grown[0], oldRoot) && equal(grown[1], newRoot);
}

/** The old and the new root that the hashes lead to; null where there are too few or too many. */
async function grownRoots(
  oldSize: bigint,
  newSize: bigint,
  hashes: readonly Bytes[],
): Promise<readonly [Bytes, Bytes] | null> {
  const climb = climbing(oldSize - 1n, newSize - 1n);
  climb.skipRight();
  const [first, ...others] = hashes;
  if (!first) return null;
  let [older, newer] = [first, first];
  for (const sibling of others) {
    if (climb.isOver()) return null;
    if (climb.isRight()) older = await nodeHash(sibling, older);
    newer = climb.isRight() ? await nodeHash(sibling, newer) : await nodeHash(newer, sibling);
    climb.up();
  }
  return climb.isOver() ? [older, newer] : null;
}

/** A way up the tree, from a node beside the last one of its level. */
function climbing(from: bigint, lastIndex: bigint) {
  let [node, last] = [from, lastIndex];
  const half = () => {
    node >>= 1n;
    last >>= 1n;
  };
  return {
    isOver: () => last === 0n,
    isRight: () => (node & 1n) === 1n || node === last,
    skipRight: () => {
      while (node & 1n) half();
    },
    up: () => {
      if (node === last) while (!(node & 1n) && node) half(); // where nothing stands beside it
      half();
    },
  };
}

function checkHashes(...hashes: readonly Bytes[]): void {
  if (hashes.length > LONGEST_PROOF + 2 || hashes.some((each) => each.length !== HASH_BYTES)) {
    throw new Malformed(`not hashes of ${HASH_BYTES} bytes, or more than ${LONGEST_PROOF} in a proof`);
  }
}
