"""Whose a key is, and from when until when: the words of key files, key statements and acts."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Final

from detente.domain import Malformed, NotAuthentic
from detente.record.keys import PublicKey

LONGEST_NAME: Final = 200
LAST_US: Final = 2**53 - 1  # in the year 2255; what JSON can carry exactly


class Role(StrEnum):
    """What a key is for. A root enrols officers' keys, a recovery key replaces the root, an officer's key signs acts.

    A witness's key cosigns checkpoints. It stands in no list of keys: the understanding names it.
    """

    ROOT = "root"
    RECOVERY = "recovery"
    OFFICER = "officer"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a key: a party, in which role, and for an officer's key which officer (a post is better than a person).

    Raises:
        Malformed: a name that cannot stand on one line, or an officer's name where there is none to name.
    """

    party: str
    role: Role
    officer: str = ""

    def __post_init__(self) -> None:
        check_name(self.party, "party")
        if self.role is Role.OFFICER:
            check_name(self.officer, "officer")
        elif self.officer:
            raise Malformed(f"a {self.role} key names an officer, {self.officer!r}", hint="only an officer's key does")

    def __str__(self) -> str:
        return f"{self.officer} of {self.party}" if self.officer else f"the {self.role} of {self.party}"


@lru_cache(maxsize=4096)  # the same few names stand in every act
def check_name(name: str, what: str) -> None:
    """Refuse a name that is empty, long, of several lines, padded, or one of two ways to write the same letters."""
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
        raise Malformed(f"{what} {name[:40]!r} is no name of one line and up to {LONGEST_NAME} characters")
    if unicodedata.normalize("NFC", name) != name:
        raise Malformed(f"{what} {name!r} is not in normal form C", hint="two texts that look alike would be two names")


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a key no longer signs, and from when. `suspected_since_us` undoes nothing: it tells whom to ask about acts since.

    `replaced_by` is the id of the key that took its place, if one did.
    """

    at_us: int
    why: str
    suspected_since_us: int | None = None
    replaced_by: str | None = None


@dataclass(frozen=True, slots=True)
class EnrolledKey:
    """A key, its holder, and when it may sign: from `valid_from_us` up to, not including, the earlier of `valid_until_us` and its ending."""

    public: PublicKey
    holder: Holder
    valid_from_us: int
    valid_until_us: int | None = None
    ending: Ending | None = None

    def __str__(self) -> str:
        return f"key {self.public.id[:16]}… ({self.holder})"

    def check_valid_at(self, at_us: int) -> None:
        """Returns where the key could sign at the moment.

        Raises:
            NotAuthentic: not yet, no longer, or revoked; the message says which, and since when.
        """
        if at_us < self.valid_from_us:
            raise NotAuthentic(f"{self} is valid only from {moment(self.valid_from_us)}, not at {moment(at_us)}")
        if self.ending and at_us >= self.ending.at_us:
            raise NotAuthentic(
                f"{self} was {self.ending.why} at {moment(self.ending.at_us)}, before {moment(at_us)}",
                hint="what it signed earlier still holds",
            )
        if self.valid_until_us is not None and at_us >= self.valid_until_us:
            raise NotAuthentic(f"{self} was valid until {moment(self.valid_until_us)}, not at {moment(at_us)}")

    def is_valid_at(self, at_us: int) -> bool:
        """Whether `check_valid_at` returns. For lists; whoever decides on a signature lets it raise."""
        try:
            self.check_valid_at(at_us)
        except NotAuthentic:
            return False
        return True


def moment(at_us: int) -> str:
    """ISO 8601 in UTC, for people."""
    return f"{datetime.fromtimestamp(at_us // 1_000_000, UTC):%Y-%m-%dT%H:%M:%S}Z"
