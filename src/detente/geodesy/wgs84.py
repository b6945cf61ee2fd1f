"""WGS 84: geodesics through GeographicLib (by way of PROJ), and positions in earth-centred coordinates.

Arrays in, arrays out; degrees and metres; latitude before longitude. Truth on the ground is the geodesic on this
ellipsoid. Source: NIMA TR8350.2 for the constants; Karney, Algorithms for geodesics, J. Geodesy 87 (2013).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from pyproj import Geod

Floats: TypeAlias = NDArray[np.float64]

SEMI_MAJOR_M: Final = 6_378_137.0
FLATTENING: Final = 1 / 298.257223563
SEMI_MINOR_M: Final = SEMI_MAJOR_M * (1 - FLATTENING)
ECCENTRICITY_SQUARED: Final = FLATTENING * (2 - FLATTENING)
SMALLEST_CURVATURE_RADIUS_M: Final = SEMI_MAJOR_M * (
    1 - ECCENTRICITY_SQUARED
)  # north-south, on the equator: 6,335,439 m


@cache
def _geod() -> Geod:
    from pyproj import Geod  # 0.1 s that reading and printing never pay

    return Geod(ellps="WGS84")


def inverse(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> tuple[Floats, Floats]:
    """Azimuth at the first point (degrees, clockwise from north) and distance (m) of the shortest geodesic. Broadcasts."""
    shape, (la1, lo1, la2, lo2) = _flat(lat1, lon1, lat2, lon2)
    azimuth_deg, _, distance_m = _geod().inv(lo1, la1, lo2, la2)
    return np.asarray(azimuth_deg).reshape(shape), np.asarray(distance_m).reshape(shape)


def direct(lat: ArrayLike, lon: ArrayLike, azimuth_deg: ArrayLike, distance_m: ArrayLike) -> tuple[Floats, Floats]:
    """Latitude and longitude reached by going `distance_m` from a point at `azimuth_deg`. Broadcasts."""
    shape, (la, lo, az, d) = _flat(lat, lon, azimuth_deg, distance_m)
    lon2, lat2, _ = _geod().fwd(lo, la, az, d)
    return np.asarray(lat2).reshape(shape), np.asarray(lon2).reshape(shape)


def _flat(*values: ArrayLike) -> tuple[tuple[int, ...], list[Floats]]:
    """The shape the values broadcast to, and each as a flat array of its own; several times as fast as numpy's for a few numbers."""
    arrays = [np.asarray(value, dtype=float) for value in values]
    shape = np.broadcast(*arrays).shape
    return shape, [a.ravel() if a.shape == shape else (a + np.zeros(shape)).ravel() for a in arrays]


def final_azimuth(lat1: ArrayLike, lon1: ArrayLike, lat2: ArrayLike, lon2: ArrayLike) -> Floats:
    """Azimuth (degrees) at which the geodesic from the first point arrives at the second, going on."""
    back_deg, _ = inverse(lat2, lon2, lat1, lon1)
    return back_deg + 180.0


def cut(lat: ArrayLike, lon: ArrayLike, longest_m: float) -> tuple[Floats, Floats]:
    """A polyline with extra points along its geodesics, so that no piece is longer than `longest_m`.

    Args:
        lat, lon: (n,) degrees, n ≥ 1.
    Returns:
        (m,) latitudes and longitudes, m ≥ n; every given point is kept to the bit.
    """
    la, lo = np.asarray(lat, dtype=float), np.asarray(lon, dtype=float)
    if len(la) < 2 or _surely_shorter(la, lo, longest_m):
        return la, lo
    azimuth_deg, length_m = inverse(la[:-1], lo[:-1], la[1:], lo[1:])
    count = np.maximum(np.ceil(length_m / longest_m), 1).astype(int)
    if count.max() == 1:
        return la, lo
    edge = np.repeat(np.arange(len(count)), count)
    step = np.arange(len(edge)) - np.repeat(np.cumsum(count) - count, count)
    lat_cut, lon_cut = direct(la[edge], lo[edge], azimuth_deg[edge], length_m[edge] * step / count[edge])
    lat_cut[step == 0], lon_cut[step == 0] = la[:-1], lo[:-1]
    return np.append(lat_cut, la[-1]), np.append(lon_cut, lo[-1])


def _surely_shorter(lat: Floats, lon: Floats, longest_m: float) -> bool:
    """Whether every edge is shorter than `longest_m`, judged from chords; False when in doubt."""
    chord = np.linalg.norm(np.diff(ecef(lat, lon), axis=0), axis=1)
    return bool(arc_at_most(chord.max()) < longest_m)


def normals(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """(n, 3) unit vectors along the ellipsoid's outward normals."""
    la, lo = np.radians(np.asarray(lat, dtype=float)), np.radians(np.asarray(lon, dtype=float))
    cos_lat = np.cos(la)
    return np.stack([cos_lat * np.cos(lo), cos_lat * np.sin(lo), np.sin(la)], axis=-1)


def surface_point(normal: Floats) -> Floats:
    """(n, 3) earth-centred positions (m) on the ellipsoid whose outward normals are given; any length of normal."""
    squared = np.array([SEMI_MAJOR_M**2, SEMI_MAJOR_M**2, SEMI_MINOR_M**2])
    point = normal * squared
    return np.asarray(point / np.sqrt(np.sum(normal * point, axis=-1, keepdims=True)))


def ecef(lat: ArrayLike, lon: ArrayLike) -> Floats:
    """(n, 3) earth-centred, earth-fixed positions on the ellipsoid, metres."""
    return surface_point(normals(lat, lon))


def lat_lon(point: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude (degrees) of (n, 3) earth-centred positions on the ellipsoid."""
    normal = point / np.array([SEMI_MAJOR_M**2, SEMI_MAJOR_M**2, SEMI_MINOR_M**2])
    lat = np.arctan2(normal[..., 2], np.hypot(normal[..., 0], normal[..., 1]))
    return np.degrees(lat), np.degrees(np.arctan2(normal[..., 1], normal[..., 0]))


def arc_at_least(chord_m: ArrayLike) -> Floats:
    """The shortest geodesic (m) that a straight chord of `chord_m` through the Earth can span. Errs inward.

    No line on the ellipsoid bends less than a circle of its largest radius of curvature, a²/b at the poles; 0.2 % is added to
    that radius for the little that long geodesics twist out of a plane. Held against GeographicLib by test.
    """
    diameter_m = 2 * 1.002 * SEMI_MAJOR_M**2 / SEMI_MINOR_M
    return np.asarray(diameter_m * np.arcsin(np.minimum(np.asarray(chord_m, dtype=float) / diameter_m, 1.0)))


def arc_at_most(chord_m: ArrayLike) -> Floats:
    """The longest geodesic (m) that a straight chord of `chord_m` through the Earth can span. Errs outward.

    No line on the ellipsoid bends tighter than a circle of its smallest radius of curvature, so by Schur's comparison
    theorem its chord is at least that circle's. Chords longer than 12,000 km give the half circumference.
    """
    half = np.asarray(chord_m, dtype=float) / (2 * SMALLEST_CURVATURE_RADIUS_M)
    arc = 2 * SMALLEST_CURVATURE_RADIUS_M * np.arcsin(np.minimum(half, 1.0))
    return np.where(half < 12_000_000 / (2 * SMALLEST_CURVATURE_RADIUS_M), arc, np.pi * SEMI_MAJOR_M)
