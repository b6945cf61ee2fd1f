"""`detente line`: plans and reports against a line, by each party's own measurement of it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

_NO_FINDING = "Computed from what each party states. No finding."


@click.group()
def line() -> None:
    """Hold what is stated of a place against a line as each party measured it."""


@line.command()
@click.argument("lines", type=click.Path(path_type=Path), metavar="LINES")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def check(lines: Path, files: tuple[Path, ...], *, as_json: bool) -> None:
    """Say of each notice whether its place crosses, may cross or does not cross each line of LINES (GeoJSON)."""
    from detente.interop.intake import read_files
    from detente.interop.lines_file import read_lines
    from detente.screening.lines import check_line

    given, intake = read_lines(lines), read_files(files)
    if intake.problems:
        for problem in intake.problems:
            click.echo(str(problem), err=True)
        sys.exit(2)
    rows: list[dict[str, Any]] = [
        {
            "party": notice.party,
            "reference": notice.reference,
            "volume": index,
            "line": each.name,
            "by": answer.by,
            "answer": answer.crossing.value,
            "distance_m": round(answer.distance_m, 1),
            "open_m": round(answer.open_m, 1),
        }
        for notice in intake.notices
        for index, volume in enumerate(notice.volumes)
        for each in given
        for answer in check_line(each, volume.footprint, uncertainty_m=volume.uncertainty.position_m)
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    several = {notice.reference for notice in intake.notices if len(notice.volumes) > 1}
    for row in rows:
        part = f" volume {row['volume'] + 1}" if row["reference"] in several else ""
        click.echo(
            f"{row['reference']}{part} as {row['party']} states it: {row['answer']} {row['line']} as measured by {row['by']}; "
            f"{row['distance_m']:,} m from it, {row['open_m']:,} m left open"
        )
    click.echo(_NO_FINDING)


@line.command()
@click.argument("lines", type=click.Path(path_type=Path), metavar="LINES")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def apart(lines: Path, *, as_json: bool) -> None:
    """Say how far each party's pickets lie from the course of each other party. Both stand; nothing is averaged."""
    from detente.interop.lines_file import read_lines
    from detente.screening.lines import apart as measured

    rows: list[dict[str, Any]] = [
        {
            "line": each.name,
            "by": found.by,
            "point": found.point_index,
            "other": found.other,
            "distance_m": found.distance_m,
            "open_m": found.open_m,
        }
        for each in read_lines(lines)
        for found in measured(each)
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(
            f"{row['line']}: point {row['point'] + 1} as measured by {row['by']} lies {row['distance_m']:,.1f} m from the course of {row['other']}; "
            f"both leave {row['open_m']:,.1f} m open"
        )
    if not rows:
        click.echo("no line here was measured by two parties")
    click.echo(_NO_FINDING)
