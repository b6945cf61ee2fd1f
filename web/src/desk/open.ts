/** What is open for the party, as the server lists it (`docs/acts.md`): a summary, from which nothing is signed that was not verified elsewhere. */

import type { JsonObject } from "../record/index.js";

export interface OpenItem {
  readonly kind: string;
  readonly since_us: number;
  readonly due_us: number | null;
  readonly id: string;
  readonly notice_id: string;
  readonly sender: string;
  readonly recipient: string;
  readonly version: number;
  readonly of: string;
  readonly stage: string;
  readonly response: string;
  readonly answer: string;
  readonly meeting_count: number;
  readonly template: string;
  readonly slots: Readonly<Record<string, string>>;
  readonly envelope: string;
}

const NOTHING: OpenItem = {
  kind: "",
  since_us: 0,
  due_us: null,
  id: "",
  notice_id: "",
  sender: "",
  recipient: "",
  version: 1,
  of: "",
  stage: "",
  response: "",
  answer: "",
  meeting_count: 0,
  template: "",
  slots: {},
  envelope: "",
};

export function openItem(said: JsonObject): OpenItem {
  return { ...NOTHING, ...(said as Partial<OpenItem>) };
}

export function isRead(stage: string): boolean {
  return stage === "acknowledged" || stage === "confirmed_down";
}

/** What makes a tab ring: a STOP that nobody has read, a party gone dark, a conflict, a deadline that has passed. */
export function isUrgent(item: OpenItem, nowUs: number): boolean {
  const unread = item.kind === "stop" && !isRead(item.stage);
  return unread || item.kind === "dark" || item.answer === "CONFLICT" || (item.due_us !== null && item.due_us < nowUs);
}
