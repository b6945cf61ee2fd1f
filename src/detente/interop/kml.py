"""KML placemarks: polygons with holes, lines, points, tracks. Fields stand in ExtendedData; times in TimeSpan and TimeStamp.

An altitudeMode of absolute makes the greatest height of the outline the upper limit, AMSL, and relativeToGround AGL; the surface is the lower one when
it is extruded. A height of 0 is what programs write where nobody gave one: it is not read, and clampToGround says nothing of altitude.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Final
from urllib.parse import unquote

from detente.domain import DetenteError, InvalidVolume, Position, TooLarge, UnreadableFile, at
from detente.geodesy import read_time
from detente.interop.fields import Area, Feature, Geometry, Line, Place, check_feature_count
from detente.interop.geojson import MOST_VERTICES_OF_A_FEATURE, labelled
from detente.interop.rings import footprint_of, polygon_of
from detente.interop.vocabulary import Vocabulary, printable
from detente.interop.xml_safe import child, elements, local, once_each, text

# What stands outside placemarks, and would give its placemarks more than they say themselves.
_OF_A_FOLDER: Final = {"TimeSpan", "TimeStamp", "ExtendedData"}
_PICTURES: Final = {"GroundOverlay", "PhotoOverlay", "ScreenOverlay"}
_WANTED: Final = {"Placemark", "NetworkLink", *_PICTURES, *_OF_A_FOLDER, "LookAt", "Camera"}
_NO_FOOTPRINT: Final = {"Model", "GroundOverlay"}
_ABOUT_GEOMETRY: Final = {"extrude", "tessellate", "altitudeMode", "drawOrder", "altitudeOffset"}


@dataclass
class _Drawn:
    """What the geometry of one placemark says besides its positions."""

    notes: list[str] = field(default_factory=list)
    heights_m: dict[str, list[float]] = field(default_factory=dict)  # by altitude mode; 0 and none given are the same
    extruded: list[bool] = field(default_factory=list)
    vertices: int = 0


def features(
    raw: bytes,
    words: Vocabulary,
    refuse: Callable[[DetenteError], None],
    *,
    given: Container[str] = (),
    inside: str = "",
    beside: Container[str] = (),
) -> Sequence[Feature]:
    """The placemarks of a KML text.

    Args:
        given: the names of the files that are read with it. A link to one of them loses nothing; any other link is a problem.
        inside: what the text is called in its archive, where that holds several.
        beside: the names of the texts in that archive.
    """
    found: list[Feature] = []
    try:
        with at(inside):
            for element in elements(raw, "kml", _WANTED):
                match local(element):
                    case "Placemark":
                        found.append(_feature(element, len(found), words, inside))
                        check_feature_count(len(found))
                    case "NetworkLink":
                        _link(element, words, refuse, given=given, inside=inside, beside=beside)
                    case name:
                        _note_unread(name, words)
    except DetenteError as error:
        refuse(error)  # the placemarks before the fault were read
    return found


def _note_unread(name: str, words: Vocabulary) -> None:
    if name in _PICTURES:
        words.note("overlays are pictures and not read")
    elif name in _OF_A_FOLDER:
        words.note(f"{name} of a folder or document is not read: state it on each placemark")


def _link(
    element: Any,
    words: Vocabulary,
    refuse: Callable[[DetenteError], None],
    *,
    given: Container[str],
    inside: str,
    beside: Container[str],
) -> None:
    """A link leads to plans that are not in the file: what nobody gave us is a problem."""
    href = text(child(element, "Link", "href")) or text(child(element, "Url", "href"))
    shown = printable(href)[:200]
    target = unquote(re.split("[?#]", href)[0])
    if posixpath.normpath(posixpath.join(posixpath.dirname(inside), target)) in beside:
        words.note(f"the link to {shown} leads to a file of the same archive, which is read")
        return
    name = printable(re.split(r"[/\\]", target)[-1])
    if name in given:
        words.note(f"the link to {shown} is taken to be the file {name}, which was given too")
        return
    save = f"save what it links to as {name} and give that file too" if name.lower().endswith((".kml", ".kmz")) else ""
    hint = save or "save what it links to as a file, give that, and take the link out of this one"
    label = labelled("link", text(child(element, "name")))
    refuse(
        UnreadableFile(f"the link to {shown!r} is not followed: what it leads to was not read", hint=hint, where=label)
    )


def _feature(placemark: Any, index: int, words: Vocabulary, inside: str) -> Feature:
    name = text(child(placemark, "name"))
    data, twice = once_each(_data(placemark))
    fields = words.fields(data)
    if fields.setdefault("reference", name) != name:  # what it is called by is not its title too
        fields.setdefault("title", name)
    place = f"{inside}, placemark {index}" if inside else f"placemark {index}"
    label = labelled(place, fields["reference"])
    drawn = _Drawn()
    if text(child(placemark, "description")):
        drawn.notes.append("a description is not read: fields stand in ExtendedData")
    _read_time(placemark, fields, drawn.notes)
    try:
        with at("geometry"):
            geometry = tuple(_geometries(placemark, drawn, top=True))
    except DetenteError as error:
        return Feature(label, fields, None, (*twice, error), tuple(drawn.notes))
    _read_heights(drawn, fields)
    return Feature(label, fields, geometry, tuple(twice), tuple(dict.fromkeys(drawn.notes)))


def _data(placemark: Any) -> Iterator[tuple[str, str]]:
    for element in placemark.iter():
        if local(element) == "Data" and element.get("name"):
            yield str(element.get("name")), text(child(element, "value"))
        elif local(element) == "SimpleData" and element.get("name"):
            yield str(element.get("name")), text(element)


def _read_time(placemark: Any, fields: dict[str, Any], notes: list[str]) -> None:
    for name, place in (("time_start", "begin"), ("time_end", "end")):
        said = text(child(placemark, "TimeSpan", place))
        if said and name not in fields:
            fields[name] = said
    stamp = text(child(placemark, "TimeStamp", "when"))
    if stamp and "time_start" not in fields and "time_end" not in fields:
        fields["time_start"] = stamp
        notes.append("TimeStamp read as time_start: it does not say how long")


def _geometries(parent: Any, drawn: _Drawn, *, top: bool = False) -> list[Geometry]:
    found: list[Geometry] = []
    for element in parent:
        match local(element):
            case "MultiGeometry" | "MultiTrack":
                parts = _geometries(element, drawn)
                if local(element) == "MultiTrack" and len(parts) > 1:
                    drawn.notes.append("between the parts of a track nothing is said, and nothing is read")
                found.extend(parts)
            case "Point":
                found.append(Place(_only(_positions(element, drawn))))
            case "LineString" | "LinearRing":
                if local(element) == "LinearRing":
                    drawn.notes.append("a ring that is no polygon is read as a line: the area inside is not part of it")
                found.append(Line(tuple(_positions(element, drawn))))
            case "Polygon":
                found.append(_polygon(element, drawn))
            case "Track":
                found.append(_track(element, drawn))
            case name if name in _NO_FOOTPRINT or not (top or name in _ABOUT_GEOMETRY or name == "interpolate"):
                raise InvalidVolume(f"a {name[:40]} has no footprint", hint="draw a polygon, a line or a point")
    return found


def _only(positions: list[Position]) -> Position:
    if len(positions) > 1:
        raise InvalidVolume(
            f"a point of {len(positions)} positions", hint="make each a point of its own, or draw a line"
        )
    return positions[0]


def _polygon(element: Any, drawn: _Drawn) -> Geometry:
    shell = child(element, "outerBoundaryIs", "LinearRing")
    if shell is None:
        raise InvalidVolume("a polygon without an outer boundary covers nothing", hint="give its corners")
    holes = [ring for inner in element if local(inner) == "innerBoundaryIs" for ring in inner]
    rings = [_positions(ring, drawn, moded=element) for ring in (shell, *holes)]
    return Area(footprint_of([polygon_of(rings, drawn.notes)]))


def _positions(element: Any, drawn: _Drawn, moded: Any | None = None) -> list[Position]:
    words = text(child(element, "coordinates")).split()
    if not words:
        raise InvalidVolume("no coordinates", hint="give longitude,latitude pairs")
    _count(drawn, len(words))
    moded = element if moded is None else moded
    heights_m = drawn.heights_m.setdefault(text(child(moded, "altitudeMode")), [])
    drawn.extruded.append(text(child(moded, "extrude")) in ("1", "true"))
    positions = []
    for index, word in enumerate(words):
        with at(f"position {index}"):
            numbers = _numbers(word)
            positions.append(Position(numbers[1], numbers[0]))
            heights_m.append(numbers[2] if len(numbers) > 2 else 0.0)
    return positions


def _count(drawn: _Drawn, more: int) -> None:
    drawn.vertices += more
    if drawn.vertices > MOST_VERTICES_OF_A_FEATURE:
        raise TooLarge(
            f"the feature has more than {MOST_VERTICES_OF_A_FEATURE} positions", hint="simplify it outward, or split it"
        )


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


def _read_heights(drawn: _Drawn, fields: dict[str, Any]) -> None:
    """The greatest height as the upper limit, where every part says above what; nothing where one part leaves it open."""
    heights_m = [h for part in drawn.heights_m.values() for h in part]
    if "altitude_upper" in fields or "altitude_lower" in fields or not heights_m:
        if any(heights_m):
            drawn.notes.append("heights are not read: altitudes are stated")
        return
    modes = set(drawn.heights_m)
    reference = {"absolute": "AMSL", "relativeToGround": "AGL"}.get(next(iter(modes)))
    if len(modes) > 1 or reference is None or 0.0 in heights_m:
        if any(heights_m):
            drawn.notes.append("heights are not read: state altitude_lower and altitude_upper")
        return
    fields["altitude_upper"] = f"{ceil(max(heights_m) * 10) / 10:.1f} m {reference}"
    if all(drawn.extruded):
        fields["altitude_lower"] = "SFC"
    drawn.notes.append(f"altitudeMode {modes.pop()} read as up to {fields['altitude_upper']}")


def _track(element: Any, drawn: _Drawn) -> Geometry:
    whens = [text(c) for c in element if local(c) == "when"]
    coords = [text(c).split() for c in element if local(c) == "coord"]
    if len(whens) != len(coords) or len(whens) < 2:
        raise InvalidVolume(
            f"a track of {len(whens)} times and {len(coords)} positions", hint="each position needs its time"
        )
    _count(drawn, len(whens))
    positions = []
    for index, words in enumerate(coords):
        with at(f"position {index}"):
            numbers = _numbers(",".join(words))
            positions.append(Position(numbers[1], numbers[0]))
    if any(len(words) > 2 and float(words[2]) for words in coords):
        drawn.notes.append("heights are not read: state altitude_lower and altitude_upper")
    return Line(tuple(positions), tuple(read_time(when) for when in whens))
