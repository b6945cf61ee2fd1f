"""A file of plans, read for somebody who writes a notice: in a process of its own, and kept nowhere."""

import asyncio
import json
from pathlib import Path
from tempfile import gettempdir

import pytest

from detente.api import readings
from detente.api.readings import Readings, file_name
from detente.api.wire import TooOften
from detente.domain import WORLD, Malformed, NotUnderstood, TooLarge

PLANS = b"""party,reference,activity,position,radius,altitude_lower,altitude_upper,time_start,time_end
A,N-1,air_operation,35N 36E,5 km,SFC,FL100,2018-09-17T18:00Z,2018-09-17T19:00Z
A,N-2,air_operation,95N 36E,5 km,SFC,FL100,2018-09-17T18:00Z,2018-09-17T19:00Z
"""


def read(raw, name="plans.csv"):
    return json.loads(asyncio.run(Readings().read(raw, name, WORLD)))


def left_behind():
    return set(Path(gettempdir()).glob("detente-reading-*"))


def test_what_can_be_read_is_given_as_it_is_signed_and_what_cannot_is_told():
    before = left_behind()
    told = read(PLANS)
    assert [notice["reference"] for notice in told["notices"]] == ["N-1"]
    assert told["notices"][0]["volumes"][0]["footprint"] == {
        "shape": "circle",
        "centre": [35.0, 36.0],
        "radius_m": 5000.0,
    }
    assert any("plans.csv" in problem and "95" in problem for problem in told["problems"])
    assert left_behind() == before


def test_a_file_that_is_none_of_plans_is_told():
    assert read(b"\x00\x01\x02 nothing")["problems"]
    with pytest.raises(Malformed, match="empty"):
        read(b"")


@pytest.mark.parametrize(
    ("given", "name"),
    [("../../etc/passwd", "passwd"), ("a\\b\\c.kml", "c.kml"), (".arena", "arena"), ("x" * 300, "x" * 100)],
)
def test_a_name_leads_nowhere(given, name):
    assert file_name(given) == name


@pytest.mark.parametrize("given", ["", "..", "/", "\x00"])
def test_no_name_is_refused(given):
    with pytest.raises(NotUnderstood, match="no name"):
        file_name(given)


def test_a_file_that_takes_too_long_is_given_up_and_its_process_ended(monkeypatch):
    monkeypatch.setattr(readings, "LONGEST_S", 0.01)
    with pytest.raises(TooLarge, match="takes more than"):
        read(PLANS)


def test_no_more_than_a_few_are_read_at_once():
    async def three():
        reader = Readings()
        asked = [reader.read(PLANS, "plans.csv", WORLD) for _ in range(3)]
        return await asyncio.gather(*asked, return_exceptions=True)

    told = asyncio.run(three())
    assert sum(isinstance(each, TooOften) for each in told) == 1


def test_the_process_is_given_nothing_of_the_hosts(monkeypatch):
    monkeypatch.setenv("DETENTE_SECRET", "x")
    assert "DETENTE_SECRET" not in readings._environment()
