"""`detente hazard cover`: where something could be seen from a declared antenna at most, as a hazard area that can be screened against."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from detente.cli.output import check_target, progress_bar, replace_file
from detente.domain import AltitudeLimit, AltitudeReference, NotUnderstood, UnreadableFile, at
from detente.geodesy import PositionReading, read_altitude, read_length_m, read_position_with_notes, read_time
from detente.geodesy.read_back import position_forms

if TYPE_CHECKING:
    from detente.geodesy.terrain import Terrain
    from detente.hazard import Antenna, Cover, Declaration
    from detente.interop.write_cover import CoverLayer

_PATH: Final = click.Path(path_type=Path)


@click.command()
@click.option(
    "--place",
    required=True,
    metavar="POSITION",
    help="Where the antenna is declared to stand, in any form detente read reads.",
)
@click.option(
    "--place-error",
    metavar="LENGTH",
    help="How far from there it may stand, e.g. 5km. The place's own digits count too.",
)
@click.option("--antenna", required=True, metavar="ALTITUDE", help="Of the antenna itself: 30m AGL, 1200m AMSL.")
@click.option(
    "--altitude",
    "altitudes",
    multiple=True,
    required=True,
    metavar="ALTITUDE",
    help="Of what is seen: 300m AGL, 5000ft AMSL, FL180. Repeatable.",
)
@click.option(
    "--range", "ranges", multiple=True, required=True, metavar="LENGTH", help="As declared, e.g. 250km. Repeatable."
)
@click.option(
    "--terrain",
    "terrain",
    multiple=True,
    type=_PATH,
    metavar="DIR|FILE",
    help="Heights: .hgt, .hgt.gz, .hgt.zip, GeoTIFF. Repeatable.",
)
@click.option("--terrain-error", metavar="LENGTH", help="How far those heights may be off, e.g. 16m.")
@click.option(
    "--lowest-ground",
    metavar="ALTITUDE",
    help="No ground without terrain lies lower, e.g. '-430m AMSL'; sea level if not given.",
)
@click.option("--cell", default="90m", show_default=True, metavar="LENGTH", help="Depth and width of a cell.")
@click.option("--detail", metavar="LENGTH", help="Of the outline; a 300th of the range if not given.")
@click.option("--declared-by", default="", metavar="WHO", help="The party or publication that states place and range.")
@click.option("--source", default="", metavar="WHERE", help="Where that is written: a document, a reference, a URL.")
@click.option("--date", "stated", default="", metavar="DATE", help="Of the statement, e.g. 2018-10-02.")
@click.option(
    "--party",
    default="",
    metavar="NAME",
    help="Whose notice the areas are when screened; who declared them if not given.",
)
@click.option("-o", "--out", "output", type=_PATH, metavar="FILE.geojson", help="Write the layers to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: all but the outlines.")
def cover(
    place: str,
    place_error: str | None,
    antenna: str,
    altitudes: tuple[str, ...],
    ranges: tuple[str, ...],
    terrain: tuple[Path, ...],
    terrain_error: str | None,
    lowest_ground: str | None,
    cell: str,
    detail: str | None,
    declared_by: str,
    source: str,
    stated: str,
    party: str,
    output: Path | None,
    *,
    as_json: bool,
) -> None:
    """Draw where something could be seen from a declared place, at most: an UPPER BOUND, with whose word it is.

    Only what a party declares or a public source states is drawn; nobody's place is inferred.

    \b
    Exit code 0: drawn. 2: something could not be read or is missing, and nothing was drawn.
    """
    from detente.hazard import Antenna, Declaration, terrain_radius_m

    declared = Declaration(declared_by, source, _day(stated) if stated.strip() else "")
    if output:
        check_target(output, terrain)
        if output.suffix.lower() not in (".geojson", ".json"):
            raise NotUnderstood(f"-o {output}: covers are written as GeoJSON", hint="end the name in .geojson")
    with at("--place"):
        reading = _placed(place, place_error)
    stands = Antenna(reading.position, reading.off_by_m, _read_in("--antenna", antenna))
    wanted = [_read_in("--altitude", text) for text in altitudes]
    ranges_m = [read_length_m(text) for text in ranges]
    heights = _terrain(terrain, stands, terrain_radius_m(stands, max(ranges_m)))
    made = _swept(stands, max(ranges_m), heights, wanted, terrain_error, lowest_ground, cell)
    layers = _layers(made, wanted, ranges_m, read_length_m(detail) if detail else None, drawn=output is not None)
    _write(made, layers, declared, party, output, reading, as_json=as_json)


def _day(text: str) -> str:
    """The day of a statement, as it was given, once it is one."""
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        with at("--date"):
            read_time(text)
    return text.strip()


def _placed(text: str, error: str | None) -> PositionReading:
    reading = read_position_with_notes(text)
    return reading if error is None else replace(reading, off_by_m=max(reading.off_by_m, read_length_m(error)))


def _read_in(option: str, text: str) -> AltitudeLimit:
    with at(option):
        return read_altitude(text, "upper")


def _terrain(paths: Sequence[Path], stands: Antenna, radius_m: float) -> Terrain:
    from detente.geodesy.terrain import NO_TERRAIN, terrain_about, terrain_sheets

    if not paths:
        return NO_TERRAIN
    sheets = terrain_sheets(paths)
    with progress_bar("Reading terrain") as seen:
        found = terrain_about(sheets, stands.place, radius_m, progress=seen)
    if not found.is_stated:
        raise UnreadableFile(
            f"none of {len(sheets)} height files states ground within {radius_m / 1000:.0f} km of {stands.place.latitude_deg:.4f}, {stands.place.longitude_deg:.4f}",
            hint="latitude and longitude may be swapped; leave --terrain out to draw over a smooth Earth",
        )
    return found


def _swept(
    stands: Antenna,
    range_m: float,
    heights: Terrain,
    wanted: Sequence[AltitudeLimit],
    terrain_error: str | None,
    lowest_ground: str | None,
    cell: str,
) -> Cover:
    from detente.hazard import cover as sweep

    with progress_bar("Sweeping") as seen:
        return sweep(
            stands,
            range_m,
            terrain=heights,
            terrain_error_m=read_length_m(terrain_error) if terrain_error else 0.0,
            lowest_ground_m=_amsl_m("--lowest-ground", lowest_ground) if lowest_ground else 0.0,
            cell_m=read_length_m(cell),
            with_ground=any(altitude.reference is AltitudeReference.AGL for altitude in wanted),
            progress=seen,
        )


def _amsl_m(option: str, text: str) -> float:
    altitude = _read_in(option, text)
    if altitude.reference is not AltitudeReference.AMSL:
        raise NotUnderstood(f"{option} {text!r} is not above mean sea level", hint="write -430m AMSL")
    return altitude.value_m


def _layers(
    made: Cover, wanted: Sequence[AltitudeLimit], ranges_m: Sequence[float], detail_m: float | None, *, drawn: bool
) -> list[CoverLayer]:
    from detente.hazard import cover_polygons
    from detente.interop.write_cover import CoverLayer

    asked = [(altitude, range_m) for altitude in dict.fromkeys(wanted) for range_m in dict.fromkeys(ranges_m)]
    layers = []
    with progress_bar("Drawing") as seen:
        for altitude, range_m in asked:
            outline = cover_polygons(made, altitude, range_m, detail_m=detail_m) if drawn else ()
            layers.append(CoverLayer(altitude, range_m, outline, made.seen_share(altitude, range_m)))
            if seen:
                seen(len(layers), len(asked))
    return layers


def _write(
    made: Cover,
    layers: Sequence[CoverLayer],
    declared: Declaration,
    party: str,
    output: Path | None,
    reading: PositionReading,
    *,
    as_json: bool,
) -> None:
    from detente.interop.write_cover import cover_geojson, cover_told

    if output:
        replace_file(output, cover_geojson(made, layers, declared, party=party, generated_utc=datetime.now(UTC)))
    if as_json:
        told = cover_told(made, layers, declared) | {"place_notes": list(reading.notes)}
        sys.stdout.write(json.dumps(told, ensure_ascii=True, allow_nan=False) + "\n")
        return
    lines = [*_lines(made, layers, declared, reading), *([f"Written to {output}."] if output else [])]
    sys.stdout.write("\n".join(lines) + "\n")


def _lines(made: Cover, layers: Sequence[CoverLayer], declared: Declaration, reading: PositionReading) -> list[str]:
    from detente.hazard import UPPER_BOUND, assumptions
    from detente.interop.answer_words import visible

    forms = position_forms(reading.position)
    return [
        UPPER_BOUND,
        visible(f"As {declared.declared_by} declares it, {declared.date} ({declared.source}):"),
        f"  place read as {reading.form}: {forms['DD']}; {forms['MGRS']}; by voice: {forms['voice']}",
        *(f"  note: {visible(note)}" for note in reading.notes),
        "",
        *(
            f"  at {layer.altitude}, within {layer.range_m / 1000:g} km: at most {_percent_up(layer.seen_share)} of the disc may be seen"
            for layer in layers
        ),
        "",
        *(
            f"  {visible(sentence)}"
            for sentence in dict.fromkeys(s for layer in layers for s in assumptions(made, layer.altitude))
        ),
    ]


def _percent_up(share: float) -> str:
    """Rounded up: what is hidden is never said to be more."""
    return f"{ceil(share * 1000) / 10:g} %"
