"""`detente violations`: what each side counts, beside what the other counts. No finding."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from detente.domain import NotUnderstood

_MONTHS = 4


def _options(command: Any) -> Any:
    for option in (
        click.option(
            "--time",
            "time_",
            default="30min",
            show_default=True,
            help="How far apart in time two reports of one event may lie.",
        ),
        click.option(
            "--distance", default="5km", show_default=True, help="How far apart in place, beside what each leaves open."
        ),
        click.option("--source", default="", help="Where the reports are stated, of rows that do not say."),
        click.argument("b", type=click.Path(path_type=Path), metavar="FILE_B"),
        click.argument("a", type=click.Path(path_type=Path), metavar="FILE_A"),
    ):
        command = option(command)
    return command


@click.group()
def violations() -> None:
    """Put two sides' tallies beside each other: what may be of one event, what stands on one side alone, and why."""


@violations.command()
@_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def match(a: Path, b: Path, time_: str, distance: str, source: str, *, as_json: bool) -> None:
    """Match the reports of two files (CSV, XLSX, GeoJSON): both, only A, only B, with the reason."""
    from detente.accounts.matching import match as matched_with
    from detente.interop.violations_pages import NO_FINDING, sides_of, why

    one, other = _read(a, source), _read(b, source)
    found = matched_with(one, other, _tolerance(time_, distance))
    names = sides_of(one), sides_of(other)
    if as_json:
        sys.stdout.write(json.dumps(_plain(found, names), ensure_ascii=False) + "\n")
        return
    lines = [
        f"both: {len(found.both):,}; only {names[0]}: {len(found.only_a):,}; only {names[1]}: {len(found.only_b):,}"
    ]
    for pair in found.both:
        place = "a place not stated" if pair.gap_m is None else f"{pair.gap_m / 1000:.1f} km"
        lines.append(
            f"  both: {pair.a.id} of {pair.a.reporter} and {pair.b.id} of {pair.b.reporter}: {pair.a.kind.value}, {pair.gap_s / 60:.0f} min and {place} apart"
        )
    for alone, theirs in ((found.only_a, names[1]), (found.only_b, names[0])):
        lines += [
            f"  only {each.report.reporter}: {each.report.id}, {each.report.kind.value}: {why(each, theirs)}"
            for each in alone
        ]
    _print([*lines, NO_FINDING])


@violations.command()
@_options
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path), help="A name that ends in .html or .pdf."
)
@click.option("--from", "from_day", help="The first day: 2018-09-01. Default: four months before the last.")
@click.option("--to", "to_day", help="The last day. Default: that of the last report.")
def report(
    a: Path, b: Path, time_: str, distance: str, source: str, output: Path, from_day: str | None, to_day: str | None
) -> None:
    """Write the periodic report, of four months unless told otherwise: both tallies side by side, with maps, charts and tables."""
    from detente.accounts.matching import match as matched_with
    from detente.cli.output import check_target
    from detente.interop.violations_pages import Sides, in_period, report_pages, sides_of
    from detente.interop.write_dossier import dossier_html, dossier_pdf

    if output.suffix not in (".html", ".pdf"):
        raise NotUnderstood(
            f"{output.name!r} is neither .html nor .pdf", hint="give -o a name that ends in one of them"
        )
    check_target(output, [a, b])
    one, other = _read(a, source), _read(b, source)
    names = sides_of(one), sides_of(other)
    period = _period([*one, *other], from_day, to_day)
    one, other = in_period(one, period), in_period(other, period)
    tolerance = _tolerance(time_, distance)
    found = matched_with(one, other, tolerance)
    pages = report_pages(Sides(names, period, one, other, found, tolerance))
    raw = dossier_pdf(pages) if output.suffix == ".pdf" else dossier_html(pages).encode()
    try:
        output.write_bytes(raw)
    except OSError as error:
        raise NotUnderstood(f"{output} cannot be written: {error.strerror}", hint="choose another place") from error
    click.echo(
        f"{output}: {len(one):,} reports of {names[0]}, {len(other):,} of {names[1]}; {len(found.both):,} may be of the same events; no finding"
    )


@violations.command()
@click.argument("lines", type=click.Path(path_type=Path), metavar="LINES")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="TRACKS...")
@click.option("--line", "name", required=True, help="Which line of LINES.")
@click.option("--measured-by", "by", required=True, help="Whose measurement of it.")
@click.option("--reporter", required=True, help="Whose tally it is to be.")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="A CSV file.")
def derive(lines: Path, files: tuple[Path, ...], name: str, by: str, reporter: str, output: Path) -> None:
    """Derive a tally from tracks or plans against a line: the stretches that cross it, or may. Arithmetic, told as that in every row."""
    from detente.cli.output import check_target, replace_file
    from detente.interop.derived import as_csv, stretches
    from detente.interop.intake import read_files
    from detente.interop.lines_file import read_lines

    check_target(output, [lines, *files])
    known = {each.name: each for each in read_lines(lines)}
    if name not in known:
        raise NotUnderstood(f"{name!r:.60} is no line of {lines}", hint=f"there are {', '.join(known)}")
    intake = read_files(files)
    if intake.problems:
        raise NotUnderstood("\n".join(map(str, intake.problems)))
    found = list(stretches(intake.notices, known[name], by))
    source = ", ".join(path.name for path in files)
    replace_file(output, as_csv(found, known[name], by, reporter, source))
    sure = sum(each.is_sure for each in found)
    click.echo(
        f"{output}: {sure:,} stretches cross {name} as measured by {by}, {len(found) - sure:,} may; computed from what is stated, no finding"
    )


def _read(path: Path, source: str) -> Any:
    from detente.cli.desk import now_us
    from detente.interop.violations_file import read_violations

    return read_violations(path, source=source or path.name, now_us=now_us())


def _tolerance(time_: str, distance: str) -> Any:
    from detente.accounts.matching import Tolerance
    from detente.domain import at
    from detente.geodesy import read_duration_s, read_length_m

    with at("--time"):
        time_s = read_duration_s(time_)
    with at("--distance"):
        distance_m = read_length_m(distance)
    return Tolerance(time_s, distance_m)


def _period(reports: Any, from_day: str | None, to_day: str | None) -> Any:
    from datetime import UTC, date, datetime, timedelta

    from detente.domain import TimeWindow
    from detente.domain.window import from_us, to_us

    def day(text: str, option: str) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError as error:
            raise NotUnderstood(f"{option} {text!r:.40} is not a day", hint="write 2018-09-01") from error

    last = day(to_day, "--to") if to_day else from_us(max(each.window.start_us for each in reports)).date()
    month = last.year * 12 + last.month - 1 - (_MONTHS - 1)
    first = day(from_day, "--from") if from_day else date(month // 12, month % 12 + 1, 1)
    if last < first:
        raise NotUnderstood("--to is before --from", hint="swap them")
    start, end = (datetime(each.year, each.month, each.day, tzinfo=UTC) for each in (first, last))
    return TimeWindow(to_us(start), to_us(end + timedelta(days=1)) - 1)


def _plain(found: Any, names: tuple[str, str]) -> dict[str, Any]:
    from detente.interop.violations_pages import NO_FINDING, why

    return {
        "format": "detente violations matched v1",
        "notice": NO_FINDING,
        "sides": list(names),
        "both": [
            {"a": p.a.id, "b": p.b.id, "kind": p.a.kind.value, "gap_s": p.gap_s, "gap_m": p.gap_m} for p in found.both
        ],
        "only_a": [{"id": e.report.id, "kind": e.report.kind.value, "why": why(e, names[1])} for e in found.only_a],
        "only_b": [{"id": e.report.id, "kind": e.report.kind.value, "why": why(e, names[0])} for e in found.only_b],
    }


def _print(lines: Any) -> None:
    from detente.interop.answer_words import visible

    for line in lines:
        sys.stdout.write(visible(line) + "\n")
    sys.stdout.flush()
