/** Ed25519 public keys as values; as `detente.record.keys`. Verifying is WebCrypto's. */

import { type Bytes, base64, concat, fromBase64, hex, sha256, subtle, utf8 } from "./bytes.js";
import { Malformed, NotAuthentic, NotSupported } from "./errors.js";

export const KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;
/** C2SP signed-note: the signature types of plain Ed25519, and of timestamped cosignatures. */
export const NOTE_ED25519 = 1;
export const NOTE_COSIGNATURE = 4;

const FIELD = 2n ** 255n - 19n;
const ORDER_8_Y = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
/** y of the eight points of order 1, 2, 4 and 8. Under such a key one signature holds for many messages. */
const SMALL_ORDER_Y = new Set([0n, 1n, FIELD - 1n, FIELD - ORDER_8_Y, ORDER_8_Y]);

/** A public key: 32 bytes as RFC 8032 encodes them. Made by `publicKey` only. */
export class PublicKey {
  /** @internal */
  constructor(
    readonly raw: Bytes,
    /** SHA-256 of the raw bytes, 64 hexadecimal digits; never cut short. */
    readonly id: string,
    private readonly verifier: CryptoKey,
  ) {}

  /** The raw bytes in base64, 44 characters. */
  get text(): string {
    return base64(this.raw);
  }

  is(other: PublicKey): boolean {
    return this.id === other.id;
  }

  /** Whether the signature is this key's over the message. Whoever decides by it calls `verify`, which cannot be overheard. */
  async signed(signature: Bytes, message: Bytes): Promise<boolean> {
    return signature.length === SIGNATURE_BYTES && subtle().verify("Ed25519", this.verifier, signature, message);
  }

  /** Returns where the signature is this key's over the message; else throws NotAuthentic. */
  async verify(signature: Bytes, message: Bytes): Promise<void> {
    if (!(await this.signed(signature, message))) {
      throw new NotAuthentic(
        `the signature is not by key ${short(this.id)}`,
        "the bytes were changed, or another key signed them",
      );
    }
  }
}

/** The key of 32 bytes; refused where they are not the one encoding of a point, or a point under which a signature proves nothing. */
export async function publicKey(raw: Bytes): Promise<PublicKey> {
  if (raw.length !== KEY_BYTES) {
    throw new Malformed(`an Ed25519 public key has ${KEY_BYTES} bytes, not ${raw.length}`);
  }
  const own = raw.slice();
  checkPoint(own);
  return new PublicKey(own, hex(await sha256(own)), await imported(own));
}

function checkPoint(raw: Bytes): void {
  const y = BigInt(`0x${hex(raw.slice().reverse())}`) & (2n ** 255n - 1n);
  if (y >= FIELD || SMALL_ORDER_Y.has(y)) {
    throw new Malformed("this public key would let one signature stand for many messages", "make a new key");
  }
}

async function imported(raw: Bytes): Promise<CryptoKey> {
  try {
    return await subtle().importKey("raw", raw, "Ed25519", false, ["verify"]);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "NotSupportedError") {
      throw new Malformed("a public key that no Ed25519 implementation takes");
    }
    throw new NotSupported(
      "this browser's WebCrypto has no Ed25519",
      "Chromium 137, Firefox 129, Safari 17 and Node 20 have it",
    );
  }
}

/** The key of 44 characters of standard base64. */
export async function publicKeyFromText(text: string): Promise<PublicKey> {
  return publicKey(fromBase64(text, "a public key"));
}

/** The four bytes that name a key in a signed note: SHA-256(name ‖ LF ‖ kind of signature ‖ key)[:4]. */
export async function noteKeyHash(name: string, key: PublicKey, kind = NOTE_ED25519): Promise<Bytes> {
  return (await sha256(utf8(name), Uint8Array.of(0x0a, kind), key.raw)).slice(0, 4);
}

/** The key as C2SP tools take it: `name+hash+base64(0x01 ‖ key)`. */
export async function verifierLine(name: string, key: PublicKey): Promise<string> {
  checkNoteName(name);
  const data = base64(concat(Uint8Array.of(NOTE_ED25519), key.raw));
  return `${name}+${hex(await noteKeyHash(name, key))}+${data}`;
}

/** Refuses a name that cannot stand in a signed note: empty, or with a space, a plus or a control character. */
export function checkNoteName(name: string): void {
  // eslint-disable-next-line no-control-regex
  if (!name || /[\p{White_Space}\u0000-\u001f+]/u.test(name)) {
    throw new Malformed(
      `${JSON.stringify(name.slice(0, 80))} cannot name a key in a signed note`,
      "use no spaces and no +, as in relief.example/witness",
    );
  }
}

/** The beginning of an id or hash, for people. */
export function short(digits: string): string {
  return `${digits.slice(0, 16)}…`;
}
