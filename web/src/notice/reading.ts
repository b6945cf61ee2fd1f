/**
 * Forms read out of JSON, strictly; as `detente.channel.forms` and `detente.domain` do it. What is not known is refused, and what is missing is
 * refused, too, unless it is said here what it then means. `where` names the member.
 */

import { isList, isObject, type Json, type JsonObject } from "../record/canonical.js";
import { NotUnderstood } from "../record/index.js";
import {
  ACTIVITIES,
  type AltitudeForm,
  type Assumption,
  type CircleForm,
  type Contact,
  type CorridorForm,
  type FootprintForm,
  type Halt,
  type HumanitarianDetails,
  LEVELS,
  type Marking,
  type NoticeForm,
  type OrbitForm,
  type PartForm,
  type Place,
  type ReleaseGrids,
  type RingForm,
  TLPS,
  type Vehicle,
  type ViewForm,
  type VolumeForm,
  type WindowForm,
} from "./forms.js";
import { InvalidVolume } from "./refused.js";

const LARGEST_RADIUS_M = 5_000_000;
const LOWEST_M = -12_000;
const HIGHEST_M = 1_000_000;
const LARGEST_LATERAL_M = 20_100_000;
const LARGEST_VERTICAL_M = 1_100_000;
const LARGEST_TIME_S = 100 * 365.25 * 86_400;
const MOST_SECONDS = 366 * 86_400;

/** Reads a value of one kind; refusals name `where`. */
export type Read<T> = (value: Json, where: string) => T;
type Readers<T> = { readonly [K in keyof T]-?: Read<T[K]> };

/** An object of exactly these members; those in `meant` may be missing. */
export function members<T extends object>(readers: Readers<T>, meant: Partial<T> = {}): Read<T> {
  const names = Object.keys(readers) as (keyof T & string)[];
  return (value, where) => {
    const given = objectAt(value, where);
    const strange = Object.keys(given).find((name) => !Object.hasOwn(readers, name));
    if (strange !== undefined) throw new NotUnderstood(`the member '${strange.slice(0, 80)}' is not known`, "", where);
    const read = names.map((name) => {
      const member = given[name];
      if (member !== undefined) return [name, readers[name](member, within(where, name))] as const;
      if (!Object.hasOwn(meant, name)) throw new NotUnderstood(`the member '${name}' is missing`, "", where);
      return [name, meant[name]] as const;
    });
    return Object.fromEntries(read) as T;
  };
}

function within(where: string, name: string): string {
  return where ? `${where}.${name}` : name;
}

function objectAt(value: Json, where: string): JsonObject {
  if (!isObject(value)) throw new NotUnderstood("not an object", "", where);
  return value;
}

export function listOf<T>(read: Read<T>): Read<readonly T[]> {
  return (value, where) => {
    if (!isList(value)) throw new NotUnderstood("not a list", "", where);
    return value.map((item, index) => read(item, `${where}[${index}]`));
  };
}

export function orNull<T>(read: Read<T>): Read<T | null> {
  return (value, where) => (value === null ? null : read(value, where));
}

export function oneOf<T extends string>(names: readonly T[]): Read<T> {
  return (value, where) => {
    const found = names.find((name) => name === value);
    if (found === undefined) throw new NotUnderstood(`${shown(value)} is none of ${names.join(", ")}`, "", where);
    return found;
  };
}

export const text: Read<string> = (value, where) => {
  if (typeof value !== "string") throw new NotUnderstood(`${shown(value)} is no text`, "", where);
  return value;
};

const filled: Read<string> = (value, where) => {
  const read = text(value, where);
  if (!read.trim()) throw new InvalidVolume("it is empty", "fill it in, or leave it out", where);
  return read;
};

const truth: Read<boolean> = (value, where) => {
  if (typeof value !== "boolean") throw new NotUnderstood(`${shown(value)} is not true or false`, "", where);
  return value;
};

const number: Read<number> = (value, where) => {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new NotUnderstood(`${shown(value)} is no number`, "", where);
  }
  return value + 0; // without -0
};

export const whole: Read<number> = (value, where) => {
  if (typeof value !== "number" || !Number.isSafeInteger(value)) {
    throw new NotUnderstood(`${shown(value)} is no whole number that can be written exactly`, "", where);
  }
  return value + 0;
};

function shown(value: Json): string {
  return JSON.stringify(value).slice(0, 80);
}

const matching =
  (pattern: RegExp, what: string): Read<string> =>
  (value, where) => {
    const read = text(value, where);
    if (!pattern.test(read)) throw new InvalidVolume(`${shown(value)} is not ${what}`, "", where);
    return read;
  };

const between =
  (least: number, most: number, unit: string, hint: string): Read<number> =>
  (value, where) => {
    const read = number(value, where);
    if (least <= read && read <= most) return read;
    throw new InvalidVolume(`${read}${unit} is outside ${least} to ${most}`, hint, where);
  };

// ── footprints ───────────────────────────────────────────────────────────────────────────────────────────────────────

const latitude = between(-90, 90, "°", "latitude and longitude may be swapped");
const longitude = between(-180, 180, "°", "subtract 360 from longitudes counted eastward past 180");

const place: Read<Place> = (value, where) => {
  if (!isList(value) || value.length !== 2) {
    throw new NotUnderstood(`${shown(value)} is no latitude and longitude`, "", where);
  }
  return [latitude(value[0] ?? null, `${where}[0]`), longitude(value[1] ?? null, `${where}[1]`)];
};

const places = listOf(place);

const ring: Read<RingForm> = (value, where) => {
  const read = places(value, where);
  const corners = new Set(read.map(String)).size;
  if (read.length > 1 && String(read[0]) === String(read.at(-1))) {
    throw new InvalidVolume(
      "a ring here is open: the last position repeats the first",
      "leave the closing position out",
      where,
    );
  }
  if (corners < 3) {
    throw new InvalidVolume(
      `a ring of ${corners} distinct positions encloses nothing`,
      "give at least three corners",
      where,
    );
  }
  if (read.some((corner, index) => index > 0 && String(corner) === String(read[index - 1]))) {
    throw new InvalidVolume("a ring repeats a position twice in a row", "remove the repeated corner", where);
  }
  return read;
};

const part = members<PartForm>({ shell: ring, holes: listOf(ring) }, { holes: [] });

const radius: Read<number> = (value, where) => {
  const read = number(value, where);
  if (read > 0 && read <= LARGEST_RADIUS_M) return read;
  throw new InvalidVolume(
    `${read} m is not between 0 and ${LARGEST_RADIUS_M} m`,
    "check the unit: radii are metres",
    where,
  );
};

type Unshaped<T> = Omit<T, "shape">;
const circle = members<Unshaped<CircleForm>>({ centre: place, radius_m: radius });
const corridor = members<Unshaped<CorridorForm>>(
  { centre_line: places, half_width_m: radius, ends: oneOf(["round", "square"]) },
  { ends: "round" },
);
const orbit = members<Unshaped<OrbitForm>>(
  { first: place, second: place, width_m: radius, alignment: oneOf(["left", "centre", "right"]) },
  { alignment: "centre" },
);
const multipolygon = members<{ readonly parts: readonly PartForm[] }>({ parts: listOf(part) });
const shapeName = oneOf(["polygon", "multipolygon", "circle", "corridor", "orbit"]);

/** A footprint whose numbers can be; whether its rings cross is asked where it is measured. */
export const readFootprint: Read<FootprintForm> = (value, where) => {
  const { shape: given = null, ...rest } = objectAt(value, where);
  const shape = shapeName(given, within(where, "shape"));
  switch (shape) {
    case "polygon":
      return { shape, ...part(rest, where) };
    case "multipolygon": {
      const { parts } = multipolygon(rest, where);
      if (!parts.length) {
        throw new InvalidVolume("a multipolygon without polygons covers nothing", "give at least one polygon", where);
      }
      return { shape, parts };
    }
    case "circle":
      return { shape, ...circle(rest, where) };
    case "corridor": {
      const read = corridor(rest, where);
      if (new Set(read.centre_line.map(String)).size < 2) {
        throw new InvalidVolume(
          "a corridor needs at least two distinct positions",
          "use a circle for a single place",
          where,
        );
      }
      return { shape, ...read };
    }
    case "orbit": {
      const read = orbit(rest, where);
      if (String(read.first) === String(read.second)) {
        throw new InvalidVolume("an orbit needs two distinct anchor points", "use a circle for a single place", where);
      }
      return { shape, ...read };
    }
  }
};

// ── altitudes, times, volumes ────────────────────────────────────────────────────────────────────────────────────────

const limitMembers = members<AltitudeForm>(
  { reference: oneOf(["HAE", "AMSL", "AGL", "FL", "UNL", "UNSTATED"]), value_m: orNull(number) },
  { value_m: null },
);

const limit: Read<AltitudeForm> = (value, where) => {
  const read = limitMembers(value, where);
  const isOpen = read.reference === "UNL" || read.reference === "UNSTATED";
  if (isOpen !== (read.value_m === null)) {
    throw new NotUnderstood(
      `an altitude limit ${read.reference} with value_m ${read.value_m ?? "null"}`,
      "UNL and UNSTATED have no value, all others have one",
      where,
    );
  }
  if (read.value_m !== null && !(LOWEST_M <= read.value_m && read.value_m <= HIGHEST_M)) {
    throw new InvalidVolume(
      `altitude ${read.value_m} m ${read.reference} is outside ${LOWEST_M} to ${HIGHEST_M} m`,
      "check the unit; use UNL for no limit",
      where,
    );
  }
  return read;
};

const windowMembers = members<WindowForm>(
  { start_us: orNull(whole), end_us: orNull(whole), start_stated: truth, end_stated: truth },
  { start_stated: true, end_stated: true },
);

const window: Read<WindowForm> = (value, where) => {
  const read = windowMembers(value, where);
  for (const [name, us, stated] of [
    ["start_us", read.start_us, read.start_stated],
    ["end_us", read.end_us, read.end_stated],
  ] as const) {
    if (stated || us === null) continue;
    throw new NotUnderstood(`${name} is ${us} and said to be not stated`, "leave it null, or state it", where);
  }
  if (read.start_us !== null && read.end_us !== null && read.end_us < read.start_us) {
    throw new InvalidVolume(
      "it ends before it starts",
      "swap them, or check the date when the window runs past midnight",
      where,
    );
  }
  return read;
};

const SIZE = "check the number and its unit; leave the field out where nothing is known";

const volumeMembers = members<VolumeForm>(
  {
    footprint: readFootprint,
    altitude_lower: limit,
    altitude_upper: limit,
    window,
    position_uncertainty_m: between(0, LARGEST_LATERAL_M, " m", SIZE),
    altitude_uncertainty_m: between(0, LARGEST_VERTICAL_M, " m", SIZE),
    time_uncertainty_s: between(0, LARGEST_TIME_S, " s", SIZE),
  },
  { position_uncertainty_m: 0, altitude_uncertainty_m: 0, time_uncertainty_s: 0 },
);

export const readVolume: Read<VolumeForm> = (value, where) => {
  const read = volumeMembers(value, where);
  const { altitude_lower: lower, altitude_upper: upper } = read;
  const [low, high] = [lower.value_m ?? -Infinity, upper.value_m ?? Infinity];
  if (lower.reference === upper.reference && low > high) {
    throw new InvalidVolume(
      `altitude_lower ${low} m is not below altitude_upper ${high} m`,
      "swap them, or check that feet were not sent as metres",
      within(where, "altitude"),
    );
  }
  return read;
};

const volumes: Read<readonly VolumeForm[]> = (value, where) => {
  const read = listOf(readVolume)(value, where);
  if (!read.length) throw new InvalidVolume("there is no volume", "say where and when", where);
  return read;
};

// ── notices and views ────────────────────────────────────────────────────────────────────────────────────────────────

const assumption = members<Assumption>({ field: text, basis: text });
const vehicle = members<Vehicle>({ plate: text, description: text }, { description: "" });
const contact = members<Contact>({ name: text, reach: filled, on_the_move: truth }, { on_the_move: false });
const halt = members<Halt>(
  { place: text, arrival_us: orNull(whole), departure_us: orNull(whole) },
  { arrival_us: null, departure_us: null },
);
const headcount: Read<number> = (value, where) => {
  const read = whole(value, where);
  if (read < 0) throw new InvalidVolume(`${read} is negative`, "leave it out where it is not known", where);
  return read;
};
const details = members<HumanitarianDetails>(
  {
    site_function: text,
    purpose: text,
    vehicles: listOf(vehicle),
    headcount: orNull(headcount),
    armed_escort: orNull(truth),
    contacts: listOf(contact),
    stops: listOf(halt),
  },
  {
    site_function: "",
    purpose: "",
    vehicles: [],
    headcount: null,
    armed_escort: null,
    contacts: [],
    stops: [],
  },
);

const told = {
  reference: text,
  activity: oneOf(ACTIVITIES),
  volumes,
  title: text,
  stated_place: text,
  declared_by: text,
  assumptions: listOf(assumption),
  details: orNull(details),
  expires_us: orNull(whole),
  revalidate_us: orNull(whole),
};

const noticeMembers = members<NoticeForm>({ ...told, reference: filled, party: filled });

/** A whole notice. */
export const readNotice: Read<NoticeForm> = (value, where) => {
  const read = noticeMembers(value, where);
  if (read.details && !read.activity.startsWith("humanitarian_")) {
    throw new InvalidVolume(
      "it is no humanitarian notice, and has humanitarian details",
      "give its activity as humanitarian_movement or humanitarian_site",
      within(where, "details"),
    );
  }
  return read;
};

export const readMarking = members<Marking>(
  { rel_to: listOf(filled), tlp: orNull(oneOf(TLPS)), caveats: listOf(filled) },
  { rel_to: [], tlp: null, caveats: [] },
);

const viewMembers = members<ViewForm>({
  ...told,
  view_id: matching(/^[0-9a-f]{32}$/, "32 hex digits"),
  version: whole,
  recipient: text,
  level: oneOf(LEVELS.filter((level) => level !== "none")),
  commitment: matching(/^[0-9a-f]{64}$/, "64 hex digits"),
  generaliser: whole,
  marking: readMarking,
});

const HIDDEN_BELOW_FULL = ["reference", "title", "stated_place", "assumptions", "details"] as const;

/** A view that shows nothing its level hides. */
export const readView: Read<ViewForm> = (value, where) => {
  const read = viewMembers(value, where);
  if (read.version < 1) {
    throw new InvalidVolume(`version ${read.version} is below 1`, "count a view's versions from 1", where);
  }
  const shows = [
    ...HIDDEN_BELOW_FULL.filter((name) => read.level !== "full" && isSaid(read[name])),
    ...(read.level === "existence" && read.declared_by ? ["declared_by"] : []),
    ...(read.level === "existence" && read.activity !== "unstated" ? ["activity"] : []),
  ];
  if (shows[0]) throw new InvalidVolume(`a view of level ${read.level} shows ${shows[0]}`, "leave it out", where);
  return read;
};

function isSaid(value: string | readonly unknown[] | object | null): boolean {
  return value !== null && (typeof value === "string" || Array.isArray(value) ? value.length > 0 : true);
}

/** The agreed grids. */
export const readGrids: Read<ReleaseGrids> = (value, where) => {
  const read = members<ReleaseGrids>({
    general_levels: listOf(whole),
    layer_m: orNull(between(1, 1_000_000, " m", "")),
    slot_s: whole,
    existence_level: whole,
  })(value, where);
  const isLevel = (level: number): boolean => read.existence_level <= level && level <= 16;
  if (!read.general_levels.length || !read.general_levels.every(isLevel) || read.existence_level < 3) {
    throw new InvalidVolume(
      `general levels ${String(read.general_levels)} are not between the existence level ${read.existence_level}, from 3 on, and 16`,
      "a general view must not be coarser than an existence view",
      where,
    );
  }
  if (!(1 <= read.slot_s && read.slot_s <= MOST_SECONDS)) {
    throw new InvalidVolume(`time slot ${read.slot_s} s is not between 1 and ${MOST_SECONDS} s`, "", where);
  }
  return read;
};
