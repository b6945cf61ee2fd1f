"""The names fields go by: the vocabulary every format shares, what people write for the same thing, and what a caller asked to have mapped.

Case, spaces, hyphens and brackets in a name do not matter. A synonym is read and announced. Where two names of one feature stand for one field, the
vocabulary's own name holds, and after it the first; the other is announced as not read. So is every name that stands for nothing, with the option
that would read it where its values look like places, times or altitudes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias

from detente.domain import DetenteError, NotUnderstood

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
        self._known: dict[str, tuple[int, str]] = {}
        self._announced: set[str] = set()
        self._unread: dict[str, list[Any]] = {}  # by the name as it stands in the file; the first of its values

    def with_geometry(self) -> Vocabulary:
        """The same, for a format whose geometry stands in fields."""
        self._fields |= {*GEOMETRY_FIELDS}
        return self

    def fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given values under their fields' names; empty ones are left out."""
        found: dict[str, tuple[int, str, Any]] = {}
        for name, value in given.items():
            rank, field = self._known.get(name) or self._resolve(name)
            if value is None or value == "":
                continue
            if not field:
                self._sample(name, value)
                continue
            held = found.get(field)
            if held is not None:
                self._say(f"{(name if held[0] <= rank else held[1])!r} is not read: {field} stands there too")
            if held is None or rank < held[0]:
                found[field] = (rank, name, value)
        for field, (rank, name, _) in found.items():
            if rank == 2:
                self._say(f"{name!r} read as {field}")
        return {field: value for field, (_, _, value) in found.items()}

    def say_where(self, names: Iterable[str]) -> bool:
        """Whether any of a table's headings says where."""
        return any(self._resolve(name)[1] in WHERE_FIELDS for name in names if name)

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
            kind, field = looks_like(values)
            if field in self._fields:
                self.note(f'not read, and looks like {kind}: --map "{printable(name)}={field}" reads it')
        self._unread = {}

    def _sample(self, name: str, value: Any) -> None:
        values = self._unread.get(name)
        if values is not None and len(values) < _SAMPLES:
            values.append(value)

    def _say(self, what: str) -> None:
        if what not in self._announced:
            self._announced.add(what)
            self.note(what)

    def _resolve(self, name: str) -> tuple[int, str]:
        """Rank (0 asked for, 1 the vocabulary's own, 2 a synonym) and field; an empty field where it is none of ours."""
        self._known[name] = known = self._asked_for(name) or self._our_own(plain(without_utc(name)[0]))
        if not known[1] and name not in NOT_FOR_SCREENING:
            self._unread.setdefault(name, [])
        return known

    def _asked_for(self, name: str) -> tuple[int, str] | None:
        for folded in (_folded(name), _folded(without_utc(name)[0])):
            if folded in self.asked:
                self.used.add(folded)
                return 0, self.asked[folded]
        return None

    def _our_own(self, name: str) -> tuple[int, str]:
        for rank, known in ((1, _FIELD_OF), (2, _FIELD_OF_SYNONYM)):
            if known.get(name) in self._fields:
                return rank, known[name]
        return 3, ""


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


def looks_like(values: Iterable[Any]) -> tuple[str, str]:
    """What all the values can be read as, in words, and the field that would read it; both empty where that is nothing, or there are no values."""
    given = list(values)
    for kind, field, reads in (("a time", "time_start", _is_time), ("a position", "position", _is_position)):
        if given and all(reads(value) for value in given):
            return kind, field
    if given and all(_is_altitude(value) for value in given):
        return "an altitude", "altitude_upper"
    return "", ""


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
