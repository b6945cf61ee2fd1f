/** Whose a key is, and from when until when; as `detente.record.holder`. Moments are microseconds since 1970. */

import { Malformed, NotAuthentic } from "./errors.js";
import { type PublicKey, short } from "./keys.js";

export const LONGEST_NAME = 200;

/** A root enrols officers' keys, a recovery key replaces the root, an officer's key signs acts. */
export type Role = "root" | "recovery" | "officer";

/** Who holds a key: a party, in which role, and for an officer's key which officer; empty for the others. */
export interface Holder {
  readonly party: string;
  readonly role: Role;
  readonly officer: string;
}

export function holderText({ party, role, officer }: Holder): string {
  return officer ? `${officer} of ${party}` : `the ${role} of ${party}`;
}

/** How many characters, not code units. */
export function lengthOf(text: string): number {
  return Array.from(text).length;
}

/** Whether it stands on one line and shows: no controls, no formats, nothing unassigned, no space but the plain one. */
export function isPrintable(text: string): boolean {
  return !/[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(text);
}

/** Refuses a name that is empty, long, of several lines, padded, or one of two ways to write the same letters. */
export function checkName(name: string, what: string): void {
  const length = lengthOf(name);
  if (length < 1 || length > LONGEST_NAME || !isPrintable(name) || name !== name.trim()) {
    throw new Malformed(
      `${what} ${JSON.stringify(name.slice(0, 40))} is no name of one line and up to ${LONGEST_NAME} characters`,
    );
  }
  if (name.normalize("NFC") !== name) {
    throw new Malformed(
      `${what} ${JSON.stringify(name)} is not in normal form C`,
      "two texts that look alike would be two names",
    );
  }
}

/** Why a key no longer signs, and from when. `suspectedSinceUs` undoes nothing: it tells whom to ask about acts since. */
export interface Ending {
  readonly atUs: number;
  readonly why: string;
  readonly suspectedSinceUs: number | null;
  readonly replacedBy: string | null;
}

/** A key, its holder, and when it may sign: from `validFromUs` up to, not including, the earlier of `validUntilUs` and its ending. */
export interface EnrolledKey {
  readonly key: PublicKey;
  readonly holder: Holder;
  readonly validFromUs: number;
  readonly validUntilUs: number | null;
  readonly ending: Ending | null;
}

/** Returns where the key could sign at the moment; else NotAuthentic says not yet, no longer, or revoked, and since when. */
export function checkValidAt(enrolled: EnrolledKey, atUs: number): void {
  const { key, holder, validFromUs, validUntilUs, ending } = enrolled;
  const named = `key ${short(key.id)} (${holderText(holder)})`;
  if (atUs < validFromUs) {
    throw new NotAuthentic(`${named} is valid only from ${moment(validFromUs)}, not at ${moment(atUs)}`);
  }
  if (ending && atUs >= ending.atUs) {
    throw new NotAuthentic(
      `${named} was ${ending.why} at ${moment(ending.atUs)}, before ${moment(atUs)}`,
      "what it signed earlier still holds",
    );
  }
  if (validUntilUs !== null && atUs >= validUntilUs) {
    throw new NotAuthentic(`${named} was valid until ${moment(validUntilUs)}, not at ${moment(atUs)}`);
  }
}

/** ISO 8601 in UTC, for people. */
export function moment(atUs: number): string {
  return `${new Date(Math.floor(atUs / 1_000_000) * 1000).toISOString().slice(0, 19)}Z`;
}
