"""`detente read`: any coordinate, altitude or time as people write it, read back in every form for a check by voice."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Final

import click

from detente.domain import DetenteError, NotUnderstood
from detente.geodesy import (
    read_altitude,
    read_duration_s,
    read_length_m,
    read_number,
    read_position_with_notes,
    read_speed_m_s,
    read_time,
)
from detente.geodesy.read_back import altitude_forms, position_forms, time_forms
from detente.geodesy.time_text import zone_remark


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What a text was read as.

    Attributes:
        kind: "a coordinate", "an altitude" or "a time".
        value: it as numbers, for a program.
        forms: it as people write it, by the name of the form.
        notes: how precise the writing was, and what was taken for granted.
    """

    kind: str
    value: dict[str, float | str | None]
    forms: dict[str, str]
    notes: tuple[str, ...] = ()


@click.command(context_settings={"ignore_unknown_options": True})  # a southern latitude begins with a hyphen
@click.argument("text", nargs=-1, required=True, metavar="TEXT...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def read(text: tuple[str, ...], *, as_json: bool) -> None:
    """Read a coordinate, altitude or time as people write it, and read it back in every form."""
    said = " ".join(text)
    back = read_back(said)
    if as_json:
        sys.stdout.write(json.dumps({"text": said, **asdict(back)}, ensure_ascii=False) + "\n")
        return
    width = max(len(name) for name in back.forms)
    lines = [
        f"{said!r} read as {back.kind}",
        *(f"  {name:<{width}}  {form}" for name, form in back.forms.items()),
        *(f"  note: {note}" for note in back.notes),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def read_back(text: str) -> ReadBack:
    """What kind of thing the text is, and what it says.

    Raises:
        NotUnderstood: it is none of the three; the message says why, by the likeliest of the three.
    """
    reasons = []
    for kind, attempt in (("a coordinate", _position), ("an altitude", _altitude), ("a time", _time)):
        try:
            return attempt(text)
        except DetenteError as error:
            reasons.append((kind, error))
    telling = [(kind, reason) for kind, reason in reasons if not is_of_another_kind(reason)]
    if not any(kind == "a coordinate" or "above what" in reason.what for kind, reason in telling):
        _refuse_sizes(text)
    half_a_time = [(kind, reason) for kind, reason in telling if kind == "a time"]
    telling = half_a_time or telling  # 1830Z is a time without a date, not an altitude in units of Z
    if len(telling) == 1 and not _HALF_A_PLACE.fullmatch(text.strip()):
        raise telling[0][1]
    _refuse_likeliest(text, dict(reasons))
    examples = "write a position as 35.2N 35.8E or 351200N 0354800E, an altitude as FL180 or 5000ft AMSL, a time as 2018-09-17T18:39Z or 171839ZSEP18"
    raise NotUnderstood(
        f"{text!r} is no coordinate, altitude or time we can read",
        hint="; ".join(f"as {kind}: {reason.what} ({reason.hint})" for kind, reason in telling) or examples,
    )


_MONTHS: Final = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_SIGNS: Final = (
    ("an altitude", re.compile(r"(?i)^fl|\b(?:fl ?\d+|sfc|gnd|unl|a?msl|agl|hae|sea|ground)\b|\d ?(?:ft|feet|m)\b")),
    (
        "a time",
        re.compile(rf"(?i)\d ?[:h] ?\d\d|\d\s?(?:{_MONTHS})|utc|zulu|noon|midnight|today|tomorrow|\d{{4}}-\d\d"),
    ),
    (
        "a coordinate",
        re.compile(
            r"(?i)\d[\s°'’\"]*[nsew]\b|\b[nsew] ?\d|°|\b(?:lat|lon|long|latitude|longitude)\b|mgrs|utm|\d[.,]\d+[\s,;]+-?\d+[.,]\d"
        ),
    ),
)
_HALF_A_PLACE: Final = re.compile(r"(?i)(?:[nsew]\s*[\d\s.,°'’\"]+|[\d\s.,°'’\"]+[nsew])")


def _refuse_likeliest(text: str, reasons: Mapping[str, DetenteError]) -> None:
    """Raises the one refusal that matters, where the text has the signs of one kind."""
    if _HALF_A_PLACE.fullmatch(text.strip()):
        half, other = ("latitude", "longitude") if re.search("(?i)[ns]", text) else ("longitude", "latitude")
        raise NotUnderstood(f"{text!r} is a {half} alone", hint=f"add the {other}: 35.2N 35.8E, 351200N 0354800E")
    kind = next((kind for kind, signs in _SIGNS if signs.search(text)), "")
    reason = reasons.get(kind)
    if reason is None:
        return
    if is_of_another_kind(reason):
        raise NotUnderstood(f"{text!r} looks like {kind}, and is none we can read", hint=reason.hint or reason.what)
    raise reason


_SIZES: Final = (
    ("a length", read_length_m, "m", "--lateral, --vertical, radius and their like"),
    ("a speed", read_speed_m_s, "m/s", "speed"),
    ("a duration", read_duration_s, "s", "--time and time_uncertainty"),
    ("a bare number", read_number, "without a unit", "add its unit; an altitude also needs what it is above"),
)


def _refuse_sizes(text: str) -> None:
    """Says what a size is, which is read in options and files but is nothing to read back."""
    for kind, reads, unit, place in _SIZES:
        try:
            size = reads(text)
        except DetenteError as error:
            if "may be" in error.what:  # 5 miles: a size all the same
                raise
            continue
        hint = place if kind == "a bare number" else f"it belongs into {place}"
        raise NotUnderstood(f"{text!r} is {kind}, {size:g} {unit}: no coordinate, altitude or time", hint=hint)


def is_of_another_kind(reason: DetenteError) -> bool:
    """Whether a reader says no more than that the text is nothing of its kind."""
    return any(f"is not {kind}" in reason.what for kind in ("a coordinate", "an altitude", "a time"))


def _position(text: str) -> ReadBack:
    reading = read_position_with_notes(text)
    value: dict[str, float | str | None] = {
        "latitude_deg": reading.position.latitude_deg,
        "longitude_deg": reading.position.longitude_deg,
        "precision_m": reading.precision_m,
        "form": reading.form,
    }
    form = f"written as {reading.form}, good to about {_metres(reading.precision_m)}"
    return ReadBack("a coordinate", value, position_forms(reading.position), (form, *reading.notes, "WGS 84"))


def _metres(size_m: float) -> str:
    return f"{size_m / 1000:.1f} km" if size_m >= 1000 else f"{size_m:.2g} m" if size_m < 1 else f"{size_m:.0f} m"


def _altitude(text: str) -> ReadBack:
    limit = read_altitude(text, "upper")
    value: dict[str, float | str | None] = {
        "value_m": limit.value_m if isfinite(limit.value_m) else None,
        "reference": limit.reference.value,
    }
    return ReadBack("an altitude", value, altitude_forms(limit))


def _time(text: str) -> ReadBack:
    moment = read_time(text)
    seconds = "the date-time group leaves out the seconds" if moment.second or moment.microsecond else ""
    notes = tuple(note for note in (zone_remark(text), seconds) if note)
    forms = time_forms(moment)
    return ReadBack("a time", {"utc": forms["ISO 8601"]}, forms, notes)
