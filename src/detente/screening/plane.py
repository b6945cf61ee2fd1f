"""Shapes laid out in a plane round a middle point, for pictures and for finding moves. Decides nothing.

Azimuthal equidistant: distances from the middle are true, others within 0.1 % out to 500 km and 1 % out to 1,500 km.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from detente.domain import Position
from detente.geodesy import wgs84
from detente.screening.shape import Core, Shape

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

ARC_SEGMENTS: Final = 16  # to a quarter circle; outlines stay within 0.5 %


def plane_middle(core: Core) -> Position:
    """The middle of the plane that `Scene.flat` lays shapes out in, round a core: the nearest even degrees."""
    lat, lon = (2.0 * round(float(degrees[0]) / 2.0) for degrees in (core.lat, core.lon))
    return Position(lat, max(-180.0, min(180.0, lon)))


def flat_shape(shape: Shape, middle: Position) -> BaseGeometry:
    """The whole shape, in metres east and north of `middle`."""
    import shapely

    widened = [
        flat_core(core, middle).buffer(core.radius_m, quad_segs=ARC_SEGMENTS)
        if core.radius_m
        else flat_core(core, middle)
        for core in shape.cores
    ]
    return shapely.union_all(widened)


def flat_core(core: Core, middle: Position) -> BaseGeometry:
    """A core without its width: a point, a line or polygons, in metres east and north of `middle`."""
    import shapely

    azimuth_deg, apart_m = wgs84.inverse(middle.latitude_deg, middle.longitude_deg, core.lat, core.lon)
    xy = np.stack([apart_m * np.sin(np.radians(azimuth_deg)), apart_m * np.cos(np.radians(azimuth_deg))], axis=1)
    if not core.is_region:
        return shapely.Point(xy[0]) if len(xy) == 1 else shapely.LineString(xy)
    rings = np.split(xy, [int(core.start[k]) for k in core.ring_start[1:]])
    parts = []
    for shell in np.unique(core.shell_of):
        holes = [rings[k] for k in np.flatnonzero(core.shell_of == shell) if k != shell]
        parts.append(shapely.make_valid(shapely.Polygon(rings[shell], holes)))
    return shapely.union_all(parts)
