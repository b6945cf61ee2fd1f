"""What is possible but almost surely a slip: swapped coordinates, the wrong hemisphere, feet sent as metres, a place that does not fit its name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from detente.domain import (
    Activity,
    AltitudeBand,
    AltitudeReference,
    Arena,
    Circle,
    Corridor,
    DetenteError,
    Footprint,
    InvalidVolume,
    MultiPolygon,
    Orbit,
    Place,
    Polygon,
    Position,
    Volume4D,
)

# Above it no crewed or unmanned aircraft of the notices we know flies (SR-71: 26 km); 30,000 "m" is FL300 in feet.
HIGHEST_PLAUSIBLE_M: Final = 25_000.0
HIGHEST_PLAUSIBLE_ON_THE_SURFACE_M: Final = 12_000.0  # bands over a convoy or site; Everest and some room
_SURFACE_ACTIVITIES: Final = (
    Activity.SURFACE_OPERATION,
    Activity.HUMANITARIAN_MOVEMENT,
    Activity.HUMANITARIAN_SITE,
    Activity.MARITIME_OPERATION,
)
LONG_EDGE_DEPARTURE_M: Final = 50.0

_SECTORS: Final = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_DIRECTION: Final = re.compile(
    r"(?:(?P<distance>\d+(?:[.,]\d+)?\s*(?:km|nmi|nm|mi|m))\s*)?"
    r"(?:(?:to the|in the|due)\s+)?\b(?:(?P<direction>north(?:[\s-]?(?:east|west))?|south(?:[\s-]?(?:east|west))?|east|west)(?:ern|ward|wards)?"
    r"|(?P<letters>[NS][EW]?|[EW]))\s+of\s+(?P<place>.+)",
    re.IGNORECASE,
)
_LETTERS: Final = dict(zip(("N", "NE", "E", "SE", "S", "SW", "W", "NW"), _SECTORS, strict=True))
FAR_FROM_PLACE_M: Final = 50_000.0  # "Latakia" may well be said of the sea off it; further away it is worth a word


def positions_of(footprint: Footprint) -> tuple[Position, ...]:
    """The positions that define a footprint."""
    match footprint:
        case Polygon(shell):
            return shell
        case MultiPolygon(parts):
            return tuple(p for part in parts for p in part.shell)
        case Circle(centre):
            return (centre,)
        case Corridor(line):
            return line
        case Orbit(first, second):
            return first, second


def place_problems(volumes: Iterable[Volume4D], stated_place: str, arena: Arena) -> list[DetenteError]:
    """Places that are almost surely a slip, each as a refusal that says how it is usually mended."""
    given = tuple(volumes)
    slip = _coordinate_slip([p for v in given for p in positions_of(v.footprint)], arena)
    if slip:
        return [slip]
    return _place_slips(given, stated_place, arena) if given and stated_place else []


def altitude_problems(bands: Iterable[AltitudeBand], activity: Activity, arena: Arena) -> list[DetenteError]:
    """As `place_problems`, of altitudes."""
    given = tuple(bands)
    return [*_altitude_slips(given, activity), *_upside_down(given, arena)]


def remarks(volumes: Iterable[Volume4D], stated_place: str, arena: Arena) -> list[str]:
    """What is worth saying and no reason to refuse."""
    said = []
    footprints = [v.footprint for v in volumes]
    if arena.extent and not any(arena.extent.holds(p) for f in footprints for p in positions_of(f)):
        said.append(f"lies outside the arena {arena.name}")
    departure_m = max((_departure_m(f) for f in footprints), default=0.0)
    if departure_m > LONG_EDGE_DEPARTURE_M:
        said.append(
            f"edges are geodesics; the longest departs by up to {_rounded(departure_m)} from a straight line on a map"
        )
    if stated_place and arena.places:
        said.extend(_place_remarks(footprints, stated_place, arena))
    return said


def _place_remarks(footprints: list[Footprint], stated: str, arena: Arena) -> list[str]:
    match = _DIRECTION.search(stated)
    place = _named(match["place"] if match else stated, arena)
    if place is None:
        return [f"the stated place {stated[:60]!r} is not in the arena's list of places: not checked"]
    if match is not None:
        return []
    positions = [p for f in footprints for p in positions_of(f)]
    apart_m = min(_bearing_and_distance(place, p)[1] for p in (*positions[:100], _middle(positions)))
    if apart_m <= place.precision_m + FAR_FROM_PLACE_M:
        return []
    return [f"the stated place is {place.name}, the geometry lies {_rounded(apart_m)} away"]


def _rounded(metres: float) -> str:
    return f"{metres / 1000:.1f} km" if metres >= 1000 else f"{metres:.0f} m"


def _coordinate_slip(positions: list[Position], arena: Arena) -> InvalidVolume | None:
    extent = arena.extent
    if extent is None or not positions or any(extent.holds(p) for p in positions):
        return None
    slips = (
        ("latitude and longitude look swapped", [(p.longitude_deg, p.latitude_deg) for p in positions]),
        ("the latitude's hemisphere looks wrong", [(-p.latitude_deg, p.longitude_deg) for p in positions]),
        ("the longitude's hemisphere looks wrong", [(p.latitude_deg, -p.longitude_deg) for p in positions]),
    )
    for what, mended in slips:
        if all(abs(lat) <= 90 for lat, _ in mended) and all(extent.holds(Position(*p)) for p in mended):
            p, (lat, lon) = positions[0], mended[0]
            return InvalidVolume(
                f"{what}: {p.latitude_deg:.4f}, {p.longitude_deg:.4f} lies outside the arena {arena.name}, {lat:.4f}, {lon:.4f} inside",
                hint="GeoJSON puts longitude first; check N/S and E/W",
                where="geometry",
            )
    return None


def _altitude_slips(bands: tuple[AltitudeBand, ...], activity: Activity) -> list[DetenteError]:
    highest_m = HIGHEST_PLAUSIBLE_ON_THE_SURFACE_M if activity in _SURFACE_ACTIVITIES else HIGHEST_PLAUSIBLE_M
    if activity is Activity.HAZARD_AREA:
        return []
    open_ended = (AltitudeReference.UNLIMITED, AltitudeReference.UNSTATED)
    limits = [limit for band in bands for limit in (band.lower, band.upper) if limit.reference not in open_ended]
    highest = max(limits, key=lambda limit: limit.value_m, default=None)
    return [
        InvalidVolume(
            f"altitude {limit} is higher than any {activity.value.replace('_', ' ')} goes ({highest_m:.0f} m)",
            hint=f"were feet sent as metres? {limit.value_m:.0f} ft is {limit.value_m * 0.3048:.0f} m; UNL says no limit",
            where="altitude",
        )
        for limit in (highest,)
        if limit is not None and limit.value_m > highest_m
    ]


def _upside_down(bands: tuple[AltitudeBand, ...], arena: Arena) -> list[DetenteError]:
    mixed = dict.fromkeys(band for band in bands if band.lower.reference is not band.upper.reference)
    if not mixed:
        return []
    from detente.geodesy.altitudes import is_surely_upside_down

    return [
        InvalidVolume(
            f"altitude_lower {band.lower} is above altitude_upper {band.upper} whatever the ground and the air pressure",
            hint="swap them, or check the references",
            where="altitude",
        )
        for band in mixed
        if is_surely_upside_down(band, arena)
    ]


def _place_slips(volumes: tuple[Volume4D, ...], stated: str, arena: Arena) -> list[DetenteError]:
    match = _DIRECTION.search(stated)
    place = _named(match["place"], arena) if match else None
    if match is None or place is None:
        return []
    middle = _middle([p for v in volumes for p in positions_of(v.footprint)])
    slack_m = place.precision_m + max(v.uncertainty.position_m for v in volumes)
    return _direction_slip(stated, match, place, middle, slack_m)


def _named(text: str, arena: Arena) -> Place | None:
    name = text.strip(" .,").casefold()
    return next((p for p in arena.places if name in (n.casefold() for n in (p.name, *p.also_known_as))), None)


def _bearing_and_distance(place: Place, there: Position) -> tuple[float, float]:
    from detente.geodesy import wgs84

    here = place.position
    bearing, apart = wgs84.inverse(here.latitude_deg, here.longitude_deg, there.latitude_deg, there.longitude_deg)
    return float(bearing) % 360, float(apart)


def _direction_slip(
    stated: str, match: re.Match[str], place: Place, middle: Position, slack_m: float
) -> list[DetenteError]:
    from detente.geodesy import read_length_m

    bearing_deg, apart_m = _bearing_and_distance(place, middle)
    direction = (
        _LETTERS[match["letters"].upper()]
        if match["letters"]
        else re.sub(r"(?<=north|south)[\s-]?(?=east|west)", "-", match["direction"].lower())
    )
    off_deg = abs((bearing_deg - 45.0 * _SECTORS.index(direction) + 180) % 360 - 180)
    wrong = []
    # half a sector of words, as much again for how people speak, and what the precision of both places turns at this distance
    leeway_deg = 45.0 + _turn_deg(slack_m, apart_m)
    if off_deg > leeway_deg:
        lies = _SECTORS[round(bearing_deg / 45) % 8]
        wrong.append(f"it lies {lies} of {place.name} ({apart_m / 1000:.0f} km at {bearing_deg:.0f}°)")
    if match["distance"]:
        stated_m = read_length_m(match["distance"])
        if abs(apart_m - stated_m) > max(0.2 * stated_m, slack_m):
            wrong.append(f"it lies {apart_m / 1000:.0f} km from {place.name}")
    return [
        InvalidVolume(
            f"the stated place {stated!r} does not fit the geometry: {what}",
            hint="ask the sender which is right",
            where="stated_place",
        )
        for what in wrong
    ]


def _turn_deg(slack_m: float, apart_m: float) -> float:
    from math import asin, degrees

    return 180.0 if apart_m <= slack_m else degrees(asin(slack_m / apart_m))


def _middle(positions: list[Position]) -> Position:
    import numpy as np

    from detente.geodesy import wgs84

    points = wgs84.ecef([p.latitude_deg for p in positions], [p.longitude_deg for p in positions])
    lat, lon = wgs84.lat_lon(points.mean(axis=0))
    return Position(float(np.clip(lat, -90, 90)), float(lon))


def _departure_m(footprint: Footprint) -> float:
    """How far a geodesic edge departs from the straight line between its ends on a latitude-longitude map, metres, about.

    A parallel bends away from the great circle by s² · tan(latitude) / (8 R) on an edge of s metres east and west.
    """
    from math import cos, radians, tan

    points = positions_of(footprint)
    if isinstance(footprint, Circle):
        return 0.0
    most = 0.0
    pairs = zip(points, points[1:] + points[:1], strict=True) if isinstance(footprint, Polygon) else pairwise(points)
    for p, q in pairs:
        latitude = radians(min(85.0, max(abs(p.latitude_deg), abs(q.latitude_deg))))
        across_deg = abs((q.longitude_deg - p.longitude_deg + 180) % 360 - 180)
        east_m = radians(across_deg) * 6_371_000 * cos(latitude)
        most = max(most, east_m**2 * tan(latitude) / (8 * 6_371_000))
    return most
