/** An explained answer as the channel sends it (`docs/server.md`, Questions): what it says of a meeting is the host's; whose plan it is, signed views say. */

import { isObject, type JsonObject, Malformed } from "../../record/index.js";

export interface Apart {
  readonly stated: number | null;
  readonly least: number | null;
}

export interface Reference {
  readonly party: string;
  readonly reference: string;
  readonly volume_index: number;
}

export interface Area {
  readonly footprint: JsonObject | null;
  readonly altitude_lower: string;
  readonly altitude_upper: string;
  readonly start: string | null;
  readonly end: string | null;
}

export interface Collision {
  readonly answer: "POSSIBLE" | "CONFLICT";
  readonly a: Reference;
  readonly b: Reference;
  /** Null where it is withheld: of a humanitarian site or movement. */
  readonly lateral_m: Apart | null;
  readonly vertical_m: Apart | null;
  readonly time_s: Apart | null;
  readonly minima: { readonly lateral_m: number; readonly vertical_m: number; readonly time_s: number };
  readonly rule: string;
  readonly reasons: readonly string[];
  readonly area: Area | null;
}

export interface Entered {
  readonly answer: "POSSIBLE" | "CONFLICT";
  readonly plan: Reference;
  readonly hazard: Reference;
  readonly area: Area | null;
}

export interface Move {
  readonly dimension: "time" | "altitude" | "sideways";
  readonly later_s?: number | null;
  readonly higher_m?: number | null;
  readonly sideways_m?: number | null;
  readonly bearing_deg?: number | null;
}

export interface Explained {
  readonly answer: "CLEAR" | "POSSIBLE" | "CONFLICT";
  readonly meeting_count: number;
  readonly warning_count: number;
  readonly conflicts: readonly Collision[];
  readonly warnings: readonly Entered[];
  readonly proposals: readonly { readonly moves: readonly Move[] }[];
  readonly sought: readonly string[];
}

const LISTS = ["conflicts", "warnings", "proposals", "sought"];

export function readExplained(raw: JsonObject): Explained {
  const isWhole = LISTS.every((name) => Array.isArray(raw[name])) && typeof raw["answer"] === "string";
  if (!isWhole || !(raw["conflicts"] as readonly unknown[]).every(isObject as (value: unknown) => boolean)) {
    throw new Malformed("no explained answer", "is this a détente server?", "the server's answer");
  }
  return raw as unknown as Explained;
}

/** Which of a meeting's two is the other's. */
export function otherOf({ a, b }: Collision, party: string): Reference {
  return a.party === party ? b : a;
}

export function oursOf({ a, b }: Collision, party: string): Reference {
  return a.party === party ? a : b;
}

export function movesOf({ proposals }: Explained): Move[] {
  return proposals.flatMap(({ moves }) => moves);
}
