"""Cursors tell nothing, and open only what they were made for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.api.cursors import Cursors
from detente.domain import NotUnderstood

CURSORS = Cursors(bytes(range(64)))
OF_A = {"arena": "levant", "party": "A"}


@given(st.integers(0, 2**63 - 1))
def test_a_cursor_comes_back_as_the_number_it_was(number):
    text = CURSORS.of_number(number, **OF_A)
    assert text == CURSORS.of_number(number, **OF_A)
    assert CURSORS.number(text, **OF_A) == number


def test_cursors_of_two_parties_have_nothing_in_common():
    ours, theirs = (CURSORS.of_number(1, arena="levant", party=party) for party in "AB")
    assert ours != theirs
    assert len({len(CURSORS.of_number(n, **OF_A)) for n in (0, 1, 2**40)}) == 1


@pytest.mark.parametrize("other", [{"party": "B"}, {"arena": "elsewhere"}])
def test_a_cursor_of_another_party_or_arena_is_refused(other):
    with pytest.raises(NotUnderstood):
        CURSORS.number(CURSORS.of_number(1, **OF_A | other), **OF_A)


def test_a_cursor_of_another_list_or_key_is_refused():
    for text in (
        CURSORS.make(bytes(8), **OF_A, purpose="views"),
        Cursors(bytes(64)[::-1][:63] + b"\1").of_number(1, **OF_A),
    ):
        with pytest.raises(NotUnderstood):
            CURSORS.number(text, **OF_A)


@given(st.text(max_size=60))
def test_what_is_no_cursor_is_refused(text):
    if text:
        with pytest.raises(NotUnderstood):
            CURSORS.number(text, **OF_A)


@given(st.integers(0, 31), st.sampled_from("AbC0-_="))
def test_a_changed_cursor_is_refused(index, letter):
    text = CURSORS.of_number(7, **OF_A)
    changed = text[:index] + letter + text[index + 1 :]
    if changed != text:
        with pytest.raises(NotUnderstood):
            CURSORS.number(changed, **OF_A)


def test_a_name_is_the_same_each_time_and_another_for_anything_else():
    name = CURSORS.name(b"7", **OF_A, purpose="message")
    assert name == Cursors(bytes(range(64))).name(b"7", **OF_A, purpose="message")
    others = {
        CURSORS.name(b"8", **OF_A, purpose="message"),
        CURSORS.name(b"7", **OF_A, purpose="other"),
        CURSORS.name(b"7", **OF_A | {"party": "B"}, purpose="message"),
        CURSORS.name(b"7", **OF_A | {"arena": "elsewhere"}, purpose="message"),
        Cursors(bytes(64)).name(b"7", **OF_A, purpose="message"),  # not to be made without the key
    }
    assert len(others | {name}) == 6
