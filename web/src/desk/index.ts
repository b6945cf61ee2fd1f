/** A party's own side, in a browser. The doors are listed here. */

export {
  type Answer,
  currentMembership,
  Desk,
  type Lead,
  type Message,
  openDesk,
  type OwnNotice,
  type PassLike,
  type Said,
  signIn,
  type WatchShown,
} from "./desk.svelte.js";
export { opaqueId } from "./digest.js";
export { NotOneLog, trustOf } from "./heads.js";
export type { Draft, KeptNotice, Membership } from "./keep.js";
export { isRead, isUrgent, type OpenItem } from "./open.js";
export { type Member, missing, type Proposal, type Registry } from "./registry.js";
export type { SeenView, Told } from "./told.js";
export { leadTimeS, type Party, type Terms, type Understanding } from "./understanding.js";
export type { PastClaim } from "./past.js";
