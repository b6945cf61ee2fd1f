/**
 * Server-sent events over fetch, since EventSource cannot carry a token in a header: postings as they come, taken up again where the line broke.
 *
 * The server says something at least every ten seconds. A line that is silent for longer is dead, whatever the browser thinks of it; a tab that slept
 * finds out when it wakes.
 *
 * Nothing is lost, and nothing loops unseen: an event that cannot be taken is handed over as such, once, and the next is taken; whatever else breaks
 * the line is told, and the line is taken up at the same place.
 */

import { createParser, type EventSourceMessage } from "eventsource-parser";

import { DetenteError, Malformed } from "../record/index.js";
import { Refused, Unavailable, type Line } from "./api.js";
import { isOver, pause } from "./waiting.js";

const SILENT_MS = 35_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
export const MOST_CHARACTERS = 16 << 20;

export interface Event {
  readonly kind: string;
  /** JSON text. */
  readonly data: string;
  /** Its place; empty for what comes ahead of its place. */
  readonly id: string;
}

export interface Listener {
  readonly event: (event: Event) => Promise<void>;
  /** `event` threw at it, and it would again: what it holds has to be shown, for it is not told a second time. */
  readonly notTaken: (event: Event, error: unknown) => Promise<void>;
  /** The line is up (something was heard just now), or down. */
  readonly line: (isUp: boolean) => void;
  /** Why the line broke, or is not taken up; it is tried again. */
  readonly broken: (error: DetenteError) => void;
  /** The token opens nothing any more; nothing is tried again. */
  readonly refused: (error: Refused) => void;
}

/** Listens from a place on until the signal says otherwise. */
export async function listen(line: Line, from: string | null, listener: Listener, signal: AbortSignal): Promise<void> {
  let after = from;
  let wait = FIRST_WAIT_MS;
  const take = async (event: Event): Promise<void> => {
    await taken(event, listener, signal);
    if (event.id) after = event.id;
    wait = FIRST_WAIT_MS;
  };
  while (!isOver(signal)) {
    try {
      await once(line, after, signal, listener.line, take);
    } catch (error) {
      if (isOver(signal)) return;
      listener.line(false);
      if (isFinal(error)) {
        listener.refused(error);
        return;
      }
      listener.broken(broken(error));
      if (isNoPlace(error)) after = null; // what comes twice then is known for what it is
    }
    if (isOver(signal)) return;
    listener.line(false);
    await pause(wait, signal);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

/** Only what may pass by itself (nobody answered when something had to be looked up) is thrown, and comes again. */
async function taken(event: Event, listener: Listener, signal: AbortSignal): Promise<void> {
  try {
    await listener.event(event);
  } catch (error) {
    if (isOver(signal) || error instanceof Unavailable || isFinal(error)) throw error;
    await listener.notTaken(event, error);
  }
}

function isFinal(error: unknown): error is Refused {
  return error instanceof Refused && [401, 403, 404].includes(error.status);
}

/** The server knows no such place as the one we go on from; 409 where it was restored from a backup that is older. */
function isNoPlace(error: unknown): boolean {
  return error instanceof Refused && [400, 409, 422].includes(error.status);
}

function broken(error: unknown): DetenteError {
  if (error instanceof DetenteError) return error;
  return new Unavailable("the line broke", "it is taken up again where it was");
}

async function once(
  line: Line,
  after: string | null,
  signal: AbortSignal,
  isUp: (up: boolean) => void,
  take: (event: Event) => Promise<void>,
): Promise<void> {
  const own = new AbortController();
  const either = AbortSignal.any([signal, own.signal]);
  let heard = Date.now();
  const watch = setInterval(() => {
    if (Date.now() - heard > SILENT_MS) own.abort();
  }, 1_000);
  try {
    const headers: Record<string, string> = after ? { "last-event-id": after } : {};
    const answer = await line.stream("events", { accept: "text/event-stream", ...headers }, either);
    const type = answer.headers.get("content-type") ?? "";
    if (!type.startsWith("text/event-stream") || answer.body === null) {
      throw new Malformed(`${type || "nothing"} in place of events`, "is this a détente server?");
    }
    for await (const events of read(answer.body)) {
      heard = Date.now();
      isUp(true);
      for (const event of events) {
        if (isOver(either)) return;
        await take(event);
        heard = Date.now();
      }
    }
  } finally {
    clearInterval(watch);
    own.abort();
  }
}

/** The events of a stream, as many as came at once; empty where it said something that is none. By the WHATWG standard, 9.2.6. */
export async function* read(
  body: ReadableStream<Uint8Array>,
  most = MOST_CHARACTERS,
): AsyncGenerator<readonly Event[]> {
  let found: Event[] = [];
  let isTooLong = false;
  const parser = createParser({
    maxBufferSize: most,
    onEvent: (message) => {
      found.push(eventOf(message));
    },
    onError: (error) => {
      isTooLong ||= error.type === "max-buffer-size-exceeded";
    },
  });
  const refused = (): boolean => isTooLong;
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      if (value.length > most) throw tooLong(most);
      found = [];
      parser.feed(decoder.decode(value, { stream: true }));
      yield found;
      if (refused()) throw tooLong(most);
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function tooLong(most: number): Malformed {
  return new Malformed(`an event of more than ${most} characters`, "is this a détente server?");
}

function eventOf({ event, data, id }: EventSourceMessage): Event {
  return { kind: event ?? "message", data, id: id ?? "" };
}
