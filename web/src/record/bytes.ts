/** Bytes and their texts, each read in its one form or refused; SHA-256 is WebCrypto's. */

import { Malformed, NotSupported } from "./errors.js";

/** Bytes of their own, as WebCrypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const CHUNK = 1 << 15; // as many arguments as every engine takes

/** UTF-8. Half of a surrogate pair would silently become another character: `what` it stands in is refused. */
export function utf8(text: string, what = "a text"): Bytes {
  if (!text.isWellFormed()) {
    throw new Malformed(`${what} holds half of a surrogate pair`, "it is no Unicode; repair the text");
  }
  return encoder.encode(text);
}

/** The text of UTF-8; a byte order mark is a character of it. */
export function fromUtf8(raw: Bytes, what: string): string {
  try {
    return decoder.decode(raw);
  } catch {
    throw new Malformed(`${what} is not UTF-8`, "check that it was copied whole");
  }
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) {
    joined.set(part, place);
    place += part.length;
  }
  return joined;
}

/** Whether they are the same bytes. What is compared here is public, so it may take as long as it takes. */
export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function hex(raw: Uint8Array): string {
  return Array.from(raw, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The bytes of lower-case hexadecimal digits. */
export function fromHex(text: string, what: string): Bytes {
  if (!/^(?:[0-9a-f]{2})*$/.test(text)) throw new Malformed(`${what} is not in lower-case hexadecimal digits`);
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => parseInt(text.slice(2 * index, 2 * index + 2), 16));
}

/** Standard base64, padded. */
export function base64(raw: Uint8Array): string {
  let binary = "";
  for (let place = 0; place < raw.length; place += CHUNK) {
    binary += String.fromCharCode(...raw.subarray(place, place + CHUNK));
  }
  return btoa(binary);
}

/** The bytes of standard base64, in the one form that base64 has for them: padded, and no bits left over. */
export function fromBase64(text: string, what: string): Bytes {
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4) {
    throw new Malformed(`${what} is not base64`, "check that it was copied whole, its = included");
  }
  const raw = decoded(text, what);
  if (base64(raw) !== text) throw new Malformed(`${what} is base64 with bits left over`, "encode the bytes again");
  return raw;
}

function decoded(text: string, what: string): Bytes {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new Malformed(`${what} is not base64`, "check that it was copied whole, its = included");
  }
}

/** The number that bytes write, the most significant first. */
export function bigEndian(raw: Uint8Array): bigint {
  return raw.reduce((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** A number in eight bytes, the most significant first. */
export function u64(number: bigint): Bytes {
  const raw = new Uint8Array(8);
  new DataView(raw.buffer).setBigUint64(0, number);
  return raw;
}

export async function sha256(...parts: readonly Uint8Array[]): Promise<Bytes> {
  return new Uint8Array(await subtle().digest("SHA-256", concat(...parts)));
}

/** WebCrypto. A page has it only where it came over TLS or from this machine. */
export function subtle(): SubtleCrypto {
  const found = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (!found) throw new NotSupported("there is no WebCrypto here", "open the page over https, or from localhost");
  return found;
}
