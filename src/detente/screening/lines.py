"""Whether a footprint reaches over a line, by each party's own measurement of it.

Lateral only: what lies under the ground is under or beside the line as what lies above is. A course holds between its first
and last point; nothing is said of a line beyond them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np

from detente.domain import Circle, Corridor, Footprint, MultiPolygon, Polygon, Position
from detente.domain.line import Course, Line
from detente.geodesy import wgs84
from detente.geodesy.wgs84 import Floats
from detente.screening.lateral import lateral_distance_m

_THIN_M: Final = 0.001  # half the width that a line without one is measured with
_GOOD_TO_M: Final = 2.0  # what distances and straight pieces may be off by; widens `may cross`
_LONGEST_M: Final = 50_000.0


class Crossing(Enum):
    """Whether a footprint reaches over a course: for certain, perhaps, or not."""

    CROSSES = "crosses"
    MAY = "may cross"
    NOT = "does not cross"


@dataclass(frozen=True, slots=True)
class ByCourse:
    """What one party's course says: the least distance (m) of the stated footprint, and what both leave open (m)."""

    by: str
    crossing: Crossing
    distance_m: float
    open_m: float


def check_line(line: Line, footprint: Footprint, *, uncertainty_m: float) -> tuple[ByCourse, ...]:
    """One answer for each course, in the line's order; never one of them all.

    Args:
        uncertainty_m: how far every place of the footprint may lie from where it is stated.

    Errs: to `may cross`. `crosses` holds wherever course and footprint truly lie within what they leave open.
    """
    return tuple(_by_course(course, footprint, uncertainty_m) for course in line.courses)


@dataclass(frozen=True, slots=True)
class Apart:
    """How far one party's picket lies from another's course, metres, and what both leave open."""

    by: str
    point_index: int
    other: str
    distance_m: float
    open_m: float


def apart(line: Line) -> tuple[Apart, ...]:
    """Every picket of each party against the course of each other, in the line's order. Both stand: nothing is averaged, and none is called right."""
    return tuple(
        Apart(
            course.by,
            index,
            other.by,
            _apart_m(Circle(point, _THIN_M), other.points),
            course.precision_m + other.precision_m,
        )
        for course in line.courses
        for other in line.courses
        if other is not course
        for index, point in enumerate(course.points)
    )


def _by_course(course: Course, footprint: Footprint, uncertainty_m: float) -> ByCourse:
    open_m = course.precision_m + uncertainty_m
    distance_m = _apart_m(footprint, course.points)
    if distance_m > open_m + _GOOD_TO_M:
        crossing = Crossing.NOT
    elif _surely_over(footprint, course, open_m + _GOOD_TO_M):
        crossing = Crossing.CROSSES
    else:
        crossing = Crossing.MAY
    return ByCourse(course.by, crossing, distance_m, open_m)


def _apart_m(footprint: Footprint, points: tuple[Position, ...]) -> float:
    return lateral_distance_m(footprint, Corridor(points, _THIN_M))


def _surely_over(footprint: Footprint, course: Course, open_m: float) -> bool:
    if isinstance(footprint, Circle):
        to_centre_m = _apart_m(Circle(footprint.centre, _THIN_M), course.points)
        return to_centre_m + open_m < footprint.radius_m
    return any(_path_surely_over(path, course, open_m) for path in _paths(footprint))


def _paths(footprint: Footprint) -> Iterator[tuple[Position, ...]]:
    """Ways that lie wholly in the footprint. None of an orbit: it is never more than `may cross`."""
    if isinstance(footprint, Corridor):
        yield footprint.centre_line
    elif isinstance(footprint, Polygon):
        yield footprint.shell
    elif isinstance(footprint, MultiPolygon):
        yield from (part.shell for part in footprint.parts)


def _path_surely_over(path: tuple[Position, ...], course: Course, open_m: float) -> bool:
    """Whether two points of the path stay on different sides, however path and course move within `open_m`.

    The count of crossings between two points, odd or even, changes only when an end of the one passes through the other:
    so both points must be farther than `open_m` from the course, and both ends of the course that far from the path.
    """
    if any(_apart_m(Circle(end, _THIN_M), path) <= open_m for end in (course.points[0], course.points[-1])):
        return False
    line = _normals(course.points)
    odd, sides = False, set()
    for k, at in enumerate(path):
        if k:
            odd ^= _crossed_odd(_normals(path[k - 1 : k + 1]), line)
        if _apart_m(Circle(at, _THIN_M), course.points) > open_m:
            sides.add(odd)
    return len(sides) == 2


def _normals(points: tuple[Position, ...]) -> Floats:
    """(n, 3) directions along the geodesics through the points, near enough that straight pieces stay within a metre."""
    lat, lon = wgs84.cut([p.latitude_deg for p in points], [p.longitude_deg for p in points], _LONGEST_M)
    return wgs84.ecef(lat, lon)


def _crossed_odd(way: Floats, line: Floats) -> bool:
    """Whether two chains of (n, 3) and (m, 3) points cross an odd number of times. A point on the other chain counts as left of it."""
    a, b = way[:-1, None], way[1:, None]
    c, d = line[None, :-1], line[None, 1:]
    apart = (_left(c, d, a) != _left(c, d, b)) & (_left(a, b, c) != _left(a, b, d))
    near = np.sum((a + b) * (c + d), axis=-1) > 0.0  # not through the other side of the Earth
    return bool(np.count_nonzero(apart & near) % 2)


def _left(p: Floats, q: Floats, r: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(np.sum(np.cross(p, q) * r, axis=-1) >= 0.0)
