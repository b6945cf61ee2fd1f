"""détente's own notice JSON: notices with their volumes, footprints named by kind. The schema is published in `docs/notice.schema.json`.

A volume's fields are those of every format; its footprint is a GeoJSON geometry, or one of
    {"circle": {"centre": [lon, lat], "radius_m": …}}, {"corridor": {"centre_line": […], "half_width_m": …, "ends": "round"}},
    {"orbit": {"first": [lon, lat], "second": [lon, lat], "width_m": …, "alignment": "centre"}}.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from detente.domain import Circle, Corridor, DetenteError, InvalidVolume, Orbit, at
from detente.interop import geojson
from detente.interop.fields import Area, Feature, Geometry, check_feature_count
from detente.interop.vocabulary import FIELDS

FORMAT: Final = "detente-notices/1"
NOTICE_FIELDS: Final = ("reference", "party", "activity", "title", "stated_place", "declared_by", "assumed")
VOLUME_FIELDS: Final = tuple(
    name
    for name in FIELDS
    if name.startswith(("time_", "altitude_", "position_uncertainty")) or name in ("speed", "speed_m_s", "half_width_m")
)

ROOT_FIELDS: Final = ("$schema", "format", "notices")
SHAPE_FIELDS: Final = {
    "circle": ("centre", "radius_m"),
    "corridor": ("centre_line", "half_width_m", "ends"),
    "orbit": ("first", "second", "width_m", "alignment"),
}


def features(root: Mapping[str, Any], refuse: Callable[[DetenteError], None]) -> list[Feature]:
    """The volumes of all notices, each a feature that carries its notice's fields."""
    if root.get("format", FORMAT) != FORMAT:
        refuse(
            InvalidVolume(
                f"format {str(root.get('format'))[:40]!r} is not {FORMAT}", hint="write it with this version of détente"
            )
        )
        return []
    _refuse_unknown(root, ROOT_FIELDS, refuse)
    notices = root.get("notices")
    if not isinstance(notices, list):
        refuse(InvalidVolume("notices is not a list", hint='write "notices": [ … ]'))
        return []
    check_feature_count(sum(len(_volumes(notice)) for notice in notices))
    return [feature for index, notice in enumerate(notices) for feature in _of_notice(notice, index)]


def _refuse_unknown(given: Mapping[str, Any], known: Iterable[str], refuse: Callable[[DetenteError], None]) -> None:
    unknown = [str(name) for name in given if name not in known]
    if unknown:
        refuse(InvalidVolume(f"unknown members: {', '.join(unknown)[:200]}", hint="see docs/notice.schema.json"))


def _volumes(notice: Any) -> list[Any]:
    """What stands under volumes; one thing at least, which may be wrong."""
    volumes = notice.get("volumes") if isinstance(notice, dict) else None
    return volumes if isinstance(volumes, list) and volumes else [None]


def _of_notice(notice: Any, index: int) -> list[Feature]:
    label = f"notices[{index}]"
    problems: list[DetenteError] = []
    given = notice if isinstance(notice, dict) else {}
    _refuse_unknown(given, (*NOTICE_FIELDS, "volumes"), problems.append)
    shared = {name: given[name] for name in NOTICE_FIELDS if name in given}
    volumes = given.get("volumes")
    if not isinstance(volumes, list) or not volumes:
        problems.append(InvalidVolume("a notice needs a list of volumes", hint="say where and when"))
        return [Feature(label, shared, None, tuple(problems))]
    found = [_of_volume(volume, f"{label}.volumes[{k}]", shared, label) for k, volume in enumerate(volumes)]
    return [*found, Feature(label, shared, None, tuple(problems))] if problems else found


def _of_volume(volume: Any, label: str, shared: Mapping[str, Any], whole: str) -> Feature:
    if not isinstance(volume, dict):
        wrong = InvalidVolume("a volume is an object", hint="see docs/notice.schema.json")
        return Feature(label, shared, None, (wrong,))
    problems: list[DetenteError] = []
    notes: list[str] = []
    geometry: tuple[Geometry, ...] | None = None
    _refuse_unknown(volume, (*VOLUME_FIELDS, "footprint"), problems.append)
    fields = {**shared, **{name: volume[name] for name in VOLUME_FIELDS if name in volume}}
    try:
        with at("footprint"):
            geometry = tuple(_footprints(volume.get("footprint"), notes))
    except DetenteError as error:
        problems.append(error)
    return Feature(label, fields, geometry, tuple(problems), tuple(dict.fromkeys(notes)), whole)


def _footprints(given: Any, notes: list[str]) -> list[Geometry]:
    if isinstance(given, dict) and len(given) == 1:
        (kind, parts), *_ = given.items()
        if kind in SHAPE_FIELDS and isinstance(parts, dict):
            with at(kind):
                return [Area(_shape(kind, parts, notes))]
    unknown = geojson.foreign_members(given) if isinstance(given, dict) and "type" in given else []
    if unknown:
        raise InvalidVolume(f"unknown members: {', '.join(unknown)[:200]}", hint="see docs/notice.schema.json")
    return geojson.geometries(given, notes)


def _shape(kind: str, parts: Mapping[str, Any], notes: list[str]) -> Circle | Corridor | Orbit:
    unknown = [str(name) for name in parts if name not in SHAPE_FIELDS[kind]]
    if unknown:
        raise InvalidVolume(f"unknown members: {', '.join(unknown)[:200]}", hint="see docs/notice.schema.json")

    def place(name: str) -> Any:
        with at(name):
            return geojson.position(parts.get(name), notes)

    def number(name: str) -> float:
        value = parts.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e15:
            raise InvalidVolume(f"{name} is not a number", hint="metres, without a unit")
        return float(value)

    if kind == "circle":
        return Circle(place("centre"), number("radius_m"))
    if kind == "orbit":
        return Orbit(place("first"), place("second"), number("width_m"), parts.get("alignment", "centre"))
    line = geojson.positions(parts.get("centre_line"), notes)
    return Corridor(tuple(line), number("half_width_m"), parts.get("ends", "round"))
