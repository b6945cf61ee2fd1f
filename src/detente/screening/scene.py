"""Everything that is screened together: the volumes made ready, their arrays, and the rules that hold between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from detente.domain import Minima, Notice, Understanding, VolumeRef
from detente.screening.candidates import VolumeTable, table_of
from detente.screening.pair import Prepared


@dataclass(frozen=True, eq=False)
class Entry:
    """One volume in screening: whose it is, and the volume made ready."""

    ref: VolumeRef
    prepared: Prepared

    @property
    def notice(self) -> Notice:
        return self.ref.notice


@dataclass(frozen=True, eq=False)
class Scene:
    """Entries in the order of the answer, and the rules between them."""

    entries: tuple[Entry, ...]
    rules: Understanding

    @cached_property
    def table(self) -> VolumeTable:
        """The entries as arrays, in the same order."""
        numbers = {party: k for k, party in enumerate(dict.fromkeys(e.notice.party for e in self.entries))}
        return table_of([e.prepared for e in self.entries], [numbers[e.notice.party] for e in self.entries])

    @cached_property
    def largest(self) -> Minima:
        """The largest minima that any rule asks of any pair."""
        return self.rules.largest()
