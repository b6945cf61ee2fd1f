"""Where a party wants to be told that something waits: a webhook, or an e-mail address. Reference and deadline leave, and nothing else.

An outlet is the party's own act, for the host. What it has been told, what failed and what was given up is kept with it, and is
committed in turns like everything else (`Progress`), so that a restart, or another worker, goes on where it stopped: a reference may
be told twice and is never lost. Nothing leaves before its tick.

STOPs have a lane of their own: a posting that fails, however often, holds back what comes after it, and no STOP. Each posting is told in
one lane alone, so that overtaking tells nothing twice.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from detente.channel.acts import HOST, OutletBody, SignedAct
from detente.channel.batch import NEVER_US, Due, Posting
from detente.channel.standing import Dead, Lane, Outlet, Standing, Turn
from detente.domain import AgainstTerms, Conflicted, StaleVersion
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.canonical import read_canonical

OUTLET: Final = "outlet"
MOST_OUTLETS: Final = 20  # of one party
MOST_DEAD: Final = 100  # remembered of an outlet
BACK_OFF_S: Final = (1, 5, 15, 60, 300, 900, 1_800)  # before each time it is tried again; then it is given up
STOP_BACK_OFF_S: Final = (1, 5, 15, *[60] * 50)  # of a STOP: for about as long, and a minute apart at most
SPREAD: Final = 0.25  # of each, that may be added: what failed together is not tried again together


@dataclass(frozen=True, slots=True)
class Progress:
    """How an attempt went: all up to a posting is done with, or the one after it failed.

    Attributes:
        is_stops: in the lane of STOPs, or in that of all the rest.
        failed: number and kind of the posting that was not taken; None where all were.
        is_final: it is not tried again.
        share: of the spread that is added before it is, 0 to 1; drawn by who told.
    """

    party: str
    outlet_id: str
    is_stops: bool
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
        stops, rest = (replace(lane, attempts=0, try_us=0) for lane in (before.stops, before.rest))
        _keep(standing, turn, replace(before, kinds=body.kinds, stops=stops, rest=rest))
    else:
        lane = Lane(standing.heads.next_numbers.get(act.party, 1) - 1)
        _keep(standing, turn, Outlet(act.party, body.outlet_id, body.kind, body.address, body.kinds, lane, lane))
    return {"outlet_id": body.outlet_id, "active": body.active, "received_us": turn.now_us}


def _check(standing: Standing, party: str, body: OutletBody, before: Outlet | None) -> None:
    if not body.active and before is None:
        raise StaleVersion("no such outlet is there", hint="it may be removed already", where="outlet_id")
    if before and (before.kind, before.address) != (body.kind, body.address):
        raise Conflicted("an outlet of that id leads elsewhere", hint="draw a new id for another address")
    if before is None and sum(whose == party for whose, _ in standing.outlets) >= MOST_OUTLETS:
        raise AgainstTerms(f"{MOST_OUTLETS} outlets are there already", hint="remove one")


def progress(standing: Standing, turn: Turn, told: Progress) -> bool:
    """Keeps how an attempt went; nothing where the outlet is there no more. Whether it is."""
    before = standing.outlets.get((told.party, told.outlet_id))
    if before is None:
        return False
    lane = before.lane(told.is_stops)
    if told.after_number < lane.after_number:
        return True
    after = before.at(told.is_stops, _advanced(lane, told, turn.now_us))
    if _is_given_up(lane, told):
        assert told.failed
        dead = Dead(*told.failed, told.problem, turn.now_us)
        after = replace(after, dead=(*before.dead, dead)[-MOST_DEAD:])
    if after != before:
        _keep(standing, turn, after)
    return True


def _attempts(lane: Lane, told: Progress) -> int:
    return (lane.attempts if told.after_number == lane.after_number else 0) + 1


def _is_given_up(lane: Lane, told: Progress) -> bool:
    waits_s = STOP_BACK_OFF_S if told.is_stops else BACK_OFF_S
    return told.failed is not None and (told.is_final or _attempts(lane, told) > len(waits_s))


def _advanced(lane: Lane, told: Progress, now_us: int) -> Lane:
    if told.failed is None:
        return Lane(told.after_number)
    if _is_given_up(lane, told):
        return Lane(told.failed[0], problem=told.problem)
    attempts, waits_s = _attempts(lane, told), STOP_BACK_OFF_S if told.is_stops else BACK_OFF_S
    wait_us = round(waits_s[attempts - 1] * (1 + SPREAD * told.share) * MICROSECONDS_PER_SECOND)
    return Lane(told.after_number, attempts, now_us + wait_us, told.problem)


def _keep(standing: Standing, turn: Turn, outlet: Outlet) -> None:
    standing.outlets[outlet.party, outlet.outlet_id] = outlet
    subject = _subject(outlet.party, outlet.outlet_id)
    turn.done(subject)
    turn.due_at(subject, OUTLET, NEVER_US, asdict(outlet))


def is_stop(posting: Posting) -> bool:
    """Whether it goes in the lane of STOPs."""
    return posting.kind == "stop"


def outlet_of(due: Due) -> Outlet:
    """An outlet as it is kept."""
    told: dict[str, Any] = read_canonical(due.payload)
    if "rest" not in told:  # kept before there were lanes
        lane = {name: told.pop(name) for name in ("after_number", "attempts", "try_us", "problem")}
        told |= {"rest": lane, "stops": lane}
    lanes = {name: Lane(**told[name]) for name in ("stops", "rest")}
    return Outlet(
        **told | lanes | {"kinds": tuple(told["kinds"]), "dead": tuple(Dead(**each) for each in told["dead"])}
    )


def _subject(party: str, outlet_id: str) -> str:
    return f"{OUTLET}|{party}|{outlet_id}"
