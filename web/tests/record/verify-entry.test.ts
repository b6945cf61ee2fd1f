import { beforeAll, describe, expect, test } from "vitest";

import { fromBase64, utf8 } from "../../src/record/bytes.js";
import { originOf } from "../../src/record/checkpoint.js";
import { DetenteError, NotAuthentic } from "../../src/record/errors.js";
import { HOST_KINDS, PARTY_KINDS } from "../../src/record/kinds.js";
import { publicKey } from "../../src/record/keys.js";
import {
  checkGoesOn,
  type Log,
  openHead,
  openLog,
  readOpening,
  verifyEntry,
  verifyProvenEntry,
} from "../../src/record/verify-entry.js";
import { newSigningKey } from "../../src/signing/index.js";
import { entryAt, flipped, LOG, openingAt, tilesFrom, TRUST } from "./world.js";

const HEAD = utf8(LOG.checkpoint);
const T0_US = 1_537_207_200_000_000;
const named = (size: number | null) => (size === null ? undefined : utf8(LOG.checkpoints[String(size)] ?? ""));
let log: Log;
beforeAll(async () => {
  log = await openLog(HEAD, tilesFrom(LOG.tiles), TRUST);
});

test("the kinds that host and parties state, and the name of a log, are those of the Python side", () => {
  expect([...HOST_KINDS]).toEqual(LOG.kinds.host);
  expect([...PARTY_KINDS]).toEqual(LOG.kinds.party);
  expect(originOf(LOG.trust.arena)).toBe(LOG.trust.origin);
});

test.each(LOG.entries)("entry $opening.position is judged as the vectors say: $said", async (entry) => {
  const verdict = verifyEntry(
    openingAt(entry.opening.position),
    log,
    TRUST,
    named(entry.named === 22 ? null : entry.named),
  );
  if (entry.said === null) {
    expect((await verdict).outcome).toBe("holds");
    expect((await verdict).named).toBe(entry.named === null ? "none" : "compared");
  } else {
    await expect(verdict).rejects.toThrow(entry.said);
    await expect(verdict).rejects.toThrow(NotAuthentic);
    await expect(verdict).rejects.toThrow(`entry ${entry.opening.position}`);
  }
});

test("a verdict says who, when at the earliest and at the latest, and who vouches", async () => {
  const verdict = await verifyEntry(openingAt(257), log, TRUST, named(256));
  expect(verdict.signer?.holder).toEqual({ party: "North", role: "officer", officer: "Day officer" });
  expect(verdict.receivedUs).toBe(T0_US + 2_570_000_000);
  expect(verdict.earliestUs).toBe(T0_US + 2_580_000_000); // the first witness of the head of 256
  expect(verdict.latestUs).toBe(T0_US + 3_022_000_000); // the end of the second in which the second witness of the latest had it
  expect(verdict.head.cosigned.map(({ witness }) => witness)).toEqual([...TRUST.witnesses.keys()]);
  const ofHost = await verifyEntry(openingAt(0), log, TRUST);
  expect([ofHost.signer, ofHost.act.type]).toEqual([null, "member"]);
});

test("a head that too few witnesses cosigned bounds nothing", async () => {
  expect((await verifyEntry(openingAt(7), log, TRUST, named(5))).earliestUs).toBeNull();
  expect((await verifyEntry(openingAt(257), log, TRUST)).earliestUs).toBeNull();
});

test("with fewer witnesses than agreed nothing is false, and the proof is incomplete", async () => {
  const verdict = await verifyEntry(openingAt(3), log, TRUST);
  expect(verdict.outcome).toBe("holds");
  for (const trust of [
    { ...TRUST, quorum: 3 },
    { ...TRUST, witnesses: new Map(), quorum: 0 },
  ]) {
    const alone = await openLog(HEAD, tilesFrom(LOG.tiles), trust);
    const less = await verifyEntry(openingAt(3), alone, trust);
    expect([less.outcome, less.latestUs]).toEqual(["incomplete", null]);
  }
});

test.each(Object.keys(LOG.proofs))("entry %s holds by its proof alone", async (position) => {
  const entry = entryAt(Number(position));
  const verdict = await verifyProvenEntry(openingAt(Number(position)), utf8(LOG.proofs[position] ?? ""), TRUST);
  expect(verdict.named).toBe(entry.named === null ? "none" : "not compared");
  expect(verdict.outcome).toBe(entry.named === null ? "holds" : "incomplete");
});

test("a proof is of one entry", async () => {
  const proof = utf8(LOG.proofs["0"] ?? "");
  await expect(verifyProvenEntry(openingAt(3), proof, TRUST)).rejects.toThrow("entry 3: the proof is of entry 0");
  const moved = { ...openingAt(3), position: 0n };
  await expect(verifyProvenEntry(moved, proof, TRUST)).rejects.toThrow("leaf 0 is not in the tree of 300");
});

test.each(LOG.refused_checkpoints)("a head $name is refused", async ({ note, said }) => {
  const opened = openLog(utf8(note), tilesFrom(LOG.tiles), TRUST);
  await expect(opened).rejects.toThrow(said);
  await expect(opened).rejects.toBeInstanceOf(DetenteError);
});

test("the log goes on from its older heads, and from no other's", async () => {
  for (const [size, note] of Object.entries(LOG.checkpoints)) {
    expect((await checkGoesOn(log, utf8(note), TRUST)).checkpoint.treeSize).toBe(BigInt(size));
  }
  const forked = LOG.refused_checkpoints.find(({ name }) => name === "of another tree");
  await expect(checkGoesOn(log, utf8(forked?.note ?? ""), TRUST)).rejects.toThrow("two stories");
  const larger = LOG.refused_checkpoints.find(({ name }) => name === "of a larger tree");
  await expect(checkGoesOn(log, utf8(larger?.note ?? ""), TRUST)).rejects.toThrow("it was rolled back");
});

test("a witness is taken at its earliest word", async () => {
  const { note, moments } = LOG.cosigned_twice;
  const { cosigned } = await openHead(utf8(note), TRUST);
  expect(Object.fromEntries(cosigned.map(({ witness, atS }) => [witness, Number(atS)]))).toEqual(moments);
});

test("a head that the act names has to be that one, of that size and root", async () => {
  const { forked } = LOG;
  await expect(verifyEntry(openingAt(257), log, TRUST, utf8(forked))).rejects.toThrow("has another root");
  await expect(verifyEntry(openingAt(257), log, TRUST, named(5))).rejects.toThrow("is not the one that it names");
  await expect(verifyEntry(openingAt(3), log, TRUST, named(5))).rejects.toThrow("is not the one that it names");
  await expect(checkGoesOn(log, utf8(forked), TRUST)).rejects.toThrow("two stories");
});

test("a salt of another length opens nothing", async () => {
  for (const salt of [new Uint8Array(31), new Uint8Array(33)]) {
    await expect(verifyEntry({ ...openingAt(3), salt }, log, TRUST)).rejects.toThrow("a salt of");
  }
});

describe("what a server could alter", () => {
  const opening = openingAt(3);

  test.each([
    ["its moment", { receivedUs: opening.receivedUs + 1 }],
    ["its kind", { kind: "notice" }],
    ["its salt", { salt: new Uint8Array(32) }],
    ["its place", { position: 4n }],
    ["its envelope for another that is in the log", { envelope: openingAt(6).envelope }],
  ])("%s is refused", async (_, change) => {
    await expect(verifyEntry({ ...opening, ...change }, log, TRUST)).rejects.toThrow("the log has another leaf");
  });

  test("a place beyond the tree is refused", async () => {
    await expect(verifyEntry({ ...opening, position: 300n }, log, TRUST)).rejects.toThrow(
      "lies beyond the tree of 300",
    );
    await expect(verifyEntry({ ...opening, position: -1n }, log, TRUST)).rejects.toThrow(DetenteError);
  });

  test("any bit of an entry is refused", async () => {
    for (const envelope of flipped(opening.envelope)) {
      await expect(verifyEntry({ ...opening, envelope }, log, TRUST)).rejects.toThrow("the log has another leaf");
    }
  });

  test("any bit of the head is refused, or leaves too few witnesses", async () => {
    for (const note of flipped(HEAD)) {
      const head = await openHead(note, TRUST).catch((error: unknown) => error);
      if (head instanceof Error) expect(head).toBeInstanceOf(DetenteError);
      else {
        expect((head as Log["head"]).checkpoint).toEqual(log.head.checkpoint);
        expect((head as Log["head"]).hasQuorum).toBe(false);
      }
    }
  }, 60_000);

  test("any bit of a proof is refused, or was signed by nobody and vouches for nothing", async () => {
    const proof = utf8(LOG.proofs["257"] ?? "");
    const entry = openingAt(257);
    for (const changed of flipped(proof)) {
      const verdict = await verifyProvenEntry(entry, changed, TRUST).catch((error: unknown) => error);
      if (verdict instanceof Error) expect(verdict).toBeInstanceOf(DetenteError);
      else expect(verdict).toMatchObject({ position: 257n, outcome: "incomplete" });
    }
  }, 60_000);

  test("any bit of a tile at the edge is refused", async () => {
    const path = "tile/0/001.p/44";
    const tile = fromBase64(LOG.tiles[path] ?? "", path).slice();
    for (let bit = 0; bit < 8 * tile.length; bit += 13) {
      const changed = tile.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      await expect(openLog(HEAD, tilesFrom(LOG.tiles, { [path]: changed }), TRUST)).rejects.toThrow(
        "lead to another root",
      );
    }
  }, 60_000);

  test("any byte of a full tile is refused where an entry lies under it, also another's", async () => {
    const path = "tile/0/000";
    const tile = fromBase64(LOG.tiles[path] ?? "", path);
    for (let place = 0; place < tile.length; place += 97) {
      const changed = tile.slice();
      changed[place] = (changed[place] ?? 0) ^ 1;
      const altered = await openLog(HEAD, tilesFrom(LOG.tiles, { [path]: changed }), TRUST);
      await expect(verifyEntry(opening, altered, TRUST)).rejects.toThrow("tile/0/000 is not the tile of the tree");
    }
    for (const changed of [tile.slice(32), new Uint8Array(), new Uint8Array(tile.length + 32)]) {
      const altered = await openLog(HEAD, tilesFrom(LOG.tiles, { [path]: changed }), TRUST);
      await expect(verifyEntry(opening, altered, TRUST)).rejects.toThrow("bytes, not 8192");
    }
  }, 60_000);

  test("a tile that came broken once may come whole", async () => {
    let broken = true;
    const sound = tilesFrom(LOG.tiles);
    const tiles = await openLog(
      HEAD,
      async (tile) => (tile.width === 256 && broken ? new Uint8Array(8192) : sound(tile)),
      TRUST,
    );
    await expect(verifyEntry(opening, tiles, TRUST)).rejects.toThrow("is not the tile");
    broken = false;
    expect((await verifyEntry(opening, tiles, TRUST)).outcome).toBe("holds");
  });
});

describe("what a reader knows", () => {
  test("another host's key opens no head", async () => {
    const hostKey = (await newSigningKey()).publicKey;
    await expect(openHead(HEAD, { ...TRUST, hostKey })).rejects.toThrow("checkpoint: not signed by");
  });

  test("another arena's reader takes no head of this one", async () => {
    await expect(openHead(HEAD, { ...TRUST, arena: "another" })).rejects.toThrow("a checkpoint of");
  });

  test("a party whose keys it does not have has signed nothing", async () => {
    const keys = new Map(Array.from(TRUST.keys).filter(([, { holder }]) => holder.party !== "North"));
    await expect(verifyEntry(openingAt(3), log, { ...TRUST, keys })).rejects.toThrow("none of this arena's keys");
  });

  test("a witness it knows by another key has cosigned nothing", async () => {
    const other = await publicKey((await newSigningKey()).publicKey.raw);
    const witnesses = new Map([...TRUST.witnesses, ["north.example/witness", other]]);
    expect((await openHead(HEAD, { ...TRUST, witnesses })).hasQuorum).toBe(false);
  });
});

test.each([
  ["[]", "not an object"],
  ['{"envelope":"","kind":"view","position":0,"received_us":0}', "member 'salt' is missing"],
  ['{"envelope":"","kind":"view","position":0,"received_us":0,"salt":"","x":1}', "member 'x' is missing, or not known"],
  ['{"envelope":"","kind":"view","position":-1,"received_us":0,"salt":""}', "position: not a whole number"],
  ['{"envelope":"","kind":"view","position":1.5,"received_us":0,"salt":""}', "position: not a whole number"],
  ['{"envelope":"","kind":"view","position":0,"received_us":0,"salt":"AB"}', "lower-case hexadecimal"],
])("%s opens no entry", (text, said) => {
  expect(() => readOpening(utf8(text))).toThrow(said);
});
