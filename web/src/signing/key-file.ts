/**
 * Keys as the files that `detente key new` writes: text for people, then PKCS#8 under a passphrase; as `detente.record.key_file`.
 *
 * The private key goes from the file into WebCrypto, and from WebCrypto into a file, without a moment in which this page holds it.
 */

import {
  base64,
  type Bytes,
  fromBase64,
  hex,
  fromHex,
  type Holder,
  Malformed,
  NotAuthentic,
  NotSupported,
  type PublicKey,
  publicKey,
  publicKeyFromText,
  spoken,
  subtle,
} from "../record/index.js";
import { concat, utf8 } from "../record/bytes.js";
import { KeyRefused } from "./refused.js";
import type { SigningKey } from "./index.js";

export const ROUNDS = 600_000; // OWASP's figure for PBKDF2-HMAC-SHA256
export const SHORTEST_PASSPHRASE = 12;
const MOST_CHARACTERS = 16 << 10;
const MOST_ROUNDS = 10_000_000;
const PBES2 = "06092a864886f70d01050d";
const PBKDF2 = "06092a864886f70d01050c";
const HMAC_SHA256 = "300c06082a864886f70d02090500";
const AES_256_CBC = "060960864801650304012a";
const SPKI_PREFIX = "302a300506032b6570032100";
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----\s+([A-Za-z0-9+/=\s]*?)-----END \1-----/g;
const PROBE = utf8("détente: does this private key belong to that public key?");

/** A key file: whose key by the file's own word (null where it says nothing), and the private key where it holds one, still shut. */
export interface KeyFile {
  readonly publicKey: PublicKey;
  readonly holder: Holder | null;
  readonly encrypted: Bytes | null;
}

/** The key of a file's text. Refused: no key, several, lines that do not fit it, or a private key that no passphrase protects. */
export async function readKeyFile(text: string): Promise<KeyFile> {
  if (text.length > MOST_CHARACTERS) throw new Malformed("this is no key file: it is too long");
  const found = [...text.matchAll(PEM)];
  const [only] = found;
  if (only === undefined || found.length !== 1) {
    throw new Malformed(`${found.length} keys in PEM, not one`, "give the file ending in .key that was made for you");
  }
  const [, kind = "", body = ""] = only;
  const lines = new Map(
    [...text.slice(0, only.index).matchAll(/^([A-Z][a-z-]*): (.*)$/gm)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]),
  );
  const der = fromBase64(body.replace(/\s/g, ""), "the PEM");
  if (kind === "PUBLIC KEY") return withHolder(await ofSpki(der), lines, null);
  if (kind !== "ENCRYPTED PRIVATE KEY") {
    throw new KeyRefused(
      `a ${kind.toLowerCase()} that no passphrase protects`,
      "it has lain open: make another, and revoke this one if it was ever enrolled",
    );
  }
  return withHolder(await publicKeyFromText(lines.get("Public-key") ?? ""), lines, der);
}

async function ofSpki(der: Bytes): Promise<PublicKey> {
  if (!hex(der).startsWith(SPKI_PREFIX)) throw new Malformed("not an Ed25519 public key");
  return publicKey(der.slice(SPKI_PREFIX.length / 2));
}

function withHolder(key: PublicKey, lines: ReadonlyMap<string, string>, encrypted: Bytes | null): KeyFile {
  const party = lines.get("Party");
  if (party === undefined) return { publicKey: key, holder: null, encrypted };
  if ((lines.get("Key") ?? key.id) !== key.id || (lines.get("Fingerprint") ?? spoken(key)) !== spoken(key)) {
    throw new Malformed(
      "the lines above the key are of another key",
      "the file was changed: ask its party for it again",
    );
  }
  const role = lines.get("Role");
  if (role !== "root" && role !== "recovery" && role !== "officer") {
    throw new Malformed(`the role ${JSON.stringify(role ?? "")}`, "known are root, recovery, officer");
  }
  return { publicKey: key, holder: { party, role, officer: lines.get("Officer") ?? "" }, encrypted };
}

/** The private key of a file, which WebCrypto holds from now on and gives out to nobody. */
export async function unlock(file: KeyFile, passphrase: string): Promise<SigningKey> {
  if (file.encrypted === null) {
    throw new KeyRefused("the file holds only a public key", "signing needs the file that ends in .key");
  }
  const { salt, rounds, iv, data } = readEncrypted(file.encrypted);
  const wrapping = await wrappingKey(passphrase, salt, rounds);
  let privateKey: CryptoKey;
  try {
    privateKey = await subtle().unwrapKey("pkcs8", data, wrapping, { name: "AES-CBC", iv }, "Ed25519", false, ["sign"]);
  } catch (error) {
    if (error instanceof DOMException && error.name === "NotSupportedError") {
      throw new NotSupported("this browser's WebCrypto has no Ed25519", "use a current browser");
    }
    throw new KeyRefused("the passphrase does not open the key", "check it; or the file was damaged");
  }
  await checkPair(privateKey, file.publicKey);
  return { publicKey: file.publicKey, privateKey };
}

async function checkPair(privateKey: CryptoKey, stated: PublicKey): Promise<void> {
  const signature = new Uint8Array(await subtle().sign("Ed25519", privateKey, PROBE));
  if (!(await stated.signed(signature, PROBE))) {
    throw new NotAuthentic("the file opens as another key than it states", "it was changed: take it from your backup");
  }
}

/** A new key for an officer, and the file that is its only backup. The key itself cannot be exported any more. */
export async function newKeyAndFile(holder: Holder, passphrase: string): Promise<{ key: SigningKey; file: string }> {
  if (Array.from(passphrase).length < SHORTEST_PASSPHRASE) {
    throw new KeyRefused(
      `a passphrase of ${Array.from(passphrase).length} characters; at least ${SHORTEST_PASSPHRASE} are needed`,
      "four or five words drawn by dice are good, and easy to type",
    );
  }
  const pair = await subtle().generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("publicKey" in pair)) throw new TypeError("Ed25519 keys come in pairs");
  const raw = new Uint8Array(await subtle().exportKey("raw", pair.publicKey));
  const stated = await publicKey(raw);
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const wrapping = await wrappingKey(passphrase, salt, ROUNDS);
  const data = new Uint8Array(await subtle().wrapKey("pkcs8", pair.privateKey, wrapping, { name: "AES-CBC", iv }));
  const file = privateKeyText(stated, holder, writeEncrypted({ salt, rounds: ROUNDS, iv, data }));
  return { key: await unlock(await readKeyFile(file), passphrase), file };
}

/** The file of a public key, which is handed to whoever holds the party's root. */
export function publicKeyText(key: PublicKey, holder: Holder): string {
  return `détente public key\n${labels(key, holder)}${pem("PUBLIC KEY", concat(fromHex(SPKI_PREFIX, "prefix"), key.raw))}`;
}

function privateKeyText(key: PublicKey, holder: Holder, der: Bytes): string {
  return (
    "détente private key, under a passphrase. Whoever has both can sign for the party.\n" +
    labels(key, holder) +
    pem("ENCRYPTED PRIVATE KEY", der)
  );
}

function labels(key: PublicKey, { party, role, officer }: Holder): string {
  const named = officer ? `Officer: ${officer}\n` : "";
  return `Party: ${party}\nRole: ${role}\n${named}Key: ${key.id}\nFingerprint: ${spoken(key)}\nPublic-key: ${key.text}\n`;
}

function pem(kind: string, der: Bytes): string {
  const lines = base64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${kind}-----\n${lines.join("\n")}\n-----END ${kind}-----\n`;
}

async function wrappingKey(passphrase: string, salt: Bytes, rounds: number): Promise<CryptoKey> {
  const secret = await subtle().importKey("raw", utf8(passphrase.normalize("NFC")), "PBKDF2", false, ["deriveKey"]);
  const derivation = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return subtle().deriveKey(derivation, secret, { name: "AES-CBC", length: 256 }, false, ["wrapKey", "unwrapKey"]);
}

// ── EncryptedPrivateKeyInfo, RFC 5958 and RFC 8018 ───────────────────────────────────────────────────────────────────

interface Encrypted {
  readonly salt: Bytes;
  readonly rounds: number;
  readonly iv: Bytes;
  readonly data: Bytes;
}

function writeEncrypted({ salt, rounds, iv, data }: Encrypted): Bytes {
  const known = (digits: string): Bytes => fromHex(digits, "an object identifier");
  const digits = rounds.toString(16);
  const counted = fromHex(digits.padStart(digits.length + (digits.length % 2), "0"), "rounds");
  const derivation = der(
    0x30,
    known(PBKDF2),
    der(0x30, der(0x04, salt), der(0x02, positive(counted)), known(HMAC_SHA256)),
  );
  const scheme = der(0x30, known(PBES2), der(0x30, derivation, der(0x30, known(AES_256_CBC), der(0x04, iv))));
  return der(0x30, scheme, der(0x04, data));
}

function positive(bytes: Bytes): Bytes {
  return (bytes[0] ?? 0) & 0x80 ? concat(Uint8Array.of(0), bytes) : bytes;
}

function der(tag: number, ...parts: readonly Bytes[]): Bytes {
  const content = concat(...parts);
  const length = content.length < 128 ? [content.length] : [0x81, content.length];
  return concat(Uint8Array.of(tag, ...length), content);
}

function readEncrypted(bytes: Bytes): Encrypted {
  const [scheme, data] = children(inside(bytes, 0x30), 2);
  const [pbes2, parameters] = children(inside(scheme, 0x30), 2);
  const [derivation, cipher] = children(inside(parameters, 0x30), 2);
  const [pbkdf2, derived] = children(inside(derivation, 0x30), 2);
  const [salt, rounds, hash] = children(inside(derived, 0x30), 3);
  const [aes, iv] = children(inside(cipher, 0x30), 2);
  const named = [pbes2, pbkdf2, hash, aes].map((each) => hex(each ?? new Uint8Array()));
  if (named.join() !== [PBES2, PBKDF2, HMAC_SHA256, AES_256_CBC].join()) {
    throw new KeyRefused(
      "the key is shut in a way that a browser cannot open",
      "PBES2 with PBKDF2-HMAC-SHA256 and AES-256-CBC, as detente key new writes it",
    );
  }
  const counted = parseInt(hex(inside(rounds, 0x02)), 16);
  if (!(counted >= 1 && counted <= MOST_ROUNDS)) throw new Malformed(`a key of ${counted} rounds`);
  return { salt: inside(salt, 0x04), rounds: counted, iv: inside(iv, 0x04), data: inside(data, 0x04) };
}

/** What an element of DER holds; the whole of the bytes has to be that element. */
function inside(element: Bytes | undefined, tag: number): Bytes {
  const [content, rest] = split(element ?? new Uint8Array(), tag);
  if (rest.length) throw new Malformed("the key is followed by something else");
  return content;
}

function children(content: Bytes, count: number): Bytes[] {
  const found: Bytes[] = [];
  let rest = content;
  while (rest.length && found.length <= count) {
    const [, after] = split(rest, rest[0] ?? 0);
    found.push(rest.slice(0, rest.length - after.length));
    rest = after;
  }
  if (found.length !== count) throw new Malformed("no encrypted key in DER", "copy the whole file");
  return found;
}

function split(bytes: Bytes, tag: number): [content: Bytes, rest: Bytes] {
  const short = bytes[1] ?? 0x80;
  const [start, length] = short < 0x80 ? [2, short] : short === 0x81 ? [3, bytes[2] ?? 0] : [2, Infinity];
  if (bytes[0] !== tag || start + length > bytes.length)
    throw new Malformed("no encrypted key in DER", "copy the whole file");
  return [bytes.slice(start, start + length), bytes.slice(start + length)];
}
