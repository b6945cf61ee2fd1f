"""A cover at one altitude as polygons, around all of it on the outside, so that they may be drawn, sent and screened against.

Cells are gathered into blocks, any one of which is drawn whole where one of its cells may be seen; far edges are moved out so that their chords touch the arcs; and
the whole is grown by a few metres for what straight lines on a map stray from those of the fan. What is hidden by less than a block is drawn as seen.
"""

from __future__ import annotations

from math import ceil, pi, radians, tan
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from detente.domain import AltitudeLimit, InvalidVolume, Polygon, Position
from detente.domain.footprint import Ring
from detente.geodesy import wgs84
from detente.hazard.cover import Cover

Blocks: TypeAlias = NDArray[np.bool_]
MOST_BLOCKS_ROUND: Final = 1440
FEWEST_BLOCKS_ROUND: Final = 72
DEFAULT_BLOCKS_OUT: Final = 300  # unless a detail is asked for: 1 km of a range of 300
LONGEST_EDGE_M: Final = 2_500.0
_DECIMALS: Final = 6  # as files hold degrees: a tenth of a metre
_ROUNDING_M: Final = 1.0  # of degrees, of the join, and of the Earth that is no sphere within an edge
_STEEPEST_DEG: Final = 89.0
_SNAP_M: Final = 0.01
_SMALLEST_HOLE_M2: Final = 1.0  # holes that snapping leaves are filled


def cover_polygons(
    cover: Cover, altitude: AltitudeLimit, range_m: float | None = None, *, detail_m: float | None = None
) -> tuple[Polygon, ...]:
    """Where something at that altitude may be seen within the declared range or a smaller one; empty where nowhere.

    Args:
        detail_m: depth and greatest width of a block; no smaller than a cell. The finer, the more corners.
    Raises:
        InvalidVolume: a detail that is none, or a cover that reaches within a degree of a pole.
    Errs: outward, by up to a block and some metres.
    """
    detail_m = cover.range_m / DEFAULT_BLOCKS_OUT if detail_m is None else detail_m
    if not 1.0 <= detail_m <= cover.reach_m:
        raise InvalidVolume(f"a detail of {detail_m} m is not from 1 m to the range", hint="1 km is usual for 300 km")
    if abs(cover.antenna.place.latitude_deg) + cover.reach_m / 110_000.0 >= _STEEPEST_DEG:
        raise InvalidVolume(
            "an outline in degrees says nothing so near a pole, where straight lines on a map lead anywhere",
            hint="ask the cover itself: may_see",
        )
    wedge_starts, ring_starts = _block_starts(cover, detail_m)
    blocks = _blocks(cover, altitude, range_m, wedge_starts, ring_starts)
    if not blocks.any():
        return ()
    return _on_the_earth(cover.antenna.place, _joined(cover, blocks, wedge_starts, ring_starts))


def _block_starts(cover: Cover, detail_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first wedge and the first ring of each block, and past the last."""
    round_count = min(
        max(ceil(2 * pi * cover.reach_m / detail_m), FEWEST_BLOCKS_ROUND), MOST_BLOCKS_ROUND, cover.wedges
    )
    out_count = min(max(ceil(cover.reach_m / detail_m), 1), cover.rings)
    return (
        np.arange(round_count + 1) * cover.wedges // round_count,
        np.arange(out_count + 1) * cover.rings // out_count,
    )


def _blocks(
    cover: Cover,
    altitude: AltitudeLimit,
    range_m: float | None,
    wedge_starts: NDArray[np.int64],
    ring_starts: NDArray[np.int64],
) -> Blocks:
    """(blocks round, blocks out): whether any cell of the block may be seen."""
    rows = [
        np.logical_or.reduceat(cover.seen(altitude, range_m, wedges=slice(first, last)).any(axis=0), ring_starts[:-1])
        for first, last in zip(wedge_starts[:-1].tolist(), wedge_starts[1:].tolist(), strict=True)
    ]
    return np.stack(rows)


def _joined(cover: Cover, blocks: Blocks, wedge_starts: NDArray[np.int64], ring_starts: NDArray[np.int64]) -> Any:
    """One shape on the plane of directions and distances from the antenna, metres east and north."""
    import shapely  # a tenth of a second that a sweep alone never pays

    edge = np.diff(np.pad(blocks.astype(np.int8), ((0, 0), (1, 1))), axis=1)
    block, near = np.nonzero(edge == 1)
    _, far = np.nonzero(edge == -1)  # of each run the end, in the same order
    left, right = (wedge_starts[block + side] * (2 * pi / cover.wedges) for side in (0, 1))
    near_m = ring_starts[near] * cover.ring_m
    far_m = ring_starts[far] * cover.ring_m / np.cos((right - left) / 2)
    ways = ((near_m, left), (far_m, left), (far_m, right), (near_m, right), (near_m, left))
    corners = np.stack([np.stack([m * np.sin(a), m * np.cos(a)], axis=-1) for m, a in ways], axis=1)
    shape = shapely.union_all(shapely.polygons(corners), grid_size=_SNAP_M)
    return shapely.buffer(shape, _margin_m(cover), join_style="mitre", mitre_limit=2.0)


def _margin_m(cover: Cover) -> float:
    """How far a straight edge in degrees may stray from one on the plane: the more, the further from the equator."""
    furthest_deg = abs(cover.antenna.place.latitude_deg) + cover.reach_m / 110_000.0
    bend = tan(radians(furthest_deg))
    return _ROUNDING_M + 2 * LONGEST_EDGE_M**2 * bend / (8 * wgs84.SMALLEST_CURVATURE_RADIUS_M)


def _on_the_earth(place: Position, shape: Any) -> tuple[Polygon, ...]:
    import shapely

    parts = shapely.get_parts(shapely.orient_polygons(shapely.segmentize(shapely.simplify(shape, 0.0), LONGEST_EDGE_M)))
    return tuple(
        Polygon(
            _ring(place, part.exterior),
            tuple(_ring(place, hole) for hole in part.interiors if shapely.Polygon(hole).area > _SMALLEST_HOLE_M2),
        )
        for part in parts
    )


def _ring(place: Position, line: Any) -> Ring:
    east, north = np.asarray(line.coords)[:-1].T
    azimuth_deg, distance_m = np.degrees(np.arctan2(east, north)), np.hypot(east, north)
    lat, lon = wgs84.direct(place.latitude_deg, place.longitude_deg, azimuth_deg, distance_m)
    corners = [
        Position(round(la, _DECIMALS), round(lo, _DECIMALS)) for la, lo in zip(lat.tolist(), lon.tolist(), strict=True)
    ]
    return tuple(one for one, before in zip(corners, corners[-1:] + corners[:-1], strict=True) if one != before)
