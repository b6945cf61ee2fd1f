"""Units in headings: `Radius (NM)`, `Floor ft AMSL`, `speed_kt`, `Start (UTC+3)`, and the values that stand below them.

The unit of a heading belongs to every bare number below it. A value that says its unit itself has to say the same one; flight levels, SFC and UNL
speak for themselves. What cannot be told, or is said in two ways, is refused: a radius of 10 NM read as 10 m would hide a conflict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, Final

from detente.domain import AltitudeReference, DetenteError, NotUnderstood
from detente.geodesy.altitude_text import REFERENCES
from detente.geodesy.quantities import DOUBTFUL, METRES, METRES_PER_SECOND, SECONDS

_LENGTHS: Final = dict.fromkeys(
    (
        "radius",
        "half_width",
        "corridor_width",
        "orbit_width",
        "position_uncertainty",
        "altitude_uncertainty",
    ),
    METRES,
)
UNITS_OF: Final[Mapping[str, Mapping[str, float]]] = {
    **_LENGTHS,
    **{f"{name}_m": units for name, units in _LENGTHS.items()},
    **dict.fromkeys(("speed", "speed_m_s"), METRES_PER_SECOND),
    **dict.fromkeys(("time_uncertainty", "time_uncertainty_s"), SECONDS),
}
ALTITUDES: Final = ("altitude_lower", "altitude_upper")
TIMES: Final = ("time_start", "time_end")
_PLAIN_NUMBERS: Final = {
    "m": ("radius_m", *(f"{name}_m" for name in _LENGTHS)),
    "m/s": ("speed_m_s",),
    "s": ("time_uncertainty_s",),
}
_OWN_UNIT: Final = {name: unit for unit, names in _PLAIN_NUMBERS.items() for name in names}
_MOST_WORDS: Final = 4  # of a unit: "ft above sea level"
_BRACKETS: Final = re.compile(r"(?P<base>.*?)[\s_]*[(\[{](?P<inside>[^()\[\]{}]*)[)\]}]\s*")
_NUMBER: Final = re.compile(r"[+−-]?\d[\d\s'’.,]*")
_ALTITUDE: Final = re.compile(
    rf"(?P<number>[+−-]?\d[\d\s'’.,]*?)\s*(?P<unit>{'|'.join(map(re.escape, sorted(METRES, key=len, reverse=True)))})?\s*"
    rf"(?P<reference>{'|'.join(REFERENCES)})?",
    re.IGNORECASE,
)
_OFFSET: Final = re.compile(
    r"(?:UTC|GMT)?\s*(?P<sign>[+−-])\s*(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?", re.IGNORECASE
)
_WITHOUT_ZONE: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")
_PLACES_AS_READ: Final = {
    "latitude": {"deg", "degrees", "°", "dd", "decimal degrees", "dms", "ddm", "n", "wgs84", "wgs 84", "wgs-84"},
    "longitude": {"deg", "degrees", "°", "dd", "decimal degrees", "dms", "ddm", "e", "wgs84", "wgs 84", "wgs-84"},
    "position": {"mgrs", "utm", "icao", "dms", "ddm", "lat lon", "lat, lon", "lat/lon", "wgs84", "wgs 84", "wgs-84"},
    "positions": {"mgrs", "utm", "icao", "dms", "ddm", "lat lon", "lat, lon", "lat/lon", "wgs84", "wgs 84", "wgs-84"},
}
_TURNED: Final = {"latitude": {"s", "south"}, "longitude": {"w", "west"}}
_FLIGHT_LEVEL: Final = "FL"
_IN_HUNDREDS: Final = {"fl", "flight level", "flight levels"}


@dataclass(frozen=True, slots=True)
class Unit:
    """What a heading says of the values below it.

    Attributes:
        said: as it stands in the heading.
        unit: of a quantity or an altitude, empty where the heading gives none; "FL" for flight levels.
        reference: of an altitude: what it is above; empty where the heading does not say.
        known: whether it could be told. If not, a bare number below it is refused.
    """

    said: str
    unit: str = ""
    reference: str = ""
    known: bool = True


def splits(heading: str) -> Iterator[tuple[str, str, bool]]:
    """Every way to take a unit from the end of a heading, longest first: what is left, the unit, and whether brackets set it apart."""
    brackets = _BRACKETS.fullmatch(heading)
    if brackets and brackets["base"].strip():
        yield brackets["base"], brackets["inside"].strip(), True
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", heading)
    words = [word for word in re.split(r"[\s_,:;()\[\]{}-]+", spaced) if word]
    for count in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
        base, unit = words[:-count], words[-count:]
        if unit[0].lower() == "in" and count > 1:
            unit = unit[1:]
        yield " ".join(base), " ".join(unit), False


def unit_for(field: str, said: str, *, bracketed: bool) -> Unit | None:
    """What the unit says of a field's values; None where the field has no such thing, or the words are none of ours.

    In brackets it is a unit or a remark, and one we do not know is told apart from none.
    """
    unknown = Unit(said, known=False) if bracketed else None
    if field in UNITS_OF:
        return _size_unit(field, said, unknown)
    if field in ALTITUDES:
        return _altitude_unit(said) or unknown
    if field in TIMES:
        return Unit(said, unit=zone) if (zone := _zone(said, bracketed=bracketed)) else unknown
    if field in _PLACES_AS_READ and bracketed:
        return Unit(said, known=False) if said.lower() in _TURNED.get(field, ()) else _as_read(field, said)
    return None


def _size_unit(field: str, said: str, unknown: Unit | None) -> Unit | None:
    units = UNITS_OF[field]
    if units is METRES and (said in DOUBTFUL or said.lower() in DOUBTFUL):
        return Unit(said, known=False)
    written = said.lower().rstrip(".")
    return Unit(said, unit=written) if written in units else unknown


def _as_read(field: str, said: str) -> Unit | None:
    return Unit(said, unit="as read") if said.lower() in _PLACES_AS_READ[field] else None


def _altitude_unit(said: str) -> Unit | None:
    """`ft`, `ft AMSL`, `AMSL, ft`, `feet above sea level`, `FL`."""
    lowered = " ".join(re.split(r"[\s,_/]+", said.lower())).strip()
    if lowered in _IN_HUNDREDS:
        return Unit(said, unit=_FLIGHT_LEVEL)
    for words, reference in (
        (r"above (?:mean )?sea level", "amsl"),
        (r"above (?:the )?(?:ground|surface)(?: level)?", "agl"),
    ):
        lowered = re.sub(words, reference, lowered)
    parts = lowered.replace(".", "").split()
    units = [part for part in parts if part in METRES]
    references = [part.upper() for part in parts if part.upper() in REFERENCES]
    if not parts or len(units) > 1 or len(references) > 1 or len(units) + len(references) != len(parts):
        return None
    return Unit(said, unit="".join(units), reference="".join(references))


def _zone(said: str, *, bracketed: bool) -> str:
    """An offset from UTC such as +03:00, `as read` for a form that changes nothing, or nothing."""
    if said.upper() in ("UTC", "Z", "ZULU", "GMT"):
        return "+00:00"
    offset = _OFFSET.fullmatch(said)
    if offset and bracketed:
        sign = "+" if offset["sign"] == "+" else "-"
        return f"{sign}{int(offset['hours']):02d}:{offset['minutes'] or '00'}"
    return "as read" if bracketed and said.upper() in ("DTG", "ISO", "ISO 8601") else ""


def heading_of(heading: str, field_of: Callable[[str], str]) -> tuple[str, Unit] | None:
    """The field a heading names besides its unit, and the unit.

    Args:
        field_of: the field a plain name stands for, or nothing.
    """
    for base, said, bracketed in splits(heading):
        field = field_of(base)
        unit = unit_for(field, said, bracketed=bracketed) if field else None
        if unit is not None:
            return field, unit
    return None


def unit_within(heading: str, field: str) -> Unit | None:
    """The unit that the heading of a mapped column holds, whatever the rest of it means.

    A single letter counts only in brackets: `Section M` is a name.
    """
    for _, said, bracketed in splits(heading):
        if bracketed or len(said) > 1:
            unit = unit_for(field, said, bracketed=bracketed)
            if unit is not None:
                return unit
    return None


def with_unit(value: Any, heading: str, field: str, unit: Unit, beside: Mapping[str, Any]) -> Any:
    """The value as its heading means it, or the refusal of it.

    Args:
        beside: the other fields of the feature; `altitude_unit` and `altitude_reference` fill what the heading leaves open.
    """
    try:
        return _with_unit(value, heading, field, unit, beside)
    except DetenteError as error:
        return error


def _with_unit(value: Any, heading: str, field: str, unit: Unit, beside: Mapping[str, Any]) -> Any:
    number = _bare_number(value)
    if not unit.known:
        if number is None:
            return value
        raise _unknown(heading, field, unit)
    if field in TIMES:
        return _at_zone(value, unit)
    if field in ALTITUDES:
        return _altitude(value, number, heading, unit, beside)
    if field in _OWN_UNIT:
        return _in_own_unit(value, heading, field, unit)
    return value if field in _PLACES_AS_READ else _size(value, number, heading, field, unit)


def _unknown(heading: str, field: str, unit: Unit) -> NotUnderstood:
    doubt = DOUBTFUL.get(unit.said) or DOUBTFUL.get(unit.said.lower())
    if doubt and UNITS_OF.get(field) is METRES:
        return NotUnderstood(f"the heading {heading!r} may mean {doubt}", hint="write which into the heading")
    return NotUnderstood(
        f"the heading {heading!r}: {unit.said!r} does not say what a bare number below it means",
        hint="write a unit we know into the heading or the cells, such as m, km, ft, nm, FL, kt; and N, S, E, W into the cells",
    )


def _bare_number(value: Any) -> str | None:
    """The number as text, where the value says nothing else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    text = value.strip() if isinstance(value, str) else f"{value:.15g}"
    return text if not isinstance(value, str) or _NUMBER.fullmatch(text) else None


def _size(value: Any, number: str | None, heading: str, field: str, unit: Unit) -> Any:
    if number is not None:
        return f"{number} {unit.unit}"
    written = re.search(r"[^\d\s'’.,+−-].*$", value.strip()) if isinstance(value, str) else None
    own = re.sub(r"\s*/\s*", "/", written[0]).lower().rstrip(". ") if written else ""
    units = UNITS_OF[field]
    if own in units and units[own] != units[unit.unit]:
        raise _two_units(str(value), heading)
    return value


def _in_own_unit(value: Any, heading: str, field: str, unit: Unit) -> Any:
    own, units = _OWN_UNIT[field], UNITS_OF[field]
    if units[unit.unit] == units[own]:
        return value
    plain = field.removesuffix("_m_s").removesuffix("_m").removesuffix("_s")
    raise NotUnderstood(
        f"the heading {heading!r} says {unit.said}, and {field} is in {own}",
        hint=f'--map "{heading}={plain}" reads it in {unit.said}',
    )


def _two_units(said: str, heading: str) -> NotUnderstood:
    return NotUnderstood(
        f"{said.strip()[:60]!r} stands below the heading {heading!r}: the two say different units",
        hint="mend the cell or the heading: which of the two holds is not ours to guess",
    )


def _altitude(value: Any, number: str | None, heading: str, unit: Unit, beside: Mapping[str, Any]) -> Any:
    stated = _ALTITUDE.fullmatch(number or value.strip()) if number or isinstance(value, str) else None
    if not stated:
        return value  # FL180, SFC, UNL, and what its reader refuses
    own_unit, own_reference = (stated["unit"] or "").lower(), (stated["reference"] or "").upper()
    if unit.unit == _FLIGHT_LEVEL:
        return f"FL{stated['number']}" if number is not None else value
    told_unit = _one([own_unit, unit.unit, _told(beside, "altitude_unit").lower()], METRES.__getitem__, value, heading)
    told_reference = _one(
        [own_reference, unit.reference, _told(beside, "altitude_reference").upper()], _reference, value, heading
    )
    return " ".join(part for part in (stated["number"].strip(), told_unit, told_reference) if part)


def _told(beside: Mapping[str, Any], field: str) -> str:
    return str(beside.get(field) or "").strip()


def _reference(name: str) -> AltitudeReference:
    return AltitudeReference.FL if name == _FLIGHT_LEVEL else REFERENCES[name]


def _one(said: list[str], meaning: Callable[[str], object], value: Any, heading: str) -> str:
    """What is said, once: by the cell, its heading or the columns beside it."""
    given = [name for name in said if name]
    try:
        meanings = {meaning(name) for name in given}
    except KeyError:
        raise NotUnderstood(
            f"{', '.join(given)!r} is no unit or reference of an altitude",
            hint="altitude_unit is m or ft, altitude_reference HAE, AMSL, AGL or FL",
        ) from None
    if len(meanings) > 1:
        raise NotUnderstood(
            f"{str(value)[:60]!r} below the heading {heading!r} is said to be {' and '.join(given)}",
            hint="mend the cell or the heading: which of them holds is not ours to guess",
        )
    return given[0] if given else ""


def _at_zone(value: Any, unit: Unit) -> Any:
    if unit.unit == "as read":
        return value
    if isinstance(value, datetime):
        return value.replace(tzinfo=_timezone(unit.unit)) if value.tzinfo is None else value
    if isinstance(value, str) and _WITHOUT_ZONE.fullmatch(value.strip()):
        return f"{value.strip()} {unit.unit}"
    return value


@lru_cache(maxsize=64)
def _timezone(offset: str) -> timezone:
    sign = -1 if offset[0] == "-" else 1
    shift = sign * timedelta(hours=int(offset[1:3]), minutes=int(offset[4:6]))
    if abs(shift) > timedelta(hours=14):
        raise NotUnderstood(f"the offset {offset} in a heading is beyond ±14:00", hint="check the zone")
    return timezone(shift)
