"""GPX routes and tracks as moving things, waypoints as places. GPX says neither how wide nor how high: give `--default half_width=…` and the like."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from detente.domain import DetenteError, InvalidVolume, Position, TooLarge, at
from detente.geodesy import read_time
from detente.interop.fields import Feature, Geometry, Line, Place
from detente.interop.geojson import MOST_VERTICES_OF_A_FEATURE
from detente.interop.xml_safe import child, elements, local, text

_LABELS = {"wpt": "waypoint", "rte": "route", "trk": "track"}


def features(raw: bytes, refuse: Callable[[DetenteError], None]) -> list[Feature]:
    """The waypoints, routes and tracks of a GPX text."""
    found: list[Feature] = []
    try:
        for index, element in enumerate(elements(raw, set(_LABELS))):
            found.append(_feature(element, index))
    except DetenteError as error:
        refuse(error)
    return found


def _feature(element: Any, index: int) -> Feature:
    name = text(child(element, "name"))
    kind = local(element)
    label = f"{_LABELS[kind]} {index}" + (f" ({name[:60]})" if name else "")
    fields: dict[str, Any] = {"title": name, "reference": name or label}
    notes: list[str] = []
    try:
        with at("geometry"):
            geometry = tuple(_geometries(element, kind, fields, notes))
    except DetenteError as error:
        return Feature(label, fields, problems=(error,))
    return Feature(label, fields, geometry, notes=tuple(dict.fromkeys(notes)))


def _geometries(element: Any, kind: str, fields: dict[str, Any], notes: list[str]) -> list[Geometry]:
    if kind == "wpt":
        moment = text(child(element, "time"))
        if moment:
            fields["time_start"] = fields["time_end"] = moment
        return [Place(_position(element))]
    runs = [element] if kind == "rte" else [segment for segment in element if local(segment) == "trkseg"]
    return [_line(run, notes) for run in runs]


def _line(run: Any, notes: list[str]) -> Line:
    points = [point for point in run if local(point) in ("rtept", "trkpt")]
    if len(points) < 2:
        raise InvalidVolume(f"a line of {len(points)} points goes nowhere", hint="give at least two")
    if len(points) > MOST_VERTICES_OF_A_FEATURE:
        raise TooLarge(f"{len(points)} points; the limit is {MOST_VERTICES_OF_A_FEATURE}", hint="split it")
    if any(child(point, "ele") is not None for point in points):
        notes.append("elevations are not read: state altitude_lower and altitude_upper")
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


def _position(point: Any) -> Position:
    try:
        return Position(float(point.get("lat", "nan")), float(point.get("lon", "nan")))
    except ValueError:
        raise InvalidVolume(
            f"lat {point.get('lat')!r}, lon {point.get('lon')!r} are not numbers", hint="write decimal degrees"
        ) from None
