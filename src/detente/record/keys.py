"""Ed25519 keys as values. Signing and verifying are `cryptography`'s, loaded on first use; public keys are read and written without it.

A key's id is the SHA-256 of its 32 raw bytes, in 64 hexadecimal digits: whole, since two keys of one id would let a party say later that
it meant the other.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from detente.domain import Malformed, NotAuthentic

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
# RFC 8410: the DER of an Ed25519 key is a fixed beginning and the 32 bytes; so OpenSSL and WebCrypto write it.
SPKI_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
PKCS8_PREFIX: Final = bytes.fromhex("302e020100300506032b657004220420")
NOTE_ED25519: Final = b"\x01"  # C2SP signed-note: the signature type of plain Ed25519
_FIELD: Final = 2**255 - 19
_ORDER_8_Y: Final = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
# y of the eight points of order 1, 2, 4 and 8. Under such a key one signature holds for many messages.
_SMALL_ORDER_Y: Final = frozenset(
    {
        0,
        1,
        _FIELD - 1,
        _FIELD - _ORDER_8_Y,
        _ORDER_8_Y,
    }
)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key: 32 bytes as RFC 8032 encodes them; `id` is their SHA-256, 64 hexadecimal digits.

    Raises:
        Malformed: not 32 bytes, not the one encoding of its point, or a point of small order, under which a signature proves nothing.
    """

    raw: bytes
    id: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise Malformed(f"an Ed25519 public key has {KEY_BYTES} bytes, not {len(self.raw)}")
        y = int.from_bytes(self.raw, "little") & (2**255 - 1)
        if y >= _FIELD or y in _SMALL_ORDER_Y:
            raise Malformed("this public key would let one signature stand for many messages", hint="make a new key")
        object.__setattr__(self, "id", sha256(self.raw).hexdigest())

    @property
    def text(self) -> str:
        """The raw bytes in base64, 44 characters."""
        return base64.b64encode(self.raw).decode()

    @property
    def spki(self) -> bytes:
        """The DER SubjectPublicKeyInfo, as WebCrypto exports and imports it."""
        return SPKI_PREFIX + self.raw

    def verify(self, signature: bytes, message: bytes) -> None:
        """Returns where the signature is this key's over the message.

        Raises:
            NotAuthentic: it is not.
        """
        try:
            _verifier(self.raw).verify(signature, message)
        except _invalid_signature() as error:  # looked up where one is raised
            raise NotAuthentic(
                f"the signature is not by key {self.id[:16]}…",
                hint="the bytes were changed, or another key signed them",
            ) from error


@lru_cache(maxsize=4096)
def _verifier(raw: bytes) -> Ed25519PublicKey:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    return Ed25519PublicKey.from_public_bytes(raw)


def _invalid_signature() -> type[Exception]:
    from cryptography.exceptions import InvalidSignature

    return InvalidSignature


class SigningKey:
    """An Ed25519 private key, made from its 32-byte seed. It never shows the seed, and is not equal to another but itself."""

    __slots__ = ("_private", "_seed", "public")

    def __init__(self, seed: bytes) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        if len(seed) != KEY_BYTES:
            raise Malformed(f"an Ed25519 seed has {KEY_BYTES} bytes, not {len(seed)}")
        self._seed = bytes(seed)
        self._private = Ed25519PrivateKey.from_private_bytes(self._seed)
        self.public = PublicKey(self._private.public_key().public_bytes_raw())

    def __repr__(self) -> str:
        return f"SigningKey({self.public.id[:16]}…)"

    def sign(self, message: bytes) -> bytes:
        """64 bytes; the same message gives the same signature (RFC 8032)."""
        return self._private.sign(message)

    @property
    def pkcs8(self) -> bytes:
        """The DER PrivateKeyInfo, as WebCrypto exports and imports it. Whoever has it can sign."""
        return PKCS8_PREFIX + self._seed


def public_key_from_spki(der: bytes) -> PublicKey:
    """The key of a DER SubjectPublicKeyInfo.

    Raises:
        Malformed: another algorithm, or not the DER of an Ed25519 key.
    """
    if not der.startswith(SPKI_PREFIX):
        raise Malformed(
            "not an Ed25519 public key", hint="other algorithms are not used here; make a key with `detente key new`"
        )
    return PublicKey(der.removeprefix(SPKI_PREFIX))


def public_key_from_text(text: str) -> PublicKey:
    """The key of 44 characters of standard base64, in the one form that base64 has for it."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("a public key is not base64", hint="it has 44 characters") from error
    key = PublicKey(raw)
    if key.text != text:
        raise Malformed("a public key is not in canonical base64", hint="it has 44 characters and ends in =")
    return key


def note_key_hash(name: str, key: PublicKey, kind: bytes = NOTE_ED25519) -> bytes:
    """The four bytes that name a key in a C2SP signed note: SHA-256(name ‖ "\\n" ‖ kind of signature ‖ key)[:4]."""
    return sha256(name.encode() + b"\n" + kind + key.raw).digest()[:4]


def verifier_line(name: str, key: PublicKey, kind: bytes = NOTE_ED25519) -> str:
    """The key as C2SP tools take it: `name+hash+base64(kind of signature ‖ key)`.

    Raises:
        Malformed: the name is empty or holds a space or a plus, which signed notes do not allow.
    """
    check_note_name(name)
    return f"{name}+{note_key_hash(name, key, kind).hex()}+{base64.b64encode(kind + key.raw).decode()}"


def key_from_verifier_line(line: str, kinds: Sequence[bytes] = (NOTE_ED25519,)) -> tuple[str, PublicKey]:
    """Name and key of a verifier line, where it is for one of these kinds of signature.

    Raises:
        Malformed: not of that form, another algorithm, or a hash that is not its key's.
    """
    name, _, rest = line.partition("+")
    check_note_name(name)
    digits, _, data = rest.partition("+")
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("the key of a verifier line is not base64", hint="copy the whole line") from error
    if raw[:1] not in kinds:
        raise Malformed("the verifier line is not of an Ed25519 key")
    key = PublicKey(raw[1:])
    if verifier_line(name, key, raw[:1]) != line:
        raise Malformed(
            f"the verifier line of {name} has the hash {digits[:16]}, which is not its key's",
            hint="copy the whole line",
        )
    return name, key


def check_note_name(name: str) -> None:
    """Refuse a name that cannot stand in a signed note.

    Raises:
        Malformed: it is empty, or holds a space, a plus or a control character.
    """
    if not name or "+" in name or any(character.isspace() or character < " " for character in name):
        raise Malformed(
            f"{name!r} cannot name a key in a signed note", hint="use no spaces and no +, as in relief.example/witness"
        )
