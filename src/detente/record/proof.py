"""Proofs as files: that an entry is in a log, and who cosigned the tree it is in. Checked without the log, and without a line.

What stands in `extra` nobody has signed. An opening of the leaf may stand there: the leaf itself vouches for it.

Source: c2sp.org/tlog-proof.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from detente.domain import Malformed, TooLarge
from detente.record.checkpoint import check_quorum, open_checkpoint, read_checkpoint
from detente.record.keys import PublicKey
from detente.record.merkle import HASH_BYTES, LARGEST, LONGEST_PROOF, Node, check_inclusion, inclusion_proof
from detente.record.note import MOST_BYTES as MOST_NOTE_BYTES
from detente.record.note import Note, read_note

HEADER: Final = "c2sp.org/tlog-proof@v1"
MOST_EXTRA_BYTES: Final = 2 << 20  # an entry's opening: its envelope has at most half of it
MOST_BYTES: Final = MOST_NOTE_BYTES + MOST_EXTRA_BYTES * 4 // 3 + 8_192
DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class LogProof:
    """Where an entry stands, what leads from it to the root, and the checkpoint with its signatures.

    Raises:
        Malformed, TooLarge: an index outside the checkpoint's tree, hashes that are none, too many of them, too much beside them.
    """

    index: int
    hashes: tuple[bytes, ...]
    note: Note
    extra: bytes = b""

    def __post_init__(self) -> None:
        size = read_checkpoint(self.note.text).tree_size
        if not 0 <= self.index < size:
            raise Malformed(f"a proof of entry {self.index} in a tree of {size}")
        if len(self.hashes) > LONGEST_PROOF or any(len(each) != HASH_BYTES for each in self.hashes):
            raise Malformed(f"a proof has more than {LONGEST_PROOF} hashes, or one that has not {HASH_BYTES} bytes")
        if len(self.extra) > MOST_EXTRA_BYTES:
            raise TooLarge(f"{len(self.extra)} bytes beside a proof; the limit is {MOST_EXTRA_BYTES}")

    @property
    def raw(self) -> bytes:
        """As a file, `.tlog-proof`."""
        extra = [f"extra {base64.b64encode(self.extra).decode()}"] if self.extra else []
        lines = [HEADER, *extra, f"index {self.index}", *hash_lines(self.hashes), "", ""]
        return "\n".join(lines).encode() + self.note.raw


def prove(index: int, note: Note, node: Node, *, extra: bytes = b"") -> LogProof:
    """The proof of the entry at `index` in the tree of a checkpoint; `node` gives its hashes (`record.tiles`)."""
    size = read_checkpoint(note.text).tree_size
    return LogProof(index, inclusion_proof(index, size, node), note, extra)


def read_proof(raw: bytes) -> LogProof:
    """The proof of a file. Nothing of it is believed yet: `check_proof`.

    Raises:
        TooLarge: more than a proof may have.
        Malformed: none, or not in the one form it has.
    """
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"a proof of {len(raw)} bytes; the limit is {MOST_BYTES}")
    head, blank, note = raw.partition(b"\n\n")
    lines = _ascii_lines(head)
    if not blank or lines.pop(0) != HEADER:
        raise Malformed(
            "not a proof", hint=f"its first line is {HEADER}, and an empty line stands before the checkpoint"
        )
    extra = _after("extra ", lines.pop(0)) if lines and lines[0].startswith("extra ") else ""
    index = _after("index ", lines.pop(0)) if lines else ""
    if not DECIMAL.fullmatch(index) or int(index) > LARGEST:
        raise Malformed("a proof does not say of which entry it is", hint="index, a space, a number from 0")
    found = LogProof(int(index), read_hash_lines(lines), read_note(note), _from_base64(extra))
    if found.raw != raw:
        raise Malformed("a proof is not in the one form it has")
    return found


def check_proof(
    proof: LogProof,
    leaf: bytes,
    *,
    origin: str,
    log_key: PublicKey,
    witnesses: Mapping[str, PublicKey],
    quorum: int,
) -> dict[str, int]:
    """Who of the witnesses vouches that the leaf is in the log, and since when, in seconds since 1970.

    Args:
        leaf: the leaf's hash, as the reader made it from the entry.
        witnesses: keys by name, as the reader agreed on them; `quorum` of them must have cosigned.

    Raises:
        NotAuthentic: another log's, not signed by its key, not cosigned by enough, or the leaf is not there.
    """
    checkpoint, note = open_checkpoint(proof.note.raw, origin, log_key)
    moments = check_quorum(note, witnesses, quorum)
    check_inclusion(leaf, proof.index, checkpoint.tree_size, checkpoint.root_hash, proof.hashes)
    return moments


def hash_lines(hashes: Sequence[bytes]) -> list[str]:
    """Hashes of a proof in base64, a line each."""
    return [base64.b64encode(each).decode() for each in hashes]


def read_hash_lines(lines: Sequence[str]) -> tuple[bytes, ...]:
    """The hashes of lines.

    Raises:
        Malformed: more than a proof has, or a line that is no hash. That each was in its one form, the caller sees by writing them again.
    """
    if len(lines) > LONGEST_PROOF:
        raise Malformed(f"a proof of {len(lines)} hashes; none has more than {LONGEST_PROOF}")
    hashes = tuple(map(_from_base64, lines))
    if any(len(each) != HASH_BYTES for each in hashes):
        raise Malformed(f"a hash of a proof has not {HASH_BYTES} bytes")
    return hashes


def _ascii_lines(head: bytes) -> list[str]:
    if not head.isascii():
        raise Malformed("a proof holds signs that are not ASCII before its checkpoint")
    return head.decode("ascii").split("\n")


def _after(word: str, line: str) -> str:
    return line.removeprefix(word) if line.startswith(word) else ""


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"{text[:60]!r} is not base64") from error
