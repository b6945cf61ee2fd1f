/** What the parties agreed, as far as a console needs it: the members of `detente.domain.Understanding`, those left out by their defaults. What is signed is the bytes; this only reads them. */

import { type Activity, type ReleaseGrids, type ReleaseLevel, USUAL_GRIDS } from "../notice/forms.js";
import { type JsonObject, isObject, Malformed } from "../record/index.js";

export interface Post {
  readonly name: string;
  readonly level: number;
  readonly reach: string;
  readonly is_alternate?: boolean;
}

export interface Party {
  readonly name: string;
  readonly kind: string;
  readonly root_key: string | null;
  readonly posts?: readonly Post[];
}

export interface Template {
  readonly name: string;
  readonly text: string;
}

export interface Terms {
  readonly parties: readonly Party[];
  readonly lead_times: readonly { readonly lead_s: number; readonly activity?: string | null }[];
  readonly releases: readonly {
    readonly level: ReleaseLevel;
    readonly sender: string | null;
    readonly recipient: string | null;
    readonly activity: Activity | null;
  }[];
  readonly required: readonly { readonly recipient: string; readonly activity: Activity | null }[];
  readonly deadlines: readonly {
    readonly stage: string;
    readonly within_s: number;
    readonly activity?: string | null;
  }[];
  readonly ladder: readonly { readonly rung: string; readonly after_s: number }[];
  readonly stop_within_s: number;
  readonly dead_man_s: number | null;
  readonly templates: readonly Template[];
  readonly alert: JsonObject | null;
  readonly grids: ReleaseGrids;
  readonly tick_s: number;
  readonly record: {
    readonly host_key: string;
    readonly quorum?: number;
    readonly witnesses?: readonly { readonly name: string; readonly key: string; readonly party?: string }[];
  } | null;
}

export interface Place {
  readonly name: string;
  readonly position: { readonly latitude_deg: number; readonly longitude_deg: number };
  readonly precision_m: number;
  readonly also_known_as?: readonly string[];
}

export interface Extent {
  readonly south_deg: number;
  readonly west_deg: number;
  readonly north_deg: number;
  readonly east_deg: number;
}

export interface MinimaRule {
  readonly name: string;
  readonly minima: { readonly lateral_m: number; readonly vertical_m: number; readonly time_s: number };
  readonly first?: string | null;
  readonly second?: string | null;
}

export interface Understanding {
  readonly name: string;
  readonly version: string;
  readonly rules: readonly MinimaRule[];
  readonly arena: { readonly name: string; readonly extent?: Extent | null; readonly places?: readonly Place[] };
  readonly terms: Terms;
}

const DEFAULT_TERMS: Terms = {
  parties: [],
  lead_times: [],
  releases: [],
  required: [],
  deadlines: [
    { stage: "delivered", within_s: 120 },
    { stage: "acknowledged", within_s: 600 },
  ],
  ladder: [
    { rung: "alternates", after_s: 0 },
    { rung: "all_officers", after_s: 300 },
    { rung: "sender_told", after_s: 300 },
  ],
  stop_within_s: 60,
  dead_man_s: null,
  templates: [],
  alert: null,
  grids: USUAL_GRIDS,
  tick_s: 1,
  record: null,
};

export function termsOf(said: object): Terms {
  return { ...DEFAULT_TERMS, ...said };
}

/** An understanding that the channel took in as such. */
export function understandingOf(value: JsonObject): Understanding {
  if (typeof value["name"] !== "string" || typeof value["version"] !== "string") {
    throw new Malformed("an understanding without name or version");
  }
  const said = value as unknown as Partial<Understanding> & { readonly name: string; readonly version: string };
  const terms = isObject(value["terms"]) ? value["terms"] : {};
  const grids = isObject(terms["grids"]) ? terms["grids"] : {};
  return {
    name: said.name,
    version: said.version,
    rules: said.rules ?? [],
    arena: said.arena ?? { name: "world" },
    terms: termsOf({ ...terms, grids: { ...USUAL_GRIDS, ...grids } }),
  };
}

/** How long before it begins an activity has to be notified; null where nothing is agreed. The most particular rule holds, and of equals the longer. */
export function leadTimeS(terms: Terms, activity: string): number | null {
  const applying = terms.lead_times.filter((rule) => (rule.activity ?? activity) === activity);
  const named = applying.filter((rule) => rule.activity);
  const holding = named.length ? named : applying;
  return holding.length ? Math.max(...holding.map(({ lead_s }) => lead_s)) : null;
}
