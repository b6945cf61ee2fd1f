"""Salted commitments: 32 bytes that say nothing of a content, and that open to that content alone.

A view carries one to the full notice. Whoever is given the notice and the salt can check that the view was made from it; whoever is not
learns nothing, since without 256 bits of salt there is nothing to try guesses against.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from typing import Final

from detente.domain import Malformed, NotAuthentic

DOMAIN: Final = b"detente commitment v1\x00"  # apart from every other use of SHA-256
SALT_BYTES: Final = 32


def commit(salt: bytes, content: bytes) -> bytes:
    """SHA-256(DOMAIN ‖ salt ‖ content), 32 bytes.

    Args:
        salt: 32 random bytes, fresh for each commitment: the same salt twice shows that two contents are equal.

    Raises:
        Malformed: the salt is not 32 bytes. Its fixed length is what keeps salt and content apart.
    """
    if len(salt) != SALT_BYTES:
        raise Malformed(
            f"a salt of {len(salt)} bytes, not {SALT_BYTES}", hint="draw it from the system: secrets.token_bytes(32)"
        )
    return sha256(DOMAIN + salt + content).digest()


def check_opening(commitment: bytes, salt: bytes, content: bytes) -> None:
    """Returns where the content is what was committed to.

    Raises:
        NotAuthentic: it is not, or the salt is another.
    """
    if not compare_digest(commit(salt, content), commitment):
        raise NotAuthentic(
            "the content is not what was committed to", hint="compare its bytes and the salt with the sender's"
        )
