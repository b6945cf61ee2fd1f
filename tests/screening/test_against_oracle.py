"""The answers of screening against the slow, obvious definition in `tests/oracle`, on pairs drawn where it hurts."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claims import judge, wrong_in_a_crowd
from detente.domain import (
    WORLD,
    AltitudeBand,
    Answer,
    Arena,
    Circle,
    Corridor,
    Minima,
    Polygon,
    Position,
    PressureBounds,
    TerrainBounds,
    TimeWindow,
    Uncertainty,
    Volume4D,
    agl,
    amsl,
)
from detente.screening import lateral_distance_m, separation
from hard_pairs import PAIR_KINDS, draw_pair, moved
from hard_volumes import EVENING_US, dress, mixed_bands, worlds
from oracle import lateral_distance_m as oracle_distance_m
from oracle.geodesics import inverse
from oracle.meeting import vertical_answers
from strategies import footprints, grids, volumes

PAIRS_OF_A_KIND = 80
VOLUMES_OF_A_PAIR = 2
EDGE_M = np.array([-12_499.0, 12_499.0])
HOUR = TimeWindow(EVENING_US, EVENING_US + 3_600_000_000)


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
@settings(max_examples=200, deadline=None)
def test_no_answer_breaks_a_claim_on_a_small_grid_where_everything_touches(data):
    grid = data.draw(grids)
    a, b = data.draw(volumes(grid)), data.draw(volumes(grid))
    lateral_m = oracle_distance_m(a.footprint, b.footprint)
    near = st.sampled_from([0.0, -2.5, -1.0, -0.3, 0.3, 1.0, 2.5]).map(lambda by: max(0.0, lateral_m + by))
    minima = Minima(data.draw(near | st.just(0.0)), data.draw(st.sampled_from([0.0, 100.0])), 60.0)
    assert judge(a, b, minima, lateral_m).broken == ()


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_distances_on_a_small_grid_are_right_to_six_centimetres(data):
    grid = data.draw(grids)
    a, b = data.draw(footprints(grid)), data.draw(footprints(grid))
    assert lateral_distance_m(a, b) == pytest.approx(oracle_distance_m(a, b), abs=0.06)


@pytest.mark.parametrize("latitude_deg", [0.0, 34.0, -80.0])
@pytest.mark.parametrize("seed", [27, 28, 31])
def test_nearly_parallel_edges_far_apart_are_measured_to_a_centimetre(latitude_deg, seed):
    """The plane they are laid out in chose the wrong end of one pair in fifty or so, by up to 16 cm."""
    rng = np.random.default_rng(seed)
    for _ in range(60):
        middle, bearing_deg = Position(latitude_deg, float(rng.uniform(-180, 180))), float(rng.uniform(0, 360))
        aside = moved(middle, bearing_deg + 90.0, float(rng.uniform(120_000.0, 200_000.0)))
        back_deg = float(inverse(*_degrees(aside), *_degrees(middle))[0])
        turn_deg = float(rng.choice([0, 1e-6, 1e-4, 1e-3, 1e-2, 0.1]) * rng.choice([-1, 1]))
        lines = []
        for place, course_deg in ((middle, bearing_deg), (aside, back_deg + 90.0 + turn_deg)):
            along_m, length_m = rng.uniform(-15_000.0, 15_000.0), rng.choice([25_000.0, 12_000.0, 80_000.0])
            lines.append(
                Corridor(tuple(moved(place, course_deg, along_m + end * length_m) for end in (-0.5, 0.5)), 1.0)
            )
        assert lateral_distance_m(*lines) == pytest.approx(oracle_distance_m(*lines), abs=0.01)


@pytest.mark.parametrize("latitude_deg", [0.0, 34.0, -80.0])
def test_nearly_parallel_edges_that_cross_touch_and_those_that_just_do_not_are_told_apart(latitude_deg):
    rng = np.random.default_rng(26)
    for _ in range(60):
        middle, bearing_deg = Position(latitude_deg, float(rng.uniform(-180, 180))), float(rng.uniform(0, 360))
        turn_deg = float(10.0 ** rng.uniform(-6, -1))
        a = Corridor(tuple(moved(middle, bearing_deg, along_m) for along_m in EDGE_M), 0.001)
        across = Corridor(tuple(moved(middle, bearing_deg + turn_deg, along_m) for along_m in EDGE_M), 0.001)
        assert lateral_distance_m(a, across) == 0.0
        aside = moved(middle, bearing_deg + 90.0, float(rng.uniform(0.2, 3_000.0)))
        beside = Corridor(tuple(moved(aside, bearing_deg + turn_deg, along_m) for along_m in EDGE_M), 0.001)
        assert lateral_distance_m(a, beside) == pytest.approx(oracle_distance_m(a, beside), abs=0.06)


def _degrees(position):
    return position.latitude_deg, position.longitude_deg


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
    """A search that stops at the minimum gave it back as the distance, and taking off the radii then made that POSSIBLE."""
    region = Polygon(
        (
            Position(-15.564634087466095, 15.416030458550756),
            Position(-5.894016714677343, -20.090007038450928),
            Position(16.73087849023749, -8.313110431634637),
        )
    )
    circle = Circle(Position(-7.947153753287559, -16.198342349846452), 9451.300364122704)
    lateral_m = oracle_distance_m(region, circle)
    for share in np.linspace(0.9, 0.98, 100):
        minima = Minima(lateral_m * share, 0.0, 0.0)
        assert separation(Volume4D(region), Volume4D(circle), minima).answer is Answer.CLEAR


def test_altitudes_of_different_references_never_clear_what_meets_in_a_possible_world():
    """And they are CONFLICT only where the bands are within the minimum in every world the arena allows.

    Near Timbuktu, where EGM96 lies 28.7068 m above the ellipsoid. Source: the GeoidEval manual page of GeographicLib.
    """
    rng = np.random.default_rng(1013)
    timbuktu = Position(16 + 46.55 / 60, -3 - 0.5666666 / 60)
    levant_like = Arena(
        "bounds", terrain=TerrainBounds(-10.0, 900.0), pressure=PressureBounds(990.0, 1030.0, 0.95, 1.05)
    )
    told = Counter()
    for _ in range(800):
        arena = (WORLD, levant_like)[rng.integers(2)]
        altitudes = mixed_bands(rng)
        sure = [Uncertainty(altitude_m=float(rng.choice([0.0, 0.0, 40.0]))) for _ in altitudes]
        a, b = (Volume4D(Circle(timbuktu, 100.0), band, HOUR, u) for band, u in zip(altitudes, sure, strict=True))
        minima = Minima(0.0, float(rng.choice([0.0, 100.0, 304.8])), 0.0)
        allowed = vertical_answers(a, b, minima.vertical_m, worlds(rng, arena, geoid_m=28.7068, count=10))
        found = separation(a, b, minima, arena=arena)
        assert allowed.least <= found.answer <= allowed.most, (
            str(a.altitude),
            str(b.altitude),
            sure,
            minima,
            arena.name,
        )
        assert separation(b, a, minima, arena=arena).answer is found.answer
        told[found.answer] += 1
    assert min(told[answer] for answer in Answer) > 50  # the draw reaches all three


def test_what_is_above_the_ground_is_told_no_farther_than_some_ground_could_put_it():
    """The stated separation is the largest over all the ground there may be, sampled metre by metre, but for the geoid's margin."""
    rng = np.random.default_rng(1701)
    arena = Arena("bounds", terrain=TerrainBounds(-100.0, 4000.0))
    timbuktu = Circle(Position(16 + 46.55 / 60, -3 - 0.5666666 / 60), 100.0)
    told = Counter()
    for _ in range(60):
        (low_m, high_m), (floor_m, ceiling_m) = np.sort(
            rng.uniform([[0, 0], [-200, -200]], [[3000, 3000], [5000, 5000]])
        )
        ceiling_m = max(ceiling_m, arena.terrain.lowest_amsl_m)
        drone = Volume4D(timbuktu, AltitudeBand(agl(low_m), agl(high_m)), HOUR)
        flight = Volume4D(timbuktu, AltitudeBand(amsl(min(floor_m, ceiling_m)), amsl(ceiling_m)), HOUR)
        grounds_m = np.arange(arena.terrain.lowest_amsl_m, min(ceiling_m, arena.terrain.highest_amsl_m) + 1.0, 1.0)
        grounds_m = np.minimum(grounds_m, min(ceiling_m, arena.terrain.highest_amsl_m))
        apart_m = np.maximum(flight.altitude.lower.value_m - (grounds_m + high_m), grounds_m + low_m - ceiling_m)
        found = separation(drone, flight, Minima(0.0, 1e6, 0.0), arena=arena).vertical_m
        assert found.least <= max(0.0, apart_m.min()) <= max(0.0, apart_m.max()) <= found.stated + 1e-9
        assert found.stated <= max(0.0, apart_m.max()) + 60.0
        told[low_m > 0 and abs(found.stated - low_m) < 1.0] += 1
    assert told[True] > 5  # ground at the ceiling decides often enough


@pytest.mark.parametrize("pair_count", [60, 400])
def test_a_whole_crowd_is_told_what_its_pairs_are_told(pair_count):
    """By the sweep and the exact predicate, and by the compiled kernels; neither may lose a pair on the way."""
    rng = np.random.default_rng(pair_count)
    pairs = [draw_pair(rng) for _ in range(pair_count)]
    assert wrong_in_a_crowd(rng, [(pair, oracle_distance_m(pair.a, pair.b)) for pair in pairs]) == []
