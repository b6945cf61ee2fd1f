"""Two tallies beside each other: what fits is paired with what is closest, the same from either side, and nothing is lost or counted twice."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.accounts.matching import Tolerance, match
from detente.accounts.tally import tally
from detente.domain import Fix, InvalidVolume, NotUnderstood, Position, TimeWindow
from detente.domain.violation import Violation, ViolationKind

S = 1_000_000
NIGHT_US = 1_537_209_540 * S
GEOD = Geod(ellps="WGS84")
TOLERANCE = Tolerance(1800.0, 5000.0)


def report(
    name, minute=0, lasts=0, km=0.0, reporter="A", kind=ViolationKind.OVERFLIGHT, within_m=100.0, place=True, **more
):
    start_us = NIGHT_US + minute * 60 * S
    lon, lat, _ = GEOD.fwd(35.5, 33.2, 90, km * 1000)
    fix = Fix(Position(lat, lon), within_m) if place else None
    window = TimeWindow(start_us, start_us + lasts * 60 * S)
    return Violation(name, reporter, kind, window, "their list", fix=fix, **more)


def paired(a, b, tolerance=TOLERANCE):
    return {(pair.a.id, pair.b.id) for pair in match(a, b, tolerance).both}


def fit(a, b, tolerance=TOLERANCE):
    """The definition, one pair at a time."""
    gap_s = max(0, a.window.start_us - b.window.end_us, b.window.start_us - a.window.end_us) / S
    same = a.kind is b.kind and all(x == y or not x or not y for x, y in ((a.platform, b.platform), (a.by, b.by)))
    if not same or gap_s > tolerance.time_s:
        return None
    if a.fix is None or b.fix is None:
        return gap_s / tolerance.time_s + 1.0
    gap_m = GEOD.inv(
        a.fix.position.longitude_deg,
        a.fix.position.latitude_deg,
        b.fix.position.longitude_deg,
        b.fix.position.latitude_deg,
    )[2]
    reach_m = tolerance.distance_m + a.fix.within_m + b.fix.within_m + 1.0
    return gap_s / tolerance.time_s + gap_m / reach_m if gap_m <= reach_m else None


@st.composite
def tallies(draw):
    def side(reporter):
        return [
            report(
                f"{reporter}{index}", draw(st.integers(0, 240)), draw(st.integers(0, 60)), draw(st.floats(0, 40)), reporter,
                draw(st.sampled_from([ViolationKind.OVERFLIGHT, ViolationKind.FIRE])), draw(st.sampled_from([10.0, 2000.0])),
                draw(st.booleans()) or draw(st.booleans()), platform=draw(st.sampled_from(["", "unmanned", "fixed_wing"])),
            )
            for index in range(draw(st.integers(0, 12)))
        ]  # fmt: skip

    return side("A"), side("B")


@settings(max_examples=150, deadline=None)
@given(tallies())
def test_everything_is_there_once_and_no_two_that_fit_are_both_better_off_together(sides):
    a, b = sides
    found = match(a, b, TOLERANCE)
    assert sorted([p.a.id for p in found.both] + [e.report.id for e in found.only_a]) == sorted(v.id for v in a)
    assert sorted([p.b.id for p in found.both] + [e.report.id for e in found.only_b]) == sorted(v.id for v in b)
    cost_a = {p.a.id: fit(p.a, p.b) for p in found.both}
    cost_b = {p.b.id: fit(p.a, p.b) for p in found.both}
    assert None not in cost_a.values()
    for one in a:
        for other in b:
            cost = fit(one, other)
            if cost is not None:
                assert cost >= min(cost_a.get(one.id, 9.0), 9.0) - 1e-9 or cost >= cost_b.get(other.id, 9.0) - 1e-9


@settings(max_examples=80, deadline=None)
@given(tallies())
def test_whichever_side_is_named_first_the_pairs_are_the_same(sides):
    a, b = sides
    assert paired(a, b) == {(one, other) for other, one in paired(b, a)}


@settings(max_examples=60, deadline=None)
@given(tallies(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_changes_nothing(sides, shuffled):
    a, b = (list(side) for side in sides)
    before = paired(a, b)
    shuffled.shuffle(a)
    shuffled.shuffle(b)
    assert paired(a, b) == before


def test_what_is_within_the_tolerance_is_shown_together_and_what_is_beyond_it_is_not():
    assert paired([report("1")], [report("2", minute=30, reporter="B")]) == {("1", "2")}
    assert paired([report("1")], [report("2", minute=31, reporter="B")]) == set()
    assert paired([report("1")], [report("2", km=5.1, reporter="B")]) == {("1", "2")}
    assert paired([report("1")], [report("2", km=5.3, reporter="B")]) == set()


def test_what_one_leaves_open_is_no_difference_and_what_both_state_is():
    b = report("2", reporter="B", platform="unmanned")
    assert paired([report("1")], [b]) == {("1", "2")}
    assert paired([report("1", platform="fixed_wing")], [b]) == set()
    assert paired([report("1", by="X")], [replace(b, by="Y")]) == set()
    assert paired([report("1", place=False)], [report("2", km=300, reporter="B")]) == {("1", "2")}


def test_a_report_that_lost_to_a_closer_one_says_so():
    found = match([report("1"), report("2", minute=5)], [report("3", minute=6, reporter="B")], TOLERANCE)
    assert {(p.a.id, p.b.id) for p in found.both} == {("2", "3")}
    (alone,) = found.only_a
    assert (alone.report.id, alone.nearest.id) == ("1", "3")
    assert found.only_b == ()


def test_many_reports_are_matched_as_few_are():
    drawn = random.Random(5)
    a = [report(f"A{n}", drawn.randrange(60 * 24 * 60), 0, drawn.uniform(0, 200)) for n in range(2500)]
    b = [report(f"B{n}", drawn.randrange(60 * 24 * 60), 0, drawn.uniform(0, 200), "B") for n in range(2500)]
    found = {(p.a.id, p.b.id): p for p in match(a, b, TOLERANCE).both}
    assert len(found) > 50
    for pair in found.values():
        assert fit(pair.a, pair.b) is not None


def test_an_id_that_stands_twice_on_one_side_is_refused():
    with pytest.raises(NotUnderstood, match="stands twice"):
        match([report("1"), report("1")], [], TOLERANCE)


@pytest.mark.parametrize("bad", [(0, 5), (5, 0), (float("nan"), 5), (8 * 86_400, 5)])
def test_a_tolerance_that_cannot_be_is_refused(bad):
    with pytest.raises(InvalidVolume):
        Tolerance(*bad)


def test_each_side_is_summed_by_itself_by_kind_and_platform():
    counts = tally(
        [report("1", lasts=90, platform="unmanned", count=2), report("2", lasts=30, platform="unmanned"), report("3")]
    )
    assert [(c.platform, c.reports, c.number, c.hours) for c in counts] == [("", 1, 1, 0.0), ("unmanned", 2, 3, 2.0)]
