"""What one party's world consists of: its own notices, and the views released to it. Nothing else can reach it.

Everything a party is answered, counted or proposed comes out of its world, so that what it can learn is a function of what was
released to it: two plans with equal views leave equal worlds behind. A pair binds when at least one side was released to the
other: the side that was told reads the meeting, and so two notices that meet are never both CLEAR.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement
from types import ModuleType
from typing import Final

from detente.channel.views import View
from detente.domain import (
    Activity,
    Answer,
    Minima,
    MinimaRule,
    NoMinima,
    Notice,
    Proposal,
    TooLarge,
    Understanding,
    Volume4D,
)
from detente.domain.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE
from detente.screening.notices import NoticeIndex
from detente.screening.proposals import Dimension

# Where nothing was agreed. Radar separation en route is 5 NM and 1,000 ft (ICAO Doc 4444, 8.7.3 and 5.3.2); parties that do not
# see each other on one screen, and whose clocks differ, get twice that and a quarter of an hour.
DEFAULT_MINIMA: Final = Minima(10 * METRES_PER_NAUTICAL_MILE, 2000 * METRES_PER_FOOT, 900.0)


def with_defaults(understanding: Understanding) -> Understanding:
    """The understanding, with the default minima between activities that no rule of it speaks of."""
    silent = [
        MinimaRule("default minima, nothing was agreed", DEFAULT_MINIMA, a, b)
        for a, b in combinations_with_replacement(Activity, 2)
        if Activity.UNSTATED not in (a, b) and not _speaks(understanding, a, b)
    ]
    rules = (*understanding.rules, *silent)
    return Understanding(understanding.name, understanding.version, rules, understanding.arena, understanding.terms)


def _speaks(understanding: Understanding, a: Activity, b: Activity) -> bool:
    try:
        understanding.minima_between(a, b)
    except NoMinima:
        return False
    return True


@dataclass(frozen=True, order=True, slots=True)
class Meeting:
    """One of the party's own volumes meets, or may meet, a volume of a view released to it. Ordered as its fields."""

    notice_id: str
    volume_index: int
    sender: str
    view_id: str
    view_volume_index: int
    answer: Answer
    is_warning: bool = False  # one of the two is a hazard area: a warning, never a conflict


class World:
    """One party's own notices and the views released to it, asked while they change.

    Args:
        rules: the understanding in force; minima must be stated for every pair of activities (`with_defaults`).
        run: the kernels; the compiled ones when None.
    """

    def __init__(self, party: str, rules: Understanding, *, run: ModuleType | None = None) -> None:
        self.party, self.rules = party, rules
        self._own: dict[str, View] = {}
        self._views: dict[tuple[str, str], View] = {}
        self._own_index = NoticeIndex(rules, run=run)
        self._view_index = NoticeIndex(rules, run=run)

    @property
    def notice_count(self) -> int:
        return len(self._own)

    @property
    def view_count(self) -> int:
        return len(self._views)

    def put_own(self, view: View) -> tuple[Meeting, ...]:
        """Takes in what the party submitted for screening of a notice of its own; its earlier version is gone at once.

        Returns:
            what it meets of what was released to the party, sorted.
        Raises:
            InvalidVolume: a footprint's geometry cannot be.
        """
        self.hold_own(view)
        return self._of_own(view, view.volumes)

    def put_view(self, sender: str, view: View) -> tuple[Meeting, ...]:
        """Takes in a view released to the party; its earlier version is gone at once.

        Returns:
            what of the party's own notices it meets, sorted.
        Raises:
            InvalidVolume: a footprint's geometry cannot be.
        """
        self.hold_view(sender, view)
        return self._of_view(sender, view)

    def hold_own(self, view: View) -> None:
        """The same as `put_own`, where nobody asks what it meets: a world that is made anew."""
        self._own_index.insert(view.as_notice(self.party))
        self._own[view.view_id] = view

    def hold_view(self, sender: str, view: View) -> None:
        """The same as `put_view`, where nobody asks what it meets."""
        self._view_index.insert(view.as_notice(sender))
        self._views[sender, view.view_id] = view

    def drop_own(self, notice_id: str) -> None:
        """Takes a notice of the party's own out. Raises KeyError: there is none."""
        del self._own[notice_id]
        self._own_index.delete(self.party, notice_id)

    def drop_view(self, sender: str, view_id: str) -> None:
        """Takes a view out. Raises KeyError: there is none."""
        del self._views[sender, view_id]
        self._view_index.delete(sender, view_id)

    def expire(self, now_us: int) -> tuple[tuple[View, ...], tuple[tuple[str, View], ...]]:
        """Takes out what is over, once nothing can come within the minima of it any more.

        Returns:
            own notices of which nothing is left, and views with their senders.
        """
        own = tuple(self._own.pop(notice_id) for _, notice_id in self._own_index.expire(now_us))
        return own, tuple(
            (sender, self._views.pop((sender, view_id))) for sender, view_id in self._view_index.expire(now_us)
        )

    def own(self, notice_id: str) -> View:
        """A notice of the party's own in force, as it was submitted for screening. Raises KeyError: there is none."""
        return self._own[notice_id]

    def holds(self, sender: str, view_id: str) -> bool:
        """Whether a view is in force; it is not once it is over."""
        return (sender, view_id) in self._views

    def view(self, sender: str, view_id: str) -> View:
        """A view in force. Raises KeyError: there is none."""
        return self._views[sender, view_id]

    def of_view(self, sender: str, view_id: str) -> tuple[Meeting, ...]:
        """What of the party's own notices a view in force meets, sorted. Raises KeyError: there is none."""
        return self._of_view(sender, self._views[sender, view_id])

    def of_own(self, notice_id: str) -> tuple[Meeting, ...]:
        """What a notice of the party's own meets now, sorted. Raises KeyError: there is none."""
        view = self._own[notice_id]
        return self._of_own(view, view.volumes)

    def meetings_of(self, own: View, *, most: int | None = None) -> tuple[Meeting, ...]:
        """What a plan of the party's meets of what was released to it, in force or not yet submitted, sorted; nothing is kept of it.

        Raises:
            InvalidVolume: a footprint's geometry cannot be.
            TooLarge: there are more than `most`; then no more is looked at than the volume that shows it.
        """
        if most is None:
            return self._of_own(own, own.volumes)
        found: list[Meeting] = []
        for index, volume in enumerate(own.volumes):
            found += (replace(meeting, volume_index=index) for meeting in self._of_own(own, (volume,)))
            if len(found) > most:
                raise TooLarge(f"it meets more than {most:,} volumes of others", hint="ask about a part of it")
        return tuple(found)

    def moves_of(
        self, own: View, among: Sequence[Dimension], *, now_us: int, most_pairs: int | None = None
    ) -> tuple[Proposal, ...]:
        """The smallest moves that clear a plan of the party's of everything released to it, none of them into the past.

        Raises:
            TooLarge: more than `most_pairs` pairs of volumes are in the way.
        """
        notice = own.as_notice(self.party)
        return self._view_index.propose(notice, among=among, most_pairs=most_pairs, now_us=now_us)

    def met_by(self, sender: str, plans: Iterable[View]) -> frozenset[str]:
        """Which plans of another party meet, or may meet, something of this one's own: a hazard area too. For the alert alone.

        What nobody released is looked at here, so that nothing but these ids may be told of it, and each counts.

        Args:
            plans: as their sender submitted them for screening; distinct ids.
        """
        by_activity: dict[Activity, list[View]] = {}
        for plan in plans:
            by_activity.setdefault(plan.activity, []).append(plan)
        met: set[str] = set()
        for activity, alike in by_activity.items():
            volumes = [(plan.view_id, volume) for plan in alike for volume in plan.volumes]
            found = self._own_index.query_volumes([volume for _, volume in volumes], sender, activity)
            met.update(volumes[encounter.volume_index][0] for encounter in found)
        return frozenset(met)

    def own_views(self) -> tuple[View, ...]:
        """Every notice of the party's own in force, as it was submitted for screening, sorted by id."""
        return tuple(view for _, view in sorted(self._own.items()))

    def seen(self) -> tuple[tuple[str, View], ...]:
        """Every view released to the party and in force, with its sender, sorted by sender and id."""
        return tuple((sender, self._views[sender, view_id]) for sender, view_id in sorted(self._views))

    def as_notices(self) -> tuple[Notice, ...]:
        """The world as notices: what an ordinary screening of all the party knows would be given."""
        own = [view.as_notice(self.party) for view in self.own_views()]
        return (*own, *(view.as_notice(sender) for sender, view in self.seen()))

    def _of_own(self, own: View, volumes: tuple[Volume4D, ...]) -> tuple[Meeting, ...]:
        found = self._view_index.query_volumes(volumes, self.party, own.activity)
        return tuple(
            self._meeting(
                own, e.volume_index, e.party, self._views[e.party, e.reference], e.other_volume_index, e.answer
            )
            for e in found
        )

    def _of_view(self, sender: str, view: View) -> tuple[Meeting, ...]:
        found = self._own_index.query_volumes(view.volumes, sender, view.activity)
        return tuple(
            sorted(
                self._meeting(self._own[e.reference], e.other_volume_index, sender, view, e.volume_index, e.answer)
                for e in found
            )
        )

    @staticmethod
    def _meeting(own: View, index: int, sender: str, view: View, view_index: int, answer: Answer) -> Meeting:
        warns = Activity.HAZARD_AREA in (own.activity, view.activity)
        bounded = own.answered(view.answered(answer))
        return Meeting(own.view_id, index, sender, view.view_id, view_index, bounded, warns)
