// A second implementation, as a browser would have it: WebCrypto and JSON.stringify, nothing of ours. One task per run, JSON in, JSON out.
const { subtle } = globalThis.crypto ?? (await import("node:crypto")).webcrypto;
const input = await new Response(await readAll()).text();
const given = JSON.parse(input);

async function readAll() {
  const parts = [];
  for await (const part of process.stdin) parts.push(part);
  return Buffer.concat(parts);
}

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));
const utf8 = (text) => new TextEncoder().encode(text);

function preAuthenticationEncoding(type, payload) {
  const head = utf8(`DSSEv1 ${utf8(type).length} ${type} ${payload.length} `);
  return new Uint8Array([...head, ...payload]);
}

const tasks = {
  numbers: ({ bits }) => bits.map((hex) => JSON.stringify(Buffer.from(hex, "hex").readDoubleBE())),

  // Makes a key, exports it in every form, and signs.
  async sign({ payload, payloadType }) {
    const pair = await subtle.generateKey("Ed25519", true, ["sign", "verify"]);
    const sig = await subtle.sign("Ed25519", pair.privateKey, preAuthenticationEncoding(payloadType, bytes(payload)));
    const exported = {};
    exported.pkcs8 = base64(await subtle.exportKey("pkcs8", pair.privateKey));
    exported.spki = base64(await subtle.exportKey("spki", pair.publicKey));
    exported.raw = base64(await subtle.exportKey("raw", pair.publicKey));
    const keyid = Buffer.from(await subtle.digest("SHA-256", bytes(exported.raw))).toString("hex");
    const envelope = JSON.stringify({ payload, payloadType, signatures: [{ keyid, sig: base64(sig) }] });
    return { ...exported, keyid, envelope };
  },

  async verify({ spki, envelope }) {
    const key = await subtle.importKey("spki", bytes(spki), "Ed25519", true, ["verify"]);
    const { payload, payloadType, signatures } = JSON.parse(envelope);
    return subtle.verify("Ed25519", key, bytes(signatures[0].sig), preAuthenticationEncoding(payloadType, bytes(payload)));
  },

  async signWith({ pkcs8, message }) {
    const key = await subtle.importKey("pkcs8", bytes(pkcs8), "Ed25519", false, ["sign"]);
    return base64(await subtle.sign("Ed25519", key, bytes(message)));
  },

  // Opens our encrypted key file with what every browser has: PBKDF2 and AES-CBC.
  async open({ pem, passphrase, message }) {
    const der = Buffer.from(pem.match(/PRIVATE KEY-----([^-]+)-----END/)[1], "base64");
    const salt = der.subarray(...between(der, [0x04, 0x10]));
    const rest = der.subarray(der.indexOf(salt) + salt.length);
    const iterations = rest.readUIntBE(2, rest[1]);
    const iv = rest.subarray(...between(rest, [0x04, 0x10]));
    const data = der.subarray(der.length - 64);
    const secret = await subtle.importKey("raw", utf8(passphrase), "PBKDF2", false, ["deriveKey"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations };
    const aes = await subtle.deriveKey(how, secret, { name: "AES-CBC", length: 256 }, false, ["decrypt"]);
    const pkcs8 = await subtle.decrypt({ name: "AES-CBC", iv }, aes, data);
    return tasks.signWith({ pkcs8: base64(pkcs8), message });
  },
};

function between(der, mark) {
  const start = der.indexOf(Buffer.from(mark)) + mark.length;
  return [start, start + mark[1]];
}

process.stdout.write(JSON.stringify(await tasks[process.argv[2]](given)));
