import { expect, test } from "vitest";

import { utf8 } from "../../src/record/bytes.js";
import { NotAuthentic } from "../../src/record/errors.js";
import { leafData } from "../../src/record/leaf.js";
import { leafHash } from "../../src/record/merkle.js";
import { checkProof, type LogTrust, readProof } from "../../src/record/proof.js";
import { newSigningKey } from "../../src/signing/index.js";
import { LOG, openingAt, TRUST } from "./world.js";

const KNOWN: LogTrust = { ...TRUST, origin: LOG.trust.origin, logKey: TRUST.hostKey };
const PROOF = readProof(utf8(LOG.proofs["7"] ?? ""));
const LEAF = await leafHash(await leafData(openingAt(7)));

test("a proof tells who vouches for a leaf, and holds for that leaf alone", async () => {
  expect([...(await checkProof(PROOF, LEAF, KNOWN)).keys()]).toEqual([...TRUST.witnesses.keys()]);
  await expect(checkProof(PROOF, await leafHash(utf8("another")), KNOWN)).rejects.toThrow("is not in the tree");
  await expect(checkProof({ ...PROOF, index: 8n }, LEAF, KNOWN)).rejects.toThrow(NotAuthentic);
});

test("the head in it has to be of that log, signed by its key and cosigned by as many as are agreed", async () => {
  const stranger = (await newSigningKey()).publicKey;
  await expect(checkProof(PROOF, LEAF, { ...KNOWN, origin: "detente/another" })).rejects.toThrow("a checkpoint of");
  await expect(checkProof(PROOF, LEAF, { ...KNOWN, logKey: stranger })).rejects.toThrow("not signed by");
  const witnesses = new Map([...TRUST.witnesses, ["south.example/witness", stranger]]);
  await expect(checkProof(PROOF, LEAF, { ...KNOWN, witnesses })).rejects.toThrow(
    "cosigned by 1 of 2 witnesses, 2 are agreed",
  );
  await expect(checkProof(PROOF, LEAF, { ...KNOWN, witnesses: new Map() })).rejects.toThrow("nobody but the host");
});
