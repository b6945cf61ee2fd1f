/**
 * A party's keys over time: a list of signed statements, each naming the one before, checked from a root key alone;
 * as `detente.record.key_history`. A revoked key signs no more, and what it signed before still holds.
 *
 * The list cannot show that its end was withheld, nor that a moment stated in it is true; the record it is logged in does.
 */

import { checkMembers, count, digestOrThrow, nameOf, shown, textOf } from "./act.js";
import { isObject, type Json, type JsonObject, readCanonical } from "./canonical.js";
import { digestOf, type Envelope, verify } from "./envelope.js";
import { at, Malformed, NotAuthentic, within } from "./errors.js";
import { spoken } from "./fingerprint.js";
import { checkValidAt, type EnrolledKey, type Ending, holderText, lengthOf, moment, type Role } from "./holder.js";
import { type PublicKey, publicKeyFromText, short } from "./keys.js";

export const STATEMENT_TYPE = "application/vnd.detente.key-statement+json";
const VERSION = 1;
const LONGEST_NOTE = 500;
const REASONS = ["lost", "stolen", "retired", "replaced"];
const HEADER = ["version", "party", "sequence", "previous", "made_at_us", "statement", "body"];

type Body =
  | { kind: "founding"; root: PublicKey; recovery: PublicKey | null; validUntilUs: number | null }
  | {
      kind: "enrolment";
      key: PublicKey;
      officer: string;
      validFromUs: number;
      validUntilUs: number | null;
      replaces: string | null;
    }
  | { kind: "revocation"; keyId: string; reason: string; effectiveUs: number; suspectedSinceUs: number | null }
  | { kind: "root_change"; key: PublicKey; reason: string }
  | { kind: "recovery_change"; key: PublicKey };

type BodyOf<Kind extends Body["kind"]> = Extract<Body, { kind: Kind }>;

interface Statement {
  readonly party: string;
  readonly sequence: number;
  readonly previous: string | null;
  readonly madeAtUs: number;
  readonly body: Body;
}

/** What a verified list says: every key the party ever had, and where the list stands. */
export interface KeyHistory {
  readonly party: string;
  readonly keys: readonly EnrolledKey[];
  /** Digest of the last statement. */
  readonly head: string;
  readonly count: number;
  /** When the last one says it was made. */
  readonly madeAtUs: number;
}

/**
 * The history, checked from its first statement to its last.
 *
 * `root` is a root key of the party that the reader trusts: the first, or any that followed it (a new root signs for the list before it).
 * Where a statement does not hold, `where` names it.
 */
export async function readHistory(statements: readonly Envelope[], root: PublicKey): Promise<KeyHistory> {
  const [first, ...others] = statements;
  if (!first) throw new NotAuthentic("the list of keys is empty", "ask for the whole list");
  let history = await within("statement 0", () => found(first));
  for (const each of others) {
    const before = history;
    history = await within(`statement ${before.count}`, () => then(before, each));
  }
  if (!history.keys.some(({ key, holder }) => holder.role === "root" && key.is(root))) {
    throw new NotAuthentic(
      `the list of ${history.party} belongs to another root: ${spoken(rootOf(history).key)}`,
      "have the party read its root's fingerprint to you",
    );
  }
  return history;
}

/**
 * The history by the founding that it begins with, where somebody else answers for whose root that is: the host, who takes a party in; a party that
 * reads the fingerprint out.
 */
export async function historyOf(statements: readonly Envelope[]): Promise<KeyHistory> {
  const [first] = statements;
  if (!first) throw new NotAuthentic("the list of keys is empty", "ask for the whole list");
  const founding = rootOf(await within("statement 0", () => found(first)));
  return readHistory(statements, founding.key);
}

/** Every key of several parties, ended ones too, by its id; refused where two parties enrolled one key, so that what it signs would be either's. */
export function keysById(histories: Iterable<KeyHistory>): Map<string, EnrolledKey> {
  const known = new Map<string, EnrolledKey>();
  for (const each of Array.from(histories).flatMap(({ keys }) => keys)) {
    const other = known.get(each.key.id);
    if (other) {
      const both = `${holderText(other.holder)}'s and ${holderText(each.holder)}'s`;
      throw new NotAuthentic(`key ${short(each.key.id)} is both ${both}`);
    }
    known.set(each.key.id, each);
  }
  return known;
}

/** The history of a party whose first statement this is. Nothing says yet that this root is the party's. */
async function found(envelope: Envelope): Promise<KeyHistory> {
  const statement = await opened(envelope);
  const { body } = statement;
  if (body.kind !== "founding" || statement.sequence !== 0 || statement.previous !== null) {
    throw new NotAuthentic("the list does not begin with the founding of a root key", "ask for the whole list");
  }
  await verify(envelope, [body.root], STATEMENT_TYPE);
  if (body.recovery?.is(body.root)) {
    throw new NotAuthentic("root and recovery are one key", "make two, and keep them in two places");
  }
  const keys = [enrolled(body.root, statement, "root", body.validUntilUs)];
  if (body.recovery) keys.push(enrolled(body.recovery, statement, "recovery"));
  return { party: statement.party, keys, head: await digestOf(envelope), count: 1, madeAtUs: statement.madeAtUs };
}

/** The history with one statement more. */
async function then(history: KeyHistory, envelope: Envelope): Promise<KeyHistory> {
  const statement = await opened(envelope);
  checkPlace(statement, history);
  const keys = await applied(history, statement, envelope);
  return {
    party: history.party,
    keys,
    head: await digestOf(envelope),
    count: history.count + 1,
    madeAtUs: statement.madeAtUs,
  };
}

async function opened(envelope: Envelope): Promise<Statement> {
  if (envelope.payloadType !== STATEMENT_TYPE) {
    throw new NotAuthentic(
      `${JSON.stringify(envelope.payloadType)} is no key statement`,
      "it was signed to say something else",
    );
  }
  return readStatement(envelope);
}

function checkPlace(statement: Statement, history: KeyHistory): void {
  if (statement.party !== history.party) {
    throw new NotAuthentic(`a statement of '${statement.party}' in the list of '${history.party}'`);
  }
  if (statement.sequence !== history.count || statement.previous !== history.head) {
    throw new NotAuthentic(
      `statement ${statement.sequence} does not follow number ${history.count - 1}, ${short(history.head)}`,
      "one is missing, out of order, or the list was continued twice: ask for the whole list",
    );
  }
  if (statement.madeAtUs < history.madeAtUs) {
    throw new NotAuthentic(
      `made at ${moment(statement.madeAtUs)}, before the statement it follows, ${moment(history.madeAtUs)}`,
      "set the clock right",
    );
  }
}

async function applied(history: KeyHistory, statement: Statement, envelope: Envelope): Promise<readonly EnrolledKey[]> {
  const { body } = statement;
  switch (body.kind) {
    case "founding":
      throw new NotAuthentic(`a second founding of ${history.party}`, "a root is changed, not founded again");
    case "enrolment":
      return enrol(history, statement, body, envelope);
    case "revocation":
      return revoke(history, statement, body, envelope);
    case "root_change":
      return changeRoot(history, statement, body, envelope);
    case "recovery_change":
      return changeRecovery(history, statement, body, envelope);
  }
}

async function enrol(
  history: KeyHistory,
  statement: Statement,
  body: BodyOf<"enrolment">,
  envelope: Envelope,
): Promise<readonly EnrolledKey[]> {
  const root = rootOf(history);
  await verify(envelope, [root.key], STATEMENT_TYPE);
  checkValidAt(root, statement.madeAtUs);
  checkNew(history, body.key);
  if (body.validFromUs < statement.madeAtUs) {
    throw new NotAuthentic(
      `valid from ${moment(body.validFromUs)}, before the statement was made, ${moment(statement.madeAtUs)}`,
      "a key cannot be given acts of the past",
    );
  }
  checkEnd(body.validUntilUs, body.validFromUs);
  const keys =
    body.replaces === null
      ? history.keys
      : endedOfficer(history, body.replaces, ending(body.validFromUs, "replaced", { replacedBy: body.key.id }));
  const holder = { party: history.party, role: "officer" as const, officer: body.officer };
  const { key, validFromUs, validUntilUs } = body;
  return [...keys, { key, holder, validFromUs, validUntilUs, ending: null }];
}

async function revoke(
  history: KeyHistory,
  statement: Statement,
  body: BodyOf<"revocation">,
  envelope: Envelope,
): Promise<readonly EnrolledKey[]> {
  const revoked = keyOf(history, body.keyId);
  for (const signer of await verify(envelope, [rootOf(history).key, revoked.key], STATEMENT_TYPE)) {
    checkValidAt(keyOf(history, signer.id), statement.madeAtUs);
  }
  if (body.effectiveUs < statement.madeAtUs) {
    throw new NotAuthentic(
      `revoked from ${moment(body.effectiveUs)}, before the statement was made, ${moment(statement.madeAtUs)}`,
      "what a key has signed is not undone: state when the theft may have been as suspected_since_us",
    );
  }
  if (body.suspectedSinceUs !== null && body.suspectedSinceUs > body.effectiveUs) {
    throw new NotAuthentic(`suspected since ${moment(body.suspectedSinceUs)}, after the key ends`);
  }
  const { suspectedSinceUs } = body;
  return endedOfficer(history, body.keyId, ending(body.effectiveUs, `revoked (${body.reason})`, { suspectedSinceUs }));
}

async function changeRoot(
  history: KeyHistory,
  statement: Statement,
  body: BodyOf<"root_change">,
  envelope: Envelope,
): Promise<readonly EnrolledKey[]> {
  checkNew(history, body.key);
  const [root, recovery] = [rootOf(history), recoveryOf(history)];
  const may = [body.key, root.key, ...(recovery ? [recovery.key] : [])];
  const signers = await verify(envelope, may, STATEMENT_TYPE);
  checkSignedByNew(body.key, signers);
  if (!recovery || !signers.some((signer) => signer.is(recovery.key))) {
    checkSignedBy(root, signers);
    checkValidAt(root, statement.madeAtUs);
  }
  const over = ending(statement.madeAtUs, `given up (${body.reason})`, { replacedBy: body.key.id });
  return [...ended(history, root.key.id, over), enrolled(body.key, statement, "root")];
}

async function changeRecovery(
  history: KeyHistory,
  statement: Statement,
  body: BodyOf<"recovery_change">,
  envelope: Envelope,
): Promise<readonly EnrolledKey[]> {
  checkNew(history, body.key);
  const recovery = recoveryOf(history);
  if (!recovery) {
    throw new NotAuthentic(
      `${history.party} named no recovery key`,
      "it is named when the root is founded, and cannot be added by a root alone",
    );
  }
  const signers = await verify(envelope, [body.key, recovery.key], STATEMENT_TYPE);
  checkSignedByNew(body.key, signers);
  checkSignedBy(recovery, signers);
  const over = ending(statement.madeAtUs, "replaced", { replacedBy: body.key.id });
  return [...ended(history, recovery.key.id, over), enrolled(body.key, statement, "recovery")];
}

// ── keys of a history ────────────────────────────────────────────────────────────────────────────────────────────────

/** The root key that is in force: there is always one. */
export function rootOf(history: KeyHistory): EnrolledKey {
  const root = inForce(history, "root");
  if (!root) throw new TypeError("a history without a root");
  return root;
}

function recoveryOf(history: KeyHistory): EnrolledKey | undefined {
  return inForce(history, "recovery");
}

function inForce({ keys }: KeyHistory, role: Role): EnrolledKey | undefined {
  return keys.find(({ holder, ending }) => holder.role === role && !ending);
}

function keyOf(history: KeyHistory, keyId: string): EnrolledKey {
  const known = history.keys.find(({ key }) => key.id === keyId);
  if (!known) {
    throw new NotAuthentic(
      `${history.party} never had key ${short(keyId)}`,
      "check the party and the list of its keys",
    );
  }
  return known;
}

function enrolled(
  key: PublicKey,
  { party, madeAtUs }: Statement,
  role: Role,
  untilUs: number | null = null,
): EnrolledKey {
  checkEnd(untilUs, madeAtUs);
  return { key, holder: { party, role, officer: "" }, validFromUs: madeAtUs, validUntilUs: untilUs, ending: null };
}

function checkEnd(untilUs: number | null, fromUs: number): void {
  if (untilUs !== null && untilUs <= fromUs) {
    throw new NotAuthentic(`a key that would end at ${moment(untilUs)}, before it begins`);
  }
}

function ending(atUs: number, why: string, more: Partial<Pick<Ending, "suspectedSinceUs" | "replacedBy">>): Ending {
  return { atUs, why, suspectedSinceUs: null, replacedBy: null, ...more };
}

function ended(history: KeyHistory, keyId: string, over: Ending): EnrolledKey[] {
  const old = keyOf(history, keyId);
  if (old.ending) {
    throw new NotAuthentic(`key ${short(keyId)} was ${old.ending.why} already, at ${moment(old.ending.atUs)}`);
  }
  return history.keys.map((each) => (each === old ? { ...each, ending: over } : each));
}

function endedOfficer(history: KeyHistory, keyId: string, over: Ending): EnrolledKey[] {
  if (keyOf(history, keyId).holder.role !== "officer") {
    throw new NotAuthentic(`key ${short(keyId)} is no officer's`, "change a root or recovery key by rotating it");
  }
  return ended(history, keyId, over);
}

function checkNew(history: KeyHistory, key: PublicKey): void {
  if (history.keys.some((old) => old.key.is(key))) {
    throw new NotAuthentic(`key ${short(key.id)} is in the list already`, "a key has one life: make a new one");
  }
}

function checkSignedBy({ key, holder }: EnrolledKey, signers: readonly PublicKey[]): void {
  if (!signers.some((signer) => signer.is(key))) {
    throw new NotAuthentic(`not signed by ${holderText(holder)}, key ${short(key.id)}`);
  }
}

function checkSignedByNew(key: PublicKey, signers: readonly PublicKey[]): void {
  if (!signers.some((signer) => signer.is(key))) {
    throw new NotAuthentic(
      `not signed by the new key ${short(key.id)} itself`,
      "the new key shows that its holder has it",
    );
  }
}

// ── statements as bytes ──────────────────────────────────────────────────────────────────────────────────────────────

async function readStatement({ payload }: Envelope): Promise<Statement> {
  const value = readCanonical(payload);
  if (!isObject(value) || value.version !== VERSION) {
    throw new Malformed("not a key statement of version 1", "a newer détente may read it");
  }
  checkMembers(value, HEADER);
  return {
    party: nameOf(value.party, "party"),
    sequence: count(value.sequence, "sequence"),
    previous: orNull(value.previous, (given) => digestOrThrow(given, "previous")),
    madeAtUs: count(value.made_at_us, "made_at_us"),
    body: await within("body", () => readBody(value.statement, value.body)),
  };
}

async function readBody(kind: Json | undefined, value: Json | undefined): Promise<Body> {
  if (!isObject(value)) throw new Malformed("not an object");
  switch (kind) {
    case "founding":
      return readFounding(value);
    case "enrolment":
      return readEnrolment(value);
    case "revocation":
      return readRevocation(value);
    case "root_change":
      checkMembers(value, ["key", "reason"]);
      return { kind, key: await keyAt(value, "key"), reason: reasonOf(value.reason) };
    case "recovery_change":
      checkMembers(value, ["key"]);
      return { kind, key: await keyAt(value, "key") };
    default:
      throw new Malformed(`a key statement of kind ${shown(kind)}`);
  }
}

async function readFounding(value: JsonObject): Promise<BodyOf<"founding">> {
  checkMembers(value, ["root", "recovery", "valid_until_us"]);
  return {
    kind: "founding",
    root: await keyAt(value, "root"),
    recovery: value.recovery === null ? null : await keyAt(value, "recovery"),
    validUntilUs: momentAt(value, "valid_until_us"),
  };
}

async function readEnrolment(value: JsonObject): Promise<BodyOf<"enrolment">> {
  checkMembers(value, ["key", "officer", "valid_from_us", "valid_until_us", "replaces"]);
  return {
    kind: "enrolment",
    key: await keyAt(value, "key"),
    officer: nameOf(value.officer, "officer"),
    validFromUs: count(value.valid_from_us, "valid_from_us"),
    validUntilUs: momentAt(value, "valid_until_us"),
    replaces: orNull(value.replaces, (given) => digestOrThrow(given, "replaces")),
  };
}

function readRevocation(value: JsonObject): BodyOf<"revocation"> {
  checkMembers(value, ["key_id", "reason", "effective_us", "suspected_since_us", "note"]);
  const note = textOf(value.note, "note");
  if (lengthOf(note) > LONGEST_NOTE) {
    throw new Malformed(`a note of ${lengthOf(note)} characters; the limit is ${LONGEST_NOTE}`);
  }
  return {
    kind: "revocation",
    keyId: digestOrThrow(value.key_id, "key_id"),
    reason: reasonOf(value.reason),
    effectiveUs: count(value.effective_us, "effective_us"),
    suspectedSinceUs: momentAt(value, "suspected_since_us"),
  };
}

async function keyAt(value: JsonObject, name: string): Promise<PublicKey> {
  return within(name, () => publicKeyFromText(textOf(value[name], name)));
}

function momentAt(value: JsonObject, name: string): number | null {
  return orNull(value[name], (given) => count(given, name));
}

function reasonOf(value: Json | undefined): string {
  return at("reason", () => {
    if (typeof value === "string" && REASONS.includes(value)) return value;
    throw new Malformed(`reason ${shown(value)}`, `known are ${REASONS.join(", ")}`);
  });
}

function orNull<T>(value: Json | undefined, read: (given: Json | undefined) => T): T | null {
  return value === null ? null : read(value);
}
