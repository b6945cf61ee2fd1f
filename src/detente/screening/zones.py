"""Whether a plan lies in a zone, and which of the zone's rules speak of it. What a notice does not say is not guessed: weapons are seen in live fire alone.

Errs: to `may be inside`. It says what is stated and what a rule asks; that a rule was broken it never says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from detente.domain import Activity, Answer, Notice, Volume4D
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_START_US
from detente.domain.zone import RuleKind, Zone, ZoneRule
from detente.screening.lateral import lateral_distance_m

_GOOD_TO_M: Final = 2.0
_FLYING: Final = (Activity.AIR_OPERATION, Activity.UNMANNED_FLIGHT)


@dataclass(frozen=True, slots=True)
class InZone:
    """One volume, one zone, one of its rules.

    Attributes:
        inside: CONFLICT where the stated place lies in the zone, POSSIBLE where it may.
        given_s: of `notify`, how long before its beginning the notice was given; None where that is not known.
        speaks: whether the rule speaks of what is stated; None where the notice does not say.
    """

    volume_index: int
    zone: str
    rule: ZoneRule
    inside: Answer
    speaks: bool | None
    given_s: float | None


def in_zone(notice: Notice, zone: Zone, *, given_us: int | None = None) -> Iterator[InZone]:
    """Every volume of a notice that lies in a zone, or may, with each rule that binds its party.

    Args:
        given_us: when the notice was given, where that is known.
    """
    for index, volume in enumerate(notice.volumes):
        apart_m = lateral_distance_m(volume.footprint, zone.footprint)
        if apart_m > zone.precision_m + volume.uncertainty.position_m + _GOOD_TO_M:
            continue
        inside = (
            Answer.CONFLICT
            if apart_m == 0.0 and not volume.uncertainty.position_m + zone.precision_m
            else Answer.POSSIBLE
        )
        for rule in zone.rules:
            if notice.party not in rule.but_for:
                given_s = _given_s(volume, given_us) if rule.kind is RuleKind.NOTIFY else None
                yield InZone(index, zone.name, rule, inside, _speaks(rule, notice.activity, given_s), given_s)


def _given_s(volume: Volume4D, given_us: int | None) -> float | None:
    if given_us is None or volume.window.start_us <= OPEN_START_US:
        return None
    return (volume.window.start_us - given_us) / MICROSECONDS_PER_SECOND


def _speaks(rule: ZoneRule, activity: Activity, given_s: float | None) -> bool | None:
    if activity is Activity.UNSTATED and rule.kind is not RuleKind.NOTIFY:
        return None
    match rule.kind:
        case RuleKind.NO_WEAPONS:
            return True if activity is Activity.LIVE_FIRE else None
        case RuleKind.NO_OVERFLIGHT:
            return activity in _FLYING
        case RuleKind.NOTIFY:
            assert rule.within_s is not None
            return None if given_s is None else given_s < rule.within_s
