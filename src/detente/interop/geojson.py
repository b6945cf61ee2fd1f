"""GeoJSON (RFC 7946) features. Longitude comes first on the wire; heights in positions are not read, altitudes stand in properties."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Final

from detente.domain import DetenteError, InvalidVolume, Position, TooLarge, UnreadableFile, at
from detente.interop import strict_json
from detente.interop.fields import Area, Feature, Geometry, Line, Place, check_feature_count, is_wgs84
from detente.interop.rings import footprint_of, polygon_of
from detente.interop.vocabulary import Vocabulary, printable

MOST_VERTICES_OF_A_FEATURE: Final = 100_000  # a coastline drawn for a wall map; more is a mistake or an attack


def features(raw: bytes, words: Vocabulary, refuse: Callable[[DetenteError], None]) -> Sequence[Feature]:
    """The features of a GeoJSON text, or the notices of a notice JSON."""
    root = strict_json.loads(raw)
    if isinstance(root, dict) and "notices" in root:
        if "features" in root or "geometry" in root:
            what = "the JSON is both GeoJSON and a list of notices"
            raise UnreadableFile(what, hint="send two files: which of the two holds is not ours to guess")
        from detente.interop import notice_json

        return notice_json.features(root, refuse)
    found = _listed(root)
    check_feature_count(len(found))
    _check_crs(root, UnreadableFile)
    if root.get("type") == "FeatureCollection":
        _leave(root, _OF_A_COLLECTION, words)
    return [_feature(one, index, words) for index, one in enumerate(found)]


def _listed(root: Any) -> list[Any]:
    kind = root.get("type") if isinstance(root, dict) else None
    if kind == "FeatureCollection" and isinstance(root.get("features"), list):
        return list(root["features"])
    if kind == "Feature":
        return [root]
    if kind in (
        "Point",
        "LineString",
        "Polygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
        "GeometryCollection",
    ):
        return [{"type": "Feature", "geometry": root, "properties": {}}]
    raise UnreadableFile(
        "the JSON is neither GeoJSON nor a list of notices", hint='GeoJSON begins with {"type": "FeatureCollection", …}'
    )


# What the standard puts beside features and properties, or programs do; anything else there may be a field that went astray.
_OF_A_COLLECTION: Final = {"type", "features", "bbox", "crs", "name", "title", "xy_coordinate_resolution"}
_OF_A_GEOMETRY: Final = {"type", "coordinates", "geometries", "bbox", "crs"}
_OF_A_FEATURE: Final = {"type", "geometry", "properties", "id", "bbox", "crs"}


def _leave(given: Mapping[str, Any], known: Container[str], words: Vocabulary) -> None:
    """Announces members that stand outside `properties`, where fields are looked for."""
    for name in given:
        if name not in known:
            words.leave(f"{name} (beside properties)")


def _check_crs(given: Any, family: type[DetenteError]) -> None:
    """Raise where a reference system is named that is not WGS 84; GeoJSON of 2008 could name one on any object."""
    crs = given.get("crs") if isinstance(given, dict) else None
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if not is_wgs84(name):
        hint = "convert them to WGS 84 longitude and latitude first"
        raise family(f"the coordinates are in {str(name)[:60]}, not WGS 84", hint=hint)


def _feature(one: Any, index: int, words: Vocabulary) -> Feature:
    label = f"feature {index}"
    if not isinstance(one, dict) or one.get("type") != "Feature":
        return Feature(label, {}, None, (_no_feature(one),))
    _leave(one, _OF_A_FEATURE, words)
    properties = one.get("properties")
    if properties is not None and not isinstance(properties, dict):
        wrong = InvalidVolume("the properties are no object", hint='write {"party": …}', where="properties")
        return Feature(label, {}, None, (wrong,))
    fields = words.fields(properties or {})
    if "reference" not in fields and isinstance(one.get("id"), (str, int)):
        fields["reference"] = one["id"]
    label = labelled(label, fields.get("reference"))
    notes: list[str] = []
    try:
        with at("geometry"):
            _check_crs(one, InvalidVolume)
            geometry = tuple(geometries(one.get("geometry"), notes))
    except DetenteError as error:
        return Feature(label, fields, None, (error,), tuple(notes))
    return Feature(label, fields, geometry, notes=tuple(dict.fromkeys(notes)))


def _no_feature(one: Any) -> InvalidVolume:
    if isinstance(one, dict) and one.get("type") == "FeatureCollection":
        return InvalidVolume("a collection inside a collection is not read", hint="put its features into the outer one")
    return InvalidVolume("not a GeoJSON feature", hint='it needs "type": "Feature"')


def labelled(place: str, name: object) -> str:
    """A feature's place in its file, and what it calls itself."""
    called = printable(str(name))[:60] if isinstance(name, (str, int, float)) else ""
    return f"{place} ({called})" if called else place


def geometries(geometry: Any, notes: list[str], depth: int = 0) -> list[Geometry]:
    """The parts of a GeoJSON geometry object."""
    if not isinstance(geometry, dict):
        raise InvalidVolume("no geometry", hint="say where: a GeoJSON geometry object")
    _check_crs(geometry, InvalidVolume)
    notes.extend(f"{name!r} in a geometry is not read" for name in foreign_members(geometry))
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "GeometryCollection":
        if depth > 3:
            raise InvalidVolume("geometry collections are nested too deep", hint="flatten them")
        return [g for part in _list(geometry.get("geometries")) for g in geometries(part, notes, depth + 1)]
    count = [0]
    match kind:
        case "Point":
            return [Place(position(coordinates, notes, count))]
        case "MultiPoint":
            return [Place(p) for p in positions(coordinates, notes, count)]
        case "LineString":
            return [Line(tuple(positions(coordinates, notes, count)))]
        case "MultiLineString":
            return [Line(tuple(positions(line, notes, count))) for line in _list(coordinates)]
        case "Polygon":
            return [_area([coordinates], notes, count)]
        case "MultiPolygon":
            return [_area(_list(coordinates), notes, count)]
    raise InvalidVolume(
        f"geometry type {str(kind)[:40]!r} is not known", hint="use Point, LineString, Polygon or their Multi- forms"
    )


def foreign_members(geometry: Mapping[str, Any]) -> list[str]:
    """What stands in a geometry beside its shape: fields belong into properties."""
    return [str(name)[:40] for name in geometry if name not in _OF_A_GEOMETRY]


def _area(polygons: list[Any], notes: list[str], count: list[int]) -> Area:
    parts = []
    for index, rings in enumerate(polygons):
        with at(f"polygon {index}" if len(polygons) > 1 else ""):
            parts.append(polygon_of([positions(ring, notes, count) for ring in _list(rings)], notes))
    if not parts:
        raise InvalidVolume("a multipolygon without polygons covers nothing", hint="give at least one")
    return Area(footprint_of(parts))


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise InvalidVolume("coordinates are not a list where a list is needed", hint="check the brackets")
    return value


def positions(value: Any, notes: list[str], count: list[int] | None = None) -> list[Position]:
    """A list of GeoJSON positions; `count` adds up those of one feature."""
    count = [0] if count is None else count
    found: list[Position] = []
    try:
        for one in _list(value):
            found.append(position(one, notes, count))
    except DetenteError:
        with at(f"position {len(found)}"):
            raise
    return found


def position(value: Any, notes: list[str], count: list[int] | None = None) -> Position:
    """A GeoJSON position: longitude first."""
    count = [0] if count is None else count
    count[0] += 1
    if count[0] > MOST_VERTICES_OF_A_FEATURE:
        raise TooLarge(
            f"the feature has more than {MOST_VERTICES_OF_A_FEATURE} positions", hint="simplify it outward, or split it"
        )
    if not isinstance(value, list) or len(value) < 2 or not all(_is_coordinate(v) for v in value[:2]):
        raise InvalidVolume(f"{str(value)[:60]} is not a position", hint="write [longitude, latitude] as numbers")
    if len(value) > 2:
        notes.append("heights in positions are not read: state altitude_lower and altitude_upper")
    longitude_deg = float(value[0])
    if 180.0 < longitude_deg <= 360.0:
        notes.append("longitudes past 180 read as 360 less")
        longitude_deg -= 360.0
    return Position(float(value[1]), longitude_deg)


def _is_coordinate(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e9
