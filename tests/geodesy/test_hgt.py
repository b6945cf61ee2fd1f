"""SRTM height files: what the name and the bytes say, and what is refused."""

import gzip
import zipfile

import numpy as np
import pytest

from detente.domain import UnreadableFile
from detente.geodesy.elevation import VOID_HIGHEST_M, VOID_LOWEST_M
from detente.geodesy.hgt import open_hgt
from terrain_world import SIDE, VOID, hills, write_hgt


@pytest.mark.parametrize("packed", ["", ".gz", ".zip"])
def test_a_sheet_stands_where_its_name_says_and_says_what_its_bytes_say(tmp_path, packed):
    sheet = open_hgt(write_hgt(tmp_path, packed=packed))
    assert (sheet.south_deg, sheet.north_deg, sheet.west_deg, sheet.east_deg) == pytest.approx((33, 34, 35, 36))
    posts = sheet.posts()
    assert np.array_equal(posts.lowest_m, hills())
    assert np.array_equal(posts.highest_m, hills())


def test_a_sheet_of_one_second_is_read(tmp_path):
    sheet = open_hgt(write_hgt(tmp_path, "S01W080", hills(3601)))
    assert (sheet.south_deg, sheet.west_deg, sheet.step_lat_deg) == pytest.approx((-1, -80, 1 / 3600))
    assert sheet.posts().lowest_m[3600, 5] == hills(3601)[3600, 5]


def test_a_void_is_not_guessed(tmp_path):
    heights = hills()
    heights[7, 11] = VOID
    posts = open_hgt(write_hgt(tmp_path, heights=heights)).posts()
    assert (posts.lowest_m[7, 11], posts.highest_m[7, 11]) == (VOID_LOWEST_M, VOID_HIGHEST_M)
    assert (posts.lowest_m == VOID_LOWEST_M).sum() == (posts.highest_m == VOID_HIGHEST_M).sum() == 1


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("E035N33", "latitude comes first"),
        ("relief", "south-western post"),
        ("N33E0355", "place is in its name"),
        ("N90E035", "lies on no Earth"),
        ("N33E180", "lies on no Earth"),
    ],
)
def test_a_name_that_is_no_place_is_refused(tmp_path, name, what):
    with pytest.raises(UnreadableFile, match=what):
        open_hgt(write_hgt(tmp_path, name))


@pytest.mark.parametrize("size", [0, 1, 2 * SIDE * SIDE - 1, 2 * SIDE * SIDE + 2])
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_a_size_that_is_no_sheets_is_refused(tmp_path, size, packed):
    path = tmp_path / f"N33E035.hgt{packed}"
    path.write_bytes(gzip.compress(bytes(size), 1) if packed else bytes(size))
    with pytest.raises(UnreadableFile, match="a height file holds"):
        open_hgt(path)


def test_an_archive_that_swells_past_a_sheet_is_refused_unread(tmp_path):
    path = tmp_path / "N33E035.hgt.gz"
    path.write_bytes(gzip.compress(bytes(80_000_000), 1))
    with pytest.raises(UnreadableFile, match=f"{2 * 3601**2 + 1:,} bytes"):
        open_hgt(path)


def test_a_damaged_archive_is_refused_by_name(tmp_path):
    whole = write_hgt(tmp_path, packed=".gz").read_bytes()
    cut = tmp_path / "N34E035.hgt.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    nothing = tmp_path / "N35E035.hgt.zip"
    nothing.write_bytes(b"PK nothing")
    for path in (cut, nothing):
        with pytest.raises(UnreadableFile, match=path.name):
            open_hgt(path)


def test_an_archive_of_two_sheets_is_refused(tmp_path):
    path = tmp_path / "N33E035.hgt.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("N33E035.hgt", "N34E035.hgt"):
            archive.writestr(name, b"")
    with pytest.raises(UnreadableFile, match="2 height files"):
        open_hgt(path)


@pytest.mark.parametrize("height", [9_001, -12_001, 32_767])
def test_heights_that_no_ground_has_are_refused(tmp_path, height):
    heights = hills()
    heights[0, 0] = height
    with pytest.raises(UnreadableFile, match="no ground lies"):
        open_hgt(write_hgt(tmp_path, heights=heights)).posts()
