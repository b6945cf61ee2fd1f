"""Bearer tokens: the right to read, and to pass acts on. They sign nothing: what a party does, an officer's key signs.

A token is 32 random bytes, shown once; the store keeps its SHA-256. It opens one arena, for one party, in one role, until it
expires or is revoked.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from detente.api.wire import NOT_THERE, NotKnown, NotThere, TooOften
from detente.channel.store import Store
from detente.channel.tokens import Token
from detente.domain import NotUnderstood
from detente.domain.party import check_party_name

SECRET_BYTES: Final = 32
PREFIX: Final = "detente_"
LONGEST_S: Final = 366 * 86_400
RATE_PER_S: Final = 50.0
BURST: Final = 200.0
_MOST_BUCKETS: Final = 100_000
_TEXT: Final = re.compile(r"detente_[A-Za-z0-9_-]{43}")
_UNKNOWN: Final = "the token is not known, has expired or was revoked"


class TokenRole(StrEnum):
    """What a token is for."""

    OFFICER = "officer"
    DUTY_OFFICER = "duty_officer"
    OBSERVER = "observer"  # reads what its party may read
    BOARD = "board"  # reads what parties open to it
    HOST = "host"  # takes parties in; sees no inbox


OFFICERS: Final = (TokenRole.OFFICER, TokenRole.DUTY_OFFICER)
READERS: Final = (*OFFICERS, TokenRole.OBSERVER)
ANYONE: Final = tuple(TokenRole)
BOARD_ONLY: Final = (TokenRole.BOARD,)
HOST_ONLY: Final = (TokenRole.HOST,)


def new_token(
    secret: bytes, *, arena: str, party: str, role: TokenRole, officer: str, now_us: int, valid_for_s: int
) -> tuple[str, Token]:
    """The text to hand over, and what the store keeps of it.

    Args:
        secret: 32 random bytes.
        party: empty for the host, and for nobody else.
    Raises:
        NotUnderstood, InvalidVolume: a party and a role that do not go together, or a time no token may be valid for.
    """
    assert len(secret) == SECRET_BYTES
    if (role is TokenRole.HOST) != (party == ""):
        raise NotUnderstood(
            f"a token of role {role} for party {party!r}", hint="the host's have no party; all others do"
        )
    if party:
        check_party_name(party)
    if not 1 <= valid_for_s <= LONGEST_S:
        raise NotUnderstood(f"valid for {valid_for_s} s", hint=f"from 1 s to {LONGEST_S} s")
    text = PREFIX + urlsafe_b64encode(secret).decode().rstrip("=")
    return text, Token(digest_of(text), arena, party, role.value, officer, now_us, now_us + valid_for_s * 1_000_000)


def digest_of(text: str) -> bytes:
    """SHA-256 of a token's text: what the store knows it by."""
    return sha256(text.encode()).digest()


def open_token(store: Store, authorization: str | None, now_us: int) -> Token:
    """The token of an Authorization header.

    Raises:
        NotKnown: none, or one that opens nothing now.
    """
    scheme, _, text = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not _TEXT.fullmatch(text):
        raise NotKnown("there is no bearer token", hint="send Authorization: Bearer detente_…")
    token = store.token(digest_of(text))
    if token is None or not is_valid_at(token, now_us):
        raise NotKnown(_UNKNOWN, hint="ask the host for another")
    return token


def is_valid_at(token: Token, now_us: int) -> bool:
    """Whether it opens anything at the moment."""
    return now_us < token.expires_us and (token.revoked_us is None or now_us < token.revoked_us)


def check_may(token: Token, arena: str | None, roles: Collection[TokenRole]) -> None:
    """Returns where the token is of one of the roles, for that arena.

    Raises:
        NotThere: otherwise; as for what is not there at all.
    """
    if token.role not in roles or (arena is not None and token.arena != arena):
        raise NotThere(NOT_THERE)


@dataclass(slots=True)
class _Bucket:
    left: float
    at_s: float


class RateLimit:
    """So many requests a second of one token, and a burst. Of each process its own; for one thread.

    Args:
        per_s, burst: what a token may ask, in the long run and at once.
    """

    def __init__(self, per_s: float = RATE_PER_S, burst: float = BURST) -> None:
        self._per_s, self._burst = per_s, burst
        self._buckets: dict[bytes, _Bucket] = {}

    def take(self, digest: bytes, now_s: float) -> None:
        """Counts one request of a token, at a moment of a clock that never goes back.

        Raises:
            TooOften: it has had its share.
        """
        if len(self._buckets) > _MOST_BUCKETS:
            self._forget_the_full(now_s)
        bucket = self._buckets.setdefault(digest, _Bucket(self._burst, now_s))
        bucket.left = min(self._burst, bucket.left + (now_s - bucket.at_s) * self._per_s)
        bucket.at_s = now_s
        if bucket.left < 1.0:
            raise TooOften(f"more than {self._per_s:g} requests a second", hint="wait a second")
        bucket.left -= 1.0

    def _forget_the_full(self, now_s: float) -> None:
        full_after_s = self._burst / self._per_s
        self._buckets = {key: each for key, each in self._buckets.items() if now_s - each.at_s < full_after_s}
