"""GPX routes and tracks as moving things, waypoints as places. GPX says neither how wide nor how high: fields stand in `extensions`, or are given
with `--default half_width=…` and the like. A waypoint's time says when it was made, not when it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from detente.domain import DetenteError, InvalidVolume, Position, TooLarge, at
from detente.geodesy import read_time
from detente.interop.fields import Feature, Geometry, Line, Place, check_feature_count
from detente.interop.geojson import MOST_VERTICES_OF_A_FEATURE, labelled
from detente.interop.vocabulary import Vocabulary
from detente.interop.xml_safe import child, elements, local, once_each, text

_LABELS: Final = {"wpt": "waypoint", "rte": "route", "trk": "track"}


def features(raw: bytes, words: Vocabulary, refuse: Callable[[DetenteError], None]) -> Sequence[Feature]:
    """The waypoints, routes and tracks of a GPX text."""
    found: list[Feature] = []
    try:
        for element in elements(raw, "gpx", {*_LABELS, "metadata", "extensions"}):
            if local(element) not in _LABELS:
                for name, _ in _extensions(element):
                    words.leave(f"{name} (of the whole file)")
                continue
            found.append(_feature(element, len(found), words))
            check_feature_count(len(found))
    except DetenteError as error:
        refuse(error)  # the features before the fault were read
    return found


def _feature(element: Any, index: int, words: Vocabulary) -> Feature:
    name, kind = text(child(element, "name")), local(element)
    data, twice = once_each(_extensions(element))
    fields = words.fields(data)
    label = labelled(f"{_LABELS[kind]} {index}", name)
    if fields.setdefault("reference", name) != name:  # what it is called by is not its title too
        fields.setdefault("title", name)
    notes: list[str] = []
    try:
        with at("geometry"):
            geometry = tuple(_geometries(element, kind, notes))
    except DetenteError as error:
        return Feature(label, fields, None, (*twice, error), tuple(notes))
    return Feature(label, fields, geometry, tuple(twice), tuple(dict.fromkeys(notes)))


def _extensions(element: Any) -> Iterator[tuple[str, str]]:
    """The plain elements inside `extensions`, whatever their namespace."""
    extensions = element if local(element) == "extensions" else child(element, "extensions")
    for part in () if extensions is None else extensions.iter():
        if len(part) == 0 and text(part):
            yield local(part), text(part)


def _geometries(element: Any, kind: str, notes: list[str]) -> list[Geometry]:
    if kind == "wpt":
        if child(element, "time") is not None:
            notes.append("a waypoint's time is not read: it says when the waypoint was made")
        _note_elevations([element], notes)
        return [Place(_position(element))]
    runs = [element] if kind == "rte" else [segment for segment in element if local(segment) == "trkseg"]
    if len(runs) > 1:
        notes.append("between the segments of a track nothing is said, and nothing is read")
    lines = [_line(run, notes) for run in runs]
    if sum(len(line.positions) for line in lines) > MOST_VERTICES_OF_A_FEATURE:
        raise TooLarge(f"the feature has more than {MOST_VERTICES_OF_A_FEATURE} points", hint="split it")
    return list(lines)


def _line(run: Any, notes: list[str]) -> Line:
    points = [point for point in run if local(point) in ("rtept", "trkpt")]
    if len(points) < 2:
        raise InvalidVolume(f"a line of {len(points)} points goes nowhere", hint="give at least two")
    _note_elevations(points, notes)
    times: list[datetime] = []
    positions: list[Position] = []
    for index, point in enumerate(points):
        with at(f"point {index}"):
            positions.append(_position(point))
            said = text(child(point, "time"))
            if said:
                times.append(read_time(said))
    if times and len(times) < len(points):
        raise InvalidVolume(
            f"{len(times)} of {len(points)} points have a time", hint="give a time to every point, or to none"
        )
    return Line(tuple(positions), tuple(times))


def _note_elevations(points: Sequence[Any], notes: list[str]) -> None:
    if any(child(point, "ele") is not None for point in points):
        notes.append("elevations are not read: state altitude_lower and altitude_upper")


def _position(point: Any) -> Position:
    try:
        return Position(float(point.get("lat", "nan")), float(point.get("lon", "nan")))
    except ValueError:
        raise InvalidVolume(
            f"lat {str(point.get('lat'))[:40]!r}, lon {str(point.get('lon'))[:40]!r} are not numbers",
            hint="write decimal degrees",
        ) from None
