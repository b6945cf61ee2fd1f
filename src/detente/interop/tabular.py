"""Tables: CSV and XLSX, one row a feature, headings from the vocabulary or mapped to it.

Where: `latitude` and `longitude`, or `position` (any coordinate people write), or `positions` with `;` or `|` between them and a `shape` of polygon,
corridor, orbit or route, or `wkt`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from detente.domain import DetenteError, InvalidVolume, NotUnderstood, Position, TooLarge, UnreadableFile, at
from detente.geodesy import read_number, read_position_with_notes
from detente.interop.fields import Feature, Geometry, Line, Place, area_of, part_polygon
from detente.interop.geojson import named_fields

Note: TypeAlias = Callable[[str], None]

LARGEST_CELL: Final = 10_000_000
MOST_ROWS: Final = 1_000_000
_GEOMETRY_FIELDS: Final = ("latitude", "longitude", "position", "positions", "shape", "wkt")


def csv_features(raw: bytes, columns: Mapping[str, str], note: Note) -> list[Feature]:
    """The rows of a CSV text; the delimiter is told from the heading line."""
    text = _decoded(raw)
    first = text.split("\n", 1)[0]
    if len(first) > 100_000:
        raise UnreadableFile(
            "the first line is longer than 100,000 characters: not a table", hint="a CSV begins with a line of headings"
        )
    delimiter = max(";\t,", key=first.count)
    csv.field_size_limit(LARGEST_CELL)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        return _rows(((rows.line_num, row) for row in rows), columns, note)
    except csv.Error as error:
        raise UnreadableFile(f"line {rows.line_num}: {error}", hint="check the quotes") from error


def xlsx_features(raw: bytes, columns: Mapping[str, str], note: Note) -> list[Feature]:
    """The rows of a workbook's first sheet."""
    import zipfile
    from xml.etree.ElementTree import ParseError

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        if len(book.worksheets) > 1:
            note(f"only the first sheet, {sheet.title!r}, is read")
        return _rows(enumerate(sheet.iter_rows(values_only=True), 1), columns, note)
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        ParseError,
        OSError,
    ) as error:
        raise UnreadableFile(
            f"the workbook cannot be read: {error}", hint="open it, and save it as .xlsx or .csv"
        ) from error


def _decoded(raw: bytes) -> str:
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnreadableFile(
            f"the file is not UTF-8: byte {error.start}",
            hint="save it as UTF-8; spreadsheets call it CSV UTF-8 (older files are often Windows-1251, -1255 or -1256)",
        ) from error
    if "\x00" in text:
        raise UnreadableFile("the file holds NUL characters: not a text", hint="check that it is a CSV")
    return text


def _rows(rows: Iterable[tuple[int, Sequence[Any]]], columns: Mapping[str, str], note: Note) -> list[Feature]:
    found: list[Feature] = []
    headings: list[str] | None = None
    unread: dict[str, None] = {}
    for number, row in rows:
        if not any(_said(cell) for cell in row):
            continue
        if headings is None:
            headings = _headings(row)
            continue
        if len(found) >= MOST_ROWS:
            raise TooLarge(f"the table has more than {MOST_ROWS} rows", hint="split it")
        found.append(_feature(number, headings, row, columns, unread, note if not found else lambda _: None))
    if headings is None:
        raise UnreadableFile("the table has no headings", hint="begin with a line of column names")
    if unread:
        note(f"columns not read: {', '.join(list(unread)[:12])}")
    return found


def _headings(row: Sequence[Any]) -> list[str]:
    headings = [str(cell or "").strip() for cell in row]
    plain = [h.casefold() for h in headings if h]
    twice = next((h for h in plain if plain.count(h) > 1), None)
    if twice:
        raise UnreadableFile(
            f"the heading {twice!r} stands twice", hint="keep one: which of the two holds is not ours to guess"
        )
    return headings


def _said(cell: Any) -> bool:
    return cell is not None and str(cell).strip() != ""


def _feature(
    number: int,
    headings: Sequence[str],
    row: Sequence[Any],
    columns: Mapping[str, str],
    unread: dict[str, None],
    note: Note,
) -> Feature:
    label = f"row {number}"
    problems: list[DetenteError] = []
    if len(row) > len(headings) and any(_said(cell) for cell in row[len(headings) :]):
        hint = "put cells that hold the delimiter into quotes"
        problems.append(InvalidVolume(f"{len(row)} cells under {len(headings)} headings", hint=hint))
    given = {
        heading: _plain(heading, cell) for heading, cell in zip(headings, row, strict=False) if heading and _said(cell)
    }
    fields = named_fields({_without_utc(h): v for h, v in given.items()}, columns, unread, note)
    if fields.get("reference"):
        label = f"{label} ({str(fields['reference'])[:60]})"
    notes: list[str] = []
    try:
        geometry = tuple(_geometry(fields, notes))
    except DetenteError as error:
        problems.append(error)
        geometry = ()
    kept = {name: value for name, value in fields.items() if name not in _GEOMETRY_FIELDS}
    return Feature(label, kept, geometry, tuple(problems), tuple(notes))


def _without_utc(heading: str) -> str:
    """`time_start_utc` is time_start; `_plain` has given its cells their zone."""
    return re.sub(r"[\s_]*\(?utc\)?$", "", heading, flags=re.IGNORECASE)


def _plain(heading: str, cell: Any) -> Any:
    """A cell as text, a number or an aware time; a time under a heading that says UTC is in UTC."""
    says_utc = _without_utc(heading) != heading
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC) if says_utc and cell.tzinfo is None else cell
    if isinstance(cell, str):
        text = cell.strip()
        return f"{text}Z" if says_utc and re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?", text) else text
    return cell


def _geometry(fields: Mapping[str, Any], notes: list[str]) -> list[Geometry]:
    if fields.get("wkt"):
        with at("wkt"):
            return _wkt(str(fields["wkt"]))
    if fields.get("positions"):
        with at("positions"):
            positions = [_read(text, notes) for text in re.split(r"[;|]", str(fields["positions"])) if text.strip()]
            return [_shaped(str(fields.get("shape") or "").strip().lower(), positions)]
    if fields.get("position"):
        with at("position"):
            return [Place(_read(str(fields["position"]), notes))]
    has = [name for name in ("latitude", "longitude") if _said(fields.get(name))]
    if len(has) == 1:
        raise InvalidVolume(f"{has[0]} alone is no place", hint="give both latitude and longitude")
    if has:
        with at("latitude, longitude"):
            return [Place(_from_pair(fields["latitude"], fields["longitude"], notes))]
    return []


def _from_pair(latitude: Any, longitude: Any, notes: list[str]) -> Position:
    if isinstance(latitude, (int, float)) and isinstance(longitude, (int, float)):
        return Position(float(latitude), float(longitude))
    texts = (str(latitude).strip(), str(longitude).strip())
    try:
        return Position(read_number(texts[0].replace("−", "-")), read_number(texts[1].replace("−", "-")))
    except NotUnderstood:
        return _read("; ".join(texts), notes)


def _read(text: str, notes: list[str]) -> Position:
    reading = read_position_with_notes(text)
    notes.extend(note for note in reading.notes if note not in notes)
    return reading.position


def _shaped(shape: str, positions: list[Position]) -> Geometry:
    if shape in ("polygon", "area"):
        closed = positions if positions[0] == positions[-1] else [*positions, positions[0]]
        return area_of([part_polygon([closed], [])])
    if shape in ("corridor", "orbit", "route", "line"):
        return Line(tuple(positions))
    if shape in ("circle", "point") and len(positions) == 1:
        return Place(positions[0])
    raise InvalidVolume(
        f"shape {shape!r} does not fit {len(positions)} positions",
        hint="use polygon, corridor, orbit, route, or circle with one position",
    )


def _wkt(text: str) -> list[Geometry]:
    import shapely

    if len(text) > LARGEST_CELL:
        raise TooLarge(f"the WKT has {len(text)} characters; the limit is {LARGEST_CELL}")
    try:
        shape = shapely.from_wkt(text.partition(";")[2] if text.upper().startswith("SRID=4326;") else text)
    except shapely.errors.ShapelyError as error:
        raise InvalidVolume(f"not WKT: {error}", hint="longitude first: POLYGON ((35.1 33.2, …))") from error
    return [_of_shape(part) for part in shapely.get_parts(shape)]


def _of_shape(shape: Any) -> Geometry:
    def positions(coordinates: Any) -> list[Position]:
        return [Position(float(y), float(x)) for x, y, *_ in coordinates]

    if shape.geom_type == "Point" and not shape.is_empty:
        return Place(positions(shape.coords)[0])
    if shape.geom_type == "LineString" and not shape.is_empty:
        return Line(tuple(positions(shape.coords)))
    if shape.geom_type == "Polygon" and not shape.is_empty:
        return area_of(
            [part_polygon([positions(shape.exterior.coords), *(positions(r.coords) for r in shape.interiors)], [])]
        )
    raise InvalidVolume(f"WKT {shape.geom_type} is empty or not known", hint="use POINT, LINESTRING or POLYGON")
