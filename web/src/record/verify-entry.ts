/**
 * One entry of the record, held against what its reader knows beforehand. The server that gave it, its proof and its tiles is believed in nothing.
 *
 *   the entry → its opening makes the leaf · the leaf is in the tree · the tree is the log's, signed by its key, cosigned by witnesses
 *             → its envelope is an act, signed by an officer's key that its party's root had enrolled, valid when it was received
 *             → it names a head that this log began with; the moments in it lie between those of witnesses
 *
 * A verdict is given, or a refusal is thrown that says where, what and why. What takes other entries (that none is missing before it, which rules
 * held) is for `detente verify` to say; docs/evidence.md.
 */

import { type Act, ACT_TYPE, checkMembers, count, openAct, readAct, textOf } from "./act.js";
import { type Bytes, equal, fromHex, hex, utf8 } from "./bytes.js";
import { isObject, readCanonical } from "./canonical.js";
import { type Checkpoint, cosignedS, openCheckpoint, originOf } from "./checkpoint.js";
import { digestOf, type Envelope, readEnvelope, verify } from "./envelope.js";
import { at, Malformed, NotAuthentic, within } from "./errors.js";
import { type EnrolledKey, moment } from "./holder.js";
import { HOST_KINDS, HOST_PARTY, PARTY_KINDS } from "./kinds.js";
import { type PublicKey, short } from "./keys.js";
import { leafData, type Opening } from "./leaf.js";
import { checkInclusion, leafHash } from "./merkle.js";
import { readProof } from "./proof.js";
import { writeNote } from "./note.js";
import { type FetchTile, type ProvenTiles, provenTiles } from "./tiles.js";

/** By so much may the clocks of desks, host and witnesses differ before a moment is called false. */
export const CLOCKS_US = 120_000_000;
const SECOND_US = 1_000_000;

/** What a reader knows beforehand, from its own party and by voice, and not from the server that is being verified. */
export interface Trust {
  readonly arena: string;
  /** Signs the log's heads, and the host's own acts. */
  readonly hostKey: PublicKey;
  /** Keys of the witnesses by name, as the understanding in force names them, and how many of them have to have cosigned. */
  readonly witnesses: ReadonlyMap<string, PublicKey>;
  readonly quorum: number;
  /** Every key of every party by its id, ended ones too: `keysById` of histories that `readHistory` checked. */
  readonly keys: ReadonlyMap<string, EnrolledKey>;
  /** How long the arena gathers before it answers; entries bear the moment of the tick. */
  readonly tickUs?: number;
}

/** A head of the log that holds, and who vouches for it. */
export interface Head {
  readonly checkpoint: Checkpoint;
  /** When each witness had seen it, by its own clock: seconds since 1970, the earliest first. */
  readonly cosigned: readonly { readonly witness: string; readonly atS: bigint }[];
  /** Whether as many as are agreed, and at least one, cosigned it. Without, the host alone vouches that it told others the same. */
  readonly hasQuorum: boolean;
}

/** A log whose head holds, with the tree under it. Made by `openLog` only. */
export interface Log {
  readonly head: Head;
  readonly tiles: ProvenTiles;
}

/** What is to be said of an entry in which nothing is false. Moments are microseconds since 1970. */
export interface EntryVerdict {
  /** `incomplete`: nothing is false; the witnesses agreed on, or the comparison with the head it names, are missing. */
  readonly outcome: "holds" | "incomplete";
  readonly position: bigint;
  readonly kind: string;
  /** By the host's clock. */
  readonly receivedUs: number;
  readonly act: Act;
  /** What other acts call it by. */
  readonly digest: string;
  /** Whose key signed it; null for the host's own. */
  readonly signer: EnrolledKey | null;
  readonly head: Head;
  /** It was not made before: the head it names had then been cosigned. Null where nothing bounds it. */
  readonly earliestUs: number | null;
  /** It was in the log by then. Null without a quorum. */
  readonly latestUs: number | null;
  /** Of the head that it names: `none`, `compared` with this log, or `not compared`, as a proof alone does not allow it. */
  readonly named: "none" | "compared" | "not compared";
}

/** The opening of an entry, from the bytes of one in canonical JSON: a line of `entries.jsonl`, or one that the server lists. */
export function readOpening(raw: Bytes): Opening {
  const value = readCanonical(raw);
  if (!isObject(value)) throw new Malformed("not an object");
  checkMembers(value, ["envelope", "kind", "position", "received_us", "salt"]);
  return {
    position: BigInt(count(value.position, "position")),
    receivedUs: count(value.received_us, "received_us"),
    kind: textOf(value.kind, "kind"),
    salt: fromHex(textOf(value.salt, "salt"), "salt"),
    envelope: utf8(textOf(value.envelope, "envelope")),
  };
}

/** A head, where it is this arena's and signed by the host's key. A cosignature of a known witness that does not hold spoils it. */
export async function openHead(note: Bytes, trust: Trust): Promise<Head> {
  return within("checkpoint", async () => {
    const opened = await openCheckpoint(note, originOf(trust.arena), trust.hostKey);
    const moments = await cosignedS(opened.note, trust.witnesses);
    const cosigned = Array.from(moments, ([witness, atS]) => ({ witness, atS }));
    cosigned.sort((a, b) => (a.atS < b.atS ? -1 : a.atS > b.atS ? 1 : a.witness < b.witness ? -1 : 1));
    return { checkpoint: opened.checkpoint, cosigned, hasQuorum: cosigned.length >= Math.max(trust.quorum, 1) };
  });
}

/** The log of a head: its tiles lead to the root that the host signed. */
export async function openLog(note: Bytes, fetchTile: FetchTile, trust: Trust): Promise<Log> {
  const head = await openHead(note, trust);
  const { treeSize, rootHash } = head.checkpoint;
  return { head, tiles: await within("tiles", () => provenTiles(fetchTile, treeSize, rootHash)) };
}

/**
 * An earlier head, where the log goes on from it. NotAuthentic where it does not: then the host told two stories, and both notes prove it.
 * An earlier log that is larger was rolled back: open that one, and ask this of the other.
 */
export async function checkGoesOn(log: Log, earlier: Bytes, trust: Trust): Promise<Head> {
  const head = await openHead(earlier, trust);
  await within("checkpoint", () => checkBegins(log, head.checkpoint));
  return head;
}

async function checkBegins({ tiles }: Log, { treeSize, rootHash }: Checkpoint): Promise<void> {
  if (treeSize > tiles.size) {
    throw new NotAuthentic(
      `the log has ${String(tiles.size)} leaves, and had ${String(treeSize)} before`,
      "it was rolled back: keep both checkpoints",
    );
  }
  const begins = await tiles.rootAt(treeSize);
  if (!equal(begins, rootHash)) {
    throw new NotAuthentic(
      `signed with root ${short(hex(rootHash))} at ${String(treeSize)} leaves; this log, signed by the same key, begins with ${short(hex(begins))}`,
      "keep both checkpoints: they prove that the log told two stories",
    );
  }
}

/** The verdict on an entry of a log. `named`: the note of the head that the act names, with its cosignatures, where the reader has it. */
export async function verifyEntry(opening: Opening, log: Log, trust: Trust, named?: Bytes): Promise<EntryVerdict> {
  await within(`entry ${String(opening.position)}`, async () => {
    if (opening.position >= log.tiles.size) {
      throw new NotAuthentic(`lies beyond the tree of ${String(log.tiles.size)} leaves`, "ask for a later checkpoint");
    }
    const logged = await within("tiles", () => log.tiles.leaf(opening.position));
    if (!equal(await leafOf(opening), logged)) throw anotherLeaf(opening);
  });
  return judged(opening, log.head, trust, log, named);
}

/** The verdict on an entry by a proof alone, the bytes of a `.tlog-proof` file. The head that the act names cannot be compared. */
export async function verifyProvenEntry(opening: Opening, proof: Bytes, trust: Trust): Promise<EntryVerdict> {
  const { index, hashes, note } = at("proof", () => readProof(proof));
  const head = await openHead(writeNote(note), trust);
  const { treeSize, rootHash } = head.checkpoint;
  await within(`entry ${String(opening.position)}`, async () => {
    if (index !== opening.position) throw new NotAuthentic(`the proof is of entry ${String(index)}`);
    await checkInclusion(await leafOf(opening), index, treeSize, rootHash, hashes);
  });
  return judged(opening, head, trust);
}

async function leafOf(opening: Opening): Promise<Bytes> {
  return leafHash(await leafData(opening));
}

function anotherLeaf(opening: Opening): NotAuthentic {
  return new NotAuthentic(
    `the log has another leaf at ${String(opening.position)} than position, moment, kind, envelope and salt make`,
    "the entry is not the one that was logged there",
  );
}

async function judged(opening: Opening, head: Head, trust: Trust, log?: Log, namedNote?: Bytes): Promise<EntryVerdict> {
  return within(`entry ${String(opening.position)}`, async () => {
    const envelope = readEnvelope(opening.envelope);
    const act = await openLogged(opening, trust);
    const named = await checkNamed(act, opening, log);
    const earliestUs = namedNote ? await earliest(act, namedNote, trust) : null;
    const latestUs = latest(head, trust);
    checkMoments(act.madeAtUs, opening.receivedUs, earliestUs, latestUs, trust.tickUs ?? 0);
    return {
      outcome: head.hasQuorum && named !== "not compared" ? "holds" : "incomplete",
      position: opening.position,
      kind: opening.kind,
      receivedUs: opening.receivedUs,
      act,
      digest: await digestOf(envelope),
      signer: act.party === HOST_PARTY ? null : (trust.keys.get(act.keyId) ?? null),
      head,
      earliestUs,
      latestUs,
      named,
    };
  });
}

/** The act that an entry opens to, as it was logged. */
async function openLogged(opening: Opening, trust: Trust): Promise<Act> {
  const act = await openAnyones(readEnvelope(opening.envelope), trust, opening.receivedUs);
  if (act.type !== opening.kind) throw new NotAuthentic(`logged as ${opening.kind}, signed as ${act.type}`);
  return act;
}

/**
 * The act of a party, by an officer's key of it that could sign at the moment; or of the host, by its own key; of a kind that is its own to state.
 */
export async function openAnyones(
  envelope: Envelope,
  trust: Pick<Trust, "arena" | "hostKey" | "keys">,
  atUs: number,
): Promise<Act> {
  const act = readAct(envelope.payload);
  const byHost = act.party === HOST_PARTY;
  if ((byHost ? PARTY_KINDS : HOST_KINDS).has(act.type)) {
    throw new NotAuthentic(
      `an act of kind ${act.type}, signed by ${act.party}`,
      "the host and parties state different things",
    );
  }
  if (!byHost) return openAct(envelope, trust.keys, trust.arena, atUs);
  await verify(envelope, [trust.hostKey], ACT_TYPE);
  if (act.arena !== trust.arena || act.keyId !== trust.hostKey.id) {
    throw new NotAuthentic(`an act of the host's for arena '${act.arena}', not '${trust.arena}'`);
  }
  return act;
}

async function checkNamed(act: Act, opening: Opening, log?: Log): Promise<EntryVerdict["named"]> {
  if (!act.checkpoint) return "none";
  const { treeSize, rootHash } = act.checkpoint;
  if (BigInt(treeSize) > opening.position) {
    throw new NotAuthentic(
      `names a checkpoint of ${treeSize} leaves, made after it`,
      "it was made later than it was logged, or the log was rolled back and written anew",
    );
  }
  if (!log) return "not compared";
  const begins = hex(await log.tiles.rootAt(BigInt(treeSize)));
  if (begins !== rootHash) {
    throw new NotAuthentic(
      `names a checkpoint of ${treeSize} leaves with root ${short(rootHash)}; this log began with ${short(begins)}`,
      "its author was shown another log: ask for the checkpoint that it names",
    );
  }
  return "compared";
}

/** When the head that an act names had first been cosigned, where as many had as are agreed. */
async function earliest(act: Act, note: Bytes, trust: Trust): Promise<number | null> {
  const { checkpoint, cosigned, hasQuorum } = await openHead(note, trust);
  if (!act.checkpoint || BigInt(act.checkpoint.treeSize) !== checkpoint.treeSize) {
    throw new Malformed(`the checkpoint of ${String(checkpoint.treeSize)} leaves is not the one that it names`);
  }
  if (act.checkpoint.rootHash !== hex(checkpoint.rootHash)) {
    throw new NotAuthentic(
      "the checkpoint that it names has another root",
      "keep both checkpoints: they prove that the log told two stories",
    );
  }
  const [first] = cosigned;
  return hasQuorum && first ? Number(first.atS) * SECOND_US : null;
}

/** The end of the second in which the quorum was complete. */
function latest({ cosigned, hasQuorum }: Head, { quorum }: Trust): number | null {
  const last = cosigned[Math.max(quorum, 1) - 1];
  return hasQuorum && last ? (Number(last.atS) + 1) * SECOND_US : null;
}

/** What its author and the host say of when, against what witnesses bound. */
function checkMoments(
  madeAtUs: number,
  receivedUs: number,
  earliestUs: number | null,
  latestUs: number | null,
  tickUs: number,
): void {
  if (earliestUs !== null && madeAtUs < earliestUs - CLOCKS_US) {
    throw new NotAuthentic(
      `its author says ${moment(madeAtUs)}; it names what was cosigned at ${moment(earliestUs)} only`,
      "it was dated back, or its author's clock was slow",
    );
  }
  if (earliestUs !== null && receivedUs < earliestUs - CLOCKS_US) {
    throw new NotAuthentic(
      `the host says received at ${moment(receivedUs)}; it names what was cosigned at ${moment(earliestUs)} only`,
      "the host dated it back, or its clock was slow",
    );
  }
  if (latestUs !== null && madeAtUs > latestUs + CLOCKS_US) {
    throw new NotAuthentic(
      `its author says ${moment(madeAtUs)}; witnesses had it in the log by ${moment(latestUs)}`,
      "it was dated forward, or its author's clock was fast",
    );
  }
  if (latestUs !== null && receivedUs > latestUs + CLOCKS_US + tickUs) {
    throw new NotAuthentic(
      `the host says received at ${moment(receivedUs)}; witnesses had it in the log by ${moment(latestUs)}`,
      "the host's clock was fast, or it dated it forward",
    );
  }
}
