"""The cover: a volume as S2 cells × altitude layers × time slots. Outward only; equal volumes give equal covers.

A cell of the cover is one that comes within `SLACK_M` of the footprint, its uncertainty included, metres being turned into
angles by the smallest radius of curvature of the ellipsoid. So every point of the footprint lies in a cell of the cover, and
so does everything within 0.05 m of it; no cell lies farther away than 1 % of the widening plus 0.2 m. A cell is left out of a
hole only when no such point lies in it. The cover at a level is the parents of the cover at any finer level.

Layers and slots are half open: every altitude lies in one layer and every instant in one slot. `docs/cover.md` states the
whole rule for other implementations; `COVER_VERSION` counts its changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, inf, isfinite
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import (
    WORLD,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Arena,
    Footprint,
    InvalidVolume,
    Minima,
    TimeWindow,
    TooLarge,
    Volume4D,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_END_US, OPEN_START_US
from detente.geodesy.wgs84 import SMALLEST_CURVATURE_RADIUS_M, Floats, normals
from detente.screening import s2cells
from detente.screening.pair import LATERAL_MARGIN_M
from detente.screening.s2cells import Arcs, Cells, Ids, Ints
from detente.screening.shape import PIECE_M, Core, Shape, shape_of
from detente.screening.vertical import RESOLUTION_M

COVER_VERSION: Final = 1
MOST_CELLS: Final = 65_536  # half a megabyte of ids
# Footprints come cut into pieces of 25 km, on which great circle and geodesic part by at most 6.6e-5 m/km² × (25 km)² = 0.041 m.
SLACK_M: Final = 0.1
assert 2 * 6.6e-11 * PIECE_M**2 <= SLACK_M  # longer pieces would need more slack
OPEN_BELOW: Final = -(2**31)  # layers of a band that is open on that side; they fit the 32 bits of a database integer
OPEN_ABOVE: Final = 2**31 - 1
_ROUNDING: Final = 1e-12  # radians; see s2cells
_FIRST_PAIRS: Final = 4096
_BLOCK: Final = 1 << 17  # bounds the memory of (pairs, 4, 3) arrays


@dataclass(frozen=True, slots=True)
class CoverGrid:
    """What a cover is counted in: the cell level, the thickness of a layer (m above the ellipsoid), the length of a slot."""

    cell_level: int
    layer_m: float
    slot_us: int

    def __post_init__(self) -> None:
        s2cells.check_level(self.cell_level)
        check_layer(self.layer_m)
        check_slot(self.slot_us)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole numbers from `first` to `last`, both included: of layers or of slots. Never counted out for an open window."""

    first: int
    last: int

    def meets(self, other: Span) -> bool:
        return self.first <= other.last and other.first <= self.last

    @property
    def count(self) -> int:
        return self.last - self.first + 1

    def numbers(self, most: int) -> range:
        """All of them.

        Raises:
            TooLarge: there are more than `most`, as there are where a side is open.
        """
        if self.count > most:
            raise TooLarge(
                f"{self.count} layers or slots; the limit is {most}",
                hint="an open side is met as an interval, not listed",
            )
        return range(self.first, self.last + 1)


@dataclass(frozen=True, eq=False)
class Cover:
    """A volume's cover. `cells` are (n,) S2 ids of the grid's level, sorted, each once."""

    grid: CoverGrid
    cells: Ids
    layers: Span
    slots: Span

    def meets(self, other: Cover) -> bool:
        """Whether the two have a cell, a layer and a slot in common; both must be of one grid."""
        assert self.grid == other.grid
        return (
            self.slots.meets(other.slots)
            and self.layers.meets(other.layers)
            and bool(np.isin(self.cells, other.cells, assume_unique=True).any())
        )


def cover(
    volume: Volume4D,
    grid: CoverGrid,
    *,
    within: Minima | None = None,
    arena: Arena = WORLD,
    most_cells: int = MOST_CELLS,
) -> Cover:
    """The cells, layers and slots of everything a volume may take up.

    Args:
        within: the volume is widened by these minima and by what screening allows for its own arithmetic. The cover of a volume
            within its largest minima therefore meets the plain cover of every volume that screening would not call CLEAR.
    Raises:
        InvalidVolume: the footprint's geometry cannot be.
        TooLarge: the footprint takes more than `most_cells`.
    Errs: outward only, in all three; altitudes go through `geodesy.altitudes.hae_bounds_m`, and a lower limit at the surface
        is open below, as in screening.
    """
    wider_m, higher_m, later_s = 0.0, 0.0, 0.0
    if within is not None:
        # distances are measured to 5 cm, and less than 1 m from the minimum is POSSIBLE
        wider_m, higher_m, later_s = within.lateral_m + LATERAL_MARGIN_M + 0.1, within.vertical_m, within.time_s
    shape = widened(shape_of(volume.footprint), volume.uncertainty.position_m + wider_m)
    higher_m += volume.uncertainty.altitude_m + 2 * RESOLUTION_M
    return Cover(
        grid,
        cells_meeting(shape, grid.cell_level, most_cells=most_cells),
        layers_of(volume.altitude, higher_m, grid.layer_m, shape, arena),
        slots_of(volume.window, volume.uncertainty.time_s + later_s, grid.slot_us),
    )


def cover_cells(footprint: Footprint, level: int, *, wider_m: float = 0.0, most_cells: int = MOST_CELLS) -> Ids:
    """(n,) sorted ids of the cells of one level that a footprint, widened by `wider_m`, takes.

    Raises:
        InvalidVolume, TooLarge: as `cover`.
    """
    return cells_meeting(widened(shape_of(footprint), wider_m), level, most_cells=most_cells)


def finest_cells(shape: Shape, levels: Sequence[int], *, most_cells: int = MOST_CELLS) -> tuple[int, Ids]:
    """The finest of `levels` at which the shape takes at most `most_cells`, and the cells there.

    Raises:
        TooLarge: it takes more even at the coarsest.
    """
    for level in sorted(set(levels), reverse=True)[:-1]:
        try:
            return level, cells_meeting(shape, level, most_cells=most_cells)
        except TooLarge:
            continue
    return min(levels), cells_meeting(shape, min(levels), most_cells=most_cells)


def widened(shape: Shape, by_m: float) -> Shape:
    """The shape widened on all sides.

    Raises:
        InvalidVolume: `by_m` is negative or no number.
    """
    if not (isfinite(by_m) and by_m >= 0.0):
        raise InvalidVolume(f"a footprint cannot be widened by {by_m} m", hint="give a number of 0 or more")
    return Shape(tuple(replace(core, radius_m=core.radius_m + by_m) for core in shape.cores))


def cells_meeting(shape: Shape, level: int, *, most_cells: int = MOST_CELLS) -> Ids:
    """(n,) sorted ids of the cells of one level that come within `SLACK_M` of the shape.

    Raises:
        TooLarge: there are more than `most_cells`; found out before they are made.
    Cost: 0.3 ms for a circle of 50 cells, 1 ms for a polygon or a corridor of three legs; `docs/cover.md` has a table.
    """
    s2cells.check_level(level)
    found = [_cells_of_core(core, level, most_cells) for core in shape.cores]
    ids = np.unique(np.concatenate(found))
    _check_count(len(ids), level, most_cells)
    return ids


def _check_count(count: int, level: int, most_cells: int) -> None:
    if count > most_cells:
        raise TooLarge(
            f"the footprint takes at least {count} cells of level {level}; the limit is {most_cells}",
            hint="use a coarser level, or split the footprint",
        )


def _cells_of_core(core: Core, level: int, most_cells: int) -> Ids:
    """From coarse cells to fine: each keeps the arcs that may reach it, and is dropped, taken whole or split in four."""
    arcs, angle = _arcs(core), (core.radius_m + SLACK_M) / SMALLEST_CURVATURE_RADIUS_M
    cells = s2cells.cells_round(*_cap(arcs, angle), level, max(1, _FIRST_PAIRS // len(arcs.first)))
    pairs = _Pairs(*(x.ravel() for x in np.indices((len(cells), len(arcs.first)))))
    taken: list[Ids] = []
    count = 0
    while True:
        last = cells.level == level
        whole, pairs = (_reached if last else _whole_or_near)(cells, pairs, arcs, angle)
        if core.is_region:
            whole |= _inside(core, cells, ~whole & ~pairs.hold(len(cells)))
        if whole.any():
            count += int(whole.sum()) << 2 * (level - cells.level)
            _check_count(count, level, most_cells)
            taken.append(s2cells.descendants(cells.take(whole).ids, level))
        if last or not len(pairs.cell):
            return np.concatenate(taken)
        cells, pairs = _split(cells, pairs)
        if len(cells) > 4 * most_cells:
            _check_count(count + int(_reached(cells, pairs, arcs, angle)[0].sum()), level, most_cells)


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Cells and the arcs that may come near them: (k,) indices of each."""

    cell: Ints
    arc: Ints

    def take(self, which: NDArray[np.bool_]) -> _Pairs:
        return _Pairs(self.cell[which], self.arc[which])

    def hold(self, cell_count: int) -> NDArray[np.bool_]:
        """(cell_count,) which cells have an arc at all."""
        held = np.zeros(cell_count, dtype=bool)
        held[self.cell] = True
        return held

    def blocks(self) -> Iterator[slice]:
        return (slice(k, k + _BLOCK) for k in range(0, len(self.cell), _BLOCK))


def _arcs(core: Core) -> Arcs:
    along = normals(core.lat, core.lon)
    return Arcs(along[core.start], along[np.minimum(core.start + 1, len(along) - 1)])


def _cap(arcs: Arcs, angle: float) -> tuple[Floats, float]:
    """A cap that holds everything within `angle` of the arcs, and what rings of them enclose; the whole Earth when large.

    Caps smaller than a hemisphere are convex: with the ends of an arc they hold the arc, with a ring its smaller side.
    """
    ends = np.concatenate([arcs.first, arcs.second])
    middle = ends.sum(axis=0)
    length = float(np.linalg.norm(middle))
    if length < 1e-6 * len(ends):
        return arcs.first[0], np.pi
    middle = middle / length
    chord = float(np.sqrt(np.max(np.sum((ends - middle) ** 2, axis=1))))
    reach = 2.0 * float(np.arcsin(min(0.5 * chord, 1.0)))
    return middle, np.pi if reach > 1.5 else min(reach + angle + _ROUNDING, np.pi)


def _apart(cells: Cells, pairs: _Pairs, arcs: Arcs) -> Floats:
    """(k,) angle between each pair's arc and the centre of its cell."""
    parts = [arcs.take(pairs.arc[block]).angle_to(cells.centres[pairs.cell[block]]) for block in pairs.blocks()]
    return np.concatenate(parts) if parts else np.zeros(0)


def _reach(cells: Cells) -> Floats:
    """(n,) how far each cell's corners are from its centre."""
    chord = np.sqrt(np.sum((cells.corners - cells.centres[:, None]) ** 2, axis=2).max(axis=1))
    return np.asarray(2.0 * np.arcsin(0.5 * chord))


def _whole_or_near(cells: Cells, pairs: _Pairs, arcs: Arcs, angle: float) -> tuple[NDArray[np.bool_], _Pairs]:
    """Which cells lie wholly within `angle` of one arc, and of the others the pairs that may come within it."""
    apart, reach = _apart(cells, pairs, arcs), _reach(cells)[pairs.cell]
    whole = pairs.take(apart + reach <= angle).hold(len(cells))
    return whole, pairs.take((apart <= angle + reach + _ROUNDING) & ~whole[pairs.cell])


def _reached(cells: Cells, pairs: _Pairs, arcs: Arcs, angle: float) -> tuple[NDArray[np.bool_], _Pairs]:
    """Which cells come within `angle` of one of their arcs; no pair is left to look at."""
    apart, reach = _apart(cells, pairs, arcs), _reach(cells)[pairs.cell]
    reached = pairs.take(apart <= angle).hold(len(cells))
    near = pairs.take((apart <= angle + reach + _ROUNDING) & ~reached[pairs.cell])
    for block in near.blocks():
        cell, arc = near.cell[block], near.arc[block]
        reached[cell[s2cells.arcs_reach(arcs.take(arc), cells.corners[cell], angle)]] = True
    return reached, near.take(np.zeros(len(near.cell), dtype=bool))


def _inside(core: Core, cells: Cells, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(n,) which of the cells asked for lie inside the region; none of its rings comes near those."""
    inside = np.zeros(len(cells), dtype=bool)
    if asked.any():
        x, y, z = cells.centres[asked].T
        inside[asked] = core.winds_round(np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x)))
    return inside


def _split(cells: Cells, pairs: _Pairs) -> tuple[Cells, _Pairs]:
    """The children of those cells that have pairs, and a pair of each child for every pair of its parent."""
    split, cell = np.unique(pairs.cell, return_inverse=True)
    return cells.take(split).children(), _Pairs((4 * cell[:, None] + np.arange(4)).ravel(), np.repeat(pairs.arc, 4))


def layers_of(altitude: AltitudeBand, higher_m: float, layer_m: float, shape: Shape, arena: Arena) -> Span:
    """The layers above the ellipsoid that a band, `higher_m` wider on both sides, may reach anywhere on the shape."""
    lowest_m, highest_m = _lowest_m(altitude.lower, shape, arena), _highest_m(altitude.upper, shape, arena)
    first = OPEN_BELOW if lowest_m == -inf else max(floor((lowest_m - higher_m) / layer_m), OPEN_BELOW)
    last = OPEN_ABOVE if highest_m == inf else min(floor((highest_m + higher_m) / layer_m), OPEN_ABOVE)
    return Span(first, last)


def _lowest_m(limit: AltitudeLimit, shape: Shape, arena: Arena) -> float:
    if limit.is_surface:
        return -inf  # nothing airborne is below the ground, wherever the terrain data put it
    return _hae_bounds_m(limit, shape, arena, -inf)[0]


def _highest_m(limit: AltitudeLimit, shape: Shape, arena: Arena) -> float:
    return _hae_bounds_m(limit, shape, arena, inf)[1]


def _hae_bounds_m(limit: AltitudeLimit, shape: Shape, arena: Arena, if_open: float) -> tuple[float, float]:
    match limit.reference:
        case AltitudeReference.UNLIMITED | AltitudeReference.UNSTATED:
            return if_open, if_open
        case AltitudeReference.HAE:
            return limit.value_m, limit.value_m
    from detente.geodesy.altitudes import hae_bounds_m  # the geoid is read only where a reference asks for it

    return hae_bounds_m(limit, *shape.box_deg, arena)


def slots_of(window: TimeWindow, later_s: float, slot_us: int) -> Span:
    """The slots that a window, `later_s` longer on both sides, may reach. Open sides give the numbers of the open instants."""
    slack_us = ceil(later_s * MICROSECONDS_PER_SECOND)
    first = window.start_us if window.start_us <= OPEN_START_US else max(window.start_us - slack_us, OPEN_START_US)
    last = window.end_us if window.end_us >= OPEN_END_US else min(window.end_us + slack_us, OPEN_END_US)
    return Span(first // slot_us, last // slot_us)


def check_layer(layer_m: float) -> None:
    """Raise InvalidVolume where `layer_m` is no thickness of a layer."""
    if not 1.0 <= layer_m <= 100_000.0:
        raise InvalidVolume(f"a layer of {layer_m} m is not between 1 m and 100 km thick", hint="5,000 ft are 1,524 m")


def check_slot(slot_us: int) -> None:
    """Raise InvalidVolume where `slot_us` is no length of a slot."""
    if type(slot_us) is not int or not MICROSECONDS_PER_SECOND <= slot_us <= 366 * 86_400 * MICROSECONDS_PER_SECOND:
        raise InvalidVolume(
            f"a slot of {slot_us} µs is not between a second and a year", hint="an hour is 3,600,000,000 µs"
        )
