"""The changing index against a slow model: the exact predicate over everything that is active."""

import threading
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from detente.domain import (
    ALL_ALTITUDES,
    WORLD,
    Activity,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Answer,
    Circle,
    Minima,
    MinimaRule,
    NoMinima,
    Notice,
    Polygon,
    Position,
    TimeWindow,
    Understanding,
    UnreadableFile,
    Volume4D,
    amsl,
)
from detente.geodesy.altitudes import hae_bounds_m
from detente.screening import engine, kernels
from detente.screening.index import VolumeIndex
from detente.screening.notices import Encounter, NoticeIndex
from detente.screening.packed import pack_volumes, prepared_of, settings_of
from detente.screening.pair import Prepared, prepare, separation_of
from detente.screening.shape import Shape
from hard_pairs import draw_pair
from hard_volumes import EVENING_US, dress, mixed_bands
from strategies import MINUTE_US, Grid, grids, minima, volumes

PARTIES = ("Asher", "Dan", "Gad")
ACTIVITIES = (
    Activity.AIR_OPERATION,
    Activity.UNMANNED_FLIGHT,
    Activity.SUBSURFACE_OPERATION,
    Activity.HAZARD_AREA,
    Activity.UNSTATED,
)
HOUR_US = 60 * MINUTE_US


# What the index must answer


@cache
def _separation(a: tuple[Volume4D, Activity], b: tuple[Volume4D, Activity], between: Minima) -> Answer:
    return separation_of(_prepared(*a), _prepared(*b), between, WORLD).answer


@cache
def _prepared(volume: Volume4D, activity: Activity) -> Prepared:
    return prepare(volume, activity)


def minima_of(rules: Understanding, a: Activity, b: Activity) -> Minima | None:
    hazards = (a, b).count(Activity.HAZARD_AREA)
    if hazards:
        return None if hazards == 2 else Minima(0.0, 0.0, 0.0)
    return rules.minima_between(a, b)[0]


def encounters_of(asked: Notice, active: dict[tuple[Notice, int], Volume4D], rules: Understanding):
    found = []
    for i, own in enumerate(asked.volumes):
        for (other, j), volume in active.items():
            between = minima_of(rules, asked.activity, other.activity)
            if other.party == asked.party or between is None:
                continue
            answer = _separation((own, asked.activity), (volume, other.activity), between)
            if answer is not Answer.CLEAR:
                found.append(Encounter(i, other.party, other.reference, j, answer))
    return tuple(sorted(found))


# Drawing


@st.composite
def placed_volumes(draw, grid: Grid) -> Volume4D:
    """Volumes of `strategies`, at times hours, days or years apart, and half of them with altitudes in several references."""
    volume = draw(volumes(grid))
    later_s = draw(st.sampled_from([0, 3_600, 86_400, 40 * 86_400, 10**9 + 7])) + draw(st.sampled_from([0, 1])) * 7_200
    longer_us = draw(st.sampled_from([0, 0, 0, 5, 24, 24 * 100])) * HOUR_US
    window = volume.window
    if window.start_stated:
        base_s = EVENING_US // 1_000_000 if draw(st.booleans()) else 0
        window = window.shifted(base_s + later_s)
        window = TimeWindow(window.start_us, window.end_us + longer_us)
    band = volume.altitude
    if draw(st.booleans()):
        band = draw(st.sampled_from(MIXED))
    return replace(volume, window=window, altitude=band)


def _mixed(seed: int) -> list[AltitudeBand]:
    rng = np.random.default_rng(seed)
    bands = [band for _ in range(20) for band in mixed_bands(rng)]
    ground = AltitudeLimit(0.0, AltitudeReference.AGL)
    below = AltitudeBand(AltitudeLimit(-30.0, AltitudeReference.AGL), ground)
    return [*bands, below, AltitudeBand(ground, AltitudeLimit(float("inf"), AltitudeReference.UNLIMITED))]


MIXED = _mixed(3)


@st.composite
def understandings(draw) -> Understanding:
    rules = [MinimaRule("all", draw(minima))]
    if draw(st.booleans()):
        rules.append(MinimaRule("drones", draw(minima), Activity.UNMANNED_FLIGHT))
    return Understanding("drawn", "1", tuple(rules))


@st.composite
def notices(draw, grid: Grid, reference: str | None = None, party: str | None = None) -> Notice:
    return Notice(
        reference or f"N{draw(st.integers(0, 5))}",
        party or draw(st.sampled_from(PARTIES)),
        draw(st.sampled_from(ACTIVITIES)),
        tuple(draw(st.lists(placed_volumes(grid), min_size=1, max_size=3))),
    )


class RandomWalk(RuleBasedStateMachine):
    """Inserts, amends, deletes, expiries and rebuilds in any order; the model is a dict."""

    inserted = Bundle("inserted")

    @initialize(grid=grids, rules=understandings())
    def start(self, grid, rules):
        self.grid, self.rules = grid, rules
        self.index = NoticeIndex(rules)
        self.active: dict[tuple[Notice, int], Volume4D] = {}

    @rule(data=st.data())
    def insert_or_amend(self, data):
        notice = data.draw(notices(self.grid))
        self._leave(notice.party, notice.reference)
        self.index.insert(notice)
        self.active |= {(notice, k): volume for k, volume in enumerate(notice.volumes)}

    @rule(data=st.data())
    def delete(self, data):
        keys = sorted({(n.party, n.reference) for n, _ in self.active})
        if keys:
            key = data.draw(st.sampled_from(keys))
            self._leave(*key)
            self.index.delete(*key)

    @rule(day=st.integers(0, 60), minute=st.integers(0, 12))
    def expire(self, day, minute):
        now_us = EVENING_US + day * 24 * HOUR_US + minute * MINUTE_US
        held = {n for n, _ in self.active}
        within_us = round(self.rules.largest().time_s * 1e6)
        self.active = {
            key: v
            for key, v in self.active.items()
            if v.window.end_us >= 2**61 or v.window.end_us + v.uncertainty.time_s * 1e6 >= now_us - within_us
        }
        gone = held - {n for n, _ in self.active}
        assert self.index.expire(now_us) == tuple(sorted((n.party, n.reference) for n in gone))

    @rule()
    def rebuild(self):
        self.index = NoticeIndex.rebuilt(self.index.snapshot(), self.rules)

    @rule(data=st.data())
    def query(self, data):
        asked = data.draw(notices(self.grid))
        assert self.index.query(asked) == encounters_of(asked, self.active, self.rules)

    @invariant()
    def counts_agree(self):
        assert len(self.index) == len({n for n, _ in self.active})

    def _leave(self, party, reference):
        self.active = {(n, k): v for (n, k), v in self.active.items() if (n.party, n.reference) != (party, reference)}


RandomWalk.TestCase.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
TestARandomWalkNeverDiffersFromTheModel = RandomWalk.TestCase


def test_a_long_walk_over_the_hardest_places_never_differs_from_the_model():
    """Footprints of every awkward kind, at poles and seams, a hundred metres to a thousand kilometres large."""
    rng = np.random.default_rng(2018)
    rules = Understanding("u", "1", (MinimaRule("all", Minima(1852.0, 100.0, 60.0)),))
    index = NoticeIndex(rules)
    active: dict[tuple[Notice, int], Volume4D] = {}
    for step in range(120):
        pair = draw_pair(rng)
        a, b, _ = dress(rng, pair, 1_000.0)
        mine, theirs = (
            Notice(
                f"{step}", party, Activity.EXERCISE, (replace(v, window=v.window.shifted(3600 * int(rng.integers(9)))),)
            )
            for party, v in (("Dan", a), ("Gad", b))
        )
        assert index.query(mine) == encounters_of(mine, active, rules)
        for notice in (mine, theirs):
            index.insert(notice)
            active[notice, 0] = notice.volumes[0]
        assert index.query(mine) == encounters_of(mine, active, rules)
        if step % 3 == 0:
            gone = list(active)[int(rng.integers(len(active)))]
            del active[gone]
            index.delete(gone[0].party, gone[0].reference)


# One source, two ways to run it; any order


def _filled(run, rules_table, drawn, order):
    index = VolumeIndex(rules_table, run=run)
    for k in order:
        party, volume = drawn[k]
        index.insert([k], index.pack([volume], party, Activity.AIR_OPERATION))
    return index


@given(st.data())
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_kernels_uncompiled_answer_as_compiled_in_any_order_of_insertion(data):
    grid = data.draw(grids)
    drawn = data.draw(st.lists(st.tuples(st.integers(0, 2), placed_volumes(grid)), min_size=2, max_size=8))
    asked = data.draw(placed_volumes(grid))
    table = np.full((12, 12, 3), [1852.0, 100.0, 60.0])
    found = []
    for run, order in (
        (kernels, range(len(drawn))),
        (engine.compiled(), data.draw(st.permutations(range(len(drawn))))),
    ):
        index = _filled(run, table, drawn, order)
        index.delete([0])
        found.append(index.query(index.pack([asked], 9, Activity.AIR_OPERATION)).tolist())
        lat, lon = [grid.middle.latitude_deg], [grid.middle.longitude_deg]
        pairs, answers = index.positions(lat, lon, [500.0], EVENING_US)
        found[-1].append((pairs.tolist(), answers.tolist()))
    assert found[0] == found[1]


# Snapshots


def _some_index() -> VolumeIndex:
    index = VolumeIndex(np.zeros((12, 12, 3)))
    shapes = [Circle(Position(33.0, 35.0 + k / 10), 9_000.0) for k in range(5)]
    index.insert(range(5), index.pack([Volume4D(shape) for shape in shapes], 1, Activity.EXERCISE))
    return index


def test_a_rebuilt_index_makes_the_same_snapshot():
    index = _some_index()
    index.delete([2])
    snapshot = index.snapshot()
    assert VolumeIndex.rebuilt(snapshot, np.zeros((12, 12, 3))).snapshot() == snapshot


@pytest.mark.parametrize("harm", [lambda s: s[:-1], lambda s: s[:-9] + bytes([s[-9] ^ 1]) + s[-8:], lambda s: b"x" + s])
def test_a_damaged_snapshot_is_refused(harm):
    with pytest.raises(UnreadableFile):
        VolumeIndex.rebuilt(harm(_some_index().snapshot()), np.zeros((12, 12, 3)))


def test_an_empty_index_survives_a_snapshot():
    rules = Understanding("none yet", "1", (MinimaRule("all", Minima(0, 0, 0)),))
    assert len(NoticeIndex.rebuilt(NoticeIndex(rules).snapshot(), rules)) == 0


# Rules


def test_a_pair_the_understanding_is_silent_about_is_refused_not_cleared():
    rules = Understanding("drones only", "1", (MinimaRule("d", Minima(0, 0, 0), Activity.UNMANNED_FLIGHT),))
    index = NoticeIndex(rules)
    near = Volume4D(Circle(Position(33.0, 35.0), 1_000.0))
    index.insert(Notice("A", "Dan", Activity.EXERCISE, (near,)))
    index.insert(Notice("B", "Dan", Activity.LIVE_FIRE, (near,)))  # one party's own are not compared
    with pytest.raises(NoMinima):
        index.query(Notice("C", "Gad", Activity.LIVE_FIRE, (near,)))
    with pytest.raises(NoMinima):
        index.insert(Notice("C", "Gad", Activity.LIVE_FIRE, (near,)))
    assert len(index) == 2


def test_a_number_is_not_taken_twice():
    index = _some_index()
    with pytest.raises(AssertionError, match="taken"):
        index.insert([3], index.pack([Volume4D(Circle(Position(0.0, 0.0), 1.0))], 1, Activity.EXERCISE))
    with pytest.raises(KeyError):
        index.delete([1, 99])
    assert 1 in index


# Making ready


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_pack_gives_back_the_volume_put_in(data):
    """As far as the exact predicate goes: it answers CLEAR or CONFLICT of the two as of a volume and itself."""
    volume = data.draw(placed_volumes(data.draw(grids)))
    pack = pack_volumes([volume], 0, Activity.AIR_OPERATION, settings_of(np.zeros((1, 1, 3)), WORLD))
    again = prepared_of(pack.real, pack.lat_lon, pack.joins, list(range(len(pack.real)))).volume
    assert (again.altitude, again.window, again.uncertainty) == (volume.altitude, volume.window, volume.uncertainty)
    assert len(pack.real) == len(prepare(volume).shape.cores)


@given(st.sampled_from(list(AltitudeReference)[:4]), st.floats(-400, 30_000), st.floats(-89, 89), st.floats(-179, 178))
def test_the_height_a_box_holds_is_outward_of_what_the_limit_may_stand_for(reference, value_m, lat, lon):
    sea = kernels.GEOID_LEAST_M, kernels.GEOID_MOST_M
    least, most = kernels._outward_height(
        value_m, engine.REFERENCE_CODES[reference], settings_of(np.zeros((1, 1, 3)), WORLD), *sea
    )
    low, high = hae_bounds_m(AltitudeLimit(value_m, reference), lat, lon, lat + 1, lon + 1, WORLD)
    assert least <= low <= high <= most


def test_the_kernels_number_references_and_shapes_as_the_engine_does():
    names = ("HAE", "AMSL", "AGL", "FL", "UNLIMITED", "UNSTATED")
    assert {AltitudeReference[n]: getattr(kernels, n) for n in names} == engine.REFERENCE_CODES


# Positions


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_positions_lie_in_what_the_exact_predicate_puts_them_in(data):
    """A position is a volume a point large and a moment long; its height is compared where it is, not where the volume is."""
    grid = data.draw(grids)
    drawn = data.draw(st.lists(placed_volumes(grid), min_size=1, max_size=6))
    index = VolumeIndex(np.zeros((12, 12, 3)) + data.draw(st.sampled_from([0.0, 500.0])))
    index.insert(range(len(drawn)), index.pack(drawn, 1, Activity.EXERCISE))
    spots = data.draw(st.lists(st.tuples(st.integers(-5, 5), st.integers(-5, 5)), min_size=1, max_size=6))
    at = [grid.at(spot) for spot in spots]
    height_m = data.draw(st.sampled_from([100.0, 200.0, 450.0, 2_000.0, float("nan")]))
    now_us = data.draw(st.sampled_from([0, EVENING_US, EVENING_US + 3 * MINUTE_US, EVENING_US + HOUR_US]))
    pairs, answers = index.positions(
        [p.latitude_deg for p in at], [p.longitude_deg for p in at], [height_m] * len(at), now_us
    )
    expected = {}
    for i, position in enumerate(at):
        point = prepare(Volume4D(Circle(position, 1.0), ALL_ALTITUDES, TimeWindow(now_us, now_us)))
        point.__dict__["shape"] = Shape((replace(point.shape.cores[0], radius_m=0.0),))
        for j, volume in enumerate(drawn):
            anywhere_above = replace(volume, altitude=ALL_ALTITUDES)
            aside = _separation_of_a_point(point, anywhere_above)
            answer = min(aside, height_answer(volume, position, height_m))
            if answer is not Answer.CLEAR:
                expected[i, j] = int(answer)
    assert dict(zip(map(tuple, pairs.tolist()), answers.tolist(), strict=True)) == expected


def _separation_of_a_point(point: Prepared, volume: Volume4D) -> Answer:
    return separation_of(point, _prepared(volume, Activity.EXERCISE), Minima(0, 0, 0), WORLD).answer


def height_answer(volume: Volume4D, position: Position, height_m: float) -> Answer:
    """Whether a height lies in a band, each limit anywhere it may stand for in the whole degree round the position."""
    if np.isnan(height_m):
        return Answer.POSSIBLE
    south, west = min(np.floor(position.latitude_deg), 89), min(np.floor(position.longitude_deg), 179)
    around = (south, west, south + 0.999999, west + 0.999999, WORLD)
    lower, upper = volume.altitude.lower, volume.altitude.upper
    lower_least, lower_most = hae_bounds_m(lower, *around)
    if lower.is_surface:
        lower_least = lower_most = -np.inf
    upper_least, upper_most = hae_bounds_m(upper, *around)
    unsure_m = volume.uncertainty.altitude_m + 0.001
    if not lower_least - unsure_m <= height_m <= upper_most + unsure_m:
        return Answer.CLEAR
    return Answer.CONFLICT if lower_most - 0.001 <= height_m <= upper_least + 0.001 else Answer.POSSIBLE


def test_many_positions_come_back_in_order_and_once():
    index = _some_index()
    rng = np.random.default_rng(1)
    lat, lon = rng.uniform(32.8, 33.2, 30_000), rng.uniform(34.8, 35.6, 30_000)
    pairs, _ = index.positions(lat, lon, np.full(30_000, np.nan), 0)
    rows = list(map(tuple, pairs.tolist()))
    assert rows == sorted(set(rows))
    assert len(index.positions([], [], [], 0)[0]) == 0


# Crowds, the whole Earth, all time


def test_a_crowd_over_one_city_is_answered_whole():
    index = VolumeIndex(np.zeros((12, 12, 3)))
    rng = np.random.default_rng(2)
    window = TimeWindow(EVENING_US, EVENING_US + HOUR_US)
    crowd = [
        Volume4D(Circle(Position(33.5 + x, 36.3 + y), 500.0), AltitudeBand(amsl(0), amsl(100)), window)
        for x, y in rng.uniform(-0.05, 0.05, (3_000, 2)).tolist()
    ]
    index.insert(range(len(crowd)), index.pack(crowd, 1, Activity.UNMANNED_FLIGHT))
    over = Volume4D(Circle(Position(33.5, 36.3), 30_000.0), AltitudeBand(amsl(0), amsl(100)), window)
    asked = index.pack([over], 2, Activity.UNMANNED_FLIGHT)
    assert index.query(asked)[:, 1].tolist() == list(range(3_000))
    index.delete(range(0, 3_000, 2))
    assert index.query(asked)[:, 1].tolist() == list(range(1, 3_000, 2))


def test_a_volume_over_a_continent_and_for_ever_meets_what_is_in_it():
    index = VolumeIndex(np.zeros((12, 12, 3)))
    rng = np.random.default_rng(3)
    at = [Position(lat, lon) for lat, lon in zip(rng.uniform(-80, 80, 400), rng.uniform(-180, 180, 400), strict=True)]
    small = [Volume4D(Circle(p, 1_000.0), window=TimeWindow(k * HOUR_US, k * HOUR_US + 1)) for k, p in enumerate(at)]
    index.insert(range(400), index.pack(small, 1, Activity.EXERCISE))
    huge = Volume4D(Circle(Position(10.0, 175.0), 4_000_000.0))
    expected = [
        k for k, v in enumerate(small) if separation_of(prepare(huge), prepare(v), Minima(0, 0, 0), WORLD).answer
    ]
    assert index.query(index.pack([huge], 2, Activity.EXERCISE))[:, 1].tolist() == expected
    index.insert([1_000], index.pack([huge], 3, Activity.EXERCISE))
    for k in expected[:20]:
        assert 1_000 in index.query(index.pack([small[k]], 2, Activity.EXERCISE))[:, 1].tolist()


def test_room_is_used_again():
    index = VolumeIndex(np.zeros((12, 12, 3)), room=64)
    ring = (Position(33, 35), Position(33.2, 35), Position(33.1, 35.3))
    window = TimeWindow(EVENING_US, EVENING_US + HOUR_US)
    pack = index.pack([Volume4D(Polygon(ring), window=window)] * 20, 1, Activity.EXERCISE)
    for round_ in range(200):
        index.change(
            range(20 * (round_ - 1), 20 * round_) if round_ else (), range(20 * round_, 20 * round_ + 20), pack
        )
    assert len(index) == 20
    assert len(index._tables.real) == 64
    assert index.query(index.pack([Volume4D(Polygon(ring))], 2, Activity.EXERCISE))[:, 1].tolist() == list(
        range(3980, 4000)
    )


# Threads


def test_readers_beside_a_writer_see_a_notice_as_it_was_or_as_it_is():
    rules = Understanding("u", "1", (MinimaRule("all", Minima(0, 0, 0)),))
    index = NoticeIndex(rules, room=64)
    window = TimeWindow(EVENING_US, EVENING_US + HOUR_US)

    def route(version: int) -> Notice:
        """Versions differ in reach; each leg of each lies over the place asked about."""
        legs = (Volume4D(Circle(Position(33.0, 35.0 + k / 1000), 5_000.0 + version), window=window) for k in range(8))
        return Notice("route", "Dan", Activity.AIR_OPERATION, (*legs,))

    asked = Notice(
        "q", "Gad", Activity.AIR_OPERATION, (Volume4D(Circle(Position(33.0, 35.0), 1_000.0), window=window),)
    )
    index.insert(route(0))
    wrong, done, looks = [], threading.Event(), 0

    def read() -> None:
        nonlocal looks
        while not done.is_set():
            looks += 1
            seen = [(e.reference, e.other_volume_index) for e in index.query(asked)]
            held = index.positions([33.0], [35.0], [np.nan], EVENING_US)
            if seen != [("route", k) for k in range(8)] or [h.volume_index for h in held] != list(range(8)):
                wrong.append((seen, held))

    readers = [threading.Thread(target=read, daemon=True) for _ in range(3)]
    for reader in readers:
        reader.start()
    elsewhere = [Volume4D(Circle(Position(40.0 + k / 100, 35.0), 500.0), window=window) for k in range(200)]
    for version in range(1, 150):
        index.amend(route(version))
        index.insert(Notice(f"other {version}", "Asher", Activity.EXERCISE, (*elsewhere[: version % 40 + 1],)))
        if version % 3 == 0:
            index.delete("Asher", f"other {version - 1}")
    done.set()
    for reader in readers:
        reader.join(timeout=30)
    assert not wrong
    assert looks > len(readers)
