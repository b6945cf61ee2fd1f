"""Acts: they come back as they were, and hold for one arena, party, key, place and moment only."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import Malformed, NotAuthentic
from detente.record.act import (
    PAYLOAD_TYPE,
    Act,
    SeenCheckpoint,
    act_bytes,
    check_follows,
    next_act,
    open_act,
    read_act,
    sign_act,
)
from detente.record.canonical import LARGEST_INTEGER, canonical, read_canonical
from detente.record.envelope import Envelope, sign
from detente.record.holder import Ending, EnrolledKey, Holder, Role
from record_world import key

T0 = 1_537_200_000_000_000
DESK, ROOT, OTHER, THIEF = key("desk"), key("root"), key("other"), key("thief")
KEYS = {
    key.public.id: key
    for key in (
        EnrolledKey(DESK.public, Holder("Relief Mission", Role.OFFICER, "Duty desk"), T0, T0 + 1000),
        EnrolledKey(ROOT.public, Holder("Relief Mission", Role.ROOT), T0),
        EnrolledKey(
            OTHER.public,
            Holder("Harbour Pilots", Role.OFFICER, "Harbour desk"),
            T0,
            None,
            Ending(T0 + 500, "revoked (stolen)"),
        ),
    )
}
ACT = Act(
    "receipt",
    "levant-7f3a",
    "Relief Mission",
    "Harbour Pilots",
    DESK.public.id,
    1,
    None,
    T0 + 1,
    None,
    "c" * 64,
    {"stage": "RECEIVED"},
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=10)
numbers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.floats(allow_nan=False, allow_infinity=False)
bodies = st.dictionaries(
    texts,
    st.recursive(st.none() | st.booleans() | numbers | texts, lambda inner: st.lists(inner, max_size=3), max_leaves=8),
    max_size=4,
)
counts = st.integers(0, LARGEST_INTEGER)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)


def opened(act, signing=DESK, *, arena="levant-7f3a", at_us=T0 + 10):
    return open_act(sign_act(act, signing), KEYS, arena=arena, at_us=at_us)


def refuses(said):
    return pytest.raises(NotAuthentic, match=said)


@given(
    bodies,
    counts.filter(bool),
    hashes,
    counts,
    st.none() | st.builds(SeenCheckpoint, counts, hashes),
    st.none() | hashes,
)
def test_an_act_comes_back_as_it_was(body, sequence, digest, made_at_us, checkpoint, view):
    previous = digest if sequence > 1 else None
    act = Act(
        "notice", "a", "Relief Mission", "", DESK.public.id, sequence, previous, made_at_us, checkpoint, view, body
    )
    assert read_act(act_bytes(act)) == act
    assert opened(act, arena="a") == act


def test_coordinates_come_back_to_the_last_bit():
    places = [35.123456789012345, -0.1, 1e-7, 180.0, 5e-324, 0.1 + 0.2]
    assert opened(replace(ACT, body={"places": places})).body["places"] == places


def test_an_act_does_not_hold_in_another_arena():
    with refuses("for arena 'levant-7f3a', not 'levant-7f3b'"):
        opened(ACT, arena="levant-7f3b")


def test_an_officer_does_not_act_for_another_party():
    with refuses(r"for 'Relief Mission', signed by Harbour desk of Harbour Pilots"):
        opened(replace(ACT, key_id=OTHER.public.id), OTHER)


def test_an_act_names_the_key_that_signs_it():
    with pytest.raises(Malformed, match="would sign it"):
        sign_act(ACT, OTHER)
    with refuses("which did not sign it"):
        open_act(sign(act_bytes(ACT), PAYLOAD_TYPE, OTHER), KEYS, arena=ACT.arena, at_us=T0 + 10)


def test_a_key_nobody_enrolled_signs_nothing():
    with refuses("signed by none of this arena's keys"):
        opened(replace(ACT, key_id=THIEF.public.id), THIEF)


def test_a_signature_without_a_hint_is_tried_against_every_key():
    envelope = sign_act(ACT, DESK)
    plain = Envelope(envelope.payload, PAYLOAD_TYPE, (replace(envelope.signatures[0], keyid=""),))
    assert open_act(plain, KEYS, arena=ACT.arena, at_us=T0) == ACT


def test_a_root_key_signs_no_acts():
    with refuses("signed by the root of Relief Mission"):
        opened(replace(ACT, key_id=ROOT.public.id), ROOT)


@pytest.mark.parametrize(("at_us", "said"), [(T0 - 1, "only from"), (T0 + 1000, "was valid until")])
def test_a_key_signs_within_its_time_only_whatever_the_act_says(at_us, said):
    with refuses(said):
        opened(ACT, at_us=at_us)


def test_a_revoked_key_cannot_date_an_act_back():
    act = replace(ACT, party="Harbour Pilots", key_id=OTHER.public.id, made_at_us=T0 + 1)
    assert opened(act, OTHER, at_us=T0 + 499) == act
    with refuses(r"revoked \(stolen\)"):
        opened(act, OTHER, at_us=T0 + 500)


def test_a_statement_about_keys_is_no_act():
    with refuses("signed to say something else"):
        open_act(
            sign(act_bytes(ACT), "application/vnd.detente.key-statement+json", DESK), KEYS, arena=ACT.arena, at_us=T0
        )


def test_every_changed_byte_of_an_act_is_refused():
    envelope = sign_act(ACT, DESK)
    for place in range(len(envelope.payload)):
        changed = envelope.payload[:place] + bytes([envelope.payload[place] ^ 1]) + envelope.payload[place + 1 :]
        with refuses("not by key"):
            open_act(Envelope(changed, PAYLOAD_TYPE, envelope.signatures), KEYS, arena=ACT.arena, at_us=T0)


# ── the sequence of a key ────────────────────────────────────────────────────────────────────────────────────────────


def chain(length):
    envelopes = [None]
    for number in range(length):
        sequence, previous = next_act(envelopes[-1])
        envelopes.append(sign_act(replace(ACT, sequence=sequence, previous=previous, body={"number": number}), DESK))
    return envelopes


def test_acts_of_a_key_follow_one_another():
    envelopes = chain(4)
    for previous, envelope in pairwise(envelopes):
        check_follows(envelope, previous)


@pytest.mark.parametrize(("which", "after"), [(i, j) for i in range(1, 5) for j in range(5) if i != j + 1])
def test_an_act_missing_or_repeated_is_found(which, after):
    envelopes = chain(4)
    with refuses("comes next"):
        check_follows(envelopes[which], envelopes[after])


def test_two_acts_for_one_place_are_found():
    first, second = chain(2)[1:]
    other = sign_act(replace(ACT, body={"number": "another"}), DESK)
    with refuses("two acts for one place"):
        check_follows(second, other)
    check_follows(second, first)


@pytest.mark.parametrize("changes", [{"arena": "elsewhere"}, {"audience": ""}, {"key_id": OTHER.public.id}])
def test_a_sequence_is_of_one_key_for_one_audience_in_one_arena(changes):
    first, second = chain(2)[1:]
    stranger = replace(read_act(first.payload), **changes)
    with refuses("not of one key for one audience in one arena"):
        check_follows(second, sign(act_bytes(stranger), PAYLOAD_TYPE, DESK))


# ── what is no act ───────────────────────────────────────────────────────────────────────────────────────────────────

WRONG = {
    "type": ["", "Receipt", "a-b", 1, None, "x" * 65],
    "version": [0, 2, True, None, "1"],
    "arena": ["", " a", "a\n", 1, None],
    "party": ["", "x" * 201, [], None],
    "audience": [" ", "x\ny", 1, None],
    "key": ["", "c" * 63, "C" * 64, None, 1],
    "sequence": [-1, 0, 2, 1.5, True, None, "0"],
    "previous": ["c" * 64, "", 0],
    "made_at_us": [-1, 0.5, None, "now"],
    "checkpoint": [
        1,
        {},
        {"tree_size": 1},
        {"tree_size": -1, "root_hash": "c" * 64},
        {"tree_size": 1, "root_hash": "x"},
    ],
    "view": ["", 1, "g" * 64],
    "body": [None, [], "x", 1],
}


@pytest.mark.parametrize(("name", "wrong"), [(name, wrong) for name, values in WRONG.items() for wrong in values])
def test_a_header_that_is_not_right_is_refused(name, wrong):
    with pytest.raises(Malformed):
        read_act(canonical({**read_canonical(act_bytes(ACT)), name: wrong}))


@pytest.mark.parametrize("name", WRONG)
def test_a_member_missing_or_added_is_refused(name):
    value = read_canonical(act_bytes(ACT))
    with pytest.raises(Malformed):
        read_act(canonical({**value, name + "_": 1}))
    with pytest.raises(Malformed):
        read_act(canonical({kept: value[kept] for kept in value if kept != name}))


def test_an_act_in_another_layout_is_refused():
    payload = act_bytes(ACT)
    for other in (payload.replace(b",", b", ", 1), payload + b"\n", b"[" + payload + b"]"):
        with pytest.raises(Malformed):
            read_act(other)
