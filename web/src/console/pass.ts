/** A pass: what an officer needs to sign in, in one file that the party made (`detente party pass`). It is secret. */

import { DetenteError, Malformed } from "../record/index.js";

const FORMAT = "detente pass v1";
const MOST_CHARACTERS = 64 << 10;
const MEMBERS = ["arena", "party", "officer", "token", "host_key", "key_file"] as const;

export interface Pass {
  readonly arena: string;
  readonly party: string;
  readonly officer: string;
  readonly token: string;
  /** 44 characters of base64; empty where the host's key is taken at first sight. */
  readonly hostKey: string;
  /** The text of the officer's key file, under its passphrase; empty where the key is made here. */
  readonly keyFile: string;
}

/** What was not put in by hand. */
export class Missing extends DetenteError {}

export function readPass(text: string): Pass {
  if (text.length > MOST_CHARACTERS) throw new Malformed("this is no pass: it is too long");
  const read = parsed(text);
  if (read["format"] !== FORMAT) {
    throw new Malformed(`this is no pass: its format is not ${FORMAT}`, "it is made by: detente party pass");
  }
  for (const name of MEMBERS) {
    if (typeof read[name] !== "string") throw new Malformed(`a pass without ${name}`, "ask for it again");
  }
  const { arena, party, officer, token, host_key, key_file } = read as Record<(typeof MEMBERS)[number], string>;
  return checked({ arena, party, officer, token, hostKey: host_key, keyFile: key_file });
}

/** A pass put in by hand, or read. */
export function checked(pass: Pass): Pass {
  for (const name of ["arena", "party", "officer", "token"] as const) {
    if (!pass[name].trim()) throw new Missing(`no ${name}`, "it is on the sheet that came with the token", name);
  }
  if (!/^detente_[A-Za-z0-9_-]{20,}$/.test(pass.token.trim())) {
    throw new Malformed("this is no token", "it begins with detente_; copy the whole line", "token");
  }
  return { ...pass, token: pass.token.trim() };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === "object" && read !== null && !Array.isArray(read)) return read as Record<string, unknown>;
  } catch {
    // said below, whatever the parser calls it
  }
  throw new Malformed("this is no pass: it is not JSON", "choose the file that ends in .pass");
}
