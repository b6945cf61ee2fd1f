"""Heights above the ellipsoid: the bounds hold every value the limit may stand for."""

import csv
from pathlib import Path

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


VECTORS = Path(__file__).parents[1] / "vectors/geoid_egm96.csv"
HEIGHTS = [tuple(map(float, row)) for row in csv.reader(VECTORS.read_text().splitlines()[1:])]


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
def test_geoid_bounds_hold_every_height_of_the_vector_file():
    for lat, lon, height_m in HEIGHTS:
        low_m, high_m = geoid_bounds_m(lat, lon, lat, lon)
        assert low_m + geoid.MARGIN_M - 1e-3 <= height_m <= high_m - geoid.MARGIN_M + 1e-3, (lat, lon)


@pytest.mark.usefixtures("grid")
@settings(max_examples=60, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 60), st.floats(0, 359))
def test_bounds_of_a_box_hold_every_height_in_it(south, west, height, width):
    north, east = min(90.0, south + height), (west + width + 180) % 360 - 180
    low_m, high_m = geoid_bounds_m(south, west, north, east)
    for lat, lon, height_m in HEIGHTS:
        between = west <= lon <= east if west <= east else lon >= west or lon <= east
        if south <= lat <= north and between:
            assert low_m < height_m < high_m


@pytest.mark.parametrize("lat", [-90.0, 90.0])
@pytest.mark.usefixtures("grid")
def test_the_poles_have_bounds(lat):
    low_m, high_m = geoid_bounds_m(lat, -180.0, lat, 180.0)
    assert 0 < high_m - low_m < 30


def test_an_installed_grid_is_read_as_it_is_written(tmp_path, monkeypatch):
    rows, columns = 181, 360
    heights_m = np.add.outer(np.arange(rows) / 10, np.arange(columns) / 10)  # 0 in the south-west corner
    header = np.array([-90.0, -180.0, 1.0, 1.0], ">f8").tobytes() + np.array([rows, columns], ">i4").tobytes()
    (tmp_path / "egm96_15.gtx").write_bytes(header + heights_m.astype(">f4").tobytes())
    monkeypatch.setenv("PROJ_DATA", str(tmp_path))
    geoid._installed_grid.cache_clear()
    try:
        low_m, high_m = geoid_bounds_m(0.5, 10.5, 0.5, 10.5)
        assert (low_m, high_m) == pytest.approx((28.0 - geoid.MARGIN_M, 28.2 + geoid.MARGIN_M), abs=1e-4)
        over = geoid_bounds_m(0.0, 179.0, 0.0, -179.0)
        assert over == pytest.approx((9.0 - geoid.MARGIN_M, 44.9 + geoid.MARGIN_M), abs=1e-4)
    finally:
        geoid._installed_grid.cache_clear()


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


shares = st.floats(0, 1)


@settings(max_examples=150, deadline=None)
@given(st.floats(0, 600), shares, shares, shares, shares, st.booleans(), st.floats(-90, 90), st.integers(0, 2**31))
def test_flight_levels_hold_every_atmosphere_within_the_bounds(level, low, high, cold, warm, wanders, lat, seed):
    """Against the hydrostatic equation, integrated up from the sea, at a real gravity, through air whose temperature wanders or stays extreme."""
    bounds = PressureBounds(930 + 70 * low, 1000 + 85 * high, 0.82 + 0.18 * cold, 1.0 + 0.1 * warm)
    rng = np.random.default_rng(seed)
    pressures_hpa = (bounds.lowest_hpa, bounds.highest_hpa, rng.uniform(bounds.lowest_hpa, bounds.highest_hpa))
    extremes = (bounds.coldest_ratio, bounds.warmest_ratio)
    ratios = rng.uniform(*extremes, STEPS) if wanders else np.full(STEPS, rng.choice(extremes))
    low_m, high_m = flight_level_bounds_m(flight_level(level).value_m, bounds)
    for sea_hpa in pressures_hpa:
        true_m = altitude_by_integration(flight_level(level).value_m, sea_hpa, ratios, lat)
        assert low_m - 0.1 <= true_m <= high_m + 0.1  # a tenth: what so many steps leave


def test_flight_levels_in_known_air_are_known_to_one_per_cent():
    standard = PressureBounds(1013.25, 1013.25, 1.0, 1.0)
    low_m, high_m = flight_level_bounds_m(10_000.0, standard)
    assert 9_960 <= low_m < 10_000 < high_m <= 10_050


STEPS = 600


def altitude_by_integration(pressure_altitude_m, sea_hpa, ratios, lat):
    """Real metres above the sea: dz = -(R T / g) dln p from the sea's pressure to that of the flight level, by the midpoint rule.

    T is the standard temperature at each pressure times its ratio; g is the ellipsoid's at that latitude, decreasing with height.
    """
    steps = np.diff(np.linspace(np.log(sea_hpa), np.log(standard_pressure_hpa(pressure_altitude_m)), STEPS + 1))
    ln_p, z_m = np.log(sea_hpa), 0.0
    sin2 = np.sin(np.radians(lat)) ** 2
    surface = 9.7803253359 * (1 + 0.00193185265241 * sin2) / np.sqrt(1 - 0.00669437999013 * sin2)  # Somigliana, WGS 84
    for step, ratio in zip(steps, ratios, strict=True):
        gravity = surface * (6_371_000 / (6_371_000 + z_m)) ** 2
        z_m -= 287.05287 * ratio * standard_temperature_k(np.exp(ln_p + step / 2)) / gravity * step
        ln_p += step
    return float(z_m)


def standard_pressure_hpa(altitude_m):
    """ICAO Doc 7488: a lapse of 6.5 K/km to 11 km, then none to 20 km."""
    if altitude_m <= 11_000:
        return 1013.25 * (1 - 0.0065 * altitude_m / 288.15) ** 5.255880
    return 226.3206 * np.exp(-9.80665 * (altitude_m - 11_000) / (287.05287 * 216.65))


def standard_temperature_k(pressure_hpa):
    return 288.15 * (pressure_hpa / 1013.25) ** (1 / 5.255880) if pressure_hpa > 226.3206 else 216.65


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
