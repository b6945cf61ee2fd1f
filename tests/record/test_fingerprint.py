"""The spoken fingerprint: what the voice may get wrong in a group is caught, and the group is named."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detente.domain import NotAuthentic, NotUnderstood
from detente.record.fingerprint import ALPHABET, check_spoken, check_value, read_spoken, spoken
from record_world import key

KEYS = [key(str(number)).public for number in range(12)]


def refused(text):
    with pytest.raises(NotUnderstood, match="group") as caught:
        read_spoken(text)
    return str(caught.value)


@pytest.mark.parametrize("public", KEYS)
def test_every_single_wrong_character_is_caught_and_its_group_named(public):
    groups = spoken(public).split()
    for number, group in enumerate(groups):
        for place in range(5):
            for character in set(ALPHABET) - {group[place]}:
                wrong = group[:place] + character + group[place + 1 :]
                assert f"group {number + 1}," in refused(" ".join([*groups[:number], wrong, *groups[number + 1 :]]))


@pytest.mark.parametrize("public", KEYS)
def test_any_two_characters_of_a_group_swapped_are_caught(public):
    groups = spoken(public).split()
    for number, group in enumerate(groups):
        for i, j in combinations(range(5), 2):
            swapped = list(group)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            if swapped != list(group):
                refused(" ".join([*groups[:number], "".join(swapped), *groups[number + 1 :]]))


@pytest.mark.parametrize("public", KEYS)
def test_groups_read_in_another_order_are_caught(public):
    groups = spoken(public).split()
    for i, j in combinations(range(8), 2):
        moved = list(groups)
        moved[i], moved[j] = moved[j], moved[i]
        refused(" ".join(moved))


@given(st.tuples(*[st.integers(0, 31)] * 5), st.integers(0, 4), st.integers(0, 31))
def test_for_any_group_a_changed_value_changes_the_check(values, place, other):
    changed = (*values[:place], other, *values[place + 1 :])
    assert (check_value(changed) == check_value(values)) == (changed == values)


def test_it_carries_the_first_160_bits_of_the_key_id():
    public = KEYS[0]
    characters = "".join(group[:4] for group in spoken(public).split())
    assert f"{int(''.join(f'{ALPHABET.index(c):05b}' for c in characters), 2):040x}" == public.id[:40]


def test_what_is_heard_may_be_typed_in_any_way():
    text = spoken(KEYS[1])
    for typed in (
        text.lower(),
        text.replace(" ", ""),
        text.replace(" ", "-"),
        text.replace("0", "O").replace("1", "l"),
    ):
        check_spoken(KEYS[1], typed)


def test_another_keys_fingerprint_is_read_and_refused():
    with pytest.raises(NotAuthentic, match="another key"):
        check_spoken(KEYS[0], spoken(KEYS[1]))


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "0 characters"), (spoken(KEYS[0])[:-1], "39"), ("U" * 40, "not used"), ("é" * 40, "not used")],
)
def test_what_is_no_fingerprint_is_refused(text, said):
    with pytest.raises(NotUnderstood, match=said):
        read_spoken(text)
