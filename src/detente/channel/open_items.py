"""What each party still has to do, or must not lose sight of: what an officer who takes the watch has to read.

An item is opened and closed by what brings it about, in the same commit. What follows from a party's own act shows at once; what
others bring about shows at the tick, as their postings do. A STOP shows at once in any case: it outranks everything, and when it
was asked is not its sender's secret.

Kinds, and what closes them:
  stop        a request to cease, until whoever asked lifts it; first of all while it is not acknowledged
  stop_asked  the same, with whoever asked
  notice      a view not acknowledged, until it is, or is amended, withdrawn or over
  by_report   the same of a party without keys, with the sender: somebody has to tell it by other means, and say so
  unanswered  the ladder has come to the sender of what nobody answered, until somebody does
  response    a party objects to, or queries, a notice; until that party coordinates, or the notice is amended or over
  meeting     a notice of one's own that meets, or may meet, what was released; until it is clear, or over
  revalidate  a notice of one's own was to be confirmed by now; until it is amended, or over
  call        a call that another party logged and shared, until it is confirmed or disputed
  drill       the last drill of another party, until it is answered
  dark        another party has shown no sign of life, until it does
  claim       a claim of another party, until somebody has acknowledged that it was read
  message     a message not answered in its thread, nor acknowledged
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

from detente.channel.batch import NEVER_US, OpenItem
from detente.channel.standing import Addressed, Standing, Turn
from detente.domain import Answer, ReceiptStage, ResponseKind
from detente.record.canonical import read_canonical

FIRST: Final = 0  # urgencies: before everything
NEXT: Final = 1


def subject(kind: str, *names: str) -> str:
    """What an item is about, told from all others of its party; a name holds no bar."""
    return "|".join((kind, *names))


def addressed(standing: Standing, turn: Turn, told: Addressed, due_us: int) -> None:
    """A version of a view, a message or a claim has come for a party: somebody has to acknowledge it."""
    if not standing.has_keys(told.recipient):
        payload = {"recipient": told.recipient, "id": told.id, "version": told.version, "of": told.kind}
        turn.open_item(told.sender, _by_report(told), "by_report", payload, due_us=due_us, at_once=True)
        return
    if told.kind == "stop":
        return
    kind = "notice" if told.kind == "view" else told.kind
    payload = {"sender": told.sender, "id": told.id, "version": told.version}
    turn.open_item(told.recipient, _incoming(told), kind, payload, due_us=due_us)


def reached(standing: Standing, turn: Turn, told: Addressed, stage: ReceiptStage) -> None:
    """It has got so far: who was told that nobody answered need not be told any more."""
    item = standing.item(told.sender, _unanswered(told))
    if item and ReceiptStage(read_canonical(item.payload)["stage"]).rank <= stage.rank:
        turn.close_item(told.sender, _unanswered(told))
    if stage.rank >= ReceiptStage.ACKNOWLEDGED.rank:
        turn.close_item(told.sender, _by_report(told), at_once=True)
    if told.kind == "stop":
        _restate_stop(standing, turn, told, stage)
    elif stage.rank >= ReceiptStage.ACKNOWLEDGED.rank:
        turn.close_item(told.recipient, _incoming(told), at_once=True)


def unanswered(turn: Turn, told: Addressed, stage: ReceiptStage) -> None:
    """The ladder has come to the sender."""
    payload = {
        "recipient": told.recipient,
        "id": told.id,
        "version": told.version,
        "of": told.kind,
        "stage": stage.value,
    }
    turn.open_item(told.sender, _unanswered(told), "unanswered", payload, urgency=NEXT)


def responded(turn: Turn, told: Addressed, kind: ResponseKind) -> None:
    """What the recipient thinks of the plan: its sender has something to do about all but consent."""
    if kind is ResponseKind.COORDINATED:
        turn.close_item(told.sender, _response(told))
        return
    payload = {"recipient": told.recipient, "id": told.id, "version": told.version, "response": kind.value}
    turn.open_item(told.sender, _response(told), "response", payload)


def over(turn: Turn, told: Addressed) -> None:
    """It was amended, withdrawn or lifted, or is over: nobody has to do anything about this version."""
    turn.close_item(told.recipient, _incoming(told))
    for each in (_by_report(told), _unanswered(told), _response(told)):
        turn.close_item(told.sender, each, at_once=True)


def meeting(turn: Turn, party: str, notice_id: str, answer: Mapping[str, Any], *, at_once: bool = False) -> None:
    """The present answer of a notice in force."""
    about = subject("meeting", notice_id)
    if answer["answer"] == Answer.CLEAR.name:
        turn.close_item(party, about, at_once=at_once)
        return
    payload = {name: answer[name] for name in ("answer", "meeting_count", "warning_count")}
    turn.open_item(party, about, "meeting", {"notice_id": notice_id, **payload}, at_once=at_once)


def no_meeting(turn: Turn, party: str, notice_id: str) -> None:
    """A notice is in force no longer."""
    turn.close_item(party, subject("meeting", notice_id), at_once=True)
    turn.close_item(party, subject("revalidate", notice_id), at_once=True)


# ── STOP ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def stop_asked(standing: Standing, turn: Turn, told: Addressed, envelope: str, due_us: int) -> None:
    """A request to cease stands, with whom it is asked of and with who asks."""
    said = {
        "id": told.id,
        "stage": ReceiptStage.RECEIVED.value,
        "envelope": envelope,
        "since_us": turn.now_us,  # the item is put anew when somebody has read it, and the STOP stands since then all the same
    }
    asked = said | {"recipient": told.recipient}
    turn.open_item(told.sender, _asked(told), "stop_asked", asked, urgency=NEXT, due_us=due_us, at_once=True)
    if standing.has_keys(told.recipient):
        asked_of = said | {"sender": told.sender}
        turn.open_item(told.recipient, _incoming(told), "stop", asked_of, urgency=FIRST, due_us=due_us, at_once=True)


def stop_lifted(turn: Turn, told: Addressed) -> None:
    """Whoever asked asks no more."""
    turn.close_item(told.recipient, _incoming(told), at_once=True)
    turn.close_item(told.sender, _asked(told), at_once=True)


def stops_asked(standing: Standing, sender: str, recipient: str) -> int:
    """How many requests of one party's to another stand."""
    start = subject("stop_asked", recipient, "")
    return sum(about.startswith(start) for about in standing.items.get(sender, ()))


def stops_standing(standing: Standing) -> dict[Addressed, ReceiptStage]:
    """How far each request to cease has got, from the items alone."""
    found = {}
    for item in _of_kind(standing, "stop_asked"):
        told = read_canonical(item.payload)
        found[Addressed("stop", item.party, told["recipient"], told["id"], 1)] = ReceiptStage(told["stage"])
    return found


def words_waiting(standing: Standing) -> list[Addressed]:
    """The messages and claims that nobody has answered or acknowledged, from the items alone."""
    return [*_waiting(standing, "message"), *_waiting(standing, "claim")]


def _waiting(standing: Standing, kind: Literal["message", "claim"]) -> list[Addressed]:
    waiting = [(item.party, read_canonical(item.payload)) for item in _of_kind(standing, kind)]
    return [Addressed(kind, told["sender"], party, told["id"], 1) for party, told in waiting]


def _of_kind(standing: Standing, kind: str) -> list[OpenItem]:
    return [item for items in standing.items.values() for item in items.values() if item.kind == kind]


def _restate_stop(standing: Standing, turn: Turn, told: Addressed, stage: ReceiptStage) -> None:
    """It stays open when it was acknowledged, and behind those that were not."""
    is_read = stage.rank >= ReceiptStage.ACKNOWLEDGED.rank
    for party, about, at_once in ((told.recipient, _incoming(told), True), (told.sender, _asked(told), False)):
        item = standing.item(party, about)
        if item is None:
            continue  # a party without keys has no list
        payload = read_canonical(item.payload) | {"stage": stage.value}
        turn.open_item(
            party, about, item.kind, payload,
            urgency=NEXT if is_read else item.urgency, due_us=NEVER_US if is_read else item.due_us, at_once=at_once,
        )  # fmt: skip


def _incoming(told: Addressed) -> str:
    return subject(told.kind, told.sender, told.id)


def _asked(told: Addressed) -> str:
    return subject("stop_asked", told.recipient, told.id)


def _by_report(told: Addressed) -> str:
    return subject("by_report", told.recipient, told.id)


def _unanswered(told: Addressed) -> str:
    return subject("unanswered", told.recipient, told.id)


def _response(told: Addressed) -> str:
    return subject("response", told.recipient, told.id)
