/**
 * What a party's browser keeps, in IndexedDB, one database for each arena and party: who we are, the key (which cannot be read out), what we sent
 * with its salts, drafts, the head of the log, and what is under way. SECURITY.md says what whoever holds the device can do with it.
 */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";

import type { Sent } from "../notice/index.js";
import type { JsonObject } from "../record/index.js";

const VERSION = 2;
const DIRECTORY = "detente";
const DIRECTORY_VERSION = 1;
export const MOST_HEARD = 5_000;

/** Who signs in here, and with what. */
export interface Membership {
  readonly arena: string;
  readonly party: string;
  readonly officer: string;
  readonly token: string;
  /** 44 characters: pinned at first sight, or as the party was told. */
  readonly hostKey: string;
  readonly publicKey: Uint8Array<ArrayBuffer>;
  readonly privateKey: CryptoKey;
}

/** A notice of our own, as it was last sent from here. */
export interface KeptNotice {
  readonly noticeId: string;
  /** `Sent` of docs/desk.md: the whole notice, its salt, and every recipient's view. */
  readonly sent: Sent;
  readonly answer: JsonObject | null;
  readonly sentUs: number;
  readonly isCancelled: boolean;
}

/** Acts that were signed and may or may not have been taken: sent again, they are the same submission. */
export interface UnderWay {
  readonly submission: string;
  readonly acts: readonly string[];
  readonly sent: Sent | null;
  readonly atUs: number;
}

export interface Draft {
  readonly id: string;
  readonly form: JsonObject;
  readonly changedUs: number;
}

/** An event as the server told it, not a word of it believed: read anew and verified anew at each start. */
export interface HeardEvent {
  readonly kind: string;
  readonly data: string;
  /** Its place in the inbox, where the next begins. */
  readonly id: string;
  /** Its place and the SHA-256 of its data: a host restored from a backup says something else in the same place. */
  readonly known: string;
}

interface Schema extends DBSchema {
  membership: { key: string; value: Membership };
  notices: { key: string; value: KeptNotice };
  underWay: { key: string; value: UnderWay };
  drafts: { key: string; value: Draft };
  notes: { key: string; value: Uint8Array<ArrayBuffer> };
  /** In the order in which it was told. */
  heard: { key: number; value: HeardEvent; indexes: { known: string } };
}

interface Directory extends DBSchema {
  current: { key: string; value: { readonly arena: string; readonly party: string } };
}

export type Kept = IDBPDatabase<Schema>;

function nameOf(arena: string, party: string): string {
  return `detente/${encodeURIComponent(arena)}/${encodeURIComponent(party)}`;
}

/** The database of a party's desk in this browser. */
export async function openKept(arena: string, party: string): Promise<Kept> {
  return openDB<Schema>(nameOf(arena, party), VERSION, {
    upgrade(db, before) {
      if (before < 1) {
        db.createObjectStore("membership");
        db.createObjectStore("notices", { keyPath: "noticeId" });
        db.createObjectStore("underWay", { keyPath: "submission" });
        db.createObjectStore("drafts", { keyPath: "id" });
        db.createObjectStore("notes");
      }
      if (before < 2)
        db.createObjectStore("heard", { autoIncrement: true }).createIndex("known", "known", { unique: true });
    },
    blocking: (_own, _next, event) => {
      (event.target as IDBDatabase).close(); // a tab of a newer console waits for it
    },
  });
}

/** Keeps an event, and its place with it, in one transaction: both or neither. False where another tab of this browser had kept it. */
export async function keepHeard(kept: Kept, event: HeardEvent, most = MOST_HEARD): Promise<boolean> {
  const writing = kept.transaction("heard", "readwrite");
  const isNew = (await writing.store.index("known").getKey(event.known)) === undefined;
  if (isNew) {
    const last = await writing.store.add(event);
    await writing.store.delete(IDBKeyRange.upperBound(last - most));
  }
  await writing.done;
  return isNew;
}

async function directory(): Promise<IDBPDatabase<Directory>> {
  return openDB<Directory>(DIRECTORY, DIRECTORY_VERSION, { upgrade: (db) => void db.createObjectStore("current") });
}

/** Who signed in here last, and has not signed out. */
export async function currentMembership(): Promise<Membership | null> {
  const db = await directory();
  const current = await db.get("current", "now");
  db.close();
  if (current === undefined) return null;
  const kept = await openKept(current.arena, current.party);
  const membership = await kept.get("membership", "own");
  kept.close();
  return membership ?? null;
}

export async function keepMembership(kept: Kept, membership: Membership): Promise<void> {
  await kept.put("membership", membership, "own");
  const db = await directory();
  await db.put("current", { arena: membership.arena, party: membership.party }, "now");
  db.close();
  await navigator.storage.persist(); // else the browser may throw salts away when its disk is full
}

/** Signed out: the key, the token and what others told us go; `everything` takes own notices and drafts along. */
export async function forget(arena: string, party: string, everything: boolean): Promise<void> {
  const db = await directory();
  await db.delete("current", "now");
  db.close();
  const kept = await openKept(arena, party);
  const stores = everything ? kept.objectStoreNames : (["membership", "heard"] as const);
  for (const store of stores) await kept.clear(store);
  kept.close();
}
