"""One entry and the proof that it stands in the log, as one file that needs nothing beside it: C2SP tlog-proof, the opening in its `extra`.

The file shows that the entry is in the log whose host signed the head, and which witnesses had seen that head, and when. Whose key signed
the entry follows from the public acts before it, which stand in evidence and in no proof: it is told as the entry states it.
"""

from __future__ import annotations

from dataclasses import dataclass

from detente.channel.anchors import Anchors
from detente.channel.evidence import Opening, read_opening, write_opening
from detente.channel.examine import leaf_of
from detente.channel.verdict import Finding, Flaw, Outcome, false, worst
from detente.domain import DetenteError, Malformed, NotUnderstood
from detente.record.act import Act, read_act
from detente.record.checkpoint import check_quorum, open_checkpoint, origin_of
from detente.record.envelope import from_json
from detente.record.keys import PublicKey
from detente.record.merkle import Node, check_inclusion
from detente.record.note import Note
from detente.record.proof import LogProof, prove, read_proof


@dataclass(frozen=True, slots=True)
class ProofVerdict:
    """The verdict on a proof.

    Attributes:
        opening: the entry; None where it cannot be read. act: what it states, by its own word.
        cosigned_s: the witnesses that the reader brought who cosigned the head, each with its moment in seconds since 1970.
    """

    findings: tuple[Finding, ...]
    opening: Opening | None = None
    act: Act | None = None
    tree_size: int = 0
    cosigned_s: tuple[tuple[str, int], ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst of its findings."""
        return worst(self.findings)


def prove_entry(opening: Opening, note: Note, node: Node, *, arena: str, host_key: PublicKey) -> LogProof:
    """The proof of an entry under a head of its log, checked before it is given.

    Raises:
        NotAuthentic, Malformed: the head is not the host's, the entry is not under it, or is another there.
    """
    proof = prove(opening.position, note, node, extra=write_opening(opening))
    _check(proof, opening, arena, host_key)
    return proof


def _check(proof: LogProof, opening: Opening, arena: str, host_key: PublicKey) -> int:
    """How many entries the log has under that head, where the entry is one of them."""
    head, _ = open_checkpoint(proof.note.raw, origin_of(arena), host_key)
    leaf = leaf_of(opening, opening.envelope.encode())
    check_inclusion(leaf, proof.index, head.tree_size, head.root_hash, proof.hashes)
    return head.tree_size


def judge_proof(raw: bytes, anchors: Anchors) -> ProofVerdict:
    """The verdict on a proof as a file.

    Args:
        anchors: the host's key, whole and not as a fingerprint; and the witnesses to count, each of whom must have cosigned.

    Raises:
        NotUnderstood: the host's key was not brought.
    """
    host_key = anchors.host_key
    if not isinstance(host_key, PublicKey):
        raise NotUnderstood(
            "a proof does not hold the key of the log's host", hint="--host-key KEY, its 44 characters, or its file"
        )
    try:
        proof = read_proof(raw)
        opening = read_opening(proof.extra)
        if opening.position != proof.index:
            raise Malformed(f"it opens entry {opening.position}, and proves entry {proof.index}")
        act = read_act(from_json(opening.envelope.encode()).payload)
        tree_size = _check(proof, opening, act.arena, host_key)
        found = check_quorum(proof.note, anchors.witnesses, 0)
    except (DetenteError, UnicodeEncodeError) as error:
        refused = error if isinstance(error, DetenteError) else Malformed("an opening that is no text")
        return ProofVerdict((false(Flaw.OPENING, "the proof", refused),))
    return ProofVerdict(_vouched(anchors, found), opening, act, tree_size, tuple(sorted(found.items())))


def _vouched(anchors: Anchors, found: dict[str, int]) -> tuple[Finding, ...]:
    missing = sorted(anchors.witnesses.keys() - found.keys())
    if anchors.witnesses and not missing:
        return ()
    what = (
        f"not cosigned by {', '.join(missing)}"
        if missing
        else "no witnesses were brought: nobody but the host vouches for the head"
    )
    return (
        Finding(
            Flaw.QUORUM, Outcome.INCOMPLETE, "the head", what, "--witness NAME=KEY, as the understanding names them"
        ),
    )
