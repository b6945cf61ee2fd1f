"""A log as files: what is read from tiles is what the tree itself says, at every size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import Malformed
from detente.record.merkle import (
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
)
from detente.record.tiles import (
    WIDTH,
    Frontier,
    TileAddress,
    TileReader,
    check_bundle,
    read_bundle,
    read_tile_path,
    tile_path,
    tile_root,
    tiles_of,
    write_bundle,
)

SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 700, 65_535, 65_536, 65_537, 70_000]
HASHES = [leaf_hash(index.to_bytes(4)) for index in range(70_001)]


class Files:
    """The full tiles of a log as they came, and partial ones cut as wide as asked."""

    def __init__(self):
        self.levels = [list(HASHES)]
        while len(self.levels[-1]) >= WIDTH:
            row = self.levels[-1]
            whole = len(row) // WIDTH * WIDTH
            self.levels.append([tile_root(b"".join(row[n : n + WIDTH])) for n in range(0, whole, WIDTH)])
        self.asked = []

    def __call__(self, tile):
        self.asked.append(tile)
        return b"".join(self.levels[tile.level][tile.number * WIDTH : tile.number * WIDTH + tile.width])


@pytest.fixture(scope="module")
def files():
    return Files()


def obvious_root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    from detente.record.merkle import node_hash

    return node_hash(obvious_root(hashes[:split]), obvious_root(hashes[split:]))


@pytest.mark.parametrize("size", SIZES)
def test_a_frontier_and_tiles_have_the_root_of_the_tree(files, size):
    frontier = Frontier()
    frontier.append(HASHES[:size])
    assert frontier.root() == root_at(size, TileReader(files, size).node)
    if size:
        assert frontier.root() == obvious_root(HASHES[:size])


@given(st.lists(st.integers(0, 600), max_size=6))
def test_however_leaves_come_the_same_tiles_are_filled_once_each(counts):
    frontier, filled, place = Frontier(), [], 0
    for count in counts:
        filled += frontier.append(HASHES[place : place + count])
        place += count
    assert {(tile.level, tile.number) for tile in filled} == {
        (tile.level, tile.number) for tile in tiles_of(place) if tile.width == WIDTH
    }
    assert len(filled) == len({(tile.level, tile.number) for tile in filled})
    again = Frontier()
    assert again.append(HASHES[:place]) == filled
    assert (again.rows, again.size) == (frontier.rows, frontier.size)


@given(st.data(), st.integers(1, 70_000))
def test_proofs_out_of_tiles_hold(files, data, size):
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    reader, root = TileReader(files, size), root_at(size, TileReader(files, size).node)
    check_inclusion(HASHES[index], index, size, root, inclusion_proof(index, size, reader.node))
    before = root_at(old, TileReader(files, old).node)
    assert before == root_at(old, reader.node)
    check_consistency(old, before, size, root, consistency_proof(old, size, reader.node))


def test_a_first_proof_needs_few_tiles(files):
    files.asked.clear()
    inclusion_proof(12_345, 70_000, TileReader(files, 70_000).node)
    assert len(files.asked) == len(set(files.asked)) <= 5


@given(st.integers(-1, 63), st.integers(0, 2**55 - 1), st.integers(1, 256))
def test_a_path_reads_back(level, number, width):
    tile = TileAddress(level, number, width)
    assert read_tile_path(tile_path(tile)) == tile


def test_paths_are_the_published_ones():
    assert tile_path(TileAddress(2, 1_234_067)) == "tile/2/x001/x234/067"
    assert tile_path(TileAddress(-1, 7, 3)) == "tile/entries/007.p/3"


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/0/x000/001",
        "tile/64/000",
        "tile/00/000",
        "tile/0/000.p/256",
        "tile/0/000.p/0",
        "tile/0/000.p/007",
        "tile/0/x001/x234",
        "tile/0/../000",
        "tile/0/٠٠٠",
        "tile/0/000\n",
        "tile/0/" + "x999/" * 8 + "999",
    ],
)
def test_a_path_in_any_other_form_is_refused(path):
    with pytest.raises(Malformed):
        read_tile_path(path)


@given(st.lists(st.binary(max_size=40), max_size=WIDTH))
def test_a_bundle_reads_back(leaves):
    raw = write_bundle(leaves)
    assert read_bundle(raw) == leaves
    check_bundle(leaves, b"".join(map(leaf_hash, leaves)))
    if raw:
        with pytest.raises(Malformed):
            read_bundle(raw[:-1])
        with pytest.raises(Malformed):
            check_bundle(leaves[1:], b"".join(map(leaf_hash, leaves)))


def test_a_tile_that_is_cut_short_is_refused():
    with pytest.raises(Malformed, match="holds 1 hashes, not 5"):
        TileReader(lambda tile: HASHES[0], 5).node(0, 0)
    with pytest.raises(Malformed):
        TileReader(lambda tile: HASHES[0][:-1], 5).node(0, 0)
