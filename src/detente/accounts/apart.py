"""How far two positions lie from one another on the WGS 84 ellipsoid."""

from __future__ import annotations

from typing import Final

from detente.domain import Position
from detente.geodesy import wgs84

GOOD_TO_M: Final = 1.0


def apart_m(a: Position, b: Position) -> float:
    """Metres along the geodesic, good to `GOOD_TO_M`."""
    _, metres = wgs84.inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg)
    return float(metres)
