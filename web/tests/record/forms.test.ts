import { expect, test } from "vitest";

import { readAct } from "../../src/record/act.js";
import { utf8 } from "../../src/record/bytes.js";
import { checkpointText, readCheckpoint } from "../../src/record/checkpoint.js";
import { Malformed, TooLarge } from "../../src/record/errors.js";
import { MOST_NOTE_BYTES, readNote, writeNote } from "../../src/record/note.js";
import { MOST_PROOF_BYTES, readProof, writeProof } from "../../src/record/proof.js";
import { vectorText } from "../vectors.js";

const FORMS = JSON.parse(vectorText("record/forms.json")) as {
  act: string;
  acts: { text: string; said: string }[];
  note: string;
  notes: string[];
  checkpoint: string;
  checkpoints: string[];
  proof: string;
  proofs: string[];
};

test("what is sound is read, and written again as it was", () => {
  expect(readAct(utf8(FORMS.act)).checkpoint).toEqual({ treeSize: 5, rootHash: "ef".repeat(32) });
  expect(writeNote(readNote(utf8(FORMS.note)))).toEqual(utf8(FORMS.note));
  expect(checkpointText(readCheckpoint(FORMS.checkpoint))).toBe(FORMS.checkpoint);
  expect(writeProof(readProof(utf8(FORMS.proof)))).toEqual(utf8(FORMS.proof));
});

test.each(FORMS.acts)("what is no act is refused: $said", ({ text, said }) => {
  expect(() => readAct(utf8(text))).toThrow(said);
  expect(() => readAct(utf8(text))).toThrow(Malformed);
});

test.each(FORMS.notes)("%j is no note", (text) => {
  expect(() => readNote(utf8(text))).toThrow(Malformed);
});

test.each(FORMS.checkpoints)("%j is no checkpoint", (text) => {
  expect(() => readCheckpoint(text)).toThrow(Malformed);
});

test.each(FORMS.proofs)("%j is no proof", (text) => {
  expect(() => readProof(utf8(text))).toThrow(Malformed);
});

test("what is too large is refused unread", () => {
  expect(() => readNote(new Uint8Array(MOST_NOTE_BYTES + 1))).toThrow(TooLarge);
  expect(() => readProof(new Uint8Array(MOST_PROOF_BYTES + 1))).toThrow(TooLarge);
  const line = FORMS.note.slice(FORMS.note.lastIndexOf("\n\n") + 2);
  expect(() => readNote(utf8(FORMS.note + line.repeat(64)))).toThrow(TooLarge);
});
