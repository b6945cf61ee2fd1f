"""Trees and proofs, held against RFC 6962's own recursive definitions and published roots."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import DetenteError, NotAuthentic
from detente.record.merkle import (
    EMPTY_ROOT,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_at,
)

# The reference tree of the Certificate Transparency project (merkletree tests of its C++ and Go logs): leaves, and the root of each size.
LEAVES = [
    bytes.fromhex(each)
    for each in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def tree_hash(leaves):
    """MTH, as RFC 6962 defines it."""
    if len(leaves) < 2:
        return leaf_hash(leaves[0]) if leaves else sha256(b"").digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return node_hash(tree_hash(leaves[:split]), tree_hash(leaves[split:]))


def nodes_of(leaves):
    return lambda level, index: tree_hash(leaves[index << level : (index + 1) << level])


def some(count):
    return [b"%d" % index for index in range(count)]


def test_roots_are_the_published_ones():
    for size, root in enumerate(ROOTS, start=1):
        assert root_at(size, nodes_of(LEAVES)).hex() == root
    assert root_at(0, nodes_of([])) == EMPTY_ROOT == tree_hash([])


@pytest.mark.parametrize("size", range(1, 40))
def test_every_leaf_of_every_small_tree_is_proven(size):
    leaves = some(size)
    root = root_at(size, nodes_of(leaves))
    assert root == tree_hash(leaves)
    for index in range(size):
        check_inclusion(leaf_hash(leaves[index]), index, size, root, inclusion_proof(index, size, nodes_of(leaves)))


@pytest.mark.parametrize("size", range(40))
def test_every_small_tree_goes_on_from_every_one_before(size):
    leaves = some(size)
    for old in range(size + 1):
        proof = consistency_proof(old, size, nodes_of(leaves))
        check_consistency(old, tree_hash(leaves[:old]), size, tree_hash(leaves), proof)


@given(st.data(), st.integers(1, 70))
def test_a_proof_holds_for_one_leaf_at_one_place_in_one_tree(data, size):
    leaves = some(size)
    index = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1).filter(lambda each: each != index or size == 1))
    proof, root = inclusion_proof(index, size, nodes_of(leaves)), tree_hash(leaves)
    with pytest.raises(NotAuthentic):
        check_inclusion(leaf_hash(b"another"), index, size, root, proof)
    if size > 1:
        with pytest.raises(NotAuthentic):
            check_inclusion(leaf_hash(leaves[index]), other, size, root, proof)
    with pytest.raises(NotAuthentic):
        check_inclusion(leaf_hash(leaves[index]), index, size, root, (*proof, bytes(32)))
    for cut in range(len(proof)):
        with pytest.raises(NotAuthentic):
            check_inclusion(leaf_hash(leaves[index]), index, size, root, proof[:cut] + proof[cut + 1 :])


@given(st.data(), st.integers(2, 70))
def test_a_tree_that_was_altered_does_not_go_on_from_the_one_before(data, size):
    leaves = some(size)
    old = data.draw(st.integers(1, size - 1))
    altered = list(leaves)
    altered[data.draw(st.integers(0, old - 1))] = b"altered"
    proof = consistency_proof(old, size, nodes_of(altered))
    with pytest.raises(NotAuthentic):
        check_consistency(old, tree_hash(leaves[:old]), size, tree_hash(altered), proof)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 9])
def test_a_flipped_bit_anywhere_is_refused(size):
    leaves = some(size)
    root = tree_hash(leaves)
    for index in range(size):
        parts = [leaf_hash(leaves[index]), root, *inclusion_proof(index, size, nodes_of(leaves))]
        for changed in flips(parts):
            with pytest.raises(DetenteError):
                check_inclusion(changed[0], index, size, changed[1], changed[2:])
    for old in range(1, size):
        parts = [tree_hash(leaves[:old]), root, *consistency_proof(old, size, nodes_of(leaves))]
        for changed in flips(parts):
            with pytest.raises(DetenteError):
                check_consistency(old, changed[0], size, changed[1], changed[2:])


def flips(parts):
    for place, part in enumerate(parts):
        for bit in range(8 * len(part)):
            changed = bytearray(part)
            changed[bit // 8] ^= 1 << bit % 8
            yield [*parts[:place], bytes(changed), *parts[place + 1 :]]


def test_a_tree_of_nothing_has_one_root():
    check_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, ())
    for roots in ((EMPTY_ROOT, bytes(32)), (bytes(32), EMPTY_ROOT), (bytes(32), bytes(32))):
        with pytest.raises(NotAuthentic):
            check_consistency(0, roots[0], 0, roots[1], ())
