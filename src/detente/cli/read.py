"""`detente read`: any coordinate, altitude or time as people write it, read back in every form for a check by voice."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from math import isfinite

import click

from detente.domain import DetenteError, NotUnderstood
from detente.geodesy import read_altitude, read_position_with_notes, read_time
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
    if len(telling) == 1:
        raise telling[0][1]
    raise NotUnderstood(
        f"{text!r} is no coordinate, altitude or time we can read",
        hint="; ".join(f"as {kind}: {reason.what} ({reason.hint})" for kind, reason in telling or reasons),
    )


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
