"""Tokens, as a store keeps them: who may read what, until when. The token itself is never kept, only its hash."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """A right to read, as it was issued.

    Attributes:
        digest: SHA-256 of the token, 32 bytes. Tokens are random, so that nobody finds one by its hash.
        officer: who it was issued to; empty where it is no person's.
        revoked_us: since when it opens nothing any more; None while nobody revoked it.
    """

    digest: bytes
    arena: str
    party: str
    role: str
    officer: str
    created_us: int
    expires_us: int
    revoked_us: int | None = None
