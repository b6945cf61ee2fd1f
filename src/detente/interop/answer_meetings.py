"""Conflicts gathered by pair of notices: a route of forty legs that crosses an area is one thing to read, not forty.

Order is by outcome (conflicts first), then by time, then by name. Never by distance: a list that put the nearest
protected site first would be a target list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from detente.domain import Answer, Conflict, HazardWarning, Notice, ScreeningAnswer, VolumeRef
from detente.domain.window import OPEN_START_US

NoticeKey: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two notices that meet, or may: the pair of volumes to look at first, and the others.

    Attributes:
        first: the earliest of the volume pairs with the gravest answer.
        others: the rest, gravest and earliest first.
    """

    first: Conflict
    others: tuple[Conflict, ...]

    @property
    def answer(self) -> Answer:
        return self.first.answer

    @property
    def notices(self) -> tuple[Notice, Notice]:
        return self.first.a.notice, self.first.b.notice

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return (self.first, *self.others)


@dataclass(frozen=True, slots=True)
class Entry:
    """A notice that enters, or may enter, a hazard area: the earliest of its volumes to do so, and how many more do."""

    first: HazardWarning
    other_count: int


def meetings(answer: ScreeningAnswer) -> list[Meeting]:
    """All conflicts by pair of notices; conflicts before possibles, each by time."""
    by_pair = sorted(answer.conflicts, key=lambda c: (_pair(c), -c.answer, _order(c)))
    gathered = []
    for _, group in groupby(by_pair, key=_pair):
        first, *others = group
        gathered.append(Meeting(first, tuple(others)))
    return sorted(gathered, key=lambda m: (-m.answer, _order(m.first)))


def entries(answer: ScreeningAnswer) -> list[Entry]:
    """All hazard warnings by pair of notices; certain entries first, each by time."""
    by_pair = sorted(answer.warnings, key=lambda w: (_warned(w), -w.answer, _warning_start_us(w)))
    gathered = []
    for _, group in groupby(by_pair, key=_warned):
        first, *others = group
        gathered.append(Entry(first, len(others)))
    return sorted(gathered, key=lambda e: (-e.first.answer, _warning_start_us(e.first), _warned(e.first)))


def in_order(conflicts: Sequence[Conflict]) -> list[Conflict]:
    """Volume pairs one by one: conflicts before possibles, each by time."""
    return sorted(conflicts, key=lambda c: (-c.answer, _order(c)))


def starts_us(conflict: Conflict) -> int:
    """When the meeting begins; from the windows where no area was worked out."""
    if conflict.area is not None:
        return conflict.area.start_us
    return min(max(_window_start_us(ref) for ref in (conflict.a, conflict.b)), _earliest_end_us(conflict))


def _window_start_us(ref: VolumeRef) -> int:
    return ref.notice.volumes[ref.volume_index].window.start_us


def _earliest_end_us(conflict: Conflict) -> int:
    return min(ref.notice.volumes[ref.volume_index].window.end_us for ref in (conflict.a, conflict.b))


def _order(conflict: Conflict) -> tuple[int, NoticeKey, int, NoticeKey, int]:
    a, b = conflict.a, conflict.b
    return starts_us(conflict), _key(a.notice), a.volume_index, _key(b.notice), b.volume_index


def _pair(conflict: Conflict) -> tuple[NoticeKey, NoticeKey]:
    return _key(conflict.a.notice), _key(conflict.b.notice)


def _warned(warning: HazardWarning) -> tuple[NoticeKey, NoticeKey]:
    return _key(warning.plan.notice), _key(warning.hazard.notice)


def _warning_start_us(warning: HazardWarning) -> int:
    return OPEN_START_US if warning.area is None else warning.area.start_us


def _key(notice: Notice) -> NoticeKey:
    return notice.party, notice.reference
