"""Pairs of moving things that will come close: the closest point of approach within a look-ahead.

Each track goes on as it goes now: straight along the ground, at its speed, climbing at its rate. Two are paired when at one moment
within the look-ahead they are within the lateral and the vertical minimum both. Straight lines in a plane stand for geodesics; what that
may be off by, 1 m and a sixth of s³/R² (4 m where s, the ground covered and half the distance apart, is 100 km), is added to the
lateral minimum, so no approach is missed. This is a prediction, not a screening answer: things turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detente.geodesy.wgs84 import Floats
from detente.screening import engine, kernels
from detente.screening.packed import Ints

FASTEST_M_S: Final = 10_000.0
LONGEST_M: Final = 500_000.0  # of one track within the look-ahead; beyond it no plane will do
_OUT_ROWS: Final = 1 << 16


@dataclass(frozen=True, eq=False)
class Tracks:
    """n tracks at one moment.

    Attributes:
        latitude_deg, longitude_deg: (n,), -90 to 90 and -180 to 180.
        height_m: (n,), all measured from the same; NaN: not known, so it may be any.
        east_m_s, north_m_s: (n,) over the ground. up_m_s: (n,).
    """

    latitude_deg: Floats
    longitude_deg: Floats
    height_m: Floats
    east_m_s: Floats
    north_m_s: Floats
    up_m_s: Floats

    def __len__(self) -> int:
        return len(self.latitude_deg)


@dataclass(frozen=True, eq=False)
class Approaches:
    """k pairs of tracks, in lexicographic order.

    Attributes:
        pairs: (k, 2) indices i < j.
        first_s: (k,) when they first are within both minima; 0 where they are now.
        closest_s, closest_m: (k,) when they are closest on the ground, and how far apart then, within the look-ahead.
    """

    pairs: Ints
    first_s: Floats
    closest_s: Floats
    closest_m: Floats


def closest_approaches(
    tracks: Tracks,
    *,
    look_ahead_s: float,
    within_m: float,
    within_height_m: float,
    run: ModuleType | None = None,
) -> Approaches:
    """Every pair of tracks that comes within both minima at one moment from now to `look_ahead_s`.

    Args:
        run: the kernels; the compiled ones when None.
    Raises:
        ValueError: a number other than a height is missing, or a track covers more than 500 km.
    Errs: outward, by what the module says.
    Cost: grows with how many tracks share a cell about as large as the ground a track covers, and a height.
    """
    if len(tracks) < 2:
        return _approaches(np.zeros((0, 5)))
    _check(tracks, look_ahead_s, within_m, within_height_m)
    run = engine.compiled() if run is None else run
    place, velocity, box = _swept_boxes(tracks, look_ahead_s, within_m, within_height_m, run)
    grid = np.zeros((kernels.LEVELS, kernels.GRID_ROWS + 1), dtype=np.int64)
    run.lay_grid(grid)
    level = _level_for(box)
    starts, cell_row, entries = _entries(box, grid, level, run)
    height = np.stack([tracks.height_m, tracks.up_m_s], axis=1)
    out = np.empty((max(_OUT_ROWS, int(np.diff(starts).max())), 5))
    cells = np.flatnonzero(np.diff(starts))
    found, at, entry = [], 0, 0
    while at < len(cells):
        count, at, entry = run.track_pairs(
            cells, at, entry, cell_row, starts, grid, level, entries,
            place, velocity, height, float(look_ahead_s), float(within_m), float(within_height_m), out,
        )  # fmt: skip
        found.append(out[:count].copy())
    return _approaches(np.concatenate(found))


def _check(tracks: Tracks, look_ahead_s: float, within_m: float, within_height_m: float) -> None:
    speed_m_s = np.hypot(tracks.east_m_s, tracks.north_m_s)
    known = np.isfinite(tracks.latitude_deg + tracks.longitude_deg + speed_m_s + tracks.up_m_s)
    if not known.all():
        raise ValueError(f"track {int((~known).argmax())} has no place, speed or rate of climb")
    if not (look_ahead_s >= 0.0 and within_m >= 0.0 and within_height_m >= 0.0):
        raise ValueError("the look-ahead and the minima are 0 or more")
    if speed_m_s.max() * look_ahead_s > LONGEST_M:
        raise ValueError(f"track {int(speed_m_s.argmax())} covers more than 500 km in {look_ahead_s} s")


def _swept_boxes(
    tracks: Tracks, look_ahead_s: float, within_m: float, within_height_m: float, run: ModuleType
) -> tuple[Floats, Floats, NDArray[np.int32]]:
    """Earth-centred places and velocities, and (n, 6) boxes round where each track goes, half the minima included; outward."""
    n = len(tracks)
    lat, lon = (np.ascontiguousarray(x, dtype=float) for x in (tracks.latitude_deg, tracks.longitude_deg))
    place, velocity, end_deg = np.empty((n, 3)), np.empty((n, 3)), np.empty((n, 2))
    east, north = (np.ascontiguousarray(x, dtype=float) for x in (tracks.east_m_s, tracks.north_m_s))
    run.track_ends(lat, lon, east, north, float(look_ahead_s), place, velocity, end_deg)
    both = np.stack([lat, end_deg[:, 0]], axis=1).ravel(), np.stack([lon, end_deg[:, 1]], axis=1).ravel()
    xyz = np.empty((2 * n, 3))
    run.place_vertices(*both, xyz)
    longest_m = float(np.hypot(east, north).max()) * look_ahead_s
    # once what is added to the minimum, for any pair that meets, and some for where the track ends
    widen_m = within_m / 2 + 20.0 + (within_m + 2 * longest_m) ** 3 / (6 * kernels.R_MIN**2)
    degrees = np.empty((n, 4), dtype=np.float32)
    run.describe(
        0, n, np.full(n, kernels.CHAIN, dtype=np.int8), np.full(n, widen_m), np.zeros(n), *both, xyz,
        np.tile(np.array([1, 0], dtype=np.uint8), n), np.arange(0, 2 * n + 1, 2),
        np.empty((n, 3)), np.empty((n, 2)), degrees, np.empty((kernels.MOST_VERTICES, 2)),
    )  # fmt: skip
    box = np.empty((n, 6), dtype=np.int32)
    box[:, [0, 2]] = np.floor(degrees[:, [0, 2]] * 1e6)
    box[:, [1, 3]] = np.ceil(degrees[:, [1, 3]] * 1e6)
    box[:, 4], box[:, 5] = _swept_heights(tracks, look_ahead_s, within_height_m / 2 + 0.1)
    return place, velocity, box


def _swept_heights(tracks: Tracks, look_ahead_s: float, widen_m: float) -> tuple[Floats, Floats]:
    """Lowest and highest decimetre of each track; a height not known is any."""
    now_m, then_m = tracks.height_m, tracks.height_m + tracks.up_m_s * look_ahead_s
    lowest = np.nan_to_num(np.minimum(now_m, then_m) - widen_m, nan=-1e8)
    highest = np.nan_to_num(np.maximum(now_m, then_m) + widen_m, nan=1e8)
    return np.floor(np.clip(lowest, -1e8, 1e8) * 10), np.ceil(np.clip(highest, -1e8, 1e8) * 10)


def _level_for(box: NDArray[np.int32]) -> int:
    """The level whose cells are about as high as the boxes."""
    high = float(np.median(box[:, 1] - box[:, 0]))
    return int(np.clip(np.round(np.log2(max(high / kernels.CELL, 1.0))), 0, kernels.LEVELS - 2))


def _entries(
    box: NDArray[np.int32], grid: Ints, level: int, run: ModuleType
) -> tuple[Ints, NDArray[np.int32], NDArray[np.int32]]:
    """Where each cell's entries begin (cells + 1,), each cell's row, and the entries."""
    order = np.argsort(box[:, 4], kind="stable")
    firsts = np.unique(grid[level])
    firsts = firsts[firsts >= grid[level, 0]]
    row_count = len(firsts) - 1
    starts = np.zeros(int(firsts[-1] - firsts[0]) + 1, dtype=np.int64)
    run.track_cells(box, grid, level, starts, order, np.empty((0, 7), dtype=np.int32))
    np.cumsum(starts, out=starts)
    entries = np.empty((int(starts[-1]), 7), dtype=np.int32)
    run.track_cells(box, grid, level, starts[:-1].copy(), order, entries)
    return starts, np.repeat(np.arange(row_count, dtype=np.int32), np.diff(firsts)), entries


def _approaches(rows: Floats) -> Approaches:
    rows = rows[np.lexsort((rows[:, 1], rows[:, 0]))]
    pairs = rows[:, :2].astype(np.int64)
    fresh = np.ones(len(rows), dtype=bool)
    fresh[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)  # pairs over the antimeridian may be found on both sides
    rows = rows[fresh]
    return Approaches(pairs[fresh], rows[:, 2], rows[:, 3], rows[:, 4])
