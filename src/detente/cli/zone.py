"""`detente zone`: what is stated of a place, beside what was agreed for a zone. It never says that a rule was broken."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

_NO_FINDING = "Computed from what each party states and the rules as given. No finding."


@click.group()
def zone() -> None:
    """Hold plans beside the rules of zones."""


@zone.command()
@click.argument("zones", type=click.Path(path_type=Path), metavar="ZONES")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--given", help="When the notices were given: 2018-09-17T18:39Z. For rules that ask for notice.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def check(zones: Path, files: tuple[Path, ...], given: str | None, *, as_json: bool) -> None:
    """Say which plans lie in a zone of ZONES (GeoJSON), or may, and which of its rules speak of them."""
    from detente.domain import at
    from detente.domain.window import to_us
    from detente.geodesy import read_time
    from detente.interop.intake import read_files
    from detente.interop.zones_file import read_zones
    from detente.screening.zones import in_zone

    with at("--given"):
        given_us = to_us(read_time(given)) if given else None
    known, intake = read_zones(zones), read_files(files)
    if intake.problems:
        for problem in intake.problems:
            click.echo(str(problem), err=True)
        sys.exit(2)
    rows = [
        _row(notice, found)
        for notice in intake.notices
        for each in known
        for found in in_zone(notice, each, given_us=given_us)
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False))
        return
    for row in rows:
        click.echo(_words(row))
    if not rows:
        click.echo("no plan here lies in a zone with rules, nor may")
    click.echo(_NO_FINDING)


def _row(notice: Any, found: Any) -> dict[str, Any]:
    return {
        "party": notice.party, "reference": notice.reference, "volume": found.volume_index, "zone": found.zone,
        "inside": "inside" if found.inside.name == "CONFLICT" else "may be inside", "rule": found.rule.kind.value, "source": found.rule.source,
        "speaks": found.speaks, "given_s": found.given_s, "within_s": found.rule.within_s,
    }  # fmt: skip


def _words(row: dict[str, Any]) -> str:
    speaks = {
        True: "which speaks of it",
        False: "which does not speak of it",
        None: "of which the notice does not say enough",
    }[row["speaks"]]
    given = (
        ""
        if row["given_s"] is None
        else f" (given {row['given_s'] / 3600:.1f} h before, {row['within_s'] / 3600:.1f} h asked)"
    )
    return f"{row['reference']} volume {row['volume'] + 1} as {row['party']} states it: {row['inside']} {row['zone']}, rule {row['rule']} by {row['source']}, {speaks}{given}"
