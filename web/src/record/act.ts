/**
 * Acts: what an officer signs, bound to one arena, one audience and one place in the key's sequence for it; as `detente.record.act`.
 * Moments in an act are its author's word; the log bounds them.
 */

import { isObject, type Json, type JsonObject, readCanonical } from "./canonical.js";
import { type Envelope, verify } from "./envelope.js";
import { at, Malformed, NotAuthentic } from "./errors.js";
import { checkName, checkValidAt, type EnrolledKey, holderText } from "./holder.js";
import { type PublicKey, short } from "./keys.js";

export const ACT_TYPE = "application/vnd.detente.act+json";
const VERSION = 1;
const MEMBERS = [
  "arena",
  "audience",
  "body",
  "checkpoint",
  "key",
  "made_at_us",
  "party",
  "previous",
  "sequence",
  "type",
];
const ALL_MEMBERS = [...MEMBERS, "version", "view"];

/** The head of the arena's log that the author had last seen: an act that names it was made after it. */
export interface SeenCheckpoint {
  readonly treeSize: number;
  readonly rootHash: string;
}

/** One act of a party. `audience` is empty for the host alone; `previous` is null for the first of a sequence. */
export interface Act {
  readonly type: string;
  readonly arena: string;
  readonly party: string;
  readonly audience: string;
  readonly keyId: string;
  readonly sequence: number;
  readonly previous: string | null;
  readonly madeAtUs: number;
  readonly checkpoint: SeenCheckpoint | null;
  readonly view: string | null;
  readonly body: JsonObject;
}

/** The act of a payload. Whether it is authentic is for `openAct`. */
export function readAct(payload: Envelope["payload"]): Act {
  const value = readCanonical(payload);
  if (!isObject(value) || value.version !== VERSION) {
    throw new Malformed("not an act of version 1", "a newer détente may read it");
  }
  checkMembers(value, ALL_MEMBERS);
  const act: Act = {
    type: actType(value.type),
    arena: nameOf(value.arena, "arena"),
    party: nameOf(value.party, "party"),
    audience: value.audience === "" ? "" : nameOf(value.audience, "audience"),
    keyId: digestOrThrow(value.key, "key"),
    sequence: count(value.sequence, "sequence"),
    previous: value.previous === null ? null : digestOrThrow(value.previous, "previous"),
    madeAtUs: count(value.made_at_us, "made_at_us"),
    checkpoint: at("checkpoint", () => seen(value.checkpoint)),
    view: value.view === null ? null : digestOrThrow(value.view, "view"),
    body: objectOf(value.body),
  };
  if (act.sequence === 0 || (act.sequence === 1) !== (act.previous === null)) {
    throw new Malformed("sequences begin at 1; the first act has no previous, and every other one has");
  }
  return act;
}

function seen(value: Json | undefined): SeenCheckpoint | null {
  if (value === null) return null;
  if (!isObject(value) || Object.keys(value).sort().join() !== "root_hash,tree_size") {
    throw new Malformed("not an object of tree_size and root_hash");
  }
  return { treeSize: count(value.tree_size, "tree_size"), rootHash: digestOrThrow(value.root_hash, "root_hash") };
}

function actType(value: Json | undefined): string {
  if (typeof value !== "string" || !/^[a-z][a-z0-9_]{0,63}$/.test(value)) {
    throw new Malformed(`an act of type ${shown(value)}`, "lower-case letters, digits and underscores");
  }
  return value;
}

function objectOf(value: Json | undefined): JsonObject {
  if (!isObject(value)) throw new Malformed("body: not an object");
  return value;
}

/** Refuses an object that has other members than these. */
export function checkMembers(value: JsonObject, names: readonly string[]): void {
  const missing = names.find((name) => !Object.hasOwn(value, name));
  const wrong = missing ?? Object.keys(value).find((name) => !names.includes(name));
  if (wrong !== undefined) throw new Malformed(`member '${wrong.slice(0, 40)}' is missing, or not known`);
}

export function textOf(value: Json | undefined, what: string): string {
  if (typeof value !== "string") throw new Malformed(`${what}: not a text`);
  return value;
}

export function nameOf(value: Json | undefined, what: string): string {
  const name = textOf(value, what);
  checkName(name, what);
  return name;
}

export function digestOrThrow(value: Json | undefined, what: string): string {
  if (typeof value !== "string" || !/^[0-9a-f]{64}$/.test(value)) {
    throw new Malformed(`${what}: not 64 hexadecimal digits`);
  }
  return value;
}

export function count(value: Json | undefined, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) {
    throw new Malformed(`${what}: not a whole number, or out of range`);
  }
  return value;
}

export function shown(value: Json | undefined): string {
  return JSON.stringify(value).slice(0, 40);
}

/**
 * The act, where an officer's key signed it for its own party in this arena and could sign at the moment.
 *
 * `keys` holds every key of every party by its id, ended ones too. `atUs` is when the record says the act was received: not the act's own word,
 * which a thief would date back.
 */
export async function openAct(
  envelope: Envelope,
  keys: ReadonlyMap<string, EnrolledKey>,
  arena: string,
  atUs: number,
): Promise<Act> {
  const signers = await verify(envelope, candidates(envelope, keys), ACT_TYPE);
  const act = readAct(envelope.payload);
  const enrolled = checkSigner(act, signers, keys);
  if (act.arena !== arena) {
    throw new NotAuthentic(
      `the act is for arena ${JSON.stringify(act.arena)}, not ${JSON.stringify(arena)}`,
      "acts hold in one arena only",
    );
  }
  checkValidAt(enrolled, atUs);
  return act;
}

/** The keys that the envelope hints at, out of perhaps thousands; all, where a signature gives no hint. */
function candidates(envelope: Envelope, keys: ReadonlyMap<string, EnrolledKey>): PublicKey[] {
  const hints = envelope.signatures.map(({ keyid }) => keyid);
  const ids = hints.includes("") ? [...keys.keys()] : hints;
  const found = ids.flatMap((id) => keys.get(id)?.key ?? []);
  if (!found.length) {
    throw new NotAuthentic(
      `signed by none of this arena's keys: ${hints.map(short).join(", ")}`,
      "check whose keys you hold",
    );
  }
  return found;
}

function checkSigner(act: Act, signers: readonly PublicKey[], keys: ReadonlyMap<string, EnrolledKey>): EnrolledKey {
  const enrolled = signers.some((signer) => signer.id === act.keyId) ? keys.get(act.keyId) : undefined;
  if (!enrolled) throw new NotAuthentic(`the act names key ${short(act.keyId)}, which did not sign it`);
  const named = holderText(enrolled.holder);
  if (enrolled.holder.party !== act.party) {
    throw new NotAuthentic(
      `an act for ${JSON.stringify(act.party)}, signed by ${named}`,
      "an officer acts for one party",
    );
  }
  if (enrolled.holder.role !== "officer") {
    throw new NotAuthentic(`an act signed by ${named}`, "acts are signed by officers' keys; this key is for keys");
  }
  return enrolled;
}
