/**
 * A draft of a notice: the text that was typed, kept as it was typed until it is sent, and the notice that it makes.
 *
 * Everything drawn on the map ends up here as text, so that what can be drawn can be typed, and what is sent is what is read back.
 */

import { readAltitude } from "../../geodesy/altitude-text.js";
import { readMoment, writeDtg } from "../../geodesy/moments.js";
import { readPosition, readPositions } from "../../geodesy/positions.js";
import { readLengthM } from "../../geodesy/quantities.js";
import { writeLimit, writePosition } from "../../geodesy/write.js";
import {
  type Activity,
  type Assumption,
  ACTIVITIES,
  type FootprintForm,
  type HumanitarianDetails,
  type Levels,
  type NoticeForm,
  type Place,
  readNotice,
  type ReleaseLevel,
  type Tlp,
  type VolumeForm,
} from "../../notice/index.js";
import { DetenteError, type Json, type JsonObject } from "../../record/index.js";
import type { Move } from "../conflict/explained.js";

export type Shape = "polygon" | "circle" | "corridor" | "orbit";

/** One volume as it is typed. A volume that was read from a file and cannot be typed so is kept whole in `fixed`. */
export interface DraftVolume {
  shape: Shape;
  places: string;
  size: string;
  lower: string;
  upper: string;
  start: string;
  end: string;
  fixed: VolumeForm | null;
}

export interface Draft {
  id: string;
  /** The notice of ours that it amends; empty for a new one. */
  amends: string;
  activity: Activity;
  title: string;
  reference: string;
  volumes: DraftVolume[];
  expires: string;
  revalidate: string;
  siteFunction: string;
  purpose: string;
  headcount: string;
  plates: string;
  armedEscort: "" | "yes" | "no";
  contact: string;
  /** What no source states, and on what basis it was filled in. */
  assumptions: Assumption[];
  /** By recipient: what was chosen in place of what is agreed. */
  levels: Record<string, ReleaseLevel>;
  tlp: "" | Tlp;
  caveats: string;
  /** Whether the host is given only a generalised view to screen. */
  hostGeneral: boolean;
}

const FLASH_RADIUS = "5 km";

export const HUMANITARIAN: readonly string[] = ["humanitarian_movement", "humanitarian_site"];
export const CHOICES = ACTIVITIES.filter((each) => each !== "unstated");

export function emptyVolume(): DraftVolume {
  return { shape: "circle", places: "", size: "", lower: "", upper: "", start: "", end: "", fixed: null };
}

export function emptyDraft(id: string): Draft {
  return {
    id,
    amends: "",
    activity: "air_operation",
    title: "",
    reference: "",
    volumes: [emptyVolume()],
    expires: "",
    revalidate: "",
    siteFunction: "",
    purpose: "",
    headcount: "",
    plates: "",
    armedEscort: "",
    contact: "",
    assumptions: [],
    levels: {},
    tlp: "",
    caveats: "",
    hostGeneral: false,
  };
}

/** The notice that a draft says, or what of it cannot be read: `where` names the field. */
export function noticeOf(draft: Draft, party: string, nowUs: number): NoticeForm {
  const volumes = draft.volumes.map((volume, index) => placed(`volumes[${index}]`, () => volumeOf(volume, nowUs)));
  const notice = {
    reference: draft.reference.trim() || `N-${draft.id.slice(0, 6).toUpperCase()}`,
    party,
    activity: draft.activity,
    volumes,
    title: draft.title.trim(),
    stated_place: "",
    declared_by: draft.activity === "hazard_area" ? party : "",
    assumptions: draft.assumptions,
    details: detailsOf(draft),
    expires_us: placed("expires", () => optionalMoment(draft.expires, nowUs)),
    revalidate_us: placed("revalidate", () => optionalMoment(draft.revalidate, nowUs)),
  };
  return readNotice(notice as unknown as Json, "");
}

export function levelsOf(draft: Draft): Levels {
  return draft.levels;
}

function optionalMoment(text: string, nowUs: number): number | null {
  return text.trim() ? readMoment(text, nowUs) : null;
}

function volumeOf(volume: DraftVolume, nowUs: number): VolumeForm {
  if (volume.fixed) return volume.fixed;
  const start = placed("start", () => optionalMoment(volume.start, nowUs));
  const end = placed("end", () => optionalMoment(volume.end, start ?? nowUs));
  if (start !== null && end !== null && end < start) {
    throw new DetenteError("it ends before it begins", "check the times, and their day", "end");
  }
  return {
    footprint: footprintOf(volume),
    altitude_lower: placed("lower", () => readAltitude(volume.lower)),
    altitude_upper: placed("upper", () => readAltitude(volume.upper)),
    window: { start_us: start, end_us: end, start_stated: start !== null, end_stated: end !== null },
    position_uncertainty_m: leftOpenM(volume),
    altitude_uncertainty_m: 0,
    time_uncertainty_s: 0,
  };
}

const COARSE_M = 150; // what less is left open by degrees is nobody's doubt; as files of plans are read
const METRE_SQUARE_M = 1;

/** What the way its places are written leaves open, to two figures, upward; as `detente.interop` takes it where nothing else is stated. */
function leftOpenM({ places }: DraftVolume): number {
  const open = readPositions(places)
    .filter(({ offByM, isSquare }) => offByM > (isSquare ? METRE_SQUARE_M : COARSE_M))
    .map(({ offByM }) => offByM);
  const most = Math.max(0, ...open);
  if (most === 0) return 0;
  const step = 10 ** Math.max(0, Math.floor(Math.log10(most)) - 1);
  return Math.ceil(most / step) * step;
}

function footprintOf({ shape, places, size }: DraftVolume): FootprintForm {
  const read = placed("places", () => readPositions(places)).map(({ latitudeDeg, longitudeDeg }): Place => [
    latitudeDeg,
    longitudeDeg,
  ]);
  const few = (count: number): DetenteError =>
    new DetenteError(`${read.length} positions; ${count} are needed`, "one a line", "places");
  const [first, second] = read;
  switch (shape) {
    case "circle":
      if (first === undefined || read.length !== 1) throw few(1);
      return { shape: "circle", centre: first, radius_m: placed("size", () => readLengthM(size)) };
    case "corridor":
      if (read.length < 2) throw few(2);
      return { shape, centre_line: read, half_width_m: placed("size", () => readLengthM(size)) / 2, ends: "round" };
    case "orbit":
      if (first === undefined || second === undefined || read.length !== 2) throw few(2);
      return { shape, first, second, width_m: placed("size", () => readLengthM(size)), alignment: "centre" };
    case "polygon":
      if (read.length < 3) throw few(3);
      return { shape, shell: read, holes: [] };
  }
}

function detailsOf(draft: Draft): HumanitarianDetails | null {
  if (!HUMANITARIAN.includes(draft.activity)) return null;
  const headcount = draft.headcount.trim();
  if (headcount && !/^\d{1,6}$/.test(headcount)) {
    throw new DetenteError(`${JSON.stringify(headcount)} is no number of people`, "write digits alone", "headcount");
  }
  const [name = "", reach = ""] = draft.contact.split(",").map((part) => part.trim());
  const plates = draft.plates.split(/[,;\n]/).map((plate) => plate.trim());
  return {
    site_function: draft.siteFunction.trim(),
    purpose: draft.purpose.trim(),
    vehicles: plates.filter(Boolean).map((plate) => ({ plate, description: "" })),
    headcount: headcount ? Number(headcount) : null,
    armed_escort: draft.armedEscort === "" ? null : draft.armedEscort === "yes",
    contacts: name ? [{ name, reach, on_the_move: false }] : [],
    stops: [],
  };
}

function placed<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DetenteError)) throw error;
    throw new DetenteError(error.what, error.hint, [where, error.where].filter(Boolean).join("."));
  }
}

// ── from what there is ───────────────────────────────────────────────────────────────────────────────────────────────

/** A draft that says what a notice says, to be amended or sent; what cannot be typed is kept as it is. */
export function draftOf(notice: NoticeForm, id: string, amends = ""): Draft {
  const details = notice.details;
  return {
    ...emptyDraft(id),
    amends,
    activity: notice.activity,
    title: notice.title,
    reference: notice.reference,
    assumptions: [...notice.assumptions],
    volumes: notice.volumes.map(typed),
    expires: notice.expires_us === null ? "" : writeDtg(notice.expires_us),
    revalidate: notice.revalidate_us === null ? "" : writeDtg(notice.revalidate_us),
    siteFunction: details?.site_function ?? "",
    purpose: details?.purpose ?? "",
    headcount: details?.headcount == null ? "" : String(details.headcount),
    plates: details?.vehicles.map(({ plate }) => plate).join(", ") ?? "",
    armedEscort: details?.armed_escort == null ? "" : details.armed_escort ? "yes" : "no",
    contact: details?.contacts[0] ? `${details.contacts[0].name}, ${details.contacts[0].reach}` : "",
  };
}

/** A volume as text where that says the same, to the last digit; else whole. */
function typed(volume: VolumeForm): DraftVolume {
  const { footprint, window } = volume;
  const written = {
    ...emptyVolume(),
    ...footprintText(footprint),
    lower: writeLimit(volume.altitude_lower, "metric"),
    upper: writeLimit(volume.altitude_upper, "metric"),
    start: window.start_us === null ? "" : new Date(window.start_us / 1_000).toISOString(),
    end: window.end_us === null ? "" : new Date(window.end_us / 1_000).toISOString(),
  };
  return saysTheSame(written, volume) ? written : { ...written, fixed: volume };
}

function saysTheSame(written: DraftVolume, volume: VolumeForm): boolean {
  try {
    return JSON.stringify(sorted(volumeOf(written, 0))) === JSON.stringify(sorted(volume));
  } catch {
    return false;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v)]),
  );
}

function footprintText(footprint: FootprintForm): Partial<DraftVolume> {
  const lines = (places: readonly Place[]): string =>
    places.map(([lat, lon]) => `${String(lat)}, ${String(lon)}`).join("\n");
  switch (footprint.shape) {
    case "circle":
      return { shape: "circle", places: lines([footprint.centre]), size: `${String(footprint.radius_m)} m` };
    case "corridor":
      return {
        shape: "corridor",
        places: lines(footprint.centre_line),
        size: `${String(2 * footprint.half_width_m)} m`,
      };
    case "orbit":
      return {
        shape: "orbit",
        places: lines([footprint.first, footprint.second]),
        size: `${String(footprint.width_m)} m`,
      };
    case "polygon":
      return { shape: "polygon", places: lines(footprint.shell), size: "" };
    case "multipolygon":
      return {};
  }
}

/** What was drawn on the map, as a volume of the draft; positions to a metre or so. */
export function drawn(volume: DraftVolume, shape: Shape, places: readonly Place[], sizeM: number | null): DraftVolume {
  const text = places.map(([lat, lon]) => writePosition(lat, lon, "dd")).join("\n");
  return {
    ...volume,
    fixed: null,
    shape,
    places: text,
    size: sizeM === null ? volume.size : `${String(Math.round(sizeM))} m`,
  };
}

/** A proposal taken over: the whole plan moved, as it was screened. Only in time and height; sideways needs the map. */
export function moved(draft: Draft, move: Move, party: string, nowUs: number): Draft {
  const notice = noticeOf(draft, party, nowUs);
  const byUs = Math.round((move.later_s ?? 0) * 1_000_000);
  const byM = move.higher_m ?? 0;
  const shift = (moment: number | null): number | null => (moment === null ? null : moment + byUs);
  const lift = (limit: VolumeForm["altitude_lower"]): VolumeForm["altitude_lower"] =>
    limit.value_m === null ? limit : { ...limit, value_m: limit.value_m + byM };
  const volumes = notice.volumes.map((volume): VolumeForm => ({
    ...volume,
    altitude_lower: lift(volume.altitude_lower),
    altitude_upper: lift(volume.altitude_upper),
    window: { ...volume.window, start_us: shift(volume.window.start_us), end_us: shift(volume.window.end_us) },
  }));
  return { ...draft, volumes: volumes.map(typed) };
}

/** One position and one time, and what it is: all that a flash notice needs. Five kilometres about the place, which is said to be assumed, from then on. */
export function flashDraft(id: string, activity: Activity, place: string, time: string): Draft {
  readPosition(place);
  const volumes = [{ ...emptyVolume(), places: place, size: FLASH_RADIUS, start: time }];
  const assumptions = [{ field: "radius", basis: `${FLASH_RADIUS}; only the place was said` }];
  return { ...emptyDraft(id), activity, volumes, assumptions };
}

export function asKept(draft: Draft): JsonObject {
  return JSON.parse(JSON.stringify(draft)) as JsonObject;
}
