/** Signing with a key that never leaves the browser. Apart from `record`: who only verifies needs no key, and loads none of this. */

import {
  type Bytes,
  type Envelope,
  envelope,
  preAuthenticationEncoding,
  type PublicKey,
  publicKey,
  subtle,
} from "../record/index.js";

/** A private key that WebCrypto holds and does not give out, and the public one beside it. */
export interface SigningKey {
  readonly publicKey: PublicKey;
  readonly privateKey: CryptoKey;
}

/** A new Ed25519 key that cannot be exported. It may be kept in IndexedDB; what is lost with the browser's store is lost. */
export async function newSigningKey(): Promise<SigningKey> {
  const pair = await subtle().generateKey("Ed25519", false, ["sign", "verify"]);
  if (!("publicKey" in pair)) throw new TypeError("Ed25519 keys come in pairs");
  const raw = new Uint8Array(await subtle().exportKey("raw", pair.publicKey));
  return { publicKey: await publicKey(raw), privateKey: pair.privateKey };
}

/** 64 bytes; the same message gives the same signature (RFC 8032). */
export async function signBytes(key: SigningKey, message: Bytes): Promise<Bytes> {
  return new Uint8Array(await subtle().sign("Ed25519", key.privateKey, message));
}

/** An envelope signed by each key, with its id as the hint. */
export async function sign(payload: Bytes, payloadType: string, ...keys: readonly SigningKey[]): Promise<Envelope> {
  const message = preAuthenticationEncoding(payloadType, payload);
  const signatures = keys.map(async (key) => ({ keyid: key.publicKey.id, sig: await signBytes(key, message) }));
  return envelope(payload, payloadType, await Promise.all(signatures));
}

export {
  type KeyFile,
  newKeyAndFile,
  publicKeyText,
  readKeyFile,
  ROUNDS,
  SHORTEST_PASSPHRASE,
  unlock,
} from "./key-file.js";
export { KeyRefused } from "./refused.js";
