"""`detente read`: any coordinate, altitude or time as people write it, read back in every form for a check by voice."""

from __future__ import annotations

import json
import sys

import click

from detente.domain import DetenteError, NotUnderstood
from detente.geodesy import read_altitude, read_position_with_notes, read_time
from detente.geodesy.read_back import altitude_forms, position_forms, time_forms


@click.command()
@click.argument("text", nargs=-1, required=True, metavar="TEXT...")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def read(text: tuple[str, ...], *, as_json: bool) -> None:
    """Read a coordinate, altitude or time as people write it, and read it back in every form."""
    said = " ".join(text)
    kind, forms, notes = read_back(said)
    if as_json:
        sys.stdout.write(
            json.dumps({"text": said, "kind": kind, "forms": forms, "notes": list(notes)}, ensure_ascii=False) + "\n"
        )
        return
    width = max(len(name) for name in forms)
    lines = [
        f"{said!r} read as {kind}",
        *(f"  {name:<{width}}  {form}" for name, form in forms.items()),
        *(f"  note: {note}" for note in notes),
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def read_back(text: str) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """What kind of thing the text is, its forms, and what was taken for granted.

    Raises:
        NotUnderstood: it is none of the three; the message says why each reading failed.
    """
    reasons = []
    for kind, attempt in (("a coordinate", _position), ("an altitude", _altitude), ("a time", _time)):
        try:
            forms, notes = attempt(text)
        except DetenteError as error:
            reasons.append((kind, error))
            continue
        return kind, forms, notes
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


def _position(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    reading = read_position_with_notes(text)
    form = f"written as {reading.form}, good to about {_metres(reading.precision_m)}"
    return position_forms(reading.position), (form, *reading.notes, "WGS 84")


def _metres(size_m: float) -> str:
    return f"{size_m / 1000:.1f} km" if size_m >= 1000 else f"{size_m:.2g} m" if size_m < 1 else f"{size_m:.0f} m"


def _altitude(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    return altitude_forms(read_altitude(text, "upper")), ()


def _time(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    return time_forms(read_time(text)), ()
