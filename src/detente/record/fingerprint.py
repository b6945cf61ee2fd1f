"""A key's fingerprint for the voice: eight groups of four characters and a check character, 160 bits in all.

    K7Q2M 8XN34 …

Crockford's alphabet: digits and letters without I, L, O and U. The check character catches, always: one wrong character in a group, two
characters of a group swapped, and a group read in another's place. More than that slips past it once in 32; comparing all groups finds it.
"""

from __future__ import annotations

from typing import Final

from detente.domain import NotAuthentic, NotUnderstood
from detente.record.keys import PublicKey

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUP_COUNT: Final = 8
GROUP_SIZE: Final = 5  # four characters and their check
_READ_AS: Final = str.maketrans("OIL", "011")  # as they look on paper
_POLYNOMIAL: Final = 0b100101  # x^5 + x^2 + 1, primitive over GF(2)


def _doubled(x: int) -> int:
    """x times the generator of GF(32)."""
    return (x << 1) ^ (_POLYNOMIAL if x & 16 else 0)


def check_value(values: tuple[int, ...]) -> int:
    """The weighted sum Σ α^(i+1)·values[i] in GF(32).

    With the check's own weight α^0 all weights differ and none is zero: a changed value changes the sum, and so do two values swapped.
    """
    total = 0
    for value in reversed(values):
        total = _doubled(total ^ value)
    return total


def spoken(key: PublicKey) -> str:
    """The fingerprint: the first 160 bits of the key id, in eight groups of five."""
    bits = int(key.id[:40], 16)
    values = [bits >> shift & 31 for shift in range(155, -5, -5)]
    return " ".join(_group(number, tuple(values[4 * number : 4 * number + 4])) for number in range(GROUP_COUNT))


def _group(number: int, values: tuple[int, ...]) -> str:
    return "".join(ALPHABET[value] for value in (*values, check_value((*values, number))))


def read_spoken(text: str) -> str:
    """The groups as `spoken` writes them, from what someone heard and typed.

    Raises:
        NotUnderstood: not eight groups, a character outside the alphabet, or a group whose check fails; the message names the group.
    """
    plain = "".join(
        character for character in text.upper() if not character.isspace() and character not in "-,."
    ).translate(_READ_AS)
    if len(plain) != GROUP_COUNT * GROUP_SIZE:
        raise NotUnderstood(
            f"a fingerprint has {GROUP_COUNT} groups of {GROUP_SIZE} characters; this has {len(plain)} characters",
            hint="ask for it again, group by group",
        )
    groups = [plain[start : start + GROUP_SIZE] for start in range(0, len(plain), GROUP_SIZE)]
    for number, group in enumerate(groups):
        _check_group(number, group)
    return " ".join(groups)


def _check_group(number: int, group: str) -> None:
    strange = [character for character in group if character not in ALPHABET]
    if strange:
        raise NotUnderstood(
            f"group {number + 1}, {group}: {strange[0]!r} is not used",
            hint="ask for the group again; I, L, O and U are never said",
        )
    if _group(number, tuple(map(ALPHABET.index, group[:-1]))) != group:
        raise NotUnderstood(
            f"group {number + 1}, {group}, does not check",
            hint="a character is wrong, or the group is not in its place: ask for it again",
        )


def check_spoken(key: PublicKey, text: str) -> None:
    """Returns where the fingerprint someone read out is this key's.

    Raises:
        NotUnderstood: it was misheard or mistyped.
        NotAuthentic: it was read well, and belongs to another key.
    """
    heard = read_spoken(text)
    if heard != spoken(key):
        raise NotAuthentic(
            "the fingerprint read out belongs to another key",
            hint="do not use this key; ask its party how you came by it",
        )


def check_words(digest: str) -> str:
    """Two groups, 40 bits of a digest (64 hex digits), by which two who hold the same text can tell so by voice."""
    bits = int(digest[:10], 16)
    values = [bits >> shift & 31 for shift in range(35, -5, -5)]
    return " ".join(_group(number, tuple(values[4 * number : 4 * number + 4])) for number in range(2))
