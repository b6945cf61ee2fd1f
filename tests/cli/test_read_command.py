"""`detente read`: the answer can be checked by voice or by a program, and a refusal says what was tried."""

import json
import sys

import pytest

from detente.cli import main


def run(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["detente", "read", *arguments])
    try:
        main()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_a_position_is_said_back_in_every_form(monkeypatch, capsys):
    code, out, _ = run(monkeypatch, capsys, "351200N", "0354800E")
    assert code == 0
    for form in ("DD ", "DDM ", "DMS ", "ICAO ", "MGRS ", "UTM ", "voice ", "good to about 16 m", "WGS 84"):
        assert form in out


def test_near_a_pole_there_is_mgrs_and_no_utm(monkeypatch, capsys):
    _, out, _ = run(monkeypatch, capsys, "--json", "88N 30E")
    forms = json.loads(out)["forms"]
    assert forms["MGRS"].startswith("Z")
    assert "UTM" not in forms


def test_a_southern_position_is_no_option(monkeypatch, capsys):
    assert json.loads(run(monkeypatch, capsys, "--json", "-35.2 -35.8")[1])["value"]["latitude_deg"] == -35.2
    for arguments in (
        ("-35.2", "-35.8"),
        ("-35.2 -35.8",),
        ("--", "-35.2", "-35.8"),
        ("-35.2,", "-35.8", "--json"),
        ("-35.2°", "-35.8°"),
    ):
        code, out, _ = run(monkeypatch, capsys, *arguments)
        assert (code, "351200S0354800W" in out) == (0, True)
    assert run(monkeypatch, capsys, "-100m", "AMSL")[0] == 0


@pytest.mark.parametrize("text", ["1830Z", "5nm", "120kt", "171839Z", "2018-09-17", "1830"])
def test_what_is_no_altitude_is_not_called_one(monkeypatch, capsys, text):
    assert "detente: altitude" not in run(monkeypatch, capsys, text)[2]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3512N03548E", {"latitude_deg": 35.2, "longitude_deg": 35.8, "precision_m": pytest.approx(930.8, abs=0.1), "form": "ICAO"}),
        ("FL180", {"value_m": pytest.approx(5486.4), "reference": "FL"}),
        ("UNL", {"value_m": None, "reference": "UNL"}),
        ("172139CSEP18", {"utc": "2018-09-17T18:39:00Z"}),
    ],
)  # fmt: skip
def test_a_program_gets_numbers(monkeypatch, capsys, text, value):
    assert json.loads(run(monkeypatch, capsys, "--json", text)[1])["value"] == value


def test_seconds_that_a_date_time_group_cannot_say_are_announced(monkeypatch, capsys):
    _, out, _ = run(monkeypatch, capsys, "2018-09-17T18:39:45.5Z")
    assert "leaves out the seconds" in out
    assert "18:39:45.500000 UTC" in out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", ["a position as 35.2N", "an altitude as FL180", "a time as 2018"]),
        ("FL1800", ["flight levels have three digits", "FL180?"]),
        ("FL18O", ["flight levels have three digits"]),
        ("FL1855", ["flight levels have three digits"]),
        ("sea level", ["write 0 ft AMSL"]),
        ("ground level", ["write SFC"]),
        ("351200N", ["a latitude alone", "add the longitude"]),
        ("E 35.8", ["a longitude alone"]),
        ("35,2N", ["a latitude alone"]),
        ("SFC-FL100", ["looks like an altitude"]),
        ("24 Nov 2026 7 pm", ["looks like a time"]),
        ("25:00Z", ["looks like a time"]),
        ("35.2, 235.8", ["longitude 235.8"]),
        ("35.2.3N 35.8E", ["looks like a coordinate"]),
        ("24.11.2026 19:00", ["either order", "2026-11-24T19:00Z if it is UTC"]),
        ("1500 ft", ["above what"]),
        ("2018-09-17 18:39", ["no zone"]),
        ("2018-13-17T18:39Z", ["does not exist"]),
        ("35,8", ["decimal marks", "no unit"]),
        ("--jsn FL180", ["looks like an altitude"]),
        ("171839SEP18", ["time '171839SEP18' has no zone"]),
        ("171839Z", ["time '171839Z' has no month and year"]),
        ("1830Z", ["time '1830Z' has no date"]),
        ("18:30", ["time '18:30' has no date"]),
        ("2018-09-17", ["has no time of day"]),
        ("5nm", ["is a length, 9260 m"]),
        ("120kt", ["is a speed, 61.7333 m/s"]),
        ("1h30m", ["is a duration, 5400 s"]),
        ("5 miles", ["nautical (nm) or statute"]),
        ("1830", ["is a bare number"]),
    ],
)
def test_a_refusal_is_one_message_that_says_why_and_exit_code_2(monkeypatch, capsys, text, said):
    code, out, err = run(monkeypatch, capsys, text)
    assert (code, out) == (2, "")
    assert all(word in err for word in said), err


@pytest.mark.parametrize("text", ["FL1800", "FL18O", "sea level", "351200N", "24.11.2026 19:00", "25:00Z", "SFC-FL100"])
def test_a_slip_is_refused_once_and_not_as_three_things(monkeypatch, capsys, text):
    err = run(monkeypatch, capsys, text)[2]
    assert "as a coordinate:" not in err
    assert len(err) < 330


def test_the_zone_letter_of_a_time_is_read_back(monkeypatch, capsys):
    assert "note: the zone letter L is read as UTC+11:00, Lima" in run(monkeypatch, capsys, "241830LNOV26")[1]
    assert "zone letter" not in run(monkeypatch, capsys, "241830ZNOV26")[1]
