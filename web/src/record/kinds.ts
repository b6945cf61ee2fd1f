/** Who states what: kinds of acts that parties sign, and those that the host alone states, with its own key; as `detente.channel.acts` has them. */

/** As whom the host signs; no party may be called so. */
export const HOST_PARTY = "host";

export const HOST_KINDS: ReadonlySet<string> = new Set([
  "alert",
  "back",
  "dark",
  "expired",
  "member",
  "passed",
  "unvalidated",
]);

export const PARTY_KINDS: ReadonlySet<string> = new Set([
  "alive",
  "call",
  "call_answer",
  "cancel",
  "claim",
  "disclose",
  "drill",
  "keys",
  "message",
  "notice",
  "outlet",
  "propose",
  "receipt",
  "response",
  "sign",
  "stop",
  "suspend",
  "view",
  "watch",
]);
