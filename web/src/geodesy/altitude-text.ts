/** Altitudes as people write them: flight levels, feet or metres with their reference, SFC, UNL; as `detente.geodesy.altitude_text`. A bare number is none. */

import type { AltitudeForm, Reference } from "../notice/forms.js";
import { readLengthM } from "./quantities.js";
import { NotUnderstood, plainly, quoted } from "./written.js";

const M_PER_FL = 30.48;
const REFERENCES: Readonly<Record<string, Reference>> = {
  AMSL: "AMSL",
  MSL: "AMSL",
  AGL: "AGL",
  SFC: "AGL",
  GND: "AGL",
  HAE: "HAE",
  WGS84: "HAE",
};

/** The limit; empty text is one that was not stated. */
export function readAltitude(text: string): AltitudeForm {
  const plain = plainly(text, "an altitude").toUpperCase();
  if (!plain) return { reference: "UNSTATED", value_m: null };
  if (/^(SFC|GND|SURFACE|GROUND)$/.test(plain)) return { reference: "AGL", value_m: 0 };
  if (/^(UNL|UNLTD|UNLIMITED)$/.test(plain)) return { reference: "UNL", value_m: null };
  const level = /^FL\s?(\d{1,3})$/.exec(plain);
  if (level) return { reference: "FL", value_m: Number(level[1]) * M_PER_FL };
  const named = /^(-?.*?)\s*(AMSL|MSL|AGL|SFC|GND|HAE|WGS84)$/.exec(plain);
  const reference = REFERENCES[named?.[2] ?? ""];
  if (!named || reference === undefined) {
    throw new NotUnderstood(
      `altitude ${quoted(text)} says not above what`,
      "write 2000 ft AMSL, 400 ft AGL, 150 m HAE, FL240, SFC or UNL",
    );
  }
  const value = named[1] ?? "";
  const below = value.startsWith("-");
  return { reference, value_m: readLengthM((below ? value.slice(1) : value).toLowerCase()) * (below ? -1 : 1) };
}
