// What a page does with the verifier as it is built: reads what its reader knows, and asks a server for everything else.
import * as record from "/record.js";
import { newSigningKey, sign } from "/signing.js";

const utf8 = (text) => new TextEncoder().encode(text);
const mapped = async (entries, read) =>
  new Map(await Promise.all(Object.entries(entries).map(async ([name, each]) => [name, await read(each)])));

async function trusted({ arena, host_key, witnesses, quorum, roots, statements }) {
  const known = await mapped(roots, record.publicKeyFromText);
  const histories = Array.from(known, ([party, root]) =>
    record.readHistory(
      statements[party].map((text) => record.readEnvelope(utf8(text))),
      root,
    ),
  );
  return {
    arena,
    hostKey: await record.publicKeyFromText(host_key),
    witnesses: await mapped(witnesses, record.publicKeyFromText),
    quorum,
    keys: record.keysById(await Promise.all(histories)),
  };
}

const said = (promise) =>
  promise.then(
    ({ outcome, act, signer, latestUs }) => ({
      outcome,
      kind: act.type,
      officer: signer?.holder.officer ?? "",
      latestUs,
    }),
    (error) => ({ outcome: "refused", why: `${error.name}: ${error.message}` }),
  );

/** What is said of each entry of the log that lies below an address, in their order. */
export async function judged(given, log, openings, named = {}) {
  const answer = await fetch(`${log}/checkpoint`);
  const head = new Uint8Array(await answer.arrayBuffer());
  const trust = await trusted(given);
  try {
    const opened = await record.openLog(head, record.tilesAt(log), trust);
    return await Promise.all(
      openings.map((each) => {
        const size = record.readAct(record.readEnvelope(utf8(each.envelope)).payload).checkpoint?.treeSize;
        const note = named[size] === undefined ? undefined : utf8(named[size]);
        return said(record.verifyEntry(record.readOpening(record.canonical(each)), opened, trust, note));
      }),
    );
  } catch (error) {
    return [{ outcome: "refused", why: `${error.name}: ${error.message}` }];
  }
}

/** What is said of an entry by a proof alone. */
export async function proven(given, opening, proof) {
  return said(
    record.verifyProvenEntry(record.readOpening(record.canonical(opening)), utf8(proof), await trusted(given)),
  );
}

/** A key that is made here, and an envelope that it signs: the public key, the envelope, and whether the private one can be had. */
export async function signed(text, payloadType) {
  const key = await newSigningKey();
  const envelope = await sign(utf8(text), payloadType, key);
  const taken = await crypto.subtle.exportKey("pkcs8", key.privateKey).then(
    () => true,
    () => false,
  );
  return { key: key.publicKey.text, envelope: new TextDecoder().decode(record.writeEnvelope(envelope)), taken };
}
