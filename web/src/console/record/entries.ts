/** What the party may open of the log, and what is to be said of each entry: verified here, by the tiles, without a word of the server's taken for true. */

import { type Desk, trustOf } from "../../desk/index.js";
import {
  canonical,
  DetenteError,
  type EntryVerdict,
  isObject,
  type Json,
  type JsonObject,
  type Log,
  Malformed,
  type Opening,
  readAct,
  readEnvelope,
  readOpening,
  verifyEntry,
} from "../../record/index.js";

export interface Entry {
  readonly opening: Opening;
  readonly raw: JsonObject;
  readonly party: string;
  readonly audience: string;
  /** Ids that the act names, for looking it up by what it is about. */
  readonly text: string;
}

export type Judged =
  | { readonly is: "holds"; readonly verdict: EntryVerdict }
  | { readonly is: "refused"; readonly error: DetenteError }
  | { readonly is: "waits" };

/** Everything of the log that the party may open, newest first. */
export async function entries(desk: Desk, onpage: (count: number) => void): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let after: number | null = 0; after !== null;) {
    const page: Json = await desk.get("record/openings", { after, limit: 500 });
    if (!isObject(page) || !isList(page["openings"])) {
      throw new Malformed("no openings", "is this a détente server?", "the server's record/openings");
    }
    found.push(...page["openings"].map(entryOf));
    onpage(found.length);
    after = typeof page["after"] === "number" ? page["after"] : null;
  }
  return found.reverse();
}

function entryOf(raw: Json): Entry {
  if (!isObject(raw)) throw new Malformed("no opening");
  const opening = readOpening(canonical(raw));
  const act = readAct(readEnvelope(opening.envelope).payload);
  return { opening, raw, party: act.party, audience: act.audience, text: JSON.stringify(act.body) };
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

/** The verdict on an entry; one newer than the head that was checked waits for the next. */
export async function judge(desk: Desk, log: Log, entry: Entry): Promise<Judged> {
  if (entry.opening.position >= log.tiles.size) return { is: "waits" };
  try {
    return { is: "holds", verdict: await verifyEntry(entry.opening, log, await trustOf(desk.registry)) };
  } catch (error) {
    if (!(error instanceof DetenteError)) throw error;
    return { is: "refused", error };
  }
}
