"""Pairs of footprints drawn where screening is easiest to get wrong. Everything follows from the generator passed in.

A pair is drawn in three steps: a region of the Earth, a first footprint there, and a second one placed against it in one of
the ways of `PAIR_KINDS`. Shapes are laid out by azimuth and distance from a middle point, so poles and the antimeridian are
places like any other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from detente.domain import Circle, Corridor, Footprint, MultiPolygon, Orbit, Polygon, Position, Ring
from oracle.cores import cores_of
from oracle.geodesics import direct, inverse
from oracle.lateral import core_distance_m

Random: TypeAlias = np.random.Generator

OFFSETS_M = (0.0, 1e-6, 1e-3, 0.01, 0.05, 0.3, 1.0, 2.5, 10.0, 300.0, 9_260.0)
LARGEST_M = 400_000.0  # a shape's reach from its middle, long corridors and big circles aside


@dataclass(frozen=True)
class Pair:
    """Two footprints, where on Earth they were drawn and how the second was placed."""

    region: str
    kind: str
    a: Footprint
    b: Footprint


def draw_pair(rng: Random, kind: str | None = None) -> Pair:
    """A pair of one kind, or of any."""
    kind = str(rng.choice(list(PAIR_KINDS))) if kind is None else kind
    region = str(rng.choice(list(REGIONS)))
    a, b = PAIR_KINDS[kind](rng, REGIONS[region](rng))
    return Pair(region, kind, *((a, b) if rng.random() < 0.5 else (b, a)))


# Where on Earth


def _anywhere(rng: Random) -> Position:
    return Position(float(np.degrees(np.arcsin(rng.uniform(-1, 1)))), float(rng.uniform(-180, 180)))


def _by_a_pole(rng: Random) -> Position:
    off_deg = rng.choice([0.0, 10.0 ** rng.uniform(-6, 0.5)])
    return Position(
        float(rng.choice([-1, 1]) * (90 - off_deg)), float(rng.choice([0.0, 180.0, rng.uniform(-180, 180)]))
    )


def _by_the_antimeridian(rng: Random) -> Position:
    off_deg = rng.choice([0.0, 10.0 ** rng.uniform(-9, 0)])
    return Position(float(rng.uniform(-80, 80)), float(rng.choice([-1, 1]) * (180 - off_deg)))


def _on_the_equator(rng: Random) -> Position:
    return Position(
        float(rng.choice([0.0, rng.uniform(-1, 1)])), float(rng.choice([0.0, 90.0, rng.uniform(-180, 180)]))
    )


def _in_the_levant(rng: Random) -> Position:
    return Position(float(rng.uniform(32, 36)), float(rng.uniform(34, 38)))


REGIONS: dict[str, Callable[[Random], Position]] = {
    "anywhere": _anywhere,
    "pole": _by_a_pole,
    "antimeridian": _by_the_antimeridian,
    "equator": _on_the_equator,
    "Levant": _in_the_levant,
}


# Positions


def moved(p: Position, azimuth_deg: float, length_m: float) -> Position:
    """The position reached along a geodesic."""
    lat, lon, _ = direct(p.latitude_deg, p.longitude_deg, azimuth_deg, length_m)
    return Position(float(lat), float(lon))


def course(a: Position, b: Position) -> tuple[float, float]:
    """Azimuth and length of the geodesic between two positions."""
    azimuth_deg, length_m = inverse(a.latitude_deg, a.longitude_deg, b.latitude_deg, b.longitude_deg)
    return float(azimuth_deg), float(length_m)


def point_beside(a: Position, b: Position, fraction: float, aside_m: float) -> Position:
    """The position a fraction of the way from a to b and then `aside_m` to the right."""
    azimuth_deg, length_m = course(a, b)
    lat, lon, here_deg = direct(a.latitude_deg, a.longitude_deg, azimuth_deg, fraction * length_m)
    return moved(Position(float(lat), float(lon)), float(here_deg) + 90.0, aside_m)


def _around(middle: Position, azimuth_deg: np.ndarray, reach_m: np.ndarray) -> Ring:
    lat, lon, _ = direct(middle.latitude_deg, middle.longitude_deg, azimuth_deg, reach_m)
    ring = [Position(float(p), float(q)) for p, q in zip(lat, lon, strict=True)]
    return tuple(p for k, p in enumerate(ring) if p != ring[k - 1])


def a_size(rng: Random, largest_m: float = LARGEST_M) -> float:
    """From 1 m up, every order of magnitude as likely."""
    return float(10.0 ** rng.uniform(0, np.log10(largest_m)))


def _turn(rng: Random) -> float:
    return float(rng.choice([0.0, 90.0, 180.0, 270.0, *rng.uniform(0, 360, 4)]))


# Footprints within about `size_m` of `middle`


def star(rng: Random, middle: Position, size_m: float) -> Polygon:
    """A ring seen whole from its middle, up to 60 corners, either direction."""
    corners = int(rng.choice([3, 4, 5, 8, 20, 60], p=[0.3, 0.3, 0.15, 0.15, 0.07, 0.03]))
    azimuth_deg = (np.arange(corners) + rng.uniform(0, 0.7, corners)) * 360 / corners + _turn(rng)
    ring = _around(middle, azimuth_deg, size_m * rng.uniform(0.3, 1.0, corners))
    return Polygon(ring if rng.random() < 0.5 else ring[::-1])


def ring_with_hole(rng: Random, middle: Position, size_m: float) -> Polygon:
    """A star with a hole of the same form; its middle lies in the hole."""
    size_m = min(max(size_m, 1.0), 300_000.0)
    corners = int(rng.integers(4, 9))
    azimuth_deg = (np.arange(corners) + rng.uniform(0, 0.7, corners)) * 360 / corners + _turn(rng)
    reach_m = size_m * rng.uniform(0.4, 1.0, corners)
    hole = _around(middle, azimuth_deg, reach_m * rng.uniform(0.1, 0.9))
    return Polygon(_around(middle, azimuth_deg, reach_m), (hole if rng.random() < 0.5 else hole[::-1],))


def comb(rng: Random, middle: Position, size_m: float) -> Polygon:
    """A ring with bays between narrow teeth; its middle may lie in a bay."""
    size_m = min(size_m, 100_000.0)
    teeth = int(rng.integers(2, 5))
    x = np.repeat(np.linspace(-1, 1, 2 * teeth), 2)[1:-1]
    y = np.tile([1.0, 1.0, 0.2, 0.2], teeth)[: 4 * teeth - 2] * rng.uniform(0.5, 1.0)
    east, north = size_m * np.append(x, [1, -1]), size_m * np.append(y, [-0.5, -0.5])
    return Polygon(_around(middle, np.degrees(np.arctan2(east, north)) + _turn(rng), np.hypot(east, north)))


def sliver(rng: Random, middle: Position, size_m: float) -> Polygon:
    """A triangle up to 400 km long, from 1 cm to 10 m wide."""
    size_m = max(size_m, 20.0)
    azimuth_deg = _turn(rng)
    ends = moved(middle, azimuth_deg, size_m), moved(middle, azimuth_deg + 180.0, size_m * rng.uniform(0.1, 1.0))
    thick_m = min(10.0 ** rng.uniform(-2, 1), size_m / 10)
    return Polygon((ends[0], ends[1], point_beside(*ends, rng.uniform(0, 1), float(rng.choice([-1, 1]) * thick_m))))


def several(rng: Random, middle: Position, size_m: float) -> MultiPolygon:
    """Two to four polygons, apart or over one another."""
    makers = (star, ring_with_hole, sliver)
    return MultiPolygon(
        tuple(
            makers[rng.integers(3)](rng, moved(middle, _turn(rng), size_m * rng.uniform(0, 0.8)), 0.4 * size_m)
            for _ in range(rng.integers(2, 5))
        )
    )


def circle(rng: Random, middle: Position, size_m: float) -> Circle:
    """A circle of about this size."""
    return Circle(middle, size_m * rng.uniform(0.2, 1.0))


def corridor(rng: Random, middle: Position, size_m: float) -> Corridor:
    """A wandering line of 2 to 7 points, which may cross itself or turn back; either kind of ends."""
    line = [moved(middle, _turn(rng), size_m * rng.uniform(0.2, 1.0))]
    heading_deg = course(line[0], middle)[0]
    for _ in range(int(rng.choice([1, 2, 6]))):
        line.append(moved(line[-1], heading_deg, size_m * rng.uniform(0.05, 1.0)))
        heading_deg += float(rng.choice([0.0, 180.0, rng.normal(0, 60)], p=[0.15, 0.05, 0.8]))
    half_width_m = min(size_m * 10.0 ** rng.uniform(-4, -0.3), 50_000.0)
    return Corridor(tuple(line), half_width_m, str(rng.choice(["round", "square"])))


def orbit(rng: Random, middle: Position, size_m: float) -> Orbit:
    """A racetrack with its first anchor at the middle."""
    width_m = size_m * 10.0 ** rng.uniform(-2, 0)
    alignment = str(rng.choice(["left", "centre", "right"]))
    return Orbit(middle, moved(middle, _turn(rng), size_m * rng.uniform(0.05, 1.0)), width_m, alignment)


MAKERS: dict[str, Callable[[Random, Position, float], Footprint]] = {
    "star": star,
    "ring with hole": ring_with_hole,
    "comb": comb,
    "sliver": sliver,
    "several": several,
    "circle": circle,
    "corridor": corridor,
    "orbit": orbit,
}


def any_footprint(rng: Random, middle: Position, size_m: float) -> Footprint:
    """A footprint of any kind."""
    return MAKERS[str(rng.choice(list(MAKERS)))](rng, middle, size_m)


def an_edge(rng: Random, footprint: Footprint) -> tuple[Position, Position]:
    """One of the footprint's own edges, to the bit; a short one northward from a circle's centre."""
    match footprint:
        case Circle(centre, radius_m):
            return centre, moved(centre, 0.0, radius_m)
        case Orbit(first, second):
            return first, second
        case Corridor(line):
            edges = [edge for edge in pairwise(line) if edge[0] != edge[1]]
        case Polygon(shell, holes):
            ring = (shell, *holes)[rng.integers(1 + len(holes))]
            edges = list(pairwise((*ring, ring[0])))
        case MultiPolygon(parts):
            return an_edge(rng, parts[rng.integers(len(parts))])
    return edges[rng.integers(len(edges))]


def with_radius(footprint: Footprint, radius_m: float) -> Footprint:
    """The footprint's core widened by another radius; polygons have none and stay."""
    match footprint:
        case Circle():
            return replace(footprint, radius_m=radius_m)
        case Corridor():
            return replace(footprint, half_width_m=radius_m)
        case Orbit():
            return replace(footprint, width_m=2 * radius_m)
    return footprint


# How the second is placed against the first

Two: TypeAlias = tuple[Footprint, Footprint]


def _offset(rng: Random) -> float:
    return float(rng.choice([-1, 1]) * rng.choice(OFFSETS_M))


def _near_by(rng: Random, middle: Position) -> Two:
    size_m, other_m = a_size(rng), a_size(rng)
    aside_m = (size_m + other_m) * rng.uniform(0, 2)
    return any_footprint(rng, middle, size_m), any_footprint(rng, moved(middle, _turn(rng), aside_m), other_m)


def _small_and_close(rng: Random, middle: Position) -> Two:
    size_m = a_size(rng, 3_000.0)
    near = moved(middle, _turn(rng), min(size_m * 10.0 ** rng.uniform(0, 3), 100_000.0))
    return any_footprint(rng, middle, size_m), any_footprint(rng, near, a_size(rng, 3_000.0))


def _tangent(rng: Random, middle: Position) -> Two:
    """A radius chosen so that the two just touch, just part or just overlap."""
    size_m = a_size(rng)
    a = any_footprint(rng, middle, size_m)
    maker = (circle, corridor, orbit)[rng.integers(3)]
    b = maker(rng, moved(middle, _turn(rng), size_m * rng.uniform(1, 3)), a_size(rng))
    if isinstance(b, Corridor):
        b = replace(b, ends="round")
    (core,) = cores_of(replace(b, alignment="centre") if isinstance(b, Orbit) else b)
    gap_m = min(core_distance_m(other, core) - other.radius_m for other in cores_of(a))
    radius_m = gap_m + _offset(rng)
    if isinstance(b, Orbit):
        b = replace(b, alignment="centre")  # the other two move their line with their width
    return a, with_radius(b, radius_m) if 0.5 < radius_m < 1_000_000.0 else b


def _shared_vertex(rng: Random, middle: Position) -> Two:
    a = any_footprint(rng, middle, a_size(rng))
    corner, _ = an_edge(rng, a)
    return a, _shape_at(rng, corner, a_size(rng), _turn(rng))


def _shared_edge(rng: Random, middle: Position) -> Two:
    a = any_footprint(rng, middle, a_size(rng))
    p, q = an_edge(rng, a)
    if rng.random() < 0.2:
        return a, Corridor((q, p), min(a_size(rng), 50_000.0), "round")
    return a, Polygon((q, p, point_beside(p, q, rng.uniform(-0.2, 1.2), float(rng.choice([-1, 1]) * a_size(rng)))))


def _tee(rng: Random, middle: Position) -> Two:
    """A corner of the second lies on an edge of the first, or a little to one side of it."""
    a = any_footprint(rng, middle, a_size(rng))
    p, q = an_edge(rng, a)
    foot = point_beside(p, q, rng.uniform(0, 1), _offset(rng))
    away_deg = course(p, q)[0] + float(rng.choice([-90, 90, 0, 1e-4]))
    return a, _shape_at(rng, foot, a_size(rng), away_deg)


def _shape_at(rng: Random, corner: Position, size_m: float, azimuth_deg: float) -> Footprint:
    """A shape with a vertex at `corner`, to the bit, reaching off towards `azimuth_deg`."""
    far = moved(corner, azimuth_deg, size_m)
    match rng.integers(3):
        case 0:
            return Polygon((corner, far, moved(corner, azimuth_deg + rng.uniform(1, 60), size_m * rng.uniform(0.2, 1))))
        case 1:
            return Corridor((corner, far), size_m * rng.uniform(1e-4, 0.5), str(rng.choice(["round", "square"])))
    return Circle(corner, size_m)


def _nested(rng: Random, middle: Position) -> Two:
    size_m = a_size(rng)
    return any_footprint(rng, middle, size_m), any_footprint(rng, middle, max(0.1, size_m * rng.uniform(0.001, 0.3)))


def _in_a_hole(rng: Random, middle: Position) -> Two:
    """The second lies in a hole of the first, and its tip comes close to the hole's rim, or over it."""
    a = ring_with_hole(rng, middle, a_size(rng))
    ring = a.holes[0]
    k = int(rng.integers(len(ring)))
    on_rim = point_beside(ring[k - 1], ring[k], rng.uniform(0, 1), 0.0)
    inward_deg, depth_m = course(on_rim, middle)
    tip = moved(on_rim, inward_deg, min(float(rng.choice([-1, 1, 1, 1]) * rng.choice(OFFSETS_M)), 0.9 * depth_m))
    if rng.random() < 0.3:
        return a, Circle(middle, max(depth_m - rng.choice(OFFSETS_M), 0.1 * depth_m))
    wings = [moved(middle, inward_deg + side, 0.02 * depth_m) for side in (90.0, -90.0)]
    return a, Polygon((tip, *wings))


def _across(rng: Random, middle: Position) -> Two:
    """A thin thing that runs over an edge of the first."""
    a = any_footprint(rng, middle, a_size(rng))
    p, q = an_edge(rng, a)
    foot = point_beside(p, q, rng.uniform(0, 1), 0.0)
    azimuth_deg, size_m = course(p, q)[0] + rng.choice([90.0, 1.0, rng.uniform(0, 180)]), a_size(rng)
    ends = moved(foot, azimuth_deg, size_m), moved(foot, azimuth_deg + 180.0, size_m * rng.uniform(0.1, 1))
    if rng.random() < 0.5:
        return a, Corridor(ends, rng.uniform(0.1, 100.0), "round")
    return a, Polygon((*ends, point_beside(*ends, 0.5, float(min(size_m / 10, 10.0 ** rng.uniform(-2, 3))))))


def _alongside(rng: Random, middle: Position) -> Two:
    """A corridor or a strip that runs beside an edge of the first for its whole length, or most of it."""
    a = any_footprint(rng, middle, a_size(rng))
    p, q = an_edge(rng, a)
    aside_m = float(rng.choice([-1, 1]) * (rng.choice(OFFSETS_M) + rng.choice([0.0, a_size(rng, 50_000.0)])))
    from_end, to_end = rng.uniform(-0.1, 0.1), rng.uniform(0.9, 1.1)
    line = point_beside(p, q, from_end, aside_m), point_beside(p, q, to_end, aside_m)
    if rng.random() < 0.5:
        return a, Corridor(line, a_size(rng, 5_000.0), str(rng.choice(["round", "square"])))
    return a, Polygon((*line, point_beside(p, q, 0.5, 2 * aside_m + float(np.sign(aside_m) or 1.0))))


def _long_corridors(rng: Random, middle: Position) -> Two:
    """Corridors of a thousand kilometres and more, against each other or anything near their line."""
    azimuth_deg = _turn(rng)
    line = tuple(
        moved(middle, azimuth_deg + side, rng.uniform(400_000, 1_500_000)) for side in (0.0, 180.0 + rng.normal(0, 1))
    )
    a = Corridor(line, a_size(rng, 50_000.0), str(rng.choice(["round", "square"])))
    near = point_beside(*line, rng.uniform(-0.1, 1.1), float(rng.choice([-1, 1]) * a_size(rng, 300_000.0)))
    if rng.random() < 0.5:
        return a, any_footprint(rng, near, a_size(rng))
    turn_deg = azimuth_deg + rng.choice([0.0, 180.0, rng.uniform(0, 360)])
    other = near, moved(near, turn_deg, rng.uniform(100_000, 2_000_000))
    return a, Corridor(other, a_size(rng, 50_000.0), str(rng.choice(["round", "square"])))


def _big_circle(rng: Random, middle: Position) -> Two:
    """A circle of hundreds of kilometres and something at its rim."""
    radius_m = rng.uniform(200_000, 1_000_000)
    size_m = a_size(rng)
    near = moved(middle, _turn(rng), radius_m + size_m * rng.uniform(-1, 1) + _offset(rng))
    return Circle(middle, radius_m), any_footprint(rng, near, size_m)


def _the_same(rng: Random, middle: Position) -> Two:
    a = any_footprint(rng, middle, a_size(rng))
    if isinstance(a, Polygon) and rng.random() < 0.5:
        return a, Polygon(a.shell[::-1], tuple(hole[::-1] for hole in a.holes))
    if isinstance(a, Polygon) and a.holes and rng.random() < 0.5:
        return a, Polygon(a.holes[0])  # fills the hole: they touch all along its rim
    return a, a


def _wide_region(rng: Random, middle: Position) -> Two:
    """A polygon of thousands of kilometres, often with a pole inside, and something anywhere in or near it."""
    corners = int(rng.integers(3, 7))
    azimuth_deg = (np.arange(corners) + rng.uniform(0, 0.4, corners)) * 360 / corners + _turn(rng)
    a = Polygon(_around(middle, azimuth_deg, rng.uniform(1_000_000, 3_000_000, corners)))
    near = moved(middle, _turn(rng), rng.uniform(0, 4_000_000))
    return a, any_footprint(rng, near, a_size(rng))


PAIR_KINDS: dict[str, Callable[[Random, Position], Two]] = {
    "near by": _near_by,
    "small and close": _small_and_close,
    "tangent": _tangent,
    "shared vertex": _shared_vertex,
    "shared edge": _shared_edge,
    "T-junction": _tee,
    "nested": _nested,
    "in a hole": _in_a_hole,
    "across": _across,
    "alongside": _alongside,
    "long corridors": _long_corridors,
    "big circle": _big_circle,
    "the same": _the_same,
    "wide region": _wide_region,
}
