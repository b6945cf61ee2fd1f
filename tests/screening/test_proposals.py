"""Proposals clear what they say they clear, and nothing smaller would."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import cos, radians

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import (
    ALL_ALTITUDES,
    CERTAIN,
    SURFACE,
    UNSTATED_WINDOW,
    Activity,
    AltitudeBand,
    Answer,
    Circle,
    Corridor,
    Minima,
    MinimaRule,
    Notice,
    Orbit,
    Polygon,
    Position,
    Proposal,
    TimeWindow,
    Uncertainty,
    Understanding,
    Volume4D,
    VolumeRef,
    amsl,
    flight_level,
    hae,
)
from detente.domain.altitude import HIGHEST_M
from detente.screening import lateral_distance_m, screen
from detente.screening.pair import prepare, separation
from detente.screening.proposals import (
    ALTITUDE_STEP_M,
    BEARINGS_DEG,
    MOST_ALTITUDE_STEPS,
    MOST_ROOM_M,
    MOST_SIDEWAYS_STEPS,
    SIDEWAYS_STEP_M,
    TIME_STEP_S,
    moved,
    moved_footprint,
    propose,
)
from detente.screening.scene import Entry, Scene

NIGHT = datetime(2018, 9, 17, 18, tzinfo=UTC)
MINIMA = Minima(5 * 1852.0, 1000 * 0.3048, 300.0)
RULES = Understanding("given", "", (MinimaRule("given", MINIMA),))


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


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-12_000, 12_000), st.floats(-12_000, 12_000)), min_size=1, max_size=4),
    st.sampled_from([0.0, 1852.0]),
)
def test_of_moves_as_far_the_one_that_leaves_most_room_is_proposed(places, lateral_m):
    window = TimeWindow.between(NIGHT, NIGHT + timedelta(hours=1))
    spots = [((0.0, 0.0), 1_000.0), ((100.0, 0.0), 1_000.0), *((place, 2_000.0) for place in places)]
    own, *others = (Circle(at(35.0, 36.0, place)[0], radius_m) for place, radius_m in spots)
    a, *rest = (
        Notice(str(k), "AB"[k > 0], Activity.AIR_OPERATION, (Volume4D(circle, ALL_ALTITUDES, window),))
        for k, circle in enumerate((own, *others))
    )

    def room_m(bearing_deg):
        there = moved_footprint(own, bearing_deg, proposed.by)
        return min(min(lateral_distance_m(there, other) for other in others) - lateral_m - 1.0, MOST_ROOM_M)

    answer = screen([a, *rest], minima=Minima(lateral_m, 0.0, 0.0))
    proposed = next(p for p in answer.proposals["A", "0"] if p.dimension == "sideways")
    assert room_m(proposed.bearing_deg) >= max(room_m(float(b)) for b in BEARINGS_DEG) - 20.0


def wrapped(longitude_deg):
    return (longitude_deg + 180.0) % 360.0 - 180.0


def at(latitude_deg, longitude_deg, *offsets_m):
    """Positions east and north of a middle, about."""
    return tuple(
        Position(
            latitude_deg + north / 111_000.0, wrapped(longitude_deg + east / 111_000.0 / cos(radians(latitude_deg)))
        )
        for east, north in offsets_m
    )


@st.composite
def wide_footprints(draw):
    lat, lon = draw(st.floats(-78, 78)), draw(st.floats(-180, 179))
    lat, lon = draw(st.sampled_from([(lat, 10.0), (60.0, lon), (78.9, 20.0)]))
    x, y = draw(st.integers(-3, 3)) * 10_000.0, draw(st.integers(-3, 3)) * 10_000.0
    size = draw(st.sampled_from([5_000.0, 40_000.0, 150_000.0]))
    a, b, c = at(lat, min(lon, 160.0), (x, y), (x + size, y + size / 3), (x, y + size / 2))
    return draw(
        st.sampled_from(
            [
                Circle(a, size),
                Polygon((a, b, c)),
                Corridor((a, b, c), size / 10),
                Corridor((a, b), size / 10, "square"),
                Orbit(a, b, size / 5, "left"),
            ]
        )
    ), Circle(c, size / 4)


@settings(max_examples=25, deadline=None)
@given(wide_footprints(), st.sampled_from([0.0, 9260.0]))
def test_no_nearer_place_would_have_cleared_it_at_any_latitude_or_size(drawn, lateral_m):
    window = TimeWindow.between(NIGHT, NIGHT + timedelta(hours=1))
    a, b = (
        Notice("1", p, Activity.AIR_OPERATION, (Volume4D(f, ALL_ALTITUDES, window),))
        for p, f in zip("AB", drawn, strict=True)
    )
    minima = Minima(lateral_m, 0.0, 0.0)
    found = [p for p in screen([a, b], minima=minima).proposals.get(("A", "1"), ()) if p.dimension == "sideways"]
    last = round(found[0].by / SIDEWAYS_STEP_M) if found else MOST_SIDEWAYS_STEPS + 1
    moves = [(s, float(d)) for s in range(1, last) for d in BEARINGS_DEG]
    if separation(a.volumes[0], b.volumes[0], minima).answer is Answer.CLEAR:
        assert not found
        return
    for step, bearing_deg in moves[-200:]:  # the nearest places are surely taken
        there = Volume4D(moved_footprint(drawn[0], bearing_deg, step * SIDEWAYS_STEP_M), ALL_ALTITUDES, window)
        assert separation(there, b.volumes[0], minima).answer is not Answer.CLEAR, (step, bearing_deg)


def test_a_notice_round_the_pole_is_not_bent_out_of_shape():
    ring = Polygon(tuple(Position(89.9, lon) for lon in (0, 90, 180, -90)))
    window = TimeWindow.between(NIGHT, NIGHT + timedelta(hours=1))
    notices = [
        Notice("1", party, Activity.AIR_OPERATION, (Volume4D(footprint, ALL_ALTITUDES, window),))
        for party, footprint in (("A", ring), ("B", Circle(Position(90, 0), 5000.0)))
    ]
    proposals = screen(notices, minima=MINIMA).proposals
    assert "sideways" not in {
        p.dimension for p in proposals["A", "1"]
    }  # any bearing leads to the pole, or away from it
    assert not meets_after(next(p for p in proposals["B", "1"] if p.dimension == "sideways"), notices)


def test_nothing_is_raised_above_the_highest_altitude_there_is():
    top = AltitudeBand(amsl(HIGHEST_M - 1_000.0), amsl(HIGHEST_M))
    plans = [replace(n, volumes=(replace(n.volumes[0], altitude=top),)) for n in (notice("A", "1"), notice("B", "1"))]
    by_height = [p.by for p in screen(plans, minima=MINIMA).proposals["A", "1"] if p.dimension == "altitude"]
    assert by_height == [pytest.approx(-43 * ALTITUDE_STEP_M)]  # 1,000 m and 1,000 ft: 1,304.8 m, no less


def test_a_notice_that_is_clear_is_not_asked_to_move():
    clear = notice("A", "1", at=(10.0, 10.0))
    scene = Scene(tuple(Entry(VolumeRef(n, 0), prepare(n.volumes[0])) for n in (clear, notice("B", "1"))), RULES)
    assert propose(clear, scene) == ()
