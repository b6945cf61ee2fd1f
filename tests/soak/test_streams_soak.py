"""Streams at size: tracks against every pair, positions against peers that look for them in three other ways."""

import numpy as np
import pytest
from bench.streams import SLOW, all_pairs, drawn_tracks, ours, positions_at


@pytest.mark.soak
@pytest.mark.parametrize("seed", [5, 6])
def test_thirty_thousand_tracks_come_close_where_every_pair_says(seed):
    tracks = drawn_tracks(30_000, seed)
    found = ours(tracks)
    assert np.array_equal(found, all_pairs(tracks))
    assert len(found) > 10_000


@pytest.mark.soak
def test_a_million_positions_are_in_the_volumes_that_peers_find():
    rows = positions_at(300_000, lambda _: None, rounds=1)
    assert all(row.holds for row in rows), rows
    assert all(row.pairs > 50_000 for row in rows if row.contender not in SLOW)
