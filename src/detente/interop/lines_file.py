"""Lines out of GeoJSON: one LineString a course, with `name`, `by` (who measured it) and `precision`. Courses of one name are one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detente.domain import UnreadableFile, at
from detente.domain.line import Course, Line
from detente.geodesy import read_length_m
from detente.interop import strict_json
from detente.interop.geojson import positions
from detente.interop.intake import read_bounded


def read_lines(path: Path) -> tuple[Line, ...]:
    """The lines of a file, in its order. A course that names nobody is said to be the file's.

    Raises:
        DetenteError: the first thing that is wrong, with the feature it stands in.
    """
    courses: dict[str, list[Course]] = {}
    with at(path.name):
        for index, feature in enumerate(_features(read_bounded(path))):
            with at(f"features[{index}]"):
                name, course = _course(feature, path.name)
            courses.setdefault(name, []).append(course)
        return tuple(Line(name, tuple(each)) for name, each in courses.items())


def _features(raw: bytes) -> list[Any]:
    root = strict_json.loads(raw)
    found = root.get("features") if isinstance(root, dict) else None
    if not isinstance(found, list) or not found:
        raise UnreadableFile("there are no features", hint="give a GeoJSON FeatureCollection of LineStrings")
    return found


def _course(feature: Any, file_name: str) -> tuple[str, Course]:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    said = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict) or geometry.get("type") != "LineString" or not isinstance(said, dict):
        raise UnreadableFile("this is not a LineString with properties", hint="give one LineString for each course")
    for field in ("name", "precision"):
        if not isinstance(said.get(field), str) or not said[field].strip():
            raise UnreadableFile(f"{field} is missing", hint='give name and precision as text: "precision": "5 km"')
    by = said.get("by")
    with at("precision"):
        precision_m = read_length_m(said["precision"])
    with at("coordinates"):
        points = tuple(positions(geometry.get("coordinates"), []))
    return said["name"], Course(by if isinstance(by, str) else f"{file_name} (names nobody)", points, precision_m)
