"""Zip archives (KMZ, XLSX) opened with suspicion: measured while they are unpacked, not by what they claim."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Final

from detente.domain import TooLarge, UnreadableFile

LARGEST_CONTENT_BYTES: Final = 256_000_000
LARGEST_WORKBOOK_BYTES: Final = 128_000_000  # 100,000 rows of 15 columns are about 75 MB
MOST_ELEMENTS_OF_A_WORKBOOK: Final = (
    10_000_000  # the same rows: 6 million tags; in memory an element is a hundred bytes
)
MOST_ELEMENTS_OF_A_ROW: Final = 100_000  # a thousand cells of a hundred tags
_IN_PARTS: Final = "send the plans uncompressed, in parts"
MOST_MEMBERS: Final = 10_000
_CHUNK: Final = 1 << 20


def check_workbook(raw: bytes) -> None:
    """Raise TooLarge where a workbook unpacks to more, or to more elements, than we are willing to hold."""
    left_bytes, elements = LARGEST_WORKBOOK_BYTES, 0
    archive = _opened(raw)
    for info in archive.infolist():
        content = _unpacked(archive, info, left_bytes)
        left_bytes -= len(content)
        elements += content.count(b"<")
        _check_sheet(content)
        if elements > MOST_ELEMENTS_OF_A_WORKBOOK:
            raise TooLarge(f"the workbook has more than {MOST_ELEMENTS_OF_A_WORKBOOK} parts", hint=_IN_PARTS)


def _check_sheet(content: bytes) -> None:
    """Refuses what the reader of workbooks would hold whole: a row without end. Other encodings would hide one."""
    head = content[:200]
    encoding = re.search(rb"encoding\s*=\s*[\"']([^\"']*)", head)
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"<\x00", b"\x00<")) or (
        encoding and encoding[1].upper() not in (b"UTF-8", b"US-ASCII")
    ):
        raise UnreadableFile("a part of the workbook is not UTF-8", hint="open it, and save it as .xlsx or .csv")
    if b"sheetData" in content and max(part.count(b"<") for part in content.split(b"row")) > MOST_ELEMENTS_OF_A_ROW:
        raise TooLarge(f"a row of the workbook has more than {MOST_ELEMENTS_OF_A_ROW} parts", hint="check the table")


def names(raw: bytes) -> list[str]:
    """The files in the archive; what macOS adds for itself, `__MACOSX/._doc.kml`, is none."""
    return [info.filename for info in _opened(raw).infolist() if not info.is_dir() and not _is_of_macos(info.filename)]


def _is_of_macos(name: str) -> bool:
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] == ".DS_Store"


def contents(raw: bytes, wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    """The name and the bytes of each file that is wanted, one unpacked at a time.

    Raises:
        UnreadableFile: a member is damaged or encrypted. TooLarge: together they unpack to more than we are willing to hold.
    """
    archive = _opened(raw)
    left_bytes = LARGEST_CONTENT_BYTES
    for info in archive.infolist():
        if not info.is_dir() and not _is_of_macos(info.filename) and wanted(info.filename):
            content = _unpacked(archive, info, left_bytes)
            left_bytes -= len(content)
            yield info.filename, content


def _opened(raw: bytes) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise UnreadableFile(f"the archive is damaged: {error}", hint="check that it was copied whole") from error
    if len(archive.infolist()) > MOST_MEMBERS:
        raise TooLarge(f"the archive has {len(archive.infolist())} members; the limit is {MOST_MEMBERS}")
    return archive


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes:
    content = bytearray()
    try:
        with archive.open(info) as member:
            while chunk := member.read(_CHUNK):
                content += chunk
                if len(content) > most:
                    raise TooLarge(
                        f"{info.filename[:60]} in the archive unpacks to more than we hold: {most} bytes are left to it",
                        hint=_IN_PARTS,
                    )
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise UnreadableFile(
            f"{info.filename} in the archive is damaged: {error}", hint="check that it was copied whole"
        ) from error
    return bytes(content)
