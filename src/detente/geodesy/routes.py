"""A moving thing as 4D corridors, one a leg: it is somewhere on the leg during the leg's time, and nowhere else.

One block for a whole flight would close the whole route for the whole time. Legs are cut along the geodesic so that none lasts longer
than a few minutes; neighbours share the point and the instant where they meet, so nothing slips between.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import ceil
from typing import Final

import numpy as np

from detente.domain import (
    CERTAIN,
    AltitudeBand,
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
    altitude: AltitudeBand | Sequence[AltitudeBand],
    uncertainty: Uncertainty = CERTAIN,
    longest_leg_s: float = LONGEST_LEG_S,
) -> tuple[Volume4D, ...]:
    """The legs of a route, in order, as corridors with their own times.

    Args:
        positions: waypoints; at least two distinct ones.
        departure_utc, speed_m_s: when it leaves the first waypoint and how fast it goes; or
        times_utc: when it is at each waypoint.
        altitude: the band of the whole route, or of each leg between two waypoints.
        longest_leg_s: legs that last longer are cut into equal parts.
    Raises:
        InvalidVolume: neither or both ways to time it were given, times go backwards, or the speed is not above zero.
    Errs: outward; every corridor has round ends, and instants are rounded to whole microseconds away from the leg.
    """
    if len(positions) < 2:
        raise InvalidVolume("a route needs at least two positions", hint="use a circle for a single place")
    lat, lon = (np.array([getattr(p, axis) for p in positions]) for axis in ("latitude_deg", "longitude_deg"))
    azimuth_deg, length_m = wgs84.inverse(lat[:-1], lon[:-1], lat[1:], lon[1:])
    at_us = _times_us(positions, length_m.tolist(), departure_utc, speed_m_s, times_utc)
    bands = [altitude] * len(length_m) if isinstance(altitude, AltitudeBand) else list(altitude)
    if len(bands) != len(length_m):
        raise InvalidVolume(
            f"{len(bands)} altitude bands for {len(length_m)} legs", hint="give one band, or one for each leg"
        )
    legs: list[Volume4D] = []
    for k, (start_us, end_us) in enumerate(pairwise(at_us)):
        count = max(1, ceil((end_us - start_us) / (longest_leg_s * MICROSECONDS_PER_SECOND)))
        if len(legs) + count > MOST_LEGS:
            raise InvalidVolume(
                f"the route would take more than {MOST_LEGS} legs", hint="check the speed and the times"
            )
        part_lat, part_lon = wgs84.direct(lat[k], lon[k], azimuth_deg[k], length_m[k] * np.arange(count + 1) / count)
        line = [
            positions[k],
            *(Position(float(p), float(q)) for p, q in zip(part_lat[1:-1], part_lon[1:-1], strict=True)),
            positions[k + 1],
        ]
        cuts_us = [start_us + (end_us - start_us) * m / count for m in range(count + 1)]
        legs.extend(
            _leg(line[m], line[m + 1], half_width_m, cuts_us[m], cuts_us[m + 1], bands[k], uncertainty)
            for m in range(count)
        )
    return tuple(legs)


def _leg(
    first: Position,
    second: Position,
    half_width_m: float,
    start_us: float,
    end_us: float,
    band: AltitudeBand,
    uncertainty: Uncertainty,
) -> Volume4D:
    window = TimeWindow(int(start_us // 1), ceil(end_us))
    if first == second:
        return Volume4D(Circle(first, half_width_m), band, window, uncertainty)
    return Volume4D(Corridor((first, second), half_width_m), band, window, uncertainty)


def _times_us(
    positions: Sequence[Position],
    length_m: Sequence[float],
    departure_utc: datetime | None,
    speed_m_s: float | None,
    times_utc: Sequence[datetime] | None,
) -> list[int]:
    if (times_utc is None) == (departure_utc is None or speed_m_s is None):
        raise InvalidVolume(
            "a route needs a departure time and a speed, or a time at each position", hint="give one of the two"
        )
    if times_utc is not None:
        at_us = [to_us(moment) for moment in times_utc]
        if len(at_us) != len(positions):
            raise InvalidVolume(
                f"{len(at_us)} times for {len(positions)} positions", hint="give a time for each position"
            )
        for k, (before, after) in enumerate(pairwise(at_us)):
            if after < before:
                raise InvalidVolume(
                    f"position {k + 1} is reached before position {k}",
                    hint="put the positions in the order they are flown",
                )
        return at_us
    assert departure_utc is not None
    assert speed_m_s is not None
    if not 0.0 < speed_m_s < 20_000.0:
        raise InvalidVolume(f"speed {speed_m_s} m/s is not above zero and below 20,000 m/s", hint="check the unit")
    along_m = np.concatenate([[0.0], np.cumsum(length_m)])
    return [to_us(departure_utc) + round(d / speed_m_s * MICROSECONDS_PER_SECOND) for d in along_m.tolist()]
