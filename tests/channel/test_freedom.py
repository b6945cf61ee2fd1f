"""How much air stays free: held to points strewn over the ellipsoid, and never more than that."""

import json
import random
import subprocess
import sys
from math import degrees, radians, sin
from pathlib import Path

import pytest
from pyproj import Geod

from detente.channel.freedom import freedom, legs
from detente.domain import (
    SURFACE,
    WORLD,
    Activity,
    AltitudeBand,
    Answer,
    Circle,
    Extent,
    Notice,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
    flight_level,
)

LEVANT = Path(__file__).parents[2] / "scenarios" / "levant-2018"
GEOD = Geod(ellps="WGS84")
EXTENT = Extent(31.0, 32.0, 36.8, 39.0)
NOON_US = 1_543_924_800_000_000
HIGH, LOW = (AltitudeBand(flight_level(each), flight_level(each)) for each in (300, 100))


def hazard(name, place, radius_km, upper=400, by="X", position_km=0.0, hours=1.0):
    window = TimeWindow(NOON_US, NOON_US + round(hours * 3.6e9))
    uncertainty = Uncertainty(position_km * 1000, 0.0, 0.0)
    volume = Volume4D(
        Circle(Position(*place), radius_km * 1000), AltitudeBand(SURFACE, flight_level(upper)), window, uncertainty
    )
    return Notice(name, "DESK", Activity.HAZARD_AREA, (volume,), declared_by=by)


def strewn(count, seed=1):
    """Points of the extent, evenly by area; on a sphere, which is right to 0.2 % of an area this size."""
    drawn = random.Random(seed)
    south, north = sin(radians(EXTENT.south_deg)), sin(radians(EXTENT.north_deg))
    from math import asin

    return [
        (degrees(asin(drawn.uniform(south, north))), drawn.uniform(EXTENT.west_deg, EXTENT.east_deg))
        for _ in range(count)
    ]


def row(rows, layer=HIGH, declared_by="", reference=""):
    (found,) = (r for r in rows if (r.layer, r.declared_by, r.reference) == (layer, declared_by, reference))
    return found


def test_what_is_covered_is_what_points_strewn_over_the_arena_say_and_never_less():
    declared = [hazard("A", (34.0, 36.0), 120), hazard("B", (33.0, 33.0), 150), hazard("C", (34.5, 36.5), 90, by="Y")]
    found = row(freedom(declared, EXTENT, [HIGH], NOON_US, WORLD))
    points = strewn(20_000)
    rings = [(h.volumes[0].footprint.centre, h.volumes[0].footprint.radius_m) for h in declared]
    inside = sum(
        any(GEOD.inv(c.longitude_deg, c.latitude_deg, lon, lat)[2] <= r for c, r in rings) for lat, lon in points
    )
    assert found.stated == pytest.approx(inside / len(points), abs=0.012)
    assert found.at_most >= found.stated


def test_two_figures_for_one_system_stand_side_by_side_and_are_not_averaged():
    near, far = hazard("200 km", (34.0, 36.0), 200, by="X"), hazard("250 km", (34.0, 36.0), 250, by="Y")
    rows = freedom([near, far], EXTENT, [HIGH], NOON_US, WORLD)
    shares = [row(rows, declared_by=by, reference=name).stated for by, name in (("X", "200 km"), ("Y", "250 km"))]
    assert shares[0] < shares[1]
    assert row(rows).stated == pytest.approx(shares[1])


def test_an_area_that_ends_below_a_layer_covers_nothing_of_it_nor_after_its_time():
    rows = freedom([hazard("low", (34.0, 36.0), 100, upper=200)], EXTENT, [LOW, HIGH], NOON_US, WORLD)
    assert row(rows, LOW).stated > 0
    assert row(rows, HIGH).at_most == 0
    later = freedom([hazard("low", (34.0, 36.0), 100)], EXTENT, [HIGH], NOON_US + 2 * 3_600_000_000, WORLD)
    assert row(later).at_most == 0


def test_what_a_declaration_leaves_open_of_its_place_covers_more_at_most():
    found = row(freedom([hazard("vague", (34.0, 36.0), 100, position_km=30)], EXTENT, [HIGH], NOON_US, WORLD))
    sure = row(freedom([hazard("wide", (34.0, 36.0), 130)], EXTENT, [HIGH], NOON_US, WORLD))
    assert found.stated < sure.stated
    assert sure.stated * 0.999 <= found.at_most <= sure.stated * 1.02


def test_no_hazard_leaves_all_of_it_free():
    rows = freedom([hazard("far", (10.0, 10.0), 100)], EXTENT, [HIGH], NOON_US, WORLD)
    assert row(rows).at_most == 0


def flight(lat, lon, minutes=30):
    window = TimeWindow(NOON_US, NOON_US + minutes * 60_000_000)
    return Notice("F", "AIR", Activity.AIR_OPERATION, (Volume4D(Circle(Position(lat, lon), 1000.0), HIGH, window),))


def test_a_leg_inside_says_how_long_at_most_and_one_outside_how_far_at_least():
    declared = [hazard("A", (34.0, 36.0), 100)]
    (inside,) = legs([flight(34.0, 36.2)], declared, WORLD)
    assert (inside.answer, inside.inside_s, inside.outside_m) == (Answer.CONFLICT, 1800.0, 0.0)
    (outside,) = legs([flight(34.0, 38.0)], declared, WORLD)
    apart_m = GEOD.inv(36.0, 34.0, 38.0, 34.0)[2] - 101_000
    assert outside.answer is Answer.CLEAR
    assert apart_m - 5 <= outside.outside_m <= apart_m


def test_the_command_tells_who_declares_what_and_that_free_is_not_safe():
    words = [
        sys.executable,
        "-c",
        "from detente.cli import main; main()",
        "hazard",
        "freedom",
        LEVANT / "hazards.geojson",
        "-u",
        LEVANT / "understanding.toml",
    ]
    more = ["--at", "2018-12-04T10:00Z", "--layer", "FL300", "--route", LEVANT / "civil_aviation.geojson"]
    said = subprocess.run([*map(str, words), *map(str, more)], capture_output=True, text=True, check=True).stdout
    assert "S-300-250KM, declared by RUS_MOD" in said
    assert "it does not say safe" in said
    told = json.loads(
        subprocess.run([*map(str, words), *map(str, more), "--json"], capture_output=True, text=True, check=True).stdout
    )
    assert {leg["answer"] for leg in told["legs"]} <= {"CLEAR", "POSSIBLE", "CONFLICT"}
    assert all(0 <= each["stated"] <= each["at_most"] <= 1 for each in told["covered"])
