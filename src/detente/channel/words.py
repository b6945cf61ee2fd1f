"""Words between officers: messages, and STOP, the request to cease that outranks everything in every inbox.

A STOP stands until whoever asked for it lifts it; acknowledging it says that it was read, and by whom. It is no order, and
that it was obeyed is nowhere said.
"""

from __future__ import annotations

from typing import Any, Final

from detente.channel import open_items
from detente.channel.acts import HOST, MessageBody, SignedAct, StopBody
from detente.channel.phrases import await_read_back, check_phrase, to_read_back
from detente.channel.receipts import await_receipts, due_us, over
from detente.channel.standing import Addressed, Standing, Turn
from detente.domain import AgainstTerms, Conflicted, ReceiptStage, StaleVersion

MOST_STOPS: Final = 20  # of one party's to another that stand at once; who asks for more drowns them
MOST_THREADS: Final = 1_000  # of one party's that another has not answered


def pass_on(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Passes a message on to the party it is for; to several, several acts.

    Raises:
        AgainstTerms: it is for nobody, for its own sender, or for somebody who is no party; or too many wait there.
        NotUnderstood, Conflicted: it is not what the phrase says that it names (`phrases.check_phrase`).
        StaleVersion: the act is not the next of its key.
    """
    assert isinstance(act.body, MessageBody)
    standing.check_sequences([act])
    _check_recipient(standing, act)
    told = Addressed("message", act.party, act.audience, act.body.thread, 1)
    check_phrase(standing, told, act.body)
    if told not in standing.reached:
        _check_room(standing, act)
    still = (act.body.template, act.body.slots) if act.body.slots else to_read_back(standing, told)
    turn.enter(act)
    _post(turn, act)
    answered = Addressed("message", act.audience, act.party, act.body.thread, 1)
    if answered in standing.reached and not to_read_back(standing, answered):
        over(standing, turn, answered)
    if standing.has_keys(act.audience):
        await_receipts(standing, turn, told, {})
        if still:
            await_read_back(standing, turn, told, *still)
    return {"to": act.audience, "received_us": turn.now_us}


def stop(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Asks a party to cease, or lifts that; to several, several acts.

    Raises:
        AgainstTerms: as `pass_on`.
        Conflicted: a STOP of that id stands already.
        StaleVersion: none of that id stands, where one is lifted; or the act is not the next of its key.
    """
    body = act.body
    assert isinstance(body, StopBody)
    standing.check_sequences([act])
    _check_recipient(standing, act)
    told = Addressed("stop", act.party, act.audience, body.stop_id, 1)
    if body.lifted:
        if told not in standing.reached:
            raise StaleVersion("no such STOP stands", hint="it may be lifted already", where="stop_id")
        turn.enter(act)
        by_us = None
        open_items.stop_lifted(turn, told)
        over(standing, turn, told)
    else:
        _check_new(standing, told)
        turn.enter(act)
        within_s = {ReceiptStage.ACKNOWLEDGED: standing.understanding.terms.stop_within_s}
        by_us = await_receipts(standing, turn, told, within_s)
        open_items.stop_asked(standing, turn, told, act.envelope.decode(), due_us(turn, told, within_s))
    turn.post(act.audience, act.kind, {"from": act.party, "envelope": act.envelope.decode(), "due_us": by_us})
    return {"to": act.audience, "received_us": turn.now_us, "lifted": body.lifted}


def _check_recipient(standing: Standing, act: SignedAct) -> None:
    if act.audience in (HOST, act.party) or act.audience not in standing.parties:
        raise AgainstTerms(
            f"{act.audience or 'the host'} is nobody to write to", hint="see detente understanding show for the parties"
        )


def _check_room(standing: Standing, act: SignedAct) -> None:
    start = open_items.subject("message", act.party, "")
    if sum(about.startswith(start) for about in standing.items.get(act.audience, ())) >= MOST_THREADS:
        raise AgainstTerms(
            f"{MOST_THREADS} of your messages wait at {act.audience} unanswered", hint="go on in one of their threads"
        )


def _check_new(standing: Standing, told: Addressed) -> None:
    if told in standing.reached:
        raise Conflicted("a STOP of that id stands already", hint="draw a new id for a new one", where="stop_id")
    if open_items.stops_asked(standing, told.sender, told.recipient) >= MOST_STOPS:
        raise AgainstTerms(
            f"{MOST_STOPS} of your requests to cease stand at {told.recipient}", hint="lift those that are over"
        )


def _post(turn: Turn, act: SignedAct) -> None:
    turn.post(act.audience, act.kind, {"from": act.party, "envelope": act.envelope.decode()})
