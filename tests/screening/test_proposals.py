"""Proposals clear what they say they clear, and nothing smaller would."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import (
    CERTAIN,
    SURFACE,
    UNSTATED_WINDOW,
    Activity,
    AltitudeBand,
    Answer,
    Circle,
    Corridor,
    Minima,
    Notice,
    Position,
    Proposal,
    TimeWindow,
    Uncertainty,
    Volume4D,
    amsl,
    flight_level,
    hae,
)
from detente.screening import screen
from detente.screening.proposals import (
    ALTITUDE_STEP_M,
    BEARINGS_DEG,
    MOST_ALTITUDE_STEPS,
    SIDEWAYS_STEP_M,
    TIME_STEP_S,
    moved,
)

NIGHT = datetime(2018, 9, 17, 18, tzinfo=UTC)
MINIMA = Minima(5 * 1852.0, 1000 * 0.3048, 300.0)


def notice(party, reference, *, at=(35.5, 35.8), radius_m=8_000.0, levels=(90, 110), start_min=0, minutes=30, **more):
    window = TimeWindow.between(NIGHT + timedelta(minutes=start_min), NIGHT + timedelta(minutes=start_min + minutes))
    band = AltitudeBand(flight_level(levels[0]), flight_level(levels[1]))
    volume = Volume4D(Circle(Position(*at), radius_m), band, window, more.pop("uncertainty", CERTAIN))
    return Notice(reference, party, more.pop("activity", Activity.AIR_OPERATION), (volume,), **more)


def meets_after(proposal, notices):
    rest = [n for n in notices if n is not proposal.notice]
    answer = screen([*rest, moved(proposal.notice, proposal)], minima=MINIMA, explain=False, propose_most=0)
    key = (proposal.notice.party, proposal.notice.reference)
    return any(
        key in {(c.a.notice.party, c.a.notice.reference), (c.b.notice.party, c.b.notice.reference)}
        for c in answer.conflicts
    )


minutes = st.integers(-90, 90)
near = st.tuples(st.floats(35.3, 35.7), st.floats(35.5, 36.1))
plans = st.builds(
    lambda party, at, radius_m, low, thick, start, length, doubt_m: notice(
        party, "1", at=at, radius_m=radius_m, levels=(low, low + thick), start_min=start, minutes=length,
        uncertainty=Uncertainty(doubt_m, doubt_m / 10, doubt_m / 10),
    ),
    st.sampled_from("ABC"), near, st.floats(500, 15_000), st.integers(30, 200), st.integers(0, 60), minutes,
    st.integers(1, 90), st.sampled_from([0.0, 500.0]),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(plans, min_size=2, max_size=5))
def test_every_proposal_clears_its_notice_against_everything(drawn):
    notices = [replace(n, reference=str(k)) for k, n in enumerate(drawn)]
    answer = screen(notices, minima=MINIMA, explain=False)
    for proposals in answer.proposals.values():
        for proposal in proposals:
            assert not meets_after(proposal, notices)


@settings(max_examples=15, deadline=None)
@given(st.lists(plans, min_size=2, max_size=4))
def test_no_smaller_step_would_have_cleared_it(drawn):
    notices = [replace(n, reference=str(k)) for k, n in enumerate(drawn)]
    for proposals in screen(notices, minima=MINIMA, explain=False).proposals.values():
        for proposal in proposals:
            for smaller in smaller_moves(proposal):
                assert meets_after(smaller, notices), smaller


def smaller_moves(proposal: Proposal):
    size = {"time": TIME_STEP_S, "altitude": ALTITUDE_STEP_M, "sideways": SIDEWAYS_STEP_M}[proposal.dimension]
    for step in range(1, round(abs(proposal.by) / size)):
        if proposal.dimension == "sideways":
            yield from (replace(proposal, by=step * size, bearing_deg=float(b)) for b in BEARINGS_DEG[::4])
        else:
            lowest = proposal.notice.volumes[0].altitude.lower.value_m
            yield replace(proposal, by=step * size)
            if proposal.dimension == "time" or lowest - step * size >= 0:
                yield replace(proposal, by=-step * size)


def test_a_band_just_touching_the_minimum_moves_by_one_step():
    plans = [notice("A", "1", levels=(90, 100)), notice("B", "1", levels=(110, 120))]  # 1,000 ft apart: at the minimum
    proposals = screen(plans, minima=MINIMA).proposals
    assert [p.by for p in proposals["B", "1"] if p.dimension == "altitude"] == [pytest.approx(ALTITUDE_STEP_M)]


def test_a_humanitarian_site_is_never_asked_to_move_and_the_other_side_is():
    site = notice("OCHA", "1", activity=Activity.HUMANITARIAN_SITE)
    proposals = screen([site, notice("A", "1")], minima=MINIMA).proposals
    assert ("OCHA", "1") not in proposals
    assert {p.dimension for p in proposals["A", "1"]} == {"time", "altitude", "sideways"}


def test_no_other_place_is_ever_proposed_for_fire():
    proposals = screen([notice("A", "1", activity=Activity.LIVE_FIRE), notice("B", "1")], minima=MINIMA).proposals
    assert {p.dimension for p in proposals["A", "1"]} == {"time"}


def test_a_convoy_is_offered_another_time_but_neither_height_nor_a_field_to_drive_in():
    convoy = notice("ICRC", "1", activity=Activity.HUMANITARIAN_MOVEMENT)
    proposals = screen([convoy, notice("A", "1")], minima=MINIMA).proposals
    assert {p.dimension for p in proposals["ICRC", "1"]} == {"time"}


def test_a_move_never_lands_in_someone_it_did_not_meet_before():
    crowd = [notice("B", str(k), start_min=40 + 31 * k, minutes=30) for k in range(-5, 5) if k != -1]
    answer = screen([notice("A", "1", start_min=20), *crowd], minima=MINIMA)
    by_time = [p for p in answer.proposals["A", "1"] if p.dimension == "time"]
    assert by_time
    assert not meets_after(by_time[0], [by_time[0].notice, *crowd])


def test_nothing_is_proposed_in_time_against_a_plan_that_states_no_time():
    silent = notice("B", "1")
    silent = replace(silent, volumes=(replace(silent.volumes[0], window=UNSTATED_WINDOW),))
    proposals = screen([notice("A", "1"), silent], minima=MINIMA).proposals
    assert "time" not in {p.dimension for p in proposals["A", "1"]}


def test_none_is_within_limits_when_everything_is_closed_for_a_day():
    closure = notice("B", "1", radius_m=400_000.0, levels=(0, 600), start_min=-2000, minutes=4000)
    answer = screen([notice("A", "1"), closure], minima=MINIMA)
    assert answer.proposals["A", "1"] == ()


def test_a_notice_is_not_lowered_below_zero():
    low = notice("A", "1", levels=(5, 10))
    high = notice("B", "1", levels=(6, 10 + MOST_ALTITUDE_STEPS * 2))
    assert "altitude" not in {p.dimension for p in screen([low, high], minima=MINIMA).proposals["A", "1"]}


def test_a_route_moves_as_a_whole():
    legs = tuple(
        Volume4D(
            Corridor((Position(35.0, 35.0 + k / 4), Position(35.0, 35.25 + k / 4)), 2000.0),
            AltitudeBand(SURFACE, amsl(3000.0)),
            TimeWindow.between(NIGHT + timedelta(minutes=5 * k), NIGHT + timedelta(minutes=5 * k + 5)),
        )
        for k in range(6)
    )
    route = Notice("R", "A", Activity.AIR_OPERATION, legs)
    block = Volume4D(
        Circle(Position(35.0, 36.0), 5000.0),
        AltitudeBand(SURFACE, amsl(2000.0)),
        TimeWindow.between(NIGHT, NIGHT + timedelta(hours=1)),
    )
    block_notice = Notice("B", "B", Activity.LIVE_FIRE, (block,))
    answer = screen([route, block_notice], minima=MINIMA)
    for proposal in answer.proposals["A", "R"]:
        shifted = moved(route, proposal)
        assert len(shifted.volumes) == len(legs)
        assert screen([shifted, block_notice], minima=MINIMA).answer is Answer.CLEAR
    # leg 4 is the last within 9.26 km of the block; it ends at +25 min and the block begins at 0
    assert [p.by for p in answer.proposals["A", "R"] if p.dimension == "time"] == [-31 * 60]


def test_a_move_over_a_lower_sea_does_not_land_in_what_was_just_far_enough_below():
    def disc(party, at, band):
        window = TimeWindow.between(NIGHT, NIGHT + timedelta(hours=1))
        return Notice("1", party, Activity.AIR_OPERATION, (Volume4D(Circle(Position(*at), 1_000.0), band, window),))

    level = AltitudeBand(amsl(2000.0), amsl(2000.0))
    a, b = (disc(party, (-21.07, 37.5), level) for party in "AB")
    free = next(p for p in screen([a, b], minima=MINIMA).proposals["A", "1"] if p.dimension == "sideways")
    there = moved(a, free).volumes[0].footprint.centre  # the geoid lies more than a metre lower there
    below = disc("C", (there.latitude_deg, there.longitude_deg), AltitudeBand(hae(1580.0), hae(1675.266)))
    sideways = [p for p in screen([a, b, below], minima=MINIMA).proposals["A", "1"] if p.dimension == "sideways"]
    assert sideways
    assert sideways[0] != free
    assert not meets_after(sideways[0], [a, b, below])
