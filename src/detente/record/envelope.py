"""DSSE envelopes, version 1: payload bytes signed as they are, together with a name of what they are.

Source: github.com/secure-systems-lab/dsse, protocol.md and envelope.md, 1.0.2. Two points are stricter here, since these files are evidence:
a member the standard does not name is refused (it would be unsigned text inside a signed file), and so is an envelope in which a known key's
signature does not hold, even beside one that does.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final

import msgspec

from detente.domain import Malformed, NotAuthentic, TooLarge, at
from detente.record.canonical import canonical, read_strict
from detente.record.keys import SIGNATURE_BYTES, PublicKey, SigningKey

MOST_PAYLOAD_BYTES: Final = 1 << 20
MOST_SIGNATURES: Final = 16  # as many as every C2SP note reader must take
MOST_TYPE_BYTES: Final = 256
MOST_KEYID_CHARACTERS: Final = 128
MOST_JSON_BYTES: Final = 2 * MOST_PAYLOAD_BYTES
_URL_SAFE: Final = str.maketrans("-_", "+/")
_STANDARD: Final = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_URL: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}")


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature and, unsigned, a hint at whose: the id of a key, or empty."""

    keyid: str
    sig: bytes

    def __post_init__(self) -> None:
        if len(self.sig) != SIGNATURE_BYTES:
            raise Malformed(
                f"a signature has {len(self.sig)} bytes, not {SIGNATURE_BYTES}", hint="only Ed25519 is used here"
            )
        if len(self.keyid) > MOST_KEYID_CHARACTERS or not self.keyid.isprintable():
            raise Malformed(f"a keyid is no text of up to {MOST_KEYID_CHARACTERS} characters")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Signed bytes, what they are, and who signed. Well-formed; nothing in it is to be believed before `verify`."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    def __post_init__(self) -> None:
        if len(self.payload) > MOST_PAYLOAD_BYTES:
            raise TooLarge(f"a payload of {len(self.payload)} bytes; the limit is {MOST_PAYLOAD_BYTES}")
        _check_type(self.payload_type)
        if not 1 <= len(self.signatures) <= MOST_SIGNATURES:
            raise Malformed(f"an envelope with {len(self.signatures)} signatures, not 1 to {MOST_SIGNATURES}")

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes that were signed, in hexadecimal: what other acts call this one by, whoever signed it."""
        return sha256(pre_authentication_encoding(self.payload_type, self.payload)).hexdigest()


@lru_cache(maxsize=64)
def _check_type(payload_type: str) -> None:
    try:
        size = len(payload_type.encode())
    except UnicodeEncodeError as error:
        raise Malformed("the payload type is no Unicode") from error
    if not 1 <= size <= MOST_TYPE_BYTES:
        raise Malformed(f"a payload type of {size} bytes, not 1 to {MOST_TYPE_BYTES}")


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """What is signed: `DSSEv1 SP LEN(type) SP type SP LEN(body) SP body`, lengths in bytes."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign(payload: bytes, payload_type: str, *keys: SigningKey) -> Envelope:
    """An envelope signed by each key, with its id as the hint."""
    message = pre_authentication_encoding(payload_type, payload)
    return Envelope(payload, payload_type, tuple(Signature(key.public.id, key.sign(message)) for key in keys))


def verify(envelope: Envelope, keys: Iterable[PublicKey], *, payload_type: str) -> tuple[PublicKey, ...]:
    """The keys, of those given, that signed; each once, at least one.

    A signature with the id of no key given is ignored; one without an id is tried against every key.

    Raises:
        NotAuthentic: another payload type; none of the keys signed; or a signature that names one of them does not hold.
    """
    if envelope.payload_type != payload_type:
        raise NotAuthentic(
            f"the payload is {envelope.payload_type!r}, not {payload_type!r}",
            hint="it was signed to say something else",
        )
    known = {key.id: key for key in keys}
    message = pre_authentication_encoding(envelope.payload_type, envelope.payload)
    accepted: dict[str, PublicKey] = {}
    for number, signature in enumerate(envelope.signatures):
        with at(f"signatures[{number}]"):
            accepted |= _signers(signature, known, message)
    if not accepted:
        named = ", ".join(f"{s.keyid[:16]}…" if s.keyid else "one that names no key" for s in envelope.signatures)
        raise NotAuthentic(
            f"signed by none of the {len(known)} keys that may: {named}", hint="check whose keys you hold"
        )
    return tuple(accepted.values())


def _signers(signature: Signature, known: dict[str, PublicKey], message: bytes) -> dict[str, PublicKey]:
    if signature.keyid:
        key = known.get(signature.keyid)
        if key is None:
            return {}
        key.verify(signature.sig, message)
        return {key.id: key}
    return {key.id: key for key in known.values() if _holds(key, signature.sig, message)}


def _holds(key: PublicKey, sig: bytes, message: bytes) -> bool:
    try:
        key.verify(sig, message)
    except NotAuthentic:
        return False
    return True


def to_json(envelope: Envelope) -> bytes:
    """The JSON envelope, canonical, in standard base64."""
    signatures = [{"keyid": s.keyid, "sig": base64.b64encode(s.sig).decode()} for s in envelope.signatures]
    return canonical(
        {
            "payload": base64.b64encode(envelope.payload).decode(),
            "payloadType": envelope.payload_type,
            "signatures": signatures,
        }
    )


def from_json(raw: bytes) -> Envelope:
    """The envelope of JSON bytes, in standard or URL-safe base64.

    Raises:
        TooLarge: more than 2 MiB, or a payload past 1 MiB.
        Malformed: not JSON, a member missing, twice, unknown or of the wrong type, or base64 that is not the one form of its bytes.
    """
    if len(raw) > MOST_JSON_BYTES:
        raise TooLarge(f"an envelope of {len(raw)} bytes; the limit is {MOST_JSON_BYTES}")
    plain = _read_plain(raw)
    if plain is not None:
        return plain
    members = _members(read_strict(raw), {"payload", "payloadType", "signatures"})
    with at("payloadType"):
        payload_type = _text(members["payloadType"])
    with at("payload"):
        payload = _decoded(members["payload"])
    with at("signatures"):
        signatures = _signatures(members["signatures"])
    return Envelope(payload, payload_type, signatures)


class _Signature(msgspec.Struct, frozen=True):
    keyid: str
    sig: bytes


class _Envelope(msgspec.Struct, frozen=True):
    payload: bytes
    payloadType: str  # noqa: N815 - as DSSE names it
    signatures: tuple[_Signature, ...]


_plain_decoder: Final = msgspec.json.Decoder(_Envelope)
_plain_encoder: Final = msgspec.json.Encoder()


def _read_plain(raw: bytes) -> Envelope | None:
    """The envelope of JSON as `to_json` writes it: written once more it gives the same bytes. None where it does not; four times as fast."""
    try:
        read = _plain_decoder.decode(raw)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return None
    if _plain_encoder.encode(read) != raw:
        return None
    signatures = []
    for number, each in enumerate(read.signatures[: MOST_SIGNATURES + 1]):
        with at(f"signatures.[{number}]"):
            signatures.append(Signature(each.keyid, each.sig))
    return Envelope(read.payload, read.payloadType, tuple(signatures))


def _signatures(value: Any) -> tuple[Signature, ...]:
    if not isinstance(value, list) or len(value) > MOST_SIGNATURES:
        raise Malformed(f"not a list of up to {MOST_SIGNATURES} signatures")
    return tuple(_signature(item) for item in value)


def _signature(value: Any) -> Signature:
    members = _members(value, {"sig"}, {"keyid"})
    return Signature(_text(members.get("keyid", "")), _decoded(members["sig"]))


def _members(value: Any, required: set[str], optional: set[str] = frozenset()) -> dict[str, Any]:  # type: ignore[assignment]
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    for name in sorted(required - value.keys()):
        raise Malformed(f"the member {name!r} is missing")
    for name in sorted(value.keys() - required - optional):
        raise Malformed(f"the member {name[:80]!r} is not known", hint="nothing unsigned may stand in an envelope")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Malformed("not a text")
    return value


def _decoded(value: Any) -> bytes:
    """Base64 in one alphabet or the other, padded, with no bits left over."""
    text = _text(value)
    if not (_STANDARD.fullmatch(text) or _URL.fullmatch(text)):
        raise Malformed(
            "not base64", hint="use one alphabet, standard or URL-safe, with padding and without line breaks"
        )
    standard = text.translate(_URL_SAFE)
    try:
        raw = base64.b64decode(standard, validate=True)
    except binascii.Error as error:
        raise Malformed("not base64", hint="check that it was copied whole, its = included") from error
    if base64.b64encode(raw).decode() != standard:
        raise Malformed("base64 with bits left over", hint="encode the bytes again")
    return raw
