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
from dataclasses import dataclass, fields
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

Progress = Callable[[int, int], None]
Ints = NDArray[np.int64]

REFERENCE_CODES: Final = {reference: code for code, reference in enumerate(AltitudeReference)}
UNLIMITED: Final = REFERENCE_CODES[AltitudeReference.UNLIMITED]
UNSTATED: Final = REFERENCE_CODES[AltitudeReference.UNSTATED]
_CELL_FACTOR: Final = 4.0
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
    order = _by_place(volumes)
    laid = _laid_anew(volumes, order)
    grid = _grid_of(laid, minima)
    parts = _swept(laid, grid, minima, threads or os.cpu_count() or 1, progress)
    parts.append(_big_pairs(laid, grid, minima))
    pairs, answers = _in_order(parts, order)
    return _decided(pairs, answers, exact)


def _by_place(v: VolumeArrays) -> Ints:
    """The volumes' indices in an order in which neighbours on the ground are neighbours in memory."""
    first = v.offset[:-1]
    south = np.floor((v.lat_deg[first] + 90.0) * 6).astype(np.int32)
    west = np.floor((v.lon_deg[first] + 180.0) * 6).astype(np.int32)
    return np.argsort(south * 2200 + west, kind="stable")


def _laid_anew(v: VolumeArrays, order: Ints) -> VolumeArrays:
    length = np.diff(v.offset)[order]
    offset = np.concatenate([[0], np.cumsum(length)])
    lat_deg, lon_deg, joins = np.empty_like(v.lat_deg), np.empty_like(v.lon_deg), np.empty_like(v.joins)
    compiled().gather_vertices(order, v.offset, v.lat_deg, v.lon_deg, v.joins, offset, lat_deg, lon_deg, joins)
    vertices: dict[str, Any] = {"lat_deg": lat_deg, "lon_deg": lon_deg, "joins": joins, "offset": offset}
    columns = {field.name: getattr(v, field.name)[order] for field in fields(v) if field.name not in vertices}
    return VolumeArrays(**vertices, **columns)


def _in_order(parts: list[_Found], order: Ints) -> _Found:
    """Every pair once, by its volumes' own indices, the smaller first; sorted. Pairs over the antimeridian may come twice."""
    count = len(order)
    keys = [
        (np.minimum(a, b) * count + np.maximum(a, b)) * 8 + answers
        for pairs, answers in parts
        for a, b in [(order[pairs[:, 0]], order[pairs[:, 1]])]
    ]
    key = np.sort(np.concatenate(keys))
    fresh = np.ones(len(key), dtype=bool)
    fresh[1:] = key[1:] >> 3 != key[:-1] >> 3
    key = key[fresh]
    first, second = np.divmod(key >> 3, count)
    return np.stack([first, second], axis=1), (key & 7).astype(np.int8)


def _decided(pairs: Ints, answers: NDArray[np.int8], exact: Callable[[int, int], Answer]) -> Meetings:
    """What the kernels left open is decided laterally; time and altitude they have settled."""
    lateral, sure = answers & 3, answers & 4 != 0
    for k in np.flatnonzero(lateral == kernels.UNDECIDED).tolist():
        lateral[k] = exact(int(pairs[k, 0]), int(pairs[k, 1]))
    settled = np.where(sure, lateral, np.minimum(lateral, kernels.POSSIBLE)).astype(np.int8)
    meets = lateral != kernels.CLEAR
    return Meetings(pairs, settled) if meets.all() else Meetings(pairs[meets], settled[meets])


# ── the grid ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, eq=False)
class _Grid:
    xyz: Floats
    box: NDArray[np.float32]
    time: NDArray[np.int32]
    height: NDArray[np.int32]
    big: NDArray[np.bool_]
    row_count: int
    area: Floats
    row_start: Ints
    cell_row: NDArray[np.int32]
    cell_start: Ints
    e_id: NDArray[np.int32]
    e_turn: NDArray[np.int8]
    real: Floats


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
    real = _rows(v, centre, reach)
    time, height = _time_s(v, largest[2]), _height_dm(v, largest[1])
    area = _area(box)
    row_count = _row_count(box, area)
    columns = [run.columns_of(row, row_count, area) for row in range(row_count)]
    row_start = np.concatenate([[0], np.cumsum(columns)]).astype(np.int64)
    order = np.argsort(time[:, 0], kind="stable")
    counts, big = np.zeros(row_start[-1], dtype=np.int64), np.zeros(n, dtype=bool)
    run.count_cells(np.arange(n), box, row_count, area, row_start, _MOST_CELLS, counts, big)
    cell_start = np.concatenate([[0], np.cumsum(counts)])
    e_id, e_turn = np.empty(int(cell_start[-1]), dtype=np.int32), np.empty(int(cell_start[-1]), dtype=np.int8)
    run.fill_cells(order, box, row_count, area, row_start, big, cell_start[:-1].copy(), e_id, e_turn)
    cell_row = np.repeat(np.arange(row_count, dtype=np.int32), np.diff(row_start))
    return _Grid(
        xyz, box, time, height, big, row_count, area, row_start, cell_row, cell_start, e_id, e_turn, real
    )  # fmt: skip


def _rows(v: VolumeArrays, centre: Floats, reach: Floats) -> Floats:
    """(n, 20) what the kernels ask of a volume again and again, side by side; columns as `kernels` names them."""
    real = np.empty((len(v), kernels.UPPER_MOST + 1))
    whole = real.view(np.int64)
    real[:, kernels.X : kernels.Z + 1], real[:, kernels.INNER : kernels.OUTER + 1] = centre, reach
    real[:, kernels.RADIUS], real[:, kernels.SLACK], real[:, kernels.RISE] = (
        v.radius_m,
        v.position_slack_m,
        v.altitude_slack_m,
    )
    whole[:, kernels.WHO] = v.party.astype(np.int64) << 8 | v.activity
    whole[:, kernels.START], whole[:, kernels.END], whole[:, kernels.TIME_SLACK] = v.start_us, v.end_us, v.time_slack_us
    real[:, kernels.LOWER], real[:, kernels.UPPER] = v.lower_m, v.upper_m
    real[:, kernels.LOWER_LEAST :] = v.hae_m
    flags = v.kind.astype(np.int64) | v.lower_in.astype(np.int64) << 2 | v.upper_in.astype(np.int64) << 6
    for column, bit in (
        (v.start_stated, kernels.START_STATED),
        (v.end_stated, kernels.END_STATED),
        (v.below_ground, kernels.BELOW_GROUND),
    ):
        flags |= np.where(column, bit, 0)
    whole[:, kernels.FLAGS], whole[:, kernels.FIRST] = flags, v.offset[:-1]
    return real


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
    s_box, s_time = np.empty((4, longest), dtype=np.float32), np.empty((2, longest), dtype=np.int32)
    s_height, s_party = np.empty((2, longest), dtype=np.int32), np.empty(longest, dtype=np.int64)
    rows = max(_OUT_ROWS, longest)
    out, answers = np.empty((rows, 2), dtype=np.int64), np.empty(rows, dtype=np.int8)
    flat_i, flat_j = np.empty((kernels.MOST_VERTICES, 2)), np.empty((kernels.MOST_VERTICES, 2))
    whole = grid.real.view(np.int64)
    parts, entry = [], 0
    while cell < last_cell:
        found, cell, entry = run.sweep(
            cell, entry, last_cell, grid.row_count, grid.area, grid.row_start, grid.cell_row, grid.cell_start,
            grid.e_id, grid.e_turn, grid.box, grid.time, grid.height, minima, grid.real, whole, grid.xyz, v.joins, v.offset,
            s_box, s_time, s_height, s_party, mask, mask.view(np.uint64), flat_i, flat_j, out, answers,
        )  # fmt: skip
        if found:
            parts.append((out[:found].copy(), answers[:found].copy()))
    return parts


def _big_pairs(v: VolumeArrays, grid: _Grid, minima: Floats) -> _Found:
    """Volumes that lie over thousands of cells, against all others, without the grid."""
    flat_i, flat_j = np.empty((kernels.MOST_VERTICES, 2)), np.empty((kernels.MOST_VERTICES, 2))
    pairs, answers = [np.zeros((0, 2), dtype=np.int64)], [np.zeros(0, dtype=np.int8)]
    for i in np.flatnonzero(grid.big).tolist():
        j = np.flatnonzero(_near_big(v, grid, i))
        found = np.empty(len(j), dtype=np.int8)
        compiled().answer_pairs(
            i, j, minima, grid.real, grid.real.view(np.int64), grid.xyz, v.joins, v.offset, flat_i, flat_j, found
        )
        j, found = j[found != kernels.CLEAR], found[found != kernels.CLEAR]
        pairs.append(np.stack([np.full(len(j), i), j], axis=1))
        answers.append(found)
    return np.concatenate(pairs), np.concatenate(answers)


def _near_big(v: VolumeArrays, grid: _Grid, i: int) -> NDArray[np.bool_]:
    near: NDArray[np.bool_] = (v.party != v.party[i]) & (~grid.big | (np.arange(len(v)) > i))
    for span in (grid.time, grid.height):
        near &= (span[:, 0] <= span[i, 1]) & (span[:, 1] >= span[i, 0])
    return near


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
