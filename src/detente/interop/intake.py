"""Files of plans in, notices out, with everything that was read into them and everything that was wrong.

One bad feature never hides the rest: its problems are listed, the others are read. What a file does not say is not guessed; each
such reading is announced, once a file, with the features it concerns. A party and a reference name one notice: features that share both are joined.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from os.path import realpath
from pathlib import Path
from typing import Final, TypeAlias

from detente.domain import WORLD, Activity, Arena, DetenteError, InvalidVolume, Notice, TooLarge, UnreadableFile
from detente.interop.fields import Draft, Feature, check_feature_count, draft_of
from detente.interop.vocabulary import FIELDS, GEOMETRY_FIELDS, Vocabulary, check_names, printable

Progress: TypeAlias = Callable[[int, int], None]

LARGEST_FILE_BYTES: Final = 256_000_000  # a continent's day of plans; more is a mistake or an attack
MOST_VOLUMES: Final = 2_000_000  # slow routes become many legs; this many are a few gigabytes
MOST_PROBLEMS: Final = 10_000  # listed of one file; the rest are counted


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

    @property
    def parties(self) -> tuple[str, ...]:
        """Whose plans were read, in the order they came; plans of one party alone are compared with nothing."""
        return tuple(dict.fromkeys(notice.party for notice in self.notices))


@dataclass
class _Tray:
    """What is gathered from one file."""

    path: Path
    name: str
    drafts: list[tuple[str, Draft]] = field(default_factory=list)  # each with its label
    noted: dict[str, list[str]] = field(default_factory=dict)
    problems: list[DetenteError] = field(default_factory=list)
    unlisted: int = 0
    used_columns: set[str] = field(default_factory=set)

    def note(self, what: str, label: str = "") -> None:
        self.noted.setdefault(what, []).append(label)

    def refuse(self, error: DetenteError, *places: str) -> None:
        error.where = ", ".join(part for part in (self.name, *places, printable(error.where)) if part)
        error.what, error.hint = printable(error.what), printable(error.hint)
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(error)
        else:
            self.unlisted += 1

    def all_problems(self) -> Iterable[DetenteError]:
        yield from self.problems
        if self.unlisted:
            yield InvalidVolume(f"{self.unlisted} more problems", hint="mend these first", where=self.name)

    def readings(self) -> Iterable[Reading]:
        for what, labels in self.noted.items():
            named = list(dict.fromkeys(label for label in labels if label))
            where = f"{self.name}, {_some(named)}" if named else self.name
            yield Reading(where, printable(what))


def _some(labels: Sequence[str]) -> str:
    if len(labels) <= 3:
        return ", ".join(labels)
    return f"{', '.join(labels[:2])} and {len(labels) - 2} more"


def read_files(
    paths: Iterable[Path | str],
    *,
    columns: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
    sheets: Sequence[str] = (),
    arena: Arena = WORLD,
    progress: Progress | None = None,
) -> Intake:
    """Read files of plans: GeoJSON, KML, KMZ, GPX, CSV, XLSX and notice JSON, told apart by content.

    Args:
        columns: headings or property names of the files, and the field each stands for.
        defaults: fields to take where a file does not state them; each use is announced.
        sheets: the sheets of workbooks to read, where not all are; each has to be in every workbook.
        arena: its extent and place names are used to catch swapped and mistaken coordinates.
        progress: called with (done, total) features of the file being read.
    Returns:
        every notice that could be read; whatever is wrong with the files stands in `problems`.
    Raises:
        NotUnderstood: `columns` or `defaults` name a field that is none.
    """
    columns, defaults = columns or {}, defaults or {}
    check_names(columns.values(), "--map", (*FIELDS, *GEOMETRY_FIELDS))
    check_names(defaults, "--default", FIELDS)
    trays, repeated = [], []
    given = [Path(path) for path in paths]
    opened: set[Path] = set()
    names = frozenset(path.name for path in given)
    for path in given:
        whole = Path(realpath(path))
        if whole in opened:
            repeated.append(Reading(printable(str(path)), "given twice: read once"))
            continue
        opened.add(whole)
        trays.append(
            _read_file(path, _name_of(path, given), names - {path.name}, columns, defaults, sheets, arena, progress)
        )
    notices = tuple(_joined(trays, _own_parties(trays)))
    unused = [name for name in columns if not any(name.strip().casefold() in tray.used_columns for tray in trays)]
    readings = [
        *repeated,
        *_one_party_by_default(trays, defaults, notices),
        *(Reading("--map", f"no file has a column {name!r}") for name in unused),
        *_alike(notices),
        *(reading for tray in trays for reading in tray.readings()),
    ]
    return Intake(notices, tuple(readings), tuple(error for tray in trays for error in tray.all_problems()))


def _name_of(path: Path, given: Iterable[Path]) -> str:
    """The file's name, with its folder where two files share one."""
    alone = len({other for other in given if other.name == path.name}) == 1
    return printable(path.name if alone else str(path)) or "a file without a name"


def _own_parties(trays: Sequence[_Tray]) -> Mapping[Path, str]:
    """What the party of each file's features is called where they do not state one: the file's stem, if nobody else goes by it.

    Two files are two parties, and neither is one that another feature names: plans of one party are never screened against each other.
    """
    stems = Counter(_folded(tray.path.stem) for tray in trays)
    taken = {_folded(draft.party) for tray in trays for _, draft in tray.drafts}
    names = {}
    for number, tray in enumerate(trays, 1):
        stem = printable(tray.path.stem) if stems[_folded(tray.path.stem)] == 1 else ""
        choices = (stem, tray.name, f"{tray.name}, party not stated", f"{tray.name}, file {number}, party not stated")
        names[tray.path] = next(name for name in choices if name and _folded(name) not in taken)
        taken.add(_folded(names[tray.path]))
    return names


def _one_party_by_default(
    trays: Sequence[_Tray], defaults: Mapping[str, str], notices: Sequence[Notice]
) -> Iterable[Reading]:
    """Files that only an option makes one party: their plans are no longer compared with each other."""
    asked = f"party not stated: taken as {defaults.get('party')}, as asked"
    made_one = [tray.name for tray in trays if asked in tray.noted and tray.drafts]
    if len(made_one) > 1:
        left = (
            "" if len({notice.party for notice in notices}) > 1 else ", and nothing else is left to compare them with"
        )
        what = f"{len(made_one)} files are made one party, {defaults['party']}: their plans are not compared with each other{left}"
        yield Reading(f"--default party, {_some(made_one)}", printable(what))


def _alike(notices: Iterable[Notice]) -> Iterable[Reading]:
    """Parties whose names look alike, by case, spaces or joined letters, are read as two, and announced."""
    spelled: dict[str, dict[str, None]] = {}
    for notice in notices:
        spelled.setdefault(_folded(notice.party), {})[notice.party] = None
    for names in spelled.values():
        if len(names) > 1:
            yield Reading("parties", f"{' and '.join(names)} are read as {len(names)} parties")


def _folded(name: str) -> str:
    """What two names share that people would take for one."""
    return "".join(
        unicodedata.normalize("NFKC", printable(name)).casefold().replace("\u200c", "").replace("\u200d", "").split()
    )


def _read_file(
    path: Path,
    name: str,
    beside: frozenset[str],
    columns: Mapping[str, str],
    defaults: Mapping[str, str],
    sheets: Sequence[str],
    arena: Arena,
    progress: Progress | None,
) -> _Tray:
    tray = _Tray(path, name)
    try:
        features = _features(path, tray, columns, beside, sheets)
        _take(features, tray, defaults, arena, progress)
    except DetenteError as error:
        tray.refuse(error)
        return tray
    if not features and not tray.problems:
        hint = "check that it is the right file and was saved whole; leave it out where it holds none"
        tray.refuse(UnreadableFile("no plans were found in the file", hint=hint))
    return tray


def _take(
    features: Sequence[Feature], tray: _Tray, defaults: Mapping[str, str], arena: Arena, progress: Progress | None
) -> None:
    """Turns features into drafts, problems and notes, one by one."""
    volumes = 0
    for done, feature in enumerate(features, 1):
        notes: list[str] = []
        draft, problems = draft_of(feature, defaults=defaults, arena=arena, notes=notes)
        for problem in problems:
            tray.refuse(problem, feature.label)
        for what in notes:
            tray.note(what, feature.label)
        if draft is not None:
            tray.drafts.append((feature.label, draft))
            volumes += len(draft.volumes)
            if volumes > MOST_VOLUMES:
                hint = "split the file, or check the speeds and times of its routes"
                raise TooLarge(f"the file makes more than {MOST_VOLUMES} volumes", hint=hint)
        if progress and (done % 256 == 0 or done == len(features)):
            progress(done, len(features))


def _features(
    path: Path, tray: _Tray, columns: Mapping[str, str], beside: frozenset[str], sheets: Sequence[str]
) -> Sequence[Feature]:
    from detente.interop.formats import features

    words = Vocabulary(columns, tray.note)
    found = features(read_bounded(path), words, tray.refuse, beside, sheets)
    words.close()
    tray.used_columns |= words.used
    check_feature_count(len(found))
    return found


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
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        said = error.strerror if isinstance(error, OSError) else error
        raise UnreadableFile(f"cannot read {path}: {said}", hint="check the file's name and rights") from error
    if len(raw) > LARGEST_FILE_BYTES:  # it grew, or never told its size
        raise UnreadableFile(f"the file has more than {LARGEST_FILE_BYTES} bytes", hint="split it")
    if not raw.strip(b"\x00 \t\r\n"):
        raise UnreadableFile("the file is empty", hint="check that it was saved or copied whole")
    return raw


def _joined(trays: Sequence[_Tray], own_parties: Mapping[Path, str]) -> Iterable[Notice]:
    """Features with the same party and reference are one notice, in the order they came."""
    notices: dict[tuple[str, str], list[tuple[_Tray, str, Draft]]] = {}
    for tray in trays:
        for label, draft in tray.drafts:
            party = draft.party or own_parties[tray.path]
            if not draft.party:
                tray.note(f"no party stated: the file is its own party, {party}", label)
            if not draft.reference:
                tray.note("no reference stated: called by its place in the file", label)
            place = draft.whole or label
            reference = draft.reference or (place if len(trays) == 1 else f"{tray.name}, {place}")
            parts = notices.setdefault((party, reference), [])
            if _fits(parts, tray, label, draft):
                parts.append((tray, label, draft))
    for (party, reference), parts in notices.items():
        yield _notice(party, reference, parts)


def _fits(parts: Sequence[tuple[_Tray, str, Draft]], tray: _Tray, label: str, draft: Draft) -> bool:
    """Whether a feature may join those before it; one of another activity has other minima, and is refused."""
    if not parts:
        return True
    first_tray, first_label, first = parts[0]
    place = f"{first_tray.name}, {first_label}"
    if first.activity is not draft.activity:
        what = f"{draft.reference} is {_said(draft.activity)} here and {_said(first.activity)} in {place}"
        hint = "give each activity a reference of its own, and state it on every feature"
        tray.refuse(InvalidVolume(what, hint=hint, where="activity"), label)
        return False
    if first_tray is not tray:
        tray.note(f"the same party and reference as in {first_tray.name}: one notice", label)
    return True


def _said(activity: Activity) -> str:
    return "of no stated activity" if activity is Activity.UNSTATED else activity.value


def _notice(party: str, reference: str, parts: Sequence[tuple[_Tray, str, Draft]]) -> Notice:
    tray, label, first = parts[0]
    return Notice(
        reference=reference,
        party=party,
        activity=first.activity,
        volumes=tuple(volume for _, _, part in parts for volume in part.volumes),
        title=first.title,
        source=f"{tray.name}, {label}",
        stated_place=first.stated_place,
        declared_by=first.declared_by,
        assumptions=tuple(dict.fromkeys(a for _, _, part in parts for a in part.assumptions)),
    )
