import { describe, expect, test } from "vitest";

import {
  cancellation,
  type Draw,
  type Levels,
  type Marking,
  type NoticeForm,
  prepare,
  readSent,
  type ReleaseGrids,
  type ReleaseLevel,
  type Sent,
  type Signer,
  submissionId,
} from "../../src/notice/index.js";
import {
  canonical,
  DetenteError,
  digestOf,
  type Envelope,
  envelope,
  fromHex,
  type Json,
} from "../../src/record/index.js";
import { ACT_TYPE } from "../../src/record/act.js";
import { fromUtf8 } from "../../src/record/bytes.js";
import { vectorNames, vectorText } from "../vectors.js";

interface Asked {
  readonly arena: string;
  readonly party: string;
  readonly key: string;
  readonly made_at_us: number;
  readonly lasts: Readonly<Record<string, readonly [number, string]>>;
  readonly notice: NoticeForm;
  readonly levels: Levels;
  readonly before: Sent | null;
  readonly grids: ReleaseGrids;
  readonly to_the_host: Exclude<ReleaseLevel, "none">;
  readonly marking: Marking;
}

interface Vector extends Asked {
  readonly draws: readonly string[];
  readonly sent: Sent;
  readonly payloads: readonly string[];
  readonly submission_id: string;
  readonly cancels: readonly string[];
  readonly refused?: {
    readonly family: string;
    readonly where: string;
    readonly what: string;
    readonly hint: string;
  };
}

/** Writes the acts that a key would sign; the signatures are none, and no digest is made of them. */
function signerOf(asked: Asked): Signer {
  const lasts = new Map(Object.entries(asked.lasts));
  return {
    async sign(type, audience, body, options) {
      const [sequence, previous] = lasts.get(audience) ?? ([0, null] as const);
      const { arena, party, key, made_at_us } = asked;
      const act = { type, version: 1, arena, party, audience, key, previous, made_at_us, checkpoint: null, body };
      const payload = canonical({ ...act, sequence: sequence + 1, view: options?.view ?? null });
      const signed = envelope(payload, ACT_TYPE, [{ keyid: key, sig: new Uint8Array(64) }]);
      lasts.set(audience, [sequence + 1, await digestOf(signed)]);
      return signed;
    },
  };
}

function drawsOf(hexes: readonly string[]): Draw {
  const left = hexes.map((each) => fromHex(each, "a draw"));
  return (count) => {
    const drawn = left.shift();
    expect(drawn?.length).toBe(count);
    return drawn ?? new Uint8Array(count);
  };
}

function vectorOf(name: string): Vector {
  return JSON.parse(vectorText(`release/${name}`)) as Vector;
}

async function prepared(vector: Vector, signer: Signer) {
  const { notice, levels, before, grids, to_the_host: toTheHost, marking } = vector;
  const draw = vector.refused ? undefined : drawsOf(vector.draws);
  return prepare(notice, levels, { signer, grids, before: before ?? undefined, toTheHost, marking, draw });
}

function payloads(envelopes: readonly Envelope[]): string[] {
  return envelopes.map(({ payload }) => fromUtf8(payload, "a payload"));
}

function canonicalText(value: unknown): string {
  return fromUtf8(canonical(value as Json), "JSON");
}

/** How many cells were counted before there were too many is each one's own. */
function counted(said: string): string {
  return said.replace(/at least \d+/, "at least so many");
}

const NAMES = vectorNames("release").filter((name) => name.endsWith(".json"));
const SOUND = NAMES.filter((name) => vectorOf(name).refused === undefined);
const REFUSED = NAMES.filter((name) => vectorOf(name).refused !== undefined);

describe("what Python prepares, a browser prepares", () => {
  test("there are vectors", () => expect([SOUND.length, REFUSED.length]).toEqual([13, 4]));

  test.each(SOUND)("%s, byte by byte", async (name) => {
    const vector = vectorOf(name);
    const signer = signerOf(vector);
    const { sent, envelopes } = await prepared(vector, signer);
    expect(payloads(envelopes)).toEqual(vector.payloads);
    expect(canonicalText(sent)).toBe(canonicalText(vector.sent));
    expect(await submissionId(envelopes)).toBe(vector.submission_id);
    expect(payloads(await cancellation(sent, { signer, reason: "no longer" }))).toEqual(vector.cancels);
  });

  test.each(SOUND)("%s is read back as it was kept", (name) => {
    const { sent } = vectorOf(name);
    expect(canonicalText(readSent(sent as unknown as Json, "sent"))).toBe(canonicalText(sent));
  });

  test.each(REFUSED)("%s is refused, by the same words", async (name) => {
    const vector = vectorOf(name);
    const error = await prepared(vector, signerOf(vector)).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(DetenteError);
    const { name: family, where, what, hint } = error as DetenteError;
    expect(counted(JSON.stringify({ family, where, what, hint }))).toBe(counted(JSON.stringify(vector.refused)));
  });
});
