"""The vectors that the browser is held to are what Python reads today."""

import json
from pathlib import Path

import pytest

from detente.domain import NotUnderstood
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
