"""Footprints made ready for measuring: every footprint is a union of cores, each widened by a radius.

A *core* is a point, a chain of geodesic edges, or a region bounded by rings of them. On the ellipsoid

    distance(footprint A, footprint B) = min over cores of max(0, distance(core a, core b) - radius a - radius b)

holds exactly, since the ellipsoid is a geodesic space. So a circle is a point, a corridor its centre line, an orbit one edge.

What each shape means to the metre:
    corridor with square ends: the round-ended corridor, and at each end a four-cornered region. Let e be the end point and α
        the azimuth at e going out of the corridor; f lies half a width from e at α, and α' is the azimuth of e→f at f.
        Corners: half a width from e at α-90° and α+90°, and half a width from f at α'+90° and α'-90°.
    orbit: the middle line is first→second, each end moved half the width to the left or right, at right angles to the geodesic
        there, unless the alignment is centre; the radius is half the width.
    polygon: the smaller side of each ring. A point is inside when its shell winds round it and none of its holes does.

Edges are cut along the geodesic into pieces of at most 25 km, on which a plane section through the ellipsoid stays within
2 mm of the geodesic.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detente.domain import (
    Circle,
    Corridor,
    Footprint,
    InvalidVolume,
    MultiPolygon,
    Orbit,
    Polygon,
    Position,
    Ring,
    TooLarge,
    at,
)
from detente.geodesy import wgs84
from detente.geodesy.wgs84 import Floats

PIECE_M: Final = 25_000.0
LONGEST_EDGE_M: Final = 10_000_000.0  # a quarter of the way round: beyond it the shortest line is soon not the only one
WIDEST_REGION_COS: Final = float(np.cos(np.radians(85.0)))
MOST_EDGE_PAIRS: Final = (
    50_000_000  # some ten seconds; an outline of 100,000 corners drawn from a map has under a million
)
_BOXES_AT_ONCE: Final = 64
_POINTS_TRIED: Final = 256
_ON_AN_EDGE: Final = 1e-9  # of the Earth's radius: 6 mm
SAGITTA_FACTOR: Final = 1 / (8 * wgs84.SMALLEST_CURVATURE_RADIUS_M)


@dataclass(frozen=True, eq=False)
class Core:
    """Pieces of geodesic, and whether the rings they form bound a region.

    Attributes:
        lat, lon: (m + 1,)-long chains per run, laid end to end; piece i runs from `start[i]` to `start[i] + 1`.
        start: (m,) index of each piece's first point.
        radius_m: how far the core is widened.
        ring_start: (rings,) index of each ring's first piece; empty when not a region.
        shell_of: (rings,) for each ring the ring index of its shell; itself for a shell.
    """

    lat: Floats
    lon: Floats
    start: NDArray[np.intp]
    radius_m: float
    ring_start: NDArray[np.intp]
    shell_of: NDArray[np.intp]
    middle: Floats  # (rings, 3) a direction within 85° of the whole polygon the ring belongs to

    @property
    def is_region(self) -> bool:
        return len(self.shell_of) > 0

    @cached_property
    def points(self) -> Floats:
        """(k, 3) earth-centred positions of all points, metres."""
        return wgs84.ecef(self.lat, self.lon)

    @cached_property
    def first(self) -> Floats:
        """(m, 3) where each piece begins, earth-centred, metres."""
        return self.points[self.start]

    @cached_property
    def second(self) -> Floats:
        """(m, 3) where each piece ends."""
        return self.points[np.minimum(self.start + 1, len(self.points) - 1)]

    @cached_property
    def sagitta_m(self) -> Floats:
        """(m,) how far the surface rises above a piece's chord, at most."""
        return np.asarray(np.sum((self.second - self.first) ** 2, axis=1) * (SAGITTA_FACTOR * 1.01))

    @cached_property
    def bound(self) -> tuple[Floats, float]:
        """Centre (3,) and radius (m) of a ball that holds every point of the core, its inside and its width included."""
        centre = 0.5 * (self.points.min(axis=0) + self.points.max(axis=0))
        reach = float(np.sqrt(np.max(np.sum((self.points - centre) ** 2, axis=1))))
        # the surface over an area bulges out of the ball round its rim: by at most the sagitta of its diameter
        bulge = (2 * reach) ** 2 * SAGITTA_FACTOR * 1.3 if self.is_region else float(self.sagitta_m.max(initial=0.0))
        return centre, reach + bulge + self.radius_m

    def winds_round(self, lat: Floats, lon: Floats) -> NDArray[np.bool_]:
        """Which points lie inside the region; sure only for points more than 5 cm from its rings.

        Args:
            lat, lon: (n,) degrees.
        Returns:
            (n,) bool.
        """
        inside = np.zeros(len(lat), dtype=bool)
        rows = max(1, 2_000_000 // len(self.start))  # bounds the memory of the (points × pieces) angles
        for i in range(0, len(lat), rows):
            inside[i : i + rows] = self._winds_round(wgs84.normals(lat[i : i + rows], lon[i : i + rows]))
        return inside

    def _winds_round(self, p: Floats) -> NDArray[np.bool_]:
        a, b, cross, dot = self._directions
        angle = np.arctan2(p @ cross.T, dot - (p @ a.T) * (p @ b.T))
        turns = np.abs(np.add.reduceat(angle, self.ring_start, axis=1)) > np.pi  # total is 0 or ±2π
        turns &= (p @ self.middle.T) > 0.0  # otherwise it is the antipode that the ring goes round
        shells = np.flatnonzero(self.shell_of == np.arange(len(self.shell_of)))
        holed = np.zeros_like(turns)
        for ring in np.flatnonzero(self.shell_of != np.arange(len(self.shell_of))):
            holed[:, self.shell_of[ring]] |= turns[:, ring]
        return np.asarray((turns & ~holed)[:, shells].any(axis=1))

    @cached_property
    def _directions(self) -> tuple[Floats, Floats, Floats, Floats]:
        n = wgs84.normals(self.lat, self.lon)
        a, b = n[self.start], n[self.start + 1]
        return a, b, np.cross(a, b), np.sum(a * b, axis=1)


@dataclass(frozen=True, eq=False)
class Shape:
    """A footprint ready for measuring."""

    cores: tuple[Core, ...]

    @cached_property
    def bound(self) -> tuple[Floats, float]:
        """Centre (3,) and radius (m) of a ball that holds the whole shape."""
        if len(self.cores) == 1:
            return self.cores[0].bound
        centres = np.array([core.bound[0] for core in self.cores])
        centre = centres.mean(axis=0)
        return centre, max(float(np.linalg.norm(core.bound[0] - centre)) + core.bound[1] for core in self.cores)

    @cached_property
    def box_deg(self) -> tuple[float, float, float, float]:
        """South, west, north, east (degrees) of a box that holds the shape; the whole circle of longitudes when near a pole."""
        centre, reach = self.bound
        lat, lon = (float(x) for x in wgs84.lat_lon(centre))
        angle = np.degrees(float(wgs84.arc_at_most(2 * reach)) / wgs84.SMALLEST_CURVATURE_RADIUS_M)
        south, north = lat - angle, lat + angle
        if south <= -89.0 or north >= 89.0 or angle >= 60.0:
            return max(south, -90.0), -180.0, min(north, 90.0), 180.0
        spread = np.degrees(np.arcsin(min(1.0, np.sin(np.radians(angle)) / np.cos(np.radians(lat))))) * 1.01
        if spread >= 179.0:
            return south, -180.0, north, 180.0
        return south, (lon - spread + 540.0) % 360.0 - 180.0, north, (lon + spread + 540.0) % 360.0 - 180.0


def shape_of(footprint: Footprint) -> Shape:
    """The footprint made ready.

    Raises:
        InvalidVolume: a ring crosses itself or another ring of its polygon, a hole lies outside its shell, an edge is longer
            than 10,000 km, or a polygon reaches more than 85° from its middle.
    """
    small = not isinstance(footprint, MultiPolygon) and not (
        isinstance(footprint, Polygon) and len(footprint.shell) > 64
    )
    return _remembered(footprint) if small else _made(footprint)


@lru_cache(maxsize=4096)  # asked once when the input is checked, and once more when it is screened
def _remembered(footprint: Footprint) -> Shape:
    return _made(footprint)


def _made(footprint: Footprint) -> Shape:
    match footprint:
        case Polygon():
            return Shape((_region((footprint,)),))
        case MultiPolygon(parts):
            return Shape((_region(parts),))
        case Circle(centre, radius_m):
            return Shape((_chain((centre,), radius_m),))
        case Corridor():
            return Shape(_corridor(footprint))
        case Orbit():
            return Shape((_chain(_middle_line(footprint), footprint.width_m / 2),))


def check_footprint(footprint: Footprint) -> None:
    """Raise InvalidVolume where the footprint's geometry cannot be; see `shape_of`."""
    shape_of(footprint)


def _arrays(positions: Ring) -> tuple[Floats, Floats]:
    flat = np.array([(p.latitude_deg, p.longitude_deg) for p in positions])
    return flat[:, 0], flat[:, 1]


def _cut(lat: Floats, lon: Floats) -> tuple[Floats, Floats]:
    chord = np.linalg.norm(np.diff(wgs84.ecef(lat, lon), axis=0), axis=1)
    if chord.max(initial=0.0) > PIECE_M / 2:
        _, length_m = wgs84.inverse(lat[:-1], lon[:-1], lat[1:], lon[1:])
        if length_m.max() > LONGEST_EDGE_M:
            k = int(length_m.argmax())
            raise InvalidVolume(
                f"the edge from position {k} to {k + 1} is {length_m[k] / 1000:.0f} km long; the limit is 10,000 km",
                hint="add positions in between, so that it is clear which way round the Earth it goes",
            )
    return wgs84.cut(lat, lon, PIECE_M)


def _chain(line: Ring, radius_m: float) -> Core:
    lat, lon = _arrays(line)
    if len(line) > 1:
        lat, lon = _cut(lat, lon)
    none = np.zeros(0, dtype=np.intp)
    return Core(lat, lon, np.arange(max(len(lat) - 1, 1)), radius_m, none, none, np.zeros((0, 3)))


def _region(parts: tuple[Polygon, ...]) -> Core:
    lats: list[Floats] = []
    lons: list[Floats] = []
    starts: list[NDArray[np.intp]] = []
    ring_start: list[int] = []
    shell_of: list[int] = []
    middles: list[Floats] = []
    point_count = piece_count = 0
    for index, part in enumerate(parts):
        with at(f"polygon {index}" if len(parts) > 1 else ""):
            rings = [_closed(ring) for ring in (part.shell, *part.holes)]
            middle = _checked_middle(rings)
        shell = len(ring_start)
        for lat, lon in rings:
            lat, lon = _cut(lat, lon)
            lats.append(lat)
            lons.append(lon)
            starts.append(np.arange(point_count, point_count + len(lat) - 1))
            ring_start.append(piece_count)
            shell_of.append(shell)
            middles.append(middle)
            point_count += len(lat)
            piece_count += len(lat) - 1
    lat, lon, start = np.concatenate(lats), np.concatenate(lons), np.concatenate(starts)
    return Core(lat, lon, start, 0.0, np.array(ring_start), np.array(shell_of), np.array(middles))


def _closed(ring: Ring) -> tuple[Floats, Floats]:
    lat, lon = _arrays(ring)
    return np.append(lat, lat[0]), np.append(lon, lon[0])


def _checked_middle(rings: list[tuple[Floats, Floats]]) -> Floats:
    """The direction of the polygon's middle; refuses rings that reach too far or cross, and holes outside the shell."""
    normals = [wgs84.normals(lat, lon) for lat, lon in rings]
    middle = normals[0][:-1].sum(axis=0)
    length = float(np.linalg.norm(middle))
    if length < 1e-9 or min(float((n @ middle).min()) for n in normals) < WIDEST_REGION_COS * length:
        raise InvalidVolume(
            "the polygon reaches more than 85° from its middle",
            hint="a ring means the smaller side of the Earth; split larger areas",
        )
    frame = _plane_at(middle / length)
    flat = [_onto_plane(n, frame) for n in normals]
    _check_crossings(flat, rings)
    _check_holes(flat[0], flat[1:])
    return np.asarray(middle / length)


def _plane_at(up: Floats) -> tuple[Floats, Floats, Floats]:
    aside = np.eye(3)[int(np.abs(up).argmin())]
    east = np.cross(aside, up)
    east /= np.linalg.norm(east)
    return up, east, np.cross(up, east)


def _onto_plane(n: Floats, frame: tuple[Floats, Floats, Floats]) -> Floats:
    up, east, north = frame
    return np.stack([n @ east, n @ north], axis=1) / (n @ up)[:, None]


def _check_crossings(flat: list[Floats], rings: list[tuple[Floats, Floats]]) -> None:
    first = np.concatenate([ring[:-1] for ring in flat])
    second = np.concatenate([ring[1:] for ring in flat])
    crossing = _first_crossing(first, second)
    if crossing is None:
        return
    labels = [(r, k) for r, (lat, _) in enumerate(rings) for k in range(len(lat) - 1)]
    (ring_a, a), (ring_b, b) = labels[crossing[0]], labels[crossing[1]]
    name = (
        "the ring"
        if ring_a == ring_b == 0
        else f"rings {ring_a} and {ring_b}"
        if ring_a != ring_b
        else f"hole {ring_a - 1}"
    )
    lat, lon = rings[ring_a]
    raise InvalidVolume(
        f"{name} cross{'es itself' if ring_a == ring_b else ''}: edge {a} and edge {b} intersect near {lat[a]:.4f}, {lon[a]:.4f}",
        hint="check the order of the corners",
    )


def _first_crossing(first: Floats, second: Floats) -> tuple[int, int] | None:
    """Indices of two edges that properly cross; None when none do. Edges that touch or run along each other do not count."""
    seen = 0
    for candidates in _boxes_that_meet(first, second) if len(first) > 300 else [_all_pairs(len(first))]:
        seen += len(candidates)
        if seen > MOST_EDGE_PAIRS:
            raise TooLarge(
                f"the outline is too intricate to check: more than {MOST_EDGE_PAIRS} pairs of its edges lie side by side",
                hint="simplify it outward, or split it",
            )
        i, j = candidates.T
        a, b, c, d = first[i], second[i], first[j], second[j]
        crosses = (_side(a, b, c) * _side(a, b, d) < 0) & (_side(c, d, a) * _side(c, d, b) < 0)
        if crosses.any():
            hit = int(crosses.argmax())
            return int(i[hit]), int(j[hit])
    return None


def _all_pairs(n: int) -> NDArray[np.intp]:
    i, j = np.triu_indices(n, 1)
    return np.stack([i, j], axis=1)


def _boxes_that_meet(first: Floats, second: Floats) -> Iterator[NDArray[np.intp]]:
    """(k, 2) pairs i < j of edges whose boxes meet, some edges at a time: of a tangle there are too many to hold at once."""
    import shapely  # only for rings of hundreds of edges

    boxes = shapely.box(*np.minimum(first, second).T, *np.maximum(first, second).T)
    tree = shapely.STRtree(boxes)
    for k in range(0, len(boxes), _BOXES_AT_ONCE):
        i, j = tree.query(boxes[k : k + _BOXES_AT_ONCE])
        keep = i + k < j
        yield np.stack([i[keep] + k, j[keep]], axis=1)


def _side(a: Floats, b: Floats, c: Floats) -> Floats:
    """-1, 0 or 1: on which side of a→b each c lies; 0 within what rounding of coordinates of order 1 could turn over."""
    ab, ac = b - a, c - a
    left, right = ab[:, 0] * ac[:, 1], ab[:, 1] * ac[:, 0]
    doubt = 1e-12 * (np.abs(left) + np.abs(right)) + 2e-15 * (np.abs(ab).sum(axis=1) + np.abs(ac).sum(axis=1))
    return np.asarray(np.where(np.abs(left - right) <= doubt, 0.0, np.sign(left - right)))


def _check_holes(shell: Floats, holes: Sequence[Floats]) -> None:
    """Refuses holes that leave nothing of their shell, or that are not holes in it. Rings must not cross."""
    for index, hole in enumerate(holes):
        inside = _lies_inside(hole, shell)
        if inside is None:
            raise InvalidVolume(f"hole {index} runs along its shell and leaves nothing of it", hint="check the rings")
        if not inside:
            raise InvalidVolume(
                f"hole {index} lies outside its shell", hint="send it as a polygon of its own, or remove it"
            )
    for outer, inner in _boxes_within(holes):
        if _lies_inside(holes[inner], holes[outer]):
            raise InvalidVolume(
                f"hole {inner} lies inside hole {outer}",
                hint="an island in a hole is a polygon of its own; remove a hole given twice",
            )


def _boxes_within(rings: Sequence[Floats]) -> Iterator[tuple[int, int]]:
    """(outer, inner) indices of rings where the one's box holds the other's; of two equal boxes, both ways."""
    if len(rings) < 2:
        return
    import shapely

    low, high = (np.array([side(ring, axis=0) for ring in rings]) for side in (np.min, np.max))
    boxes = shapely.box(*low.T, *high.T)
    tree = shapely.STRtree(boxes)
    for k in range(0, len(boxes), _BOXES_AT_ONCE):
        outer, inner = tree.query(boxes[k : k + _BOXES_AT_ONCE])
        outer = outer + k
        held = (outer != inner) & np.all((low[inner] >= low[outer]) & (high[inner] <= high[outer]), axis=1)
        yield from zip(outer[held].tolist(), inner[held].tolist(), strict=True)


def _lies_inside(ring: Floats, other: Floats) -> bool | None:
    """Whether a closed ring lies inside another that it does not cross; None where it runs along it as far as was looked."""
    points = np.concatenate([ring[:-1], 0.5 * (ring[:-1] + ring[1:])])
    step = max(1, len(points) // _POINTS_TRIED)
    for point in points[::step]:
        a, b = other[:-1] - point, other[1:] - point
        along = b - a
        share = np.clip(-np.sum(a * along, axis=1) / np.maximum(np.sum(along * along, axis=1), 1e-300), 0.0, 1.0)
        if float(np.min(np.hypot(*(a + share[:, None] * along).T))) > _ON_AN_EDGE:
            angle = np.arctan2(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0], np.sum(a * b, axis=1)).sum()
            return bool(abs(angle) > np.pi)  # ±2π for each time it goes round, 0 outside
    return None


def _middle_line(orbit: Orbit) -> tuple[Position, Position]:
    if orbit.alignment == "centre":
        return orbit.first, orbit.second
    lat, lon = _arrays((orbit.first, orbit.second))
    out_deg, _ = wgs84.inverse(lat[0], lon[0], lat[1], lon[1])
    in_deg = wgs84.final_azimuth(lat[0], lon[0], lat[1], lon[1])
    side_deg = -90.0 if orbit.alignment == "left" else 90.0
    lat, lon = wgs84.direct(lat, lon, np.array([out_deg, in_deg]) + side_deg, orbit.width_m / 2)
    return Position(float(lat[0]), float(lon[0])), Position(float(lat[1]), float(lon[1]))


def _corridor(corridor: Corridor) -> tuple[Core, ...]:
    line = tuple(p for k, p in enumerate(corridor.centre_line) if k == 0 or p != corridor.centre_line[k - 1])
    chain = _chain(line, corridor.half_width_m)
    if corridor.ends == "round":
        return (chain,)
    ends = ((line[1], line[0]), (line[-2], line[-1]))
    return (chain, *(_region((_end_square(inner, end, corridor.half_width_m),)) for inner, end in ends))


def _end_square(inner: Position, end: Position, half_width_m: float) -> Polygon:
    out_deg = wgs84.final_azimuth(inner.latitude_deg, inner.longitude_deg, end.latitude_deg, end.longitude_deg)
    far_lat, far_lon = wgs84.direct(end.latitude_deg, end.longitude_deg, out_deg, half_width_m)
    on_deg = wgs84.final_azimuth(end.latitude_deg, end.longitude_deg, far_lat, far_lon)
    lat = np.array([end.latitude_deg, end.latitude_deg, far_lat, far_lat])
    lon = np.array([end.longitude_deg, end.longitude_deg, far_lon, far_lon])
    turned_deg = np.array([out_deg - 90, out_deg + 90, on_deg + 90, on_deg - 90])
    lat, lon = wgs84.direct(lat, lon, turned_deg, half_width_m)
    return Polygon(tuple(Position(float(p), float(q)) for p, q in zip(lat, lon, strict=True)))
