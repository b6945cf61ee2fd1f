"""A flat chart about a point: stereographic, for drawing and for joining outlines; decides nothing.

Latitude and longitude are read as if on a sphere. That keeps the chart one to one everywhere but at the antipode, so
poles and the antimeridian are places like any other, and shapes stay shapes (the chart of a sphere is conformal).
Source: Snyder, Map Projections: A Working Manual (USGS 1395), 21.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from detente.domain import Position

_ANTIPODE: Final = 1e-12  # one plus the cosine of the distance, within 9 m of the antipode: no direction is left there


@dataclass(frozen=True, slots=True)
class Chart:
    """North up at `centre`; one unit is one Earth radius there, growing to 2 a quarter of the Earth away."""

    centre: Position

    def forward(self, lat: ArrayLike, lon: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """East and north on the chart; very large near the antipode of the centre, never infinite."""
        sin_lat, cos_lat = np.sin(np.radians(lat)), np.cos(np.radians(lat))
        turn = np.radians(np.asarray(lon, dtype=float) - self.centre.longitude_deg)
        sin_0, cos_0 = self._sin_cos()
        nearness = 1.0 + sin_0 * sin_lat + cos_0 * cos_lat * np.cos(turn)
        antipode = nearness < _ANTIPODE
        stretch = 2.0 / np.maximum(nearness, _ANTIPODE)
        east = stretch * cos_lat * np.sin(turn)
        north = stretch * (cos_0 * sin_lat - sin_0 * cos_lat * np.cos(turn))
        return np.where(antipode, 0.0, east), np.where(antipode, 2.0 / _ANTIPODE**0.5, north)

    def inverse(self, east: ArrayLike, north: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Latitude and longitude (−180 to 180) of a point of the chart."""
        x, y = np.asarray(east, dtype=float), np.asarray(north, dtype=float)
        half_square = (x * x + y * y) / 4.0
        forwards = (1.0 - half_square) / (1.0 + half_square)
        scale = 1.0 / (1.0 + half_square)
        sin_0, cos_0 = self._sin_cos()
        lat = np.degrees(np.arcsin(np.clip(forwards * sin_0 + y * scale * cos_0, -1.0, 1.0)))
        turn = np.degrees(np.arctan2(x * scale, forwards * cos_0 - y * scale * sin_0))
        return lat, (self.centre.longitude_deg + turn + 180.0) % 360.0 - 180.0

    def _sin_cos(self) -> tuple[float, float]:
        latitude = np.radians(self.centre.latitude_deg)
        return float(np.sin(latitude)), float(np.cos(latitude))


def middle(lat: ArrayLike, lon: ArrayLike) -> Position:
    """The direction of the mean of points on the sphere; the first point where they cancel out."""
    la, lo = np.radians(np.asarray(lat, dtype=float)), np.radians(np.asarray(lon, dtype=float))
    x, y, z = (np.cos(la) * np.cos(lo)).mean(), (np.cos(la) * np.sin(lo)).mean(), np.sin(la).mean()
    if np.hypot(np.hypot(x, y), z) < 1e-6:
        return Position(float(np.degrees(la[0])), float(np.degrees(lo[0])))
    return Position(float(np.degrees(np.arctan2(z, np.hypot(x, y)))), float(np.degrees(np.arctan2(y, x))))
