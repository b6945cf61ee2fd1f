"""Tokens open one arena, one party, one role, for a time; and only so often."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.api.tokens import LONGEST_S, RateLimit, TokenRole, check_may, digest_of, new_token, open_token
from detente.api.wire import NotKnown, NotThere, TooOften
from detente.domain import DetenteError
from store_world import ARENA

SECOND_US = 1_000_000


def a_token(secret=b"s" * 32, **changed):
    asked = {"arena": ARENA, "party": "A", "role": TokenRole.OFFICER, "officer": "night watch", "now_us": 0}
    return new_token(secret, **asked | {"valid_for_s": 60} | changed)


def test_the_store_keeps_no_token(store):
    text, token = a_token()
    store.add_token(token)
    (kept,) = store.tokens(ARENA)
    assert kept == token
    assert text not in str(kept)
    assert kept.digest == digest_of(text)


def test_a_token_opens_until_it_expires(store):
    text, token = a_token()
    store.add_token(token)
    assert open_token(store, f"Bearer {text}", 60 * SECOND_US - 1) == token
    with pytest.raises(NotKnown):
        open_token(store, f"Bearer {text}", 60 * SECOND_US)


def test_a_revoked_expired_or_unknown_token_is_refused_in_the_same_words(store):
    revoked, expired, unknown = (a_token(bytes([k]) * 32) for k in range(3))
    for _, token in (revoked, expired):
        store.add_token(replace(token, expires_us=SECOND_US) if token is expired[1] else token)
    store.revoke_token(revoked[1].digest, SECOND_US)
    told = set()
    for text, _ in (revoked, expired, unknown):
        with pytest.raises(NotKnown) as refused:
            open_token(store, f"Bearer {text}", 2 * SECOND_US)
        told.add(str(refused.value))
    assert len(told) == 1


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x", "Basic abc", "Bearer detente_" + "é" * 43])
def test_what_is_no_bearer_token_is_refused(store, header):
    with pytest.raises(NotKnown):
        open_token(store, header, 0)


def test_another_role_and_another_arena_are_refused_as_if_nothing_were_there():
    _, token = a_token()
    check_may(token, ARENA, {TokenRole.OFFICER})
    told = set()
    for arena, roles in ((ARENA, {TokenRole.HOST}), ("elsewhere", {TokenRole.OFFICER})):
        with pytest.raises(NotThere) as refused:
            check_may(token, arena, roles)
        told.add(str(refused.value))
    assert len(told) == 1


@pytest.mark.parametrize(
    "changed",
    [{"party": ""}, {"role": TokenRole.HOST}, {"party": "a\nb"}, {"valid_for_s": 0}, {"valid_for_s": LONGEST_S + 1}],
)
def test_a_token_that_makes_no_sense_is_not_made(changed):
    with pytest.raises(DetenteError):
        a_token(**changed)


@given(st.lists(st.floats(0.0, 3.0), max_size=100))
def test_in_no_stretch_of_time_are_more_let_through_than_the_limit(gaps_s):
    limit, now_s, taken_s = RateLimit(per_s=2.0, burst=5.0), 0.0, []
    for gap_s in gaps_s:
        now_s += gap_s
        try:
            limit.take(b"one", now_s)
            taken_s.append(now_s)
        except TooOften:
            continue
    for first in range(len(taken_s)):
        for last in range(first, len(taken_s)):
            assert last - first + 1 <= 5.0 + 2.0 * (taken_s[last] - taken_s[first]) + 1e-6


def test_one_token_takes_nothing_of_anothers_share():
    limit = RateLimit(per_s=1.0, burst=1.0)
    limit.take(b"one", 0.0)
    limit.take(b"two", 0.0)
    with pytest.raises(TooOften):
        limit.take(b"one", 0.5)
    limit.take(b"one", 1.0)
