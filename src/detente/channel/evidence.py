"""Evidence: a log and the openings of some of its entries, as files that need nobody's word. What each is called and what stands in it.

The layout is one tree of files, in a directory, in one zip file or below an address, and is the same in all three (docs/evidence.md).
Nothing in `evidence.json` is signed: it says what to look for and who is said to have written it, and decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, Protocol

import msgspec

from detente.channel.forms import Form, NoticeForm, form_from, plain
from detente.domain import Malformed, TooLarge, at
from detente.record.canonical import canonical, read_strict
from detente.record.checkpoint import origin_of
from detente.record.commitment import SALT_BYTES

VERSION: Final = 1
HEADER: Final = "evidence.json"
CHECKPOINT: Final = "checkpoint"
PUBLIC: Final = "public.jsonl"
ENTRIES: Final = "entries.jsonl"
MOST_HEADER_BYTES: Final = 16 << 20
MOST_FULL_BYTES: Final = 4 << 20
MOST_LINE_BYTES: Final = 6 << 20  # an envelope of 2 MiB, quoted
MOST_PUBLIC: Final = 100_000
MOST_CHECKPOINTS: Final = 1_000_000
MOST_FULL: Final = 100_000
_FULL_NAME: Final = re.compile(r"[0-9a-f]{32}-[1-9][0-9]{0,8}")
_SALT: Final = re.compile(r"[0-9a-f]{64}")


class Header(Form, frozen=True):
    """What the file says of itself.

    Attributes:
        host_key: the host's public key, 44 characters of base64.
        written_for: whose openings these are: a party, or `host`; empty where unknown.
        notice, from_us, to_us: what the writer chose; empty and null where it chose nothing and wrote all it may open.
        checkpoints: tree sizes of the older checkpoints in `checkpoints/`, ascending. full: names in `full/`. timestamps: sizes in `timestamps/`.
    """

    version: int
    arena: str
    host_key: str
    written_for: str = ""
    written_at_us: int = 0
    notice: str = ""
    from_us: int | None = None
    to_us: int | None = None
    checkpoints: tuple[int, ...] = ()
    full: tuple[str, ...] = ()
    timestamps: tuple[int, ...] = ()

    @property
    def origin(self) -> str:
        """What the arena's log is called."""
        return origin_of(self.arena)

    @property
    def is_chosen(self) -> bool:
        """Whether the writer left out what it might have opened."""
        return bool(self.notice) or self.from_us is not None or self.to_us is not None


class Opening(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of `public.jsonl` or `entries.jsonl`: an entry, and the salt that opens its leaf; `envelope` is the signed bytes as text."""

    envelope: str
    kind: str
    position: int
    received_us: int
    salt: str


class FullNotice(Form, frozen=True):
    """A version of a notice as its sender kept it, with the salt of the commitment in its views. Whoever has it knows the plan in full."""

    notice_id: str
    version: int
    salt: str
    notice: NoticeForm


class Source(Protocol):
    """Where the files of a piece of evidence are read from. Nothing it gives is believed."""

    @property
    def name(self) -> str:
        """As the reader called it."""

    def size(self, path: str) -> int:
        """How many bytes a file is said to have; 0 where nobody says. For showing how far one is."""

    def read(self, path: str, most_bytes: int) -> bytes | None:
        """A file whole; None where there is none.

        Raises:
            TooLarge: it has more bytes.
            UnreadableFile: it cannot be read.
        """

    def lines(self, path: str) -> Iterator[bytes]:
        """A file of lines in pieces: each some whole lines, of no more than a few MiB.

        Raises:
            TooLarge: a line has more than `MOST_LINE_BYTES`.
            UnreadableFile: there is none, its last line has no end, or it cannot be read.
        """


class Writer(Protocol):
    """Where evidence is written."""

    def put(self, path: str, raw: bytes) -> None:
        """A file whole."""

    def put_lines(self, path: str, lines: Iterable[bytes]) -> None:
        """A file of lines, as they come; each ends in a line feed."""


# ── what stands in the files ─────────────────────────────────────────────────────────────────────────────────────────


def read_header(raw: bytes) -> Header:
    """The header.

    Raises:
        Malformed, NotUnderstood, TooLarge: it is none, of another version, or names what cannot be.
    """
    said = read_strict(raw)
    if isinstance(said, dict) and said.get("version") != VERSION:
        raise Malformed(
            f"evidence of version {str(said.get('version'))[:20]}; known: {VERSION}", hint="a newer détente may read it"
        )
    header = form_from(said, Header)
    for what, values, most in (
        ("checkpoints", header.checkpoints, MOST_CHECKPOINTS),
        ("timestamps", header.timestamps, MOST_CHECKPOINTS),
        ("full", header.full, MOST_FULL),
    ):
        with at(what):
            if len(values) > most:
                raise TooLarge(f"{len(values)} are named; the limit is {most}")
            if list(values) != sorted(set(values)):  # type: ignore[type-var]
                raise Malformed("not in ascending order, or one of them twice")
    if any(size < 0 for size in (*header.checkpoints, *header.timestamps)):
        raise Malformed("a tree of less than no leaves", where="checkpoints")
    if not all(map(_FULL_NAME.fullmatch, header.full)):
        raise Malformed("no names of full notices: the notice's id, a hyphen, its version", where="full")
    return header


def write_header(header: Header) -> bytes:
    """The header as a file."""
    return canonical(plain(header)) + b"\n"


_opening: Final = msgspec.json.Decoder(Opening)


def read_opening(line: bytes) -> Opening:
    """An entry of a line. A member given twice holds as it stands last: what holds must open a leaf.

    Raises:
        Malformed: it is none.
    """
    try:
        found = _opening.decode(line)
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise Malformed(
            f"no entry: {str(error)[:200]}", hint="five members: envelope, kind, position, received_us, salt"
        ) from error
    if not _SALT.fullmatch(found.salt):
        raise Malformed(f"a salt that is not {2 * SALT_BYTES} hexadecimal digits")
    return found


def write_opening(opening: Opening) -> bytes:
    """An entry as a line, its line feed included."""
    return _encode(opening) + b"\n"


_encode: Final = msgspec.json.Encoder().encode


def read_full(raw: bytes) -> FullNotice:
    """A full notice.

    Raises:
        Malformed, NotUnderstood: it is none.
    """
    found = form_from(read_strict(raw), FullNotice)
    if not _SALT.fullmatch(found.salt):
        raise Malformed(f"not {2 * SALT_BYTES} hexadecimal digits", where="salt")
    return found


def write_full(full: FullNotice) -> bytes:
    """A full notice as a file."""
    return canonical(plain(full)) + b"\n"


# ── what they are called ─────────────────────────────────────────────────────────────────────────────────────────────


def checkpoint_path(tree_size: int) -> str:
    """Where an older checkpoint lies."""
    return f"checkpoints/{tree_size}"


def timestamp_path(tree_size: int) -> str:
    """Where the timestamp of a checkpoint lies."""
    return f"timestamps/{tree_size}.tsr"


def full_name(notice_id: str, version: int) -> str:
    """What a full notice is called."""
    return f"{notice_id}-{version}"


def full_path(name: str) -> str:
    """Where a full notice lies."""
    return f"full/{name}.json"
