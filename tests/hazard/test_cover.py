"""The cover of a declared antenna: never smaller than what a walk along each line of sight finds, and not much larger."""

import random
from math import ceil, cos, inf, nan, pi, radians
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.domain import (
    UNLIMITED_ABOVE,
    AltitudeReference,
    InvalidVolume,
    Position,
    TooLarge,
    agl,
    amsl,
    flight_level,
    hae,
)
from detente.geodesy import wgs84
from detente.geodesy.elevation import VOID_LOWEST_M, Sheet
from detente.geodesy.terrain import NO_TERRAIN, terrain_about
from detente.hazard import Antenna, compiling, cover, horizon_m, kernels, lowest_seen_m, seen_within_m, terrain_radius_m
from detente.hazard.cover import ground_reach_m
from line_of_sight import is_seen

HERE = Position(33.5, 35.9)
PLACES = [
    HERE,
    Position(0.02, 180.0),
    Position(-0.01, -179.99),
    Position(61.0, -0.01),
    Position(88.9, 12.0),
    Position(-90.0, 0.0),
    Position(-33.9, 18.4),
]


def sheet_about(place, radius_m, heights):
    """Heights spread over the box of a radius about a place, as a file would state them; all longitudes about a pole."""
    rows, columns = heights.shape
    north_deg = radius_m / 110_000 * 1.2
    polar = abs(place.latitude_deg) + north_deg > 88.0
    north = min(90.0, place.latitude_deg + north_deg)
    south = max(-90.0, place.latitude_deg - north_deg)
    east_deg = 180.0 if polar else north_deg / cos(radians(max(abs(north), abs(south))))
    west = -180.0 if polar else place.longitude_deg - east_deg
    steps = (north - south) / (rows - 1), 2 * east_deg / (columns - 1)
    return Sheet(Path("made.hgt"), north, west, *steps, rows, columns, lambda: (heights, heights == VOID_LOWEST_M))


def terrain_of(place, radius_m, *, seed, highest=800, voids=0, side=41):
    draw = np.random.default_rng(seed)
    heights = draw.integers(-50, highest, (side, side)).astype(np.int16)
    heights.ravel()[draw.integers(0, heights.size, voids)] = VOID_LOWEST_M
    return terrain_about([sheet_about(place, radius_m, heights)], place, radius_m, most_squares=200_000)


def points(place, range_m, count, seed):
    """Places within range, as many near as far."""
    draw = random.Random(seed)
    for _ in range(count):
        lat, lon = wgs84.direct(place.latitude_deg, place.longitude_deg, draw.uniform(0, 360), draw.uniform(0, range_m))
        yield float(lat), float(lon)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    place=st.sampled_from(PLACES),
    seed=st.integers(0, 10_000),
    antenna_m=st.sampled_from([900, 1_500, 30]),
    altitude_m=st.sampled_from([0, 200, 700, 1_200]),
    voids=st.sampled_from([0, 40]),
    off_by_m=st.sampled_from([0.0, 0.7, 90.0, 1_500.0]),
    size=st.sampled_from([(8_000.0, 300.0, 41), (8_000.0, 700.0, 41), (40_000.0, 600.0, 301)]),
)
def test_the_cover_is_never_smaller_than_the_walk_along_each_line(
    place, seed, antenna_m, altitude_m, voids, off_by_m, size
):
    range_m, cell_m, side = size
    antenna = Antenna(place, off_by_m, amsl(antenna_m))
    terrain = terrain_of(
        place, terrain_radius_m(antenna, range_m), seed=seed, voids=voids, highest=min(800, antenna_m), side=side
    )
    made = cover(antenna, range_m, terrain=terrain, cell_m=cell_m)
    stands = next(points(place, off_by_m, 1, seed)) if off_by_m else (place.latitude_deg, place.longitude_deg)
    for target in points(Position(*stands), range_m, 25, seed):
        if is_seen(terrain, made.smooth_amsl_m, stands, antenna_m, target, altitude_m, cell_m / 9):
            assert made.may_see(*target, amsl(altitude_m)), (stands, target)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    place=st.sampled_from(PLACES[:4]),
    seed=st.integers(0, 10_000),
    above_m=st.sampled_from([5, 150, 400]),
    off_by_m=st.sampled_from([0.0, 0.7, 1_500.0]),
    antenna=st.sampled_from([agl(25), amsl(700)]),
)
def test_above_ground_too_the_cover_is_never_smaller_than_the_walk(place, seed, above_m, off_by_m, antenna):
    stated = Antenna(place, off_by_m, antenna)
    terrain = terrain_of(place, terrain_radius_m(stated, 8_000.0), seed=seed, highest=400)
    made = cover(stated, 8_000.0, terrain=terrain, cell_m=400.0, with_ground=True)
    stands = next(points(place, off_by_m, 1, seed)) if off_by_m else (place.latitude_deg, place.longitude_deg)
    high_m = terrain.ground_m(Position(*stands), 0.0)[1] + 25 if antenna.reference is AltitudeReference.AGL else 700
    for target in points(Position(*stands), 8_000.0, 25, seed):
        over_m = terrain.ground_m(Position(*target), 0.0)[1] + above_m
        if is_seen(terrain, made.smooth_amsl_m, stands, high_m, target, over_m, 45.0):
            assert made.may_see(*target, agl(above_m)), (stands, target)


@settings(max_examples=30, deadline=None)
@given(
    place=st.sampled_from(PLACES),
    seed=st.integers(0, 10_000),
    off_by_m=st.sampled_from([0.0, 55.0]),
    cell_m=st.sampled_from([450.0, 900.0]),
)
def test_the_ground_of_a_cell_is_that_of_every_place_in_it(place, seed, off_by_m, cell_m):
    """What hides and what is measured from are looked up in one box of squares; were it too small anywhere, the highest ground of some place would be missed."""
    range_m = 70 * cell_m
    antenna = Antenna(place, off_by_m, amsl(900))
    terrain = terrain_of(place, terrain_radius_m(antenna, range_m), seed=seed, side=301)
    made = cover(antenna, range_m, terrain=terrain, cell_m=cell_m, with_ground=True)
    for lat, lon in points(place, range_m, 300, seed):
        azimuth_deg, far_m = wgs84.inverse(place.latitude_deg, place.longitude_deg, lat, lon)
        cell = int(azimuth_deg % 360 / 360 * made.wedges), int(far_m / made.ring_m)
        beside = wgs84.direct(lat, lon, lat * 1e6 % 360, off_by_m)
        row = int((float(beside[0]) - terrain.south_deg) * terrain.per_degree)
        column = int(((float(beside[1]) - terrain.west_deg) % 360) * terrain.per_degree_lon)
        assert made.ground_m[cell] >= terrain.highest_m[row, column]


@pytest.mark.parametrize("seed", range(3))
def test_the_cover_is_not_much_larger_than_the_walk_along_each_line(seed):
    """Rolling ground, and cells as fine as its squares: what is drawn beyond the slow definition is the edges of shadows."""
    rows, columns = np.mgrid[0:81, 0:81] / 6.0
    heights = (300 + 150 * np.sin(rows + seed) * np.cos(columns * 0.7)).astype(np.int16)
    terrain = terrain_about([sheet_about(HERE, 12_000.0, heights)], HERE, 12_000.0)
    made = cover(Antenna(HERE, 0.0, amsl(480)), 10_000.0, terrain=terrain, cell_m=150.0)
    here = HERE.latitude_deg, HERE.longitude_deg
    targets = list(points(HERE, 10_000.0, 300, seed))
    walked = [is_seen(terrain, made.smooth_amsl_m, here, 480.0, target, 350.0, 30.0) for target in targets]
    drawn = [bool(made.may_see(*target, amsl(350))) for target in targets]
    assert all(one <= other for one, other in zip(walked, drawn, strict=True))
    assert 0.15 < sum(walked) / 300 < 0.85  # there is something to hide, and to see
    assert sum(drawn) - sum(walked) <= 0.12 * 300


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("antenna_m", [1, 30, 900])
def test_over_a_smooth_earth_the_cover_is_the_closed_form(place, antenna_m):
    made = cover(Antenna(place, 0.0, amsl(antenna_m)), 150_000.0, cell_m=2_000.0)
    for ring in range(2, made.rings):
        near_m = lowest_seen_m(antenna_m, ring * made.ring_m)
        floor_m = made.floor_m[:, ring]
        assert floor_m.min() == floor_m.max()
        assert floor_m[0] <= near_m
        horizons = ring * made.ring_m / horizon_m(antenna_m)
        if (
            horizons > 1.5
        ):  # nearer, lines run into the ground within a ring; further, what they miss of the horizon grows as they go
            assert near_m - 1.0 - 0.06 * (made.ring_m / 1_000) ** 2 * horizons <= floor_m[0]


@given(st.floats(1.0, 3_000.0), st.integers(1, 3_000))
@settings(max_examples=30, deadline=None)
def test_over_a_smooth_earth_who_is_seen_is_within_the_sum_of_the_horizons(antenna_m, altitude_m):
    made = cover(Antenna(HERE, 0.0, amsl(antenna_m)), 100_000.0, cell_m=2_500.0)
    seen_m = made.seen(amsl(altitude_m)).sum(axis=1).max() * made.ring_m
    closed_m = min(seen_within_m(antenna_m, altitude_m), ground_reach_m(100_000.0))
    a_metre_m = seen_within_m(antenna_m, altitude_m + 1.4) - seen_within_m(antenna_m, altitude_m)
    assert closed_m - 1e-6 <= seen_m <= closed_m + a_metre_m + 2 * made.ring_m


def test_a_ridge_hides_what_is_behind_it_and_a_void_in_it_does_not():
    heights = np.zeros((41, 41), np.int16)
    heights[:, 29:33] = 600
    heights[17:24, 29:33] = VOID_LOWEST_M
    terrain = terrain_about([sheet_about(HERE, 12_000.0, heights)], HERE, 12_000.0)
    made = cover(Antenna(HERE, 0.0, amsl(50)), 12_000.0, terrain=terrain, cell_m=100.0)
    east, north_of_east = (wgs84.direct(33.5, 35.9, azimuth, 11_000.0) for azimuth in (90.0, 60.0))
    assert made.may_see(*east, amsl(100))
    assert not made.may_see(*north_of_east, amsl(100))
    assert made.may_see(*north_of_east, amsl(1_500))
    assert made.unstated_count > 0
    assert made.unstated_count < made.cell_count / 5


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 999), more_m=st.integers(1, 300))
def test_more_height_of_antenna_or_target_and_less_ground_never_see_less(seed, more_m):
    terrain = terrain_of(HERE, 9_000.0, seed=seed)
    made, higher = (
        cover(Antenna(HERE, 0.0, amsl(900 + up)), 6_000.0, terrain=terrain, cell_m=600.0) for up in (0, more_m)
    )
    assert (higher.floor_m <= made.floor_m).all()
    assert (made.seen(amsl(300)) <= made.seen(amsl(300 + more_m))).all()
    lower = cover(Antenna(HERE, 0.0, amsl(900)), 6_000.0, terrain=terrain, terrain_error_m=more_m, cell_m=600.0)
    assert (lower.floor_m <= made.floor_m).all()


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 999), off_by_m=st.sampled_from([0.5, 40.0, 700.0, 3_000.0]))
def test_a_place_less_well_known_never_sees_less(seed, off_by_m):
    terrain = terrain_of(HERE, 16_000.0, seed=seed, voids=5)
    sure, unsure = (
        cover(Antenna(HERE, off, amsl(900)), 6_000.0, terrain=terrain, cell_m=600.0) for off in (0.0, off_by_m)
    )
    for target in points(HERE, 6_000.0, 40, seed):
        assert unsure.may_see(*target, amsl(300)) >= sure.may_see(*target, amsl(300))
    assert unsure.reach_m >= 6_000.0 + off_by_m


def test_what_is_seen_through_a_gap_from_beside_the_stated_place_is_never_hidden():
    """A wall 3 km to the east, with a gap 1 km north of due east: who stands 1 km north sees straight through it, where nobody at the stated place does."""
    rows, columns = np.mgrid[0:301, 0:301]
    sheet = sheet_about(HERE, 20_000.0, np.zeros((301, 301), np.int16))
    east_m = (columns - 150) * sheet.step_lon_deg * 92_900
    north_m = (150 - rows) * sheet.step_lat_deg * 110_900
    wall = (abs(east_m - 3_000) < 400) & (abs(north_m - 1_000) > 300)
    terrain = terrain_about([sheet_about(HERE, 20_000.0, (wall * 900).astype(np.int16))], HERE, 20_000.0)
    beside = tuple(float(v) for v in wgs84.direct(33.5, 35.9, 0.0, 1_000.0))
    target = tuple(float(v) for v in wgs84.direct(*beside, 90.0, 14_000.0))
    assert is_seen(terrain, 0.0, beside, 50.0, target, 100.0, 45.0)
    assert not is_seen(terrain, 0.0, (33.5, 35.9), 50.0, target, 100.0, 45.0)
    sure, unsure = (
        cover(Antenna(HERE, off_by_m, amsl(50)), 15_000.0, terrain=terrain, cell_m=150.0) for off_by_m in (0.0, 1_200.0)
    )
    assert not sure.may_see(*target, amsl(100))
    assert unsure.may_see(*target, amsl(100))


def test_a_place_known_to_five_kilometres_reaches_five_kilometres_further():
    made = cover(Antenna(HERE, 5_000.0, amsl(900)), 20_000.0, cell_m=500.0)
    inside, outside = (wgs84.direct(33.5, 35.9, 77.0, far_m) for far_m in (24_990.0, 25_800.0))
    assert made.may_see(*inside, amsl(5_000))
    assert not made.may_see(*outside, amsl(5_000))


def test_altitudes_above_ground_are_measured_from_the_highest_ground_of_a_cell():
    heights = np.tile(np.repeat([0, 900], [20, 21]).astype(np.int16), (41, 1))
    terrain = terrain_about([sheet_about(HERE, 12_000.0, heights)], HERE, 12_000.0)
    made = cover(
        Antenna(Position(33.5, 35.86), 0.0, amsl(60)), 12_000.0, terrain=terrain, cell_m=200.0, with_ground=True
    )
    on_the_plateau = wgs84.direct(33.5, 35.86, 90.0, 11_000.0)
    assert not made.may_see(*on_the_plateau, agl(30))
    assert made.may_see(*on_the_plateau, agl(3_000))
    low = cover(Antenna(Position(33.5, 35.86), 0.0, amsl(60)), 12_000.0, terrain=terrain, cell_m=200.0)
    with pytest.raises(InvalidVolume, match="with_ground"):
        low.seen(agl(30))


def test_where_no_ground_is_stated_nothing_above_it_is_called_hidden():
    made = cover(Antenna(HERE, 0.0, amsl(5)), 60_000.0, cell_m=1_000.0, with_ground=True)
    assert made.seen(agl(1)).all()
    assert made.unstated_count == made.cell_count


def test_an_antenna_above_ground_stands_on_the_highest_ground_it_may_stand_on():
    terrain = terrain_of(HERE, 9_000.0, seed=5)
    low_m, high_m = terrain.ground_m(HERE, 800.0 * 1.005)
    made = cover(Antenna(HERE, 800.0, agl(30)), 3_000.0, terrain=terrain, cell_m=600.0)
    assert made.antenna_amsl_m == high_m + 30
    assert low_m < high_m


@pytest.mark.parametrize(
    ("antenna", "terrain", "what"),
    [
        (Antenna(HERE, 0.0, agl(30)), False, "ground there is not stated"),
        (Antenna(HERE, 0.0, amsl(-90)), True, "was its height above ground meant"),
        (Antenna(HERE, 0.0, amsl(-90)), False, "state the lowest ground"),
        (Antenna(HERE, 0.0, agl(-1)), True, "in the ground"),
    ],
)
def test_an_antenna_in_the_ground_or_above_unstated_ground_is_refused(antenna, terrain, what):
    ground = terrain_of(HERE, 9_000.0, seed=1) if terrain else NO_TERRAIN
    with pytest.raises(InvalidVolume, match=what):
        cover(antenna, 5_000.0, terrain=ground, cell_m=1_000.0)


def test_the_shore_of_the_dead_sea_is_drawn_once_its_depth_is_stated():
    shore = Antenna(Position(31.5, 35.5), 0.0, amsl(-400))
    made = cover(shore, 20_000.0, cell_m=1_000.0, lowest_ground_m=-430.0)
    assert made.smooth_amsl_m == -430.0
    deep = terrain_about([sheet_about(shore.place, 30_000.0, np.full((11, 11), -425, np.int16))], shore.place, 30_000.0)
    assert cover(shore, 20_000.0, cell_m=1_000.0, terrain=deep).smooth_amsl_m == -425.0


def test_an_antenna_without_a_place_that_can_be_is_refused():
    for off_by_m in (-1.0, nan, inf):
        with pytest.raises(InvalidVolume, match="good to"):
            Antenna(HERE, off_by_m, amsl(1))
    for altitude in (flight_level(10), UNLIMITED_ABOVE):
        with pytest.raises(InvalidVolume, match="an antenna at"):
            Antenna(HERE, 0.0, altitude)


@pytest.mark.parametrize(
    ("sizes", "what"),
    [({"range_m": nan}, "range"), ({"range_m": 0.0}, "range"), ({"range_m": 2e6}, "range"), ({"cell_m": nan}, "cells"), ({"cell_m": 0.0}, "cells"),
     ({"terrain_error_m": -1.0}, "terrain error"), ({"terrain_error_m": nan}, "terrain error"), ({"lowest_ground_m": nan}, "lowest ground")],
)  # fmt: skip
def test_sizes_that_are_none_are_refused(sizes, what):
    with pytest.raises(InvalidVolume, match=what):
        cover(Antenna(HERE, 0.0, amsl(100)), **{"range_m": 1_000.0, **sizes})


def test_more_cells_than_are_held_are_refused_before_they_are_made():
    with pytest.raises(TooLarge, match="the limit is 120,000,000"):
        cover(Antenna(HERE, 0.0, amsl(100)), 1_000_000.0)


def test_flight_levels_and_ellipsoid_heights_count_as_the_highest_they_may_be():
    made = cover(Antenna(HERE, 0.0, amsl(100)), 50_000.0, cell_m=5_000.0)
    assert made.highest_amsl_m(amsl(3_000)) == 3_000
    assert made.highest_amsl_m(flight_level(100)) > 3_048
    assert 2_960 <= made.highest_amsl_m(hae(3_000)) <= 3_010  # the geoid lies 10 to 30 m above the ellipsoid there
    for altitude in (agl(10), UNLIMITED_ABOVE, amsl(40_000)):
        with pytest.raises(InvalidVolume):
            made.highest_amsl_m(altitude)


def test_a_smaller_range_is_within_the_larger_and_a_larger_one_is_refused():
    made = cover(Antenna(HERE, 0.0, amsl(100)), 50_000.0, cell_m=1_000.0)
    assert (made.seen(amsl(3_000), 20_000.0) <= made.seen(amsl(3_000))).all()
    assert made.seen(amsl(3_000), 20_000.0).sum() == made.wedges * made.rings_within(20_000.0)
    for range_m in (50_001.0, 0.0, nan):
        with pytest.raises(InvalidVolume, match="range"):
            made.seen(amsl(3_000), range_m)


@given(st.floats(1.0, 1_000_000.0))
def test_what_is_in_range_along_the_slant_is_within_reach_on_the_ground(range_m):
    assert ground_reach_m(range_m) >= float(wgs84.arc_at_most(range_m)) - 1e-6
    assert ground_reach_m(range_m) <= range_m * 1.002


def test_the_share_seen_is_that_of_the_area():
    made = cover(Antenna(HERE, 0.0, amsl(0)), 100_000.0, cell_m=1_000.0)
    share = made.seen_share(amsl(200))
    assert share == pytest.approx((seen_within_m(0, 200.5) / ground_reach_m(100_000.0)) ** 2, abs=0.03)
    assert made.seen_share(amsl(5_000)) == 1.0


def test_compiled_and_interpreted_kernels_give_the_same_cover_whatever_the_threads(monkeypatch):
    terrain = terrain_of(HERE, 12_000.0, seed=3, voids=20)
    antenna = Antenna(HERE, 800.0, amsl(900))

    def made(few, threads):
        monkeypatch.setattr(compiling, "FEW_CELLS", few)
        return cover(antenna, 6_000.0, terrain=terrain, cell_m=400.0, with_ground=True, threads=threads)

    plain, one, four = made(10**9, 1), made(0, 1), made(0, 4)
    assert compiling.kernels_for(1) is not kernels
    for other in (one, four):
        assert np.array_equal(plain.floor_m, other.floor_m)
        assert np.array_equal(plain.ground_m, other.ground_m)
        assert plain.unstated_count == other.unstated_count


def test_progress_reaches_the_end():
    told = []
    made = cover(
        Antenna(HERE, 0.0, amsl(900)), 6_000.0, cell_m=100.0, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (made.wedges, made.wedges)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40), st.integers(0, 25))
def test_the_least_of_windows_is_that_of_every_window(values, reach):
    line = np.array([kernels.NEVER_SEEN_M] * reach + values + [kernels.NEVER_SEEN_M] * reach, np.int16)
    least = np.empty(len(values), np.int16)
    kernels._least_of_windows(line, 2 * reach + 1, least)
    assert least.tolist() == [min(values[max(0, k - reach) : k + reach + 1]) for k in range(len(values))]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.sampled_from([100.0, 400.0, 2_500.0]))
def test_widening_reaches_every_cell_that_holds_a_place_near_enough(seed, off_by_m):
    draw = np.random.default_rng(seed)
    from detente.hazard.cover import _widened

    floor = np.full((360, 12), kernels.NEVER_SEEN_M, np.int16)
    wedge, ring = int(draw.integers(0, 360)), int(draw.integers(0, 10))
    floor[wedge, ring] = 7
    _widened(floor, 500.0, off_by_m, 1)
    for _ in range(50):
        azimuth, far_m = (wedge + draw.random()) * 2 * pi / 360, (ring + draw.random()) * 500.0
        turn, step_m = draw.random() * 2 * pi, draw.random() * off_by_m
        east, north = far_m * np.sin(azimuth) + step_m * np.sin(turn), far_m * np.cos(azimuth) + step_m * np.cos(turn)
        at = int(np.arctan2(east, north) % (2 * pi) / (2 * pi) * 360) % 360, int(np.hypot(east, north) / 500.0)
        if at[1] < 12:
            assert floor[at] == 7
    assert (floor != 7).any() or ceil(off_by_m / 500.0) >= 3
