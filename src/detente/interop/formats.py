"""Which format a file is in, told by its first bytes; a name can lie, and often does."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final

from detente.domain import DetenteError, UnreadableFile
from detente.interop.fields import Feature, check_feature_count
from detente.interop.vocabulary import Vocabulary, printable

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


# What may hold plans, and is not read from an archive; pictures and styles are part of a KMZ.
_MAY_HOLD_PLANS: Final = (".kmz", ".gpx", ".json", ".geojson", ".csv", ".xlsx", ".xls", ".zip", ".gpkg", ".shp", ".pdf")


def features(
    raw: bytes,
    words: Vocabulary,
    refuse: Callable[[DetenteError], None],
    given: Container[str] = (),
    sheets: Sequence[str] = (),
) -> Sequence[Feature]:
    """The features of a file's bytes; what is wrong with single ones stands in them, the rest goes to `refuse`.

    Args:
        given: the names of the files that are read with it, which it may link to.
        sheets: of a workbook: those to read, where not all are asked for.
    Raises:
        UnreadableFile: no format we read, or damaged. TooLarge: past a stated bound.
    """
    for magic, (what, hint) in _OTHERS.items():
        if raw.startswith(magic):
            raise UnreadableFile(f"the file is {what}", hint=hint)
    if raw.startswith(b"PK\x03\x04"):
        return _of_archive(raw, words, refuse, given, sheets)
    start = _text_start(raw)
    if start.startswith("<"):
        from detente.interop import gpx, kml

        return gpx.features(raw, words, refuse) if "<gpx" in start else kml.features(raw, words, refuse, given=given)
    if start.startswith(("{", "[")):
        from detente.interop import geojson

        return geojson.features(raw, words, refuse)
    from detente.interop import tabular

    return tabular.csv_features(raw, words)


def _text_start(raw: bytes) -> str:
    """The first characters, whatever the encoding; spaces and the byte order mark left out."""
    encoding = "utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    return raw[:4096].decode(encoding, errors="replace").lstrip("\ufeff \t\r\n")


def _of_archive(
    raw: bytes,
    words: Vocabulary,
    refuse: Callable[[DetenteError], None],
    given: Container[str],
    sheets: Sequence[str],
) -> Sequence[Feature]:
    from detente.interop import archive

    names = archive.names(raw)
    if "xl/workbook.xml" in names:
        from detente.interop import workbook

        return workbook.features(raw, words, refuse, sheets)
    inner = {name for name in names if _is_kml(name)}
    for name in names:
        if name.lower().endswith(_MAY_HOLD_PLANS):
            hint = "unpack the archive, and give the file by itself"
            refuse(UnreadableFile("of an archive only .kml files are read", hint=hint, where=name[:100]))
    if not inner:
        raise UnreadableFile("the archive holds no .kml file", hint="a KMZ holds a .kml, an XLSX a workbook")
    return _of_kmz(raw, inner, words, refuse, given)


def _is_kml(name: str) -> bool:
    return name.lower().endswith(".kml")


def _of_kmz(
    raw: bytes,
    inner: set[str],
    words: Vocabulary,
    refuse: Callable[[DetenteError], None],
    given: Container[str],
) -> Sequence[Feature]:
    """The placemarks of every .kml of the archive."""
    from detente.interop import archive, kml

    found: list[Feature] = []
    for name, content in archive.contents(raw, _is_kml):
        inside = printable(name)[:100] if len(inner) > 1 else ""
        read = kml.features(content, words, refuse, given=given, inside=inside, beside=inner)
        if inside:
            words.note(f"{inside} in the archive is read; placemarks: {len(read)}")
        found.extend(read)
        check_feature_count(len(found))
    return found
