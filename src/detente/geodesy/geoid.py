"""How far mean sea level lies from the WGS 84 ellipsoid: bounds that hold the true height, not an estimate of it.

A table of the lowest and highest EGM96 height in each cell of one degree is bundled. Where the full 15-minute grid is installed with
PROJ it is used instead. "AMSL" rarely says which geoid was meant, so both carry the difference between models: EGM96 and EGM2008
differ by up to 12.1 m. Between the nodes of the 15-minute grid the field departs from it by up to 1.2 m (against the 5-minute grid).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache, lru_cache
from math import ceil, floor
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

MODEL_MARGIN_M: Final = 12.1
NODE_MARGIN_M: Final = 1.2
MARGIN_M: Final = MODEL_MARGIN_M + NODE_MARGIN_M
_TABLE: Final = Path(__file__).parent / "data" / "egm96_bounds_1deg.npz"


@dataclass(frozen=True, eq=False)
class GeoidGrid:
    """Nodes of a geoid grid: (rows, columns) heights in metres, rows northward from `south_deg`, columns eastward from `west_deg`."""

    south_deg: float
    west_deg: float
    step_deg: float
    heights_m: NDArray[np.float32]


def geoid_bounds_m(south_deg: float, west_deg: float, north_deg: float, east_deg: float) -> tuple[float, float]:
    """The lowest and highest height (m) of mean sea level above the ellipsoid anywhere in the box. Errs outward.

    Args:
        west_deg, east_deg: west may be larger than east where the box runs over the antimeridian.
    """
    fine = _installed_grid()
    over = west_deg > east_deg
    if fine is None:
        rows = min(179, floor(south_deg) + 90), min(179, floor(north_deg) + 90)
        return _bundled_bounds(*rows, floor(west_deg), floor(east_deg), over)
    last = len(fine.heights_m) - 1
    rows = floor((south_deg - fine.south_deg) / fine.step_deg), ceil((north_deg - fine.south_deg) / fine.step_deg)
    columns = floor((west_deg - fine.west_deg) / fine.step_deg), ceil((east_deg - fine.west_deg) / fine.step_deg)
    return _bounds_of_nodes(fine, max(0, min(rows[0], last)), max(0, min(rows[1], last)), *columns, over)


@lru_cache(maxsize=4096)  # many volumes of one arena lie over the same cells
def _bundled_bounds(south: int, north: int, west: int, east: int, over: bool) -> tuple[float, float]:
    lowest, highest = _bundled()
    columns = _columns(west, east, over, 360)
    low_m, high_m = lowest[south : north + 1, columns].min(), highest[south : north + 1, columns].max()
    return float(low_m) - MARGIN_M, float(high_m) + MARGIN_M


@lru_cache(maxsize=4096)
def _bounds_of_nodes(grid: GeoidGrid, south: int, north: int, west: int, east: int, over: bool) -> tuple[float, float]:
    nodes = grid.heights_m[south : north + 1, _columns(west, east, over, round(360 / grid.step_deg))]
    return float(nodes.min()) - MARGIN_M, float(nodes.max()) + MARGIN_M


def _columns(first: int, last: int, over_the_antimeridian: bool, count: int) -> NDArray[np.int64]:
    """Columns from `first` to `last`, both included, counted from -180 and wrapped round."""
    if over_the_antimeridian:
        last += count
    return np.arange(first, min(last, first + count - 1) + 1) % count


@cache
def _bundled() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(180, 360) lowest and highest, metres; rows from 90° S, columns by whole degrees east of 0 (so -1 is the last)."""
    with np.load(_TABLE) as table:
        bounds_m = table["bounds_dm"] / 10.0
        shift = int(table["west_deg"])
    lowest, highest = (np.roll(side, shift, axis=1) for side in bounds_m)
    return lowest, highest


@cache
def _installed_grid() -> GeoidGrid | None:
    for folder in _proj_folders():
        path = folder / "egm96_15.gtx"
        if path.is_file():
            return read_gtx(path)
    return None


def _proj_folders() -> list[Path]:
    named = [
        Path(entry)
        for entry in (os.environ.get("PROJ_DATA") or os.environ.get("PROJ_LIB") or "").split(os.pathsep)
        if entry
    ]
    return [*named, Path("/usr/share/proj"), Path("/usr/local/share/proj")]


def read_gtx(path: Path) -> GeoidGrid:
    """A grid in NOAA's GTX format: big-endian; south, west, steps (degrees), rows, columns, then heights row by row."""
    raw = path.read_bytes()
    south, west, step, _ = np.frombuffer(raw, ">f8", 4).tolist()
    rows, columns = np.frombuffer(raw, ">i4", 2, 32).tolist()
    heights = np.frombuffer(raw, ">f4", rows * columns, 40).reshape(rows, columns).astype(np.float32)
    return GeoidGrid(south, west, step, heights)
