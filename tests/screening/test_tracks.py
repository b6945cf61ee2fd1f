"""Closest approaches against every pair one by one, and against geodesics walked along."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.geodesy import wgs84
from detente.screening import engine, kernels
from detente.screening.tracks import Tracks, closest_approaches

FIVE_MILES_M, A_THOUSAND_FEET_M = 9_260.0, 304.8


def drawn(seed: int, count: int, lat, lon, spread_deg: float, fastest_m_s: float = 250.0) -> Tracks:
    rng = np.random.default_rng(seed)
    lats = np.clip(lat + rng.uniform(-spread_deg, spread_deg, count), -90, 90)
    lons = (lon + rng.uniform(-spread_deg, spread_deg, count) * (18 if abs(lat) > 85 else 1) + 180) % 360 - 180
    course, speed = rng.uniform(0, 2 * np.pi, count), rng.uniform(0, fastest_m_s, count)
    height_m = rng.uniform(0, 3_000, count)
    height_m[rng.random(count) < 0.1] = np.nan
    up_m_s = rng.choice([0.0, 0.0, 5.0, -12.0], count)
    return Tracks(lats, lons, height_m, speed * np.sin(course), speed * np.cos(course), up_m_s)


PLACES = [(33.0, 35.0), (0.0, 179.9), (-55.0, -180.0), (89.5, 10.0), (-89.9, 0.0)]


def all_pairs(tracks: Tracks, look_ahead_s: float, within_m: float, within_height_m: float) -> list[list[float]]:
    """The kernel asked about every pair."""
    n = len(tracks)
    place, velocity = np.empty((n, 3)), np.empty((n, 3))
    engine.compiled().track_ends(
        tracks.latitude_deg, tracks.longitude_deg, tracks.east_m_s, tracks.north_m_s, look_ahead_s, place, velocity,
        np.empty((n, 2)),
    )  # fmt: skip
    height = np.stack([tracks.height_m, tracks.up_m_s], axis=1)
    out, found = np.empty((n * n, 5)), 0
    for i in range(n):
        for j in range(i + 1, n):
            found = engine.compiled()._put_approach(
                place, velocity, height, i, j, look_ahead_s, within_m, within_height_m, out, found
            )
    return out[:found].tolist()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("look_ahead_s", [0.0, 60.0, 300.0])
def test_the_pairs_are_those_of_all_pairs(place, look_ahead_s):
    tracks = drawn(len(repr(place)), 400, *place, spread_deg=1.5)
    found = closest_approaches(
        tracks, look_ahead_s=look_ahead_s, within_m=FIVE_MILES_M, within_height_m=A_THOUSAND_FEET_M
    )
    rows = np.column_stack([found.pairs, found.first_s, found.closest_s, found.closest_m])
    assert rows.tolist() == all_pairs(tracks, look_ahead_s, FIVE_MILES_M, A_THOUSAND_FEET_M)
    assert len(rows) > 10


@pytest.mark.parametrize("place", PLACES)
def test_no_pair_that_comes_close_along_the_geodesic_is_missed(place):
    tracks = drawn(7, 150, *place, spread_deg=1.0, fastest_m_s=340.0)
    found = closest_approaches(tracks, look_ahead_s=300.0, within_m=2_000.0, within_height_m=500.0)
    i, j = np.triu_indices(len(tracks), 1)
    course = np.degrees(np.arctan2(tracks.east_m_s, tracks.north_m_s))
    speed = np.hypot(tracks.east_m_s, tracks.north_m_s)
    close = set()
    for t in np.linspace(0, 300, 61):
        lat, lon = wgs84.direct(tracks.latitude_deg, tracks.longitude_deg, course, speed * t)
        near = np.abs(tracks.height_m[i] - tracks.height_m[j] + (tracks.up_m_s[i] - tracks.up_m_s[j]) * t) <= 500.0
        near |= np.isnan(tracks.height_m[i] + tracks.height_m[j])
        near[near] = wgs84.inverse(lat[i[near]], lon[i[near]], lat[j[near]], lon[j[near]])[1] <= 2_000.0
        close |= set(zip(i[near].tolist(), j[near].tolist(), strict=True))
    assert close
    assert close <= set(map(tuple, found.pairs.tolist()))


@given(st.integers(0, 10**6), st.sampled_from(PLACES))
@settings(max_examples=10, deadline=None)
def test_the_kernels_uncompiled_find_the_same(seed, place):
    tracks = drawn(seed, 12, *place, spread_deg=0.2)
    asked = {"look_ahead_s": 120.0, "within_m": FIVE_MILES_M, "within_height_m": A_THOUSAND_FEET_M}
    slow, fast = closest_approaches(tracks, **asked, run=kernels), closest_approaches(tracks, **asked)
    assert slow.pairs.tolist() == fast.pairs.tolist()
    assert slow.closest_m == pytest.approx(fast.closest_m, abs=1e-6)


def test_head_on_the_two_meet_midway():
    _, lon = wgs84.direct(np.array([0.0]), np.array([35.0]), np.array([90.0]), np.array([40_000.0]))
    east = np.array([100.0, -100.0])
    pair = Tracks(np.zeros(2), np.array([35.0, lon[0]]), np.zeros(2), east, np.zeros(2), np.zeros(2))
    found = closest_approaches(pair, look_ahead_s=300.0, within_m=1_000.0, within_height_m=0.0)
    assert found.closest_s[0] == pytest.approx(200.0, abs=0.1)
    assert found.first_s[0] == pytest.approx(195.0, abs=0.1)
    assert found.closest_m[0] < 1.0
    assert len(closest_approaches(pair, look_ahead_s=190.0, within_m=1_000.0, within_height_m=0.0).pairs) == 0


def test_one_climbing_through_the_other_s_height_only_after_they_have_passed_is_no_approach():
    east = np.array([100.0, -100.0])
    lon = np.array([35.0, 35.1])
    climb = Tracks(np.full(2, 33.0), lon, np.array([0.0, 1_000.0]), east, np.zeros(2), np.array([5.0, 0.0]))
    assert len(closest_approaches(climb, look_ahead_s=300.0, within_m=1_000.0, within_height_m=100.0).pairs) == 0
    assert len(closest_approaches(climb, look_ahead_s=300.0, within_m=60_000.0, within_height_m=100.0).pairs) == 1


def test_numbers_that_are_none_and_ways_too_long_are_refused():
    good = drawn(1, 5, 33.0, 35.0, 1.0)
    bad = Tracks(np.full(5, np.nan), *(getattr(good, name) for name in list(vars(good))[1:]))
    with pytest.raises(ValueError, match="track 0"):
        closest_approaches(bad, look_ahead_s=60.0, within_m=1.0, within_height_m=1.0)
    with pytest.raises(ValueError, match="500 km"):
        closest_approaches(good, look_ahead_s=10**5, within_m=1.0, within_height_m=1.0)
    with pytest.raises(ValueError, match="0 or more"):
        closest_approaches(good, look_ahead_s=60.0, within_m=-1.0, within_height_m=1.0)
