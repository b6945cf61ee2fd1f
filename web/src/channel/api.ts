/**
 * A line to one arena of the server that this page came from, with one token; as `detente.client.link`.
 *
 * The token goes in a header, never in an address. Nothing that comes over the line is believed because it came: `desk` verifies what others signed.
 */

import { DetenteError, isObject, type Json, type JsonObject, Malformed, readStrict } from "../record/index.js";
import type { BodyOf, Listed, RouteOf } from "./routes.js";
import { isOver, pause, retryAfterMs } from "./waiting.js";

const GIVE_UP_MS = 60_000;
const TIMEOUT_MS = 30_000;
const AGAIN_MS = 500;
const AT_LEAST_MS = 100;
export const PAGE = 200;

/** The server refuses: what, where and hint are its own words; `kind` is that of the problem, such as `stale-version`. */
export class Refused extends DetenteError {
  constructor(
    what: string,
    hint = "",
    where = "",
    readonly kind = "",
    readonly status = 0,
    /** How long the server asks to wait before the same is sent again. */
    readonly againMs = 0,
  ) {
    super(what, hint, where);
  }
}

/** Nobody answers, or the server cannot just now. The same may be sent again. */
export class Unavailable extends DetenteError {
  constructor(
    what: string,
    hint = "",
    where = "",
    readonly againMs = 0,
  ) {
    super(what, hint, where);
  }
}

export interface Line {
  readonly arena: string;
  /** What a route answers. Asked again for a while where the server cannot take it just now. */
  get(route: RouteOf<"get">, query?: Query): Promise<Json>;
  post<Route extends RouteOf<"post">>(route: Route, body: BodyOf<Route>): Promise<Json>;
  /** The bytes of a route; null where it is not there. */
  bytes(route: RouteOf<"get">): Promise<Uint8Array<ArrayBuffer> | null>;
  /** As it is, for what is no JSON. */
  send(route: RouteOf<"post">, body: BodyInit, query?: Query): Promise<Response>;
  /** A stream of events, opened; ends by the signal. */
  stream(route: "events", headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Response>;
}

export type Query = Readonly<Record<string, string | number | null | undefined>>;

/** Told of every answer: by how much the server's clock was ahead of ours when it left, in milliseconds, to a second. */
export type Heard = (aheadMs: number | null) => void;

export interface LineOptions {
  readonly arena: string;
  readonly token: string;
  readonly heard?: Heard;
  readonly gone?: () => void;
  readonly giveUpMs?: number;
  /** Where the server is; the page's own origin where it is left out. */
  readonly base?: string;
  /** Ends everything that is asked or waited for. */
  readonly stop?: AbortSignal;
}

export function openLine(options: LineOptions): Line {
  const { arena, token, heard, gone, giveUpMs = GIVE_UP_MS, base = "" } = options;
  const stop = options.stop ?? new AbortController().signal;
  const place = `${base}/arenas/${encodeURIComponent(arena)}/`;
  const headers = { authorization: `Bearer ${token}` };

  /** What `read` makes of one answer, its body included: what breaks off half-way was no answer. */
  async function once<T>(route: string, query: Query, init: RequestInit, read: Reader<T>): Promise<T> {
    const until = init.signal ?? AbortSignal.timeout(TIMEOUT_MS);
    try {
      const answer = await fetch(place + route + written(query), {
        ...init,
        headers: { ...headers, ...(init.headers as Record<string, string> | undefined) },
        signal: AbortSignal.any([stop, until]),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
      });
      heard?.(aheadOf(answer));
      return await read(answer);
    } catch (error) {
      if (error instanceof DetenteError) throw error;
      if (isOver(stop)) throw new Unavailable("the desk is closed", "open it again");
      if (init.signal?.aborted) throw error;
      gone?.();
      throw new Unavailable("the server does not answer", "check the network; it is tried again");
    }
  }

  async function asked<T>(route: string, query: Query, init: RequestInit, read: Reader<T>): Promise<T> {
    const until = Date.now() + giveUpMs;
    for (let wait = AGAIN_MS; ; wait = Math.min(2 * wait, 8_000)) {
      try {
        return await once(route, query, init, (answer) => good(answer, read));
      } catch (error) {
        const ownMs = Math.max(AT_LEAST_MS, wait * (0.5 + Math.random() / 2));
        const nextMs = mayHelp(error) ? Math.max(ownMs, error.againMs) : 0;
        if (!mayHelp(error) || isOver(stop) || Date.now() + nextMs > until) throw error;
        await pause(nextMs, stop);
        if (isOver(stop)) throw error;
      }
    }
  }

  return {
    arena,
    get: (route, query = {}) => asked(route, query, {}, json),
    post: (route, body) => {
      const headers = { "content-type": "application/json" };
      return asked(route, {}, { method: "POST", body: JSON.stringify(body), headers }, json);
    },
    bytes: (route) => once(route, {}, {}, (answer) => (answer.status === 404 ? null : good(answer, bytes))),
    send: (route, body, query = {}) => asked(route, query, { method: "POST", body }, whole),
    stream: (route, more, signal) => once(route, {}, { headers: more, signal }, (answer) => good(answer, itself)),
  };
}

type Reader<T> = (answer: Response) => T | Promise<T>;

async function good<T>(answer: Response, read: Reader<T>): Promise<T> {
  if (answer.ok) return read(answer);
  throw await refusalOf(answer);
}

async function bytes(answer: Response): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await answer.arrayBuffer());
}

async function json(answer: Response): Promise<Json> {
  return readStrict(await bytes(answer));
}

/** An answer whose body is all there. */
async function whole(answer: Response): Promise<Response> {
  const { status, headers } = answer;
  return new Response(status === 204 ? null : await answer.arrayBuffer(), { status, headers });
}

function itself(answer: Response): Response {
  return answer;
}

function written(query: Query): string {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, String(value)]],
  );
  return given.length ? `?${new URLSearchParams(given).toString()}` : "";
}

/** How far the server's clock is ahead, by the header that every answer has; to a second, which is all it tells. */
function aheadOf(answer: Response): number | null {
  const date = Date.parse(answer.headers.get("date") ?? "");
  return Number.isNaN(date) ? null : date - Date.now();
}

function mayHelp(error: unknown): error is Refused | Unavailable {
  return error instanceof Unavailable || (error instanceof Refused && error.status === 429);
}

/** A problem (RFC 9457), as the server tells it. */
async function refusalOf(answer: Response): Promise<DetenteError> {
  const told = await problemIn(answer);
  if (answer.status !== 503 || told.kind === "rolled-back") return told;
  return new Unavailable(told.what, told.hint, told.where, told.againMs);
}

async function problemIn(answer: Response): Promise<Refused> {
  const { status } = answer;
  const againMs = retryAfterMs(answer.headers, Date.now());
  const raw = await bytes(answer);
  try {
    return refusedBy(readStrict(raw), status, againMs);
  } catch {
    return new Refused(`the server answers ${status}`, "is this a détente server?", "", "", status, againMs);
  }
}

/** A refusal of a problem's members. */
export function refusedBy(told: Json, status: number, againMs = 0): Refused {
  if (!isObject(told)) throw new Malformed("a problem that is none");
  const text = (name: string): string => (typeof told[name] === "string" ? told[name] : "");
  const kind = text("type").split(":").at(-1) ?? "";
  return new Refused(text("detail") || text("title"), text("hint"), text("where"), kind, status, againMs);
}

/** Everything of a list in pages, from a place on. */
export async function* pages(line: Line, route: Listed, items: string, after?: string | null): AsyncGenerator<Page> {
  let cursor = after ?? null;
  for (;;) {
    const page = objectOf(await line.get(route, { after: cursor, limit: PAGE }), route);
    const found = page[items];
    if (!isList(found)) throw new Malformed(`no ${items}`, "is this a détente server?", `the server's ${route}`);
    const next = page["cursor"];
    cursor = typeof next === "string" ? next : null;
    yield { items: found.map((each) => objectOf(each, route)), cursor, page };
    if (cursor === null || found.length === 0) return;
  }
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

export interface Page {
  readonly items: readonly JsonObject[];
  readonly cursor: string | null;
  readonly page: JsonObject;
}

export function objectOf(value: Json | undefined, route: string): JsonObject {
  if (!isObject(value)) throw new Malformed("not an object", "is this a détente server?", `the server's ${route}`);
  return value;
}
