/** Salted commitments, and the leaves of the log that they are: 32 bytes that tell nothing until they are opened; as `commitment.py`, `leaf.py`. */

import { type Bytes, concat, equal, sha256, u64, utf8 } from "./bytes.js";
import { Malformed, NotAuthentic } from "./errors.js";
import { LARGEST } from "./merkle.js";

const DOMAIN = utf8("detente commitment v1\0");
export const SALT_BYTES = 32;
export const LONGEST_KIND = 64;

/** SHA-256(DOMAIN ‖ salt ‖ content). The salt's fixed length keeps it and the content apart. */
export async function commit(salt: Bytes, content: Bytes): Promise<Bytes> {
  if (salt.length !== SALT_BYTES) throw new Malformed(`a salt of ${salt.length} bytes, not ${SALT_BYTES}`);
  return sha256(DOMAIN, salt, content);
}

/** Returns where the content is what was committed to; else NotAuthentic. */
export async function checkOpening(commitment: Bytes, salt: Bytes, content: Bytes): Promise<void> {
  if (!equal(await commit(salt, content), commitment)) {
    throw new NotAuthentic(
      "the content is not what was committed to",
      "compare its bytes and the salt with the sender's",
    );
  }
}

/** An entry of the log, and the salt that opens its leaf. `envelope` is the signed bytes as they came. */
export interface Opening {
  readonly position: bigint;
  readonly receivedUs: number;
  readonly kind: string;
  readonly salt: Bytes;
  readonly envelope: Bytes;
}

/** What a leaf commits to: u64 position ‖ u64 received_us ‖ u8 length ‖ kind ‖ envelope, numbers big-endian. */
export function leafContent({ position, receivedUs, kind, envelope }: Opening): Bytes {
  const whole = Number.isSafeInteger(receivedUs) && receivedUs >= 0;
  if (!/^[\0-\x7f]{1,64}$/.test(kind) || position < 0n || position > LARGEST || !whole) {
    throw new Malformed(
      `an entry of kind ${JSON.stringify(kind.slice(0, 40))} at position ${String(position)}, received at ${receivedUs}`,
    );
  }
  const name = utf8(kind);
  return concat(u64(position), u64(BigInt(receivedUs)), Uint8Array.of(name.length), name, envelope);
}

/** The leaf: 32 bytes. */
export async function leafData(opening: Opening): Promise<Bytes> {
  return commit(opening.salt, leafContent(opening));
}
