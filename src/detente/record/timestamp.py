"""Timestamps (RFC 3161) on checkpoints: an authority that neither host nor witness is vouches that a checkpoint was there by a moment.

What is stamped is the checkpoint's text, as the log signed it: which signatures stand below it makes no difference. Checked with
certificates that the reader brings; the authority's own have to have been valid at the moment itself, not now.

Source: RFC 3161; done by `rfc3161-client`, which verifies with OpenSSL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from detente.domain import Malformed, NotAuthentic, NotUnderstood, TooLarge
from detente.record.note import Note

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

MOST_BYTES: Final = 64 << 10  # an answer with its chain has five or six thousand
MOST_CERTIFICATES: Final = 200


@dataclass(frozen=True, slots=True)
class Stamped:
    """The moment the authority states, and how far off it may be by its own word; microseconds since 1970."""

    at_us: int
    accuracy_us: int

    @property
    def by_us(self) -> int:
        """The checkpoint was there by then."""
        return self.at_us + self.accuracy_us


def ask_timestamp(note: Note) -> tuple[bytes, int]:
    """The request for a checkpoint to be stamped, and the random number in it that the answer has to repeat.

    Raises:
        NotUnderstood: `rfc3161-client` is not installed.
    """
    client = _client()
    request = client.TimestampRequestBuilder(note.text.encode(), client.HashAlgorithm.SHA256).build()
    return request.as_bytes(), int(request.nonce)


def check_timestamp(raw: bytes, note: Note, roots: Iterable[Certificate], *, nonce: int | None = None) -> Stamped:
    """When an authority stamped the note's checkpoint.

    Args:
        raw: its answer, a TimeStampResp in DER, as `.tsr` files hold it.
        roots: the certificates to trust. What leads from them to the authority's own stands in the answer.
        nonce: what the answer has to repeat, where one asked for it oneself.

    Raises:
        Malformed, TooLarge: no such answer.
        NotAuthentic: it was refused, is of something else, or not signed by an authority that the roots vouch for.
        NotUnderstood: no roots, or `rfc3161-client` is not installed.
    """
    client, answer = _client(), read_timestamp(raw)
    builder = client.VerifierBuilder(roots=list(roots), nonce=nonce)
    try:
        verifier = builder.build()
    except ValueError as error:
        raise NotUnderstood("no certificate to check a timestamp with", hint="give the authority's root") from error
    try:
        verifier.verify_message(answer, note.text.encode())
    except (client.VerificationError, ValueError) as error:
        raise NotAuthentic(
            f"the timestamp does not hold: {error}", hint="of another checkpoint, or by another authority"
        ) from error
    return _stamped(answer)


def check_answers(raw: bytes, note: Note, nonce: int) -> Stamped:
    """What an answer says, where it is about the note's checkpoint and to this request. Who signed it is not looked at.

    Raises:
        Malformed, TooLarge: no such answer.
        NotAuthentic: it was refused, or is of something else.
    """
    answer = read_timestamp(raw)
    info = answer.tst_info
    if info.message_imprint.message != sha256(note.text.encode()).digest() or info.nonce != nonce:
        raise NotAuthentic("the timestamp is of something else than was asked")
    return _stamped(answer)


def read_timestamp(raw: bytes) -> Any:
    """An authority's answer, of which nothing is believed yet.

    Raises:
        Malformed, TooLarge: none, or one with bytes after it.
        NotAuthentic: the authority refused.
    """
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"a timestamp of {len(raw)} bytes; the limit is {MOST_BYTES}")
    try:
        answer = _client().decode_timestamp_response(raw)
        status, said = int(answer.status), answer.status_string
    except (ValueError, TypeError, OverflowError) as error:
        raise Malformed("not an answer of a time stamping authority", hint="RFC 3161, in DER") from error
    if status:
        raise NotAuthentic(f"the authority refused: status {status}, {' '.join(map(str, said))[:200]!r}")
    return answer


def read_certificates(pem: bytes) -> list[Certificate]:
    """The certificates of a file in PEM.

    Raises:
        Malformed: none, or one that cannot be read.
    """
    from cryptography import x509

    try:
        found = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise Malformed("no certificates in PEM", hint="-----BEGIN CERTIFICATE-----") from error
    if len(found) > MOST_CERTIFICATES:
        raise Malformed(f"{len(found)} certificates; the limit is {MOST_CERTIFICATES}")
    return found


def _stamped(answer: Any) -> Stamped:
    info = answer.tst_info
    moment, accuracy = info.gen_time, info.accuracy
    since = moment.replace(tzinfo=moment.tzinfo or UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    at_us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if accuracy is None:
        return Stamped(at_us, 0)
    millis, micros = accuracy.millis or 0, accuracy.micros or 0
    return Stamped(at_us, accuracy.seconds * 1_000_000 + millis * 1_000 + micros)


def _client() -> Any:
    try:
        import rfc3161_client
    except ModuleNotFoundError as error:
        raise NotUnderstood("rfc3161-client is not installed", hint="pip install 'detente[timestamps]'") from error
    return rfc3161_client
