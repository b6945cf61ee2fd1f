/**
 * Volumes, notices and views as they stand in signed payloads; as `detente.channel.forms`. These are the values, too: nothing is converted.
 *
 * Latitude before longitude. Numbers are metres, degrees, seconds and whole microseconds since 1970 UTC, which a double holds until the year
 * 2255; an open side is null, and a side that was not stated says so. What is read is whole afterwards: members that may be missing are filled
 * in with what they mean then, so that equal values have equal canonical texts. Members that are not known are refused.
 */

export type Place = readonly [latitudeDeg: number, longitudeDeg: number];
/** Open: the first corner is not repeated. */
export type RingForm = readonly Place[];

export interface PartForm {
  readonly shell: RingForm;
  readonly holes: readonly RingForm[];
}

export interface PolygonForm extends PartForm {
  readonly shape: "polygon";
}

export interface MultiPolygonForm {
  readonly shape: "multipolygon";
  readonly parts: readonly PartForm[];
}

export interface CircleForm {
  readonly shape: "circle";
  readonly centre: Place;
  readonly radius_m: number;
}

export interface CorridorForm {
  readonly shape: "corridor";
  readonly centre_line: RingForm;
  readonly half_width_m: number;
  readonly ends: "round" | "square";
}

export interface OrbitForm {
  readonly shape: "orbit";
  readonly first: Place;
  readonly second: Place;
  readonly width_m: number;
  readonly alignment: "left" | "centre" | "right";
}

export type FootprintForm = PolygonForm | MultiPolygonForm | CircleForm | CorridorForm | OrbitForm;

export type Reference = "HAE" | "AMSL" | "AGL" | "FL" | "UNL" | "UNSTATED";

/** One side of a band; `value_m` is null exactly for UNL and UNSTATED. */
export interface AltitudeForm {
  readonly reference: Reference;
  readonly value_m: number | null;
}

/** From start to end, both included; null is open. */
export interface WindowForm {
  readonly start_us: number | null;
  readonly end_us: number | null;
  readonly start_stated: boolean;
  readonly end_stated: boolean;
}

export interface VolumeForm {
  readonly footprint: FootprintForm;
  readonly altitude_lower: AltitudeForm;
  readonly altitude_upper: AltitudeForm;
  readonly window: WindowForm;
  readonly position_uncertainty_m: number;
  readonly altitude_uncertainty_m: number;
  readonly time_uncertainty_s: number;
}

export const ACTIVITIES = [
  "air_operation",
  "unmanned_flight",
  "surface_operation",
  "subsurface_operation",
  "maritime_operation",
  "live_fire",
  "exercise",
  "search_and_rescue",
  "humanitarian_movement",
  "humanitarian_site",
  "hazard_area",
  "unstated",
] as const;
export type Activity = (typeof ACTIVITIES)[number];

/** From least to most that is shown. */
export const LEVELS = ["none", "existence", "general", "full"] as const;
export type ReleaseLevel = (typeof LEVELS)[number];

export const TLPS = ["TLP:RED", "TLP:AMBER+STRICT", "TLP:AMBER", "TLP:GREEN", "TLP:CLEAR"] as const;
export type Tlp = (typeof TLPS)[number];

/** Something a notice holds that no source states: which field, and on what basis it was filled in. */
export interface Assumption {
  readonly field: string;
  readonly basis: string;
}

export interface Vehicle {
  readonly plate: string;
  readonly description: string;
}

export interface Contact {
  readonly name: string;
  readonly reach: string;
  readonly on_the_move: boolean;
}

export interface Halt {
  readonly place: string;
  readonly arrival_us: number | null;
  readonly departure_us: number | null;
}

/** What a humanitarian notice says beyond place and time. `armed_escort` null was not said, and is never taken for no. */
export interface HumanitarianDetails {
  readonly site_function: string;
  readonly purpose: string;
  readonly vehicles: readonly Vehicle[];
  readonly headcount: number | null;
  readonly armed_escort: boolean | null;
  readonly contacts: readonly Contact[];
  readonly stops: readonly Halt[];
}

/** Who may be told, as the sender marks it. */
export interface Marking {
  readonly rel_to: readonly string[];
  readonly tlp: Tlp | null;
  readonly caveats: readonly string[];
}

export const UNMARKED: Marking = { rel_to: [], tlp: null, caveats: [] };

interface Told {
  readonly reference: string;
  readonly activity: Activity;
  readonly volumes: readonly VolumeForm[];
  readonly title: string;
  readonly stated_place: string;
  readonly declared_by: string;
  readonly assumptions: readonly Assumption[];
  readonly details: HumanitarianDetails | null;
  readonly expires_us: number | null;
  readonly revalidate_us: number | null;
}

/** A whole notice: what a commitment commits to. */
export interface NoticeForm extends Told {
  readonly party: string;
}

/** A view, as its sender signs it. Every member always stands there, so that equal views have equal sizes. */
export interface ViewForm extends Told {
  readonly view_id: string;
  readonly version: number;
  readonly recipient: string;
  readonly level: Exclude<ReleaseLevel, "none">;
  readonly commitment: string;
  readonly generaliser: number;
  readonly marking: Marking;
}

/** The agreed grids of `general` views, and the coarsest one, of `existence` views; as in an understanding. */
export interface ReleaseGrids {
  readonly general_levels: readonly number[];
  readonly layer_m: number | null;
  readonly slot_s: number;
  readonly existence_level: number;
}

export const USUAL_GRIDS: ReleaseGrids = {
  general_levels: [9, 8, 7, 6, 5],
  layer_m: 1524,
  slot_s: 3600,
  existence_level: 5,
};
