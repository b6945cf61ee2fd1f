"""Evidence, written: openings that somebody has, the tiles that prove them, and the checkpoints that bound when.

What is written is what an audit will read: the tiles are those that proving the entries asks for, each proven before it is put there, and
those from the first entry on to the end, so that a later or another party's file can be held against this one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from detente.channel.acts import PUBLIC_KINDS
from detente.channel.evidence import (
    CHECKPOINT,
    ENTRIES,
    HEADER,
    PUBLIC,
    FullNotice,
    Header,
    Opening,
    Writer,
    checkpoint_path,
    full_name,
    full_path,
    timestamp_path,
    write_full,
    write_header,
    write_opening,
)
from detente.channel.examine import leaf_of
from detente.domain import DetenteError, NotAuthentic, at
from detente.record.act import read_act
from detente.record.checkpoint import open_checkpoint
from detente.record.envelope import from_json
from detente.record.keys import public_key_from_text
from detente.record.proven import ProvenTiles
from detente.record.tiles import WIDTH, TileAddress, tile_path


class Log(Protocol):
    """A log to take tiles and checkpoints from. Nothing it gives is believed."""

    def head(self) -> bytes:
        """The latest checkpoint, a signed note."""

    def tile(self, tile: TileAddress) -> bytes:
        """A tile."""

    def sizes(self) -> Sequence[int]:
        """The tree sizes of the older checkpoints that can be had, ascending."""

    def note(self, size: int) -> bytes:
        """One of them, with its cosignatures."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    tree_size: int
    public_count: int
    entry_count: int
    checkpoint_count: int
    full_count: int


def export(
    writer: Writer,
    log: Log,
    header: Header,
    public: Iterable[Opening],
    entries: Iterable[Opening],
    full: Iterable[FullNotice] = (),
    timestamps: Iterable[tuple[bytes, bytes]] = (),
) -> Exported:
    """Writes a piece of evidence.

    Args:
        header: what it is to say of itself; the lists in it are filled in.
        public: every public act, in order. entries: the other entries that are to be opened, in order; no later than the log's head are taken.
            All entries are read before any of the public acts: `apart` gives both out of one list, read once.
        timestamps: checkpoints of this log as notes, and what an authority answered about each (RFC 3161), as a witness keeps them.
            Those of more than the log's head are left out.
    Raises:
        NotAuthentic: the log's own tiles or openings do not hold: nothing is to be made of it but a quarrel with the host.
    """
    head = log.head()
    with at(CHECKPOINT):
        checkpoint, _ = open_checkpoint(head, header.origin, public_key_from_text(header.host_key))
    taken = _Taken(writer, log, checkpoint.tree_size, checkpoint.root_hash)
    writer.put(CHECKPOINT, head)
    entry_count = taken.put_lines(ENTRIES, entries, to_the_end=True)
    public_count = taken.put_lines(PUBLIC, public)
    stamped = _stamped(timestamps, header, checkpoint.tree_size)
    sizes = taken.put_checkpoints({size: note for size, (note, _) in stamped.items()})
    for size, (_, answer) in stamped.items():
        writer.put(timestamp_path(size), answer)
    names = []
    for each in full:
        names.append(full_name(each.notice_id, each.version))
        writer.put(full_path(names[-1]), write_full(each))
    told = msgspec.structs.replace(
        header, checkpoints=tuple(sizes), full=tuple(sorted(names)), timestamps=tuple(sorted(stamped))
    )
    writer.put(HEADER, write_header(told))
    return Exported(checkpoint.tree_size, public_count, entry_count, len(sizes), len(names))


def _stamped(
    timestamps: Iterable[tuple[bytes, bytes]], header: Header, most_size: int
) -> dict[int, tuple[bytes, bytes]]:
    """Timestamps by the size of their checkpoint.

    Raises:
        NotAuthentic: one is not on a checkpoint of this log.
    """
    found = {}
    for note, answer in timestamps:
        checkpoint, _ = open_checkpoint(note, header.origin, public_key_from_text(header.host_key))
        if checkpoint.tree_size <= most_size:
            found[checkpoint.tree_size] = (note, answer)
    return found


class _Taken:
    """What was taken of a log so far: each tile once, and the checkpoints that will be needed."""

    def __init__(self, writer: Writer, log: Log, size: int, root: bytes) -> None:
        self._writer, self._log, self._size = writer, log, size
        self._tiles: set[TileAddress] = set()
        self._lines: list[tuple[TileAddress, bytes]] = []
        self._positions: list[int] = []
        self._seen: set[int] = set()
        self._proven = ProvenTiles(self._tile, size, root)

    def _tile(self, tile: TileAddress) -> bytes:
        raw = self._log.tile(tile)
        if tile not in self._tiles:
            self._tiles.add(tile)
            self._lines.append((tile, raw))
        return raw

    def _put_tiles(self) -> None:
        """Not while a file of lines is being written."""
        for tile, raw in self._lines:
            self._writer.put(tile_path(tile), raw)
        self._lines.clear()

    def put_lines(self, path: str, openings: Iterable[Opening], *, to_the_end: bool = False) -> int:
        """A file of openings, each checked; how many there were."""
        before = len(self._positions)
        self._writer.put_lines(path, self._checked(openings))
        if to_the_end and len(self._positions) > before:
            for number in range(self._positions[before] // WIDTH, -(-self._size // WIDTH)):
                self._proven.row(0, number)
        self._put_tiles()
        return len(self._positions) - before

    def _checked(self, openings: Iterable[Opening]) -> Iterator[bytes]:
        for opening in openings:
            if opening.position >= self._size:
                return
            raw = opening.envelope.encode()
            with at(f"entry {opening.position}"):
                if leaf_of(opening, raw) != self._proven.leaf(opening.position):
                    raise NotAuthentic(
                        "what the server opens is not the leaf of its log", hint="keep both, and tell the others"
                    )
            self._positions.append(opening.position)
            try:
                seen = read_act(from_json(raw).payload).checkpoint
            except DetenteError:
                seen = None  # it is written all the same: the audit says what is wrong with it
            if seen is not None and seen.tree_size <= opening.position:
                self._seen.add(seen.tree_size)
            yield write_opening(opening)

    def put_checkpoints(self, stamped: Mapping[int, bytes]) -> list[int]:
        """The checkpoints that bound when: those that entries name, or the last before, the first that holds each, and those stamped."""
        known = [size for size in self._log.sizes() if size <= self._size]
        named = {known[index] for size in self._seen if (index := bisect_right(known, size) - 1) >= 0}
        holding = {known[index] for each in self._positions if (index := bisect_left(known, each + 1)) < len(known)}
        sizes = sorted(named | holding | stamped.keys())
        for size in sizes:
            note = self._log.note(size) if size in known else stamped[size]
            self._writer.put(checkpoint_path(size), note)
        for size in sorted(self._seen | set(sizes)):
            self._proven.root_at(size)
        self._put_tiles()
        return sizes


def apart(openings: Iterable[Opening]) -> tuple[Iterator[Opening], list[Opening]]:
    """The entries that are no public acts, as they are read; and the public acts, once all of those were."""
    public: list[Opening] = []

    def entries() -> Iterator[Opening]:
        for opening in openings:
            if opening.kind in PUBLIC_KINDS:
                public.append(opening)
            else:
                yield opening

    return entries(), public


def chosen_from(openings: Iterable[Opening], from_us: int | None, to_us: int | None) -> Iterator[Opening]:
    """Those received from one moment up to, not including, another."""
    for opening in openings:
        if (from_us is None or opening.received_us >= from_us) and (to_us is None or opening.received_us < to_us):
            yield opening
