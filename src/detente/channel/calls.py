"""The call log: what was said by voice, as the party that logs it has it; shared with the other party, which confirms or disputes it.

A log that is not shared is for the host alone, who keeps it. Shared, it is one party's word until the other says something of it,
and both words stand: nobody merges them into one. A confirmation names the act it confirms by its digest, and no other.
"""

from __future__ import annotations

from typing import Any, Final

from detente.channel.acts import HOST, CallAnswerBody, CallBody, SignedAct
from detente.channel.open_items import subject
from detente.channel.standing import Standing, Turn
from detente.domain import AgainstTerms, Conflicted, NotUnderstood, StaleVersion
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.canonical import read_canonical

AHEAD_S: Final = 600  # by so much an officer's clock may be ahead of the channel's
MOST_WAITING: Final = 1_000  # shared by one party with another, that the other has said nothing of


def log(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes a call into the log; passes it on where it is shared.

    Raises:
        NotUnderstood: it is shared with another than was called, or the call is yet to come.
        AgainstTerms: it is shared with nobody of the arena; or too many wait there.
        Conflicted: one of that id waits there.
        StaleVersion: the act is not the next of its key.
    """
    body = act.body
    assert isinstance(body, CallBody)
    standing.check_sequences([act])
    if body.at_us > turn.now_us + AHEAD_S * MICROSECONDS_PER_SECOND:
        raise NotUnderstood("the call is yet to come", hint="give when it was, in UTC", where="at_us")
    is_shared = act.audience != HOST
    if is_shared:
        _check_shared(standing, act, body)
    turn.enter(act)
    if is_shared:
        turn.post(act.audience, act.kind, {"from": act.party, "envelope": act.envelope.decode()})
        if standing.has_keys(act.audience):
            payload = {"sender": act.party, "id": body.call_id, "digest": act.digest}
            turn.open_item(act.audience, _about(act.party, body.call_id), "call", payload, urgency=3)
    return {"call_id": body.call_id, "to": act.audience, "received_us": turn.now_us}


def _check_shared(standing: Standing, act: SignedAct, body: CallBody) -> None:
    if body.with_party != act.audience:
        raise NotUnderstood(
            f"a call with {body.with_party}, shared with {act.audience}", hint="share it with whom it was with"
        )
    if act.audience == act.party or act.audience not in standing.parties:
        raise AgainstTerms(
            f"{act.audience} is no other party",
            hint="see detente understanding show for the parties; or do not share it",
        )
    if standing.item(act.audience, _about(act.party, body.call_id)):
        raise Conflicted("a call of that id is logged already", hint="draw a new id", where="call_id")
    start = _about(act.party, "")
    if sum(about.startswith(start) for about in standing.items.get(act.audience, ())) >= MOST_WAITING:
        raise AgainstTerms(f"{MOST_WAITING} calls of yours wait at {act.audience}", hint="log it without sharing it")


def answer(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """The other party confirms what was logged, or disputes it; once.

    Raises:
        StaleVersion: no call of that id and digest waits for it; or the act is not the next of its key.
    """
    body = act.body
    assert isinstance(body, CallAnswerBody)
    standing.check_sequences([act])
    item = standing.item(act.party, _about(act.audience, body.call_id))
    if item is None or read_canonical(item.payload)["digest"] != body.digest:
        raise StaleVersion("no such call waits to be confirmed", hint="see detente call list")
    turn.enter(act)
    turn.close_item(act.party, item.subject, at_once=True)
    turn.post(act.audience, act.kind, {"from": act.party, "envelope": act.envelope.decode()})
    return {"call_id": body.call_id, "to": act.audience, "says": body.says, "received_us": turn.now_us}


def _about(sender: str, call_id: str) -> str:
    return subject("call", sender, call_id)
