"""A log as plain files: tiles of 256 hashes, bundles of 256 leaves, and their paths. C2SP tlog-tiles, of height 8.

A `Frontier` is all that is needed to go on: the hashes of each level that do not fill a tile yet. Full tiles never change again.
A `TileReader` makes proofs from tiles that somebody gives it. It believes none of them: what it makes is checked against a checkpoint.

Source: c2sp.org/tlog-tiles.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeAlias

from detente.domain import Malformed
from detente.record.merkle import EMPTY_ROOT, HASH_BYTES, LARGEST, folded, leaf_hash, paired

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
MOST_LEVELS: Final = 8  # 2^63 leaves
_NUMBER: Final = r"(?:x\d{3}/)*\d{3}"
_PATH: Final = re.compile(rf"tile/(entries|[0-9]|[1-5][0-9]|6[0-3])/({_NUMBER})(?:\.p/([1-9][0-9]{{0,2}}))?")


class TileAddress(NamedTuple):
    """Which tile: level 0 holds leaf hashes; -1 stands for the bundle of the leaves themselves. `width` below 256 is a partial one."""

    level: int
    number: int
    width: int = WIDTH


Fetch: TypeAlias = Callable[[TileAddress], bytes]
ENTRIES: Final = -1


def tile_path(tile: TileAddress) -> str:
    """Where a tile lies below its log: `tile/<level>/<number>`, `.p/<width>` after it where it is not full."""
    groups = [f"{tile.number % 1000:03}"]
    rest = tile.number // 1000
    while rest:
        groups.insert(0, f"x{rest % 1000:03}")
        rest //= 1000
    level = "entries" if tile.level == ENTRIES else str(tile.level)
    return f"tile/{level}/{'/'.join(groups)}" + ("" if tile.width == WIDTH else f".p/{tile.width}")


def read_tile_path(path: str) -> TileAddress:
    """The tile that lies there.

    Raises:
        Malformed: no path of a tile, or not the one path of it.
    """
    match = _PATH.fullmatch(path)
    if match is None or not path.isascii() or len(path) > 100:
        raise Malformed(f"{path[:80]!r} is no path of a tile", hint="tile/0/x001/234, tile/entries/000.p/17")
    level, number, width = match.groups()
    found = TileAddress(
        ENTRIES if level == "entries" else int(level),
        int(number.replace("x", "").replace("/", "")),
        int(width) if width else WIDTH,
    )
    if tile_path(found) != path or found.width > WIDTH or found.number > LARGEST >> HEIGHT:
        raise Malformed(f"{path[:80]!r} is not how the path of a tile is written")
    return found


def tiles_of(size: int, *, first: int = 0) -> Iterable[TileAddress]:
    """Every tile of hashes of a tree of `size` that covers a leaf from `first` on, partial ones included, lowest level first."""
    for level in range(MOST_LEVELS):
        count = size >> HEIGHT * level
        if not count:
            return
        for number in range((first >> HEIGHT * level) // WIDTH, -(-count // WIDTH)):
            yield TileAddress(level, number, min(WIDTH, count - number * WIDTH))


def tile_of_leaf(index: int, size: int, level: int = 0) -> TileAddress:
    """The tile of a level that a leaf lies under, as wide as it is in a tree of `size`."""
    number = index >> HEIGHT * (level + 1)
    return TileAddress(level, number, min(WIDTH, (size >> HEIGHT * level) - number * WIDTH))


# ── bundles of leaves ────────────────────────────────────────────────────────────────────────────────────────────────


def write_bundle(leaves: Sequence[bytes]) -> bytes:
    """Leaves one after the other, each after its length in two bytes."""
    return b"".join(struct.pack(">H", len(leaf)) + leaf for leaf in leaves)


def read_bundle(raw: bytes) -> list[bytes]:
    """The leaves of a bundle.

    Raises:
        Malformed: it is cut short, or holds more than 256.
    """
    leaves: list[bytes] = []
    place = 0
    while place < len(raw):
        (length,) = struct.unpack_from(">H", raw, place) if place + 2 <= len(raw) else (0xFFFF,)
        if place + 2 + length > len(raw) or len(leaves) == WIDTH:
            raise Malformed(f"a bundle of leaves is cut short, or holds more than {WIDTH}")
        leaves.append(raw[place + 2 : place + 2 + length])
        place += 2 + length
    return leaves


# ── going on ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that will not change again: 256 hashes, and the hash over them, which stands in the level above."""

    level: int
    number: int
    hashes: bytes
    root: bytes


@dataclass(slots=True)
class Frontier:
    """Where a tree stands: its size, and of each level the hashes that do not fill a tile yet, joined.

    `rows[level]` holds `(size >> 8·level) % 256` hashes.
    """

    size: int = 0
    rows: list[bytearray] = field(default_factory=list)

    def append(self, leaf_hashes: Iterable[bytes]) -> list[FullTile]:
        """Takes leaf hashes in, in order; the tiles that were filled by them, lowest first."""
        filled: list[FullTile] = []
        for each in leaf_hashes:
            self.size += 1
            self._put(0, each, filled)
        return filled

    def _put(self, level: int, each: bytes, filled: list[FullTile]) -> None:
        if level == len(self.rows):
            self.rows.append(bytearray())
        row = self.rows[level]
        row += each
        if len(row) == WIDTH * HASH_BYTES:
            hashes = bytes(row)
            row.clear()
            number = (self.size >> HEIGHT * (level + 1)) - 1
            filled.append(FullTile(level, number, hashes, tile_root(hashes)))
            self._put(level + 1, filled[-1].root, filled)

    def root(self) -> bytes:
        """The root of the tree as it stands."""
        pieces = [piece for row in reversed(self.rows) for piece in _complete(bytes(row))]
        return folded(pieces) if pieces else EMPTY_ROOT

    def copy(self) -> Frontier:
        """Another that goes on from the same place."""
        return Frontier(self.size, [bytearray(row) for row in self.rows])


def tile_root(hashes: bytes) -> bytes:
    """The hash over a full tile."""
    (root,) = _complete(hashes)
    return root


def _complete(hashes: bytes) -> list[bytes]:
    """The largest complete subtrees over a row of hashes, the largest first."""
    found, row = [], split_hashes(hashes)
    while row:
        level = len(row).bit_length() - 1
        subtree, row = row[: 1 << level], row[1 << level :]
        for _ in range(level):
            subtree = paired(subtree)
        found += subtree
    return found


def split_hashes(hashes: bytes) -> list[bytes]:
    """The hashes of a tile, one by one.

    Raises:
        Malformed: not a whole number of them, or more than a tile holds.
    """
    if len(hashes) % HASH_BYTES or len(hashes) > WIDTH * HASH_BYTES:
        raise Malformed(f"a tile of {len(hashes)} bytes: it holds up to {WIDTH} hashes of {HASH_BYTES} bytes")
    return [hashes[place : place + HASH_BYTES] for place in range(0, len(hashes), HASH_BYTES)]


# ── reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class TileReader:
    """The hashes of a tree of `size`, out of tiles. Give its `node` to `merkle`'s `root_at`, `inclusion_proof`, `consistency_proof`.

    Args:
        fetch: the bytes of a tile, of exactly the width asked for.
    """

    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch, self._size = fetch, size
        self._levels: dict[tuple[int, int], list[list[bytes]]] = {}

    def node(self, level: int, index: int) -> bytes:
        """The hash of a complete subtree, see `merkle`.

        Raises:
            Malformed: a tile is not of its width.
        """
        tile_level, within = divmod(level, HEIGHT)
        number, place = divmod(index, WIDTH >> within)
        return self._rows(tile_level, number)[within][place]

    def _rows(self, level: int, number: int) -> list[list[bytes]]:
        """The hashes of a tile, and of each level above them as far as they are complete."""
        found = self._levels.get((level, number))
        if found is None:
            found = [self._row(tile_of_leaf(number << HEIGHT * (level + 1), self._size, level))]
            for _ in range(HEIGHT - 1):
                found.append(paired(found[-1][: len(found[-1]) & ~1]))
            self._levels[level, number] = found
        return found

    def _row(self, tile: TileAddress) -> list[bytes]:
        hashes = split_hashes(self._fetch(tile))
        if len(hashes) != tile.width:
            raise Malformed(f"{tile_path(tile)} holds {len(hashes)} hashes, not {tile.width}")
        return hashes


def check_bundle(leaves: Sequence[bytes], hashes: bytes) -> None:
    """Returns where these leaves are those of a tile of level 0.

    Raises:
        Malformed: they are not.
    """
    if b"".join(map(leaf_hash, leaves)) != hashes:
        raise Malformed("a bundle of leaves is not what its tile was made of")
