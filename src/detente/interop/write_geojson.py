"""The answer as GeoJSON (RFC 7946): outlines of all volumes, and where conflicts and hazard entries lie.

Shells run anticlockwise and holes clockwise (3.1.6), and what crosses the antimeridian is cut there (3.1.9); an
outline round a pole is closed along the pole. Outlines are for the eye: outside the footprint by up to 0.1 %.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from math import ceil, floor
from typing import Any, Final, TypeAlias

from detente.domain import (
    Conflict,
    DetenteError,
    HazardWarning,
    MeetingArea,
    Notice,
    Polygon,
    Position,
    ScreeningAnswer,
    Volume4D,
)
from detente.domain.footprint import Ring
from detente.geodesy.outline import outline
from detente.interop import answer_words as words
from detente.interop.answer_meetings import in_order
from detente.interop.withheld import is_protected, told, withholds

FORMAT: Final = "detente-answer-geojson/1"
DECIMALS: Final = 6  # a tenth of a metre
_SLIVER_DEG2: Final = 1e-8  # what rounding may leave on the far side of the antimeridian: a hundred square metres
Coordinates: TypeAlias = list[tuple[float, float]]  # longitude, latitude, as the format wants
Json: TypeAlias = dict[str, Any]


def answer_geojson(
    answer: ScreeningAnswer,
    *,
    readings: Sequence[words.ReadingNote] = (),
    problems: Sequence[DetenteError] = (),
    generated_utc: datetime | None = None,
) -> str:
    """One FeatureCollection: features of `kind` volume, conflict and warning, in that order. Draw them in that order."""
    answer = told(answer)
    features = [_volume(notice, index) for notice in answer.notices for index in range(len(notice.volumes))]
    features += [_conflict(conflict) for conflict in in_order(answer.conflicts)]
    features += [_warning(warning) for warning in answer.warnings]
    collection = {
        "type": "FeatureCollection",
        "format": FORMAT,
        "generated": words.generated(generated_utc),
        "answer": words.answer_name(answer),
        "headline": f"{words.headline(answer, problems)}: {words.summary(answer, problems)}",
        "counts": words.counts(answer, problems),
        "readings": [
            {"where": reading.where, "what": reading.what} for reading in words.all_readings(answer, readings)
        ],
        "problems": [words.problem(error) for error in problems],
        "features": features,
    }
    text = json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return words.json_visible(words.storable(text))


def geometry(polygons: Sequence[Polygon]) -> Json:
    """A Polygon or MultiPolygon geometry of domain polygons, wound and cut as RFC 7946 asks."""
    parts = [part for polygon in polygons for part in _parts(polygon)]
    if len(parts) == 1:
        return {"type": "Polygon", "coordinates": parts[0]}
    return {"type": "MultiPolygon", "coordinates": parts}


def _volume(notice: Notice, index: int) -> Json:
    volume = notice.volumes[index]
    return _feature(
        geometry(outline(volume.footprint)),
        {
            "kind": "volume",
            "party": notice.party,
            "reference": notice.reference,
            "volume_index": index,
            "activity": notice.activity.value,
            "title": notice.title,
            "source": notice.source,
            "declared_by": notice.declared_by,
            "assumed": {a.field: a.basis for a in notice.assumptions},
            **_extent_in_words(volume),
        },
    )


def _extent_in_words(volume: Volume4D) -> Json:
    return {
        "altitude_lower": volume.altitude.lower.said(floor),
        "altitude_upper": volume.altitude.upper.said(ceil),
        "time_start": words.iso(volume.window.start_us),
        "time_end": words.iso(volume.window.end_us),
    }


def _conflict(conflict: Conflict) -> Json:
    a, b = conflict.a, conflict.b
    return _feature(
        _area_geometry(conflict.area),
        {
            "kind": "conflict",
            "answer": conflict.answer.name,
            "a_party": a.notice.party,
            "a_reference": a.notice.reference,
            "a_volume_index": a.volume_index,
            "b_party": b.notice.party,
            "b_reference": b.notice.reference,
            "b_volume_index": b.volume_index,
            "rule": conflict.rule,
            "reasons": list(conflict.reasons),
            "outline_of": "protected_volume" if withholds(conflict) else "meeting",
            **_area_in_words(conflict.area),
        },
    )


def _warning(warning: HazardWarning) -> Json:
    plan, hazard = warning.plan, warning.hazard
    return _feature(
        _area_geometry(warning.area),
        {
            "kind": "warning",
            "answer": warning.answer.name,
            "plan_party": plan.notice.party,
            "plan_reference": plan.notice.reference,
            "plan_volume_index": plan.volume_index,
            "hazard_party": hazard.notice.party,
            "hazard_reference": hazard.notice.reference,
            "hazard_volume_index": hazard.volume_index,
            "outline_of": "protected_volume" if is_protected(plan.notice) else "meeting",
            **_area_in_words(warning.area),
        },
    )


def _area_geometry(area: MeetingArea | None) -> Json | None:
    return geometry(area.footprint) if area is not None and area.footprint else None


def _area_in_words(area: MeetingArea | None) -> Json:
    if area is None:
        return {}
    return {
        "altitude_lower": area.lower,
        "altitude_upper": area.upper,
        "time_start": words.iso(area.start_us),
        "time_end": words.iso(area.end_us),
    }


def _feature(shape: Json | None, properties: Json) -> Json:
    return {"type": "Feature", "properties": properties, "geometry": shape}


def _parts(polygon: Polygon) -> list[list[Coordinates]]:
    """Coordinate arrays of one polygon, several where the antimeridian cuts it."""
    rings = [_unrolled(ring) for ring in (polygon.shell, *polygon.holes)]
    if all(-180.0 <= lon <= 180.0 for ring in rings for lon, _ in ring):
        return [[_closed(ring, anticlockwise=i == 0) for i, ring in enumerate(rings)]]
    return _cut_at_antimeridian(rings)


def _unrolled(ring: Ring) -> Coordinates:
    """The ring with longitudes that run on past ±180 instead of jumping; closed along the pole where it goes round one."""
    turned: Coordinates = []
    for position in _around_poles(ring):
        lon = position.longitude_deg
        if turned:
            lon += 360.0 * round((turned[-1][0] - lon) / 360.0)
        turned.append((lon, position.latitude_deg))
    gap = turned[-1][0] - turned[0][0]
    if abs(gap) > 180.0:
        full = 360.0 if gap > 0.0 else -360.0
        pole = 90.0 if sum(lat for _, lat in turned) > 0.0 else -90.0
        turned += [(turned[0][0] + full, turned[0][1]), (turned[0][0] + full, pole), (turned[0][0], pole)]
    return turned


def _around_poles(ring: Ring) -> list[Position]:
    """Corners on a pole stand twice, on the meridian the edge arrives by and on the one it leaves by."""
    corners: list[Position] = []
    for i, corner in enumerate(ring):
        if abs(corner.latitude_deg) < 90.0:
            corners.append(corner)
        else:
            before, after = ring[i - 1], ring[(i + 1) % len(ring)]
            corners += [Position(corner.latitude_deg, beside.longitude_deg) for beside in (before, after)]
    return corners


def _closed(ring: Coordinates, *, anticlockwise: bool) -> Coordinates:
    corners = [(round(lon, DECIMALS), round(lat, DECIMALS)) for lon, lat in ring]
    twice_area = sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True))
    if (twice_area > 0.0) is not anticlockwise:
        corners.reverse()
    return [*corners, corners[0]]


def _cut_at_antimeridian(rings: list[Coordinates]) -> list[list[Coordinates]]:
    import shapely  # only what crosses the antimeridian or goes round a pole needs it

    shell, *holes = [shapely.make_valid(shapely.Polygon(ring)) for ring in rings]
    for hole in holes:
        for turn in (-360.0, 0.0, 360.0):  # a hole may have been unrolled a turn away from its shell
            shell = shell.difference(shapely.affinity.translate(hole, turn))
    pieces = []
    for turn in (-2, -1, 0, 1, 2):
        west = -180.0 + 360.0 * turn
        piece = shell.intersection(shapely.box(west, -90.0, west + 360.0, 90.0))
        pieces.append(shapely.affinity.translate(piece, -360.0 * turn))
    joined = shapely.union_all(pieces)  # a ring round a pole was opened at its first corner's meridian
    parts = [part for part in shapely.get_parts(joined) if part.geom_type == "Polygon" and part.area > _SLIVER_DEG2]
    return [_shapely_coordinates(part) for part in parts]


def _shapely_coordinates(part) -> list[Coordinates]:  # type: ignore[no-untyped-def]  # shapely has no types
    rings = [part.exterior, *part.interiors]
    return [_closed(list(ring.coords)[:-1], anticlockwise=i == 0) for i, ring in enumerate(rings)]
