"""The engine answers what the exact predicate answers for every pair, whatever the grid, the threads, the order or the machine."""

import math
import os
import subprocess
import sys
from dataclasses import dataclass, fields, replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.domain import (
    ALL_ALTITUDES,
    SURFACE,
    UNLIMITED_ABOVE,
    UNSTATED_BAND,
    WORLD,
    Activity,
    AltitudeBand,
    Answer,
    Arena,
    Circle,
    Corridor,
    Minima,
    MinimaRule,
    MultiPolygon,
    Notice,
    Polygon,
    Position,
    PressureBounds,
    TerrainBounds,
    TimeWindow,
    TooLarge,
    Uncertainty,
    Understanding,
    Volume4D,
    agl,
    amsl,
    flight_level,
    hae,
)
from detente.geodesy import wgs84
from detente.screening import engine, kernels, lateral, scene, screen
from detente.screening.pair import LATERAL_MARGIN_M, Prepared, lateral_separation_m, prepare, separation_of
from detente.screening.shape import Shape, shape_of
from hard_pairs import MAKERS, REGIONS, a_size, any_footprint, draw_pair, moved

SEED = 20180917
HOUR_US = 3_600_000_000
NIGHT_US = 1_537_207_200_000_000
ALWAYS = TimeWindow(NIGHT_US, NIGHT_US + HOUR_US)
TOUCH = Minima(0.0, 0.0, 0.0)
LEVANT = Arena("L", terrain=TerrainBounds(-430.0, 3_100.0))


@dataclass(frozen=True)
class Scene:
    """Volumes with their parties and activities, and what the minima are between activities."""

    volumes: tuple[Volume4D, ...]
    parties: tuple[int, ...]
    activities: tuple[int, ...]
    minima: tuple[tuple[Minima, ...], ...]
    arena: Arena = WORLD

    @property
    def table(self):
        return np.array([[(m.lateral_m, m.vertical_m, m.time_s) for m in row] for row in self.minima])


def scene_of(*footprints, minima=TOUCH, band=ALL_ALTITUDES, window=ALWAYS, arena=WORLD):
    """Each footprint its own party's."""
    volumes = tuple(f if isinstance(f, Volume4D) else Volume4D(f, band, window) for f in footprints)
    return Scene(volumes, tuple(range(len(volumes))), (0,) * len(volumes), ((minima,),), arena)


def by_the_engine(s, threads=1):
    """{(i, j): answer} of pairs that are not CLEAR, and the raw result."""
    prepared = [prepare(v) for v in s.volumes]
    rows, owner = engine.arrays_of(prepared, s.parties, s.activities, s.arena)
    found = engine.find_meetings(rows, s.table, exact_for(prepared, owner, s), threads=threads)
    answers = {}
    for (i, j), answer in zip(found.pairs.tolist(), found.answers.tolist(), strict=True):
        key = int(owner[i]), int(owner[j])
        answers[key] = max(answers.get(key, Answer.CLEAR), Answer(answer))
    return answers


def exact_for(prepared: list[Prepared], owner, s: Scene):
    """The lateral answer of two rows, by the exact predicate's own rule."""
    cores = [alone(p, core) for p in prepared for core in p.shape.cores]

    def exact(i, j):
        within_m = s.minima[s.activities[owner[i]]][s.activities[owner[j]]].lateral_m
        apart_m, _ = lateral_separation_m(cores[i], cores[j], within_m)
        if apart_m.least > within_m:
            return Answer.CLEAR
        return Answer.CONFLICT if apart_m.stated <= within_m + lateral.RESOLUTION_M else Answer.POSSIBLE

    return exact


def alone(p: Prepared, core):
    """One core of a volume, as a volume of its own."""
    one = Prepared(p.volume, p.below_ground)
    one.__dict__["shape"] = Shape((core,))
    return one


def by_the_predicate(s):
    prepared = [prepare(v) for v in s.volumes]
    answers = {}
    for i, j in combinations(range(len(prepared)), 2):
        if s.parties[i] != s.parties[j]:
            minima = s.minima[s.activities[i]][s.activities[j]]
            answer = separation_of(prepared[i], prepared[j], minima, s.arena).answer
            if answer is not Answer.CLEAR:
                answers[i, j] = answer
    return answers


# Scenes drawn at random


def a_window(rng):
    if rng.random() < 0.05:
        return TimeWindow.between(None, None)
    start_us = NIGHT_US + int(rng.integers(0, 48)) * HOUR_US // 8 + int(rng.choice([0, 0, 1, 299_999_999]))
    end_us = start_us + int(rng.integers(0, 16)) * HOUR_US // 8
    match rng.integers(12):
        case 0:
            return TimeWindow(start_us, TimeWindow.between(None, None).end_us, end_stated=False)
        case 1:
            return TimeWindow(-(2**61), end_us)
        case 2:
            return TimeWindow(NIGHT_US - 50 * 365 * 24 * HOUR_US, end_us)
    return TimeWindow(start_us, end_us)


def a_band(rng, mixed):
    low_m, thick_m = float(rng.integers(0, 60)) * 100.0, float(rng.integers(0, 10)) * 100.0
    reference = int(rng.integers(6 if mixed else 1))
    match reference:
        case 0 | 1:
            of = lambda m: flight_level(m / 30.48)  # noqa: E731
        case 2:
            of = amsl
        case 3:
            of = agl
        case 4:
            of = hae
        case 5:
            return (UNSTATED_BAND, ALL_ALTITUDES, AltitudeBand(amsl(low_m), flight_level(400)))[rng.integers(3)]
    if rng.random() < 0.1:
        return AltitudeBand(SURFACE if mixed else of(low_m), UNLIMITED_ABOVE)
    return AltitudeBand(of(low_m), of(low_m + thick_m))


def an_uncertainty(rng):
    if rng.random() < 0.6:
        return Uncertainty()
    return Uncertainty(float(rng.choice([0, 10, 2_000])), float(rng.choice([0, 50, 300])), float(rng.integers(0, 300)))


MINIMA = (
    (Minima(9_260.0, 304.8, 300.0), Minima(0.0, 0.0, 0.0), Minima(1_852.0, 150.0, 60.0)),
    (Minima(0.0, 0.0, 0.0), Minima(18_520.0, 600.0, 0.0), Minima(0.0, 300.0, 600.0)),
    (Minima(1_852.0, 150.0, 60.0), Minima(0.0, 300.0, 600.0), Minima(500.0, 0.0, 0.0)),
)


def draw_scene(rng, region, count, *, mixed=True, spread_m=400_000.0, largest_m=500_000.0):
    """Volumes of every footprint about a place, in every reference, stated or not; ones of 500 km among ones of 10 m."""
    middle = REGIONS[region](rng)
    volumes = []
    for _ in range(count):
        place = moved(middle, float(rng.uniform(0, 360)), spread_m * float(rng.uniform(0, 1)))
        size_m = max(a_size(rng, largest_m), 10.0)
        footprint = Circle(place, size_m) if rng.random() < 0.2 else any_footprint(rng, place, size_m)
        volumes.append(Volume4D(footprint, a_band(rng, mixed), a_window(rng), an_uncertainty(rng)))
    return dressed(rng, volumes)


def dressed(rng, volumes):
    parties, activities = rng.integers(0, 4, len(volumes)), rng.integers(0, 3, len(volumes))
    arena = LEVANT if rng.random() < 0.5 else WORLD
    return Scene(tuple(volumes), tuple(parties.tolist()), tuple(activities.tolist()), MINIMA, arena)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("mixed", [True, False])
def test_every_pair_is_answered_as_the_exact_predicate_answers_it(region, mixed):
    rng = np.random.default_rng([SEED, mixed])
    for _ in range(4):
        s = draw_scene(rng, region, 70, mixed=mixed)
        assert by_the_engine(s) == by_the_predicate(s)


@pytest.mark.parametrize("region", REGIONS)
def test_a_hot_spot_is_answered_as_the_exact_predicate_answers_it(region):
    s = draw_scene(np.random.default_rng(SEED), region, 90, spread_m=5_000.0, largest_m=20_000.0)
    answers = by_the_predicate(s)
    assert by_the_engine(s) == answers
    assert len(answers) > 100


def test_pairs_drawn_to_be_hard_are_answered_as_the_exact_predicate_answers_them():
    """Tangent to the millimetre, corner on edge, one in the other's hole: where a kernel has to know when it does not know."""
    rng = np.random.default_rng(SEED)
    for _ in range(6):
        pairs = [draw_pair(rng) for _ in range(50)]
        volumes = [Volume4D(f, ALL_ALTITUDES, ALWAYS) for pair in pairs for f in (pair.a, pair.b)]
        s = replace(dressed(rng, volumes), parties=tuple(range(len(volumes))))
        assert by_the_engine(s) == by_the_predicate(s)


tenth = st.integers(-6, 6)
box = st.tuples(tenth, tenth, st.integers(1, 4), st.integers(1, 4))
small_volume = st.tuples(box, st.integers(0, 6), st.integers(0, 2), st.integers(0, 5), st.integers(0, 3))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(small_volume, min_size=2, max_size=25), st.sampled_from([(33, 35), (0, 180), (-70, -180), (89, 0)]))
def test_faces_that_touch_are_found_in_every_dimension(drawn, place):
    """Small integers on purpose: shared edges, equal times and equal altitudes become common."""
    volumes, parties = [], []
    for (y, x, height, width), start, length, lower, party in drawn:
        corners = [(y, x), (y, x + width), (y + height, x + width), (y + height, x)]
        ring = tuple(position(place[0] + p / 10, place[1] + q / 10) for p, q in corners)
        window = TimeWindow(NIGHT_US + start * HOUR_US, NIGHT_US + (start + length) * HOUR_US)
        volumes.append(Volume4D(Polygon(ring), AltitudeBand(amsl(lower * 100), amsl(lower * 100 + 100)), window))
        parties.append(party)
    s = replace(scene_of(*volumes), parties=tuple(parties))
    assert by_the_engine(s) == by_the_predicate(s)


def position(latitude_deg, longitude_deg):
    return Position(latitude_deg, (longitude_deg + 180) % 360 - 180)


@pytest.mark.parametrize("latitude_deg", [-79, -60, 5, 33, 60, 79])
def test_an_edge_reaches_nearer_the_pole_than_both_its_ends(latitude_deg):
    """25 km along a geodesic near 60° N bulge 21 m off the parallel: enough to leave a box of the corners."""
    side = 1 if latitude_deg > 0 else -1
    ends = (Position(latitude_deg, 35.0), moved(Position(latitude_deg, 35.0), 90.0, 24_000.0))
    ends = (ends[0], Position(latitude_deg, ends[1].longitude_deg))
    top = Position(latitude_deg, (ends[0].longitude_deg + ends[1].longitude_deg) / 2)
    bulge_m = lateral.lateral_distance_m(Corridor(ends, 0.001), Circle(top, 0.001))
    beside = [Circle(moved(top, 90.0 - 90.0 * side, bulge_m + off_m), 5.0) for off_m in (-4.0, 0.0, 4.0, 7.0)]
    ring = Polygon((*ends, Position(latitude_deg - 0.2 * side, top.longitude_deg)))
    for footprint in (ring, Corridor(ends, 0.5)):
        s = scene_of(footprint, *beside)
        assert {(0, 1), (0, 2), (0, 3)} <= by_the_engine(s).keys()
        assert by_the_engine(s) == by_the_predicate(s)


@pytest.mark.parametrize("region", ["equator", "Levant", "antimeridian", "anywhere"])
@pytest.mark.parametrize(("uncertainty_m", "answer"), [(0.0, Answer.CONFLICT), (3_000.0, Answer.POSSIBLE)])
def test_a_minimum_apart_due_north_or_east_is_not_lost_between_boxes(region, uncertainty_m, answer):
    """There boxes only just reach each other, wherever the borders of cells are."""
    rng = np.random.default_rng(SEED)
    minimum_m, volumes = 50_000.0, []
    for k in range(60):
        place, radius_m = REGIONS[region](rng), float(rng.uniform(10.0, 5_000.0))
        apart_m = 2 * radius_m + minimum_m + (2 * uncertainty_m - 0.01)
        window = TimeWindow(NIGHT_US + k * HOUR_US, NIGHT_US + k * HOUR_US)
        for centre in (place, moved(place, float(rng.integers(4)) * 90.0, apart_m)):
            volumes.append(Volume4D(Circle(centre, radius_m), ALL_ALTITUDES, window, Uncertainty(uncertainty_m)))
    s = scene_of(*volumes, minima=Minima(minimum_m, 0.0, 0.0))
    assert by_the_engine(s) == {(2 * k, 2 * k + 1): answer for k in range(60)}


# What the kernels compute for themselves


@given(st.floats(-540, 540) | st.integers(-36, 36).map(lambda k: k * 15.0))
def test_sines_and_cosines_are_those_of_the_library(angle_deg):
    sine, cosine = kernels._sin_cos(angle_deg)
    turned = math.radians(math.remainder(angle_deg, 360.0))
    assert abs(sine - math.sin(turned)) < 1e-15
    assert abs(cosine - math.cos(turned)) < 1e-15


@given(st.floats(0, 1))
def test_an_angle_is_at_least_the_arcsine(sine):
    assert math.asin(sine) <= kernels._asin_at_most(sine) <= 1.01 * math.asin(sine)


@given(st.lists(st.integers(-(2**30), 2**30) | st.integers(0, 5), min_size=2, max_size=60))
def test_a_cells_entries_are_laid_by_their_start_and_keep_their_order_where_starts_are_equal(starts):
    head = np.zeros((len(starts), 8), dtype=np.int32)
    head[:, kernels.FROM_S] = starts
    order = np.random.default_rng(SEED).permutation(len(starts)).astype(np.int32)
    laid = np.empty((4, len(starts)), dtype=np.int32)
    kernels._sort_cell(0, len(starts), order, head, np.empty(256, dtype=np.int64), laid)
    assert laid[0].tolist() == np.argsort(np.array(starts)[order], kind="stable").tolist()


@pytest.mark.parametrize("run", [kernels, engine.compiled()])
def test_an_entry_may_be_near_more_than_255_others(run):
    count = 600
    s_box, s_int = np.zeros((4, count), dtype=np.float32), np.zeros((7, count), dtype=np.int32)
    s_int[4], s_int[5] = np.arange(count), 3
    mask, near = np.zeros(count + 8, dtype=np.uint8), np.empty(count + 16, dtype=np.int32)
    assert run._near(0, count, s_box, s_int, mask, mask.view(np.uint64), near) == count - 1
    assert near[: count - 1].tolist() == list(range(1, count))


@given(st.lists(st.integers(0, 2**45 - 1) | st.integers(0, 40), max_size=60), st.sampled_from([45, 55, 62]))
def test_keys_are_sorted_however_many_of_their_bits_are_asked_for(keys, bits):
    given_keys = np.array(keys, dtype=np.int64)
    assert kernels.sorted_keys(given_keys.copy(), np.empty_like(given_keys), bits).tolist() == sorted(keys)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("kind", MAKERS)
def test_the_inner_ball_is_inside_the_footprint_and_the_outer_one_holds_it(region, kind):
    rng = np.random.default_rng(SEED)
    for _ in range(4):
        volume = prepare(
            Volume4D(MAKERS[kind](rng, REGIONS[region](rng), a_size(rng, 100_000.0)), ALL_ALTITUDES, ALWAYS)
        )
        rows, _ = engine.arrays_of([volume], [0], [0], WORLD)
        _, _, real, _ = engine._laid_out(rows, np.zeros((1, 1, 3)), 1)
        for k, core in enumerate(volume.shape.cores):
            row = real[np.flatnonzero(real.view(np.int64)[:, kernels.FIRST] == rows.offset[k])[0]]
            lat, lon = (float(x) for x in wgs84.lat_lon(row[kernels.X : kernels.Z + 1]))
            here, rim = Position(lat, lon), wgs84.lat_lon(core.points)
            far_m = wgs84.inverse(np.full(len(core.lat), lat), np.full(len(core.lat), lon), *rim)[1].max()
            assert row[kernels.OUTER] >= far_m + core.radius_m - 0.001
            for course_deg in np.arange(0.0, 360.0, 30.0) if row[kernels.INNER] > 0.0 else ():
                inside = Circle(moved(here, float(course_deg), row[kernels.INNER] - 0.01), 0.001)
                assert lateral.distance(Shape((core,)), shape_of(inside)).distance_m == 0.0


# What the grid must not see


def tile(south, west, step):
    corners = ((south, west), (south, west + step), (south + step, west + step), (south + step, west))
    return Polygon(tuple(dict.fromkeys(position(min(p, 90), q) for p, q in corners)))


@pytest.mark.parametrize(("south", "west", "step"), [(33, 35, 0.25), (-3, 177, 0.5), (60, -182, 1), (-80, 0, 0.125)])
def test_tiles_of_a_chequerboard_meet_their_eight_neighbours_and_nothing_else(south, west, step):
    side = 12
    s = scene_of(*(tile(south + r * step, west + c * step, step) for r in range(side) for c in range(side)))
    neighbours = {
        (i, j)
        for i, j in combinations(range(side * side), 2)
        if max(abs(i // side - j // side), abs(i % side - j % side)) == 1
    }
    assert by_the_engine(s) == dict.fromkeys(neighbours, Answer.CONFLICT)


def test_tiles_round_the_whole_earth_meet_over_the_seam_and_at_the_poles():
    step, columns, rows = 10, 36, 18
    s = scene_of(*(tile(-90 + r * step, -180 + c * step, step) for r in range(rows) for c in range(columns)))

    def touch(i, j):
        (r1, c1), (r2, c2) = divmod(i, columns), divmod(j, columns)
        at_one_pole = r1 == r2 and r1 in (0, rows - 1)
        return at_one_pole or (abs(r1 - r2) <= 1 and (c1 - c2) % columns in (0, 1, columns - 1))

    neighbours = {(i, j) for i, j in combinations(range(rows * columns), 2) if touch(i, j)}
    assert by_the_engine(s) == dict.fromkeys(neighbours, Answer.CONFLICT)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("_MOST_CELLS", 0), ("_MOST_CELLS", 5), ("_OUT_ROWS", 1), ("_CELL_FACTOR", 0.02), ("_CELL_FACTOR", 50.0)],
)
def test_cell_sizes_and_limits_leave_the_answer_as_it_is(monkeypatch, setting, value):
    rng = np.random.default_rng(SEED)
    scenes = [draw_scene(rng, region, 60) for region in REGIONS]
    before = [by_the_engine(s) for s in scenes]
    monkeypatch.setattr(engine, setting, value)
    assert [by_the_engine(s) for s in scenes] == before


def test_a_volume_over_too_many_cells_for_the_grid_meets_every_one_under_it(monkeypatch):
    monkeypatch.setattr(engine, "_MOST_CELLS", 100)
    rng = np.random.default_rng(SEED)
    small = [Circle(REGIONS["anywhere"](rng), 1_000.0) for _ in range(500)]
    cap = Circle(Position(90.0, 0.0), 5_000_000.0)
    s = scene_of(*small, cap)
    rows, _ = engine.arrays_of([prepare(v) for v in s.volumes], s.parties, s.activities, s.arena)
    grid = engine._grid_of(rows, s.table, 1)
    assert grid.number[grid.big].tolist() == [500]
    found = {i for i, j in by_the_engine(s) if j == 500}
    expected = {i for i, c in enumerate(small) if lateral.lateral_distance_m(c, cap) <= LATERAL_MARGIN_M}
    assert found == expected
    assert 50 < len(expected) < 100


@pytest.mark.parametrize("kind", MAKERS)
def test_one_volume_many_times_meets_itself_in_every_pair_of_parties_without_the_slow_predicate(kind):
    """An area that every party notifies: a thousand copies would ask half a million times."""
    rng = np.random.default_rng(SEED)
    for region in ("Levant", "pole", "antimeridian"):
        s = scene_of(*[MAKERS[kind](rng, REGIONS[region](rng), 5_000.0)] * 300)
        prepared = [prepare(v) for v in s.volumes]
        rows, owner = engine.arrays_of(prepared, s.parties, s.activities, s.arena)
        found = engine.find_meetings(rows, s.table, unasked)
        assert len({(owner[i], owner[j]) for i, j in found.pairs}) == 300 * 299 / 2
        assert set(found.answers.tolist()) == {Answer.CONFLICT}


def unasked(i, j):
    raise AssertionError(f"the exact predicate was asked about {i} and {j}")


def test_a_start_long_ago_does_not_make_the_rest_simultaneous():
    windows = [TimeWindow(NIGHT_US + h * HOUR_US, NIGHT_US + (h + 1) * HOUR_US) for h in range(5)]
    old = TimeWindow(NIGHT_US - 100 * 365 * 24 * HOUR_US, NIGHT_US)
    s = scene_of(*(Volume4D(Circle(Position(0, 0), 1.0), ALL_ALTITUDES, w) for w in (old, *windows)))
    rows, _ = engine.arrays_of([prepare(v) for v in s.volumes], s.parties, s.activities, s.arena)
    grid = engine._grid_of(rows, s.table, 1)
    starts = grid.head.view(np.int32)[np.argsort(grid.number), kernels.FROM_S]
    assert np.diff(starts[1:]).tolist() == [3_600] * 4


# Rings that touch themselves

TRIANGLE = (Position(0, 0), Position(0, 2), Position(2, 0))
INSIDE = (Position(0.2, 0.2), Position(0.2, 1), Position(1, 0.2))
IN_THE_MIDDLE = Circle(Position(0.36, 0.36), 1_000.0)


@pytest.mark.parametrize(
    ("footprint", "answer"),
    [
        (Polygon(TRIANGLE * 2), Answer.CONFLICT),
        (Polygon((*TRIANGLE, TRIANGLE[0], Position(0.2, 1), Position(1, 0.2))), Answer.CONFLICT),
        (Polygon((*TRIANGLE, TRIANGLE[0], Position(1, 0.2), Position(0.2, 1))), Answer.CLEAR),
        (MultiPolygon((Polygon(TRIANGLE), Polygon(TRIANGLE[::-1]))), Answer.CONFLICT),
        (MultiPolygon((Polygon(TRIANGLE, (INSIDE,)), Polygon(INSIDE))), Answer.CONFLICT),
    ],
)
def test_what_a_ring_winds_round_is_inside_however_often(footprint, answer):
    s = scene_of(footprint, IN_THE_MIDDLE)
    assert by_the_engine(s).get((0, 1), Answer.CLEAR) is answer
    assert by_the_engine(s) == by_the_predicate(s)


# Altitudes in several references


def test_limits_in_one_reference_are_compared_as_stated_over_a_steep_geoid():
    """Mean sea level lies some 80 m higher at 80° E than at 100° E; what is stated 100 m apart is 100 m apart all the same."""
    west, east, other = (Circle(Position(5, lon), 1_000.0) for lon in (80, 100, 90))
    s = scene_of(
        Volume4D(west, AltitudeBand(amsl(1_000), amsl(1_100)), ALWAYS),
        Volume4D(east, AltitudeBand(amsl(1_200), amsl(1_300)), ALWAYS),
        Volume4D(other, AltitudeBand(hae(9_000), hae(9_000)), ALWAYS),
        minima=Minima(3_000_000.0, 100.0, 0.0),
        arena=LEVANT,
    )
    assert by_the_engine(s) == by_the_predicate(s) == {(0, 1): Answer.CONFLICT}


def test_levels_are_compared_as_stated_in_air_that_is_warmer_than_standard():
    hot = Arena("H", terrain=TerrainBounds(0, 100), pressure=PressureBounds(1013.0, 1013.5, 1.06, 1.08))
    place = Circle(Position(5, 80), 1_000.0)
    s = scene_of(
        Volume4D(place, AltitudeBand(flight_level(10), flight_level(20)), ALWAYS),
        Volume4D(place, AltitudeBand(flight_level(70), flight_level(80)), ALWAYS),
        Volume4D(place, AltitudeBand(hae(9_000), hae(9_000)), ALWAYS),
        minima=Minima(0.0, 5_000 * 0.3048, 0.0),
        arena=hot,
    )
    assert by_the_engine(s) == by_the_predicate(s) == {(0, 1): Answer.CONFLICT}


# The same answer whoever asks


def rows_of(s):
    prepared = [prepare(v) for v in s.volumes]
    rows, owner = engine.arrays_of(prepared, s.parties, s.activities, s.arena)
    return rows, exact_for(prepared, owner, s)


@pytest.mark.parametrize("threads", [2, 3, 8, None])
def test_any_number_of_threads_gives_the_same_bytes(threads):
    s = draw_scene(np.random.default_rng(SEED), "Levant", 300)
    rows, exact = rows_of(s)
    one = engine.find_meetings(rows, s.table, exact, threads=1)
    many = engine.find_meetings(rows, s.table, exact, threads=threads)
    assert (one.pairs.tobytes(), one.answers.tobytes()) == (many.pairs.tobytes(), many.answers.tobytes())
    assert (one.pairs[:, 0] < one.pairs[:, 1]).all()
    assert np.array_equal(one.pairs, np.unique(one.pairs, axis=0))


@pytest.mark.parametrize("region", REGIONS)
def test_any_order_of_volumes_gives_the_same_meetings(region):
    rng = np.random.default_rng(SEED)
    s = draw_scene(rng, region, 120)
    answers = by_the_engine(s)
    for _ in range(3):
        order = rng.permutation(len(s.volumes))
        shuffled = replace(
            s,
            volumes=tuple(s.volumes[k] for k in order),
            parties=tuple(s.parties[k] for k in order),
            activities=tuple(s.activities[k] for k in order),
        )
        found = by_the_engine(shuffled)
        assert {tuple(sorted((int(order[i]), int(order[j])))): a for (i, j), a in found.items()} == answers


@pytest.mark.parametrize("region", REGIONS)
def test_the_kernels_say_the_same_interpreted_and_compiled(monkeypatch, region):
    s = draw_scene(np.random.default_rng(SEED), region, 60)
    rows, exact = rows_of(s)
    asked = []

    def run():
        asked.clear()
        found = engine.find_meetings(rows, s.table, lambda i, j: asked.append((i, j)) or exact(i, j), threads=1)
        return found.pairs.tolist(), found.answers.tolist(), sorted(asked)

    compiled = run()
    monkeypatch.setattr(engine, "compiled", lambda: kernels)
    assert run() == compiled
    assert compiled[0]


def test_what_the_kernels_leave_open_is_little():
    """Another way to fail: to be right by asking the slow predicate every time."""
    rng = np.random.default_rng(SEED)
    s = draw_scene(rng, "Levant", 400, spread_m=300_000.0, largest_m=30_000.0)
    rows, exact = rows_of(s)
    asked = []
    found = engine.find_meetings(rows, s.table, lambda i, j: asked.append((i, j)) or exact(i, j))
    assert len(asked) < len(found.pairs) / 20


@dataclass
class Told:
    done: list

    def __call__(self, done, total):
        self.done.append((done, total))


@pytest.mark.parametrize("threads", [1, 3])
def test_progress_only_rises_and_reaches_the_end(threads):
    s = draw_scene(np.random.default_rng(SEED), "Levant", 200)
    rows, exact = rows_of(s)
    told = Told([])
    engine.find_meetings(rows, s.table, exact, threads=threads, progress=told)
    assert told.done == sorted(told.done)
    assert told.done[-1][0] == told.done[-1][1] > 0


@pytest.mark.parametrize("threads", [1, 3])
def test_more_pairs_than_there_is_room_for_are_refused_and_as_many_are_not(threads):
    s = scene_of(*[IN_THE_MIDDLE] * 40)
    rows, _ = engine.arrays_of([prepare(v) for v in s.volumes], s.parties, s.activities, s.arena)
    most = 40 * 39 // 2
    assert len(engine.find_meetings(rows, s.table, unasked, threads=threads, most_pairs=most).pairs) == most
    with pytest.raises(TooLarge, match="more than 779 pairs"):
        engine.find_meetings(rows, s.table, unasked, threads=threads, most_pairs=most - 1)


def test_the_bound_on_pairs_holds_before_all_of_them_are_found(monkeypatch):
    monkeypatch.setattr(engine, "_OUT_ROWS", 1)
    s = scene_of(*[IN_THE_MIDDLE] * 100)
    rows, _ = engine.arrays_of([prepare(v) for v in s.volumes], s.parties, s.activities, s.arena)
    held = []
    monkeypatch.setattr(engine, "_sweep_cells", counted(engine._sweep_cells, held))
    with pytest.raises(TooLarge):
        engine.find_meetings(rows, s.table, unasked, threads=1, most_pairs=10)
    assert held == []


def counted(sweep, held):
    def swept(*arguments):
        found = sweep(*arguments)
        held.append(found)
        return found

    return swept


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_volumes_meet_nobody(count):
    assert by_the_engine(scene_of(*[IN_THE_MIDDLE] * count)) == {}


# Behind the public door

ACTIVITIES = (Activity.AIR_OPERATION, Activity.UNMANNED_FLIGHT, Activity.SUBSURFACE_OPERATION, Activity.HAZARD_AREA)


def draw_notices(rng, region, count):
    s = draw_scene(rng, region, count)
    places = iter(s.volumes)
    notices = []
    while volumes := tuple(v for v, _ in zip(places, range(int(rng.integers(1, 4))), strict=False)):
        activity = ACTIVITIES[rng.choice(4, p=[0.5, 0.3, 0.1, 0.1])]
        notices.append(Notice(f"N{len(notices)}", "ABCD"[rng.integers(4)], activity, volumes))
    rules = (
        MinimaRule("all", MINIMA[0][0]),
        MinimaRule("drones", Minima(500.0, 100.0, 600.0), Activity.UNMANNED_FLIGHT, Activity.UNMANNED_FLIGHT),
    )
    return notices, Understanding("U", "1", rules, s.arena)


@pytest.mark.parametrize("region", REGIONS)
def test_many_volumes_are_screened_as_a_few_are(monkeypatch, region):
    notices, understanding = draw_notices(np.random.default_rng(SEED), region, 150)
    answers = []
    for threshold in (10**9, 0):
        monkeypatch.setattr(scene, "ENGINE_FROM", threshold)
        answers.append(screen(notices, understanding=understanding, explain=False, propose_most=0))
    assert answers[0] == answers[1]
    assert answers[0].conflicts


@pytest.mark.parametrize("region", REGIONS)
def test_a_crowd_gets_every_answer_though_only_some_pairs_are_measured(monkeypatch, region):
    notices, understanding = draw_notices(np.random.default_rng(SEED), region, 150)
    whole = screen(notices, understanding=understanding, explain=False, propose_most=0)
    monkeypatch.setattr(scene, "ENGINE_FROM_CANDIDATES", 0)
    most = len(whole.conflicts) // 2
    crowd = screen(notices, understanding=understanding, explain=False, measure_most=most, propose_most=0)
    measured = {(c.a, c.b): c.answer for c in crowd.conflicts}
    named = {(c.a, c.b): c.answer for c in crowd.unmeasured}
    assert 0 < len(measured) <= most
    assert not measured.keys() & named.keys()
    assert measured | named == {(c.a, c.b): c.answer for c in whole.conflicts}
    assert crowd.answer is whole.answer
    assert {(w.plan, w.hazard, w.answer) for w in crowd.warnings} == {
        (w.plan, w.hazard, w.answer) for w in whole.warnings
    }


def test_in_a_crowd_each_pair_of_notices_is_measured_before_any_is_measured_twice(monkeypatch):
    monkeypatch.setattr(scene, "ENGINE_FROM_CANDIDATES", 0)
    legs = tuple(Volume4D(Circle(Position(33.0, 35.0 + k / 100), 5_000.0), ALL_ALTITUDES, ALWAYS) for k in range(4))
    notices = [Notice(f"N{k}", party, Activity.AIR_OPERATION, legs) for party in "AB" for k in range(3)]
    answer = screen(notices, minima=TOUCH, measure_most=10, propose_most=0)
    between = [(c.a.notice.reference, c.b.notice.reference) for c in answer.conflicts]
    assert set(between) == {(f"N{a}", f"N{b}") for a in range(3) for b in range(3)}
    assert len(between) == 10
    assert len(answer.unmeasured) == 9 * 16 - 10


# The machine


def without_a_cache(tmp_path):
    """A copy of the package beside which nothing can be written, not even by root, and no home, in a subprocess's environment."""
    source = Path(engine.__file__).parents[1]
    for path in source.rglob("*"):
        if "__pycache__" not in path.parts and path.is_file():
            copy = tmp_path / "detente" / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
    (tmp_path / "detente" / "screening" / "__pycache__").write_text("in the way")
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}


NO_PLACE = "/dev/null/nowhere"
SCREENS_ONE_PAIR = """
import numpy as np
from detente.domain import Answer, ALL_ALTITUDES, Circle, Position, TimeWindow, Volume4D
from detente.screening import engine
from detente.screening.pair import prepare
volume = prepare(Volume4D(Circle(Position(33, 35), 1000.0), ALL_ALTITUDES, TimeWindow(0, 1)))
rows, _ = engine.arrays_of([volume, volume], [0, 1], [0, 0], None)
found = engine.find_meetings(rows, np.zeros((1, 1, 3)), lambda i, j: Answer.POSSIBLE)
print(engine.__file__, found.pairs.tolist(), found.answers.tolist())
"""


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="needs a path under which nothing can be made")
@pytest.mark.parametrize(
    "settings_",
    [
        {"HOME": NO_PLACE, "XDG_CACHE_HOME": NO_PLACE},
        {"HOME": NO_PLACE, "XDG_CACHE_HOME": NO_PLACE, "NUMBA_CACHE_DIR": NO_PLACE},
        {"HOME": NO_PLACE, "TMPDIR": NO_PLACE},
    ],
)
def test_where_no_cache_can_be_written_the_kernels_still_run(tmp_path, settings_):
    env = without_a_cache(tmp_path) | settings_
    done = subprocess.run([sys.executable, "-c", SCREENS_ONE_PAIR], env=env, cwd="/", capture_output=True, text=True)
    assert done.stderr == ""
    assert done.stdout.split(" ", 1)[0].startswith(str(tmp_path))
    assert done.stdout.endswith("[[0, 1]] [2]\n")


def test_importing_the_engine_leaves_numba_alone():
    code = "import sys, detente, detente.screening.engine; print('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


def test_arrays_hold_one_row_a_core_and_say_whose_it_is():
    square = Corridor((Position(33, 35), Position(33, 36)), 1_000.0, "square")
    rows, owner = engine.arrays_of([prepare(Volume4D(f)) for f in (IN_THE_MIDDLE, square)], [0, 1], [0, 0], WORLD)
    assert owner.tolist() == [0, 1, 1, 1]
    assert rows.kind.tolist() == [kernels.POINT, kernels.CHAIN, kernels.REGION, kernels.REGION]
    lengths = {f.name: len(getattr(rows, f.name)) for f in fields(rows)}
    assert {lengths[name] for name in ("lat_deg", "lon_deg", "joins")} == {int(rows.offset[-1])}
