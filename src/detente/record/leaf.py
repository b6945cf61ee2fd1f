"""Leaves of the log: what an entry's public 32 bytes commit to. Salted, they tell nothing; opened, they are one entry at one place."""

from __future__ import annotations

import struct
from typing import Final

from detente.domain import Malformed
from detente.record.commitment import commit

LONGEST_KIND: Final = 64
_LAST: Final = 2**63 - 1


def leaf_content(position: int, received_us: int, kind: str, envelope: bytes) -> bytes:
    """What is committed to: u64 position ‖ u64 received_us ‖ u8 length ‖ kind ‖ envelope, numbers big-endian.

    Args:
        position: in the arena's order, from 0, and so the leaf's index in the log.
        received_us: when the channel had it, by the host's clock, rounded up to the tick at which it could be seen: nobody is told a finer moment.
        kind: as which kind of entry the channel took it; ASCII.
        envelope: the signed bytes as they came.

    Raises:
        Malformed: a number or kind that cannot stand there.
    """
    name = kind.encode()
    if not (1 <= len(name) <= LONGEST_KIND and kind.isascii()) or not (
        0 <= position <= _LAST and 0 <= received_us <= _LAST
    ):
        raise Malformed(f"an entry of kind {kind[:40]!r} at position {position}, received at {received_us}")
    return struct.pack(">QQB", position, received_us, len(name)) + name + envelope


def leaf_data(salt: bytes, position: int, received_us: int, kind: str, envelope: bytes) -> bytes:
    """The leaf: 32 bytes, `commit(salt, leaf_content(…))`."""
    return commit(salt, leaf_content(position, received_us, kind, envelope))
