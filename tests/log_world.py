"""What the tests of the log share: a log of made-up leaves, which can be forked."""

from functools import cache

from detente.record.checkpoint import Checkpoint
from detente.record.merkle import leaf_hash, node_hash, root_at


class Log:
    """A log in memory, the slow and obvious one: every hash is made from its leaves. `story` makes its leaves other ones from `fork` on."""

    def __init__(self, origin, size=0, *, story="", fork=0):
        self.origin = origin
        self.leaves = []
        self._story, self._fork = story, fork
        self.grow(size)

    def grow(self, count):
        start = len(self.leaves)
        self.leaves += [
            _leaf(number, self._story if number >= self._fork else "") for number in range(start, start + count)
        ]

    def node(self, size=None):
        return node_of(self.leaves[:size])

    def head(self, size=None):
        size = len(self.leaves) if size is None else size
        return Checkpoint(self.origin, size, root_at(size, self.node(size)))


def node_of(leaf_hashes):
    """The hash of any complete subtree over these leaves, made from them."""
    return _node_of(tuple(leaf_hashes))


@cache
def _leaf(number, story):
    return leaf_hash(f"{number} {story}".encode())


@cache
def _node_of(leaves):
    @cache
    def node(level, index):
        if level == 0:
            return leaves[index]
        return node_hash(node(level - 1, 2 * index), node(level - 1, 2 * index + 1))

    return node
