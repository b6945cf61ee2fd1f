/** The error families: what is wrong, where in the input, and how it is usually fixed; as `detente.domain.errors` has them. */

/** Base of every refusal. `message` reads: where: what — hint. */
export class DetenteError extends Error {
  constructor(
    readonly what: string,
    readonly hint = "",
    readonly where = "",
  ) {
    super(`${where ? `${where}: ` : ""}${what}${hint ? ` — ${hint}` : ""}`);
    this.name = new.target.name;
  }
}

/** Bytes that are none of what they should be: nothing in them is believed, whoever sent them. */
export class Malformed extends DetenteError {}

/** Well-formed, and not what its signer signed, or not signed by one who could: the message names what failed. */
export class NotAuthentic extends DetenteError {}

/** Past a stated bound; the message gives both numbers. */
export class TooLarge extends DetenteError {}

/** This browser cannot do what is asked of it. */
export class NotSupported extends DetenteError {}

type Family = new (what: string, hint: string, where: string) => DetenteError;

/** The same refusal with the place named before it. What is no refusal is a bug, and goes on as it is. */
export function placed(error: unknown, where: string): unknown {
  if (!(error instanceof DetenteError)) return error;
  const made = new (error.constructor as Family)(
    error.what,
    error.hint,
    [where, error.where].filter(Boolean).join("."),
  );
  if (error.stack !== undefined) made.stack = error.stack;
  return made;
}

/** Names the place in the input; nests, outermost first. */
export function at<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw placed(error, where);
  }
}

/** `at`, where reading takes a while. */
export async function within<T>(where: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw placed(error, where);
  }
}
