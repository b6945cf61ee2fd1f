"""The audit: whether a piece of evidence is what it says it is. It believes the keys that its reader brought, and nothing else.

    everything → the checkpoint, signed by the host's key and cosigned by witnesses
    an entry   → its opening makes the leaf · the leaf is in the tiles · the tiles lead to the checkpoint's root
               → its envelope is signed by a key that its party's root had enrolled, valid when it was received
               → it follows the act before it, and names a checkpoint that this log began with

The public acts come first: they say which keys, witnesses and rules there were, from which entry on. Then all entries, one at a time.
What an entry is by itself `channel.examine` finds, in several processes where the caller spreads it; what takes the others, `channel.judge`.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import msgspec

from detente.channel.acts import HOST_KINDS, HOST_PARTY, KINDS, PUBLIC_KINDS
from detente.channel.anchors import (
    Agreed,
    Anchors,
    agreed_by,
    check_roots,
    check_trust,
    host_trust,
    is_meant,
    trusted_members,
)
from detente.channel.bounds import Bounds
from detente.channel.evidence import (
    CHECKPOINT,
    ENTRIES,
    HEADER,
    MOST_HEADER_BYTES,
    MOST_PUBLIC,
    PUBLIC,
    Header,
    Source,
    checkpoint_path,
    read_header,
    timestamp_path,
)
from detente.channel.examine import Examined, Examiner, Piece, one_after_another
from detente.channel.forms import form_from
from detente.channel.judge import Judge
from detente.channel.registry import Registry
from detente.channel.rerun import FullNotices
from detente.channel.verdict import (
    MOST_FINDINGS,
    CheckpointVerdict,
    Cosigned,
    EntryVerdict,
    Finding,
    Flaw,
    MemberVerdict,
    Outcome,
    Trust,
    Verdict,
    ViewVerdict,
    false,
)
from detente.domain import DetenteError, Malformed, NotAuthentic, NotUnderstood, ReleaseGrids, TooLarge, UnreadableFile
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.act import read_act
from detente.record.checkpoint import Checkpoint, cosigned_s, open_checkpoint
from detente.record.fingerprint import spoken
from detente.record.holder import EnrolledKey
from detente.record.keys import PublicKey, public_key_from_text
from detente.record.merkle import HASH_BYTES
from detente.record.note import MOST_BYTES as MOST_NOTE_BYTES
from detente.record.note import Note
from detente.record.proven import ProvenTiles
from detente.record.tiles import WIDTH, TileAddress, tile_path
from detente.record.timestamp import MOST_BYTES as MOST_TIMESTAMP_BYTES
from detente.record.timestamp import check_timestamp

MOST_FALSE: Final = 1_000  # false entries; who reads that many has no use for more, and a hostile file takes no longer
Spread: TypeAlias = Callable[[Examiner, Iterable[Piece]], Iterator[list[Examined]]]


class _Unusable(Exception):
    """What is found already leaves nothing to hold the rest against."""


class Findings:
    """What was found, in order: the first ones whole, all of them counted."""

    def __init__(self) -> None:
        self.first: list[Finding] = []
        self.counts: Counter[str] = Counter()
        self.outcome = Outcome.HOLDS

    def add(self, finding: Finding) -> None:
        """One more."""
        self.counts[finding.flaw.value] += 1
        self.outcome = max(self.outcome, finding.outcome)
        if len(self.first) < MOST_FINDINGS or finding.outcome > self.first[-1].outcome:
            self.first.append(
                finding
            )  # past the limit only what is worse, so that a failure never hides behind remarks

    @contextmanager
    def needed(self, flaw: Flaw, where: str) -> Generator[None, None, None]:
        """What is refused within is a finding, after which nothing can be held against anything."""
        try:
            yield
        except DetenteError as error:
            self.add(false(flaw, where, error))
            raise _Unusable from error


class Audit:
    """One piece of evidence, judged while it is read. `entries` gives the verdict on each entry; once it has ended, `verdict` that on the file.

    Args:
        spread: who examines entries; this process where it is left out.
        keeps_payloads: whether each verdict holds what was signed, for who wants to show it.

    Attributes:
        read_bytes: of entries, so far; for who shows how far it is.
    """

    def __init__(
        self,
        source: Source,
        anchors: Anchors | None = None,
        *,
        spread: Spread = one_after_another,
        keeps_payloads: bool = False,
    ) -> None:
        self._source, self._anchors = source, anchors or Anchors()
        self._spread, self._keeps_payloads = spread, keeps_payloads
        self._findings = Findings()
        self._header: Header | None = None
        self._host_key: PublicKey | None = None
        self._head: Checkpoint | None = None
        self._tiles: ProvenTiles | None = None
        self._checkpoints: list[CheckpointVerdict] = []
        self._stamped: dict[int, int | None] = {}
        self._public: list[Examined] = []
        self._members: tuple[MemberVerdict, ...] = ()
        self._host_trust = Trust.FILE
        self._views: list[ViewVerdict] = []
        self._kinds: Counter[str] = Counter()
        self._received_us: tuple[int, int] | None = None
        self.read_bytes = 0

    def entries(self) -> Iterator[EntryVerdict]:
        """The verdict on each entry that the file opens, in the log's order. To be run once, and to its end."""
        try:
            header, host_key = self._read_header()
            note = self._read_head(header, host_key)
            timeline = self._read_public(header, host_key)
        except _Unusable:
            return
        self._read_checkpoints(header, host_key, note, timeline)
        self._check_trust(timeline, host_key)
        full = FullNotices.read(header.full, self._source, self._findings.add)
        yield from self._judged(header, host_key, timeline, full)
        if header.is_chosen:
            what = "its writer chose what is in it: what else there is does not show"
            self._remark(Flaw.CHOSEN, HEADER, what, "ask for an export without --from, --to and --notice")

    def _remark(self, flaw: Flaw, where: str, what: str, hint: str = "") -> None:
        self._findings.add(Finding(flaw, Outcome.INCOMPLETE, where, what, hint))

    # ── what everything is held against ──────────────────────────────────────────────────────────────────────────────

    def _read_header(self) -> tuple[Header, PublicKey]:
        with self._findings.needed(Flaw.UNREADABLE, HEADER):
            raw = self._source.read(HEADER, MOST_HEADER_BYTES)
            if raw is None:
                raise UnreadableFile("is missing", hint="is this a piece of evidence? docs/evidence.md")
            self._header = read_header(raw)
            own = public_key_from_text(self._header.host_key)
        given = self._anchors.host_key
        if given is not None and not is_meant(given, own):
            what = f"the file names another key of the host: {spoken(own)}"
            hint = "the log is not that of the host you know, or the key you brought is not its own"
            self._findings.add(Finding(Flaw.ANCHOR, Outcome.FALSE, "the host's key", what, hint))
        self._host_key = given if isinstance(given, PublicKey) else own
        return self._header, self._host_key

    def _read_head(self, header: Header, host_key: PublicKey) -> Note:
        with self._findings.needed(Flaw.CHECKPOINT, CHECKPOINT):
            raw = self._source.read(CHECKPOINT, MOST_NOTE_BYTES)
            if raw is None:
                raise Malformed("is missing", hint="nothing can be held against anything")
            self._head, note = open_checkpoint(raw, header.origin, host_key)
        with self._findings.needed(Flaw.TREE, CHECKPOINT):
            self._tiles = ProvenTiles(self._tile, self._head.tree_size, self._head.root_hash)
        return note

    def _tile(self, tile: TileAddress) -> bytes:
        path = tile_path(tile)
        raw = self._source.read(path, WIDTH * HASH_BYTES)
        if raw is None:
            raise Malformed(f"{path} is missing", hint="the file was cut, or its writer left it out")
        return raw

    def _read_checkpoints(self, header: Header, host_key: PublicKey, note: Note, timeline: Timeline) -> None:
        assert self._head
        for size in header.checkpoints:
            path = checkpoint_path(size)
            try:
                self._checkpoints += self._older(path, size, header, host_key, timeline)
            except DetenteError as error:
                self._findings.add(false(Flaw.CHECKPOINT, path, error))
        latest = self._vouched(self._head, note, CHECKPOINT, timeline)
        self._checkpoints.append(latest)
        there = {each.tree_size for each in self._checkpoints}
        for size in header.timestamps:
            if size not in there:
                self._remark(
                    Flaw.TIMESTAMP, timestamp_path(size), "a timestamp on a checkpoint that is not in the file"
                )
        if not latest.has_quorum:
            what = f"cosigned by {len(latest.cosigned)} of {latest.agreed_count} witnesses, {latest.quorum} are agreed"
            if not latest.agreed_count:
                what = "no witnesses are agreed: nobody but the host vouches for it"
            self._remark(Flaw.QUORUM, CHECKPOINT, what, "the host alone could have told others another story")

    def _older(
        self, path: str, size: int, header: Header, host_key: PublicKey, timeline: Timeline
    ) -> list[CheckpointVerdict]:
        assert self._tiles
        raw = self._source.read(path, MOST_NOTE_BYTES)
        if raw is None:
            raise Malformed("is missing", hint="evidence.json names it")
        checkpoint, note = open_checkpoint(raw, header.origin, host_key)
        if checkpoint.tree_size != size or size > self._tiles.size:
            raise Malformed(f"a checkpoint of {checkpoint.tree_size} leaves; the latest is of {self._tiles.size}")
        root = self._tiles.root_at(size)
        if root == checkpoint.root_hash:
            return [self._vouched(checkpoint, note, path, timeline)]
        what = (
            f"signed by the host's key with root {checkpoint.root_hash.hex()[:16]}…; "
            f"the tree of {self._tiles.size} leaves, signed by it too, begins with {root.hex()[:16]}…"
        )
        hint = "keep both notes: they prove that the log told two stories"
        self._findings.add(Finding(Flaw.SPLIT_VIEW, Outcome.FALSE, path, what, hint))
        return []

    def _vouched(self, checkpoint: Checkpoint, note: Note, where: str, timeline: Timeline) -> CheckpointVerdict:
        """Who vouches for a checkpoint, of those who were agreed when it was made."""
        agreed = timeline.agreed_at(checkpoint.tree_size, self._anchors)
        try:
            moments = cosigned_s(note, agreed.keys)
        except NotAuthentic as error:
            self._findings.add(false(Flaw.CHECKPOINT, where, error))
            moments = {}
        cosigned = (Cosigned(name, agreed.parties.get(name, ""), at_s) for name, at_s in moments.items())
        return CheckpointVerdict(
            checkpoint.tree_size, checkpoint.root_hash.hex(),
            tuple(sorted(cosigned, key=lambda each: (each.at_s, each.witness))), len(agreed.keys), agreed.quorum,
            self._stamped_us(checkpoint.tree_size, note),
        )  # fmt: skip

    def _stamped_us(self, size: int, note: Note) -> int | None:
        """By when an authority that the reader knows had stamped a checkpoint; None where none did."""
        assert self._header
        path = timestamp_path(size)
        if size not in self._header.timestamps or size in self._stamped:
            return self._stamped.get(size)
        self._stamped[size] = None
        if not self._anchors.authorities:
            self._remark(Flaw.TIMESTAMP, path, "not checked: no authority's certificate was brought", "--tsa-ca FILE")
            return None
        try:
            raw = self._source.read(path, MOST_TIMESTAMP_BYTES)
            if raw is None:
                raise Malformed("is missing", hint="evidence.json names it")
            self._stamped[size] = check_timestamp(raw, note, self._anchors.authorities).by_us
        except NotUnderstood as error:
            self._remark(Flaw.TIMESTAMP, path, f"not checked: {error.what}", error.hint)
        except DetenteError as error:
            self._findings.add(false(Flaw.TIMESTAMP, path, error))
        return self._stamped[size]

    # ── the public acts ──────────────────────────────────────────────────────────────────────────────────────────────

    def _read_public(self, header: Header, host_key: PublicKey) -> Timeline:
        """Every public act, each judged by the keys that those before it gave."""
        timeline = Timeline(Registry.of(header.arena))
        with self._findings.needed(Flaw.UNREADABLE, PUBLIC):
            for number, line in enumerate(_each_line(self._source.lines(PUBLIC)), start=1):
                if number > MOST_PUBLIC:
                    raise TooLarge(f"more than {MOST_PUBLIC} public acts")
                examiner = Examiner(header.arena, host_key, timeline.keys, keeps_payloads=True)
                (found,) = examiner.piece(line, number)
                if found.position < 0:
                    raise Malformed(found.what, hint=found.hint, where=f"line {number}")
                if found.kind not in PUBLIC_KINDS:
                    raise Malformed(f"an act of kind {found.kind[:40]!r} among the public ones", where=f"line {number}")
                timeline.then(found.position, self._followed(timeline.latest, found))
                self._public.append(found)
        return timeline

    def _followed(self, registry: Registry, found: Examined) -> Registry:
        """The registry after a public act; as it was where the act does not hold, which is told in its turn."""
        if found.flaw or found.unread or found.payload is None:
            return registry
        act = read_act(found.payload)
        try:
            body: Any = form_from(act.body, (KINDS | HOST_KINDS)[act.type])
            return registry.then("" if act.party == HOST_PARTY else act.party, body)
        except DetenteError as error:
            self._findings.add(false(Flaw.RULES, f"entry {found.position}", error, found.position))
            return registry

    def _check_trust(self, timeline: Timeline, host_key: PublicKey) -> None:
        registry = timeline.latest
        self._members = trusted_members(registry, self._anchors)
        self._host_trust = host_trust(registry, self._anchors, host_key)
        for finding in (
            *check_roots(registry, self._anchors),
            *check_trust(self._members, self._host_trust, self._anchors),
        ):
            self._findings.add(finding)

    # ── the entries ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _judged(
        self, header: Header, host_key: PublicKey, timeline: Timeline, full: FullNotices
    ) -> Iterator[EntryVerdict]:
        assert self._tiles
        judge = Judge(header, self._tiles, Bounds(self._checkpoints), timeline.officers, timeline.tick_us)

        def rerun(found: Examined) -> list[Finding]:
            if found.payload is None:
                return []
            views, findings = full.held_against(found, timeline.grids_until(found.position))
            self._views += views
            return findings

        examiner = Examiner(header.arena, host_key, timeline.keys, full.wanted, keeps_payloads=self._keeps_payloads)
        examined = self._in_order(self._spread(examiner, self._pieces()))
        false_count = 0
        try:
            for found in examined:
                verdict = judge.judge(found, rerun)
                self._count(verdict)
                yield verdict if self._keeps_payloads else _without_payload(verdict)
                if verdict.findings and verdict.outcome is Outcome.FALSE:
                    false_count += 1
                if false_count >= MOST_FALSE:
                    raise TooLarge(f"{false_count} entries are false: the rest was not looked at")
        except DetenteError as error:
            self._findings.add(false(Flaw.ORDER if isinstance(error, Malformed) else Flaw.UNREADABLE, ENTRIES, error))
        self._tell_what_is_missing(judge, full)

    def _in_order(self, pieces: Iterator[list[Examined]]) -> Iterator[Examined]:
        """The public acts and the others, merged."""
        public = iter(self._public)
        waiting = next(public, None)
        for piece in pieces:
            for found in piece:
                if found.position < 0:
                    raise UnreadableFile(found.what, hint=found.hint, where=f"line {found.line}")
                while waiting is not None and waiting.position <= found.position:
                    yield waiting
                    waiting = next(public, None)
                if found.kind in PUBLIC_KINDS:
                    raise Malformed(
                        "a public act among the others", hint=f"it belongs into {PUBLIC}", where=f"line {found.line}"
                    )
                yield found
        while waiting is not None:
            yield waiting
            waiting = next(public, None)

    def _pieces(self) -> Iterator[Piece]:
        line = 1
        for piece in self._source.lines(ENTRIES):
            yield line, piece
            line += piece.count(b"\n")
            self.read_bytes += len(piece)

    def _count(self, verdict: EntryVerdict) -> None:
        for finding in verdict.findings:
            self._findings.add(finding)
        self._kinds[verdict.kind] += 1
        first_us = self._received_us[0] if self._received_us else verdict.received_us
        self._received_us = (first_us, verdict.received_us)

    def _tell_what_is_missing(self, judge: Judge, full: FullNotices) -> None:
        for (party, audience), count in sorted(judge.gaps.items()):
            what = f"{count} acts of {party} for {audience or 'the host'} are missing between others"
            self._remark(
                Flaw.GAP, ENTRIES, what, "left out by who wrote the file, or refused by the host: ask for all of it"
            )
        for kind, count in sorted(judge.unread.items()):
            what = f"{count} of kind {kind[:40]!r} hold words that this version cannot read"
            self._remark(
                Flaw.UNKNOWN_KIND, ENTRIES, what, "they are signed and in their place; a newer détente reads them"
            )
        for finding in full.unused():
            self._findings.add(finding)

    # ── the file ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def verdict(self) -> Verdict:
        """On the file as a whole, once `entries` has ended."""
        header, head, found = self._header, self._head, self._findings
        opened = sum(self._kinds.values())
        return Verdict(
            source=self._source.name,
            arena=header.arena if header else "",
            origin=header.origin if header else "",
            written_for=header.written_for if header else "",
            tree_size=head.tree_size if head else 0,
            root_hash=head.root_hash.hex() if head else "",
            host_key=spoken(self._host_key) if self._host_key else "",
            host_trust=self._host_trust,
            anchored=any(member.trust is Trust.GIVEN for member in self._members),
            members=self._members,
            opened_count=opened,
            public_count=len(self._public),
            sealed_count=max((head.tree_size if head else 0) - opened, 0),
            kinds=dict(sorted(self._kinds.items())),
            first_received_us=self._received_us[0] if self._received_us else None,
            last_received_us=self._received_us[1] if self._received_us else None,
            latest=self._checkpoints[-1] if self._checkpoints else None,
            checkpoint_count=len(self._checkpoints),
            quorum_count=sum(each.has_quorum for each in self._checkpoints),
            views=tuple(self._views),
            findings=tuple(found.first),
            counts=dict(sorted(found.counts.items())),
            outcome=found.outcome,
        )

    @property
    def public_positions(self) -> dict[int, str]:
        """Where the public acts stand that it opens, and of what kind each is."""
        return {each.position: each.kind for each in self._public if not each.flaw}

    @property
    def source_name(self) -> str:
        """The file as it was named."""
        return self._source.name

    @property
    def host_key(self) -> PublicKey | None:
        """The host's key that all was held against."""
        return self._host_key

    @property
    def tree(self) -> tuple[Checkpoint, ProvenTiles] | None:
        """The checkpoint that all was held against, and its tree; None where there was none to hold anything against."""
        return (self._head, self._tiles) if self._head and self._tiles else None


class Timeline:
    """Members, keys and rules over the log: what held from which position on.

    Attributes:
        keys: of each key by its id what was known of it, and from which position on (`Examiner.keys`).
    """

    def __init__(self, registry: Registry) -> None:
        self.latest = registry
        self._registries = [registry]
        self._since = [0]
        self.keys: dict[str, list[tuple[int, EnrolledKey]]] = {}

    def then(self, position: int, registry: Registry) -> None:
        """With what holds after the public act at a position."""
        before, self.latest = self.latest, registry
        if registry is before:
            return
        self._registries.append(registry)
        self._since.append(position + 1)
        for party, history in registry.histories.items():
            if history is not before.histories.get(party):
                for key in history.keys:
                    self._learn(position + 1, key)

    def _learn(self, since: int, key: EnrolledKey) -> None:
        known = self.keys.setdefault(key.public.id, [])
        if not known or known[-1][1] != key:
            known.append((since, key))

    def at(self, position: int) -> Registry:
        """What held when the entry at a position was made."""
        return self._registries[max(bisect_right(self._since, position) - 1, 0)]

    @property
    def officers(self) -> dict[str, str]:
        """Who holds which key."""
        return {key_id: known[-1][1].holder.officer for key_id, known in self.keys.items()}

    @property
    def tick_us(self) -> int:
        """The longest tick of them all."""
        return max(registry.rules.terms.tick_s for registry in self._registries) * MICROSECONDS_PER_SECOND

    def agreed_at(self, tree_size: int, anchors: Anchors) -> Agreed:
        """Who was to vouch for a tree of this size."""
        return agreed_by(self.at(tree_size), anchors)

    def grids_until(self, position: int) -> list[ReleaseGrids]:
        """The grids of the rules that held at a position, and of those before them; the latest first."""
        until = max(bisect_right(self._since, position), 1)
        return list(dict.fromkeys(each.rules.terms.grids for each in reversed(self._registries[:until])))


def _each_line(pieces: Iterator[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        yield from (line + b"\n" for line in piece.split(b"\n")[:-1])


def _without_payload(verdict: EntryVerdict) -> EntryVerdict:
    return verdict if verdict.payload is None else msgspec.structs.replace(verdict, payload=None)
