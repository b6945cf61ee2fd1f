"""The names fields go by: the vocabulary every format shares, what people write for the same thing, and what a caller asked to have mapped.

A synonym is read and announced. Where two names of one feature stand for one field, the vocabulary's own name holds, and after it the first; the
other is announced as not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias

from detente.domain import NotUnderstood

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
        self._unread: dict[str, None] = {}

    def with_geometry(self) -> Vocabulary:
        """The same, for a format whose geometry stands in fields."""
        self._fields |= {*GEOMETRY_FIELDS}
        return self

    def fields(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The given values under their fields' names; empty ones are left out."""
        found: dict[str, tuple[int, str, Any]] = {}
        for name, value in given.items():
            rank, field = self._known.get(name) or self._resolve(name)
            if not field or value is None or value == "":
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

    def close(self) -> None:
        """Announces the names that were not read."""
        if self._unread:
            names = list(self._unread)
            more = f" and {len(names) - NAMES_LISTED} more" if len(names) > NAMES_LISTED else ""
            self.note(f"not read: {', '.join(names[:NAMES_LISTED])}{more}")

    def _say(self, what: str) -> None:
        if what not in self._announced:
            self._announced.add(what)
            self.note(what)

    def _resolve(self, name: str) -> tuple[int, str]:
        """Rank (0 asked for, 1 the vocabulary's own, 2 a synonym) and field; an empty field where it is none of ours."""
        folded, plain = _folded(name), "_".join(str(name).strip().casefold().replace("-", " ").split())
        known = 3, ""
        if folded in self.asked:
            self.used.add(folded)
            known = 0, self.asked[folded]
        elif plain in self._fields:
            known = 1, plain
        elif SYNONYMS.get(plain) in self._fields:
            known = 2, SYNONYMS[plain]
        elif name not in NOT_FOR_SCREENING:
            self._unread[printable(str(name))[:40]] = None
        self._known[name] = known
        return known


def check_names(names: Iterable[str], option: str, known: Iterable[str]) -> None:
    """Raise NotUnderstood where a name is no field."""
    for name in names:
        if name not in known:
            raise NotUnderstood(f"{option}: {name!r} is no field", hint=f"the fields are {', '.join(known)}")


def printable(text: str) -> str:
    """The text on one line, without control characters and half surrogates; letters of every script stay."""
    if text.isprintable():
        return text.strip()
    kept = "".join(
        c for c in text if c.isspace() or not (c < " " or "\x7f" <= c <= "\x9f" or "\ud800" <= c <= "\udfff")
    )
    return " ".join(kept.split())


def _folded(name: str) -> str:
    return str(name).strip().casefold()
