import { describe, expect, test } from "vitest";

import { openLine, Refused, Unavailable } from "../../src/channel/api.js";
import { type Event, listen, type Listener, read } from "../../src/channel/events.js";
import { DetenteError, Malformed } from "../../src/record/index.js";
import { served } from "./served.js";

const STREAM = { "content-type": "text/event-stream" };

async function readAll(pieces: readonly string[], most?: number): Promise<Event[]> {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
      controller.close();
    },
  });
  const found: Event[] = [];
  for await (const events of read(body, most)) found.push(...events);
  return found;
}

describe("a stream of events is read by the standard", () => {
  const two = "id: 1\nevent: view\ndata: {}\n\n: a comment\nid: 2\nevent: answer\ndata: a\ndata: b\n\n";
  const expected = [
    { id: "1", kind: "view", data: "{}" },
    { id: "2", kind: "answer", data: "a\nb" },
  ];

  test.each([
    ["LF", "\n"],
    ["CRLF", "\r\n"],
    ["CR", "\r"],
  ])("with lines that end in %s", async (_, end) => {
    expect(await readAll([two.replaceAll("\n", end) + `:${end}`])).toEqual(expected);
  });

  test("wherever it is cut, in the middle of a CRLF too", async () => {
    const whole = two.replaceAll("\n", "\r\n");
    for (let cut = 1; cut < whole.length; cut++) {
      expect(await readAll([whole.slice(0, cut), whole.slice(cut)])).toEqual(expected);
    }
  });

  test("with a line that has no colon, one without a space, and a field nobody knows", async () => {
    expect(await readAll(["data\nevent:view\ndata:x\nidea: 7\n\n"])).toEqual([{ id: "", kind: "view", data: "\nx" }]);
  });

  test("and one that never ends is refused before it is held whole", async () => {
    let asked = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        asked += 1;
        controller.enqueue(new TextEncoder().encode("data: " + "x".repeat(94) + "\n"));
      },
    });
    const all = (async () => {
      for await (const events of read(body, 1_000)) expect(events).toEqual([]);
    })();
    await expect(all).rejects.toBeInstanceOf(Malformed);
    expect(asked).toBeLessThan(15);
    await expect(readAll(["data: " + "x".repeat(2_000)], 1_000)).rejects.toBeInstanceOf(Malformed);
  });
});

/** Listens to a server until `enough` of what was told; gives what the listener was told, in order. */
async function told(
  base: string,
  enough: number,
  event: Listener["event"] = () => Promise.resolve(),
  from: string | null = null,
): Promise<string[]> {
  const found: string[] = [];
  const stop = new AbortController();
  const tell = (said: string): void => {
    found.push(said);
    if (found.length >= enough) stop.abort();
  };
  const listener: Listener = {
    event: async (each) => {
      await event(each);
      tell(`event ${each.id}`);
    },
    notTaken: ({ id }, error) => {
      tell(`not taken ${id}: ${(error as Error).message}`);
      return Promise.resolve();
    },
    line: () => undefined,
    broken: (error: DetenteError) => {
      tell(`broken: ${error.what}`);
    },
    refused: (error: Refused) => {
      tell(`refused ${error.status}`);
      stop.abort();
    },
  };
  await listen(openLine({ arena: "levant", token: "t", base }), from, listener, stop.signal);
  return found;
}

describe("who listens", () => {
  test("is shown an event that cannot be taken, once, and hears those after it", async () => {
    const asked: (string | undefined)[] = [];
    const base = await served((request, answer) => {
      asked.push(request.headers["last-event-id"] as string | undefined);
      answer.writeHead(200, STREAM).write("id: a\ndata: 1\n\nid: b\ndata: 2\n\nid: c\ndata: 3\n\n");
    });
    const found = await told(base, 3, ({ id }) => {
      if (id === "b") throw new TypeError("cannot read");
      return Promise.resolve();
    });
    expect(found).toEqual(["event a", "not taken b: cannot read", "event c"]);
    expect(asked).toEqual([undefined]);
  });

  test("goes on from the last place after the line broke, and from the same where nobody answered what it had to look up", async () => {
    const asked: (string | undefined)[] = [];
    const base = await served((request, answer) => {
      asked.push(request.headers["last-event-id"] as string | undefined);
      const next = { undefined: "a", a: "b", b: "c" }[String(asked.at(-1))] ?? "z";
      answer.writeHead(200, STREAM).end(`id: ${next}\ndata: 1\n\n`);
    });
    let isFirst = true;
    const found = await told(base, 4, ({ id }) => {
      if (id !== "b" || !isFirst) return Promise.resolve();
      isFirst = false;
      throw new Unavailable("nobody answers");
    });
    expect(found).toEqual(["event a", "broken: nobody answers", "event b", "event c"]);
    expect(asked).toEqual([undefined, "a", "a", "b"]);
  });

  test("is told why a line is not taken up, and begins anew where its place is not known any more", async () => {
    const asked: (string | undefined)[] = [];
    const base = await served((request, answer) => {
      asked.push(request.headers["last-event-id"] as string | undefined);
      if (asked.at(-1) === "old") answer.writeHead(409).end('{"detail":"restored from a backup"}');
      else if (asked.length === 2) answer.writeHead(200, { "content-type": "text/html" }).end("<p>not here");
      else if (asked.length === 3) answer.writeHead(500).end("{}");
      else answer.writeHead(200, STREAM).end("id: a\ndata: 1\n\n");
    });
    const found = await told(base, 4, undefined, "old");
    expect(found[0]).toBe("broken: restored from a backup");
    expect(found[1]).toMatch(/text\/html in place of events/);
    expect(found[2]).toMatch(/^broken: /);
    expect(found[3]).toBe("event a");
    expect(asked).toEqual(["old", undefined, undefined, undefined]);
  });

  test.each([401, 403, 404])("ends where the token opens nothing any more: %i", async (status) => {
    const base = await served((_, answer) => answer.writeHead(status).end("{}"));
    expect(await told(base, 9)).toEqual([`refused ${status}`]);
  });
});
