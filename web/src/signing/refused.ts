/** Why a key does not sign here. */

import { DetenteError } from "../record/index.js";

/** A key that is shut, lies open, or is not the one it is said to be. */
export class KeyRefused extends DetenteError {}
