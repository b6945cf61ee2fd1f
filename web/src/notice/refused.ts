/** Why a notice cannot be as it is. What cannot be read at all is `NotUnderstood`, of `record`. */

import { DetenteError } from "../record/index.js";

/** A footprint, altitude band, time window or notice that cannot exist. */
export class InvalidVolume extends DetenteError {}
