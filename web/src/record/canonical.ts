/**
 * JSON with one text per value: RFC 8785 (JCS), read strictly; as `detente.record.canonical`.
 *
 * The engine's own JSON writes numbers and texts as the RFC has them. What is left to do is the order of members, and to refuse:
 * what is not the one text of its value, and what JSON cannot carry.
 */

import { type Bytes, fromUtf8, utf8 } from "./bytes.js";
import { Malformed } from "./errors.js";

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [name: string]: Json;
}

export const DEEPEST = 32;

/** The value as RFC 8785 writes it: members in UTF-16 order, no spaces, shortest numbers, UTF-8. */
export function canonical(value: Json): Bytes {
  return utf8(text(value, 0));
}

function text(value: Json, depth: number): string {
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return quoted(value);
  if (value === null || typeof value === "boolean") return String(value);
  if (depth === DEEPEST) throw new Malformed("the JSON is nested too deep", `the limit is ${DEEPEST}`);
  if (isList(value)) return `[${value.map((item) => text(item, depth + 1)).join(",")}]`;
  const members = Object.keys(value).sort(); // by UTF-16 code units, as the RFC asks
  return `{${members.map((name) => `${quoted(name)}:${text(value[name] ?? null, depth + 1)}`).join(",")}}`;
}

function numberText(number: number): string {
  if (!Number.isFinite(number)) throw new Malformed(`${number} is not a number in JSON`, "leave out what is not known");
  return JSON.stringify(number);
}

function quoted(given: string): string {
  if (!given.isWellFormed()) {
    throw new Malformed("a text holds half of a surrogate pair", "it is no Unicode; repair the text");
  }
  return JSON.stringify(given);
}

/** The value of bytes that `canonical` wrote; the caller bounds their size. */
export function readCanonical(raw: Bytes): Json {
  const written = fromUtf8(raw, "the JSON");
  const value = parsed(written);
  if (text(value, 0) !== written) {
    throw new Malformed(
      "the JSON is not in canonical form",
      "write it as RFC 8785 does: members sorted and none twice, no spaces, numbers as JSON.stringify writes them",
    );
  }
  return value;
}

/** The value of JSON bytes in any layout, but with no member twice; the caller bounds their size. */
export function readStrict(raw: Bytes): Json {
  const written = fromUtf8(raw, "the JSON");
  const value = parsed(written);
  checkOnce(written);
  return value;
}

function parsed(written: string): Json {
  try {
    return JSON.parse(written) as Json;
  } catch {
    throw new Malformed("not JSON", "check that it was copied whole");
  }
}

/** Refuses an object that names a member twice, in a text that is known to be JSON: which of the two holds is not ours to guess. */
function checkOnce(written: string): void {
  const open: Set<string>[] = [];
  for (const [token, name] of written.matchAll(/("(?:[^"\\]|\\.)*")[ \t\n\r]*:|"(?:[^"\\]|\\.)*"|[{}]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (name !== undefined) addOnce(open.at(-1), JSON.parse(name) as string);
  }
}

function addOnce(members: Set<string> | undefined, name: string): void {
  if (members?.has(name)) {
    throw new Malformed(`the member ${JSON.stringify(name.slice(0, 80))} stands twice in one object`);
  }
  members?.add(name);
}

export function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/** Whether a value is an object: no list, no null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
