"""A log that told two stories: two of its signed heads that cannot both be. Anybody can check it who knows the log's key."""

from __future__ import annotations

from dataclasses import dataclass

from detente.domain import NotAuthentic
from detente.record.checkpoint import open_checkpoint
from detente.record.keys import PublicKey
from detente.record.merkle import Node, check_consistency, consistency_proof, root_at
from detente.record.note import Note


@dataclass(frozen=True, slots=True)
class SplitView:
    """Two notes of one log, the smaller tree first, and what the larger one begins with.

    Attributes:
        other_root: the root over the first leaves of the second tree, as many as the first has: not that of the first.
        hashes: the consistency proof from `other_root` to the second; empty where the two are of one size.
    """

    first: Note
    second: Note
    other_root: bytes
    hashes: tuple[bytes, ...]


def split_view(first: Note, first_size: int, second: Note, second_size: int, node: Node) -> SplitView:
    """What two notes are to be shown with; `node` gives the hashes of the second tree, the larger one."""
    return SplitView(first, second, root_at(first_size, node), consistency_proof(first_size, second_size, node))


def check_split_view(found: SplitView, origin: str, key: PublicKey) -> None:
    """Returns where it is proven that the log's key signed two trees of which neither goes on from the other.

    Raises:
        Malformed, TooLarge: no checkpoints, or the larger first.
        NotAuthentic: not signed by this key, or the two may well be one story.
    """
    first, _ = open_checkpoint(found.first.raw, origin, key)
    second, _ = open_checkpoint(found.second.raw, origin, key)
    check_consistency(first.tree_size, found.other_root, second.tree_size, second.root_hash, found.hashes)
    if first.root_hash == found.other_root:
        raise NotAuthentic(f"the tree of {second.tree_size} goes on from that of {first.tree_size}: there is one story")
