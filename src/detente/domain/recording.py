"""Who vouches for an arena's record: the host's key, and the witnesses who watch that its log only grows."""

import re
from dataclasses import dataclass
from typing import Final

from detente.domain.errors import InvalidVolume
from detente.domain.party import check_key

MOST_WITNESSES: Final = 32
_WITNESS: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody who cosigns the checkpoints of the log.

    Attributes:
        name: of its key, as it stands in signed notes: no spaces, and best a place that its owner owns, such as `relief.example/witness`.
        key: its Ed25519 public key, 44 characters of base64; no other key of anybody's.
        party: whose it is; empty for one that is no party's.
    """

    name: str
    key: str
    party: str = ""

    def __post_init__(self) -> None:
        if not _WITNESS.fullmatch(self.name):
            raise InvalidVolume(
                f"witness {self.name[:60]!r} is not 1 to 128 plain letters, digits and . _ / -",
                hint="a name like relief.example/witness",
            )
        check_key(self.key, self.name)


@dataclass(frozen=True, slots=True)
class Recording:
    """What the parties agreed of the record.

    Attributes:
        host_key: the host's public key, which signs checkpoints and the host's own acts.
        quorum: how many witnesses have to have cosigned a checkpoint before it proves anything against the host.
    """

    host_key: str
    witnesses: tuple[Witness, ...] = ()
    quorum: int = 0

    def __post_init__(self) -> None:
        check_key(self.host_key, "the host")
        names, keys = {w.name for w in self.witnesses}, {self.host_key, *(w.key for w in self.witnesses)}
        if len(names) < len(self.witnesses) or len(keys) < len(self.witnesses) + 1:
            raise InvalidVolume("two witnesses of one name or key, or the host's own", hint="each has its own")
        if not 0 <= self.quorum <= len(self.witnesses) <= MOST_WITNESSES:
            raise InvalidVolume(
                f"a quorum of {self.quorum} of {len(self.witnesses)} witnesses, of at most {MOST_WITNESSES}",
                hint="no more than there are witnesses",
            )
