"""Two sides' tallies beside each other: which reports may be of one event, which stand on one side alone, and why. It says nothing of who is right.

Two reports *fit* where they are of one kind, no platform or party named by one is another than the other names, their times are within the time tolerance, and their
places, where both state one, within the distance tolerance and what both leave open. Each is paired with what fits it best, one with one: no report of either side
is left, or paired otherwise, where it and another would both be closer to each other. That pairing is the only one with this property, whichever side is
named first. Closeness: the gap in time and in place, each as a share of its tolerance, added.

Source: stable matching with symmetric preferences; taking the closest pair first finds it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import InvalidVolume, NotUnderstood
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.violation import Violation
from detente.geodesy import wgs84

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
GOOD_TO_M: Final = 1.0
_AT_ONCE: Final = 2_000  # reports whose neighbours are looked at together
_METRES_PER_DEG: Final = 110_500.0  # of latitude, at the least


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far two reports of one event may lie from one another."""

    time_s: float = 1800.0
    distance_m: float = 5000.0

    def __post_init__(self) -> None:
        if not (0 < self.time_s <= 7 * 86_400 and 0 < self.distance_m <= 1_000_000):
            raise InvalidVolume(
                f"a tolerance of {self.time_s} s and {self.distance_m} m", hint="above 0, at most a week and 1,000 km"
            )


@dataclass(frozen=True, slots=True)
class Pairing:
    """Two reports that may be of one event. `gap_m` is None where one of them states no place."""

    a: Violation
    b: Violation
    gap_s: float
    gap_m: float | None


@dataclass(frozen=True, slots=True)
class Alone:
    """A report that stands on one side. `nearest` is what fitted it, and was closer to another; None where nothing fitted."""

    report: Violation
    nearest: Violation | None


@dataclass(frozen=True, slots=True)
class Matched:
    """All of both sides, each once."""

    both: tuple[Pairing, ...]
    only_a: tuple[Alone, ...]
    only_b: tuple[Alone, ...]


@dataclass(frozen=True, slots=True)
class _Fits:
    """Pairs that fit: indices on both sides, gaps, and how close."""

    a: Ints
    b: Ints
    gap_s: Floats
    gap_m: Floats  # NaN where one states no place
    cost: Floats


def match(a: Sequence[Violation], b: Sequence[Violation], tolerance: Tolerance) -> Matched:
    """The tallies of two sides beside each other.

    Raises:
        NotUnderstood: an id stands twice on one side.
    Cost: sorting, and a look at every pair of one kind within the time tolerance.
    """
    for side in (a, b):
        _check_ids(side)
    fits = _fits(a, b, tolerance)
    of_a, of_b = _paired(a, b, fits)
    both = [
        Pairing(
            a[i], b[int(fits.b[k])], float(fits.gap_s[k]), None if np.isnan(fits.gap_m[k]) else float(fits.gap_m[k])
        )
        for i, k in sorted(of_a.items())
    ]
    best_a, best_b = _best(fits.a, fits.cost), _best(fits.b, fits.cost)
    return Matched(
        tuple(both),
        tuple(Alone(v, b[int(fits.b[best_a[i]])] if i in best_a else None) for i, v in enumerate(a) if i not in of_a),
        tuple(Alone(v, a[int(fits.a[best_b[j]])] if j in best_b else None) for j, v in enumerate(b) if j not in of_b),
    )


def _check_ids(side: Sequence[Violation]) -> None:
    seen: set[str] = set()
    for each in side:
        if each.id in seen:
            raise NotUnderstood(f"report {each.id} of {each.reporter} stands twice", hint="give each its own id")
        seen.add(each.id)


def _paired(a: Sequence[Violation], b: Sequence[Violation], fits: _Fits) -> tuple[dict[int, int], set[int]]:
    """The closest first, ties by the two ids in either order: the same whichever side comes first."""
    names = [
        tuple(sorted((a[i].id + "|" + a[i].reporter, b[j].id + "|" + b[j].reporter)))
        for i, j in zip(fits.a, fits.b, strict=True)
    ]
    order = sorted(range(len(names)), key=lambda k: (fits.cost[k], names[k]))
    of_a: dict[int, int] = {}
    of_b: set[int] = set()
    for k in order:
        i, j = int(fits.a[k]), int(fits.b[k])
        if i not in of_a and j not in of_b:
            of_a[i] = k
            of_b.add(j)
    return of_a, of_b


def _best(side: Ints, cost: Floats) -> dict[int, int]:
    """Of each report that fits something, the closest that does."""
    found: dict[int, int] = {}
    for k in np.argsort(cost, kind="stable"):
        found.setdefault(int(side[k]), int(k))
    return found


# ── what fits ────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's reports as arrays, (n,) each: seconds, degrees (NaN where no place is stated), metres, and what is named, as numbers; 0 is not stated."""

    kind: Ints
    start_s: Floats
    end_s: Floats
    latitude_deg: Floats
    longitude_deg: Floats
    within_m: Floats
    platform: Ints
    by: Ints


def _side(reports: Sequence[Violation], codes: dict[str, int]) -> _Side:
    def coded(text: str) -> int:
        return codes.setdefault(text, len(codes)) if text else 0

    fixes = [each.fix for each in reports]
    return _Side(
        np.array([coded(each.kind.value) for each in reports], dtype=np.int64),
        np.array([each.window.start_us for each in reports], dtype=np.float64) / MICROSECONDS_PER_SECOND,
        np.array([each.window.end_us for each in reports], dtype=np.float64) / MICROSECONDS_PER_SECOND,
        np.array([fix.position.latitude_deg if fix else np.nan for fix in fixes]),
        np.array([fix.position.longitude_deg if fix else np.nan for fix in fixes]),
        np.array([fix.within_m if fix else 0.0 for fix in fixes]),
        np.array([coded(each.platform) for each in reports], dtype=np.int64),
        np.array([coded(each.by) for each in reports], dtype=np.int64),
    )


def _fits(a: Sequence[Violation], b: Sequence[Violation], tolerance: Tolerance) -> _Fits:
    codes = {"": 0}
    one, other = _side(a, codes), _side(b, codes)
    parts = [
        part
        for kind in np.intersect1d(one.kind, other.kind)
        for part in _of_kind(
            one, other, np.flatnonzero(one.kind == kind), np.flatnonzero(other.kind == kind), tolerance
        )
    ]
    none = _Fits(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0))
    return _Fits(
        *(
            np.concatenate([getattr(part, name) for part in [*parts, none]])
            for name in ("a", "b", "gap_s", "gap_m", "cost")
        )
    )


def _of_kind(a: _Side, b: _Side, own: Ints, others: Ints, tolerance: Tolerance) -> Iterator[_Fits]:
    others = others[np.argsort(b.start_s[others], kind="stable")]
    starts = b.start_s[others]
    longest_s = float(np.max(b.end_s[others] - starts))
    for from_ in range(0, len(own), _AT_ONCE):
        some = own[from_ : from_ + _AT_ONCE]
        first = np.searchsorted(starts, a.start_s[some] - tolerance.time_s - longest_s, side="left")
        after = np.searchsorted(starts, a.end_s[some] + tolerance.time_s, side="right")
        counts = after - first
        left = np.repeat(np.arange(len(some)), counts)
        right = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(first, counts)
        yield _judged(a, b, some[left], others[right], tolerance)


def _judged(a: _Side, b: _Side, left: Ints, right: Ints, tolerance: Tolerance) -> _Fits:
    gap_s = np.maximum(0.0, np.maximum(a.start_s[left] - b.end_s[right], b.start_s[right] - a.end_s[left]))
    reach_m = tolerance.distance_m + a.within_m[left] + b.within_m[right] + GOOD_TO_M
    north_m = np.abs(a.latitude_deg[left] - b.latitude_deg[right]) * _METRES_PER_DEG
    keep = (gap_s <= tolerance.time_s) & ~(north_m > reach_m)  # NaN is near: no place is stated
    keep &= _same(a.platform[left], b.platform[right]) & _same(a.by[left], b.by[right])
    left, right, gap_s, reach_m = left[keep], right[keep], gap_s[keep], reach_m[keep]
    gap_m = np.full(len(left), np.nan)
    placed = np.flatnonzero(~np.isnan(a.latitude_deg[left] + b.latitude_deg[right]))
    if len(placed):
        i, j = left[placed], right[placed]
        _, gap_m[placed] = wgs84.inverse(a.latitude_deg[i], a.longitude_deg[i], b.latitude_deg[j], b.longitude_deg[j])
    fits = np.isnan(gap_m) | (gap_m <= reach_m)
    share = np.where(
        np.isnan(gap_m), 1.0, gap_m / reach_m
    )  # where no place is stated, no closer than the farthest that fits
    cost = gap_s / tolerance.time_s + share
    return _Fits(left[fits], right[fits], gap_s[fits], gap_m[fits], cost[fits])


def _same(one: Ints, other: Ints) -> NDArray[np.bool_]:
    """Whether nothing that both state is different."""
    return np.asarray((one == 0) | (other == 0) | (one == other))
