"""Whether the engine and a peer found the same pairs; where not, what the exact predicate says of each.

A peer measures between straight lines on a plane, the engine along geodesics, and the engine answers POSSIBLE up to 1 m beyond
what was stated. So a pair may be found by one alone where its distance lies within `BAND_M` of the threshold, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.workload import Planned
from detente.domain import Answer, Circle, Corridor, Polygon, Position
from detente.screening import kernels, lateral, vertical
from detente.screening.engine import VolumeArrays
from detente.screening.pair import LATERAL_MARGIN_M
from detente.screening.shape import Shape, shape_of

BAND_M: Final = 10.0  # a 30 km edge leaves its geodesic by 2 m on the plane, and the scale changes along a volume


class Exact:
    """The exact predicate for rows of the arrays; what the kernels leave undecided is asked of it."""

    def __init__(self, p: Planned) -> None:
        self.p = p
        self.shapes: dict[int, Shape] = {}

    def __call__(self, i: int, j: int) -> Answer:
        """Laterally, as `find_meetings` asks it."""
        excess_m, slack_m = self.excess_m(i, j), float(self.p.volumes.position_slack_m[[i, j]].sum())
        if excess_m > LATERAL_MARGIN_M:
            return Answer.CLEAR
        return Answer.CONFLICT if excess_m + slack_m <= lateral.RESOLUTION_M else Answer.POSSIBLE

    def answer(self, i: int, j: int) -> Answer:
        """In all dimensions; the pair is known to meet in time and height, uncertainties included."""
        v, (_, vertical_m, time_s) = self.p.volumes, self.p.minima
        gap_us = max(v.start_us[j] - v.end_us[i], v.start_us[i] - v.end_us[j])
        gap_m = max(v.lower_m[j] - v.upper_m[i], v.lower_m[i] - v.upper_m[j])
        sure = gap_us <= round(time_s * 1e6) and gap_m <= vertical_m + vertical.RESOLUTION_M
        return self(i, j) if sure else min(self(i, j), Answer.POSSIBLE)

    def excess_m(self, i: int, j: int, *, stated: bool = False) -> float:
        """How much farther two rows are apart than the minimum and, unless `stated`, their uncertainties reach."""
        slack_m = 0.0 if stated else float(self.p.volumes.position_slack_m[[i, j]].sum())
        reach_m = self.p.minima[0] + slack_m
        apart = lateral.distance(self.shape(i), self.shape(j), beyond_m=reach_m + 100 * BAND_M)
        return float(apart.distance_m) - reach_m

    def shape(self, i: int) -> Shape:
        if i not in self.shapes:
            self.shapes[i] = _shape_of_row(self.p.volumes, i)
        return self.shapes[i]


def _shape_of_row(v: VolumeArrays, i: int) -> Shape:
    a, b = v.offset[i], v.offset[i + 1]
    line = tuple(Position(float(p), float(q)) for p, q in zip(v.lat_deg[a:b], v.lon_deg[a:b], strict=True))
    if v.kind[i] == kernels.REGION:
        return shape_of(Polygon(line[:-1]))
    return shape_of(Circle(line[0], v.radius_m[i]) if v.kind[i] == kernels.POINT else Corridor(line, v.radius_m[i]))


@dataclass(frozen=True)
class Agreement:
    """How the pairs of a peer and the engine's compare.

    Attributes:
        both, ours_only, theirs_only: counts. graded_apart: of both, those of which one says CONFLICT and the other POSSIBLE.
        in_margin: of ours only, those up to 1 m beyond what was stated, where the engine answers POSSIBLE.
        farthest_m: of all other differences, the largest distance from the threshold that was decided differently.
        wrong: pairs of any difference where the exact predicate contradicts the engine.
    """

    both: int
    ours_only: int
    theirs_only: int
    graded_apart: int
    in_margin: int
    farthest_m: float
    wrong: tuple[tuple[int, int], ...]

    @property
    def holds(self) -> bool:
        return not self.wrong and self.farthest_m <= BAND_M


Found = tuple[NDArray[np.int64], NDArray[np.int8]]


def differing(count: int, ours: Found, theirs: Found) -> NDArray[np.int64]:
    """(k, 2) pairs of `count` volumes that only one of the two has, or that they grade differently."""
    (my_keys, my_answers), (peer_keys, peer_answers) = (
        (pairs @ [count, 1], answers) for pairs, answers in (ours, theirs)
    )
    both, mine, peers = np.intersect1d(my_keys, peer_keys, assume_unique=True, return_indices=True)
    apart = both[my_answers[mine] != peer_answers[peers]]
    keys = np.union1d(apart, np.setxor1d(my_keys, peer_keys, assume_unique=True))
    return np.stack(np.divmod(keys, count), axis=1)


def compared(p: Planned, ours: Found, theirs: Found) -> Agreement:
    """Every pair that only one has, or that they grade differently, is measured along the geodesic."""
    exact, count = Exact(p), len(p.volumes)
    (my_keys, my_answers), (peer_keys, peer_answers) = (
        (pairs @ [count, 1], answers) for pairs, answers in (ours, theirs)
    )
    both, mine, peers = np.intersect1d(my_keys, peer_keys, assume_unique=True, return_indices=True)
    apart = my_answers[mine] != peer_answers[peers]
    ours_only, theirs_only = np.setdiff1d(my_keys, both), np.setdiff1d(peer_keys, both)
    found = dict(zip(my_keys[mine][apart].tolist(), my_answers[mine][apart].tolist(), strict=True))
    found |= {key: int(my_answers[np.searchsorted(my_keys, key)]) for key in ours_only.tolist()}
    found |= dict.fromkeys(theirs_only.tolist(), 0)
    excess_m = {key: exact.excess_m(*divmod(key, count)) for key in (*ours_only.tolist(), *theirs_only.tolist())}
    stated_m = {key: exact.excess_m(*divmod(key, count), stated=True) for key in both[apart].tolist()}
    margin = {key for key in ours_only.tolist() if 0.0 < excess_m[key] <= LATERAL_MARGIN_M}
    return Agreement(
        both=len(both),
        ours_only=len(ours_only),
        theirs_only=len(theirs_only),
        graded_apart=int(apart.sum()),
        in_margin=len(margin),
        farthest_m=max((abs(m) for key, m in (excess_m | stated_m).items() if key not in margin), default=0.0),
        wrong=tuple(divmod(key, count) for key, answer in found.items() if exact.answer(*divmod(key, count)) != answer),
    )
