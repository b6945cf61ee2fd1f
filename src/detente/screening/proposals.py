"""What would clear a notice: the smallest move of the whole of it, in time, in altitude, or sideways.

A move clears when every volume of the moved notice is CLEAR of every volume of every other party, the ones it did not meet
before included. Steps: 1 minute up to 12 hours, 100 ft up to 10,000 ft, 0.5 NM up to 50 NM on 16 bearings. Moves are
offered only where they make sense for the activity (`MOVES`); a humanitarian site is never asked to move.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from math import ceil, floor, inf, isfinite
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import (
    Activity,
    Circle,
    Corridor,
    Footprint,
    Minima,
    MultiPolygon,
    Notice,
    Orbit,
    Polygon,
    Position,
    Proposal,
    Volume4D,
)
from detente.domain.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE, MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_END_US, OPEN_START_US
from detente.geodesy import wgs84
from detente.geodesy.wgs84 import Floats
from detente.screening.candidates import Indices, may_meet_in_time, may_meet_laterally, may_meet_vertically
from detente.screening.pair import (
    LATERAL_MARGIN_M,
    Prepared,
    lateral_separation_m,
    least_gap_m,
    prepare,
    time_separation_s,
    time_slack_us,
    vertical_separation_m,
)
from detente.screening.scene import Scene
from detente.screening.vertical import RESOLUTION_M, crosses_references

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

Dimension: TypeAlias = Literal["time", "altitude", "sideways"]
Forbidden: TypeAlias = tuple[int, int]  # steps from … to …, both included

TIME_STEP_S: Final = 60
MOST_TIME_STEPS: Final = 12 * 60
ALTITUDE_STEP_M: Final = 100 * METRES_PER_FOOT
MOST_ALTITUDE_STEPS: Final = 100
SIDEWAYS_STEP_M: Final = 0.5 * METRES_PER_NAUTICAL_MILE
MOST_SIDEWAYS_STEPS: Final = 100
BEARINGS_DEG: Final = np.arange(16) * 22.5

_ANY_WAY: Final[tuple[Dimension, ...]] = ("time", "altitude", "sideways")
MOVES: Final[dict[Activity, tuple[Dimension, ...]]] = {
    Activity.AIR_OPERATION: _ANY_WAY,
    Activity.UNMANNED_FLIGHT: _ANY_WAY,
    Activity.EXERCISE: _ANY_WAY,
    Activity.SEARCH_AND_RESCUE: _ANY_WAY,
    Activity.UNSTATED: ("time",),
    Activity.LIVE_FIRE: ("time",),  # where else fire might fall is not ours to propose
    Activity.MARITIME_OPERATION: ("time", "sideways"),
    Activity.SURFACE_OPERATION: ("time",),
    Activity.SUBSURFACE_OPERATION: ("time",),
    Activity.HUMANITARIAN_MOVEMENT: ("time",),
    Activity.HUMANITARIAN_SITE: (),
    Activity.HAZARD_AREA: (),
}


@dataclass(frozen=True, eq=False)
class _Pair:
    """A volume that would move, one of another party that stays, and the minima between them."""

    mine: Prepared
    other: Prepared
    minima: Minima
    scene: Scene
    rows: tuple[int, int]

    def meets_in_time(self) -> bool:
        return time_separation_s(self.mine.volume, self.other.volume).least <= self.minima.time_s

    def meets_vertically(self) -> bool:
        least_m = vertical_separation_m(self.mine, self.other, self.scene.rules.arena).least
        return least_m <= self.minima.vertical_m + RESOLUTION_M

    def meets_laterally(self) -> bool:
        """Where both are now; asked again and again, measured once."""
        return self.scene.least_lateral_m(*self.rows, self.minima.lateral_m) <= self.minima.lateral_m

    def would_meet_laterally(self, moved_mine: Prepared) -> bool:
        return lateral_separation_m(moved_mine, self.other, self.minima.lateral_m)[0].least <= self.minima.lateral_m

    def height_turns_on_place(self) -> bool:
        """Whether the two bands are compared across references, so that moving one over other sea or ground changes the gap."""
        a, b = self.mine.volume.altitude, self.other.volume.altitude
        return crosses_references(a.lower, b.upper) or crosses_references(b.lower, a.upper)

    def would_meet(self, moved_mine: Prepared) -> bool:
        least_m = vertical_separation_m(moved_mine, self.other, self.scene.rules.arena).least
        return least_m <= self.minima.vertical_m + RESOLUTION_M and self.would_meet_laterally(moved_mine)

    def lifted(self, by_m: float) -> Prepared:
        """The volume that would move, `by_m` higher; its shape stays."""
        return self.mine.with_altitude(self.mine.volume.altitude.shifted(by_m))

    def gap_m(self, *, over: Prepared, under: Prepared) -> float:
        """How far `over` lies above `under`, at least; uncertainties taken off."""
        return least_gap_m(over, under, self.scene.rules.arena)


def propose(notice: Notice, scene: Scene) -> tuple[Proposal, ...]:
    """The smallest clearing move in each dimension that makes sense for the notice's activity; empty when none is within limits.

    Args:
        scene: what the notice was screened in, itself included.
    """
    rows = np.array([k for k, entry in enumerate(scene.entries) if entry.notice is notice], dtype=np.int64)
    find = {"time": _in_time, "altitude": _in_altitude, "sideways": _sideways}
    found = (find[dimension](notice, rows, scene) for dimension in MOVES[notice.activity])
    return tuple(proposal for proposal in found if proposal is not None)


def _pairs(
    rows: Indices, scene: Scene, *, time_us: int = 0, sideways_m: float = 0.0, any_altitude: bool = False
) -> list[_Pair]:
    """The notice's volumes with every volume of others that may meet them, once moved so far at most."""
    table, largest = scene.table, scene.largest
    i, j = (x.ravel() for x in np.meshgrid(rows, np.arange(len(scene.entries)), indexing="ij"))
    time_us += ceil(largest.time_s * MICROSECONDS_PER_SECOND)
    near = may_meet_in_time(table, i, j, time_us)
    i, j = i[near], j[near]
    near = may_meet_laterally(table, i, j, largest.lateral_m + sideways_m)
    near &= may_meet_vertically(table, i, j, inf if any_altitude else largest.vertical_m)
    i, j = i[near], j[near]
    return [pair for k, m in zip(i.tolist(), j.tolist(), strict=True) if (pair := _pair(k, m, scene))]


def _pair(i: int, j: int, scene: Scene) -> _Pair | None:
    mine, other = scene.entries[i], scene.entries[j]
    if other.notice.activity is Activity.HAZARD_AREA:
        return None  # entering one is a warning, never a conflict
    minima, _ = scene.rules.minima_between(mine.notice.activity, other.notice.activity)
    return _Pair(mine.prepared, other.prepared, minima, scene, (i, j))


def moved(notice: Notice, proposal: Proposal) -> Notice:
    """The notice as the proposal would have it."""
    return replace(notice, volumes=tuple(_moved_volume(volume, proposal) for volume in notice.volumes))


def _moved_volume(volume: Volume4D, proposal: Proposal) -> Volume4D:
    match proposal.dimension:
        case "time":
            return replace(volume, window=volume.window.shifted(int(proposal.by)))
        case "altitude":
            return replace(volume, altitude=volume.altitude.shifted(proposal.by))
        case "sideways":
            bearing_deg = proposal.bearing_deg or 0.0
            return replace(volume, footprint=moved_footprint(volume.footprint, bearing_deg, proposal.by))


def moved_footprint(footprint: Footprint, bearing_deg: float, by_m: float) -> Footprint:
    """The footprint with each of its defining positions taken `by_m` along the geodesic that starts at `bearing_deg`."""

    def along(positions: Iterable[Position]) -> tuple[Position, ...]:
        given = tuple(positions)
        lat, lon = wgs84.direct([p.latitude_deg for p in given], [p.longitude_deg for p in given], bearing_deg, by_m)
        return tuple(Position(float(p), float(q)) for p, q in zip(lat, lon, strict=True))

    def part_along(part: Polygon) -> Polygon:
        return Polygon(along(part.shell), tuple(along(hole) for hole in part.holes))

    match footprint:
        case Polygon():
            return part_along(footprint)
        case MultiPolygon(parts):
            return MultiPolygon(tuple(part_along(part) for part in parts))
        case Circle(centre, radius_m):
            return Circle(along((centre,))[0], radius_m)
        case Corridor(line, half_width_m, ends):
            return Corridor(along(line), half_width_m, ends)
        case Orbit(first, second, width_m, alignment):
            first, second = along((first, second))
            return Orbit(first, second, width_m, alignment)


def _smallest_step(forbidden: Iterable[Forbidden], most: int, lowest: int) -> int | None:
    """The step of least size, later or higher first, that no interval holds; from `lowest` to `most`, None where all are held."""
    held = sorted(forbidden)

    def free(step: int, towards: int) -> int:
        for first, last in held if towards > 0 else sorted(held, key=lambda f: -f[1]):
            if first <= step <= last:
                step = last + 1 if towards > 0 else first - 1
        return step

    up, down = free(0, 1), free(0, -1)
    fits = [step for step in (up, down) if lowest <= step <= most]
    return min(fits, key=lambda step: (abs(step), -step), default=None)


# ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_time(notice: Notice, rows: Indices, scene: Scene) -> Proposal | None:
    reach_us = MOST_TIME_STEPS * TIME_STEP_S * MICROSECONDS_PER_SECOND
    forbidden = [
        steps
        for pair in _pairs(rows, scene, time_us=reach_us)
        if (steps := _forbidden_times(pair)) and pair.meets_vertically() and pair.meets_laterally()
    ]
    step = _smallest_step(forbidden, MOST_TIME_STEPS, -MOST_TIME_STEPS)
    return None if not step else Proposal(notice, "time", float(step * TIME_STEP_S))


def _forbidden_times(pair: _Pair) -> Forbidden | None:
    """The steps in which the two windows come within the minimum; None when no step within limits does."""
    a, b = pair.mine.volume, pair.other.volume
    slack_us = time_slack_us(a) + time_slack_us(b)
    reach_us = slack_us + floor(pair.minima.time_s * MICROSECONDS_PER_SECOND)
    step_us = TIME_STEP_S * MICROSECONDS_PER_SECOND
    if OPEN_START_US in (a.window.start_us, b.window.start_us) and OPEN_END_US in (a.window.end_us, b.window.end_us):
        return -MOST_TIME_STEPS, MOST_TIME_STEPS
    # step s meets when b.start - (a.end + s) <= reach and (a.start + s) - b.end <= reach; open sides do not move
    first = -((reach_us + a.window.end_us - b.window.start_us) // step_us)
    last = (reach_us + b.window.end_us - a.window.start_us) // step_us
    return None if first > MOST_TIME_STEPS or last < -MOST_TIME_STEPS else (first, last)


# ── altitude ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_altitude(notice: Notice, rows: Indices, scene: Scene) -> Proposal | None:
    pairs = [p for p in _pairs(rows, scene, any_altitude=True) if p.meets_in_time() and p.meets_laterally()]
    lowest = _lowest_step([scene.entries[k].prepared for k in rows])
    steps = range(lowest, MOST_ALTITUDE_STEPS + 1)
    step = _smallest_step([_forbidden_heights(p, steps) for p in pairs], MOST_ALTITUDE_STEPS, lowest)
    return None if not step else Proposal(notice, "altitude", step * ALTITUDE_STEP_M)


def _lowest_step(own: Sequence[Prepared]) -> int:
    """How far down the notice may go: no lower limit is taken below zero of its own reference."""
    lowest_m = min(p.volume.altitude.lower.value_m for p in own)
    return 0 if not isfinite(lowest_m) else -min(MOST_ALTITUDE_STEPS, max(0, floor(lowest_m / ALTITUDE_STEP_M)))


def _forbidden_heights(pair: _Pair, steps: range) -> Forbidden:
    """The steps in which the two bands come within the minimum: one run, since each step up only lifts the notice further."""

    def clear_above(step: int) -> bool:
        return (
            pair.gap_m(over=pair.lifted(step * ALTITUDE_STEP_M), under=pair.other)
            > pair.minima.vertical_m + RESOLUTION_M
        )

    def not_clear_below(step: int) -> bool:
        return (
            pair.gap_m(over=pair.other, under=pair.lifted(step * ALTITUDE_STEP_M))
            <= pair.minima.vertical_m + RESOLUTION_M
        )

    first = bisect_left(steps, True, key=not_clear_below)
    last = bisect_left(steps, True, key=clear_above) - 1
    return steps.start + first, steps.start + last


# ── sideways ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _sideways(notice: Notice, rows: Indices, scene: Scene) -> Proposal | None:
    reach_m = MOST_SIDEWAYS_STEPS * SIDEWAYS_STEP_M
    in_time = [p for p in _pairs(rows, scene, sideways_m=reach_m) if p.meets_in_time()]
    pairs = [p for p in in_time if p.meets_vertically()]
    above_or_below = [p for p in in_time if p.height_turns_on_place() and not p.meets_vertically()]
    for step, bearing_deg in _clear_in_the_plane(pairs):
        proposal = Proposal(notice, "sideways", step * SIDEWAYS_STEP_M, bearing_deg)
        after = {id(p.mine): prepare(_moved_volume(p.mine.volume, proposal), notice.activity) for p in in_time}
        if not any(p.would_meet_laterally(after[id(p.mine)]) for p in pairs) and not any(
            p.would_meet(after[id(p.mine)]) for p in above_or_below
        ):
            return proposal
    return None


def _clear_in_the_plane(pairs: Sequence[_Pair]) -> Iterator[tuple[int, float]]:
    """Moves (step, bearing in degrees) that look clear in the plane, smallest first, those too near to call among them.

    A step changes no distance by more than its own length, so from a move that falls short by d the next that may do is
    d further on; 2 % and 50 m are left for the plane's distortion.
    """
    plane = _Plane.of(pairs)
    first = _steps_short(plane.short_by_m(0.0, 0.0))  # before it moves, every bearing is the same
    queue = [(first, float(bearing_deg)) for bearing_deg in BEARINGS_DEG if first <= MOST_SIDEWAYS_STEPS]
    while queue:
        step, bearing_deg = heappop(queue)
        short_m = plane.short_by_m(step * SIDEWAYS_STEP_M, np.radians(bearing_deg))
        if short_m <= 50.0:
            yield step, bearing_deg
        step += _steps_short(short_m)
        if step <= MOST_SIDEWAYS_STEPS:
            heappush(queue, (step, bearing_deg))


def _steps_short(short_m: float) -> int:
    """How many steps farther the next move lies that may clear what now falls short by so much."""
    return max(1, floor((0.98 * short_m - 50.0) / SIDEWAYS_STEP_M))


@dataclass(frozen=True, eq=False)
class _Plane:
    """Core against core, laid out round the notice: k pairs of shapes, and how far apart each has to be (m)."""

    mine: NDArray[np.object_]
    of_mine: Indices
    other: NDArray[np.object_]
    needed_m: Floats

    @classmethod
    def of(cls, pairs: Sequence[_Pair]) -> _Plane:
        about = pairs[0].mine.shape.cores[0]
        mine: dict[int, tuple[int, BaseGeometry]] = {}
        rows = []
        for pair in pairs:
            scene = pair.scene
            slack_m = (
                pair.mine.volume.uncertainty.position_m + pair.other.volume.uncertainty.position_m + LATERAL_MARGIN_M
            )
            for a in pair.mine.shape.cores:
                number, _ = mine.setdefault(id(a), (len(mine), scene.flat(a, about)))
                for b in pair.other.shape.cores:
                    needed_m = pair.minima.lateral_m + slack_m + a.radius_m + b.radius_m
                    rows.append((number, scene.flat(b, about), needed_m))
        return cls(
            np.array([flat for _, flat in mine.values()], dtype=object),
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array([row[1] for row in rows], dtype=object),
            np.array([row[2] for row in rows]),
        )

    def short_by_m(self, by_m: float, bearing: float) -> float:
        """How much the closest pair falls short of what it needs once all of mine have moved."""
        import shapely

        offset_m = by_m * np.array([np.sin(bearing), np.cos(bearing)])
        there = shapely.transform(self.mine, lambda xy: xy + offset_m)
        return float(np.max(self.needed_m - shapely.distance(there[self.of_mine], self.other)))
