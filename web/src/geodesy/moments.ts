/** Moments as people write them: date-time groups and ISO 8601, and a time of today for a flash notice; as `detente.geodesy.time_text`. Without a zone it is none. */

import { NotUnderstood, plainly, quoted } from "./written.js";

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const EAST = "ABCDEFGHIKLM";
const WEST = "NOPQRSTUVWXY";
const DTG = /^(\d{2})\s*(\d{2})(\d{2})\s*([A-Z])?\s*([A-Z]{3})\s*(\d{4}|\d{2})?$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/;
const CLOCK = /^(\d{2}):?(\d{2})\s*Z$/;
const HINT = "write 171839ZSEP26, 2026-09-17T18:39Z, or 1839Z for the next 18:39";
const DAY_US = 86_400_000_000;

/** Microseconds since 1970. `nowUs` is what `now`, and a time of day alone, are read against: the next such time. */
export function readMoment(text: string, nowUs: number): number {
  const plain = plainly(text, "a time").toUpperCase();
  if (plain === "NOW") return Math.floor(nowUs / 60_000_000) * 60_000_000;
  const clock = CLOCK.exec(plain);
  if (clock) return nextAt(text, clock, nowUs);
  const group = DTG.exec(plain);
  if (group) return ofGroup(text, group);
  const iso = ISO.exec(plain);
  if (iso) return ofIso(text, iso);
  throw new NotUnderstood(`${quoted(text)} is not a time`, HINT);
}

function nextAt(text: string, match: RegExpExecArray, nowUs: number): number {
  const [, h = "", m = ""] = match;
  const ofDay = utc(text, 1970, 1, 1, Number(h), Number(m), 0);
  const today = Math.floor(nowUs / DAY_US) * DAY_US + ofDay;
  return today < nowUs - 60_000_000 ? today + DAY_US : today;
}

function ofGroup(text: string, match: RegExpExecArray): number {
  const [, d = "", h = "", m = "", zone, month = "", year] = match;
  if (zone === undefined) throw new NotUnderstood(`time ${quoted(text)} has no zone`, "write Z after the time for UTC");
  if (year === undefined)
    throw new NotUnderstood(`time ${quoted(text)} has no year`, "write it whole, such as 171839ZSEP26");
  const number = MONTHS.indexOf(month) + 1;
  if (number === 0) throw new NotUnderstood(`${quoted(text)}: ${quoted(month)} is no month`, "write JAN to DEC");
  const full = year.length === 2 ? 2000 + Number(year) : Number(year);
  return utc(text, full, number, Number(d), Number(h), Number(m), 0) - offsetOf(text, zone) * 3_600_000_000;
}

function offsetOf(text: string, letter: string): number {
  if (letter === "Z") return 0;
  if (EAST.includes(letter)) return EAST.indexOf(letter) + 1;
  if (WEST.includes(letter)) return -(WEST.indexOf(letter) + 1);
  throw new NotUnderstood(
    `time ${quoted(text)} is in zone J, the observer's own`,
    "write Z, or the letter of the zone",
  );
}

function ofIso(text: string, match: RegExpExecArray): number {
  const [, y = "", mo = "", d = "", h = "", mi = "", s = "0", zone] = match;
  if (zone === undefined) {
    throw new NotUnderstood(`time ${quoted(text)} has no zone`, "end it with Z for UTC, or an offset such as +03:00");
  }
  const at = utc(text, Number(y), Number(mo), Number(d), Number(h), Number(mi), Number(s));
  const [, sign, oh = "0", om = "0"] = /^([+-])(\d{2}):?(\d{2})$/.exec(zone) ?? [];
  const minutes = (Number(oh) * 60 + Number(om)) * (sign === "-" ? -1 : 1);
  return at - minutes * 60_000_000;
}

function utc(text: string, y: number, mo: number, d: number, h: number, mi: number, s: number): number {
  const at = new Date(Date.UTC(y, mo - 1, d, h, mi, s));
  if (at.getUTCMonth() !== mo - 1 || at.getUTCDate() !== d || h > 23 || mi > 59 || s > 59) {
    throw new NotUnderstood(`${quoted(text)}: there is no such day, or no such time of day`, "check the digits");
  }
  return at.getTime() * 1_000;
}

/** `171839ZSEP26`, to the minute, rounded down. */
export function writeDtg(atUs: number): string {
  const at = new Date(atUs / 1_000).toISOString();
  const month = MONTHS[Number(at.slice(5, 7)) - 1] ?? "";
  return `${at.slice(8, 10)}${at.slice(11, 13)}${at.slice(14, 16)}Z${month}${at.slice(2, 4)}`;
}
