"""What the answer says, in the words of the issue: who, what, where, when, how closely, under which rule."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from detente.domain import (
    ALL_ALTITUDES,
    SURFACE,
    UNLIMITED_ABOVE,
    UNSTATED_BAND,
    UNSTATED_WINDOW,
    WORLD,
    Activity,
    AltitudeBand,
    Answer,
    Arena,
    Circle,
    InvalidVolume,
    Minima,
    MinimaRule,
    NoMinima,
    Notice,
    Polygon,
    Position,
    TerrainBounds,
    TimeWindow,
    Uncertainty,
    Understanding,
    Volume4D,
    agl,
    amsl,
    flight_level,
    hae,
)
from detente.screening import screen, separation

NIGHT = datetime(2018, 9, 17, 18, tzinfo=UTC)
MINIMA = Minima(5 * 1852.0, 1000 * 0.3048, 300.0)
OVERLAP = Minima(0.0, 0.0, 0.0)


def window(start_min=0, end_min=60):
    return TimeWindow.between(NIGHT + timedelta(minutes=start_min), NIGHT + timedelta(minutes=end_min))


def volume(*, at=(35.5, 35.8), radius_m=5_000.0, band=None, when=None, uncertainty=None):
    band = band or AltitudeBand(flight_level(90), flight_level(110))
    return Volume4D(Circle(Position(*at), radius_m), band, when or window(), uncertainty or Uncertainty())


def notice(party, reference="1", *, activity=Activity.AIR_OPERATION, **place):
    return Notice(reference, party, activity, (volume(**place),))


def test_without_minima_there_is_no_answer():
    with pytest.raises(NoMinima, match="no safe default"):
        screen([notice("A"), notice("B")])


def test_plans_of_one_party_are_its_own_business():
    assert screen([notice("A", "1"), notice("A", "2")], minima=MINIMA).conflicts == ()


def test_a_pair_that_no_rule_speaks_of_is_refused_not_cleared():
    rule = MinimaRule("drones", MINIMA, Activity.UNMANNED_FLIGHT, Activity.UNMANNED_FLIGHT)
    with pytest.raises(NoMinima, match="between air_operation and air_operation"):
        screen([notice("A"), notice("B")], understanding=Understanding("U", "1", (rule,)))


def test_where_two_rules_differ_the_larger_holds_in_each_dimension_and_both_are_named():
    wide = MinimaRule("wide", Minima(20_000.0, 100.0, 60.0))
    tall = MinimaRule("tall", Minima(1_000.0, 2_000.0, 60.0), Activity.AIR_OPERATION, None)
    (conflict,) = screen([notice("A"), notice("B")], understanding=Understanding("U", "1", (wide, tall))).conflicts
    assert conflict.minima == Minima(20_000.0, 2_000.0, 60.0)
    assert conflict.rule == "wide and tall"


def test_minima_given_by_hand_cannot_shrink_what_was_agreed():
    agreed = Understanding("U", "1", (MinimaRule("agreed", MINIMA),))
    apart = notice("B", at=(35.5, 35.95))  # some 13.6 km centre to centre, circles of 5 km: 3.6 km apart
    assert screen([notice("A"), apart], understanding=agreed, minima=OVERLAP).answer is Answer.CONFLICT


def test_the_answer_is_the_same_in_any_order_of_notices():
    plans = [notice("A"), notice("B", at=(35.55, 35.8)), notice("C", at=(35.45, 35.85)), notice("B", "2")]
    answers = [screen(order, minima=MINIMA) for order in permutations(plans)]
    assert all(answer == answers[0] for answer in answers)
    assert len(answers[0].conflicts) == 5  # A1 with B1, B2, C1; C1 with B1, B2


def test_back_to_back_windows_touch_and_touching_is_meeting():
    first, second = volume(when=window(0, 30)), volume(when=window(30, 60))
    assert separation(first, second, OVERLAP).answer is Answer.CONFLICT


def test_one_microsecond_more_than_the_minimum_is_clear():
    first = volume(when=window(0, 30))
    start_us = first.window.end_us + 300_000_000
    at_minimum = volume(when=TimeWindow(start_us, start_us + 1))
    past_it = volume(when=TimeWindow(start_us + 1, start_us + 2))
    assert separation(first, at_minimum, MINIMA).answer is Answer.CONFLICT
    assert separation(first, past_it, MINIMA).answer is Answer.CLEAR


def test_flight_levels_exactly_a_thousand_feet_apart_are_at_the_minimum():
    for level in range(0, 600, 10):
        lower = volume(band=AltitudeBand(flight_level(level), flight_level(level)))
        upper = volume(band=AltitudeBand(flight_level(level + 10), flight_level(level + 10)))
        assert separation(lower, upper, MINIMA).answer is Answer.CONFLICT, level
        assert separation(lower, upper, replace(MINIMA, vertical_m=304.0)).answer is Answer.CLEAR, level


@pytest.mark.parametrize(
    ("uncertainty", "word"),
    [(Uncertainty(position_m=20_000.0), "position"), (Uncertainty(position_m=100.0), None)],
)
def test_what_only_an_uncertainty_brings_together_is_possible_and_says_so(uncertainty, word):
    far = volume(at=(35.5, 36.1), uncertainty=uncertainty)  # 17 km between the circles, 7.9 km more than the minimum
    found = separation(volume(), far, MINIMA)
    assert found.answer is (Answer.POSSIBLE if word else Answer.CLEAR)
    assert all(word in reason for reason in found.reasons)


def test_a_plan_that_states_no_altitude_or_no_time_is_at_most_possible():
    vague = Notice("1", "B", Activity.UNSTATED, (volume(band=UNSTATED_BAND, when=UNSTATED_WINDOW),))
    (conflict,) = screen([notice("A"), vague], minima=MINIMA).conflicts
    assert conflict.answer is Answer.POSSIBLE
    assert conflict.reasons == ("altitude not stated", "time not stated")


def test_a_plan_stated_to_have_no_limit_can_be_a_conflict():
    always = TimeWindow(-(2**61), 2**61)
    site = notice("OCHA", activity=Activity.HUMANITARIAN_SITE, band=ALL_ALTITUDES, when=always)
    assert screen([notice("A"), site], minima=MINIMA).answer is Answer.CONFLICT


def test_from_the_surface_up_meets_every_flight_level_below_its_top_without_a_margin():
    low = volume(band=AltitudeBand(SURFACE, flight_level(100)))
    assert separation(low, volume(), MINIMA).answer is Answer.CONFLICT


def test_a_tunnel_does_not_meet_an_aircraft_over_it():
    tunnel = notice("B", activity=Activity.SUBSURFACE_OPERATION, band=AltitudeBand(agl(-80.0), agl(-20.0)))
    flight = notice("A", band=AltitudeBand(agl(300.0), agl(900.0)))
    assert screen([tunnel, flight], minima=Minima(0.0, 300.0, 0.0)).answer is Answer.CLEAR


def test_altitudes_of_different_references_are_possible_where_only_the_margin_joins_them():
    levant = Arena("L", terrain=TerrainBounds(-430.0, 3_100.0))
    pressure = volume(band=AltitudeBand(flight_level(100), flight_level(120)))
    near, far = (
        volume(band=AltitudeBand(amsl(2_000.0), amsl(2_500.0))),
        volume(band=AltitudeBand(amsl(0.0), amsl(500.0))),
    )
    found = separation(pressure, near, MINIMA, arena=levant)
    assert found.answer is Answer.POSSIBLE
    assert found.reasons == (
        "margin of converting altitudes: AMSL and FL (smaller with pressure bounds in the understanding)",
    )
    assert separation(pressure, far, MINIMA, arena=levant).answer is Answer.CLEAR


def test_only_bounds_that_would_help_and_are_not_given_are_asked_for():
    def reasons(one, other, arena):
        band = [AltitudeBand(limit, limit) for limit in (one, other)]
        return separation(volume(band=band[0]), volume(band=band[1]), OVERLAP, arena=arena).reasons

    margin = "margin of converting altitudes:"
    assert reasons(agl(300.0), amsl(900.0), WORLD) == (
        f"{margin} AGL and AMSL (smaller with terrain bounds in the understanding)",
    )
    assert reasons(agl(300.0), flight_level(30), WORLD) == (
        f"{margin} AGL and FL (smaller with terrain and pressure bounds in the understanding)",
    )
    assert reasons(hae(920.0), amsl(900.0), WORLD) == (f"{margin} AMSL and HAE",)
    told = Arena("L", terrain=TerrainBounds(0.0, 900.0))
    assert reasons(agl(300.0), amsl(900.0), told) == (f"{margin} AGL and AMSL",)


def test_ground_higher_than_a_plan_s_ceiling_is_not_supposed_under_it():
    """It was: a flight up to 1000 m AMSL and another from 100 m above the ground were told 7984 m apart, and POSSIBLE."""
    under = volume(band=AltitudeBand(SURFACE, amsl(1_000.0)))
    low, high = (volume(band=AltitudeBand(agl(lower_m), agl(lower_m + 22.0))) for lower_m in (100.0, 400.0))
    assert separation(under, low, MINIMA).answer is Answer.CONFLICT
    assert separation(under, low, OVERLAP).vertical_m.stated == 100.0
    assert separation(under, high, MINIMA).answer is Answer.POSSIBLE  # over ground at 1000 m they are 400 m apart
    tunnel = notice("B", activity=Activity.SUBSURFACE_OPERATION, band=AltitudeBand(amsl(-50.0), amsl(1_000.0)))
    flight = Notice("1", "A", Activity.AIR_OPERATION, (low,))
    assert screen([tunnel, flight], minima=MINIMA).answer is Answer.POSSIBLE  # a tunnel may lie far below the ground


def test_entering_a_hazard_area_is_a_warning_never_a_conflict():
    ring = notice("SYR", activity=Activity.HAZARD_AREA, radius_m=200_000.0, band=AltitudeBand(SURFACE, UNLIMITED_ABOVE))
    answer = screen([notice("A"), ring, replace(ring, party="X")], minima=MINIMA)
    assert answer.answer is Answer.CLEAR
    assert [(w.plan.notice.party, w.hazard.notice.party) for w in answer.warnings] == [("A", "SYR"), ("A", "X")]


def test_near_a_hazard_area_is_not_in_it():
    ring = notice("SYR", activity=Activity.HAZARD_AREA, at=(35.5, 35.95))  # 3.6 km away: within minima, not inside
    assert screen([notice("A"), ring], minima=MINIMA).warnings == ()


def test_between_keeps_what_could_meet_inside_the_window_and_drops_the_rest():
    plans = [notice("A", when=window(0, 10)), notice("B", when=window(14, 20)), notice("C", when=window(100, 110))]
    tonight = screen(plans, minima=MINIMA, between=window(12, 30))
    assert [(c.a.notice.party, c.b.notice.party) for c in tonight.conflicts] == [("A", "B")]
    assert tonight.pair_count == 1


def test_the_meeting_area_lies_in_both_footprints_and_tells_altitudes_and_times():
    other = notice("B", at=(35.5, 35.86), band=AltitudeBand(flight_level(100), flight_level(200)), when=window(30, 90))
    (conflict,) = screen([notice("A"), other], minima=OVERLAP).conflicts
    area = conflict.area
    assert (area.lower, area.upper) == ("FL100", "FL110")
    assert (area.start_us, area.end_us) == (window(30, 60).start_us, window(30, 60).end_us)
    (part,) = area.footprint
    middle = volume(at=(part.shell[0].latitude_deg, part.shell[0].longitude_deg), radius_m=50.0)
    assert separation(middle, volume(), OVERLAP).answer is Answer.CONFLICT
    assert area.closest is None


def test_volumes_that_come_near_without_touching_show_their_closest_points():
    (conflict,) = screen([notice("A"), notice("B", at=(35.5, 35.95))], minima=MINIMA).conflicts
    assert conflict.area.closest is not None
    assert conflict.area.footprint
    assert conflict.lateral_m.stated == pytest.approx(3_611.0, abs=20.0)


def test_a_ring_that_crosses_itself_is_refused_by_notice_and_volume():
    bow_tie = Polygon((Position(35, 35), Position(36, 36), Position(36, 35), Position(35, 36)))
    bad = Notice("7", "A", Activity.EXERCISE, (Volume4D(bow_tie),), source="plans.geojson, feature 3")
    with pytest.raises(
        InvalidVolume, match=r"feature 3.volumes\[0\].footprint: the ring crosses itself: edge 0 and edge 2"
    ):
        screen([bad], minima=MINIMA)


def test_screening_nothing_is_clear():
    answer = screen([], minima=MINIMA)
    assert (answer.answer, answer.pair_count) == (Answer.CLEAR, 0)


def test_pairs_are_counted_between_parties_only():
    plans = [notice("A", "1"), notice("A", "2"), notice("B"), notice("C")]
    assert screen(plans, minima=MINIMA, explain=False).pair_count == 5


def test_progress_reaches_the_end_of_finding_and_of_measuring():
    seen = []
    screen([notice("A"), notice("B")], minima=MINIMA, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 2), (1, 1)]  # two volumes looked at, one pair of them measured


def test_world_terrain_is_used_where_no_arena_is_known():
    ground = volume(band=AltitudeBand(agl(300.0), agl(400.0)))
    assert (
        separation(ground, volume(band=AltitudeBand(amsl(5_000.0), amsl(6_000.0))), MINIMA, arena=WORLD).answer
        is Answer.POSSIBLE
    )


def test_uncertainties_that_only_just_add_up_are_found_by_the_sweep_too():
    first = volume(when=window(0, 30), uncertainty=Uncertainty(time_s=0.1))
    start_us = first.window.end_us + 300_300_000  # 0.1 s + 0.2 s is 0.30000000000000004 s
    later = volume(when=TimeWindow(start_us, start_us + 1), uncertainty=Uncertainty(time_s=0.2))
    answer = screen(
        [Notice("1", "A", Activity.EXERCISE, (first,)), Notice("1", "B", Activity.EXERCISE, (later,))], minima=MINIMA
    )
    assert answer.answer is separation(first, later, MINIMA).answer


@pytest.mark.parametrize(
    "make",
    [
        lambda: Uncertainty(time_s=7e12),  # 2^63 microseconds: it wrapped round, and cleared
        lambda: Uncertainty(time_s=float("nan")),
        lambda: Uncertainty(position_m=1e300),
        lambda: Uncertainty(altitude_m=1e7),
        lambda: Minima(0.0, 0.0, 9e12),
        lambda: Minima(1e300, 0.0, 0.0),
        lambda: Minima(0.0, float("inf"), 0.0),
        lambda: Minima(0.0, -1.0, 0.0),
    ],
)
def test_sizes_beyond_all_sense_are_refused_before_anything_overflows(make):
    with pytest.raises(InvalidVolume, match="is not a size"):
        make()


def test_the_largest_uncertainties_and_minima_meet_everything_ever():
    century_s = 100 * 365.25 * 86_400
    unsure = Uncertainty(20_100_000.0, 1_100_000.0, century_s)
    here = notice("A", uncertainty=unsure, when=UNSTATED_WINDOW)
    there = notice("B", at=(-35.5, -144.2), uncertainty=unsure, when=window(1e7, 1e7))
    assert screen([here, there], minima=Minima(20_100_000.0, 1_100_000.0, century_s)).answer is not Answer.CLEAR


def test_a_band_whose_limits_can_only_be_swapped_hides_nothing():
    swapped = AltitudeBand(flight_level(200), amsl(100.0))  # all between, and was CLEAR of all between
    between = AltitudeBand(amsl(1500.0), amsl(2500.0))
    with pytest.raises(InvalidVolume, match="whatever the ground") as caught:
        screen([notice("A", band=swapped), notice("B", band=between)], minima=MINIMA)
    assert caught.value.where == "A 1.volumes[0].altitude"


@pytest.mark.parametrize(
    ("a", "b", "says"),
    [
        (
            (SURFACE, flight_level(100)),
            (SURFACE, agl(121.92)),
            ("SFC", "FL100 or 122 m AGL (400 ft), whichever is lower"),
        ),
        ((SURFACE, amsl(2_000.0)), (SURFACE, amsl(1_000.0)), ("SFC", "1000 m AMSL (3281 ft)")),
        ((SURFACE, flight_level(900)), (SURFACE, agl(121.92)), ("SFC", "122 m AGL (400 ft)")),
        (
            (amsl(500.0), UNLIMITED_ABOVE),
            (agl(100.0), amsl(900.0)),
            ("500 m AMSL (1640 ft) or 100 m AGL (328 ft), whichever is higher", "900 m AMSL (2953 ft)"),
        ),
        ((amsl(0.0), amsl(100.0)), (amsl(300.0), amsl(400.0)), ("100 m AMSL (328 ft)", "300 m AMSL (984 ft)")),
        (
            (SURFACE, amsl(200.0)),
            (agl(300.0), UNLIMITED_ABOVE),
            ("300 m AGL (984 ft)", "200 m AMSL (657 ft), where that is higher"),
        ),
        (
            (amsl(100.0), agl(100.0)),
            (amsl(300.0), agl(400.0)),
            ("300 m AMSL (984 ft)", "100 m AGL (329 ft), where that is higher"),
        ),
    ],
)
def test_where_the_ground_decides_which_limit_is_lower_both_are_told(a, b, says):
    plans = [notice(party, band=AltitudeBand(*band)) for party, band in (("A", a), ("B", b))]
    area = screen(plans, minima=MINIMA, propose_most=0).conflicts[0].area
    assert (area.lower, area.upper) == says


def test_what_is_told_of_altitudes_and_uncertainties_is_rounded_outward():
    narrow, wide = AltitudeBand(amsl(1_000.4), amsl(5_000.4)), AltitudeBand(amsl(0.0), UNLIMITED_ABOVE)
    unsure = Uncertainty(position_m=7_300.2, altitude_m=60.96, time_s=30.2)
    plans = [notice("A", band=narrow, uncertainty=unsure), notice("B", at=(35.5, 35.95), band=wide)]
    met = screen(plans, minima=Minima(0.0, 0.0, 0.0), propose_most=0).conflicts
    told = [(c.area.lower, c.area.upper) for c in met]
    assert told == [("1000 m AMSL (3282 ft)", "5001 m AMSL (16406 ft)")]
    assert "position uncertainty, 7301 m and 0 m" in met[0].reasons


def test_a_common_area_too_thin_for_degrees_is_left_out_and_not_refused():
    from shapely import MultiPolygon as Flat
    from shapely import Polygon as FlatPolygon

    from detente.screening.explain import _polygons

    sliver = FlatPolygon([(50_000.0, 0.0), (50_000.0 + 1e-10, 0.0), (50_000.0, 1e-10)])
    square = FlatPolygon([(0, 0), (10, 0), (10, 10), (0, 10)])
    assert sliver.area > 0.0
    assert len(_polygons(Flat([sliver, square]), Position(33.0, 35.0))) == 1
