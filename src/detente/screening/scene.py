"""Everything that is screened together: the volumes made ready, their arrays, and the rules that hold between them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import Activity, Answer, Minima, Notice, Position, Understanding, VolumeRef
from detente.screening.candidates import Indices, Progress, VolumeTable, candidate_pairs, table_of
from detente.screening.pair import Prepared, lateral_answer, lateral_separation_m
from detente.screening.plane import flat_core, plane_middle
from detente.screening.shape import Core

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

NO_SEPARATION: Final = Minima(0.0, 0.0, 0.0)
# Where the compiled kernels take over: below, they cost more to load, the first time to compile, than they save.
ENGINE_FROM: Final = 10_000  # volumes
ENGINE_FROM_CANDIDATES: Final = 10_000  # pairs that may meet
OPEN: Final = -1  # an answer yet to be given


@dataclass(frozen=True, eq=False)
class Entry:
    """One volume in screening: whose it is, and the volume made ready."""

    ref: VolumeRef
    prepared: Prepared

    @property
    def notice(self) -> Notice:
        return self.ref.notice


@dataclass(frozen=True, eq=False)
class Found:
    """(k, 2) pairs of entries i < j in lexicographic order that meet or may, and (k,) their `Answer`, or OPEN for all."""

    pairs: Indices
    answers: NDArray[np.int8]

    @property
    def open(self) -> bool:
        """Whether the answers are yet to be given."""
        return not len(self.answers) or bool((self.answers == OPEN).any())


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
    def _lateral_m(self) -> dict[tuple[int, int], float]:
        return {}

    @cached_property
    def _flat(self) -> dict[tuple[Position, int], BaseGeometry]:
        return {}

    def flat(self, core: Core, about: Core) -> BaseGeometry:
        """A core laid out in a plane round a point within 200 km of another core; kept, so that neighbours share their planes."""
        middle = plane_middle(about)
        key = (middle, id(core))
        if key not in self._flat:
            self._flat[key] = flat_core(core, middle)
        return self._flat[key]

    def least_lateral_m(self, i: int, j: int, within_m: float) -> float:
        """The least lateral separation (m) of two entries, kept; may stop short where it is above `within_m`."""
        key = (min(i, j), max(i, j))
        if key not in self._lateral_m:
            a, b = (self.entries[k].prepared for k in key)
            self._lateral_m[key] = lateral_separation_m(a, b, within_m)[0].least
        return self._lateral_m[key]

    def meeting_pairs(self, progress: Progress | None = None, threads: int | None = None) -> Found:
        """Pairs that may meet, to be decided, by the sweep for a few; pairs that do, by the compiled engine, for many or in a crowd.

        A hazard area only warns of what enters it, so between it and a plan the minima are zero.
        """
        if len(self.entries) < ENGINE_FROM:
            pairs = candidate_pairs(self.table, self.largest, progress, most=ENGINE_FROM_CANDIDATES)
            if pairs is not None:
                return Found(pairs, np.full(len(pairs), OPEN, dtype=np.int8))
        return self._by_the_engine(progress, threads)

    def _by_the_engine(self, progress: Progress | None, threads: int | None) -> Found:
        from detente.screening import engine

        activities = sorted({e.notice.activity for e in self.entries}, key=lambda a: a.value)
        rows, owner = engine.arrays_of(
            [e.prepared for e in self.entries],
            self.table.party.tolist(),
            [activities.index(e.notice.activity) for e in self.entries],
            self.rules.arena,
        )
        minima = np.array([[_as_row(self._minima_where_they_occur(a, b)) for b in activities] for a in activities])

        def exact(i: int, j: int) -> Answer:
            a, b = self.entries[owner[i]], self.entries[owner[j]]
            within_m = self.minima_between(a.notice.activity, b.notice.activity).lateral_m
            return lateral_answer(a.prepared, b.prepared, within_m)

        found = engine.find_meetings(rows, minima, exact, threads=threads, progress=progress)
        return _of_volumes(owner[found.pairs], found.answers, len(self.entries))

    def minima_between(self, a: Activity, b: Activity) -> Minima:
        """The minima that hold between two activities; zero where one of them is a hazard area."""
        if Activity.HAZARD_AREA in (a, b):
            return NO_SEPARATION
        return self.rules.minima_between(a, b)[0]

    def _minima_where_they_occur(self, a: Activity, b: Activity) -> Minima:
        """As `minima_between`; no rule is asked for where the two activities are one party's own."""
        parties = {e.notice.party for e in self.entries if e.notice.activity in (a, b)}
        return self.minima_between(a, b) if len(parties) > 1 else NO_SEPARATION

    @cached_property
    def largest(self) -> Minima:
        """The largest minima that any rule asks of any pair."""
        return self.rules.largest()


def _of_volumes(pairs: Indices, answers: NDArray[np.int8], count: int) -> Found:
    """Each pair of volumes once, with the gravest answer that two of their cores give."""
    low, high = pairs.min(axis=1), pairs.max(axis=1)
    order = np.lexsort((-answers, high, low))
    keys, first = np.unique((low * count + high)[order], return_index=True)
    return Found(np.stack(np.divmod(keys, count), axis=1), answers[order][first])


def _as_row(minima: Minima) -> tuple[float, float, float]:
    return minima.lateral_m, minima.vertical_m, minima.time_s
