/** Lengths, durations and speeds as people write them: a number and a unit, never a bare number; as `detente.geodesy.quantities` has it. */

import { NotUnderstood, plainly, quoted } from "./written.js";

const FOOT_M = 0.3048;
const NAUTICAL_MILE_M = 1852;
const STATUTE_MILE_M = 1609.344;
const KNOT_M_S = 1852 / 3600;

type Factors = ReadonlyMap<string, number>;

function units(words: Readonly<Record<string, number>>): Factors {
  return new Map(
    Object.entries(words).flatMap(([names, factor]) => names.split("|").map((name) => [name, factor] as const)),
  );
}

const METRES = units({
  "m|metre|metres|meter|meters|м": 1,
  "km|kilometre|kilometres|kilometer|kilometers|км": 1000,
  "ft|foot|feet|'": FOOT_M,
  "nm|nmi|mn|n.m|nautical mile|nautical miles": NAUTICAL_MILE_M,
  "mi|sm|statute mile|statute miles": STATUTE_MILE_M,
});
const SECONDS = units({
  "s|sec|second|seconds": 1,
  "min|mins|minute|minutes|m": 60,
  "h|hr|hrs|hour|hours": 3600,
  "d|day|days": 86400,
});
const METRES_PER_SECOND = units({
  "kt|kts|kn|knot|knots|уз": KNOT_M_S,
  "m/s|mps|м/с": 1,
  "km/h|kmh|kph|км/ч": 1 / 3.6,
  mph: STATUTE_MILE_M / 3600,
});
const DOUBTFUL: ReadonlyMap<string, string> = new Map([
  ["M", "metres (m) or, as on charts, nautical miles (nm)"],
  ["mile", "a nautical (nm) or a statute mile (mi)"],
  ["miles", "nautical (nm) or statute miles (mi)"],
]);
const QUANTITY = /^\s*([+-]?\d[\d\s'’.,]*)\s*([^\d\s.,+-].*?)?\s*$/su;

/** Metres: `5nm`, `15 km`, `1000ft`, `1,5 km`. */
export function readLengthM(text: string): number {
  return read(text, METRES, "length", "a unit such as m, km, ft or nm");
}

/** What a unit of length is in metres, by its name in small letters. */
export function lengthUnitM(unit: string): number {
  return METRES.get(unit) ?? NaN;
}

/** Metres a second: `120kt`, `450 km/h`, `30 m/s`. */
export function readSpeedMS(text: string): number {
  return read(text, METRES_PER_SECOND, "speed", "a unit such as kt, km/h or m/s");
}

/** Seconds: `5min`, `90 s`, `1h30m`, `1 h 30 min`. */
export function readDurationS(text: string): number {
  const plain = plainly(text, "a duration");
  const parts = [...plain.matchAll(/([+-]?\d[\d\s'’.,]*)\s*(\p{L}+)/gu)];
  const wanted = "a unit such as s, min or h";
  const whole = parts.map((part) => part[0]).join("");
  if (!parts.length || bare(whole) !== bare(plain)) return read(plain, SECONDS, "duration", wanted);
  return parts.reduce((sum, part) => sum + read(`${part[1] ?? ""} ${part[2] ?? ""}`, SECONDS, "duration", wanted), 0);
}

function bare(text: string): string {
  return text.replace(/\s/gu, "");
}

function read(text: string, factors: Factors, kind: string, wanted: string): number {
  const match = QUANTITY.exec(plainly(text, `a ${kind}`));
  if (!match) throw new NotUnderstood(`${quoted(text)} is not a ${kind}`, `write a number and ${wanted}`);
  const written = (match[2] ?? "")
    .trim()
    .replace(/\.+$/u, "")
    .replace(/\s*\/\s*/gu, "/");
  const unit = written.toLowerCase();
  const doubt = factors === METRES ? (DOUBTFUL.get(written) ?? DOUBTFUL.get(unit)) : undefined;
  if (doubt !== undefined) throw new NotUnderstood(`${kind} ${quoted(text)} may be in ${doubt}`, "write which");
  if (!unit) throw new NotUnderstood(`${kind} ${quoted(text)} has no unit`, `add ${wanted}`);
  const factor = factors.get(unit);
  if (factor === undefined)
    throw new NotUnderstood(`${kind} ${quoted(text)}: unit ${quoted(unit)} is not known`, `write ${wanted}`);
  const value = readMeasured(match[1] ?? "", factors === METRES ? unit : "") * factor;
  if (value < 0) throw new NotUnderstood(`${kind} ${quoted(text)} is negative`, "give a size of 0 or more");
  return value;
}

/** A decimal number with a point or a comma; what could be one and a half or fifteen hundred is refused. */
export function readNumber(text: string): number {
  const value = parsed(text, compacted(text));
  if (!Number.isFinite(value))
    throw new NotUnderstood(`${quoted(text.trim())} is larger than any number we reckon with`, "check the digits");
  return value;
}

/** As `readNumber`, before a unit: `1.500 m` is refused, since half of the world writes fifteen hundred so. */
export function readMeasured(text: string, unit: string): number {
  const compact = compacted(text);
  if ((METRES.get(unit) ?? Infinity) <= 1 && /^[+-]?(?!0+\.)\d{1,3}\.\d{3}$/u.test(compact))
    throw twoReadings(text, compact);
  return readNumber(text);
}

function compacted(text: string): string {
  return plainly(text, "a number").replace(/(?<=\d)[\s'’](?=\d{3}(?!\d))/gu, "");
}

function parsed(text: string, compact: string): number {
  const commas = compact.split(",").length - 1;
  if (/^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/u.test(compact) && (commas > 1 || compact.includes(".")))
    return Number(compact.replaceAll(",", ""));
  if (/^[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?$/u.test(compact)) return Number(compact.replaceAll(".", "").replace(",", "."));
  if (/^[+-]?(?!0+,)\d{1,3},\d{3}$/u.test(compact)) throw twoReadings(text, compact);
  if (/^[+-]?\d+([.,]\d*)?$/u.test(compact)) return Number(compact.replace(",", "."));
  throw new NotUnderstood(`${quoted(text.trim())} is not a number`, "write digits with a decimal point");
}

function twoReadings(text: string, compact: string): NotUnderstood {
  return new NotUnderstood(
    `${quoted(text.trim())} may be ${compact.replaceAll(",", ".")} or ${compact.replace(/[.,]/gu, "")}`,
    "write the decimal mark as a point, and leave thousands unmarked",
  );
}
