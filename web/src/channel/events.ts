/**
 * Server-sent events over fetch, since EventSource cannot carry a token in a header: postings as they come, taken up again where the line broke.
 *
 * The server says something at least every ten seconds. A line that is silent for longer is dead, whatever the browser thinks of it; a tab that slept
 * finds out when it wakes.
 */

import { Refused, type Line } from "./api.js";

const SILENT_MS = 35_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;
const MOST_CHARACTERS = 16 << 20;

export interface Listener {
  /** One event: what kind, its data as JSON text, and its place (empty for what comes ahead of its place). */
  readonly event: (kind: string, data: string, id: string) => Promise<void>;
  /** The line is up (something was heard just now), or down. */
  readonly line: (isUp: boolean) => void;
  /** The token opens nothing any more; nothing is tried again. */
  readonly refused: (error: Refused) => void;
}

/** Listens from a place on until the signal says otherwise. */
export async function listen(line: Line, from: string | null, listener: Listener, signal: AbortSignal): Promise<void> {
  let after = from;
  let wait = FIRST_WAIT_MS;
  while (!signal.aborted) {
    try {
      await once(line, after, signal, {
        ...listener,
        event: async (kind, data, id) => {
          await listener.event(kind, data, id);
          if (id) after = id;
        },
        line: (isUp) => {
          if (isUp) wait = FIRST_WAIT_MS;
          listener.line(isUp);
        },
      });
    } catch (error) {
      if (error instanceof Refused && [401, 403, 404].includes(error.status)) {
        listener.line(false);
        listener.refused(error);
        return;
      }
    }
    listener.line(false);
    await pause(wait, signal);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

async function once(line: Line, after: string | null, signal: AbortSignal, listener: Listener): Promise<void> {
  const own = new AbortController();
  const stop = (): void => own.abort();
  signal.addEventListener("abort", stop);
  let heard = Date.now();
  const watch = setInterval(() => {
    if (Date.now() - heard > SILENT_MS) own.abort();
  }, 1_000);
  try {
    const headers: Record<string, string> = after ? { "last-event-id": after } : {};
    const answer = await line.stream("events", { accept: "text/event-stream", ...headers }, own.signal);
    if (answer.body === null) return;
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard = Date.now();
      listener.line(true);
      rest = await told(rest + decoder.decode(value, { stream: true }), listener);
      if (rest.length > MOST_CHARACTERS) return; // no event is so long: whoever sends it is no server of ours
    }
  } finally {
    clearInterval(watch);
    signal.removeEventListener("abort", stop);
    own.abort();
  }
}

/** Tells every whole event of a text; gives what is left of it. */
async function told(text: string, listener: Listener): Promise<string> {
  const blocks = text.split("\n\n");
  const rest = blocks.pop() ?? "";
  for (const block of blocks) {
    const { kind, data, id } = fields(block);
    if (data) await listener.event(kind, data, id);
  }
  return rest;
}

export function fields(block: string): { kind: string; data: string; id: string } {
  const found = { kind: "message", data: "", id: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") found.kind = value;
    if (name === "data") found.data += found.data ? `\n${value}` : value;
    if (name === "id") found.id = value;
  }
  return found;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    window.addEventListener("online", end);
    signal.addEventListener("abort", end);
  });
}
