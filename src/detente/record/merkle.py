"""Merkle trees as RFC 6962 hashes them: roots, proofs that a leaf is in a tree, proofs that one tree goes on from another.

Proofs are made from `node(level, index)`, the hash of the complete subtree over leaves `index · 2^level` up to `(index + 1) · 2^level`,
and who keeps those is not said here (`record.tiles` does). Checking needs nothing but the proof.

Source: RFC 6962, section 2.1; the checks as RFC 9162 spells them out, sections 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce
from hashlib import sha256
from hmac import compare_digest
from typing import Final, TypeAlias

from detente.domain import Malformed, NotAuthentic

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
LARGEST: Final = 2**63 - 1  # leaves of a tree; as much as a checkpoint can name everywhere
LONGEST_PROOF: Final = 63
Node: TypeAlias = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 ‖ data)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 ‖ left ‖ right)."""
    return sha256(b"\x01" + left + right).digest()


def folded(hashes: Iterable[bytes]) -> bytes:
    """The hash over subtrees that stand side by side, each smaller than the one before: joined from the right."""
    return reduce(lambda right, left: node_hash(left, right), reversed(list(hashes)))


def paired(hashes: Sequence[bytes]) -> list[bytes]:
    """The level above a level of an even number of hashes."""
    return [node_hash(hashes[index], hashes[index + 1]) for index in range(0, len(hashes), 2)]


# ── made ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def root_at(size: int, node: Node) -> bytes:
    """The root of the tree over the first `size` leaves."""
    return _span(0, size, node) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, node: Node) -> tuple[bytes, ...]:
    """What leads from the leaf at `index` to the root of the tree of `size`, nearest the leaf first."""
    assert 0 <= index < size
    return tuple(_span(start, stop, node) for start, stop in _path(index, size))


def consistency_proof(old_size: int, new_size: int, node: Node) -> tuple[bytes, ...]:
    """What shows that the tree of `new_size` begins with that of `old_size`; empty where they are one, or the old is empty."""
    assert 0 <= old_size <= new_size
    if old_size in (0, new_size):
        return ()
    return tuple(_span(start, stop, node) for start, stop in _growth(old_size, new_size))


def _span(start: int, stop: int, node: Node) -> bytes:
    """MTH(D[start:stop]); `start` is a multiple of the least power of two that is not below `stop - start`."""
    pieces = []
    while start < stop:
        level = (stop - start).bit_length() - 1
        pieces.append(node(level, start >> level))
        start += 1 << level
    return folded(pieces)


def _path(index: int, size: int) -> list[tuple[int, int]]:
    """The spans of PATH(m, D[n]), nearest the leaf first."""
    spans, start, stop = [], 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def _growth(old_size: int, new_size: int) -> list[tuple[int, int]]:
    """The spans of PROOF(m, D[n]), deepest first."""
    spans, start, stop = [], 0, new_size
    while stop != old_size:
        middle = start + _split(stop - start)
        if old_size <= middle:
            spans.append((middle, stop))
            stop = middle
        else:
            spans.append((start, middle))
            start = middle
    return ([(start, stop)] if start else []) + spans[::-1]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


# ── checked ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def check_inclusion(leaf: bytes, index: int, size: int, root: bytes, proof: Sequence[bytes]) -> None:
    """Returns where the leaf hash is at `index` of the tree of `size` with this root.

    Raises:
        Malformed: hashes that are none, or an index outside the tree.
        NotAuthentic: the proof leads to another root, or has too few or too many hashes.
    """
    _check_hashes(leaf, root, *proof)
    if not 0 <= index < size <= LARGEST:
        raise Malformed(f"leaf {index} of a tree of {size}")
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise NotAuthentic(f"the proof of leaf {index} has more hashes than lead to the root of {size}")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last or not compare_digest(found, root):
        raise NotAuthentic(
            f"leaf {index} is not in the tree of {size} leaves with root {root.hex()[:16]}…",
            hint="the entry, its proof or the checkpoint is not the one that was logged",
        )


def check_consistency(old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Returns where the tree of `new_size` begins with the tree of `old_size`: nothing was removed, altered or put between.

    Raises:
        Malformed: hashes that are none, or sizes out of order.
        NotAuthentic: it does not, or the proof has too few or too many hashes.
    """
    _check_hashes(old_root, new_root, *proof)
    if not 0 <= old_size <= new_size <= LARGEST:
        raise Malformed(f"a tree of {new_size} cannot go on from one of {old_size}")
    refusal = NotAuthentic(
        f"the tree of {new_size} leaves, root {new_root.hex()[:16]}…, does not begin with that of {old_size}, root {old_root.hex()[:16]}…",
        hint="keep both checkpoints: signed by one key they prove that it told two stories",
    )
    if old_size in (0, new_size):
        is_begun = compare_digest(old_root, new_root if old_size else EMPTY_ROOT)
        if proof or not is_begun or (not new_size and not compare_digest(new_root, EMPTY_ROOT)):
            raise refusal
        return
    found = _grown(old_size, new_size, proof if old_size & (old_size - 1) else (old_root, *proof))
    if found is None or not (compare_digest(found[0], old_root) and compare_digest(found[1], new_root)):
        raise refusal


def _grown(old_size: int, new_size: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """The old and the new root that the hashes lead to; None where there are too few or too many."""
    node, last = old_size - 1, new_size - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if not hashes:
        return None
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return None if last else (old, new)


def _check_hashes(*hashes: bytes) -> None:
    if len(hashes) > LONGEST_PROOF + 2 or any(len(each) != HASH_BYTES for each in hashes):
        raise Malformed(f"not hashes of {HASH_BYTES} bytes, or more than {LONGEST_PROOF} in a proof")
