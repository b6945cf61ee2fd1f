"""What a store keeps of the log: leaves and tiles with what they are of, heads under the lease, who cosigned them. On both stores."""

from dataclasses import replace

import pytest

from detente.api.load import load_frontier
from detente.api.log import committed_tile
from detente.channel.batch import Batch, Cosigned, KeptCheckpoint
from detente.domain import LeaseLost, OutOfStep
from detente.record.merkle import leaf_hash, root_at
from detente.record.tiles import ENTRIES, Frontier, TileAddress, TileReader, read_bundle, tiles_of
from store_world import ARENA, an_entry


@pytest.fixture
def lease(store):
    store.create_arena(ARENA, 0)
    return store.take_lease(ARENA, "one", "", 60.0)


def write(store, lease, frontier, count, **values):
    entries = tuple(an_entry(frontier.size + n, **values) for n in range(count))
    tiles = frontier.append([leaf_hash(entry.leaf) for entry in entries])
    store.commit(lease, Batch(entries=entries, tiles=tuple(tiles)))
    return entries


def a_head(size, root=bytes(32), note=b"note"):
    return KeptCheckpoint(size, root, 1000 + size, note)


def test_a_log_is_read_back_as_it_was_committed_and_goes_on(store, lease):
    frontier, entries = Frontier(), ()
    for count in (1, 200, 55, 1, 300, 256):
        entries += write(store, lease, frontier, count)
        assert load_frontier(store, ARENA, frontier.size) == replace(frontier, rows=frontier.rows)
    size = frontier.size
    obvious = Frontier()
    full = {(tile.level, tile.number): tile for tile in obvious.append([leaf_hash(entry.leaf) for entry in entries])}
    for (level, number), tile in full.items():
        assert store.tile(ARENA, level, number) == tile.hashes
    for tile in tiles_of(size):
        assert len(committed_tile(store, ARENA, tile)) == 32 * tile.width
    reader = TileReader(lambda tile: committed_tile(store, ARENA, tile), size)
    assert root_at(size, reader.node) == frontier.root()
    assert read_bundle(committed_tile(store, ARENA, TileAddress(ENTRIES, 1))) == [e.leaf for e in entries[256:512]]
    assert store.leaves(ARENA, size - 1, 10) == [entries[-1].leaf]
    assert store.tile(ARENA, 0, size // 256) is None


def test_a_tile_is_written_once(store, lease):
    write(store, lease, Frontier(), 300)
    again = Frontier()
    tiles = again.append([leaf_hash(an_entry(position).leaf) for position in range(300)])
    with pytest.raises(OutOfStep):
        store.commit(lease, Batch(entries=(an_entry(300),), tiles=tuple(tiles)))


def test_a_head_is_kept_under_the_lease_alone_and_of_nothing_that_is_not_there(store, lease):
    write(store, lease, Frontier(), 3)
    assert store.checkpoint(ARENA) is None
    with pytest.raises(OutOfStep, match="of 4 entries, of which 3 are committed"):
        store.add_checkpoint(lease, a_head(4))
    store.add_checkpoint(lease, a_head(2))
    store.add_checkpoint(lease, a_head(3))
    store.add_checkpoint(lease, a_head(3, note=b"another"))
    assert store.checkpoint(ARENA) == a_head(3)
    assert store.checkpoints(ARENA, 0, 10) == [a_head(2), a_head(3)]
    assert store.checkpoints(ARENA, 2, 10) == [a_head(3)]
    assert store.checkpoints(ARENA, 0, 1) == [a_head(2)]
    assert store.checkpoints_of(ARENA, [3, 5, 2]) == [a_head(2), a_head(3)]
    store.take_lease(ARENA, "one", "", 60.0)
    with pytest.raises(LeaseLost):
        store.add_checkpoint(lease, a_head(3))


def test_who_cosigned_is_counted_by_witness_and_each_ones_first_line_stays(store, lease):
    write(store, lease, Frontier(), 3)
    for size in (1, 2, 3):
        store.add_checkpoint(lease, a_head(size))
    for size, witness, at_s in ((1, "a", 5), (1, "b", 6), (2, "a", 7), (2, "a", 6), (2, "x", 6), (3, "b", 9)):
        store.add_cosigned(ARENA, Cosigned(size, witness, at_s, f"{witness} {at_s}".encode()))
    assert [(each.tree_size, each.witness, each.at_s) for each in store.cosigned(ARENA, [1, 2])] == [
        (1, "a", 5), (1, "b", 6), (2, "a", 7), (2, "x", 6),
    ]  # fmt: skip
    assert store.cosigned_size(ARENA, ["a", "b"], 2) == 1
    assert store.cosigned_size(ARENA, ["a", "b"], 1) == 3
    assert store.cosigned_size(ARENA, ["a", "b", "c"], 3) is None


def test_reports_are_kept_once(store, lease):
    for size, note in ((9, b"later"), (7, b"sooner"), (9, b"later")):
        store.report(ARENA, size, note)
    assert store.reports(ARENA) == [b"sooner", b"later"]


def test_a_party_opens_what_it_made_what_is_for_it_and_what_is_public(store, lease):
    made = [
        an_entry(0, kind="member"),
        an_entry(1, kind="notice"),
        replace(an_entry(2, kind="view", audience="B"), party="A"),
        replace(an_entry(3, kind="refused", audience="B"), party="A"),
        replace(an_entry(4, kind="view", audience="C"), party="B"),
        replace(an_entry(5, kind="view", audience="C"), party="A"),
        replace(an_entry(6, kind="refused", audience="C"), party="B"),
    ]
    store.commit(lease, Batch(entries=tuple(made)))
    everything = {"from_position": 0, "until_us": 2**60, "limit": 100}

    def opened(party, **changed):
        found = store.openings(ARENA, party, ["member"], **{**everything, **changed})
        assert all(made[entry.position] == entry for entry in found)
        return [entry.position for entry in found]

    assert opened("A") == [0, 1, 2, 3, 5]
    assert opened("B") == [0, 2, 4, 6]
    assert opened("C") == [0, 4, 5]
    assert opened("A", limit=2) == [0, 1]
    assert opened("A", from_position=2) == [2, 3, 5]
    assert opened("B", until_us=1002) == [0, 2]
