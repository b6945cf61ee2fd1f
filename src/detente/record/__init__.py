"""Signed statements and who may sign them: envelopes, keys, acts, commitments. Knows nothing of who uses it, nor of clocks."""

from detente.record.act import Act, SeenCheckpoint, check_follows, next_act, open_act, read_act, sign_act
from detente.record.canonical import canonical, read_canonical
from detente.record.commitment import check_opening, commit
from detente.record.envelope import Envelope, Signature, from_json, sign, to_json, verify
from detente.record.fingerprint import check_spoken, read_spoken, spoken
from detente.record.holder import EnrolledKey, Holder, Role
from detente.record.key_history import KeyHistory, Statement, keys_by_id, keys_valid_at, read_history, sign_statement
from detente.record.keys import PublicKey, SigningKey

__all__ = [
    "Act",
    "EnrolledKey",
    "Envelope",
    "Holder",
    "KeyHistory",
    "PublicKey",
    "Role",
    "SeenCheckpoint",
    "Signature",
    "SigningKey",
    "Statement",
    "canonical",
    "check_follows",
    "check_opening",
    "check_spoken",
    "commit",
    "from_json",
    "keys_by_id",
    "keys_valid_at",
    "next_act",
    "open_act",
    "read_act",
    "read_canonical",
    "read_history",
    "read_spoken",
    "sign",
    "sign_act",
    "sign_statement",
    "spoken",
    "to_json",
    "verify",
]
