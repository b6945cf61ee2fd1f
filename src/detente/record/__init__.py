"""Signed statements and who may sign them: envelopes, keys, commitments. Knows nothing of who uses it, nor of clocks."""

from detente.record.commitment import check_opening, commit
from detente.record.envelope import Envelope, Signature, from_json, sign, to_json, verify
from detente.record.fingerprint import check_spoken, read_spoken, spoken
from detente.record.keys import PublicKey, SigningKey

__all__ = [
    "Envelope",
    "PublicKey",
    "Signature",
    "SigningKey",
    "check_opening",
    "check_spoken",
    "commit",
    "from_json",
    "read_spoken",
    "sign",
    "spoken",
    "to_json",
    "verify",
]
