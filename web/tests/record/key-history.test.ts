import { expect, test } from "vitest";

import { utf8 } from "../../src/record/bytes.js";
import { readEnvelope, writeEnvelope } from "../../src/record/envelope.js";
import { DetenteError, NotAuthentic } from "../../src/record/errors.js";
import { checkValidAt } from "../../src/record/holder.js";
import { keysById, readHistory, rootOf } from "../../src/record/key-history.js";
import { publicKeyFromText } from "../../src/record/keys.js";
import { vectorText } from "../vectors.js";
import { flipped } from "./world.js";

interface Case {
  name: string;
  root: string;
  said: string | null;
  statements: string[];
}
const CASES = JSON.parse(vectorText("record/keys.json")) as Case[];
const T0_US = 1_537_207_200_000_000;

async function history({ root, statements }: Case) {
  return readHistory(
    statements.map((text) => readEnvelope(utf8(text))),
    await publicKeyFromText(root),
  );
}

function called(name: string): Case {
  const found = CASES.find((each) => each.name === name);
  if (!found) throw new TypeError(name);
  return found;
}

test.each(CASES)("a list of keys is judged as it says: $name", async (given) => {
  if (given.said === null) {
    expect((await history(given)).count).toBe(given.statements.length);
  } else {
    await expect(history(given)).rejects.toThrow(given.said);
    await expect(history(given)).rejects.toThrow(NotAuthentic);
  }
});

test("a key signs from its beginning to its end, and what it signed before it was revoked holds", async () => {
  const { keys } = await history(called("holds"));
  const [night] = keys.filter(({ holder }) => holder.officer === "Night officer");
  if (!night) throw new TypeError("no night officer");
  checkValidAt(night, T0_US);
  checkValidAt(night, T0_US + 99_999_999);
  expect(() => checkValidAt(night, T0_US - 1)).toThrow("is valid only from 2018-09-17T18:00:00Z");
  expect(() => checkValidAt(night, T0_US + 100_000_000)).toThrow("was revoked (stolen) at 2018-09-17T18:01:40Z");
  expect(night.ending?.suspectedSinceUs).toBe(T0_US + 50_000_000);
});

test("a replaced key ends as the new one begins, and a root gives way to the next", async () => {
  const { keys } = await history(called("an officer's key replaced"));
  const [before, after] = keys.filter(({ holder }) => holder.officer === "Day officer");
  expect(before?.ending?.atUs).toBe(after?.validFromUs);
  expect(before?.ending?.replacedBy).toBe(after?.key.id);
  const changed = await history(called("root changed by the recovery key"));
  expect(rootOf(changed).key.text).toBe(called("trusted by its later root").root);
});

test("a key that two parties enrolled is nobody's", async () => {
  const one = await history(called("holds"));
  expect(() => keysById([one, { ...one, party: "South" }])).toThrow("is both");
});

test("every flipped bit of a statement is refused, or changes nothing that was signed", async () => {
  const given = called("holds");
  const [first = "", second = ""] = given.statements;
  const raw = utf8(second);
  const sound = readEnvelope(raw);
  for (const changed of flipped(raw)) {
    try {
      const envelope = readEnvelope(changed);
      await readHistory([readEnvelope(utf8(first)), envelope], await publicKeyFromText(given.root));
      expect({ ...envelope, signatures: sound.signatures }).toEqual(sound);
    } catch (error) {
      expect(error).toBeInstanceOf(DetenteError);
    }
  }
  expect(writeEnvelope(sound)).toEqual(raw);
}, 60_000);
