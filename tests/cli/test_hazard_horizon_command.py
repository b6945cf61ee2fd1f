"""`detente hazard horizon` as people and programs call it."""

import json
import sys

import pytest

from detente.cli import main
from detente.hazard import lowest_seen_m, seen_within_m


@pytest.fixture
def run(monkeypatch, capsys):
    def call(*words):
        monkeypatch.setattr(sys, "argv", ["detente", "hazard", "horizon", *words])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code or 0
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return call


def test_json_holds_what_the_form_gives(run):
    _, far, _ = run("--antenna", "100ft", "--target", "500ft", "--json")
    assert json.loads(far)["seen_within_m"] == seen_within_m(100 * 0.3048, 500 * 0.3048)
    _, low, _ = run("--antenna", "30m", "--distance", "100nm", "--json")
    assert json.loads(low)["lowest_seen_m"] == lowest_seen_m(30.0, 185_200.0)


@pytest.mark.parametrize("asked", [(), ("--target", "1m", "--distance", "1km")])
def test_both_questions_or_none_is_refused(run, asked):
    code, _, said = run("--antenna", "30m", *asked)
    assert code == 2
    assert "one of --target and --distance is needed" in said


def test_the_other_side_of_the_earth_is_seen_from_no_height(run):
    code, said, _ = run("--antenna", "1m", "--distance", "19000km")
    assert code == 0
    assert "seen from no height" in said
    code, said, _ = run("--antenna", "1m", "--distance", "19000km", "--json")
    assert json.loads(said)["lowest_seen_m"] is None
