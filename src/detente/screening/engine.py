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
from math import ceil
from types import FunctionType, ModuleType
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from detente.domain import AltitudeReference, Answer, Arena, TooLarge
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
_CELL_FACTOR: Final = 6.0
_MOST_CELLS: Final = 4096
_CHUNK: Final = 1 << 12
_OUT_ROWS: Final = 1 << 18
MOST_PAIRS: Final = 50_000_000  # 1.5 GB


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
    most_pairs: int = MOST_PAIRS,
) -> Meetings:
    """Every pair of volumes of different parties that is not CLEAR.

    Args:
        minima: (activities, activities, 3) lateral_m, vertical_m, time_s; symmetric.
        exact: the lateral answer of a pair that the kernels leave undecided.
        threads: how many; all the machine has when None.
        most_pairs: how many pairs to hold, at 30 bytes each; those the kernels leave open count, and those over the antimeridian may twice.
    Errs: never. The kernels' doubt is decided by `exact`.
    Raises:
        TooLarge: more than `most_pairs` meet or may.
    """
    if len(volumes) < 2:
        return Meetings(np.zeros((0, 2), dtype=np.int64), np.zeros(0, dtype=np.int8))
    threads = threads or os.cpu_count() or 1
    grid = _grid_of(volumes, minima, threads)
    tally = _Tally(most_pairs)
    keys = _swept(volumes, grid, minima, threads, progress, tally)
    keys.extend(_big_pairs(volumes, grid, minima, tally))
    del grid  # before the pairs are laid out: they may need the memory
    return _decided(*_in_order(keys, len(volumes)), exact)


class _Tally:
    """How many pairs were found so far, by all threads."""

    def __init__(self, most: int) -> None:
        self._most, self._found, self._lock = most, 0, threading.Lock()

    def add(self, count: int) -> None:
        with self._lock:
            self._found += count
            if self._found > self._most:
                raise TooLarge(
                    f"more than {self._most:,} pairs of volumes meet or may",
                    hint="screen fewer volumes at once, or give those of one activity one party; most_pairs sets the bound",
                )


def _in_order(parts: list[Ints], count: int) -> tuple[Ints, NDArray[np.int8]]:
    """Every pair once, sorted. Pairs over the antimeridian may have come twice."""
    keys = np.concatenate(parts)
    parts.clear()
    keys = compiled().sorted_keys(keys, np.empty_like(keys), 2 * _index_bits(count) + 3)
    pairs, answers = np.empty((len(keys), 2), dtype=np.int64), np.empty(len(keys), dtype=np.int8)
    kept = compiled().unpack_pairs(keys, _index_bits(count), pairs, answers)
    return pairs[:kept], answers[:kept]


def _index_bits(count: int) -> int:
    return count.bit_length()


def _decided(pairs: Ints, answers: NDArray[np.int8], exact: Callable[[int, int], Answer]) -> Meetings:
    """What the kernels left open is decided laterally; time and altitude they have settled."""
    lateral, sure = answers & 3, answers & 4 != 0
    for k in np.flatnonzero(lateral == kernels.UNDECIDED).tolist():
        lateral[k] = exact(int(pairs[k, 0]), int(pairs[k, 1]))
    settled = np.where(sure, lateral, np.minimum(lateral, kernels.POSSIBLE)).astype(np.int8)
    meets = lateral != kernels.CLEAR
    return Meetings(pairs, settled) if meets.all() else Meetings(pairs[meets], settled[meets])


# ── the grid ─────────────────────────────────────────────────────────────────────────────────────────────────────────


_Item = TypeVar("_Item")
_Result = TypeVar("_Result")
_Heads = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class _Grid:
    """`number` says which volume each row is; cell `c` has the entries `cell_start[c]` to `cell_start[c + 1]`."""

    number: NDArray[np.int32]
    xyz: Floats
    real: Floats
    head: _Heads
    big: NDArray[np.bool_]
    cell_start: Ints
    e_id: NDArray[np.int32]
    e_mark: NDArray[np.int8]


def _grid_of(v: VolumeArrays, minima: Floats, threads: int) -> _Grid:
    run = compiled()
    number, xyz, real, head = _laid_out(v, minima, threads)
    area = _area(head)
    row_count = _row_count(head, area)
    columns = [run.columns_of(row, row_count, area) for row in range(row_count)]
    row_start = np.concatenate([[0], np.cumsum(columns)]).astype(np.int64)
    counts, big = np.zeros(row_start[-1], dtype=np.int64), np.zeros(len(v), dtype=bool)
    run.count_cells(head, row_count, area, row_start, _MOST_CELLS, counts, big)
    cell_start = np.concatenate([[0], np.cumsum(counts)])
    e_id, e_mark = np.empty(int(cell_start[-1]), dtype=np.int32), np.empty(int(cell_start[-1]), dtype=np.int8)
    run.fill_cells(head, row_count, area, row_start, big, cell_start[:-1].copy(), e_id, e_mark)
    return _Grid(number, xyz, real, head, big, cell_start, e_id, e_mark)


def _laid_out(v: VolumeArrays, minima: Floats, threads: int) -> tuple[NDArray[np.int32], Floats, Floats, _Heads]:
    """Volumes as the sweep reads them, rows and heads in the order of their places: numbers, vertices, rows, heads."""
    run, n = compiled(), len(v)
    slot, number = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    run.slots_by_place(v.lat_deg, v.lon_deg, v.offset, slot, number)
    one_reference, origin_us = _one_reference(v), _origin_us(v.start_us)
    xyz = np.empty((len(v.lat_deg), 3))
    real = _on_cache_lines(n, kernels.LOWER_LEAST if one_reference else kernels.UPPER_MOST + 1)
    head = _on_cache_lines(n, 4).view(np.float32)
    lateral_m, vertical_m, time_s = minima.reshape(-1, 3).max(axis=0).tolist()

    def work(chunk: tuple[int, int]) -> None:
        a, b = chunk
        own, (p, q) = slice(a, b), v.offset[[a, b]]
        offset, spread_m = v.offset[a : b + 1], v.position_slack_m[own] + (lateral_m / 2 + LATERAL_MARGIN_M)
        centre, reach, box = np.empty((b - a, 3)), np.empty((b - a, 2)), np.empty((b - a, 4), dtype=np.float32)
        rows, heads = np.empty((b - a, real.shape[1])), np.empty((b - a, 8), dtype=np.float32)
        run.place_vertices(v.lat_deg[p:q], v.lon_deg[p:q], xyz[p:q])
        run.describe(
            0, b - a, v.kind[own], v.radius_m[own], spread_m, v.lat_deg, v.lon_deg, xyz, v.joins, offset,
            centre, reach, box, np.empty((kernels.MOST_VERTICES, 2)),
        )  # fmt: skip
        run.lay_rows(
            slot[own], v.kind[own], v.party[own], v.activity[own], v.start_us[own], v.end_us[own], v.time_slack_us[own],
            v.start_stated[own], v.end_stated[own], v.lower_m[own], v.upper_m[own], v.lower_in[own], v.upper_in[own],
            v.hae_m[own], v.altitude_slack_m[own], v.below_ground[own], v.radius_m[own], v.position_slack_m[own], offset,
            centre, reach, box, origin_us, vertical_m, time_s, one_reference,
            rows, rows.view(np.int64), heads, heads.view(np.int32), real, head,
        )  # fmt: skip

    _each(work, [(a, min(n, a + _CHUNK)) for a in range(0, n, _CHUNK)], threads)
    return number, xyz, real, head


def _each(work: Callable[[_Item], _Result], items: Sequence[_Item], threads: int) -> list[_Result]:
    """The results in order, whichever thread comes first."""
    if threads == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


def _on_cache_lines(rows: int, columns: int) -> Floats:
    """Room for rows; the first begins on a cache line."""
    room = np.empty(rows * columns + 8)
    skip = -room.ctypes.data % 64 // 8
    return room[skip : skip + rows * columns].reshape(rows, columns)


def _origin_us(start_us: Ints) -> int:
    """From where whole seconds are counted: the middle one of a thousand of the starts, or of all, that are stated."""
    for starts in (start_us[:: max(1, len(start_us) // 1_000)], start_us):
        stated = starts[starts > -(2**60)]
        if len(stated):
            return int(np.median(stated))
    return 0


def _one_reference(v: VolumeArrays) -> bool:
    """Whether all limits are in one reference, so that heights are compared as stated."""
    seen = np.bincount(v.lower_in, minlength=8) + np.bincount(v.upper_in, minlength=8)
    return len(set(np.flatnonzero(seen).tolist()) - {UNLIMITED}) <= 1 and not seen[UNSTATED]


def _area(box: _Heads) -> Floats:
    """South, north, west and width (degrees) of what the grid has to cover; the whole circle where boxes cross the seam."""
    south, north = float(box[:, 0].min()), float(box[:, 1].max())
    west, east = float(box[:, 2].min()), float(box[:, 3].max())
    if west < -180.0 or east > 180.0 or east - west >= 359.0:
        west, east = -180.0, 180.0
    return np.array([south, max(north, south + 1e-6), west, max(east - west, 1e-6)])


def _row_count(box: _Heads, area: Floats) -> int:
    """Rows of the grid, so that a cell is a few times as high as the middle of the boxes, and cells do not outnumber volumes."""
    height_deg = max(float(np.median(box[:, 1] - box[:, 0])) * _CELL_FACTOR, 1e-3)
    least_deg = float(np.sqrt((area[1] - area[0]) * area[3] / max(4 * len(box), 64)))
    return int(np.clip((area[1] - area[0]) / max(height_deg, least_deg), 1, 20_000))


# ── the sweep ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _swept(
    v: VolumeArrays, grid: _Grid, minima: Floats, threads: int, progress: Progress | None, tally: _Tally
) -> list[Ints]:
    done = 0
    lock = threading.Lock()

    def work(run: tuple[int, int]) -> list[Ints]:
        nonlocal done
        found = _sweep_cells(v, grid, minima, *run, tally)
        if progress:
            with lock:
                done += int(grid.cell_start[run[1]] - grid.cell_start[run[0]])
                progress(done, len(grid.e_id))
        return found

    return [keys for part in _each(work, _runs(grid, max(threads * 16, 64)), threads) for keys in part]


def _runs(grid: _Grid, count: int) -> list[tuple[int, int]]:
    """Runs of cells with about as much to compare each; the work of a cell grows with its entries squared."""
    size = np.diff(grid.cell_start).astype(float)
    work = np.cumsum(size * size)
    if not len(work) or work[-1] == 0.0:
        return []
    edges = np.unique(np.searchsorted(work, np.linspace(0, work[-1], count + 1)[1:-1], side="left"))
    stops = [0, *(int(e) for e in edges if e > 0), len(size)]
    return [(a, b) for a, b in pairwise(stops) if a < b]


def _sweep_cells(v: VolumeArrays, grid: _Grid, minima: Floats, cell: int, last_cell: int, tally: _Tally) -> list[Ints]:
    run = compiled()
    longest = int(np.diff(grid.cell_start[cell : last_cell + 1]).max())
    mask, near = np.zeros(longest + 16 - longest % 8, dtype=np.uint8), np.empty(longest + 16, dtype=np.int32)
    s_box, s_int = np.empty((4, longest), dtype=np.float32), np.empty((7, longest), dtype=np.int32)
    s_id, out = np.empty((4, longest), dtype=np.int32), np.empty(max(_OUT_ROWS, longest), dtype=np.int64)
    flat_i, flat_j = np.empty((kernels.MOST_VERTICES, 2)), np.empty((kernels.MOST_VERTICES, 2))
    parts, entry = [], 0
    while cell < last_cell:
        found, cell, entry = run.sweep(
            cell, entry, last_cell, grid.cell_start, grid.e_id, grid.e_mark, grid.head, grid.head.view(np.int32), grid.number,
            minima, grid.real, grid.real.view(np.int64), grid.xyz, v.joins,
            s_box, s_int, s_id, mask, mask.view(np.uint64), near, flat_i, flat_j, _index_bits(len(v)), out,
        )  # fmt: skip
        tally.add(found)
        parts.append(out[:found].copy())
    return parts


def _big_pairs(v: VolumeArrays, grid: _Grid, minima: Floats, tally: _Tally) -> list[Ints]:
    """Volumes that lie over thousands of cells, against all others, without the grid."""
    flat_i, flat_j = np.empty((kernels.MOST_VERTICES, 2)), np.empty((kernels.MOST_VERTICES, 2))
    keys, bits, number = [], _index_bits(len(v)), grid.number.astype(np.int64)
    for i in np.flatnonzero(grid.big).tolist():
        j = np.flatnonzero(_near_big(grid, i))
        found = np.empty(len(j), dtype=np.int8)
        compiled().answer_pairs(
            i, j, minima, grid.real, grid.real.view(np.int64), grid.xyz, v.joins, flat_i, flat_j, found
        )
        j, found = number[j[found != kernels.CLEAR]], found[found != kernels.CLEAR]
        tally.add(len(j))
        keys.append(np.minimum(number[i], j) << (bits + 3) | np.maximum(number[i], j) << 3 | found)
    return keys


def _near_big(grid: _Grid, i: int) -> NDArray[np.bool_]:
    party = grid.real.view(np.int64)[:, kernels.WHO] >> 8
    near: NDArray[np.bool_] = (party != party[i]) & (~grid.big | (np.arange(len(party)) > i))
    spans = grid.head.view(np.int32)
    for low, high in ((kernels.FROM_S, kernels.TO_S), (kernels.LOW_DM, kernels.HIGH_DM)):
        near &= (spans[:, low] <= spans[i, high]) & (spans[:, high] >= spans[i, low])
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
