"""Signed notes, checkpoints and cosignatures: as published, and refused whole where a bit of them was changed."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import DetenteError, Malformed, NotAuthentic
from detente.record.checkpoint import (
    Checkpoint,
    check_quorum,
    cosign,
    cosigned_s,
    open_checkpoint,
    origin_of,
    read_checkpoint,
    sign_checkpoint,
)
from detente.record.keys import SigningKey, key_from_verifier_line
from detente.record.note import Note, check_signed, read_note, sign_note

HOST, W1, W2, STRANGER = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3, 4))
ORIGIN = origin_of("levant")
HEAD = Checkpoint(ORIGIN, 70_000, bytes(range(32)))
WITNESSES = {"w1.example/w": W1.public, "w2.example/w": W2.public}
NOTE = sign_checkpoint(HEAD, HOST).signed_also(
    cosign(HEAD, "w1.example/w", W1, 1_537_209_540), cosign(HEAD, "w2.example/w", W2, 1_537_209_541)
)

# The example of golang.org/x/mod/sumdb/note, whose package documentation prints key and note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""


def test_the_note_that_go_prints_is_read_and_believed():
    name, key = key_from_verifier_line(GO_KEY)
    note = read_note(GO_NOTE.encode())
    check_signed(note, name, key)
    assert note.raw == GO_NOTE.encode()
    with pytest.raises(NotAuthentic):
        check_signed(Note(note.text.replace("answer", "Answer"), note.signatures), name, key)


def test_a_checkpoint_reads_back_with_its_cosignatures():
    found, note = open_checkpoint(NOTE.raw, ORIGIN, HOST.public)
    assert (found, note) == (HEAD, NOTE)
    assert cosigned_s(note, WITNESSES) == {"w1.example/w": 1_537_209_540, "w2.example/w": 1_537_209_541}
    assert cosigned_s(note, {"other.example/w": STRANGER.public}) == {}


def test_a_line_twice_counts_once_and_the_earliest_moment_holds():
    later = NOTE.signed_also(
        cosign(HEAD, "w1.example/w", W1, 1_537_300_000), cosign(HEAD, "w1.example/w", W1, 1_537_209_540)
    )
    assert len(later.signatures) == 4
    assert cosigned_s(later, WITNESSES)["w1.example/w"] == 1_537_209_540


def test_a_quorum_counts_witnesses_not_lines():
    alone = sign_checkpoint(HEAD, HOST).signed_also(
        cosign(HEAD, "w1.example/w", W1, 1),
        cosign(HEAD, "w1.example/w", W1, 2),
        cosign(HEAD, "x.example/w", STRANGER, 1),
    )
    with pytest.raises(NotAuthentic, match="cosigned by 1 of 2 witnesses, 2 are agreed"):
        check_quorum(alone, WITNESSES, 2)
    assert check_quorum(NOTE, WITNESSES, 2)


def test_a_witness_cannot_be_taken_for_another_nor_for_the_log():
    stolen = sign_checkpoint(HEAD, HOST).signed_also(cosign(HEAD, "w2.example/w", W1, 1))
    assert cosigned_s(stolen, WITNESSES) == {}  # another key hash: an unknown key's line, ignored
    with pytest.raises(NotAuthentic):
        open_checkpoint(Note(HEAD.text, (cosign(HEAD, ORIGIN, HOST, 1),)).raw, ORIGIN, HOST.public)
    with pytest.raises(NotAuthentic):
        open_checkpoint(sign_checkpoint(HEAD, STRANGER).raw, ORIGIN, HOST.public)
    with pytest.raises(NotAuthentic, match="not of"):
        open_checkpoint(NOTE.raw, origin_of("another"), HOST.public)


def test_every_flipped_bit_is_refused():
    raw = NOTE.raw
    for bit in range(8 * len(raw)):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        try:
            found, note = open_checkpoint(bytes(changed), ORIGIN, HOST.public)
            moments = cosigned_s(note, WITNESSES)
        except DetenteError:
            continue
        # What is left to change is whose line it claims to be: then it is a stranger's, and counts for nothing.
        assert found == HEAD
        assert len(moments) < 2


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32), st.text("abc./-", min_size=1))
def test_a_checkpoint_reads_back(size, root, origin):
    head = Checkpoint(origin, size, root)
    assert read_checkpoint(head.text) == head


@pytest.mark.parametrize(
    "text",
    [
        "",
        "o\n1\n",
        "o\n01\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n-1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n1\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "o\n1\n" + base64.b64encode(bytes(32)).decode(),
        "o\n1\n" + base64.b64encode(bytes(32)).decode() + "\n\n",
        "o\n9223372036854775808\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o o\n1\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "o\n1\n" + "A" * 42 + "B=" + "\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(Malformed):
        read_checkpoint(text)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 name\n",
        b"text\n\n\xe2\x80\x94 name AAAA",
        b"text\n\n\xe2\x80\x94 na+me AAAAAAAA\n",
        b"text\n\n\xe2\x80\x94 n\xc2\xa0e AAAAAAAA\n",
        b"te\rxt\n\n\xe2\x80\x94 name AAAAAAAA\n",
        b"\xff\n\n\xe2\x80\x94 name AAAAAAAA\n",
        b"text\n\n- name AAAAAAAA\n",
        b"text\n\n" + 65 * b"\xe2\x80\x94 name AAAAAAAA\n",
        bytes(70_000),
    ],
)
def test_what_is_no_note_is_refused(raw):
    with pytest.raises(DetenteError):
        read_note(raw)


def test_a_text_that_cannot_stand_in_a_note_is_not_signed():
    for text in ("no line feed", "a\tb\n"):
        with pytest.raises(Malformed):
            sign_note(text, "name", HOST)
