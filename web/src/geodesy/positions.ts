/**
 * Positions as people write them; form by form as `detente.geodesy.coordinates` reads them, and held to it by the same vectors. Everything is
 * WGS 84. Latitude comes first unless hemisphere letters or labels say otherwise. What can be read two ways is refused.
 *
 * UTM is not read here: an MGRS reference of the same place is.
 */

import { inverse } from "mgrs";

import { NotUnderstood, plainly, quoted } from "./written.js";

export interface ReadPosition {
  readonly latitudeDeg: number;
  readonly longitudeDeg: number;
  /** How far the place that was meant may lie from this one, by the digits that were written: half a diagonal, metres. Errs outward. */
  readonly offByM: number;
  /** Whether a square was named, of which this is the middle. */
  readonly isSquare: boolean;
}

type Last = readonly [metres: number, decimals: number];
type Part = Readonly<Record<"before" | "sign" | "d" | "m" | "s" | "after", string | undefined>>;

// One degree, minute and second on the ground at their largest, metres.
const DEGREE_M = 111_700;
const MINUTE_M = DEGREE_M / 60;
const SECOND_M = DEGREE_M / 3600;
const HALF_DIAGONAL = Math.SQRT1_2;
const GRID_SCALE = 1.01;

/** What \b is in Python, where letters of every script are letters. */
const EDGE_BEFORE = "(?<![\\p{L}\\p{N}_])";
const EDGE_AFTER = "(?![\\p{L}\\p{N}_])";
const OTHER_DATUMS = new RegExp(
  `${EDGE_BEFORE}(ED[\\s-]?50|ED[\\s-]?79|ETRS[\\s-]?89|NAD[\\s-]?27|NAD[\\s-]?83|WGS[\\s-]?66|WGS[\\s-]?72|PULKOVO(?: 1942)?|ПУЛКОВО|PZ-?90|ПЗ-?90|SK-?42|СК-?42|СК-?95|OSGB(?:36)?|EUROPEAN(?: DATUM)? 1950|PALESTINE(?: 1923)?|ISRAEL(?: 1993| TM)|CASSINI|TOKYO|GDA[\\s-]?94|CGCS[\\s-]?2000|CLARKE 18\\d\\d|KRASS?OVSKY|EPSG:?\\s?(?!4326${EDGE_AFTER})\\d+)`,
  "iu",
);
const WGS84 = new RegExp(`(?<!CRS=)\\(?${EDGE_BEFORE}(?:WGS[\\s-]?84|EPSG:?\\s?4326)${EDGE_AFTER}\\)?`, "giu");
const WORDS: readonly (readonly [RegExp, string])[] = (
  [
    ["С\\.?\\s*Ш\\.?", "N"],
    ["Ю\\.?\\s*Ш\\.?", "S"],
    ["В\\.?\\s*Д\\.?", "E"],
    ["З\\.?\\s*Д\\.?", "W"],
    ["\\bNORTH\\b|\\bNORD\\b|\\bNORTE\\b|С(?=[\\s\\d,;.]|$)", "N"],
    ["\\bSOUTH\\b|\\bSUD\\b|\\bSÜD\\b|\\bSUR\\b|Ю(?=[\\s\\d,;.]|$)", "S"],
    ["\\bEAST\\b|\\bEST\\b|\\bOST\\b|\\bESTE\\b|В(?=[\\s\\d,;.]|$)", "E"],
    ["\\bWEST\\b|\\bOUEST\\b|\\bOESTE\\b|З(?=[\\s\\d,;.]|$)", "W"],
    ["DEGREES?|DEG|[°º˚]", "°"],
    ["MINUTES?|MIN|[′’‘´`ʹ]", "'"],
    ["SECONDS?|SEC|[″”“ʺ]|''", '"'],
    ["(?<=\\d)\\s?D(?=[\\s\\dNSEW,;]|$)", "°"],
    ["(?<=\\d)\\s?M(?=[\\s\\dNSEW,;]|$)", "'"],
    ["(°\\s?[\\d.,]+\\s?'\\s?\\d+(?:[.,]\\d+)?)\\s?S", '$1"'], // after degrees and minutes with their marks, S marks seconds
  ] as const
).map(([pattern, sign]) => [
  new RegExp(pattern.replace(/\\b(?=[A-Z])/g, EDGE_BEFORE).replace(/\\b/g, EDGE_AFTER), "gu"),
  sign,
]);
const OST_OR_OUEST = /[\d°'"]\s*O(?=[\s,;]|$)|(?:^|[\s,;])O\s*\d/u;
const MGRS = /^(?:(\d{1,2}[C-HJ-NP-X][A-HJ-NP-Z][A-HJ-NP-V])|([ABYZ][A-HJ-NP-Z][A-HJ-NP-Z]))(\d*)$/;
const UTM =
  /^(?:UTM\s*)?(?:ZONE\s*)?(\d{1,2})\s*([C-HJ-NP-X])[\s,;]+(?:E\s*)?0?(\d{6}(?:[.,]\d+)?)\s*(?:ME|M\s?E|E|M)?[\s,;]+(?:N\s*)?(\d{1,8}(?:[.,]\d+)?)\s*(?:MN|M\s?N|N|M)?$/;
const ICAO = /^(\d{2})(\d{2})(\d{2})?([.,]\d+)?\s*([NS])[\s,/;]*(\d{3})(\d{2})(\d{2})?([.,]\d+)?\s*([EW])$/;
const LETTERS_FIRST = /^([NS])\s*(\d{4}(?:\d{2})?(?:[.,]\d+)?)[\s,/;]*([EW])\s*(\d{5}(?:\d{2})?(?:[.,]\d+)?)$/;
const ISO_6709 =
  /^([+-]\d{2}(?:\d{2}){0,2}(?:\.\d+)?)([+-]\d{3}(?:\d{2}){0,2}(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?(?:CRS([\p{L}\p{N}_]+))?\/?$/u;
const GEO_URI = /^GEO:([+-]?\d+(?:\.\d+)?),([+-]?\d+(?:\.\d+)?)(,[+-]?\d+(?:\.\d+)?)?((?:;[^;]+)*)$/;
const LABEL = "(LAT(?:ITUDE)?|LONG?(?:ITUDE)?|LNG|ШИРОТА|ДОЛГОТА)(?![A-ZА-Я])\\.?\\s*[:=]?\\s*";
const LABELLED = new RegExp(`^${LABEL}(.+?)[\\s,;/]*${LABEL}(.+)$`, "u");
const STROKES = /(\d{1,3})[:-](\d{1,2}(?:[.,]\d+)?)(?:[:-](\d{1,2}(?:[.,]\d+)?))?(?![\d:-])/g;
const PART =
  /^(?<before>[NSEW])?\s*(?<sign>[+-])?\s*(?<d>\d+(?:[.,]\d+)?)\s*(?:°|(?=\s)|(?=[NSEW,;]|$))\s*(?:(?<m>\d+(?:[.,]\d+)?)\s*(?:'|(?=\s)|(?=[NSEW,;]|$))\s*)?(?:(?<s>\d+(?:[.,]\d+)?)\s*"?\s*)?(?<after>[NSEW])?$/;

/**
 * The place that the text names.
 *
 * @throws NotUnderstood: no form fits, two readings fit, or the text names another datum.
 */
export function readPosition(text: string): ReadPosition {
  const said = plainly(text, "a coordinate");
  const plain = said
    .replace(WGS84, " ")
    .toUpperCase()
    .split(/\s+/u)
    .filter(Boolean)
    .join(" ")
    .replace(/[ .,;]+$/, "");
  const datum = OTHER_DATUMS.exec(said);
  if (datum && !MGRS.test(compactMgrs(plain))) {
    throw new NotUnderstood(
      `${quoted(text)} is in ${datum[0]}, not WGS 84`,
      "convert it first: the difference can be hundreds of metres",
    );
  }
  for (const form of [ofMgrs, ofUtm, ofIcao, ofLettersFirst, ofUri, ofIso6709, ofDegrees]) {
    const read = form(text, plain);
    if (read) return read;
  }
  throw new NotUnderstood(
    `${quoted(text)} is not a coordinate we can read`,
    "tried degrees, minutes and seconds, MGRS, ICAO, ISO 6709 and geo URI; e.g. 35.2N 35.8E, 351200N 0354800E, 37SBV5208",
  );
}

/** Several, one a line; blank lines are left out. `where` of a refusal names the line. */
export function readPositions(text: string): ReadPosition[] {
  return text.split(/\r?\n/).flatMap((line, index) => {
    if (!line.trim()) return [];
    try {
      return [readPosition(line)];
    } catch (error) {
      if (!(error instanceof NotUnderstood)) throw error;
      throw new NotUnderstood(error.what, error.hint, `line ${index + 1}`);
    }
  });
}

function compactMgrs(plain: string): string {
  return plain.replace(/^MGRS/, "").replaceAll(" ", "").replace(/^:+/, "");
}

function ofMgrs(text: string, plain: string): ReadPosition | null {
  const reference = compactMgrs(plain);
  const match = MGRS.exec(reference);
  if (!match) return null;
  const [, square = "", polar, digits = ""] = match;
  if (digits.length % 2) {
    throw new NotUnderstood(
      `MGRS ${quoted(text)} has ${digits.length} digits`,
      "easting and northing need as many digits each",
    );
  }
  const half = digits.length / 2;
  if (half > 5)
    throw new NotUnderstood(`MGRS ${quoted(text)} has ${half} digits each way`, "five each way are one metre");
  const unnamed = new NotUnderstood(`MGRS ${quoted(text)} names no square`, "check the zone, band and square letters");
  if (polar !== undefined) throw new NotUnderstood(`MGRS ${quoted(text)} lies beyond 84° N or 80° S`, "write degrees");
  const padded = `${digits.slice(0, half)}50000`.slice(0, 5) + `${digits.slice(half)}50000`.slice(0, 5);
  try {
    const [west, south, east, north] = inverse(square + padded);
    const [latitude, longitude] = half === 5 ? [(south + north) / 2, (west + east) / 2] : [south, west];
    checkSquare(square, latitude, unnamed);
    const offByM = 10 ** (5 - half) * HALF_DIAGONAL * GRID_SCALE;
    return { ...checked(text, latitude, longitude, offByM), isSquare: true };
  } catch (error) {
    if (error instanceof NotUnderstood) throw error;
    throw unnamed;
  }
}

const COLUMNS = ["STUVWXYZ", "ABCDEFGH", "JKLMNPQR"]; // by the zone, modulo three
const BANDS = "CDEFGHJKLMNPQRSTUVWX";
const BAND_SLACK_DEG = 1; // squares are cut where bands meet; another cycle of letters is 18° away

/** The library computes a place from letters that no square of the zone has, and from a band that the square does not lie in. */
function checkSquare(square: string, latitude: number, unnamed: NotUnderstood): void {
  const [, zone = "", band = "", column = ""] = /^(\d{1,2})([A-Z])([A-Z])/.exec(square) ?? [];
  const south = -80 + 8 * BANDS.indexOf(band);
  const north = band === "X" ? 84 : south + 8;
  const isOfZone = Number(zone) >= 1 && Number(zone) <= 60 && COLUMNS[Number(zone) % 3]?.includes(column);
  if (!isOfZone || latitude < south - BAND_SLACK_DEG || latitude > north + BAND_SLACK_DEG) throw unnamed;
}

function ofUtm(text: string, plain: string): ReadPosition | null {
  if (!UTM.test(plain)) return null;
  throw new NotUnderstood(`${quoted(text)} is UTM, which the console does not read`, "write it as MGRS or in degrees");
}

function ofIcao(text: string, plain: string): ReadPosition | null {
  const match = ICAO.exec(plain);
  if (!match) return null;
  const [, latD = "", latM = "", latS, latF = "", ns, lonD = "", lonM = "", lonS, lonF = "", ew] = match;
  if ((latS === undefined) !== (lonS === undefined)) {
    throw new NotUnderstood(
      `${quoted(text)}: latitude and longitude have different precision`,
      "give both with seconds, or neither",
    );
  }
  const side = (d: string, m: string, s: string | undefined, f: string): number =>
    s === undefined ? sexagesimal(text, d, m + f, "0") : sexagesimal(text, d, m, s + f);
  const latitude = side(latD, latM, latS, latF) * (ns === "S" ? -1 : 1);
  const longitude = side(lonD, lonM, lonS, lonF) * (ew === "W" ? -1 : 1);
  const unitM = latS === undefined ? MINUTE_M : SECOND_M;
  return reading(text, latitude, longitude, [unitM, decimals(latF)], [unitM, decimals(lonF)]);
}

/** As charts and route lists have it: N3512.5 E03548.2. */
function ofLettersFirst(text: string, plain: string): ReadPosition | null {
  const [, ns = "", latitude = "", ew = "", longitude = ""] = LETTERS_FIRST.exec(plain) ?? [];
  return ns ? ofIcao(text, `${latitude}${ns}${longitude}${ew}`) : null;
}

/** Source: RFC 5870. `u` is the writer's own uncertainty, metres. */
function ofUri(text: string, plain: string): ReadPosition | null {
  const match = plain.startsWith("GEO:") ? GEO_URI.exec(plain.replaceAll(" ", "")) : null;
  if (!match) return null;
  const [, latitude = "", longitude = "", , parameters = ""] = match;
  const stated = new Map(
    parameters
      .split(";")
      .filter(Boolean)
      .map((pair) => {
        const at = pair.indexOf("=");
        return at < 0 ? ([pair, ""] as const) : ([pair.slice(0, at), pair.slice(at + 1)] as const);
      }),
  );
  checkReferenceSystem(text, stated.get("CRS"));
  const read = reading(
    text,
    Number(latitude),
    Number(longitude),
    [DEGREE_M, decimals(latitude)],
    [DEGREE_M, decimals(longitude)],
  );
  const own = stated.get("U") ?? "";
  return { ...read, offByM: Math.max(read.offByM, /^\d+(\.\d+)?$/.test(own) ? Number(own) : 0) };
}

function ofIso6709(text: string, plain: string): ReadPosition | null {
  const match = ISO_6709.exec(plain);
  if (!match) return null;
  const [, latitude = "", longitude = "", , system] = match;
  checkReferenceSystem(text, system);
  return reading(
    text,
    packed(text, latitude, 2),
    packed(text, longitude, 3),
    packedLast(latitude, 2),
    packedLast(longitude, 3),
  );
}

function checkReferenceSystem(text: string, stated: string | undefined): void {
  if (stated === undefined || /^(?:WGS[_-]?84|EPSG:?4326)$/.test(stated)) return;
  throw new NotUnderstood(`${quoted(text)} is in ${stated}, not WGS 84`, "convert it first");
}

function packed(text: string, written: string, degreeDigits: number): number {
  const [whole = "", fraction] = written.slice(1).split(".");
  const parts = [whole.slice(0, degreeDigits)];
  for (let at = degreeDigits; at < whole.length; at += 2) parts.push(whole.slice(at, at + 2));
  if (fraction !== undefined) parts.push(`${parts.pop() ?? ""}.${fraction}`);
  const [d = "0", m = "0", s = "0"] = parts;
  return sexagesimal(text, d, m, s) * (written.startsWith("-") ? -1 : 1);
}

function packedLast(written: string, degreeDigits: number): Last {
  const whole = written.slice(1).split(".")[0] ?? "";
  const after = Math.floor((whole.length - degreeDigits) / 2);
  return [[DEGREE_M, MINUTE_M, SECOND_M][after] ?? SECOND_M, decimals(written)];
}

function ofDegrees(text: string, upper: string): ReadPosition | null {
  let plain = upper;
  for (const [pattern, sign] of WORDS) plain = plain.replace(pattern, sign);
  if (OST_OR_OUEST.test(plain)) {
    throw new NotUnderstood(
      `${quoted(text)}: O is east in German (Ost) and west in French and Spanish (ouest, oeste)`,
      "write E or W",
    );
  }
  const labelled = LABELLED.exec(plain);
  if (labelled) return ofLabelled(text, labelled);
  const [first, second] = split(text, plain) ?? [];
  if (first === undefined || second === undefined) return null;
  const [a, b] = [part(withoutStrokes(first)), part(withoutStrokes(second))];
  return a && b ? ofTwo(text, a, b) : null;
}

/** `Longitude: 35.8 Latitude: 35.2`: what the labels say goes, whatever the order. */
function ofLabelled(text: string, match: RegExpExecArray): ReadPosition | null {
  const [, label = "", first = "", otherLabel = "", second = ""] = match;
  const [longitudeFirst, longitudeSecond] = [label, otherLabel].map((name) =>
    ["LO", "LN", "ДО"].includes(name.slice(0, 2)),
  );
  if (longitudeFirst === longitudeSecond) {
    throw new NotUnderstood(`${quoted(text)} is labelled ${label} twice`, "label one latitude and one longitude");
  }
  const [latitude, longitude] = longitudeFirst ? [second, first] : [first, second];
  const [a, b] = [latitude, longitude].map((each) => part(marked(each.replace(/^[ ,;]+|[ ,;]+$/g, ""))));
  if (!a || !b) return null;
  for (const [each, letters] of [
    [a, "NS"],
    [b, "EW"],
  ] as const) {
    if (!letters.includes(letterOf(each) ?? letters.charAt(0))) {
      throw new NotUnderstood(`${quoted(text)} has a label and a hemisphere letter that disagree`, "correct one");
    }
  }
  return ofLetters(text, a, b, [letterOf(a) ?? "N", letterOf(b) ?? "E"]);
}

/** `35-12-30N`, `35°-12'-30"N` and `35:12:30N` as `35°12'30N`; only beside a hemisphere letter, for else it may be a date or a time. */
function withoutStrokes(each: string): string {
  return /[NSEW]/.test(each) ? marked(each.replace(/(?<=[°'])-(?=\d)/g, "")) : each;
}

function marked(each: string): string {
  return each.replace(STROKES, (_, d: string, m: string, s: string | undefined) => `${d}°${m}'${s ?? ""}`);
}

function part(each: string): Part | null {
  return (PART.exec(each)?.groups as Part | undefined) ?? null;
}

/** The way to cut the text into two coordinates; nothing where there is none. */
function split(text: string, plain: string): readonly [string, string] | null {
  if (/[;/]/.test(plain)) return cutAt(plain.replaceAll("/", ";"), ";");
  const cut = /^(.*?[NSEW])[\s,]*([\d+-].*[NSEW])$/.exec(plain) ?? /^([NSEW][^NSEW]*?)[\s,]*([NSEW].*)$/.exec(plain);
  if (cut) return [bare(cut[1]), bare(cut[2])];
  if (plain.split(", ").length === 2) return cutAt(plain, ", ");
  if (plain.includes(",") && !plain.replaceAll(" ,", ",").includes(" ")) {
    refuseDoubtfulCommas(text, plain);
    return cutAt(plain, ",");
  }
  const words = plain
    .replace(/\s+(?=['"°])/g, "")
    .split(/\s+/)
    .filter(Boolean);
  if (words.length % 2 || words.length === 0) return null;
  const half = words.length / 2;
  return [words.slice(0, half).join(" ").replace(/,+$/, ""), words.slice(half).join(" ")];
}

function cutAt(plain: string, mark: string): readonly [string, string] {
  const at = plain.indexOf(mark);
  return [plain.slice(0, at).trim(), plain.slice(at + mark.length).trim()];
}

function bare(each: string | undefined): string {
  return (each ?? "").replace(/^[ ,]+|[ ,]+$/g, "");
}

/** `35,8` is one number with a decimal comma, or two whole degrees; `35,2,35,8` is two numbers, or four. */
function refuseDoubtfulCommas(text: string, plain: string): void {
  if (!/^[+-]?\d+(,[+-]?\d+)+$/.test(plain)) return;
  throw new NotUnderstood(
    `${quoted(text)}: the commas may be decimal marks or stand between numbers`,
    "write decimals with a point, or a semicolon between latitude and longitude",
  );
}

function letterOf(each: Part): string | undefined {
  return each.before ?? each.after;
}

function ofTwo(text: string, a: Part, b: Part): ReadPosition {
  const [first, second] = [letterOf(a), letterOf(b)];
  if (first === undefined && second === undefined) return ofLetters(text, a, b, ["N", "E"]);
  if (first === undefined || second === undefined || "NS".includes(first) === "NS".includes(second)) {
    throw new NotUnderstood(`${quoted(text)} needs one of N or S and one of E or W`, "write e.g. 35.2N 35.8E");
  }
  return ofLetters(text, a, b, [first, second]);
}

function ofLetters(text: string, a: Part, b: Part, letters: readonly [string, string]): ReadPosition {
  for (const each of [a, b]) {
    if (each.before && each.after) {
      throw new NotUnderstood(`${quoted(text)} has two hemisphere letters on one coordinate`, "leave one out");
    }
    if (each.sign && letterOf(each)) {
      throw new NotUnderstood(`${quoted(text)} has both a sign and a hemisphere letter`, "leave one out");
    }
  }
  const [one, other] = [valueOf(text, a, letters[0]), valueOf(text, b, letters[1])];
  if ("NS".includes(letters[0])) return reading(text, one, other, lastOf(a), lastOf(b));
  return reading(text, other, one, lastOf(b), lastOf(a));
}

function valueOf(text: string, each: Part, letter: string): number {
  const value = sexagesimal(text, each.d ?? "0", each.m ?? "0", each.s ?? "0");
  return "SW".includes(letter) || each.sign === "-" ? -value : value;
}

function sexagesimal(text: string, degrees: string, minutes: string, seconds: string): number {
  const [d = 0, m = 0, s = 0] = [degrees, minutes, seconds].map((each) => Number(each.replace(",", ".")));
  if (m >= 60 || s >= 60) {
    throw new NotUnderstood(
      `${quoted(text)}: ${m}′ ${s}″ is not below 60`,
      "minutes and seconds run from 0 to below 60; is it decimal?",
    );
  }
  if ((m && d % 1) || (s && m % 1)) {
    throw new NotUnderstood(
      `${quoted(text)} has a fraction before its last part`,
      "only the last of degrees, minutes, seconds may have decimals",
    );
  }
  return d + m / 60 + s / 3600;
}

function lastOf({ d = "", m, s }: Part): Last {
  if (s) return [SECOND_M, decimals(s)];
  return m ? [MINUTE_M, decimals(m)] : [DEGREE_M, decimals(d)];
}

/** Of two decimal fractions of one unit the longer counts for both, since programs drop the zeros at the end. */
function reading(text: string, latitude: number, longitude: number, ofLatitude: Last, ofLongitude: Last): ReadPosition {
  const longest = ofLatitude[0] === ofLongitude[0] ? Math.max(ofLatitude[1], ofLongitude[1]) : undefined;
  const [northM = 0, eastM = 0] = [ofLatitude, ofLongitude].map(([unitM, places]) => half(unitM, longest ?? places));
  const nearestTheEquatorDeg = Math.max(0, Math.abs(latitude) - northM / DEGREE_M);
  const offByM = Math.hypot(northM, eastM * Math.cos((nearestTheEquatorDeg * Math.PI) / 180));
  return checked(text, latitude, longitude, offByM);
}

function decimals(written: string): number {
  return written.split(/[.,]/)[1]?.length ?? 0;
}

/** Half the size of the last digit written, on the ground. */
function half(unitM: number, places: number): number {
  return (unitM / 2) * 10 ** -places;
}

function checked(text: string, latitudeDeg: number, longitudeDeg: number, offByM: number): ReadPosition {
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
  return { latitudeDeg, longitudeDeg, offByM, isSquare: false };
}
