/**
 * A party's own desk in a browser: what is so, verified, as reactive state; and what an officer does, each one call.
 *
 * What the server says is believed where its signature holds, or where it is only a summary (`open`, `watch`) that leads to something verified. Acts are
 * signed one submission at a time over all tabs of this browser, written down before they leave, and sent again under the same id after a crash.
 *
 * State is replaced whole, never changed in place: a page may hold on to what it was given.
 */

import {
  canonical,
  DetenteError,
  type Envelope,
  isObject,
  type Json,
  type JsonObject,
  type Log,
  Malformed,
  NotAuthentic,
  type PublicKey,
  publicKey,
  publicKeyFromText,
  readStrict,
  utf8,
  writeEnvelope,
} from "../record/index.js";
import type { SigningKey } from "../signing/index.js";
import { type Line, objectOf, openLine, pages, Refused, refusedBy, Unavailable } from "../channel/api.js";
import { type Event, listen } from "../channel/events.js";
import type { BodyOf, RouteOf } from "../channel/routes.js";
import { pause } from "../channel/waiting.js";
import {
  type Activity,
  agreedLevels,
  type Levels,
  type Prepared,
  readView,
  type ReleaseLevel,
  type Sent,
  type Signer,
  submissionId,
  type ViewForm,
} from "../notice/index.js";
import { hexSha256, opaqueId } from "./digest.js";
import { type PastClaim, readClaims } from "./past.js";
import { followedHeads, type Heads, NotOneLog } from "./heads.js";
import {
  currentMembership,
  type Draft,
  forget,
  keepHeard,
  keepMembership,
  type Kept,
  type KeptNotice,
  type Membership,
  MOST_HEARD,
  openKept,
  type UnderWay,
} from "./keep.js";
import { isUrgent, type OpenItem, openItem } from "./open.js";
import { emptyRegistry, type Registry, readText, termsNow, then, understandingNow } from "./registry.js";
import { type Place, signer } from "./signer.js";
import { readListed, readOwnListed, readPosting, refusalOf, type SeenView, type Told, unreadable } from "./told.js";
import type { Terms, Understanding } from "./understanding.js";

const TRIES = 5;
const LOOK_EVERY_MS = 10_000;
const REFRESH_MS = 300;
const REFRESH_ANYWAY_MS = 30_000;
const BEFORE_SNAPSHOT_US = 5_000_000;
const MOST_TOLD = MOST_HEARD;
const AGAIN_MS = 2_000;
const MOST_DISBELIEVED = 100;
const OVER_SINCE_US = 3_600_000_000; // longer than any agreed separation in time: the channel has let go of it, too
/** Refusals after which nothing of a submission was kept, nor will be. */
const DECIDED = [400, 403, 409, 413, 422];

export type LineState = "up" | "down" | "altered";

/** What the channel says of one of our notices: what it meets of what was released to us. */
export interface Answer {
  readonly answer: "CLEAR" | "POSSIBLE" | "CONFLICT";
  readonly meeting_count: number;
  readonly warning_count: number;
  readonly meetings: readonly {
    readonly answer: string;
    readonly sender: string;
    readonly view_id: string;
    readonly is_warning: boolean;
  }[];
}

/** How much notice was given, where that was said. */
export interface Lead {
  readonly late: boolean;
  readonly given_s: number | null;
  readonly agreed_s: number | null;
}

/** A notice of the party's own in force: as it is screened, and, where it was sent from here, whole with its salts. */
export interface OwnNotice {
  readonly noticeId: string;
  readonly version: number;
  readonly view: ViewForm;
  readonly kept: KeptNotice | null;
  readonly answer: Answer | null;
  readonly lead: Lead | null;
}

/** What is said of a view of ours, by its id. */
export interface Said {
  readonly party: string;
  /** Receipt stage, or what was responded. */
  readonly said: string;
  readonly officer: string;
  readonly text: string;
  readonly atUs: number;
  readonly byReportFor: string;
}

export interface WatchShown {
  readonly watch: {
    readonly officer: string;
    readonly is_on: boolean;
    readonly since_us: number;
    readonly note: string;
    readonly to_officer: string;
    readonly open_count: number;
  } | null;
  readonly dead_man: {
    readonly last_us: number | null;
    readonly is_dark: boolean;
    readonly next_by_us: number | null;
  } | null;
}

/** Words in a thread, ours or theirs. */
export interface Message {
  readonly thread: string;
  readonly from: string;
  readonly to: string;
  readonly text: string;
  readonly about: string;
  readonly atUs: number;
  readonly template: string;
}

export interface PassLike {
  readonly arena: string;
  readonly party: string;
  readonly officer: string;
  readonly token: string;
  readonly hostKey: string;
}

/** Signs in: keeps the key and the token in this browser, the host's key as it was told, or as it is first seen. */
export async function signIn(pass: PassLike, key: SigningKey): Promise<Membership> {
  const line = openLine({ arena: pass.arena, token: pass.token, giveUpMs: 5_000 });
  const rules = objectOf(await line.get("rules"), "rules");
  const told = typeof rules["host_key"] === "string" ? rules["host_key"] : "";
  const hostKey = pass.hostKey || told;
  if (told && hostKey !== told) {
    throw new NotAuthentic(
      "the server has another host key than the one you were told",
      "do not go on: call the host by voice",
    );
  }
  await publicKeyFromText(hostKey);
  const { arena, party, officer, token } = pass;
  const membership: Membership = {
    arena,
    party,
    officer,
    token,
    hostKey,
    publicKey: key.publicKey.raw,
    privateKey: key.privateKey,
  };
  const kept = await openKept(arena, party);
  await keepMembership(kept, membership);
  kept.close();
  return membership;
}

export { currentMembership };

export class Desk {
  readonly arena: string;
  readonly party: string;
  readonly officer: string;

  line = $state<LineState>("down");
  /** When the line last spoke, by this machine's clock. */
  asOfUs = $state(0);
  /** False until everything that stands has been read once. */
  isReady = $state(false);
  registry = $state.raw<Registry>(emptyRegistry("", null as unknown as PublicKey));
  views = $state.raw<readonly SeenView[]>([]);
  own = $state.raw<readonly OwnNotice[]>([]);
  open = $state.raw<readonly OpenItem[]>([]);
  /** The inbox as it was told, oldest first: the newest thousands of it. */
  told = $state.raw<readonly Told[]>([]);
  messages = $state.raw<readonly Message[]>([]);
  saidOf = $state.raw<ReadonlyMap<string, readonly Said[]>>(new Map());
  watch = $state.raw<WatchShown>({ watch: null, dead_man: null });
  drafts = $state.raw<readonly Draft[]>([]);
  /** The log as it was last checked; null where it has none yet. */
  log = $state.raw<Log | null>(null);
  /** What went wrong in the background, for the officer to see; null once it works again. */
  trouble = $state.raw<DetenteError | null>(null);
  /** What did not carry the signature it should: never hidden, never acted on. */
  disbelieved = $state.raw<readonly { readonly what: string; readonly refusal: DetenteError }[]>([]);
  /** The token opens nothing any more. */
  isShutOut = $state(false);

  readonly #line: Line;
  readonly #kept: Kept;
  readonly #heads: Heads;
  readonly #key: SigningKey;
  readonly #onAhead: (ms: number) => void;
  readonly #stop = new AbortController();
  #announced: string | null = null;
  #catching: Promise<void> = Promise.resolve();
  /** What was taken, by its place and what it said there. */
  readonly #takenAs = new Set<string>();
  readonly #digests = new Set<string>();
  #lookedMs = 0;
  #snapshotUs = 0;
  #refreshing: ReturnType<typeof setTimeout> | null = null;
  #delivered = new Set<string>();

  constructor(membership: Membership, kept: Kept, key: SigningKey, hostKey: PublicKey, onAhead: (ms: number) => void) {
    this.arena = membership.arena;
    this.party = membership.party;
    this.officer = membership.officer;
    this.#kept = kept;
    this.#key = key;
    this.#onAhead = onAhead;
    this.registry = emptyRegistry(membership.arena, hostKey);
    this.#line = openLine({
      arena: membership.arena,
      token: membership.token,
      heard: (aheadMs) => {
        if (aheadMs !== null) this.#onAhead(aheadMs);
      },
      stop: this.#stop.signal,
    });
    this.#heads = followedHeads(this.#line, kept);
  }

  // ── what follows from it ───────────────────────────────────────────────────────────────────────────────────────────

  get terms(): Terms {
    return termsNow(this.registry);
  }

  get understanding(): Understanding | null {
    return understandingNow(this.registry);
  }

  /** At which level each other party is told of an activity: as chosen, else as agreed. */
  agreedLevels(activity: Activity, chosen: Levels = {}): Record<string, ReleaseLevel> {
    return agreedLevels(this.terms, { activity }, this.party, chosen);
  }

  get others(): readonly string[] {
    return this.terms.parties.map(({ name }) => name).filter((name) => name !== this.party);
  }

  /** Whether what we sign holds: our key is enrolled for our party, and has not ended. */
  get isEnrolled(): boolean {
    const enrolled = this.registry.keys.get(this.#key.publicKey.id);
    return !this.isReady || (enrolled?.holder.party === this.party && enrolled.ending === null);
  }

  get publicKey(): PublicKey {
    return this.#key.publicKey;
  }

  urgentCount(nowUs: number): number {
    return this.open.filter((item) => isUrgent(item, nowUs)).length;
  }

  /** What people call a notice of ours, by its id or by that of a view of it; the beginning of the id where we do not know it. */
  ownTitle(id: string): string {
    const view = this.own.find((each) => each.noticeId === id || this.#viewIdsOf(each).includes(id))?.view;
    return view?.title || view?.reference || id.slice(0, 8);
  }

  #viewIdsOf({ kept }: OwnNotice): string[] {
    return Object.values(kept?.sent.views ?? {}).map(({ view_id }) => view_id);
  }

  viewCalled(sender: string, viewId: string): SeenView | null {
    return this.views.find((each) => each.sender === sender && each.view.view_id === viewId) ?? null;
  }

  // ── following the channel ──────────────────────────────────────────────────────────────────────────────────────────

  /** Reads what stands, and goes on listening until `close`. */
  async start(): Promise<void> {
    await this.#loadKept();
    void this.#follow();
    const timer = setInterval(() => this.#refreshSoon(), REFRESH_ANYWAY_MS);
    this.#stop.signal.addEventListener("abort", () => clearInterval(timer));
  }

  close(): void {
    this.#stop.abort();
    this.#kept.close();
  }

  async signOut(everything: boolean): Promise<void> {
    this.close();
    await forget(this.arena, this.party, everything);
  }

  async #loadKept(): Promise<void> {
    this.drafts = await this.#kept.getAll("drafts");
  }

  async #follow(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      try {
        await this.#readStanding();
        break;
      } catch (error) {
        this.#troubled(error);
        if (this.isShutOut) return;
        await pause(AGAIN_MS, this.#stop.signal);
      }
    }
    if (this.#stop.signal.aborted) return;
    void this.#resume().catch((error: unknown) => this.#troubled(error));
    const from = await this.#readKept().catch((error: unknown) => {
      this.#troubled(error);
      return null; // everything is told again
    });
    const listener = {
      event: (event: Event) => this.#heard(event),
      notTaken: (event: Event, error: unknown) => this.#notTaken(event, error),
      line: (isUp: boolean) => this.#lineIs(isUp),
      broken: (error: DetenteError) => this.#troubled(error),
      refused: (error: Refused) => {
        this.isShutOut = true;
        this.trouble = error;
      },
    };
    await listen(this.#line, from, listener, this.#stop.signal);
  }

  /** What this browser was told before, verified anew; gives the place from which to go on. */
  async #readKept(): Promise<string | null> {
    let last: string | null = null;
    for (const event of await this.#kept.getAll("heard")) {
      if (this.#stop.signal.aborted) break;
      await this.#take(event).catch((error: unknown) => this.#showUnreadable(event, error));
      last = event.id;
    }
    return last;
  }

  async #readStanding(): Promise<void> {
    await this.#catchUp();
    this.#snapshotUs = this.#channelUs();
    await Promise.all([this.#readViews(), this.#readOwn(), this.#readOpen(), this.#lookAtLog()]);
    this.#lineIs(true);
    this.isReady = true;
    this.trouble = null;
  }

  #lineIs(isUp: boolean): void {
    if (isUp) this.asOfUs = Date.now() * 1_000;
    if (this.line === "altered") return;
    if (isUp && this.line === "down" && this.isReady) this.#refreshSoon();
    this.line = isUp ? "up" : "down";
  }

  /** The public acts since last time, each verified; one reading after the other, whoever asks. */
  async #catchUp(): Promise<void> {
    const before = this.#catching;
    const own = before.then(() => this.#readAnnouncements());
    this.#catching = own.catch(() => undefined);
    return own;
  }

  /** What follows and the place to go on from change together, or not at all. */
  async #readAnnouncements(): Promise<void> {
    for await (const { items, cursor } of pages(this.#line, "announcements", "announcements", this.#announced)) {
      let registry = this.registry;
      for (const item of items) {
        if (typeof item["envelope"] !== "string" || typeof item["received_us"] !== "number") {
          throw new Malformed("no announcement", "is this a détente server?");
        }
        registry = await then(registry, readText(item["envelope"]), item["received_us"]);
      }
      if (cursor !== null || items.length === 0)
        [this.registry, this.#announced] = [registry, cursor ?? this.#announced];
      else throw new Malformed("announcements without a place to go on from", "is this a détente server?");
    }
  }

  async #readViews(): Promise<void> {
    const found: SeenView[] = [];
    for await (const { items } of pages(this.#line, "views", "views")) {
      for (const item of items) found.push(...(await this.#listed(item)));
    }
    this.views = found;
  }

  /** One that does not verify is not drawn, and said loudly: what is missing on a picture is a danger. It keeps nobody else's from being drawn. */
  async #listed(item: JsonObject): Promise<SeenView[]> {
    try {
      return [await readListed(item, this.registry, this.party)];
    } catch (error) {
      this.#disbelieve(`${text(item["sender"])} ${text(item["view_id"]).slice(0, 8)}`, refusalOf(error));
      return [];
    }
  }

  #disbelieve(what: string, refusal: DetenteError): void {
    this.disbelieved = [...this.disbelieved, { what, refusal }].slice(-MOST_DISBELIEVED);
  }

  async #readOwn(): Promise<void> {
    const kept = new Map((await this.#kept.getAll("notices")).map((each) => [each.noticeId, each]));
    const found: OwnNotice[] = [];
    for await (const { items } of pages(this.#line, "history", "versions")) {
      for (const item of items) {
        if (item["from"] !== this.party || item["to"] !== "") continue;
        try {
          found.push(this.#ownNotice(await readOwnListed(item, this.registry, this.party), kept));
        } catch (error) {
          this.#disbelieve(`${this.party} ${text(item["id"]).slice(0, 8)}`, refusalOf(error));
        }
      }
    }
    this.own = found;
  }

  #ownNotice(view: ViewForm, keptNotices: ReadonlyMap<string, KeptNotice>): OwnNotice {
    const was = this.own.find((each) => each.noticeId === view.view_id);
    const kept = keptNotices.get(view.view_id) ?? null;
    const answer = was?.answer ?? answerOf(kept?.answer ?? null);
    const lead = was?.lead ?? leadOf(kept?.answer ?? null);
    return { noticeId: view.view_id, version: view.version, view, kept, answer, lead };
  }

  async #readOpen(): Promise<void> {
    const found: OpenItem[] = [];
    for await (const { items } of pages(this.#line, "open", "items")) found.push(...items.map(openItem));
    this.open = found;
    const watch = objectOf(await this.#line.get("watch"), "watch");
    this.watch = watch as unknown as WatchShown;
    void this.#tellDelivered().catch((error: unknown) => this.#troubled(error));
  }

  async #lookAtLog(): Promise<void> {
    try {
      this.log = await this.#heads.look(this.registry);
      this.#lookedMs = Date.now();
    } catch (error) {
      if (!(error instanceof NotOneLog) && !(error instanceof NotAuthentic)) throw error;
      this.line = "altered";
      this.trouble = error;
    }
  }

  /** What is open, and what it follows from, read again soon: once for however much happens until then. */
  #refreshSoon(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = null;
      void this.#refresh().catch((error: unknown) => this.#troubled(error));
    }, REFRESH_MS);
  }

  async #refresh(): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.views = this.views.filter((each) => !this.#isOver(each));
    await this.#readOpen();
    if (Date.now() - this.#lookedMs > LOOK_EVERY_MS) await this.#lookAtLog();
    if (this.line !== "altered") this.trouble = null;
  }

  #isOver({ view }: SeenView): boolean {
    const before = this.#channelUs() - OVER_SINCE_US;
    return view.volumes.every(({ window }) => window.end_us !== null && window.end_us < before);
  }

  #troubled(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    if (error instanceof Refused && error.status === 401) this.isShutOut = true;
    if (error instanceof Refused && error.kind === "rolled-back") this.line = "altered";
    if (error instanceof Unavailable) this.#lineIs(false);
    this.trouble = refusalOf(error);
  }

  // ── what comes ─────────────────────────────────────────────────────────────────────────────────────────────────────

  async #heard(event: Event): Promise<void> {
    if (event.kind !== "stop_now") {
      await this.#take(event);
      await this.#keepHeard(event);
    }
    this.#refreshSoon();
  }

  /** One that was taken already, by what was told at its place or by what was signed, is not taken twice, however often it is told. */
  async #take(event: Event): Promise<void> {
    const known = await knownAs(event);
    if (this.#takenAs.has(known)) return;
    const raw = readStrict(utf8(event.data));
    if (!isObject(raw)) throw new Malformed("no event", "is this a détente server?");
    let told = await readPosting(raw, this.registry, this.party);
    if (told.kind !== event.kind || told.cursor !== event.id) {
      throw new Malformed(`told as ${event.kind}, and it is ${told.kind} of another place`);
    }
    if (told.refusal !== null) {
      await this.#catchUp(); // its key may be newer than what we knew
      told = await readPosting(raw, this.registry, this.party);
    }
    if (told.digest === "" || !this.#digests.has(told.digest)) this.#apply(told);
    this.#takenAs.add(known);
    if (told.digest) this.#digests.add(told.digest);
  }

  /** Shown, kept, and gone past: whatever it says is not lost, and keeps nothing else from being heard. */
  async #notTaken(event: Event, error: unknown): Promise<void> {
    await this.#showUnreadable(event, error);
    await this.#keepHeard(event);
    this.#refreshSoon();
  }

  async #showUnreadable(event: Event, error: unknown): Promise<void> {
    const known = await knownAs(event);
    if (this.#takenAs.has(known)) return;
    this.#takenAs.add(known);
    this.#apply(unreadable(event.kind, event.id, error));
  }

  /** A disk that is full keeps nobody from hearing: what is not kept is told again at the next start. */
  async #keepHeard(event: Event): Promise<void> {
    if (!event.id || this.#isNotKept) return;
    try {
      await keepHeard(this.#kept, { ...event, known: await knownAs(event) });
    } catch (error) {
      this.#isNotKept = true; // nothing after it either: a gap would never be told again
      this.#troubled(error);
    }
  }

  #isNotKept = false;

  #apply(told: Told): void {
    this.told = [...this.told, told].slice(-MOST_TOLD);
    if (told.refusal !== null) {
      this.#disbelieve(`${told.kind} ${text(told.payload["sender"]) || text(told.payload["from"])}`, told.refusal);
      return;
    }
    const isNew = told.tickUs >= this.#snapshotUs - BEFORE_SNAPSHOT_US;
    const body = told.act?.body ?? told.payload;
    switch (told.kind) {
      case "view":
        if (isNew) this.#putView(told);
        return;
      case "cancel":
        if (isNew) this.#dropView(told.act?.party ?? "", text(body["id"]), Number(body["version"]));
        return;
      case "expired":
        if (isNew) this.#dropView(text(body["sender"]), text(body["id"]), Number(body["version"]));
        return;
      case "answer":
        this.#putAnswer(text(told.payload["notice_id"]), answerOf(told.payload));
        return;
      case "receipt":
      case "response":
        this.#putSaid(told, body);
        return;
      case "message":
        this.#putMessage(told.act?.party ?? "", this.party, body, told.tickUs);
        return;
      case "keys":
      case "propose":
      case "sign":
      case "suspend":
      case "member":
        void this.#catchUp().catch((error: unknown) => this.#troubled(error));
        return;
      default:
    }
  }

  #putView(told: Told): void {
    if (told.act === null) return;
    const view = readView(told.act.body["view"] ?? null, "view");
    const sender = told.act.party;
    const was = this.viewCalled(sender, view.view_id);
    if (was !== null && was.view.version > view.version) return;
    const late = told.payload["late"] === true;
    const dueUs = typeof told.payload["due_us"] === "number" ? told.payload["due_us"] : null;
    const seen: SeenView = { sender, view, digest: told.digest, late, dueUs };
    this.views = [...this.views.filter((each) => each !== was), seen];
  }

  #dropView(sender: string, viewId: string, version: number): void {
    this.views = this.views.filter(
      (each) => each.sender !== sender || each.view.view_id !== viewId || each.view.version > version,
    );
    this.own = this.own.filter((each) => sender !== this.party || each.noticeId !== viewId || each.version > version);
  }

  #putAnswer(noticeId: string, answer: Answer | null): void {
    this.own = this.own.map((each) => (each.noticeId === noticeId ? { ...each, answer } : each));
  }

  #putSaid(told: Told, body: JsonObject): void {
    const id = text(body["id"]) || text(body["view_id"]);
    const said: Said = {
      party: told.act?.party ?? "",
      said: text(body["stage"]) || text(body["kind"]),
      officer: text(body["officer"]) || text(body["echelon"]),
      text: text(body["text"]),
      atUs: told.tickUs,
      byReportFor: text(body["by_report_for"]),
    };
    this.saidOf = new Map(this.saidOf).set(id, [...(this.saidOf.get(id) ?? []), said]);
  }

  #putMessage(from: string, to: string, body: JsonObject, atUs: number): void {
    const message: Message = {
      thread: text(body["thread"]),
      from,
      to,
      text: text(body["text"]),
      about: text(body["about"]),
      atUs,
      template: text(body["template"]),
    };
    this.messages = [...this.messages, message];
  }

  // ── what is done ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** A notice, a STOP, a message or a drill was read by the officer on duty. `readBack`: of a phrase, what was filled in, repeated. */
  async acknowledge(
    to: { readonly sender: string; readonly id: string; readonly version: number; readonly digest?: string },
    more: { readonly readBack?: Readonly<Record<string, string>>; readonly downTo?: string } = {},
  ): Promise<JsonObject> {
    const stage = more.downTo ? "confirmed_down" : "acknowledged";
    const body = receiptBody(to.id, to.version, stage, this.officer, more.downTo ?? "", "", more.readBack ?? {});
    return this.#send("receipt", to.sender, body, to.digest === undefined ? {} : { view: to.digest });
  }

  /** What we told a party without keys by other means got so far, as we report it. */
  async report(party: string, id: string, version: number, stage: string): Promise<JsonObject> {
    return this.#send("receipt", "", receiptBody(id, version, stage, this.officer, "", party, {}));
  }

  /** What we think of a plan. None of it is permission. */
  async respond(seen: SeenView, kind: "coordinated" | "objected" | "queried", words: string): Promise<JsonObject> {
    const body = { view_id: seen.view.view_id, version: seen.view.version, kind, text: words };
    return this.#send("response", seen.sender, body, { view: seen.digest });
  }

  async message(
    party: string,
    words: string,
    more: {
      readonly thread?: string;
      readonly about?: string;
      readonly template?: string;
      readonly slots?: Readonly<Record<string, string>>;
    } = {},
  ): Promise<JsonObject> {
    const { thread = opaqueId(), about = "", template = "", slots = {} } = more;
    const body = { thread, text: words, about, template, slots };
    const answer = await this.#send("message", party, body);
    this.#putMessage(this.party, party, body, this.#channelUs());
    return answer;
  }

  /** Asks parties to cease, each by an act of its own, all at once. Nothing holds it up. */
  async stop(parties: readonly string[], place: string, words: string, about = ""): Promise<void> {
    const body = (): JsonObject => ({ stop_id: opaqueId(), place, text: words, about, lifted: false });
    await Promise.all(parties.map((party) => this.#send("stop", party, body(), {}, true)));
  }

  async lift(item: OpenItem, words: string): Promise<JsonObject> {
    const body = { stop_id: item.id, place: "", text: words, about: "", lifted: true };
    return this.#send("stop", item.recipient, body, {}, true);
  }

  async takeWatch(note = ""): Promise<JsonObject> {
    return this.#watch("takes", note, "");
  }

  async handOver(note: string, toOfficer: string): Promise<JsonObject> {
    return this.#watch("hands_over", note, toOfficer);
  }

  async #watch(does: "takes" | "hands_over", note: string, toOfficer: string): Promise<JsonObject> {
    const about = ["kind", "id", "notice_id", "sender", "recipient", "version", "stage", "answer", "response"];
    const listed: JsonObject[] = [];
    for await (const { items } of pages(this.#line, "open", "items")) {
      listed.push(
        ...items.map((item) => Object.fromEntries(about.flatMap((n) => (n in item ? [[n, item[n] ?? null]] : [])))),
      );
    }
    const open_digest = await hexSha256(canonical(listed));
    const body = { officer: this.officer, does, note, to_officer: toOfficer, open_digest, open_count: listed.length };
    return this.#send("watch", "", body);
  }

  async alive(): Promise<JsonObject> {
    return this.#send("alive", "", { officer: this.officer });
  }

  async logCall(call: {
    readonly withParty: string;
    readonly withOfficer: string;
    readonly atUs: number;
    readonly text: string;
    readonly readBack: boolean;
    readonly isShared: boolean;
  }): Promise<JsonObject> {
    const body = {
      call_id: opaqueId(),
      with_party: call.withParty,
      with_officer: call.withOfficer,
      by_officer: this.officer,
      at_us: Math.floor(call.atUs),
      text: call.text,
      read_back: call.readBack,
    };
    return this.#send("call", call.isShared ? call.withParty : "", body);
  }

  async answerCall(
    sender: string,
    callId: string,
    digest: string,
    says: "confirmed" | "disputed",
    words: string,
  ): Promise<JsonObject> {
    return this.#send("call_answer", sender, { call_id: callId, digest, says, officer: this.officer, text: words });
  }

  /** Claims stated to us and by us, each verified, by time. */
  async claims(): Promise<PastClaim[]> {
    return readClaims(this.#line, this.registry, this.party);
  }

  /** States a claim to a party; with an empty name it stays with the host, for the record. To several, the same body again. */
  async state(party: string, body: JsonObject): Promise<JsonObject> {
    return this.#send("claim", party, body);
  }

  async drill(party: string, words: string): Promise<JsonObject> {
    return this.#send("drill", party, { drill_id: opaqueId(), text: words });
  }

  /** Gives, amends or cancels a notice: `prepare` signs, what it gives is written down, sent, and kept with the answer. */
  async submit(prepare: (signer: Signer) => Promise<Prepared>): Promise<JsonObject> {
    return this.#signed(async (signer) => {
      return prepare(signer);
    });
  }

  /** Cancels a notice of ours; `prepare` signs for everybody who was told. */
  async cancel(noticeId: string, prepare: (signer: Signer) => Promise<readonly Envelope[]>): Promise<JsonObject> {
    const answer = await this.#signed(async (signer) => ({ sent: null, envelopes: await prepare(signer) }));
    const kept = await this.#kept.get("notices", noticeId);
    if (kept) await this.#kept.put("notices", { ...kept, isCancelled: true });
    this.own = this.own.filter((each) => each.noticeId !== noticeId);
    return answer;
  }

  /** What a draft would meet of what was released to us, and what would clear it. Nobody is told; the host sees it. */
  async check(
    activity: BodyOf<"screenings">["activity"],
    volumes: Json,
    level: BodyOf<"screenings">["level"],
  ): Promise<JsonObject> {
    return objectOf(await this.#line.post("screenings", { activity, volumes, level }), "screenings");
  }

  /** The same of a notice of ours in force. */
  async explained(noticeId: string): Promise<JsonObject> {
    return objectOf(await this.#line.get(`notices/${noticeId}/answer`), "answer");
  }

  /** The log as it is now, checked against the last that was seen. */
  async lookAtLog(): Promise<void> {
    await this.#lookAtLog();
  }

  /** Any other route that gives JSON. */
  async get(route: RouteOf<"get">, query: Readonly<Record<string, string | number | null>> = {}): Promise<Json> {
    return this.#line.get(route, query);
  }

  /** Something that is no JSON, such as a file to be read. */
  async sendFile(route: RouteOf<"post">, file: Blob, query: Readonly<Record<string, string>>): Promise<Response> {
    return this.#line.send(route, file, query);
  }

  async saveDraft(draft: Draft): Promise<void> {
    await this.#kept.put("drafts", draft);
    this.drafts = await this.#kept.getAll("drafts");
  }

  async dropDraft(id: string): Promise<void> {
    await this.#kept.delete("drafts", id);
    this.drafts = await this.#kept.getAll("drafts");
  }

  /** Everything that only this browser knows: what we sent, with its salts. */
  async backup(): Promise<string> {
    const notices = await this.#kept.getAll("notices");
    return JSON.stringify({ format: "detente own notices v1", arena: this.arena, party: this.party, notices }, null, 1);
  }

  // ── signing and sending ────────────────────────────────────────────────────────────────────────────────────────────

  async #send(
    kind: string,
    audience: string,
    body: JsonObject,
    more: { readonly view?: string } = {},
    isStop = false,
  ): Promise<JsonObject> {
    return this.#signed(
      async (own) => ({ sent: null, envelopes: [await own.sign(kind, audience, body, more)] }),
      isStop,
    );
  }

  /** One submission after the other over all tabs; signed anew where another officer with this key was quicker. */
  async #signed(
    make: (signer: Signer) => Promise<{ readonly sent: Sent | null; readonly envelopes: readonly Envelope[] }>,
    isStop = false,
  ): Promise<JsonObject> {
    if (this.line === "altered" && !isStop) {
      throw new NotOneLog("the log that is served does not go on from the one we saw: nothing but a STOP is signed");
    }
    return navigator.locks.request(this.#signing, async () => {
      for (let left = TRIES; ; left -= 1) {
        try {
          const made = await make(await this.#signer(isStop));
          return await this.#submit(made.envelopes, made.sent);
        } catch (error) {
          if (left <= 1 || !wasOutrun(error)) throw error;
        }
      }
    });
  }

  /** What one tab of this browser holds while it signs and sends. */
  get #signing(): string {
    return `detente/${this.arena}/${this.party}/sign`;
  }

  async #signer(isStop: boolean): Promise<Signer> {
    if (!isStop && Date.now() - this.#lookedMs > LOOK_EVERY_MS) await this.#lookAtLog();
    const page = objectOf(await this.#line.get("sequences"), "sequences");
    const lasts = new Map<string, Place>();
    for (const each of (page["sequences"] ?? []) as readonly JsonObject[]) {
      if (each["key"] !== this.#key.publicKey.id) continue;
      lasts.set(text(each["audience"]), { sequence: Number(each["sequence"]), digest: text(each["digest"]) });
    }
    const [arena, party, key] = [this.arena, this.party, this.#key];
    return signer({ key, arena, party, lasts, clockUs: () => this.#channelUs(), seen: await this.#heads.named() });
  }

  async #submit(envelopes: readonly Envelope[], sent: Sent | null): Promise<JsonObject> {
    const acts = envelopes.map((each) => new TextDecoder().decode(writeEnvelope(each)));
    const under: UnderWay = {
      submission: await submissionId(envelopes),
      acts,
      sent,
      atUs: this.#channelUs(),
    };
    await this.#kept.put("underWay", under);
    return this.#handIn(under);
  }

  /** Sends what is written down; what becomes of it is written down too, before anybody is told. */
  async #handIn(under: UnderWay): Promise<JsonObject> {
    let answer: JsonObject;
    try {
      const { submission, acts } = under;
      answer = objectOf(await this.#line.post("submissions", { submission, acts: [...acts] }), "submissions");
      if (isObject(answer["refused"])) throw refusedBy(answer["refused"], 409);
    } catch (error) {
      if (error instanceof Refused && DECIDED.includes(error.status))
        await this.#kept.delete("underWay", under.submission);
      throw error;
    }
    if (under.sent !== null) await this.#keepSent(under, answer);
    await this.#kept.delete("underWay", under.submission);
    this.#refreshSoon();
    return answer;
  }

  async #keepSent(under: UnderWay, answer: JsonObject): Promise<void> {
    if (under.sent === null) return;
    const noticeId = under.sent.notice_id;
    const kept: KeptNotice = { noticeId, sent: under.sent, answer, sentUs: under.atUs, isCancelled: false };
    await this.#kept.put("notices", kept);
    const view = under.sent.screening;
    const own = { noticeId, version: view.version, view, kept, answer: answerOf(answer), lead: leadOf(answer) };
    this.own = [...this.own.filter((each) => each.noticeId !== noticeId), own];
  }

  /** What was under way when the browser died goes again first, as it was. */
  async #resume(): Promise<void> {
    await navigator.locks.request(this.#signing, () => this.#handInAll());
  }

  async #handInAll(): Promise<void> {
    for (const under of await this.#kept.getAll("underWay")) {
      try {
        await this.#handIn(under);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
      }
    }
  }

  /** To each sender, once over all tabs: its notice has reached this desk. That is no acknowledgement. */
  async #tellDelivered(): Promise<void> {
    if (!this.isReady || !this.isEnrolled || this.line === "altered") return;
    await navigator.locks.request(`detente/${this.arena}/${this.party}/delivered`, async () => {
      for (const item of this.open.filter(({ kind }) => kind === "notice" || kind === "stop")) {
        if (this.#stop.signal.aborted) return;
        await this.#tellDeliveredOf(item);
      }
    });
  }

  async #tellDeliveredOf(item: OpenItem): Promise<void> {
    const named = `delivered/${item.sender}/${item.id}/${item.version}`;
    if (this.#delivered.has(named) || (await this.#kept.get("notes", named)) !== undefined) return;
    this.#delivered.add(named);
    const digest = this.viewCalled(item.sender, item.id)?.digest;
    const body = receiptBody(item.id, item.version, "delivered", "", "", "", {});
    try {
      await this.#send("receipt", item.sender, body, digest === undefined ? {} : { view: digest });
      await this.#kept.put("notes", Uint8Array.of(1), named);
    } catch (error) {
      if (!(error instanceof Refused)) this.#delivered.delete(named);
      if (!(error instanceof DetenteError)) throw error;
    }
  }

  #ahead = 0;

  #channelUs(): number {
    return (Date.now() + this.#ahead) * 1_000;
  }

  /** By how much the channel's clock is ahead of this machine's, once it is known. */
  setAhead(ms: number): void {
    this.#ahead = ms;
  }
}

/** The desk of who is signed in here. */
export async function openDesk(membership: Membership, onAhead: (ms: number) => void): Promise<Desk> {
  const kept = await openKept(membership.arena, membership.party);
  const key = { publicKey: await publicKey(membership.publicKey), privateKey: membership.privateKey };
  const desk = new Desk(membership, kept, key, await publicKeyFromText(membership.hostKey), onAhead);
  await desk.start();
  return desk;
}

/** An event by its place and what it says there; one without a place is told anew each time. */
async function knownAs({ id, kind, data }: Event): Promise<string> {
  return `${id} ${await hexSha256(utf8(`${kind} ${data}`))}`;
}

function answerOf(told: JsonObject | null): Answer | null {
  return told !== null && typeof told["answer"] === "string" ? (told as unknown as Answer) : null;
}

function leadOf(told: JsonObject | null): Lead | null {
  return told !== null && typeof told["late"] === "boolean" ? (told as unknown as Lead) : null;
}

function receiptBody(
  id: string,
  version: number,
  stage: string,
  officer: string,
  echelon: string,
  byReportFor: string,
  readBack: Readonly<Record<string, string>>,
): JsonObject {
  return { id, version, stage, officer, echelon, by_report_for: byReportFor, read_back: readBack };
}

/** Another act of the same key came first: signed anew, it will do. A notice that has changed since will not. */
function wasOutrun(error: unknown): boolean {
  return (
    error instanceof Refused &&
    error.kind === "stale-version" &&
    error.where.startsWith("acts[") &&
    error.what.includes("of key")
  );
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}
