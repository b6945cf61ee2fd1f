"""Messages made from agreed phrases, and their read-back: whoever acknowledges one repeats what was filled in.

A wrong read-back is no acknowledgement. It is kept as it was signed, whoever gave it is told which slot was wrong, and the sender is
told that it was; the message waits on. Case and spaces do not count. Until it is read back, words in the thread close nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from detente.channel.acts import MessageBody, ReceiptBody, SignedAct
from detente.channel.answers import receive
from detente.channel.open_items import subject
from detente.channel.standing import Addressed, Standing, Turn
from detente.domain import Conflicted, NotUnderstood, ReceiptStage
from detente.record.canonical import read_canonical


def check_phrase(standing: Standing, told: Addressed, body: MessageBody) -> None:
    """A message made from a phrase says what the phrase says, and opens a thread of its own.

    Raises:
        NotUnderstood: no such phrase is agreed, or the slots or the text are not its own.
        Conflicted: the thread waits there already.
    """
    if not body.template:
        if body.slots:
            raise NotUnderstood("slots of no phrase", hint="name the phrase", where="template")
        return
    template = standing.understanding.terms.template(body.template)
    if template is None:
        raise NotUnderstood(
            f"{body.template[:40]!r} is no phrase here", hint="see detente message --phrases", where="template"
        )
    if template.filled(body.slots) != body.text:
        raise NotUnderstood("the text is not what the phrase says", hint="fill the phrase in", where="text")
    if told in standing.reached:
        raise Conflicted("a phrase opens a thread of its own", hint="draw a new thread", where="thread")


def await_read_back(standing: Standing, turn: Turn, told: Addressed, template: str, slots: Mapping[str, str]) -> None:
    """What was filled in has to be read back, from now on or still."""
    item = standing.item(told.recipient, _about(told.sender, told.id))
    assert item is not None
    payload = read_canonical(item.payload) | {"template": template, "slots": dict(slots)}
    turn.open_item(told.recipient, item.subject, item.kind, payload, urgency=item.urgency, due_us=item.due_us)


def to_read_back(standing: Standing, told: Addressed) -> tuple[str, dict[str, str]] | None:
    """The phrase whose slots have to be read back in a thread, and what was filled in; None where there is none."""
    item = standing.item(told.recipient, _about(told.sender, told.id))
    payload = read_canonical(item.payload) if item else {}
    return (payload["template"], payload["slots"]) if payload.get("slots") else None


def acknowledge(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes a receipt in, as `answers.receive`; where a phrase is acknowledged, its slots have to be read back in it.

    Raises:
        as `answers.receive`; NotUnderstood: nothing there is to be read back.
    """
    body = act.body
    assert isinstance(body, ReceiptBody)
    waiting = to_read_back(standing, Addressed("message", act.audience, act.party, body.id, 1))
    if waiting is None or body.version != 1:
        if body.read_back:
            raise NotUnderstood("nothing of that id is to be read back", hint="see detente open", where="read_back")
        return receive(standing, turn, act)
    if body.stage.rank < ReceiptStage.ACKNOWLEDGED.rank:
        return receive(standing, turn, act)
    _, slots = waiting
    wrong = wrong_in(body.read_back, slots)
    if not wrong:
        return receive(standing, turn, act) | {"read_back": "right"}
    standing.check_sequences([act])
    turn.enter(act)
    was = "wrong" if body.read_back else "missing"
    turn.post(act.audience, "receipt", {"from": act.party, "envelope": act.envelope.decode(), "read_back": was})
    return {"id": body.id, "stage": ReceiptStage.RECEIVED.value, "by_report": False, "read_back": was, "wrong": wrong}


def wrong_in(read_back: Mapping[str, str], slots: Mapping[str, str]) -> list[str]:
    """The slots that a read-back has wrong, or leaves out; then those that it makes up."""
    wrong = [name for name in sorted(slots) if _heard(read_back.get(name, "")) != _heard(slots[name])]
    return wrong + sorted(read_back.keys() - slots.keys())


def _heard(text: str) -> str:
    return " ".join(text.split()).casefold()


def _about(sender: str, thread: str) -> str:
    return subject("message", sender, thread)
