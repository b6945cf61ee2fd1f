"""Understandings from files, TOML or JSON: rules of minima, and the arena with its terrain, air pressure and place names."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from detente.domain import (
    WORLD_PRESSURE,
    WORLD_TERRAIN,
    Activity,
    Arena,
    Extent,
    InvalidVolume,
    Minima,
    MinimaRule,
    NoMinima,
    NotUnderstood,
    Place,
    Position,
    PressureBounds,
    TerrainBounds,
    Understanding,
    UnreadableFile,
    at,
)
from detente.geodesy import read_duration_s, read_length_m, read_position
from detente.interop import strict_json
from detente.interop.intake import read_bounded

T = TypeVar("T")


def read_understanding(path: Path | str) -> Understanding:
    """The understanding in a file.

    Raises:
        DetenteError: the file cannot be read, or a part of it cannot be; `where` names the file and the part.
    """
    path = Path(path)
    with at(f"{path.name}:"):
        root = _root(path)
        rules = [_rule(rule, index) for index, rule in enumerate(_array(root, "rules"))]
        if not rules:
            raise NoMinima(
                "an understanding without rules has no minima",
                hint="add at least one [[rules]] with lateral, vertical and time",
            )
        with at("arena"):
            arena = _arena(root.get("arena", {}))
        return Understanding(_text(root, "name"), str(root.get("version", "")), tuple(rules), arena)


def _root(path: Path) -> Mapping[str, Any]:
    raw = read_bounded(path)
    if raw.lstrip()[:1] == b"{":
        root = strict_json.loads(raw)
    else:
        try:
            root = tomllib.loads(raw.decode("utf-8-sig"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UnreadableFile(f"not TOML: {error}", hint="check the quotes and brackets at that line") from error
    if not isinstance(root, dict):
        raise UnreadableFile("an understanding is an object with name, rules and arena", hint="see docs/formats.md")
    return root


def _rule(rule: Any, index: int) -> MinimaRule:
    with at(f"rules[{index}]"):
        table = _table(rule)
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
    if name == "any":
        return None
    try:
        return Activity(str(name))
    except ValueError:
        known = ", ".join(a.value for a in Activity if a is not Activity.UNSTATED)
        raise NotUnderstood(f"activity {name!r} is not known", hint=f"use any, or one of {known}") from None


def _arena(given: Any) -> Arena:
    table = _table(given)
    return Arena(
        name=str(table.get("name", "arena")),
        extent=_part(
            table, "extent", lambda t: Extent(*(_number(t, side) for side in ("south", "west", "north", "east"))), None
        ),
        terrain=_part(
            table,
            "terrain",
            lambda t: TerrainBounds(_number(t, "lowest_amsl_m"), _number(t, "highest_amsl_m")),
            WORLD_TERRAIN,
        ),
        pressure=_part(table, "pressure", _pressure, WORLD_PRESSURE),
        places=tuple(_place(place, index) for index, place in enumerate(_array(table, "places"))),
    )


def _pressure(table: Mapping[str, Any]) -> PressureBounds:
    world = WORLD_PRESSURE
    names = ("lowest_hpa", "highest_hpa", "coldest_ratio", "warmest_ratio")
    return PressureBounds(*(_number(table, name) if name in table else getattr(world, name) for name in names))


def _place(given: Any, index: int) -> Place:
    with at(f"places[{index}]"):
        table = _table(given)
        position = (
            read_position(_text(table, "position"))
            if "position" in table
            else Position(_number(table, "latitude"), _number(table, "longitude"))
        )
        others = table.get("also_known_as", [])
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
    return value


def _number(table: Mapping[str, Any], name: str) -> float:
    value = table.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidVolume(f"{name} is not a number", hint=f"add {name} as a plain number")
    return float(value)


def _quantity(table: Mapping[str, Any], name: str, read: Callable[[str], float]) -> float:
    with at(name):
        return read(_text(table, name) if name in table else "")
