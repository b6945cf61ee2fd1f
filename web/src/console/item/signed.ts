/** What somebody signed behind a line of the list of what is open: opened here, since the list is only the server's word. */

import { type Desk, type OpenItem } from "../../desk/index.js";
import { readText } from "../../desk/registry.js";
import { type Act, NotAuthentic, openAnyones } from "../../record/index.js";

export interface StopSaid {
  readonly text: string;
  readonly place: string;
  readonly about: string;
}

/** The request to cease as its sender signed it; refused where it is not for us, by another, or of another id. */
export async function stopOf(desk: Desk, item: OpenItem): Promise<StopSaid> {
  const act = await openAnyones(readText(item.envelope), desk.registry, item.since_us);
  const sender = item.sender || desk.party;
  if (act.type !== "stop" || act.party !== sender || act.body["stop_id"] !== item.id) {
    throw new NotAuthentic(`listed as a STOP of ${sender}, signed as ${act.type} of ${act.party}`);
  }
  if (item.sender && act.audience !== desk.party) throw new NotAuthentic(`signed for ${act.audience}, not for us`);
  return { text: text(act, "text"), place: text(act, "place"), about: text(act, "about") };
}

function text(act: Act, name: string): string {
  const value = act.body[name];
  return typeof value === "string" ? value : "";
}
