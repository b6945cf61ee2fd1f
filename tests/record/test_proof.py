"""Proof files: made from tiles, read back, and refused where a bit was changed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import DetenteError, Malformed, NotAuthentic, TooLarge
from detente.record.checkpoint import Checkpoint, cosign, origin_of, sign_checkpoint
from detente.record.merkle import leaf_hash
from detente.record.proof import MOST_BYTES, LogProof, check_proof, prove, read_proof
from log_world import Log
from record_world import key

HOST, W1, W2, STRANGER = map(key, ("host", "witness 1", "witness 2", "stranger"))
ORIGIN = origin_of("levant")
WITNESSES = {"w1.example/w": W1.public, "w2.example/w": W2.public}
TRUSTED = {"origin": ORIGIN, "log_key": HOST.public, "witnesses": WITNESSES}


def noted(log, size=None):
    head = log.head(size)
    return sign_checkpoint(head, HOST).signed_also(
        cosign(head, "w1.example/w", W1, 1_537_209_540), cosign(head, "w2.example/w", W2, 1_537_209_541)
    )


LOG = Log(ORIGIN, 11)
PROOF = prove(5, noted(LOG), LOG.node(), extra=b"an opening")


@given(
    st.integers(1, 70).flatmap(lambda size: st.tuples(st.integers(0, size - 1), st.just(size))), st.binary(max_size=9)
)
def test_a_proof_reads_back_and_holds_for_its_leaf_alone(place, extra):
    index, size = place
    log = Log(ORIGIN, 70)
    proof = read_proof(prove(index, noted(log, size), log.node(size), extra=extra).raw)
    assert (proof.index, proof.extra) == (index, extra)
    moments = check_proof(proof, log.leaves[index], quorum=2, **TRUSTED)
    assert moments == {"w1.example/w": 1_537_209_540, "w2.example/w": 1_537_209_541}
    with pytest.raises(NotAuthentic):
        check_proof(proof, leaf_hash(b"another"), quorum=2, **TRUSTED)


def test_every_flipped_bit_is_refused_or_changes_only_what_nobody_signed():
    for bit in range(8 * len(PROOF.raw)):
        changed = bytearray(PROOF.raw)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            found = read_proof(bytes(changed))
            check_proof(found, LOG.leaves[5], quorum=2, **TRUSTED)
        except DetenteError:
            continue
        assert (found.index, found.hashes, found.note) == (PROOF.index, PROOF.hashes, PROOF.note)
        assert found.extra != PROOF.extra


def test_the_checkpoint_has_to_be_of_that_log_signed_and_cosigned():
    with pytest.raises(NotAuthentic, match="not of"):
        check_proof(PROOF, LOG.leaves[5], quorum=2, **{**TRUSTED, "origin": origin_of("another")})
    with pytest.raises(NotAuthentic, match="not signed by"):
        check_proof(PROOF, LOG.leaves[5], quorum=2, **{**TRUSTED, "log_key": STRANGER.public})
    known = {"w1.example/w": W1.public, "w2.example/w": STRANGER.public}
    with pytest.raises(NotAuthentic, match="cosigned by 1 of 2 witnesses, 2 are agreed"):
        check_proof(PROOF, LOG.leaves[5], quorum=2, **{**TRUSTED, "witnesses": known})


def test_the_proof_of_another_place_is_refused():
    for index in range(11):
        moved = LogProof(index, PROOF.hashes, PROOF.note)
        if index != 5:
            with pytest.raises(NotAuthentic):
                check_proof(moved, LOG.leaves[5], quorum=2, **TRUSTED)
    for hashes in (PROOF.hashes[:-1], (*PROOF.hashes, bytes(32)), PROOF.hashes[::-1]):
        with pytest.raises(NotAuthentic):
            check_proof(LogProof(5, hashes, PROOF.note), LOG.leaves[5], quorum=2, **TRUSTED)


NOTE = PROOF.note.raw
HASH = base64.b64encode(bytes(32))
HEAD = b"c2sp.org/tlog-proof@v1\n"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        HEAD,
        HEAD + b"index 5\n\n",
        HEAD + b"\n" + NOTE,
        HEAD + b"index 05\n\n" + NOTE,
        HEAD + b"index -1\n\n" + NOTE,
        HEAD + b"index 11\n\n" + NOTE,
        HEAD + b"index 9223372036854775808\n\n" + NOTE,
        HEAD + b"index  5\n\n" + NOTE,
        HEAD + b"index 5\r\n\n" + NOTE,
        HEAD + b"index 5\nextra AAAA\n\n" + NOTE,
        HEAD + b"extra \nindex 5\n\n" + NOTE,
        HEAD + b"extra AB==\nindex 5\n\n" + NOTE,
        HEAD + b"extra AAAA\nextra AAAA\nindex 5\n\n" + NOTE,
        HEAD + b"index 5\n" + HASH[:-4] + b"\n\n" + NOTE,
        HEAD + b"index 5\n" + 64 * (HASH + b"\n") + b"\n" + NOTE,
        HEAD + b"index 5\n\n\n" + NOTE,
        HEAD + b"index 5\n\xc2\xa0\n\n" + NOTE,
        b"c2sp.org/tlog-proof@v2\nindex 5\n\n" + NOTE,
        HEAD + b"index 5\n\n" + b"no checkpoint\n" + NOTE[NOTE.index(b"\n\n") + 1 :],
    ],
)
def test_what_is_no_proof_is_refused(raw):
    with pytest.raises(Malformed):
        read_proof(raw)


def test_what_is_too_large_for_a_proof_is_refused_unread():
    with pytest.raises(TooLarge):
        read_proof(bytes(MOST_BYTES + 1))


def test_the_largest_proof_there_can_be_is_read():
    note = sign_checkpoint(Checkpoint(ORIGIN, 2**63 - 1, bytes(32)), HOST)
    proof = LogProof(2**63 - 2, 63 * (bytes(32),), note, bytes(2 << 20))
    assert read_proof(proof.raw) == proof
