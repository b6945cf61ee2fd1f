import { expect, test } from "vitest";

import { fromHex, fromUtf8, hex, utf8 } from "../../src/record/bytes.js";
import {
  type Envelope,
  MOST_JSON_BYTES,
  preAuthenticationEncoding,
  readEnvelope,
  verify,
  writeEnvelope,
} from "../../src/record/envelope.js";
import { DetenteError, Malformed, NotAuthentic, TooLarge } from "../../src/record/errors.js";
import { publicKey } from "../../src/record/keys.js";
import { newSigningKey, sign } from "../../src/signing/index.js";
import { vectorBytes, vectorText } from "../vectors.js";

interface Written {
  payload: string;
  payloadType: string;
  signatures: { keyid?: string; sig: string }[];
}
interface Vector {
  id: string;
  envelope: Written;
  trustedKeys: string[];
  threshold: number;
  supportedPayloadTypes: string[];
  pae: string;
  expect: "accept" | "reject";
}
const published = JSON.parse(vectorText("dsse/vectors.json")) as {
  keys: Record<string, { public: string }>;
  vectors: Vector[];
};
const TYPE = "application/vnd.detente.test+json";

async function named(name: string) {
  return publicKey(fromHex(published.keys[name]?.public ?? "", name));
}

/** The vector's envelope as bytes, with its names of keys replaced by the ids we use. */
async function written({ envelope }: Vector) {
  const signatures = envelope.signatures.map(async (signature) =>
    signature.keyid === undefined ? signature : { ...signature, keyid: (await named(signature.keyid)).id },
  );
  return utf8(JSON.stringify({ ...envelope, signatures: await Promise.all(signatures) }));
}

async function accepted(vector: Vector): Promise<boolean> {
  const trusted = await Promise.all(vector.trustedKeys.map(named));
  for (const supported of vector.supportedPayloadTypes) {
    try {
      const signers = await verify(readEnvelope(await written(vector)), trusted, supported);
      if (signers.length >= vector.threshold) return true;
    } catch (error) {
      if (!(error instanceof DetenteError)) throw error;
    }
  }
  return false;
}

test.each(published.vectors)("the published envelope $id is judged as published", async (vector) => {
  expect(await accepted(vector)).toBe(vector.expect === "accept");
});

test.each(published.vectors.filter((vector) => vector.expect === "accept"))(
  "what is signed in $id is what the standard signs",
  async (vector) => {
    const { payloadType, payload } = readEnvelope(await written(vector));
    expect(hex(preAuthenticationEncoding(payloadType, payload))).toBe(vector.pae);
  },
);

test("the pre-authentication encoding of the standard's example is the standard's", () => {
  const { payload, payloadType } = readEnvelope(vectorBytes("dsse/hello_world.json"));
  const encoded = preAuthenticationEncoding(payloadType, payload);
  expect(fromUtf8(encoded, "it")).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

const [A, B, C] = await Promise.all([newSigningKey(), newSigningKey(), newSigningKey()]);
const SIGNED = await sign(utf8('{"a":1}'), TYPE, A);

async function judged(raw: Uint8Array<ArrayBuffer>) {
  return verify(readEnvelope(raw), [A.publicKey, B.publicKey], TYPE);
}

test("what is signed here verifies here, for the keys that signed and no others", async () => {
  const both = readEnvelope(writeEnvelope(await sign(utf8("x"), TYPE, A, B)));
  expect(await verify(both, [A.publicKey, B.publicKey, C.publicKey], TYPE)).toEqual([A.publicKey, B.publicKey]);
  expect(await verify(both, [B.publicKey], TYPE)).toEqual([B.publicKey]);
  await expect(verify(both, [C.publicKey], TYPE)).rejects.toThrow("signed by none of the 1 keys that may");
  await expect(verify(both, [A.publicKey], "text/plain")).rejects.toThrow("it was signed to say something else");
});

test("a known key whose signature does not hold spoils the envelope, beside one that does", async () => {
  const both = await sign(utf8("x"), TYPE, A, B);
  const [first, second] = both.signatures as [Envelope["signatures"][0], Envelope["signatures"][0]];
  const swapped = { ...both, signatures: [{ keyid: A.publicKey.id, sig: second.sig }, second] };
  const failing = verify(swapped, [A.publicKey, B.publicKey], TYPE);
  await expect(failing).rejects.toThrow(NotAuthentic);
  await expect(failing).rejects.toThrow("signatures[0]: the signature is not by key");
  expect(await verify({ ...both, signatures: [{ keyid: "", sig: first.sig }, second] }, [A.publicKey], TYPE)).toEqual([
    A.publicKey,
  ]);
});

test("every flipped bit of an envelope is refused, or leaves what was signed as it was", async () => {
  const raw = writeEnvelope(SIGNED);
  expect(await judged(raw)).toEqual([A.publicKey]);
  for (let bit = 0; bit < 8 * raw.length; bit++) {
    const changed = raw.slice();
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    try {
      const read = readEnvelope(changed);
      await verify(read, [A.publicKey, B.publicKey], TYPE);
      expect([read.payload, read.payloadType, read.signatures[0]?.sig]).toEqual([
        SIGNED.payload,
        TYPE,
        SIGNED.signatures[0]?.sig,
      ]);
    } catch (error) {
      expect(error).toBeInstanceOf(DetenteError);
    }
  }
}, 60_000);

const OK = JSON.parse(fromUtf8(writeEnvelope(SIGNED), "it")) as Written & Record<string, unknown>;
const SIG = OK.signatures[0]?.sig ?? "";

test.each([
  ["a list", [], "not a JSON object"],
  ["a member missing", { payload: OK.payload, payloadType: TYPE }, "the member 'signatures' is missing"],
  ["a member more", { ...OK, note: "x" }, "the member 'note' is not known"],
  ["a payload that is no text", { ...OK, payload: 1 }, "payload: not a text"],
  ["base64 without its end", { ...OK, payload: "YQ" }, "not base64"],
  ["base64 in two alphabets", { ...OK, payload: "+_==" }, "not base64"],
  ["base64 with bits left over", { ...OK, payload: "YR==" }, "bits left over"],
  ["base64 in two lines", { ...OK, payload: "YWFh\nYWFh" }, "not base64"],
  ["no signatures", { ...OK, signatures: [] }, "with 0 signatures"],
  ["too many signatures", { ...OK, signatures: Array.from({ length: 17 }, () => ({ sig: SIG })) }, "up to 16"],
  ["a short signature", { ...OK, signatures: [{ sig: "YQ==" }] }, "a signature has 1 bytes"],
  ["a member more in a signature", { ...OK, signatures: [{ sig: SIG, alg: "none" }] }, "signatures.[0]: the member"],
  ["a keyid that is null", { ...OK, signatures: [{ sig: SIG, keyid: null }] }, "not a text"],
  ["a keyid of two lines", { ...OK, signatures: [{ sig: SIG, keyid: "a\nb" }] }, "a keyid is no text"],
  ["no payload type", { ...OK, payloadType: "" }, "a payload type of 0 bytes"],
])("%s is no envelope", (_, value, said) => {
  expect(() => readEnvelope(utf8(JSON.stringify(value)))).toThrow(said);
  expect(() => readEnvelope(utf8(JSON.stringify(value)))).toThrow(Malformed);
});

test("an envelope past its bounds is refused unread", () => {
  expect(() => readEnvelope(new Uint8Array(MOST_JSON_BYTES + 1))).toThrow(TooLarge);
});
