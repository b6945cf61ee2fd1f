"""The vectors that the browser is held to are what Python reads today."""

import importlib.util
import json
from pathlib import Path

import pytest

from detente.domain import NotUnderstood
from detente.geodesy import read_position
from detente.geodesy.quantities import read_duration_s, read_length_m, read_speed_m_s

READERS = {"length": read_length_m, "duration": read_duration_s, "speed": read_speed_m_s}
VECTORS = Path(__file__).parent / "vectors" / "geodesy" / "quantities.json"


@pytest.mark.parametrize("case", json.loads(VECTORS.read_text(encoding="utf-8")), ids=lambda case: case["text"][:20])
def test_quantities_are_read_as_the_vectors_say(case):
    read = READERS[case["kind"]]
    if "value" in case:
        assert read(case["text"]) == case["value"]
        return
    with pytest.raises(NotUnderstood) as refusal:
        read(case["text"])
    assert {"what": refusal.value.what, "hint": refusal.value.hint} == case["refused"]


def test_the_forms_that_the_browser_is_held_to_are_what_python_reads():
    path = Path(__file__).parent / "vectors" / "geodesy" / "make.py"
    spec = importlib.util.spec_from_file_location("make_geodesy_vectors", path)
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    assert json.loads(path.with_name("forms.json").read_text(encoding="utf-8")) == json.loads(json.dumps(make.forms()))


@pytest.mark.parametrize("reference", ["36S YN", "37SBN5208", "36EYE3020"])
def test_a_square_that_does_not_lie_in_its_band_is_refused(reference):
    """The library answers 35S's letters with a place at 43° N: 7° and more off."""
    with pytest.raises(NotUnderstood, match="does not lie in band"):
        read_position(reference)
