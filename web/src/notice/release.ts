/**
 * What a party signs when it gives, amends or cancels a notice: one view for each recipient, made here, on its own machine; as `detente.client.release`.
 *
 * The host is given no more than the view it screens. The full notice and its salt stay in `Sent`: with them a board can tell, later, whether
 * each view was honest. An amendment that leaves a recipient's view as it was signs nothing for that recipient.
 */

import { type Bytes, concat, fromHex, hex, sha256 } from "../record/bytes.js";
import { canonical, type Json, type JsonObject } from "../record/canonical.js";
import { digestOf, type Envelope } from "../record/envelope.js";
import { at } from "../record/errors.js";
import { commit, SALT_BYTES } from "../record/leaf.js";
import {
  type Activity,
  type Marking,
  type NoticeForm,
  type ReleaseGrids,
  type ReleaseLevel,
  type ViewForm,
} from "./forms.js";
import { members, type Read, readNotice, readView, text, whole } from "./reading.js";
import { InvalidVolume } from "./refused.js";
import { type Address, type Generalised, rank, sameToTheRecipient, viewOf, volumesAt } from "./views.js";

/** The audience of what the host alone is given. */
export const HOST = "";
const ID_BYTES = 16;

/** Signs a party's acts, each the next of its key for its audience; `view` is the digest of the view that an act answers. */
export interface Signer {
  sign(kind: string, audience: string, body: JsonObject, options?: { readonly view?: string }): Promise<Envelope>;
}

/** So many fresh random bytes. */
export type Draw = (count: number) => Bytes;

/** One version of a notice as its sender keeps it; `views` by recipient, the version in force for each. */
export interface Sent {
  readonly notice_id: string;
  readonly version: number;
  readonly salt: string;
  readonly notice: NoticeForm;
  readonly screening: ViewForm;
  readonly views: Readonly<Record<string, ViewForm>>;
}

/** What is to be submitted, and what the sender keeps once it was taken. */
export interface Prepared {
  readonly sent: Sent;
  readonly envelopes: readonly Envelope[];
}

export interface Means {
  readonly signer: Signer;
  readonly grids: ReleaseGrids;
  /** The version that this one amends. */
  readonly before?: Sent | undefined;
  /** What the host is given to screen; below `full` for a sender who does not trust it with more. */
  readonly toTheHost?: Exclude<ReleaseLevel, "none"> | undefined;
  readonly marking?: Marking | undefined;
  readonly draw?: Draw | undefined;
}

export type Levels = Readonly<Record<string, ReleaseLevel>>;

/** What of an understanding says who is told: its members as they stand there. */
export interface ReleaseTerms {
  readonly parties: readonly { readonly name: string }[];
  readonly releases: readonly {
    readonly level: ReleaseLevel;
    readonly sender: string | null;
    readonly recipient: string | null;
    readonly activity: Activity | null;
  }[];
  readonly required: readonly { readonly recipient: string; readonly activity: Activity | null }[];
}

/** At which level each other party is told: as chosen, else as agreed, and whoever has to be told at least that it exists. */
export function agreedLevels(
  terms: ReleaseTerms,
  notice: Pick<NoticeForm, "activity">,
  sender: string,
  chosen: Levels = {},
): Record<string, ReleaseLevel> {
  const others = terms.parties.map(({ name }) => name).filter((name) => name !== sender);
  const stranger = Object.keys(chosen)
    .sort(inOrder)
    .find((name) => !others.includes(name));
  if (stranger !== undefined) {
    throw new InvalidVolume(`${stranger} is nobody to release to`, `the others are ${others.join(", ")}`);
  }
  const levels = others.map((other) => {
    const level =
      (Object.hasOwn(chosen, other) ? chosen[other] : undefined) ?? levelAgreed(terms, sender, other, notice.activity);
    const isRequired = terms.required.some(
      ({ recipient, activity }) =>
        recipient === other && (activity === null || activity === notice.activity || notice.activity === "unstated"),
    );
    return [other, isRequired && level === "none" ? "existence" : level] as const;
  });
  return Object.fromEntries(levels);
}

/** The level agreed for a notice of a kind: the most particular rule's, of equally particular ones the lower; none where nothing was agreed. */
function levelAgreed({ releases }: ReleaseTerms, sender: string, recipient: string, activity: Activity): ReleaseLevel {
  const speaking = releases.filter(
    (rule) =>
      [null, sender].includes(rule.sender) &&
      [null, recipient].includes(rule.recipient) &&
      (rule.activity === null || rule.activity === activity),
  );
  const particular = (rule: (typeof speaking)[number]): number =>
    [rule.sender, rule.recipient, rule.activity].filter((part) => part !== null).length;
  const most = Math.max(...speaking.map(particular));
  const levels = speaking.filter((rule) => particular(rule) === most).map(({ level }) => level);
  return levels.sort((a, b) => rank(a) - rank(b))[0] ?? "none";
}

/**
 * Makes and signs the views of a notice, new or amended, and the act that names them.
 *
 * `levels`: for each recipient; none, or missing, tells it nothing, and what it was told before is cancelled. Refused as `makeView` refuses;
 * `where` names the recipient.
 */
export async function prepare(given: NoticeForm, levels: Levels, means: Means): Promise<Prepared> {
  const notice = at("notice", () => readNotice(asJson(given), ""));
  const { signer, before, draw = fresh } = means;
  const salt = draw(SALT_BYTES);
  const commitment = hex(await commit(salt, canonical(asJson(notice))));
  const make = maker(notice, commitment, means);
  const screening = make(means.toTheHost ?? "full", {
    recipient: HOST,
    viewId: before?.notice_id ?? hex(draw(ID_BYTES)),
    version: (before?.version ?? 0) + 1,
  });
  const views = new Map<string, ViewForm>();
  const envelopes: Envelope[] = [];
  const releases: JsonObject[] = [];
  for (const [recipient, level] of Object.entries(levels).sort(([a], [b]) => inOrder(a, b))) {
    if (level === "none") continue;
    const was = viewIn(before, recipient);
    const view = make(level, {
      recipient,
      viewId: was?.view_id ?? hex(draw(ID_BYTES)),
      version: (was?.version ?? 0) + 1,
    });
    const isAsBefore = was !== undefined && sameToTheRecipient(was, view);
    const inForce = isAsBefore ? was : view;
    views.set(recipient, inForce);
    const envelope = isAsBefore ? undefined : await signer.sign("view", recipient, { view: asJson(view) });
    if (envelope) envelopes.push(envelope);
    const digest = envelope ? await digestOf(envelope) : null;
    const { view_id, version, level: told } = inForce;
    releases.push({ recipient, view_id, version, level: told, digest });
  }
  const over = Object.entries(before?.views ?? {}).filter(([recipient]) => !views.has(recipient));
  envelopes.push(...(await cancels(Object.fromEntries(over), signer, "")));
  envelopes.push(await signer.sign("notice", HOST, { screening: asJson(screening), releases }));
  const { view_id: notice_id, version } = screening;
  const kept = { notice_id, version, salt: hex(salt), notice, screening, views: Object.fromEntries(views) };
  return { sent: kept, envelopes };
}

/** Makes views of a notice; what a level shows is generalised once for all whom it is shown to. */
function maker(notice: NoticeForm, commitment: string, { grids, marking }: Means) {
  const known = new Map<ReleaseLevel, Generalised>();
  return (level: ReleaseLevel, address: Omit<Address, "commitment" | "marking">): ViewForm =>
    at(`view for ${address.recipient || "the host"}`, () => {
      const shown = known.get(level) ?? volumesAt(notice, level, grids);
      known.set(level, shown);
      return viewOf(notice, level, shown, { ...address, commitment, ...(marking && { marking }) });
    });
}

function viewIn(before: Sent | undefined, recipient: string): ViewForm | undefined {
  return before && Object.hasOwn(before.views, recipient) ? before.views[recipient] : undefined;
}

/** The acts that cancel a notice: one for the host, and one for each recipient who was told of it. */
export async function cancellation(
  sent: Sent,
  { signer, reason = "" }: { readonly signer: Signer; readonly reason?: string },
): Promise<Envelope[]> {
  const forHost = await signer.sign("cancel", HOST, { id: sent.notice_id, version: sent.version, reason });
  return [forHost, ...(await cancels(sent.views, signer, reason))];
}

async function cancels(views: Sent["views"], signer: Signer, reason: string): Promise<Envelope[]> {
  const signed: Envelope[] = [];
  for (const [recipient, view] of Object.entries(views).sort(([a], [b]) => inOrder(a, b))) {
    signed.push(await signer.sign("cancel", recipient, { id: view.view_id, version: view.version, reason }));
  }
  return signed;
}

/** The id under which acts are sent: of what they are, so that sending them again is the same submission. 32 hex digits. */
export async function submissionId(envelopes: readonly Envelope[]): Promise<string> {
  const digests = await Promise.all(envelopes.map(digestOf));
  return hex(await sha256(concat(...digests.map((digest) => fromHex(digest, "a digest"))))).slice(0, 32);
}

/** A version sent, as it was kept. */
export const readSent: Read<Sent> = (value, where) =>
  members<Sent>({
    notice_id: text,
    version: whole,
    salt: text,
    notice: readNotice,
    screening: readView,
    views: (views, at) => {
      const names = Object.keys(views ?? {});
      const readers = Object.fromEntries(names.map((name) => [name, readView]));
      return members<Record<string, ViewForm>>(readers)(views, at);
    },
  })(value, where);

function fresh(count: number): Bytes {
  return crypto.getRandomValues(new Uint8Array(count));
}

/** By code points, as Python sorts: UTF-16 puts what lies beyond 0xFFFF before the last of what does not. */
function inOrder(a: string, b: string): number {
  const [one, other] = [Array.from(a), Array.from(b)];
  const differing = one.findIndex((character, k) => character !== other[k]);
  if (differing < 0) return one.length - other.length;
  return (one[differing]?.codePointAt(0) ?? -1) - (other[differing]?.codePointAt(0) ?? -1);
}

/** A form as JSON, which it is. */
function asJson(form: NoticeForm | ViewForm): Json {
  return form as unknown as Json;
}
