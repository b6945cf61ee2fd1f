"""KML placemarks: polygons with holes, lines, points, tracks. Fields stand in ExtendedData; times in TimeSpan and TimeStamp.

An altitudeMode of absolute with one height for the whole outline is the upper limit, AMSL, and with relativeToGround AGL, the surface the lower one when it
is extruded; clampToGround says nothing of altitude.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from detente.domain import DetenteError, InvalidVolume, Position, TooLarge, at
from detente.geodesy import read_time
from detente.interop.fields import Feature, Geometry, Line, Place, area_of, part_polygon
from detente.interop.geojson import MOST_VERTICES_OF_A_FEATURE, named_fields
from detente.interop.xml_safe import child, elements, local, text

Note: TypeAlias = Callable[[str], None]


def features(raw: bytes, note: Note, refuse: Callable[[DetenteError], None]) -> list[Feature]:
    """The placemarks of a KML text."""
    unread: dict[str, None] = {}
    found: list[Feature] = []
    try:
        for index, placemark in enumerate(elements(raw, {"Placemark"})):
            found.append(_feature(placemark, index, unread, note))
    except DetenteError as error:
        refuse(error)  # the placemarks before the fault were read
    if unread:
        note(f"data not read: {', '.join(list(unread)[:12])}")
    return found


def _feature(placemark: Any, index: int, unread: dict[str, None], note: Note) -> Feature:
    name = text(child(placemark, "name"))
    label = f"placemark {index}" + (f" ({name[:60]})" if name else "")
    fields = named_fields(_data(placemark), {}, unread, note)
    fields.setdefault("title", name)
    if name:
        fields.setdefault("reference", name)
    for field, place in (("time_start", "begin"), ("time_end", "end")):
        said = text(child(placemark, "TimeSpan", place)) or text(child(placemark, "TimeStamp", "when"))
        if said:
            fields.setdefault(field, said)
    notes: list[str] = []
    try:
        with at("geometry"):
            geometry = tuple(_geometries(placemark, fields, notes))
    except DetenteError as error:
        return Feature(label, fields, problems=(error,), notes=tuple(notes))
    return Feature(label, fields, geometry, notes=tuple(dict.fromkeys(notes)))


def _data(placemark: Any) -> dict[str, str]:
    data = {}
    for element in placemark.iter():
        if local(element) == "Data" and element.get("name"):
            data[str(element.get("name"))] = text(child(element, "value"))
        elif local(element) == "SimpleData" and element.get("name"):
            data[str(element.get("name"))] = text(element)
    return data


def _geometries(parent: Any, fields: dict[str, Any], notes: list[str]) -> list[Geometry]:
    found: list[Geometry] = []
    for element in parent:
        match local(element):
            case "MultiGeometry":
                found.extend(_geometries(element, fields, notes))
            case "Point":
                found.append(Place(_positions(element, fields, notes)[0]))
            case "LineString" | "LinearRing":
                found.append(Line(tuple(_positions(element, fields, notes))))
            case "Polygon":
                found.append(_polygon(element, fields, notes))
            case "Track":
                found.append(_track(element))
            case "Model" | "GroundOverlay":
                raise InvalidVolume(f"a {local(element)} has no footprint", hint="draw a polygon, a line or a point")
    return found


def _polygon(element: Any, fields: dict[str, Any], notes: list[str]) -> Geometry:
    shell = child(element, "outerBoundaryIs", "LinearRing")
    if shell is None:
        raise InvalidVolume("a polygon without an outer boundary covers nothing", hint="give its corners")
    holes = [child(inner, "LinearRing") for inner in element if local(inner) == "innerBoundaryIs"]
    rings = [_positions(ring, fields, notes, element) for ring in (shell, *holes) if ring is not None]
    return area_of([part_polygon(rings, notes)])


def _positions(element: Any, fields: dict[str, Any], notes: list[str], moded: Any | None = None) -> list[Position]:
    words = text(child(element, "coordinates")).split()
    if not words:
        raise InvalidVolume("no coordinates", hint="give longitude,latitude pairs")
    if len(words) > MOST_VERTICES_OF_A_FEATURE:
        raise TooLarge(
            f"{len(words)} positions; the limit is {MOST_VERTICES_OF_A_FEATURE}",
            hint="simplify it outward, or split it",
        )
    positions, heights = [], set()
    for index, word in enumerate(words):
        with at(f"position {index}"):
            numbers = _numbers(word)
            positions.append(Position(numbers[1], numbers[0]))
            heights.add(numbers[2] if len(numbers) > 2 else 0.0)
    _read_heights(moded if moded is not None else element, heights, fields, notes)
    return positions


def _numbers(word: str) -> list[float]:
    try:
        numbers = [float(part) for part in word.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not all(abs(n) < 1e9 for n in numbers):
        raise InvalidVolume(
            f"{word[:60]!r} is not a position",
            hint="write longitude,latitude or longitude,latitude,altitude without spaces",
        )
    return numbers


def _read_heights(element: Any, heights: set[float], fields: dict[str, Any], notes: list[str]) -> None:
    mode = text(child(element, "altitudeMode"))
    reference = {"absolute": "AMSL", "relativeToGround": "AGL"}.get(mode)
    if reference is None or "altitude_upper" in fields or "altitude_lower" in fields:
        return
    if len(heights) > 1:
        notes.append("heights that differ along an outline are not read: state altitude_lower and altitude_upper")
        return
    fields["altitude_upper"] = f"{heights.pop():.3f} m {reference}"
    if text(child(element, "extrude")) in ("1", "true"):
        fields["altitude_lower"] = "SFC"
    notes.append(f"altitudeMode {mode} read as {fields['altitude_upper']}")


def _track(element: Any) -> Geometry:
    whens = [text(c) for c in element if local(c) == "when"]
    coords = [text(c).split() for c in element if local(c) == "coord"]
    if len(whens) != len(coords) or len(whens) < 2:
        raise InvalidVolume(
            f"a track of {len(whens)} times and {len(coords)} positions", hint="each position needs its time"
        )
    if len(whens) > MOST_VERTICES_OF_A_FEATURE:
        raise TooLarge(f"{len(whens)} positions; the limit is {MOST_VERTICES_OF_A_FEATURE}", hint="split it")
    positions = []
    for index, words in enumerate(coords):
        with at(f"position {index}"):
            numbers = _numbers(",".join(words))
            positions.append(Position(numbers[1], numbers[0]))
    return Line(tuple(positions), tuple(read_time(when) for when in whens))
