"""Where, how high and when two volumes meet, for people to look at. Decides nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from detente.domain import AltitudeLimit, Arena, MeetingArea, Minima, Polygon, Position
from detente.geodesy import wgs84
from detente.geodesy.wgs84 import Floats
from detente.screening.pair import PairSeparation, Prepared
from detente.screening.plane import ARC_SEGMENTS, flat_shape
from detente.screening.shape import Shape

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
    """The altitudes common to both, or the gap between them, lower side first; where the references differ and either may be it, both."""
    lowers = _spans([(p, p.volume.altitude.lower) for p in (a, b)], arena)
    uppers = _spans([(p, p.volume.altitude.upper) for p in (a, b)], arena)
    lower, upper = max(lowers), min(uppers)
    if lower.least_m > upper.most_m:
        return upper.text, lower.text
    return _said(lowers, lower, "higher"), _said(uppers, upper, "lower")


@dataclass(frozen=True, order=True, slots=True)
class _Span:
    """What a limit may stand for, ordered by its middle; in its own reference where the two to be compared share it."""

    middle_m: float
    least_m: float
    most_m: float
    text: str


def _spans(limits: list[tuple[Prepared, AltitudeLimit]], arena: Arena) -> list[_Span]:
    shared = limits[0][1].reference is limits[1][1].reference
    return [_span(prepared, limit, arena, shared=shared) for prepared, limit in limits]


def _span(prepared: Prepared, limit: AltitudeLimit, arena: Arena, *, shared: bool) -> _Span:
    from detente.geodesy.altitudes import hae_bounds_m

    if shared or not np.isfinite(limit.value_m):
        return _Span(limit.value_m, limit.value_m, limit.value_m, str(limit))
    least_m, most_m = hae_bounds_m(limit, *prepared.shape.box_deg, arena)
    return _Span((least_m + most_m) / 2, least_m, most_m, str(limit))


def _said(spans: list[_Span], chosen: _Span, which: str) -> str:
    """The limit chosen; or both, where the ground and the air pressure decide which of them it is."""
    other = next((span for span in spans if span is not chosen), chosen)
    if other.text == chosen.text or other.least_m > chosen.most_m or other.most_m < chosen.least_m:
        return chosen.text
    return f"the {which} of {spans[0].text} and {spans[1].text}"


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
    return tuple(
        Polygon(_ring(part.exterior, middle), tuple(_ring(hole, middle) for hole in part.interiors)) for part in parts
    )


def _ring(ring: Any, middle: Position) -> tuple[Position, ...]:
    xy: Floats = np.asarray(ring.coords)[:-1]
    azimuth_deg, apart_m = np.degrees(np.arctan2(xy[:, 0], xy[:, 1])), np.hypot(xy[:, 0], xy[:, 1])
    lat, lon = wgs84.direct(middle.latitude_deg, middle.longitude_deg, azimuth_deg, apart_m)
    positions = [Position(float(p), float(q)) for p, q in zip(lat, lon, strict=True)]
    return tuple(p for k, p in enumerate(positions) if p != positions[k - 1])
