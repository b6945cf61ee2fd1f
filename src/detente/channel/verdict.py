"""What an audit of the record says: values that the command line, JSON, the dossier and the PDF all render, and that decide nothing themselves.

An audit gives an `EntryVerdict` for each entry that a file opens, in the log's order, one at a time, so that a million take no memory;
and, once all were given, the `Verdict` on the file. Everything that is not as it must be is a `Finding`. Texts of parties stand in
findings and names: whoever renders them escapes them.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec

from detente.domain import DetenteError


class Outcome(IntEnum):
    """How an audit ends, and the exit code of `detente verify`. The worst of all findings holds."""

    HOLDS = 0
    INCOMPLETE = 1  # nothing is false; something that would complete the proof is not there, or cannot be judged here
    FALSE = 2  # something is not what it says it is, or cannot be read


class Flaw(StrEnum):
    """What is wrong; names that programs may go by, and that never change their meaning."""

    UNREADABLE = "unreadable"  # the file, or a part of it, is not in the form it must have
    ORDER = "order"  # entries that do not ascend, stand twice, or lie beyond the tree
    TREE = "tree"  # tiles that do not lead to the checkpoint's root
    OPENING = "opening"  # an entry that is not the leaf of the log at its place
    CHECKPOINT = "checkpoint"  # a checkpoint, or a cosignature on it, that does not hold
    SPLIT_VIEW = "split_view"  # two checkpoints of one log, of which neither goes on from the other
    ACT = "act"  # an envelope that is no authentic act: altered, another's key, a key not valid then, another arena
    KIND = "kind"  # logged as another kind of entry than was signed
    SEQUENCE = "sequence"  # acts of one key for one audience that do not follow one another
    SEEN = "seen"  # the checkpoint that an act names is no beginning of this log, or came later than the act
    MOMENT = "moment"  # the host's moments go back, or lie outside what witnesses bound
    BACK_DATED = "back_dated"  # by its author earlier than it can have been made
    POST_DATED = "post_dated"  # by its author later than it was in the log
    RULES = "rules"  # a public act that does not follow from those before it
    LEFT_OUT = "left_out"  # a public act that another file of the same log opens, and this one does not
    ANCHOR = "anchor"  # a key that the reader brought is not the one in the file
    VIEW = "view"  # a view that is not what the generaliser makes of the full notice
    UNANCHORED = "unanchored"  # the reader brought no key: all follows from the file's own word
    QUORUM = "quorum"  # not cosigned by as many witnesses as were agreed
    GAP = "gap"  # acts are missing between others that the file's writer has all of
    CHOSEN = "chosen"  # the writer chose what is in the file
    UNKNOWN_KIND = "unknown_kind"  # entries of a newer détente: signed and in their place, their words not read
    NOT_RERUN = "not_rerun"  # a view or a full notice that could not be compared
    NOT_COMPARED = "not_compared"  # two files of one log that share too little to be held against each other
    TIMESTAMP = "timestamp"  # a timestamp that does not hold, or that nobody here could check


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it must be.

    Attributes:
        where: such as `entry 17`, `checkpoint 120`, `tile/0/000`, `public.jsonl line 4`.
        position: of the entry it is about; None where it is about none.
    """

    flaw: Flaw
    outcome: Outcome
    where: str
    what: str
    hint: str = ""
    position: int | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" — {self.hint}" if self.hint else "")


def false(flaw: Flaw, where: str, error: DetenteError, position: int | None = None) -> Finding:
    """A finding out of a refusal."""
    place = f"{where}: {error.where}" if error.where and error.where != where else where
    return Finding(flaw, Outcome.FALSE, place, error.what, error.hint, position)


class Trust(StrEnum):
    """Why a key is taken to be whose it is said to be."""

    GIVEN = "given"  # the reader brought it
    AGREED = "agreed"  # an understanding names it that a party signed whose root the reader brought
    FILE = "file"  # by the file's own word alone


class EntryVerdict(msgspec.Struct, frozen=True):
    """One entry that the file opens, and what is to be said of it.

    Where the entry could not be read, what an act says is empty, and the findings tell why. Moments are microseconds since 1970.

    Attributes:
        received_us: when the channel had it, by the host's clock. made_at_us: when it was made, by its author's.
        earliest_us: it was made no earlier, by the witnesses of the checkpoint that it names; None where nothing bounds it.
        latest_us: it was in the log by then, by a quorum of witnesses, or an authority that the reader knows; None where no such checkpoint holds it.
        officer: whose key signed it, by the party's root; empty where unknown, and for the host.
        digest: of what was signed; other acts call this one by it.
        seen_size: tree size of the checkpoint that it names.
        payload: what was signed, where the audit was asked to keep it; `record.read_act` reads it. Believe it only where the entry holds.
    """

    position: int
    kind: str
    received_us: int
    party: str = ""
    audience: str = ""
    officer: str = ""
    key_id: str = ""
    sequence: int = 0
    digest: str = ""
    made_at_us: int | None = None
    earliest_us: int | None = None
    latest_us: int | None = None
    seen_size: int | None = None
    findings: tuple[Finding, ...] = ()
    payload: bytes | None = None

    @property
    def outcome(self) -> Outcome:
        """The worst of its findings."""
        return worst(self.findings)


class Cosigned(msgspec.Struct, frozen=True):
    """A witness's word on a checkpoint: when it had seen this tree, in seconds since 1970 by its own clock."""

    witness: str
    party: str
    at_s: int


class CheckpointVerdict(msgspec.Struct, frozen=True):
    """A checkpoint of the log that holds, and who vouches for it.

    Attributes:
        agreed_count: how many witnesses were agreed when it was made; 0 where nothing was. quorum: how many of them are needed.
        cosigned: by whom, the earliest first.
        stamped_us: it was there by then, by the word of a time stamping authority that the reader knows; microseconds since 1970.
    """

    tree_size: int
    root_hash: str
    cosigned: tuple[Cosigned, ...] = ()
    agreed_count: int = 0
    quorum: int = 0
    stamped_us: int | None = None

    @property
    def has_quorum(self) -> bool:
        """Whether as many as were agreed, and at least one, cosigned it."""
        return len(self.cosigned) >= max(self.quorum, 1)


class MemberVerdict(msgspec.Struct, frozen=True):
    """A party of the arena as the file has it: its root key's fingerprint, for the voice, and why it is believed."""

    party: str
    kind: str
    fingerprint: str = ""
    trust: Trust = Trust.FILE


class ViewVerdict(msgspec.Struct, frozen=True):
    """A view held against the full notice it was made from.

    Attributes:
        recipient: empty for what the host was given to screen.
        honest: whether the generaliser makes this very view of the notice; None where it could not be rerun, and `what` says why.
    """

    position: int
    notice_id: str
    version: int
    sender: str
    recipient: str
    level: str
    honest: bool | None
    what: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """The verdict on a file.

    Attributes:
        source: the file as it was named.
        written_for: whose openings are in it, by its own word: a party, `host`, or empty.
        opened_count: entries that the file opens, public ones included. sealed_count: leaves of the log that it does not open.
        host_key: its fingerprint, for the voice.
        latest: the checkpoint that everything was held against; None where there is none that holds.
        findings: the first `MOST_FINDINGS`, those on entries included. counts: how many of each flaw in all.
    """

    source: str
    arena: str
    origin: str
    written_for: str
    tree_size: int
    root_hash: str
    host_key: str
    host_trust: Trust
    anchored: bool
    members: tuple[MemberVerdict, ...]
    opened_count: int
    public_count: int
    sealed_count: int
    kinds: dict[str, int]
    first_received_us: int | None
    last_received_us: int | None
    latest: CheckpointVerdict | None
    checkpoint_count: int
    quorum_count: int
    views: tuple[ViewVerdict, ...]
    findings: tuple[Finding, ...]
    counts: dict[str, int]
    outcome: Outcome

    @property
    def first_failure(self) -> Finding | None:
        """The first thing that is false: what, where and why."""
        return next((each for each in self.findings if each.outcome is Outcome.FALSE), None)


MOST_FINDINGS = 1_000


def worst(findings: tuple[Finding, ...] | list[Finding]) -> Outcome:
    """The worst outcome of findings; HOLDS where there are none."""
    return max((each.outcome for each in findings), default=Outcome.HOLDS)
