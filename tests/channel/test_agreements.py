"""An understanding is in force once every party has signed that exact version, and not a signature before."""

from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.channel.agreements import (
    DEFAULT_NAME,
    PAYLOAD_TYPE,
    Agreements,
    digest_of,
    payload,
    propose,
    read_payload,
    resume,
    sign,
    suspend,
)
from detente.domain import (
    AgainstTerms,
    InvalidVolume,
    Malformed,
    Minima,
    MinimaRule,
    NotAuthentic,
    NotUnderstood,
    PartyKind,
    Signatory,
    StaleVersion,
    Terms,
    Understanding,
)
from detente.record.envelope import sign as sign_envelope
from detente.record.key_history import Founding, Statement, found, sign_statement
from detente.record.keys import SigningKey

ARENA = "levant"
KEYS = {name: SigningKey(sha256(f"root {name}".encode()).digest()) for name in "ABC"}
HISTORIES = {
    name: found(sign_statement(Statement(name, 0, None, 0, Founding(key.public, None, None)), key))
    for name, key in KEYS.items()
}
MEMBERS = {name: Signatory(name, PartyKind.ARMED_FORCE, key.public.text) for name, key in KEYS.items()}
EVERYBODY = tuple(MEMBERS.values())
START = Agreements(ARENA, MEMBERS)


def text(version="1", *, supersedes=None, arena=ARENA, parties=EVERYBODY, lateral_m=500.0):
    rules = (MinimaRule("all", Minima(lateral_m, 100.0, 60.0)),)
    return payload(arena, Understanding("U", version, rules, terms=Terms(parties=tuple(parties))), supersedes)


def signed(raw, *names, payload_type=PAYLOAD_TYPE):
    return sign_envelope(raw, payload_type, *(KEYS[name] for name in names))


def agreed(raw, agreements=START, names="ABC"):
    agreements = propose(agreements, raw, party="A")
    for name in names:
        agreements = sign(agreements, signed(raw, name), HISTORIES)
    return agreements


@given(st.permutations("ABC"))
def test_it_is_in_force_with_the_last_signature_in_whatever_order(order):
    raw = text()
    agreements = propose(START, raw, party="B")
    for name in order[:-1]:
        agreements = sign(agreements, signed(raw, name), HISTORIES)
        assert agreements.in_force is None
        assert agreements.rules.name == DEFAULT_NAME
    agreements = sign(agreements, signed(raw, order[-1]), HISTORIES)
    assert agreements.in_force == digest_of(raw)
    assert (agreements.rules.name, agreements.rules.version) == ("U", "1")


def test_one_envelope_may_carry_everybodys_signature():
    raw = text()
    assert sign(propose(START, raw, party="A"), signed(raw, *"ABC"), HISTORIES).in_force == digest_of(raw)


def test_signing_twice_is_signing_once():
    agreements = agreed(text(), names="AAB")
    assert agreements.proposals[digest_of(text())].missing == ("C",)


def test_a_party_without_keys_is_not_waited_for():
    keyless = Signatory("UN desk", PartyKind.HUMANITARIAN_ORGANISATION)
    raw = text(parties=(*EVERYBODY, keyless))
    assert agreed(raw, START.with_member(keyless)).in_force == digest_of(raw)


def test_a_version_changed_by_one_digit_is_another_version():
    agreements = propose(START, text(), party="A")
    with pytest.raises(StaleVersion, match="was not proposed"):
        sign(agreements, signed(text(lateral_m=501.0), "A"), HISTORIES)


@pytest.mark.parametrize(
    "envelope",
    [
        sign_envelope(text(), PAYLOAD_TYPE, SigningKey(b"\x07" * 32)),
        sign_envelope(text(), "text/plain", KEYS["A"]),
    ],
    ids=["a stranger's key", "signed as something else"],
)
def test_only_a_partys_root_key_signs(envelope):
    with pytest.raises(NotAuthentic):
        sign(propose(START, text(), party="A"), envelope, HISTORIES)


def test_a_party_whose_root_key_changed_meanwhile_has_to_be_named_anew():
    histories = {**HISTORIES, "A": replace(HISTORIES["A"], keys=HISTORIES["B"].keys)}
    with pytest.raises(NotAuthentic):
        sign(propose(START, text(), party="B"), signed(text(), "A"), histories)


def test_the_next_version_supersedes_the_one_before():
    first = agreed(text())
    raw = text("2", supersedes=first.in_force, lateral_m=900.0)
    half = agreed(raw, first, names="AB")
    assert half.rules.version == "1"
    assert sign(half, signed(raw, "C"), HISTORIES).rules.version == "2"


def test_of_two_proposals_only_one_can_win():
    one, other = text("1a"), text("1b")
    agreements = propose(propose(START, one, party="A"), other, party="B")
    for name in "AB":
        agreements = sign(agreements, signed(other, name), HISTORIES)
    for name in "ABC":
        agreements = sign(agreements, signed(one, name), HISTORIES)
    with pytest.raises(StaleVersion, match="supersedes none, and in force is"):
        sign(agreements, signed(other, "C"), HISTORIES)
    assert agreements.rules.version == "1a"


def test_any_party_may_suspend_and_only_it_resumes():
    agreements = agreed(text())
    digest = agreements.in_force
    suspended = suspend(agreements, digest, party="B")
    assert suspended.rules.name == DEFAULT_NAME
    assert [p.name for p in suspended.rules.terms.parties] == list("ABC")
    with pytest.raises(StaleVersion, match="A has not suspended"):
        resume(suspended, digest, party="A")
    assert resume(suspended, digest, party="B").rules.name == "U"
    with pytest.raises(StaleVersion, match="is not in force"):
        suspend(START, digest, party="A")


@pytest.mark.parametrize(
    ("raw", "party", "family", "says"),
    [
        (text(), "Q", AgainstTerms, "Q is no member"),
        (text(arena="elsewhere"), "A", NotUnderstood, "for arena 'elsewhere'"),
        (text(parties=EVERYBODY[:2]), "A", AgainstTerms, "C is a member, and no party to it"),
        (text(parties=(*EVERYBODY, Signatory("Q", PartyKind.OPERATOR))), "A", AgainstTerms, "Q is no member"),
        (
            text(parties=(*EVERYBODY[1:], replace(MEMBERS["A"], root_key=KEYS["B"].public.text))),
            "A",
            InvalidVolume,
            "the keys of A are not those it has here",
        ),
        (text(supersedes="0" * 64), "A", StaleVersion, "in force is none"),
        (b"{}", "A", NotUnderstood, "not an understanding to sign"),
        (text() + b" ", "A", Malformed, "canonical"),
    ],
)
def test_a_proposal_that_cannot_be_is_refused_and_says_why(raw, party, family, says):
    with pytest.raises(family, match=says):
        propose(START, raw, party=party)


def test_what_is_signed_comes_back_as_it_was():
    arena, understanding, supersedes = read_payload(text("7"))
    assert (arena, understanding.version, supersedes) == (ARENA, "7", None)
    assert payload(arena, understanding, supersedes) == text("7")


def test_a_party_cannot_flood_the_others_with_proposals():
    agreements = START
    for k in range(20):
        agreements = propose(agreements, text(str(k)), party="A")
    with pytest.raises(AgainstTerms, match="20 proposals open"):
        propose(agreements, text("20"), party="A")
