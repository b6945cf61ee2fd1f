"""What the benchmark compares is the same question, and what it says of an aim is what was measured."""

import numpy as np
import pytest
from bench import hazard
from bench.aims import Aim, aims
from bench.results import as_markdown
from bench.streams import ENGINE, all_pairs, drawn_tracks, ours, positions_at

from detente.domain import amsl
from detente.hazard import Antenna, cover

EMPTY = {"batch": [], "online": [], "positions": [], "tracks": [], "small": []}


def test_peers_find_positions_in_the_volumes_in_which_the_index_finds_them():
    rows = positions_at(20_000, lambda _: None, rounds=1, asked=30_000)
    assert len(rows) == 5
    assert all(row.holds for row in rows), rows
    assert rows[0].contender == ENGINE
    assert rows[0].pairs > 100


@pytest.mark.parametrize("seed", range(5))
def test_tracks_come_close_where_every_pair_says(seed):
    tracks = drawn_tracks(3_000, seed)
    found = ours(tracks)
    assert np.array_equal(found, all_pairs(tracks))
    assert len(found) > 50


@pytest.mark.parametrize(
    ("measured", "at_least", "word"),
    [(14.99, True, "**missed**"), (15.0, True, "met"), (15.01, False, "**missed**"), (None, True, "not measured")],
)
def test_an_aim_is_met_only_where_the_measure_reaches_it(measured, at_least, word):
    assert str(Aim("a", 15, measured, " ×", at_least=at_least)).endswith(f"| {word} |")


def test_what_was_not_measured_is_never_met():
    assert {aim.met for aim in aims(EMPTY)} == {None}
    page = as_markdown(EMPTY | {"machine": {}, "day": "2018-09-17", "whole": False})
    assert page.count("not measured") == len(aims(EMPTY))


def test_the_march_that_a_cover_is_measured_beside_says_the_same():
    antenna = Antenna(hazard.PLACE, 0.0, amsl(hazard.ANTENNA_M))
    terrain = hazard.made_up_terrain(antenna, 20_000.0)
    made = cover(antenna, 20_000.0, terrain=terrain, cell_m=400.0)
    for wedge in (0, 100, 313):
        assert hazard.march(made, terrain, wedge) == made.floor_m[wedge].tolist()
