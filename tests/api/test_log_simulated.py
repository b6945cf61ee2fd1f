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
from store_world import ARENA, an_entry

KEY = SigningKey(bytes([7]) * 32)
STEPS = ("memory", "commit", "keep", "serve")
DEATHS = 2_000


class Died(Exception):
    """The process is gone, and with it all that it had in memory."""


class Life:
    """One process: from its start, which goes on from what is committed, to its death after a step."""

    def __init__(self, store, random):
        self.store, self.random, self.heads = store, random, []
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
        self.step("commit")
        self.sign()

    def sign(self):
        if self.frontier.size:
            keep_checkpoint(self.store, self.lease, KEY, self.frontier)
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


def check_goes_on(store, before, head):
    reader = TileReader(partial(committed_tile, store, ARENA), store.heads(ARENA).next_position)
    assert root_at(head.tree_size, reader.node) == head.root_hash
    proof = consistency_proof(before.tree_size, head.tree_size, reader.node)
    check_consistency(before.tree_size, before.root_hash, head.tree_size, head.root_hash, proof)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_was_served_before_a_death_is_a_beginning_of_what_is_served_after_it(tmp_path, seed):
    store, random, seen = open_store(str(tmp_path / "channel.db")), Random(seed), []
    store.create_arena(ARENA, 0)
    died_after = set()
    for _ in range(DEATHS // 4):
        life = Life(store, random)
        died_after.add(life.dies_after[0])
        for head in life.live():
            if seen and head != seen[-1]:
                check_goes_on(store, seen[-1], head)
            seen.append(head)
    assert died_after == set(STEPS)
    assert len({head.tree_size for head in seen}) > DEATHS // 10
    store.close()
