"""Moves found in the changing index are those the slow definition finds, and they clear."""

import threading
from dataclasses import replace
from math import inf

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.domain import (
    Activity,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Circle,
    Corridor,
    Minima,
    MinimaRule,
    NoMinima,
    Notice,
    Polygon,
    Position,
    TimeWindow,
    Understanding,
    Volume4D,
    VolumeRef,
    amsl,
    flight_level,
)
from detente.screening import kernels, proposals
from detente.screening.notices import NoticeIndex, proposer
from detente.screening.pair import prepare
from detente.screening.proposals import moved
from detente.screening.scene import Entry, Scene
from hard_volumes import EVENING_US, mixed_bands
from strategies import MINUTE_US, Grid, grids, minima, volumes

ACTIVITIES = (
    Activity.AIR_OPERATION,
    Activity.UNMANNED_FLIGHT,
    Activity.MARITIME_OPERATION,
    Activity.SUBSURFACE_OPERATION,
    Activity.HUMANITARIAN_SITE,
    Activity.HAZARD_AREA,
)
BANDS = [band for seed in range(20) for band in mixed_bands(np.random.default_rng(seed))]
LOW = [AltitudeBand(AltitudeLimit(x, AltitudeReference.AGL), flight_level(20.0)) for x in (-30.48, 0.0, 20.0)]
TOP = [AltitudeBand(amsl(999_000.0), amsl(999_900.0))]


@st.composite
def notices(draw, grid: Grid, number: int) -> Notice:
    own = []
    for volume in draw(st.lists(volumes(grid), min_size=1, max_size=3)):
        later = draw(st.sampled_from([0, 0, 3, 30, 700])) * 60
        window = volume.window.shifted(EVENING_US // 1_000_000 + later)
        band = draw(st.sampled_from(BANDS + LOW + TOP)) if draw(st.booleans()) else volume.altitude
        own.append(replace(volume, window=window, altitude=band))
    party = draw(st.sampled_from(("Asher", "Dan", "Gad")))
    return Notice(str(number), party, draw(st.sampled_from(ACTIVITIES)), tuple(own))


@st.composite
def scenes(draw):
    grid = draw(grids)
    count = draw(st.integers(2, 6))
    rules = [MinimaRule("all", draw(minima))]
    if draw(st.booleans()):
        rules.append(MinimaRule("drones", draw(minima), Activity.UNMANNED_FLIGHT))
    return [draw(notices(grid, k)) for k in range(count)], Understanding("drawn", "1", tuple(rules))


def as_scene(held, rules):
    entries = [Entry(VolumeRef(n, k), prepare(v, n.activity)) for n in held for k, v in enumerate(n.volumes)]
    return Scene(tuple(entries), rules)


def as_index(held, rules, run=None):
    index = NoticeIndex(rules, run=run)
    for notice in held:
        index.insert(notice)
    return index


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes())
def test_the_index_proposes_what_the_definition_proposes_and_it_clears(drawn):
    held, rules = drawn
    scene, index = as_scene(held, rules), as_index(held, rules)
    for notice in held:
        found = index.propose(notice)
        assert found == proposals.propose(notice, scene)
        for proposal in found:
            met = {(e.party, e.reference) for e in index.query(moved(notice, proposal))}
            plans = {(n.party, n.reference) for n in held if n.activity is not Activity.HAZARD_AREA}
            assert not met & plans


def crowd(seed, count):
    """Plans over one city in one afternoon: discs, areas and routes of two legs, in flight levels and above the sea."""
    rng = np.random.default_rng(seed)
    held = []
    for k in range(count):
        lat, lon = 33.0 + rng.normal(0, 0.25), 35.5 + rng.normal(0, 0.3)
        a, b, c = (Position(lat + rng.uniform(-0.1, 0.1), lon + rng.uniform(-0.1, 0.1)) for _ in range(3))
        shapes = [Circle(a, rng.uniform(1_000, 8_000)), Polygon((a, b, c)), Corridor((a, b), 1_500.0)]
        low_m = rng.uniform(500, 4_000)
        band = AltitudeBand(amsl(low_m), amsl(low_m + 500.0))
        if rng.random() < 0.3:
            band = AltitudeBand(flight_level(50.0), flight_level(70.0))
        start_us = EVENING_US + int(rng.integers(0, 300)) * MINUTE_US
        window = TimeWindow(start_us, start_us + int(rng.integers(10, 90)) * MINUTE_US)
        own = [Volume4D(shapes[int(rng.integers(0, 3))], band, window)]
        if rng.random() < 0.3:
            own.append(Volume4D(Corridor((b, c), 1_500.0), band, window.shifted(600)))
        party = ("Asher", "Dan", "Gad", "Levi")[int(rng.integers(0, 4))]
        held.append(Notice(str(k), party, Activity.AIR_OPERATION, tuple(own)))
    return held


RULES = Understanding("crowd", "1", (MinimaRule("all", Minima(1_852.0, 150.0, 60.0)),))


def test_in_a_crowd_the_index_proposes_what_the_definition_proposes():
    held = crowd(1, 150)
    scene, index = as_scene(held, RULES), as_index(held, RULES)
    found = {n.reference: index.propose(n) for n in held[:40]}
    assert found == {n.reference: proposals.propose(n, scene) for n in held[:40]}
    assert {p.dimension for ps in found.values() for p in ps} == {"time", "altitude", "sideways"}


def test_no_smaller_step_would_have_cleared_it_of_the_crowd():
    held = crowd(2, 300)
    index = as_index(held, RULES)
    for notice in held[:12]:
        for proposal in index.propose(notice):
            assert index.query(moved(notice, proposal)) == ()
            assert all(index.query(moved(notice, smaller)) for smaller in smaller_moves(proposal)), proposal


def smaller_moves(proposal):
    if proposal.dimension == "sideways":
        steps = range(1, round(proposal.by / proposals.SIDEWAYS_STEP_M))
        moves = [(s, b) for s in steps for b in proposals.BEARINGS_DEG.tolist()]
        return [replace(proposal, by=s * proposals.SIDEWAYS_STEP_M, bearing_deg=b) for s, b in moves]
    size = proposals.TIME_STEP_S if proposal.dimension == "time" else proposals.ALTITUDE_STEP_M
    lowest_m = min(volume.altitude.lower.value_m for volume in proposal.notice.volumes)
    least = -inf if proposal.dimension == "time" else -lowest_m
    steps = range(1, round(abs(proposal.by) / size))
    by = [sign * step * size for step in steps for sign in (1, -1)] + ([-proposal.by] if proposal.by < 0 else [])
    return [replace(proposal, by=x) for x in by if x >= least]


def test_interpreted_kernels_propose_what_compiled_ones_do():
    held = crowd(3, 25)
    compiled, interpreted = as_index(held, RULES), as_index(held, RULES, run=kernels)
    asked = next(n for n in held if 0 < len(compiled.query(n)) < 3)
    found = compiled.propose(asked)
    assert {p.dimension for p in found} == {"time", "altitude", "sideways"}
    assert interpreted.propose(asked) == found


def disc(party, activity=Activity.AIR_OPERATION, at=(33.0, 35.0), radius_m=5_000.0):
    window = TimeWindow(EVENING_US, EVENING_US + 60 * MINUTE_US)
    volume = Volume4D(Circle(Position(*at), radius_m), AltitudeBand(amsl(1_000.0), amsl(2_000.0)), window)
    return Notice("1", party, activity, (volume,))


def test_a_hazard_area_is_in_nobodys_way_and_asked_to_go_nowhere():
    index = as_index([disc("Dan", Activity.HAZARD_AREA)], RULES)
    assert index.propose(disc("Asher")) == ()
    assert as_index([disc("Asher")], RULES).propose(disc("Dan", Activity.HAZARD_AREA)) == ()


def test_a_site_is_never_asked_to_move_and_what_meets_it_is():
    index = as_index([disc("OCHA", Activity.HUMANITARIAN_SITE)], RULES)
    assert len(index.propose(disc("Asher"))) == 3
    assert as_index([disc("Asher")], RULES).propose(disc("OCHA", Activity.HUMANITARIAN_SITE)) == ()


def test_another_version_of_the_notice_itself_is_not_in_its_way():
    index = as_index([disc("Asher"), disc("Dan")], RULES)
    alone = as_index([disc("Dan")], RULES)
    assert index.propose(disc("Asher")) == alone.propose(disc("Asher")) != ()


def test_nothing_is_proposed_where_the_rules_are_silent():
    drones_only = Understanding("drones", "1", (MinimaRule("drones", Minima(1.0, 1.0, 1.0), Activity.UNMANNED_FLIGHT),))
    index = as_index([disc("Dan")], drones_only)
    with pytest.raises(NoMinima):
        index.propose(disc("Asher"))


def test_out_of_a_closure_hundreds_of_kilometres_wide_only_where_its_rim_is_near():
    corners = tuple(Position(*at) for at in ((28.0, 28.0), (28.0, 42.0), (38.0, 42.0), (38.0, 28.0)))
    closure = disc("Dan", Activity.EXERCISE)
    closure = replace(closure, volumes=(replace(closure.volumes[0], footprint=Polygon(corners)),))
    inside, near_the_rim = disc("Asher"), disc("Asher", at=(38.1, 35.0))
    index = as_index([closure], RULES)
    assert [p.dimension for p in index.propose(inside)] == ["time", "altitude"]
    assert [p.dimension for p in index.propose(near_the_rim)] == ["time", "altitude", "sideways"]
    for notice in (inside, near_the_rim):
        assert index.propose(notice) == proposals.propose(notice, as_scene([closure, notice], RULES))


def test_a_scene_by_way_of_an_index_answers_as_it_does_itself():
    held = [replace(n, reference="same") for n in crowd(4, 80)]
    entries = as_scene(held, RULES).entries
    scene = Scene(tuple(e for k, e in enumerate(entries) if k % 5), RULES)  # some volumes are left out, as by `between`
    propose = proposer(scene)
    asked = list({id(e.notice): e.notice for e in scene.entries}.values())[:20]
    assert [propose(n) for n in asked] == [proposals.propose(n, scene) for n in asked]


def test_moves_are_found_while_the_index_changes():
    held = crowd(6, 120)
    index, coming = as_index(held[:80], RULES), held[80:]
    stop = threading.Event()

    def change():
        while not stop.is_set():
            for notice in coming:
                index.insert(notice)
            for notice in coming:
                index.delete(notice.party, notice.reference)

    writer = threading.Thread(target=change)
    writer.start()
    try:
        found = [p for notice in held[:40] for p in index.propose(notice)]
    finally:
        stop.set()
        writer.join()
    assert found
    assert not any(index.query(moved(p.notice, p)) for p in found)  # what came and went took no place that was free
