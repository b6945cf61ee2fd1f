"""Whether something can have moved as it is claimed: the speed that two claimed places and times need. It is arithmetic, and no finding."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from detente.accounts.apart import GOOD_TO_M, apart_m
from detente.domain import Claim, Fix, TimeWindow
from detente.domain.units import MICROSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True)
class Speeds:
    """The straight speeds between two claimed places and times, metres a second, by all that the two leave open.

    `least_m_s` is what is needed at the least: from the nearest ends of both places, in all the time there may have been. Errs downward, by a
    metre of distance. `greatest_m_s` is what the farthest ends in the shortest time would take; infinite where the times may be one. A path
    that was not straight takes more; so the least alone tells something, where it is more than the thing can do.
    """

    least_m_s: float
    greatest_m_s: float
    least_m: float
    greatest_m: float
    shortest_s: float
    longest_s: float


@dataclass(frozen=True, slots=True)
class Leg:
    """What one claimant's account takes of one thing, from a claimed place and time to the next."""

    claimant: str
    thing: str
    start: Claim
    end: Claim
    speeds: Speeds


def speeds(start: Fix, start_time: TimeWindow, end: Fix, end_time: TimeWindow) -> Speeds:
    """The speeds from one claimed place and time to another. The end may not be wholly before the start; else the longest time is 0."""
    between_m = apart_m(start.position, end.position)
    open_m = start.within_m + end.within_m
    least_m, greatest_m = max(0.0, between_m - open_m - GOOD_TO_M), between_m + open_m + GOOD_TO_M
    shortest_s = max(0.0, (end_time.start_us - start_time.end_us) / MICROSECONDS_PER_SECOND)
    longest_s = max(0.0, (end_time.end_us - start_time.start_us) / MICROSECONDS_PER_SECOND)
    least = least_m / longest_s if longest_s else (inf if least_m else 0.0)
    greatest = greatest_m / shortest_s if shortest_s else inf
    return Speeds(least, greatest, least_m, greatest_m, shortest_s, longest_s)


def legs(claims: Iterable[Claim]) -> tuple[Leg, ...]:
    """Each claimant's account of each thing, in the order of its times; claims without place or time take no part.

    Of statements of which one takes the place of another, each stands against the others of its own: a claim is not joined to one that it
    supersedes.
    """
    placed = [claim for claim in claims if claim.thing and claim.fix and claim.event]
    found: list[Leg] = []
    for claimant, thing in sorted({(claim.claimant, claim.thing) for claim in placed}):
        own = sorted((c for c in placed if (c.claimant, c.thing) == (claimant, thing)), key=_by_time)
        for start, end in pairwise(own):
            if start.id in end.supersedes or end.id in start.supersedes:
                continue
            assert start.fix
            assert end.fix
            assert start.event
            assert end.event
            needed = speeds(start.fix, start.event, end.fix, end.event)
            found.append(Leg(claimant, thing, start, end, needed))
    return tuple(found)


def _by_time(claim: Claim) -> tuple[int, int, str]:
    assert claim.event
    return claim.event.start_us + claim.event.end_us, claim.event.start_us, claim.id
