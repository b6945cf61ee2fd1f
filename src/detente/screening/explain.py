"""Where, how high and when two volumes meet, for people to look at. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from detente.domain import AltitudeLimit, Arena, MeetingArea, Minima, Polygon, Position
from detente.geodesy import wgs84
from detente.geodesy.wgs84 import Floats
from detente.screening.pair import PairSeparation, Prepared, stated_gap_m
from detente.screening.plane import ARC_SEGMENTS, flat_shape
from detente.screening.shape import Shape
from detente.screening.vertical import RESOLUTION_M

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

_SMALLEST_WIDENING_M: Final = 10.0  # so that volumes that only touch still show as an area


def meeting_area(a: Prepared, b: Prepared, found: PairSeparation, minima: Minima, arena: Arena) -> MeetingArea:
    """The area, altitudes and time of a pair that meets."""
    lower, upper = _altitudes(a, b, arena)
    start_us, end_us = _times(a, b)
    apart = found.lateral_m.stated > 0.0
    return MeetingArea(
        footprint=_common_area(a.shape, b.shape, found, minima),
        closest=found.closest if apart else None,
        lower=lower,
        upper=upper,
        start_us=start_us,
        end_us=end_us,
    )


def _times(a: Prepared, b: Prepared) -> tuple[int, int]:
    start_us = max(a.volume.window.start_us, b.volume.window.start_us)
    end_us = min(a.volume.window.end_us, b.volume.window.end_us)
    return (start_us, end_us) if start_us <= end_us else (end_us, start_us)


def _altitudes(a: Prepared, b: Prepared, arena: Arena) -> tuple[str, str]:
    """The altitudes common to both, or the gap surely between them, lower side first.

    Across references the ground or the air pressure may decide which of two limits it is; then both are told, and so it is where
    there may be nothing between.
    """
    for over, under in ((a, b), (b, a)):
        if stated_gap_m(over, under, arena)[0] > RESOLUTION_M:
            return str(under.volume.altitude.upper), str(over.volume.altitude.lower)
    lowers, uppers = (_spans(side, (a, b), arena) for side in ("lower", "upper"))
    lower, upper = max(lowers), min(uppers)
    if _is_told_apart(uppers):
        may_be_above = lower.of is not upper.of and stated_gap_m(lower.of, upper.of, arena)[1] > RESOLUTION_M
        return _said(lowers, lower, "higher"), f"{upper.text}, where that is higher" if may_be_above else upper.text
    return _said(lowers, lower, "higher"), _said(uppers, upper, "lower")


@dataclass(frozen=True, order=True, slots=True)
class _Span:
    """What a limit may stand for, ordered by its middle; in its own reference where the two to be compared share it."""

    middle_m: float
    least_m: float
    most_m: float
    text: str
    of: Prepared = field(compare=False)


def _spans(side: Literal["lower", "upper"], pair: tuple[Prepared, Prepared], arena: Arena) -> tuple[_Span, _Span]:
    limits = [
        prepared.volume.altitude.lower if side == "lower" else prepared.volume.altitude.upper for prepared in pair
    ]
    shared = limits[0].reference is limits[1].reference
    first, second = (
        _span(prepared, limit, _said_outward(prepared, side), arena, shared=shared)
        for prepared, limit in zip(pair, limits, strict=True)
    )
    return first, second


def _said_outward(prepared: Prepared, side: Literal["lower", "upper"]) -> str:
    """A lower limit rounded down and an upper one up; a single level to the nearest."""
    band = prepared.volume.altitude
    if band.lower == band.upper:
        return str(band.lower)
    return band.lower.said(floor) if side == "lower" else band.upper.said(ceil)


def _span(prepared: Prepared, limit: AltitudeLimit, text: str, arena: Arena, *, shared: bool) -> _Span:
    from detente.geodesy.altitudes import hae_bounds_m

    if shared or not np.isfinite(limit.value_m):
        return _Span(limit.value_m, limit.value_m, limit.value_m, text, prepared)
    least_m, most_m = hae_bounds_m(limit, *prepared.shape.box_deg, arena)
    return _Span((least_m + most_m) / 2, least_m, most_m, text, prepared)


def _is_told_apart(spans: tuple[_Span, _Span]) -> bool:
    """Whether it is known which of two limits is the higher one, or they read the same."""
    first, second = spans
    return first.text == second.text or first.least_m > second.most_m or first.most_m < second.least_m


def _said(spans: tuple[_Span, _Span], chosen: _Span, which: str) -> str:
    """The limit chosen; or both, where the ground and the air pressure decide which of them it is."""
    return chosen.text if _is_told_apart(spans) else f"{spans[0].text} or {spans[1].text}, whichever is {which}"


def _common_area(a: Shape, b: Shape, found: PairSeparation, minima: Minima) -> tuple[Polygon, ...]:
    if found.closest is None:
        return ()
    middle = _midpoint(*found.closest)
    apart_m = found.lateral_m.stated
    widen_m = 0.0 if apart_m == 0.0 else max(minima.lateral_m, apart_m) / 2 * 1.01
    flat_a, flat_b = flat_shape(a, middle), flat_shape(b, middle)
    common = _widened(flat_a, widen_m).intersection(_widened(flat_b, widen_m))
    if common.area == 0.0:
        more_m = widen_m + _SMALLEST_WIDENING_M
        common = _widened(flat_a, more_m).intersection(_widened(flat_b, more_m))
    return _polygons(common, middle)


def _widened(flat: BaseGeometry, by_m: float) -> BaseGeometry:
    return flat.buffer(by_m, quad_segs=ARC_SEGMENTS) if by_m > 0.0 else flat


def _midpoint(p: Position, q: Position) -> Position:
    azimuth_deg, apart_m = wgs84.inverse(p.latitude_deg, p.longitude_deg, q.latitude_deg, q.longitude_deg)
    lat, lon = wgs84.direct(p.latitude_deg, p.longitude_deg, azimuth_deg, apart_m / 2)
    return Position(float(lat), float(lon))


def _polygons(flat: BaseGeometry, middle: Position) -> tuple[Polygon, ...]:
    import shapely

    parts = [part for part in shapely.get_parts(flat) if part.geom_type == "Polygon" and part.area > 0.0]
    rings = [[_ring(ring, middle) for ring in (part.exterior, *part.interiors)] for part in parts]
    # a sliver of nanometres may have fewer than three places that differ in degrees
    return tuple(
        Polygon(shell, tuple(hole for hole in holes if len(set(hole)) > 2))
        for shell, *holes in rings
        if len(set(shell)) > 2
    )


def _ring(ring: Any, middle: Position) -> tuple[Position, ...]:
    xy: Floats = np.asarray(ring.coords)[:-1]
    azimuth_deg, apart_m = np.degrees(np.arctan2(xy[:, 0], xy[:, 1])), np.hypot(xy[:, 0], xy[:, 1])
    lat, lon = wgs84.direct(middle.latitude_deg, middle.longitude_deg, azimuth_deg, apart_m)
    positions = [Position(float(p), float(q)) for p, q in zip(lat, lon, strict=True)]
    return tuple(p for k, p in enumerate(positions) if p != positions[k - 1])
