/** A notice and its views, made where it is written. The doors are listed here; docs/web.md says how to go through them. */

export * from "./forms.js";
export { type GeneralGrid, GENERALISER_VERSION, generaliseVolumes } from "./generalise.js";
export { type MultiPolygonGeometry, outline } from "./outline.js";
export { readFootprint, readGrids, readMarking, readNotice, readView, readVolume } from "./reading.js";
export { InvalidVolume } from "./refused.js";
export {
  agreedLevels,
  cancellation,
  type Draw,
  HOST,
  type Levels,
  type Means,
  prepare,
  type Prepared,
  readSent,
  type ReleaseTerms,
  type Sent,
  type Signer,
  submissionId,
} from "./release.js";
export { type Address, makeView, rank, sameToTheRecipient, SHOWN } from "./views.js";
