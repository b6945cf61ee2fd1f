"""How far two footprints are apart on WGS 84, from the definition.

distance = max(0, distance of the cores - both radii), the least over pairs of cores. Two cores are at distance 0 when one
holds a point of the other or their lines cross; otherwise the closest points lie on a vertex of one and somewhere along an
edge of the other. (Both cannot lie inside their edges: there the shortest line would stand at right angles to both, and
moving both its ends the same way along their edges shortens it, since the ellipsoid is curved like a ball everywhere. See
the second variation of arc length; `test_oracle.py` also searches densely along both.) The distance from a vertex to the
points of an edge falls, then rises: bisection finds the turn.

Pairs of edges are left out by nothing but the triangle inequality. Good to better than 1 mm; edges up to 10,000 km.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from detente.domain import Footprint
from oracle.cores import Core, Line, cores_of
from oracle.geodesics import Floats, direct, inverse, runs_counterclockwise

ON_THE_LINE_M = (
    1e-6  # a vertex closer than this to the other edge's line does not tell sides; then it is itself the closest point
)
STEP_M = 100_000.0
HALVINGS = 36  # 10,000 km to 0.15 mm


def lateral_distance_m(a: Footprint, b: Footprint) -> float:
    """Metres between two footprints; 0 where they overlap or touch."""
    return min(max(0.0, core_distance_m(p, q) - p.radius_m - q.radius_m) for p, q in product(cores_of(a), cores_of(b)))


def core_distance_m(a: Core, b: Core) -> float:
    """Metres between two cores, not widened."""
    if _has_a_line_inside(a, b) or _has_a_line_inside(b, a):
        return 0.0
    return _edge_distance_m(_edges_of(a), _edges_of(b))


def _has_a_line_inside(a: Core, b: Core) -> bool:
    """Whether a vertex of a line of `a` lies in `b`; where lines do not meet, the whole line then does."""
    return any(holds(region, float(lat[0]), float(lon[0])) for region in b.regions for lat, lon in a.lines)


def holds(region: tuple[Line, ...], lat: float, lon: float) -> bool:
    """Whether a point, not on a ring, lies inside the shell and in none of the holes."""
    shell, *holes = region
    return _is_inside(shell, lat, lon) and not any(_is_inside(hole, lat, lon) for hole in holes)


def _is_inside(ring: Line, lat: float, lon: float) -> bool:
    """Whether the ring, seen from the point, goes once round the horizon the way it goes round its smaller side.

    Seen from the antipode of an inside point it goes round the other way.
    """
    azimuth_deg, _ = inverse(lat, lon, *_densely(ring))
    swing_deg = (np.diff(azimuth_deg) + 180.0) % 360.0 - 180.0
    clockwise = float(swing_deg.sum())
    if abs(clockwise) < 180.0:
        return False
    return (clockwise < 0.0) == runs_counterclockwise(ring[0], ring[1])


def _densely(line: Line) -> Line:
    """The line with points added on its geodesics, none farther from the next than `STEP_M`."""
    lat, lon = line
    azimuth_deg, length_m = inverse(lat[:-1], lon[:-1], lat[1:], lon[1:])
    count = np.maximum(np.ceil(length_m / STEP_M), 1).astype(int)
    edge = np.repeat(np.arange(len(count)), count)
    step = np.concatenate([np.arange(k) for k in count])
    lat_cut, lon_cut, _ = direct(lat[edge], lon[edge], azimuth_deg[edge], step * length_m[edge] / count[edge])
    return np.append(lat_cut, lat[-1]), np.append(lon_cut, lon[-1])


@dataclass(frozen=True, eq=False)
class Edges:
    """(n,) geodesics: where they begin and end, the azimuth and the length to go. A point is an edge of length 0."""

    lat1: Floats
    lon1: Floats
    lat2: Floats
    lon2: Floats
    azimuth_deg: Floats
    length_m: Floats

    def __getitem__(self, index: NDArray[np.intp]) -> Edges:
        return Edges(*(x[index] for x in vars(self).values()))

    def at(self, along_m: Floats) -> tuple[Floats, Floats, Floats]:
        """Latitude, longitude and course after going `along_m`."""
        return direct(self.lat1, self.lon1, self.azimuth_deg, along_m)


def _edges_of(core: Core) -> Edges:
    lat1, lon1, lat2, lon2 = (
        np.concatenate([part(line[axis]) for line in core.lines])
        for part in (lambda x: x[: max(len(x) - 1, 1)], lambda x: x[1:] if len(x) > 1 else x)
        for axis in (0, 1)
    )
    return Edges(lat1, lon1, lat2, lon2, *inverse(lat1, lon1, lat2, lon2))


def _edge_distance_m(a: Edges, b: Edges) -> float:
    """The least distance between any two edges."""
    i, j = (k.ravel() for k in np.indices((len(a.lat1), len(b.lat1))))
    between_starts_m = inverse(a.lat1[i], a.lon1[i], b.lat1[j], b.lon1[j])[1]
    middle_a, middle_b = a.at(0.5 * a.length_m), b.at(0.5 * b.length_m)
    between_middles_m = inverse(middle_a[0][i], middle_a[1][i], middle_b[0][j], middle_b[1][j])[1]
    at_least_m = between_middles_m - 0.5 * (a.length_m[i] + b.length_m[j])
    at_most_m = float(min(between_starts_m.min(), between_middles_m.min()))
    near = at_least_m <= at_most_m + ON_THE_LINE_M
    touching = at_least_m <= ON_THE_LINE_M
    if bool(np.any(_cross(a[i[touching]], b[j[touching]]))):
        return 0.0
    p, q = a[i[near]], b[j[near]]
    return float(min(_vertices_to_edges_m(p, q).min(), _vertices_to_edges_m(q, p).min()))


def _vertices_to_edges_m(a: Edges, b: Edges) -> Floats:
    """(2n,) distances from both ends of each edge of `a` to the edge of `b` of the same number."""
    twice = np.tile(np.arange(len(b.lat1)), 2)
    return point_to_edge_m(np.concatenate([a.lat1, a.lat2]), np.concatenate([a.lon1, a.lon2]), b[twice])


def point_to_edge_m(lat: Floats, lon: Floats, edge: Edges) -> Floats:
    """(n,) distances from points to edges: go on along the edge while the point lies ahead, back while it lies behind."""
    low_m, high_m = np.zeros_like(edge.length_m), edge.length_m.copy()
    for _ in range(HALVINGS):
        along_m = 0.5 * (low_m + high_m)
        lat_here, lon_here, course_deg = edge.at(along_m)
        towards_deg, _ = inverse(lat_here, lon_here, lat, lon)
        ahead = np.cos(np.radians(towards_deg - course_deg)) > 0.0
        low_m, high_m = np.where(ahead, along_m, low_m), np.where(ahead, high_m, along_m)
    lat_here, lon_here, _ = edge.at(0.5 * (low_m + high_m))
    tries = ((lat_here, lon_here), (edge.lat1, edge.lon1), (edge.lat2, edge.lon2))
    return np.min([inverse(lat, lon, *there)[1] for there in tries], axis=0)


def _cross(a: Edges, b: Edges) -> NDArray[np.bool_]:
    """Whether the ends of each edge lie clearly on different sides of the other."""
    return (_side(a, b.lat1, b.lon1) * _side(a, b.lat2, b.lon2) < 0) & (
        _side(b, a.lat1, a.lon1) * _side(b, a.lat2, a.lon2) < 0
    )


def _side(edge: Edges, lat: Floats, lon: Floats) -> Floats:
    """1 right of the edge, -1 left of it, 0 on its line."""
    azimuth_deg, length_m = inverse(edge.lat1, edge.lon1, lat, lon)
    turn = np.sin(np.radians(azimuth_deg - edge.azimuth_deg))
    return np.where(np.abs(turn) * length_m < ON_THE_LINE_M, 0.0, np.sign(turn))
