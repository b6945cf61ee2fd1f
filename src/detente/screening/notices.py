"""Active notices, by party and reference, asked while they change: the changing index as the channel uses it.

Two hazard areas are never compared, and between a hazard area and a plan the minima are zero, as in `screen`. Threads: as `index`.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from json import dumps, loads
from types import ModuleType
from typing import Final, TypeAlias, get_args

import numpy as np

from detente.domain import Activity, Answer, NoMinima, Notice, Proposal, Understanding, Volume4D
from detente.geodesy.wgs84 import Floats
from detente.screening.clearing import propose
from detente.screening.index import NEVER_COMPARED, VolumeIndex, sealed, unsealed
from detente.screening.packed import ACTIVITIES, Ints
from detente.screening.proposals import Dimension
from detente.screening.scene import Scene

Key: TypeAlias = tuple[str, str]
_MAGIC: Final = b"detente notice index 1\n"


@dataclass(frozen=True, order=True, slots=True)
class Encounter:
    """A volume asked about meets, or may meet, a volume of an active notice. Ordered as its fields."""

    volume_index: int
    party: str
    reference: str
    other_volume_index: int
    answer: Answer


@dataclass(frozen=True, order=True, slots=True)
class Held:
    """A position lies, or may lie, in a volume of an active notice."""

    position_index: int
    party: str
    reference: str
    volume_index: int
    answer: Answer


class NoticeIndex:
    """Active notices under an understanding.

    Args:
        rules: the minima agreed, and the arena.
        room: how many volumes to make room for at once; it grows by itself.
        run: the kernels; the compiled ones when None.
    """

    def __init__(self, rules: Understanding, *, room: int = 0, run: ModuleType | None = None) -> None:
        self._rules = rules
        self._volumes = VolumeIndex(_minima_table(rules), rules.arena, room=room, run=run)
        self._numbers: dict[Key, range] = {}
        self._names: dict[int, tuple[str, str, int]] = {}
        self._activities: dict[Key, Activity] = {}
        self._active: Counter[tuple[Activity, str]] = Counter()
        self._present: frozenset[tuple[Activity, str]] = frozenset()
        self._parties: dict[str, int] = {}
        self._naming = threading.Lock()
        self._next = 0

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, key: Key) -> bool:
        return key in self._numbers

    # Changing

    def insert(self, notice: Notice) -> None:
        """Takes a notice in; one of the same party and reference is amended: gone and replaced at once.

        Raises:
            InvalidVolume: a footprint's geometry cannot be.
            NoMinima: the understanding says nothing about it and another party's active notice.
        """
        pack = self._volumes.pack(notice.volumes, self._party(notice.party), notice.activity)
        key = (notice.party, notice.reference)
        with self._volumes.writing:
            self._check_minima(notice.party, notice.activity)
            numbers = range(self._next, self._next + len(notice.volumes))
            self._next = numbers.stop
            replaced = [n for n in self._numbers.get(key, ()) if n in self._names]
            self._names.update((n, (*key, index)) for index, n in enumerate(numbers))
            self._present |= {(notice.activity, notice.party)}  # before the change, so that who sees it finds it here
            self._volumes.change(replaced, numbers, pack)
            self._forget(key)
            self._keep(key, notice.activity, numbers)

    def amend(self, notice: Notice) -> None:
        """Takes in the new version of a notice; no reader sees both, or neither.

        Raises:
            KeyError: there is none to amend. Otherwise as `insert`.
        """
        with self._volumes.writing:
            if (notice.party, notice.reference) not in self:
                raise KeyError((notice.party, notice.reference))
            self.insert(notice)

    def delete(self, party: str, reference: str) -> None:
        """Takes a notice out.

        Raises:
            KeyError: there is none.
        """
        with self._volumes.writing:
            self._volumes.delete(n for n in self._numbers[party, reference] if n in self._names)
            self._forget((party, reference))

    def _keep(self, key: Key, activity: Activity, numbers: range) -> None:
        self._numbers[key], self._activities[key] = numbers, activity
        self._active[activity, key[0]] += 1
        self._present = frozenset(self._active)

    def expire(self, now_us: int) -> tuple[Key, ...]:
        """Takes out the volumes that are over (`VolumeIndex.expire`); returns the notices of which none is left, sorted."""
        with self._volumes.writing:
            over = [self._names.pop(number)[:2] for number in self._volumes.expire(now_us)]
            ended = sorted(key for key in set(over) if not any(n in self._names for n in self._numbers[key]))
            for key in ended:
                self._forget(key)
        return tuple(ended)

    def _forget(self, key: Key) -> None:
        if key not in self._numbers:
            return
        for number in self._numbers.pop(key):
            self._names.pop(number, None)
        held = (self._activities.pop(key), key[0])
        self._active[held] -= 1
        if not self._active[held]:
            del self._active[held]
        self._present = frozenset(self._active)

    def _party(self, name: str) -> int:
        """A code for a party; never given up, and safe to ask for from any thread."""
        with self._naming:
            return self._parties.setdefault(name, len(self._parties))

    def _check_minima(self, party: str, activity: Activity) -> None:
        for other, other_party in self._present:
            if other_party != party and Activity.HAZARD_AREA not in (activity, other):
                self._rules.minima_between(activity, other)

    # Asking

    def query(self, notice: Notice) -> tuple[Encounter, ...]:
        """What of other parties a notice's volumes meet or may meet, sorted.

        Raises:
            InvalidVolume: a footprint's geometry cannot be.
            NoMinima: as `insert`.
        """
        return self.query_volumes(notice.volumes, notice.party, notice.activity)

    def query_volumes(self, volumes: Sequence[Volume4D], party: str, activity: Activity) -> tuple[Encounter, ...]:
        """As `query`, for volumes that are nobody's notice yet."""
        pack = self._volumes.pack(volumes, self._party(party), activity)
        with self._volumes.gate:
            found = self._volumes.search(pack)
            names = {number: self._names[number] for number in found.rows[:, 1].tolist()}
        self._check_minima(party, activity)  # after the search: whatever it saw was present before
        rows = found.settled().tolist()
        return tuple(sorted(Encounter(volume, *names[n], Answer(answer)) for volume, n, answer in rows))

    def propose(
        self,
        notice: Notice,
        volumes: Sequence[Volume4D] | None = None,
        *,
        among: Sequence[Dimension] = get_args(Dimension),
        most_pairs: int | None = None,
        now_us: int | None = None,
    ) -> tuple[Proposal, ...]:
        """The smallest move in each dimension that clears a notice of everything of other parties, as `proposals.propose` says it.

        The notice need not be in the index; another version of it does not count. Empty where it is clear as it is, where no move
        within the limits clears it, and where its activity is never asked to move.

        Args:
            volumes: those of the notice that count; all of them when None.
            among: the dimensions to look in. most_pairs: with how many pairs of volumes in the way it is worth looking.
            now_us: no volume is moved to before it; anywhere when None.
        Raises:
            InvalidVolume: a footprint's geometry cannot be.
            NoMinima: as `insert`.
            TooLarge: more than `most_pairs` are in the way.
        """
        own = notice.volumes if volumes is None else volumes
        party = self._party(notice.party)
        found = propose(notice, own, self._volumes, party, among=among, most_pairs=most_pairs, now_us=now_us)
        self._check_minima(notice.party, notice.activity)  # after the search, as in `query_volumes`
        return found

    def positions(self, latitude_deg: Floats, longitude_deg: Floats, height_m: Floats, now_us: int) -> tuple[Held, ...]:
        """The volumes that hold, or may hold, positions at one moment, sorted; see `VolumeIndex.positions`."""
        names: dict[int, tuple[str, str, int]] = {}

        def name(numbers: Ints) -> None:
            names.update((n, self._names[n]) for n in numbers.tolist())

        pairs, answers = self._volumes.positions(latitude_deg, longitude_deg, height_m, now_us, on_found=name)
        rows = zip(pairs.tolist(), answers.tolist(), strict=True)
        return tuple(sorted(Held(k, *names[n], Answer(answer)) for (k, n), answer in rows))

    # Keeping

    def snapshot(self) -> bytes:
        """Every notice in the index, from which `rebuilt` makes one that gives the same answers."""
        with self._volumes.writing:
            notices = [
                [*key, self._activities[key].value, numbers.start, len(numbers)]
                for key, numbers in sorted(self._numbers.items())
            ]
            names = dumps([list(self._parties), notices]).encode()
            volumes = self._volumes.snapshot()
        return sealed(_MAGIC, [np.frombuffer(part, dtype=np.uint8) for part in (names, volumes)])

    @classmethod
    def rebuilt(cls, snapshot: bytes, rules: Understanding, *, run: ModuleType | None = None) -> NoticeIndex:
        """The index of a snapshot, under the understanding given.

        Raises:
            UnreadableFile: the snapshot is damaged, or of another kind or version.
        """
        names, volumes = (part.tobytes() for part in unsealed(_MAGIC, snapshot, 2))
        index = cls(rules, run=run)
        index._volumes = VolumeIndex.rebuilt(volumes, _minima_table(rules), rules.arena, run=run)
        parties, notices = loads(names)
        index._parties = {party: code for code, party in enumerate(parties)}
        for party, reference, activity, first, count in notices:
            numbers, key = range(first, first + count), (party, reference)
            index._names.update((n, (*key, k)) for k, n in enumerate(numbers) if n in index._volumes)
            index._keep(key, Activity(activity), numbers)
        index._next = max((numbers.stop for numbers in index._numbers.values()), default=0)
        return index


def proposer(scene: Scene) -> Callable[[Notice], tuple[Proposal, ...]]:
    """`proposals.propose` in a scene of many volumes: they are taken into an index once, and each notice is asked about there.

    Raises:
        NoMinima: the rules say nothing about two activities of different parties.
    """
    index, own = NoticeIndex(scene.rules, room=len(scene.entries)), defaultdict[int, list[Volume4D]](list)
    for entry in scene.entries:
        own[id(entry.notice)].append(entry.prepared.volume)
    notices = {id(entry.notice): entry.notice for entry in scene.entries}
    for number, (key, notice) in enumerate(notices.items()):
        index.insert(replace(notice, reference=str(number), volumes=tuple(own[key])))
    return lambda notice: index.propose(notice, own[id(notice)])


def _minima_table(rules: Understanding) -> Floats:
    """(activities, activities, 3). Where the rules are silent the largest minima stand; nobody is told an answer by them."""
    return np.array([[_minima_row(rules, a, b) for b in ACTIVITIES] for a in ACTIVITIES])


def _minima_row(rules: Understanding, a: Activity, b: Activity) -> tuple[float, float, float]:
    if a is b is Activity.HAZARD_AREA:
        return NEVER_COMPARED
    if Activity.HAZARD_AREA in (a, b):
        return 0.0, 0.0, 0.0
    try:
        minima, _ = rules.minima_between(a, b)
    except NoMinima:
        minima = rules.largest()
    return minima.lateral_m, minima.vertical_m, minima.time_s
