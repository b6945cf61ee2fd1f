"""A volume in a line of words: where, how high, when; outward, and nothing that it does not say."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, floor

from detente.domain import Position, Volume4D
from detente.geodesy.outline import outline
from detente.interop import answer_words as words


def volume_words(volume: Volume4D) -> str:
    """Where, how high and when, outward to the minute of arc and the second."""
    start, end = words.period(volume.window.start_us, volume.window.end_us)
    group = words.dtg(volume.window.start_us)
    unstated = " (not stated)"
    begins = f"{start}{'' if volume.window.start_stated else unstated}"
    ends = f"{end}{'' if volume.window.end_stated else unstated}"
    return f"within {extent_words(volume)}; {volume.altitude}; {begins} to {ends}{f' (from {group})' if group else ''}"


def extent_words(volume: Volume4D) -> str:
    """`34°10′N 035°20′E to 34°25′N 035°41′E`: the south-west and north-east corners round a footprint, outward."""
    corners = [position for polygon in outline(volume.footprint) for position in polygon.shell]
    lat = [position.latitude_deg for position in corners]
    lon = [position.longitude_deg for position in corners]
    if max(lon) - min(lon) > 180.0:  # over the antimeridian
        lon = [each % 360.0 for each in lon]
    south_west = _minutes(min(lat), min(lon), floor)
    return f"{south_west} to {_minutes(max(lat), max(lon), ceil)}"


def _minutes(lat: float, lon: float, outward: Callable[[float], int]) -> str:
    lat_min = max(-5400, min(5400, outward(lat * 60)))
    lon_min = outward(lon * 60)
    lon_min = lon_min - 21_600 if lon_min > 10_800 else lon_min
    at = Position(lat_min / 60, lon_min / 60)
    return f"{_arc(lat_min, 2)}{'N' if at.latitude_deg >= 0 else 'S'} {_arc(lon_min, 3)}{'E' if at.longitude_deg >= 0 else 'W'}"


def _arc(minutes: int, width: int) -> str:
    return f"{abs(minutes) // 60:0{width}d}°{abs(minutes) % 60:02d}′"
