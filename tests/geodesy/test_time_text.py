"""Times: with a zone, or not at all."""

from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import NotUnderstood
from detente.geodesy import date_time_group, read_duration_s, read_length_m, read_number, read_speed_m_s, read_time
from detente.geodesy.read_back import time_forms
from detente.geodesy.time_text import zone_remark

moments = st.datetimes().map(
    lambda moment: moment.replace(year=2000 + moment.year % 100 if moment.month != 2 else 2004)
)
CALL = datetime(2018, 9, 17, 18, 39, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2018-09-17T18:39Z", "2018-09-17T18:39:00.000Z", "2018-09-17 18:39 UTC", "2018-09-17 21:39 +03:00", "2018-09-17T21:39+0300",
        "2018-09-17 21:39 UTC+03", "2018-09-17 21:39 Asia/Damascus", "2018-09-17 21:39 Europe/Moscow", "171839ZSEP18", "171839Z SEP 18",
        "171839z sep 2018", "172139CSEP18", "171839ZSEP2018",
        "20180917T1839Z", "20180917T213900+0300", "2018-09-17 21:39 UTC+3", "2018-09-17T21:39C", "2018-09-17 18:39 Etc/GMT", "٢٠١٨-٠٩-١٧T18:39Z",
    ],
)  # fmt: skip
def test_one_moment_written_many_ways_is_one_moment(text):
    assert read_time(text) == CALL


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2018-09-17 21:39", "no zone"),
        ("171839JSEP18", "local time"),
        ("171839ZSPT18", "month 'SPT'"),
        ("321839ZSEP18", "day"),
        ("2018-03-25 02:30 Europe/Berlin", "skipped"),
        ("2018-10-28 02:30 Europe/Berlin", "shown twice"),
        ("2018-09-17 21:39 Middle/Earth", "not known"),
        ("2018-09-17 21:39 ../../etc/passwd", "not known"),
        ("2018-09-17T18:39:60Z", "leap second"),
        ("2018-09-17T25:00Z", "does not exist"),
        ("2018-09-17T24:00:40Z", "does not exist"),
        ("2018-09-17T24:00:24Z", "does not exist"),
        ("172401ZSEP18", "does not exist"),
        ("171839 SEP 18", "no zone"),
        ("171839ZSEP", "no year"),
        ("2018-09-17 21:39 J", "local time"),
        ("2018-09-17 21:39 CET", "CET may be the winter offset, or"),
        ("2018-09-17 21:39 EST", "of America or of Australia"),
        ("2018-09-17 21:39 Etc/GMT-3", "hours east or, as the name is defined, west"),
        ("2018-09-17 21:39 right/Europe/Moscow", "not known"),
        ("2018-09-17T18:39+14:30", "beyond"),
        ("2018-09-17T18:39" + " " * 10_000 + "Z", "characters"),
        ("20180917T1839", "no zone"),
        ("2018-09-17T18:39+19:00", "beyond"),
        ("1537209540", "not a time"),
        ("2018-09-17 21:39 localtime", "not known"),
        ("9999-12-31T23:00-05:00", "beyond the years"),
        ("0001-01-01T00:00+05:00", "beyond the years"),
        ("9999-12-31T24:00Z", "beyond the years"),
        ("312300YDEC9999", "beyond the years"),
        ("9999-12-31T23:00 America/New_York", "beyond the years"),
        ("", "not a time"),
    ],
)
def test_what_is_no_moment_is_refused(text, why):
    with pytest.raises(NotUnderstood, match=why):
        read_time(text)


def test_midnight_may_be_written_as_24():
    for text in ("2018-09-17T24:00Z", "2018-09-17T24:00:00.0Z", "172400ZSEP18", "20180917T2400Z", "2018-09-17 12:00 Y"):
        assert read_time(text) == datetime(2018, 9, 18, tzinfo=UTC)


@given(moments)
def test_a_date_time_group_is_read_as_the_minute_it_was_written_for(moment):
    minute = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    assert read_time(date_time_group(minute)) == minute


@given(moments)
def test_iso_is_read_as_the_moment_it_was_written_for(moment):
    assert read_time(time_forms(moment.replace(tzinfo=UTC))["ISO 8601"]) == moment.replace(tzinfo=UTC)


def test_military_letters_are_hours_from_greenwich():
    assert read_time("171200BSEP18") - read_time("171200ZSEP18") == timedelta(hours=-2)
    assert read_time("171200RSEP18") - read_time("171200ZSEP18") == timedelta(hours=5)
    assert read_time("171200MSEP18") - read_time("171200YSEP18") == timedelta(hours=-24)


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (read_length_m, "5nm", 9260.0), (read_length_m, "1,5 km", 1500.0), (read_length_m, "1000 ft", 304.8), (read_length_m, "1 500 m", 1500.0),
        (read_duration_s, "5min", 300.0), (read_duration_s, "1h30m", 5400.0), (read_duration_s, "1 h 30 min", 5400.0), (read_duration_s, "90 s", 90.0),
        (read_length_m, "1.500 km", 1500.0), (read_length_m, "0.500 m", 0.5), (read_length_m, "1500.000 m", 1500.0), (read_length_m, "1.50 m", 1.5),
        (read_speed_m_s, "360 km/h", 100.0), (read_speed_m_s, "10 kt", 18520 / 3600), (read_length_m, "0 m", 0.0),
        (read_length_m, "5 nautical miles", 9260.0), (read_length_m, "5 n.m.", 9260.0), (read_length_m, "1 statute mile", 1609.344), (read_length_m, "1 mi", 1609.344),
        (read_speed_m_s, "36 km / h", 10.0), (read_duration_s, "5M", 300.0), (read_length_m, "500 М", 500.0),
    ],
)  # fmt: skip
def test_quantities_are_read_with_their_units(read, text, value):
    assert read(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "5",
        "",
        "km",
        "-5 m",
        "nan m",
        "inf km",
        "1e3 m",
        "5 parsec",
        "1,500 m",
        "012,500 m",
        "1.500 m",
        "1.500 ft",
        "5 m 3",
        "5 M",
        "500M",
        "5 miles",
        "1 Mile",
        "9" * 400 + " m",
        "5" + " " * 10_000 + "m",
    ],
)
def test_a_quantity_without_a_clear_number_and_unit_is_refused(text):
    with pytest.raises(NotUnderstood):
        read_length_m(text)


@pytest.mark.parametrize("text", ["5 30", "8 2.5", "5 5", "1'2", "10 00", "1 50 000"])
def test_a_space_that_marks_no_thousands_is_not_dropped(text):
    with pytest.raises(NotUnderstood):
        read_number(text)


@pytest.mark.parametrize(
    "text", ["1 500 000", "1'500'000", "1\u00a0500\u202f000", "1,500,000", "1.500.000", "+1500000"]
)
def test_thousands_are_marked_in_many_ways(text):
    assert read_number(text) == 1_500_000


@pytest.mark.parametrize("text", ["5 M", "500M", "5 miles"])
def test_a_unit_that_may_be_two_is_refused_with_both(text):
    with pytest.raises(NotUnderstood, match=r"may be .* or\b"):
        read_length_m(text)


@pytest.mark.parametrize("year", [1, 1918, 1999, 2000, 2099, 2100, 9999])
def test_a_date_time_group_keeps_its_century(year):
    moment = datetime(year, 9, 17, 18, 39, tzinfo=UTC)
    assert read_time(date_time_group(moment)) == moment


@given(st.text(max_size=40))
def test_any_text_is_a_time_and_a_quantity_or_refused(text):
    for read in (read_time, read_length_m, read_duration_s, read_speed_m_s, read_number):
        with suppress(NotUnderstood):
            read(text)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("1830Z", "date"), ("18:30Z", "date"), ("18:30:15 UTC", "date"), ("18:30", "date"), ("2400Z", "date"), ("171839Z", "month and year"),
        ("17 1839 C", "month and year"), ("171839SEP18", "zone"), ("17 1839 SEP 2018", "zone"), ("171839ZSEP", "year"),
        ("2018-09-17", "time of day"), ("17 SEP 2018", "time of day"), ("2018-09-17T18:39", "zone"),
    ],
)  # fmt: skip
def test_half_a_time_is_refused_by_what_it_lacks(text, missing):
    with pytest.raises(NotUnderstood, match=f"has no {missing}"):
        read_time(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("24.11.2026 19:00", "2026-11-24T19:00Z if"), ("11/24/2026 19:00Z", "2026-11-24T19:00Z if"), ("24/11/2026", "2026-11-24Thh:mmZ if"),
        ("24-11-26 19:00", "2026-11-24T19:00Z if"), ("5/11/2026 07:30 +03:00", "2026-11-05T07:30Z or 2026-05-11T07:30Z if"),
        ("5.5.2026 07:30", "2026-05-05T07:30Z if"), ("45/45/2026", "2018-09-17T18:39Z if"), ("2026/11/24 19:00Z", "2026-11-24T19:00Z if"),
        ("5/11/2026 7:30 pm", "2026-11-05Thh:mmZ or 2026-05-11Thh:mmZ if"),
    ],
)  # fmt: skip
def test_a_date_by_day_and_month_is_refused_with_what_it_may_mean(text, shown):
    with pytest.raises(NotUnderstood) as refused:
        read_time(text)
    assert shown in refused.value.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("241830LNOV26", "UTC+11:00, Lima"), ("24 1830 L NOV 26", "UTC+11:00, Lima"), ("2026-11-24T18:30L", "local time"), ("171200RSEP18", "UTC-05:00"),
        ("171200ZSEP18", ""), ("2026-11-24T18:30Z", ""), ("2026-11-24 18:30 +03:00", ""), ("2018-09-17 21:39 Asia/Damascus", ""),
    ],
)  # fmt: skip
def test_a_zone_letter_is_announced_and_lima_with_its_doubt(text, said):
    remark = zone_remark(text)
    assert (said in remark) if said else remark == ""
