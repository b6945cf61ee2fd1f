"""What a witness decides: whether the tree of a log goes on from the last it cosigned. C2SP tlog-witness, without the HTTP.

It never cosigns two trees of one size, nor a smaller one after a larger, nor with an earlier moment than before. What it knows of a log
is the last note it cosigned; whoever keeps that has it on the disk before the line leaves (`stores.witness_folder`). A witness that has
forgotten what it cosigned is worse than none: where a note shows a cosignature of its own that it does not know of, it cosigns no more.

Source: c2sp.org/tlog-witness.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from detente.domain import DetenteError, Malformed, NotAuthentic, TooLarge
from detente.record.checkpoint import Checkpoint, cosign, cosigned_s, cosigner_hash, open_checkpoint, read_checkpoint
from detente.record.keys import PublicKey, SigningKey, note_key_hash
from detente.record.merkle import EMPTY_ROOT, LARGEST, LONGEST_PROOF, Node, check_consistency, consistency_proof
from detente.record.note import MOST_BYTES as MOST_NOTE_BYTES
from detente.record.note import Note, NoteSignature, read_note, read_signatures
from detente.record.proof import DECIMAL, hash_lines, read_hash_lines

MOST_REQUEST_BYTES: Final = MOST_NOTE_BYTES + (LONGEST_PROOF + 1) * 48
MOST_ANSWER_BYTES: Final = 16 << 10
MOST_AHEAD_S: Final = 60  # of the reader's clock; a cosignature from later than that is of no moment
PHASE_S: Final = 0.3  # after whole seconds: heads are signed at whole half seconds, and are there by then
SIZE_TYPE: Final = "text/x.tlog.size"


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """The request for a cosignature: what the witness cosigned last, as the sender believes; how the log went on from there; its head.

    Raises:
        Malformed: a size that is none, or more hashes than a proof has.
    """

    old_size: int
    hashes: tuple[bytes, ...]
    note: Note

    def __post_init__(self) -> None:
        if not 0 <= self.old_size <= LARGEST or len(self.hashes) > LONGEST_PROOF:
            raise Malformed(f"an old size of {self.old_size} with {len(self.hashes)} hashes")

    @property
    def raw(self) -> bytes:
        """As it is sent."""
        lines = [f"old {self.old_size}", *hash_lines(self.hashes), "", ""]
        return "\n".join(lines).encode() + self.note.raw


def ask(old_size: int, note: Note, node: Node) -> AddCheckpoint:
    """The request that a log sends, or that a witness makes for itself out of the log's tiles; `node` gives the hashes of the note's tree.

    Raises:
        NotAuthentic: the witness is ahead of the note.
    """
    size = read_checkpoint(note.text).tree_size
    if old_size > size:
        raise NotAuthentic(
            f"the witness has cosigned a tree of {old_size}, and this log has {size}", hint="the log was rolled back"
        )
    return AddCheckpoint(old_size, consistency_proof(old_size, size, node), note)


def read_add_checkpoint(raw: bytes) -> AddCheckpoint:
    """The request of a body.

    Raises:
        TooLarge: more than one can have.
        Malformed: none, or not in the one form it has.
    """
    if len(raw) > MOST_REQUEST_BYTES:
        raise TooLarge(f"a request of {len(raw)} bytes; the limit is {MOST_REQUEST_BYTES}")
    head, blank, note = raw.partition(b"\n\n")
    if not blank or not head.isascii():
        raise Malformed("not a request for a cosignature", hint="old N, lines of a proof, an empty line, a checkpoint")
    first, *lines = head.decode("ascii").split("\n")
    word, _, size = first.partition(" ")
    if word != "old" or not DECIMAL.fullmatch(size) or int(size) > LARGEST:
        raise Malformed("a request for a cosignature does not begin with the old size", hint="old, a space, a number")
    found = AddCheckpoint(int(size), read_hash_lines(lines), read_note(note))
    if found.raw != raw:
        raise Malformed("a request for a cosignature is not in the one form it has")
    return found


# ── the decision ─────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Seen:
    """The largest tree of a log that a witness cosigned, when, and the note: the log's own signature and the witness's."""

    checkpoint: Checkpoint
    cosigned_s: int
    note: Note


@dataclass(frozen=True, slots=True)
class Watched:
    """A log that a witness watches: its origin, its key, and what was seen of it; None before anything was."""

    origin: str
    key: PublicKey
    seen: Seen | None = None

    @property
    def size(self) -> int:
        """Of the largest tree that was cosigned."""
        return self.seen.checkpoint.tree_size if self.seen else 0

    @property
    def root(self) -> bytes:
        """Over that tree."""
        return self.seen.checkpoint.root_hash if self.seen else EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Cosigned:
    """The tree goes on. `seen` has to be on the disk before `line` leaves."""

    seen: Seen
    line: NoteSignature


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was cosigned, as HTTP tells it.

    Attributes:
        size: what the witness cosigned last, where that is the answer.
        is_fork: the log's key signed two trees that cannot both be: the note, and the one that was seen.
        is_unexplained: the log's key signed it, and the proof that came with it does not lead there from what was seen.
    """

    status: int
    what: str
    size: int | None = None
    is_fork: bool = False
    is_unexplained: bool = False

    @property
    def body(self) -> str:
        """Of the answer."""
        return f"{self.what if self.size is None else self.size}\n"

    @property
    def content_type(self) -> str:
        """Of the body."""
        return "text/plain; charset=utf-8" if self.size is None else SIZE_TYPE


def read_seen(raw: bytes, log: Watched, name: str, key: PublicKey) -> Seen:
    """What a witness of this name and key kept of a log.

    Raises:
        Malformed, TooLarge: no such note.
        NotAuthentic: of another log, or not signed by the log and cosigned by the witness.
    """
    checkpoint, note = open_checkpoint(raw, log.origin, log.key)
    moments = cosigned_s(note, {name: key})
    if not moments:
        raise NotAuthentic(f"not cosigned by {name}", hint="what a witness keeps bears its own cosignature")
    return Seen(checkpoint, moments[name], note)


def add_checkpoint(
    request: AddCheckpoint, log: Watched | None, name: str, key: SigningKey, now_s: int
) -> Cosigned | Refusal:
    """What the witness of this name and key does about a request.

    Args:
        log: what it knows of the log that the note names; None where it watches none of that name.
        now_s: seconds since 1970, by the witness's own clock.
    """
    if log is None:
        return Refusal(404, "no log of this origin is watched here")
    try:
        checkpoint, note = open_checkpoint(request.note.raw, log.origin, log.key)
        own = cosigned_s(note, {name: key.public})
    except NotAuthentic as error:
        return Refusal(403, str(error))
    except DetenteError as error:
        return Refusal(400, str(error))
    refusal = _ours(log, checkpoint, own.get(name), now_s) or _theirs(log, checkpoint, request)
    if refusal:
        return refusal
    line = cosign(checkpoint, name, key, now_s)
    return Cosigned(Seen(checkpoint, now_s, _kept(note, log, line)), line)


def _ours(log: Watched, checkpoint: Checkpoint, own_s: int | None, now_s: int) -> Refusal | None:
    """What keeps the witness itself from cosigning anything."""
    if own_s is not None and checkpoint.tree_size > log.size:
        return Refusal(
            503,
            f"this key has cosigned a tree of {checkpoint.tree_size}, and this witness knows of {log.size}: "
            "it was restored from a copy, or its key is used elsewhere too; make a new witness",
        )
    if log.seen and now_s < log.seen.cosigned_s:
        return Refusal(503, f"this witness's clock says {now_s}, and it has cosigned at {log.seen.cosigned_s}")
    return None


def _theirs(log: Watched, checkpoint: Checkpoint, request: AddCheckpoint) -> Refusal | None:
    """What is wrong with the request, in the order that the standard has."""
    size = checkpoint.tree_size
    if request.old_size > size:
        return Refusal(400, f"an old size of {request.old_size}, above that of the checkpoint, {size}")
    if request.old_size != log.size:
        is_fork = 0 < size == log.size and checkpoint.root_hash != log.root
        return Refusal(409, f"cosigned last is a tree of {log.size}", size=log.size, is_fork=is_fork)
    if 0 < size == log.size and checkpoint.root_hash != log.root:  # a tree of nothing has one root: 422 says so below
        return Refusal(409, f"another root of a tree of {size} was seen before", is_fork=True)
    try:
        check_consistency(log.size, log.root, size, checkpoint.root_hash, request.hashes)
    except DetenteError as error:
        return Refusal(422, error.what, is_unexplained=True)
    return None


def _kept(note: Note, log: Watched, line: NoteSignature) -> Note:
    """Without the lines of others: whoever sends a note can put any number of them there."""
    log_hash = note_key_hash(log.origin, log.key)
    own = [each for each in note.signatures if (each.name, each.key_hash) == (log.origin, log_hash)]
    return Note(note.text, (own[0], line))


# ── the answer, as the log reads it ──────────────────────────────────────────────────────────────────────────────────


def read_cosignature(raw: bytes, note: Note, name: str, key: PublicKey, now_s: int) -> NoteSignature:
    """The witness's line of an answer, where it holds. Lines of other keys are ignored.

    Raises:
        TooLarge, Malformed: no lines.
        NotAuthentic: none of this witness, one that does not hold, or one from the future.
    """
    if len(raw) > MOST_ANSWER_BYTES:
        raise TooLarge(f"a witness's answer of more than {MOST_ANSWER_BYTES} bytes")
    try:
        lines = read_signatures(raw.decode())
    except UnicodeDecodeError as error:
        raise Malformed("a witness's answer is not UTF-8") from error
    own = [each for each in lines if (each.name, each.key_hash) == (name, cosigner_hash(name, key))]
    if not own:
        raise NotAuthentic(f"the answer holds no cosignature of {name}", hint="is this the witness that was agreed?")
    return check_cosignature(own[0], note, name, key, now_s)


def check_cosignature(line: NoteSignature, note: Note, name: str, key: PublicKey, now_s: int) -> NoteSignature:
    """The line, where it is this witness's under this note, and of no later moment than `now_s` and a minute.

    Raises:
        NotAuthentic: it is not.
    """
    moments = cosigned_s(Note(note.text, (line,)), {name: key})
    if name not in moments:
        raise NotAuthentic(f"no cosignature of {name}")
    check_moment(name, moments[name], now_s)
    return line


def check_moment(name: str, at_s: int, now_s: int) -> None:
    """Returns where a cosignature is not from the future, by more than a minute.

    Raises:
        NotAuthentic: it is.
    """
    if at_s > now_s + MOST_AHEAD_S:
        raise NotAuthentic(
            f"the cosignature of {name} is of {at_s}, and it is {now_s} here", hint="one of the two clocks is wrong"
        )


def read_size(raw: bytes) -> int:
    """The size that a witness answers where it is not where the log believed.

    Raises:
        Malformed: none.
    """
    text = raw[:64].decode("ascii", "replace").removesuffix("\n")
    if not DECIMAL.fullmatch(text) or int(text) > LARGEST or len(raw) > 64:
        raise Malformed("a witness's answer is no size")
    return int(text)


def until_next_look_s(now_s: float, every_s: float) -> float:
    """How long to wait before the next look at a log, so that all its witnesses look at one time.

    A quorum is of one head. Where a log grows all the time, witnesses that look whenever they like cosign different ones.

    Args:
        now_s: seconds since 1970. every_s: between looks.
    """
    return every_s - (now_s - PHASE_S) % every_s
