"""The names fields go by: the vocabulary every format shares, what people write for the same thing, and what a caller asked to have mapped.

Case, spaces, hyphens and brackets in a name do not matter. A synonym is read and announced, and so is a unit in a name. Where two names of one feature
stand for one field, one that was asked for holds, and after it the vocabulary's own; the other is announced as not read. Two of one rank that say
different things are refused: which of them holds is not ours to guess. Every name that stands for nothing is announced, with the option that would
read it where its values look like places, times or altitudes, or the name itself like a field.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

from detente.domain import DetenteError, NotUnderstood
from detente.interop.headings import ALTITUDES, Unit, heading_of, unit_within, with_unit

Note: TypeAlias = Callable[[str], None]

FIELDS: Final = (
    "reference", "party", "activity", "title",
    "time_start", "time_end",
    "altitude_lower", "altitude_upper", "altitude_unit", "altitude_reference",
    "radius", "radius_m", "half_width", "half_width_m", "corridor_width", "corridor_width_m", "ends",
    "orbit_width", "orbit_width_m", "orbit_alignment",
    "speed", "speed_m_s",
    "position_uncertainty", "position_uncertainty_m", "altitude_uncertainty", "altitude_uncertainty_m",
    "time_uncertainty", "time_uncertainty_s",
    "stated_place", "declared_by", "datum", "assumed",
)  # fmt: skip
# Where a table has no geometry of its own.
GEOMETRY_FIELDS: Final = ("latitude", "longitude", "position", "positions", "shape", "wkt")
WHERE_FIELDS: Final = ("latitude", "longitude", "position", "positions", "wkt")
SYNONYMS: Final = {
    "id": "reference", "ref": "reference", "callsign": "reference", "flight": "reference",
    "organisation": "party", "organization": "party", "operator": "party", "owner": "party", "side": "party",
    "type": "activity", "name": "title", "description": "title",
    "start": "time_start", "begin": "time_start", "from": "time_start", "start_time": "time_start", "begins": "time_start", "etd": "time_start",
    "end": "time_end", "until": "time_end", "to": "time_end", "end_time": "time_end", "ends_at": "time_end", "eta": "time_end",
    "lower": "altitude_lower", "floor": "altitude_lower", "min_altitude": "altitude_lower", "lower_limit": "altitude_lower",
    "upper": "altitude_upper", "ceiling": "altitude_upper", "max_altitude": "altitude_upper", "upper_limit": "altitude_upper",
    "place": "stated_place", "location": "stated_place", "crs": "datum",
    "lat": "latitude", "lon": "longitude", "long": "longitude", "lng": "longitude", "coordinates": "position", "coordinate": "position",
    "width": "corridor_width",
}  # fmt: skip
# What drawing programs and our own scenarios add, which says nothing of where and when.
NOT_FOR_SCREENING: Final = {
    "sources",
    "source",
    "claims",
    "note",
    "about",
    "stroke",
    "fill",
    "marker-color",
    "styleUrl",
}
NAMES_LISTED: Final = 12
_SAMPLES: Final = 3  # values of an unread name that are looked at
_BESIDE_LETTERS: Final = re.compile(r"[^\W\d_]|\d[.,]\d|°")  # "12 34" may be anything, and is taken for no place


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """`Time start`, `time_start` and `TimeStart` are one name."""
    return "".join(sign for sign in name.casefold() if sign.isalnum())


_FIELD_OF: Final = {plain(name): name for name in (*FIELDS, *GEOMETRY_FIELDS)}
_FIELD_OF_SYNONYM: Final = {plain(name): field for name, field in SYNONYMS.items()}


@lru_cache(maxsize=4096)
def without_utc(name: str) -> tuple[str, bool]:
    """`time_start_utc` is time_start, and its values without a zone are in UTC."""
    kept = re.sub(r"[\s_]*\(?utc\)?$", "", name, flags=re.IGNORECASE)
    return kept, kept != name


ASKED, OWN, SYNONYM, NONE = range(4)  # how a name came to stand for a field; the lower holds
_CHART_M: Final = re.compile(r"[(\[{]\s*M\s*[)\]}]\s*$")  # on charts nautical miles
# Of these two names that differ are never resolved by their order.
NOT_TO_GUESS: Final = {*FIELDS, *GEOMETRY_FIELDS} - {"reference", "title", "stated_place", "declared_by", "assumed"}
_SOUNDS_LIKE: Final = (
    ({"radius", "radii", "diameter"}, ("radius",)),
    ({"width", "breadth"}, ("half_width", "corridor_width")),
    ({"speed", "groundspeed", "velocity"}, ("speed",)),
    ({"floor", "base", "lower"}, ("altitude_lower",)),
    ({"ceiling", "top", "upper"}, ("altitude_upper",)),
    ({"altitude", "altitudes", "alt", "height", "level", "fl", "elevation"}, ALTITUDES),
    ({"start", "begin", "begins", "departure", "takeoff"}, ("time_start",)),
    ({"end", "finish", "until", "arrival", "landing"}, ("time_end",)),
)


@dataclass(frozen=True, slots=True)
class _Known:
    """What a name stands for; no field where it is none of ours."""

    rank: int
    field: str
    unit: Unit | None = None


_NOTHING: Final = _Known(NONE, "")


@dataclass(frozen=True, slots=True)
class _Named:
    """A value, and the name it was found by."""

    known: _Known
    name: str
    value: Any


class Vocabulary:
    """Which field each heading or property name of one file stands for.

    Args:
        columns: names in the file, and the field each was asked to be read as.
    """

    def __init__(self, columns: Mapping[str, str], note: Note) -> None:
        self.asked = {_folded(name): to for name, to in columns.items()}
        self.used: set[str] = set()
        self.note = note
        self._fields = set(FIELDS)
        self._known: dict[str, _Known] = {}
        self._announced: set[str] = set()
        self._unread: dict[str, list[Any]] = {}  # by the name as it stands in the file; the first of its values

    def with_geometry(self) -> Vocabulary:
        """The same, for a format whose geometry stands in fields."""
        self._fields |= {*GEOMETRY_FIELDS}
        return self

    def fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given values under their fields' names; empty ones are left out.

        A value that its name makes impossible to tell is the refusal of it. What an unread name may have meant stands under `alike_key`.
        """
        found: dict[str, list[_Named]] = {}
        alike: dict[str, Any] = {}
        for name, value in given.items():
            known = self._known.get(name) or self._resolve(name)
            if value is None or value == "":
                continue
            if known.field:
                found.setdefault(known.field, []).append(_Named(known, name, value))
                continue
            self._sample(name, value)
            for field in looks_named(name):
                alike.setdefault(alike_key(field), printable(name))
        held = {field: self._held(field, names) for field, names in found.items()}
        beside = {field: one.value for field, one in held.items()}
        return {**alike, **{field: self._value(field, one, found[field], beside) for field, one in held.items()}}

    def _held(self, field: str, names: list[_Named]) -> _Named:
        """The name that holds for a field; the others are announced."""
        held = min(names, key=lambda one: one.known.rank)
        for other in names:
            if other is not held:
                self._say(f"{other.name!r} is not read: {field} stands there too")
        if held.known.unit is not None:
            self._say(f"{held.name!r} read as {field}, in {held.known.unit.said}")
        elif held.known.rank == SYNONYM:
            self._say(f"{held.name!r} read as {field}")
        return held

    def _value(self, field: str, held: _Named, names: list[_Named], beside: Mapping[str, Any]) -> Any:
        rivals = [one for one in names if one is not held and one.known.rank == held.known.rank]
        for other in rivals:
            if held.known.rank == ASKED or (field in NOT_TO_GUESS and _differ(held, other)):
                return two_names(field, held.name, other.name, asked=held.known.rank == ASKED)
        return (
            held.value if held.known.unit is None else with_unit(held.value, held.name, field, held.known.unit, beside)
        )

    def check_asked(self, names: Iterable[str]) -> None:
        """Raise NotUnderstood where two headings of one table were asked to be read as one field."""
        first: dict[str, str] = {}
        for name in names:
            known = self._look_up(name) if name else _NOTHING
            if known.rank == ASKED and first.setdefault(known.field, name) != name:
                raise two_names(known.field, first[known.field], name, asked=True)

    def say_where(self, names: Iterable[str]) -> bool:
        """Whether any of a table's headings says where."""
        return any(self._look_up(name).field in WHERE_FIELDS for name in names if name)

    def count(self, names: Iterable[str]) -> int:
        """How many of the names stand for a field."""
        return sum(1 for name in names if name and self._look_up(name).field)

    def leave(self, name: str) -> None:
        """Announces a name that a format found and that is no field of any feature."""
        self._unread.setdefault(name, [])

    def close(self) -> None:
        """Announces the names that were not read, and how those that matter would be."""
        if self._unread:
            names = list(dict.fromkeys(printable(name)[:40] for name in self._unread))
            more = f" and {len(names) - NAMES_LISTED} more" if len(names) > NAMES_LISTED else ""
            self.note(f"not read: {', '.join(names[:NAMES_LISTED])}{more}")
        for name, values in list(self._unread.items())[:NAMES_LISTED]:
            kind, fields = looks_like(values)
            may_be = [field for field in fields or looks_named(name) if field in self._fields]
            if may_be:
                options = " or ".join(f'--map "{printable(name)}={field}"' for field in may_be)
                self.note(f"not read, and {f'looks like {kind}' if kind else 'named like a field'}: {options} reads it")
        self._unread = {}

    def _sample(self, name: str, value: Any) -> None:
        values = self._unread.get(name)
        if values is not None and len(values) < _SAMPLES:
            values.append(value)

    def _say(self, what: str) -> None:
        if what not in self._announced:
            self._announced.add(what)
            self.note(what)

    def _resolve(self, name: str) -> _Known:
        """What a name stands for, from now on; one that stands for nothing is announced in the end."""
        self._known[name] = known = self._look_up(name)
        if known.rank == ASKED:
            self.used |= self._asked_as(name)
        if not known.field and name not in NOT_FOR_SCREENING:
            self._unread.setdefault(name, [])
        return known

    def _look_up(self, name: str) -> _Known:
        asked = self._asked_as(name)
        if asked:
            field = self.asked[min(asked)]
            return _Known(ASKED, field, unit_within(name, field))
        own = self._our_own(plain(without_utc(name)[0]))
        if own.field and not _CHART_M.search(name):
            return own
        told = heading_of(name, lambda base: self._our_own(plain(base)).field)
        return _Known(SYNONYM, *told) if told else own

    def _asked_as(self, name: str) -> set[str]:
        return {folded for folded in (_folded(name), _folded(without_utc(name)[0])) if folded in self.asked}

    def _our_own(self, name: str) -> _Known:
        for rank, known in ((OWN, _FIELD_OF), (SYNONYM, _FIELD_OF_SYNONYM)):
            if known.get(name) in self._fields:
                return _Known(rank, known[name])
        return _NOTHING


def two_names(field: str, first: str, second: str, *, asked: bool) -> NotUnderstood:
    """The refusal of two names for one field."""
    names = f"{printable(first)[:60]!r} and {printable(second)[:60]!r}"
    if asked:
        return NotUnderstood(
            f"--map reads {names} as {field}", hint="map one of them: which of the two holds is not ours to guess"
        )
    return NotUnderstood(
        f"{names} both stand for {field}, and differ", hint=f'say which holds: --map "{printable(first)}={field}"'
    )


def _differ(one: _Named, other: _Named) -> bool:
    return (one.value, one.known.unit and one.known.unit.said) != (
        other.value,
        other.known.unit and other.known.unit.said,
    )


def alike_key(field: str) -> str:
    """Where `Vocabulary.fields` keeps the unread name that may have meant a field."""
    return f"{field}?"


def looks_named(name: str) -> tuple[str, ...]:
    """The fields that a name none of ours sounds like: `Max radius`, `Alt`, `Start date`."""
    words = {word.casefold() for word in re.findall(r"[^\W\d_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name))}
    return next((fields for told, fields in _SOUNDS_LIKE if words & told), ())


def check_names(names: Iterable[str], option: str, known: Iterable[str]) -> None:
    """Raise NotUnderstood where a name is no field."""
    for name in names:
        if name not in known:
            raise NotUnderstood(f"{option}: {name!r} is no field", hint=f"the fields are {', '.join(known)}")


def printable(text: str) -> str:
    """The text on one line, as it will be seen: letters of every script stay, what does not show goes.

    Gone are control characters, half surrogates, zero-width spaces, and the marks and overrides of writing direction, with which a name can be made to
    look like another. The joiners that Persian, Hindi and others need between letters stay.
    """
    if text.isprintable():
        return text.strip()
    return " ".join("".join(sign for sign in text if not _is_hidden(sign)).split())


def has_hidden(text: object) -> bool:
    """Whether `printable` would leave out more than line breaks and spaces."""
    return isinstance(text, str) and not text.isprintable() and any(_is_hidden(sign) for sign in text)


def _is_hidden(sign: str) -> bool:
    if sign.isspace() or sign in _JOINERS:
        return False
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs") or sign in "\ufffe\uffff"


_JOINERS: Final = "\u200c\u200d"


def looks_like(values: Iterable[Any]) -> tuple[str, tuple[str, ...]]:
    """What all the values can be read as, in words, and the fields that would read it; both empty where that is nothing, or there are no values."""
    given = list(values)
    kinds: tuple[tuple[str, tuple[str, ...], Callable[[Any], bool]], ...] = (
        ("a time", ("time_start", "time_end"), _is_time),
        ("a position", ("position",), _is_position),
        ("an altitude", ALTITUDES, _is_altitude),
    )
    return next(((kind, fields) for kind, fields, reads in kinds if given and all(map(reads, given))), ("", ()))


def _is_time(value: Any) -> bool:
    from detente.geodesy import read_time

    return isinstance(value, datetime) or (isinstance(value, str) and _is_read(lambda: read_time(value)))


def _is_position(value: Any) -> bool:
    from detente.geodesy import read_position

    return isinstance(value, str) and bool(_BESIDE_LETTERS.search(value)) and _is_read(lambda: read_position(value))


def _is_altitude(value: Any) -> bool:
    from detente.geodesy import read_altitude

    return isinstance(value, str) and _is_read(lambda: read_altitude(value, "upper"))


def _is_read(read: Callable[[], object]) -> bool:
    try:
        read()
    except DetenteError:
        return False
    return True


def _folded(name: str) -> str:
    return name.strip().casefold()
