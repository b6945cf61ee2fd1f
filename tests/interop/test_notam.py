"""NOTAM drafts, read back by a parser that others wrote; the Q-line holds all of the area, its heights and its time."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from aviconv_notam.parser import parse
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from detente.domain import (
    SURFACE,
    UNLIMITED_ABOVE,
    WORLD,
    Activity,
    AltitudeBand,
    Circle,
    Corridor,
    Notice,
    NotUnderstood,
    Orbit,
    Polygon,
    Position,
    TimeWindow,
    TooLarge,
    Uncertainty,
    Volume4D,
    agl,
    amsl,
    flight_level,
)
from detente.interop.notam import bulletin, notams

LEVANT = Path(__file__).parents[2] / "scenarios" / "levant-2018"
GEOD = Geod(ellps="WGS84")
TO_FL300 = AltitudeBand(SURFACE, flight_level(300))
EVENING = TimeWindow.between(datetime(2018, 9, 17, 18, 40, 30, tzinfo=UTC), datetime(2018, 9, 17, 20, 0, 1, tzinfo=UTC))


def a_notice(footprint, altitude=TO_FL300, activity=Activity.HAZARD_AREA, window=EVENING, **more):
    volume = Volume4D(footprint, altitude, window, **more)
    return Notice("H-1", "DESK", activity, (volume,), title="Fire; as stated", declared_by="RUS_MOD (23 September)")


def read(text):
    """As the independent parser reads it; it takes no brackets."""
    return parse(text.strip().removeprefix("(").removesuffix(")"))


def drafted(notice, fir="OSTT", **more):
    (text,) = notams(notice, fir, WORLD, **more)
    return text, read(text)


latitudes, longitudes = st.floats(-75, 75), st.floats(-179.9, 179.9)
places = st.builds(Position, latitudes, longitudes)


@st.composite
def footprints(draw):
    place = draw(places)
    turn, far = draw(st.floats(0, 360)), draw(st.floats(1000, 200_000))
    lon, lat, _ = GEOD.fwd(place.longitude_deg, place.latitude_deg, turn, far)
    other = Position(lat, lon)
    return draw(
        st.sampled_from([
            Circle(place, far), Corridor((place, other), 2000.0), Orbit(place, other, 5000.0),
        ])
    )  # fmt: skip


def points_of(footprint):
    """Points on the rim, made another way than the outline."""
    if isinstance(footprint, Circle):
        for turn in range(0, 360, 10):
            lon, lat, _ = GEOD.fwd(
                footprint.centre.longitude_deg, footprint.centre.latitude_deg, turn, footprint.radius_m
            )
            yield lat, lon
    elif isinstance(footprint, Corridor):
        for each in footprint.centre_line:
            for turn in range(0, 360, 10):
                lon, lat, _ = GEOD.fwd(each.longitude_deg, each.latitude_deg, turn, footprint.half_width_m)
                yield lat, lon
    else:
        yield from ((each.latitude_deg, each.longitude_deg) for each in (footprint.first, footprint.second))


@settings(max_examples=120, deadline=None)
@given(footprints(), st.sampled_from([0.0, 5000.0, 20_000.0]))
def test_the_circle_holds_all_of_the_area_and_what_its_place_leaves_open(footprint, open_m):
    _, found = drafted(a_notice(footprint, uncertainty=Uncertainty(open_m, 0.0, 0.0)))
    line = found.q_line
    for lat, lon in points_of(footprint):
        metres = GEOD.inv(line.centre_lon, line.centre_lat, lon, lat)[2]
        assert metres + open_m <= line.radius_nm * 1852 + 0.5


def test_the_circle_is_no_wider_than_it_has_to_be():
    _, found = drafted(a_notice(Circle(Position(35.5, 35.8), 70_000)))
    assert found.q_line.radius_nm <= np.ceil(70_000 / 1852) + 1


@pytest.mark.parametrize(
    ("band", "levels", "limits"),
    [
        (AltitudeBand(SURFACE, UNLIMITED_ABOVE), (0, 999), ("SFC", "UNL")),
        (AltitudeBand(flight_level(100), flight_level(245)), (100, 245), ("FL100", "FL245")),
        (AltitudeBand(amsl(1000.0), amsl(3000.0)), (12, 119), ("3280FT AMSL", "9843FT AMSL")),
        (AltitudeBand(agl(30.0), flight_level(300)), (0, 300), ("98FT AGL", "FL300")),
    ],
)
def test_levels_hold_the_heights_and_the_limits_are_those_stated(band, levels, limits):
    text, found = drafted(a_notice(Circle(Position(35.5, 35.8), 5000), band))
    assert (found.q_line.lower_fl, found.q_line.upper_fl) == levels
    assert f"F) {limits[0]} G) {limits[1]})" in text


def test_times_are_from_the_minute_before_to_the_minute_after():
    _, found = drafted(a_notice(Circle(Position(35.5, 35.8), 5000)))
    assert found.effective_from == datetime(2018, 9, 17, 18, 40, tzinfo=UTC)
    assert found.effective_to == datetime(2018, 9, 17, 20, 1, tzinfo=UTC)


def test_what_is_read_back_says_whose_declaration_it_is():
    text, found = drafted(a_notice(Circle(Position(35.5, 35.8), 5000)), number="A0123/18")
    assert (found.series, found.number, found.year, found.fir, found.q_line.qcode) == ("A", 123, 2018, "OSTT", "QAFXX")
    assert "AS DECLARED BY RUS MOD (23 SEPTEMBER)" in " ".join(found.body.split())
    assert max(map(len, text.splitlines())) <= 69
    assert not set(text) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 -?:().,'=/+\n")


def test_a_polygon_is_told_corner_by_corner_and_live_fire_by_its_own_code():
    ring = (Position(35.0, 35.0), Position(35.0, 35.2), Position(35.2, 35.2))
    text, found = drafted(a_notice(Polygon(ring), activity=Activity.LIVE_FIRE))
    assert found.q_line.qcode == "QWMLW"
    assert "350000N0350000E 350000N0351200E 351200N0351200E" in " ".join(text.split())


@pytest.mark.parametrize(
    ("notice", "fir", "error", "said"),
    [
        (a_notice(Circle(Position(35.5, 35.8), 5000)), "Syria", NotUnderstood, "no flight information region"),
        (a_notice(Circle(Position(35.5, 35.8), 5000), activity=Activity.SEARCH_AND_RESCUE), "OSTT", NotUnderstood, "no warning is written"),
        (a_notice(Circle(Position(35.5, 35.8), 5000), window=TimeWindow.between(datetime(2018, 9, 17, tzinfo=UTC), None)), "OSTT", NotUnderstood, "end is not stated"),
        (a_notice(Circle(Position(35.5, 35.8), 1_900_000)), "OSTT", TooLarge, "999"),
    ],
)  # fmt: skip
def test_what_no_notam_can_say_is_refused(notice, fir, error, said):
    with pytest.raises(error, match=said):
        notams(notice, fir, WORLD)


def test_a_bulletin_names_who_declares_each_figure_and_where_they_differ():
    said = subprocess.run(
        [sys.executable, "-c", "from detente.cli import main; main()", "hazard", "bulletin", str(LEVANT / "hazards.geojson"), "--fir", "OSTT"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "DRAFT, NOT ISSUED" in said
    assert "Both stand." in said
    hazards = [line for line in said.splitlines() if line.startswith("- **")]
    assert len(hazards) == 3
    assert all(", declared by " in line for line in hazards)
    assert "To be written by the issuing authority" in said
    assert "No two declarations" in bulletin([], "OSTT", 0)
