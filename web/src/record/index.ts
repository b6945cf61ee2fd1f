/** The record, verified in a browser without a word of the server's taken for true. The doors are listed here; docs/web.md says how to go through them. */

export { type Act, ACT_TYPE, openAct, readAct, type SeenCheckpoint } from "./act.js";
export type { Bytes } from "./bytes.js";
export { base64, concat, fromBase64, fromHex, hex, subtle, utf8 } from "./bytes.js";
export { canonical, isObject, type Json, type JsonObject, readCanonical, readStrict } from "./canonical.js";
export { type Checkpoint, checkQuorum, cosignedS, openCheckpoint, originOf, readCheckpoint } from "./checkpoint.js";
export {
  digestOf,
  type Envelope,
  envelope,
  preAuthenticationEncoding,
  readEnvelope,
  type Signature,
  verify,
  writeEnvelope,
} from "./envelope.js";
export { DetenteError, Malformed, NotAuthentic, NotSupported, TooLarge } from "./errors.js";
export { checkSpoken, NotUnderstood, readSpoken, spoken } from "./fingerprint.js";
export { checkValidAt, type Ending, type EnrolledKey, type Holder, type Role } from "./holder.js";
export { historyOf, type KeyHistory, keysById, readHistory, rootOf } from "./key-history.js";
export { HOST_KINDS, HOST_PARTY, PARTY_KINDS } from "./kinds.js";
export { publicKey, PublicKey, publicKeyFromText, verifierLine } from "./keys.js";
export { checkOpening, commit, leafContent, leafData, type Opening } from "./leaf.js";
export { checkConsistency, checkInclusion, leafHash } from "./merkle.js";
export { type Note, type NoteSignature, readNote } from "./note.js";
export { checkProof, type LogProof, type LogTrust, readProof } from "./proof.js";
export { type FetchTile, ProvenTiles, provenTiles, type TileAddress, tilePath, tilesAt } from "./tiles.js";
export {
  checkGoesOn,
  type EntryVerdict,
  type Head,
  type Log,
  openAnyones,
  openHead,
  openLog,
  readOpening,
  type Trust,
  verifyEntry,
  verifyProvenEntry,
} from "./verify-entry.js";
