"""A party's evidence: what it may open of the log, over its line; and from its own folder full notices with their salts, where it chooses to."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from detente.channel.evidence import VERSION, FullNotice, Header, Opening
from detente.channel.export import Exported, apart, chosen_from, export
from detente.channel.proven_entry import prove_entry
from detente.client.answers import Answered
from detente.client.folder import PartyFolder
from detente.client.link import PAGE, Link
from detente.client.witness import LogLink
from detente.domain import DetenteError, NotUnderstood
from detente.interop.evidence_file import written_evidence
from detente.record.checkpoint import read_checkpoint
from detente.record.envelope import from_json
from detente.record.keys import public_key_from_text
from detente.record.note import Note, read_note
from detente.record.proof import LogProof
from detente.record.tiles import TileAddress, TileReader

WAIT_S: Final = 5.0  # for witnesses to have cosigned the head
_ID: Final = re.compile(r"[0-9a-f]{32}")
_COMMITMENT: Final = re.compile(rb'"commitment":"([0-9a-f]{64})"')


class Heads(Answered, frozen=True):
    """A page of the log's heads, each a signed note."""

    after: int | None
    checkpoints: tuple[str, ...]


class Openings(Answered, frozen=True):
    """A page of what a party may open."""

    after: int | None
    openings: tuple[dict[str, Any], ...]


class ServedLog:
    """The log of an arena as its server gives it; heads that nobody cosigned are left out, since they bound nothing."""

    def __init__(
        self, link: Link, log: LogLink, *, wait_s: float = WAIT_S, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._log = log
        self._notes = {read_checkpoint(note.text).tree_size: note for note in _older(link) if len(note.signatures) > 1}
        self._head = self._cosigned(wait_s, sleep)

    def _cosigned(self, wait_s: float, sleep: Callable[[float], None]) -> bytes:
        """The head, once as many have cosigned it as one before it; as it is, where they do not in time."""
        usual = max((len(note.signatures) for note in self._notes.values()), default=1)
        until_s = time.monotonic() + wait_s
        while True:
            raw = self._log.checkpoint()
            if len(read_note(raw).signatures) >= usual or time.monotonic() > until_s:
                return raw
            sleep(0.5)

    def head(self) -> bytes:
        """As `export.Log`."""
        return self._head

    def tile(self, tile: TileAddress) -> bytes:
        """As `export.Log`."""
        return self._log.tile(tile)

    def sizes(self) -> Sequence[int]:
        """As `export.Log`."""
        return sorted(self._notes)

    def note(self, size: int) -> bytes:
        """As `export.Log`."""
        return self._notes[size].raw


def _older(link: Link) -> Iterator[Note]:
    after: int | None = 0
    while after is not None:
        page = link.get("log/checkpoints", Heads, after=after, limit=100)
        yield from (read_note(each.encode()) for each in page.checkpoints)
        after = page.after


def openings(link: Link) -> Iterator[Opening]:
    """Everything that the token's party may open, by position."""
    after: int | None = 0
    while after is not None:
        page = link.get("record/openings", Openings, after=after, limit=PAGE)
        for each in page.openings:
            try:
                yield Opening(**each)
            except TypeError as error:
                raise NotUnderstood("an opening of other members", where="the server's record/openings") from error
        after = page.after


def export_own(
    folder: PartyFolder,
    link: Link,
    log: LogLink,
    path: Path,
    *,
    now_us: int,
    from_us: int | None = None,
    to_us: int | None = None,
    notice: str = "",
    with_full: bool = False,
    timestamps: Iterable[tuple[bytes, bytes]] = (),
) -> Exported:
    """Writes what the party may open, as evidence.

    Args:
        notice: of one notice alone: a reference or id of the party's own, or the id of a view that it was shown.
        with_full: with the full notices that the views in it were made from, and their salts.
        timestamps: see `export`.
    """
    member = folder.membership
    ids = ids_of(folder, notice) if notice else frozenset()
    served = ServedLog(link, log)
    entries, public = apart(openings(link))
    others = chosen_from(entries, from_us, to_us)
    commitments: set[str] = set()
    header = Header(
        VERSION, member.arena, member.host_key, written_for=member.party, written_at_us=now_us,
        notice=notice, from_us=from_us, to_us=to_us,
    )  # fmt: skip
    full = _full(folder, commitments) if with_full else ()
    with written_evidence(path) as writer:
        return export(writer, served, header, public, _noted(others, ids, commitments), full, timestamps)


def prove_own(folder: PartyFolder, link: Link, log: LogLink, *, entry: int | None = None, notice: str = "") -> LogProof:
    """The proof of one entry that the party may open, under a head as cosigned as heads before it.

    Args:
        entry: its position in the log. notice: instead, of the last that was stated of this notice: a name as in `export_own`.

    Raises:
        NotUnderstood: the party may open no such entry, or no head is over it yet.
        NotAuthentic: what the server gives does not prove it.
    """
    ids = ids_of(folder, notice) if notice else frozenset()
    mine = openings(link) if notice else (each for each in openings(link) if each.position == entry)
    found = max(_noted(mine, ids, set()), key=lambda each: each.position, default=None)
    if found is None:
        raise NotUnderstood(
            "no such entry is the party's to open", hint="detente verify --entries shows them with their positions"
        )
    served, member = ServedLog(link, log), folder.membership
    note = read_note(served.head())
    size = read_checkpoint(note.text).tree_size
    if found.position >= size:
        raise NotUnderstood(
            f"the head of the log is over {size} entries, not yet over entry {found.position}",
            hint="ask again in a second",
        )
    node = TileReader(served.tile, size).node
    return prove_entry(found, note, node, arena=member.arena, host_key=public_key_from_text(member.host_key))


def ids_of(folder: PartyFolder, name: str) -> frozenset[str]:
    """The ids under which a notice is spoken of: its own, and those of its views.

    Raises:
        NotUnderstood: it is none of the party's own, and no id.
    """
    own = [sent for sent in folder.versions() if name in (sent.notice.reference, sent.notice_id)]
    if own:
        return frozenset(view.view_id for sent in own for view in sent.views.values()) | {own[0].notice_id}
    if not _ID.fullmatch(name):
        raise NotUnderstood(
            f"no notice {name!r:.60} of the party's own", hint="its reference, or 32 hex digits of a notice or view"
        )
    return frozenset({name})


def _noted(openings: Iterable[Opening], ids: frozenset[str], commitments: set[str]) -> Iterator[Opening]:
    """Those that speak of an id, where any is asked for; what their views commit to is noted."""
    wanted = [each.encode() for each in ids]
    for opening in openings:
        try:
            payload = from_json(opening.envelope.encode()).payload
        except DetenteError:
            payload = b""
        if wanted and not any(each in payload for each in wanted):
            continue
        commitments.update(each.decode() for each in _COMMITMENT.findall(payload))
        yield opening


def _full(folder: PartyFolder, commitments: set[str]) -> Iterator[FullNotice]:
    """Full notices that something exported commits to; read once all of that was."""
    for sent in folder.versions():
        if sent.screening.commitment in commitments:
            yield FullNotice(sent.notice_id, sent.version, sent.salt, sent.notice)
