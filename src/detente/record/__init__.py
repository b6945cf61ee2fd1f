"""Signed statements, who may sign them, and the log they stand in: envelopes, keys, acts, commitments; trees, tiles, checkpoints.

Knows nothing of who uses it, nor of clocks.
"""

from detente.record.act import Act, SeenCheckpoint, check_follows, next_act, open_act, read_act, sign_act
from detente.record.canonical import canonical, read_canonical
from detente.record.checkpoint import (
    Checkpoint,
    check_quorum,
    cosign,
    cosigned_s,
    open_checkpoint,
    origin_of,
    read_checkpoint,
    sign_checkpoint,
)
from detente.record.commitment import check_opening, commit
from detente.record.envelope import Envelope, Signature, from_json, sign, to_json, verify
from detente.record.fingerprint import check_spoken, read_spoken, spoken
from detente.record.holder import EnrolledKey, Holder, Role
from detente.record.key_history import KeyHistory, Statement, keys_by_id, keys_valid_at, read_history, sign_statement
from detente.record.keys import PublicKey, SigningKey
from detente.record.leaf import leaf_content, leaf_data
from detente.record.merkle import (
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
)
from detente.record.note import Note, NoteSignature, read_note
from detente.record.proof import LogProof, check_proof, prove, read_proof
from detente.record.tiles import Frontier, TileAddress, TileReader, read_tile_path, tile_path

__all__ = [
    "Act",
    "Checkpoint",
    "EnrolledKey",
    "Envelope",
    "Frontier",
    "Holder",
    "KeyHistory",
    "LogProof",
    "Note",
    "NoteSignature",
    "PublicKey",
    "Role",
    "SeenCheckpoint",
    "Signature",
    "SigningKey",
    "Statement",
    "TileAddress",
    "TileReader",
    "canonical",
    "check_consistency",
    "check_follows",
    "check_inclusion",
    "check_opening",
    "check_proof",
    "check_quorum",
    "check_spoken",
    "commit",
    "consistency_proof",
    "cosign",
    "cosigned_s",
    "from_json",
    "inclusion_proof",
    "keys_by_id",
    "keys_valid_at",
    "leaf_content",
    "leaf_data",
    "leaf_hash",
    "next_act",
    "open_act",
    "open_checkpoint",
    "origin_of",
    "prove",
    "read_act",
    "read_canonical",
    "read_checkpoint",
    "read_history",
    "read_note",
    "read_proof",
    "read_spoken",
    "read_tile_path",
    "root_at",
    "sign",
    "sign_act",
    "sign_checkpoint",
    "sign_statement",
    "spoken",
    "tile_path",
    "to_json",
    "verify",
]
