"""A claim: who states what happened, when and where, how sure, and by which source. Never more than that."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from detente.domain.errors import InvalidVolume, NotUnderstood
from detente.domain.footprint import Position
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import TimeWindow

_FARTHEST_M = 20_100_000.0  # no two places are farther apart


@dataclass(frozen=True, slots=True)
class Fix:
    """Where something is stated to have been: within `within_m` of a place. `basis` says what of it was not stated."""

    position: Position
    within_m: float
    basis: str = ""

    def __post_init__(self) -> None:
        if not (isfinite(self.within_m) and 0 < self.within_m <= _FARTHEST_M):
            raise InvalidVolume(f"a place known to {self.within_m} m", hint="say how far off it may be, above 0")


@dataclass(frozen=True, slots=True)
class Telling:
    """That one party told another something, as a claimant has it; `at_us` is None where no minute is stated."""

    by: str
    to: str
    what: str
    at_us: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """One statement.

    Attributes:
        stated: the day, or month, on which it was made.
        event: when it happened, as narrowly as the claimant says; None where no time is stated.
        thing: what moved, where the place is that of something; empty otherwise.
        topics: what it is about, so that statements about one event are found together.
        supersedes: earlier claims of the same claimant about the same event. They stay.
        disputes: claims that this one is at odds with.
        disputed_by: claimants who dispute it, by its source, without a claim of theirs being named.
        tells: what somebody told somebody, by this claimant's account.
        basis: what was derived or assumed, and not stated.
    """

    id: str
    claimant: str
    stated: TimeWindow
    text: str
    sources: tuple[str, ...]
    topics: tuple[str, ...] = ()
    thing: str = ""
    event: TimeWindow | None = None
    fix: Fix | None = None
    supersedes: tuple[str, ...] = ()
    disputes: tuple[str, ...] = ()
    disputed_by: tuple[str, ...] = ()
    tells: tuple[Telling, ...] = ()
    basis: tuple[str, ...] = ()
    note: str = ""

    def __post_init__(self) -> None:
        for name, hint in (("id", "name it"), ("claimant", "say who states it"), ("text", "say what is stated")):
            if not getattr(self, name).strip():
                raise NotUnderstood(f"no {name}", hint=hint, where=name)
        if not self.sources or not all(source.strip() for source in self.sources):
            raise NotUnderstood("no source", hint="say where it is stated", where="sources")
        if self.event is not None and self.event.start_us > self.stated.end_us:
            raise NotUnderstood(
                "it happened after it was stated", hint="check the days, and the zone of the time", where="event"
            )
        if self.id in (*self.supersedes, *self.disputes):
            raise NotUnderstood("it supersedes or disputes itself", hint="name another claim")


def within(moment_us: int, precision_s: float) -> TimeWindow:
    """A moment that is known to so many seconds either way."""
    away_us = round(precision_s * MICROSECONDS_PER_SECOND)
    return TimeWindow(moment_us - away_us, moment_us + away_us)
