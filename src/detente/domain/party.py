"""Parties: who signs, who is told, and by which keys they are known."""

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from detente.domain.errors import InvalidVolume

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,62}[A-Za-z0-9.]|[A-Za-z0-9]")
_KEY: Final = re.compile(r"[A-Za-z0-9+/]{43}=")
MOST_POSTS: Final = 50  # of one party
MOST_POST_TEXT: Final = 200


class PartyKind(Enum):
    """What a party is."""

    ARMED_FORCE = "armed_force"
    PEACEKEEPING_MISSION = "peacekeeping_mission"
    HUMANITARIAN_ORGANISATION = "humanitarian_organisation"
    AVIATION_AUTHORITY = "aviation_authority"
    OPERATOR = "operator"
    BOARD_OF_INQUIRY = "board_of_inquiry"


def check_party_name(name: str) -> None:
    """Raises InvalidVolume for a name that could be taken for another, or that a file name or header cannot hold."""
    if not _NAME.fullmatch(name):
        raise InvalidVolume(
            f"party name {name!r} is not 1 to 64 plain letters, digits, spaces and . _ / -",
            hint="use the short name, in Latin letters, by which the others know the party",
        )


@dataclass(frozen=True, slots=True)
class Post:
    """A post that is manned, and how to reach whoever sits there: what is called when nobody answers.

    Attributes:
        level: 0 is the desk on duty; each level above is one more.
        reach: a telephone number, or call sign and frequency.
        is_alternate: stands in for another post of its level.
    """

    name: str
    level: int
    reach: str
    is_alternate: bool = False

    def __post_init__(self) -> None:
        for what, text in (("name", self.name), ("reach", self.reach)):
            if not 0 < len(text.strip()) <= len(text) <= MOST_POST_TEXT:
                raise InvalidVolume(
                    f"the {what} of a post has {len(text)} characters, not 1 to {MOST_POST_TEXT}",
                    hint="name the post, and a number or a call sign",
                    where=what,
                )
        if not 0 <= self.level <= 9:
            raise InvalidVolume(
                f"level {self.level} is not between 0 and 9", hint="0 is the desk on duty", where="level"
            )


def check_key(key: str, whose: str) -> None:
    """Raises InvalidVolume for what is no key in text, 44 characters of base64."""
    if not _KEY.fullmatch(key):
        raise InvalidVolume(f"key of {whose} is not 44 characters of base64", hint="copy it from detente key show")


@dataclass(frozen=True, slots=True)
class Signatory:
    """A party as an understanding names it.

    Attributes:
        root_key: its Ed25519 public key in base64, 44 characters; None for a party without keys, for which others report.
        recovery_key: a key kept offline, that can replace the root key.
        posts: whom to call at the party, level by level.
    """

    name: str
    kind: PartyKind
    root_key: str | None = None
    recovery_key: str | None = None
    posts: tuple[Post, ...] = ()

    def __post_init__(self) -> None:
        check_party_name(self.name)
        for key in (self.root_key, self.recovery_key):
            if key is not None:
                check_key(key, self.name)
        if self.root_key is None and self.recovery_key is not None:
            raise InvalidVolume(f"{self.name} has a recovery key and no root key", hint="give both, or neither")
        if len(self.posts) > MOST_POSTS:
            raise InvalidVolume(f"{self.name} has {len(self.posts)} posts; the limit is {MOST_POSTS}")
