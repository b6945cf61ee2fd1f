"""Terrain from files: bounds of the ground that hold every post, and nothing where nothing is stated."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import Position, TooLarge, UnreadableFile
from detente.geodesy import wgs84
from detente.geodesy.elevation import VOID_HIGHEST_M, VOID_LOWEST_M, Sheet
from detente.geodesy.terrain import NO_TERRAIN, Terrain, box_about, terrain_about, terrain_sheets
from terrain_world import VOID, hills, write_geotiff, write_hgt


def sheet_of(heights, north, west, step, step_lon=None):
    heights = np.asarray(heights, np.int16)
    return Sheet(
        Path("made.tif"),
        north,
        west,
        step,
        step_lon or step,
        *heights.shape,
        lambda: (heights, heights == VOID),
    )


def test_neighbouring_files_join_without_a_gap(tmp_path):
    for name in ("N33E035", "N33E036", "N34E035", "N34E036"):
        write_hgt(tmp_path, name, packed=".gz")
    terrain = terrain_about(terrain_sheets([tmp_path]), Position(34.0, 36.0), 5_000.0)
    assert (terrain.lowest_m != VOID_LOWEST_M).all()
    assert len(terrain.sources) == 4
    assert terrain.per_degree == terrain.per_degree_lon == 1200


def test_a_missing_neighbour_is_void_up_to_its_edge(tmp_path):
    write_hgt(tmp_path)
    terrain = terrain_about(terrain_sheets([tmp_path]), Position(33.5, 36.0), 5_000.0)
    edge = round((36.0 - terrain.west_deg) * 1200)
    assert (terrain.lowest_m[:, :edge] != VOID_LOWEST_M).all()
    assert (terrain.lowest_m[:, edge:] == VOID_LOWEST_M).all()
    assert (terrain.highest_m[:, edge:] == VOID_HIGHEST_M).all()


def test_a_void_post_opens_the_four_squares_at_it(tmp_path):
    heights = hills()
    heights[600, 600] = VOID
    write_hgt(tmp_path, heights=heights)
    terrain = terrain_about(terrain_sheets([tmp_path]), Position(33.5, 35.5), 5_000.0)
    assert (terrain.lowest_m == VOID_LOWEST_M).sum() == (terrain.highest_m == VOID_HIGHEST_M).sum() == 4


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_post_lies_outside_the_bounds_of_its_square(data):
    """Posts at any step and offset, squares of any fineness: every post in a stated square, its edges included, is within its bounds."""
    step, step_lon = (1 / data.draw(st.integers(20, 90)) for _ in range(2))
    rows, columns = (data.draw(st.integers(20, 60)) for _ in range(2))
    north, west = (
        33.0 + data.draw(st.floats(0.0, 1.0)),
        data.draw(st.sampled_from([35.0, 179.6, -180.0, 359.5])) + data.draw(st.floats(0.0, 0.3)),
    )
    heights = np.random.default_rng(data.draw(st.integers(0, 99))).integers(-400, 3_000, (rows, columns))
    sheet = sheet_of(heights, north, west, step, step_lon)
    middle = Position(north - rows * step / 2, (west + columns * step_lon / 2 + 180) % 360 - 180)
    terrain = terrain_about([sheet], middle, 30_000.0, most_squares=data.draw(st.sampled_from([200, 2_000, 100_000])))
    found = 0
    for (row, column), height in np.ndenumerate(heights):
        y = (north - row * step - terrain.south_deg) * terrain.per_degree
        x = ((west + column * step_lon - terrain.west_deg) % 360) * terrain.per_degree_lon
        for j in {int(np.floor(y - 1e-9)), int(np.floor(y + 1e-9))}:
            for i in {int(np.floor(x - 1e-9)), int(np.floor(x + 1e-9))}:
                inside = 0 <= j < terrain.lowest_m.shape[0] and 0 <= i < terrain.lowest_m.shape[1]
                if inside and terrain.lowest_m[j, i] != VOID_LOWEST_M:
                    assert terrain.lowest_m[j, i] <= height <= terrain.highest_m[j, i]
                    found += 1
    assert found or not terrain.is_stated


def test_where_files_overlap_the_lower_and_the_higher_hold_and_a_void_takes_the_other():
    one, other = np.full((11, 11), 100), np.full((11, 11), 300)
    other[5, 5] = VOID
    terrain = terrain_about([sheet_of(one, 34, 35, 0.1), sheet_of(other, 34, 35, 0.1)], Position(33.5, 35.5), 30_000.0)
    held = terrain.lowest_m != VOID_LOWEST_M
    assert set(np.unique(terrain.lowest_m[held])) == {100}
    assert set(np.unique(terrain.highest_m[held])) == {100, 300}


def test_no_more_squares_are_made_than_are_held(tmp_path):
    write_hgt(tmp_path)
    sheets = terrain_sheets([tmp_path])
    fine = terrain_about(sheets, Position(33.5, 35.5), 20_000.0)
    coarse = terrain_about(sheets, Position(33.5, 35.5), 20_000.0, most_squares=10_000)
    assert coarse.lowest_m.size <= 10_000 < fine.lowest_m.size
    assert fine.per_degree % coarse.per_degree == 0


def test_terrain_over_the_antimeridian_is_one():
    sheets = [
        sheet_of(np.full((121, 121), 50), 1.0, 179.0, 1 / 120),
        sheet_of(np.full((121, 121), 50), 1.0, -180.0, 1 / 120),
    ]
    for longitude in (180.0, -180.0, 179.9, -179.9):
        terrain = terrain_about(sheets, Position(0.5, longitude), 20_000.0)
        assert (terrain.lowest_m == 50).all()
        assert terrain.ground_m(Position(0.5, longitude), 10_000.0) == (50, 50)


def test_the_ground_about_a_place_is_bounds_and_none_where_part_of_it_is_not_stated(tmp_path):
    write_hgt(tmp_path)
    terrain = terrain_about(terrain_sheets([tmp_path]), Position(33.5, 35.9), 20_000.0)
    low, high = terrain.ground_m(Position(33.5, 35.9), 1_000.0)
    assert 340 <= low < high <= 860
    assert terrain.ground_m(Position(33.5, 35.99), 5_000.0) is None
    assert terrain.ground_m(Position(50.0, 35.9), 1.0) is None
    assert NO_TERRAIN.ground_m(Position(0.5, 0.5), 1.0) is None
    assert NO_TERRAIN.ground_m(Position(90.0, 0.0), 1.0) is None


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 99), st.floats(0.0, 4_000.0), st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.0, 359.0))
def test_worn_ground_is_as_low_as_any_within_reach(seed, within_m, north, east, azimuth_deg):
    low = np.random.default_rng(seed).integers(0, 999, (100, 100)).astype(np.int16)
    terrain = Terrain(60.0, 10.0, 100, 100, low, low, (), 0.01)
    here = 60.5 + north, 10.5 + east
    there = wgs84.direct(*here, azimuth_deg, within_m)
    row, column = int((here[0] - 60.0) * 100), int((here[1] - 10.0) * 100)
    there_row, there_column = int((float(there[0]) - 60.0) * 100), int((float(there[1]) - 10.0) * 100)
    if 0 <= there_row < 100 and 0 <= there_column < 100:
        assert terrain.worn(within_m + 0.001).lowest_m[row, column] <= low[there_row, there_column]


def test_ground_worn_past_the_edge_is_void():
    low = np.full((50, 50), 100, np.int16)
    worn = Terrain(0.0, 0.0, 50, 50, low, low, (), 0.02).worn(3_000.0).lowest_m
    assert (worn[2:-2, 2:-2] == 100).all()
    assert (worn[0] == VOID_LOWEST_M).all()
    assert (worn[:, -1] == VOID_LOWEST_M).all()
    polar = Terrain(89.0, 0.0, 50, 50, low, low, (), 0.02).worn(1.0).lowest_m
    assert (polar == VOID_LOWEST_M).all()


def test_an_error_of_the_heights_lowers_and_raises_what_is_stated_and_leaves_voids():
    low = np.array([[100, VOID_LOWEST_M]], np.int16)
    high = np.array([[100, VOID_HIGHEST_M]], np.int16)
    off = Terrain(0.0, 0.0, 1, 1, low, high, (), 1.0).lowered(15.2)
    assert off.lowest_m.tolist() == [[84, VOID_LOWEST_M]]
    assert off.highest_m.tolist() == [[116, VOID_HIGHEST_M]]


@settings(max_examples=200, deadline=None)
@given(st.floats(-90, 90), st.floats(-180, 180), st.floats(1.0, 900_000.0), st.floats(0, 360))
def test_the_box_about_a_place_holds_all_within_the_distance(lat, lon, radius_m, azimuth_deg):
    south, west, north, east = box_about(Position(lat, lon), radius_m)
    there_lat, there_lon = (float(v) for v in wgs84.direct(lat, lon, azimuth_deg, radius_m))
    assert south <= there_lat <= north
    assert (there_lon - west) % 360 <= east - west + 1e-9 or east - west >= 360 - 1e-9 or abs(there_lat) > 89.999999


def test_near_a_pole_all_longitudes_are_held_and_memory_is_not(tmp_path):
    ring = [sheet_of(np.full((61, 361), 2_000), 90.0, -180.0, 0.05, 1.0)]
    terrain = terrain_about(ring, Position(89.0, 10.0), 200_000.0)
    assert terrain.lowest_m.shape[1] == 360 * terrain.per_degree_lon
    assert (terrain.lowest_m == 2_000).all()
    assert terrain.lowest_m.size < 1_000_000


def test_files_that_are_not_there_or_no_height_files_are_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="no height file in"):
        terrain_sheets([tmp_path])
    with pytest.raises(UnreadableFile, match="there is no file"):
        terrain_sheets([tmp_path / "N33E035.hgt"])
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(UnreadableFile, match=r"notes\.txt is no height file"):
        terrain_sheets([tmp_path / "notes.txt"])


def test_a_folder_holds_both_formats_and_other_files_are_left(tmp_path):
    (tmp_path / "deep").mkdir()
    write_hgt(tmp_path / "deep")
    write_geotiff(tmp_path / "a.TIF", hills(121))
    (tmp_path / "notes.txt").write_text("x")
    assert [sheet.path.name for sheet in terrain_sheets([tmp_path])] == ["a.TIF", "N33E035.hgt"]


def test_more_files_than_are_opened_are_refused(tmp_path, monkeypatch):
    from detente.geodesy import terrain

    monkeypatch.setattr(terrain, "MOST_FILES", 1)
    for name in ("N33E035", "N34E035"):
        (tmp_path / f"{name}.hgt").touch()
    with pytest.raises(TooLarge, match="2 height files"):
        terrain_sheets([tmp_path])
