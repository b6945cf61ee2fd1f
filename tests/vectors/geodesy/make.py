"""Writes the vectors beside it: `python tests/vectors/geodesy/make.py`."""

import json
from pathlib import Path

from detente.domain import NotUnderstood
from detente.geodesy.quantities import read_duration_s, read_length_m, read_speed_m_s

READERS = {"length": read_length_m, "duration": read_duration_s, "speed": read_speed_m_s}
TEXTS = {
    "length": (
        "5nm", "15 km", "1000ft", "1,5 km", "1.500 m", "1.500 km", "1,500 m", "1 500 m", "1'500 m", "1,500.0 ft", "5 M", "5 miles",
        "5", "", "ten km", "5 parsecs", "-5 km", "٥ km", "5 n.m.", "1.500.000 m", "0,500 km", "5 30 m", "3 nautical miles", "5 m" + " " * 200,
    ),
    "duration": ("5min", "90 s", "1h30m", "1 h 30 min", "2 days", "5", "5 years", "1h 30", "-5 min", "one hour"),
    "speed": ("120kt", "450 km/h", "30 m / s", "60 mph", "120", "120 warp", "-3 kt"),
}  # fmt: skip


def judged(kind, text):
    """What reading the text comes to: its value, or the refusal in its words."""
    try:
        return {"kind": kind, "text": text, "value": READERS[kind](text)}
    except NotUnderstood as error:
        return {"kind": kind, "text": text, "refused": {"what": error.what, "hint": error.hint}}


def quantities():
    """Every case."""
    return [judged(kind, text) for kind, texts in TEXTS.items() for text in texts]


if __name__ == "__main__":
    made = json.dumps(quantities(), ensure_ascii=False, indent=1) + "\n"
    Path(__file__).with_name("quantities.json").write_text(made, encoding="utf-8")
