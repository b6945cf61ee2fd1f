"""The ledger of claims: what is stated by whom about the same event, side by side. Agreement, dispute and gaps are shown; nobody is believed.

Two claimants agree on a time where what both leave open has a moment in common, and on a place where what both leave open touches: that is all
that agreement means here. Errs: towards agreement, by a metre.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

from detente.accounts.apart import GOOD_TO_M, apart_m
from detente.domain import Claim, NotUnderstood, at
from detente.domain.units import MICROSECONDS_PER_SECOND

Pair: TypeAlias = tuple[Claim, Claim]


@dataclass(frozen=True, slots=True)
class Versions:
    """Several statements by one claimant about one event, in the order they were made; `apart_s` is how far their times lie from one another."""

    claimant: str
    topic: str
    claims: tuple[Claim, ...]
    apart_s: float | None


@dataclass(frozen=True, slots=True)
class Topic:
    """What is stated about one event.

    Attributes:
        disputes: who disputes what: the claim that does, and the claim that it is at odds with.
        agreed_times, agreed_places, other_times, other_places: pairs of claims by different claimants, as the module has it.
        without_time, without_place: claimants none of whose statements says when, or where.
    """

    name: str
    claims: tuple[Claim, ...]
    disputes: tuple[Pair, ...]
    agreed_times: tuple[Pair, ...]
    other_times: tuple[Pair, ...]
    agreed_places: tuple[Pair, ...]
    other_places: tuple[Pair, ...]
    without_time: tuple[str, ...]
    without_place: tuple[str, ...]

    @property
    def claimants(self) -> tuple[str, ...]:
        return tuple(sorted({claim.claimant for claim in self.claims}))


@dataclass(frozen=True, slots=True)
class Ledger:
    """All claims by the day they were made, what stands about each event, and the versions of each claimant."""

    claims: tuple[Claim, ...]
    topics: tuple[Topic, ...]
    versions: tuple[Versions, ...]

    def claim(self, name: str) -> Claim:
        """The claim of that id."""
        return next(claim for claim in self.claims if claim.id == name)

    def disputed(self, claim: Claim) -> tuple[str, ...]:
        """Who disputes a claim: by a claim of their own, or as its source has it."""
        by_claims = {other.claimant for other in self.claims if claim.id in other.disputes}
        return tuple(sorted(by_claims | set(claim.disputed_by)))


def ledger(claims: Iterable[Claim]) -> Ledger:
    """The ledger.

    Raises:
        NotUnderstood: an id stands twice, a claim names one that is not there, supersedes another claimant's, or itself in a circle.
    """
    ordered = tuple(sorted(claims, key=lambda claim: (claim.stated.start_us, claim.id)))
    _check(ordered)
    names = sorted({topic for claim in ordered for topic in claim.topics})
    topics = tuple(_topic(name, [claim for claim in ordered if name in claim.topics]) for name in names)
    versions = [found for topic in topics for found in _versions(topic)]
    return Ledger(ordered, topics, tuple(versions))


def _check(claims: Sequence[Claim]) -> None:
    by_id: dict[str, Claim] = {}
    for claim in claims:
        if claim.id in by_id:
            raise NotUnderstood(f"claim {claim.id} stands twice", hint="give each its own id")
        by_id[claim.id] = claim
    for claim in claims:
        with at(f"claim {claim.id}"):
            for name in (*claim.supersedes, *claim.disputes):
                if name not in by_id:
                    raise NotUnderstood(f"it names {name}, which is not there", hint="give that claim too")
            for name in claim.supersedes:
                if by_id[name].claimant != claim.claimant:
                    raise NotUnderstood(
                        f"it supersedes {name}, a claim of {by_id[name].claimant}",
                        hint="dispute it: only its claimant can",
                    )
            _check_no_circle(claim, by_id)


def _check_no_circle(claim: Claim, by_id: dict[str, Claim]) -> None:
    seen, waiting = set(), list(claim.supersedes)
    while waiting:
        name = waiting.pop()
        if name == claim.id:
            raise NotUnderstood("it supersedes itself in a circle", hint="let the later supersede the earlier")
        if name not in seen:
            seen.add(name)
            waiting.extend(by_id[name].supersedes if name in by_id else ())


def _topic(name: str, claims: Sequence[Claim]) -> Topic:
    pairs = [(a, b) for a, b in combinations(claims, 2) if a.claimant != b.claimant]
    timed = [(a, b) for a, b in pairs if a.event and b.event]
    placed = [(a, b) for a, b in pairs if a.fix and b.fix and a.thing == b.thing]
    ids = {claim.id: claim for claim in claims}
    claimants = {claim.claimant for claim in claims}
    return Topic(
        name, tuple(claims),
        disputes=tuple((claim, ids[other]) for claim in claims for other in claim.disputes if other in ids),
        agreed_times=tuple(pair for pair in timed if _share_a_moment(*pair)),
        other_times=tuple(pair for pair in timed if not _share_a_moment(*pair)),
        agreed_places=tuple(pair for pair in placed if _touch(*pair)),
        other_places=tuple(pair for pair in placed if not _touch(*pair)),
        without_time=tuple(sorted(claimants - {claim.claimant for claim in claims if claim.event})),
        without_place=tuple(sorted(claimants - {claim.claimant for claim in claims if claim.fix})),
    )  # fmt: skip


def _share_a_moment(a: Claim, b: Claim) -> bool:
    assert a.event
    assert b.event
    return a.event.start_us <= b.event.end_us and b.event.start_us <= a.event.end_us


def _touch(a: Claim, b: Claim) -> bool:
    assert a.fix
    assert b.fix
    return apart_m(a.fix.position, b.fix.position) <= a.fix.within_m + b.fix.within_m + GOOD_TO_M


def _versions(topic: Topic) -> list[Versions]:
    found = []
    for claimant in topic.claimants:
        own = tuple(claim for claim in topic.claims if claim.claimant == claimant and claim.event)
        related = {name for claim in own for name in claim.supersedes} & {claim.id for claim in own}
        if len(own) > 1 and related:
            found.append(Versions(claimant, topic.name, own, _spread_s(own)))
    return found


def _spread_s(claims: Sequence[Claim]) -> float | None:
    middles = [(claim.event.start_us + claim.event.end_us) / 2 for claim in claims if claim.event]
    return (max(middles) - min(middles)) / MICROSECONDS_PER_SECOND if len(middles) > 1 else None
