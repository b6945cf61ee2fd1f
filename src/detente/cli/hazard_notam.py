"""`detente hazard notam` and `detente hazard bulletin`: drafts of warnings for others, for a human to check and issue."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from detente.domain import NotUnderstood


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--fir", required=True, help="The flight information region: OSTT, OLBB, LLLL, LCCC.")
@click.option(
    "--number",
    default="A0000/00",
    show_default=True,
    help="Series, number and year of the first; the issuer's to give.",
)
@click.option(
    "-u",
    "--understanding",
    type=click.Path(path_type=Path),
    help="Whose arena's ground is under what is stated above ground.",
)
@click.option("--only", default="", help="Only the notice of this reference.")
def notam(files: tuple[Path, ...], fir: str, number: str, understanding: Path | None, only: str) -> None:
    """Write NOTAM drafts (ICAO format) of the hazard areas, live firing, exercises and unmanned flights in plans. Nothing is sent."""
    from detente.interop.notam import DRAFT, notams

    arena = _arena(understanding)
    chosen = [each for each in _plans(files, arena) if only in ("", each.reference)]
    if not chosen:
        raise NotUnderstood(f"no notice is called {only!r:.60}", hint="leave --only out to see which are")
    sys.stderr.write(DRAFT + "\n")
    sys.stdout.write("\n\n".join(text for each in chosen for text in notams(each, fir, arena, number=number)) + "\n")


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--fir", required=True, help="The flight information region it is about.")
def bulletin(files: tuple[Path, ...], fir: str) -> None:
    """Write the draft of a conflict-zone bulletin (Markdown): who declares what, and where figures differ. Nothing is sent."""
    from detente.cli.desk import now_us
    from detente.interop.notam import bulletin as written

    sys.stdout.write(written(_plans(files, _arena(None)), fir, now_us() // 1_000_000 * 1_000_000))


def _arena(understanding: Path | None) -> Any:
    from detente.domain import WORLD
    from detente.interop import read_understanding

    return read_understanding(understanding).arena if understanding else WORLD


def _plans(files: tuple[Path, ...], arena: Any) -> Any:
    from detente.interop import read_files

    intake = read_files(list(files), arena=arena)
    if intake.problems:
        raise NotUnderstood("\n".join(map(str, intake.problems)))
    return intake.notices
