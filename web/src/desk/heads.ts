/**
 * The head of the arena's log, followed: each one we are shown has to go on from the last that we saw; as `detente.client.heads`.
 *
 * What we sign names a head that we checked: the latest that a quorum cosigned or, where no witnesses are agreed, the latest. A desk that is shown
 * another log signs nothing more but a STOP; both notes are kept as proof, and the host is shown what it had signed.
 */

import {
  checkGoesOn,
  DetenteError,
  type Head,
  hex,
  type Log,
  NotAuthentic,
  openHead,
  openLog,
  publicKeyFromText,
  type SeenCheckpoint,
  type Trust,
  type TileAddress,
  tilePath,
} from "../record/index.js";
import type { Line } from "../channel/api.js";
import type { Kept } from "./keep.js";
import type { Registry } from "./registry.js";
import { termsNow } from "./registry.js";

/** The host has signed two logs of which neither goes on from the other, or serves one that it has signed more of. */
export class NotOneLog extends NotAuthentic {}

export interface Heads {
  /** The log as it is served now, checked against the last; null where it has no head yet. */
  look(registry: Registry): Promise<Log | null>;
  /** What our next acts name. */
  named(): Promise<SeenCheckpoint | null>;
}

export async function trustOf(registry: Registry): Promise<Trust> {
  const { record, tick_s } = termsNow(registry);
  const witnesses = new Map<string, Awaited<ReturnType<typeof publicKeyFromText>>>();
  for (const { name, key } of record?.witnesses ?? []) witnesses.set(name, await publicKeyFromText(key));
  const { arena, hostKey, keys } = registry;
  return { arena, hostKey, keys, witnesses, quorum: record?.quorum ?? 0, tickUs: tick_s * 1_000_000 };
}

export function followedHeads(line: Line, kept: Kept): Heads {
  const fetchTile = async (tile: TileAddress): Promise<Uint8Array<ArrayBuffer>> => {
    const raw = await line.bytes(`log/${tilePath(tile)}`);
    if (raw === null) throw new NotAuthentic(`${tilePath(tile)} is not served`, "the log was cut, or is damaged");
    return raw;
  };

  return {
    async look(registry) {
      const [raw, before] = [await line.bytes("log/checkpoint"), await kept.get("notes", "head")];
      if (raw === null && before === undefined) return null;
      if (raw === null) throw new NotOneLog("the log is gone: none is served");
      const trust = await trustOf(registry);
      const log = await openLog(raw, fetchTile, trust);
      if (before !== undefined) await checkFollows(log, before, raw, trust);
      await kept.put("notes", raw, "head");
      if (await isToName(log.head, trust.quorum, kept, trust)) await kept.put("notes", raw, "named");
      return log;
    },
    async named() {
      const told = await kept.get("notes", "named-as");
      if (told === undefined) return null;
      return JSON.parse(new TextDecoder().decode(told)) as SeenCheckpoint;
    },
  };

  async function checkFollows(
    log: Log,
    before: Uint8Array<ArrayBuffer>,
    raw: Uint8Array<ArrayBuffer>,
    trust: Trust,
  ): Promise<void> {
    try {
      await checkGoesOn(log, before, trust);
    } catch (error) {
      if (!(error instanceof DetenteError)) throw error;
      await kept.put("notes", before, "proof-before");
      await kept.put("notes", raw, "proof-after");
      await line.send("log/seen", before).catch(() => null);
      throw new NotOneLog(error.what, error.hint, error.where);
    }
  }

  /** Vouched for as was agreed, and no smaller than what we name now. */
  async function isToName(head: Head, quorum: number, store: Kept, trust: Trust): Promise<boolean> {
    if (quorum > 0 && !head.hasQuorum) return false;
    const before = await store.get("notes", "named");
    if (before !== undefined) {
      const { checkpoint } = await openHead(before, trust);
      if (checkpoint.treeSize > head.checkpoint.treeSize) return false;
    }
    const seen = { treeSize: Number(head.checkpoint.treeSize), rootHash: hex(head.checkpoint.rootHash) };
    await store.put("notes", new TextEncoder().encode(JSON.stringify(seen)), "named-as");
    return true;
  }
}
