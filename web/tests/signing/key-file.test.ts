import { describe, expect, test } from "vitest";

import { newKeyAndFile, publicKeyText, readKeyFile, signBytes, unlock } from "../../src/signing/index.js";
import { vectorText } from "../vectors.js";

const PASSPHRASE = "cinq mots tirés aux dés";
const HOLDER = { party: "Relief Mission", role: "officer", officer: "Bureau de veille à Naqoura" } as const;

describe("a key file", () => {
  for (const name of ["python.key", "browser.key"]) {
    test(`${name} opens with its passphrase, and signs as the key it states`, async () => {
      const file = await readKeyFile(vectorText(`key_file/${name}`));
      expect(file.holder).toEqual(HOLDER);
      const key = await unlock(file, PASSPHRASE);
      const message = new TextEncoder().encode("a notice");
      await file.publicKey.verify(await signBytes(key, message), message);
      await expect(crypto.subtle.exportKey("pkcs8", key.privateKey)).rejects.toThrow();
    });
  }

  test("opens with the passphrase as another machine composes its letters", async () => {
    const file = await readKeyFile(vectorText("key_file/python.key"));
    await unlock(file, PASSPHRASE.normalize("NFD"));
  });

  test("made here is read again as it was", async () => {
    const made = await newKeyAndFile(HOLDER, PASSPHRASE);
    const file = await readKeyFile(made.file);
    expect(file.publicKey.is(made.key.publicKey)).toBe(true);
    await unlock(file, PASSPHRASE);
  });

  test("of a public key is what Python writes", async () => {
    const text = vectorText("key_file/python.pub");
    const file = await readKeyFile(text);
    expect(publicKeyText(file.publicKey, HOLDER)).toBe(text);
    await expect(unlock(file, PASSPHRASE)).rejects.toThrow("holds only a public key");
  });

  test("does not open with another passphrase", async () => {
    const file = await readKeyFile(vectorText("key_file/python.key"));
    await expect(unlock(file, "five words drawn by dice")).rejects.toThrow("the passphrase does not open the key");
  });

  test("that states another key is refused", async () => {
    const [mine, other] = [vectorText("key_file/python.key"), vectorText("key_file/browser.key")];
    const swapped = mine.replace(/-----BEGIN[^]*$/, /-----BEGIN[^]*$/.exec(other)?.[0] ?? "");
    await expect(unlock(await readKeyFile(swapped), PASSPHRASE)).rejects.toThrow("opens as another key than it states");
  });

  test("whose lines are of another key is refused", async () => {
    const text = vectorText("key_file/python.key").replace(/^Fingerprint: \w/m, "Fingerprint: Z");
    await expect(readKeyFile(text)).rejects.toThrow("the lines above the key are of another key");
  });

  test.each([
    ["none", "", "0 keys in PEM"],
    ["two", "both", "2 keys in PEM"],
    ["an open one", "open", "that no passphrase protects"],
  ])("with %s is refused", async (_, what, refusal) => {
    const python = vectorText("key_file/python.key");
    const texts: Record<string, string> = {
      "": "détente",
      both: python + python,
      open: python.replaceAll("ENCRYPTED PRIVATE KEY", "PRIVATE KEY"),
    };
    await expect(readKeyFile(texts[what] ?? "")).rejects.toThrow(refusal);
  });

  test("flipped in any byte opens as no key", async () => {
    const text = vectorText("key_file/python.key");
    const [begin, body = "", end] = /(-----BEGIN[^\n]*\n)([^-]*)(-----END.*)/s.exec(text)?.slice(1) ?? [];
    const der = Buffer.from(body, "base64");
    const places = Array.from({ length: der.length }, (_, place) => place).filter((place) => place % 7 === 0);
    for (const place of places) {
      const changed = Buffer.from(der);
      changed[place] = (changed[place] ?? 0) ^ 0x10;
      const rounds = place >= 46 && place <= 52; // more rounds than anybody has time for
      if (rounds) continue;
      const head = text.slice(0, text.indexOf("-----BEGIN"));
      await expect(
        readKeyFile(head + (begin ?? "") + changed.toString("base64") + "\n" + (end ?? "")).then((file) =>
          unlock(file, PASSPHRASE),
        ),
      ).rejects.toThrow();
    }
  }, 60_000);
});

test("a passphrase that is short makes no key", async () => {
  await expect(newKeyAndFile(HOLDER, "too short")).rejects.toThrow("at least 12");
});
