"""`detente hazard freedom`: how much air stays outside declared hazard areas, layer by layer; and which legs of a route lie inside whose."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

import click

from detente.domain import NotUnderstood

_LAYERS: Final = ("FL050", "FL100", "FL200", "FL300", "FL400")
_BOUND: Final = "Declared hazard areas are upper bounds, by the word of whoever declares them. Free is what lies outside all of them as declared; it does not say safe."


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "-u", "--understanding", required=True, type=click.Path(path_type=Path), help="Whose arena and extent are meant."
)
@click.option("--at", "moment", required=True, help="When: 2018-09-17T18:55Z.")
@click.option(
    "--layer",
    "layers",
    multiple=True,
    help=f"A level, such as FL300 or '10000 ft AMSL'; repeatable. Default: {', '.join(_LAYERS)}.",
)
@click.option("--route", type=click.Path(path_type=Path), help="A file of plans: which legs lie inside whose areas.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def freedom(
    files: tuple[Path, ...],
    understanding: Path,
    moment: str,
    layers: tuple[str, ...],
    route: Path | None,
    *,
    as_json: bool,
) -> None:
    """The share of an arena's air that stays outside declared hazard areas, by layer, declaration and declarer."""
    from detente.channel import freedom as of
    from detente.domain import AltitudeBand, at
    from detente.domain.window import to_us
    from detente.geodesy import read_altitude, read_time
    from detente.interop import read_understanding

    arena = read_understanding(understanding).arena
    if arena.extent is None:
        raise NotUnderstood(f"{understanding} states no extent of its arena", hint="add [arena.extent]")
    with at("--at"):
        moment_us = to_us(read_time(moment))
    with at("--layer"):
        bands = [AltitudeBand(level, level) for level in (read_altitude(each, "lower") for each in layers or _LAYERS)]
    hazards = [each for each in _plans(files, arena) if each.activity.value == "hazard_area"]
    if not hazards:
        raise NotUnderstood("no file holds a hazard area", hint="activity hazard_area, with declared_by and source")
    rows = of.freedom(hazards, arena.extent, bands, moment_us, arena)
    legs = [] if route is None else list(of.legs(_plans([route], arena), hazards, arena))
    if as_json:
        sys.stdout.write(json.dumps(_plain(rows, legs, moment_us), ensure_ascii=False) + "\n")
        return
    _print([*_lines(rows), *_leg_lines(legs), _BOUND])


def _plans(files: Any, arena: Any) -> Any:
    from detente.interop import read_files

    intake = read_files(list(files), arena=arena)
    if intake.problems:
        raise NotUnderstood("\n".join(map(str, intake.problems)))
    return intake.notices


def _lines(rows: Any) -> Any:
    for layer in dict.fromkeys(row.layer for row in rows):
        own = [row for row in rows if row.layer == layer]
        (whole,) = (row for row in own if not row.declared_by)
        yield f"{layer.lower}: free at least {_percent(1 - whole.at_most)}, as stated {_percent(1 - whole.stated)}"
        for row in own:
            is_sum_of_one = not row.reference and sum(r.declared_by == row.declared_by for r in own) == 2
            if row.declared_by and row.at_most and not is_sum_of_one:
                what = (
                    f"{row.reference}, declared by {row.declared_by}"
                    if row.reference
                    else f"all that {row.declared_by} declares"
                )
                yield f"  {what}: covers {_percent(row.stated)} as stated, {_percent(row.at_most, up=True)} at most"


def _percent(share: float, *, up: bool = False) -> str:
    """To a tenth, what is free downward, what is covered at most upward."""
    from math import ceil, floor

    tenths = share * 1000
    return f"{(ceil(tenths - 1e-6) if up else floor(tenths + 1e-6)) / 10:.1f} %"


def _leg_lines(legs: Any) -> Any:
    for leg in legs:
        name = f"{leg.reference} leg {leg.index + 1}, {leg.hazard} declared by {leg.declared_by}"
        if leg.answer.name != "CLEAR":
            word = "inside" if leg.answer.name == "CONFLICT" else "may be inside"
            yield f"{name}: {word}, {leg.inside_s / 60:.0f} min at most"
        elif leg.outside_m > 0:
            yield f"{name}: outside; sideways at least {leg.outside_m / 1000:.1f} km off"
        else:
            yield f"{name}: outside, in time or in height alone"


def _plain(rows: Any, legs: Any, moment_us: int) -> dict[str, Any]:
    from detente.interop.answer_words import iso

    return {
        "format": "detente freedom v1",
        "notice": _BOUND,
        "at": iso(moment_us),
        "covered": [
            {"layer": str(r.layer.lower), "declared_by": r.declared_by, "reference": r.reference, "stated": r.stated, "at_most": r.at_most} for r in rows
        ],
        "legs": [
            {
                "reference": leg.reference, "leg": leg.index, "declared_by": leg.declared_by, "hazard": leg.hazard, "answer": leg.answer.name,
                "inside_s": leg.inside_s, "outside_m": leg.outside_m,
            }
            for leg in legs
        ],
    }  # fmt: skip


def _print(lines: Any) -> None:
    from detente.interop.answer_words import visible

    for line in lines:
        sys.stdout.write(visible(line) + "\n")
    sys.stdout.flush()
