"""Which format a file is in, told by its first bytes; a name can lie, and often does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from detente.domain import DetenteError, UnreadableFile
from detente.interop.fields import Feature
from detente.interop.vocabulary import Vocabulary

# What is often sent and never read, by its first bytes.
_OTHERS: Final = {
    b"\x1f\x8b": ("a gzip archive", "unpack it first"),
    b"\xd0\xcf\x11\xe0": ("an old Excel or Word file", "open it and save it as .xlsx or .csv"),
    b"%PDF": ("a PDF", "ask the sender for GeoJSON, KML, CSV or XLSX"),
    b"7z\xbc\xaf": ("a 7-Zip archive", "unpack it first"),
    b"Rar!": ("a RAR archive", "unpack it first"),
    b"SQLite format 3": ("a database (GeoPackage?)", "export it as GeoJSON"),
    b"PK\x05\x06": ("an empty archive", "check that it was copied whole"),
}


def features(raw: bytes, words: Vocabulary, refuse: Callable[[DetenteError], None]) -> Sequence[Feature]:
    """The features of a file's bytes; what is wrong with single ones stands in them, the rest goes to `refuse`.

    Raises:
        UnreadableFile: no format we read, or damaged. TooLarge: past a stated bound.
    """
    for magic, (what, hint) in _OTHERS.items():
        if raw.startswith(magic):
            raise UnreadableFile(f"the file is {what}", hint=hint)
    if raw.startswith(b"PK\x03\x04"):
        return _of_archive(raw, words, refuse)
    start = _text_start(raw)
    if start.startswith("<"):
        from detente.interop import gpx, kml

        return gpx.features(raw, words, refuse) if "<gpx" in start else kml.features(raw, words, refuse)
    if start.startswith(("{", "[")):
        from detente.interop import geojson

        return geojson.features(raw, words, refuse)
    from detente.interop import tabular

    return tabular.csv_features(raw, words)


def _text_start(raw: bytes) -> str:
    """The first characters, whatever the encoding; spaces and the byte order mark left out."""
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return raw[:4096].decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")


def _of_archive(raw: bytes, words: Vocabulary, refuse: Callable[[DetenteError], None]) -> Sequence[Feature]:
    from detente.interop import archive

    if archive.holds(raw, "xl/workbook.xml"):
        from detente.interop import tabular

        archive.check_workbook(raw)
        return tabular.xlsx_features(raw, words)
    from detente.interop import kml

    return kml.features(archive.first(raw, ".kml", words.note), words, refuse)
