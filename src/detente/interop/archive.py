"""Zip archives (KMZ, XLSX) opened with suspicion: measured while they are unpacked, not by what they claim."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from detente.domain import TooLarge, UnreadableFile

LARGEST_CONTENT_BYTES: Final = 256_000_000
MOST_MEMBERS: Final = 10_000
_CHUNK: Final = 1 << 20


def holds(raw: bytes, member: str) -> bool:
    """Whether the archive has a member of that name.

    Raises:
        UnreadableFile: the archive is damaged. TooLarge: it has too many members.
    """
    return member in _opened(raw).namelist()


def check(raw: bytes) -> None:
    """Raise TooLarge where the archive unpacks to more than we are willing to hold."""
    left = LARGEST_CONTENT_BYTES
    archive = _opened(raw)
    for info in archive.infolist():
        left -= len(_unpacked(archive, info, left))


def first(raw: bytes, suffix: str) -> bytes:
    """The first member whose name ends so."""
    archive = _opened(raw)
    for info in archive.infolist():
        if info.filename.lower().endswith(suffix):
            return _unpacked(archive, info, LARGEST_CONTENT_BYTES)
    raise UnreadableFile(f"the archive holds no {suffix} file", hint="a KMZ holds a .kml, an XLSX a workbook")


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
                        f"the archive unpacks to more than {LARGEST_CONTENT_BYTES} bytes",
                        hint="send the plans uncompressed, in parts",
                    )
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, OSError, ValueError) as error:
        raise UnreadableFile(
            f"{info.filename} in the archive is damaged: {error}", hint="check that it was copied whole"
        ) from error
    return bytes(content)
