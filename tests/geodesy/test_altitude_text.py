"""Altitudes keep what they were measured from, and a number alone is no altitude."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import (
    SURFACE,
    UNLIMITED_ABOVE,
    UNLIMITED_BELOW,
    AltitudeLimit,
    AltitudeReference,
    NotUnderstood,
    agl,
    amsl,
    flight_level,
    hae,
)
from detente.geodesy import read_altitude
from detente.geodesy.read_back import altitude_forms

read = {
    "FL180": flight_level(180), "fl 065": flight_level(65), "F180": flight_level(180), "5000ft AMSL": amsl(1524.0), "5000 FT MSL": amsl(1524.0),
    "1,500.5 ft AMSL": amsl(1500.5 * 0.3048), "1 500 m AMSL": amsl(1500.0), "300m AGL": agl(300.0), "-50 m AGL": agl(-50.0), "100 m HAE": hae(100.0),
    "SFC": SURFACE, "gnd": SURFACE, "0 ft AGL": SURFACE, "UNL": UNLIMITED_ABOVE, "unlimited": UNLIMITED_ABOVE, "A045": amsl(1371.6),
    "M0840": amsl(8400.0), "1.5 km AMSL": amsl(1500.0), "300 m ASFC": agl(300.0),
    "AMSL 5000ft": amsl(1524.0), "AGL 300 m": agl(300.0), "5000' AMSL": amsl(1524.0), "5000 ft. a.m.s.l.": amsl(1524.0), "300 m above ground level": agl(300.0),
    "5000 feet above mean sea level": amsl(1524.0), "48.5 m above the WGS 84 ellipsoid": hae(48.5), "5000ft STD": flight_level(50), "S1130": AltitudeLimit(11300.0, AltitudeReference.FL),
    "١٥٠٠ m AMSL": amsl(1500.0), "-50 m HAE": hae(-50.0), "1500M AMSL": amsl(1500.0),
}  # fmt: skip


@pytest.mark.parametrize("text", read)
def test_altitudes_people_write_are_read(text):
    limit = read_altitude(text, "upper")
    assert limit.reference is read[text].reference
    assert limit.value_m == pytest.approx(read[text].value_m)


def test_unlimited_opens_the_side_it_stands_on():
    assert read_altitude("UNL", "lower") == UNLIMITED_BELOW


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1500", "no unit"),
        ("1500 ft", "above what"),
        ("300 m AAL", "aerodrome"),
        ("FL", "not an altitude"),
        ("nan m AMSL", "not an altitude"),
        ("1,500 ft AMSL", "may be 1.500 or 1500"),
        ("1.500 m AMSL", "may be 1.500 or 1500"),
        ("10 20 m AMSL", "not a number"),
        ("5000 furlongs AMSL", "not an altitude|no unit"),
        ("", "not an altitude"),
        ("5000ft QNH", "pressure that is not given"),
        ("1000 ft QFE", "aerodrome"),
        ("A0450", "not an altitude"),
        ("M084", "not an altitude"),
        ("AMSL 5000ft AGL", "not an altitude"),
        ("FL180 AMSL", "not an altitude"),
        ("FL180-FL200", "not an altitude"),
        ("1" + " " * 10_000 + "m AMSL", "characters"),
        ("9" * 190 + " m AMSL", "outside"),
    ],
)
def test_what_leaves_something_open_is_refused(text, why):
    with pytest.raises(NotUnderstood, match=why):
        read_altitude(text, "upper")


def test_a_flight_level_is_read_back_in_every_unit():
    assert altitude_forms(flight_level(180)) == {
        "flight level": "FL180",
        "metres": "5486.4 m pressure altitude, 1013.25 hPa set",
        "feet": "18000 ft pressure altitude, 1013.25 hPa set",
        "voice": "flight level one eight zero",
    }


limits = st.builds(AltitudeLimit, st.floats(-11_000, 90_000), st.sampled_from(list(AltitudeReference)[:4]))


@given(limits | st.sampled_from([SURFACE, UNLIMITED_ABOVE]))
def test_what_is_read_back_is_read_again_as_the_same_altitude(limit):
    for name, form in altitude_forms(limit).items():
        if name in ("metres", "feet", "altitude"):
            again = read_altitude(form, "upper")
            assert again.reference is limit.reference
            assert again.value_m == pytest.approx(limit.value_m, abs=0.2)


@given(st.integers(0, 999), st.integers(0, 9))
def test_a_flight_level_is_read_again_as_it_was_read_back(level, tenth):
    limit = flight_level(level + tenth / 10)
    assert read_altitude(altitude_forms(limit)["flight level"], "upper").value_m == pytest.approx(limit.value_m)


def test_a_standard_metric_level_is_not_rounded_to_a_flight_level():
    assert altitude_forms(read_altitude("S1130", "upper"))["flight level"] == "FL370.7"
