"""The generaliser: what a recipient is told of a volume in a `general` or `existence` view.

A generalised volume is made of whole cells, whole altitude layers and whole time slots of an agreed grid, and is a function of
those alone: nothing of the footprint's kind, its vertices or its uncertainty is left. It holds the volume it was made from,
uncertainty included, and it is a volume like any other: a recipient needs geodesics, no S2 cells, to screen it or draw it.

How cells become polygons (`outline_of`): the cells of one level that share a corner or a side are drawn as one polygon, per
quarter of a cube face. Every side is moved outward by 1/2048 of a cell's width, which is at least four times what a geodesic
between two corners strays from the cell's own side. Sides stay cut at every cell corner, positions are rounded to 1e-7°,
rings start at their least position and parts stand in order: equal cells give equal bytes, and the cells are read back from
the polygons exactly (`cells_behind`). So generalising twice changes nothing, though the polygons touch the next cells.

`docs/cover.md` states the whole rule; `tests/vectors/generaliser` holds what another implementation must reproduce;
`GENERALISER_VERSION` counts changes of either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, inf
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import (
    ALL_ALTITUDES,
    UNLIMITED_ABOVE,
    UNLIMITED_BELOW,
    AltitudeBand,
    AltitudeLimit,
    AltitudeReference,
    Footprint,
    InvalidVolume,
    MultiPolygon,
    Polygon,
    Position,
    Ring,
    TimeWindow,
    TooLarge,
    Volume4D,
)
from detente.domain.altitude import HIGHEST_M, LOWEST_M
from detente.domain.units import METRES_PER_FOOT, MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_END_US, OPEN_START_US
from detente.geodesy.wgs84 import normals
from detente.screening import s2cells
from detente.screening.cover import cells_meeting, check_layer, check_slot, finest_cells, widened
from detente.screening.s2cells import Cells, Ids
from detente.screening.seven_decimals import MARGIN_BITS, lat_lon, seven_decimals
from detente.screening.shape import Core, Shape, shape_of

GENERALISER_VERSION: Final = 1
COARSEST_LEVEL: Final = 3  # above it a geodesic strays too far from a cell's side
FINEST_LEVEL: Final = 16  # 150 m; below it rounding to 1e-7° is no longer small against the margin
MARGINS: Final = 1 << MARGIN_BITS
MARGIN: Final = 1 / MARGINS  # of a cell's width, exact in binary
MOST_CELLS: Final = 4096
DAY_US: Final = 86_400 * MICROSECONDS_PER_SECOND
_BLOCK_LEVEL: Final = 1  # a polygon larger than this would reach farther than screening takes
_FLOAT_NOISE_M: Final = 1e-6  # FL150 is 4572.000000000001 m: not a layer higher for that
_FIRST_US: Final = -62_135_596_800_000_000  # 0001-01-01 and 9999-12-31: the calendar's ends
_LAST_US: Final = 253_402_300_799_999_999


@dataclass(frozen=True, slots=True)
class GeneralGrid:
    """What the parties agreed to generalise to.

    Attributes:
        cell_levels: S2 levels; the finest at which a volume takes at most `most_cells` is used. Usually one.
        layer_m: thickness of an altitude layer, counted from 0 in the limit's own reference; None tells no altitude at all.
        slot_us: length of a time slot, counted from 1970 UTC.
    """

    cell_levels: tuple[int, ...]
    layer_m: float | None = 5000 * METRES_PER_FOOT
    slot_us: int = 3600 * MICROSECONDS_PER_SECOND
    most_cells: int = MOST_CELLS

    def __post_init__(self) -> None:
        if not self.cell_levels:
            raise InvalidVolume("a grid without cell levels places nothing", hint="give at least one level")
        for level in self.cell_levels:
            s2cells.check_level(level, COARSEST_LEVEL, FINEST_LEVEL)
        if self.layer_m is not None:
            check_layer(self.layer_m)
        check_slot(self.slot_us)
        if not 1 <= self.most_cells <= MOST_CELLS:
            raise InvalidVolume(f"a view of {self.most_cells} cells is not between 1 and {MOST_CELLS}")


def existence_grid(coarsest_level: int) -> GeneralGrid:
    """The grid of an `existence` view: the arena's coarsest agreed cells, all altitudes, whole UTC days."""
    return GeneralGrid((coarsest_level,), layer_m=None, slot_us=DAY_US)


def generalise(volume: Volume4D, grid: GeneralGrid) -> Volume4D:
    """The least volume of whole cells, layers and slots that holds `volume` and its uncertainty.

    What was not stated stays so: an open side stays open and keeps whether it was stated.

    Raises:
        InvalidVolume: the footprint's geometry cannot be.
        TooLarge: it takes more cells than the grid allows, at its coarsest level too.
    Errs: outward only. The result of a footprint that lies within another's by 1 % of its own widths and uncertainty and by
        0.3 m lies within the other's result; closer than that a cell may be taken for one and not for the other.
    """
    _, ids = generalised_cells(volume, grid)
    return _volume(ids, _band_and_window(volume, grid))


def generalise_volumes(volumes: Sequence[Volume4D], grid: GeneralGrid) -> tuple[Volume4D, ...]:
    """All of a notice's volumes generalised: one for each band and window, in order, so that legs can't be told apart.

    Raises:
        InvalidVolume, TooLarge: as `generalise`.
    """
    cells: dict[_Extent, dict[int, list[Ids]]] = {}
    for volume in volumes:
        level, ids = generalised_cells(volume, grid)
        cells.setdefault(_band_and_window(volume, grid), {}).setdefault(level, []).append(ids)
    return tuple(
        _volume(np.unique(np.concatenate(by_level[level])), extent)
        for extent, by_level in sorted(cells.items(), key=lambda item: _order(item[0]))
        for level in sorted(by_level)
    )


def generalised_cells(volume: Volume4D, grid: GeneralGrid) -> tuple[int, Ids]:
    """The level and the (n,) sorted ids of the cells that the generalised volume consists of."""
    uncertain_m = volume.uncertainty.position_m
    shape = shape_of(volume.footprint)
    if uncertain_m == 0.0:
        for level in sorted(set(grid.cell_levels), reverse=True):
            ids = _cells_behind(volume.footprint, shape, level, grid.most_cells)
            if ids is not None:
                return level, ids
    return finest_cells(widened(shape, uncertain_m), grid.cell_levels, most_cells=grid.most_cells)


_Extent: TypeAlias = tuple[AltitudeBand, TimeWindow]


def _volume(ids: Ids, extent: _Extent) -> Volume4D:
    return Volume4D(outline_of(ids), *extent)


def _order(extent: _Extent) -> tuple[int, int, bool, bool, float, float, str, str]:
    band, window = extent
    return (
        *(window.start_us, window.end_us, window.start_stated, window.end_stated),
        *(band.lower.value_m, band.upper.value_m, band.lower.reference.value, band.upper.reference.value),
    )


def _band_and_window(volume: Volume4D, grid: GeneralGrid) -> _Extent:
    band = ALL_ALTITUDES
    if grid.layer_m is not None:
        band = generalise_band(volume.altitude, volume.uncertainty.altitude_m, grid.layer_m)
    return band, generalise_window(volume.window, volume.uncertainty.time_s, grid.slot_us)


def generalise_band(band: AltitudeBand, uncertain_m: float, layer_m: float) -> AltitudeBand:
    """The band outward to whole layers, each side in its own reference; at least one layer where both share it.

    An altitude above ground that its uncertainty takes below ground is open below: screening reads a band that is stated to
    start at the surface otherwise than one that reaches under it.
    """
    lower, upper = band.lower, band.upper
    first = _layer_below(lower.value_m - uncertain_m, layer_m)
    last = _layer_above(upper.value_m + uncertain_m, layer_m)
    if lower.reference is upper.reference and last == first:
        last = first + 1
    sinks = lower.reference is AltitudeReference.AGL and 0.0 <= lower.value_m < uncertain_m
    return AltitudeBand(
        UNLIMITED_BELOW if sinks else _limit(lower, first, layer_m, UNLIMITED_BELOW),
        _limit(upper, last, layer_m, UNLIMITED_ABOVE),
    )


def _layer_below(value_m: float, layer_m: float) -> float:
    return value_m if abs(value_m) == inf else floor((value_m + _FLOAT_NOISE_M) / layer_m)


def _layer_above(value_m: float, layer_m: float) -> float:
    return value_m if abs(value_m) == inf else ceil((value_m - _FLOAT_NOISE_M) / layer_m)


def _limit(stated: AltitudeLimit, layer: float, layer_m: float, beyond: AltitudeLimit) -> AltitudeLimit:
    if abs(stated.value_m) == inf:
        return stated
    edge_m = layer * layer_m
    return AltitudeLimit(edge_m, stated.reference) if LOWEST_M <= edge_m <= HIGHEST_M else beyond


def generalise_window(window: TimeWindow, uncertain_s: float, slot_us: int) -> TimeWindow:
    """The window outward to whole slots, at least one; open sides stay open, and an edge past the calendar opens."""
    slack_us = ceil(uncertain_s * MICROSECONDS_PER_SECOND)
    start_us, end_us = window.start_us, window.end_us
    if start_us > OPEN_START_US:
        start_us = (start_us - slack_us) // slot_us * slot_us
    if end_us < OPEN_END_US:
        end_us = -(-(end_us + slack_us) // slot_us) * slot_us
        end_us += slot_us * (end_us == start_us)
    return TimeWindow(
        start_us if start_us >= _FIRST_US else OPEN_START_US,
        end_us if end_us <= _LAST_US else OPEN_END_US,
        window.start_stated,
        window.end_stated,
    )


def cells_behind(footprint: Footprint, level: int) -> Ids | None:
    """(n,) sorted ids of the cells whose outline this footprint is, to the last bit; None where it is no such outline."""
    s2cells.check_level(level, COARSEST_LEVEL, FINEST_LEVEL)
    return _cells_behind(footprint, shape_of(footprint), level, MOST_CELLS)


def _cells_behind(footprint: Footprint, shape: Shape, level: int, most_cells: int) -> Ids | None:
    if not isinstance(footprint, MultiPolygon) or not _may_be_outline(footprint, level):
        return None
    try:
        # the outline touches the cells next to it as well: more than its own cells, by at most the eight round each
        touched = s2cells.cells_of(cells_meeting(shape, level, most_cells=9 * most_cells), level)
    except TooLarge:
        return None
    ids = touched.take(_holds_centres(shape.cores[0], touched)).ids
    return np.sort(ids) if 0 < len(ids) <= most_cells and outline_of(ids) == footprint else None


def _may_be_outline(footprint: MultiPolygon, level: int) -> bool:
    """Whether the first position lies where a corner of an outline does. Quick, and never wrongly False."""
    first = footprint.parts[0].shell[0]
    direction = normals(np.array([first.latitude_deg]), np.array([first.longitude_deg]))
    columns_and_rows = np.concatenate(s2cells.place_on_face(direction, level))
    return bool((np.abs(columns_and_rows - np.round(columns_and_rows)) < 16 * MARGIN).all())


def _holds_centres(core: Core, cells: Cells) -> NDArray[np.bool_]:
    return core.winds_round(*lat_lon(cells.centres))


def outline_of(ids: Ids) -> MultiPolygon:
    """Cells of one level as polygons with geodesic edges that hold them; see the module. A function of the set of cells.

    Args:
        ids: (n,) ids of one level from 3 to 16, n ≥ 1.
    """
    level = int(s2cells.levels_of(ids[:1])[0])
    s2cells.check_level(level, COARSEST_LEVEL, FINEST_LEVEL)
    parts = [part for block in _blocks(s2cells.cells_of(ids, level)) for part in _parts_of_block(*block, level)]
    return MultiPolygon(tuple(sorted(parts, key=lambda part: _places(part.shell))))


_Place: TypeAlias = tuple[int, int]  # column and row, of a cell or of its first corner


def _blocks(cells: Cells) -> list[tuple[int, set[_Place]]]:
    """Faces and the cells within each quarter of one: what is drawn together."""
    blocks: dict[_Place, set[_Place]] = {}
    shift = cells.level - _BLOCK_LEVEL
    for face, i, j in zip(cells.face.tolist(), cells.i.tolist(), cells.j.tolist(), strict=True):
        blocks.setdefault((face, ((i >> shift) << 1) | (j >> shift)), set()).add((i, j))
    return [(face, block) for (face, _), block in blocks.items()]


def _parts_of_block(face: int, cells: set[_Place], level: int) -> list[Polygon]:
    component = _components(cells)
    shells: dict[int, Ring] = {}
    holes: dict[int, list[Ring]] = {}
    for corners, cell in _rings(cells):
        ring = _ring(face, corners, level)
        if _is_shell(corners):
            shells[component[cell]] = ring
        else:
            holes.setdefault(component[cell], []).append(ring)
    return [Polygon(shell, tuple(sorted(holes.get(k, []), key=_places))) for k, shell in shells.items()]


def _places(ring: Ring) -> tuple[tuple[float, float], ...]:
    return tuple((position.latitude_deg, position.longitude_deg) for position in ring)


def _components(cells: set[_Place]) -> dict[_Place, int]:
    """A number for each cell, equal for cells that are joined by shared sides or corners."""
    component: dict[_Place, int] = {}
    for number, start in enumerate(cells):
        waiting = [start] if start not in component else []
        while waiting:
            i, j = waiting.pop()
            if (i, j) in cells and (i, j) not in component:
                component[i, j] = number
                waiting += [(i + di, j + dj) for di in (-1, 0, 1) for dj in (-1, 0, 1)]
    return component


@dataclass(frozen=True, slots=True)
class _Corner:
    """A corner of the cells' rim, and the way the rim runs into and out of it: (1, 0), (0, 1), (-1, 0) or (0, -1)."""

    at: _Place
    into: _Place
    out: _Place

    @property
    def outward(self) -> _Place:
        """Column and row, in margins, of the corner moved to the right of both ways, which is away from the cells."""
        (x, y), sides = self.at, {(self.into[1], -self.into[0]), (self.out[1], -self.out[0])}
        return MARGINS * x + sum(s[0] for s in sides), MARGINS * y + sum(s[1] for s in sides)


_Side: TypeAlias = tuple[_Place, _Place]  # the corner it starts at, and the way it runs


def _rings(cells: set[_Place]) -> list[tuple[list[_Corner], _Place]]:
    """The rims of the cells, each with the cells on its left, and one of those cells."""
    rim = _rim(cells)
    onward = {side: _onward(side, rim) for side in rim}
    rings = []
    while rim:
        side = next(iter(rim))
        cell = rim[side]
        corners: list[_Corner] = []
        while rim.pop(side, None):
            after = onward[side]
            corners.append(_Corner(after[0], side[1], after[1]))
            side = after
        rings.append((corners, cell))
    return rings


def _rim(cells: set[_Place]) -> dict[_Side, _Place]:
    """The sides with a cell on their left and none on their right, and that cell."""
    rim: dict[_Side, _Place] = {}
    for i, j in cells:
        if (i, j - 1) not in cells:
            rim[(i, j), (1, 0)] = (i, j)
        if (i + 1, j) not in cells:
            rim[(i + 1, j), (0, 1)] = (i, j)
        if (i, j + 1) not in cells:
            rim[(i + 1, j + 1), (-1, 0)] = (i, j)
        if (i - 1, j) not in cells:
            rim[(i, j + 1), (0, -1)] = (i, j)
    return rim


def _onward(side: _Side, rim: dict[_Side, _Place]) -> _Side:
    """The side that follows: to the right where two cells meet at a corner only, so that they are drawn as one."""
    (x, y), (dx, dy) = side
    end = (x + dx, y + dy)
    return next(after for way in ((dy, -dx), (dx, dy), (-dy, dx)) if (after := (end, way)) in rim)


def _is_shell(corners: list[_Corner]) -> bool:
    """Whether the ring runs anticlockwise."""
    places = [corner.at for corner in corners]
    turned = zip(places, places[1:] + places[:1], strict=True)
    return sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in turned) > 0


def _ring(face: int, corners: list[_Corner], level: int) -> Ring:
    i, j = np.array([corner.outward for corner in corners]).T
    ring = [Position(*place) for place in zip(*seven_decimals(face, i, j, level), strict=True)]
    least = min(range(len(ring)), key=lambda k: (ring[k].latitude_deg, ring[k].longitude_deg))
    return tuple(ring[least:] + ring[:least])
