/** Claims that were stated to us and by us, each opened with the keys that the public acts gave; as `detente.client.told.read_past`. */

import type { Line } from "../channel/api.js";
import {
  canonical,
  DetenteError,
  isObject,
  type Json,
  type JsonObject,
  Malformed,
  NotAuthentic,
  openAnyones,
} from "../record/index.js";
import { hexSha256 } from "./digest.js";
import { type Registry, readText } from "./registry.js";
import { refusalOf } from "./told.js";

const PAGE = 200;

/** One claim as it was told to one party. `id` is the digest of its words; a claim that does not hold has a refusal in place of them. */
export interface PastClaim {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly toldUs: number;
  readonly body: JsonObject | null;
  readonly refusal: DetenteError | null;
}

/** All of them, by time. A page may be empty, and not the last. */
export async function readClaims(line: Line, registry: Registry, party: string): Promise<PastClaim[]> {
  const found: PastClaim[] = [];
  for (let after: string | null = null; ;) {
    const page: Json = await line.get("entries", { kind: "claim", after, limit: PAGE });
    const listed = isObject(page) ? page["entries"] : undefined;
    if (!isObject(page) || !Array.isArray(listed)) {
      throw new Malformed("no entries", "is this a détente server?", "the server's entries");
    }
    for (const each of listed as readonly Json[]) found.push(await readClaim(each, registry, party));
    const next: Json | undefined = page["cursor"];
    if (typeof next !== "string") return found;
    after = next;
  }
}

/** What the page reads of it is there, and of its kind; as `detente.channel.acts.ClaimBody`. */
function checkBody(body: JsonObject): void {
  const { of, relations, measured, sources } = body;
  const isKnown = of === "event" || of === "finding" || of === "violation";
  const areTexts = ["claimant", "topic", "text", "basis", "salt"].every((name) => typeof body[name] === "string");
  const areLists = [relations, measured, sources].every((each) => Array.isArray(each));
  const names = ["supersedes", "disputes", "confirms", "does_not_confirm"];
  const isRelation = (each: Json): boolean =>
    isObject(each) &&
    typeof each["kind"] === "string" &&
    names.includes(each["kind"]) &&
    typeof each["claim_id"] === "string";
  if (!isKnown || !areTexts || !areLists || !(relations as readonly Json[]).every(isRelation)) {
    throw new Malformed("no claim in words that are known here", "read it with a newer client");
  }
}

export async function readClaim(raw: Json, registry: Registry, party: string): Promise<PastClaim> {
  const { from, to, told_us, payload } = isObject(raw) ? raw : {};
  if (typeof from !== "string" || typeof to !== "string" || typeof told_us !== "number" || !isObject(payload)) {
    throw new Malformed("no entry", "is this a détente server?", "the server's entries");
  }
  const told = { id: "", from, to, toldUs: told_us, body: null };
  try {
    const envelope = payload["envelope"];
    if (typeof envelope !== "string") throw new Malformed("no envelope");
    const act = await openAnyones(readText(envelope), registry, told_us);
    if (act.type !== "claim" || act.party !== from || act.audience !== to || ![from, to].includes(party)) {
      throw new NotAuthentic(`listed as a claim of ${from}, signed as ${act.type} of ${act.party}`);
    }
    checkBody(act.body);
    return { ...told, id: await hexSha256(canonical(act.body)), body: act.body, refusal: null };
  } catch (error) {
    return { ...told, refusal: refusalOf(error) };
  }
}
