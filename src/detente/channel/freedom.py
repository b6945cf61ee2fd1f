"""How much of an arena's air stays outside declared hazard areas, by layer and by who declares them; and which legs of a route lie inside whose.

Areas are measured on the WGS 84 ellipsoid, in an equal-area projection about the arena. Two figures stand for each: *as stated*, and *at most*, with all that a declaration
leaves open of its place, heights and times taken for the hazard. Errs: what is covered is never too small, what stays free never too large, but for 0.1 % of the size of each
area, by which its outline lies outside it in both figures. Figures that differ, such as two ranges stated for one system, are counted apart and never averaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from detente.domain import (
    Activity,
    AltitudeBand,
    Answer,
    Arena,
    Circle,
    Extent,
    InvalidVolume,
    Minima,
    Notice,
    Position,
    TimeWindow,
    Volume4D,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.geodesy.outline import outline
from detente.screening.pair import lateral_separation_m, prepare, separation_of, vertical_separation_m

_NOTHING: Final = Minima(0.0, 0.0, 0.0)
_STEP_DEG: Final = 0.25
_FARTHEST_M: Final = 20_100_000.0
_BUFFER: Final = 1.01  # a plane stretches lengths by less, within 1,500 km of its middle


@dataclass(frozen=True, slots=True)
class Covered:
    """What share of a layer's air one declaration, one declarer, or all together cover; from 0 to 1.

    Attributes:
        declared_by: who declares it; empty for all together. reference: which declaration; empty for all of one declarer.
    """

    layer: AltitudeBand
    declared_by: str
    reference: str
    stated: float
    at_most: float


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg of a route and one declared area.

    Attributes:
        answer: CONFLICT where it lies inside, POSSIBLE where it may, CLEAR where it stays outside.
        inside_s: how long at most, where it lies inside or may. outside_m: how far off at least, where it stays outside.
    """

    reference: str
    index: int
    declared_by: str
    hazard: str
    answer: Answer
    inside_s: float
    outside_m: float


def freedom(
    hazards: Iterable[Notice], extent: Extent, layers: Sequence[AltitudeBand], moment_us: int, arena: Arena
) -> tuple[Covered, ...]:
    """The shares that are covered, layer by layer: each declaration, each declarer, and all together.

    Raises:
        InvalidVolume: the extent is wider than half the world, where no one plane holds it.
    """
    plane = _Plane(extent)
    areas = [hazard for hazard in hazards if hazard.activity is Activity.HAZARD_AREA]
    rows: list[Covered] = []
    for layer in layers:
        of_notice = [(hazard, *_covers(hazard, layer, moment_us, arena, plane)) for hazard in areas]
        rows += [_row(layer, _declarer(h), h.reference, [stated], [most], plane) for h, stated, most in of_notice]
        for declarer in sorted({_declarer(hazard) for hazard in areas}):
            own = [(stated, most) for hazard, stated, most in of_notice if _declarer(hazard) == declarer]
            rows.append(_row(layer, declarer, "", [stated for stated, _ in own], [most for _, most in own], plane))
        rows.append(
            _row(layer, "", "", [stated for _, stated, _ in of_notice], [most for _, _, most in of_notice], plane)
        )
    return tuple(rows)


def legs(route: Iterable[Notice], hazards: Iterable[Notice], arena: Arena) -> Iterator[Leg]:
    """Every leg of a route against every declared area, in the order of the route."""
    areas = [hazard for hazard in hazards if hazard.activity is Activity.HAZARD_AREA]
    for plan in route:
        for index, volume in enumerate(plan.volumes):
            leg = prepare(volume, plan.activity)
            for hazard in areas:
                yield _leg(plan, index, leg, hazard, arena)


def _leg(plan: Notice, index: int, leg: Any, hazard: Notice, arena: Arena) -> Leg:
    answers, inside_s, outside_m = [], 0.0, []
    for volume in hazard.volumes:
        area = prepare(volume, Activity.HAZARD_AREA)
        found = separation_of(leg, area, _NOTHING, arena)
        answers.append(found.answer)
        if found.answer is not Answer.CLEAR:
            inside_s = max(inside_s, _overlap_s(leg.volume, volume))
        apart, _ = lateral_separation_m(leg, area, _FARTHEST_M)
        outside_m.append(max(0.0, apart.least))
    return Leg(plan.reference, index, _declarer(hazard), hazard.reference, max(answers), inside_s, min(outside_m))


def _overlap_s(a: Volume4D, b: Volume4D) -> float:
    """How long both are active at most, by what their times leave open."""
    (start_a, end_a), (start_b, end_b) = _open_us(a), _open_us(b)
    return max(0.0, (min(end_a, end_b) - max(start_a, start_b)) / MICROSECONDS_PER_SECOND)


def _open_us(volume: Volume4D) -> tuple[int, int]:
    away_us = round(volume.uncertainty.time_s * MICROSECONDS_PER_SECOND)
    return volume.window.start_us - away_us, volume.window.end_us + away_us


def _declarer(hazard: Notice) -> str:
    return hazard.declared_by or hazard.party


# ── one layer, one declaration ───────────────────────────────────────────────────────────────────────────────────────


def _covers(
    hazard: Notice, layer: AltitudeBand, moment_us: int, arena: Arena, plane: _Plane
) -> tuple[list[Any], list[Any]]:
    """The shapes that it covers of a layer at a moment, as stated and at most."""
    slab = prepare(Volume4D(Circle(Position(0.0, 0.0), 1.0), layer, TimeWindow(moment_us, moment_us)))
    stated, at_most = [], []
    for volume in hazard.volumes:
        heights = vertical_separation_m(slab, prepare(volume, Activity.HAZARD_AREA), arena)
        open_us = round(volume.uncertainty.time_s * MICROSECONDS_PER_SECOND)
        if heights.least > 0 or not volume.window.start_us - open_us <= moment_us <= volume.window.end_us + open_us:
            continue
        shape = plane.shape(volume)
        at_most.append(
            shape.buffer(volume.uncertainty.position_m * _BUFFER) if volume.uncertainty.position_m else shape
        )
        if heights.stated <= 0 and volume.window.start_us <= moment_us <= volume.window.end_us:
            stated.append(shape)
    return stated, at_most


def _row(
    layer: AltitudeBand, declared_by: str, reference: str, stated: Iterable[Any], at_most: Iterable[Any], plane: _Plane
) -> Covered:
    return Covered(layer, declared_by, reference, plane.share(stated), plane.share(at_most))


class _Plane:
    """An equal-area plane about an extent, and the extent on it. Source: Lambert azimuthal equal-area, as pyproj has it."""

    def __init__(self, extent: Extent) -> None:
        from pyproj import Transformer
        from shapely import Polygon

        width_deg = (extent.east_deg - extent.west_deg) % 360 or 360.0
        if width_deg > 180:
            raise InvalidVolume(f"an extent {width_deg:g}° wide", hint="give one of at most half the world")
        lat, lon = (extent.south_deg + extent.north_deg) / 2, extent.west_deg + width_deg / 2
        self._onto = Transformer.from_crs(
            "EPSG:4326", f"+proj=laea +lat_0={lat} +lon_0={lon} +ellps=WGS84", always_xy=True
        )
        self._extent = Polygon(self._points(list(_rim(extent, width_deg))))

    def _points(self, places: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
        xs, ys = self._onto.transform([lon for lon, _ in places], [lat for _, lat in places])
        return list(zip(xs, ys, strict=True))

    def shape(self, volume: Volume4D) -> Any:
        from shapely import Polygon, union_all

        parts = [
            Polygon(
                self._points([(p.longitude_deg, p.latitude_deg) for p in part.shell]),
                [self._points([(p.longitude_deg, p.latitude_deg) for p in hole]) for hole in part.holes],
            )
            for part in outline(volume.footprint)
        ]
        return union_all([each if each.is_valid else each.buffer(0) for each in parts])

    def share(self, shapes: Iterable[Any]) -> float:
        """Of groups of shapes, together, the share of the extent."""
        from shapely import union_all

        flat = [shape for group in shapes for shape in group]
        if not flat:
            return 0.0
        return float(union_all(flat).intersection(self._extent).area / self._extent.area)


def _rim(extent: Extent, width_deg: float) -> Iterator[tuple[float, float]]:
    """Corners of the extent, its sides cut finely: a parallel is no straight line on the plane."""
    across = max(1, round(width_deg / _STEP_DEG))
    up = max(1, round((extent.north_deg - extent.south_deg) / _STEP_DEG))
    tall = extent.north_deg - extent.south_deg
    yield from ((extent.west_deg + width_deg * k / across, extent.south_deg) for k in range(across))
    yield from ((extent.west_deg + width_deg, extent.south_deg + tall * k / up) for k in range(up))
    yield from ((extent.west_deg + width_deg * (across - k) / across, extent.north_deg) for k in range(across))
    yield from ((extent.west_deg, extent.south_deg + tall * (up - k) / up) for k in range(up))
