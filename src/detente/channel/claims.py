"""Claims: who states what happened, when and where, with source. Kept beside one another, and never merged into a verdict.

A claim is passed on to whom it is for, or kept by the host alone; to several, several acts with the same words, which have the same
id (`acts.claim_id`). Others answer with claims of their own that dispute or confirm it. That a party acknowledged a claim says that
it was read, and nothing of whether it is so.
"""

from __future__ import annotations

from typing import Any, Final

from detente.channel.acts import HOST, ClaimBody, SignedAct, claim_id
from detente.channel.calls import AHEAD_S
from detente.channel.open_items import subject
from detente.channel.receipts import await_receipts
from detente.channel.standing import Addressed, Standing, Turn
from detente.domain import AgainstTerms, Conflicted, NotUnderstood
from detente.domain.units import MICROSECONDS_PER_SECOND

MOST_WAITING: Final = 1_000  # of one party's claims that another has not acknowledged


def state(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes a claim in, and passes it on.

    Raises:
        NotUnderstood: it is about what is yet to come, or quotes somebody without a source.
        AgainstTerms: it is for its own sender or for no party; or too many wait there.
        Conflicted: the same words wait there already.
        StaleVersion: the act is not the next of its key.
    """
    body = act.body
    assert isinstance(body, ClaimBody)
    standing.check_sequences([act])
    _check_past(body, turn.now_us + AHEAD_S * MICROSECONDS_PER_SECOND)
    if body.claimant != act.party and not body.sources:
        raise NotUnderstood(
            f"{body.claimant} is quoted without a source", hint="say where it is stated", where="sources"
        )
    told = Addressed("claim", act.party, act.audience, claim_id(body), 1)
    if act.audience != HOST:
        _check_recipient(standing, told)
    turn.enter(act)
    if act.audience != HOST:
        turn.post(act.audience, act.kind, {"from": act.party, "envelope": act.envelope.decode()})
        if standing.has_keys(act.audience):
            await_receipts(standing, turn, told, {})
    return {"claim_id": told.id, "to": act.audience, "received_us": turn.now_us}


def _check_past(body: ClaimBody, latest_us: int) -> None:
    for name in ("from_us", "stated_us"):
        moment_us = getattr(body, name)
        if moment_us is not None and moment_us > latest_us:
            raise NotUnderstood("is yet to come", hint="a plan is a notice; a claim is about what was", where=name)


def _check_recipient(standing: Standing, told: Addressed) -> None:
    if told.recipient == told.sender or told.recipient not in standing.parties:
        raise AgainstTerms(f"{told.recipient} is no other party", hint="see detente understanding show for the parties")
    if told in standing.reached:
        raise Conflicted("the same claim waits there already", hint="nothing needs to be done")
    start = subject("claim", told.sender, "")
    if sum(about.startswith(start) for about in standing.items.get(told.recipient, ())) >= MOST_WAITING:
        raise AgainstTerms(f"{MOST_WAITING} of your claims wait at {told.recipient}", hint="wait until they are read")
