"""`detente screen`: tonight's plans in, where they meet out."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

import click

from detente.cli.output import check_target, progress_bar, replace_file
from detente.domain import (
    WORLD,
    Answer,
    Minima,
    NoMinima,
    NotUnderstood,
    Place,
    ScreeningAnswer,
    TimeWindow,
    Understanding,
)
from detente.geodesy import read_duration_s, read_length_m, read_time
from detente.interop import Intake, read_files, read_understanding


class _Asked(NamedTuple):
    """What the map tells besides the answer: the rules it was screened by, and the arena's names."""

    agreed: Understanding | None
    minima: Minima | None
    places: Sequence[Place]


ALL_CLEAR, SOMETHING_MEETS, NO_ANSWER = 0, 1, 2
_PATH: Final = click.Path(path_type=Path)


class Format(StrEnum):
    """How the answer is written."""

    TABLE = "table"
    JSON = "json"
    GEOJSON = "geojson"
    HTML = "html"
    CSV = "csv"


_FORMAT_OF_SUFFIX = {
    ".txt": Format.TABLE,
    ".json": Format.JSON,
    ".geojson": Format.GEOJSON,
    ".html": Format.HTML,
    ".htm": Format.HTML,
    ".csv": Format.CSV,
}


@click.command()
@click.argument("files", nargs=-1, required=True, type=_PATH, metavar="FILE...")
@click.option("-u", "--understanding", type=_PATH, help="The parties' agreed rules and arena, JSON or TOML.")
@click.option("--lateral", metavar="LENGTH", help="Lateral minimum, e.g. 5nm.")
@click.option("--vertical", metavar="LENGTH", help="Vertical minimum, e.g. 1000ft.")
@click.option("--time", metavar="DURATION", help="Time minimum, e.g. 5min.")
@click.option(
    "--between", metavar="START/END", help="Only what may be active between two times, ISO 8601 or DTG with a zone."
)
@click.option(
    "--map", "columns", multiple=True, metavar="COLUMN=FIELD", help="Read a column of the files as a field. Repeatable."
)
@click.option(
    "--default",
    "defaults",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Where a file does not state a field. Repeatable.",
)
@click.option(
    "--sheet",
    "sheets",
    multiple=True,
    metavar="NAME",
    help="Of workbooks read only this sheet; the others are announced. Repeatable.",
)
@click.option(
    "-f",
    "--format",
    "format_",
    type=click.Choice([form.value for form in Format]),
    help="How to write the answer; told from OUT's name where not given.",
)
@click.option("-o", "--output", type=_PATH, metavar="OUT", help="Write the answer to this file.")
@click.option(
    "--proposals/--no-proposals", default=True, help="Look for the smallest moves that would clear what meets."
)
def screen(
    files: tuple[Path, ...],
    understanding: Path | None,
    lateral: str | None,
    vertical: str | None,
    time: str | None,
    between: str | None,
    columns: tuple[str, ...],
    defaults: tuple[str, ...],
    sheets: tuple[str, ...],
    format_: str | None,
    output: Path | None,
    *,
    proposals: bool,
) -> None:
    """Tell where plans of different parties meet.

    Reads GeoJSON, KML, KMZ, GPX, CSV, XLSX and notice JSON.

    \b
    Exit code 0: plans were compared, and all is clear.
    1: something meets or may meet, or enters or may enter a hazard area.
    2: something could not be read, nothing was compared, or the command was wrong.
    """
    form = Format(format_) if format_ else _format_of(output)
    if output:
        check_target(output, files)
    agreed = read_understanding(understanding) if understanding else None
    minima = _minima(lateral, vertical, time)
    if agreed is None and minima is None:
        raise NoMinima(
            "no separation minima were given, and there is no safe default",
            hint="give --understanding FILE, or all of --lateral 5nm --vertical 1000ft --time 5min",
        )
    window = _window(between)
    arena = agreed.arena if agreed else WORLD
    with progress_bar("Reading") as seen:
        intake = read_files(
            files,
            columns=_pairs(columns, "--map"),
            defaults=_pairs(defaults, "--default"),
            sheets=sheets,
            arena=arena,
            progress=seen,
        )
    answer = _screened(intake, agreed, minima, window, proposals=proposals)
    _write(answer, intake, form, output, _Asked(agreed, minima, arena.places))
    sys.exit(_exit_code(answer, intake))


def _screened(
    intake: Intake, agreed: Understanding | None, minima: Minima | None, window: TimeWindow | None, *, proposals: bool
) -> ScreeningAnswer:
    from detente.screening import screen as screen_notices  # numpy and PROJ, once the input has been read

    with progress_bar("Screening") as seen:
        return screen_notices(
            intake.notices,
            understanding=agreed,
            minima=minima,
            between=window,
            propose_most=100 if proposals else 0,
            progress=seen,
        )


def _format_of(output: Path | None) -> Format:
    """Told from the file's name; a name that ends like no format is refused, not given a table."""
    if output is None:
        return Format.TABLE
    form = _FORMAT_OF_SUFFIX.get(output.suffix.lower())
    if form is None:
        raise NotUnderstood(
            f"-o {output}: no format is written to a name that ends in {output.suffix or 'nothing'}",
            hint=f"end it in {', '.join(_FORMAT_OF_SUFFIX)}, or say which with --format",
        )
    return form


def _exit_code(answer: ScreeningAnswer, intake: Intake) -> int:
    from detente.interop.answer_words import nothing_compared

    if intake.problems or nothing_compared(answer):
        return NO_ANSWER
    entered = bool(answer.warnings)  # never a conflict, and no reason for a script to read "all clear" either
    return SOMETHING_MEETS if entered or answer.answer is not Answer.CLEAR else ALL_CLEAR


def _minima(lateral: str | None, vertical: str | None, time: str | None) -> Minima | None:
    given = {"--lateral": lateral, "--vertical": vertical, "--time": time}
    missing = [name for name, text in given.items() if text is None]
    if len(missing) == len(given):
        return None
    if lateral is None or vertical is None or time is None:
        raise NoMinima(
            f"{' and '.join(missing)} not given",
            hint="give all three minima; 0m or 0s asks for overlap in that dimension",
        )
    return Minima(read_length_m(lateral), read_length_m(vertical), read_duration_s(time))


def _window(between: str | None) -> TimeWindow | None:
    if between is None:
        return None
    start, slash, end = between.partition("/")
    if not slash:
        raise NotUnderstood(
            f"--between {between!r} is not two times", hint="write START/END, e.g. 171800ZSEP18/172100ZSEP18"
        )
    return TimeWindow.between(read_time(start), read_time(end))


def _pairs(texts: tuple[str, ...], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not (key and equals and value):
            raise NotUnderstood(f"{option} {text!r} is not a pair", hint=f"write {option} NAME=VALUE")
        if pairs.setdefault(key, value) != value:
            raise NotUnderstood(f"{option} {key}={pairs[key]} and {key}={value}", hint="give one of them")
    return pairs


def _write(answer: ScreeningAnswer, intake: Intake, form: Format, output: Path | None, asked: _Asked) -> None:
    from detente.interop import answer_words as words

    if form is Format.TABLE and output is None:
        from detente.cli.table import print_table

        print_table(answer, readings=intake.readings, problems=intake.problems)
        return
    text = _rendered(answer, intake, form, asked)
    if output is None:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        return
    replace_file(output, text)
    said = f"{words.headline(answer, intake.problems)}: {words.summary(answer, intake.problems)}"
    print(f"{said}\nWritten to {output}.", file=sys.stderr)  # noqa: T201


def _rendered(answer: ScreeningAnswer, intake: Intake, form: Format, asked: _Asked) -> str:
    """The answer as text; each format's module is imported only when asked for."""
    from detente import interop
    from detente.interop.answer_words import rules

    readings, problems, now_utc = intake.readings, intake.problems, datetime.now(UTC)
    match form:
        case Format.JSON:
            return interop.answer_json(answer, readings=readings, problems=problems, generated_utc=now_utc)
        case Format.GEOJSON:
            return interop.answer_geojson(answer, readings=readings, problems=problems, generated_utc=now_utc)
        case Format.CSV:
            return interop.answer_csv(answer, readings=readings, problems=problems, generated_utc=now_utc)
        case Format.HTML:
            return interop.answer_html(
                answer,
                readings=readings,
                problems=problems,
                generated_utc=now_utc,
                places=asked.places,
                minima=rules(asked.agreed, asked.minima),
            )
        case Format.TABLE:
            from detente.cli.table import table_text

            return table_text(answer, readings=readings, problems=problems, generated_utc=now_utc)
