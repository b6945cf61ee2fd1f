"""Tallies of violations from files: CSV, XLSX or GeoJSON. Every problem is listed with its row; nothing that is not stated is filled in.

Columns: `id`, `category`, `start` and `end` (or `date`, a whole day in UTC), `reporter`, `by`, `platform`, `position` (or `latitude` and `longitude`),
`within` (how far off the place may be), `count`, `text`, `source`, `entry`. Needed: id, category, a time, reporter, source; reporter and source may be given
for all rows by whoever reads the file.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from detente.domain import DetenteError, Fix, NotUnderstood, Position, TimeWindow, UnreadableFile, at
from detente.domain.violation import Violation, ViolationKind
from detente.domain.window import to_us
from detente.geodesy import read_length_m, read_position_with_notes, read_time
from detente.interop import archive, strict_json
from detente.interop.intake import read_bounded

COLUMNS: Final = (
    "id", "category", "start", "end", "date", "reporter", "by", "platform", "position", "latitude", "longitude", "within", "datum", "count", "text", "source", "entry",
)  # fmt: skip
MOST_REPORTS: Final = 1_000_000
MOST_PROBLEMS: Final = 50  # told one by one
COARSE_M: Final = 100.0  # a place is taken to be known to this at the best, where nothing is said
_WGS84: Final = re.compile(r"WGS[\s-]?84|EPSG:?4326", re.IGNORECASE)


def read_violations(
    path: Path | str, *, reporter: str = "", source: str = "", now_us: int | None = None
) -> tuple[Violation, ...]:
    """The reports of a file, in its order.

    Args:
        reporter, source: of rows that name none. now_us: what begins after it is refused; None looks at no clock.
    Raises:
        UnreadableFile: it is no such file, or holds no reports. NotUnderstood: rows that cannot be; all are listed, the first 50 in full.
    """
    path = Path(path)
    with at(str(path)):
        rows = list(_rows(path, read_bounded(path)))
    if not rows:
        raise UnreadableFile(f"{path} holds no reports", hint=f"columns: {', '.join(COLUMNS)}")
    if len(rows) > MOST_REPORTS:
        raise UnreadableFile(f"{path} holds {len(rows):,} reports; the limit is {MOST_REPORTS:,}", hint="split it")
    found, problems = [], []
    for where, row in rows:
        try:
            with at(where):
                found.append(_report(row, reporter, source, now_us))
        except DetenteError as problem:
            problems.append(problem)
    if problems:
        more = f"\nand {len(problems) - MOST_PROBLEMS:,} more" if len(problems) > MOST_PROBLEMS else ""
        raise NotUnderstood("\n".join(map(str, problems[:MOST_PROBLEMS])) + more, where=str(path))
    return tuple(found)


def _rows(path: Path, raw: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    match path.suffix.lower():
        case ".csv":
            yield from _of_csv(raw)
        case ".xlsx":
            yield from _of_workbook(raw)
        case ".geojson" | ".json":
            yield from _of_geojson(raw)
        case _:
            raise UnreadableFile(f"{path.name} is no CSV, XLSX or GeoJSON", hint="give it the ending of its format")


def _of_csv(raw: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"the file is not UTF-8: byte {error.start}", hint="save it as UTF-8") from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = _headings(next(reader, []))
        for row in reader:
            if any(cell.strip() for cell in row):
                yield f"line {reader.line_num}", _beside(head, row)
    except csv.Error as error:
        raise UnreadableFile(f"line {reader.line_num}: {error}", hint="check the quotation marks") from error


def _of_workbook(raw: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    from openpyxl import load_workbook

    archive.check_workbook(raw)
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except (KeyError, ValueError, OSError) as error:
        raise UnreadableFile("the workbook is damaged", hint="open it and save it again") from error
    for sheet in book.worksheets:
        rows = sheet.iter_rows(values_only=True)
        head = next(rows, None)
        if head is None or all(cell is None for cell in head):
            continue
        names = _headings(["" if cell is None else str(cell) for cell in head])
        for number, row in enumerate(rows, 2):
            if any(cell is not None for cell in row):
                yield f"{sheet.title} row {number}", _beside(names, row)


def _of_geojson(raw: bytes) -> Iterator[tuple[str, Mapping[str, Any]]]:
    told = strict_json.loads(raw)
    features = told.get("features") if isinstance(told, dict) else None
    if not isinstance(features, list):
        raise UnreadableFile("it is no collection of features", hint="GeoJSON: a FeatureCollection of points")
    for number, feature in enumerate(features, 1):
        if not isinstance(feature, dict) or not isinstance(feature.get("properties"), dict):
            raise UnreadableFile(f"feature {number} has no properties", hint="each report is a feature")
        properties = {str(name): value for name, value in feature["properties"].items()}
        _headings(list(properties))
        yield f"feature {number}", properties | _point(feature.get("geometry"), number)


def _point(geometry: Any, number: int) -> dict[str, Any]:
    if geometry is None:
        return {}
    place = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if not isinstance(place, list) or len(place) < 2 or not all(isinstance(each, (int, float)) for each in place):
        raise UnreadableFile(f"feature {number} is no point", hint="a report has one place, or none (null)")
    return {"latitude": place[1], "longitude": place[0]}


def _headings(row: list[str]) -> list[str]:
    names = [cell.strip().lower().replace(" ", "_") for cell in row]
    unknown = [name for name in names if name and name not in COLUMNS]
    if unknown:
        raise UnreadableFile(f"column {unknown[0]!r:.60} is not known", hint=f"columns: {', '.join(COLUMNS)}")
    twice = [name for name in names if name and names.count(name) > 1]
    if twice:
        raise UnreadableFile(f"column {twice[0]!r} stands twice", hint="leave one out")
    return names


def _beside(head: list[str], row: Any) -> Mapping[str, Any]:
    cells = list(row)
    if any(str(cell).strip() for cell in cells[len(head) :] if cell is not None):
        return {"text": None, "_extra": True}
    return {
        name: cell for name, cell in zip(head, cells, strict=False) if name and cell is not None and str(cell).strip()
    }


def _report(row: Mapping[str, Any], reporter: str, source: str, now_us: int | None) -> Violation:
    if row.get("_extra"):
        raise NotUnderstood("more cells than headings", hint="quote cells that hold a comma")
    datum = row.get("datum")
    if datum is not None and not _WGS84.fullmatch(str(datum).strip()):
        raise NotUnderstood(f"{str(datum)!r:.40} is not WGS 84", hint="convert it first", where="datum")
    window = _window(row)
    if now_us is not None and window.start_us > now_us:
        raise NotUnderstood("is yet to come", hint="check the year; a plan is a notice", where="start")
    return Violation(
        _text(row, "id"), _text(row, "reporter") or reporter, _kind(row), window, _text(row, "source") or source, by=_text(row, "by"),
        platform=_text(row, "platform").lower().replace(" ", "_").replace("-", "_"), fix=_fix(row), count=_whole(row, "count") or 1,
        text=_text(row, "text"), entry=_whole(row, "entry"),
    )  # fmt: skip


def _text(row: Mapping[str, Any], name: str) -> str:
    return str(row.get(name, "")).strip()


def _kind(row: Mapping[str, Any]) -> ViolationKind:
    said = _text(row, "category").lower().replace(" ", "_").replace("-", "_")
    try:
        return ViolationKind(said)
    except ValueError as error:
        raise NotUnderstood(
            f"category {said!r:.60} is not known", hint=f"one of {', '.join(ViolationKind)}", where="category"
        ) from error


def _window(row: Mapping[str, Any]) -> TimeWindow:
    if "start" in row:
        start_us = _moment_us(row, "start")
        with at("end"):
            return TimeWindow(start_us, _moment_us(row, "end") if "end" in row else start_us)
    if "date" not in row:
        raise NotUnderstood("no time is stated", hint="give start, or date for a whole day", where="start")
    said = row["date"]
    with at("date"):
        try:
            day = (
                said.date()
                if isinstance(said, datetime)
                else said
                if isinstance(said, date)
                else date.fromisoformat(str(said).strip())
            )
        except ValueError as error:
            raise NotUnderstood(f"{str(said)!r:.40} is not a day", hint="write 2018-09-17") from error
        first = datetime(day.year, day.month, day.day, tzinfo=UTC)
        return TimeWindow(to_us(first), to_us(first + timedelta(days=1)) - 1)


def _moment_us(row: Mapping[str, Any], name: str) -> int:
    with at(name):
        said = row[name]
        if isinstance(said, datetime):
            raise NotUnderstood("a cell with a time and no zone", hint="write it as text: 2018-09-17T18:39Z")
        return to_us(read_time(str(said)))


def _fix(row: Mapping[str, Any]) -> Fix | None:
    position, off_m = _position(row)
    if position is None:
        return None
    with at("within"):
        stated_m = read_length_m(str(row["within"])) if "within" in row else COARSE_M
    basis = "" if "within" in row else f"how closely is not stated: {max(stated_m, off_m):g} m by its digits"
    return Fix(position, max(stated_m, off_m), basis)


def _position(row: Mapping[str, Any]) -> tuple[Position | None, float]:
    if "position" in row:
        with at("position"):
            read = read_position_with_notes(str(row["position"]))
            return read.position, read.off_by_m
    given = [name for name in ("latitude", "longitude") if name in row]
    if not given:
        return None, 0.0
    if len(given) == 1:
        raise NotUnderstood(f"{given[0]} alone is no place", hint="give both", where=given[0])
    if all(isinstance(row[name], (int, float)) for name in given):
        with at("latitude, longitude"):
            return Position(float(row["latitude"]), float(row["longitude"])), 0.0
    with at("latitude, longitude"):
        read = read_position_with_notes(f"{row['latitude']}; {row['longitude']}")
        return read.position, read.off_by_m


def _whole(row: Mapping[str, Any], name: str) -> int | None:
    if name not in row:
        return None
    said = str(row[name]).strip().removesuffix(".0")
    if not re.fullmatch(r"\d{1,12}", said):
        raise NotUnderstood(f"{said!r:.40} is no whole number", hint="digits alone", where=name)
    return int(said)
