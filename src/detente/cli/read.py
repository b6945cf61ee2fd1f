"""`detente read`: any coordinate, altitude or time as people write it, read back in every form for a check by voice."""

from __future__ import annotations

import json
import sys
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
        NotUnderstood: it is none of the three; the message says why each reading failed.
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
    if len(telling) == 1:
        raise telling[0][1]
    raise NotUnderstood(
        f"{text!r} is no coordinate, altitude or time we can read",
        hint="; ".join(f"as {kind}: {reason.what} ({reason.hint})" for kind, reason in telling or reasons),
    )


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
    notes = ("the date-time group leaves out the seconds",) if moment.second or moment.microsecond else ()
    forms = time_forms(moment)
    return ReadBack("a time", {"utc": forms["ISO 8601"]}, forms, notes)
