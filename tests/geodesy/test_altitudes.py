"""Heights above the ellipsoid: the bounds hold every value the limit may stand for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import (
    SURFACE,
    UNSTATED_ABOVE,
    WORLD,
    WORLD_PRESSURE,
    AltitudeBand,
    Arena,
    PressureBounds,
    TerrainBounds,
    agl,
    amsl,
    flight_level,
    hae,
)
from detente.geodesy import geoid
from detente.geodesy.altitudes import flight_level_bounds_m, hae_bounds_m, is_surely_upside_down, standard_altitude_m
from detente.geodesy.geoid import geoid_bounds_m

# Geoid undulations of EGM96 published with NGA's own interpolation program (its test input and output files), metres.
PUBLISHED_EGM96 = [
    (38.628155, 269.779155, -31.628), (-14.621217, 305.021114, -2.969), (46.874319, 102.448729, -43.575),
    (-23.617446, 133.874712, 15.871), (38.625473, 359.999500, 50.066), (-0.466744, 0.002300, 17.329),
]  # fmt: skip


@pytest.fixture(params=["bundled", "installed"])
def grid(request, monkeypatch):
    if request.param == "bundled":
        monkeypatch.setattr(geoid, "_installed_grid", lambda: None)
    return request.param


@pytest.mark.usefixtures("grid")
@pytest.mark.parametrize(("lat", "lon", "height_m"), PUBLISHED_EGM96)
def test_geoid_bounds_hold_the_published_heights(lat, lon, height_m):
    lon = (lon + 180) % 360 - 180
    low_m, high_m = geoid_bounds_m(lat, lon, lat, lon)
    assert low_m <= height_m - 12.1
    assert height_m + 12.1 <= high_m
    assert high_m - low_m < 70.0


@pytest.mark.usefixtures("grid")
@settings(max_examples=60, deadline=None)
@given(st.floats(-90, 89), st.floats(-180, 180), st.floats(0, 1), st.floats(0, 30))
def test_a_larger_box_never_has_narrower_bounds(south, west, height, width):
    east = (west + width + 180) % 360 - 180
    small, large = geoid_bounds_m(south, west, south, west), geoid_bounds_m(south, west, south + height, east)
    assert large[0] <= small[0]
    assert small[1] <= large[1]


def test_a_box_over_the_antimeridian_is_not_the_rest_of_the_earth():
    over = geoid_bounds_m(-20.0, 179.0, -15.0, -179.0)
    assert over[1] - over[0] < 60.0


def test_limits_that_are_exact_stay_exact():
    assert hae_bounds_m(hae(120.0), 35, 35, 36, 36, WORLD) == (120.0, 120.0)
    assert hae_bounds_m(UNSTATED_ABOVE, 35, 35, 36, 36, WORLD) == (-np.inf, np.inf)


def test_ground_is_taken_between_the_arenas_lowest_and_highest():
    levant = Arena("L", terrain=TerrainBounds(-430.0, 3090.0))
    low_m, high_m = hae_bounds_m(agl(100.0), 33, 35, 34, 36, levant)
    sea_low_m, sea_high_m = geoid_bounds_m(33, 35, 34, 36)
    assert (low_m, high_m) == (-330.0 + sea_low_m, 3190.0 + sea_high_m)


def test_the_standard_atmosphere_has_its_published_pressures():
    # ICAO Doc 7488: 500 hPa at 5,574 m, 850 hPa at 1,457 m, 1013.25 hPa at 0
    assert standard_altitude_m(1013.25) == 0.0
    assert standard_altitude_m(850.0) == pytest.approx(1457, abs=1)
    assert standard_altitude_m(500.0) == pytest.approx(5574, abs=1)


@settings(max_examples=150, deadline=None)
@given(st.floats(0, 600), st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**31))
def test_flight_levels_hold_every_atmosphere_within_the_bounds(level, pressure_share, temperature_share, seed):
    """Against the hydrostatic equation, integrated up from the sea through air whose temperature wanders with height."""
    bounds = PressureBounds(960.0, 1045.0, 0.88, 1.08)
    sea_hpa = bounds.lowest_hpa + pressure_share * (bounds.highest_hpa - bounds.lowest_hpa)
    ratio = bounds.coldest_ratio + temperature_share * (bounds.warmest_ratio - bounds.coldest_ratio)
    true_m = altitude_by_integration(flight_level(level).value_m, sea_hpa, ratio, np.random.default_rng(seed), bounds)
    low_m, high_m = flight_level_bounds_m(flight_level(level).value_m, bounds)
    assert low_m - 5.0 <= true_m <= high_m + 5.0


def altitude_by_integration(pressure_altitude_m, sea_hpa, ratio, rng, bounds):
    """Geopotential altitude of the pressure surface: layers of the standard atmosphere, each as much warmer or colder as its ratio says."""
    bottom_m, top_m = standard_altitude_m(sea_hpa), pressure_altitude_m
    edges = np.linspace(bottom_m, top_m, 200)
    wander = np.clip(ratio + rng.normal(0, 0.02, 199), bounds.coldest_ratio, bounds.warmest_ratio)
    return float(np.sum(np.diff(edges) * wander))


def test_amsl_without_a_geoid_carries_the_difference_between_models():
    low_m, high_m = hae_bounds_m(amsl(0.0), 35.2, 35.8, 35.2, 35.8, WORLD)
    assert high_m - low_m >= 2 * geoid.MODEL_MARGIN_M


def test_world_pressure_bounds_hold_the_records():
    low_m, high_m = flight_level_bounds_m(0.0, WORLD_PRESSURE)
    assert low_m <= -standard_altitude_m(870.0)
    assert high_m >= -standard_altitude_m(1085.0)


@pytest.mark.parametrize(
    ("lower", "upper", "upside_down"),
    [
        (flight_level(200), amsl(100.0), True),
        (hae(1000.0), amsl(500.0), True),
        (hae(100.0), amsl(0.0), False),  # the sea may lie as high as that
        (SURFACE, amsl(-500.0), True),  # below the lowest ground
        (SURFACE, amsl(100.0), False),
        (agl(5000.0), flight_level(30), True),
        (flight_level(100), amsl(3000.0), False),
        (flight_level(100), UNSTATED_ABOVE, False),
    ],
)
def test_a_band_in_two_references_is_upside_down_only_where_nothing_could_turn_it(lower, upper, upside_down):
    assert is_surely_upside_down(AltitudeBand(lower, upper), WORLD) == upside_down
