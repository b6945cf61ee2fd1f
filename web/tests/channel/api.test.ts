import { describe, expect, test } from "vitest";

import { openLine, pages, Refused, Unavailable } from "../../src/channel/api.js";
import { retryAfterMs } from "../../src/channel/waiting.js";
import { served } from "./served.js";

const who = { arena: "levant", token: "t0ken" };

describe("a request", () => {
  test("is asked again after 503 and 429, with the same body, until it is answered", async () => {
    const bodies: string[] = [];
    const base = await served((request, answer) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        bodies.push(`${request.headers.authorization} ${body}`);
        answer.writeHead([503, 429][bodies.length - 1] ?? 200).end('{"good":true}');
      });
    });
    expect(await openLine({ ...who, base }).post("submissions", { submission: "a", acts: [] })).toEqual({ good: true });
    expect(bodies).toEqual(Array<string>(3).fill('Bearer t0ken {"submission":"a","acts":[]}'));
  });

  test("whose answer breaks off half-way is asked again, and is no fault of the console", async () => {
    let count = 0;
    const base = await served((_, answer) => {
      count += 1;
      answer.writeHead(200, { "content-length": "13" });
      if (count > 1) answer.end('{"good":true}');
      else answer.write('{"go', () => answer.destroy());
    });
    expect(await openLine({ ...who, base }).get("rules")).toEqual({ good: true });
    expect(count).toBe(2);
  });

  test("that is refused is not asked again, and says what, where and how to fix it", async () => {
    let count = 0;
    const base = await served((_, answer) => {
      count += 1;
      const told = { type: "urn:detente:stale-version", detail: "older", where: "acts[0]", hint: "read again" };
      answer.writeHead(409).end(JSON.stringify(told));
    });
    const refusal: unknown = await openLine({ ...who, base })
      .get("rules")
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(Refused);
    expect(refusal).toMatchObject({ kind: "stale-version", status: 409, where: "acts[0]", hint: "read again" });
    expect(count).toBe(1);
  });

  test("is given up at once where the server asks to wait for longer than we would", async () => {
    let count = 0;
    const base = await served((_, answer) => {
      count += 1;
      answer.writeHead(503, { "retry-after": "30" }).end("{}");
    });
    await expect(openLine({ ...who, base, giveUpMs: 5_000 }).get("rules")).rejects.toBeInstanceOf(Unavailable);
    expect(count).toBe(1);
  });

  test("waits as long as Retry-After says", async () => {
    const cameMs: number[] = [];
    const base = await served((_, answer) => {
      cameMs.push(Date.now());
      answer.writeHead(cameMs.length === 1 ? 429 : 200, { "retry-after": "2" }).end("{}");
    });
    await openLine({ ...who, base }).get("rules");
    expect((cameMs[1] ?? 0) - (cameMs[0] ?? 0)).toBeGreaterThanOrEqual(1_990); // by itself it would wait for half a second at most
  });

  test("ends when the desk is closed: under way, and while it waits to be asked again", async () => {
    let count = 0;
    const stop = new AbortController();
    const base = await served((request, answer) => {
      count += 1;
      if (request.url?.endsWith("/watch"))
        setTimeout(() => stop.abort(), 50); // and never answered
      else answer.writeHead(503, { "retry-after": "50" }).end("{}");
    });
    const line = openLine({ ...who, base, stop: stop.signal });
    const waiting = expect(line.get("open")).rejects.toBeInstanceOf(Unavailable);
    const held = expect(line.get("watch")).rejects.toThrow("closed");
    await Promise.all([waiting, held]);
    await expect(line.get("rules")).rejects.toThrow("closed");
    expect(count).toBe(2);
  });

  test("for bytes that are not there gives null; a list is read to its end", async () => {
    const base = await served((request, answer) => {
      const after = new URL(request.url ?? "", "http://x").searchParams.get("after");
      if (request.url?.includes("log/")) answer.writeHead(404).end("{}");
      else
        answer.end(JSON.stringify(after ? { cursor: null, items: [{ n: 2 }] } : { cursor: "one", items: [{ n: 1 }] }));
    });
    const line = openLine({ ...who, base });
    expect(await line.bytes("log/checkpoint")).toBeNull();
    const found: unknown[] = [];
    for await (const { items } of pages(line, "open", "items")) found.push(...items);
    expect(found).toEqual([{ n: 1 }, { n: 2 }]);
  });
});

describe("Retry-After", () => {
  const now = Date.parse("Sun, 06 Nov 1994 08:49:07 GMT");
  test.each([
    ["30", 30_000],
    ["0", 0],
    ["86400", 60_000],
    ["Sun, 06 Nov 1994 08:49:37 GMT", 30_000],
    ["Sun, 06 Nov 1994 07:49:37 GMT", 0],
    ["Sun, 06 Nov 2094 07:49:37 GMT", 60_000],
    ["-5", 0],
    ["1e9", 0],
    ["soon", 0],
    ["", 0],
  ])("%j is %i ms", (said, ms) => {
    expect(retryAfterMs(new Headers({ "retry-after": said }), now)).toBe(ms);
  });

  test("as a date is counted from the server's own clock, not from ours", () => {
    const headers = { "retry-after": "Sun, 06 Nov 1994 08:49:37 GMT", date: "Sun, 06 Nov 1994 08:49:27 GMT" };
    expect(retryAfterMs(new Headers(headers), Date.parse("2018-09-17T18:39:00Z"))).toBe(10_000);
  });
});
