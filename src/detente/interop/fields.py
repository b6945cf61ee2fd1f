"""The input vocabulary, the same in every format: named fields and a geometry in, one part of a notice out.

A field that is not there stays unstated and is noted; a field that is there and cannot be understood is a problem, and every problem of a
feature is found before it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias, TypeVar

from detente.domain import (
    UNSTATED_ABOVE,
    UNSTATED_BELOW,
    Activity,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Arena,
    Assumption,
    Circle,
    Corridor,
    DetenteError,
    Footprint,
    InvalidVolume,
    MultiPolygon,
    NotUnderstood,
    Orbit,
    Polygon,
    Position,
    TimeWindow,
    Uncertainty,
    Volume4D,
    at,
)
from detente.domain.units import METRES_PER_FLIGHT_LEVEL, METRES_PER_FOOT
from detente.domain.window import OPEN_END_US, OPEN_START_US, to_us
from detente.geodesy import read_altitude, read_duration_s, read_length_m, read_number, read_speed_m_s, read_time
from detente.interop import plausibility

T = TypeVar("T")

FIELDS: Final = (
    "reference", "party", "activity", "title",
    "time_start", "time_end",
    "altitude_lower", "altitude_upper", "altitude_unit", "altitude_reference",
    "radius", "radius_m", "half_width", "half_width_m", "ends", "orbit_width", "orbit_width_m", "orbit_alignment",
    "speed", "speed_m_s",
    "position_uncertainty", "position_uncertainty_m", "altitude_uncertainty", "altitude_uncertainty_m",
    "time_uncertainty", "time_uncertainty_s",
    "stated_place", "declared_by", "datum", "assumed",
)  # fmt: skip
# What people write for the same thing; each use is announced.
SYNONYMS: Final = {
    "id": "reference", "ref": "reference", "callsign": "reference", "flight": "reference",
    "organisation": "party", "organization": "party", "operator": "party", "owner": "party", "side": "party",
    "type": "activity", "name": "title", "description": "title",
    "start": "time_start", "begin": "time_start", "from": "time_start", "start_time": "time_start", "begins": "time_start", "etd": "time_start",
    "end": "time_end", "until": "time_end", "to": "time_end", "end_time": "time_end", "ends_at": "time_end", "eta": "time_end",
    "lower": "altitude_lower", "floor": "altitude_lower", "min_altitude": "altitude_lower", "lower_limit": "altitude_lower",
    "upper": "altitude_upper", "ceiling": "altitude_upper", "max_altitude": "altitude_upper", "upper_limit": "altitude_upper",
    "place": "stated_place", "location": "stated_place",
    "lat": "latitude", "lon": "longitude", "long": "longitude", "lng": "longitude", "coordinates": "position", "coordinate": "position",
    "width": "corridor_width",
}  # fmt: skip
NOTHING_ASSUMED: Final[tuple[Assumption, ...]] = ()
WGS84_NAMES: Final = {
    "WGS84",
    "WGS 84",
    "WGS-84",
    "EPSG:4326",
    "CRS84",
    "OGC:CRS84",
    "URN:OGC:DEF:CRS:OGC:1.3:CRS84",
    "URN:OGC:DEF:CRS:EPSG::4326",
}
_OPEN_TIMES: Final = {"UFN", "UNTIL FURTHER NOTICE", "PERM", "PERMANENT", "UNLIMITED"}


@dataclass(frozen=True, slots=True)
class Place:
    """One position: the middle of a circle."""

    position: Position


@dataclass(frozen=True, slots=True)
class Line:
    """Positions in order: a corridor, an orbit, or a route with a time at each position."""

    positions: tuple[Position, ...]
    times_utc: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A ready footprint: a polygon, or several."""

    footprint: Footprint


Geometry: TypeAlias = Place | Line | Area


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature as a format gave it: what to call it, its fields, and its geometry, which may have failed."""

    label: str
    fields: Mapping[str, Any]
    geometry: tuple[Geometry, ...] = ()
    problems: tuple[DetenteError, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """A part of a notice: what one feature holds."""

    reference: str
    party: str
    activity: Activity
    volumes: tuple[Volume4D, ...]
    title: str
    stated_place: str
    declared_by: str
    assumptions: tuple[Assumption, ...]
    source: str = ""


class _AlreadySaidError(DetenteError):
    """What was missing is there but could not be understood, and that problem is listed already."""


class _Reader:
    """Takes fields one by one, gathering problems instead of stopping at the first."""

    def __init__(self, feature: Feature, defaults: Mapping[str, str], notes: list[str]) -> None:
        self.fields = dict(feature.fields)
        self.problems = list(feature.problems)
        self.notes = notes
        notes.extend(feature.notes)
        for name, value in defaults.items():
            if not self.has(name):
                self.fields[name] = value
                notes.append(f"{name} not stated: taken as {value}, as asked")

    def has(self, name: str) -> bool:
        return self.fields.get(name) not in (None, "")

    def text(self, name: str) -> str:
        value = self.fields.get(name)
        return "" if value is None else str(value).strip()

    def take(self, name: str, read: Callable[[Any], T], otherwise: T) -> T:
        """The field as `read` makes it; `otherwise` where it is not there or cannot be understood."""
        return self.attempt(lambda: read(self.fields[name]), otherwise, name) if self.has(name) else otherwise

    def attempt(self, make: Callable[[], T], otherwise: T, place: str = "") -> T:
        try:
            with at(place):
                return make()
        except _AlreadySaidError:
            return otherwise
        except DetenteError as error:
            self.problems.append(error)
            return otherwise

    def needed(self, name: str, suffix: str, read: Callable[[str], float], missing: DetenteError) -> float:
        """As `size`; raises `missing` where the field is not there."""
        value = self.size(name, suffix, read)
        if value is None:
            raise _AlreadySaidError("") if self.has(name) or self.has(name + suffix) else missing
        return value

    def size(self, name: str, suffix: str, read: Callable[[str], float]) -> float | None:
        """`name` as text with a unit, or `name` + suffix as a plain number."""
        if self.has(name + suffix):
            return self.take(name + suffix, _plain_number, None)
        return self.take(name, lambda value: read(_with_unit(value, name + suffix)), None)


def draft_of(
    feature: Feature, *, own_party: str, defaults: Mapping[str, str], arena: Arena, notes: list[str]
) -> tuple[Draft | None, list[DetenteError]]:
    """The part of a notice that a feature holds, or None, and all that is wrong with it; what was taken for granted goes to `notes`."""
    read = _Reader(feature, defaults, notes)
    read.take("datum", _check_datum, None)
    party = read.text("party")
    if not party:
        party = own_party
        notes.append(f"no party stated: the file is its own party, {own_party}")
    reference = read.text("reference") or feature.label
    activity = read.take("activity", _activity, Activity.UNSTATED)
    if not read.has("activity"):
        notes.append("no activity stated")
    assumptions = read.take("assumed", _assumptions, NOTHING_ASSUMED)
    volumes = _volumes(read, feature.geometry)
    if volumes and not read.problems:
        read.problems.extend(plausibility.problems(volumes, activity, read.text("stated_place"), arena))
        notes.extend(plausibility.remarks(volumes, arena))
    if read.problems or not volumes:
        return None, read.problems
    title, place, declared_by = read.text("title"), read.text("stated_place"), read.text("declared_by")
    return Draft(reference, party, activity, volumes, title, place, declared_by, assumptions), []


def _volumes(read: _Reader, geometry: tuple[Geometry, ...]) -> tuple[Volume4D, ...]:
    band = _band(read)
    uncertainty = _uncertainty(read)
    moving = read.has("speed") or read.has("speed_m_s") or any(isinstance(g, Line) and g.times_utc for g in geometry)
    window = _window(read, moving=moving)
    volumes: list[Volume4D] = []
    for part in geometry:
        if isinstance(part, Line) and moving:
            volumes.extend(read.attempt(lambda line=part: _route(read, line, band, uncertainty), (), "geometry"))  # type: ignore[misc]
            continue
        footprint = read.attempt(lambda shape=part: _footprint(read, shape), None, "geometry")  # type: ignore[misc]
        if footprint is not None and band is not None and window is not None:
            volumes.append(Volume4D(footprint, band, window, uncertainty))
    if not geometry and not read.problems:
        read.problems.append(
            InvalidVolume(
                "no geometry", hint="say where: a geometry, latitude and longitude, or position", where="geometry"
            )
        )
    return tuple(volumes)


def _footprint(read: _Reader, part: Geometry) -> Footprint:
    from detente.screening import check_footprint

    footprint = _of_geometry(read, part)
    check_footprint(footprint)
    return footprint


def _of_geometry(read: _Reader, part: Geometry) -> Footprint:
    match part:
        case Area(footprint):
            return footprint
        case Place(position):
            hint = 'add "radius": "5 km", or --default radius=5km'
            missing = InvalidVolume("a point without a radius is no area", hint=hint)
            return Circle(position, read.needed("radius", "_m", read_length_m, missing))
        case Line(positions):
            return _along(read, positions)


def _along(read: _Reader, positions: tuple[Position, ...]) -> Footprint:
    if read.has("orbit_width") or read.has("orbit_width_m"):
        orbit_width_m = read.needed("orbit_width", "_m", read_length_m, InvalidVolume("no width"))
        if len(positions) != 2:
            raise InvalidVolume(
                f"an orbit has two anchor points, not {len(positions)}", hint="give the two ends of the racetrack"
            )
        alignment = read.text("orbit_alignment").lower() or "centre"
        return Orbit(positions[0], positions[1], orbit_width_m, _one_of(alignment, _ALIGNMENTS, "orbit_alignment"))
    return Corridor(positions, _half_width_m(read), _one_of(read.text("ends").lower() or "round", _ENDS, "ends"))


_ALIGNMENTS: Final[dict[str, Literal["left", "centre", "right"]]] = {
    "left": "left", "l": "left", "right": "right", "r": "right", "centre": "centre", "center": "centre", "c": "centre",
}  # fmt: skip
_ENDS: Final[dict[str, Literal["round", "square"]]] = {"round": "round", "square": "square"}


def _one_of(value: str, known: Mapping[str, T], name: str) -> T:
    if value not in known:
        raise NotUnderstood(
            f"{name} {value!r} is not known", hint=f"use {', '.join(dict.fromkeys(map(str, known.values())))}"
        )
    return known[value]


def _half_width_m(read: _Reader) -> float:
    whole = read.has("corridor_width") or read.has("corridor_width_m")
    if whole and not (read.has("half_width") or read.has("half_width_m")):
        return read.needed("corridor_width", "_m", read_length_m, InvalidVolume("no width")) / 2
    hint = 'add "half_width": "2 km", or --default half_width=2km'
    return read.needed(
        "half_width", "_m", read_length_m, InvalidVolume("a line without a half width is no area", hint=hint)
    )


def _route(read: _Reader, line: Line, band: AltitudeBand | None, uncertainty: Uncertainty) -> tuple[Volume4D, ...]:
    from detente.geodesy.routes import route_legs

    half_width_m = _half_width_m(read)
    if band is None:
        return ()
    if line.times_utc:
        return route_legs(
            line.positions, half_width_m=half_width_m, times_utc=line.times_utc, altitude=band, uncertainty=uncertainty
        )
    speed_m_s = read.size("speed", "_m_s", read_speed_m_s)
    departure_utc = read.take("time_start", _moment, None)
    if speed_m_s is None or departure_utc is None:
        if not read.problems:
            raise InvalidVolume("a route at a speed needs a time_start", hint="say when it leaves its first position")
        return ()
    return route_legs(
        line.positions,
        half_width_m=half_width_m,
        departure_utc=departure_utc,
        speed_m_s=speed_m_s,
        altitude=band,
        uncertainty=uncertainty,
    )


# ── altitude, time, uncertainty ──────────────────────────────────────────────────────────────────────────────────────


def _band(read: _Reader) -> AltitudeBand | None:
    unread = len(read.problems)
    lower = read.take("altitude_lower", lambda v: _limit(read, v, "lower"), UNSTATED_BELOW)
    upper = read.take("altitude_upper", lambda v: _limit(read, v, "upper"), UNSTATED_ABOVE)
    for name in ("altitude_lower", "altitude_upper"):
        if not read.has(name):
            read.notes.append(f"{name} not stated: unbounded, at most POSSIBLE")
    if len(read.problems) > unread:
        return None
    return read.attempt(lambda: AltitudeBand(lower, upper), None, "altitude")


def _limit(read: _Reader, value: Any, side: Literal["lower", "upper"]) -> AltitudeLimit:
    if isinstance(value, str) and not _is_number(value):
        return read_altitude(value, side)
    unit, reference = read.text("altitude_unit").lower(), read.text("altitude_reference").upper()
    if reference == "FL":
        return AltitudeLimit(_plain_number(value) * METRES_PER_FLIGHT_LEVEL, AltitudeReference.FL)
    if unit not in ("m", "ft") or reference not in ("HAE", "AMSL", "AGL"):
        raise NotUnderstood(
            f"altitude {value} says neither its unit nor above what",
            hint='write "1500 m AMSL" or "FL180", or add altitude_unit (m, ft) and altitude_reference (HAE, AMSL, AGL, FL)',
        )
    return AltitudeLimit(
        _plain_number(value) * (METRES_PER_FOOT if unit == "ft" else 1.0), AltitudeReference(reference)
    )


def _window(read: _Reader, *, moving: bool) -> TimeWindow | None:
    if moving:
        return None
    unread = len(read.problems)
    start_us = read.take("time_start", lambda v: _instant_us(v, OPEN_START_US), OPEN_START_US)
    end_us = read.take("time_end", lambda v: _instant_us(v, OPEN_END_US), OPEN_END_US)
    for name in ("time_start", "time_end"):
        if not read.has(name):
            read.notes.append(f"{name} not stated: unbounded, at most POSSIBLE")
    if len(read.problems) > unread:
        return None
    stated = {"start_stated": read.has("time_start"), "end_stated": read.has("time_end")}
    return read.attempt(lambda: TimeWindow(start_us, end_us, **stated), None, "time")


def _instant_us(value: Any, open_us: int) -> int:
    if isinstance(value, str) and value.strip().upper() in _OPEN_TIMES:
        return open_us
    return to_us(_moment(value))


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        to_us(value)  # refuses one without a zone
        return value
    if not isinstance(value, str):
        raise NotUnderstood(f"time {value!r} is a number, not a time", hint="write 2018-09-17T18:39Z or 171839ZSEP18")
    return read_time(value)


def _uncertainty(read: _Reader) -> Uncertainty:
    position_m = read.size("position_uncertainty", "_m", read_length_m) or 0.0
    altitude_m = read.size("altitude_uncertainty", "_m", read_length_m) or 0.0
    time_s = read.size("time_uncertainty", "_s", read_duration_s) or 0.0
    return read.attempt(lambda: Uncertainty(position_m, altitude_m, time_s), Uncertainty(), "uncertainty")


# ── single values ────────────────────────────────────────────────────────────────────────────────────────────────────


def _activity(value: Any) -> Activity:
    name = "_".join(str(value).strip().lower().replace("-", " ").split())
    try:
        return Activity(name)
    except ValueError:
        known = ", ".join(a.value for a in Activity if a is not Activity.UNSTATED)
        raise NotUnderstood(f"activity {value!r} is not known", hint=f"use one of {known}") from None


def _check_datum(value: Any) -> None:
    if str(value).strip().upper() not in WGS84_NAMES:
        raise NotUnderstood(
            f"datum {value!r} is not WGS 84",
            hint="convert the coordinates first: the difference can be hundreds of metres",
        )


def _assumptions(value: Any) -> tuple[Assumption, ...]:
    if isinstance(value, Mapping):
        return tuple(Assumption(str(name), str(basis)) for name, basis in value.items())
    parts = [part.partition(":") for part in str(value).split(";") if part.strip()]
    return tuple(Assumption(name.strip(), basis.strip()) for name, _, basis in parts)


def _plain_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise NotUnderstood(f"{value!r} is not a number", hint="write digits with a decimal point")
    number = read_number(value) if isinstance(value, str) else float(value)
    if not abs(number) < 1e15:  # NaN is refused too
        raise NotUnderstood(f"{value!r} is not a usable number", hint="check the value")
    return number


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except NotUnderstood:
        return False
    return True


def _with_unit(value: Any, plain_name: str) -> str:
    if isinstance(value, str):
        return value
    raise NotUnderstood(
        f"{value!r} has no unit",
        hint=f'write it as text with a unit, e.g. "5 km", or use {plain_name} for a plain number',
    )


def part_polygon(rings: list[list[Position]], notes: list[str]) -> Polygon:
    """A polygon of closed rings, shell first; corners repeated in a row are dropped and noted.

    Raises:
        InvalidVolume: a ring is not closed, or has too few corners.
    """
    opened = []
    for index, ring in enumerate(rings):
        with at("shell" if index == 0 else f"hole {index - 1}"):
            if len(ring) < 2 or ring[0] != ring[-1]:
                raise InvalidVolume("the ring is not closed", hint="repeat the first position at the end")
            corners = [p for k, p in enumerate(ring[:-1]) if k == 0 or p != ring[k - 1]]
            if len(corners) > 1 and corners[-1] == corners[0]:
                corners.pop()
            if len(corners) < len(ring) - 1:
                notes.append("a corner repeated in a row was dropped")
            opened.append(tuple(corners))
    if not opened:
        raise InvalidVolume("a polygon without rings covers nothing", hint="give its corners")
    return Polygon(opened[0], tuple(opened[1:]))


def area_of(parts: list[Polygon]) -> Area:
    """One or several polygons as an area."""
    return Area(parts[0] if len(parts) == 1 else MultiPolygon(tuple(parts)))
