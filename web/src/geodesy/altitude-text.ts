/**
 * Altitudes as people write them: flight levels, feet or metres with their reference, SFC, UNL; as `detente.geodesy.altitude_text` reads them, and
 * held to it by the same vectors. A bare number is none. Empty text is an altitude that was not stated.
 */

import type { AltitudeForm, Reference } from "../notice/forms.js";
import { lengthUnitM, readMeasured } from "./quantities.js";
import { NotUnderstood, plainly, quoted } from "./written.js";

const FOOT_M = 0.3048;
const M_PER_FL = 100 * FOOT_M;
const [LOWEST_M, HIGHEST_M] = [-12_000, 1_000_000];
const REFERENCES: ReadonlyMap<string, Reference> = new Map([
  ["AMSL", "AMSL"],
  ["MSL", "AMSL"],
  ["ASL", "AMSL"],
  ["ALT", "AMSL"],
  ["AGL", "AGL"],
  ["ASFC", "AGL"],
  ["GND", "AGL"],
  ["SFC", "AGL"],
  ["HAE", "HAE"],
  ["ELLIPSOID", "HAE"],
  ["STD", "FL"],
]);
const NEEDS_MORE: ReadonlyMap<string, readonly [string, string]> = new Map([
  ["AAL", ["is above an aerodrome whose elevation is not given", "add the elevation and write AMSL"]],
  ["QFE", ["is above an aerodrome whose elevation is not given", "add the elevation and write AMSL"]],
  ["QNH", ["is by an altimeter set to a pressure that is not given", "write AMSL if it is above mean sea level"]],
]);
const IN_WORDS: readonly (readonly [RegExp, string])[] = [
  [/A\.\s?M\.\s?S\.\s?L\.?|(?:ABOVE|OVER) (?:MEAN )?SEA LEVEL/gu, "AMSL"],
  [/A\.\s?G\.\s?L\.?|ABOVE (?:THE )?(?:GROUND|SURFACE)(?: LEVEL)?/gu, "AGL"],
  [/ABOVE (?:THE )?(?:WGS ?84 )?ELLIPSOID|WGS ?84/gu, "HAE"],
  [/PRESSURE ALTITUDE(?:, 1013(?:\.25)? HPA SET)?/gu, "STD"],
  [/(?<=[\d ])(FT|M|KM)\./gu, "$1"],
];
const REFERENCE = [...REFERENCES.keys(), ...NEEDS_MORE.keys()].join("|");
const STATED = new RegExp(`^(?:(${REFERENCE})\\s*)?([+-]?\\d[\\d\\s'’.,]*?)\\s*([A-ZМ]+?|')?\\s*(${REFERENCE})?$`, "u");
const UNITS = new Set(["m", "ft", "foot", "feet", "'", "metres", "meters", "metre", "meter", "м", "km"]);
const IS_NOT = "write FL180, 5000ft AMSL, 300m AGL, SFC or UNL";

/** The limit in the reference it was stated in. */
export function readAltitude(text: string): AltitudeForm {
  const plain = plainly(text, "an altitude").toUpperCase();
  if (!plain) return { reference: "UNSTATED", value_m: null };
  if (/^(UNL|UNLTD|UNLIMITED)$/.test(plain)) return { reference: "UNL", value_m: null };
  if (/^(SFC|GND|SURFACE|GROUND|THE SURFACE)$/.test(plain)) return { reference: "AGL", value_m: 0 };
  const level = /^(?:FL|F|FLIGHT LEVEL)\s*(\d{1,3}(?:\.\d)?)$/.exec(plain);
  if (level) return { reference: "FL", value_m: Number(level[1]) * M_PER_FL };
  const hundreds = /^A\s?(\d{3})$/.exec(plain); // ICAO Doc 4444 appendix 2
  if (hundreds) return { reference: "AMSL", value_m: Number(hundreds[1]) * 100 * FOOT_M };
  const [, metric, tens] = /^([MS])\s?(\d{4})$/.exec(plain) ?? [];
  if (tens !== undefined) return { reference: metric === "M" ? "AMSL" : "FL", value_m: Number(tens) * 10 };
  return stated(text, plain);
}

/** What is surely meant for an altitude, and is not one as it stands. */
function refuseSlips(text: string, plain: string): void {
  const level = /^(?:FL|FLIGHT LEVEL)\s*([\dO]+)$/.exec(plain);
  if (level) {
    const digits = (level[1] ?? "").replaceAll("O", "0");
    const meant = `FL${digits.length > 3 ? digits.replace(/0+$/, "").slice(0, 3).padEnd(3, "0") : digits}`;
    const likely = digits.length <= 3 || !digits.slice(3).replace(/0/g, "") ? `${meant}? ` : "";
    throw new NotUnderstood(
      `${quoted(text)}: flight levels have three digits, in hundreds of feet`,
      `${likely}write FL180, or 18000 ft AMSL`,
    );
  }
  if (["SEA LEVEL", "MEAN SEA LEVEL", "SL", "MSL", "AMSL", "SEA"].includes(plain)) {
    throw new NotUnderstood(
      `altitude ${quoted(text)} has no number`,
      "write 0 ft AMSL for the sea's level, or SFC for the surface",
    );
  }
  if (/^(?:AGL|GROUND LEVEL|GL|ZERO|NIL)$/.test(plain)) {
    throw new NotUnderstood(`altitude ${quoted(text)} has no number we know`, "write SFC for the surface, or 0 m AGL");
  }
}

function stated(text: string, upper: string): AltitudeForm {
  refuseSlips(text, upper);
  let plain = upper;
  for (const [pattern, word] of IN_WORDS) plain = plain.replace(pattern, word);
  const match = STATED.exec(plain);
  const [, before, number = "", unitWritten = "", after] = match ?? [];
  if (!match || (before && after)) throw new NotUnderstood(`${quoted(text)} is not an altitude`, IS_NOT);
  const unit = unitWritten.toLowerCase();
  if (!UNITS.has(unit)) {
    throw new NotUnderstood(
      `altitude ${quoted(text)} has no unit we know`,
      "add m or ft, or write a flight level as FL180",
    );
  }
  const said = before ?? after;
  if (said === undefined) {
    throw new NotUnderstood(
      `altitude ${quoted(text)} does not say above what`,
      "add AMSL, AGL or HAE, or write a flight level as FL180",
    );
  }
  const more = NEEDS_MORE.get(said);
  if (more) throw new NotUnderstood(`altitude ${quoted(text)} ${more[0]}`, more[1]);
  const value_m = readMeasured(number, unit) * lengthUnitM(unit);
  if (value_m < LOWEST_M || value_m > HIGHEST_M) {
    throw new NotUnderstood(
      `${quoted(text)}: outside ${LOWEST_M} to ${HIGHEST_M} m`,
      "check the unit; use UNL for no limit",
    );
  }
  return { reference: REFERENCES.get(said) ?? "UNSTATED", value_m };
}
