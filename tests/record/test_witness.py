"""The witness: it cosigns what goes on from what it cosigned, and nothing else, whoever asks, in whatever order."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from detente.domain import DetenteError, Malformed, NotAuthentic, TooLarge
from detente.record.checkpoint import Checkpoint, cosign, cosigned_s, origin_of, sign_checkpoint
from detente.record.keys import PublicKey
from detente.record.merkle import consistency_proof
from detente.record.note import Note
from detente.record.split_view import SplitView, check_split_view, split_view
from detente.record.witness import (
    MOST_ANSWER_BYTES,
    MOST_REQUEST_BYTES,
    PHASE_S,
    SIZE_TYPE,
    AddCheckpoint,
    Cosigned,
    Refusal,
    Watched,
    add_checkpoint,
    ask,
    check_cosignature,
    read_add_checkpoint,
    read_cosignature,
    read_seen,
    read_size,
    until_next_look_s,
)
from log_world import Log
from record_world import key

HOST, WITNESS, STRANGER = map(key, ("host", "witness", "stranger"))
NAME = "party-b.example/witness"
ORIGIN, OTHER = origin_of("levant"), origin_of("another")
NOW_S = 1_537_209_540
EMPTY = Watched(ORIGIN, HOST.public)
STORIES = {(story, fork): Log(ORIGIN, 24, story=story, fork=fork) for story, fork in [("", 0), ("b", 3), ("c", 8)]}
HONEST = STORIES["", 0]


def asked(log, size, old_size, *, signer=HOST):
    return ask(old_size, sign_checkpoint(log.head(size), signer), log.node(size))


def put(request, log, now_s=NOW_S):
    return add_checkpoint(request, log, NAME, WITNESS, now_s)


def after(size, log=HONEST, now_s=NOW_S):
    """What a witness knows that has cosigned the first leaves of a log."""
    found = put(asked(log, size, 0), EMPTY, now_s)
    assert isinstance(found, Cosigned)
    return Watched(ORIGIN, HOST.public, found.seen)


# ── against the obvious model ────────────────────────────────────────────────────────────────────────────────────────


class Walk(RuleBasedStateMachine):
    """A witness beside its definition: it remembers all leaves, and takes what begins with them."""

    @initialize()
    def begin(self):
        self.watched, self.leaves, self.cosigned, self.now_s = EMPTY, (), {}, NOW_S

    @rule(
        story=st.sampled_from(sorted(STORIES)),
        size=st.integers(0, 24),
        old=st.one_of(st.none(), st.integers(0, 24)),
        proof=st.sampled_from(["right", "right", "right", "none", "longer", "another's"]),
        signer=st.sampled_from([HOST, HOST, HOST, STRANGER]),
        known=st.sampled_from([True, True, True, False]),
        later_s=st.sampled_from([0, 1, 60, -1]),
    )
    def somebody_asks(self, story, size, old, proof, signer, known, later_s):
        log = STORIES[story]
        old = len(self.leaves) if old is None else old
        origin = ORIGIN if known else OTHER
        hashes = consistency_proof(min(old, size), size, log.node(size))
        right = hashes
        if proof != "right":
            other = consistency_proof(min(old, size), size, STORIES["c", 8].node(size))
            hashes = {"none": (), "longer": (*hashes, bytes(32)), "another's": other}[proof]
        head = log.head(size)
        note = sign_checkpoint(Checkpoint(origin, size, head.root_hash), signer)
        now_s = self.now_s + later_s
        found = add_checkpoint(
            read_add_checkpoint(AddCheckpoint(old, hashes, note).raw),
            self.watched if known else None,
            NAME,
            WITNESS,
            now_s,
        )
        status = found.status if isinstance(found, Refusal) else 200
        assert status == self.expected(log, size, old, hashes == right, signer, known, now_s), found
        if status == 200:
            self.believe(found, note, now_s, tuple(log.leaves[:size]))

    def expected(self, log, size, old, proof_is_right, signer, known, now_s):
        """The standard, over leaves."""
        if not known:
            return 404
        if signer is not HOST:
            return 403
        if self.cosigned and now_s < self.now_s:
            return 503
        if old > size:
            return 400
        if old != len(self.leaves):
            return 409
        goes_on = tuple(log.leaves[:old]) == self.leaves
        if size == old and not goes_on:
            return 409
        return 200 if goes_on and proof_is_right else 422

    def believe(self, found, note, now_s, leaves):
        size = len(leaves)
        assert self.cosigned.setdefault(size, leaves) == leaves
        assert size >= len(self.leaves)
        line = read_cosignature(found.line.line.encode(), note, NAME, WITNESS.public, now_s)
        assert cosigned_s(note.signed_also(line), {NAME: WITNESS.public}) == {NAME: now_s}
        kept = read_seen(found.seen.note.raw, EMPTY, NAME, WITNESS.public)  # through the disk
        assert kept == found.seen
        self.watched, self.leaves, self.now_s = Watched(ORIGIN, HOST.public, kept), leaves, now_s

    @invariant()
    def it_stands_where_the_model_stands(self):
        assert self.watched.size == len(self.leaves)
        if self.leaves:
            assert any(
                log.head(self.watched.size).root_hash == self.watched.root
                and tuple(log.leaves[: self.watched.size]) == self.leaves
                for log in STORIES.values()
            )


TestWalk = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)


# ── what another implementation wrote ────────────────────────────────────────────────────────────────────────────────

VECTORS = Path(__file__).parents[1] / "vectors" / "tlog_witness"
SIGSUM = Watched(
    "sigsum.org/v1/tree/4d6d8825a6bb689d459628312889dfbb0bcd41b5211d9e1ce768b0ff0309e562",
    PublicKey(bytes.fromhex("ffdc2d4d98e4124d3feaf788c0c2f9abfd796083d1f0495437f302ec79cf100f")),
)


def test_the_requests_of_a_sigsum_log_are_taken_and_no_smaller_one_after_a_larger():
    first, to_3, to_5 = (
        read_add_checkpoint((VECTORS / f"{name}.request").read_bytes())
        for name in ("first", "from_1_to_3", "from_1_to_5")
    )
    begun = replace(SIGSUM, seen=put(first, SIGSUM).seen)
    assert put(to_3, begun).seen.checkpoint.tree_size == 3
    grown = put(to_5, begun).seen
    assert grown.checkpoint.root_hash.hex() == "42bb57ad06420afa4882c4a63ac6a1ec77480b330b2f20dfc53a0caa5f564e36"
    assert put(to_3, replace(SIGSUM, seen=grown)).size == 5
    assert put(to_3, replace(begun, key=HOST.public)).status == 403


# ── each refusal ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_tree_is_cosigned_and_the_next_one_that_goes_on():
    first = after(5)
    found = put(asked(HONEST, 13, 5), first, NOW_S + 7)
    assert isinstance(found, Cosigned)
    assert (found.seen.checkpoint, found.seen.cosigned_s) == (HONEST.head(13), NOW_S + 7)


def test_the_same_tree_is_cosigned_again_with_a_later_moment():
    found = put(asked(HONEST, 5, 5), after(5), NOW_S + 60)
    assert isinstance(found, Cosigned)
    assert found.seen.cosigned_s == NOW_S + 60


def test_an_unknown_origin_is_404_and_a_strangers_signature_403():
    assert put(asked(HONEST, 5, 0), None).status == 404
    assert put(asked(HONEST, 5, 0, signer=STRANGER), EMPTY).status == 403
    other = AddCheckpoint(0, (), sign_checkpoint(Checkpoint(OTHER, 5, bytes(32)), HOST))
    assert put(other, EMPTY).status == 403


def test_an_old_size_above_the_new_is_400_and_another_than_ours_409_with_ours():
    watched = after(8)
    assert put(AddCheckpoint(9, (), sign_checkpoint(HONEST.head(8), HOST)), watched).status == 400
    refusal = put(asked(HONEST, 13, 5), watched)
    assert (refusal.status, refusal.body, refusal.content_type) == (409, "8\n", SIZE_TYPE)
    assert read_size(refusal.body.encode()) == 8


def test_a_log_that_was_rolled_back_hears_how_large_it_was():
    refusal = put(asked(HONEST, 5, 0), after(13))
    assert (refusal.status, refusal.size, refusal.is_fork) == (409, 13, False)
    with pytest.raises(NotAuthentic, match="cosigned a tree of 13, and this log has 5"):
        asked(HONEST, 5, 13)


def test_another_root_of_the_same_size_is_409_and_proves_a_fork():
    watched, forked = after(13), STORIES["b", 3]
    for old in (13, 0):
        refusal = put(asked(forked, 13, old), watched)
        assert (refusal.status, refusal.is_fork) == (409, True)
    shown = SplitView(watched.seen.note, sign_checkpoint(forked.head(13), HOST), forked.head(13).root_hash, ())
    check_split_view(shown, ORIGIN, HOST.public)


def test_a_proof_that_does_not_lead_there_is_422():
    watched = after(5)
    right = asked(HONEST, 13, 5)
    for hashes in ((), right.hashes[:-1], (*right.hashes, bytes(32)), right.hashes[::-1]):
        refusal = put(AddCheckpoint(5, hashes, right.note), watched)
        assert (refusal.status, refusal.is_unexplained) == (422, True)
    assert put(AddCheckpoint(0, right.hashes, right.note), EMPTY).status == 422
    assert put(asked(STORIES["b", 3], 13, 5), watched).status == 422
    assert isinstance(put(asked(STORIES["c", 8], 13, 5), watched), Cosigned)  # it forks only later


def test_the_tree_of_nothing_has_one_root():
    assert isinstance(put(asked(HONEST, 0, 0), EMPTY), Cosigned)
    empty = AddCheckpoint(0, (), sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)), HOST))
    assert put(empty, EMPTY).status == 422
    assert put(empty, after(0)).status == 422


def test_a_clock_that_went_back_cosigns_nothing():
    refusal = put(asked(HONEST, 13, 5), after(5), NOW_S - 1)
    assert (refusal.status, refusal.what) == (
        503,
        f"this witness's clock says {NOW_S - 1}, and it has cosigned at {NOW_S}",
    )


def test_a_witness_that_forgot_what_it_cosigned_finds_its_own_line_and_cosigns_no_more():
    cosigned = sign_checkpoint(HONEST.head(13), HOST).signed_also(cosign(HONEST.head(13), NAME, WITNESS, NOW_S))
    for watched, old in ((EMPTY, 0), (after(5), 5)):
        refusal = put(ask(old, cosigned, HONEST.node(13)), watched)
        assert refusal.status == 503
        assert "restored from a copy, or its key is used elsewhere" in refusal.what
    assert isinstance(put(ask(13, cosigned, HONEST.node(13)), after(13)), Cosigned)


def test_lines_of_others_are_not_kept_and_a_false_one_in_our_name_is_refused():
    head = HONEST.head(5)
    others = [cosign(head, f"w{number}.example/w", STRANGER, 1) for number in range(50)]
    found = put(AddCheckpoint(0, (), sign_checkpoint(head, HOST).signed_also(*others)), EMPTY)
    assert [each.name for each in found.seen.note.signatures] == [ORIGIN, NAME]
    false = cosign(HONEST.head(6), NAME, WITNESS, 1)
    assert put(AddCheckpoint(0, (), sign_checkpoint(head, HOST).signed_also(false)), EMPTY).status == 403


def test_further_lines_of_a_checkpoint_are_cosigned_as_they_stand():
    head = Checkpoint(ORIGIN, 5, HONEST.head(5).root_hash, ("a further line",))
    note = sign_checkpoint(head, HOST)
    found = put(AddCheckpoint(0, (), note), EMPTY)
    assert read_cosignature(found.line.line.encode(), note, NAME, WITNESS.public, NOW_S)


def test_what_was_kept_is_believed_only_with_both_signatures():
    raw = after(5).seen.note.raw
    assert read_seen(raw, EMPTY, NAME, WITNESS.public).checkpoint == HONEST.head(5)
    for log, name, witness in (
        (Watched(OTHER, HOST.public), NAME, WITNESS),
        (Watched(ORIGIN, STRANGER.public), NAME, WITNESS),
        (EMPTY, "other.example/w", WITNESS),
        (EMPTY, NAME, STRANGER),
    ):
        with pytest.raises(NotAuthentic):
            read_seen(raw, log, name, witness.public)


# ── the bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────

NOTE = sign_checkpoint(HONEST.head(13), HOST).raw
HASH = base64.b64encode(bytes(32))


def test_the_request_of_the_standard_is_read_and_written():
    text = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=
"""
    request = read_add_checkpoint(text.encode())
    assert (request.old_size, len(request.hashes), len(request.note.signatures)) == (20_852_014, 4, 2)
    assert request.raw == text.encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\n\n",
        b"old 5",
        b"\n\n" + NOTE,
        b"old 05\n\n" + NOTE,
        b"old -5\n\n" + NOTE,
        b"old 9223372036854775808\n\n" + NOTE,
        b"old  5\n\n" + NOTE,
        b"old 5 \n\n" + NOTE,
        b"old 5\r\n\n" + NOTE,
        b"new 5\n\n" + NOTE,
        b"old 5\n" + HASH[:-4] + b"\n\n" + NOTE,
        b"old 5\n" + HASH[:-2] + b"B=\n\n" + NOTE,
        b"old 5\n" + 64 * (HASH + b"\n") + b"\n" + NOTE,
        b"old \xd9\xa5\n\n" + NOTE,
        b"old 5\n\n" + NOTE[:-1],
        b"old 5\n\nno note",
    ],
)
def test_what_is_no_request_is_refused(raw):
    with pytest.raises(Malformed):
        read_add_checkpoint(raw)


def test_what_is_too_large_for_a_request_is_refused_unread():
    with pytest.raises(TooLarge):
        read_add_checkpoint(bytes(MOST_REQUEST_BYTES + 1))


def test_every_flipped_bit_of_a_request_is_refused():
    request, watched = asked(HONEST, 13, 5), after(5)
    for bit in range(8 * len(request.raw)):
        changed = bytearray(request.raw)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            found = put(read_add_checkpoint(bytes(changed)), watched)
        except DetenteError:
            continue
        assert isinstance(found, Refusal), bit


@given(st.binary(max_size=300))
def test_any_bytes_end_in_a_refusal(raw):
    for read in (
        read_add_checkpoint,
        read_size,
        lambda raw: read_cosignature(raw, Note("", ()), NAME, WITNESS.public, 0),
    ):
        try:
            read(raw)
        except DetenteError:
            continue


# ── a malicious witness ──────────────────────────────────────────────────────────────────────────────────────────────


def answer(*lines):
    return "".join(each.line for each in lines).encode()


def test_an_answer_is_believed_only_from_the_witness_of_this_note_and_not_from_the_future():
    head, note = HONEST.head(13), sign_checkpoint(HONEST.head(13), HOST)
    good = cosign(head, NAME, WITNESS, NOW_S)

    def read(raw):
        return read_cosignature(raw, note, NAME, WITNESS.public, NOW_S)

    assert read(answer(cosign(head, "x.example/w", STRANGER, NOW_S), good)) == good
    with pytest.raises(NotAuthentic, match="holds no cosignature of"):
        read(answer(cosign(head, NAME, STRANGER, NOW_S)))
    with pytest.raises(NotAuthentic, match="not by key"):
        read(answer(cosign(HONEST.head(12), NAME, WITNESS, NOW_S)))
    with pytest.raises(NotAuthentic, match="one of the two clocks"):
        read(answer(cosign(head, NAME, WITNESS, NOW_S + 61)))
    assert read(answer(cosign(head, NAME, WITNESS, NOW_S + 60)))
    with pytest.raises(TooLarge):
        read(b"x" * (MOST_ANSWER_BYTES + 1))
    for raw in (b"", b"\n", b"\xff\n", b"ok\n", good.line.encode()[:-1], b"<html>\n"):
        with pytest.raises(Malformed):
            read(raw)
    with pytest.raises(NotAuthentic):
        check_cosignature(cosign(head, "x.example/w", STRANGER, 1), note, NAME, WITNESS.public, NOW_S)


@pytest.mark.parametrize("raw", [b"", b"-1\n", b"05\n", b"1\n\n", b"9223372036854775808\n", b"9" * 5000, b"\xd9\xa5\n"])
def test_an_answer_that_is_no_size_is_refused(raw):
    with pytest.raises(Malformed):
        read_size(raw)


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.floats(1.5e9, 1.6e9), st.sampled_from([1.0, 2.0, 5.0, 60.0]))
def test_all_witnesses_look_at_one_time(now_s, every_s):
    pause_s = until_next_look_s(now_s, every_s)
    assert 0 < pause_s <= every_s
    late_s = (now_s + pause_s - PHASE_S) % every_s
    assert min(late_s, every_s - late_s) < 1e-3


# ── two stories ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.integers(4, 24), st.integers(0, 20), st.sampled_from(["b", "c"]))
def test_two_witnesses_that_were_told_two_stories_prove_it_with_what_they_kept(size, more, story):
    fork = {"b": 3, "c": 8}[story]
    other = STORIES[story, fork]
    second_size = min(24, size + more)
    one, two = after(size), after(second_size, other)
    shown = split_view(one.seen.note, size, two.seen.note, second_size, other.node(second_size))
    if size > fork:
        check_split_view(shown, ORIGIN, HOST.public)
    else:
        with pytest.raises(NotAuthentic, match="there is one story"):
            check_split_view(shown, ORIGIN, HOST.public)


def test_a_split_view_cannot_be_made_up():
    one, two = after(5), after(13)
    honest = split_view(one.seen.note, 5, two.seen.note, 13, HONEST.node(13))
    with pytest.raises(NotAuthentic, match="there is one story"):
        check_split_view(honest, ORIGIN, HOST.public)
    for other_root, hashes in (
        (bytes(32), honest.hashes),
        (STORIES["b", 3].head(5).root_hash, honest.hashes),
        (STORIES["b", 3].head(5).root_hash, consistency_proof(5, 13, STORIES["b", 3].node(13))),
    ):
        with pytest.raises(NotAuthentic):
            check_split_view(SplitView(one.seen.note, two.seen.note, other_root, hashes), ORIGIN, HOST.public)
    with pytest.raises(NotAuthentic):
        check_split_view(
            SplitView(one.seen.note, sign_checkpoint(STORIES["b", 3].head(13), STRANGER), bytes(32), ()),
            ORIGIN,
            HOST.public,
        )
