"""Outlines of footprints as polygons, for maps and GeoJSON. For the eye: they decide nothing.

Every footprint lies within its outline, and the outline within 0.1 % (of the radius or half width) of the footprint
when circles get 72 corners or more. Edges are cut along the geodesic, so that they may be drawn straight.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import cos, pi
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import Circle, Corridor, Footprint, MultiPolygon, Orbit, Polygon, Position
from detente.geodesy import wgs84
from detente.geodesy.chart import Chart

Floats: TypeAlias = NDArray[np.float64]
Line: TypeAlias = tuple[Floats, Floats]  # latitudes, longitudes

LONGEST_EDGE_M: Final = 25_000.0  # a straight edge this long strays 21 m from the geodesic at 60° of latitude
SIDE_MARGIN: Final = 1.0002  # sides of corridors bow outward between their corners by less than this
CIRCLE_CORNERS: Final = 72  # 1/cos(180°/72) is 1.00095


def outline(footprint: Footprint, *, circle_corners: int = CIRCLE_CORNERS) -> tuple[Polygon, ...]:
    """The footprint as polygons with open rings, around it on the outside.

    Args:
        circle_corners: corners of a full circle; fewer make a coarser outline, further outside: by the factor
            1/cos(180°/corners).
    """
    match footprint:
        case Polygon():
            return (_cut_polygon(footprint),)
        case MultiPolygon(parts):
            return tuple(_cut_polygon(part) for part in parts)
        case Circle(centre, radius_m):
            return (_polygon(*_circle(centre, radius_m, circle_corners)),)
        case Orbit():
            middle_line = _orbit_middle_line(footprint)
            return (_polygon(*_capsule(middle_line, footprint.width_m / 2, circle_corners, (False, False))),)
        case Corridor():
            return _corridor(footprint, circle_corners)


def _polygon(lat: Floats, lon: Floats) -> Polygon:
    return Polygon(_ring(lat, lon))


def _ring(lat: Floats, lon: Floats) -> tuple[Position, ...]:
    """An open ring, without the same corner twice in a row."""
    corners = [Position(la, lo) for la, lo in zip(lat.tolist(), lon.tolist(), strict=True)]
    return tuple(
        corner for corner, before in zip(corners, corners[-1:] + corners[:-1], strict=True) if corner != before
    )


def _line(positions: Sequence[Position]) -> Line:
    return np.array([p.latitude_deg for p in positions]), np.array([p.longitude_deg for p in positions])


def _cut_polygon(polygon: Polygon) -> Polygon:
    return Polygon(_cut_ring(polygon.shell), tuple(_cut_ring(hole) for hole in polygon.holes))


def _cut_ring(ring: Sequence[Position]) -> tuple[Position, ...]:
    lat, lon = wgs84.cut(*_line((*ring, ring[0])), LONGEST_EDGE_M)
    return _ring(lat[:-1], lon[:-1])


def _circle(centre: Position, radius_m: float, corners: int) -> Line:
    """Corners of the polygon whose edges touch the circle. On a sphere this is outside for any radius below 90°."""
    azimuth_deg = -np.arange(corners) * 360.0 / corners  # anticlockwise, as GeoJSON wants its shells
    return wgs84.direct(centre.latitude_deg, centre.longitude_deg, azimuth_deg, radius_m / cos(pi / corners))


def _orbit_middle_line(orbit: Orbit) -> Line:
    lat, lon = _line((orbit.first, orbit.second))
    if orbit.alignment == "centre":
        return lat, lon
    start_deg, _ = wgs84.inverse(lat[0], lon[0], lat[1], lon[1])
    end_deg = wgs84.final_azimuth(lat[0], lon[0], lat[1], lon[1])
    side_deg = -90.0 if orbit.alignment == "left" else 90.0
    return wgs84.direct(lat, lon, np.array([start_deg, end_deg]) + side_deg, orbit.width_m / 2)


def _corridor(corridor: Corridor, circle_corners: int) -> tuple[Polygon, ...]:
    lat, lon = _line(corridor.centre_line)
    moves = np.append(True, (np.diff(lat) != 0) | (np.diff(lon) != 0))
    lat, lon = lat[moves], lon[moves]
    last, square = len(lat) - 2, corridor.ends == "square"
    legs = [
        _capsule(
            (lat[i : i + 2], lon[i : i + 2]),
            corridor.half_width_m,
            circle_corners,
            (square and i == 0, square and i == last),
        )
        for i in range(last + 1)
    ]
    return (_polygon(*legs[0]),) if len(legs) == 1 else _joined(legs, corridor.centre_line[0])


def _capsule(line: Line, half_width_m: float, circle_corners: int, square: tuple[bool, bool]) -> Line:
    """Around one leg, anticlockwise: right side, far end, left side, near end."""
    lat, lon = wgs84.cut(*line, LONGEST_EDGE_M)
    ahead_deg, _ = wgs84.inverse(lat[:-1], lon[:-1], lat[1:], lon[1:])
    arrival_deg = wgs84.final_azimuth(lat[-2], lon[-2], lat[-1], lon[-1])
    along_deg = np.append(ahead_deg, arrival_deg)
    side_m = half_width_m * SIDE_MARGIN
    right = wgs84.direct(lat, lon, along_deg + 90.0, side_m)
    left = wgs84.direct(lat[::-1], lon[::-1], along_deg[::-1] - 90.0, side_m)
    far = _end(lat[-1], lon[-1], float(arrival_deg), side_m, circle_corners, square=square[1])
    near = _end(lat[0], lon[0], float(along_deg[0]) + 180.0, side_m, circle_corners, square=square[0])
    parts = (right, far, left, near)
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _end(lat: float, lon: float, out_deg: float, half_width_m: float, circle_corners: int, *, square: bool) -> Line:
    """The corners of an end cap, from its right to its left, seen along `out_deg`."""
    if square:
        corner_m = half_width_m * np.sqrt(2.0)
        return wgs84.direct(lat, lon, out_deg + np.array([45.0, -45.0]), corner_m)
    count = max(circle_corners // 2, 2)
    step_deg = 180.0 / count
    turn_deg = 90.0 - step_deg / 2 - np.arange(count) * step_deg
    return wgs84.direct(lat, lon, out_deg + turn_deg, half_width_m / cos(pi / count / 2))


def _joined(legs: list[Line], centre: Position) -> tuple[Polygon, ...]:
    """One outline around several legs, joined on a chart."""
    import shapely  # only corridors that bend need it

    chart = Chart(centre)
    shapes = [shapely.make_valid(shapely.Polygon(np.column_stack(chart.forward(*leg)))) for leg in legs]
    joined = shapely.orient_polygons(shapely.union_all(shapes))
    return tuple(_from_chart(part, chart) for part in shapely.get_parts(joined) if part.geom_type == "Polygon")


def _from_chart(shape, chart: Chart) -> Polygon:  # type: ignore[no-untyped-def]  # shapely has no types
    def ring(line) -> tuple[Position, ...]:  # type: ignore[no-untyped-def]
        return _ring(*chart.inverse(*np.asarray(line.coords)[:-1].T))

    return Polygon(ring(shape.exterior), tuple(ring(hole) for hole in shape.interiors))
