"""The answers of screening against the slow, obvious definition in `tests/oracle`, on pairs drawn where it hurts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims import judge
from detente.domain import Answer, Circle, Minima, Position, Volume4D
from detente.screening import lateral_distance_m, separation
from hard_pairs import PAIR_KINDS, draw_pair, moved
from hard_volumes import dress
from oracle import lateral_distance_m as oracle_distance_m
from strategies import footprints, grids, volumes

PAIRS_OF_A_KIND = 100
VOLUMES_OF_A_PAIR = 2


@pytest.mark.parametrize("kind", PAIR_KINDS)
def test_no_answer_breaks_a_claim(kind):
    rng = np.random.default_rng(list(kind.encode()))
    broken = []
    for _ in range(PAIRS_OF_A_KIND):
        pair = draw_pair(rng, kind)
        lateral_m = oracle_distance_m(pair.a, pair.b)
        for _ in range(VOLUMES_OF_A_PAIR):
            a, b, minima = dress(rng, pair, lateral_m)
            finding = judge(a, b, minima, lateral_m)
            if finding.broken:
                broken.append((finding.broken, lateral_m, minima, a, b))
    assert not broken, f"{len(broken)} of {PAIRS_OF_A_KIND * VOLUMES_OF_A_PAIR}, the first: {broken[0]}"


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_no_answer_breaks_a_claim_on_a_small_grid_where_everything_touches(data):
    grid = data.draw(grids)
    a, b = data.draw(volumes(grid)), data.draw(volumes(grid))
    lateral_m = oracle_distance_m(a.footprint, b.footprint)
    near = st.sampled_from([0.0, -2.5, -1.0, -0.3, 0.3, 1.0, 2.5]).map(lambda by: max(0.0, lateral_m + by))
    minima = Minima(data.draw(near | st.just(0.0)), data.draw(st.sampled_from([0.0, 100.0])), 60.0)
    assert judge(a, b, minima, lateral_m).broken == ()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_distances_on_a_small_grid_are_right_to_six_centimetres(data):
    grid = data.draw(grids)
    a, b = data.draw(footprints(grid)), data.draw(footprints(grid))
    assert lateral_distance_m(a, b) == pytest.approx(oracle_distance_m(a, b), abs=0.06)


def test_circles_with_centres_a_few_metres_apart_are_never_lost():
    """Once in 66 such pairs the two bounds on the distance, equal but for rounding, crossed, and the pair was told CLEAR."""
    rng = np.random.default_rng(1)
    for _ in range(300):
        centre = Position(float(rng.uniform(-90, 90)), float(rng.uniform(-180, 180)))
        other = moved(centre, float(rng.uniform(0, 360)), float(rng.uniform(0.5, 5.0)))
        assert lateral_distance_m(Circle(centre, 0.1), Circle(other, 0.1)) == pytest.approx(
            oracle_distance_m(Circle(centre, 0.1), Circle(other, 0.1)), abs=0.001
        )
        assert lateral_distance_m(Circle(centre, 500.0), Circle(other, 500.0)) == 0.0


def test_what_lies_far_beyond_the_minimum_is_clear_whatever_the_minimum_rounds_to():
    """A search that stops at the minimum gave it back as the distance, and rounding made that POSSIBLE."""
    rng = np.random.default_rng(2)
    for _ in range(300):
        pair = draw_pair(rng, "wide region")
        lateral_m = oracle_distance_m(pair.a, pair.b)
        if lateral_m > 100.0:
            minima = Minima(lateral_m * rng.uniform(0.0, 0.9), 0.0, 0.0)
            assert separation(Volume4D(pair.a), Volume4D(pair.b), minima).answer is Answer.CLEAR
