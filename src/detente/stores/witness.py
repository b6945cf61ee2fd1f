"""A witness on the disk: what it cosigned last of each log, held by one process at a time.

What it decided is on the disk before its cosignature leaves: written beside, synced, renamed, and the folder synced. Dying on the way
leaves the note before or the one after, and in both cases nothing has left that is ahead of it. It is read from there, and verified,
each time: what a start finds is what every request finds.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import quote

from detente.domain import KeyRefused, StoreUnavailable, UnreadableFile, at
from detente.record.checkpoint import read_checkpoint
from detente.record.key_file import write_new
from detente.record.keys import PublicKey, SigningKey, check_note_name
from detente.record.note import Note
from detente.record.split_view import SplitView
from detente.record.witness import AddCheckpoint, Cosigned, Refusal, Seen, Watched, add_checkpoint, read_seen

MOST_UNEXPLAINED: Final = 100  # requests kept of one log
_NAME: Final = "name"
_LOCK: Final = "lock"
_LATEST: Final = "latest"
_SPLIT: Final = "split-view-"
_BACK: Final = "went-back-"
_MOST_BYTES: Final = 128 << 10


class WitnessFolder:
    """A witness's folder.

    Raises:
        UnreadableFile: there is none, or it is not one.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.name = (path / _NAME).read_text(encoding="utf-8").rstrip("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise UnreadableFile(
                f"{path / _NAME} cannot be read", hint="make one with `detente witness new`, or give --folder"
            ) from error
        with at(str(path / _NAME)):
            check_note_name(self.name)

    @classmethod
    def create(cls, path: Path, name: str) -> WitnessFolder:
        """A new folder, for a witness of this name.

        Raises:
            KeyRefused: it is one already.
            Malformed: a name that cannot stand in a note.
        """
        check_note_name(name)
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(path / _NAME, f"{name}\n".encode(), mode=0o600)
        return cls(path)

    @property
    def key_path(self) -> Path:
        """The file of its private key: the only one there.

        Raises:
            UnreadableFile: none, or several.
        """
        found = sorted(self.path.glob("*.key"))
        if len(found) != 1:
            raise UnreadableFile(
                f"{len(found)} key files in {self.path}, not one", hint="leave the witness's own there"
            )
        return found[0]

    @contextmanager
    def held(self) -> Iterator[None]:
        """While it is held, no other process cosigns from it.

        Raises:
            KeyRefused: another holds it.
            StoreUnavailable: it cannot be written to.
        """
        with _on_the_disk(self.path):
            file = (self.path / _LOCK).open("wb")
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise KeyRefused(
                    f"another process is this witness ({self.path})", hint="one at a time: two could cosign two stories"
                ) from error
            yield

    def log_path(self, origin: str) -> Path:
        """Where what concerns a log lies."""
        return self.path / "logs" / f"{quote(origin, safe='')[:60]}-{sha256(origin.encode()).hexdigest()[:16]}"

    # ── what was cosigned ────────────────────────────────────────────────────────────────────────────────────────────

    def watched(self, origin: str, log_key: PublicKey, own: PublicKey) -> Watched:
        """What is known of a log.

        Raises:
            NotAuthentic, Malformed: what lies there is not what this witness, of this key, kept of a log of that key.
            StoreUnavailable: it cannot be read.
        """
        log, path = Watched(origin, log_key), self.log_path(origin) / _LATEST
        with at(str(path)), _on_the_disk(path):
            if not path.exists():
                return log
            with path.open("rb") as file:
                return Watched(origin, log_key, read_seen(file.read(_MOST_BYTES), log, self.name, own))

    def keep(self, seen: Seen) -> None:
        """On the disk before this returns.

        Raises:
            StoreUnavailable: it is not, and nothing may leave.
        """
        _replace(self.log_path(seen.checkpoint.origin) / _LATEST, seen.note.raw)

    def notes(self) -> list[Path]:
        """What was cosigned last, of each log."""
        return sorted(self.path.glob(f"logs/*/{_LATEST}"))

    # ── what is wrong with a log ─────────────────────────────────────────────────────────────────────────────────────

    def keep_split_view(self, found: SplitView) -> Path:
        """Two stories: both notes, and what shows that they are two. Kept once."""
        origin = read_checkpoint(found.first.text).origin
        path = self.log_path(origin) / f"{_SPLIT}{_short(found.first.raw + found.second.raw)}"
        shown = {"other_root": _text(found.other_root), "hashes": [_text(each) for each in found.hashes]}
        _replace(path / "first", found.first.raw)
        _replace(path / "second", found.second.raw)
        _replace(path / "proof.json", json.dumps(shown).encode() + b"\n")
        return path

    def keep_went_back(self, first: Note, second: Note) -> Path:
        """What a log signed, and the smaller head that it served later."""
        origin = read_checkpoint(first.text).origin
        path = self.log_path(origin) / f"{_BACK}{_short(first.raw + second.raw)}"
        _replace(path / "first", first.raw)
        _replace(path / "second", second.raw)
        return path

    def keep_unexplained(self, request: AddCheckpoint) -> Path | None:
        """A request that the log signed and whose proof leads elsewhere; None where there are too many already."""
        folder = self.log_path(read_checkpoint(request.note.text).origin) / "unexplained"
        path = folder / _short(request.note.raw)
        if not path.exists():
            if len(list(folder.glob("*"))) >= MOST_UNEXPLAINED:
                return None
            _replace(path, request.raw)
        return path

    def wrongs(self) -> list[Path]:
        """Where notes lie of logs that told two stories, or went back."""
        return sorted([*self.path.glob(f"logs/*/{_SPLIT}*"), *self.path.glob(f"logs/*/{_BACK}*")])

    # ── timestamps ───────────────────────────────────────────────────────────────────────────────────────────────────

    def is_stamped(self, note: Note) -> bool:
        """Whether an authority's answer about this checkpoint is there."""
        return self._timestamp(note).exists()

    def keep_timestamp(self, note: Note, answer: bytes) -> Path:
        """An authority's answer about a checkpoint, and the note it is about, beside each other."""
        path = self._timestamp(note)
        _replace(path.with_suffix(".note"), note.raw)
        _replace(path, answer)
        return path

    def timestamps(self, origin: str) -> list[tuple[bytes, bytes]]:
        """The heads of a log that were stamped, as notes, and the answers about them, by size."""
        paths = sorted((self.log_path(origin) / "timestamps").glob("*.tsr"), key=lambda path: int(path.stem))
        return [(path.with_suffix(".note").read_bytes(), path.read_bytes()) for path in paths]

    def _timestamp(self, note: Note) -> Path:
        head = read_checkpoint(note.text)
        return self.log_path(head.origin) / "timestamps" / f"{head.tree_size}.tsr"


class Witness:
    """A witness at work: reads what it knows, decides, writes it down, and only then answers.

    Args:
        now_s: its clock, seconds since 1970.
        say: told what its people have to hear about: a log that told two stories.
    """

    def __init__(
        self, folder: WitnessFolder, key: SigningKey, now_s: Callable[[], int], say: Callable[[str], object]
    ) -> None:
        self.folder, self.key, self._now_s, self.say = folder, key, now_s, say

    @property
    def name(self) -> str:
        """Of its key, in the notes it cosigns."""
        return self.folder.name

    def watched(self, origin: str, log_key: PublicKey) -> Watched:
        """What it knows of a log; see `WitnessFolder.watched`."""
        return self.folder.watched(origin, log_key, self.key.public)

    def add(self, request: AddCheckpoint, origin: str, log_key: PublicKey) -> Cosigned | Refusal:
        """What it does about a request for a log that it watches. One at a time.

        Raises:
            StoreUnavailable, NotAuthentic, Malformed: what it knows cannot be read or written: nothing is cosigned.
        """
        log = self.watched(origin, log_key)
        found = add_checkpoint(request, log, self.name, self.key, self._now_s())
        if isinstance(found, Cosigned):
            if found.seen != log.seen:  # the same within a second; else whoever repeats a note wears the disk out
                self.folder.keep(found.seen)
        elif log.seen and found.is_fork:
            root = read_checkpoint(request.note.text).root_hash
            path = self.folder.keep_split_view(SplitView(log.seen.note, request.note, root, ()))
            self.say(f"{origin} TOLD TWO STORIES of {log.size} entries: both notes are in {path}")
        elif found.is_unexplained:
            self.folder.keep_unexplained(request)
        return found


def _replace(path: Path, content: bytes) -> None:
    """The file, whole, on the disk before this returns; nobody else may read it."""
    partial = path.with_name(f".{path.name}.partial")
    with _on_the_disk(path):
        _make_folder(path.parent)
        with partial.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        _sync(path.parent)


def _make_folder(path: Path) -> None:
    """A folder, and those above it, whose names outlive a power cut as what is in them does."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _on_the_disk(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"{path}: {error.strerror}", hint="check its rights and the space left") from error


def _short(raw: bytes) -> str:
    return sha256(raw).hexdigest()[:16]


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
