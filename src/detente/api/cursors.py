"""Cursors: where a reader of an inbox or a list stands, as a text that tells nothing and that nobody can make.

Authenticated encryption bound to arena, party and purpose (AES-SIV, RFC 5297): the same place has the same cursor, so that a
stream goes on after a restart; another party's cursor, or a changed one, is refused.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import cached_property
from typing import TYPE_CHECKING, Final

from detente.domain import NotUnderstood
from detente.record.canonical import canonical

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESSIV

KEY_BYTES: Final = 64
MOST_CHARACTERS: Final = 4_096


class Cursors:
    """Makes and reads cursors.

    Args:
        key: 64 secret bytes; the same for all workers, and after a restart.
    """

    def __init__(self, key: bytes) -> None:
        assert len(key) == KEY_BYTES
        self._key = key

    @cached_property
    def _cipher(self) -> AESSIV:
        from cryptography.hazmat.primitives.ciphers.aead import AESSIV

        return AESSIV(self._key)

    @cached_property
    def _names_key(self) -> bytes:
        return hmac.digest(self._key, b"detente names v1", "sha512")

    def make(self, place: bytes, *, arena: str, party: str, purpose: str) -> str:
        """The cursor of a place."""
        sealed = self._cipher.encrypt(place, [arena.encode(), party.encode(), purpose.encode()])
        return urlsafe_b64encode(sealed).decode()

    def read(self, text: str, *, arena: str, party: str, purpose: str) -> bytes:
        """The place of a cursor.

        Raises:
            NotUnderstood: not one we made for this.
        """
        from cryptography.exceptions import InvalidTag

        refusal = NotUnderstood("not a cursor of this list", hint="send one back as it came, or none to begin anew")
        if len(text) > MOST_CHARACTERS or not text.isascii():
            raise refusal
        try:
            sealed = urlsafe_b64decode(text)
            place: bytes = self._cipher.decrypt(sealed, [arena.encode(), party.encode(), purpose.encode()])
        except (InvalidTag, ValueError) as error:
            raise refusal from error
        if urlsafe_b64encode(sealed).decode() != text:
            raise refusal
        return place

    def name(self, place: bytes, *, arena: str, party: str, purpose: str) -> str:
        """32 hex digits that stand for a place, always the same; without our key nobody can tell for which, or make them."""
        said = canonical([arena, party, purpose, place.hex()])
        return hmac.digest(self._names_key, said, "sha256")[:16].hex()

    def of_number(self, number: int, *, arena: str, party: str) -> str:
        """The cursor after a posting of an inbox."""
        return self.make(number.to_bytes(8, "big"), arena=arena, party=party, purpose="inbox")

    def number(self, text: str | None, *, arena: str, party: str) -> int:
        """The number of the posting that a cursor stands after; 0, before all, where there is none."""
        return int.from_bytes(self.read(text, arena=arena, party=party, purpose="inbox"), "big") if text else 0
