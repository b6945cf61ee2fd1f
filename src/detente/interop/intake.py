"""Files of plans in, notices out, with everything that was read into them and everything that was wrong.

One bad feature never hides the rest: its problems are listed, the others are read. What a file does not say is not guessed; each
such reading is announced, once a file, with the features it concerns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, TypeAlias

from detente.domain import WORLD, Arena, DetenteError, Notice, UnreadableFile, at
from detente.interop.fields import Draft, Feature, draft_of

Progress: TypeAlias = Callable[[int, int], None]

LARGEST_FILE_BYTES: Final = 256_000_000  # a continent's day of plans; more is a mistake or an attack
MOST_FEATURES: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """Something that was read into the input: where, and what was taken."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What came of reading files."""

    notices: tuple[Notice, ...]
    readings: tuple[Reading, ...] = ()
    problems: tuple[DetenteError, ...] = ()


@dataclass
class _Tray:
    """What is gathered from one file."""

    name: str
    drafts: list[Draft] = field(default_factory=list)
    noted: dict[str, list[str]] = field(default_factory=dict)
    problems: list[DetenteError] = field(default_factory=list)

    def note(self, what: str, label: str = "") -> None:
        self.noted.setdefault(what, []).append(label)

    def refuse(self, error: DetenteError, *places: str) -> None:
        error.where = ", ".join(part for part in (self.name, *places, error.where) if part)
        self.problems.append(error)

    def readings(self) -> Iterable[Reading]:
        for what, labels in self.noted.items():
            named = [label for label in labels if label]
            where = f"{self.name}, {_some(named)}" if named else self.name
            yield Reading(where, what)


def _some(labels: Sequence[str]) -> str:
    if len(labels) <= 3:
        return ", ".join(labels)
    return f"{', '.join(labels[:2])} and {len(labels) - 2} more"


def read_files(
    paths: Iterable[Path | str],
    *,
    columns: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    arena: Arena = WORLD,
    progress: Progress | None = None,
) -> Intake:
    """Read files of plans: GeoJSON, KML, KMZ, GPX, CSV, XLSX and notice JSON, told apart by content.

    Args:
        columns: headings or property names of the files, and the field each stands for.
        defaults: fields to take where a file does not state them; each use is announced.
        arena: its extent and place names are used to catch swapped and mistaken coordinates.
        progress: called with (done, total) features of the file being read.
    Returns:
        every notice that could be read; no DetenteError leaves this function, all stand in `problems`.
    """
    given = [Path(path) for path in paths]
    trays = [_read_file(path, _name_of(path, given), columns or {}, defaults or {}, arena, progress) for path in given]
    problems = [error for tray in trays for error in tray.problems]
    readings = [reading for tray in trays for reading in tray.readings()]
    drafts = [draft for tray in trays for draft in tray.drafts]
    return Intake(tuple(_joined(drafts)), tuple(readings), tuple(problems))


def _name_of(path: Path, given: Sequence[Path]) -> str:
    """The file's name, with its folder where two files share one."""
    return path.name if sum(other.name == path.name for other in given) == 1 else str(path)


def _read_file(
    path: Path,
    name: str,
    columns: Mapping[str, str],
    defaults: Mapping[str, str],
    arena: Arena,
    progress: Progress | None,
) -> _Tray:
    tray = _Tray(name)
    try:
        features = _features(path, tray, columns)
    except DetenteError as error:
        tray.refuse(error)
        return tray
    for done, feature in enumerate(features, 1):
        problems, notes = _take(feature, tray, path, defaults, arena)
        for problem in problems:
            tray.refuse(problem, feature.label)
        for what in notes:
            tray.note(what, feature.label)
        if progress and (done % 256 == 0 or done == len(features)):
            progress(done, len(features))
    if not features and not tray.problems:
        tray.note("the file holds no features")
    return tray


def _take(
    feature: Feature, tray: _Tray, path: Path, defaults: Mapping[str, str], arena: Arena
) -> tuple[list[DetenteError], list[str]]:
    notes: list[str] = []
    draft, problems = draft_of(feature, own_party=path.stem, defaults=defaults, arena=arena, notes=notes)
    if draft is not None:
        tray.drafts.append(replace(draft, source=f"{tray.name}, {feature.label}"))
    return problems, notes


def _features(path: Path, tray: _Tray, columns: Mapping[str, str]) -> list[Feature]:
    raw = read_bounded(path)
    head = raw[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    if raw[:4] == b"PK\x03\x04":
        return _from_archive(raw, tray, columns)
    if head[:1] == b"<":
        from detente.interop import gpx, kml

        return gpx.features(raw, tray.refuse) if b"<gpx" in head else kml.features(raw, tray.note, tray.refuse)
    if head[:1] in (b"{", b"["):
        from detente.interop import geojson

        return geojson.features(raw, columns, tray.note, tray.refuse)
    from detente.interop import tabular

    return tabular.csv_features(raw, columns, tray.note)


def _from_archive(raw: bytes, tray: _Tray, columns: Mapping[str, str]) -> list[Feature]:
    from detente.interop import archive

    if archive.holds(raw, "xl/workbook.xml"):
        from detente.interop import tabular

        archive.check(raw)
        return tabular.xlsx_features(raw, columns, tray.note)
    from detente.interop import kml

    return kml.features(archive.first(raw, ".kml"), tray.note, tray.refuse)


def read_bounded(path: Path) -> bytes:
    """The whole file.

    Raises:
        UnreadableFile: it is not there, not a plain file, empty, or larger than we are willing to open.
    """
    try:
        if not path.is_file():
            what = "is not a file" if path.exists() else "does not exist"
            raise UnreadableFile(f"{path} {what}", hint="check the name")
        size = path.stat().st_size
        if size > LARGEST_FILE_BYTES:
            raise UnreadableFile(f"the file has {size} bytes; the limit is {LARGEST_FILE_BYTES}", hint="split it")
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"cannot read {path}: {error.strerror}", hint="check the file's rights") from error
    if not raw.strip(b"\x00 \t\r\n"):
        raise UnreadableFile("the file is empty", hint="check that it was saved or copied whole")
    return raw


def _joined(drafts: Iterable[Draft]) -> Iterable[Notice]:
    """Features with the same party and reference are one notice, in the order they came."""
    notices: dict[tuple[str, str], list[Draft]] = {}
    for draft in drafts:
        notices.setdefault((draft.party, draft.reference), []).append(draft)
    for parts in notices.values():
        first = parts[0]
        with at(first.source):
            yield Notice(
                reference=first.reference,
                party=first.party,
                activity=first.activity,
                volumes=tuple(volume for part in parts for volume in part.volumes),
                title=first.title,
                source=first.source,
                stated_place=first.stated_place,
                declared_by=first.declared_by,
                assumptions=tuple(dict.fromkeys(a for part in parts for a in part.assumptions)),
            )
