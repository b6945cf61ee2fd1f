/**
 * DSSE envelopes, version 1: payload bytes signed as they are, together with a name of what they are; as `detente.record.envelope`.
 *
 * Stricter than the standard in two points, since these files are evidence: a member it does not name is refused, and so is an envelope
 * in which a known key's signature does not hold, even beside one that does.
 *
 * Source: github.com/secure-systems-lab/dsse, protocol.md and envelope.md, 1.0.2.
 */

import { type Bytes, base64, concat, fromBase64, hex, sha256, utf8 } from "./bytes.js";
import { canonical, isList, isObject, type Json, type JsonObject, readStrict } from "./canonical.js";
import { at, Malformed, NotAuthentic, TooLarge, within } from "./errors.js";
import { isPrintable, lengthOf } from "./holder.js";
import { type PublicKey, short, SIGNATURE_BYTES } from "./keys.js";

export const MOST_PAYLOAD_BYTES = 1 << 20;
export const MOST_SIGNATURES = 16;
export const MOST_TYPE_BYTES = 256;
export const MOST_KEYID_CHARACTERS = 128;
export const MOST_JSON_BYTES = 2 * MOST_PAYLOAD_BYTES;

/** One signature and, unsigned, a hint at whose: the id of a key, or empty. */
export interface Signature {
  readonly keyid: string;
  readonly sig: Bytes;
}

/** Signed bytes, what they are, and who signed. Well-formed where `envelope` or `readEnvelope` made it; not to be believed before `verify`. */
export interface Envelope {
  readonly payload: Bytes;
  readonly payloadType: string;
  readonly signatures: readonly Signature[];
}

/** An envelope that is well-formed, or a refusal. */
export function envelope(payload: Bytes, payloadType: string, signatures: readonly Signature[]): Envelope {
  if (payload.length > MOST_PAYLOAD_BYTES) {
    throw new TooLarge(`a payload of ${payload.length} bytes; the limit is ${MOST_PAYLOAD_BYTES}`);
  }
  const size = utf8(payloadType, "the payload type").length;
  if (size < 1 || size > MOST_TYPE_BYTES) {
    throw new Malformed(`a payload type of ${size} bytes, not 1 to ${MOST_TYPE_BYTES}`);
  }
  if (signatures.length < 1 || signatures.length > MOST_SIGNATURES) {
    throw new Malformed(`an envelope with ${signatures.length} signatures, not 1 to ${MOST_SIGNATURES}`);
  }
  signatures.forEach(checkSignature);
  return { payload, payloadType, signatures };
}

function checkSignature({ keyid, sig }: Signature): void {
  if (sig.length !== SIGNATURE_BYTES) {
    throw new Malformed(`a signature has ${sig.length} bytes, not ${SIGNATURE_BYTES}`, "only Ed25519 is used here");
  }
  if (lengthOf(keyid) > MOST_KEYID_CHARACTERS || !isPrintable(keyid)) {
    throw new Malformed(`a keyid is no text of up to ${MOST_KEYID_CHARACTERS} characters`);
  }
}

/** What is signed: `DSSEv1 SP LEN(type) SP type SP LEN(body) SP body`, lengths in bytes. */
export function preAuthenticationEncoding(payloadType: string, payload: Bytes): Bytes {
  const kind = utf8(payloadType, "the payload type");
  return concat(utf8(`DSSEv1 ${kind.length} `), kind, utf8(` ${payload.length} `), payload);
}

/** SHA-256 of the bytes that were signed, in hexadecimal: what other acts call this one by, whoever signed it. */
export async function digestOf({ payloadType, payload }: Envelope): Promise<string> {
  return hex(await sha256(preAuthenticationEncoding(payloadType, payload)));
}

/**
 * The keys, of those given, that signed; each once, at least one.
 *
 * A signature with the id of no key given is ignored; one without an id is tried against every key. NotAuthentic: another payload type; none of
 * the keys signed; or a signature that names one of them does not hold.
 */
export async function verify(signed: Envelope, keys: Iterable<PublicKey>, payloadType: string): Promise<PublicKey[]> {
  if (signed.payloadType !== payloadType) {
    throw new NotAuthentic(
      `the payload is ${JSON.stringify(signed.payloadType)}, not ${JSON.stringify(payloadType)}`,
      "it was signed to say something else",
    );
  }
  const known = new Map(Array.from(keys, (key) => [key.id, key]));
  const message = preAuthenticationEncoding(signed.payloadType, signed.payload);
  const accepted = new Map<string, PublicKey>();
  for (const [number, signature] of signed.signatures.entries()) {
    const signers = await within(`signatures[${number}]`, () => signersOf(signature, known, message));
    for (const key of signers) accepted.set(key.id, key);
  }
  if (!accepted.size) {
    const named = signed.signatures.map(({ keyid }) => (keyid ? short(keyid) : "one that names no key")).join(", ");
    throw new NotAuthentic(`signed by none of the ${known.size} keys that may: ${named}`, "check whose keys you hold");
  }
  return [...accepted.values()];
}

async function signersOf(
  { keyid, sig }: Signature,
  known: ReadonlyMap<string, PublicKey>,
  message: Bytes,
): Promise<PublicKey[]> {
  if (keyid) {
    const key = known.get(keyid);
    await key?.verify(sig, message);
    return key ? [key] : [];
  }
  const found: PublicKey[] = [];
  for (const key of known.values()) if (await key.signed(sig, message)) found.push(key);
  return found;
}

/** The JSON envelope, canonical, in standard base64. */
export function writeEnvelope({ payload, payloadType, signatures }: Envelope): Bytes {
  return canonical({
    payload: base64(payload),
    payloadType,
    signatures: signatures.map(({ keyid, sig }) => ({ keyid, sig: base64(sig) })),
  });
}

/** The envelope of JSON bytes, in standard or URL-safe base64; refused where it is none, or says more than an envelope may. */
export function readEnvelope(raw: Bytes): Envelope {
  if (raw.length > MOST_JSON_BYTES) {
    throw new TooLarge(`an envelope of ${raw.length} bytes; the limit is ${MOST_JSON_BYTES}`);
  }
  const members = membersOf(readStrict(raw), ["payload", "payloadType", "signatures"]);
  return envelope(
    at("payload", () => decoded(members.payload)),
    at("payloadType", () => textOf(members.payloadType)),
    at("signatures", () => signaturesOf(members.signatures)),
  );
}

function signaturesOf(value: Json | undefined): Signature[] {
  if (value === undefined || !isList(value) || value.length > MOST_SIGNATURES) {
    throw new Malformed(`not a list of up to ${MOST_SIGNATURES} signatures`);
  }
  return value.map((item, number) => at(`[${number}]`, () => signatureOf(item)));
}

function signatureOf(item: Json): Signature {
  const members = membersOf(item, ["sig"], ["keyid"]);
  return { keyid: textOf(members.keyid ?? (Object.hasOwn(members, "keyid") ? null : "")), sig: decoded(members.sig) };
}

function membersOf(value: Json, required: readonly string[], optional: readonly string[] = []): JsonObject {
  if (!isObject(value)) throw new Malformed("not a JSON object");
  const missing = required.find((name) => !Object.hasOwn(value, name));
  if (missing) throw new Malformed(`the member '${missing}' is missing`);
  const strange = Object.keys(value).find((name) => !required.includes(name) && !optional.includes(name));
  if (strange !== undefined) {
    throw new Malformed(
      `the member '${strange.slice(0, 80)}' is not known`,
      "nothing unsigned may stand in an envelope",
    );
  }
  return value;
}

function textOf(value: Json | undefined): string {
  if (typeof value !== "string") throw new Malformed("not a text");
  return value;
}

/** Base64 in one alphabet or the other, padded, with no bits left over. */
function decoded(value: Json | undefined): Bytes {
  const text = textOf(value);
  const standard = /^[A-Za-z0-9_-]*={0,2}$/.test(text) ? text.replaceAll("-", "+").replaceAll("_", "/") : text;
  return fromBase64(standard, "it");
}
