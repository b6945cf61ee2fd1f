"""Workbooks (XLSX): every sheet is a table, hidden ones too. An empty sheet is nothing; one with data and no headings we know is a problem.

A cell merged over rows holds for each of them, as it is shown. One merged over columns, and a formula that was never worked out, say nothing we could
read, and are refused with their row.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from detente.domain import DetenteError, TooLarge, UnreadableFile, at
from detente.interop import archive
from detente.interop.fields import Feature, check_feature_count
from detente.interop.tabular import MOST_COLUMNS, NOT_CALCULATED, TWO_COLUMNS, table_features
from detente.interop.vocabulary import Vocabulary, printable

MOST_MERGED: Final = 10_000  # ranges of one sheet
_MERGED: Final = re.compile(
    rb"<(?:\w+:)?mergeCell\b[^<>]*\bref=[\"']\$?([A-Z]{1,3})\$?(\d{1,7}):\$?([A-Z]{1,3})\$?(\d{1,7})[\"']"
)
_ROW: Final = re.compile(rb"<(?:\w+:)?row\b[^<>]*?\br=[\"'](\d{1,7})[\"']")
_FORMULA: Final = re.compile(
    rb"<(?:\w+:)?c\b(?P<cell>[^<>]*)>\s*<(?:\w+:)?f\b[^<>]*?(?:/>|>[^<]*</(?:\w+:)?f>)\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_PLACE: Final = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_TEXT_CELL: Final = re.compile(rb"\bt=[\"']str[\"']")  # a formula that came to an empty text has its value


@dataclass(frozen=True, slots=True)
class _Marks:
    """What the reader of workbooks does not tell of a sheet. Rows and columns count from 1.

    Attributes:
        merged: first row, first column, last row, last column.
        not_calculated: by row, the columns whose formulas have no value.
    """

    merged: tuple[tuple[int, int, int, int], ...]
    not_calculated: dict[int, list[int]]


def features(
    raw: bytes, words: Vocabulary, refuse: Callable[[DetenteError], None], only: Iterable[str] = ()
) -> list[Feature]:
    """The rows of every sheet; what is wrong with a sheet as a whole goes to `refuse`.

    Args:
        only: the sheets to read, where not all are asked for; the others are announced.
    Raises:
        UnreadableFile: the workbook is damaged. TooLarge: past a stated bound.
    """
    archive.check_workbook(raw)
    with _damage_refused():
        sheets = _sheets(raw)
    several = len(sheets) > 1
    found: list[Feature] = []
    for sheet in _asked_for(sheets, only, words, refuse):
        name = f"sheet {printable(sheet.title)[:40]!r}" if several else ""
        try:
            with at(name), _damage_refused():
                rows = _rows(sheet, words)
                read = table_features(rows, words, place=f"{name}, " if name else "")
        except DetenteError as error:
            refuse(error)
            continue
        if read and (found or sheet.sheet_state != "visible"):
            hidden = "is hidden, and read" if sheet.sheet_state != "visible" else "is read too"
            words.note(f"{name or 'the sheet'} {hidden}; rows: {len(read)}")
        found.extend(read)
        check_feature_count(len(found))
    return found


def _asked_for(
    sheets: Sequence[Any], only: Iterable[str], words: Vocabulary, refuse: Callable[[DetenteError], None]
) -> Sequence[Any]:
    """The sheets to read; a name that no sheet has is a problem, since the plans it was to hold are not read."""
    asked = {name.strip().casefold(): name for name in only}
    if not asked:
        return sheets
    titles = {sheet.title.strip().casefold(): sheet.title for sheet in sheets}
    shown = ", ".join(repr(printable(title)[:40]) for title in titles.values())
    for folded, name in asked.items():
        if folded not in titles:
            refuse(UnreadableFile(f"--sheet: no sheet is called {printable(name)!r}", hint=f"the sheets are {shown}"))
    for folded, title in titles.items():
        if folded not in asked:
            words.note(f"sheet {printable(title)[:40]!r} is not read, as only others were asked for")
    return [sheet for sheet in sheets if sheet.title.strip().casefold() in asked]


@contextmanager
def _damage_refused() -> Iterator[None]:
    """What openpyxl raises on damaged workbooks, one by one, as a refusal."""
    import zipfile
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        yield
    except (
        InvalidFileException,
        zipfile.BadZipFile,
        zlib.error,
        KeyError,
        ValueError,
        TypeError,
        IndexError,
        AttributeError,
        ArithmeticError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ParseError,
        DefusedXmlException,
        OSError,
    ) as error:
        raise UnreadableFile(
            f"the workbook cannot be read: {error}", hint="open it, and save it as .xlsx or .csv"
        ) from error


def _sheets(raw: bytes) -> Sequence[Any]:
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what the sheet claims of its size is not believed
    return tuple(book.worksheets)


def _rows(sheet: Any, words: Vocabulary) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows as they are shown: merged over rows, and with what is missing marked."""
    marks = _marks(sheet._get_source().read())
    if any(last > first for first, _, last, _ in marks.merged):
        words.note("cells merged over rows are read for each of them")
    rows = enumerate(sheet.iter_rows(values_only=True), 1)
    return rows if not (marks.merged or marks.not_calculated) else _marked(rows, marks)


def _marks(xml: bytes) -> _Marks:
    numbers = [int(number) for number in _ROW.findall(xml)]
    if any(later <= earlier for earlier, later in pairwise(numbers)):  # openpyxl would pass over them
        raise UnreadableFile("the rows of the sheet are out of order", hint="open it, and save it as .xlsx or .csv")
    merged = [(int(r1), _column(c1), int(r2), _column(c2)) for c1, r1, c2, r2 in _MERGED.findall(xml)]
    if len(merged) > MOST_MERGED:
        raise TooLarge(f"the sheet has more than {MOST_MERGED} merged cells", hint="unmerge them")
    not_calculated: dict[int, list[int]] = {}
    for formula in _FORMULA.finditer(xml):
        place = _PLACE.search(formula["cell"])
        if place and not _TEXT_CELL.search(formula["cell"]):
            not_calculated.setdefault(int(place[2]), []).append(_column(place[1]))
    return _Marks(tuple(sorted(merged)), not_calculated)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _marked(rows: Iterator[tuple[int, Sequence[Any]]], marks: _Marks) -> Iterator[tuple[int, Sequence[Any]]]:
    held: dict[int, tuple[int, Any]] = {}  # by column: the last row its merged cell covers, and its value
    waiting = list(reversed(marks.merged))
    headings = True
    for number, row in rows:
        cells = list(row)
        for column in marks.not_calculated.get(number, ()):
            _put(cells, column, NOT_CALCULATED)
        empty = all(cell is None or cell == "" for cell in cells)
        while waiting and waiting[-1][0] <= number:
            first, left, last, right = waiting.pop()
            value = cells[left - 1] if first == number and left <= len(cells) else None
            if value is not None and (
                right == left if headings else True
            ):  # a title or a group of headings is no cell of a plan
                held[left] = last, TWO_COLUMNS if right > left else value
        if not empty:
            for column, (last, value) in held.items():
                if number <= last:
                    _put(cells, column, value)
            headings = False
        yield number, cells


def _put(cells: list[Any], column: int, value: Any) -> None:
    if column <= MOST_COLUMNS:
        cells.extend([None] * (column - len(cells)))
        cells[column - 1] = value
