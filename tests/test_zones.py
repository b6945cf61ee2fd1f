"""Zones and their rules: what lies inside, what a rule speaks of, and what a notice does not say."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from detente.cli.zone import zone as zone_command
from detente.domain import (
    SURFACE,
    Activity,
    AltitudeBand,
    Answer,
    Circle,
    DetenteError,
    Notice,
    Polygon,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
    flight_level,
)
from detente.domain.zone import RuleKind, Zone, ZoneRule
from detente.interop.zones_file import read_zones
from detente.screening.zones import in_zone

LEVANT = Path(__file__).parents[1] / "scenarios" / "levant-2018"
NOON_US = 1_537_185_600_000_000
BOX = Polygon((Position(33.0, 35.0), Position(33.0, 36.0), Position(34.0, 36.0), Position(34.0, 35.0)))
RULES = (
    ZoneRule(RuleKind.NO_WEAPONS, "R", ("UNIFIL",)),
    ZoneRule(RuleKind.NO_OVERFLIGHT, "R"),
    ZoneRule(RuleKind.NOTIFY, "R", within_s=7200.0),
)


def plan(activity=Activity.AIR_OPERATION, lat=33.5, party="A", open_m=0.0):
    volume = Volume4D(
        Circle(Position(lat, 35.5), 1000.0),
        AltitudeBand(SURFACE, flight_level(100)),
        TimeWindow(NOON_US, NOON_US + 1),
        Uncertainty(open_m, 0.0, 0.0),
    )
    return Notice("P", party, activity, (volume,))


def speaks(notice, precision_m=0.0, **more):
    return {
        found.rule.kind.value: found.speaks for found in in_zone(notice, Zone("Z", BOX, precision_m, RULES), **more)
    }


def test_a_rule_speaks_of_what_is_stated_and_of_what_is_not_nobody_says():
    assert speaks(plan()) == {"no_weapons": None, "no_overflight": True, "notify": None}
    assert speaks(plan(Activity.LIVE_FIRE)) == {"no_weapons": True, "no_overflight": False, "notify": None}
    assert speaks(plan(Activity.UNSTATED)) == {"no_weapons": None, "no_overflight": None, "notify": None}


def test_a_party_that_a_rule_does_not_bind_is_not_held_to_it():
    assert set(speaks(plan(Activity.LIVE_FIRE, party="UNIFIL"))) == {"no_overflight", "notify"}


@pytest.mark.parametrize(("before_s", "is_late"), [(7200, False), (7199, True), (0, True), (-60, True)])
def test_notice_is_held_against_the_hours_that_are_asked(before_s, is_late):
    assert speaks(plan(), given_us=NOON_US - before_s * 1_000_000)["notify"] is is_late


def test_what_lies_outside_is_not_told_and_what_may_lie_inside_is_said_so():
    assert speaks(plan(lat=34.2)) == {}
    (first, *_) = in_zone(plan(lat=34.2), Zone("Z", BOX, 30_000.0, RULES))
    assert first.inside is Answer.POSSIBLE
    (first, *_) = in_zone(plan(lat=34.2, open_m=30_000.0), Zone("Z", BOX, 0.0, RULES))
    assert first.inside is Answer.POSSIBLE
    (first, *_) = in_zone(plan(), Zone("Z", BOX, 0.0, RULES))
    assert first.inside is Answer.CONFLICT


def test_the_command_attributes_every_line_and_calls_nothing_broken():
    said = CliRunner().invoke(
        zone_command,
        [
            "check",
            str(LEVANT / "zones.geojson"),
            str(LEVANT / "unifil.geojson"),
            str(LEVANT / "northern_shield.geojson"),
        ],
    )
    assert said.exit_code == 0, said.output
    *lines, last = said.output.strip().splitlines()
    assert lines
    assert all(" states it: " in line and " by " in line for line in lines)
    assert "No finding" in last
    assert not any(word in said.output for word in ("broken", "breach", "violat"))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rules": [{"rule": "no_dancing", "source": "R"}]}, "is not known"),
        ({"rules": [{"rule": "notify", "source": "R"}]}, "hours belong to notify"),
        ({"rules": [{"rule": "no_weapons", "source": ""}]}, "without a source"),
        ({"rules": "none"}, "is no list"),
        ({"precision": "wide"}, "precision"),
        ({"kind": "park"}, "no feature is a zone"),
    ],
)
def test_a_zone_that_cannot_be_is_refused(tmp_path, changed, said):
    ring = [[35, 33], [36, 33], [36, 34], [35, 33]]
    told = {"kind": "zone", "name": "Z", "precision": "5 km"} | changed
    path = tmp_path / "zones.geojson"
    path.write_text(
        json.dumps({"features": [{"geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": told}]})
    )
    with pytest.raises(DetenteError, match=said):
        read_zones(path)
