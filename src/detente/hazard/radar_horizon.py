"""How far a radar sees over a smooth Earth, and how low: closed forms, both directions.

Radio waves bend down a little in ordinary air. On an Earth of 4/3 of its radius they may be drawn straight (ITU-R P.310: the effective Earth radius
factor; P.453: the reference atmosphere it stands for). That is the ordinary case, not a bound: in ducts, common over warm seas, radars see much further.

Heights are metres above the smooth surface, distances metres along it. An antenna or a target below the surface is refused.
"""

from __future__ import annotations

from math import acos, cos, inf, isfinite, sqrt
from typing import Final

from detente.domain import InvalidVolume
from detente.geodesy.wgs84 import ECCENTRICITY_SQUARED, SEMI_MAJOR_M

EARTH_FACTOR: Final = 4 / 3
MEAN_RADIUS_M: Final = 6_371_008.8  # IUGG: (2a + b) / 3
FLATTEST_RADIUS_M: Final = SEMI_MAJOR_M / sqrt(1 - ECCENTRICITY_SQUARED)  # at the poles: nowhere does WGS 84 bend less
MEAN_EFFECTIVE_RADIUS_M: Final = EARTH_FACTOR * MEAN_RADIUS_M
OUTWARD_EFFECTIVE_RADIUS_M: Final = EARTH_FACTOR * FLATTEST_RADIUS_M  # sees furthest: what covers are made with


def horizon_m(height_m: float, *, effective_radius_m: float = OUTWARD_EFFECTIVE_RADIUS_M) -> float:
    """How far along the surface the horizon of an eye or antenna at `height_m` lies: R · acos(R / (R + h)).

    Raises:
        InvalidVolume: a height below the surface, or not a number.
    """
    if not 0.0 <= height_m < inf:  # in this order, NaN is refused too
        raise InvalidVolume(
            f"height {height_m} m is not at or above the surface",
            hint="the radar horizon is reckoned with heights above a smooth surface, metres",
        )
    return effective_radius_m * acos(effective_radius_m / (effective_radius_m + height_m))


def seen_within_m(
    antenna_height_m: float, target_height_m: float, *, effective_radius_m: float = OUTWARD_EFFECTIVE_RADIUS_M
) -> float:
    """The largest distance along the surface at which antenna and target see each other: the sum of their horizons.

    Errs: outward with the default radius, by up to 0.4 % against the Earth's own at the place.
    """
    return horizon_m(antenna_height_m, effective_radius_m=effective_radius_m) + horizon_m(
        target_height_m, effective_radius_m=effective_radius_m
    )


def lowest_seen_m(
    antenna_height_m: float, distance_m: float, *, effective_radius_m: float = OUTWARD_EFFECTIVE_RADIUS_M
) -> float:
    """The lowest height above the surface at which something `distance_m` away is seen; 0 within the antenna's horizon, inf past a quarter turn.

    The inverse of `seen_within_m`. Errs: outward (too low) with the default radius.
    """
    if not (isfinite(distance_m) and distance_m >= 0.0):
        raise InvalidVolume(f"distance {distance_m} m is not a size", hint="give metres along the surface, 0 or more")
    beyond_m = distance_m - horizon_m(antenna_height_m, effective_radius_m=effective_radius_m)
    if beyond_m <= 0.0:
        return 0.0
    nearness = cos(min(beyond_m / effective_radius_m, 2.0))
    return effective_radius_m * (1.0 / nearness - 1.0) if nearness > 0.0 else inf
