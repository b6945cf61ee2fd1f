/** The record, verified in a browser without a word of the server's taken for true. The doors are listed here; see docs/web.md. */

export { canonical, type Json, type JsonObject, readCanonical, readStrict } from "./canonical.js";
export { digestOf, type Envelope, readEnvelope, type Signature, verify, writeEnvelope } from "./envelope.js";
export { DetenteError, Malformed, NotAuthentic, NotSupported, TooLarge } from "./errors.js";
export type { Ending, EnrolledKey, Holder, Role } from "./holder.js";
export { publicKey, PublicKey, publicKeyFromText } from "./keys.js";
