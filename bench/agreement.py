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
from detente.screening import kernels, lateral
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
        excess_m = self.excess_m(i, j)
        if excess_m > LATERAL_MARGIN_M:
            return Answer.CLEAR
        slack_m = float(self.p.volumes.position_slack_m[[i, j]].sum())
        return Answer.CONFLICT if excess_m + slack_m <= lateral.RESOLUTION_M else Answer.POSSIBLE

    def excess_m(self, i: int, j: int) -> float:
        """How much farther two rows are apart than the minimum and their uncertainties reach."""
        reach_m = self.p.minima[0] + float(self.p.volumes.position_slack_m[[i, j]].sum())
        apart = lateral.distance(self._shape(i), self._shape(j), beyond_m=reach_m + 100 * BAND_M)
        return apart.distance_m - reach_m

    def _shape(self, i: int) -> Shape:
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
        both, ours_only, theirs_only: counts.
        in_margin: of ours only, those up to 1 m beyond what was stated, where the engine answers POSSIBLE.
        farthest_m: of all others, the largest distance from the threshold.
        wrong: pairs where the exact predicate contradicts the engine.
    """

    both: int
    ours_only: int
    theirs_only: int
    in_margin: int
    farthest_m: float
    wrong: tuple[tuple[int, int], ...]

    @property
    def holds(self) -> bool:
        return not self.wrong and self.farthest_m <= BAND_M


def compared(p: Planned, ours: NDArray[np.int64], theirs: NDArray[np.int64]) -> Agreement:
    """Every pair that only one has is measured along the geodesic."""
    exact = Exact(p)
    count = len(p.volumes)
    mine, peers = ours @ [count, 1], theirs @ [count, 1]
    ours_only = [divmod(key, count) for key in np.setdiff1d(mine, peers).tolist()]
    theirs_only = [divmod(key, count) for key in np.setdiff1d(peers, mine).tolist()]
    excess_m = {pair: exact.excess_m(*pair) for pair in (*ours_only, *theirs_only)}
    margin = [pair for pair in ours_only if 0.0 < excess_m[pair] <= LATERAL_MARGIN_M]
    wrong = [pair for pair in ours_only if exact(*pair) is Answer.CLEAR]
    wrong += [pair for pair in theirs_only if exact(*pair) is not Answer.CLEAR]
    return Agreement(
        both=len(mine) - len(ours_only),
        ours_only=len(ours_only),
        theirs_only=len(theirs_only),
        in_margin=len(margin),
        farthest_m=max((float(abs(excess_m[pair])) for pair in excess_m if pair not in set(margin)), default=0.0),
        wrong=tuple(wrong),
    )
