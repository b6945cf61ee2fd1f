"""The engine: which volumes of many meet, all against all, at the speed of the machine.

Volumes as flat arrays go through a grid on the ground and a sweep over time; the kernels decide laterally wherever their error
allows and leave the rest to the exact predicate. Times and altitudes are compared on the stated values, with the rules of
`pair`. The result does not depend on threads, batches or the order of insertion.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from itertools import pairwise
from math import ceil, inf
from types import FunctionType, ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import AltitudeReference, Answer, Arena
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.geodesy.wgs84 import Floats
from detente.screening import kernels
from detente.screening.pair import LATERAL_MARGIN_M, Prepared
from detente.screening.shape import Core
from detente.screening.vertical import RESOLUTION_M

Progress = Callable[[int, int], None]
Ints = NDArray[np.int64]

REFERENCE_CODES: Final = {reference: code for code, reference in enumerate(AltitudeReference)}
UNLIMITED: Final = REFERENCE_CODES[AltitudeReference.UNLIMITED]
UNSTATED: Final = REFERENCE_CODES[AltitudeReference.UNSTATED]
_CELL_FACTOR: Final = 1.5
_MOST_CELLS: Final = 4096
_OUT_ROWS: Final = 1 << 18
_TIME_CLAMP_S: Final = 2**30


@dataclass(frozen=True, eq=False)
class VolumeArrays:
    """n volumes as flat arrays.

    Attributes:
        lat_deg, lon_deg: (v,) vertices of all volumes, end to end; rings repeat their first vertex; edges at most 100 km.
        joins: (v,) uint8, 1 where an edge goes on to the next vertex, 0 where not, 2 where in addition a polygon (a shell with
            its holes) ends.
        offset: (n + 1,) where each volume's vertices begin.
        kind: (n,) int8, `kernels.POINT`, `CHAIN` or `REGION`. radius_m: (n,) how far the core is widened.
        start_us, end_us: (n,) int64, and whether each was stated: start_stated, end_stated (n,) bool.
        lower_m, upper_m: (n,) float64 in the references coded in lower_in, upper_in (n,) int8 (`REFERENCE_CODES`).
        hae_m: (n, 4) least and most of lower, least and most of upper, metres above the ellipsoid; only read where two
            references differ.
        position_slack_m, altitude_slack_m: (n,) uncertainties. time_slack_us: (n,) int64.
        below_ground: (n,) bool.
        party: (n,) int32; volumes of one party are not compared. activity: (n,) int16 row of the minima table.
    """

    lat_deg: Floats
    lon_deg: Floats
    joins: NDArray[np.uint8]
    offset: Ints
    kind: NDArray[np.int8]
    radius_m: Floats
    start_us: Ints
    end_us: Ints
    start_stated: NDArray[np.bool_]
    end_stated: NDArray[np.bool_]
    lower_m: Floats
    upper_m: Floats
    lower_in: NDArray[np.int8]
    upper_in: NDArray[np.int8]
    hae_m: Floats
    position_slack_m: Floats
    altitude_slack_m: Floats
    time_slack_us: Ints
    below_ground: NDArray[np.bool_]
    party: NDArray[np.int32]
    activity: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.kind)


def arrays_of(
    volumes: Sequence[Prepared], parties: Sequence[int], activities: Sequence[int], arena: Arena
) -> tuple[VolumeArrays, Ints]:
    """Volumes as arrays, and for each row the index of the volume it belongs to; a volume of several cores takes several rows."""
    rows = [(k, core) for k, p in enumerate(volumes) for core in p.shape.cores]
    owner = np.array([k for k, _ in rows], dtype=np.int64)
    own = [p.volume for p in volumes]
    lats, lons, joins, counts = [], [], [], []
    for _, core in rows:
        lats.append(core.lat)
        lons.append(core.lon)
        joins.append(_joins(core))
        counts.append(len(core.lat))

    def column(values: list[Any], kind: Any) -> Any:
        return np.array(values, dtype=kind)[owner]

    arrays = VolumeArrays(
        lat_deg=np.concatenate(lats) if lats else np.zeros(0),
        lon_deg=np.concatenate(lons) if lons else np.zeros(0),
        joins=np.concatenate(joins) if joins else np.zeros(0, dtype=np.uint8),
        offset=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        kind=np.array([_kind(core) for _, core in rows], dtype=np.int8),
        radius_m=np.array([core.radius_m for _, core in rows]),
        start_us=column([v.window.start_us for v in own], np.int64),
        end_us=column([v.window.end_us for v in own], np.int64),
        start_stated=column([v.window.start_stated for v in own], bool),
        end_stated=column([v.window.end_stated for v in own], bool),
        lower_m=column([v.altitude.lower.value_m for v in own], float),
        upper_m=column([v.altitude.upper.value_m for v in own], float),
        lower_in=column([REFERENCE_CODES[v.altitude.lower.reference] for v in own], np.int8),
        upper_in=column([REFERENCE_CODES[v.altitude.upper.reference] for v in own], np.int8),
        hae_m=_hae_m(volumes, arena)[owner],
        position_slack_m=column([v.uncertainty.position_m for v in own], float),
        altitude_slack_m=column([v.uncertainty.altitude_m for v in own], float),
        time_slack_us=column([ceil(v.uncertainty.time_s * MICROSECONDS_PER_SECOND) for v in own], np.int64),
        below_ground=column([p.reaches_below_ground for p in volumes], bool),
        party=column(list(parties), np.int32),
        activity=column(list(activities), np.int16),
    )
    return arrays, owner


def _kind(core: Core) -> int:
    if core.is_region:
        return kernels.REGION
    return kernels.POINT if len(core.lat) == 1 else kernels.CHAIN


def _joins(core: Core) -> NDArray[np.uint8]:
    """1 where an edge goes on, 0 at the end of a ring or chain, 2 at the end of a polygon with its holes."""
    joins = np.zeros(len(core.lat), dtype=np.uint8)
    if len(core.lat) > 1:
        joins[core.start] = 1
    if core.is_region:
        last_of_ring = np.append(core.start[core.ring_start[1:]], len(core.lat)) - 1
        last_of_part = np.append(core.shell_of[1:] != core.shell_of[:-1], True)
        joins[last_of_ring[last_of_part]] = 2
    return joins


def _hae_m(volumes: Sequence[Prepared], arena: Arena) -> Floats:
    limits = [(p.volume.altitude.lower, p.volume.altitude.upper) for p in volumes]
    if len({limit.reference for pair in limits for limit in pair} - {AltitudeReference.UNLIMITED}) <= 1:
        return np.zeros((len(volumes), 4))  # never read: every comparison stays in one reference
    from detente.geodesy.altitudes import hae_bounds_m

    return np.array(
        [
            [*hae_bounds_m(lower, *p.shape.box_deg, arena), *hae_bounds_m(upper, *p.shape.box_deg, arena)]
            for p, (lower, upper) in zip(volumes, limits, strict=True)
        ]
    )


@dataclass(frozen=True, eq=False)
class Meetings:
    """Pairs that meet or may: (k, 2) indices i < j in lexicographic order, and (k,) int8 answers (`Answer`)."""

    pairs: Ints
    answers: NDArray[np.int8]


def find_meetings(
    volumes: VolumeArrays,
    minima: Floats,
    exact: Callable[[int, int], Answer],
    *,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Meetings:
    """Every pair of volumes of different parties that is not CLEAR.

    Args:
        minima: (activities, activities, 3) lateral_m, vertical_m, time_s; symmetric.
        exact: the lateral answer of a pair that the kernels leave undecided.
        threads: how many; all the machine has when None.
    Errs: never. The kernels' doubt is decided by `exact`.
    """
    if len(volumes) < 2:
        return Meetings(np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int8))
    grid = _grid_of(volumes, minima)
    parts = _swept(volumes, grid, minima, threads or os.cpu_count() or 1, progress)
    parts.append(_big_pairs(volumes, grid, minima))
    pairs = np.concatenate([p for p, _ in parts])
    lateral = np.concatenate([a for _, a in parts])
    key = np.argsort(pairs[:, 0] * len(volumes) + pairs[:, 1], kind="stable")
    pairs, lateral = pairs[key], lateral[key]
    fresh = np.ones(len(pairs), dtype=bool)
    fresh[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)  # pairs over the antimeridian may be found on both sides
    return _decided(volumes, pairs[fresh], lateral[fresh], minima, exact)


def _decided(
    volumes: VolumeArrays, pairs: Ints, lateral: NDArray[np.int8], minima: Floats, exact: Callable[[int, int], Answer]
) -> Meetings:
    """Time and altitude by the rules of `pair`, then whatever the kernels left open."""
    i, j = pairs[:, 0], pairs[:, 1]
    rule = minima[volumes.activity[i], volumes.activity[j]]
    sure, maybe = _in_time(volumes, i, j, rule[:, 2])
    sure_height, maybe_height = _in_height(volumes, i, j, rule[:, 1])
    keep = maybe & maybe_height
    pairs, lateral, sure = pairs[keep], lateral[keep].copy(), (sure & sure_height)[keep]
    for k in np.flatnonzero(lateral == kernels.UNDECIDED).tolist():
        lateral[k] = exact(int(pairs[k, 0]), int(pairs[k, 1]))
    meets = lateral != kernels.CLEAR
    answers = np.where(sure, lateral, np.minimum(lateral, kernels.POSSIBLE)).astype(np.int8)
    return Meetings(pairs[meets], answers[meets])


def _in_time(v: VolumeArrays, i: Ints, j: Ints, within_s: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the windows come within the minimum as stated, and whether they may; see `pair.time_separation_s`."""
    sure, maybe = np.ones(len(i), dtype=bool), np.ones(len(i), dtype=bool)
    slack_us = v.time_slack_us[i] + v.time_slack_us[j]
    for a, b in ((i, j), (j, i)):
        gap_us = v.start_us[b] - v.end_us[a]
        maybe &= np.maximum(gap_us - slack_us, 0) / MICROSECONDS_PER_SECOND <= within_s
        sure &= v.end_stated[a] & v.start_stated[b] & (np.maximum(gap_us, 0) / MICROSECONDS_PER_SECOND <= within_s)
    return sure, maybe


def _in_height(v: VolumeArrays, i: Ints, j: Ints, within_m: Floats) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the bands come within the minimum as stated, and whether they may; see `vertical.gap_m`."""
    sure, maybe = np.ones(len(i), dtype=bool), np.ones(len(i), dtype=bool)
    slack_m = v.altitude_slack_m[i] + v.altitude_slack_m[j]
    above_ground = ~(v.below_ground[i] | v.below_ground[j])
    for over, under in ((i, j), (j, i)):
        least, most = _height_gap(v, over, under, above_ground)
        maybe &= least - slack_m <= within_m + RESOLUTION_M
        sure &= most <= within_m + RESOLUTION_M
    return sure, maybe


def _height_gap(v: VolumeArrays, over: Ints, under: Ints, above_ground: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    lower_in, upper_in = v.lower_in[over], v.upper_in[under]
    same = lower_in == upper_in
    with np.errstate(invalid="ignore"):  # open limits hold ±inf and are settled below
        stated = v.lower_m[over] - v.upper_m[under]
        least = np.where(same, stated, v.hae_m[over, 0] - v.hae_m[under, 3])
        most = np.where(same, stated, v.hae_m[over, 1] - v.hae_m[under, 2])
    surface = (lower_in == REFERENCE_CODES[AltitudeReference.AGL]) & (v.lower_m[over] == 0.0) & above_ground & ~same
    open_ = surface | (lower_in == UNLIMITED) | (upper_in == UNLIMITED)
    unsaid = (lower_in == UNSTATED) | (upper_in == UNSTATED)
    least = np.where(open_ | unsaid, -inf, least)
    return least, np.where(unsaid, inf, np.where(open_, -inf, most))


# ── the grid ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Grid:
    xyz: Floats
    centre: Floats
    reach: Floats
    box: NDArray[np.float32]
    time: NDArray[np.int32]
    height: NDArray[np.int32]
    big: NDArray[np.bool_]
    row_count: int
    area: Floats
    row_start: Ints
    cell_row: NDArray[np.int32]
    cell_start: Ints
    e_box: NDArray[np.float32]
    e_time: NDArray[np.int32]
    e_height: NDArray[np.int32]
    e_id: NDArray[np.int32]


def _grid_of(v: VolumeArrays, minima: Floats) -> _Grid:
    run = compiled()
    n = len(v)
    largest = minima.reshape(-1, 3).max(axis=0)
    xyz = np.empty((len(v.lat_deg), 3))
    run.place_vertices(v.lat_deg, v.lon_deg, xyz)
    centre, reach, box = np.empty((n, 3)), np.empty((n, 2)), np.empty((n, 4), dtype=np.float32)
    spread_m = v.position_slack_m + largest[0] / 2 + LATERAL_MARGIN_M
    flat = np.empty((kernels.MOST_VERTICES, 2))
    run.describe(
        0, n, v.kind, v.radius_m, spread_m, v.lat_deg, v.lon_deg, xyz, v.joins, v.offset, centre, reach, box, flat
    )
    time, height = _time_s(v, largest[2]), _height_dm(v, largest[1])
    area = _area(box)
    row_count = _row_count(box, area)
    columns = [run.columns_of(row, row_count, area) for row in range(row_count)]
    row_start = np.concatenate([[0], np.cumsum(columns)]).astype(np.int64)
    order = np.argsort(time[:, 0], kind="stable")
    counts, big = np.zeros(row_start[-1], dtype=np.int64), np.zeros(n, dtype=bool)
    run.count_cells(order, box, row_count, area, row_start, _MOST_CELLS, counts, big)
    cell_start = np.concatenate([[0], np.cumsum(counts)])
    total = int(cell_start[-1])
    e_box, e_time = np.empty((4, total), dtype=np.float32), np.empty((2, total), dtype=np.int32)
    e_height, e_id = np.empty((2, total), dtype=np.int32), np.empty(total, dtype=np.int32)
    run.fill_cells(
        order, box, time, height, row_count, area, row_start, big, cell_start[:-1].copy(), e_box, e_time, e_height, e_id
    )
    cell_row = np.repeat(np.arange(row_count, dtype=np.int32), np.diff(row_start))
    return _Grid(
        xyz,
        centre,
        reach,
        box,
        time,
        height,
        big,
        row_count,
        area,
        row_start,
        cell_row,
        cell_start,
        e_box,
        e_time,
        e_height,
        e_id,
    )


def _time_s(v: VolumeArrays, within_s: float) -> NDArray[np.int32]:
    """(n, 2) whole seconds from the middle one of the stated starts, outward; ends hold the minimum. What lies 34 years off is clamped."""
    stated = v.start_us[v.start_us > -(2**60)]
    origin_us = int(np.median(stated)) if len(stated) else 0
    start = (v.start_us - v.time_slack_us - origin_us) // MICROSECONDS_PER_SECOND
    end = -(
        (origin_us - v.end_us - v.time_slack_us - ceil(within_s * MICROSECONDS_PER_SECOND)) // MICROSECONDS_PER_SECOND
    )
    return np.clip(np.stack([start, end], axis=1), -_TIME_CLAMP_S, _TIME_CLAMP_S).astype(np.int32)


def _height_dm(v: VolumeArrays, within_m: float) -> NDArray[np.int32]:
    """(n, 2) whole decimetres, outward; upper limits hold the minimum. In one reference where all share it, else above the ellipsoid too."""
    codes = np.unique(np.concatenate([v.lower_in, v.upper_in]))
    shared = len(set(codes.tolist()) - {UNLIMITED}) <= 1 and UNSTATED not in codes
    surface = (v.lower_in == REFERENCE_CODES[AltitudeReference.AGL]) & (v.lower_m == 0.0)
    # in several references each band spans its stated values too: limits that share one are compared as stated, and on a
    # steep geoid or in warm air that brings them closer than their heights above the ellipsoid are
    lower = v.lower_m if shared else np.where(surface, -inf, np.minimum(v.hae_m[:, 0], v.lower_m))
    upper = v.upper_m if shared else np.maximum(v.hae_m[:, 3], v.upper_m)
    low = np.floor(np.clip(lower - v.altitude_slack_m - 0.1, -1e8, 1e8) * 10)
    high = np.ceil(np.clip(upper + v.altitude_slack_m + within_m + 0.1, -1e8, 1e8) * 10)
    return np.stack([low, high], axis=1).astype(np.int32)


def _area(box: NDArray[np.float32]) -> Floats:
    """South, north, west and width (degrees) of what the grid has to cover; the whole circle where boxes cross the seam."""
    south, north = float(box[:, 0].min()), float(box[:, 1].max())
    west, east = float(box[:, 2].min()), float(box[:, 3].max())
    if west < -180.0 or east > 180.0 or east - west >= 359.0:
        west, east = -180.0, 180.0
    return np.array([south, max(north, south + 1e-6), west, max(east - west, 1e-6)])


def _row_count(box: NDArray[np.float32], area: Floats) -> int:
    """Rows of the grid, so that a cell is a few times as high as the middle of the boxes, and cells do not outnumber volumes."""
    height_deg = max(float(np.median(box[:, 1] - box[:, 0])) * _CELL_FACTOR, 1e-3)
    least_deg = float(np.sqrt((area[1] - area[0]) * area[3] / max(4 * len(box), 64)))
    return int(np.clip((area[1] - area[0]) / max(height_deg, least_deg), 1, 20_000))


# ── the sweep ────────────────────────────────────────────────────────────────────────────────────────────────────────

_Found = tuple[Ints, NDArray[np.int8]]


def _swept(v: VolumeArrays, grid: _Grid, minima: Floats, threads: int, progress: Progress | None) -> list[_Found]:
    runs = _runs(grid, max(threads * 16, 64))
    done = 0
    lock = threading.Lock()

    def work(run: tuple[int, int]) -> list[_Found]:
        nonlocal done
        found = _sweep_cells(v, grid, minima, *run)
        if progress:
            with lock:
                done += int(grid.cell_start[run[1]] - grid.cell_start[run[0]])
                progress(done, len(grid.e_id))
        return found

    if threads == 1:
        return [found for run in runs for found in work(run)]
    with ThreadPoolExecutor(threads) as pool:
        return [found for part in pool.map(work, runs) for found in part]


def _runs(grid: _Grid, count: int) -> list[tuple[int, int]]:
    """Runs of cells with about as much to compare each; the work of a cell grows with its entries squared."""
    size = np.diff(grid.cell_start).astype(float)
    work = np.cumsum(size * size)
    if not len(work) or work[-1] == 0.0:
        return []
    edges = np.unique(np.searchsorted(work, np.linspace(0, work[-1], count + 1)[1:-1], side="left"))
    stops = [0, *(int(e) for e in edges if e > 0), len(size)]
    return [(a, b) for a, b in pairwise(stops) if a < b]


def _sweep_cells(v: VolumeArrays, grid: _Grid, minima: Floats, cell: int, last_cell: int) -> list[_Found]:
    run = compiled()
    longest = int(np.diff(grid.cell_start[cell : last_cell + 1]).max())
    mask = np.zeros(longest + 16 - longest % 8, dtype=np.uint8)
    rows = max(_OUT_ROWS, longest)
    out, answers = np.empty((rows, 2), dtype=np.int64), np.empty(rows, dtype=np.int8)
    flat_i, flat_j = np.empty((kernels.MOST_VERTICES, 2)), np.empty((kernels.MOST_VERTICES, 2))
    parts, entry = [], 0
    while cell < last_cell:
        found, cell, entry = run.sweep(
            cell, entry, last_cell, grid.row_count, grid.area, grid.row_start, grid.cell_row, grid.cell_start,
            grid.e_box, grid.e_time, grid.e_height, grid.e_id,
            v.party, v.activity, minima, v.position_slack_m, v.kind, v.radius_m, grid.xyz, v.joins, v.offset,
            grid.centre, grid.reach, mask, mask.view(np.uint64), flat_i, flat_j, out, answers,
        )  # fmt: skip
        if found:
            parts.append((out[:found].copy(), answers[:found].copy()))
    return parts


def _big_pairs(v: VolumeArrays, grid: _Grid, minima: Floats) -> _Found:
    """Volumes that lie over thousands of cells, against all others; their lateral answers are left to the exact predicate."""
    found = [np.zeros((0, 2), dtype=np.int64)]
    for i in np.flatnonzero(grid.big).tolist():
        near = (v.party != v.party[i]) & (~grid.big | (np.arange(len(v)) > i))
        for span in (grid.time, grid.height):
            near &= (span[:, 0] <= span[i, 1]) & (span[:, 1] >= span[i, 0])
        j = np.flatnonzero(near)
        apart_m = np.sqrt(np.sum((grid.centre[j] - grid.centre[i]) ** 2, axis=1))
        within_m = grid.reach[j, 1] + grid.reach[i, 1] + v.position_slack_m[j] + v.position_slack_m[i]
        j = j[apart_m <= within_m + minima[v.activity[i], v.activity[j], 0] + 2 * LATERAL_MARGIN_M]
        found.append(np.sort(np.stack([np.full(len(j), i), j], axis=1), axis=1))
    pairs = np.concatenate(found)
    return pairs, np.full(len(pairs), kernels.UNDECIDED, dtype=np.int8)


# ── compiling ────────────────────────────────────────────────────────────────────────────────────────────────────────


@cache
def compiled() -> ModuleType:
    """The module `kernels` once more, compiled; from the disk cache where one can be kept, else anew in each process."""
    spec = spec_from_file_location("detente.screening.kernels_compiled", kernels.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[spec.name] = module  # numba's cache finds its globals by the module's name
    spec.loader.exec_module(module)
    for name, function in list(vars(module).items()):
        if isinstance(function, FunctionType):
            setattr(module, name, _jitted(function))
    return module


def _jitted(function: FunctionType) -> Any:
    import numba

    try:
        return numba.njit(function, nogil=True, cache=True, error_model="numpy")
    except RuntimeError:  # numba finds no folder it could keep a cache in
        return numba.njit(function, nogil=True, error_model="numpy")
