"""Writes docs/notice.schema.json from the reader's own lists of fields, and checks that every link between our documents leads somewhere.

python scripts/build_docs.py            # write, then check
python scripts/build_docs.py --check    # change nothing; exit 1 where something would change or a link leads nowhere
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from detente.domain import Activity
from detente.domain.footprint import LARGEST_RADIUS_M
from detente.interop.notice_json import FORMAT, NOTICE_FIELDS, VOLUME_FIELDS

ROOT = Path(__file__).parent.parent
SCHEMA = ROOT / "docs" / "notice.schema.json"

MEANING = {
    "reference": "The sender's own reference; with the party it names the notice. Left out: the place in the file.",
    "party": "Who gives notice. Left out: the file is its own party.",
    "activity": "What the notice is about. Left out: it could be any.",
    "title": "A few words for people.",
    "stated_place": "The place in words, checked against the geometry: '5 km north of Latakia'.",
    "declared_by": "For a hazard area: who declares it.",
    "assumed": "What no source states, and on what basis it was filled in.",
    "time_start": "ISO 8601 or date-time group, with a zone; UFN: open. Left out: unbounded, at most POSSIBLE.",
    "time_end": "As time_start.",
    "altitude_lower": "FL180, 5000ft AMSL, 300m AGL, SFC, UNL; or a number, with its unit and reference beside it. Left out: unbounded, at most POSSIBLE.",
    "altitude_upper": "As altitude_lower.",
    "altitude_unit": "For altitudes given as numbers.",
    "altitude_reference": "For altitudes given as numbers: what they are measured from. FL takes hundreds of feet.",
    "speed": "A line flown at this speed from time_start; text with a unit: 120kt.",
    "half_width_m": "Half the width of the corridor round a line.",
}  # fmt: skip


def schema() -> dict[str, Any]:
    """The JSON Schema of notice JSON, as `interop.notice_json` reads it."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "notice.schema.json",
        "title": f"détente notices, {FORMAT}",
        "description": "Notices as `detente screen` reads them. Units are in the names or in the text; longitude comes first in positions. "
        "What a schema cannot say, that rings are closed and do not cross themselves and that nothing ends before it starts, is "
        "checked on reading. See formats.md.",
        **_closed({"$schema": {"type": "string"}, **_root()}, "notices"),
        "$defs": {"notice": _notice(), "volume": _volume(), "footprint": _footprint(), **_parts()},
    }


def _root() -> dict[str, Any]:
    return {"format": {"const": FORMAT}, "notices": {"type": "array", "items": {"$ref": "#/$defs/notice"}}}


def _closed(properties: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(required),
        "properties": properties,
        **more,
    }


def _notice() -> dict[str, Any]:
    volumes = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/volume"}}
    return _closed({**{name: _field(name) for name in NOTICE_FIELDS}, "volumes": volumes}, "volumes")


def _volume() -> dict[str, Any]:
    return _closed(
        {**{name: _field(name) for name in VOLUME_FIELDS}, "footprint": {"$ref": "#/$defs/footprint"}},
        "footprint",
        allOf=[
            *(_number_needs_reference(side) for side in ("altitude_lower", "altitude_upper")),
            {"if": {"properties": {"footprint": {"$ref": "#/$defs/line"}}}, "then": {"required": ["half_width_m"]}},
        ],
    )


def _number_needs_reference(side: str) -> dict[str, Any]:
    is_level = {"properties": {"altitude_reference": {"const": "FL"}}}
    return {
        "if": {"required": [side], "properties": {side: {"type": "number"}}},
        "then": {"required": ["altitude_reference"], "anyOf": [is_level, {"required": ["altitude_unit"]}]},
    }


def _field(name: str) -> dict[str, Any]:
    described = {"description": MEANING[name]} if name in MEANING else {}
    return {**_type_of(name), **described}


def _type_of(name: str) -> dict[str, Any]:
    match name:
        case "activity":
            return {"enum": [activity.value for activity in Activity]}
        case "altitude_lower" | "altitude_upper":
            return {"type": ["string", "number"]}
        case "altitude_unit":
            return {"enum": ["m", "ft"]}
        case "altitude_reference":
            return {"enum": ["HAE", "AMSL", "AGL", "FL"]}
        case "assumed":
            return {"type": "object", "additionalProperties": {"type": "string"}}
        case "half_width_m":
            return {"$ref": "#/$defs/size_m"}
        case "speed_m_s":
            return {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 20_000}
    if name.endswith(("_m", "_s")):
        return {"type": "number", "minimum": 0}
    return {"type": "string"}


def _footprint() -> dict[str, Any]:
    shapes = ("circle", "corridor", "orbit", "line", "area", "collection")
    return {"oneOf": [{"$ref": f"#/$defs/{shape}"} for shape in shapes]}


def _parts() -> dict[str, Any]:
    positions = {"type": "array", "minItems": 2, "items": {"$ref": "#/$defs/position"}}
    rings = {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/ring"}}
    size, position = {"$ref": "#/$defs/size_m"}, {"$ref": "#/$defs/position"}
    return {
        "circle": _named("circle", {"centre": position, "radius_m": size}, "centre", "radius_m"),
        "corridor": _named(
            "corridor",
            {"centre_line": positions, "half_width_m": size, "ends": {"enum": ["round", "square"]}},
            "centre_line",
            "half_width_m",
        ),
        "orbit": _named(
            "orbit",
            {
                "first": position,
                "second": position,
                "width_m": size,
                "alignment": {"enum": ["left", "centre", "right"]},
            },
            "first",
            "second",
            "width_m",
        ),
        "line": {
            "description": "A corridor, or with a speed a moving thing.",
            "anyOf": [
                _geometry("LineString", positions),
                _geometry("MultiLineString", {"type": "array", "minItems": 1, "items": positions}),
            ],
        },
        "area": {
            "anyOf": [
                _geometry("Polygon", rings),
                _geometry("MultiPolygon", {"type": "array", "minItems": 1, "items": rings}),
            ]
        },
        "collection": {
            "description": "Each part is a volume of its own.",
            "type": "object",
            "required": ["type", "geometries"],
            "properties": {
                "type": {"const": "GeometryCollection"},
                "geometries": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/area"}},
            },
        },
        "ring": {
            "description": "Closed: the last position repeats the first. Either direction.",
            "type": "array",
            "minItems": 4,
            "items": position,
        },
        "position": {
            "description": "Longitude, latitude, WGS 84 degrees. A height is not read.",
            "type": "array",
            "minItems": 2,
            "prefixItems": [
                {"type": "number", "minimum": -180, "maximum": 360},
                {"type": "number", "minimum": -90, "maximum": 90},
            ],
        },
        "size_m": {"type": "number", "exclusiveMinimum": 0, "maximum": LARGEST_RADIUS_M},
    }


def _named(kind: str, parts: dict[str, Any], *required: str) -> dict[str, Any]:
    return _closed({kind: _closed(parts, *required)}, kind)


def _geometry(kind: str, coordinates: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {"type": {"const": kind}, "coordinates": coordinates},
    }


def rendered() -> str:
    """The schema as the file holds it."""
    return json.dumps(schema(), ensure_ascii=False, indent=1) + "\n"


def documents() -> list[Path]:
    """Every Markdown file that is ours, in order."""
    folders = [ROOT, *(ROOT / name for name in ("docs", "scenarios", "bench", "tests"))]
    deep = (path for folder in folders[1:] for path in folder.rglob("*.md"))
    return sorted({*ROOT.glob("*.md"), *deep})


def dead_links(document: Path) -> Iterator[str]:
    """Relative links of a document that lead to no file, or to no heading of one."""
    for target in _links(document):
        name, _, fragment = target.partition("#")
        path = (document.parent / name).resolve() if name else document
        if not path.exists():
            yield f"{document.relative_to(ROOT)}: {target} is not there"
        elif fragment and path.suffix == ".md" and fragment not in _anchors(path):
            yield f"{document.relative_to(ROOT)}: {target} has no such heading"


def _prose(document: Path) -> str:
    return re.sub(r"^(```+|~~~+).*?^\1", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def _links(document: Path) -> list[str]:
    targets = re.findall(r"\]\(([^()\s]+)\)", re.sub(r"`[^`\n]*`", "", _prose(document)))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def _anchors(document: Path) -> set[str]:
    """The anchors GitHub makes of headings."""
    headings = re.findall(r"^#+ +(.+)$", _prose(document), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def main() -> int:
    """Write what changed, and list what is wrong; 1 where something is."""
    stale = not SCHEMA.exists() or SCHEMA.read_text(encoding="utf-8") != rendered()
    dead = [link for document in documents() for link in dead_links(document)]
    for link in dead:
        print(link, file=sys.stderr)
    if "--check" in sys.argv[1:]:
        if stale:
            print("docs/notice.schema.json is not what the reader reads: run `make docs`", file=sys.stderr)
        return 1 if dead or stale else 0
    if stale:
        SCHEMA.write_text(rendered(), encoding="utf-8")
    print(
        f"docs/notice.schema.json: {'written' if stale else 'up to date'}; {len(documents())} documents, {len(dead)} dead links"
    )
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
