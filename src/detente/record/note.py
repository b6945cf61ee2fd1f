"""Signed notes: a text and lines of signatures under it, as the Go checksum database and its kin write them.

A note is read whole or refused. What it says is to be believed only where a key that the reader brought has signed it: `check_signed`
here, cosignatures in `record.checkpoint`. Signatures of keys that the reader does not know are ignored, as the standard has it.

Source: c2sp.org/signed-note.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from dataclasses import dataclass
from typing import Final

from detente.domain import Malformed, NotAuthentic, TooLarge
from detente.record.keys import NOTE_ED25519, PublicKey, SigningKey, check_note_name, note_key_hash

MOST_BYTES: Final = 64 << 10
MOST_SIGNATURES: Final = 64
_HASH_BYTES: Final = 4
_DASH: Final = "\u2014 "


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One line: the name and four-byte hash of a key, and what it says. Which algorithm it is follows from the hash."""

    name: str
    key_hash: bytes
    signature: bytes

    @property
    def line(self) -> str:
        """As it stands under the text, with its line feed."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_hash + self.signature).decode()}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text that ends in a line feed, and its signatures, at least one."""

    text: str
    signatures: tuple[NoteSignature, ...]

    @property
    def raw(self) -> bytes:
        """As a file."""
        return (self.text + "\n" + "".join(each.line for each in self.signatures)).encode()

    def of(self, name: str, key_hash: bytes) -> list[bytes]:
        """What a key has put under it, by the key's name and hash."""
        return [each.signature for each in self.signatures if (each.name, each.key_hash) == (name, key_hash)]

    def signed_also(self, *signatures: NoteSignature) -> Note:
        """With more lines; one that is there already is not put there twice."""
        return Note(self.text, tuple(dict.fromkeys((*self.signatures, *signatures))))


def read_note(raw: bytes) -> Note:
    """The note of a file.

    Raises:
        TooLarge: more than 64 KiB, or 64 signatures.
        Malformed: it is none, or not in the one form it has.
    """
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"a note of {len(raw)} bytes; the limit is {MOST_BYTES}")
    try:
        whole = raw.decode()
    except UnicodeDecodeError as error:
        raise Malformed("a signed note is not UTF-8") from error
    if any(character < " " and character != "\n" for character in whole):
        raise Malformed("a signed note holds a control character")
    text, blank, lines = whole.rpartition("\n\n")
    if not blank or not lines.endswith("\n"):
        raise Malformed("not a signed note", hint="a text, an empty line, and a line for each signature")
    found = Note(text + "\n", read_signatures(lines))
    if found.raw != raw:
        raise Malformed("a signed note is not in the form it was signed in")
    return found


def read_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """Lines of signatures, each ended by a line feed; at least one.

    Raises:
        Malformed, TooLarge: as `read_note`.
    """
    each = lines.split("\n")
    if each[-1] or len(each) < 2:
        raise Malformed("a line of a signature has no end")
    if len(each) - 1 > MOST_SIGNATURES:
        raise TooLarge(f"a note with {len(each) - 1} signatures; the limit is {MOST_SIGNATURES}")
    return tuple(map(_read_line, each[:-1]))


def _read_line(line: str) -> NoteSignature:
    name, _, text = line.removeprefix(_DASH).partition(" ")
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed(f"{line[:60]!r} is no signature of a note: not base64") from error
    check_note_name(name)
    found = NoteSignature(name, raw[:_HASH_BYTES], raw[_HASH_BYTES:])
    if len(raw) <= _HASH_BYTES or found.line != line + "\n" or _is_spaced(name):
        raise Malformed(f"{line[:60]!r} is no signature of a note")
    return found


def _is_spaced(name: str) -> bool:
    return any(unicodedata.category(character) in ("Zs", "Zl", "Zp") for character in name)


def sign_note(text: str, name: str, key: SigningKey) -> NoteSignature:
    """The key's plain Ed25519 signature of a text.

    Raises:
        Malformed: the text does not end in a line feed, or cannot stand in a note.
    """
    check_note_name(name)
    if not text.endswith("\n") or any(character < " " and character != "\n" for character in text):
        raise Malformed("the text of a note ends in a line feed, and holds no other control characters")
    return NoteSignature(name, note_key_hash(name, key.public), key.sign(text.encode()))


def check_signed(note: Note, name: str, key: PublicKey) -> None:
    """Returns where the key, under its name, signed the note's text.

    Raises:
        NotAuthentic: it did not, or a line that names it does not hold.
    """
    found = note.of(name, note_key_hash(name, key, NOTE_ED25519))
    if not found:
        others = ", ".join(dict.fromkeys(each.name for each in note.signatures))
        raise NotAuthentic(f"not signed by {name} with key {key.id[:16]}…, but by {others[:200]}")
    for signature in found:
        key.verify(signature, note.text.encode())
