"""Where a party wants to be told that something waits: a webhook, or an e-mail address. Reference and deadline leave, and nothing else.

An outlet is the party's own act, for the host. What it has been told, what failed and what was given up is kept with it, and is
committed in turns like everything else (`Progress`), so that a restart, or another worker, goes on where it stopped: a reference may
be told twice and is never lost. Nothing leaves before its tick.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from detente.channel.acts import HOST, OutletBody, SignedAct
from detente.channel.batch import NEVER_US, Due
from detente.channel.standing import Dead, Outlet, Standing, Turn
from detente.domain import AgainstTerms, Conflicted, StaleVersion
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.canonical import read_canonical

OUTLET: Final = "outlet"
MOST_OUTLETS: Final = 20  # of one party
MOST_DEAD: Final = 100  # remembered of an outlet
BACK_OFF_S: Final = (1, 5, 15, 60, 300, 900, 1_800)  # before each time it is tried again; then it is given up
SPREAD: Final = 0.25  # of each, that may be added: what failed together is not tried again together


@dataclass(frozen=True, slots=True)
class Progress:
    """How an attempt went: all up to a posting is done with, or the one after it failed.

    Attributes:
        failed: number and kind of the posting that was not taken; None where all were.
        is_final: it is not tried again.
        share: of the spread that is added before it is, 0 to 1; drawn by who told.
    """

    party: str
    outlet_id: str
    after_number: int
    failed: tuple[int, str] | None = None
    problem: str = ""
    is_final: bool = False
    share: float = 0.0


def place(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes an outlet in, changes one, or removes it (`active` false). A new one is told of what is posted from now on.

    Raises:
        AgainstTerms: it is not for the host, or there are too many.
        Conflicted: one of that id leads elsewhere. StaleVersion: none of that id is there to remove; or the act is not the next of its key.
    """
    body = act.body
    assert isinstance(body, OutletBody)
    standing.check_sequences([act])
    if act.audience != HOST:
        raise AgainstTerms("an outlet is for the host alone", hint="leave the audience empty")
    key = act.party, body.outlet_id
    before = standing.outlets.get(key)
    _check(standing, act.party, body, before)
    turn.enter(act)
    if not body.active:
        del standing.outlets[key]
        turn.done(_subject(*key))
    elif before:
        _keep(standing, turn, replace(before, kinds=body.kinds, attempts=0, try_us=0))
    else:
        after = standing.heads.next_numbers.get(act.party, 1) - 1
        _keep(standing, turn, Outlet(act.party, body.outlet_id, body.kind, body.address, body.kinds, after))
    return {"outlet_id": body.outlet_id, "active": body.active, "received_us": turn.now_us}


def _check(standing: Standing, party: str, body: OutletBody, before: Outlet | None) -> None:
    if not body.active and before is None:
        raise StaleVersion("no such outlet is there", hint="it may be removed already", where="outlet_id")
    if before and (before.kind, before.address) != (body.kind, body.address):
        raise Conflicted("an outlet of that id leads elsewhere", hint="draw a new id for another address")
    if before is None and sum(whose == party for whose, _ in standing.outlets) >= MOST_OUTLETS:
        raise AgainstTerms(f"{MOST_OUTLETS} outlets are there already", hint="remove one")


def progress(standing: Standing, turn: Turn, told: Progress) -> None:
    """Keeps how an attempt went; nothing where the outlet is there no more."""
    before = standing.outlets.get((told.party, told.outlet_id))
    if before is None or told.after_number < before.after_number:
        return
    after = replace(before, after_number=told.after_number, attempts=0, try_us=0, problem="")
    if told.failed:
        attempts = (before.attempts if told.after_number == before.after_number else 0) + 1
        after = _failed(after, told, attempts, turn.now_us)
    if after != before:
        _keep(standing, turn, after)


def _failed(outlet: Outlet, told: Progress, attempts: int, now_us: int) -> Outlet:
    assert told.failed
    number, kind = told.failed
    if told.is_final or attempts > len(BACK_OFF_S):
        dead = (*outlet.dead, Dead(number, kind, told.problem, now_us))[-MOST_DEAD:]
        return replace(outlet, after_number=number, problem=told.problem, dead=dead)
    wait_us = round(BACK_OFF_S[attempts - 1] * (1 + SPREAD * told.share) * MICROSECONDS_PER_SECOND)
    return replace(outlet, attempts=attempts, try_us=now_us + wait_us, problem=told.problem)


def _keep(standing: Standing, turn: Turn, outlet: Outlet) -> None:
    standing.outlets[outlet.party, outlet.outlet_id] = outlet
    subject = _subject(outlet.party, outlet.outlet_id)
    turn.done(subject)
    turn.due_at(subject, OUTLET, NEVER_US, asdict(outlet))


def outlet_of(due: Due) -> Outlet:
    """An outlet as it is kept."""
    told: Mapping[str, Any] = read_canonical(due.payload)
    dead = tuple(Dead(**each) for each in told["dead"])
    return Outlet(**{**told, "kinds": tuple(told["kinds"]), "dead": dead})


def _subject(party: str, outlet_id: str) -> str:
    return f"{OUTLET}|{party}|{outlet_id}"
