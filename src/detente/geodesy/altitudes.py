"""What height above the WGS 84 ellipsoid an altitude limit may stand for: the lowest and the highest, never a guess between.

A limit in AMSL is taken over the geoid, one in AGL over the arena's terrain, and a flight level through the air pressure:

    geopotential altitude of pressure p below 11 km:  H(p) = (T0 / L) · (1 - (p / 1013.25 hPa) ^ (R·L/g))

With the sea-level pressure q instead of 1013.25, the standard layer of air between the sea and pressure p is H(p) - H(q) thick;
real air is thinner or thicker as its mean (virtual) temperature is lower or higher than the standard's (hypsometric equation). So the true
altitude lies between ratio_cold · (H - H(q_low)) and ratio_warm · (H - H(q_high)), taken outward where the thickness is negative. Source: ICAO
Doc 7488, Manual of the ICAO Standard Atmosphere; Doc 8168 volume III on temperature and pressure corrections. H is in geopotential metres, which
are real ones only where gravity is 9.80665 m/s²: gravity at sea level adds 0.3 % either way, its decrease with height up to 0.4 % upward below 25 km.
"""

from __future__ import annotations

from math import inf
from typing import Final

from detente.domain import AltitudeBand, AltitudeLimit, AltitudeReference, Arena, PressureBounds
from detente.geodesy.geoid import geoid_bounds_m

STANDARD_PRESSURE_HPA: Final = 1013.25
LARGEST_UNDULATION_M: Final = 110.0  # the geoid lies between 107 m below and 86 m above the ellipsoid
_SCALE_M: Final = 288.15 / 0.0065  # T0 / L of the troposphere
_EXPONENT: Final = 0.190263  # R·L/g
_EARTH_RADIUS_M: Final = 6_356_766.0  # of ICAO Doc 7488
# Real metres in a geopotential one at sea level: 9.80665 over the strongest gravity (9.8337 m/s², Arctic) and the weakest (9.780, equator), outward.
_LEAST_STRETCH: Final = 0.997
_MOST_STRETCH: Final = 1.003


def hae_bounds_m(
    limit: AltitudeLimit, south_deg: float, west_deg: float, north_deg: float, east_deg: float, arena: Arena
) -> tuple[float, float]:
    """The lowest and highest height (m above the ellipsoid) that the limit may stand for anywhere in the box. Errs outward.

    Args:
        west_deg, east_deg: west may be larger than east where the box runs over the antimeridian.
    """
    if limit.reference is AltitudeReference.UNSTATED:
        return -inf, inf
    if limit.reference in (AltitudeReference.UNLIMITED, AltitudeReference.HAE):
        return limit.value_m, limit.value_m
    sea_low_m, sea_high_m = geoid_bounds_m(south_deg, west_deg, north_deg, east_deg)
    low_m, high_m = _amsl_bounds_m(limit, arena)
    return low_m + sea_low_m, high_m + sea_high_m


def is_surely_upside_down(band: AltitudeBand, arena: Arena) -> bool:
    """Whether a band in two references has its lower limit above its upper one, whatever the ground, the sea and the air are like.

    In one reference an `AltitudeBand` refuses it by itself.
    """
    open_ended = (AltitudeReference.UNLIMITED, AltitudeReference.UNSTATED)
    if band.lower.reference in open_ended or band.upper.reference in open_ended:
        return False
    return _roughly_amsl_m(band.lower, arena)[0] > _roughly_amsl_m(band.upper, arena)[1]


def _roughly_amsl_m(limit: AltitudeLimit, arena: Arena) -> tuple[float, float]:
    """As `_amsl_bounds_m`, for any stated limit and without the geoid's grid."""
    if limit.reference is AltitudeReference.HAE:
        return limit.value_m - LARGEST_UNDULATION_M, limit.value_m + LARGEST_UNDULATION_M
    return _amsl_bounds_m(limit, arena)


def _amsl_bounds_m(limit: AltitudeLimit, arena: Arena) -> tuple[float, float]:
    if limit.reference is AltitudeReference.AGL:
        return arena.terrain.lowest_amsl_m + limit.value_m, arena.terrain.highest_amsl_m + limit.value_m
    if limit.reference is AltitudeReference.FL:
        return flight_level_bounds_m(limit.value_m, arena.pressure)
    return limit.value_m, limit.value_m


def flight_level_bounds_m(pressure_altitude_m: float, pressure: PressureBounds) -> tuple[float, float]:
    """The lowest and highest altitude (m AMSL) at which that pressure altitude may be found."""
    thinnest_m = pressure_altitude_m - standard_altitude_m(pressure.lowest_hpa)
    thickest_m = pressure_altitude_m - standard_altitude_m(pressure.highest_hpa)
    ratios = thickness_ratios(pressure)
    lowest_m = min(ratio * thinnest_m for ratio in ratios)
    highest_m = max(ratio * thickest_m for ratio in ratios)
    return lowest_m, _geometric_m(highest_m)


def thickness_ratios(pressure: PressureBounds) -> tuple[float, float]:
    """The least and the most metres of real air in a metre of the standard layer: by temperature, and by gravity at sea level."""
    return pressure.coldest_ratio * _LEAST_STRETCH, pressure.warmest_ratio * _MOST_STRETCH


def standard_altitude_m(pressure_hpa: float) -> float:
    """The altitude (m) of a pressure in the standard atmosphere, below 11 km."""
    return float(_SCALE_M * (1 - (pressure_hpa / STANDARD_PRESSURE_HPA) ** _EXPONENT))


def _geometric_m(geopotential_m: float) -> float:
    """A geopotential altitude in real metres, where gravity decreases with height: never less."""
    return geopotential_m * _EARTH_RADIUS_M / (_EARTH_RADIUS_M - min(geopotential_m, 1_000_000.0))
