"""Lengths, durations and speeds as people write them: a number and a unit, never a bare number."""

from __future__ import annotations

import re
from math import inf, isfinite
from typing import Final

from detente.domain import NotUnderstood
from detente.domain.units import (
    METRES_PER_FOOT,
    METRES_PER_NAUTICAL_MILE,
    METRES_PER_SECOND_PER_KNOT,
    METRES_PER_STATUTE_MILE,
)
from detente.geodesy.written import plainly

METRES: Final = {
    "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "м": 1.0,
    "km": 1000.0, "kilometre": 1000.0, "kilometres": 1000.0, "kilometer": 1000.0, "kilometers": 1000.0, "км": 1000.0,
    "ft": METRES_PER_FOOT, "foot": METRES_PER_FOOT, "feet": METRES_PER_FOOT, "'": METRES_PER_FOOT,
    "nm": METRES_PER_NAUTICAL_MILE, "nmi": METRES_PER_NAUTICAL_MILE, "mn": METRES_PER_NAUTICAL_MILE,
    "n.m": METRES_PER_NAUTICAL_MILE, "nautical mile": METRES_PER_NAUTICAL_MILE, "nautical miles": METRES_PER_NAUTICAL_MILE,
    "mi": METRES_PER_STATUTE_MILE, "sm": METRES_PER_STATUTE_MILE, "statute mile": METRES_PER_STATUTE_MILE, "statute miles": METRES_PER_STATUTE_MILE,
}  # fmt: skip
SECONDS: Final = {
    "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0,
    "min": 60.0, "mins": 60.0, "minute": 60.0, "minutes": 60.0, "m": 60.0,
    "h": 3600.0, "hr": 3600.0, "hrs": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": 86400.0, "day": 86400.0, "days": 86400.0,
}  # fmt: skip
METRES_PER_SECOND: Final = {
    "kt": METRES_PER_SECOND_PER_KNOT, "kts": METRES_PER_SECOND_PER_KNOT, "kn": METRES_PER_SECOND_PER_KNOT,
    "knot": METRES_PER_SECOND_PER_KNOT, "knots": METRES_PER_SECOND_PER_KNOT,
    "m/s": 1.0, "mps": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6, "mph": METRES_PER_STATUTE_MILE / 3600,
    "м/с": 1.0, "км/ч": 1 / 3.6, "уз": METRES_PER_SECOND_PER_KNOT,
}  # fmt: skip
# Charts and pilots mean nautical miles by these, others metres or statute miles.
DOUBTFUL: Final = {
    "M": "metres (m) or, as on charts, nautical miles (nm)",
    "mile": "a nautical (nm) or a statute mile (mi)",
    "miles": "nautical (nm) or statute miles (mi)",
}

_NUMBER: Final = r"[+-]?\d[\d\s'’.,]*"
_GROUP_MARK: Final = re.compile(r"(?<=\d)[\s'’](?=\d{3}(?!\d))")
_QUANTITY: Final = re.compile(rf"\s*(?P<number>{_NUMBER})\s*(?P<unit>[^\d\s.,+-].*?)?\s*$", re.DOTALL)


def read_length_m(text: str) -> float:
    """Metres: `5nm`, `15 km`, `1000ft`, `1,5 km`.

    Raises:
        NotUnderstood: no number, no unit, or one we do not know, or one that may be two: `5 M`, `5 miles`.
    """
    return _read(text, METRES, "length", "a unit such as m, km, ft or nm")


def read_speed_m_s(text: str) -> float:
    """Metres a second: `120kt`, `450 km/h`, `30 m/s`."""
    return _read(text, METRES_PER_SECOND, "speed", "a unit such as kt, km/h or m/s")


def read_duration_s(text: str) -> float:
    """Seconds: `5min`, `90 s`, `1h30m`, `1 h 30 min`."""
    text = plainly(text, "a duration")
    parts = re.findall(rf"({_NUMBER})\s*([^\W\d_]+)", text)
    if not parts or "".join(text.split()) != "".join("".join(number.split()) + unit for number, unit in parts):
        return _read(text, SECONDS, "duration", "a unit such as s, min or h")
    return sum(_read(f"{number} {unit}", SECONDS, "duration", "a unit such as s, min or h") for number, unit in parts)


def _read(text: str, factors: dict[str, float], kind: str, wanted: str) -> float:
    match = _QUANTITY.match(plainly(text, f"a {kind}"))
    if not match:
        raise NotUnderstood(f"{text!r} is not a {kind}", hint=f"write a number and {wanted}")
    written = re.sub(r"\s*/\s*", "/", (match["unit"] or "").strip().rstrip("."))
    unit = written.lower()
    if factors is METRES and (written in DOUBTFUL or unit in DOUBTFUL):
        raise NotUnderstood(f"{kind} {text!r} may be in {DOUBTFUL.get(written) or DOUBTFUL[unit]}", hint="write which")
    if not unit:
        raise NotUnderstood(f"{kind} {text!r} has no unit", hint=f"add {wanted}")
    if unit not in factors:
        raise NotUnderstood(f"{kind} {text!r}: unit {unit!r} is not known", hint=f"write {wanted}")
    value = read_measured(match["number"], unit if factors is METRES else "") * factors[unit]
    if value < 0:
        raise NotUnderstood(f"{kind} {text!r} is negative", hint="give a size of 0 or more")
    return value


def read_number(text: str) -> float:
    """A decimal number with a point or a comma; spaces, apostrophes and groups of three as thousands marks.

    `1,500` could be one and a half or fifteen hundred: refused. `1,5`, `1 500`, `1'500` and `1,500.0` are clear. A space anywhere but before a group
    of three is refused too: `5 30` is no number, and in a column of latitudes it is five degrees and a half.

    Raises:
        NotUnderstood: not a number, or one that can be read two ways.
    """
    compact = _GROUP_MARK.sub("", plainly(text, "a number"))
    value = _number(text, compact)
    if not isfinite(value):
        raise NotUnderstood(f"{text.strip()!r} is larger than any number we reckon with", hint="check the digits")
    return value


def _number(text: str, compact: str) -> float:
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", compact) and (compact.count(",") > 1 or "." in compact):
        return float(compact.replace(",", ""))
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?", compact):
        return float(compact.replace(".", "").replace(",", "."))
    if re.fullmatch(r"[+-]?(?!0+,)\d{1,3},\d{3}", compact):
        raise _two_readings(text, compact)
    if re.fullmatch(r"[+-]?\d+([.,]\d*)?", compact):
        return float(compact.replace(",", "."))
    raise NotUnderstood(f"{text.strip()!r} is not a number", hint="write digits with a decimal point")


def read_measured(text: str, unit: str) -> float:
    """As `read_number`, for a number before a unit: `1.500 m` is refused, since half of the world writes fifteen hundred so.

    Nobody gives metres or feet to the thousandth, so only there; `1.500 km` is one and a half.
    """
    compact = _GROUP_MARK.sub("", plainly(text, "a number"))
    if METRES.get(unit, inf) <= 1.0 and re.fullmatch(r"[+-]?(?!0+\.)\d{1,3}\.\d{3}", compact):
        raise _two_readings(text, compact)
    return read_number(text)


def _two_readings(text: str, compact: str) -> NotUnderstood:
    return NotUnderstood(
        f"{text.strip()!r} may be {compact.replace(',', '.')} or {re.sub('[.,]', '', compact)}",
        hint="write the decimal mark as a point, and leave thousands unmarked",
    )
