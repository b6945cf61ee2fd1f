"""Hypothesis strategies: footprints, volumes and minima on small grids, so that touching is common and failures shrink well.

A grid is a middle point and a step; its points are reached by azimuth and distance, so a grid over a pole or the antimeridian
is like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import atan2, degrees, hypot

from hypothesis import strategies as st

from detente.domain import (
    CERTAIN,
    UNSTATED_BAND,
    UNSTATED_WINDOW,
    AltitudeBand,
    Circle,
    Corridor,
    Footprint,
    Minima,
    MultiPolygon,
    Orbit,
    Polygon,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
    amsl,
)
from hard_pairs import moved

MINUTE_US = 60_000_000
Spot = tuple[int, int]


@dataclass(frozen=True)
class Grid:
    """Points east and north of a middle, in steps."""

    middle: Position
    step_m: float

    def at(self, spot: Spot) -> Position:
        return _at(self, spot)


@cache
def _at(grid: Grid, spot: Spot) -> Position:
    east, north = spot
    if spot == (0, 0):
        return grid.middle
    return moved(grid.middle, degrees(atan2(east, north)), grid.step_m * hypot(east, north))


grids = st.builds(
    Grid,
    st.sampled_from(
        [
            Position(33, 35),
            Position(0, 0),
            Position(0, 180),
            Position(55, -180),
            Position(90, 0),
            Position(-89.9999, 60),
        ]
    ),
    st.sampled_from([1.0, 40.0, 1852.0, 30_000.0, 150_000.0]),
)

spots = st.tuples(st.integers(-4, 4), st.integers(-4, 4))
lengths = st.integers(1, 8).map(lambda k: k / 4)  # steps
CLOCKWISE: tuple[Spot, ...] = ((0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1), (-1, 0), (-1, 1))


def circles(grid: Grid) -> st.SearchStrategy[Circle]:
    return st.builds(lambda spot, length: Circle(grid.at(spot), length * grid.step_m), spots, lengths)


def corridors(grid: Grid) -> st.SearchStrategy[Corridor]:
    lines = st.lists(spots, min_size=2, max_size=5).filter(lambda line: all(p != q for p, q in pairwise(line)))
    ends = st.sampled_from(["round", "square"])
    return st.builds(lambda line, w, e: Corridor(tuple(map(grid.at, line)), w * grid.step_m, e), lines, lengths, ends)


def orbits(grid: Grid) -> st.SearchStrategy[Orbit]:
    anchors = st.lists(spots, min_size=2, max_size=2, unique=True)
    sides = st.sampled_from(["left", "centre", "right"])
    return st.builds(lambda ends, w, side: Orbit(*map(grid.at, ends), w * grid.step_m, side), anchors, lengths, sides)


def polygons(grid: Grid) -> st.SearchStrategy[Polygon]:
    return triangles(grid) | stars(grid)


def triangles(grid: Grid) -> st.SearchStrategy[Polygon]:
    def has_area(corners: list[Spot]) -> bool:
        (ax, ay), (bx, by), (cx, cy) = corners
        return (bx - ax) * (cy - ay) != (by - ay) * (cx - ax)

    corners = st.lists(spots, min_size=3, max_size=3, unique=True).filter(has_area)
    return corners.map(lambda ring: Polygon(tuple(map(grid.at, ring))))


def stars(grid: Grid) -> st.SearchStrategy[Polygon]:
    """A corner in each of eight directions, one to three steps out; half of them with a hole of one step."""

    def star(reaches: list[int], middle: Spot, is_holed: bool) -> Polygon:
        rings = [[(middle[0] + 2 * k * x, middle[1] + 2 * k * y) for k, (x, y) in zip(reaches, CLOCKWISE, strict=True)]]
        if is_holed:
            rings.append([(middle[0] + x, middle[1] + y) for x, y in CLOCKWISE[::2]])
        shell, *holes = (tuple(map(grid.at, ring)) for ring in rings)
        return Polygon(shell, tuple(holes))

    return st.builds(star, st.lists(st.integers(1, 2), min_size=8, max_size=8), spots, st.booleans())


def multipolygons(grid: Grid) -> st.SearchStrategy[MultiPolygon]:
    return st.lists(polygons(grid), min_size=1, max_size=3).map(lambda parts: MultiPolygon(tuple(parts)))


def footprints(grid: Grid) -> st.SearchStrategy[Footprint]:
    """A footprint of any kind."""
    return circles(grid) | corridors(grid) | orbits(grid) | polygons(grid) | multipolygons(grid)


@st.composite
def windows(draw: Callable[..., int]) -> TimeWindow:
    start, end = sorted((draw(st.integers(0, 6)), draw(st.integers(0, 6))))
    return TimeWindow(start * MINUTE_US, end * MINUTE_US)


@st.composite
def bands(draw: Callable[..., int]) -> AltitudeBand:
    lower, upper = sorted((draw(st.integers(0, 6)), draw(st.integers(0, 6))))
    return AltitudeBand(amsl(100.0 * lower), amsl(100.0 * upper))


uncertainties = st.just(CERTAIN) | st.builds(
    Uncertainty, st.sampled_from([0.0, 0.5, 1000.0]), st.sampled_from([0.0, 50.0]), st.sampled_from([0.0, 60.0])
)
minima = st.builds(
    Minima, st.sampled_from([0.0, 1.0, 500.0, 9260.0]), st.sampled_from([0.0, 100.0]), st.sampled_from([0.0, 60.0])
)


def volumes(grid: Grid) -> st.SearchStrategy[Volume4D]:
    """A volume of any footprint, in one altitude reference; one in seven states no altitude or no time."""
    band, window = bands(), windows()
    return st.builds(
        Volume4D,
        footprints(grid),
        st.one_of(*6 * [band], st.just(UNSTATED_BAND)),
        st.one_of(*6 * [window], st.just(UNSTATED_WINDOW)),
        uncertainties,
    )
