"""GeoTIFF elevations: what is read, and that all else is refused by what it is."""

import numpy as np
import pytest

from detente.domain import Position, TooLarge, UnreadableFile
from detente.geodesy import elevation, geotiff
from detente.geodesy.elevation import VOID_HIGHEST_M, VOID_LOWEST_M
from detente.geodesy.geotiff import open_geotiff
from detente.geodesy.hgt import open_hgt
from detente.geodesy.terrain import terrain_about
from terrain_world import WGS84_KEYS, hills, write_geotiff, write_hgt

small = hills(121)


def keyed(**changed):
    """The keys with some changed or added, by their numbers: k1024=1."""
    keys = dict(zip(WGS84_KEYS[4::4], WGS84_KEYS[7::4], strict=True)) | {
        int(name[1:]): value for name, value in changed.items()
    }
    return (1, 1, 0, len(keys), *(number for key, value in sorted(keys.items()) for number in (key, 0, 1, value)))


def test_the_same_ground_as_geotiff_and_as_height_file_is_the_same_terrain(tmp_path):
    tif = open_geotiff(write_geotiff(tmp_path / "a.tif", hills(), step=1 / 1200))
    hgt = open_hgt(write_hgt(tmp_path))
    about = Position(33.5, 35.5), 20_000.0
    one, other = (terrain_about([sheet], *about) for sheet in (tif, hgt))
    assert (one.south_deg, one.west_deg, one.per_degree) == (other.south_deg, other.west_deg, other.per_degree)
    assert np.array_equal(one.lowest_m, other.lowest_m)
    assert np.array_equal(one.highest_m, other.highest_m)


@pytest.mark.parametrize("kind", ["int16", "int32", "uint16", "float32", "float64"])
@pytest.mark.parametrize("packing", [None, "deflate", "lzw"])
def test_every_kind_of_number_and_common_packing_is_read(tmp_path, kind, packing):
    posts = open_geotiff(write_geotiff(tmp_path / "a.tif", small.astype(kind), compression=packing)).posts()
    assert np.array_equal(posts.lowest_m, small)


def test_cells_that_stand_for_areas_have_their_post_in_the_middle(tmp_path):
    points = open_geotiff(write_geotiff(tmp_path / "a.tif", small))
    areas = open_geotiff(write_geotiff(tmp_path / "b.tif", small, keys=keyed(k1025=1)))
    half = 1 / 240
    assert areas.north_deg == pytest.approx(points.north_deg - half)
    assert areas.west_deg == pytest.approx(points.west_deg + half)


def test_fractions_of_a_metre_are_held_outward(tmp_path):
    posts = open_geotiff(write_geotiff(tmp_path / "a.tif", np.array([[10.2, -0.3], [5.0, 7.9]], np.float32))).posts()
    assert posts.lowest_m.tolist() == [[10, -1], [5, 7]]
    assert posts.highest_m.tolist() == [[11, 0], [5, 8]]


@pytest.mark.parametrize("void", [np.nan, np.inf, -9999.0, -32_768.0])
def test_voids_are_not_guessed(tmp_path, void):
    heights = np.array([[10.0, void], [5.0, 7.0]], np.float32)
    posts = open_geotiff(write_geotiff(tmp_path / "a.tif", heights, nodata=-9999)).posts()
    assert posts.lowest_m.tolist() == [[10, VOID_LOWEST_M], [5, 7]]
    assert posts.highest_m.tolist() == [[10, VOID_HIGHEST_M], [5, 7]]


def test_a_void_value_that_is_not_named_is_refused_not_taken_for_a_valley(tmp_path):
    heights = np.array([[10.0, -99_999.0], [5.0, 7.0]], np.float32)
    with pytest.raises(UnreadableFile, match="which value marks a void"):
        open_geotiff(write_geotiff(tmp_path / "a.tif", heights)).posts()


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"keys": keyed(k1024=1, k3072=32636)}, "map projection .EPSG 32636"),
        ({"keys": keyed(k2048=4230)}, "datum EPSG 4230, not WGS 84"),
        ({"keys": keyed(k2048=32767)}, "datum that is not named"),
        ({"keys": keyed(k2054=9101)}, "angle unit EPSG 9101"),
        ({"keys": keyed(k4096=4979)}, "heights above EPSG 4979"),
        ({"keys": keyed(k4099=9002)}, "heights in the unit EPSG 9002"),
        ({"tie": (0.0, 0.0, 0.0, 34.0, 135.0, 0.0)}, "may be swapped"),
        ({"tie": (0.0, 0.0, 0.0, 35.0, float("nan"), 0.0)}, "steps of"),
        ({"scale": (0.0, 0.1, 0.0)}, "steps of"),
        ({"scale": (-0.1, 0.1, 0.0)}, "steps of"),
        ({"more": [(34_264, "d", 16, (1.0, 0.1) + (0.0,) * 14, True)]}, "rotated"),
        ({"tie": (0.0,) * 12}, "tied at several points"),
    ],
)
def test_what_lies_otherwise_is_refused_by_what_it_is(tmp_path, options, what):
    if "tie" in options and len(options["tie"]) == 12:
        tie = options.pop("tie")
        options["more"] = []
        import tifffile

        keys = (34_735, "H", len(WGS84_KEYS), WGS84_KEYS, True)
        tifffile.imwrite(
            tmp_path / "a.tif",
            small,
            metadata=None,
            extratags=[(33_550, "d", 3, (0.1, 0.1, 0.0), True), (33_922, "d", 12, tie, True), keys],
        )
    else:
        write_geotiff(tmp_path / "a.tif", small, **options)
    with pytest.raises(UnreadableFile, match=what):
        open_geotiff(tmp_path / "a.tif")


def test_a_plain_picture_is_refused(tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", small)
    with pytest.raises(UnreadableFile, match="where it lies is not stated"):
        open_geotiff(tmp_path / "a.tif")
    (tmp_path / "b.tif").write_bytes(b"not a picture")
    with pytest.raises(UnreadableFile, match="not a TIFF"):
        open_geotiff(tmp_path / "b.tif")


def test_several_bands_or_images_are_refused(tmp_path):
    write_geotiff(
        tmp_path / "a.tif", np.stack([small, small], axis=-1), planarconfig="contig", photometric="minisblack"
    )
    with pytest.raises(UnreadableFile, match="not one band"):
        open_geotiff(tmp_path / "a.tif")
    write_geotiff(tmp_path / "b.tif", np.stack([small, small]), photometric="minisblack")
    with pytest.raises(UnreadableFile, match="2 images"):
        open_geotiff(tmp_path / "b.tif")


def test_a_file_cut_short_is_refused_when_it_is_read(tmp_path):
    whole = write_geotiff(tmp_path / "a.tif", small, compression="deflate").read_bytes()
    (tmp_path / "b.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableFile, match=r"b\.tif"):
        open_geotiff(tmp_path / "b.tif").posts()


def test_a_file_larger_than_we_hold_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = write_geotiff(tmp_path / "a.tif", small)
    monkeypatch.setattr(geotiff, "MOST_POSTS", small.size - 1)
    with pytest.raises(TooLarge, match="14,641 posts"):
        open_geotiff(path)
    assert elevation.MOST_POSTS == 100_000_000
