"""A tree out of tiles that nobody vouches for: every hash it gives leads to the root of a checkpoint, or it refuses.

The tiles at the right edge, one a level, hold between them all that the root is made of. A full tile is held against the one hash that stands for it
in the level above. So a leaf costs at most one tile a level, and the root of any earlier tree is made of hashes that were proven before.
"""

from __future__ import annotations

from hmac import compare_digest
from typing import Final

from detente.domain import Malformed, NotAuthentic
from detente.record.merkle import HASH_BYTES, LARGEST, root_at
from detente.record.tiles import HEIGHT, WIDTH, Fetch, Frontier, TileAddress, TileReader, tile_path, tile_root

MOST_KEPT: Final = 512  # tiles of the lowest level at once, 8 KiB each


class ProvenTiles:
    """The tree of a checkpoint.

    Args:
        fetch: the bytes of a tile, of exactly the width asked for.

    Raises:
        NotAuthentic: the tiles at the right edge do not lead to the root.
        Malformed: one of them is not of its width; whatever `fetch` raises.
    """

    def __init__(self, fetch: Fetch, size: int, root: bytes) -> None:
        if not 0 <= size <= LARGEST:
            raise Malformed(f"a tree of {size} leaves")
        self._fetch, self.size = fetch, size
        self._edge = [self._edge_row(level) for level in range(-(-size.bit_length() // HEIGHT))]
        found = Frontier(size, [bytearray(row) for row in self._edge]).root()
        if not compare_digest(found, root):
            raise NotAuthentic(
                f"the tiles lead to another root than that of the tree of {size} leaves, {root.hex()[:16]}…",
                hint="a tile was altered, or the checkpoint is of another log",
            )
        self._upper: dict[tuple[int, int], bytes] = {}
        self._lowest: dict[int, bytes] = {}
        self._renew()

    def _edge_row(self, level: int) -> bytes:
        count = self.size >> HEIGHT * level
        width = count % WIDTH
        return self._exactly(TileAddress(level, count // WIDTH, width)) if width else b""

    def _exactly(self, tile: TileAddress) -> bytes:
        raw = self._fetch(tile)
        if len(raw) != tile.width * HASH_BYTES:
            raise Malformed(f"{tile_path(tile)} has {len(raw)} bytes, not {tile.width * HASH_BYTES}")
        return raw

    def leaf(self, index: int) -> bytes:
        """The leaf hash at an index.

        Raises:
            NotAuthentic: a tile on its way to the root is not the tree's.
        """
        assert 0 <= index < self.size
        place = index % WIDTH * HASH_BYTES
        return self.row(0, index // WIDTH)[place : place + HASH_BYTES]

    def row(self, level: int, number: int) -> bytes:
        """The hashes of a tile, as many as the tree has there, joined."""
        if number == self.size >> HEIGHT * (level + 1):
            return self._edge[level]
        kept = self._upper.get((level, number)) if level else self._lowest.get(number)
        return kept if kept is not None else self._proven(level, number)

    def _proven(self, level: int, number: int) -> bytes:
        tile = TileAddress(level, number)
        hashes = self._exactly(tile)
        place = number % WIDTH * HASH_BYTES
        above = self.row(level + 1, number // WIDTH)[place : place + HASH_BYTES]
        if not compare_digest(tile_root(hashes), above):
            raise NotAuthentic(
                f"{tile_path(tile)} is not the tile of the tree of {self.size} leaves",
                hint="a hash in it was altered, or it is another log's",
            )
        if level:
            self._upper[level, number] = hashes
            return hashes
        if len(self._lowest) >= MOST_KEPT:
            self._lowest.clear()
        self._lowest[number] = hashes
        return hashes

    def root_at(self, size: int) -> bytes:
        """The root of the tree as it was at a size.

        Raises:
            NotAuthentic: as `leaf`.
        """
        assert 0 <= size <= self.size
        if self._read > MOST_KEPT:
            self._renew()
        return root_at(size, self._reader.node)

    def _renew(self) -> None:
        """The reader keeps every tile that it read."""
        self._read = 0
        self._reader = TileReader(self._counted, self.size)

    def _counted(self, tile: TileAddress) -> bytes:
        self._read += 1
        return self.row(tile.level, tile.number)
