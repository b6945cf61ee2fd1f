/**
 * Views: what one recipient is told of one version of a notice; as `detente.channel.views`.
 *
 * A view holds its notice: whatever the notice meets, the view meets. What it shows at each level is `SHOWN`, and docs/release.md says the same;
 * what is not listed there is hidden.
 */

import { equal } from "../record/bytes.js";
import { canonical, type Json } from "../record/canonical.js";
import { at } from "../record/errors.js";
import {
  LEVELS,
  type Marking,
  type NoticeForm,
  type ReleaseGrids,
  type ReleaseLevel,
  UNMARKED,
  type ViewForm,
  type VolumeForm,
} from "./forms.js";
import { existenceGrid, GENERALISER_VERSION, generaliseVolumes, MOST_CELLS } from "./generalise.js";
import { InvalidVolume } from "./refused.js";

/** Which fields of a notice a view shows, and at which levels. Volumes: as they are at `full`, generalised below. */
export const SHOWN: Readonly<Record<keyof NoticeForm, readonly ReleaseLevel[]>> = {
  party: ["full", "general", "existence"],
  volumes: ["full", "general", "existence"],
  activity: ["full", "general"],
  declared_by: ["full", "general"],
  reference: ["full"],
  title: ["full"],
  stated_place: ["full"],
  assumptions: ["full"],
  details: ["full"],
  expires_us: ["full"],
  revalidate_us: ["full"],
};

/** What a view says beside its notice: whom it is for, its own id and version, and the commitment to the full notice. */
export interface Address {
  readonly recipient: string;
  readonly viewId: string;
  readonly version: number;
  readonly commitment: string;
  readonly marking?: Marking;
}

/** The volumes at a level, and the version of the generaliser that made them; 0 at `full`. */
export interface Generalised {
  readonly volumes: readonly VolumeForm[];
  readonly generaliser: number;
}

/** A higher rank shows everything that a lower one does. */
export function rank(level: ReleaseLevel): number {
  return LEVELS.indexOf(level);
}

/** The view of a notice at a level. InvalidVolume where its geometry cannot be, TooLarge where it takes more cells than a view may hold. */
export function makeView(notice: NoticeForm, level: ReleaseLevel, grids: ReleaseGrids, address: Address): ViewForm {
  return viewOf(notice, level, volumesAt(notice, level, grids), address);
}

/** A notice's volumes as they are shown at a level. Errs outward only. */
export function volumesAt(notice: NoticeForm, level: ReleaseLevel, grids: ReleaseGrids): Generalised {
  if (level === "full") return { volumes: notice.volumes, generaliser: 0 };
  const grid =
    level === "general"
      ? {
          cellLevels: grids.general_levels,
          layerM: grids.layer_m,
          slotUs: grids.slot_s * 1_000_000,
          mostCells: MOST_CELLS,
        }
      : existenceGrid(grids.existence_level);
  return { volumes: at("volumes", () => generaliseVolumes(notice.volumes, grid)), generaliser: GENERALISER_VERSION };
}

/** The view of a notice whose volumes at this level are known. */
export function viewOf(notice: NoticeForm, level: ReleaseLevel, shown: Generalised, address: Address): ViewForm {
  if (level === "none") {
    throw new InvalidVolume("a view of level none shows nothing", "make no view for this recipient");
  }
  const isFull = level === "full";
  return {
    view_id: address.viewId,
    version: address.version,
    recipient: address.recipient,
    level,
    activity: SHOWN.activity.includes(level) ? notice.activity : "unstated",
    volumes: shown.volumes,
    commitment: address.commitment,
    generaliser: shown.generaliser,
    marking: address.marking ?? UNMARKED,
    reference: isFull ? notice.reference : "",
    title: isFull ? notice.title : "",
    stated_place: isFull ? notice.stated_place : "",
    declared_by: SHOWN.declared_by.includes(level) ? notice.declared_by : "",
    assumptions: isFull ? notice.assumptions : [],
    details: isFull ? notice.details : null,
    expires_us: isFull ? notice.expires_us : null,
    revalidate_us: isFull ? notice.revalidate_us : null,
  };
}

/** Whether two versions of a view tell the recipient the same; the second then need not be sent, and must not be seen. */
export function sameToTheRecipient(one: ViewForm, other: ViewForm): boolean {
  return equal(canonical(withoutSeals(one)), canonical(withoutSeals(other)));
}

function withoutSeals(view: ViewForm): Json {
  return { ...view, version: 1, commitment: "0".repeat(64) } as unknown as Json;
}
