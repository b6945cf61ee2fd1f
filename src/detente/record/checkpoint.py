"""Checkpoints, the heads of a log, and the cosignatures of those who watch that it only grows.

A checkpoint is a signed note: origin, size and root of the tree. A witness cosigns one once it has seen that it goes on from the last that it
cosigned. Its line says when; so a cosignature bounds time both ways: what the tree holds was there by then, and whoever names the
checkpoint in an act did so afterwards.

Source: c2sp.org/tlog-checkpoint, c2sp.org/tlog-cosignature (Ed25519, cosignature/v1).
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from detente.domain import Malformed, NotAuthentic
from detente.record.keys import SIGNATURE_BYTES, PublicKey, SigningKey, check_note_name, note_key_hash
from detente.record.merkle import HASH_BYTES, LARGEST
from detente.record.note import Note, NoteSignature, check_signed, read_note, sign_note

NOTE_COSIGNATURE: Final = b"\x04"
_SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log: whose it is, how many leaves it has, and the root over them.

    Raises:
        Malformed: an origin, size, root or further line that cannot stand in one.
    """

    origin: str
    tree_size: int
    root_hash: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_note_name(self.origin)
        if not 0 <= self.tree_size <= LARGEST:
            raise Malformed(f"a checkpoint of {self.tree_size} leaves")
        if len(self.root_hash) != HASH_BYTES:
            raise Malformed(f"a checkpoint with a root of {len(self.root_hash)} bytes, not {HASH_BYTES}")
        if not all(line and "\n" not in line for line in self.extensions):
            raise Malformed("a further line of a checkpoint is empty, or is two")

    @property
    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root_hash).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.tree_size, root, *self.extensions))


def origin_of(arena: str) -> str:
    """What an arena's log is called, in every checkpoint of it."""
    return f"detente/{quote(arena, safe='')}"


def read_checkpoint(text: str) -> Checkpoint:
    """The checkpoint that a note says.

    Raises:
        Malformed: it is none, or not in the one form it has.
    """
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not _SIZE.fullmatch(lines[1]):
        raise Malformed("not a checkpoint", hint="three lines: origin, size, root")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("the root of a checkpoint is not base64") from error
    found = Checkpoint(lines[0], int(lines[1]), root, tuple(lines[3:-1]))
    if found.text != text:
        raise Malformed("a checkpoint is not in the form it is signed in")
    return found


def sign_checkpoint(checkpoint: Checkpoint, key: SigningKey) -> Note:
    """The log's own note of it; its key goes by the name of the origin."""
    return Note(checkpoint.text, (sign_note(checkpoint.text, checkpoint.origin, key),))


def open_checkpoint(raw: bytes, origin: str, key: PublicKey) -> tuple[Checkpoint, Note]:
    """The checkpoint of a log, where the log's key signed it, and the note it stands in.

    Raises:
        Malformed, TooLarge: no checkpoint.
        NotAuthentic: another log's, or not signed by this key.
    """
    note = read_note(raw)
    found = read_checkpoint(note.text)
    if found.origin != origin:
        raise NotAuthentic(f"a checkpoint of {found.origin[:80]!r}, not of {origin!r}")
    check_signed(note, origin, key)
    return found, note


# ── cosignatures ─────────────────────────────────────────────────────────────────────────────────────────────────────


def cosign(checkpoint: Checkpoint, name: str, key: SigningKey, at_s: int) -> NoteSignature:
    """A witness's line: that, at this moment, this is the largest tree of the log that it has seen, and goes on from all before."""
    check_note_name(name)
    signature = key.sign(_cosigned(checkpoint.text, at_s))
    return NoteSignature(name, cosigner_hash(name, key.public), struct.pack(">Q", at_s) + signature)


def cosigned_s(note: Note, witnesses: Mapping[str, PublicKey]) -> dict[str, int]:
    """Which of these witnesses, keys by name, cosigned the note's checkpoint, and when: the earliest moment of each, seconds since 1970.

    Raises:
        NotAuthentic: a line that names one of them does not hold: then nothing of the note is believed.
    """
    return {name: at_s for name, (at_s, _) in cosignatures(note, witnesses).items()}


def cosignatures(note: Note, witnesses: Mapping[str, PublicKey]) -> dict[str, tuple[int, NoteSignature]]:
    """The earliest line of each of these witnesses, with its moment.

    Raises:
        NotAuthentic: as `cosigned_s`.
    """
    found = {name: _lines(note, name, key) for name, key in witnesses.items()}
    return {name: min(lines, key=lambda line: line[0]) for name, lines in found.items() if lines}


def check_quorum(note: Note, witnesses: Mapping[str, PublicKey], quorum: int) -> dict[str, int]:
    """`cosigned_s`, where at least `quorum` of the witnesses cosigned.

    Raises:
        NotAuthentic: fewer did, or a line does not hold.
    """
    found = cosigned_s(note, witnesses)
    if len(found) < quorum:
        raise NotAuthentic(
            f"cosigned by {len(found)} of {len(witnesses)} witnesses, {quorum} are agreed",
            hint=f"by {', '.join(sorted(found))}" if found else "nobody but the host vouches for it yet",
        )
    return found


def _lines(note: Note, name: str, key: PublicKey) -> list[tuple[int, NoteSignature]]:
    found, key_hash = [], cosigner_hash(name, key)
    for line in note.signatures:
        if (line.name, line.key_hash) == (name, key_hash):
            found.append((_checked_s(note, line, key), line))
    return found


def _checked_s(note: Note, line: NoteSignature, key: PublicKey) -> int:
    """The moment of a cosignature that holds."""
    if len(line.signature) != 8 + SIGNATURE_BYTES:
        raise NotAuthentic(f"the cosignature of {line.name} has {len(line.signature)} bytes, not {8 + SIGNATURE_BYTES}")
    at_s = int.from_bytes(line.signature[:8])
    if at_s > LARGEST:
        raise NotAuthentic(f"the cosignature of {line.name} is of no moment")
    key.verify(line.signature[8:], _cosigned(note.text, at_s))
    return at_s


def _cosigned(text: str, at_s: int) -> bytes:
    return f"cosignature/v1\ntime {at_s}\n{text}".encode()


def cosigner_hash(name: str, key: PublicKey) -> bytes:
    """The four bytes that name a witness's key beside its name."""
    return note_key_hash(name, key, NOTE_COSIGNATURE)
