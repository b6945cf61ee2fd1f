"""Advice: what a screening of all the party knows would say, moves that clear once submitted, and nothing of what others hide."""

from dataclasses import replace
from math import cos, sin

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import strategies
from channel_world import FULL, NOON_US, Channel, random_bytes
from detente.channel.advice import (
    MOST_CORNER_PAIRS,
    MOST_EXPLAINED,
    MOST_MOVED,
    MOST_MOVED_SIDEWAYS,
    advise,
    corner_count,
)
from detente.channel.views import View, make_view
from detente.channel.world import World, with_defaults
from detente.domain import (
    HUMANITARIAN,
    Activity,
    AltitudeBand,
    Answer,
    Circle,
    InvalidVolume,
    Minima,
    MinimaRule,
    Notice,
    Polygon,
    Position,
    Proposal,
    ReleaseGrids,
    ReleaseLevel,
    TimeWindow,
    TooLarge,
    Understanding,
    Volume4D,
    amsl,
)
from detente.interop.write_json import explained
from detente.record.canonical import canonical
from detente.screening import kernels, screen
from detente.screening.proposals import moved

GENERAL, EXISTENCE, NONE = ReleaseLevel.GENERAL, ReleaseLevel.EXISTENCE, ReleaseLevel.NONE
RULES = with_defaults(Understanding("U", "1", (MinimaRule("all", Minima(500.0, 100.0, 60.0)),)))
GRIDS = ReleaseGrids(general_levels=(12, 10, 8))
HOUR_US = 3_600_000_000
LONG_AGO_US = 0  # so that a plan may be moved to any time
ACTIVITIES = (
    Activity.AIR_OPERATION,
    Activity.LIVE_FIRE,
    Activity.MARITIME_OPERATION,
    Activity.HUMANITARIAN_SITE,
    Activity.HAZARD_AREA,
)


def a_view(volumes, level=FULL, *, recipient="", number=1, activity=Activity.AIR_OPERATION) -> View:
    notice = Notice("N", "X", activity, tuple(volumes))
    return make_view(
        notice, level, GRIDS, recipient=recipient, view_id=f"{number:032x}", version=1, commitment="0" * 64
    )


def a_world(seen=()):
    world = World("A", RULES, run=kernels)
    for sender, view in seen:
        world.put_view(sender, view)
    return world


def box(km_north=0.0, *, radius_m=2_000.0, from_h=1, to_h=2):
    where = Circle(Position(34.0 + km_north / 111.0, 36.0), radius_m)
    return Volume4D(
        where,
        AltitudeBand(amsl(1_000.0), amsl(2_000.0)),
        TimeWindow(NOON_US + from_h * HOUR_US, NOON_US + to_h * HOUR_US),
    )


@st.composite
def plans(draw, activities=ACTIVITIES):
    """A plan of A's, given to the host at some level, and views released to A, on one small grid so that they meet."""
    grid = draw(strategies.grids)
    some = st.lists(strategies.volumes(grid), min_size=1, max_size=3)
    levels = st.sampled_from([FULL, FULL, GENERAL])
    own = draw(some), draw(st.sampled_from(activities)), draw(levels)
    views = draw(st.lists(st.tuples(some, st.sampled_from(ACTIVITIES), st.sampled_from("BC"), levels), max_size=7))
    try:
        seen = [
            (sender, a_view(volumes, level, recipient="A", number=100 + k, activity=activity))
            for k, (volumes, activity, sender, level) in enumerate(views)
        ]
        return a_view(own[0], own[2], activity=own[1]), seen
    except (InvalidVolume, TooLarge):
        assume(False)


def pairs_of(found):
    """Volume pairs by which two they are."""
    return {
        ((m.a.notice.reference, m.a.volume_index), (m.b.notice.reference, m.b.volume_index)): m
        for m in (*found.conflicts, *found.unmeasured)
    }


def is_explicable(pair):
    """Whether the two footprints are small enough to be looked at."""
    one, other = (corner_count(ref.notice.volumes[ref.volume_index].footprint) for ref in (pair.a, pair.b))
    return one * other <= MOST_CORNER_PAIRS


@settings(max_examples=20)
@given(plans())
def test_an_explained_answer_is_what_a_screening_of_all_the_party_knows_says_bounded_by_levels(told):
    own, seen = told
    world = a_world(seen)
    world.put_own(own)
    advice, whole = (
        advise(world, own, LONG_AGO_US).found,
        screen(world.as_notices(), understanding=RULES, propose_most=0),
    )
    levels = {view.view_id: view.level for _, view in seen}

    def bounded(found, view_id):
        return found.answer if own.level is levels[view_id] is FULL else min(found.answer, Answer.POSSIBLE)

    expected = {
        key: (c, bounded(c, c.b.notice.reference)) for key, c in pairs_of(whole).items() if c.a.notice.party == "A"
    }
    assert advice.answer == max((answer for _, answer in expected.values()), default=Answer.CLEAR)
    met = {key[1][0] for key in expected}
    assert {key[1][0] for key in pairs_of(advice)} == met
    assert len(pairs_of(advice)) == len(met)
    assert len(advice.conflicts) == min(sum(map(is_explicable, pairs_of(advice).values())), MOST_EXPLAINED)
    for key, told_of in pairs_of(advice).items():
        alone, answer = expected[key]
        assert told_of.answer == answer == max(a for k, (_, a) in expected.items() if k[1][0] == key[1][0])
        if told_of in advice.conflicts:
            assert replace(told_of, answer=alone.answer, reasons=alone.reasons) == alone
            assert told_of.reasons[: len(alone.reasons)] == alone.reasons
            assert told_of.answer is Answer.CONFLICT or told_of.reasons


@settings(max_examples=20)
@given(plans(activities=(Activity.HAZARD_AREA, Activity.AIR_OPERATION)))
def test_entering_a_hazard_area_is_a_warning_as_the_screening_tells_it(told):
    own, seen = told
    seen = seen[:MOST_EXPLAINED]
    world = a_world(seen)
    world.put_own(own)
    whole = {
        (w.plan.notice.reference, w.plan.volume_index, w.hazard.notice.reference, w.hazard.volume_index): w
        for w in screen(world.as_notices(), understanding=RULES, propose_most=0).warnings
    }
    advice = advise(world, own, LONG_AGO_US).found
    for w in advice.warnings:
        same = whole[w.plan.notice.reference, w.plan.volume_index, w.hazard.notice.reference, w.hazard.volume_index]
        assert replace(w, answer=same.answer) == same
    entered = {frozenset((w.plan.notice.reference, w.hazard.notice.reference)) for w in advice.warnings}
    expected = {
        frozenset((w.plan.notice.reference, w.hazard.notice.reference))
        for w in whole.values()
        if own.view_id in (w.plan.notice.reference, w.hazard.notice.reference)
    }
    assert entered <= expected
    if all(len(v.volumes) * corner_count(v.volumes[0].footprint) < 100 for _, v in [("", own), *seen]):
        assert entered == expected


# Moves


@settings(max_examples=8)
@given(plans(activities=(Activity.AIR_OPERATION, Activity.MARITIME_OPERATION, Activity.LIVE_FIRE)))
def test_a_move_applied_is_clear_of_all_that_was_released(told):
    own, seen = told
    assume(seen)
    world = a_world(seen)
    advice = advise(world, own, LONG_AGO_US)
    assert bool(advice.sought) == (advice.found.answer is not Answer.CLEAR and own.level is FULL)
    for move in advice.found.proposals.get(("A", own.view_id), ()):
        assert move.dimension in advice.sought
        there = replace(own, volumes=moved(own.as_notice("A"), move).volumes)
        assert world.meetings_of(there) == tuple(m for m in world.meetings_of(there) if m.is_warning)


@pytest.mark.parametrize("dimension", ["time", "altitude", "sideways"])
def test_a_move_submitted_is_answered_clear_and_so_is_everybody_else(dimension):
    channel = Channel()
    for k in range(3):
        notice = Notice(f"B{k}", "B", Activity.AIR_OPERATION, (box(k * 3.0, from_h=1 + k, to_h=3 + k),))
        channel.submit("B", notice, {"A": FULL if k else GENERAL})
    notice = Notice("N", "A", Activity.AIR_OPERATION, (box(), box(4.0)))
    assert channel.submit("A", notice, {"B": FULL})["answer"] == "CONFLICT"
    world = channel.standing.world("A")
    advice = advise(world, world.own(channel.parties["A"].notices["N"].notice_id), LONG_AGO_US).found
    ((moves),) = advice.proposals.values()
    (move,) = [m for m in moves if m.dimension == dimension]
    assert channel.submit("A", moved(notice, move), {"B": FULL})["answer"] == "CLEAR"
    channel.check()


@settings(max_examples=10)
@given(st.integers(-200, 200), st.lists(st.integers(-3, 4), min_size=1, max_size=4))
def test_no_move_ends_in_the_past_and_where_there_is_one_in_time_it_is_the_smallest(now_min, others_h):
    """Others stand in the way an hour each; how far the plan may go back depends on how long it is until it begins."""
    world = a_world(
        [("B", a_view([box(from_h=h, to_h=h + 1)], recipient="A", number=k)) for k, h in enumerate(others_h)]
    )
    own = a_view([box()], activity=Activity.LIVE_FIRE)
    now_us = own.volumes[0].window.start_us + now_min * 60_000_000
    found = advise(world, own, now_us).found
    assume(found.answer is not Answer.CLEAR)
    moves = [move for moves in found.proposals.values() for move in moves]

    def is_clear(step):
        there = moved(own.as_notice("A"), Proposal(own.as_notice("A"), "time", step * 60.0))
        return not world.meetings_of(replace(own, volumes=there.volumes))

    back = min(max(-now_min, 0), 720)
    clear = [step for step in range(-back, 721) if is_clear(step)]
    smallest = min(clear, key=lambda step: (abs(step), -step), default=None)
    assert [move.by for move in moves] == ([] if smallest is None else [smallest * 60.0])


def test_no_move_is_sought_for_a_site_nor_for_what_the_host_was_given_generalised():
    world = a_world([("B", a_view([box()], recipient="A", number=9))])
    site = a_view([box()], activity=Activity.HUMANITARIAN_SITE)
    for plan, sought in (
        (site, ()),
        (a_view([box()], GENERAL), ()),
        (a_view([box()]), ("time", "altitude", "sideways")),
    ):
        advice = advise(world, plan, LONG_AGO_US)
        assert advice.found.answer is not Answer.CLEAR
        assert advice.sought == sought
        assert [m.dimension for moves in advice.found.proposals.values() for m in moves] == list(sought)


def test_fire_is_asked_to_move_in_time_alone():
    world = a_world([("B", a_view([box()], recipient="A", number=9))])
    ((moves),) = advise(world, a_view([box()], activity=Activity.LIVE_FIRE), LONG_AGO_US).found.proposals.values()
    assert [m.dimension for m in moves] == ["time"]


# What it may cost


def test_what_is_too_large_to_look_at_is_named_and_not_looked_at():
    world = a_world([("B", a_view([box()], recipient="A", number=9))])
    many = a_view([box(0.01 * k) for k in range(MOST_MOVED_SIDEWAYS + 1)])
    assert advise(world, many, LONG_AGO_US).sought == ("time", "altitude")
    assert advise(world, a_view([box()] * (MOST_MOVED + 1)), LONG_AGO_US).sought == ()
    spots = [Position(34.0 + 0.02 * cos(k / 50), 36.0 + 0.02 * sin(k / 50)) for k in range(300)]
    star = replace(box(), footprint=Polygon(tuple(spots)))
    world.put_view("B", a_view([star], recipient="A", number=8))
    found = advise(world, a_view([star]), LONG_AGO_US).found
    assert [c.b.notice.reference for c in found.conflicts] == [f"{9:032x}"]
    assert [(m.b.notice.reference, m.answer) for m in found.unmeasured] == [(f"{8:032x}", Answer.CONFLICT)]
    assert found.answer is Answer.CONFLICT


def test_no_move_is_sought_for_many_corners_among_many_volumes(monkeypatch):
    monkeypatch.setattr("detente.channel.advice.MOST_CORNERS_MET", 2)
    seen = [("B", a_view([box()], recipient="A", number=k)) for k in range(3)]
    assert advise(a_world(seen), a_view([box()]), LONG_AGO_US).sought == ()
    assert advise(a_world(seen[:2]), a_view([box()]), LONG_AGO_US).sought


# What is protected


@pytest.mark.parametrize("activity", sorted(HUMANITARIAN, key=lambda a: a.value))
def test_how_near_a_plan_comes_to_anothers_protected_site_is_told_to_nobody_else(activity):
    """Also where the site is the sixth that is met, and so not explained."""
    others = [("B", a_view([box(0.1 * k)], recipient="A", number=10 + k)) for k in range(MOST_EXPLAINED)]
    for crowd in ([], others):
        told = []
        for km_north in (2.0, 3.0):
            protected = a_view([box(from_h=1, to_h=3)], recipient="A", number=99, activity=activity)
            own = a_view([replace(box(km_north), window=TimeWindow(NOON_US + 3 * HOUR_US // 2, NOON_US + 2 * HOUR_US))])
            told.append(explained(advise(a_world([*crowd, ("B", protected)]), own, LONG_AGO_US).found, "A"))
        for each in told:
            assert each["proposals"][0]["sideways_withheld"]
            assert all(move["dimension"] != "sideways" for move in each["proposals"][0]["moves"])
        if not crowd:
            assert canonical(told[0]) == canonical(told[1])
            assert told[0]["conflicts"][0]["separations_withheld"]


def test_the_owner_of_a_site_reads_how_near_others_come_to_it():
    world = a_world([("B", a_view([box(3.0)], recipient="A", number=9))])
    site = a_view([box()], activity=Activity.HUMANITARIAN_SITE)
    (conflict,) = explained(advise(world, site, LONG_AGO_US).found, "A")["conflicts"]
    assert conflict["lateral_m"]["stated"] == 0.0
    assert not conflict["separations_withheld"]


# What others hide


def advice_for(channel, party):
    world = channel.standing.world(party)
    return [canonical(explained(advise(world, own, LONG_AGO_US).found, party)) for own in world.own_views()]


@settings(max_examples=8)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=3),
    st.sampled_from([GENERAL, EXISTENCE]),
    st.booleans(),
    st.lists(st.integers(-3, 3), max_size=3),
)
def test_equal_views_give_equal_advice_byte_for_byte_whatever_the_others_hide(metres, level, to_c_too, hidden):
    """The plans behind the views differ in metres and words; C is told of them or not, and more is planned that B is told nothing of."""
    told = []
    for is_other in (False, True):
        channel = Channel()
        channel.submit("B", Notice("N", "B", Activity.AIR_OPERATION, (box(3.0, radius_m=8_000.0),)), {})
        for k, off_m in enumerate(metres):
            channel.parties["A"].random = random_bytes(f"ids {k}")
            place = box(4.0 * k + is_other * off_m / 1_000.0)
            notice = Notice(f"A{k}", "A", Activity.AIR_OPERATION, (place,), title="secret" if is_other else "")
            channel.submit("A", notice, {"B": level, **({"C": FULL} if is_other and to_c_too else {})})
        for k, km_north in enumerate(hidden if is_other else ()):
            channel.submit("C", Notice(f"C{k}", "C", Activity.AIR_OPERATION, (box(km_north),)), {"A": FULL})
            channel.submit("A", Notice(f"H{k}", "A", Activity.AIR_OPERATION, (box(km_north),)), {"C": FULL})
        told.append(advice_for(channel, "B"))
    assert told[0] == told[1]
    assert b'"POSSIBLE"' in told[0][0]
