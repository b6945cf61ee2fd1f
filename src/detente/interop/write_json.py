"""The answer as JSON, for programs: everything that was found, in stable words (`docs/answers.md`, `docs/answer.schema.json`).

Units are in the names; times are ISO 8601 in UTC. An open side is null, and `…_stated` beside it tells whether that was
said or merely not denied. Geometry is in the meeting areas alone; outlines of the volumes are in the GeoJSON answer.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from math import isfinite
from typing import Any, Final, TypeAlias

from detente.domain import (
    AltitudeLimit,
    Conflict,
    DetenteError,
    HazardWarning,
    MeetingArea,
    Notice,
    Position,
    Proposal,
    ScreeningAnswer,
    Separation,
    Unmeasured,
    Volume4D,
    VolumeRef,
)
from detente.interop import answer_words as words
from detente.interop.answer_meetings import in_order
from detente.interop.withheld import is_protected, sideways_withheld, told, withholds
from detente.interop.write_geojson import geometry

FORMAT: Final = "detente-answer/1"
Json: TypeAlias = dict[str, Any]


def answer_json(
    answer: ScreeningAnswer,
    *,
    readings: Sequence[words.ReadingNote] = (),
    problems: Sequence[DetenteError] = (),
    generated_utc: datetime | None = None,
) -> str:
    """The answer as one JSON document, indented, keys in a fixed order: equal answers give equal text."""
    found = document(answer, readings=readings, problems=problems, generated_utc=generated_utc)
    return words.json_visible(words.storable(json.dumps(found, ensure_ascii=False, allow_nan=False, indent=1)))


def document(
    answer: ScreeningAnswer,
    *,
    readings: Sequence[words.ReadingNote] = (),
    problems: Sequence[DetenteError] = (),
    generated_utc: datetime | None = None,
) -> Json:
    """The answer as plain dicts and lists, before it becomes text."""
    answer = told(answer)
    return {
        "format": FORMAT,
        "generated": words.generated(generated_utc),
        "answer": words.answer_name(answer),
        "headline": f"{words.headline(answer, problems)}: {words.summary(answer, problems)}",
        "counts": words.counts(answer, problems),
        "conflicts": [_conflict(conflict) for conflict in in_order(answer.conflicts)],
        "unmeasured": [_unmeasured(pair) for pair in answer.unmeasured],
        "warnings": [_warning(warning) for warning in answer.warnings],
        "proposals": [_proposals(answer, key) for key in sorted(answer.proposals)],
        "notices": [_notice(notice) for notice in answer.notices],
        "readings": [
            {"where": reading.where, "what": reading.what} for reading in words.all_readings(answer, readings)
        ],
        "problems": [words.problem(error) for error in problems],
    }


def explained(answer: ScreeningAnswer, viewer: str) -> Json:
    """Conflicts, warnings and proposals as `document` writes them, for the party that asked: of what it owns nothing is withheld."""
    answer = told(answer, viewer)
    return {
        "conflicts": [_conflict(conflict, viewer) for conflict in in_order(answer.conflicts)],
        "warnings": [_warning(warning, viewer) for warning in answer.warnings],
        "proposals": [_proposals(answer, key, viewer) for key in sorted(answer.proposals)],
    }


def _reference(ref: VolumeRef) -> Json:
    return {"party": ref.notice.party, "reference": ref.notice.reference, "volume_index": ref.volume_index}


def _unmeasured(pair: Unmeasured) -> Json:
    return {"answer": pair.answer.name, "a": _reference(pair.a), "b": _reference(pair.b)}


def _conflict(conflict: Conflict, viewer: str = "") -> Json:
    withheld = withholds(conflict, viewer)
    return {
        "answer": conflict.answer.name,
        "a": _reference(conflict.a),
        "b": _reference(conflict.b),
        "lateral_m": None if withheld else _separation(conflict.lateral_m, conflict.minima.lateral_m),
        "vertical_m": None if withheld else _separation(conflict.vertical_m, conflict.minima.vertical_m),
        "time_s": None if withheld else _separation(conflict.time_s, conflict.minima.time_s),
        "separations_withheld": withheld,
        "minima": {
            "lateral_m": conflict.minima.lateral_m,
            "vertical_m": conflict.minima.vertical_m,
            "time_s": conflict.minima.time_s,
        },
        "rule": conflict.rule,
        "reasons": list(conflict.reasons),
        "area": None if conflict.area is None else _area(conflict.area, withheld=withheld),
    }


def _separation(apart: Separation, minimum: float) -> Json:
    """`margin` is what the least separation exceeds the minimum by; at or below zero where the pair meets."""
    return {
        "stated": _finite(apart.stated),
        "least": _finite(apart.least),
        "margin": _finite(apart.least - minimum),
    }


def _area(area: MeetingArea, *, withheld: bool) -> Json:
    centre = words.centre(area.footprint) if area.footprint else None
    return {
        "centre": None if centre is None else _position(centre),
        "centre_dms": None if centre is None else words.dms(centre),
        "centre_mgrs": None if centre is None else words.mgrs(centre),
        "footprint": geometry(area.footprint) if area.footprint else None,
        "outline_of": "protected_volume" if withheld else "meeting",
        "closest": None if withheld or area.closest is None else [_position(point) for point in area.closest],
        "altitude_lower": area.lower,
        "altitude_upper": area.upper,
        "start": words.iso(area.start_us),
        "end": words.iso(area.end_us),
    }


def _position(position: Position) -> dict[str, float]:
    return {
        "latitude_deg": round(position.latitude_deg, 6),
        "longitude_deg": round(position.longitude_deg, 6),
    }


def _warning(warning: HazardWarning, viewer: str = "") -> Json:
    withheld = is_protected(warning.plan.notice, viewer)
    return {
        "answer": warning.answer.name,
        "plan": _reference(warning.plan),
        "hazard": _reference(warning.hazard),
        "area": None if warning.area is None else _area(warning.area, withheld=withheld),
    }


def _proposals(answer: ScreeningAnswer, key: tuple[str, str], viewer: str = "") -> Json:
    party, reference = key
    return {
        "party": party,
        "reference": reference,
        "moves": [_move(move) for move in answer.proposals[key]],
        "sideways_withheld": sideways_withheld(answer, key, viewer),
    }


def _move(move: Proposal) -> Json:
    unit = "later_s" if move.dimension == "time" else "higher_m" if move.dimension == "altitude" else "sideways_m"
    bearing = {"bearing_deg": move.bearing_deg} if move.dimension == "sideways" else {}
    return {"dimension": move.dimension, unit: move.by, **bearing, "words": words.proposal(move)}


def _notice(notice: Notice) -> Json:
    return {
        "party": notice.party,
        "reference": notice.reference,
        "activity": notice.activity.value,
        "title": notice.title,
        "source": notice.source,
        "stated_place": notice.stated_place,
        "declared_by": notice.declared_by,
        "assumptions": [{"field": a.field, "basis": a.basis} for a in notice.assumptions],
        "volumes": [_volume(volume) for volume in notice.volumes],
    }


def _volume(volume: Volume4D) -> Json:
    window, uncertainty = volume.window, volume.uncertainty
    return {
        "shape": type(volume.footprint).__name__.lower(),
        "altitude": str(volume.altitude),
        "altitude_lower": _limit(volume.altitude.lower),
        "altitude_upper": _limit(volume.altitude.upper),
        "start": words.iso(window.start_us),
        "start_stated": window.start_stated,
        "end": words.iso(window.end_us),
        "end_stated": window.end_stated,
        "uncertainty": {
            "position_m": uncertainty.position_m,
            "altitude_m": uncertainty.altitude_m,
            "time_s": uncertainty.time_s,
        },
    }


def _limit(limit: AltitudeLimit) -> Json:
    return {"value_m": _finite(limit.value_m), "reference": limit.reference.value}


def _finite(value: float) -> float | None:
    return float(value) if isfinite(value) else None
