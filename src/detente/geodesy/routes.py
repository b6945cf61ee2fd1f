"""A moving thing as 4D corridors, one a leg: it is somewhere on the leg during the leg's time, and nowhere else.

One block for a whole flight would close the whole route for the whole time. Legs are cut along the geodesic so that none lasts longer
than a few minutes; neighbours share the point and the instant where they meet, so nothing slips between.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import ceil, inf
from typing import Final

import numpy as np

from detente.domain import (
    CERTAIN,
    UNSTATED_BAND,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Circle,
    Corridor,
    InvalidVolume,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import to_us
from detente.geodesy import wgs84

LONGEST_LEG_S: Final = 300
MOST_LEGS: Final = 100_000


def route_legs(
    positions: Sequence[Position],
    *,
    half_width_m: float,
    departure_utc: datetime | None = None,
    speed_m_s: float | None = None,
    times_utc: Sequence[datetime] | None = None,
    altitude: AltitudeBand | Sequence[AltitudeBand] | Sequence[AltitudeLimit],
    uncertainty: Uncertainty = CERTAIN,
    longest_leg_s: float = LONGEST_LEG_S,
) -> tuple[Volume4D, ...]:
    """The legs of a route, in order, as corridors with their own times.

    Args:
        positions: waypoints; at least two distinct ones.
        departure_utc, speed_m_s: when it leaves the first waypoint and how fast it goes; or
        times_utc: when it is at each waypoint.
        altitude: the band of the whole route, or of each leg between two waypoints; or the altitude at each waypoint.
        longest_leg_s: legs that last longer are cut into equal parts.
    Raises:
        InvalidVolume: neither or both ways to time it were given, times go backwards, the speed is not above zero, or altitudes at
            the two ends of a leg cannot be put in order.
    Errs: outward; every corridor has round ends, instants are rounded to whole microseconds away from the leg, and while it climbs or
        descends a leg holds all altitudes between its ends (who climbs says where to, not how soon).
    """
    if len(positions) < 2:
        raise InvalidVolume("a route needs at least two positions", hint="use a circle for a single place")
    if not 0.0 < longest_leg_s < inf:
        raise InvalidVolume(f"longest_leg_s {longest_leg_s} is no length of time", hint="leave it out for five minutes")
    lat, lon = (np.array([getattr(p, axis) for p in positions]) for axis in ("latitude_deg", "longitude_deg"))
    azimuth_deg, length_m = wgs84.inverse(lat[:-1], lon[:-1], lat[1:], lon[1:])
    at_us = _times_us(positions, length_m.tolist(), departure_utc, speed_m_s, times_utc)
    counts = [_parts(before, after, longest_leg_s) for before, after in pairwise(at_us)]
    if sum(counts) > MOST_LEGS:
        raise InvalidVolume(f"the route would take more than {MOST_LEGS} legs", hint="check the speed and the times")
    legs: list[Volume4D] = []
    for k, (count, band) in enumerate(zip(counts, _bands(altitude, len(positions)), strict=True)):
        line = _cut(positions[k], positions[k + 1], float(azimuth_deg[k]), float(length_m[k]), count)
        start_us, lasts_us = at_us[k], at_us[k + 1] - at_us[k]
        for m in range(count):
            window = TimeWindow(start_us + lasts_us * m // count, start_us - (-lasts_us * (m + 1) // count))
            legs.append(Volume4D(_along(line[m], line[m + 1], half_width_m), band, window, uncertainty))
    return tuple(legs)


def _parts(start_us: int, end_us: int, longest_leg_s: float) -> int:
    return max(1, ceil((end_us - start_us) / (longest_leg_s * MICROSECONDS_PER_SECOND)))


def _cut(first: Position, last: Position, azimuth_deg: float, length_m: float, count: int) -> list[Position]:
    """`count` equal parts of the geodesic: their ends, the given ones among them."""
    if count == 1:
        return [first, last]
    lat, lon = wgs84.direct(
        first.latitude_deg, first.longitude_deg, azimuth_deg, length_m * np.arange(1, count) / count
    )
    return [first, *(Position(float(p), float(q)) for p, q in zip(lat, lon, strict=True)), last]


def _bands(
    altitude: AltitudeBand | Sequence[AltitudeBand] | Sequence[AltitudeLimit], waypoints: int
) -> list[AltitudeBand]:
    """The band of each leg."""
    if isinstance(altitude, AltitudeBand):
        return [altitude] * (waypoints - 1)
    bands = [given for given in altitude if isinstance(given, AltitudeBand)]
    limits = [given for given in altitude if isinstance(given, AltitudeLimit)]
    if len(limits) == waypoints and not bands:
        return [_hull(a, b) for a, b in pairwise(limits)]
    if len(bands) != waypoints - 1 or limits:
        raise InvalidVolume(
            f"{len(bands)} altitude bands and {len(limits)} altitudes for {waypoints} positions",
            hint="give one band, one for each leg, or one altitude for each position",
        )
    return bands


def _hull(a: AltitudeLimit, b: AltitudeLimit) -> AltitudeBand:
    """All altitudes between two."""
    if AltitudeReference.UNLIMITED in (a.reference, b.reference):
        raise InvalidVolume("an unlimited altitude is none to be at", hint="give the band of each leg")
    if not (a.is_stated and b.is_stated):
        return UNSTATED_BAND
    if a.reference is b.reference:
        return AltitudeBand(*sorted((a, b), key=lambda limit: limit.value_m))
    if a.is_surface or b.is_surface:
        return AltitudeBand(a, b) if a.is_surface else AltitudeBand(b, a)
    raise InvalidVolume(
        f"which of {a} and {b} is the higher depends on the ground, the sea and the air",
        hint="give both in one reference, or the band of each leg",
    )


def _along(first: Position, second: Position, half_width_m: float) -> Circle | Corridor:
    return Circle(first, half_width_m) if first == second else Corridor((first, second), half_width_m)


def _times_us(
    positions: Sequence[Position],
    length_m: Sequence[float],
    departure_utc: datetime | None,
    speed_m_s: float | None,
    times_utc: Sequence[datetime] | None,
) -> list[int]:
    by_speed = departure_utc is not None and speed_m_s is not None
    given = (times_utc is not None) + (departure_utc is not None or speed_m_s is not None)
    if given != 1 or not (by_speed or times_utc is not None):
        raise InvalidVolume(
            "a route needs a departure time and a speed, or a time at each position", hint="give one of the two"
        )
    if times_utc is not None:
        return _checked_us(times_utc, len(positions))
    assert departure_utc is not None
    assert speed_m_s is not None
    if not 0.0 < speed_m_s < 20_000.0:
        raise InvalidVolume(f"speed {speed_m_s} m/s is not above zero and below 20,000 m/s", hint="check the unit")
    along_m = np.concatenate([[0.0], np.cumsum(length_m)])
    return [to_us(departure_utc) + round(d / speed_m_s * MICROSECONDS_PER_SECOND) for d in along_m.tolist()]


def _checked_us(times_utc: Sequence[datetime], waypoints: int) -> list[int]:
    at_us = [to_us(moment) for moment in times_utc]
    if len(at_us) != waypoints:
        raise InvalidVolume(f"{len(at_us)} times for {waypoints} positions", hint="give a time for each position")
    for k, (before, after) in enumerate(pairwise(at_us)):
        if after < before:
            raise InvalidVolume(
                f"position {k + 1} is reached before position {k}",
                hint="put the positions in the order they are flown",
            )
    return at_us
