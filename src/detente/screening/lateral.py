"""How far two footprints are apart on the ground: along the WGS 84 geodesic, to 5 cm, anywhere on Earth.

The search is by bounds that cannot miss: balls round pieces, then chords, prune only what provably cannot hold the
closest points. What is left is measured in a plane touching the ellipsoid between the two pieces, where geodesics of 25 km
are straight to 2 mm, and the points found there are measured again with GeographicLib. Distances are stationary at the
closest points, so an error in finding them enters only squared.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import Footprint, Position
from detente.geodesy import wgs84
from detente.geodesy.wgs84 import Floats
from detente.screening.shape import Core, Shape, shape_of

RESOLUTION_M: Final = 0.05  # distances below this count as touching
_ROUNDING_M: Final = 0.001  # a pair's own two bounds are equal but for rounding where its pieces are points
_FAN_OUT: Final = 16
_MOST_REFINED: Final = 4096
_NEAR_M: Final = 200_000.0  # up to here the touching plane finds the closest points well enough for 1 cm
_STRETCHED: Final = 1.001  # squares of distances in that plane are true to this factor
_NEWTON_STEPS: Final = 6


@dataclass(frozen=True, slots=True)
class Closest:
    """The distance between two shapes (m) and a closest point of each; where they overlap, a point near or in both.

    `positions` is None where only a lower bound was asked for and reached.
    """

    distance_m: float
    positions: tuple[Position, Position] | None


def lateral_distance_m(a: Footprint, b: Footprint) -> float:
    """Distance (m) between two footprints; 0 where they overlap or touch. Good to 5 cm.

    Raises:
        InvalidVolume: a footprint's geometry cannot be; see `check_footprint`.
    """
    return distance(shape_of(a), shape_of(b)).distance_m


def distance(a: Shape, b: Shape, *, beyond_m: float = inf) -> Closest:
    """The distance between two shapes. Above `beyond_m` the answer may be any lower bound that is itself above it."""
    best = Closest(inf, None)
    for core_a in a.cores:
        for core_b in b.cores:
            widths_m = core_a.radius_m + core_b.radius_m
            core_m, positions = _core_distance(core_a, core_b, min(beyond_m, best.distance_m) + widths_m)
            apart_m = core_m - widths_m if core_m - widths_m > RESOLUTION_M else 0.0
            if apart_m < best.distance_m:
                best = Closest(apart_m, positions and _on_rims(positions, core_a.radius_m, core_b.radius_m, core_m))
            if best.distance_m == 0.0:
                return best
    return best


def _on_rims(cores: tuple[Position, Position], a_m: float, b_m: float, apart_m: float) -> tuple[Position, Position]:
    """From the closest points of two cores to those of the widened footprints, along the geodesic between them."""
    if a_m == b_m == 0.0:
        return cores
    (p, q), span_m = cores, max(a_m + b_m, apart_m)
    moved = []
    for here, there, by_m in ((p, q, a_m * apart_m / span_m), (q, p, b_m * apart_m / span_m)):
        towards_deg, _ = wgs84.inverse(here.latitude_deg, here.longitude_deg, there.latitude_deg, there.longitude_deg)
        lat, lon = wgs84.direct(here.latitude_deg, here.longitude_deg, towards_deg, by_m)
        moved.append(Position(float(lat), float(lon)))
    return moved[0], moved[1]


_Found = tuple[float, tuple[Position, Position] | None]


def _core_distance(a: Core, b: Core, beyond_m: float) -> _Found:
    """Distance between cores; a lower bound may stand for what is above `beyond_m`."""
    (centre_a, reach_a), (centre_b, reach_b) = a.bound, b.bound
    gap_m = float(np.linalg.norm(centre_a - centre_b)) - (reach_a - a.radius_m) - (reach_b - b.radius_m)
    if gap_m > beyond_m:
        return gap_m, None
    i, j = _pieces_in_reach(a, b, beyond_m)
    found = _closest_of_pieces(a, b, i, j, beyond_m) if len(i) else (inf, None)
    if gap_m <= 0.0 and found[0] > RESOLUTION_M:
        inside = _point_inside(a, b)
        if inside is not None:
            return 0.0, (inside, inside)
    return found if found[1] is not None else (float(np.nextafter(beyond_m, inf)), None)


def _point_inside(a: Core, b: Core) -> Position | None:
    """A corner of one core that lies inside the other; None where there is none. Their rims must be apart."""
    for region, other in ((a, b), (b, a)):
        if region.is_region:
            at = other.start[other.ring_start] if other.is_region else other.start[:1]
            inside = region.winds_round(other.lat[at], other.lon[at])
            if inside.any():
                k = at[int(inside.argmax())]
                return Position(float(other.lat[k]), float(other.lon[k]))
    return None


def _pieces_in_reach(a: Core, b: Core, beyond_m: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(k,), (k,) piece indices: every pair that may be the closest and within `beyond_m`, and some more.

    Balls round runs of 16, 256, … pieces are compared from the coarsest down; a pair of balls is dropped when it is
    farther apart than `beyond_m`, or than the farthest points of another pair of balls.
    """
    tree_a, tree_b = _ball_tree(a), _ball_tree(b)
    i, j = (x.ravel() for x in np.meshgrid(np.arange(len(tree_a[-1][1])), np.arange(len(tree_b[-1][1])), indexing="ij"))
    level_a, level_b = len(tree_a) - 1, len(tree_b) - 1
    while True:
        (centre_a, radius_a), (centre_b, radius_b) = tree_a[level_a], tree_b[level_b]
        apart = np.sqrt(np.sum((centre_a[i] - centre_b[j]) ** 2, axis=1))
        reach = radius_a[i] + radius_b[j]
        least = wgs84.arc_at_least(np.maximum(apart - reach, 0.0))
        keep = least <= min(beyond_m, float(wgs84.arc_at_most((apart + reach).min(initial=inf)))) + _ROUNDING_M
        i, j = i[keep], j[keep]
        if (level_a == 0 and level_b == 0) or not len(i):
            return i, j
        if level_a >= level_b:
            level_a -= 1
            i, j = _children(i, j, len(tree_a[level_a][1]))
        else:
            level_b -= 1
            j, i = _children(j, i, len(tree_b[level_b][1]))


def _children(
    parent: NDArray[np.intp], other: NDArray[np.intp], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    child = (parent[:, None] * _FAN_OUT + np.arange(_FAN_OUT)).ravel()
    other = np.repeat(other, _FAN_OUT)
    return child[child < count], other[child < count]


def _ball_tree(core: Core) -> list[tuple[Floats, Floats]]:
    """Balls (centres (n, 3), radii (n,), metres) round single pieces, then round runs of 16 of the level below."""
    centre = 0.5 * (core.first + core.second)
    radius = 0.5 * np.sqrt(np.sum((core.second - core.first) ** 2, axis=1)) + core.sagitta_m
    levels = [(centre, radius)]
    while len(radius) > _FAN_OUT:
        groups = np.arange(0, len(radius), _FAN_OUT)
        lower = np.minimum.reduceat(centre - radius[:, None], groups, axis=0)
        upper = np.maximum.reduceat(centre + radius[:, None], groups, axis=0)
        middle = 0.5 * (lower + upper)
        own = np.repeat(np.arange(len(groups)), _FAN_OUT)[: len(radius)]
        radius = np.maximum.reduceat(np.sqrt(np.sum((centre - middle[own]) ** 2, axis=1)) + radius, groups)
        centre = middle
        levels.append((centre, radius))
    return levels


def _closest_of_pieces(a: Core, b: Core, i: NDArray[np.intp], j: NDArray[np.intp], beyond_m: float) -> _Found:
    p0, p1, q0, q1 = a.first[i], a.second[i], b.first[j], b.second[j]
    s, t = _closest_parameters(p0, p1, q0, q1)
    at_p, at_q = p0 + s[:, None] * (p1 - p0), q0 + t[:, None] * (q1 - q0)
    chord = np.sqrt(np.sum((at_p - at_q) ** 2, axis=1))
    sag = a.sagitta_m[i] + b.sagitta_m[j]
    nearest = float(wgs84.arc_at_most((chord + sag).min()))
    keep = np.flatnonzero(wgs84.arc_at_least(np.maximum(chord - sag, 0.0)) <= min(nearest, beyond_m) + _ROUNDING_M)
    if not len(keep):
        return inf, None
    keep = keep[np.argsort(chord[keep], kind="stable")]
    best: _Found = (inf, None)
    for k in range(0, len(keep), _MOST_REFINED):
        part = keep[k : k + _MOST_REFINED]
        measure = _measured_near if chord[part[-1]] <= _NEAR_M else _measured_far
        found = measure(p0[part], p1[part], q0[part], q1[part], 0.5 * (at_p[part] + at_q[part]))
        best = min(best, found, key=lambda f: f[0])
        if best[0] <= RESOLUTION_M:
            break
    return best


def _measured_near(p0: Floats, p1: Floats, q0: Floats, q1: Floats, near: Floats) -> _Found:
    """The closest of (k, 3) pairs of geodesic pieces, each measured in the plane that touches the ellipsoid at `near`."""
    up, east, north, centre, radius = _touching_frames(near)

    def flat(point: Floats) -> Floats:
        v = point - centre
        return np.asarray(
            np.stack([np.sum(v * east, axis=1), np.sum(v * north, axis=1)], axis=1)
            * (radius / np.sum(v * up, axis=1))[:, None]
        )

    def on_ellipsoid(xy: Floats, k: NDArray[np.intp]) -> tuple[Floats, Floats]:
        ray = up[k] * radius[k, None] + east[k] * xy[:, :1] + north[k] * xy[:, 1:]
        return wgs84.lat_lon(_where_rays_surface(centre[k], ray))

    a, b, c, d = flat(p0), flat(p1), flat(q0), flat(q1)
    s, t, apart2 = _tried_parameters(a, b, c, d)
    # the plane alone cannot tell which end of two nearly parallel pieces is the closer one
    tried, k = np.nonzero(apart2 <= _STRETCHED * apart2.min(axis=0))
    lat_p, lon_p = on_ellipsoid(a[k] + s[tried, k, None] * (b[k] - a[k]), k)
    lat_q, lon_q = on_ellipsoid(c[k] + t[tried, k, None] * (d[k] - c[k]), k)
    return _nearest(lat_p, lon_p, lat_q, lon_q)


def _nearest(lat_p: Floats, lon_p: Floats, lat_q: Floats, lon_q: Floats) -> _Found:
    apart_m = wgs84.inverse(lat_p, lon_p, lat_q, lon_q)[1]
    k = int(apart_m.argmin())
    return float(apart_m[k]), (Position(float(lat_p[k]), float(lon_p[k])), Position(float(lat_q[k]), float(lon_q[k])))


def _measured_far(p0: Floats, p1: Floats, q0: Floats, q1: Floats, near: Floats) -> _Found:
    """The closest of (k, 3) pairs of pieces that lie far apart: one of the two points is then an end of its piece.

    On a convex surface the distance between two geodesics that do not cross has a saddle, never a minimum, inside both.
    """
    del near
    ends = [(p0, q0, q1), (p1, q0, q1), (q0, p0, p1), (q1, p0, p1)]
    end, first, second = (np.concatenate(part) for part in zip(*ends, strict=True))
    lat, lon = wgs84.lat_lon(end)
    lat_f, lon_f = wgs84.lat_lon(first)
    course_deg, length_m = wgs84.inverse(lat_f, lon_f, *wgs84.lat_lon(second))
    along_m = 0.5 * length_m
    for _ in range(_NEWTON_STEPS):
        lat_s, lon_s = wgs84.direct(lat_f, lon_f, course_deg, along_m)
        towards_deg, apart_m = wgs84.inverse(lat_s, lon_s, lat, lon)
        onward_deg = np.where(along_m > 0.0, wgs84.final_azimuth(lat_f, lon_f, lat_s, lon_s), course_deg)
        turn = np.radians(towards_deg - onward_deg)
        # d(apart)/d(along) = -cos(turn); its own slope on a sphere is sin²(turn) · cot(apart / R) / R
        slope = np.sin(turn) ** 2 / (wgs84.SEMI_MAJOR_M * np.tan(np.minimum(apart_m / wgs84.SEMI_MAJOR_M, 1.5)))
        step_m = np.cos(turn) / np.maximum(slope, 1e-9)
        along_m = np.clip(along_m + step_m, 0.0, length_m)
    lat_s, lon_s = wgs84.direct(lat_f, lon_f, course_deg, along_m)
    return _nearest(lat, lon, lat_s, lon_s)


def _touching_frames(near: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """For (k, 3) positions near the surface: up, east, north, the centre of projection and its depth.

    The centre is that of the prime vertical's curvature, where the normal meets the Earth's axis. Seen from there,
    geodesics near the touching point run straight: their planes hold the normal.
    """
    squared = np.array([wgs84.SEMI_MAJOR_M**2, wgs84.SEMI_MAJOR_M**2, wgs84.SEMI_MINOR_M**2])
    up = near / squared
    up = up / np.linalg.norm(up, axis=1, keepdims=True)
    east = np.stack([-up[:, 1], up[:, 0], np.zeros(len(up))], axis=1)
    length = np.linalg.norm(east, axis=1, keepdims=True)
    east = np.where(length > 1e-12, east / np.maximum(length, 1e-300), np.array([0.0, 1.0, 0.0]))
    depth = wgs84.SEMI_MAJOR_M / np.sqrt(1 - wgs84.ECCENTRICITY_SQUARED * up[:, 2] ** 2)
    centre = np.zeros_like(up)
    centre[:, 2] = -wgs84.ECCENTRICITY_SQUARED * depth * up[:, 2]
    return up, east, np.cross(up, east), centre, depth


def _where_rays_surface(origin: Floats, ray: Floats) -> Floats:
    """Where rays (k, 3) from inside the ellipsoid reach its surface."""
    scale = 1 / np.array([wgs84.SEMI_MAJOR_M, wgs84.SEMI_MAJOR_M, wgs84.SEMI_MINOR_M])
    o, r = origin * scale, ray * scale
    rr, ro, oo = np.sum(r * r, axis=1), np.sum(r * o, axis=1), np.sum(o * o, axis=1)
    along = (np.sqrt(ro**2 + rr * (1 - oo)) - ro) / rr
    return np.asarray(origin + along[:, None] * ray)


def _closest_parameters(p0: Floats, p1: Floats, q0: Floats, q1: Floats) -> tuple[Floats, Floats]:
    """(k,), (k,) where on p0→p1 and q0→q1 (0 to 1) the two straight segments come closest, in any dimension.

    Where they are parallel one of the closest pairs is given.
    """
    s, t, apart2 = _tried_parameters(p0, p1, q0, q1)
    pick, k = apart2.argmin(axis=0), np.arange(len(p0))
    return s[pick, k], t[pick, k]


def _tried_parameters(p0: Floats, p1: Floats, q0: Floats, q1: Floats) -> tuple[Floats, Floats, Floats]:
    """(5, k) each: places on the two segments among which the closest are, and how far apart squared.

    Source: Ericson, Real-Time Collision Detection, 5.1.9, with each end tried as well, so that rounding in nearly parallel
    pairs cannot choose a worse point.
    """
    u, v, w = p1 - p0, q1 - q0, p0 - q0
    uu, vv, uv = np.sum(u * u, axis=1), np.sum(v * v, axis=1), np.sum(u * v, axis=1)
    uw, vw = np.sum(u * w, axis=1), np.sum(v * w, axis=1)
    safe_uu, safe_vv = np.maximum(uu, 1e-300), np.maximum(vv, 1e-300)
    span = uu * vv - uv * uv
    inner = np.clip(np.divide(uv * vw - vv * uw, span, out=np.zeros_like(span), where=span > 1e-14 * uu * vv), 0, 1)
    t_inner = np.clip((inner * uv + vw) / safe_vv, 0, 1)
    zero, one = np.zeros_like(uu), np.ones_like(uu)
    tries_s = [
        np.clip((t_inner * uv - uw) / safe_uu, 0, 1),
        zero,
        one,
        np.clip(-uw / safe_uu, 0, 1),
        np.clip((uv - uw) / safe_uu, 0, 1),
    ]
    tries_t = [t_inner, np.clip(vw / safe_vv, 0, 1), np.clip((uv + vw) / safe_vv, 0, 1), zero, one]
    s, t = np.stack(tries_s), np.stack(tries_t)
    return s, t, np.asarray(np.sum((w + s[..., None] * u - t[..., None] * v) ** 2, axis=2))
