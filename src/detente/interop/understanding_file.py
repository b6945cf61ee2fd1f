"""Understandings from files, TOML or JSON: rules of minima, and the arena with its terrain, air pressure and place names."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from detente.domain import (
    NO_TERMS,
    WORLD_PRESSURE,
    WORLD_TERRAIN,
    Activity,
    Arena,
    DetenteError,
    Extent,
    InvalidVolume,
    Minima,
    MinimaRule,
    NoMinima,
    NotUnderstood,
    Place,
    Position,
    PressureBounds,
    Signatory,
    Terms,
    TerrainBounds,
    Understanding,
    UnreadableFile,
    at,
)
from detente.geodesy import read_duration_s, read_length_m, read_position
from detente.interop import strict_json
from detente.interop.fields import activity_named
from detente.interop.intake import read_bounded
from detente.interop.vocabulary import printable

T = TypeVar("T")

LARGEST_UNDERSTANDING_BYTES: Final = 10_000_000  # tens of thousands of place names


def read_understanding(path: Path | str, members: Iterable[Signatory] = (), host_key: str = "") -> Understanding:
    """The understanding in a file.

    Args:
        members: of the arena it is for, with their keys. host_key: of its host. Both for `read_terms`.

    Raises:
        DetenteError: the file cannot be read, or a part of it cannot be; `where` names the file and the part.
    """
    path = Path(path)
    try:
        return _understanding(_root(path), members, host_key)
    except DetenteError as error:
        error.where = ", ".join(part for part in (path.name, error.where) if part)
        raise


def _understanding(root: Mapping[str, Any], members: Iterable[Signatory], host_key: str) -> Understanding:
    _check_known(root, "name", "version", "rules", "arena", "terms")
    rules = [_rule(rule, index) for index, rule in enumerate(_array(root, "rules"))]
    if not rules:
        raise NoMinima(
            "an understanding without rules has no minima",
            hint="add at least one [[rules]] with lateral, vertical and time",
        )
    with at("arena"):
        arena = _arena(root.get("arena", {}))
    name, version = _text(root, "name"), printable(str(root.get("version", "")))
    return Understanding(name, version, tuple(rules), arena, _terms(root, tuple(members), host_key))


def _terms(root: Mapping[str, Any], members: tuple[Signatory, ...], host_key: str) -> Terms:
    if "terms" not in root and not members:
        return NO_TERMS
    from detente.interop.terms_file import read_terms  # screening needs no terms

    with at("terms"):
        return read_terms(root.get("terms", {}), members, host_key)


def _root(path: Path) -> Mapping[str, Any]:
    raw = read_bounded(path)
    if len(raw) > LARGEST_UNDERSTANDING_BYTES:
        raise UnreadableFile(
            f"the file has {len(raw)} bytes; the limit is {LARGEST_UNDERSTANDING_BYTES}", hint="is it a file of plans?"
        )
    is_json = raw.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    root = strict_json.loads(raw) if is_json else _toml(raw)
    if not isinstance(root, dict):
        raise UnreadableFile("an understanding is an object with name, rules and arena", hint="see docs/formats.md")
    return root


def _toml(raw: bytes) -> Any:
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except (
        ValueError,
        RecursionError,
    ) as error:  # not TOML or not UTF-8; nested too deep; a number of thousands of digits
        hint = "check the quotes and brackets at that line"
        raise UnreadableFile(f"not TOML: {str(error)[:200]}", hint=hint) from error


def _rule(rule: Any, index: int) -> MinimaRule:
    with at(f"rules[{index}]"):
        table = _table(rule)
        _check_known(table, "name", "lateral", "vertical", "time", "activities")
        minima = Minima(
            _quantity(table, "lateral", read_length_m),
            _quantity(table, "vertical", read_length_m),
            _quantity(table, "time", read_duration_s),
        )
        between = table.get("activities")
        if between is None:
            return MinimaRule(_text(table, "name"), minima)
        if not isinstance(between, list) or len(between) not in (1, 2):
            raise InvalidVolume("activities is not a pair", hint='write activities = ["air_operation", "live_fire"]')
        pair = [_activity(name) for name in between]
        return MinimaRule(_text(table, "name"), minima, pair[0], pair[1] if len(pair) == 2 else None)


def _activity(name: Any) -> Activity | None:
    if isinstance(name, str) and name.strip().casefold() == "any":
        return None
    try:
        return activity_named(name)
    except NotUnderstood as error:
        error.hint = f"{error.hint}, or any"
        raise


def _arena(given: Any) -> Arena:
    table = _table(given)
    _check_known(table, "name", "extent", "terrain", "pressure", "places")
    return Arena(
        name=str(table.get("name", "arena")),
        extent=_part(table, "extent", _extent, None),
        terrain=_part(
            table,
            "terrain",
            _terrain,
            WORLD_TERRAIN,
        ),
        pressure=_part(table, "pressure", _pressure, WORLD_PRESSURE),
        places=tuple(_place(place, index) for index, place in enumerate(_array(table, "places"))),
    )


def _extent(table: Mapping[str, Any]) -> Extent:
    sides = ("south", "west", "north", "east")
    _check_known(table, *sides)
    return Extent(*(_number(table, side) for side in sides))


def _terrain(table: Mapping[str, Any]) -> TerrainBounds:
    _check_known(table, "lowest_amsl_m", "highest_amsl_m")
    return TerrainBounds(_number(table, "lowest_amsl_m"), _number(table, "highest_amsl_m"))


def _pressure(table: Mapping[str, Any]) -> PressureBounds:
    world = WORLD_PRESSURE
    names = ("lowest_hpa", "highest_hpa", "coldest_ratio", "warmest_ratio")
    _check_known(table, *names)
    return PressureBounds(*(_number(table, name) if name in table else getattr(world, name) for name in names))


def _place(given: Any, index: int) -> Place:
    with at(f"places[{index}]"):
        table = _table(given)
        _check_known(table, "name", "position", "latitude", "longitude", "precision", "also_known_as")
        position = (
            read_position(_text(table, "position"))
            if "position" in table
            else Position(_number(table, "latitude"), _number(table, "longitude"))
        )
        others = _array(table, "also_known_as")
        return Place(
            _text(table, "name"),
            position,
            _quantity(table, "precision", read_length_m),
            tuple(str(name) for name in others),
        )


def _part(table: Mapping[str, Any], name: str, make: Callable[[Mapping[str, Any]], T], otherwise: T) -> T:
    if name not in table:
        return otherwise
    with at(name):
        return make(_table(table[name]))


def _check_known(table: Mapping[str, Any], *known: str) -> None:
    """A misspelt part would be a rule nobody keeps: refused."""
    unknown = [str(name)[:40] for name in table if name not in known]
    if unknown:
        raise InvalidVolume(f"{', '.join(unknown[:5])} is not known", hint=f"the parts are {', '.join(known)}")


def _table(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise InvalidVolume(f"{str(value)[:60]!r} is not a table of fields", hint="see docs/formats.md")
    return value


def _array(table: Mapping[str, Any], name: str) -> list[Any]:
    value = table.get(name, [])
    if not isinstance(value, list):
        raise InvalidVolume(f"{name} is not a list", hint="see docs/formats.md")
    return value


def _text(table: Mapping[str, Any], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidVolume(f"{name} is missing", hint=f"add {name} as text")
    return printable(value)


def _number(table: Mapping[str, Any], name: str) -> float:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e15:
        raise InvalidVolume(f"{name} is not a number", hint=f"add {name} as a plain number")
    return float(value)


def _quantity(table: Mapping[str, Any], name: str, read: Callable[[str], float]) -> float:
    with at(name):
        return read(_text(table, name) if name in table else "")
