"""Thousands of deaths at every step of how the log grows: what was served once is a beginning of whatever the next life serves."""

from functools import partial
from random import Random

import pytest

from detente.api.load import load_frontier
from detente.api.log import checkpoint, committed_tile, keep_checkpoint
from detente.channel.batch import Batch
from detente.record.checkpoint import open_checkpoint, origin_of
from detente.record.keys import SigningKey
from detente.record.merkle import check_consistency, consistency_proof, leaf_hash, root_at
from detente.record.tiles import TileReader
from detente.stores import open_store
from log_world import node_of
from store_world import ARENA, an_entry

KEY = SigningKey(bytes([7]) * 32)
STEPS = ("memory", "commit", "sign", "keep", "serve")
DEATHS = 2_000


class Died(Exception):
    """The process is gone, and with it all that it had in memory."""


class Life:
    """One process: from its start, which goes on from what is committed, to its death after a step."""

    def __init__(self, store, random):
        self.store, self.random, self.heads, self.committed = store, random, [], 0
        self.lease = store.take_lease(ARENA, "one", "", 60.0)
        self.frontier = load_frontier(store, ARENA, store.heads(ARENA).next_position)
        self.dies_after = (random.choice(STEPS), random.randrange(1, 4))

    def step(self, name):
        step, count = self.dies_after
        if name == step:
            self.dies_after = (step, count - 1)
            if count == 1:
                raise Died

    def turn(self):
        """What the sequencer does, and its signer: in memory, to the disk, the head kept, and only then served."""
        entries = tuple(an_entry(self.frontier.size + n) for n in range(self.random.choice((1, 1, 2, 5, 90, 300))))
        tiles = self.frontier.append([leaf_hash(entry.leaf) for entry in entries])
        self.step("memory")
        self.store.commit(self.lease, Batch(entries=entries, tiles=tuple(tiles)))
        self.committed = self.frontier.size
        self.step("commit")
        self.sign()

    def now_us(self):
        return self.store.now_us()

    def add_checkpoint(self, lease, kept):
        """Where the signer would keep what it has signed."""
        self.step("sign")
        self.store.add_checkpoint(lease, kept)

    def sign(self):
        if self.frontier.size:
            keep_checkpoint(self, self.lease, KEY, self.frontier)
        self.step("keep")
        raw = checkpoint(self.store, ARENA)
        if raw is not None:
            self.heads.append(open_checkpoint(raw, origin_of(ARENA), KEY.public)[0])
        self.step("serve")

    def live(self):
        """Until it dies; the heads that somebody saw meanwhile."""
        try:
            self.sign()
            while True:
                self.turn()
        except Died:
            return self.heads


def check_holds(store, heads, committed):
    """Every head that was ever served is over a beginning of the log as it is, and nothing that was committed is missing."""
    size = store.heads(ARENA).next_position
    assert size == committed
    leaves = store.leaves(ARENA, 0, size)
    assert leaves == [an_entry(position).leaf for position in range(size)]
    node = node_of(map(leaf_hash, leaves))
    assert all(head.root_hash == root_at(head.tree_size, node) for head in heads)


def check_goes_on(store, before, head):
    reader = TileReader(partial(committed_tile, store, ARENA), store.heads(ARENA).next_position)
    assert root_at(head.tree_size, reader.node) == head.root_hash
    proof = consistency_proof(before.tree_size, head.tree_size, reader.node)
    check_consistency(before.tree_size, before.root_hash, head.tree_size, head.root_hash, proof)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_was_served_before_a_death_is_a_beginning_of_what_is_served_after_it(tmp_path, seed):
    store, random, seen = open_store(str(tmp_path / "channel.db")), Random(seed), []
    store.create_arena(ARENA, 0)
    died_after, committed = set(), 0
    for _ in range(DEATHS // 4):
        life = Life(store, random)
        assert life.frontier.size == committed
        died_after.add(life.dies_after[0])
        for head in life.live():
            if seen and head != seen[-1]:
                check_goes_on(store, seen[-1], head)
            seen.append(head)
        committed = max(committed, life.committed)
    check_holds(store, set(seen), committed)
    assert died_after == set(STEPS)
    assert len({head.tree_size for head in seen}) > DEATHS // 10
    store.close()
