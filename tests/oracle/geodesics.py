"""The three questions asked of WGS 84: how far and which way, where do I arrive, which way round does a ring run.

`pyproj.Geod` for speed. Arrays of degrees and metres, latitude before longitude.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

Floats: TypeAlias = NDArray[np.float64]

_WGS84 = Geod(ellps="WGS84")


def inverse(lat1: Floats, lon1: Floats, lat2: Floats, lon2: Floats) -> tuple[Floats, Floats]:
    """Azimuth at the first point and length of the shortest geodesic between points. Broadcasts."""
    lat1, lon1, lat2, lon2 = (np.array(x, dtype=float) for x in np.broadcast_arrays(lat1, lon1, lat2, lon2))
    azimuth_deg, _, length_m = _WGS84.inv(lon1, lat1, lon2, lat2)
    return np.asarray(azimuth_deg), np.asarray(length_m)


def direct(lat: Floats, lon: Floats, azimuth_deg: Floats, length_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Where one arrives, and the azimuth at which one arrives there, going on. Broadcasts."""
    lat, lon, azimuth_deg, length_m = (
        np.array(x, dtype=float) for x in np.broadcast_arrays(lat, lon, azimuth_deg, length_m)
    )
    lon2, lat2, back_deg = _WGS84.fwd(lon, lat, azimuth_deg, length_m)
    return np.asarray(lat2), np.asarray(lon2), np.asarray(back_deg) + 180.0


def runs_counterclockwise(lat: Floats, lon: Floats) -> bool:
    """Whether the smaller of the two sides of a ring of geodesics lies to the left as one goes round it."""
    area_m2, _ = _WGS84.polygon_area_perimeter(lon, lat)
    return bool(area_m2 > 0.0)
