"""Which pairs of volumes may meet: every pair that does, and some that do not.

A sweep over time with balls round the footprints. Plain numpy; the exact predicate decides afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import AltitudeReference, Minima
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.geodesy.wgs84 import Floats
from detente.screening.pair import LATERAL_MARGIN_M, Prepared, time_slack_us
from detente.screening.vertical import RESOLUTION_M

Progress: TypeAlias = Callable[[int, int], None]
Indices: TypeAlias = NDArray[np.int64]
_ROWS: Final = 256
_REFERENCE_CODES: Final = {reference: code for code, reference in enumerate(AltitudeReference)}


@dataclass(frozen=True, eq=False)
class VolumeTable:
    """Volumes as arrays of n, uncertainties already added outward.

    Attributes:
        party: (n,) int, equal for volumes of one party.
        centre, reach_m: (n, 3) and (n,) balls round the footprints, earth-centred metres.
        start_us, end_us: (n,) int64.
        lower_m, upper_m: (n,) stated altitude values, each in the reference whose code is in lower_in, upper_in.
    """

    party: NDArray[np.int64]
    centre: Floats
    reach_m: Floats
    start_us: NDArray[np.int64]
    end_us: NDArray[np.int64]
    lower_m: Floats
    upper_m: Floats
    lower_in: NDArray[np.int8]
    upper_in: NDArray[np.int8]


def table_of(volumes: Sequence[Prepared], parties: Sequence[int]) -> VolumeTable:
    """The arrays that `candidate_pairs` sweeps."""
    own = [p.volume for p in volumes]
    time_us = np.array([time_slack_us(v) for v in own], dtype=np.int64)
    rise_m = np.array([v.uncertainty.altitude_m for v in own])
    bounds = [p.shape.bound for p in volumes]
    return VolumeTable(
        party=np.array(parties, dtype=np.int64),
        centre=np.array([centre for centre, _ in bounds]).reshape(-1, 3),
        reach_m=np.array([reach for _, reach in bounds]) + np.array([v.uncertainty.position_m for v in own]),
        start_us=np.array([v.window.start_us for v in own], dtype=np.int64) - time_us,
        end_us=np.array([v.window.end_us for v in own], dtype=np.int64) + time_us,
        lower_m=np.array([v.altitude.lower.value_m for v in own]) - rise_m,
        upper_m=np.array([v.altitude.upper.value_m for v in own]) + rise_m,
        lower_in=np.array([_REFERENCE_CODES[v.altitude.lower.reference] for v in own], dtype=np.int8),
        upper_in=np.array([_REFERENCE_CODES[v.altitude.upper.reference] for v in own], dtype=np.int8),
    )


def candidate_pairs(
    table: VolumeTable, minima: Minima, progress: Progress | None = None, *, most: float = inf
) -> NDArray[np.int64] | None:
    """(k, 2) volume indices i < j of different parties, sorted: every pair within the minima, and some more.

    Args:
        minima: the largest that any rule asks of any pair.
        most: None is returned as soon as there are more than this.
    Errs: outward only. Straight lines through the Earth are never longer than the geodesic, and altitudes are compared only
        within one reference.
    Cost: a sweep over time; volumes that are active together are compared all with all.
    """
    order = np.argsort(table.start_us, kind="stable")
    start_us = table.start_us[order]
    time_us = ceil(minima.time_s * MICROSECONDS_PER_SECOND)
    found: list[NDArray[np.int64]] = []
    count = 0
    for row in range(0, len(order), _ROWS):
        i = order[row : row + _ROWS]
        last = np.searchsorted(start_us, table.end_us[i].max() + time_us, side="right")
        j = order[row:last]
        found.append(_pairs_of_block(table, i, j, minima, time_us))
        count += len(found[-1])
        if count > 2 * most:  # within a block a pair may stand twice
            return None
        if progress:
            progress(min(row + _ROWS, len(order)), len(order))
    pairs = np.sort(np.concatenate(found) if found else np.zeros((0, 2), dtype=np.int64), axis=1)
    pairs = np.unique(pairs, axis=0)
    return None if len(pairs) > most else pairs


def _pairs_of_block(
    table: VolumeTable, i: NDArray[np.int64], j: NDArray[np.int64], minima: Minima, time_us: int
) -> NDArray[np.int64]:
    row, column = np.nonzero(may_meet_in_time(table, i[:, None], j[None, :], time_us))
    a, b = i[row], j[column]
    keep = may_meet_laterally(table, a, b, minima.lateral_m) & may_meet_vertically(table, a, b, minima.vertical_m)
    return np.stack([a[keep], b[keep]], axis=1)


def may_meet_in_time(table: VolumeTable, i: Indices, j: Indices, within_us: int) -> NDArray[np.bool_]:
    """Whether volumes of different parties come within `within_us` of each other. Broadcasts."""
    return np.asarray(
        (table.start_us[i] <= table.end_us[j] + within_us)
        & (table.start_us[j] <= table.end_us[i] + within_us)
        & (table.party[i] != table.party[j])
    )


def may_meet_laterally(table: VolumeTable, i: Indices, j: Indices, within_m: float) -> NDArray[np.bool_]:
    """Whether the balls round two footprints come within `within_m`. Errs outward. Broadcasts."""
    apart_m = np.sqrt(np.sum((table.centre[i] - table.centre[j]) ** 2, axis=-1))
    return np.asarray(apart_m <= table.reach_m[i] + table.reach_m[j] + within_m + 2 * LATERAL_MARGIN_M)


def may_meet_vertically(table: VolumeTable, i: Indices, j: Indices, within_m: float) -> NDArray[np.bool_]:
    """Whether two bands come within `within_m`; only limits that share a reference are compared. Errs outward. Broadcasts."""
    return ~_surely_above(table, i, j, within_m) & ~_surely_above(table, j, i, within_m)


def _surely_above(table: VolumeTable, over: Indices, under: Indices, within_m: float) -> NDArray[np.bool_]:
    same = table.lower_in[over] == table.upper_in[under]
    # open limits hold ±inf: the difference is -inf or NaN, and neither is greater
    with np.errstate(invalid="ignore"):
        gap_m = table.lower_m[over] - table.upper_m[under]
    return np.asarray(same & (gap_m > within_m + 2 * RESOLUTION_M))
