"""Tables, one row a feature, headings from the vocabulary or mapped to it: CSV here, the sheets of a workbook in `workbook`.

Where: `latitude` and `longitude`, or `position` (any coordinate people write), or `positions` with `;` or `|` between them and a `shape` of polygon,
corridor, orbit or route, or `wkt`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from itertools import chain, islice
from typing import Any, Final

from detente.domain import DetenteError, InvalidVolume, NotUnderstood, Position, TooLarge, UnreadableFile, at
from detente.geodesy import read_number, read_position_with_notes
from detente.geodesy.coordinates import decimal_degrees_off_by_m
from detente.interop.fields import Area, Feature, Geometry, Line, Place
from detente.interop.geojson import MOST_VERTICES_OF_A_FEATURE, labelled
from detente.interop.rings import footprint_of, polygon_of
from detente.interop.vocabulary import GEOMETRY_FIELDS, NAMES_LISTED, Vocabulary, looks_like, printable, without_utc

LARGEST_CELL: Final = 10_000_000  # characters: the WKT of the most positions a feature may have, and room
LONGEST_HEADINGS: Final = 100_000
MOST_COLUMNS: Final = 1_000
ROWS_TO_THE_HEADINGS: Final = 20  # a title, who sent it, a blank: more is no table
LONGEST_SHOWN: Final = 120  # characters of a row that is not read
MOST_ROWS: Final = 1_000_000
NOT_CALCULATED: Final = "a formula without its value"
TWO_COLUMNS: Final = "cells merged over several columns"
_MEND: Final = "mend the formula, or write the value"
# How a place is written says how well it is known. Tenths of a minute leave 132 m open, and are how routes are written; anything coarser is carried as
# uncertainty. A grid square is an area, whatever its size: only one of a metre is a point.
COARSE_M: Final = 150.0
METRE_SQUARE_M: Final = 1.0
MIDNIGHT: Final = time(0)
_CANNOT: Final = {
    **dict.fromkeys(("#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"), _MEND),
    NOT_CALCULATED: "open the workbook and save it, so that its formulas are worked out; or write the value",
    TWO_COLUMNS: "unmerge them: which of the fields they speak of is not ours to guess",
}


_TOLD_DELIMITER: Final = re.compile(
    r"sep=([;,\t|])\r?\n", re.IGNORECASE
)  # as spreadsheets write it, above the headings


def csv_features(raw: bytes, words: Vocabulary) -> Sequence[Feature]:
    """The rows of a CSV text; the delimiter is told from the headings."""
    text = _decoded(raw)
    told = _TOLD_DELIMITER.match(text)
    start = told.end() if told else 0
    first = re.split(r"[\r\n]", text[start : start + LONGEST_HEADINGS + 1].lstrip(), maxsplit=1)[0]
    if len(first) > LONGEST_HEADINGS:
        raise UnreadableFile(
            f"the first line is longer than {LONGEST_HEADINGS} characters: not a table",
            hint="a CSV begins with a line of headings",
        )
    csv.field_size_limit(LARGEST_CELL)
    delimiter = told[1] if told else _delimiter(text[start:], words.with_geometry())
    before = 1 if told else 0
    rows = csv.reader(io.StringIO(text[start:], newline=""), delimiter=delimiter)
    try:
        return table_features(((rows.line_num + before, row) for row in rows), words)
    except csv.Error as error:
        raise UnreadableFile(f"line {rows.line_num + before}: {error}", hint="check the quotes") from error


def _delimiter(text: str, words: Vocabulary) -> str:
    """The one by which one of the first rows says where; else the commonest of the first line."""
    first = re.split(r"[\r\n]", text.lstrip(), maxsplit=1)[0]
    likeliest = sorted(";\t,", key=first.count, reverse=True)
    begin = text[: 2 * LONGEST_HEADINGS]
    for delimiter in likeliest:
        rows = csv.reader(io.StringIO(begin, newline=""), delimiter=delimiter)
        with suppress(csv.Error):
            if any(
                words.say_where([cell.strip() for cell in row])
                for row in islice(rows, 2 * ROWS_TO_THE_HEADINGS)
                if len(row) <= MOST_COLUMNS
            ):
                return delimiter
    return likeliest[0]


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


def table_features(rows: Iterable[tuple[int, Sequence[Any]]], words: Vocabulary, place: str = "") -> list[Feature]:
    """The rows below the headings; none where all are empty.

    The headings stand in the first row that says where, among the first `ROWS_TO_THE_HEADINGS` with anything in them; what stands above is announced.

    Args:
        rows: each with its number.
        place: where the table stands, for the labels of its rows: `sheet 'Plans', `.
    Raises:
        UnreadableFile: no heading says where, or one stands twice. TooLarge: past a stated bound.
    """
    words.with_geometry()
    said = _said_rows(rows)
    first = list(islice(said, ROWS_TO_THE_HEADINGS))
    if not first:
        return []
    at_row = _row_of_headings([row for _, row in first], words)
    if at_row is None:
        raise _nowhere(_headings(first[0][1]), first[1][1] if len(first) > 1 else ())
    headings = _headings(_with_row_above([row for _, row in first], at_row, words))
    _announce_skipped(first[:at_row], first[at_row][0], place, words)
    words.check_asked(headings)
    found: list[Feature] = []
    for number, row in chain(first[at_row + 1 :], said):
        if len(found) >= MOST_ROWS:
            raise TooLarge(f"the table has more than {MOST_ROWS} rows", hint="split it")
        found.append(_feature(f"{place}row {number}", headings, row, words))
    return found


def _row_of_headings(rows: Sequence[Sequence[Any]], words: Vocabulary) -> int | None:
    """The first row that says where; the one below it, where that does too: headings in two rows."""
    names = [[cell.strip() for cell in row if isinstance(cell, str)] for row in rows]
    first = next((index for index, row in enumerate(names) if words.say_where(row)), None)
    if first is None:
        return None
    below = names[first + 1] if first + 1 < len(names) else []
    return first + 1 if words.say_where(below) and words.count(below) > 1 else first


def _with_row_above(rows: Sequence[Sequence[Any]], at_row: int, words: Vocabulary) -> Sequence[Any]:
    """The headings, those left empty filled from the row above where that names a field: headings in two rows."""
    headings = list(rows[at_row])
    above = rows[at_row - 1] if at_row else ()
    for column, cell in enumerate(above):
        if isinstance(cell, str) and words.count([cell.strip()]) and not any(map(_said, headings[column : column + 1])):
            headings.extend([None] * (column + 1 - len(headings)))
            headings[column] = cell
    return headings


def _announce_skipped(rows: Sequence[tuple[int, Sequence[Any]]], number: int, place: str, words: Vocabulary) -> None:
    for skipped, row in rows:
        shown = printable(" ".join(str(cell).strip() for cell in row if _said(cell)))[:LONGEST_SHOWN]
        words.note(f"{place}row {skipped} is not read, as the headings stand in row {number}: {shown!r}")


def _said_rows(rows: Iterable[tuple[int, Sequence[Any]]]) -> Iterator[tuple[int, Sequence[Any]]]:
    for number, row in rows:
        if len(row) > MOST_COLUMNS:
            raise TooLarge(f"row {number} has {len(row)} cells; the limit is {MOST_COLUMNS}", hint="check the table")
        if any(_said(cell) for cell in row):
            yield number, row


def _nowhere(headings: Sequence[str], row: Sequence[Any]) -> UnreadableFile:
    """A table whose places cannot be found; the cells below the headings may tell which column was meant."""
    shown = ", ".join(printable(heading)[:40] for heading in headings[:NAMES_LISTED] if heading)
    likely = next(
        (h for h, cell in zip(headings, row, strict=False) if h and looks_like([cell])[0] == "a position"), ""
    )
    hint = "the headings stand within the first 20 rows, latitude and longitude, position, positions or wkt among them"
    if likely:
        hint = f'add --map "{printable(likely)}=position"'
    return UnreadableFile(f"no heading says where: {shown}", hint=hint)


def _headings(row: Sequence[Any]) -> list[str]:
    headings = [str(cell or "").strip() for cell in row]
    plain = [without_utc(h)[0].casefold() for h in headings if h]
    twice = next((h for h in plain if plain.count(h) > 1), None)
    if twice:
        raise UnreadableFile(
            f"the heading {twice!r} stands twice", hint="keep one: which of the two holds is not ours to guess"
        )
    return headings


def _said(cell: Any) -> bool:
    return cell is not None and (not isinstance(cell, str) or cell.strip() != "")


def _feature(place: str, headings: Sequence[str], row: Sequence[Any], words: Vocabulary) -> Feature:
    problems: list[DetenteError] = []
    if len(row) > len(headings) and any(_said(cell) for cell in row[len(headings) :]):
        hint = "put cells that hold the delimiter into quotes"
        problems.append(InvalidVolume(f"{len(row)} cells under {len(headings)} headings", hint=hint))
    if any(_swallows_rows(cell, len(headings)) for cell in row):
        hint = "check the quotes: one that is opened and not closed takes the rows after it into its cell"
        problems.append(InvalidVolume("a cell holds whole rows of the table", hint=hint))
    written = _Written()
    given = {}
    for heading, cell in zip(headings, row, strict=False):
        if _said(cell):
            given[heading] = _plain(cell, says_utc=without_utc(heading)[1])
            if isinstance(cell, datetime) and cell.time() == MIDNIGHT:
                written.note(
                    [f"a date in {heading[:60]!r} is read as its midnight, 00:00, where the cell gives no time of day"]
                )
            if cell in _CANNOT:
                problems.append(InvalidVolume(f"the cell holds {cell}", hint=_CANNOT[cell], where=heading[:60]))
    if "" in given:
        words.leave("a column without a heading")
        del given[""]
    fields = words.fields(given)
    kept = {name: value for name, value in fields.items() if name not in GEOMETRY_FIELDS}
    geometry: tuple[Geometry, ...] | None
    try:
        geometry = tuple(_geometry(fields, written))
    except DetenteError as error:
        problems.append(error)
        geometry = None
    label = labelled(place, fields.get("reference"))
    return Feature(label, kept, geometry, tuple(problems), tuple(written.notes), off_by_m=written.off_by_m)


def _swallows_rows(cell: Any, columns: int) -> bool:
    """Whether a later line of the cell has as many cells as the table; WKT may well."""
    if not isinstance(cell, str) or columns < 3 or "\n" not in cell or "(" in cell:
        return False
    return any(line.count(sign) >= columns - 1 for line in cell.split("\n")[1:] for sign in ";\t,")


def _plain(cell: Any, *, says_utc: bool) -> Any:
    """A cell as text, a number or an aware time."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=UTC) if says_utc and cell.tzinfo is None else cell
    if isinstance(cell, str):
        text = cell.strip()
        return f"{text}Z" if says_utc and _WITHOUT_ZONE.fullmatch(text) else text
    return cell


_WITHOUT_ZONE: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?")


@dataclass
class _Written:
    """What the way the places of a row are written says: notes, and how far off the worst of them may be."""

    notes: list[str] = field(default_factory=list)
    off_by_m: float = 0.0

    def note(self, notes: Iterable[str]) -> None:
        self.notes.extend(note for note in notes if note not in self.notes)

    def leaves_open(self, metres: float, *, at_least_m: float = COARSE_M) -> None:
        if metres > at_least_m:
            self.off_by_m = max(self.off_by_m, metres)


def _geometry(fields: Mapping[str, Any], written: _Written) -> list[Geometry]:
    for name in GEOMETRY_FIELDS:
        if isinstance(fields.get(name), DetenteError):
            with at(name):
                raise fields[name]
    ways = [name for name in ("wkt", "positions", "position", "latitude") if fields.get(name) is not None]
    written.note(f"{name} is not read: {ways[0]} says where" for name in ways[1:])
    if fields.get("wkt"):
        with at("wkt"):
            return _wkt(str(fields["wkt"]), written.notes)
    if fields.get("positions"):
        with at("positions"):
            texts = [text for text in re.split(r"[;|]", str(fields["positions"])) if text.strip()]
            _check_count(len(texts))
            positions = [_read(text, written) for text in texts]
            return [_shaped(str(fields.get("shape") or "").strip().lower(), positions, written.notes)]
    if fields.get("position"):
        with at("position"):
            return [Place(_read(str(fields["position"]), written))]
    has = [name for name in ("latitude", "longitude") if _said(fields.get(name))]
    if len(has) == 1:
        raise InvalidVolume(f"{has[0]} alone is no place", hint="give both latitude and longitude")
    if has:
        with at("latitude, longitude"):
            return [Place(_from_pair(fields["latitude"], fields["longitude"], written))]
    return []


def _check_count(vertices: int) -> None:
    if vertices > MOST_VERTICES_OF_A_FEATURE:
        raise TooLarge(
            f"the feature has {vertices} positions; the limit is {MOST_VERTICES_OF_A_FEATURE}",
            hint="simplify it outward, or split it",
        )


def _from_pair(latitude: Any, longitude: Any, written: _Written) -> Position:
    if isinstance(latitude, (int, float)) and isinstance(longitude, (int, float)):
        return Position(float(latitude), float(longitude))
    texts = (str(latitude).strip(), str(longitude).strip())
    try:
        position = Position(read_number(texts[0].replace("−", "-")), read_number(texts[1].replace("−", "-")))
    except NotUnderstood:
        return _read("; ".join(texts), written)
    written.leaves_open(decimal_degrees_off_by_m(position, *texts))
    return position


def _read(text: str, written: _Written) -> Position:
    reading = read_position_with_notes(text)
    written.note(reading.notes)
    written.leaves_open(reading.off_by_m, at_least_m=METRE_SQUARE_M if reading.form == "MGRS" else COARSE_M)
    return reading.position


def _shaped(shape: str, positions: list[Position], notes: list[str]) -> Geometry:
    if shape in ("polygon", "area") and positions:
        closed = positions if positions[0] == positions[-1] else [*positions, positions[0]]
        return Area(footprint_of([polygon_of([closed], notes)]))
    if shape in ("corridor", "orbit", "route", "line"):
        return Line(tuple(positions))
    if shape in ("circle", "point") and len(positions) == 1:
        return Place(positions[0])
    raise InvalidVolume(
        f"shape {shape!r} does not fit {len(positions)} positions",
        hint="use polygon, corridor, orbit, route, or circle with one position",
    )


def _wkt(text: str, notes: list[str]) -> list[Geometry]:
    import numpy as np
    import shapely

    _check_count(text.count(",") + 1)
    try:
        with np.errstate(over="ignore"):  # infinite coordinates are refused as positions
            shape = shapely.from_wkt(text.partition(";")[2] if text.upper().startswith("SRID=4326;") else text)
    except (shapely.errors.ShapelyError, NotImplementedError) as error:  # the latter: curves
        raise InvalidVolume(f"not WKT: {str(error)[:200]}", hint="longitude first: POLYGON ((35.1 33.2, …))") from error
    if shape.has_z:
        notes.append("heights in positions are not read: state altitude_lower and altitude_upper")
    parts = shapely.get_parts(shape)
    if not len(parts):
        raise InvalidVolume("the WKT is empty", hint="use POINT, LINESTRING or POLYGON")
    return [_of_shape(part, notes) for part in parts]


def _of_shape(shape: Any, notes: list[str]) -> Geometry:
    def positions(coordinates: Any) -> list[Position]:
        return [Position(float(y), float(x)) for x, y, *_ in coordinates]

    if shape.geom_type == "Point" and not shape.is_empty:
        return Place(positions(shape.coords)[0])
    if shape.geom_type == "LineString" and not shape.is_empty:
        return Line(tuple(positions(shape.coords)))
    if shape.geom_type == "Polygon" and not shape.is_empty:
        rings = [positions(shape.exterior.coords), *(positions(r.coords) for r in shape.interiors)]
        return Area(footprint_of([polygon_of(rings, notes)]))
    raise InvalidVolume(f"WKT {shape.geom_type} is empty or not known", hint="use POINT, LINESTRING or POLYGON")
