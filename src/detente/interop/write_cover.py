"""A cover as GeoJSON (RFC 7946): one feature a layer, each a hazard area that `detente screen` reads, with whose word it is and what it takes for granted.

Every feature says UPPER BOUND. What lies below a layer's altitude is within its outline too, so a layer reaches from the surface up to its altitude.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from typing import Any, Final, NamedTuple, TypeAlias

from detente.domain import Activity, AltitudeLimit, AltitudeReference, Polygon
from detente.domain.units import METRES_PER_FLIGHT_LEVEL
from detente.geodesy.read_back import position_forms
from detente.hazard import UPPER_BOUND, Cover, Declaration, assumptions
from detente.interop import answer_words as words
from detente.interop.write_geojson import geometry

FORMAT: Final = "detente-hazard-cover/1"
Json: TypeAlias = dict[str, Any]


class CoverLayer(NamedTuple):
    """The cover at one altitude within one declared range: its outline, and what part of the disc of the range it leaves unhidden."""

    altitude: AltitudeLimit
    range_m: float
    polygons: tuple[Polygon, ...]
    seen_share: float


def cover_geojson(
    cover: Cover,
    layers: Sequence[CoverLayer],
    declared: Declaration,
    *,
    party: str = "",
    generated_utc: datetime | None = None,
) -> str:
    """One FeatureCollection, layers in the order given; a layer that nothing may be seen in has no geometry and is left out of the features.

    Args:
        party: whose notice the areas are when they are screened; who declared them unless said otherwise.
    """
    made = words.generated(generated_utc)
    features = [
        _feature(cover, layer, f"COVER-{index + 1}", declared, party or declared.declared_by, made)
        for index, layer in enumerate(layers)
        if layer.polygons
    ]
    collection = {"type": "FeatureCollection", "title": _title(declared), "features": features}
    text = json.dumps(collection, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return words.json_visible(words.storable(text))


def cover_told(cover: Cover, layers: Sequence[CoverLayer], declared: Declaration) -> Json:
    """The cover as numbers and sentences, without outlines."""
    place = cover.antenna.place
    return {
        "format": FORMAT,
        "statement": UPPER_BOUND,
        **_declared(declared),
        "place": {
            "latitude_deg": place.latitude_deg,
            "longitude_deg": place.longitude_deg,
            "off_by_m": cover.antenna.off_by_m,
            "forms": position_forms(place),
        },
        "antenna": {"altitude": str(cover.antenna.altitude), "highest_amsl_m": cover.antenna_amsl_m},
        "terrain": {
            "files": list(cover.terrain_sources),
            "posting_deg": cover.posting_deg,
            "error_m": cover.terrain_error_m,
            "lowest_ground_amsl_m": cover.smooth_amsl_m,
            "cells": cover.cell_count,
            "cells_without": cover.unstated_count,
        },
        "layers": [_layer(layer) for layer in layers],
        "assumptions": list(assumptions(cover)),
    }


def _title(declared: Declaration) -> str:
    return f"Upper bound of a hazard as {declared.declared_by} declares it ({declared.date})"


def _declared(declared: Declaration) -> Json:
    return {"declared_by": declared.declared_by, "source": declared.source, "date": declared.date}


def _layer(layer: CoverLayer) -> Json:
    return {
        "altitude": _written(layer.altitude),
        "range_m": layer.range_m,
        "seen_share_at_most": ceil(layer.seen_share * 1e4) / 1e4,
        "corners": sum(len(ring) for part in layer.polygons for ring in (part.shell, *part.holes)),
    }


def _feature(
    cover: Cover, layer: CoverLayer, reference: str, declared: Declaration, party: str, generated: str | None
) -> Json:
    altitude = _written(layer.altitude)
    about = cover_told(cover, [layer], declared) | {
        "assumptions": list(assumptions(cover, layer.altitude)),
        "generated": generated,
    }
    return {
        "type": "Feature",
        "geometry": geometry(layer.polygons),
        "properties": {
            "reference": reference,
            "party": party,
            "activity": Activity.HAZARD_AREA.value,
            "title": f"Upper bound at {altitude} within {layer.range_m / 1000:g} km, as {declared.declared_by} declares it",
            "declared_by": f"{declared.declared_by} ({declared.date})",
            "source": declared.source,
            "altitude_lower": "SFC",
            "altitude_upper": altitude,
            "note": UPPER_BOUND,
            "about": about,
        },
    }


def _written(altitude: AltitudeLimit) -> str:
    """As it is read back, rounded up: 3000 m AMSL, FL180."""
    if altitude.reference is AltitudeReference.FL:
        level = ceil(altitude.value_m / METRES_PER_FLIGHT_LEVEL * 10 - 1e-6) / 10
        return f"FL{level:03.0f}" if level == round(level) else f"FL{level:05.1f}"
    return f"{ceil(altitude.value_m * 10 - 1e-6) / 10:g} m {altitude.reference.value}"
