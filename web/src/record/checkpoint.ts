/**
 * Checkpoints, the heads of a log, and the cosignatures of those who watch that it only grows; as `detente.record.checkpoint`.
 *
 * A cosignature says when, and so bounds time both ways: what the tree holds was there by then, and whoever names the checkpoint in an act did so afterwards.
 *
 * Source: c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature (Ed25519, cosignature/v1).
 */

import { type Bytes, base64, fromBase64, utf8 } from "./bytes.js";
import { Malformed, NotAuthentic } from "./errors.js";
import { checkNoteName, NOTE_COSIGNATURE, noteKeyHash, type PublicKey, SIGNATURE_BYTES } from "./keys.js";
import { HASH_BYTES, LARGEST } from "./merkle.js";
import { checkSigned, type Note, readNote, signaturesOf, timestamped } from "./note.js";

/** The head of a log: whose it is, how many leaves it has, and the root over them. */
export interface Checkpoint {
  readonly origin: string;
  readonly treeSize: bigint;
  readonly rootHash: Bytes;
  readonly extensions: readonly string[];
}

/** What an arena's log is called, in every checkpoint of it. */
export function originOf(arena: string): string {
  const escaped = encodeURIComponent(arena).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `detente/${escaped}`;
}

/** The checkpoint that a note says. */
export function readCheckpoint(text: string): Checkpoint {
  const [origin = "", size = "", root = "", ...further] = text.split("\n");
  if (further.pop() !== "" || !/^(?:0|[1-9][0-9]{0,18})$/.test(size)) {
    throw new Malformed("not a checkpoint", "three lines: origin, size, root");
  }
  checkNoteName(origin);
  const treeSize = BigInt(size);
  if (treeSize > LARGEST) throw new Malformed(`a checkpoint of ${size} leaves`);
  const rootHash = fromBase64(root, "the root of a checkpoint");
  if (rootHash.length !== HASH_BYTES) {
    throw new Malformed(`a checkpoint with a root of ${rootHash.length} bytes, not ${HASH_BYTES}`);
  }
  if (further.includes("")) throw new Malformed("a further line of a checkpoint is empty, or is two");
  return { origin, treeSize, rootHash, extensions: further };
}

/** What is signed. */
export function checkpointText({ origin, treeSize, rootHash, extensions }: Checkpoint): string {
  return [origin, String(treeSize), base64(rootHash), ...extensions].map((line) => `${line}\n`).join("");
}

/** The checkpoint of a log, where the log's key signed it, and the note it stands in. */
export async function openCheckpoint(
  raw: Bytes,
  origin: string,
  key: PublicKey,
): Promise<{ checkpoint: Checkpoint; note: Note }> {
  const note = readNote(raw);
  const checkpoint = readCheckpoint(note.text);
  if (checkpoint.origin !== origin) {
    throw new NotAuthentic(
      `a checkpoint of ${JSON.stringify(checkpoint.origin.slice(0, 80))}, not of ${JSON.stringify(origin)}`,
    );
  }
  await checkSigned(note, origin, key);
  return { checkpoint, note };
}

/**
 * Which of these witnesses, keys by name, cosigned the note's checkpoint, and when: the earliest moment of each, seconds since 1970.
 *
 * NotAuthentic: a line that names one of them does not hold; then nothing of the note is believed.
 */
export async function cosignedS(note: Note, witnesses: ReadonlyMap<string, PublicKey>): Promise<Map<string, bigint>> {
  const found = new Map<string, bigint>();
  for (const [name, key] of witnesses) {
    const keyHash = await noteKeyHash(name, key, NOTE_COSIGNATURE);
    for (const signature of signaturesOf(note, name, keyHash)) {
      const atS = await checkedS(note, name, key, signature);
      const before = found.get(name);
      if (before === undefined || atS < before) found.set(name, atS);
    }
  }
  return found;
}

/** `cosignedS`, where at least `quorum` of the witnesses cosigned. */
export async function checkQuorum(
  note: Note,
  witnesses: ReadonlyMap<string, PublicKey>,
  quorum: number,
): Promise<Map<string, bigint>> {
  const found = await cosignedS(note, witnesses);
  if (found.size < quorum) {
    throw new NotAuthentic(
      `cosigned by ${found.size} of ${witnesses.size} witnesses, ${quorum} are agreed`,
      found.size ? `by ${[...found.keys()].sort().join(", ")}` : "nobody but the host vouches for it yet",
    );
  }
  return found;
}

/** The moment of a cosignature that holds. */
async function checkedS(note: Note, name: string, key: PublicKey, line: Bytes): Promise<bigint> {
  if (line.length !== 8 + SIGNATURE_BYTES) {
    throw new NotAuthentic(`the cosignature of ${name} has ${line.length} bytes, not ${8 + SIGNATURE_BYTES}`);
  }
  const [atS, signature] = timestamped(line);
  if (atS > LARGEST) throw new NotAuthentic(`the cosignature of ${name} is of no moment`);
  await key.verify(signature, utf8(`cosignature/v1\ntime ${String(atS)}\n${note.text}`));
  return atS;
}
