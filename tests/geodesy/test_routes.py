"""A moving thing is somewhere on its leg during the leg's time."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import (
    SURFACE,
    UNLIMITED_ABOVE,
    UNSTATED_ABOVE,
    UNSTATED_BAND,
    AltitudeBand,
    Circle,
    InvalidVolume,
    Position,
    amsl,
    flight_level,
)
from detente.domain.window import to_us
from detente.geodesy import route_legs, wgs84
from detente.screening import lateral_distance_m

LEVEL = AltitudeBand(flight_level(180), flight_level(180))
DEPARTURE = datetime(2018, 9, 17, 18, 40, tzinfo=UTC)
positions = st.lists(st.tuples(st.floats(-85, 85), st.floats(-180, 180)), min_size=2, max_size=4, unique=True)


@settings(max_examples=25, deadline=None)
@given(positions, st.floats(50, 400), st.floats(0, 1))
def test_where_it_is_at_any_instant_lies_in_a_leg_active_then(points, speed_m_s, share):
    line = [Position(35 + lat / 20, 179 + lon / 90 if lon < 90 else -180 + lon / 90) for lat, lon in points]
    try:
        legs = route_legs(line, half_width_m=500.0, departure_utc=DEPARTURE, speed_m_s=speed_m_s, altitude=LEVEL)
    except InvalidVolume:
        return
    lengths_m = [
        float(wgs84.inverse(p.latitude_deg, p.longitude_deg, q.latitude_deg, q.longitude_deg)[1])
        for p, q in pairwise(line)
    ]
    along_m = share * sum(lengths_m)
    moment_us = to_us(DEPARTURE) + round(along_m / speed_m_s * 1e6)
    here = place_along(line, lengths_m, along_m)
    active = [leg for leg in legs if leg.window.start_us - 2 <= moment_us <= leg.window.end_us + 2]
    assert any(lateral_distance_m(leg.footprint, Circle(here, 1.0)) == 0.0 for leg in active)


def place_along(line, lengths_m, along_m):
    for (p, q), length_m in zip(pairwise(line), lengths_m, strict=True):
        if along_m <= length_m:
            azimuth_deg, _ = wgs84.inverse(p.latitude_deg, p.longitude_deg, q.latitude_deg, q.longitude_deg)
            return Position(*(float(x) for x in wgs84.direct(p.latitude_deg, p.longitude_deg, azimuth_deg, along_m)))
        along_m -= length_m
    return line[-1]


def test_legs_follow_one_another_without_a_gap_and_none_is_long():
    legs = route_legs(
        [Position(35, 35), Position(36, 36)], half_width_m=1.0, departure_utc=DEPARTURE, speed_m_s=100.0, altitude=LEVEL
    )
    assert all(b.window.start_us <= a.window.end_us for a, b in pairwise(legs))
    assert all(a.footprint.centre_line[1] == b.footprint.centre_line[0] for a, b in pairwise(legs))
    assert all(leg.window.end_us - leg.window.start_us <= 300_000_002 for leg in legs)


def test_one_long_leg_is_cut_along_the_geodesic():
    legs = route_legs(
        [Position(50, -10), Position(50, 40)],
        half_width_m=1.0,
        departure_utc=DEPARTURE,
        speed_m_s=250.0,
        altitude=LEVEL,
    )
    assert max(p.latitude_deg for leg in legs for p in leg.footprint.centre_line) > 52.0


def test_times_at_waypoints_are_kept():
    times = [DEPARTURE, DEPARTURE + timedelta(minutes=2), DEPARTURE + timedelta(minutes=4)]
    line = [Position(35, 35), Position(35.1, 35), Position(35.1, 35)]
    legs = route_legs(line, half_width_m=1.0, times_utc=times, altitude=LEVEL)
    assert legs[0].window.start_utc == times[0]
    assert legs[0].window.end_utc == times[1]
    assert isinstance(legs[1].footprint, Circle)  # it waits there


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({}, "departure time and a speed"),
        ({"departure_utc": DEPARTURE}, "departure time and a speed"),
        ({"departure_utc": DEPARTURE, "speed_m_s": 0.0}, "not above zero"),
        ({"departure_utc": DEPARTURE, "speed_m_s": float("nan")}, "not above zero"),
        ({"times_utc": [DEPARTURE, DEPARTURE], "speed_m_s": 100.0}, "departure time and a speed, or"),
        ({"times_utc": [DEPARTURE, DEPARTURE], "departure_utc": DEPARTURE}, "departure time and a speed, or"),
        ({"times_utc": [DEPARTURE, DEPARTURE], "longest_leg_s": 0.0}, "no length of time"),
        ({"times_utc": [DEPARTURE, DEPARTURE], "longest_leg_s": float("nan")}, "no length of time"),
        ({"times_utc": [DEPARTURE, DEPARTURE + timedelta(days=3650)]}, "more than 100000 legs"),
        ({"times_utc": [DEPARTURE]}, "1 times for 2 positions"),
        ({"times_utc": [DEPARTURE, DEPARTURE - timedelta(minutes=1)]}, "reached before"),
    ],
)
def test_a_route_that_cannot_be_timed_is_refused(how, why):
    with pytest.raises(InvalidVolume, match=why):
        route_legs([Position(35, 35), Position(36, 36)], half_width_m=1.0, altitude=LEVEL, **how)


def test_corridor_lengths_add_up_to_the_route():
    legs = route_legs(
        [Position(0, 0), Position(3, 4)], half_width_m=1.0, departure_utc=DEPARTURE, speed_m_s=200.0, altitude=LEVEL
    )
    total_m = sum(
        float(
            wgs84.inverse(
                *[getattr(p, a) for p in leg.footprint.centre_line for a in ("latitude_deg", "longitude_deg")]
            )[1]
        )
        for leg in legs
    )
    whole_m = float(wgs84.inverse(0, 0, 3, 4)[1])
    assert np.isclose(total_m, whole_m, atol=0.01)


at_altitude = st.floats(0, 12_000).map(amsl)


@settings(max_examples=40, deadline=None)
@given(st.lists(at_altitude, min_size=2, max_size=4), st.floats(0, 1), st.floats(20, 900))
def test_while_it_climbs_it_is_within_the_leg_it_is_on(altitudes, share, longest_leg_s):
    line = [Position(35 + k / 2, 35) for k in range(len(altitudes))]
    times = [DEPARTURE + timedelta(minutes=7 * k) for k in range(len(altitudes))]
    legs = route_legs(line, half_width_m=100.0, times_utc=times, altitude=altitudes, longest_leg_s=longest_leg_s)
    moment_us = to_us(DEPARTURE) + round(share * (len(altitudes) - 1) * 420e6)
    minutes = (moment_us - to_us(DEPARTURE)) / 60e6
    here_m = np.interp(minutes, [7 * k for k in range(len(altitudes))], [limit.value_m for limit in altitudes])
    active = [leg for leg in legs if leg.window.start_us <= moment_us <= leg.window.end_us]
    assert active
    assert any(leg.altitude.lower.value_m - 1e-6 <= here_m <= leg.altitude.upper.value_m + 1e-6 for leg in active)


def test_a_climb_from_the_ground_and_a_descent_to_it_are_bands_above_the_surface():
    legs = route_legs(
        [Position(35, 35), Position(35.1, 35), Position(35.2, 35)],
        half_width_m=1.0,
        departure_utc=DEPARTURE,
        speed_m_s=100.0,
        altitude=[SURFACE, flight_level(180), SURFACE],
    )
    assert {leg.altitude for leg in legs} == {AltitudeBand(SURFACE, flight_level(180))}


@pytest.mark.parametrize(
    ("altitude", "why"),
    [
        ([amsl(1000.0), flight_level(50)], "depends on the ground, the sea and the air"),
        ([UNLIMITED_ABOVE, amsl(100.0)], "none to be at"),
        ([LEVEL, LEVEL], "2 altitude bands and 0 altitudes for 2 positions"),
        ([amsl(1.0)], "0 altitude bands and 1 altitudes"),
        ([LEVEL, amsl(1.0)], "1 altitude bands and 1 altitudes"),
    ],
)
def test_altitudes_that_make_no_band_are_refused(altitude, why):
    with pytest.raises(InvalidVolume, match=why):
        route_legs(
            [Position(35, 35), Position(36, 36)],
            half_width_m=1.0,
            departure_utc=DEPARTURE,
            speed_m_s=100.0,
            altitude=altitude,
        )


def test_an_altitude_not_stated_stays_so():
    legs = route_legs(
        [Position(35, 35), Position(35.1, 35)],
        half_width_m=1.0,
        departure_utc=DEPARTURE,
        speed_m_s=100.0,
        altitude=[UNSTATED_ABOVE, amsl(1.0)],
    )
    assert legs[0].altitude == UNSTATED_BAND
