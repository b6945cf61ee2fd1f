/**
 * A key's fingerprint for the voice: eight groups of four characters and a check character, 160 bits in all; as `detente.record.fingerprint`.
 *
 * The check character catches, always: one wrong character in a group, two characters of a group swapped, and a group read in another's place.
 */

import { DetenteError, NotAuthentic } from "./errors.js";
import type { PublicKey } from "./keys.js";

const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"; // Crockford's: no I, L, O, U
const GROUP_COUNT = 8;
const GROUP_SIZE = 5; // four characters and their check
const POLYNOMIAL = 0b100101; // x^5 + x^2 + 1, primitive over GF(2)

/** What someone typed, and that is no fingerprint; the message names the group. */
export class NotUnderstood extends DetenteError {}

/** The fingerprint: the first 160 bits of the key's id, in eight groups of five. */
export function spoken(key: PublicKey): string {
  const bits = BigInt(`0x${key.id.slice(0, 40)}`);
  const values = Array.from({ length: 32 }, (_, place) => Number((bits >> BigInt(155 - 5 * place)) & 31n));
  return Array.from({ length: GROUP_COUNT }, (_, number) =>
    group(number, values.slice(4 * number, 4 * number + 4)),
  ).join(" ");
}

function group(number: number, values: readonly number[]): string {
  return [...values, checkValue([...values, number])].map((value) => ALPHABET.charAt(value)).join("");
}

/** The weighted sum Σ α^(i+1)·values[i] in GF(32): all weights differ and none is zero. */
function checkValue(values: readonly number[]): number {
  return values.reduceRight((total, value) => doubled(total ^ value), 0);
}

function doubled(x: number): number {
  return (x << 1) ^ (x & 16 ? POLYNOMIAL : 0);
}

/** The groups as `spoken` writes them, from what someone heard and typed. */
export function readSpoken(text: string): string {
  const plain = text
    .toUpperCase()
    .replace(/[\s\-,.]/g, "")
    .replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  const characters = Array.from(plain);
  if (characters.length !== GROUP_COUNT * GROUP_SIZE) {
    throw new NotUnderstood(
      `a fingerprint has ${GROUP_COUNT} groups of ${GROUP_SIZE} characters; this has ${characters.length} characters`,
      "ask for it again, group by group",
    );
  }
  const groups = Array.from({ length: GROUP_COUNT }, (_, number) =>
    characters.slice(5 * number, 5 * number + 5).join(""),
  );
  groups.forEach(checkGroup);
  return groups.join(" ");
}

function checkGroup(given: string, number: number): void {
  const values = Array.from(given, (character) => ALPHABET.indexOf(character));
  if (values.includes(-1)) {
    throw new NotUnderstood(
      `group ${number + 1}, ${given}: a character in it is not used`,
      "ask for the group again; I, L, O and U are never said",
    );
  }
  if (group(number, values.slice(0, 4)) !== given) {
    throw new NotUnderstood(
      `group ${number + 1}, ${given}, does not check`,
      "a character is wrong, or the group is not in its place: ask for it again",
    );
  }
}

/** Returns where the fingerprint someone read out is this key's. NotUnderstood: misheard or mistyped. NotAuthentic: read well, and another key's. */
export function checkSpoken(key: PublicKey, text: string): void {
  if (readSpoken(text) !== spoken(key)) {
    throw new NotAuthentic(
      "the fingerprint read out belongs to another key",
      "do not use this key; ask its party how you came by it",
    );
  }
}
