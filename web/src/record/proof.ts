/**
 * Proofs as files: that an entry is in a log, and who cosigned the tree it is in; as `detente.record.proof`. What stands in `extra` nobody has signed.
 *
 * Source: c2sp.org/tlog-proof.
 */

import { type Bytes, base64, concat, equal, fromBase64, fromUtf8, utf8 } from "./bytes.js";
import { checkQuorum, openCheckpoint, readCheckpoint } from "./checkpoint.js";
import { Malformed, TooLarge } from "./errors.js";
import type { PublicKey } from "./keys.js";
import { checkInclusion, HASH_BYTES, LARGEST, LONGEST_PROOF } from "./merkle.js";
import { MOST_NOTE_BYTES, type Note, readNote, writeNote } from "./note.js";

const HEADER = "c2sp.org/tlog-proof@v1";
export const MOST_EXTRA_BYTES = 2 << 20;
export const MOST_PROOF_BYTES = MOST_NOTE_BYTES + Math.floor((MOST_EXTRA_BYTES * 4) / 3) + 8192;

/** Where an entry stands, what leads from it to the root, and the checkpoint with its signatures. */
export interface LogProof {
  readonly index: bigint;
  readonly hashes: readonly Bytes[];
  readonly note: Note;
  readonly extra: Bytes;
}

/** The proof of a file. Nothing of it is believed yet: `checkProof`. */
export function readProof(raw: Bytes): LogProof {
  if (raw.length > MOST_PROOF_BYTES) {
    throw new TooLarge(`a proof of ${raw.length} bytes; the limit is ${MOST_PROOF_BYTES}`);
  }
  const end = raw.findIndex((byte, place) => byte === 0x0a && raw[place + 1] === 0x0a);
  const lines = end < 0 ? [] : asciiLines(raw.slice(0, end));
  if (lines.shift() !== HEADER) {
    throw new Malformed("not a proof", `its first line is ${HEADER}, and an empty line stands before the checkpoint`);
  }
  const extra = lines[0]?.startsWith("extra ") ? fromBase64((lines.shift() ?? "").slice(6), "extra") : new Uint8Array();
  const proof = {
    index: indexOf(lines.shift() ?? ""),
    hashes: lines.map(hashOf),
    note: readNote(raw.slice(end + 2)),
    extra,
  };
  checkProofForm(proof);
  if (!equal(writeProof(proof), raw)) throw new Malformed("a proof is not in the one form it has");
  return proof;
}

function asciiLines(head: Bytes): string[] {
  if (head.some((byte) => byte > 0x7f)) {
    throw new Malformed("a proof holds signs that are not ASCII before its checkpoint");
  }
  return fromUtf8(head, "a proof").split("\n");
}

function indexOf(line: string): bigint {
  const digits = /^index (0|[1-9][0-9]{0,18})$/.exec(line)?.[1];
  if (digits === undefined || BigInt(digits) > LARGEST) {
    throw new Malformed("a proof does not say of which entry it is", "index, a space, a number from 0");
  }
  return BigInt(digits);
}

function hashOf(line: string): Bytes {
  const hash = fromBase64(line, "a hash of a proof");
  if (hash.length !== HASH_BYTES) throw new Malformed(`a hash of a proof has not ${HASH_BYTES} bytes`);
  return hash;
}

function checkProofForm({ index, hashes, note, extra }: LogProof): void {
  const { treeSize } = readCheckpoint(note.text);
  if (index >= treeSize) throw new Malformed(`a proof of entry ${String(index)} in a tree of ${String(treeSize)}`);
  if (hashes.length > LONGEST_PROOF) {
    throw new Malformed(`a proof of ${hashes.length} hashes; none has more than ${LONGEST_PROOF}`);
  }
  if (extra.length > MOST_EXTRA_BYTES) {
    throw new TooLarge(`${extra.length} bytes beside a proof; the limit is ${MOST_EXTRA_BYTES}`);
  }
}

/** As a file, `.tlog-proof`. */
export function writeProof({ index, hashes, note, extra }: LogProof): Bytes {
  const beside = extra.length ? [`extra ${base64(extra)}`] : [];
  const lines = [HEADER, ...beside, `index ${String(index)}`, ...hashes.map(base64), "", ""];
  return concat(utf8(lines.join("\n")), writeNote(note));
}

/** What a reader knows of a log beforehand: its name and key, and who of how many has to have cosigned. */
export interface LogTrust {
  readonly origin: string;
  readonly logKey: PublicKey;
  readonly witnesses: ReadonlyMap<string, PublicKey>;
  readonly quorum: number;
}

/** Who of the witnesses vouches that the leaf is in the log, and since when, in seconds since 1970; NotAuthentic where too few do, or it is not there. */
export async function checkProof(proof: LogProof, leaf: Bytes, trust: LogTrust): Promise<Map<string, bigint>> {
  const { checkpoint, note } = await openCheckpoint(writeNote(proof.note), trust.origin, trust.logKey);
  const moments = await checkQuorum(note, trust.witnesses, trust.quorum);
  await checkInclusion(leaf, proof.index, checkpoint.treeSize, checkpoint.rootHash, proof.hashes);
  return moments;
}
