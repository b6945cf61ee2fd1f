"""What would clear a notice: the smallest move of the whole of it, in time, in altitude, or sideways.

A move clears when every volume of the moved notice is CLEAR of every volume of every other party, the ones it did not meet
before included. Steps: 1 minute up to 12 hours, 100 ft up to 10,000 ft, 0.5 NM up to 50 NM on 16 bearings. Moves are
offered only where they make sense for the activity (`MOVES`); a humanitarian site is never asked to move.

Of the bearings on which the smallest move sideways clears, the one that leaves most room is proposed: how much farther than asked
all others are, in the plane and to a metre, where room beyond `MOST_ROOM_M` counts for nothing and the first from north on wins
where they are equal.

Sideways every position goes the same way on the same bearing. That keeps a notice's shape within 8 % up to `POLAR_DEG`. Nearer
a pole one bearing is many directions, so there only a notice of one position, such as a circle, is moved.

This is the definition, for a few thousand volumes; `clearing` finds the same moves among millions.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from math import ceil, cos, floor, inf, isfinite, radians, tan
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import (
    Activity,
    Circle,
    Corridor,
    Footprint,
    InvalidVolume,
    Minima,
    MultiPolygon,
    Notice,
    Orbit,
    Polygon,
    Position,
    Proposal,
    Volume4D,
)
from detente.domain.altitude import HIGHEST_M
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
from detente.screening.plane import plane_middle
from detente.screening.scene import Scene
from detente.screening.vertical import RESOLUTION_M, crosses_references

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from detente.screening.shape import Core

Dimension: TypeAlias = Literal["time", "altitude", "sideways"]
Forbidden: TypeAlias = tuple[int, int]  # steps from … to …, both included

TIME_STEP_S: Final = 60
MOST_TIME_STEPS: Final = 12 * 60
ALTITUDE_STEP_M: Final = 100 * METRES_PER_FOOT
MOST_ALTITUDE_STEPS: Final = 100
SIDEWAYS_STEP_M: Final = 0.5 * METRES_PER_NAUTICAL_MILE
MOST_SIDEWAYS_STEPS: Final = 100
MOST_ROOM_M: Final = 10 * SIDEWAYS_STEP_M
BEARINGS_DEG: Final = np.arange(16) * 22.5
POLAR_DEG: Final = 80.0
R_M: Final = wgs84.SMALLEST_CURVATURE_RADIUS_M

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
    """The smallest clearing move in each dimension that makes sense for the notice's activity; empty when none is within limits,
    and when the notice is clear where it is.

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
    return replace(notice, volumes=tuple(moved_volume(volume, proposal) for volume in notice.volumes))


def moved_volume(volume: Volume4D, proposal: Proposal) -> Volume4D:
    """One of its volumes as the proposal would have it."""
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


def smallest_step(forbidden: Iterable[Forbidden], most: int, lowest: int) -> int | None:
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
    pairs = _pairs(rows, scene, time_us=reach_us)
    times_us = np.array([_times_us(pair) for pair in pairs], dtype=np.int64).reshape(-1, 5)
    forbidden = [
        (first, last)
        for pair, first, last in zip(pairs, *(x.tolist() for x in forbidden_times(*times_us.T)), strict=True)
        if first <= last and pair.meets_vertically() and pair.meets_laterally()
    ]
    step = smallest_step(forbidden, MOST_TIME_STEPS, -MOST_TIME_STEPS)
    return None if not step else Proposal(notice, "time", float(step * TIME_STEP_S))


def _times_us(pair: _Pair) -> tuple[int, int, int, int, int]:
    a, b = pair.mine.volume, pair.other.volume
    reach_us = time_slack_us(a) + time_slack_us(b) + floor(pair.minima.time_s * MICROSECONDS_PER_SECOND)
    return a.window.start_us, a.window.end_us, b.window.start_us, b.window.end_us, reach_us


def forbidden_times(
    start_us: Indices, end_us: Indices, other_start_us: Indices, other_end_us: Indices, reach_us: Indices
) -> tuple[Indices, Indices]:
    """The first and last step in which the first of two windows comes within reach of the second; first > last where none does.

    Args:
        reach_us: the minimum and both uncertainties. All (k,).
    """
    step_us = TIME_STEP_S * MICROSECONDS_PER_SECOND
    # step s meets when other_start - (end + s) <= reach and (start + s) - other_end <= reach; open sides do not move
    first = np.maximum(-((reach_us + end_us - other_start_us) // step_us), -MOST_TIME_STEPS)
    last = np.minimum((reach_us + other_end_us - start_us) // step_us, MOST_TIME_STEPS)
    always = ((start_us == OPEN_START_US) | (other_start_us == OPEN_START_US)) & (
        (end_us == OPEN_END_US) | (other_end_us == OPEN_END_US)
    )
    return np.where(always, -MOST_TIME_STEPS, first), np.where(always, MOST_TIME_STEPS, last)


# ── altitude ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _in_altitude(notice: Notice, rows: Indices, scene: Scene) -> Proposal | None:
    pairs = [p for p in _pairs(rows, scene, any_altitude=True) if p.meets_in_time() and p.meets_laterally()]
    steps = altitude_steps([scene.entries[k].prepared.volume for k in rows])
    step = smallest_step([_forbidden_heights(p, steps) for p in pairs], steps[-1], steps[0])
    return None if not step else Proposal(notice, "altitude", step * ALTITUDE_STEP_M)


def altitude_steps(own: Sequence[Volume4D]) -> range:
    """How far down and up volumes may go: no lower limit below zero of its own reference, none above the highest there is."""
    limits_m = [(v.altitude.lower.value_m, v.altitude.upper.value_m) for v in own]
    lowest_m = min(lower_m for lower_m, _ in limits_m)
    highest_m = max((m for limits in limits_m for m in limits if isfinite(m)), default=0.0)
    down = floor(lowest_m / ALTITUDE_STEP_M) if isfinite(lowest_m) else 0
    up = floor((HIGHEST_M - highest_m) / ALTITUDE_STEP_M)
    return range(-min(MOST_ALTITUDE_STEPS, max(0, down)), min(MOST_ALTITUDE_STEPS, up) + 1)


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
    if not bearings_hold([scene.entries[k].prepared.volume.footprint for k in rows]):
        return None
    reach_m = MOST_SIDEWAYS_STEPS * SIDEWAYS_STEP_M
    in_time = [p for p in _pairs(rows, scene, sideways_m=reach_m) if p.meets_in_time()]
    pairs = [p for p in in_time if p.meets_vertically()]
    if not any(p.meets_laterally() for p in pairs):
        return None
    above_or_below = [p for p in in_time if p.height_turns_on_place() and not p.meets_vertically()]
    for step, bearing_deg in _clear_in_the_plane(pairs):
        proposal = Proposal(notice, "sideways", step * SIDEWAYS_STEP_M, bearing_deg)
        if _clears(proposal, pairs, above_or_below):
            return proposal
    return None


def _clears(proposal: Proposal, pairs: Sequence[_Pair], above_or_below: Sequence[_Pair]) -> bool:
    """Whether a move sideways clears, and leaves a footprint that can be."""
    try:
        after = {
            id(p.mine): prepare(moved_volume(p.mine.volume, proposal), proposal.notice.activity)
            for p in (*pairs, *above_or_below)
        }
        return not any(p.would_meet_laterally(after[id(p.mine)]) for p in pairs) and not any(
            p.would_meet(after[id(p.mine)]) for p in above_or_below
        )
    except InvalidVolume:  # a sliver, bent across itself
        return False


def bearings_hold(own: Sequence[Footprint]) -> bool:
    """Whether one bearing is about one direction all over footprints that move together; see the module."""
    positions = {position for footprint in own for position in positions_of(footprint)}
    return len(positions) == 1 or max(abs(p.latitude_deg) for p in positions) <= POLAR_DEG


def positions_of(footprint: Footprint) -> tuple[Position, ...]:
    """The positions that define a footprint."""
    match footprint:
        case Polygon():
            return tuple(p for ring in (footprint.shell, *footprint.holes) for p in ring)
        case MultiPolygon(parts):
            return tuple(p for part in parts for p in positions_of(part))
        case Circle(centre, _):
            return (centre,)
        case Corridor(line, _, _):
            return line
        case Orbit(first, second, _, _):
            return first, second


def _clear_in_the_plane(pairs: Sequence[_Pair]) -> Iterator[tuple[int, float]]:
    """Moves (step, bearing in degrees) that look clear in the plane, smallest first, those too near to call among them.

    A step changes no distance by more than its own length, so from a move that falls short by d the next that may do is
    d further on, but for what the ellipsoid and the plane may stretch it.
    """
    scene = pairs[0].scene
    plane = Plane.of([(pair.mine, pair.other, pair.minima.lateral_m) for pair in pairs], scene.flat)
    first = steps_short(plane.short_by_m(0.0, 0.0))  # before it moves, every bearing is the same
    queue = [(first, float(bearing_deg)) for bearing_deg in BEARINGS_DEG if first <= MOST_SIDEWAYS_STEPS]
    while queue:
        step, clear = queue[0][0], []
        while queue and queue[0][0] == step:
            bearing_deg = heappop(queue)[1]
            short_m = plane.short_by_m(step * SIDEWAYS_STEP_M, radians(bearing_deg))
            if short_m <= 0.0:
                clear.append(bearing_deg)
            later = step + steps_short(short_m)
            if later <= MOST_SIDEWAYS_STEPS:
                heappush(queue, (later, bearing_deg))
        yield from ((step, bearing_deg) for bearing_deg in roomiest_first(plane, step, clear))


def roomiest_first(plane: Plane, step: int, bearings_deg: Sequence[float]) -> list[float]:
    """Bearings by the room that a move leaves; see the module.

    Args:
        plane: everything that a move of so many steps leaves no farther away than asked and `room_looked_at_m`.
    """
    most_m = room_looked_at_m(step)
    by_m = step * SIDEWAYS_STEP_M
    return sorted(bearings_deg, key=lambda b: (-round(min(most_m, plane.room_m(by_m, radians(b)))), b))


def room_looked_at_m(step: int) -> float:
    """Up to where room counts after a move; what lies out of reach of all moves is farther away still."""
    return min(MOST_ROOM_M, 0.9 * (MOST_SIDEWAYS_STEPS - step) * SIDEWAYS_STEP_M)


def steps_short(short_m: float) -> int:
    """How many steps farther the next move lies that may clear what now falls short by so much."""
    return max(1, floor(0.98 * short_m / SIDEWAYS_STEP_M))


@dataclass(frozen=True, eq=False)
class Plane:
    """Core against core, laid out round the notice: k pairs of shapes, and how far apart each has to be (m).

    Attributes:
        north: (c,) which way north is at each coordinate of mine, radians clockwise in the plane.
        doubt: what a move of one metre may be misplaced by, metres; see `misplaced`.
        needed_m: (k,) how far apart they have to be. surely_m: (k,) nearer than this in the plane is too near.
    """

    mine: NDArray[np.object_]
    of_mine: Indices
    other: NDArray[np.object_]
    needed_m: Floats
    surely_m: Floats
    north: Floats
    doubt: float

    @classmethod
    def of(cls, pairs: Sequence[tuple[Prepared, Prepared, float]], flat: Callable[[Core, Core], BaseGeometry]) -> Plane:
        """Volumes that move, each with one that stays and the lateral minimum (m) between them.

        Args:
            flat: lays out a core in the plane round `plane_middle` of another.
        """
        about = pairs[0][0].shape.cores[0]
        mine: dict[int, tuple[int, BaseGeometry]] = {}
        rows = []
        for own, other, lateral_m in pairs:
            slack_m = own.volume.uncertainty.position_m + other.volume.uncertainty.position_m + LATERAL_MARGIN_M
            for a in own.shape.cores:
                number, _ = mine.setdefault(id(a), (len(mine), flat(a, about)))
                for b in other.shape.cores:
                    rows.append((number, flat(b, about), lateral_m + slack_m + a.radius_m + b.radius_m))
        needed_m = np.array([row[2] for row in rows])
        shapes = np.array([shape for _, shape in mine.values()], dtype=object)
        return cls(
            shapes,
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array([row[1] for row in rows], dtype=object),
            needed_m,
            needed_m - _off_in_plane(shapes, needed_m),
            _north(shapes, plane_middle(about)),
            misplaced(list({id(own): own.volume.footprint for own, _, _ in pairs}.values())),
        )

    def short_by_m(self, by_m: float, bearing: float) -> float:
        """How much the closest pair surely falls short of what it needs once all of mine have moved."""
        there, apart_m = self._moved(by_m, bearing)
        short_m = self.surely_m - apart_m
        over = np.flatnonzero(apart_m == 0.0)
        if len(over):
            short_m[over] += _depth_m(there[over], self.other[over])
        return float(short_m.max()) - self.doubt * by_m

    def room_m(self, by_m: float, bearing: float) -> float:
        """How much farther apart than needed the closest pair about is once all of mine have moved."""
        return float((self._moved(by_m, bearing)[1] - self.needed_m).min())

    def _moved(self, by_m: float, bearing: float) -> tuple[NDArray[np.object_], Floats]:
        """(k,) mine where they are then, and (k,) how far the others are."""
        import shapely

        offset_m = by_m * np.stack([np.sin(self.north + bearing), np.cos(self.north + bearing)], axis=1)
        there = shapely.transform(self.mine, lambda xy: xy + offset_m)[self.of_mine]
        return there, shapely.distance(there, self.other)


def _depth_m(a: NDArray[np.object_], b: NDArray[np.object_]) -> Floats:
    """(k,) how deep in one of two overlapping shapes a point of the other lies: one has to move as far to let go. Errs low."""
    import shapely

    depth_m = np.zeros(len(a))
    sound = np.flatnonzero(shapely.is_valid(a) & shapely.is_valid(b))
    a, b = a[sound], b[sound]
    shared = shapely.point_on_surface(shapely.intersection(a, b))
    for shape in (a, b):
        is_region = shapely.get_dimensions(shape) == 2
        apart_m = np.where(is_region, shapely.distance(shared, shapely.boundary(shape)), 0.0)
        depth_m[sound] = np.fmax(depth_m[sound], apart_m)
    return np.minimum(depth_m, 2 * MOST_SIDEWAYS_STEPS * SIDEWAYS_STEP_M)


def _north(shapes: NDArray[np.object_], middle: Position) -> Floats:
    """(c,) which way north is at each coordinate of shapes laid out round a middle point."""
    import shapely

    xy = shapely.get_coordinates(shapes)
    mid_deg = (middle.latitude_deg, middle.longitude_deg)
    lat, lon = wgs84.direct(*mid_deg, np.degrees(np.arctan2(xy[:, 0], xy[:, 1])), np.hypot(xy[:, 0], xy[:, 1]))
    azimuth_deg, apart_m = wgs84.inverse(*mid_deg, *wgs84.direct(lat, lon, 0.0, SIDEWAYS_STEP_M))
    east = apart_m * np.sin(np.radians(azimuth_deg)) - xy[:, 0]
    north = apart_m * np.cos(np.radians(azimuth_deg)) - xy[:, 1]
    return np.asarray(np.arctan2(east, north))


def _off_in_plane(shapes: NDArray[np.object_], needed_m: Floats) -> Floats:
    """(k,) how far a distance near what is needed may be off where shapes lie in the plane, metres."""
    import shapely

    reach_m = float(np.abs(shapely.get_coordinates(shapes)).max()) + MOST_SIDEWAYS_STEPS * SIDEWAYS_STEP_M + needed_m
    off = 0.25 * (reach_m / wgs84.SEMI_MAJOR_M) ** 2
    return np.asarray(50.0 + off * needed_m)


def misplaced(own: Sequence[Footprint]) -> float:
    """What each metre of a move may misplace an outline by (m), when the points along it are moved instead of those that define it.

    Along an edge of length L by (L / R)² / cos² of the latitude, at most; a point set off from the defining ones, as an orbit's
    is, by twice how far it is set off over R, times the tangent of the latitude.
    """
    positions = [positions_of(footprint) for footprint in own]
    steepest = radians(min(POLAR_DEG, max(abs(p.latitude_deg) for line in positions for p in line)))
    longest_m = max(_longest_edge_m(line) for line in positions)
    set_off_m = max(_set_off_m(footprint) for footprint in own)
    return (longest_m / R_M) ** 2 / cos(steepest) ** 2 + 2 * set_off_m / R_M * tan(steepest)


def _longest_edge_m(line: Sequence[Position]) -> float:
    """Also between a ring's last and the next one's first, which is more than enough."""
    lat, lon = (np.array(degrees) for degrees in zip(*((p.latitude_deg, p.longitude_deg) for p in line), strict=True))
    return float(wgs84.inverse(lat, lon, np.roll(lat, 1), np.roll(lon, 1))[1].max())


def _set_off_m(footprint: Footprint) -> float:
    match footprint:
        case Orbit(_, _, width_m, alignment):
            return 0.0 if alignment == "centre" else width_m
        case Corridor(_, half_width_m, ends):
            return 0.0 if ends == "round" else 2 * half_width_m
        case _:
            return 0.0
