"""Tiles that nobody vouches for: what they give leads to the root, or they are refused, bit by bit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.domain import DetenteError, Malformed, NotAuthentic
from detente.record.merkle import EMPTY_ROOT, leaf_hash, root_at
from detente.record.proven import ProvenTiles
from detente.record.tiles import Frontier, TileAddress, tiles_of


def leaves(count):
    return [leaf_hash(index.to_bytes(8, "big")) for index in range(count)]


def log_of(hashes):
    """Every tile of a log, and its root."""
    frontier = Frontier()
    full = {(each.level, each.number): each.hashes for each in frontier.append(hashes)}
    tiles = {}
    for tile in tiles_of(len(hashes)):
        edge = bytes(frontier.rows[tile.level]) if tile.level < len(frontier.rows) else b""
        tiles[tile] = full.get((tile.level, tile.number), edge)
    return tiles, frontier.root()


def node_of(hashes):
    def node(level, index):
        return root_at(1, lambda *_: hashes[index]) if level == 0 else _pair(level, index)

    def _pair(level, index):
        from detente.record.merkle import node_hash

        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node


@settings(max_examples=25, deadline=None)
@given(st.sampled_from([0, 1, 2, 255, 256, 257, 511, 512, 700, 65_536, 65_537, 66_000]), st.data())
def test_every_leaf_and_every_earlier_root_is_what_the_log_had(size, data):
    hashes = LARGE[:size]
    tiles, root = log_of(hashes)
    proven = ProvenTiles(tiles.__getitem__, size, root)
    if size:
        index = data.draw(st.integers(0, size - 1))
        assert proven.leaf(index) == hashes[index]
    earlier = data.draw(st.integers(0, size))
    assert proven.root_at(earlier) == (root_at(earlier, node_of(hashes)) if earlier else EMPTY_ROOT)


LARGE = leaves(66_000)


def test_every_flipped_bit_of_a_small_logs_tile_is_refused():
    hashes = leaves(5)
    tiles, root = log_of(hashes)
    (tile,) = tiles
    for bit in range(8 * len(tiles[tile])):
        changed = bytearray(tiles[tile])
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(NotAuthentic, match="lead to another root"):
            ProvenTiles(lambda _: bytes(changed), 5, root)  # noqa: B023


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_flipped_bit_in_any_tile_on_the_way_is_refused(data):
    size = 66_000
    index = data.draw(st.integers(0, size - 1))
    on_the_way = [TileAddress(0, index // 256), TileAddress(1, index // 65_536), TileAddress(2, 0, 1)]
    known = {tile: raw for tile, raw in LARGE_TILES.items() if any(tile[:2] == each[:2] for each in on_the_way)}
    altered = data.draw(st.sampled_from(sorted(known)))
    bit = data.draw(st.integers(0, 8 * len(known[altered]) - 1))
    raw = bytearray(known[altered])
    raw[bit // 8] ^= 1 << bit % 8
    with pytest.raises(NotAuthentic, match=r"is not the tile of the tree|lead to another root"):
        ProvenTiles(lambda tile: bytes(raw) if tile == altered else LARGE_TILES[tile], size, LARGE_ROOT).leaf(index)


LARGE_TILES, LARGE_ROOT = log_of(LARGE)


@pytest.mark.parametrize("change", [b"", b"\0", b"\0" * 32])
def test_a_tile_of_another_width_is_refused(change):
    tiles, root = log_of(leaves(5))
    with pytest.raises(Malformed, match=r"has .* bytes, not 160"):
        ProvenTiles(lambda tile: tiles[tile] + change if change else tiles[tile][:-1], 5, root)


def test_another_size_of_the_same_tiles_is_refused():
    tiles, root = log_of(leaves(300))
    for size in (299, 301, 256, 512):
        with pytest.raises(DetenteError):
            ProvenTiles(lambda tile: next((r for t, r in tiles.items() if t[:2] == tile[:2]), b""), size, root)
