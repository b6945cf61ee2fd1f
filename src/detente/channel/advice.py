"""What a party is told beyond the answer: where, how high, when and how closely its plan meets others', and what would clear it.

Made from the party's own world alone, so that it tells nothing that was not released to it: separations, areas and moves are those
of the views, not of the plans behind them, and are bounded as the answer is. A move keeps clear of everything released to the party,
and of nothing else. None is sought for a plan that the host was given generalised: moved and generalised anew it would lie in
other cells than those that were looked at.

Work is bounded by how large the plan and what was released are, never by the clock: the same world at the same moment gives the same advice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from detente.channel.views import View
from detente.channel.world import Meeting, World
from detente.domain import (
    HUMANITARIAN,
    Activity,
    Answer,
    Arena,
    Circle,
    Conflict,
    Corridor,
    Footprint,
    HazardWarning,
    Minima,
    MultiPolygon,
    Notice,
    Orbit,
    Polygon,
    Proposal,
    ReleaseLevel,
    ScreeningAnswer,
    TooLarge,
    Unmeasured,
    VolumeRef,
)
from detente.screening.explain import meeting_area
from detente.screening.pair import PairSeparation, Prepared, prepare, separation_of
from detente.screening.proposals import MOVES, Dimension

MOST_EXPLAINED: Final = 5
MOST_MET: Final = 20_000  # pairs of volumes; a third of a second
MOST_CORNER_PAIRS: Final = 40_000  # of two footprints, to work out how they lie; a few milliseconds
MOST_MOVED: Final = 32  # volumes of a plan for which moves are sought
MOST_MOVED_SIDEWAYS: Final = 8
MOST_CORNERS_SIDEWAYS: Final = 100  # each is looked at in 1,600 places
MOST_IN_THE_WAY: Final = 10_000  # pairs of volumes, in one dimension, where both have few corners
MOST_CORNERS_IN_THE_WAY: Final = (
    50_000  # pairs of volumes times corners of the two: each pair may have to be looked at exactly
)
MOST_CORNERS_MET: Final = (
    20_000  # of the plan, times volumes met: each move that is tried may have to look at all of them exactly
)
_WITHIN_NOTHING: Final = Minima(0.0, 0.0, 0.0)  # a hazard area is entered, or not


@dataclass(frozen=True, slots=True)
class Advice:
    """What a party is told of one plan of its own.

    Attributes:
        meetings: all of them, sorted.
        found: the answer. Explained in `conflicts` and `warnings` is the gravest, earliest pair of volumes with each view, of the first
            `MOST_EXPLAINED` views; `unmeasured` names one pair with each further view that is met.
        sought: in which dimensions a move was looked for. None in a dimension that stands here: none within limits.
    """

    meetings: tuple[Meeting, ...]
    found: ScreeningAnswer
    sought: tuple[Dimension, ...]


def advise(world: World, own: View, now_us: int) -> Advice:
    """The gravest meetings of a plan of the party's explained, and the moves that would clear it.

    Args:
        own: in force or not yet submitted, as the host is given it for screening.
        now_us: no move begins before it.
    Raises:
        InvalidVolume: a footprint's geometry cannot be.
        TooLarge: it meets more than `MOST_MET` volumes.
    """
    meetings, pairs = world.meetings_of(own, most=MOST_MET), _Pairs(world, own)
    met = _gravest_with_each_view(world, own, meetings)
    conflicts = [m for m in met if not m.is_warning]
    explained = [m for m in met if pairs.can_be_explained(m)][:MOST_EXPLAINED]
    moves, sought = _moves(world, own, conflicts, now_us) if _is_worth_moving(own, meetings) else ((), ())
    found = ScreeningAnswer(
        answer=max((m.answer for m in conflicts), default=Answer.CLEAR),
        notices=(pairs.notice, *(pairs.view(m)[0] for m in met)),
        conflicts=_in_order(pairs.conflict(m) for m in explained if not m.is_warning),
        warnings=tuple(pairs.warning(m) for m in explained if m.is_warning),
        proposals={(pairs.notice.party, pairs.notice.reference): moves} if sought else {},
        unmeasured=tuple(pairs.unmeasured(m) for m in conflicts if m not in explained),
    )
    return Advice(meetings, found, sought)


def _gravest_with_each_view(world: World, own: View, meetings: Iterable[Meeting]) -> list[Meeting]:
    """One pair of volumes a view; conflicts before warnings, the gravest first, then by time. Never by distance."""

    def start_us(m: Meeting) -> int:
        windows = (
            own.volumes[m.volume_index].window,
            world.view(m.sender, m.view_id).volumes[m.view_volume_index].window,
        )
        return min(max(w.start_us for w in windows), min(w.end_us for w in windows))

    first: dict[tuple[str, str], Meeting] = {}
    ordered = sorted(meetings, key=lambda m: (m.is_warning, -m.answer, start_us(m), m))
    for meeting in ordered:
        first.setdefault((meeting.sender, meeting.view_id), meeting)
    return list(first.values())


class _Pairs:
    """A plan of the party's beside volumes of views released to it."""

    def __init__(self, world: World, own: View) -> None:
        self.world, self.own, self.notice = world, own, own.as_notice(world.party)

    @property
    def arena(self) -> Arena:
        return self.world.rules.arena

    def view(self, m: Meeting) -> tuple[Notice, View]:
        view = self.world.view(m.sender, m.view_id)
        return view.as_notice(m.sender), view

    def can_be_explained(self, m: Meeting) -> bool:
        theirs = self.world.view(m.sender, m.view_id).volumes[m.view_volume_index]
        corners = corner_count(self.own.volumes[m.volume_index].footprint) * corner_count(theirs.footprint)
        return corners <= MOST_CORNER_PAIRS

    def conflict(self, m: Meeting) -> Conflict:
        theirs, view = self.view(m)
        minima, rule = self.world.rules.minima_between(self.notice.activity, theirs.activity)
        a, b = _ordered(VolumeRef(self.notice, m.volume_index), VolumeRef(theirs, m.view_volume_index))
        prepared = _prepared(a), _prepared(b)
        found = separation_of(*prepared, minima, self.arena)
        return Conflict(
            a=a,
            b=b,
            answer=m.answer,
            lateral_m=found.lateral_m,
            vertical_m=found.vertical_m,
            time_s=found.time_s,
            minima=minima,
            rule=rule,
            reasons=(*found.reasons, *self._generalised(view, m.sender)),
            area=meeting_area(*prepared, found, minima, self.arena),
        )

    def _generalised(self, view: View, sender: str) -> Iterable[str]:
        if view.level is not ReleaseLevel.FULL:
            yield f"{sender} told it at level {view.level.value}: where within it the plan is was not told"
        if self.own.level is not ReleaseLevel.FULL:
            yield f"given to the channel at level {self.own.level.value}"

    def warning(self, m: Meeting) -> HazardWarning:
        theirs, _ = self.view(m)
        own, other = VolumeRef(self.notice, m.volume_index), VolumeRef(theirs, m.view_volume_index)
        plan, hazard = (other, own) if self.notice.activity is Activity.HAZARD_AREA else (own, other)
        prepared = _prepared(plan), _prepared(hazard)
        found: PairSeparation = separation_of(*prepared, _WITHIN_NOTHING, self.arena)
        area = meeting_area(*prepared, found, _WITHIN_NOTHING, self.arena)
        return HazardWarning(plan, hazard, m.answer, area)

    def unmeasured(self, m: Meeting) -> Unmeasured:
        a, b = _ordered(VolumeRef(self.notice, m.volume_index), VolumeRef(self.view(m)[0], m.view_volume_index))
        return Unmeasured(a, b, m.answer)


def _prepared(ref: VolumeRef) -> Prepared:
    return prepare(ref.notice.volumes[ref.volume_index], ref.notice.activity)


def _ordered(one: VolumeRef, other: VolumeRef) -> tuple[VolumeRef, VolumeRef]:
    a, b = sorted((one, other), key=lambda ref: (ref.notice.party, ref.notice.reference))
    return a, b


def _in_order(conflicts: Iterable[Conflict]) -> tuple[Conflict, ...]:
    return tuple(
        sorted(conflicts, key=lambda c: [(r.notice.party, r.notice.reference, r.volume_index) for r in (c.a, c.b)])
    )


def _is_worth_moving(own: View, meetings: Sequence[Meeting]) -> bool:
    return len(meetings) * sum(corner_count(v.footprint) for v in own.volumes) <= MOST_CORNERS_MET


def _moves(
    world: World, own: View, conflicts: Sequence[Meeting], now_us: int
) -> tuple[tuple[Proposal, ...], tuple[Dimension, ...]]:
    moves: list[Proposal] = []
    sought: list[Dimension] = []
    for dimension in _dimensions(world, own, conflicts):
        try:
            moves += world.moves_of(own, (dimension,), now_us=now_us, most_pairs=MOST_IN_THE_WAY)
        except TooLarge:
            continue
        sought.append(dimension)
    return tuple(moves), tuple(sought)


def _dimensions(world: World, own: View, conflicts: Sequence[Meeting]) -> tuple[Dimension, ...]:
    """In which dimensions a move is worth looking for.

    Not sideways from something protected: such a move would end where the minimum to it does.
    """
    if not conflicts or own.level is not ReleaseLevel.FULL or len(own.volumes) > MOST_MOVED:
        return ()
    corners = sum(corner_count(v.footprint) for v in own.volumes)
    is_wide = len(own.volumes) > MOST_MOVED_SIDEWAYS or corners > MOST_CORNERS_SIDEWAYS
    near_protected = any(world.view(m.sender, m.view_id).activity in HUMANITARIAN for m in conflicts)
    left_out = ("sideways",) if is_wide or near_protected else ()
    return tuple(d for d in get_args(Dimension) if d in MOVES[own.activity] and d not in left_out)


def corner_count(footprint: Footprint) -> int:
    """How many positions a footprint is stated by."""
    match footprint:
        case Polygon(shell, holes):
            return len(shell) + sum(map(len, holes))
        case MultiPolygon(parts):
            return sum(map(corner_count, parts))
        case Corridor(centre_line):
            return len(centre_line)
        case Circle():
            return 1
        case Orbit():
            return 2
