/**
 * Signed notes: a text and lines of signatures under it; as `detente.record.note`. Read whole or refused. What a note says is to be believed only
 * where a key that the reader brought has signed it; signatures of keys that the reader does not know are ignored, as the standard has it.
 *
 * Source: c2sp.org/signed-note.
 */

import { type Bytes, base64, bigEndian, concat, equal, fromBase64, fromUtf8, utf8 } from "./bytes.js";
import { Malformed, NotAuthentic, TooLarge } from "./errors.js";
import { checkNoteName, noteKeyHash, type PublicKey, short } from "./keys.js";

export const MOST_NOTE_BYTES = 64 << 10;
export const MOST_NOTE_SIGNATURES = 64;
const HASH_BYTES = 4;
const DASH = "\u2014 ";

/** One line: the name and four-byte hash of a key, and what it says. Which algorithm it is follows from the hash. */
export interface NoteSignature {
  readonly name: string;
  readonly keyHash: Bytes;
  readonly signature: Bytes;
}

/** A text that ends in a line feed, and its signatures, at least one. */
export interface Note {
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** The note of a file. */
export function readNote(raw: Bytes): Note {
  if (raw.length > MOST_NOTE_BYTES) {
    throw new TooLarge(`a note of ${raw.length} bytes; the limit is ${MOST_NOTE_BYTES}`);
  }
  const whole = fromUtf8(raw, "a signed note");
  // eslint-disable-next-line no-control-regex
  if (/[\u0000-\u0009\u000b-\u001f]/.test(whole)) throw new Malformed("a signed note holds a control character");
  const end = whole.lastIndexOf("\n\n");
  if (end < 0 || !whole.endsWith("\n")) {
    throw new Malformed("not a signed note", "a text, an empty line, and a line for each signature");
  }
  return { text: whole.slice(0, end + 1), signatures: readLines(whole.slice(end + 2)) };
}

function readLines(lines: string): NoteSignature[] {
  const each = lines.split("\n");
  if (each.pop() !== "" || !each.length) throw new Malformed("a line of a signature has no end");
  if (each.length > MOST_NOTE_SIGNATURES) {
    throw new TooLarge(`a note with ${each.length} signatures; the limit is ${MOST_NOTE_SIGNATURES}`);
  }
  return each.map(readLine);
}

/** In its one form: what is between the dash and the first space is a name, all that follows base64. */
function readLine(line: string): NoteSignature {
  const space = line.indexOf(" ", DASH.length);
  if (!line.startsWith(DASH) || space < 0) {
    throw new Malformed(`${JSON.stringify(line.slice(0, 60))} is no signature of a note`);
  }
  const name = line.slice(DASH.length, space);
  checkNoteName(name);
  const raw = fromBase64(line.slice(space + 1), "the signature of a note");
  if (raw.length <= HASH_BYTES) throw new Malformed(`${JSON.stringify(line.slice(0, 60))} is no signature of a note`);
  return { name, keyHash: raw.slice(0, HASH_BYTES), signature: raw.slice(HASH_BYTES) };
}

/** As a file. */
export function writeNote({ text, signatures }: Note): Bytes {
  const lines = signatures.map((each) => `${DASH}${each.name} ${base64(concat(each.keyHash, each.signature))}\n`);
  return utf8(`${text}\n${lines.join("")}`);
}

/** What a key has put under it, by the key's name and hash. */
export function signaturesOf({ signatures }: Note, name: string, keyHash: Bytes): Bytes[] {
  return signatures.filter((each) => each.name === name && equal(each.keyHash, keyHash)).map((each) => each.signature);
}

/** Returns where the key, under its name, signed the note's text; NotAuthentic where it did not, or a line that names it does not hold. */
export async function checkSigned(note: Note, name: string, key: PublicKey): Promise<void> {
  const found = signaturesOf(note, name, await noteKeyHash(name, key));
  if (!found.length) {
    const others = [...new Set(note.signatures.map((each) => each.name))].join(", ").slice(0, 200);
    throw new NotAuthentic(`not signed by ${name} with key ${short(key.id)}, but by ${others}`);
  }
  for (const signature of found) await key.verify(signature, utf8(note.text));
}

/** A cosignature's moment, in seconds since 1970, and the rest of its line. */
export function timestamped(signature: Bytes): readonly [bigint, Bytes] {
  return [bigEndian(signature.slice(0, 8)), signature.slice(8)];
}
