"""Members, keys and rules follow from the public acts alone."""

from hashlib import sha256

import pytest

from detente.channel.acts import KeysBody, MemberBody, ProposeBody, SignBody, SuspendBody
from detente.channel.agreements import DEFAULT_NAME, PAYLOAD_TYPE, digest_of, payload
from detente.channel.registry import Registry
from detente.domain import (
    AgainstTerms,
    DetenteError,
    Minima,
    MinimaRule,
    NotAuthentic,
    PartyKind,
    Terms,
    Understanding,
)
from detente.record.envelope import sign, to_json
from detente.record.key_history import Enrolment, Founding, Reason, Revocation, Statement, found, sign_statement
from detente.record.keys import SigningKey

ARENA, ARMED = "levant", PartyKind.ARMED_FORCE


def a_key(name):
    return SigningKey(sha256(name.encode()).digest())


def keys_of(party):
    """The statements that found a party's keys: a root and one officer's, who may sign from the start."""
    root, officer = a_key(f"{party} root"), a_key(f"{party} officer")
    founding = sign_statement(Statement(party, 0, None, 0, Founding(root.public, None, None)), root)
    enrolment = found(founding).next(Enrolment(officer.public, "duty officer", 1, None, None), made_at_us=1)
    return [founding, sign_statement(enrolment, root)]


def texts(envelopes):
    return tuple(to_json(envelope).decode() for envelope in envelopes)


def a_registry(parties="AB"):
    registry = Registry.of(ARENA)
    for party in parties:
        registry = registry.then("", MemberBody(party, ARMED, texts(keys_of(party))))
    return registry


def a_version(registry):
    rules = (MinimaRule("all", Minima(500.0, 100.0, 60.0)),)
    parties = tuple(registry.agreements.members.values())
    return payload(ARENA, Understanding("U", "1", rules, terms=Terms(parties=parties)), None)


def agreed(registry):
    raw = a_version(registry)
    registry = registry.then("A", ProposeBody(raw.decode()))
    for party in registry.histories:
        registry = registry.then(party, SignBody(to_json(sign(raw, PAYLOAD_TYPE, a_key(f"{party} root"))).decode()))
    return registry, digest_of(raw)


def test_a_members_officers_may_sign_and_its_root_is_known():
    registry = a_registry()
    assert {key.holder.officer for key in registry.keys.values()} == {"", "duty officer"}
    assert registry.agreements.members["A"].root_key == a_key("A root").public.text
    assert registry.rules.name == DEFAULT_NAME


def test_an_understanding_goes_from_proposal_to_force_to_suspension_and_back():
    registry, digest = agreed(a_registry())
    assert registry.rules.name == "U"
    registry = registry.then("B", SuspendBody(digest))
    assert registry.rules.name == DEFAULT_NAME
    assert registry.then("B", SuspendBody(digest, lifted=True)).rules.name == "U"


def test_a_party_changes_its_own_keys():
    registry = a_registry()
    officer, root = a_key("A officer"), a_key("A root")
    gone = registry.histories["A"].next(Revocation(officer.public.id, Reason.LOST, 5, None, ""), made_at_us=5)
    after = registry.then("A", KeysBody(texts([sign_statement(gone, root)])))
    assert not after.keys[officer.public.id].is_valid_at(6)
    assert after.turned == registry.turned + 1


def test_a_party_without_keys_is_a_member_all_the_same():
    registry = a_registry().then("", MemberBody("UN desk", PartyKind.HUMANITARIAN_ORGANISATION, ()))
    assert registry.agreements.members["UN desk"].root_key is None
    assert agreed(registry)[0].rules.name == "U"


def test_the_same_acts_in_the_same_order_give_the_same_registry():
    assert agreed(a_registry()) == agreed(a_registry())


@pytest.mark.parametrize(
    ("party", "body", "family", "says"),
    [
        ("", MemberBody("A", ARMED, ()), AgainstTerms, "A is a member already"),
        ("", MemberBody("C", ARMED, texts(keys_of("D"))), NotAuthentic, "those of 'D', not of 'C'"),
        ("", MemberBody("C", ARMED, texts(keys_of("C")[1:])), NotAuthentic, "does not begin with the founding"),
        ("Q", KeysBody(()), AgainstTerms, "Q is no member with keys"),
        ("A", KeysBody(texts(keys_of("B")[1:])), NotAuthentic, "statements"),
        ("Q", ProposeBody("{}"), DetenteError, "not an understanding"),
    ],
)
def test_what_does_not_follow_is_refused_and_changes_nothing(party, body, family, says):
    registry = a_registry()
    before = (registry.agreements, dict(registry.histories), registry.turned)
    with pytest.raises(family, match=says):
        registry.then(party, body)
    assert (registry.agreements, dict(registry.histories), registry.turned) == before


def test_a_key_is_one_partys_only():
    stolen = a_key("A officer").public
    root = a_key("C root")
    founding = sign_statement(Statement("C", 0, None, 0, Founding(root.public, None, None)), root)
    theirs = found(founding).next(Enrolment(stolen, "duty officer", 1, None, None), made_at_us=1)
    statements = [founding, sign_statement(theirs, root)]
    with pytest.raises(DetenteError):
        a_registry().then("", MemberBody("C", ARMED, texts(statements)))
