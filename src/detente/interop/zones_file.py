"""Zones out of GeoJSON: polygons with `kind` zone, `name`, `precision` and `rules`; features of other kinds, such as regions known by name alone, are left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from detente.domain import NotUnderstood, Polygon, UnreadableFile, at
from detente.domain.zone import RuleKind, Zone, ZoneRule
from detente.geodesy import read_duration_s, read_length_m
from detente.interop import strict_json
from detente.interop.geojson import positions
from detente.interop.intake import read_bounded


def read_zones(path: Path) -> tuple[Zone, ...]:
    """The zones of a file, in its order.

    Raises:
        UnreadableFile: it holds none. NotUnderstood and others: the first thing that is wrong, with the feature it stands in.
    """
    with at(path.name):
        root = strict_json.loads(read_bounded(path))
        features = root.get("features") if isinstance(root, dict) else None
        if not isinstance(features, list):
            raise UnreadableFile("there are no features", hint="give a GeoJSON FeatureCollection of polygons")
        zones = []
        for index, feature in enumerate(features):
            said = feature.get("properties") if isinstance(feature, dict) else None
            if isinstance(said, dict) and said.get("kind") == "zone":
                with at(f"features[{index}]"):
                    zones.append(_zone(feature.get("geometry"), said))
        if not zones:
            raise UnreadableFile("no feature is a zone", hint='give it "kind": "zone"')
        return tuple(zones)


def _zone(geometry: Any, said: dict[str, Any]) -> Zone:
    if (
        not isinstance(geometry, dict)
        or geometry.get("type") != "Polygon"
        or not isinstance(geometry.get("coordinates"), list)
    ):
        raise NotUnderstood("a zone is no polygon here", hint="give one Polygon for each zone")
    for name in ("name", "precision"):
        if not isinstance(said.get(name), str):
            raise NotUnderstood("is missing", hint='as text: "precision": "5 km"', where=name)
    with at("precision"):
        precision_m = read_length_m(said["precision"])
    with at("coordinates"):
        shell, *holes = ([*positions(ring, [])] for ring in geometry["coordinates"])
        footprint = Polygon(_open(shell), tuple(_open(hole) for hole in holes))
    rules = said.get("rules", [])
    if not isinstance(rules, list):
        raise NotUnderstood("is no list", hint='[{"rule": "no_overflight", "source": "…"}]', where="rules")
    read = []
    for index, rule in enumerate(rules):
        with at(f"rules[{index}]"):
            read.append(_rule(rule))
    return Zone(said["name"], footprint, precision_m, tuple(read))


def _open(ring: list[Any]) -> tuple[Any, ...]:
    return tuple(ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring)


def _rule(raw: Any) -> ZoneRule:
    if not isinstance(raw, dict) or not isinstance(raw.get("source"), str):
        raise NotUnderstood("no rule with a source", hint='{"rule": "notify", "within": "24 h", "source": "…"}')
    try:
        kind = RuleKind(str(raw.get("rule")))
    except ValueError as error:
        raise NotUnderstood(
            f"rule {raw.get('rule')!r:.40} is not known", hint=f"one of {', '.join(RuleKind)}", where="rule"
        ) from error
    but_for = raw.get("but_for", [])
    if not isinstance(but_for, list) or not all(isinstance(each, str) for each in but_for):
        raise NotUnderstood("is no list of parties", hint='["UNIFIL"]', where="but_for")
    with at("within"):
        within_s = read_duration_s(str(raw["within"])) if "within" in raw else None
    return ZoneRule(kind, raw["source"], tuple(but_for), within_s)
