"""The head of the arena's log, as a party's desk follows it: each one it is shown has to go on from the last.

What a desk signs names a head that it has checked, so that nobody can say later that the act was made before it: the latest that a
quorum has cosigned, or, where the parties agreed on no witnesses, the latest (`to_name`). A desk that is shown a log which does not go on
from what it saw signs nothing more but a STOP until an officer decides; it keeps both notes, and shows the host what it had signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from detente.client.answers import Opening
from detente.client.known import Last
from detente.domain import DetenteError, NotAuthentic, Recording, at
from detente.interop.answer_words import plural
from detente.record.act import SeenCheckpoint, read_act
from detente.record.checkpoint import Checkpoint, cosigned_s, open_checkpoint
from detente.record.envelope import from_json
from detente.record.keys import PublicKey, public_key_from_text
from detente.record.leaf import leaf_data
from detente.record.merkle import (
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_at,
)
from detente.record.note import Note
from detente.record.tiles import Fetch, TileReader

if TYPE_CHECKING:
    from detente.client.known import Known

_TELL: Final = "tell the other parties by voice; detente record accept goes on from what is served now"


@dataclass(frozen=True, slots=True)
class Head:
    """A head that the host signed, and who vouches for it.

    Attributes:
        cosigned_s: when each of the agreed witnesses cosigned it, seconds since 1970 by its own clock.
        quorum: how many were agreed; 0 where nobody is.
    """

    checkpoint: Checkpoint
    note: Note
    cosigned_s: Mapping[str, int]
    quorum: int

    @property
    def has_quorum(self) -> bool:
        """Whether as many as were agreed, and at least one, vouch for it beside the host."""
        return len(self.cosigned_s) >= max(self.quorum, 1)

    @property
    def seen(self) -> SeenCheckpoint:
        """As an act names it."""
        return SeenCheckpoint(self.checkpoint.tree_size, self.checkpoint.root_hash.hex())


class NotOneLog(NotAuthentic):
    """The host has signed two logs of which neither goes on from the other, or serves one that it has signed more of."""


def read_head(raw: bytes, origin: str, host_key: PublicKey, record: Recording | None) -> Head:
    """The head that a note says.

    Raises:
        Malformed, TooLarge: none. NotAuthentic: not the host's, or a cosignature on it does not hold.
    """
    checkpoint, note = open_checkpoint(raw, origin, host_key)
    witnesses = {each.name: public_key_from_text(each.key) for each in record.witnesses} if record else {}
    return Head(checkpoint, note, cosigned_s(note, witnesses), record.quorum if record else 0)


def to_name(head: Head, named: Checkpoint | None) -> bool:
    """Whether acts are to name this head from now on, rather than the one they named."""
    is_vouched = head.quorum == 0 or head.has_quorum
    return is_vouched and (named is None or head.checkpoint.tree_size >= named.tree_size)


def check_goes_on(before: Checkpoint, head: Checkpoint, fetch: Fetch) -> None:
    """Returns where the tree of `head` begins with that of `before`, by the tiles that are served.

    Raises:
        NotOneLog: it does not. NotAuthentic, Malformed: the tiles are not those of the head.
    """
    if head.tree_size < before.tree_size:
        raise NotOneLog(
            f"THE LOG WENT BACK: {head.tree_size} entries are served, and the host has signed {before.tree_size}",
            hint=f"was the server restored from a backup? {_TELL}",
        )
    reader = TileReader(fetch, head.tree_size)
    if before.tree_size < head.tree_size:
        check_tiles(head, reader)
    proof = consistency_proof(before.tree_size, head.tree_size, reader.node)
    try:
        check_consistency(before.tree_size, before.root_hash, head.tree_size, head.root_hash, proof)
    except NotAuthentic as error:
        raise NotOneLog(
            f"THE HOST TOLD TWO STORIES: its log of {head.tree_size} entries does not begin with the {before.tree_size} it has signed before",
            hint=f"the log was altered, or others are shown another; {_TELL}",
        ) from error


def check_tiles(head: Checkpoint, reader: TileReader) -> None:
    """Returns where the tiles that are served make the head.

    Raises:
        NotAuthentic: they do not: something below it was altered, or is damaged.
    """
    if head.tree_size and root_at(head.tree_size, reader.node) != head.root_hash:
        raise NotAuthentic(
            f"THE LOG IS NOT WHAT THE HOST SIGNED: its tiles do not make the head of {head.tree_size} entries",
            hint=f"the log was altered, or its disk is damaged; {_TELL}",
        )


class Heads:
    """What a desk knows of its arena's log.

    Args:
        fetch: something of the log as it is served, by its path below the log; None where it is not there.
        show: brings a head to the host that has forgotten it.
    """

    def __init__(
        self,
        known: Known,
        origin: str,
        host_key: PublicKey,
        *,
        fetch: Callable[[str], bytes | None],
        tile: Fetch,
        show: Callable[[Note], object],
    ) -> None:
        self._known, self.origin, self._host_key = known, origin, host_key
        self._fetch, self.tile, self._show = fetch, tile, show

    def kept(self, record: Recording | None) -> Head | None:
        """The last head that was checked; None before there was any."""
        raw = self._known.head
        return None if raw is None else read_head(raw, self.origin, self._host_key, record)

    @property
    def named(self) -> Checkpoint | None:
        """The head that acts name."""
        raw = self._known.named_head
        return None if raw is None else open_checkpoint(raw, self.origin, self._host_key)[0]

    def look(self, record: Recording | None) -> Head | None:
        """The head as it is served, checked against the last, and kept. None where the log has none yet.

        Raises:
            NotOneLog: it does not go on from the last; both notes are kept, and the host is shown the other.
            NotAuthentic, Malformed: what is served is no log of this arena's host.
        """
        before, raw = self.kept(record), self._fetch("checkpoint")
        if raw is None and before is None:
            return None
        with at("the server's log"):
            if raw is None:
                raise self._told(before, None, NotOneLog("THE LOG IS GONE: none is served", hint=_TELL))
            head = read_head(raw, self.origin, self._host_key, record)
            if before is not None:
                try:
                    check_goes_on(before.checkpoint, head.checkpoint, self.tile)
                except NotOneLog as error:
                    raise self._told(before, head, error) from None
        self.keep(head)
        return head

    def keep(self, head: Head) -> None:
        """From now on the next one has to go on from this."""
        self._known.head = head.note.raw
        if to_name(head, self.named):
            self._known.named_head = head.note.raw

    def accept(self, record: Recording | None) -> Head | None:
        """Goes on from what is served now, whatever was seen before; what was kept as proof stays."""
        raw = self._fetch("checkpoint")
        head = None if raw is None else read_head(raw, self.origin, self._host_key, record)
        self._known.forget_heads()
        if head is not None:
            self.keep(head)
        return head

    def _told(self, before: Head | None, head: Head | None, error: NotOneLog) -> NotOneLog:
        """The refusal, once what proves it is on the disk and the host was shown what it has forgotten."""
        assert before is not None
        path = self._known.keep_proof([each.note for each in (before, head) if each is not None])
        error.hint = f"the notes are in {path}; {error.hint}"
        try:
            self._show(before.note)
        except DetenteError as refused:
            error.hint += f" (the host could not be shown what it signed: {refused})"
        return error


# ── what stands in it ────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class Checked:
    """What was found of our own in the log.

    Attributes:
        held_count: entries opened that are under the head. waiting_count: those that came after it.
        wrong: what does not hold. missing: acts of ours that the channel took and that are not there.
    """

    held_count: int = 0
    waiting_count: int = 0
    wrong: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


def check_openings(openings: Iterable[Opening], head: Checkpoint, tile: Fetch, party: str, lasts: Last) -> Checked:
    """Whether everything that the party may open is in the log, and everything of its own is among it.

    Args:
        lasts: sequence and digest of the last act of each of the party's keys for each audience, as the channel took them.

    Raises:
        NotAuthentic: the tiles are not those of the head.
    """
    reader, checked = TileReader(tile, head.tree_size), Checked()
    check_tiles(head, reader)
    own: dict[tuple[str, str], dict[int, str]] = {}
    for opening in openings:
        try:
            with at(f"entry {opening.position}"):
                place, sequence, digest = _own_place(opening, party)
                if opening.position >= head.tree_size:
                    checked.waiting_count += 1
                else:
                    _check_held(opening, head, reader)
                    checked.held_count += 1
        except DetenteError as error:
            checked.wrong.append(str(error))
            continue
        if place is not None:
            own.setdefault(place, {})[sequence] = digest
    checked.missing = [line for place, last in sorted(lasts.items()) for line in _missing(place, last, own)]
    return checked


def _own_place(opening: Opening, party: str) -> tuple[tuple[str, str] | None, int, str]:
    envelope = from_json(opening.envelope.encode())
    act = read_act(envelope.payload)
    return ((act.key_id, act.audience) if act.party == party else None), act.sequence, envelope.digest


def _check_held(opening: Opening, head: Checkpoint, reader: TileReader) -> None:
    leaf = leaf_data(
        bytes.fromhex(opening.salt), opening.position, opening.received_us, opening.kind, opening.envelope.encode()
    )
    proof = inclusion_proof(opening.position, head.tree_size, reader.node)
    check_inclusion(leaf_hash(leaf), opening.position, head.tree_size, head.root_hash, proof)


def _missing(
    place: tuple[str, str], last: tuple[int, str], own: Mapping[tuple[str, str], Mapping[int, str]]
) -> Iterable[str]:
    found, (count, digest) = own.get(place, {}), last
    key_id, audience = place
    whom = audience or "the host"
    absent = [number for number in range(1, count + 1) if number not in found]
    if absent:
        yield f"{plural(len(absent), 'act')} of key {key_id[:16]}… for {whom} not there, the first of them number {absent[0]}"
    elif found[count] != digest:
        yield f"act {count} of key {key_id[:16]}… for {whom} is another there than the one the channel took"
