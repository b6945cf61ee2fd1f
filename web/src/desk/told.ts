/**
 * What a party is told, verified: every act opened with the keys that the public acts gave, and with the host's own; as `detente.client.told`.
 *
 * Where a signature does not hold, the posting is not hidden: it is given with the refusal, for the officer on duty to see.
 */

import {
  type Act,
  DetenteError,
  digestOf,
  isObject,
  type Json,
  type JsonObject,
  Malformed,
  NotAuthentic,
  openAnyones,
} from "../record/index.js";
import { type Registry, readText } from "./registry.js";
import { readView, type ViewForm } from "../notice/index.js";

const PUBLIC_KINDS = new Set(["keys", "propose", "sign", "suspend", "member"]);

/** One posting of an inbox. `act` is what somebody signed, verified; null in what the server tells by itself, such as an answer. */
export interface Told {
  readonly cursor: string;
  readonly kind: string;
  readonly tickUs: number;
  readonly payload: JsonObject;
  readonly act: Act | null;
  readonly digest: string;
  /** Why it is not to be believed. */
  readonly refusal: DetenteError | null;
}

/** A view in force that was released to the party; `digest` is that of the act it came with. */
export interface SeenView {
  readonly sender: string;
  readonly view: ViewForm;
  readonly digest: string;
  /** Of the posting it came with: whether the notice was late, and by when it has to be answered; unknown where only the list gave it. */
  readonly late?: boolean;
  readonly dueUs?: number | null;
}

export async function readPosting(raw: JsonObject, registry: Registry, party: string): Promise<Told> {
  const { cursor, kind, tick_us, payload } = raw;
  if (typeof cursor !== "string" || typeof kind !== "string" || typeof tick_us !== "number" || !isObject(payload)) {
    throw new Malformed("no posting", "is this a détente server?", "the server's inbox");
  }
  const told = { cursor, kind, tickUs: tick_us, payload, act: null, digest: "", refusal: null };
  if (!("envelope" in payload)) return told;
  try {
    const envelope = readText(text(payload["envelope"]));
    const act = await openAnyones(envelope, registry, tick_us);
    checkFits(act, kind, payload, party);
    if (act.type === "view") readView(act.body["view"] ?? null, "view");
    return { ...told, act, digest: await digestOf(envelope) };
  } catch (error) {
    return { ...told, refusal: refusalOf(error) };
  }
}

/** A view of the list of those in force, as its sender signed it. Its key may have ended since: it was valid when the channel had it. */
export async function readListed(raw: JsonObject, registry: Registry, party: string): Promise<SeenView> {
  const envelope = readText(text(raw["envelope"]));
  const act = await openAnyones(envelope, registry, validMoment(registry, envelope.signatures[0]?.keyid ?? ""));
  checkFits(act, "view", { sender: raw["sender"] ?? "" }, party);
  const view = readView(act.body["view"] ?? null, "view");
  if (view.view_id !== raw["view_id"] || view.version !== raw["version"]) {
    throw new NotAuthentic("listed as another view than was signed");
  }
  return { sender: act.party, view, digest: await digestOf(envelope) };
}

/** A notice of the party's own in force, as it is screened, from an act that an officer of the party signed. */
export async function readOwnListed(raw: JsonObject, registry: Registry, party: string): Promise<ViewForm> {
  const envelope = readText(text(raw["envelope"]));
  const act = await openAnyones(envelope, registry, validMoment(registry, envelope.signatures[0]?.keyid ?? ""));
  if (act.type !== "notice" || act.party !== party || act.audience !== "") {
    throw new NotAuthentic(`listed as a notice of ${party}, signed as ${act.type} of ${act.party}`);
  }
  return readView(act.body["screening"] ?? null, "screening");
}

/** What is wrong with something that was told: a refusal as it is. Anything else is a fault of ours, and is shown like one: it keeps nothing else from being read. */
export function refusalOf(error: unknown): DetenteError {
  if (error instanceof DetenteError) return error;
  return new Malformed(`it cannot be read here: ${String(error)}`, "read it with another client, and report this");
}

/** An event that could not be read at all, to be shown with the refusal. */
export function unreadable(kind: string, cursor: string, error: unknown): Told {
  return { cursor, kind, tickUs: 0, payload: {}, act: null, digest: "", refusal: refusalOf(error) };
}

/** A moment at which the key could sign: of a list, the channel does not say when it had each. */
function validMoment(registry: Registry, keyId: string): number {
  return registry.keys.get(keyId)?.validFromUs ?? 0;
}

function checkFits(act: Act, kind: string, payload: JsonObject, party: string): void {
  const toldBy = payload["sender"] ?? payload["from"] ?? act.party;
  if (act.type !== kind || act.party !== toldBy) {
    throw new NotAuthentic(`posted as ${kind} of ${text(toldBy)}, signed as ${act.type} of ${act.party}`);
  }
  if (PUBLIC_KINDS.has(act.type) || act.audience === party) return;
  throw new NotAuthentic(`signed for ${act.audience || "the host"}, not for ${party}`);
}

function text(value: Json | undefined): string {
  if (typeof value !== "string") throw new Malformed("not a text");
  return value;
}
