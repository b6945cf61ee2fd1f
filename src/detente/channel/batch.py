"""What the sequencer commits at once, and what a store gives back: rows, as values.

A store knows nothing of what they mean. It keeps three promises: a batch is there whole or not at all, and only under the
lease it was made under; positions of an arena's entries and numbers of a recipient's postings run without gaps; what was
committed stays as it was committed.
"""

from dataclasses import dataclass
from typing import Final

from detente.record.tiles import FullTile

NEVER_US: Final = 2**62  # when something is due, or closes, that has no such moment


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of an arena's order.

    Attributes:
        position: from 0, without gaps.
        kind: of act, as its payload says.
        party: whose key signed it; empty for the server's own acts.
        audience: whom it is for; empty for the host.
        sequence: of that key's acts for that audience, from 1; the triple (key_id, audience, sequence) occurs once.
        envelope: the signed bytes, as they came.
        salt: 32 random bytes, with which the leaf commits to the entry.
        leaf: the 32 bytes that the record shows of it (`record.leaf`).
        shown_us: the tick at which it could first be seen; the leaf says this moment, since the exact one is told to nobody.
    """

    position: int
    received_us: int
    kind: str
    party: str
    key_id: str
    audience: str
    sequence: int
    envelope: bytes
    salt: bytes
    leaf: bytes
    shown_us: int


@dataclass(frozen=True, slots=True)
class Posting:
    """Something for one recipient's inbox.

    Attributes:
        number: from 1, without gaps, counted for this recipient alone: it tells nothing of anybody else's.
        tick_us: when it may be seen; never before.
        position: the entry that brought it about.
    """

    recipient: str
    number: int
    kind: str
    payload: bytes
    tick_us: int
    position: int


@dataclass(frozen=True, slots=True)
class Held:
    """One version of a view, or of a notice as its sender submitted it for screening (`recipient` empty), while it is in force.

    Attributes:
        ended_position: the entry that amended, cancelled or expired it; None while it is in force.
        earliest_us, latest_us: of its volumes' windows; the domain's open ends where a side is open.
        position: the entry it came with, in whose envelope it stands.
        shown_us: when its recipient may see it; of a notice as submitted, when it was received.
        ended_us: when its recipient may see that it ended; None while it is in force.
        stage: how far it has got with its recipient; told of what is in force alone (`Store.in_force`).
    """

    view_id: str
    version: int
    sender: str
    recipient: str
    level: str
    earliest_us: int
    latest_us: int
    position: int
    ended_position: int | None = None
    shown_us: int = 0
    ended_us: int | None = None
    stage: str = "received"


@dataclass(frozen=True, slots=True)
class Ended:
    """A version of a view that is no longer in force, since which entry, and when its recipient may see that.

    Sender, recipient and id name a view together.
    """

    sender: str
    view_id: str
    version: int
    recipient: str
    ended_position: int
    ended_us: int


@dataclass(frozen=True, slots=True)
class Reached:
    """A version of a view in force has got so far with its recipient."""

    sender: str
    view_id: str
    version: int
    recipient: str
    stage: str


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something that a party still has to do, or must not lose sight of; `subject` occurs once among what is open for it.

    Attributes:
        urgency: what comes first in its list; 0 outranks everything.
        shown_us: when the party may see it. due_us: by when it is to be done; NEVER_US without a deadline.
    """

    party: str
    subject: str
    kind: str
    urgency: int
    shown_us: int
    due_us: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """An open item that is open no longer, from a moment on; nothing happens where none of that subject was."""

    party: str
    subject: str
    closed_us: int


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has to be done at a moment unless it is done away with before; `subject` occurs once among the open ones."""

    subject: str
    kind: str
    due_us: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Result:
    """What a submission was answered, kept so that a retry is answered the same."""

    party: str
    submission: str
    digest: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one turn of the sequencer changes in one arena.

    Applied in this order, so that one turn may hold and end a version, or have something due anew: entries, postings, `held`,
    `reached`, then `ended`; `done`, then `due`; `closed`, then `opened`. A turn that does away with what it made due or opened
    itself leaves both out.
    """

    entries: tuple[Entry, ...] = ()
    postings: tuple[Posting, ...] = ()
    held: tuple[Held, ...] = ()
    ended: tuple[Ended, ...] = ()
    due: tuple[Due, ...] = ()
    done: tuple[str, ...] = ()  # subjects that are no longer due
    reached: tuple[Reached, ...] = ()
    closed: tuple[Closed, ...] = ()
    opened: tuple[OpenItem, ...] = ()
    results: tuple[Result, ...] = ()
    tiles: tuple[FullTile, ...] = ()  # of the log, that its entries have filled


@dataclass(frozen=True, slots=True)
class KeptCheckpoint:
    """A head of the log that the host has signed.

    Attributes:
        signed_us: when, by the channel's time.
        note: the signed note, as it was signed: the host's signature alone.
    """

    tree_size: int
    root_hash: bytes
    signed_us: int
    note: bytes


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A witness's line under a checkpoint, and the moment it states, seconds since 1970."""

    tree_size: int
    witness: str
    at_s: int
    line: bytes


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to append to an arena, until it runs out by the database's clock or another takes it with a higher epoch."""

    arena: str
    holder: str
    epoch: int
    address: str
    expires_us: int


@dataclass(frozen=True, slots=True)
class Heads:
    """Where an arena stands.

    Attributes:
        next_numbers: the next number of each recipient's postings; 1 for a recipient who is not in it.
        turns: how many batches were committed, by which a holder can tell whether one of unknown outcome was.
    """

    next_position: int
    next_numbers: dict[str, int]
    turns: int = 0
