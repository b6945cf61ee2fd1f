"""Streams: positions against what is active now, and pairs of tracks, beside peers on the same numbers.

`python -m bench.streams --counts 10000 100000 1000000` prints both tables. One thread; CPU seconds; in each round everyone runs once, and
the medians count. Positions come as a million at once, all over the area, at noon; heights and bands are both above the ellipsoid. Laying
out what is active now is not in the time of a position, for anyone; `laid_s` tells what it took. The peers get points and volumes on
the plane of `bench.workload`, and say which volumes hold a position, not whether they do so as stated.

BlueSky's detector is the compiled one of `bluesky-simulator` (MIT), at the same minima. It compares every pair. `make bench` installs the
package without what it depends on: the detector needs numpy alone, and the simulator's navigation data is under the GPL.
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.agreement import BAND_M, Exact
from bench.peers import boxes, geometry
from bench.workload import DAY_S, MIDNIGHT_US, Plane, Planned, lambert, plane, planned
from detente.domain import AltitudeReference, Circle, Position
from detente.screening import kernels, lateral
from detente.screening.engine import REFERENCE_CODES
from detente.screening.index import VolumeIndex
from detente.screening.pair import LATERAL_MARGIN_M
from detente.screening.shape import shape_of
from detente.screening.tracks import Tracks, closest_approaches

Floats = NDArray[np.float64]
Pairs = NDArray[np.int64]
Say = Callable[[str], None]

ENGINE: Final = "détente"
COUNTS: Final = (10_000, 100_000, 1_000_000)
ROUNDS: Final = 5
POSITIONS: Final = 1_000_000
NOON_US: Final = MIDNIGHT_US + DAY_S // 2 * 1_000_000
HEIGHT_BAND_M: Final = 0.002  # below it a position touches the band's limit
POINT_M: Final = 0.001  # a position as a circle


# Positions


@dataclass(frozen=True, eq=False)
class Stream:
    """n positions at one moment: degrees and metres above the ellipsoid, and the same on the plane of the peers."""

    lat_deg: Floats
    lon_deg: Floats
    x: Floats
    y: Floats
    height_m: Floats

    def __len__(self) -> int:
        return len(self.lat_deg)


@dataclass(frozen=True)
class PositionsRow:
    """One contender at one count of volumes, `active` of which are active now.

    `answered` positions took `cpu_s`, the median; of the pairs among them found by one alone, `in_margin` lie up to 1 m beyond what was
    stated, where the index answers POSSIBLE; `farthest_m` is how far from the rim the others lie at most; `wrong` counts those in which
    the exact predicate contradicts the index.
    """

    contender: str
    count: int
    active: int
    answered: int
    laid_s: float
    cpu_s: float
    runs: int
    pairs: int
    ours_only: int
    theirs_only: int
    in_margin: int
    farthest_m: float
    wrong: int

    @property
    def a_second(self) -> float:
        return self.answered / self.cpu_s

    @property
    def holds(self) -> bool:
        return self.wrong == 0 and self.farthest_m <= BAND_M


Ask = Callable[[Stream], Pairs]


def positions_at(count: int, say: Say, *, rounds: int = ROUNDS, asked: int = POSITIONS) -> list[PositionsRow]:
    """The index and its peers at one count of volumes; positions asked at once."""
    p, s = above_the_ellipsoid(planned("day", count)), stream(asked)
    now = active_now(plane(p))
    asks, laid_s = {}, {}
    _index(above_the_ellipsoid(planned("day", 100)))(first(s, 100))  # compiled
    ways = {ENGINE: partial(_index, p)} | {name: partial(peer, now) for name, peer in PEERS.items()}
    for name, lay_out in ways.items():
        began = time.process_time()
        asks[name] = lay_out()
        laid_s[name] = time.process_time() - began
    return _rows(p, s, now, asks, laid_s, say, rounds)


def stream(count: int, seed: int = 4) -> Stream:
    rng = np.random.default_rng(seed)
    lat, lon = rng.uniform(27, 40.5, count), rng.uniform(24, 46, count)
    x, y = lambert()(lon, lat)
    return Stream(lat, lon, np.asarray(x), np.asarray(y), rng.uniform(0, 13_000, count))


def above_the_ellipsoid(p: Planned) -> Planned:
    """The same numbers as heights above the ellipsoid, so that nobody has to convert."""
    hae = np.full(len(p.volumes), REFERENCE_CODES[AltitudeReference.HAE], dtype=np.int8)
    return Planned(replace(p.volumes, lower_in=hae, upper_in=hae), p.minima)


@dataclass(frozen=True, eq=False)
class Active:
    """What is active at noon, its uncertainty included: `row` (a,) of the whole, and these rows of the plane."""

    row: Pairs
    plane: Plane


def active_now(p: Plane) -> Active:
    row = np.flatnonzero((p.start_us <= NOON_US) & (p.end_us >= NOON_US))
    count = np.diff(p.offset)[row]
    offset = np.concatenate([[0], np.cumsum(count)])
    vertex = np.repeat(p.offset[row] - offset[:-1], count) + np.arange(offset[-1])
    cut = {name: values[row] for name, values in vars(p).items() if name not in ("x", "y", "offset")}
    return Active(row, Plane(x=p.x[vertex], y=p.y[vertex], offset=offset, **cut))


def _rows(
    p: Planned, s: Stream, now: Active, asks: dict[str, Ask], laid_s: dict[str, float], say: Say, rounds: int
) -> list[PositionsRow]:
    streams = {name: first(s, len(s) // 10) if name in SLOW else s for name in asks}
    took: dict[str, list[float]] = {name: [] for name in asks}
    pairs = {name: ask(streams[name]) for name, ask in asks.items()}  # and everything is warm
    for number in range(rounds):
        for name, ask in asks.items():
            took[name].append(_cpu_s(partial(ask, streams[name])))
            say(f"positions, {len(p.volumes):,}, round {number + 1}: {name}: {took[name][-1]:.3f} CPU-s")
    rows, exact = [], Exact(p)
    for name in asks:
        answered = len(streams[name])
        ours = pairs[ENGINE][pairs[ENGINE][:, 0] < answered]
        shared = {"contender": name, "count": len(p.volumes), "active": len(now.row), "answered": answered}
        times = {"laid_s": laid_s[name], "cpu_s": median(took[name]), "runs": rounds, "pairs": len(pairs[name])}
        rows.append(PositionsRow(**shared, **times, **_differences(exact, s, ours, pairs[name])))
    return rows


def first(s: Stream, count: int) -> Stream:
    return Stream(*(values[:count] for values in vars(s).values()))


def _cpu_s(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def _differences(exact: Exact, s: Stream, ours: Pairs, theirs: Pairs) -> dict[str, Any]:
    """Every pair that one alone found, measured along the geodesic and in height."""
    count = len(exact.p.volumes)
    keys, peer_keys = ours @ [count, 1], theirs @ [count, 1]
    ours_only, theirs_only = (
        np.setdiff1d(*each, assume_unique=True) for each in ((keys, peer_keys), (peer_keys, keys))
    )
    wrong, margin, farthest_m = 0, 0, 0.0
    for found, only in ((True, ours_only), (False, theirs_only)):
        for position, row in (divmod(key, count) for key in only.tolist()):
            out_m, off_m = _outside_m(exact, s, position, row), _over_or_under_m(exact.p, s, position, row)
            if abs(off_m) <= HEIGHT_BAND_M:
                continue
            wrong += found != (out_m <= LATERAL_MARGIN_M and off_m < 0.0)
            if found and 0.0 < out_m <= LATERAL_MARGIN_M:
                margin += 1
            else:
                farthest_m = max(farthest_m, abs(out_m))
    only = {"ours_only": len(ours_only), "theirs_only": len(theirs_only), "in_margin": margin}
    return only | {"farthest_m": farthest_m, "wrong": wrong}


def _outside_m(exact: Exact, s: Stream, position: int, row: int) -> float:
    """Metres from a position to the footprint, less the uncertainty; negative by up to that uncertainty."""
    at = shape_of(Circle(Position(float(s.lat_deg[position]), float(s.lon_deg[position])), POINT_M))
    apart = lateral.distance(at, exact.shape(row), beyond_m=1_000.0)
    return float(apart.distance_m) + POINT_M - float(exact.p.volumes.position_slack_m[row])


def _over_or_under_m(p: Planned, s: Stream, position: int, row: int) -> float:
    """Metres from a position to the band with its uncertainty; negative within."""
    v, height_m = p.volumes, s.height_m[position]
    return float(max(v.lower_m[row] - height_m, height_m - v.upper_m[row]) - v.altitude_slack_m[row])


def _index(p: Planned) -> Ask:
    index = VolumeIndex(p.table, room=len(p.volumes))
    index.insert(np.arange(len(p.volumes)), index.pack_arrays(p.volumes))
    return lambda s: index.positions(s.lat_deg, s.lon_deg, s.height_m, NOON_US)[0]


# The peers for positions. Each lays out what is active and gives a function from a stream to sorted pairs of position and volume.


def shapely_tree_of_volumes(now: Active) -> Ask:
    """shapely 2: an STRtree of the boxes of what is active, prepared geometry; points in bulk, heights vectorised, then `dwithin`."""
    import shapely

    flat, shapes = now.plane, geometry(now.plane)
    tree = shapely.STRtree(boxes(flat))
    shapely.prepare(shapes)

    def ask(s: Stream) -> Pairs:
        points = shapely.points(s.x, s.y)
        i, k = tree.query(points)
        return _that_hold(now, shapes, points, s, i, k)

    tree.query(shapely.points(0, 0))  # builds the tree
    return ask


def shapely_tree_of_positions(now: Active) -> Ask:
    """shapely 2: the other way round, an STRtree of the positions as they come, asked with the boxes of what is active."""
    import shapely

    flat, shapes = now.plane, geometry(now.plane)
    box = boxes(flat)
    shapely.prepare(shapes)

    def ask(s: Stream) -> Pairs:
        points = shapely.points(s.x, s.y)
        k, i = shapely.STRtree(points).query(box)
        return _that_hold(now, shapes, points, s, i, k)

    return ask


def _that_hold(now: Active, shapes: NDArray[Any], points: NDArray[Any], s: Stream, i: Pairs, k: Pairs) -> Pairs:
    import shapely

    in_band = (s.height_m[i] >= now.plane.lower_m[k]) & (s.height_m[i] <= now.plane.upper_m[k])
    i, k = i[in_band], k[in_band]
    near = shapely.dwithin(shapes[k], points[i], now.plane.reach_m[k])
    return _in_order(now, i[near], k[near])


def _in_order(now: Active, i: Pairs, k: Pairs) -> Pairs:
    keys = np.sort(i * (1 << 32) + now.row[k])
    return np.stack([keys >> 32, keys & ((1 << 32) - 1)], axis=1)


CELL_M: Final = 6_000.0
LAYER_M: Final = 1_000.0


def numpy_grid(now: Active) -> Ask:
    """numpy alone: a grid of cells and layers in flat arrays, boxes compared, distances to points, legs and rings vectorised."""
    flat = now.plane
    low = np.array([flat.west.min(), flat.south.min(), flat.lower_m.min()])
    side = np.array([CELL_M, CELL_M, LAYER_M])
    box_low = np.stack([flat.west, flat.south, flat.lower_m], axis=1)
    box_high = np.stack([flat.east, flat.north, flat.upper_m], axis=1)
    first_cell, last_cell = ((corner - low) // side for corner in (box_low, box_high))
    shape = last_cell.max(axis=0).astype(np.int64) + 1
    cells, volumes = _laid_out(first_cell.astype(np.int64), last_cell.astype(np.int64), shape)
    starts = np.searchsorted(cells, np.arange(shape.prod() + 1))
    cores = _Cores(flat)

    def ask(s: Stream) -> Pairs:
        at = np.stack([s.x, s.y, s.height_m], axis=1)
        cell3 = ((at - low) // side).astype(np.int64)
        inside = ((cell3 >= 0) & (cell3 < shape)).all(axis=1)
        cell = np.where(inside, (cell3[:, 0] * shape[1] + cell3[:, 1]) * shape[2] + cell3[:, 2], 0)
        count = np.where(inside, starts[cell + 1] - starts[cell], 0)
        i = np.repeat(np.arange(len(s)), count)
        k = volumes[np.arange(len(i)) + np.repeat(starts[cell] - np.cumsum(count) + count, count)]
        for axis in range(3):
            keep = (at[i, axis] >= box_low[k, axis]) & (at[i, axis] <= box_high[k, axis])
            i, k = i[keep], k[keep]
        near = cores.within_reach(s.x[i], s.y[i], k)
        return _in_order(now, i[near], k[near])

    return ask


def _laid_out(first_cell: Pairs, last_cell: Pairs, shape: Pairs) -> tuple[Pairs, Pairs]:
    """Cells, sorted, and the volume that lies over each."""
    span = last_cell - first_cell + 1
    count = span.prod(axis=1)
    volume = np.repeat(np.arange(len(span)), count)
    nth = np.arange(len(volume)) - np.repeat(np.cumsum(count) - count, count)
    width = span[volume]
    column = first_cell[volume] + np.stack(
        [nth // (width[:, 1] * width[:, 2]), nth // width[:, 2] % width[:, 1], nth % width[:, 2]], axis=1
    )
    cell = (column[:, 0] * shape[1] + column[:, 1]) * shape[2] + column[:, 2]
    order = np.argsort(cell, kind="stable")
    return cell[order], volume[order]


class _Cores:
    """Points, legs and rings of a plane, each padded to as many edges as the longest has."""

    def __init__(self, flat: Plane) -> None:
        self.flat = flat
        count = np.diff(flat.offset)
        self.edges = np.maximum(count - 1, 1)
        nth = np.minimum(np.arange(int(self.edges.max()) + 1), count[:, None] - 1) + flat.offset[:-1, None]
        self.x, self.y = np.ascontiguousarray(flat.x[nth].T), np.ascontiguousarray(flat.y[nth].T)

    def within_reach(self, x: Floats, y: Floats, k: Pairs) -> NDArray[np.bool_]:
        """Whether places are in the core of volume k, or within its reach."""
        near = np.zeros(len(k), dtype=bool)
        region = np.flatnonzero(self.flat.kind[k] == kernels.REGION)
        near[region] = self._inside(x[region], y[region], k[region])
        rest = np.flatnonzero(~near & (self.flat.reach_m[k] > 0.0))
        near[rest] = self._apart2_m2(x[rest], y[rest], k[rest]) <= self.flat.reach_m[k[rest]] ** 2
        return near

    def _inside(self, x: Floats, y: Floats, k: Pairs) -> NDArray[np.bool_]:
        odd = np.zeros(len(k), dtype=bool)
        below = self.y[0][k] <= y
        for e in range(len(self.x) - 1):
            next_below = self.y[e + 1][k] <= y
            crosses = np.flatnonzero(below != next_below)
            of = k[crosses]
            x0, y0, x1, y1 = self.x[e][of], self.y[e][of], self.x[e + 1][of], self.y[e + 1][of]
            odd[crosses] ^= x[crosses] < x0 + (y[crosses] - y0) / (y1 - y0) * (x1 - x0)
            below = next_below
        return odd

    def _apart2_m2(self, x: Floats, y: Floats, k: Pairs) -> Floats:
        least = np.full(len(k), np.inf)
        for e in range(len(self.x) - 1):
            has = np.flatnonzero(self.edges[k] > e)
            of = k[has]
            x0, y0 = self.x[e][of], self.y[e][of]
            dx, dy, px, py = self.x[e + 1][of] - x0, self.y[e + 1][of] - y0, x[has] - x0, y[has] - y0
            along = np.clip((px * dx + py * dy) / np.maximum(dx * dx + dy * dy, 1e-12), 0.0, 1.0)
            least[has] = np.minimum(least[has], (px - along * dx) ** 2 + (py - along * dy) ** 2)
        return least


def sqlite_tree(now: Active) -> Ask:
    """SQLite: an R*Tree of the boxes of what is active in memory, joined to a table of positions; then `dwithin` as above."""
    import shapely

    flat, shapes = now.plane, geometry(now.plane)
    shapely.prepare(shapes)
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE box USING rtree(id, w, e, s, n, lo, hi)")
    database.execute("CREATE TABLE at (id INTEGER PRIMARY KEY, x REAL, y REAL, h REAL)")
    columns = (flat.west, flat.east, flat.south, flat.north, flat.lower_m, flat.upper_m)
    rows = zip(range(len(flat)), *(c.tolist() for c in columns), strict=True)
    database.executemany("INSERT INTO box VALUES (?,?,?,?,?,?,?)", rows)

    def ask(s: Stream) -> Pairs:
        database.execute("DELETE FROM at")
        at = zip(range(len(s)), s.x.tolist(), s.y.tolist(), s.height_m.tolist(), strict=True)
        database.executemany("INSERT INTO at VALUES (?,?,?,?)", at)
        found = database.execute(
            "SELECT at.id, box.id FROM at CROSS JOIN box"
            " ON w <= x AND e >= x AND s <= y AND n >= y AND lo <= h AND hi >= h"
        ).fetchall()
        i, k = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return _that_hold(now, shapes, shapely.points(s.x, s.y), s, i, k)

    return ask


PEERS: Final[dict[str, Callable[[Active], Ask]]] = {
    "numpy grid": numpy_grid,
    "shapely STRtree of volumes": shapely_tree_of_volumes,
    "shapely STRtree of positions": shapely_tree_of_positions,
    "SQLite R*Tree": sqlite_tree,
}
SLOW: Final = ("SQLite R*Tree",)  # gets a tenth of the positions


# Tracks

LOOK_AHEAD_S: Final = 300.0
WITHIN_M: Final = 9_260.0
WITHIN_HEIGHT_M: Final = 304.8
BLUESKY: Final = "BlueSky, compiled"
MOST_OF_BLUESKY: Final = 10_000  # it compares every pair
BEYOND_M: Final = 20.0  # what the engine adds to the minimum for tracks that cover 75 km, and some


@dataclass(frozen=True)
class TracksRow:
    """One contender at one count. Pairs that one alone found are walked along their geodesics: `missed` counts those of them that come
    within both minima and the engine has not; `beyond_m` is how far beyond the minimum those stay at most that the engine alone has.
    """

    contender: str
    count: int
    cpu_s: float
    runs: int
    pairs: int
    ours_only: int
    theirs_only: int
    missed: int
    beyond_m: float

    @property
    def holds(self) -> bool:
        if self.contender == BLUESKY:
            return self.missed == 0 and self.beyond_m <= BEYOND_M
        return self.ours_only == self.theirs_only == 0


def tracks_at(count: int, say: Say, *, rounds: int = ROUNDS) -> list[TracksRow]:
    """The kernel, BlueSky's detector where it is installed, and, once and at the same counts as that, every pair in numpy."""
    tracks = drawn_tracks(count)
    ways: dict[str, Callable[[], Pairs]] = {ENGINE: lambda: ours(tracks)}
    if count <= MOST_OF_BLUESKY:
        detector = bluesky_detector()
        ways |= {} if detector is None else {BLUESKY: lambda: by_bluesky(detector, tracks)}
    found = {name: way() for name, way in ways.items()}
    took: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds):
        for name, way in ways.items():
            took[name].append(_cpu_s(way))
            say(f"tracks, {count:,}, round {number + 1}: {name}: {took[name][-1]:.4f} CPU-s")
    if count <= MOST_OF_BLUESKY:
        took["all pairs, numpy"] = [_cpu_s(lambda: found.update({"all pairs, numpy": all_pairs(tracks)}))]
    return [
        TracksRow(name, count, median(s), len(s), len(found[name]), *_apart(tracks, found[ENGINE], found[name]))
        for name, s in took.items()
    ]


def drawn_tracks(count: int, seed: int = 5) -> Tracks:
    """All over the area, 50 to 250 m/s, three in five level."""
    rng = np.random.default_rng(seed)
    course, speed = rng.uniform(0, 2 * np.pi, count), rng.uniform(50, 250, count)
    return Tracks(
        rng.uniform(27, 40.5, count),
        rng.uniform(24, 46, count),
        rng.uniform(0, 12_000, count),
        speed * np.sin(course),
        speed * np.cos(course),
        rng.choice([0.0, 0.0, 0.0, 5.0, -8.0], count),
    )


def ours(tracks: Tracks) -> Pairs:
    asked = {"look_ahead_s": LOOK_AHEAD_S, "within_m": WITHIN_M, "within_height_m": WITHIN_HEIGHT_M}
    return closest_approaches(tracks, **asked).pairs


def bluesky_detector() -> Callable[..., Any] | None:
    """`cstatebased.detect` of bluesky-simulator, loaded alone: the package itself would read its whole navigation database."""
    from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader
    from importlib.util import find_spec, module_from_spec, spec_from_loader

    package = find_spec("bluesky")
    if package is None or not package.submodule_search_locations:
        return None
    folder = Path(package.submodule_search_locations[0]) / "traffic" / "asas"
    for path in (folder / f"cstatebased{suffix}" for suffix in EXTENSION_SUFFIXES):
        if path.exists():
            loader = ExtensionFileLoader("cstatebased", str(path))
            module = module_from_spec(spec_from_loader("cstatebased", loader))
            loader.exec_module(module)
            return module.detect
    return None


def by_bluesky(detect: Callable[..., Any], tracks: Tracks) -> Pairs:
    """Its names are our indices; it gives every pair both ways."""
    course = np.degrees(np.arctan2(tracks.east_m_s, tracks.north_m_s))
    traffic = SimpleNamespace(
        id=list(range(len(tracks))),
        lat=tracks.latitude_deg,
        lon=tracks.longitude_deg,
        alt=tracks.height_m,
        trk=course,
        gs=np.hypot(tracks.east_m_s, tracks.north_m_s),
        vs=tracks.up_m_s,
    )
    each = (np.full(len(tracks), value) for value in (WITHIN_M, WITHIN_HEIGHT_M, LOOK_AHEAD_S))
    pairs = np.array(detect(traffic, traffic, *each)[0], dtype=np.int64).reshape(-1, 2)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def all_pairs(tracks: Tracks, at_once: int = 200) -> Pairs:
    """Every pair, in numpy; only such as could not meet at the speed of the two are passed over."""
    place, velocity = earth_centred(tracks)
    speed = np.sqrt((velocity**2).sum(axis=1))
    parts = []
    for start in range(0, len(tracks), at_once):
        i = np.arange(start, min(start + at_once, len(tracks)))
        gap2 = sum((place[i, axis, None] - place[None, start:, axis]) ** 2 for axis in range(3))
        near = gap2 <= (WITHIN_M + (speed[i, None] + speed[None, start:]) * LOOK_AHEAD_S + 5_000.0) ** 2
        a, b = np.nonzero(near)
        a, b = a + start, b + start
        a, b = a[a < b], b[a < b]
        parts.append(np.stack([a, b], axis=1)[meets(tracks, place, velocity, a, b)])
    return np.concatenate(parts)


def earth_centred(tracks: Tracks) -> tuple[Floats, Floats]:
    """(n, 3) places on the ellipsoid and velocities along it."""
    from pyproj import Transformer

    lat, lon = tracks.latitude_deg, tracks.longitude_deg
    place = np.stack(Transformer.from_crs(4979, 4978, always_xy=True).transform(lon, lat, np.zeros(len(lat))), axis=1)
    lat, lon = np.radians(lat), np.radians(lon)
    east = np.stack([-np.sin(lon), np.cos(lon), np.zeros(len(lat))], axis=1)
    north = np.stack([-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)], axis=1)
    return place, east * tracks.east_m_s[:, None] + north * tracks.north_m_s[:, None]


def _apart(tracks: Tracks, mine: Pairs, theirs: Pairs) -> tuple[int, int, int, float]:
    """How many pairs one alone found, how many of the others' the engine missed, and how far beyond the minimum its own are."""
    count = len(tracks)
    mine_only = np.setdiff1d(mine @ [count, 1], theirs @ [count, 1], assume_unique=True).tolist()
    theirs_only = np.setdiff1d(theirs @ [count, 1], mine @ [count, 1], assume_unique=True).tolist()
    missed = sum(closest_m(tracks, *divmod(key, count)) <= WITHIN_M for key in theirs_only)
    beyond_m = max((closest_m(tracks, *divmod(key, count)) - WITHIN_M for key in mine_only), default=0.0)
    return len(mine_only), len(theirs_only), missed, max(beyond_m, 0.0)


def closest_m(tracks: Tracks, i: int, j: int, step_s: float = 0.01) -> float:
    """How close two come while within the vertical minimum, each walked along its geodesic; infinity where they never are."""
    from pyproj import Geod

    geod, at_s = Geod(ellps="WGS84"), np.arange(0.0, LOOK_AHEAD_S + step_s / 2, step_s)
    rise_m = (tracks.up_m_s[j] - tracks.up_m_s[i]) * at_s
    at_s = at_s[np.abs(tracks.height_m[j] - tracks.height_m[i] + rise_m) <= WITHIN_HEIGHT_M]
    ends = []
    for k in (i, j):
        here = (
            np.full(len(at_s), x[k])
            for x in (tracks.longitude_deg, tracks.latitude_deg, tracks.east_m_s, tracks.north_m_s)
        )
        lon, lat, east, north = here
        ends += geod.fwd(lon, lat, np.degrees(np.arctan2(east, north)), np.hypot(east, north) * at_s)[:2]
    return float(np.min(geod.inv(*ends)[2], initial=np.inf))


def meets(
    tracks: Tracks, place: Floats, velocity: Floats, a: Pairs, b: Pairs, within_m: float | Floats = WITHIN_M
) -> NDArray[np.bool_]:
    """Whether two are within both minima at one moment, the lateral one widened as `closest_approaches` says.

    The plane is square to the ellipsoid midway. Within the lateral minimum they are between the roots of a quadratic, within the
    vertical one between the roots of a line.
    """
    radii = np.array([6_378_137.0, 6_378_137.0, 6_356_752.314245])
    normal = (place[a] + place[b]) / radii**2
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    apart, closing = place[b] - place[a], velocity[b] - velocity[a]
    apart = apart - (apart * normal).sum(axis=1)[:, None] * normal
    closing = closing - (closing * normal).sum(axis=1)[:, None] * normal
    c, m, q = ((u * v).sum(axis=1) for u, v in ((apart, apart), (apart, closing), (closing, closing)))
    at_s = np.clip(-m / q, 0.0, LOOK_AHEAD_S)
    least_m = np.sqrt(np.maximum(c + 2 * m * at_s + q * at_s**2, 0.0))
    speed = np.sqrt((velocity**2).sum(axis=1))
    covered_m = np.sqrt(c) / 2 + np.maximum(speed[a], speed[b]) * LOOK_AHEAD_S
    reach_m = within_m + 1.0 + covered_m**3 / (6 * 6_335_439.0**2)
    root = np.sqrt(np.maximum(m * m - q * (c - reach_m**2), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        above, rise = tracks.height_m[b] - tracks.height_m[a], tracks.up_m_s[b] - tracks.up_m_s[a]
        crossings = np.stack([(WITHIN_HEIGHT_M - above) / rise, (-WITHIN_HEIGHT_M - above) / rise])
    level = rise == 0.0
    enter = np.where(level, 0.0, crossings.min(axis=0))
    leave = np.where(level, np.where(np.abs(above) <= WITHIN_HEIGHT_M, LOOK_AHEAD_S, -1.0), crossings.max(axis=0))
    first_s = np.maximum.reduce([np.zeros(len(a)), (-m - root) / q, enter])
    last_s = np.minimum.reduce([np.full(len(a), LOOK_AHEAD_S), (-m + root) / q, leave])
    return np.asarray((least_m <= reach_m) & (first_s <= last_s))


def main() -> None:
    """Runs and prints."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--counts", nargs="*", type=int, default=list(COUNTS))
    asked.add_argument("--tracks", nargs="*", type=int, default=[10_000, 100_000])
    asked.add_argument("--rounds", type=int, default=ROUNDS)
    options = asked.parse_args()
    for count in options.counts:
        for row in positions_at(count, lambda _: None, rounds=options.rounds):
            print(f"{row.a_second / 1e6:8.2f} M/s", row, flush=True)
    for count in options.tracks:
        for row in tracks_at(count, lambda _: None, rounds=options.rounds):
            print(row, flush=True)


if __name__ == "__main__":
    main()
