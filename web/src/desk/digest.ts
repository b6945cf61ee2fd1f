/** Digests by which acts and understandings are called, and ids drawn at random. */

import { type Bytes, hex, subtle } from "../record/index.js";

/** SHA-256, 64 hexadecimal digits. */
export async function hexSha256(raw: Bytes): Promise<string> {
  return hex(new Uint8Array(await subtle().digest("SHA-256", raw)));
}

/** An id that tells nothing: 32 random hexadecimal digits. */
export function opaqueId(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}
