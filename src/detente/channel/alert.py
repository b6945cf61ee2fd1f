"""The alert: one bit for each notice of a party's own, whether it meets something of another's at full precision, released or not.

The one place where a party learns what was not released to it; so it is agreed, counted, and told at fixed ticks. At each whole
multiple of the agreed tick, for each other party, a bit is spent on each of a party's notices that is not over, soonest first,
whether or not anything is told by it: what is spent, and when nothing is left, follows from the party's own doings and the clock.
A notice for which no bit is left reads ALERT_UNAVAILABLE. Only what is new is posted, in one act of the host's for the pair.

Where we stand (`Alerted`) is the payload of what is due at the next tick, so that it is committed with what was told by it, and no
restart makes a bit free. It outlives a suspension until its period is over: what was spent is not won back by it.

Errs: to MEETING. What is screened is what each submitted to the host, generalised where it was; uncertainty and margins count.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, Literal, TypeAlias

from detente.channel.acts import AlertBody, AlertLine, Says
from detente.channel.batch import Due
from detente.channel.standing import Alerted, Standing, Turn, extent_us
from detente.channel.views import View
from detente.domain import AlertBudget
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.canonical import read_canonical

ALERT: Final = "alert"
Expected: TypeAlias = Literal["pending", "unavailable", "not_agreed"]


def agree(standing: Standing, turn: Turn) -> None:
    """The rules have changed: from the next tick on, every party is told of every other, as far as they allow it."""
    budget = standing.understanding.terms.alert
    if budget is None:
        return  # what is due comes once more, and rests then
    for party in standing.parties:
        for other in standing.parties:
            if party != other:
                _next(standing, turn, party, other, standing.alerts.get((party, other), Alerted()), budget)


def ring(standing: Standing, turn: Turn, due: Due) -> None:
    """A tick of one party's about another: its bits are spent, and what is new by them is posted."""
    turn.done(due.subject)
    told = read_canonical(due.payload)
    party, other = told["party"], told["other"]
    before, budget = standing.alerts[party, other], standing.understanding.terms.alert
    if budget is None:
        _rest(standing, turn, party, other, before)
        return
    tick_us = _floor(turn.now_us, budget.tick_s)
    if tick_us <= before.ticked_us:  # the clock went back, or the rules changed at a tick
        _next(standing, turn, party, other, before, budget)
        return
    after = _spend(standing, before, budget, party, other, tick_us)
    new = tuple(
        AlertLine(notice_id, version, says)
        for notice_id, (version, says) in sorted(after.told.items())
        if before.told.get(notice_id) != (version, says)
    )
    if new:
        body = AlertBody(other, tick_us, new, max(0, budget.bits - after.spent), after.period_ends_us)
        turn.post(party, ALERT, {"envelope": turn.state(ALERT, party, body).envelope.decode()})
    _next(standing, turn, party, other, after, budget)


def expected(standing: Standing, party: str, notice_id: str, now_us: int) -> Expected:
    """What the next tick will bring for a notice in force: a bit about every other party, or not. Follows from the party's own doings."""
    budget = standing.understanding.terms.alert
    others = [other for other in standing.parties if other != party]
    if budget is None or not others:
        return "not_agreed"
    tick_us = _floor(now_us, budget.tick_s) + budget.tick_s * MICROSECONDS_PER_SECOND
    states = (_begun(standing.alerts.get((party, other), Alerted()), budget, tick_us) for other in others)
    least, world = min(budget.bits - state.spent for state in states), standing.world(party)
    if world.notice_count <= least and extent_us(world.own(notice_id))[1] >= tick_us:
        return "pending"  # as the line below would say, without a look at all that the party holds
    return "pending" if notice_id in _with_a_bit(world.own_views(), least, tick_us) else "unavailable"


def alerted_of(due: Due) -> tuple[tuple[str, str], Alerted]:
    """Where the alert of a pair stands, from what is due for it."""
    told = read_canonical(due.payload)
    said = {notice_id: (version, says) for notice_id, (version, says) in told["told"].items()}
    return (told["party"], told["other"]), Alerted(told["ticked_us"], told["period_ends_us"], told["spent"], said)


def _spend(standing: Standing, before: Alerted, budget: AlertBudget, party: str, other: str, tick_us: int) -> Alerted:
    begun = _begun(before, budget, tick_us)
    own = [view for view in standing.world(party).own_views() if extent_us(view)[1] >= tick_us]
    asked = _with_a_bit(own, budget.bits - begun.spent, tick_us)
    met = standing.world(other).met_by(party, (view for view in own if view.view_id in asked))
    told = {view.view_id: (view.version, _says(view.view_id, asked, met)) for view in own}
    return replace(begun, ticked_us=tick_us, spent=begun.spent + len(asked), told=told)


def _begun(state: Alerted, budget: AlertBudget, tick_us: int) -> Alerted:
    """The state in the period of a tick: periods are whole multiples of theirs, and one that has begun runs to its end."""
    if tick_us < state.period_ends_us:
        return state
    period_us = budget.period_s * MICROSECONDS_PER_SECOND
    return replace(state, period_ends_us=_floor(tick_us, budget.period_s) + period_us, spent=0)


def _with_a_bit(own: Iterable[View], left: int, tick_us: int) -> frozenset[str]:
    """Which notices that are not over there is a bit for, the soonest-starting first."""
    spans = ((*extent_us(view), view.view_id) for view in own)
    soonest = sorted((start_us, notice_id) for start_us, end_us, notice_id in spans if end_us >= tick_us)
    return frozenset(notice_id for _, notice_id in soonest[: max(0, left)])


def _says(notice_id: str, asked: frozenset[str], met: frozenset[str]) -> Says:
    if notice_id not in asked:
        return "ALERT_UNAVAILABLE"
    return "MEETING" if notice_id in met else "NO_MEETING"


def _rest(standing: Standing, turn: Turn, party: str, other: str, state: Alerted) -> None:
    """No alert is agreed just now: what was spent is kept until its period is over."""
    if turn.now_us < state.period_ends_us:
        _due(standing, turn, party, other, state, state.period_ends_us)
    else:
        del standing.alerts[party, other]


def _next(standing: Standing, turn: Turn, party: str, other: str, state: Alerted, budget: AlertBudget) -> None:
    after_us = max(turn.now_us, state.ticked_us)
    _due(standing, turn, party, other, state, _floor(after_us, budget.tick_s) + budget.tick_s * MICROSECONDS_PER_SECOND)


def _due(standing: Standing, turn: Turn, party: str, other: str, state: Alerted, due_us: int) -> None:
    standing.alerts[party, other] = state
    payload: dict[str, Any] = {
        "party": party,
        "other": other,
        "ticked_us": state.ticked_us,
        "period_ends_us": state.period_ends_us,
        "spent": state.spent,
        "told": {notice_id: list(told) for notice_id, told in state.told.items()},
    }
    subject = f"{ALERT}/{party}|{other}"  # a name may hold a slash, and no bar
    turn.done(subject)
    turn.due_at(subject, ALERT, due_us, payload)


def _floor(moment_us: int, step_s: int) -> int:
    step_us = step_s * MICROSECONDS_PER_SECOND
    return moment_us // step_us * step_us
