"""A party's world answers what an ordinary screening of all it knows answers, and knows nothing else."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import strategies
from detente.channel.views import View, make_view
from detente.channel.world import World, with_defaults
from detente.domain import (
    Activity,
    Answer,
    Circle,
    InvalidVolume,
    Minima,
    MinimaRule,
    Notice,
    Position,
    ReleaseGrids,
    ReleaseLevel,
    TimeWindow,
    TooLarge,
    Understanding,
    Volume4D,
)
from detente.screening import kernels, screen

RULES = with_defaults(Understanding("U", "1", (MinimaRule("all", Minima(500.0, 100.0, 60.0)),)))
GRIDS = ReleaseGrids(general_levels=(12, 10, 8))
FULL, GENERAL, EXISTENCE, NONE = (ReleaseLevel(level) for level in ("full", "general", "existence", "none"))
ACTIVITIES = (Activity.AIR_OPERATION, Activity.LIVE_FIRE, Activity.HUMANITARIAN_SITE)


def a_view(volumes, level=FULL, *, recipient="", number=1, activity=Activity.AIR_OPERATION, version=1) -> View:
    notice = Notice("N", "X", activity, tuple(volumes))
    return make_view(
        notice, level, GRIDS, recipient=recipient, view_id=f"{number:032x}", version=version, commitment="0" * 64
    )


def a_world(party="A", rules=RULES):
    return World(party, rules, run=kernels)


def circle(km_north=0.0, radius_m=2_000.0, *, window=None):
    place = Circle(Position(34.0 + km_north / 111.0, 36.0), radius_m)
    return Volume4D(place) if window is None else Volume4D(place, window=window)


@st.composite
def told(draw):
    """Own notices and views released, on one small grid so that they meet."""
    grid = draw(strategies.grids)
    some = st.lists(strategies.volumes(grid), min_size=1, max_size=3)
    own = draw(st.lists(st.tuples(some, st.sampled_from(ACTIVITIES)), min_size=1, max_size=3))
    views = draw(
        st.lists(
            st.tuples(some, st.sampled_from(ACTIVITIES), st.sampled_from("BC"), st.sampled_from([FULL, GENERAL])),
            max_size=4,
        )
    )
    return own, views


@given(told())
def test_a_world_answers_as_a_screening_of_all_the_party_knows(told):
    own, views = told
    world = a_world()
    try:
        mine = [a_view(volumes, number=k, activity=activity) for k, (volumes, activity) in enumerate(own)]
        seen = [
            (sender, a_view(volumes, level, recipient="A", number=100 + k, activity=activity))
            for k, (volumes, activity, sender, level) in enumerate(views)
        ]
    except (InvalidVolume, TooLarge):
        assume(False)
    for view in mine:
        world.put_own(view)
    for sender, view in seen:
        world.put_view(sender, view)
    levels = {view.view_id: view.level for _, view in seen}
    expected = set()
    for c in screen(world.as_notices(), understanding=RULES, explain=False, propose_most=0).conflicts:
        if "A" not in (c.a.notice.party, c.b.notice.party):
            continue
        theirs = c.b if c.a.notice.party == "A" else c.a
        ours = c.a if theirs is c.b else c.b
        answer = c.answer if levels[theirs.notice.reference] is FULL else min(c.answer, Answer.POSSIBLE)
        expected.add((ours.notice.reference, ours.volume_index, theirs.notice.reference, theirs.volume_index, answer))
    found = [m for view in mine for m in world.of_own(view.view_id)]
    assert {(m.notice_id, m.volume_index, m.view_id, m.view_volume_index, m.answer) for m in found} == expected
    assert len(found) == len(expected)


@given(
    strategies.grids.flatmap(lambda g: st.tuples(strategies.volumes(g), strategies.volumes(g))),
    st.sampled_from([FULL, GENERAL, EXISTENCE, NONE]),
    st.sampled_from([FULL, GENERAL, EXISTENCE, NONE]),
)
def test_two_notices_that_meet_are_never_both_clear_where_either_was_told(pair, a_to_b, b_to_a):
    assume((a_to_b, b_to_a) != (NONE, NONE))
    worlds = {"A": a_world("A"), "B": a_world("B")}
    plans = {"A": [pair[0]], "B": [pair[1]]}
    try:
        met = [Notice(f"N{party}", party, Activity.AIR_OPERATION, tuple(plans[party])) for party in "AB"]
        assume(screen(met, understanding=RULES, explain=False, propose_most=0).answer is not Answer.CLEAR)
        for party in "AB":
            worlds[party].put_own(a_view(plans[party]))
        for sender, recipient, level in (("A", "B", a_to_b), ("B", "A", b_to_a)):
            if level is not NONE:
                worlds[recipient].put_view(sender, a_view(plans[sender], level, recipient=recipient))
    except (InvalidVolume, TooLarge):
        assume(False)
    answers = [m.answer for world in worlds.values() for m in world.of_own(f"{1:032x}")]
    assert max(answers, default=Answer.CLEAR) is not Answer.CLEAR


def test_a_view_that_arrives_meets_what_the_party_has_and_a_notice_that_arrives_meets_what_it_was_told():
    first, second = a_world(), a_world()
    assert first.put_own(a_view([circle()])) == ()
    later = first.put_view("B", a_view([circle(3)], recipient="A", number=2))
    assert second.put_view("B", a_view([circle(3)], recipient="A", number=2)) == ()
    assert second.put_own(a_view([circle()])) == later
    assert [m.answer for m in later] == [Answer.POSSIBLE]  # altitudes and times are not stated


def test_an_amended_view_replaces_the_one_before():
    world = a_world()
    world.put_own(a_view([circle()]))
    assert world.put_view("B", a_view([circle(3)], recipient="A", number=2))
    assert not world.put_view("B", a_view([circle(300)], recipient="A", number=2, version=2))
    assert world.of_own(f"{1:032x}") == ()
    assert world.view_count == 1


def test_what_is_withdrawn_is_met_no_more():
    world = a_world()
    world.put_own(a_view([circle()]))
    world.put_view("B", a_view([circle(3)], recipient="A", number=2))
    world.drop_view("B", f"{2:032x}")
    assert world.of_own(f"{1:032x}") == ()
    world.drop_own(f"{1:032x}")
    assert (world.notice_count, world.view_count, world.as_notices()) == (0, 0, ())


def test_what_is_over_leaves_the_world():
    over = TimeWindow(1_537_142_400_000_000, 1_537_146_000_000_000)
    world = a_world()
    world.put_own(a_view([circle(window=over)]))
    world.put_view("B", a_view([circle(3, window=over)], recipient="A", number=2))
    world.put_view("B", a_view([circle(3)], recipient="A", number=3))
    assert world.expire(over.end_us + 1) == ((), ())  # within the minima something may still come near it
    own, views = world.expire(over.end_us + 901_000_000)
    assert [view.view_id for view in own] == [f"{1:032x}"]
    assert [(sender, view.view_id) for sender, view in views] == [("B", f"{2:032x}")]
    assert [view.view_id for _, view in world.seen()] == [f"{3:032x}"]


def test_a_plan_not_yet_submitted_is_answered_and_leaves_nothing_behind():
    world = a_world()
    world.put_view("B", a_view([circle(3)], GENERAL, recipient="A", number=2))
    assert [m.answer for m in world.meetings_of(a_view([circle()]))] == [Answer.POSSIBLE]
    assert world.notice_count == 0


@pytest.mark.parametrize("pair", [(Activity.AIR_OPERATION, Activity.LIVE_FIRE), (Activity.EXERCISE, Activity.EXERCISE)])
def test_where_nothing_was_agreed_the_default_minima_hold(pair):
    agreed = MinimaRule("drones", Minima(1.0, 1.0, 1.0), Activity.UNMANNED_FLIGHT, Activity.UNMANNED_FLIGHT)
    rules = with_defaults(Understanding("U", "1", (agreed,)))
    minima, name = rules.minima_between(*pair)
    assert (minima.lateral_m, name) == (18_520.0, "default minima, nothing was agreed")
    assert rules.minima_between(Activity.UNMANNED_FLIGHT, Activity.UNMANNED_FLIGHT)[0] == agreed.minima
