/** Positions, heights and distances as people write them; of one form each, in every language, since they are read out to others. */

import { forward } from "mgrs";

import type { AltitudeForm } from "../notice/forms.js";

export type PositionFormat = "dms" | "ddm" | "dd" | "mgrs";

const M_PER_FT = 0.3048;
const M_PER_NM = 1852;
const M_PER_FL = 30.48;
const MGRS_METRE = 5; // digits of each of easting and northing

/** A position: DMS and DDM to a tenth of a second's worth, DD to five places, MGRS to the metre. MGRS ends at 80° S and 84° N: DMS beyond. */
export function writePosition(latitudeDeg: number, longitudeDeg: number, format: PositionFormat): string {
  switch (format) {
    case "dd":
      return `${latitudeDeg.toFixed(5)}, ${longitudeDeg.toFixed(5)}`;
    case "mgrs":
      if (latitudeDeg > 84 || latitudeDeg < -80) return writePosition(latitudeDeg, longitudeDeg, "dms");
      return spaced(forward([longitudeDeg, latitudeDeg], MGRS_METRE));
    case "ddm":
      return `${ddm(latitudeDeg, "NS", 2)} ${ddm(longitudeDeg, "EW", 3)}`;
    case "dms":
      return `${dms(latitudeDeg, "NS", 2)} ${dms(longitudeDeg, "EW", 3)}`;
  }
}

function spaced(mgrs: string): string {
  const [, zone = "", square = "", digits = ""] = /^(\d{1,2}[A-Z])([A-Z]{2})(\d*)$/.exec(mgrs) ?? [];
  return zone ? `${zone} ${square} ${digits.slice(0, digits.length / 2)} ${digits.slice(digits.length / 2)}` : mgrs;
}

/** In the smallest unit that is written, so that 59.99″ becomes the next minute and never 60″. */
function dms(degrees: number, letters: string, width: number): string {
  const tenths = Math.round(Math.abs(degrees) * 36_000);
  const [d, m, s] = [Math.floor(tenths / 36_000), Math.floor((tenths % 36_000) / 600), (tenths % 600) / 10];
  return `${pad(d, width)}°${pad(m, 2)}′${s.toFixed(1).padStart(4, "0")}″${side(degrees, letters)}`;
}

function ddm(degrees: number, letters: string, width: number): string {
  const thousandths = Math.round(Math.abs(degrees) * 60_000);
  const [d, m] = [Math.floor(thousandths / 60_000), (thousandths % 60_000) / 1_000];
  return `${pad(d, width)}°${m.toFixed(3).padStart(6, "0")}′${side(degrees, letters)}`;
}

function pad(n: number, width: number): string {
  return String(n).padStart(width, "0");
}

function side(degrees: number, letters: string): string {
  return letters.charAt(degrees < 0 ? 1 : 0);
}

export type Units = "aviation" | "metric";

/** A distance in NM or km, shorter ones in m; three figures that count. */
export function writeDistance(m: number, units: Units): string {
  if (m < 1_000) return `${String(Math.round(m))} m`;
  return units === "aviation" ? `${figures(m / M_PER_NM)} NM` : `${figures(m / 1_000)} km`;
}

export function writeHeight(m: number, units: Units): string {
  return units === "aviation" ? `${String(Math.round(m / M_PER_FT))} ft` : `${String(Math.round(m))} m`;
}

function figures(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** A limit in the reference in which it was stated: `FL240`, `2000 ft AMSL`, `SFC`, `UNL`; empty where it was not stated. */
export function writeLimit({ reference, value_m }: AltitudeForm, units: Units): string {
  if (reference === "UNL") return "UNL";
  if (reference === "UNSTATED" || value_m === null) return "";
  if (reference === "FL") return `FL${String(Math.round(value_m / M_PER_FL)).padStart(3, "0")}`;
  if (reference === "AGL" && value_m === 0) return "SFC";
  return `${writeHeight(value_m, units)} ${reference}`;
}
