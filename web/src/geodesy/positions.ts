/**
 * Positions as people write them, latitude first: degrees in any split, ICAO's compact form, MGRS; as `detente.geodesy.coordinates` reads them.
 * What could be read two ways is refused. The middle of an MGRS square is given, and half of its side as uncertainty.
 */

import { inverse } from "mgrs";

import { NotUnderstood, plainly, quoted } from "./written.js";

export interface ReadPosition {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  /** How far off the place may be that was meant, by the digits that were written; metres. */
  readonly uncertaintyM: number;
}

const M_PER_DEGREE = 111_320;
const HINT = "write 35.5N 35.8E, 353000N 0354800E, 35°30′N 35°48′E or an MGRS reference";
const ICAO = /^(\d{2})(\d{2})?(\d{2})?([NS])\s*(\d{3})(\d{2})?(\d{2})?([EW])$/;
const MGRS = /^\d{1,2}\s?[C-HJ-NP-X]\s?[A-HJ-NP-Z]{2}[\d\s]*$/;
const NUMBER = /[+-]?\d+(?:\.\d+)?/g;

export function readPosition(text: string): ReadPosition {
  const plain = plainly(text, "a position")
    .toUpperCase()
    .replace(/(\d),(\d)/g, commaOrPoint(text));
  if (MGRS.test(plain)) return ofMgrs(text, plain);
  const icao = ICAO.exec(plain.replace(/\s+/g, " "));
  if (icao) return ofIcao(text, icao);
  return ofParts(text, plain);
}

/** Several, one a line; blank lines are left out. `where` of a refusal names the line. */
export function readPositions(text: string): ReadPosition[] {
  return text.split(/\r?\n|;/).flatMap((line, index) => {
    if (!line.trim()) return [];
    try {
      return [readPosition(line)];
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      throw new NotUnderstood(error.what, error.hint, `line ${index + 1}`);
    }
  });
}

/** A comma between digits is a decimal one where the two numbers are parted otherwise. */
function commaOrPoint(text: string): string {
  return /\d,\d.*[\s;].*\d,\d/.test(text) ? "$1.$2" : "$1, $2";
}

function ofMgrs(text: string, plain: string): ReadPosition {
  const reference = plain.replace(/\s/g, "");
  const digits = /\d*$/.exec(reference)?.[0].length ?? 0;
  if (digits % 2 || digits > 10) {
    throw new NotUnderstood(
      `${quoted(text)} has ${digits} digits in MGRS`,
      "easting and northing have as many each, five at most",
    );
  }
  let box: readonly [number, number, number, number];
  try {
    box = inverse(reference);
  } catch {
    throw new NotUnderstood(`${quoted(text)} is no MGRS reference`, "check zone, band and square");
  }
  const [west, south, east, north] = box;
  return checked(text, (south + north) / 2, (west + east) / 2, 10 ** (5 - digits / 2) / 2);
}

function ofIcao(text: string, match: RegExpExecArray): ReadPosition {
  const [, d1 = "", m1, s1, side1, d2 = "", m2, s2, side2] = match;
  const unit = s1 !== undefined ? 1 / 3600 : m1 !== undefined ? 1 / 60 : 1;
  return checked(text, joined([d1, m1, s1], side1), joined([d2, m2, s2], side2), (unit * M_PER_DEGREE) / 2);
}

function joined(parts: readonly (string | undefined)[], side: string | undefined): number {
  const [d = 0, m = 0, s = 0] = parts.map(Number).map((part) => (Number.isNaN(part) ? 0 : part));
  if (m >= 60 || s >= 60) throw new NotUnderstood(`${m}′ ${s}″ are more than 59`, "check the minutes and the seconds");
  return (d + m / 60 + s / 3600) * (side === "S" || side === "W" ? -1 : 1);
}

/** Numbers with or without marks, in two halves: by the letters, by the comma, or by their count. */
function ofParts(text: string, plain: string): ReadPosition {
  const letters = [...plain.matchAll(/[NSEW]/g)].map((match) => match[0]);
  if (letters.length === 2 && "EW".includes(letters[0] ?? "") && "NS".includes(letters[1] ?? "")) {
    throw new NotUnderstood(`${quoted(text)} gives longitude first`, "write latitude first");
  }
  if (/[^\dNSEW\s.,+\-°º'’′"”″]/.test(plain) || (letters.length !== 0 && letters.length !== 2)) {
    throw new NotUnderstood(`${quoted(text)} is not a position`, HINT);
  }
  const halves = halved(text, plain, letters);
  const [latitude, longitude] = halves.map(([half, letter]) => angle(text, half, letter));
  if (latitude === undefined || longitude === undefined)
    throw new NotUnderstood(`${quoted(text)} is not a position`, HINT);
  return checked(text, latitude.degrees, longitude.degrees, Math.max(latitude.doubt, longitude.doubt) * M_PER_DEGREE);
}

function halved(text: string, plain: string, letters: readonly string[]): readonly (readonly [string, string])[] {
  if (letters.length === 2) {
    const [first = "", second = ""] = letters;
    const isBefore = /^\s*[NS]/.test(plain);
    const [, a = "", b = ""] = (isBefore ? /^\s*[NS](.*)[EW](.*)$/ : /^(.*)[NS](.*)[EW]\s*$/).exec(plain) ?? [];
    return [
      [a, first],
      [b, second],
    ];
  }
  const parts = plain.includes(",") ? plain.split(",") : undefined;
  if (parts?.length === 2) return parts.map((part) => [part, ""] as const);
  const numbers = plain.match(NUMBER) ?? [];
  if (numbers.length === 2) return numbers.map((each) => [each, ""] as const);
  throw new NotUnderstood(`${quoted(text)} is not a position, or could be read two ways`, HINT);
}

function angle(text: string, half: string, letter: string): { degrees: number; doubt: number } {
  const numbers = half.match(NUMBER) ?? [];
  if (numbers.length < 1 || numbers.length > 3) throw new NotUnderstood(`${quoted(text)} is not a position`, HINT);
  const [d = 0, m = 0, s = 0] = numbers.map(Number);
  if (m >= 60 || s >= 60 || m < 0 || s < 0) {
    throw new NotUnderstood(`${quoted(text)}: ${m}′ ${s}″`, "minutes and seconds are from 0 to 59");
  }
  if (letter && d < 0) throw new NotUnderstood(`${quoted(text)} has a sign and a letter`, "write one of them");
  const sign = letter === "S" || letter === "W" || (numbers[0] ?? "").startsWith("-") ? -1 : 1;
  const last = numbers.at(-1) ?? "";
  const places = last.includes(".") ? (last.split(".")[1]?.length ?? 0) : 0;
  return { degrees: sign * (Math.abs(d) + m / 60 + s / 3600), doubt: 10 ** -places / 60 ** (numbers.length - 1) / 2 };
}

function checked(text: string, latitudeDeg: number, longitudeDeg: number, uncertaintyM: number): ReadPosition {
  if (Math.abs(latitudeDeg) > 90) {
    const swapped = Math.abs(longitudeDeg) <= 90 ? "latitude first: are the two swapped?" : "check the degrees";
    throw new NotUnderstood(`${quoted(text)}: latitude ${latitudeDeg.toFixed(4)}° is beyond 90°`, swapped);
  }
  if (Math.abs(longitudeDeg) > 180) {
    throw new NotUnderstood(
      `${quoted(text)}: longitude ${longitudeDeg.toFixed(4)}° is beyond 180°`,
      "check the degrees",
    );
  }
  return { latitudeDeg, longitudeDeg, uncertaintyM };
}
