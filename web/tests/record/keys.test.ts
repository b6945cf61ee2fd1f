import { describe, expect, test } from "vitest";

import { fromHex } from "../../src/record/bytes.js";
import { Malformed, NotAuthentic } from "../../src/record/errors.js";
import { publicKey, verifierLine } from "../../src/record/keys.js";
import { newSigningKey } from "../../src/signing/index.js";
import { vectorRows } from "../vectors.js";

describe.each(vectorRows("ed25519/rfc8032.csv"))("RFC 8032, $name", (row) => {
  const part = (name: string) => fromHex(row[name] ?? "", name);

  test("the signature holds, and no other", async () => {
    const key = await publicKey(part("public"));
    await key.verify(part("signature"), part("message"));
    const changed = part("signature");
    changed[0] = (changed[0] ?? 0) ^ 1;
    await expect(key.verify(changed, part("message"))).rejects.toThrow(NotAuthentic);
  });
});

const P = 2n ** 255n - 19n;
const ORDER_8_Y = 0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7n;
const littleEndian = (y: bigint) =>
  Uint8Array.from({ length: 32 }, (_, index) => Number((y >> BigInt(8 * index)) & 0xffn));

test.each([0n, 1n, P - 1n, ORDER_8_Y, P - ORDER_8_Y, P, P + 1n, 2n ** 255n - 1n])(
  "a key of y = %d would let one signature stand for many messages, with either sign",
  async (y) => {
    for (const sign of [0n, 2n ** 255n]) await expect(publicKey(littleEndian(y + sign))).rejects.toThrow(Malformed);
  },
);

test("the published key of the Go checksum database is read and written as published", async () => {
  const raw = Uint8Array.from(atob("Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"), (c) => c.charCodeAt(0)).slice(1);
  const line = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
  expect(await verifierLine("sum.golang.org", await publicKey(raw))).toBe(line);
});

test("a private key made here does not leave the browser's keeping", async () => {
  const { privateKey } = await newSigningKey();
  expect(privateKey.extractable).toBe(false);
  await expect(crypto.subtle.exportKey("pkcs8", privateKey)).rejects.toThrow();
});
