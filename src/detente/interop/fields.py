"""Named fields and a geometry in, one part of a notice out; the same for every format.

A field that is not there stays unstated and is noted; a field that is there and cannot be understood is a problem, and every problem of a
feature is found before it is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from functools import lru_cache
from math import ceil, floor, log10
from typing import Any, Final, Literal, TypeAlias, TypeVar

from detente.domain import (
    UNSTATED_ABOVE,
    UNSTATED_BAND,
    UNSTATED_BELOW,
    UNSTATED_WINDOW,
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
    NotUnderstood,
    Orbit,
    Position,
    TimeWindow,
    TooLarge,
    Uncertainty,
    Volume4D,
    at,
)
from detente.domain.units import METRES_PER_FLIGHT_LEVEL, METRES_PER_FOOT
from detente.domain.window import OPEN_END_US, OPEN_START_US, render_utc, to_us
from detente.geodesy import read_altitude, read_duration_s, read_length_m, read_number, read_speed_m_s, read_time
from detente.geodesy.time_text import zone_remark
from detente.interop import plausibility
from detente.interop.rings import is_certainly_simple, note_antimeridian
from detente.interop.vocabulary import alike_key, has_hidden, plain, printable

T = TypeVar("T")

ARRIVAL_LEEWAY_US: Final = 60_000_000  # people round to the minute; beyond a minute, a tenth of the way counts
MOST_FEATURES: Final = 1_000_000  # of one file
LONGEST_NAME: Final = 200  # characters of a party or a reference; names are said over the radio
LONGEST_TEXT: Final = 10_000
NOTHING_ASSUMED: Final[tuple[Assumption, ...]] = ()
NO_VOLUMES: Final[tuple[Volume4D, ...]] = ()
WGS84_NAMES: Final = {
    "WGS84",
    "WGS 84",
    "WGS-84",
    "EPSG:4326",
    "4326",
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
    """One feature as a format gave it.

    Attributes:
        label: what to call it: its place in the file, and what it calls itself.
        geometry: empty where the file states none; None where it failed, and the problem is among `problems`.
        off_by_m: how far the place may lie from the geometry by the way it is written.
        whole: the notice it is a part of, where the format says so; the reference of what has none.
    """

    label: str
    fields: Mapping[str, Any]
    geometry: tuple[Geometry, ...] | None = ()
    problems: tuple[DetenteError, ...] = ()
    notes: tuple[str, ...] = ()
    whole: str = ""
    off_by_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Draft:
    """A part of a notice: what one feature holds. Reference and party are empty where the feature does not state them; `whole` as `Feature`."""

    reference: str
    party: str
    activity: Activity
    volumes: tuple[Volume4D, ...]
    title: str
    stated_place: str
    declared_by: str
    assumptions: tuple[Assumption, ...]
    whole: str = ""


_UNIT_SUFFIXES: Final = ("_m", "_s", "_m_s")


class _AlreadySaidError(DetenteError):
    """What was missing is there but could not be understood, and that problem is listed already."""


# Sizes that say the same thing in other words: a default for one steps back where the feature states another.
_INSTEAD: Final = {
    "half_width": ("corridor_width", "orbit_width"),
    "corridor_width": ("half_width", "orbit_width"),
    "orbit_width": ("half_width", "corridor_width"),
}


class _Reader:
    """Takes fields one by one, gathering problems instead of stopping at the first. A default is announced where it is read, and only there."""

    def __init__(self, feature: Feature, defaults: Mapping[str, str], notes: list[str]) -> None:
        self.fields = dict(feature.fields)
        self.problems = list(feature.problems)
        self.notes = notes
        self.sizes: dict[str, float | None] = {}
        notes.extend(feature.notes)
        plain = {name: _without_unit(name) for name in defaults}
        self.by_default = {
            name: value
            for name, value in defaults.items()
            if not any(self.states(other) for other in (plain[name], *_INSTEAD.get(plain[name], ())))
        }
        self.fields.update(self.by_default)

    def has(self, name: str) -> bool:
        return self.fields.get(name) not in (None, "")

    def states(self, name: str) -> bool:
        """Whether a quantity is there, as text with a unit or as a plain number."""
        return any(self.has(name + unit) for unit in ("", *_UNIT_SUFFIXES))

    def states_itself(self, name: str) -> bool:
        """As `states`, and not by default."""
        return any(self.has(name + unit) and name + unit not in self.by_default for unit in ("", *_UNIT_SUFFIXES))

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str:
        """The field on one line; a problem where it is no text, or longer than anyone would say."""
        if has_hidden(self.fields.get(name)):
            self.notes.append(f"characters that do not show are left out of {name}")
        return self.take(name, lambda value: _one_line(value, longest), "")

    def take(self, name: str, read: Callable[[Any], T], otherwise: T) -> T:
        """The field as `read` makes it; `otherwise` where it is not there or cannot be understood."""
        if name in self.by_default:
            self.notes.append(f"{name} not stated: taken as {self.by_default[name]}, as asked")
        return self.attempt(lambda: read(_told(self.fields[name])), otherwise, name) if self.has(name) else otherwise

    def hint(self, name: str, hint: str) -> str:
        """How to state a missing field: the hint, or the option that reads a column which is named like it."""
        alike = self.fields.get(alike_key(name))
        return f'--map "{alike}={name}" reads {alike!r}, if that is what it says' if alike else hint

    def note_missing(self, name: str) -> None:
        """Announces a field that is not stated, and the column that may have been meant to state it."""
        alike = self.fields.get(alike_key(name))
        what = f"not read from any field; {alike!r} may state it" if alike else "not stated"
        self.notes.append(f"{name} {what}: unbounded, at most POSSIBLE")

    def miss(self, what: str, hint: str, where: str) -> None:
        self.problems.append(InvalidVolume(what, hint=hint, where=where))

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
            raise _AlreadySaidError("") if self.states(name) else missing
        return value

    def size(self, name: str, suffix: str, read: Callable[[str], float]) -> float | None:
        """`name` as text with a unit, or `name` + suffix as a plain number; both only where they agree."""
        if name not in self.sizes:
            self.sizes[name] = self._size(name, suffix, read)
        return self.sizes[name]

    def _size(self, name: str, suffix: str, read: Callable[[str], float]) -> float | None:
        plain = self.take(name + suffix, _plain_number, None)
        said = self.take(name, lambda value: read(_with_unit(value, name + suffix)), None)
        if plain is not None and said is not None and abs(plain - said) > 0.01 * abs(said):
            self.miss(f"{name} {self.fields[name]} and {name + suffix} {plain:g} differ", _KEEP_ONE, name)
        return said if plain is None else plain


def draft_of(
    feature: Feature, *, defaults: Mapping[str, str], arena: Arena, notes: list[str]
) -> tuple[Draft | None, list[DetenteError]]:
    """The part of a notice that a feature holds, or None, and all that is wrong with it; what was taken for granted goes to `notes`.

    What one fault leaves unknown is put aside, so that the checks after it find theirs too.
    """
    read = _Reader(feature, defaults, notes)
    read.take("datum", _check_datum, None)
    reference, party = read.text("reference", LONGEST_NAME), read.text("party", LONGEST_NAME)
    activity = read.take("activity", activity_named, Activity.UNSTATED)
    if not read.has("activity"):
        notes.append("no activity stated")
    assumptions = read.take("assumed", _assumptions, NOTHING_ASSUMED)
    title, place, declared_by = read.text("title"), read.text("stated_place"), read.text("declared_by")
    band = _band(read)
    uncertainty = _uncertainty(read, feature.off_by_m)
    volumes = _volumes(read, feature.geometry, band, uncertainty)
    bands = [volume.altitude for volume in volumes] or [band]
    read.problems.extend(plausibility.altitude_problems(bands, activity, arena))
    read.problems.extend(plausibility.place_problems(volumes, place, arena))
    if read.problems:
        return None, _once_each(read.problems)
    assert volumes, "a feature without a problem has a volume"
    notes.extend(plausibility.remarks(volumes, place, arena))
    return Draft(reference, party, activity, volumes, title, place, declared_by, assumptions, feature.whole), []


def _once_each(problems: Sequence[DetenteError]) -> list[DetenteError]:
    """A size that is wrong is wrong for every part of the geometry; it is said once."""
    return list({(problem.where, problem.what): problem for problem in problems}.values())


def _volumes(
    read: _Reader, geometry: tuple[Geometry, ...] | None, band: AltitudeBand, uncertainty: Uncertainty
) -> tuple[Volume4D, ...]:
    with_speed = read.states("speed") and not read.states("orbit_width")
    parts = [(part, isinstance(part, Line) and bool(part.times_utc or with_speed)) for part in geometry or ()]
    window = UNSTATED_WINDOW if parts and all(moves for _, moves in parts) else _window(read)
    volumes: list[Volume4D] = []
    for part, moves in parts:
        if isinstance(part, Line) and moves:
            legs = read.attempt(lambda line=part: _route(read, line, band, uncertainty), NO_VOLUMES, "geometry")  # type: ignore[misc]
            volumes.extend(legs or _stand_in(part, band))
            continue
        footprint = read.attempt(lambda shape=part: _footprint(read, shape), None, "geometry")  # type: ignore[misc]
        one = None if footprint is None else Volume4D(footprint, band, window, uncertainty)
        volumes.extend(_stand_in(part, band) if one is None else (one,))
    if geometry == ():
        read.miss("no geometry", "say where: a geometry, latitude and longitude, or position", "geometry")
    if not geometry:
        _check_sizes(read)
    else:
        _note_unused(read, geometry, moves=any(moves for _, moves in parts))
    return tuple(volumes)


def _stand_in(part: Geometry, band: AltitudeBand) -> tuple[Volume4D, ...]:
    """What a feature that is refused for its sizes or times can still be checked by: whether its places are plausible."""
    if isinstance(part, Area):
        return (Volume4D(part.footprint, band),)
    positions = (part.position,) if isinstance(part, Place) else part.positions
    return tuple(Volume4D(Circle(position, 1.0), band) for position in positions)


def _check_sizes(read: _Reader) -> None:
    """Every size that a feature without a geometry states: any of them may be needed once it has one."""
    for name, suffix, reads in _SIZES:
        if read.states_itself(name):
            read.size(name, suffix, reads)


_SIZES: Final = (
    ("radius", "_m", read_length_m),
    ("half_width", "_m", read_length_m),
    ("corridor_width", "_m", read_length_m),
    ("orbit_width", "_m", read_length_m),
    ("speed", "_m_s", read_speed_m_s),
)


def _note_unused(read: _Reader, geometry: tuple[Geometry, ...], *, moves: bool) -> None:
    """A size that belongs to another shape is not read; whoever wrote it should know."""
    kinds = {type(part) for part in geometry}
    has_width = read.states_itself("half_width") or read.states_itself("corridor_width")
    if read.states_itself("radius") and Place not in kinds:
        read.notes.append("radius is not read: it belongs to a point")
    if has_width and Line not in kinds:
        read.notes.append("the width is not read: it belongs to a line")
    elif has_width and read.states("orbit_width"):
        read.notes.append("the width of a corridor is not read: orbit_width makes the line a racetrack")
    if read.states_itself("orbit_width") and Line not in kinds:
        read.notes.append("orbit_width is not read: it belongs to a line of two positions")
    if read.states_itself("speed") and not moves:
        read.notes.append("speed is not read: the whole footprint holds for the whole time")


def _footprint(read: _Reader, part: Geometry) -> Footprint:
    footprint = _of_geometry(read, part)
    if not is_certainly_simple(footprint):
        from detente.screening import check_footprint  # numpy, where a circle needs none

        check_footprint(footprint)
    return footprint


def _of_geometry(read: _Reader, part: Geometry) -> Footprint:
    match part:
        case Area(footprint):
            return footprint
        case Place(position):
            hint = read.hint("radius", 'add "radius": "5 km", or --default radius=5km')
            missing = InvalidVolume("a point without a radius is no area", hint=hint)
            return Circle(position, read.needed("radius", "_m", read_length_m, missing))
        case Line(positions):
            return _along(read, positions)


def _along(read: _Reader, positions: tuple[Position, ...]) -> Footprint:
    note_antimeridian(positions, read.notes)
    if read.states("orbit_width"):
        orbit_width_m = read.needed("orbit_width", "_m", read_length_m, InvalidVolume("no width"))
        if len(positions) != 2:
            raise InvalidVolume(
                f"an orbit has two anchor points, not {len(positions)}", hint="give the two ends of the racetrack"
            )
        alignment = read.text("orbit_alignment").lower() or "centre"
        return Orbit(positions[0], positions[1], orbit_width_m, _one_of(alignment, _ALIGNMENTS, "orbit_alignment"))
    ends = read.attempt(lambda: _one_of(read.text("ends").lower() or "round", _ENDS, "ends"), _ENDS["round"], "ends")
    return Corridor(positions, _half_width_m(read), ends)


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
    whole_m = read.size("corridor_width", "_m", read_length_m)
    if read.states("corridor_width") and not read.states("half_width"):
        return read.needed("corridor_width", "_m", read_length_m, InvalidVolume("no width")) / 2
    hint = read.hint("half_width", 'add "half_width": "2 km", or --default half_width=2km')
    missing = InvalidVolume("a line without a half width is no area", hint=hint)
    half_m = read.needed("half_width", "_m", read_length_m, missing)
    if whole_m is not None and abs(2 * half_m - whole_m) > 0.01 * whole_m:
        raise InvalidVolume(f"half_width {half_m:g} m is not half of corridor_width {whole_m:g} m", hint=_KEEP_ONE)
    return half_m


_KEEP_ONE: Final = "keep one: which of the two holds is not ours to guess"


def _route(read: _Reader, line: Line, band: AltitudeBand, uncertainty: Uncertainty) -> tuple[Volume4D, ...]:
    from detente.geodesy.routes import route_legs

    note_antimeridian(line.positions, read.notes)
    half_width_m = read.attempt(lambda: _half_width_m(read), None)
    if line.times_utc:
        if read.states_itself("time_start") or read.states_itself("time_end"):
            read.notes.append("time_start and time_end are not read: each position has its own time")
        if half_width_m is None:
            return ()
        return route_legs(
            line.positions, half_width_m=half_width_m, times_utc=line.times_utc, altitude=band, uncertainty=uncertainty
        )
    if not read.has("time_start"):
        read.miss("a route at a speed needs a time_start", "say when it leaves its first position", "time_start")
    _note_zones(read)
    speed_m_s = read.size("speed", "_m_s", read_speed_m_s)
    departure_utc = read.take("time_start", _moment, None)
    states_end = read.states_itself("time_end")  # a default end is for what stays
    end_us = read.take("time_end", lambda v: _instant_us(v, OPEN_END_US), None) if states_end else None
    if half_width_m is None or speed_m_s is None or departure_utc is None:
        return ()
    legs = route_legs(
        line.positions,
        half_width_m=half_width_m,
        departure_utc=departure_utc,
        speed_m_s=speed_m_s,
        altitude=band,
        uncertainty=uncertainty,
    )
    _check_arrival(legs, end_us)
    return legs


def _check_arrival(legs: tuple[Volume4D, ...], end_us: int | None) -> None:
    """A stated end that the speed does not lead to may mean a patrol up and down the line: not ours to guess."""
    start_us, arrival_us = legs[0].window.start_us, legs[-1].window.end_us
    if end_us is None or abs(end_us - arrival_us) <= max(ARRIVAL_LEEWAY_US, (arrival_us - start_us) // 10):
        return
    raise InvalidVolume(
        f"at this speed the route ends {render_utc(arrival_us)}, not at time_end {render_utc(end_us)}",
        hint="leave out time_end; or the speed, if the whole line is used the whole time",
    )


# ── altitude, time, uncertainty ──────────────────────────────────────────────────────────────────────────────────────


def _band(read: _Reader) -> AltitudeBand:
    lower = read.take("altitude_lower", lambda v: _limit(read, v, "lower"), UNSTATED_BELOW)
    upper = read.take("altitude_upper", lambda v: _limit(read, v, "upper"), UNSTATED_ABOVE)
    for name in ("altitude_lower", "altitude_upper"):
        if not read.has(name):
            read.note_missing(name)
    return read.attempt(lambda: AltitudeBand(lower, upper), UNSTATED_BAND, "altitude")


def _limit(read: _Reader, value: Any, side: Literal["lower", "upper"]) -> AltitudeLimit:
    if isinstance(value, str) and not _is_number(value):
        return _altitude(value, side)
    unit, reference = read.text("altitude_unit").lower(), read.text("altitude_reference").upper()
    if reference == "FL":
        return AltitudeLimit(_plain_number(value) * METRES_PER_FLIGHT_LEVEL, AltitudeReference.FL)
    if unit not in ("m", "ft") or reference not in ("HAE", "AMSL", "AGL"):
        raise NotUnderstood(
            f"altitude {str(value)[:60]} says neither its unit nor above what",
            hint='write "1500 m AMSL" or "FL180", or add altitude_unit (m, ft) and altitude_reference (HAE, AMSL, AGL, FL)',
        )
    return AltitudeLimit(
        _plain_number(value) * (METRES_PER_FOOT if unit == "ft" else 1.0), AltitudeReference(reference)
    )


def _window(read: _Reader) -> TimeWindow:
    start_us = read.take("time_start", lambda v: _instant_us(v, OPEN_START_US), OPEN_START_US)
    end_us = read.take("time_end", lambda v: _instant_us(v, OPEN_END_US), OPEN_END_US)
    for name in ("time_start", "time_end"):
        if not read.has(name):
            read.note_missing(name)
    _note_zones(read)
    stated = {"start_stated": read.has("time_start"), "end_stated": read.has("time_end")}
    return read.attempt(lambda: TimeWindow(start_us, end_us, **stated), UNSTATED_WINDOW, "time")


def _note_zones(read: _Reader) -> None:
    for name in ("time_start", "time_end"):
        value = read.fields.get(name)
        remark = zone_remark(value) if isinstance(value, str) else ""
        if remark and remark not in read.notes:
            read.notes.append(remark)


def _instant_us(value: Any, open_us: int) -> int:
    if isinstance(value, str) and value.strip().upper() in _OPEN_TIMES:
        return open_us
    return to_us(_moment(value))


def _moment(value: Any) -> datetime:
    if isinstance(value, datetime):
        to_us(value)  # refuses one without a zone
        return value
    if isinstance(value, date):
        raise NotUnderstood(f"{value} is a date without a time of day", hint="add the time and its zone")
    if isinstance(value, time):
        raise NotUnderstood(f"{value} is a time of day without a date", hint="add the date and the zone")
    if not isinstance(value, str):
        what = "a number, not a time" if isinstance(value, (int, float)) else "not a time"
        raise NotUnderstood(f"time {str(value)[:60]} is {what}", hint="write 2018-09-17T18:39Z or 171839ZSEP18")
    return _time(value)


def _uncertainty(read: _Reader, off_by_m: float) -> Uncertainty:
    position_m = _position_uncertainty_m(read, off_by_m)
    altitude_m = read.size("altitude_uncertainty", "_m", read_length_m) or 0.0
    time_s = read.size("time_uncertainty", "_s", read_duration_s) or 0.0
    return read.attempt(lambda: Uncertainty(position_m, altitude_m, time_s), Uncertainty(), "uncertainty")


def _position_uncertainty_m(read: _Reader, off_by_m: float) -> float:
    """As stated; where nothing is, as much as the way the place is written leaves open."""
    stated_m = read.size("position_uncertainty", "_m", read_length_m)
    coarse_m = _rounded_up(off_by_m)
    if stated_m is None and coarse_m:
        said = (
            f"the way the place is written leaves {coarse_m:g} m open: taken as position_uncertainty, as none is stated"
        )
        read.notes.append(said)
        return coarse_m
    if stated_m is not None and stated_m < off_by_m:
        read.notes.append(
            f"the way the place is written leaves {coarse_m:g} m open; position_uncertainty is less, and holds"
        )
    return stated_m or 0.0


def _rounded_up(metres: float) -> float:
    """To two figures, upward: places written alike are announced alike."""
    if metres <= 0.0:
        return 0.0
    step = 10.0 ** max(0, floor(log10(metres)) - 1)
    return ceil(metres / step) * step


# ── single values ────────────────────────────────────────────────────────────────────────────────────────────────────


def _told(value: Any) -> Any:
    """The value; raises where the name it stood under made it impossible to tell."""
    if isinstance(value, DetenteError):
        raise value
    return value


def activity_named(value: Any) -> Activity:
    """The activity by its name, however its words are joined: `air_operation`, `Air operation`, `AIR-OPERATION`.

    Raises:
        NotUnderstood: it is none; the hint names the likeliest, or all.
    """
    if isinstance(value, str):
        for activity in Activity:
            if plain(activity.value) == plain(value[:60]):
                return activity
    known = [a.value for a in Activity if a is not Activity.UNSTATED]
    near = next(iter(get_close_matches("_".join(str(value).lower().split())[:60], known, n=1)), "")
    meant = f"{near}? " if near else ""
    raise NotUnderstood(f"activity {str(value)[:60]!r} is not known", hint=f"{meant}use one of {', '.join(known)}")


def check_feature_count(count: int) -> None:
    """Raise TooLarge where a file holds more features than we are willing to read; asked before they are built."""
    if count > MOST_FEATURES:
        raise TooLarge(f"the file holds more than {MOST_FEATURES} features", hint="split it")


def is_wgs84(name: object) -> bool:
    """Whether a name for a datum or a reference system means WGS 84 longitude and latitude."""
    return str(name).strip().upper() in WGS84_NAMES


def _check_datum(value: Any) -> None:
    if not is_wgs84(value):
        raise NotUnderstood(
            f"datum {str(value)[:60]!r} is not WGS 84",
            hint="convert the coordinates first: the difference can be hundreds of metres",
        )


def _one_line(value: Any, longest: int) -> str:
    if isinstance(value, (dict, list, bool)):
        raise NotUnderstood(f"{str(value)[:60]!r} is not a text", hint="write a single text")
    text = printable(str(value))
    if len(text) > longest:
        raise NotUnderstood(f"{len(text)} characters: {text[:40]!r} …", hint=f"the limit is {longest}")
    return text


def _assumptions(value: Any) -> tuple[Assumption, ...]:
    if isinstance(value, Mapping):
        return tuple(
            Assumption(_one_line(name, LONGEST_NAME), _one_line(basis, LONGEST_TEXT)) for name, basis in value.items()
        )
    parts = [part.partition(":") for part in _one_line(value, LONGEST_TEXT).split(";") if part.strip()]
    return tuple(Assumption(name.strip(), basis.strip()) for name, _, basis in parts)


def _without_unit(name: str) -> str:
    return next((name.removesuffix(unit) for unit in ("_m_s", "_m", "_s") if name.endswith(unit)), name)


def _plain_number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise NotUnderstood(f"{str(value)[:60]!r} is not a number", hint="write digits with a decimal point")
    number = read_number(value) if isinstance(value, str) else value
    if not abs(number) < 1e15:  # NaN is refused too; whole numbers of 400 digits fit no float
        raise NotUnderstood(f"{str(value)[:60]} is not a usable number", hint="check the value")
    return float(number)


# A file says the same few altitudes and times over and over.
_altitude: Final = lru_cache(maxsize=4096)(read_altitude)
_time: Final = lru_cache(maxsize=4096)(read_time)


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
        f"{str(value)[:60]!r} has no unit",
        hint=f'write it as text with a unit, e.g. "5 km", or use {plain_name} for a plain number',
    )
