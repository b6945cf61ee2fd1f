/**
 * Moments as people write them: ISO 8601 and date-time groups; as `detente.geodesy.time_text` reads them, and held to it by the same vectors. A
 * time without a zone is not a moment.
 *
 * Beside that, for whoever types in a hurry: `now`, and `1839Z` for the next such time. Of named zones only those like Asia/Damascus are read.
 */

import { NotUnderstood, plainly, quoted } from "./written.js";

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const EAST = "ABCDEFGHIKLM";
const WEST = "NOPQRSTUVWXY";
const DTG = /^(\d{2})\s*(\d{2})(\d{2})\s*([A-Z])?\s*([A-Z]{3})\s*(\d{4}|\d{2})?$/;
const ISO = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*(.*)$/i;
const ISO_BASIC = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2}(?:[.,]\d+)?)?\s*(.*)$/i;
const OFFSET = /^(?:(?:UTC|GMT)?\s*([+-])(\d{2}):?(\d{2})?|(?:UTC|GMT)([+-])(\d))$/i;
const ZONE = /^[A-Z][A-Za-z]+(?:\/[A-Z][A-Za-z]+(?:[_-][A-Za-z]+)*)+$/;
const CLOCK = /^(\d{2}):?(\d{2})\s*Z$/;
const WRITE = "write 2018-09-17T18:39Z or 171839ZSEP18";
const DAY_US = 86_400_000_000;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const EARLIEST_US = -62_135_596_800_000_000; // 0001-01-01
const LATEST_US = 253_402_300_800_000_000; // 10000-01-01

/** Microseconds since 1970. `nowUs` is what `now`, and a time of day alone, are read against: the next such time. */
export function readMoment(text: string, nowUs: number): number {
  const plain = plainly(text, "a time");
  if (plain.toUpperCase() === "NOW") return Math.floor(nowUs / 60_000_000) * 60_000_000;
  const clock = CLOCK.exec(plain.toUpperCase());
  if (clock) return nextAt(text, clock, nowUs);
  const group = DTG.exec(plain.toUpperCase());
  const us = group ? ofGroup(text, group) : ofIso(text, ISO.exec(extended(plain)));
  if (us < EARLIEST_US || us >= LATEST_US) {
    throw new NotUnderstood(`time ${quoted(text)} lies beyond the years 1 to 9999`, "check the year");
  }
  return us;
}

function nextAt(text: string, match: RegExpExecArray, nowUs: number): number {
  const [, h = "", m = ""] = match;
  if (Number(h) > 23 || Number(m) > 59) throw new NotUnderstood(`time ${quoted(text)} does not exist`, WRITE);
  const today = Math.floor(nowUs / DAY_US) * DAY_US + (Number(h) * 60 + Number(m)) * 60_000_000;
  return today < nowUs - 60_000_000 ? today + DAY_US : today;
}

function ofGroup(text: string, match: RegExpExecArray): number {
  const [, d = "", h = "", m = "", letter, month = "", year] = match;
  if (letter === undefined) {
    throw new NotUnderstood(
      `time ${quoted(text)} has no zone`,
      "write Z after the minutes for UTC, as in 171839ZSEP18",
    );
  }
  const number = MONTHS.indexOf(month) + 1;
  if (number === 0) {
    throw new NotUnderstood(
      `time ${quoted(text)}: month ${quoted(month)} is not known`,
      `write one of ${MONTHS.join(" ")}`,
    );
  }
  if (year === undefined) throw new NotUnderstood(`time ${quoted(text)} has no year`, "add it: 171839ZSEP18");
  const full = year.length === 4 ? Number(year) : 2000 + Number(year);
  const endsDay = h === "24" && m === "00";
  const ms = localMs(text, full, number, Number(d), endsDay ? "00" : h, m, "0") + (endsDay ? DAY_MS : 0);
  return ms * 1_000 - letterHours(text, letter) * 3_600_000_000;
}

function letterHours(text: string, letter: string): number {
  if (letter === "Z") return 0;
  if (EAST.includes(letter)) return EAST.indexOf(letter) + 1;
  if (WEST.includes(letter)) return -(WEST.indexOf(letter) + 1);
  throw new NotUnderstood(
    `time ${quoted(text)}: J is the writer's own local time, which no file can tell`,
    "write Z for UTC, or an offset such as 2018-09-17T21:39+03:00",
  );
}

/** `20180917T1839Z` with the hyphens and colons of ISO 8601's other form. */
function extended(plain: string): string {
  const [all, year = "", month = "", day = "", hour = "", minute = "", second, zone = ""] = ISO_BASIC.exec(plain) ?? [];
  return all === undefined ? plain : `${year}-${month}-${day}T${hour}:${minute}${second ? `:${second}` : ""}${zone}`;
}

function ofIso(text: string, match: RegExpExecArray | null): number {
  if (!match) throw new NotUnderstood(`${quoted(text)} is not a time`, WRITE);
  const [, y = "", mo = "", d = "", h = "", mi = "", s = "0", fraction = "", zone = ""] = match;
  if (!zone) {
    throw new NotUnderstood(`time ${quoted(text)} has no zone`, "end it with Z for UTC, or an offset such as +03:00");
  }
  const isEndOfDay = h === "24" && mi === "00" && Number(s) === 0 && Number(fraction || 0) === 0;
  const ms = isEndOfDay
    ? localMs(text, Number(y), Number(mo), Number(d), "00", "00", "0") + DAY_MS
    : localMs(text, Number(y), Number(mo), Number(d), h, mi, s);
  const us = isEndOfDay ? 0 : Number(fraction.slice(0, 6).padEnd(6, "0") || 0);
  return inUtc(text, ms, zone) * 1_000 + us;
}

/** A time on a clock, as if that clock showed UTC. */
function localMs(text: string, y: number, mo: number, d: number, h: string, mi: string, s: string): number {
  if (s === "60") throw new NotUnderstood(`time ${quoted(text)} is a leap second`, "write the second after it");
  const at = new Date(0);
  at.setUTCFullYear(y, mo - 1, d);
  const isDay = y >= 1 && at.getUTCFullYear() === y && at.getUTCMonth() === mo - 1 && at.getUTCDate() === d;
  if (!isDay || Number(h) > 23 || Number(mi) > 59 || Number(s) > 59) {
    throw new NotUnderstood(`time ${quoted(text)} does not exist`, WRITE);
  }
  return at.setUTCHours(Number(h), Number(mi), Number(s));
}

function inUtc(text: string, ms: number, zone: string): number {
  const name = zone.toUpperCase();
  if (["Z", "UTC", "GMT"].includes(name)) return ms;
  if (/^[A-Z]$/.test(name)) return ms - letterHours(text, name) * 60 * MINUTE_MS;
  const offset = OFFSET.exec(zone);
  if (!offset) return inNamedZone(text, ms, zone);
  const [, sign, hours, minutes = "0", shortSign, shortHours] = offset;
  const by = Number(hours ?? shortHours) * 60 + Number(minutes);
  if (Number(minutes) > 59 || by > 14 * 60) {
    throw new NotUnderstood(`time ${quoted(text)}: offset ${zone} is beyond ±14:00`, "check the zone");
  }
  return ms - by * MINUTE_MS * ((sign ?? shortSign) === "+" ? 1 : -1);
}

function inNamedZone(text: string, ms: number, zone: string): number {
  const offsetMs = ZONE.test(zone) && !zone.startsWith("Etc/") ? offsetsOf(zone) : null;
  if (!offsetMs) {
    throw new NotUnderstood(
      `time ${quoted(text)}: zone ${quoted(zone)} is not known`,
      "write Z, an offset such as +03:00, or a name such as Asia/Damascus",
    );
  }
  const offsets = [-DAY_MS, DAY_MS].map((away) => offsetMs(ms + away));
  const readings = new Set(offsets.map((each) => ms - each).filter((each, at) => offsetMs(each) === offsets[at]));
  const [only] = readings;
  if (only === undefined || readings.size > 1) {
    const which = readings.size ? "was shown twice" : "was skipped";
    throw new NotUnderstood(`time ${quoted(text)} ${which} when clocks changed in ${zone}`, "give the offset from UTC");
  }
  return only;
}

/** How far clocks of a zone are ahead of UTC at a moment; nothing where there is no such zone. */
function offsetsOf(zone: string): ((ms: number) => number) | null {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
      era: "short",
    });
  } catch {
    return null;
  }
  const known = format.resolvedOptions().timeZone;
  if (known !== zone && known.toLowerCase() === zone.toLowerCase()) return null; // names are written one way
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, value]));
    const of = (type: string): number => Number(parts[type]);
    const shown = new Date(0);
    shown.setUTCFullYear(parts["era"] === "BC" ? 1 - of("year") : of("year"), of("month") - 1, of("day"));
    shown.setUTCHours(of("hour"), of("minute"), of("second"));
    return shown.getTime() - Math.floor(ms / 1000) * 1000;
  };
}

/** `171839ZSEP26`, to the minute, rounded down; outside 2000 to 2099 with all of the year. */
export function writeDtg(atUs: number): string {
  const at = new Date(Math.floor(atUs / 60_000_000) * 60_000);
  const two = (part: number): string => String(part).padStart(2, "0");
  const year = at.getUTCFullYear();
  const shown = year >= 2000 && year < 2100 ? two(year % 100) : String(year).padStart(4, "0");
  return `${two(at.getUTCDate())}${two(at.getUTCHours())}${two(at.getUTCMinutes())}Z${MONTHS[at.getUTCMonth()] ?? ""}${shown}`;
}
