"""The synthetic sheet that comes with the tests: what its script makes, read as a file, and swept as the slow walk finds it."""

import gzip
import importlib.util
from pathlib import Path

import numpy as np

from detente.domain import Position, agl, amsl
from detente.geodesy import wgs84
from detente.geodesy.hgt import VOID
from detente.geodesy.terrain import terrain_about, terrain_sheets
from detente.hazard import Antenna, cover, terrain_radius_m
from line_of_sight import is_seen

FOLDER = Path(__file__).parents[1] / "vectors" / "terrain"
PLACE = Position(33.45, 35.2)


def made():
    spec = importlib.util.spec_from_file_location("make_terrain", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.heights()


def test_the_sheet_is_what_its_script_makes():
    assert gzip.decompress((FOLDER / "N33E035.hgt.gz").read_bytes()) == made().tobytes()


def test_the_sheet_is_read_with_its_voids():
    (sheet,) = terrain_sheets([FOLDER])
    posts = sheet.posts()
    assert np.array_equal(posts.lowest_m, made())
    assert (posts.lowest_m == VOID).sum() == 40 * 60


def test_the_range_hides_the_valley_behind_it_but_for_its_pass():
    antenna = Antenna(PLACE, 0.0, agl(40))
    terrain = terrain_about(terrain_sheets([FOLDER]), PLACE, terrain_radius_m(antenna, 40_000.0))
    swept = cover(antenna, 40_000.0, terrain=terrain, cell_m=150.0)
    here = PLACE.latitude_deg, PLACE.longitude_deg
    draw = np.random.default_rng(0)
    lat, lon = wgs84.direct(*here, draw.uniform(40, 130, 150), draw.uniform(22_000, 39_000, 150))
    for altitude_m in (700, 1_500, 3_000):
        walked = [
            is_seen(terrain, swept.smooth_amsl_m, here, swept.antenna_amsl_m, target, altitude_m, 40.0)
            for target in zip(lat.tolist(), lon.tolist(), strict=True)
        ]
        drawn = swept.may_see(lat, lon, amsl(altitude_m))
        assert not (np.array(walked) & ~drawn).any()
        assert drawn.sum() - sum(walked) <= 8
    assert not swept.may_see(33.6, 35.6, amsl(1_500))
    through_the_pass = 1 - 640 / 1200 + 33
    assert swept.may_see(through_the_pass, 35.6, amsl(1_500))
