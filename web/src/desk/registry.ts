/**
 * Who is in an arena, with which keys, and under which understanding: what follows from its public acts, in order; as `detente.channel.registry`.
 *
 * The host says who is a member; from then on a party's own root key says which keys are its own. No summary of the server's is believed.
 */

import {
  type Act,
  DetenteError,
  type Envelope,
  type EnrolledKey,
  HOST_KINDS,
  HOST_PARTY,
  isObject,
  type Json,
  type JsonObject,
  type KeyHistory,
  keysById,
  Malformed,
  NotAuthentic,
  openAnyones,
  publicKeyFromText,
  type PublicKey,
  readEnvelope,
  historyOf,
  readStrict,
  rootOf,
  utf8,
  verify,
} from "../record/index.js";
import { hexSha256 } from "./digest.js";
import { type Terms, termsOf, type Understanding, understandingOf } from "./understanding.js";

const UNDERSTANDING_TYPE = "application/vnd.detente.understanding+json";
const PUBLIC_KINDS = new Set(["keys", "propose", "sign", "suspend", "member"]);

/** A public act does not follow from those before it. */
export class DoesNotFollow extends DetenteError {}

export interface Member {
  readonly name: string;
  readonly kind: string;
  /** Null for a party without keys, whom somebody has to tell by other means. */
  readonly history: KeyHistory | null;
  readonly statements: readonly Envelope[];
}

export interface Proposal {
  readonly digest: string;
  readonly understanding: Understanding;
  readonly supersedes: string | null;
  readonly proposedBy: string;
  readonly signedBy: ReadonlySet<string>;
}

export interface Registry {
  readonly arena: string;
  readonly hostKey: PublicKey;
  readonly members: ReadonlyMap<string, Member>;
  readonly keys: ReadonlyMap<string, EnrolledKey>;
  readonly proposals: ReadonlyMap<string, Proposal>;
  readonly inForce: string | null;
  readonly suspendedBy: ReadonlySet<string>;
}

export function emptyRegistry(arena: string, hostKey: PublicKey): Registry {
  return {
    arena,
    hostKey,
    members: new Map(),
    keys: new Map(),
    proposals: new Map(),
    inForce: null,
    suspendedBy: new Set(),
  };
}

/** The understanding that applies now; null before one is in force, and while one is suspended: then default rules do. */
export function understandingNow(registry: Registry): Understanding | null {
  if (registry.inForce === null || registry.suspendedBy.size) return null;
  return registry.proposals.get(registry.inForce)?.understanding ?? null;
}

/** What it says of the channel; the default terms between the members where none applies. */
export function termsNow(registry: Registry): Terms {
  const understanding = understandingNow(registry);
  if (understanding) return understanding.terms;
  const parties = [...registry.members.values()].map(({ name, kind, history }) => ({
    name,
    kind,
    root_key: history ? rootOf(history).key.text : null,
  }));
  return termsOf({ parties });
}

/** The registry after one more public act, verified. */
export async function then(registry: Registry, envelope: Envelope, receivedUs: number): Promise<Registry> {
  const act = await openAnyones(envelope, registry, receivedUs);
  if (!PUBLIC_KINDS.has(act.type)) throw new Malformed(`an act of kind ${act.type} among the public ones`);
  if ((act.party === HOST_PARTY) !== HOST_KINDS.has(act.type)) {
    throw new NotAuthentic(`an act of kind ${act.type}, signed by ${act.party}`);
  }
  switch (act.type) {
    case "member":
      return withMember(registry, act);
    case "keys":
      return withKeys(registry, act);
    case "propose":
      return withProposal(registry, act);
    case "sign":
      return withSignatures(registry, act);
    default:
      return withSuspension(registry, act);
  }
}

async function withMember(registry: Registry, { body }: Act): Promise<Registry> {
  const [name, kind] = [text(body, "name"), text(body, "kind")];
  if (registry.members.has(name)) throw new DoesNotFollow(`${name} is a member already`);
  const statements = texts(body, "statements").map(readText);
  const history = statements.length ? await historyOf(statements) : null;
  return knownBy(registry, { name, kind, history, statements });
}

async function withKeys(registry: Registry, { party, body }: Act): Promise<Registry> {
  const member = registry.members.get(party);
  if (!member?.history) throw new DoesNotFollow(`${party} is no member with keys`);
  const statements = [...member.statements, ...texts(body, "statements").map(readText)];
  return knownBy(registry, { ...member, statements, history: await historyOf(statements) });
}

function knownBy(registry: Registry, member: Member): Registry {
  if (member.history && member.history.party !== member.name) {
    throw new NotAuthentic(`the keys are those of '${member.history.party}', not of '${member.name}'`);
  }
  const members = new Map(registry.members).set(member.name, member);
  const keys = keysById([...members.values()].flatMap(({ history }) => history ?? []));
  return { ...registry, members, keys };
}

async function withProposal(registry: Registry, { party, body }: Act): Promise<Registry> {
  const payload = utf8(text(body, "payload"));
  const digest = await hexSha256(payload);
  if (registry.proposals.has(digest)) return registry;
  const value = readStrict(payload);
  if (!isObject(value) || !isObject(value["understanding"])) throw new Malformed("not an understanding to sign");
  if (value["arena"] !== registry.arena) throw new NotAuthentic("an understanding for another arena");
  const supersedes = typeof value["supersedes"] === "string" ? value["supersedes"] : null;
  if (supersedes !== registry.inForce) throw new DoesNotFollow("it supersedes another than the one in force");
  const understanding = understandingOf(value["understanding"]);
  const proposal = { digest, understanding, supersedes, proposedBy: party, signedBy: new Set<string>() };
  return { ...registry, proposals: new Map(registry.proposals).set(digest, proposal) };
}

async function withSignatures(registry: Registry, { body }: Act): Promise<Registry> {
  const envelope = readText(text(body, "envelope"));
  const digest = await hexSha256(envelope.payload);
  const proposal = registry.proposals.get(digest);
  if (!proposal) throw new DoesNotFollow("an understanding that was not proposed");
  if (digest === registry.inForce) return registry;
  const roots = await rootsOf(registry, proposal);
  const signers = await verify(envelope, roots.values(), UNDERSTANDING_TYPE);
  const signed = [...roots].filter(([, key]) => signers.some((signer) => signer.is(key))).map(([name]) => name);
  const after = { ...proposal, signedBy: new Set([...proposal.signedBy, ...signed]) };
  const proposals = new Map(registry.proposals).set(digest, after);
  if (missing(after).length) return { ...registry, proposals };
  return { ...registry, proposals, inForce: digest, suspendedBy: new Set() };
}

/** Root keys in force of the parties that an understanding names, where it names those. */
async function rootsOf(registry: Registry, { understanding }: Proposal): Promise<Map<string, PublicKey>> {
  const found = new Map<string, PublicKey>();
  for (const { name, root_key } of understanding.terms.parties) {
    const history = registry.members.get(name)?.history;
    if (root_key && history && rootOf(history).key.text === root_key)
      found.set(name, await publicKeyFromText(root_key));
  }
  return found;
}

/** Parties with keys that have not signed, sorted. A party without keys cannot sign, and is bound by nothing. */
export function missing({ understanding, signedBy }: Proposal): string[] {
  return understanding.terms.parties
    .filter(({ name, root_key }) => root_key && !signedBy.has(name))
    .map(({ name }) => name)
    .sort();
}

function withSuspension(registry: Registry, { party, body }: Act): Registry {
  if (text(body, "digest") !== registry.inForce) throw new DoesNotFollow("that understanding is not in force");
  const suspendedBy = new Set(registry.suspendedBy);
  if (body["lifted"] === true) suspendedBy.delete(party);
  else suspendedBy.add(party);
  return { ...registry, suspendedBy };
}

/** An envelope as JSON text. */
export function readText(json: string): Envelope {
  return readEnvelope(utf8(json));
}

function text(body: JsonObject, name: string): string {
  const value = body[name];
  if (typeof value !== "string") throw new Malformed(`${name}: not a text`);
  return value;
}

function texts(body: JsonObject, name: string): readonly string[] {
  const value: Json | undefined = body[name];
  if (!Array.isArray(value) || !value.every((each) => typeof each === "string")) {
    throw new Malformed(`${name}: not a list of texts`);
  }
  return value;
}
