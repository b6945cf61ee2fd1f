"""Whether two volumes meet: the exact predicate, in all three dimensions.

They meet when the lateral, the vertical and the time separation are each at or within the minima. Each separation is an
interval: `stated`, the largest that what was stated allows, and `least`, with uncertainties, conversion margins and the
resolution of the arithmetic taken off. CONFLICT when every `stated` is within the minima, CLEAR when some `least` is not,
POSSIBLE between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, inf
from typing import Final

from detente.domain import (
    WORLD,
    WORLD_PRESSURE,
    WORLD_TERRAIN,
    Activity,
    AltitudeBand,
    Answer,
    Arena,
    Minima,
    Position,
    Separation,
    Volume4D,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.screening import lateral, vertical
from detente.screening.shape import Shape, shape_of

LATERAL_MARGIN_M: Final = 1.0  # what "right to 1 m" promises: closer than this to the minimum is at least POSSIBLE


@dataclass(frozen=True, slots=True)
class PairSeparation:
    """The answer for one pair, and how far it is apart; see the module. A CLEAR pair's later separations may be unmeasured (inf)."""

    answer: Answer
    lateral_m: Separation
    vertical_m: Separation
    time_s: Separation
    closest: tuple[Position, Position] | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Prepared:
    """A volume made ready for screening."""

    volume: Volume4D
    below_ground: bool = False

    @cached_property
    def shape(self) -> Shape:
        return shape_of(self.volume.footprint)

    def with_altitude(self, altitude: AltitudeBand) -> Prepared:
        """The same volume in another band; the shape is not made again."""
        other = Prepared(replace(self.volume, altitude=altitude), self.below_ground)
        other.__dict__["shape"] = self.shape
        return other

    @cached_property
    def reaches_below_ground(self) -> bool:
        lower = self.volume.altitude.lower
        return self.below_ground or (lower.reference.value == "AGL" and lower.value_m < 0.0)


def prepare(volume: Volume4D, activity: Activity = Activity.UNSTATED) -> Prepared:
    """The volume made ready; a subsurface operation's band is known to reach under the ground."""
    return Prepared(volume, below_ground=activity is Activity.SUBSURFACE_OPERATION)


def separation(a: Volume4D, b: Volume4D, minima: Minima, *, arena: Arena = WORLD) -> PairSeparation:
    """How far two volumes are apart, and whether they meet under the minima.

    Raises:
        InvalidVolume: a footprint's geometry cannot be.
    """
    return separation_of(prepare(a), prepare(b), minima, arena)


def separation_of(a: Prepared, b: Prepared, minima: Minima, arena: Arena) -> PairSeparation:
    """As `separation`, cheapest dimension first; stops at the first that clears the pair."""
    unmeasured = Separation(inf, inf)
    time_s = time_separation_s(a.volume, b.volume)
    if time_s.least > minima.time_s:
        return PairSeparation(Answer.CLEAR, unmeasured, unmeasured, time_s)
    vertical_m = vertical_separation_m(a, b, arena)
    if vertical_m.least > minima.vertical_m + vertical.RESOLUTION_M:
        return PairSeparation(Answer.CLEAR, unmeasured, vertical_m, time_s)
    lateral_m, closest = lateral_separation_m(a, b, minima.lateral_m)
    if lateral_m.least > minima.lateral_m:
        return PairSeparation(Answer.CLEAR, lateral_m, vertical_m, time_s)
    reasons = _reasons(a, b, arena, lateral_m, vertical_m, time_s, minima)
    answer = Answer.POSSIBLE if reasons else Answer.CONFLICT
    return PairSeparation(answer, lateral_m, vertical_m, time_s, closest, reasons)


def lateral_separation_m(
    a: Prepared, b: Prepared, within_m: float
) -> tuple[Separation, tuple[Position, Position] | None]:
    """Metres between the two footprints, and their closest points; may stop short where `least` is above `within_m`."""
    slack_m = a.volume.uncertainty.position_m + b.volume.uncertainty.position_m + LATERAL_MARGIN_M
    # a bound just above this stays above `within_m` when the slack is taken off, whatever rounding does
    closest = lateral.distance(a.shape, b.shape, beyond_m=within_m + slack_m + 0.001)
    return Separation(closest.distance_m, max(0.0, closest.distance_m - slack_m)), closest.positions


def lateral_answer(a: Prepared, b: Prepared, within_m: float) -> Answer:
    """What the footprints alone say: the answer of a pair whose altitudes and times overlap as stated."""
    lateral_m, _ = lateral_separation_m(a, b, within_m)
    if lateral_m.least > within_m:
        return Answer.CLEAR
    return Answer.POSSIBLE if lateral_m.stated > within_m + lateral.RESOLUTION_M else Answer.CONFLICT


def time_separation_s(a: Volume4D, b: Volume4D) -> Separation:
    """Seconds between the two windows; an unstated side may be anywhere before or after the stated one."""
    slack_us = time_slack_us(a) + time_slack_us(b)
    stated_us, least_us = 0.0, 0.0
    for first, second in ((a.window, b.window), (b.window, a.window)):
        gap_us = second.start_us - first.end_us  # an unstated side is open, so this is the least the gap can be
        sure = first.end_stated and second.start_stated
        stated_us = max(stated_us, gap_us if sure else inf)
        least_us = max(least_us, gap_us - slack_us)
    return Separation(stated_us / MICROSECONDS_PER_SECOND, least_us / MICROSECONDS_PER_SECOND)


def time_slack_us(volume: Volume4D) -> int:
    """The volume's time uncertainty in whole microseconds, rounded up; everyone rounds here, before adding."""
    return ceil(volume.uncertainty.time_s * MICROSECONDS_PER_SECOND)


def vertical_separation_m(a: Prepared, b: Prepared, arena: Arena) -> Separation:
    """Metres between the two bands, least and stated."""
    gaps = (_gap_m(a, b, arena), _gap_m(b, a, arena))
    least_m = max(0.0, *(least for least, _ in gaps))
    stated_m = max(0.0, *(most for _, most in gaps))
    return Separation(stated_m, least_m)


def least_gap_m(over: Prepared, under: Prepared, arena: Arena) -> float:
    """How far (m) `over` lies above `under` at least; uncertainties taken off, negative where it may lie below."""
    return _gap_m(over, under, arena)[0]


def _gap_m(over: Prepared, under: Prepared, arena: Arena) -> vertical.Interval:
    slack_m = over.volume.uncertainty.altitude_m + under.volume.uncertainty.altitude_m
    least, most = stated_gap_m(over, under, arena)
    return least - slack_m, most


def stated_gap_m(over: Prepared, under: Prepared, arena: Arena) -> vertical.Interval:
    """How far (m) the lower limit of `over` lies above the upper one of `under`, as stated; as `vertical.gap_m`."""
    return vertical.gap_m(
        over.volume.altitude.lower,
        under.volume.altitude.upper,
        (over.shape, under.shape),
        arena,
        both_above_ground=not (over.reaches_below_ground or under.reaches_below_ground),
    )


def _reasons(
    a: Prepared,
    b: Prepared,
    arena: Arena,
    lateral_m: Separation,
    vertical_m: Separation,
    time_s: Separation,
    minima: Minima,
) -> tuple[str, ...]:
    """What alone brings the two within the minima; empty when the stated values already do."""
    reasons = []
    if lateral_m.stated > minima.lateral_m + lateral.RESOLUTION_M:
        reasons.append(_lateral_reason(a.volume.uncertainty.position_m, b.volume.uncertainty.position_m))
    if vertical_m.stated > minima.vertical_m + vertical.RESOLUTION_M:
        reasons.extend(_vertical_reasons(a.volume, b.volume, arena))
    if time_s.stated > minima.time_s:
        reasons.extend(_time_reasons(a.volume, b.volume))
    return tuple(reasons)


def _up(value: float) -> int:
    """Rounded up, without what floating point adds."""
    return ceil(value - 1e-6)


def _lateral_reason(a_m: float, b_m: float) -> str:
    if a_m + b_m == 0.0:
        return "within the 1 m to which distances are computed"
    return f"position uncertainty, {_up(a_m)} m and {_up(b_m)} m"


def _vertical_reasons(a: Volume4D, b: Volume4D, arena: Arena) -> list[str]:
    limits = (a.altitude.lower, a.altitude.upper, b.altitude.lower, b.altitude.upper)
    reasons = [] if all(limit.is_stated for limit in limits) else ["altitude not stated"]
    crossing = {
        " and ".join(sorted((lower.reference.value, upper.reference.value)))
        for lower, upper in ((a.altitude.lower, b.altitude.upper), (b.altitude.lower, a.altitude.upper))
        if vertical.crosses_references(lower, upper)
    }
    if crossing:
        reasons.append(f"margin of converting altitudes: {', '.join(sorted(crossing))}{_narrowed_by(crossing, arena)}")
    if a.uncertainty.altitude_m + b.uncertainty.altitude_m > 0.0:
        reasons.append(f"altitude uncertainty, {_up(a.uncertainty.altitude_m)} m and {_up(b.uncertainty.altitude_m)} m")
    return reasons


def _narrowed_by(crossing: set[str], arena: Arena) -> str:
    """What the understanding leaves unsaid that would make the margin smaller."""
    named = " ".join(crossing).split()
    unsaid = ["terrain"] if "AGL" in named and arena.terrain == WORLD_TERRAIN else []
    unsaid += ["pressure"] if "FL" in named and arena.pressure == WORLD_PRESSURE else []
    return f" (smaller with {' and '.join(unsaid)} bounds in the understanding)" if unsaid else ""


def _time_reasons(a: Volume4D, b: Volume4D) -> list[str]:
    stated = all((a.window.start_stated, a.window.end_stated, b.window.start_stated, b.window.end_stated))
    reasons = [] if stated else ["time not stated"]
    if a.uncertainty.time_s + b.uncertainty.time_s > 0.0:
        reasons.append(f"time uncertainty, {_up(a.uncertainty.time_s)} s and {_up(b.uncertainty.time_s)} s")
    return reasons
