"""What an understanding would have asked for, and told, on a given evening, if the notices had been given by it. An arithmetic of rules, no finding.

Two questions of each account of the evening: how much notice it says was given, against what is agreed; and, with each notice given exactly as
early as agreed and released as agreed, who would have been answered what, and how long before. What the account leaves unstated stays so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil

from detente.channel.views import View, make_view
from detente.domain import (
    Activity,
    Answer,
    Conflict,
    Notice,
    ReleaseLevel,
    Understanding,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_START_US
from detente.screening import screen

Name = tuple[str, str]  # party, reference


@dataclass(frozen=True, slots=True)
class Lead:
    """How early a notice was given, by an account, against what is agreed; seconds.

    Attributes:
        starts_us: its beginning as stated; None where none is.
        given_us: when it was given, by the account; None where no minute is stated, or nobody says that it was.
        is_told: whether the account says that it was given at all.
        agreed_s: how early it should have been; None where nothing is agreed.
        open_s: how far off its beginning may be, either way. LATE is told by the minutes as stated, as the channel does; this says how sure they are.
    """

    party: str
    reference: str
    title: str
    starts_us: int | None
    given_us: int | None
    is_told: bool
    agreed_s: int | None
    open_s: int

    @property
    def given_s(self) -> int | None:
        """How early it was given; None where one of the two minutes is not stated."""
        if self.starts_us is None or self.given_us is None:
            return None
        return (self.starts_us - self.given_us) // MICROSECONDS_PER_SECOND

    @property
    def due_us(self) -> int | None:
        """By when it should have been given."""
        if self.starts_us is None or self.agreed_s is None:
            return None
        return self.starts_us - self.agreed_s * MICROSECONDS_PER_SECOND

    @property
    def is_late(self) -> bool | None:
        """None where that cannot be said."""
        if self.given_s is None or self.agreed_s is None:
            return None
        return self.given_s < self.agreed_s


@dataclass(frozen=True, slots=True)
class Meets:
    """What a party would have been answered of one of its own notices and something released to it.

    Attributes:
        level: at which the other was released. before_s: from when both were given until the two may first meet; None where that is not
            stated. from_us: when they may first meet.
    """

    party: str
    reference: str
    other: str
    other_reference: str
    level: ReleaseLevel
    answer: Answer
    from_us: int | None
    before_s: int | None


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """Of one account: how early each notice was given, and who would have been answered what. `not_released` names who is told nothing of what."""

    leads: tuple[Lead, ...]
    meets: tuple[Meets, ...]
    not_released: tuple[tuple[str, str, str], ...]  # recipient, sender, reference


def counterfactual(
    notices: Iterable[Notice], understanding: Understanding, given_us: Mapping[Name, int | None]
) -> Counterfactual:
    """What the understanding would have asked and told.

    Args:
        given_us: by party and reference, of the notices that the account says were given; None where it states no minute.
    """
    plans = [notice for notice in notices if notice.activity is not Activity.HAZARD_AREA]
    leads = tuple(_lead(plan, understanding, given_us) for plan in plans)
    due = {(lead.party, lead.reference): lead.due_us for lead in leads}
    parties = sorted({plan.party for plan in plans})
    meets = [met for party in parties for met in _answered(party, plans, understanding, due)]
    untold = [
        (party, plan.party, plan.reference)
        for party in parties
        for plan in plans
        if _is_untold(party, plan, understanding)
    ]
    return Counterfactual(leads, tuple(sorted(meets, key=_gravest_first)), tuple(untold))


def _lead(plan: Notice, understanding: Understanding, given_us: Mapping[Name, int | None]) -> Lead:
    starts_us = min(volume.window.start_us for volume in plan.volumes)
    name = (plan.party, plan.reference)
    open_s = ceil(max(volume.uncertainty.time_s for volume in plan.volumes))
    starts = None if starts_us <= OPEN_START_US else starts_us
    agreed_s = understanding.terms.lead_s(plan.activity)
    return Lead(plan.party, plan.reference, plan.title, starts, given_us.get(name), name in given_us, agreed_s, open_s)


def _level(plan: Notice, recipient: str, understanding: Understanding) -> ReleaseLevel:
    """As agreed; whoever has to be told is told at least that it exists."""
    terms = understanding.terms
    level = terms.level(plan.party, recipient, plan.activity)
    must = recipient in terms.required_recipients(plan.party, plan.activity)
    return ReleaseLevel.EXISTENCE if must and level is ReleaseLevel.NONE else level


def _is_untold(party: str, plan: Notice, understanding: Understanding) -> bool:
    return plan.party != party and _level(plan, party, understanding) is ReleaseLevel.NONE


def _answered(
    party: str, plans: Sequence[Notice], understanding: Understanding, due: Mapping[Name, int | None]
) -> Iterator[Meets]:
    own = [plan for plan in plans if plan.party == party]
    views = {
        view.view_id: (plan, view)
        for plan in plans
        if plan.party != party and (view := _view(plan, party, understanding)) is not None
    }
    if not own or not views:
        return
    seen = [view.as_notice(plan.party) for plan, view in views.values()]
    found = screen([*own, *seen], understanding=understanding, propose_most=0)
    best: dict[tuple[str, str], Meets] = {}
    for conflict in found.conflicts:
        if isinstance(conflict, Conflict) and (met := _met(party, conflict, views, due)) is not None:
            key = (met.reference, f"{met.other} {met.other_reference}")
            best[key] = min((met, best.get(key, met)), key=_gravest_first)
    yield from best.values()


def _view(plan: Notice, recipient: str, understanding: Understanding) -> View | None:
    level = _level(plan, recipient, understanding)
    if level is ReleaseLevel.NONE:
        return None
    view_id = sha256(f"{plan.party}|{plan.reference}|{recipient}".encode()).hexdigest()[:32]
    grids = understanding.terms.grids
    return make_view(plan, level, grids, recipient=recipient, view_id=view_id, version=1, commitment="0" * 64)


def _met(
    party: str, conflict: Conflict, views: Mapping[str, tuple[Notice, View]], due: Mapping[Name, int | None]
) -> Meets | None:
    ours, theirs = (conflict.a, conflict.b) if conflict.a.notice.party == party else (conflict.b, conflict.a)
    if ours.notice.party != party or theirs.notice.reference not in views:
        return None
    plan, view = views[theirs.notice.reference]
    from_us = conflict.area.start_us if conflict.area and conflict.area.start_us > OPEN_START_US else None
    known = [due.get((ours.notice.party, ours.notice.reference)), due.get((plan.party, plan.reference))]
    told = [moment for moment in known if moment is not None]
    before_s = (
        (from_us - max(told)) // MICROSECONDS_PER_SECOND if from_us is not None and len(told) == len(known) else None
    )
    return Meets(
        party,
        ours.notice.reference,
        plan.party,
        plan.reference,
        view.level,
        view.answered(conflict.answer),
        from_us,
        before_s,
    )


def _gravest_first(met: Meets) -> tuple[int, str, str, str, str, int]:
    return -met.answer, met.party, met.reference, met.other, met.other_reference, met.from_us or 0
