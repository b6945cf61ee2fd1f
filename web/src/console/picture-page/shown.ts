/** What the picture shows, made out of what we know: our own notices and drafts, and the views that were released to us. Outlines are kept: a version never changes. */

import type { Desk, OwnNotice, SeenView } from "../../desk/index.js";
import type { AltitudeForm, VolumeForm } from "../../notice/index.js";
import { outline } from "../../notice/outline.js";
import type { Answer, Shown } from "../../picture/types.js";
import { t } from "../../words/index.svelte.js";
import { altitudeText } from "../tell.js";

const HIGHEST_M = 20_000; // where a strip of heights ends: nothing flies higher here
const RANK: Readonly<Record<Answer, number>> = { CLEAR: 0, POSSIBLE: 1, CONFLICT: 2 };
const outlines = new WeakMap<VolumeForm, Shown["geometry"]>();

/** Where a shown volume leads. */
export interface Lead {
  readonly page: "item" | "own";
  readonly rest: readonly string[];
}

export function shownOf(desk: Desk, drafted: readonly VolumeForm[]): { shown: Shown[]; leads: Map<string, Lead> } {
  const leads = new Map<string, Lead>();
  const met = answersByView(desk.own);
  const views = desk.views.flatMap((seen) => ofView(seen, met.get(`${seen.sender}|${seen.view.view_id}`), leads));
  const own = desk.own.flatMap((each) => ofOwn(desk.party, each, leads));
  const draft = drafted.map((volume, index) =>
    shown(`draft|${index}`, desk.party, t("notice.draft"), "unstated", "own", volume, undefined),
  );
  return { shown: [...views, ...own, ...draft], leads };
}

/** The gravest answer in which each view stands, so that both sides of a conflict are marked. */
function answersByView(own: readonly OwnNotice[]): Map<string, Answer> {
  const found = new Map<string, Answer>();
  for (const meeting of own.flatMap(({ answer }) => answer?.meetings ?? [])) {
    if (meeting.is_warning) continue;
    const key = `${meeting.sender}|${meeting.view_id}`;
    const answer = meeting.answer as Answer;
    if (RANK[answer] > RANK[found.get(key) ?? "CLEAR"]) found.set(key, answer);
  }
  return found;
}

function ofView({ sender, view }: SeenView, answer: Answer | undefined, leads: Map<string, Lead>): Shown[] {
  const label = view.title || view.reference || t(`activity.${view.activity}`);
  return view.volumes.map((volume, index) => {
    const id = `view|${sender}|${view.view_id}|${index}`;
    leads.set(id, { page: "item", rest: ["notice", view.view_id, sender] });
    return shown(id, sender, label, view.activity, view.level, volume, answer);
  });
}

function ofOwn(party: string, { noticeId, view, answer }: OwnNotice, leads: Map<string, Lead>): Shown[] {
  const label = view.title || view.reference || t(`activity.${view.activity}`);
  return view.volumes.map((volume, index) => {
    const id = `own|${noticeId}|${index}`;
    leads.set(id, { page: "own", rest: [noticeId] });
    return shown(id, party, label, view.activity, "own", volume, answer?.answer);
  });
}

function shown(
  id: string,
  party: string,
  label: string,
  activity: string,
  level: Shown["level"],
  volume: VolumeForm,
  answer: Answer | undefined,
): Shown {
  const { window } = volume;
  return {
    id,
    party,
    label,
    activity,
    level,
    geometry: outlineOf(volume),
    fromUs: window.start_us ?? -Infinity,
    untilUs: window.end_us ?? Infinity,
    lowerM: metres(volume.altitude_lower, 0),
    upperM: metres(volume.altitude_upper, HIGHEST_M),
    altitudeText: altitudeText(volume),
    ...(answer === undefined ? {} : { answer }),
  };
}

function outlineOf(volume: VolumeForm): Shown["geometry"] {
  const known = outlines.get(volume);
  if (known) return known;
  const made = outline(volume.footprint) as Shown["geometry"];
  outlines.set(volume, made);
  return made;
}

/** For the strip of heights alone, which is drawn and decides nothing: references stand beside each other as if they were one. */
function metres({ value_m }: AltitudeForm, open: number): number {
  return value_m ?? open;
}
