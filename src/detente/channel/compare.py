"""Several pieces of evidence of one log: whether they can all be of one story. Where not, two notes signed by one key prove it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from detente.channel.audit import Audit
from detente.channel.verdict import Finding, Flaw, Outcome
from detente.domain import DetenteError
from detente.record.merkle import HASH_BYTES
from detente.record.proven import ProvenTiles
from detente.record.tiles import WIDTH

_KEEP = "keep both files: the two checkpoints in them, signed by one key, prove that the log told two stories"


def compare(audits: Sequence[Audit]) -> list[Finding]:
    """What is to be said of files together, each of them audited before."""
    return [finding for one, other in combinations(audits, 2) for finding in _compared(one, other)]


def _compared(one: Audit, other: Audit) -> Iterator[Finding]:
    where = f"{one.source_name} and {other.source_name}"
    if one.tree is None or other.tree is None:
        yield Finding(Flaw.NOT_COMPARED, Outcome.INCOMPLETE, where, "one of them has no checkpoint that holds")
        return
    (first, tiles), (second, larger) = sorted((one.tree, other.tree), key=lambda tree: tree[0].tree_size)
    if first.origin != second.origin:
        what = f"they are of two logs, {first.origin} and {second.origin}"
        yield Finding(Flaw.NOT_COMPARED, Outcome.INCOMPLETE, where, what)
        return
    if one.host_key != other.host_key:
        what = "they name two keys of one log's host: one of them at least is not that log"
        yield Finding(
            Flaw.ANCHOR, Outcome.FALSE, where, what, "--host-key, or --root of a party that signed for it, tells which"
        )
        return
    try:
        root = larger.root_at(first.tree_size)
    except DetenteError:
        yield from _compared_leaf_by_leaf(where, tiles, larger)
        return
    if root != first.root_hash:
        what = (
            f"the host's key signed a tree of {first.tree_size} leaves with root {first.root_hash.hex()[:16]}…, "
            f"and one of {second.tree_size} that begins with {root.hex()[:16]}…"
        )
        yield Finding(Flaw.SPLIT_VIEW, Outcome.FALSE, where, what, _KEEP)
        return
    yield from _left_out(one, other)
    yield from _left_out(other, one)


def _left_out(one: Audit, other: Audit) -> Iterator[Finding]:
    """The public acts that one of two files of one story opens, and the other does not, though they were there."""
    assert one.tree
    known = one.public_positions
    for position, kind in other.public_positions.items():
        if position < one.tree[0].tree_size and position not in known:
            what = f"it leaves out the public act at {position}, of kind {kind}, which {other.source_name} opens"
            hint = "a key may have ended, or rules changed, that it takes to hold: go by the other, or have it written anew"
            yield Finding(Flaw.LEFT_OUT, Outcome.FALSE, one.source_name, what, hint, position)


def _compared_leaf_by_leaf(where: str, tiles: ProvenTiles, larger: ProvenTiles) -> Iterator[Finding]:
    """Where the tiles that would join the two are in neither, those leaves that are in both."""
    same = 0
    for number in range(-(-tiles.size // WIDTH)):
        try:
            one, other = tiles.row(0, number), larger.row(0, number)
        except DetenteError:
            continue
        length = min(len(one), len(other))
        if one[:length] != other[:length]:
            place = next(
                i for i in range(0, length, HASH_BYTES) if one[i : i + HASH_BYTES] != other[i : i + HASH_BYTES]
            )
            position = number * WIDTH + place // HASH_BYTES
            what = f"the host's key signed both, and entry {position} is another in each"
            yield Finding(Flaw.SPLIT_VIEW, Outcome.FALSE, where, what, _KEEP, position)
            return
        same += length // HASH_BYTES
    what = f"no tiles in them join the two trees; {same} leaves are in both, and the same"
    hint = "have one of them exported anew, up to a later checkpoint and without --from"
    yield Finding(Flaw.NOT_COMPARED, Outcome.INCOMPLETE, where, what, hint)
