"""How often, how long and by what, as each side counts: sums of statements, never one sum of both."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from detente.domain.violation import Violation, ViolationKind


@dataclass(frozen=True, slots=True)
class Count:
    """Of one kind and platform, in one side's reports. `hours` are as stated; of what is reported by the day alone they are days whole."""

    kind: ViolationKind
    platform: str
    reports: int
    number: int
    hours: float


def tally(reports: Iterable[Violation]) -> tuple[Count, ...]:
    """The counts of one side, by kind and platform in their order."""
    groups: dict[tuple[ViolationKind, str], list[Violation]] = {}
    for each in reports:
        groups.setdefault((each.kind, each.platform), []).append(each)
    order = list(ViolationKind)
    return tuple(
        Count(kind, platform, len(found), sum(each.count for each in found), sum(each.hours for each in found))
        for (kind, platform), found in sorted(groups.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    )
