/** What is open, as rows of the inbox: what each is, in words, and where it leads. What comes first, the channel decides; this keeps its order. */

import { isRead, type OpenItem, type SeenView } from "../../desk/index.js";
import { t } from "../../words/index.svelte.js";
import { hrefOf } from "../route.svelte.js";

export type Tone = "stop" | "conflict" | "possible" | "late" | "plain";

export interface Row {
  readonly key: string;
  readonly tone: Tone;
  /** STOP, notice, message …: the word at the head of the row. */
  readonly kind: string;
  readonly what: string;
  readonly href: string;
  readonly sinceUs: number;
  readonly dueUs: number | null;
}

const SHORT = 8;

export function short(id: string): string {
  return id.slice(0, SHORT);
}

export function rowOf(item: OpenItem, views: readonly SeenView[], ownTitle: (id: string) => string): Row {
  const about = item.notice_id || item.id;
  return {
    key: [item.kind, item.sender, item.recipient, about, item.version].join("|"),
    tone: toneOf(item),
    kind: t(item.answer === "POSSIBLE" ? "inbox.kind_possible" : `inbox.kind_${item.kind}`),
    what: whatOf(item, views, ownTitle),
    href: hrefOf("item", item.kind, about, item.sender || item.recipient),
    sinceUs: item.since_us,
    dueUs: item.due_us,
  };
}

function toneOf(item: OpenItem): Tone {
  if (item.kind === "stop") return isRead(item.stage) ? "conflict" : "stop";
  if (item.answer === "CONFLICT" || item.kind === "dark" || item.response === "objected") return "conflict";
  if (item.answer === "POSSIBLE" || item.kind === "unanswered" || item.kind === "stop_asked") return "possible";
  return item.kind === "revalidate" ? "late" : "plain";
}

function whatOf(item: OpenItem, views: readonly SeenView[], ownTitle: (id: string) => string): string {
  const sender = item.sender;
  const party = item.recipient;
  switch (item.kind) {
    case "stop":
      return t(isRead(item.stage) ? "inbox.stop_read" : "inbox.stop_unread", { party: sender });
    case "stop_asked":
      return t(isRead(item.stage) ? "inbox.stop_asked_read" : "inbox.stop_asked_unread", { party });
    case "notice": {
      const view = views.find((each) => each.view.view_id === item.id && each.sender === sender)?.view;
      const named = view ? view.title || view.reference || t(`activity.${view.activity}`) : short(item.id);
      return t("inbox.notice_of", { party: sender, named });
    }
    case "by_report":
      return t("inbox.by_report", { party, id: ownTitle(item.id) });
    case "unanswered":
      return t("inbox.unanswered", { party, stage: t(`stage.${item.stage}`), id: ownTitle(item.id) });
    case "response":
      return t(item.response === "objected" ? "inbox.objected" : "inbox.queried", { party, id: ownTitle(item.id) });
    case "meeting":
      return t(item.answer === "POSSIBLE" ? "inbox.may_meet" : "inbox.meeting", {
        named: ownTitle(item.notice_id),
        count: item.meeting_count,
      });
    case "revalidate":
      return t("inbox.revalidate", { named: ownTitle(item.notice_id) });
    case "claim":
      return t("inbox.claim_of", { party: sender });
    case "message":
      return t(Object.keys(item.slots).length ? "inbox.message_read_back" : "inbox.message_of", { party: sender });
    default:
      return t("inbox.of", { party: sender || party });
  }
}
