"""How an answer's values are put in words: what is rounded is rounded to the safe side."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from detente.domain import (
    AltitudeBand,
    Circle,
    Conflict,
    Minima,
    Notice,
    Position,
    Proposal,
    Separation,
    TimeWindow,
    Volume4D,
    VolumeRef,
    agl,
    amsl,
    flight_level,
)
from detente.domain.answer import Answer
from detente.domain.notice import Activity
from detente.domain.window import OPEN_END_US, OPEN_START_US, to_us
from detente.interop import answer_words as words

START_US = to_us(datetime(2018, 9, 17, 18, 51, tzinfo=UTC))
UNITS = {"km": 1_000.0, "NM": 1_852.0, "m": 1.0, "ft": 0.3048, "d": 86_400.0, "h": 3_600.0, "min": 60.0, "s": 1.0}
NUMBER = re.compile(r"(\d+(?:\.\d+)?) (km|NM|min|m|ft|d|h|s)\b")
metres = st.floats(0.0, 500_000.0, allow_subnormal=False)
seconds = st.floats(0.0, 400_000.0, allow_subnormal=False)
moment_us = st.integers(to_us(datetime(1971, 1, 1, tzinfo=UTC)), to_us(datetime(2059, 1, 1, tzinfo=UTC)))


def shown(text):
    """Every length a text shows, in metres: the one in brackets stands for itself."""
    return [float(number) * UNITS[unit] for number, unit in NUMBER.findall(text)]


def shown_s(text):
    return sum(float(number) * UNITS[unit] for number, unit in NUMBER.findall(text))


def read_dtg(text):
    return to_us(datetime.strptime(text, "%d%H%MZ%b%y").replace(tzinfo=UTC))


@given(moment_us, st.integers(0, 10**11))
@example(START_US, 12 * 60 * 10**6 + 59_999_999)
@example(START_US + 1, 0)
def test_a_period_in_date_time_groups_holds_the_whole_window_and_less_than_a_minute_more(start_us, length_us):
    first, last = map(read_dtg, words.dtg_period(start_us, start_us + length_us))
    assert start_us - 60_000_000 < first <= start_us
    assert start_us + length_us <= last < start_us + length_us + 60_000_000


def test_the_end_of_a_day_is_the_beginning_of_the_next_and_an_open_side_stays_open():
    assert words.dtg_end(to_us(datetime(2018, 12, 31, 23, 59, 1, tzinfo=UTC))) == "010000ZJAN19"
    assert words.dtg_period(OPEN_START_US, OPEN_END_US) == ("open", "open")
    assert words.dtg_end(to_us(datetime(9999, 12, 31, 23, 59, 0, tzinfo=UTC))) == "312359ZDEC99"


@given(st.sampled_from([words.lateral, words.vertical]), metres)
@example(words.lateral, 9_264.999)
@example(words.lateral, 999.6)
@example(words.vertical, 304.8)
def test_what_must_be_kept_is_never_shown_smaller_nor_what_is_apart_larger(said, value_m):
    noise = 1e-4
    assert all(each >= value_m - noise for each in shown(said(value_m, ceil)))
    assert all(each <= value_m + noise for each in shown(said(value_m, floor)))
    assert all(abs(each - value_m) < 20.0 for whole in (floor, ceil) for each in shown(said(value_m, whole)))


@given(seconds)
@example(86_399.0)
@example(97_000.0)
@example(59.96)
def test_durations_keep_to_their_side_too(value_s):
    down, up = shown_s(words.duration(value_s, floor)), shown_s(words.duration(value_s, ceil))
    assert value_s - 60.0 < down <= value_s + 1e-4
    assert value_s - 1e-4 <= up < value_s + 60.0


@given(st.integers(1, 12 * 60 * 4))
def test_a_move_in_time_is_told_to_the_minute_it_was_screened_at(minutes):
    notice = plan("A", amsl(0.0), amsl(100.0))
    said = words.proposal(Proposal(notice, "time", minutes * 60.0))
    assert shown_s(said) == minutes * 60.0


def test_a_bearing_between_two_degrees_is_told_as_it_was_screened():
    notice = plan("A", amsl(0.0), amsl(100.0))
    said = [words.proposal(Proposal(notice, "sideways", 926.0, bearing)) for bearing in (0.0, 22.5, 247.5, 359.99)]
    assert said == ["0.5 NM towards 000°", "0.5 NM towards 022.5°", "0.5 NM towards 247.5°", "0.5 NM towards 000°"]


@given(metres, metres, metres)
def test_the_rows_of_a_conflict_never_make_it_look_wider_apart(least_m, more_m, minimum_m):
    apart = Separation(least_m + more_m, least_m)
    a, b = (VolumeRef(plan(party, amsl(0.0), amsl(100.0)), 0) for party in "AB")
    conflict = Conflict(
        a, b, Answer.CONFLICT, apart, apart, Separation(0.0, 0.0), Minima(minimum_m, minimum_m, 0.0), "r"
    )
    for _, stated, least, minimum, short in words.separations(conflict)[:2]:
        assert all(each <= apart.stated + 1e-4 for each in shown(stated))
        assert all(each <= least_m + 1e-4 for each in shown(least))
        assert all(each >= minimum_m - 1e-4 for each in shown(minimum))
        assert all(each >= minimum_m - least_m - 1e-4 for each in shown(short))


def plan(party, lower, upper):
    here = TimeWindow.between(datetime(2018, 9, 17, 12, tzinfo=UTC), datetime(2018, 9, 17, 13, tzinfo=UTC))
    return Notice(
        "1",
        party,
        Activity.AIR_OPERATION,
        (Volume4D(Circle(Position(35.0, 35.0), 100.0), AltitudeBand(lower, upper), here),),
    )


@given(st.sampled_from([amsl, agl]), st.floats(0.5, 20_000.0), st.floats(1.0, 5_000.0))
@example(amsl, 121.92, 182.88)
def test_a_band_in_words_holds_the_band(reference, lower_m, height_m):
    lower, upper = str(AltitudeBand(reference(lower_m), reference(lower_m + height_m))).split(" – ")
    assert all(each <= lower_m + 1e-4 for each in shown(lower))
    assert all(each >= lower_m + height_m - 1e-4 for each in shown(upper))


@pytest.mark.parametrize(
    ("band", "said"),
    [
        (AltitudeBand(flight_level(180), flight_level(200)), "FL180 – FL200"),
        (AltitudeBand(agl(121.92), agl(182.88)), "121 m AGL (400 ft) – 183 m AGL (600 ft)"),
        (AltitudeBand(amsl(5_000.0), amsl(5_000.0)), "5000 m AMSL (16404 ft)"),
    ],
)
def test_a_flight_level_and_a_single_level_are_said_as_they_were(band, said):
    assert str(band) == said


def test_a_day_and_a_bit_is_told_to_the_minute():
    assert words.duration(timedelta(days=1, minutes=5).total_seconds()) == "1 d 00 h 05 min"
    assert [words.duration(s) for s in (45.0, 720.0, 3_900.0, 183_600.0, 0.25)] == [
        *("45 s", "12 min", "1 h 05 min", "2 d 03 h", "0.2 s")
    ]


@pytest.mark.parametrize(
    ("party", "reference", "title", "named"),
    [
        ("Survey box", "Survey box", "survey box", "Survey box, air operation"),
        ("UNIFIL", "UNIFIL 7", "UNIFIL 7", "UNIFIL 7, air operation"),
        ("UNIFIL", "UN-7", "UNIFIL UN-7", "UNIFIL UN-7, air operation"),
        ("UN", "UNIFIL", "Patrol", "UN UNIFIL “Patrol”, air operation"),
        ("LAF", "LAF-7", "", "LAF LAF-7, air operation"),
    ],
)
def test_a_name_is_said_once_and_the_party_always(party, reference, title, named):
    notice = replace(plan(party, amsl(0.0), amsl(100.0)), reference=reference, title=title)
    assert words.named(notice) == named
    assert party.casefold() in words.called(notice).casefold()


def test_the_metre_that_measuring_leaves_open_is_taken_off_and_not_told():
    a, b = (VolumeRef(plan(party, amsl(0.0), amsl(100.0)), 0) for party in "AB")
    near, far = Separation(372.4, 371.3), Separation(372.4, 300.0)
    for apart, told in ((near, ("371 m", "")), (far, ("372 m", "300 m"))):
        conflict = Conflict(a, b, Answer.CONFLICT, apart, apart, apart, Minima(5_000.0, 300.0, 0.0), "r")
        assert words.separations(conflict)[0][1:3] == told
