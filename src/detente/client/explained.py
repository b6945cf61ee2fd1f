"""An explained answer as the channel sends it, read back into the values that `detente screen` prints.

What it says of a meeting is the host's; whose plan it is, and what it is called, is read from the party's own notice and from
views that their senders signed. A meeting with a view that is not there, since it has changed meanwhile, is left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from math import inf
from typing import Any, Literal, TypeAlias

from detente.channel.forms import form_from, view_of
from detente.client.answers import Answered, Met
from detente.client.told import SeenView
from detente.client.words import short
from detente.domain import (
    Answer,
    Conflict,
    HazardWarning,
    InvalidVolume,
    Malformed,
    MeetingArea,
    Minima,
    Notice,
    Polygon,
    Position,
    Proposal,
    ScreeningAnswer,
    Separation,
    VolumeRef,
    at,
)
from detente.domain.window import OPEN_END_US, OPEN_START_US, to_us

Dimension: TypeAlias = Literal["time", "altitude", "sideways"]
Key: TypeAlias = tuple[str, str]  # party and id, of a notice of one's own or of a view


class Reference(Answered, frozen=True):
    """One volume of a plan."""

    party: str
    reference: str
    volume_index: int


class Apart(Answered, frozen=True):
    """How far apart; null where nothing was stated."""

    stated: float | None
    least: float | None


class Place(Answered, frozen=True):
    """A position."""

    latitude_deg: float
    longitude_deg: float


class Area(Answered, frozen=True):
    """Where, how high and when."""

    footprint: dict[str, Any] | None
    closest: tuple[Place, Place] | None
    altitude_lower: str
    altitude_upper: str
    start: str | None
    end: str | None


class Collision(Answered, frozen=True):
    """A pair of volumes; separations are null where they are withheld."""

    answer: Literal["POSSIBLE", "CONFLICT"]
    a: Reference
    b: Reference
    lateral_m: Apart | None
    vertical_m: Apart | None
    time_s: Apart | None
    minima: Minima
    rule: str
    reasons: tuple[str, ...]
    area: Area | None


class Entered(Answered, frozen=True):
    """A plan that enters, or may enter, a hazard area."""

    answer: Literal["POSSIBLE", "CONFLICT"]
    plan: Reference
    hazard: Reference
    area: Area | None


class Move(Answered, frozen=True):
    """A move that clears; of the three measures the one of its dimension."""

    dimension: Dimension
    later_s: float | None = None
    higher_m: float | None = None
    sideways_m: float | None = None
    bearing_deg: float | None = None


class Moves(Answered, frozen=True):
    """The moves of one plan."""

    party: str
    reference: str
    moves: tuple[Move, ...]


class Explained(Met, frozen=True):
    """What a plan meets, explained, and what would clear it."""

    conflicts: tuple[Collision, ...]
    warnings: tuple[Entered, ...]
    proposals: tuple[Moves, ...]
    sought: tuple[Dimension, ...]


@dataclass(frozen=True, slots=True)
class InWords:
    """An explained answer with names that people know; `missing` counts meetings with views that are no longer there."""

    answer: ScreeningAnswer
    missing: int


def read_explained(raw: Any) -> Explained:
    """An answer as it came.

    Raises:
        NotUnderstood, InvalidVolume: it is none.
    """
    with at("the server's answer"):
        return form_from(raw, Explained)


def met_views(told: Explained, party: str) -> frozenset[Key]:
    """The views of others that are spoken of to a party: sender and id."""
    refs = [ref for each in told.conflicts for ref in (each.a, each.b)]
    refs += [ref for each in told.warnings for ref in (each.plan, each.hazard)]
    return frozenset((ref.party, ref.reference) for ref in refs if ref.party != party)


def named(told: Explained, own: Notice, views: Mapping[Key, SeenView]) -> InWords:
    """The answer, its plans by the names that people know.

    Args:
        own: the party's own plan, its volumes as the host was given them.
        views: those of `met_views`, as far as they are there.
    Raises:
        Malformed: a time or a shape is none.
    """
    names = _Names(own, views)
    conflicts = [names.conflict(each) for each in told.conflicts]
    warnings = [names.warning(each) for each in told.warnings]
    moves = [_proposal(own, move) for each in told.proposals for move in each.moves]
    found = ScreeningAnswer(
        answer=Answer[told.answer],
        notices=(own, *names.others.values()),
        conflicts=tuple(c for c in conflicts if c),
        warnings=tuple(w for w in warnings if w),
        proposals={(own.party, own.reference): tuple(moves)} if told.sought else {},
    )
    return InWords(found, conflicts.count(None) + warnings.count(None))


class _Names:
    """Which plan a reference means."""

    def __init__(self, own: Notice, views: Mapping[Key, SeenView]) -> None:
        self.own = own
        self.others = {key: _called(seen) for key, seen in views.items()}

    def volume(self, ref: Reference) -> VolumeRef | None:
        notice = self.own if ref.party == self.own.party else self.others.get((ref.party, ref.reference))
        if notice is None or not 0 <= ref.volume_index < len(notice.volumes):
            return None
        return VolumeRef(notice, ref.volume_index)

    def conflict(self, told: Collision) -> Conflict | None:
        a, b = self.volume(told.a), self.volume(told.b)
        if a is None or b is None:
            return None
        return Conflict(
            a=a,
            b=b,
            answer=Answer[told.answer],
            lateral_m=_separation(told.lateral_m),
            vertical_m=_separation(told.vertical_m),
            time_s=_separation(told.time_s),
            minima=told.minima,
            rule=told.rule,
            reasons=told.reasons,
            area=_area(told.area),
        )

    def warning(self, told: Entered) -> HazardWarning | None:
        plan, hazard = self.volume(told.plan), self.volume(told.hazard)
        return HazardWarning(plan, hazard, Answer[told.answer], _area(told.area)) if plan and hazard else None


def _called(seen: SeenView) -> Notice:
    """A view as a notice, by its reference where it shows one and by the beginning of its id, as commands take them."""
    called = f"id {short(seen.form.view_id)}"
    reference = f"{seen.form.reference}, {called}" if seen.form.reference else called
    return replace(view_of(seen.form).as_notice(seen.sender), reference=reference)


def _separation(told: Apart | None) -> Separation:
    if told is None:
        return Separation(inf, inf)
    return Separation(inf if told.stated is None else told.stated, inf if told.least is None else told.least)


def _proposal(own: Notice, told: Move) -> Proposal:
    by = {"time": told.later_s, "altitude": told.higher_m, "sideways": told.sideways_m}[told.dimension]
    if by is None:
        raise Malformed(f"a move in {told.dimension} without its measure", hint="is this a détente server?")
    return Proposal(own, told.dimension, by, told.bearing_deg)


def _area(told: Area | None) -> MeetingArea | None:
    if told is None:
        return None
    return MeetingArea(
        footprint=_polygons(told.footprint),
        closest=None if told.closest is None else (_position(told.closest[0]), _position(told.closest[1])),
        lower=told.altitude_lower,
        upper=told.altitude_upper,
        start_us=_moment(told.start, OPEN_START_US),
        end_us=_moment(told.end, OPEN_END_US),
    )


def _position(told: Place) -> Position:
    return Position(told.latitude_deg, told.longitude_deg)


def _moment(text: str | None, open_us: int) -> int:
    if text is None:
        return open_us
    try:
        return to_us(datetime.fromisoformat(text))
    except (ValueError, InvalidVolume) as error:
        raise Malformed(f"{text!r:.60} is no time", hint="is this a détente server?") from error


def _polygons(geometry: Mapping[str, Any] | None) -> tuple[Polygon, ...]:
    """The polygons of a GeoJSON geometry; longitude comes first there. Those that rounding left without an area are left out."""
    if geometry is None:
        return ()
    try:
        parts = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
        rings = [[_ring(ring) for ring in part] for part in parts]
        return tuple(Polygon(shell, tuple(filter(_is_ring, holes))) for shell, *holes in rings if _is_ring(shell))
    except (KeyError, TypeError, ValueError, InvalidVolume) as error:
        raise Malformed("the area of a meeting is no polygon", hint="is this a détente server?") from error


def _is_ring(corners: tuple[Position, ...]) -> bool:
    return len(corners) >= 3


def _ring(coordinates: Sequence[Sequence[float]]) -> tuple[Position, ...]:
    """The corners, none twice in a row; the last of the format repeats the first."""
    corners = [Position(lat, lon) for lon, lat in coordinates]
    return tuple(here for here, after in pairwise(corners) if here != after)
