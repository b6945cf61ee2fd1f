"""The closed form of the radar horizon: what is published, both directions, and what is refused."""

import csv
from math import inf, nan, sqrt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import InvalidVolume
from detente.domain.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE
from detente.geodesy.wgs84 import SEMI_MAJOR_M, SEMI_MINOR_M
from detente.hazard import horizon_m, lowest_seen_m, seen_within_m
from detente.hazard.radar_horizon import EARTH_FACTOR, FLATTEST_RADIUS_M, MEAN_EFFECTIVE_RADIUS_M

VECTORS = Path(__file__).parents[1] / "vectors" / "radar_horizon" / "published.csv"
published = list(csv.DictReader(VECTORS.open(encoding="utf-8")))
heights_m = st.floats(0.0, 40_000.0)


@pytest.mark.parametrize("row", published, ids=lambda row: "{antenna}+{target} {height_unit}".format(**row))
def test_the_closed_form_gives_the_published_distances(row):
    unit_m = {"ft": METRES_PER_FOOT, "m": 1.0}[row["height_unit"]]
    found_m = seen_within_m(
        float(row["antenna"]) * unit_m, float(row["target"]) * unit_m, effective_radius_m=MEAN_EFFECTIVE_RADIUS_M
    )
    written = row["distance_nm"]
    rounded = 0.1 if "." in written else 0.6  # makers round up
    assert found_m / METRES_PER_NAUTICAL_MILE == pytest.approx(float(written), abs=rounded, rel=0.003)


@pytest.mark.parametrize("height_ft", [1, 50, 400, 1_000, 10_000, 36_000])
def test_the_rule_of_thumb_in_feet_and_nautical_miles_is_this_form(height_ft):
    found_m = horizon_m(height_ft * METRES_PER_FOOT, effective_radius_m=MEAN_EFFECTIVE_RADIUS_M)
    assert found_m / METRES_PER_NAUTICAL_MILE == pytest.approx(1.23 * sqrt(height_ft), rel=0.002)


@given(heights_m, heights_m)
def test_what_is_at_the_lowest_seen_height_is_seen_just_there(antenna_m, target_m):
    distance_m = seen_within_m(antenna_m, target_m)
    assert lowest_seen_m(antenna_m, distance_m) == pytest.approx(target_m, abs=0.01)


@given(heights_m, heights_m)
def test_who_sees_is_seen(antenna_m, target_m):
    assert seen_within_m(antenna_m, target_m) == seen_within_m(target_m, antenna_m)


@given(heights_m, st.floats(0.0, 2_000_000.0), st.floats(6_300_000.0, 6_399_000.0))
def test_the_default_radius_sees_lower_than_any_curvature_of_the_earth(antenna_m, distance_m, radius_m):
    elsewhere_m = lowest_seen_m(antenna_m, distance_m, effective_radius_m=EARTH_FACTOR * radius_m)
    assert lowest_seen_m(antenna_m, distance_m) <= elsewhere_m + 1e-6  # what rounding leaves of metres on an Earth


def test_the_flattest_radius_is_that_of_the_poles():
    assert pytest.approx(SEMI_MAJOR_M**2 / SEMI_MINOR_M) == FLATTEST_RADIUS_M


@pytest.mark.parametrize("height_m", [-0.1, nan, inf, -inf])
def test_a_height_that_is_none_is_refused(height_m):
    for asked in (lambda: horizon_m(height_m), lambda: lowest_seen_m(height_m, 10.0)):
        with pytest.raises(InvalidVolume, match="surface"):
            asked()


@pytest.mark.parametrize("distance_m", [-1.0, nan, inf])
def test_a_distance_that_is_none_is_refused(distance_m):
    with pytest.raises(InvalidVolume, match="not a size"):
        lowest_seen_m(10.0, distance_m)


def test_beyond_a_quarter_turn_nothing_is_seen_however_high():
    assert lowest_seen_m(0.0, 19_000_000.0) == inf
