/** The small log of tests/vectors/record, as its reader meets it. */

import { type Bytes, fromBase64, utf8 } from "../../src/record/bytes.js";
import { canonical, type JsonObject } from "../../src/record/canonical.js";
import { readEnvelope } from "../../src/record/envelope.js";
import { Malformed } from "../../src/record/errors.js";
import { keysById, readHistory } from "../../src/record/key-history.js";
import { type PublicKey, publicKeyFromText } from "../../src/record/keys.js";
import type { Opening } from "../../src/record/leaf.js";
import { type FetchTile, tilePath } from "../../src/record/tiles.js";
import { readOpening, type Trust } from "../../src/record/verify-entry.js";
import { vectorText } from "../vectors.js";

export interface Entry {
  opening: JsonObject & { position: number };
  said: string | null;
  named: number | null;
}

export const LOG = JSON.parse(vectorText("record/log.json")) as {
  trust: {
    arena: string;
    origin: string;
    host_key: string;
    quorum: number;
    witnesses: Record<string, string>;
    roots: Record<string, string>;
    statements: Record<string, string[]>;
  };
  kinds: { host: string[]; party: string[] };
  checkpoint: string;
  checkpoints: Record<string, string>;
  tiles: Record<string, string>;
  entries: Entry[];
  proofs: Record<string, string>;
  forked: string;
  cosigned_twice: { note: string; moments: Record<string, number> };
  refused_checkpoints: { name: string; note: string; said: string }[];
};

async function keyTexts(texts: Record<string, string>): Promise<Map<string, PublicKey>> {
  const read = Object.entries(texts).map(async ([name, text]) => [name, await publicKeyFromText(text)] as const);
  return new Map(await Promise.all(read));
}

const roots = await keyTexts(LOG.trust.roots);
const histories = Array.from(roots, ([party, root]) =>
  readHistory(
    (LOG.trust.statements[party] ?? []).map((text) => readEnvelope(utf8(text))),
    root,
  ),
);

export const TRUST: Trust = {
  arena: LOG.trust.arena,
  hostKey: await publicKeyFromText(LOG.trust.host_key),
  witnesses: await keyTexts(LOG.trust.witnesses),
  quorum: LOG.trust.quorum,
  keys: keysById(await Promise.all(histories)),
};

/** Tiles by their paths, some of them changed. */
export function tilesFrom(kept: Record<string, string>, changed: Record<string, Bytes> = {}): FetchTile {
  return (tile) => {
    const path = tilePath(tile);
    const text = kept[path];
    if (text === undefined) return Promise.reject(new Malformed(`${path} is missing`));
    return Promise.resolve(changed[path] ?? fromBase64(text, path));
  };
}

export function entryAt(position: number): Entry {
  const found = LOG.entries.find(({ opening }) => opening.position === position);
  if (!found) throw new TypeError(`no entry ${position}`);
  return found;
}

export function openingAt(position: number): Opening {
  return readOpening(canonical(entryAt(position).opening));
}

/** Every text with one bit changed. */
export function* flipped(raw: Bytes): Generator<Bytes> {
  for (let bit = 0; bit < 8 * raw.length; bit++) {
    const changed = raw.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    yield changed;
  }
}
