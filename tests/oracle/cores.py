"""What each footprint means: cores, each widened by a radius.

A circle is a point, a corridor its centre line, an orbit one line, a polygon the region itself; square corridor ends add a
four-cornered region each. The definitions are those of `detente.screening.shape`, built here a second time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from detente.domain import Circle, Corridor, Footprint, MultiPolygon, Orbit, Polygon, Position
from oracle.geodesics import Floats, direct, inverse

Line: TypeAlias = tuple[Floats, Floats]  # latitudes and longitudes of a chain of geodesics; one vertex is a point


@dataclass(frozen=True, eq=False)
class Core:
    """Chains of geodesics, the regions some of them bound, and how far all of that is widened.

    Attributes:
        lines: every chain; rings are closed, their first vertex repeated.
        regions: a shell and its holes, for each polygon; empty for points and lines.
    """

    lines: tuple[Line, ...]
    regions: tuple[tuple[Line, ...], ...]
    radius_m: float


def cores_of(footprint: Footprint) -> tuple[Core, ...]:
    """The cores of a footprint."""
    match footprint:
        case Circle(centre, radius_m):
            return (_chain([centre], radius_m),)
        case Corridor(centre_line, half_width_m, ends):
            line = [p for k, p in enumerate(centre_line) if k == 0 or p != centre_line[k - 1]]
            squares = (_square_end(line[1], line[0], half_width_m), _square_end(line[-2], line[-1], half_width_m))
            return (_chain(line, half_width_m), *(squares if ends == "square" else ()))
        case Orbit():
            return (_chain(_middle_line(footprint), footprint.width_m / 2),)
        case Polygon():
            return (_region([footprint]),)
        case MultiPolygon(parts):
            return (_region(list(parts)),)


def vertices_of(positions: list[Position] | tuple[Position, ...]) -> Line:
    """Positions as arrays."""
    return np.array([p.latitude_deg for p in positions]), np.array([p.longitude_deg for p in positions])


def _chain(positions: list[Position], radius_m: float) -> Core:
    return Core((vertices_of(positions),), (), radius_m)


def _region(polygons: list[Polygon]) -> Core:
    regions = tuple(tuple(vertices_of((*ring, ring[0])) for ring in (p.shell, *p.holes)) for p in polygons)
    return Core(tuple(ring for region in regions for ring in region), regions, 0.0)


def _middle_line(orbit: Orbit) -> list[Position]:
    """first→second, each end moved half the width at right angles to the geodesic there."""
    if orbit.alignment == "centre":
        return [orbit.first, orbit.second]
    turn_deg = -90.0 if orbit.alignment == "left" else 90.0
    forth_deg, back_deg = _azimuth(orbit.first, orbit.second), _azimuth(orbit.second, orbit.first)
    return [
        _moved(orbit.first, forth_deg + turn_deg, orbit.width_m / 2),
        _moved(orbit.second, back_deg + 180.0 + turn_deg, orbit.width_m / 2),
    ]


def _square_end(inner: Position, end: Position, half_width_m: float) -> Core:
    """From the end half a width on, and at both places half a width to either side."""
    out_deg = _azimuth(end, inner) + 180.0
    beyond = _moved(end, out_deg, half_width_m)
    on_deg = _azimuth(beyond, end) + 180.0
    corners = [
        _moved(end, out_deg - 90.0, half_width_m),
        _moved(end, out_deg + 90.0, half_width_m),
        _moved(beyond, on_deg + 90.0, half_width_m),
        _moved(beyond, on_deg - 90.0, half_width_m),
    ]
    return _region([Polygon(tuple(corners))])


def _azimuth(a: Position, b: Position) -> float:
    return float(inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg)[0])


def _moved(p: Position, azimuth_deg: float, length_m: float) -> Position:
    lat, lon, _ = direct(p.latitude_deg, p.longitude_deg, azimuth_deg, length_m)
    return Position(float(lat), float(lon))
