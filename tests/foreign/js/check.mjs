// Cases on standard input, a verdict for each on standard output. Checkpoints and inclusion proofs are judged by @sigstore/verify alone.
import { createHash, createPublicKey } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const parts = join(dirname(fileURLToPath(import.meta.url)), "node_modules", "@sigstore", "verify", "dist", "tlog");
const { verifyCheckpoint } = require(join(parts, "checkpoint.js"));
const { verifyMerkleInclusion } = require(join(parts, "merkle.js"));
const SPKI = Buffer.from("302a300506032b6570032100", "hex");

function logOf(origin, key) {
  const raw = Buffer.from(key, "base64");
  const hashed = Buffer.concat([Buffer.from(`${origin}\n`), Buffer.from([1]), raw]);
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI, raw]), format: "der", type: "spki" });
  return { baseURL: origin, logID: createHash("sha256").update(hashed).digest(), publicKey };
}

function check(each) {
  const log = logOf(each.origin, each.key);
  for (const proof of each.proofs) {
    const inclusionProof = {
      logIndex: String(proof.index),
      hashes: proof.hashes.map((hash) => Buffer.from(hash, "base64")),
      checkpoint: { envelope: each.checkpoint },
    };
    const entry = { canonicalizedBody: Buffer.from(proof.leaf, "base64"), inclusionProof };
    verifyMerkleInclusion(entry, verifyCheckpoint(entry, [log]));
  }
}

for (const each of JSON.parse(readFileSync(0, "utf8"))) {
  let verdict = "accepted";
  try {
    check(each);
  } catch (error) {
    verdict = `rejected: ${error.message}`;
  }
  console.log(`${each.name}\t${verdict.split("\n")[0]}`);
}
