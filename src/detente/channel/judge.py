"""What is to be said of each entry after those before it: its place in the tree, its place in its sequence, what it had seen, and when.

A judge is handed entries in the log's order, each examined by itself before (`channel.examine`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final

from detente.channel.acts import HOST_PARTY
from detente.channel.bounds import Bounds
from detente.channel.evidence import Header
from detente.channel.examine import Examined
from detente.channel.verdict import EntryVerdict, Finding, Flaw, Outcome
from detente.domain import DetenteError, Malformed
from detente.record.holder import moment
from detente.record.proven import ProvenTiles

CLOCKS_US: Final = (
    120_000_000  # by so much may the clocks of desks, host and witnesses differ before a moment is called false
)
MOST_ROOTS: Final = 100_000  # of earlier trees, kept for the next act that names one


class Judge:
    """Judges entry after entry of one file.

    Args:
        officers: who holds which key, by its id.
        tick_us: the longest tick that was agreed: the host's moments are rounded up to one, and nothing finer is known of them.

    Attributes:
        gaps: how many acts of a party for an audience are missing, though the file's writer could open them.
        unread: how many of a kind hold words that are not known here.
    """

    def __init__(
        self, header: Header, tiles: ProvenTiles, bounds: Bounds, officers: Mapping[str, str], tick_us: int = 0
    ) -> None:
        self._header, self._tiles, self._bounds, self._officers = header, tiles, bounds, officers
        self._tick_us = tick_us
        self._last_position, self._last_us = -1, 0
        self._sequences: dict[tuple[str, str], tuple[int, str, int | None]] = {}
        self._roots: dict[int, str] = {}
        self.gaps: Counter[tuple[str, str]] = Counter()
        self.unread: Counter[str] = Counter()

    def judge(self, found: Examined, more: Callable[[Examined], list[Finding]] = lambda _: []) -> EntryVerdict:
        """The verdict on the next entry.

        Args:
            more: what else is to be said of it, if it is authentic.
        Raises:
            Malformed: it does not come after the last, or lies beyond the tree; nothing after it can be judged.
        """
        self._check_order(found)
        findings = self._in_the_tree(found)
        if found.flaw:
            place = f"{found.where}: " if found.where else ""
            findings.append(_false(found, Flaw(found.flaw), place + found.what, found.hint))
        earliest_us = latest_us = None
        if found.digest and not findings:
            seen_us, wrong = self._seen(found)
            findings += wrong
            earliest_us, wrong = self._in_sequence(found, seen_us)
            findings += wrong
            latest_us = self._bounds.latest_us(found.position)
            findings += self._moments(found, earliest_us, latest_us)
            findings += more(found)
            if found.unread:
                self.unread[found.kind] += 1
        return EntryVerdict(
            found.position, found.kind, found.received_us, found.party, found.audience,
            self._officers.get(found.key_id, ""), found.key_id, found.sequence, found.digest, found.made_at_us,
            earliest_us, latest_us, found.seen[0] if found.seen else None, tuple(findings), found.payload,
        )  # fmt: skip

    def _check_order(self, found: Examined) -> None:
        if found.position <= self._last_position:
            raise Malformed(
                f"entry {found.position} comes after entry {self._last_position}",
                hint="entries ascend, each once: lines were put in, moved or doubled",
                where=f"line {found.line}",
            )
        if found.position >= self._tiles.size:
            raise Malformed(
                f"entry {found.position} is beyond the checkpoint's tree of {self._tiles.size} leaves",
                hint="the checkpoint is older than the entries, or entries were put in",
                where=f"line {found.line}",
            )
        self._last_position = found.position

    def _in_the_tree(self, found: Examined) -> list[Finding]:
        before_us, self._last_us = self._last_us, max(found.received_us, self._last_us)
        try:
            leaf = self._tiles.leaf(found.position)
        except DetenteError as error:
            return [_false(found, Flaw.TREE, error.what, error.hint)]
        if not found.leaf:
            return []
        if found.leaf != leaf:
            what = f"what is opened makes the leaf {found.leaf.hex()[:16]}…, and the log has {leaf.hex()[:16]}…"
            hint = "its bytes, salt, position, moment or kind were altered, or it was never logged there"
            return [_false(found, Flaw.OPENING, what, hint)]
        if found.received_us < before_us - self._tick_us:
            what = f"received at {moment(found.received_us)}, after an entry of {moment(before_us)}"
            return [
                _false(found, Flaw.MOMENT, what, "the host's time never goes back: it wrote one of the two falsely")
            ]
        return []

    def _seen(self, found: Examined) -> tuple[int | None, list[Finding]]:
        """When the checkpoint that it names had been cosigned, where this log began with it."""
        if found.seen is None:
            return None, []
        size, root = found.seen
        if size > found.position:
            what = f"names a checkpoint of {size} leaves, made after it"
            hint = "it was made later than it was logged, or the log was rolled back and written anew"
            return None, [_false(found, Flaw.SEEN, what, hint)]
        try:
            known = self._root_at(size)
        except DetenteError as error:
            return None, [_false(found, Flaw.TREE, f"the checkpoint that it names: {error.what}", error.hint)]
        if known != root:
            what = f"names a checkpoint of {size} leaves with root {root[:16]}…; this log began with {known[:16]}…"
            hint = "its author was shown another log: ask for the checkpoint that it names"
            return None, [_false(found, Flaw.SEEN, what, hint)]
        return self._bounds.earliest_us(size), []

    def _root_at(self, size: int) -> str:
        known = self._roots.get(size)
        if known is None:
            if len(self._roots) >= MOST_ROOTS:
                self._roots.clear()
            known = self._roots[size] = self._tiles.root_at(size).hex()
        return known

    def _in_sequence(self, found: Examined, seen_us: int | None) -> tuple[int | None, list[Finding]]:
        """Since when it can have been made: not before the act that it follows."""
        place = (found.key_id, found.audience)
        sequence, digest, before_us = self._sequences.get(place, (0, None, None))
        earliest_us = seen_us if before_us is None or (seen_us is not None and seen_us > before_us) else before_us
        hint = "the key signed two acts for one place: keep both, and ask its holder"
        if found.sequence <= sequence:
            what = f"act {found.sequence} of key {found.key_id[:16]}… for {found.audience or 'the host'} after its act {sequence}"
            return earliest_us, [_false(found, Flaw.SEQUENCE, what, f"it was logged a second time, or {hint}")]
        self._sequences[place] = (found.sequence, found.digest, earliest_us)
        if found.sequence > sequence + 1:
            if self._can_open_all_of(found):
                self.gaps[found.party, found.audience] += found.sequence - sequence - 1
            return earliest_us, []
        if found.previous != digest:
            what = f"act {found.sequence} of key {found.key_id[:16]}… follows another act than the one before it"
            return earliest_us, [_false(found, Flaw.SEQUENCE, what, hint)]
        return earliest_us, []

    def _can_open_all_of(self, found: Examined) -> bool:
        """Whether who wrote the file could open the whole sequence, and says that it left nothing out."""
        writer = self._header.written_for
        return not self._header.is_chosen and bool(writer) and writer in (found.audience or HOST_PARTY, found.party)

    def _moments(self, found: Examined, earliest_us: int | None, latest_us: int | None) -> list[Finding]:
        """What its author and the host say of when, against what witnesses bound."""
        findings = []
        made_at_us = found.made_at_us
        assert made_at_us is not None
        if earliest_us is not None and made_at_us < earliest_us - CLOCKS_US:
            what = f"its author says {moment(made_at_us)}; it names what was cosigned at {moment(earliest_us)} only"
            findings.append(_false(found, Flaw.BACK_DATED, what, "it was dated back, or its author's clock was slow"))
        if earliest_us is not None and found.received_us < earliest_us - CLOCKS_US:
            what = f"the host says received at {moment(found.received_us)}; it names what was cosigned at {moment(earliest_us)} only"
            findings.append(_false(found, Flaw.MOMENT, what, "the host dated it back, or its clock was slow"))
        if latest_us is not None and made_at_us > latest_us + CLOCKS_US:
            what = f"its author says {moment(made_at_us)}; witnesses had it in the log by {moment(latest_us)}"
            findings.append(
                _false(found, Flaw.POST_DATED, what, "it was dated forward, or its author's clock was fast")
            )
        if latest_us is not None and found.received_us > latest_us + CLOCKS_US + self._tick_us:
            what = f"the host says received at {moment(found.received_us)}; witnesses had it in the log by {moment(latest_us)}"
            findings.append(_false(found, Flaw.MOMENT, what, "the host's clock was fast, or it dated it forward"))
        return findings


def _false(found: Examined, flaw: Flaw, what: str, hint: str) -> Finding:
    return Finding(flaw, Outcome.FALSE, f"entry {found.position}", what, hint, found.position)
