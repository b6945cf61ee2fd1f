"""The peers: what else a Python user could pick for the same question, each at the best set-up we know of.

Every peer takes a `Plane` and gives the pairs i < j of different parties whose footprints, altitudes and times meet, and of each whether
it meets as stated (CONFLICT) or only by an uncertainty (POSSIBLE).
Building its geometry and index counts, as it does for the engine. Distances are taken between points, lines and rings (`dwithin`),
so circles and widths are exact and cheaper than as polygons.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.workload import Plane
from detente.domain import Answer
from detente.screening import kernels

if TYPE_CHECKING:
    import duckdb

Pairs = NDArray[np.int64]
Found = tuple[Pairs, NDArray[np.int8]]
CHUNK: Final = 20_000
SLICE_US: Final = 7_200_000_000  # of half an hour to four hours the best for both that slice
MICROSECONDS = 1e6


# What they share


def geometry(p: Plane) -> NDArray[Any]:
    """Points, lines and polygons, not widened, built in bulk."""
    import shapely

    xy = np.column_stack([p.x, p.y])
    count = np.diff(p.offset)
    made = np.empty(len(p), dtype=object)
    point, line, region = (p.kind == kind for kind in (kernels.POINT, kernels.CHAIN, kernels.REGION))
    of = np.repeat(np.arange(len(p)), count)
    made[point] = shapely.points(xy[point[of]])
    made[line] = shapely.linestrings(xy[line[of]], indices=np.repeat(np.arange(line.sum()), count[line]))
    rings = shapely.linearrings(xy[region[of]], indices=np.repeat(np.arange(region.sum()), count[region]))
    made[region] = shapely.polygons(rings)
    return made


def boxes(p: Plane) -> NDArray[Any]:
    import shapely

    return np.asarray(shapely.box(p.west, p.south, p.east, p.north))


def meet_in_time_and_height(p: Plane, i: Pairs, j: Pairs) -> NDArray[np.bool_]:
    return np.asarray(
        (p.party[i] != p.party[j])
        & (p.start_us[i] <= p.end_us[j])
        & (p.start_us[j] <= p.end_us[i])
        & (p.lower_m[i] <= p.upper_m[j])
        & (p.lower_m[j] <= p.upper_m[i])
    )


def that_come_near(p: Plane, shapes: NDArray[Any], i: Pairs, j: Pairs) -> Pairs:
    """Of candidate pairs those within reach; (k, 2), smaller index first."""
    import shapely

    near = shapely.dwithin(shapes[i], shapes[j], p.reach_m[i] + p.reach_m[j])
    i, j = i[near], j[near]
    return np.column_stack([np.minimum(i, j), np.maximum(i, j)])


def in_order(parts: list[Pairs]) -> Pairs:
    pairs = np.concatenate([np.zeros((0, 2), dtype=np.int64), *parts])
    return np.asarray(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))])


def graded(p: Plane, shapes: NDArray[Any], pairs: Pairs) -> Found:
    """Pairs, and CONFLICT where they meet without their uncertainties too; distances are taken again only where there are any."""
    import shapely

    i, j = pairs.T
    us, m = p.time_slack_us[i] + p.time_slack_us[j], p.altitude_slack_m[i] + p.altitude_slack_m[j]
    sure = (p.start_us[i] + us <= p.end_us[j]) & (p.start_us[j] + us <= p.end_us[i])
    sure &= (p.lower_m[i] + m <= p.upper_m[j]) & (p.lower_m[j] + m <= p.upper_m[i])
    slack_m = p.reach_slack_m[i] + p.reach_slack_m[j]
    ask = np.flatnonzero(sure & (slack_m > 0.0))
    a, b = i[ask], j[ask]
    sure[ask] = shapely.dwithin(shapes[a], shapes[b], p.reach_m[a] + p.reach_m[b] - slack_m[ask])
    return pairs, np.where(sure, Answer.CONFLICT, Answer.POSSIBLE).astype(np.int8)


def mapped(work: Callable[[Any], Pairs], items: Iterator[Any], threads: int) -> list[Pairs]:
    if threads == 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, items))


# The peers


def shapely_tree(p: Plane, threads: int) -> Found:
    """shapely 2: one STRtree of boxes, queried in chunks, then times and altitudes vectorised, then `dwithin`."""
    import shapely

    shapes, box = geometry(p), boxes(p)
    tree = shapely.STRtree(box)

    def chunk(first: int) -> Pairs:
        i, j = tree.query(box[first : first + CHUNK])
        i = i + first
        keep = i < j
        i, j = i[keep], j[keep]
        keep = meet_in_time_and_height(p, i, j)
        return that_come_near(p, shapes, i[keep], j[keep])

    tree.query(box[:1])  # builds the tree
    return graded(p, shapes, in_order(mapped(chunk, iter(range(0, len(p), CHUNK)), threads)))


def shapely_sliced(p: Plane, threads: int) -> Found:
    """shapely 2: an STRtree for every two hours, of what is active then; a pair is reported in those in which the later one starts."""
    import shapely

    shapes, box = geometry(p), boxes(p)
    first_slice = (p.start_us - p.start_us.min()) // SLICE_US
    last_slice = (p.end_us - p.start_us.min()) // SLICE_US
    order = np.argsort(first_slice, kind="stable")
    longest = int((last_slice - first_slice).max())
    sorted_first = first_slice[order]

    def slice_(k: int) -> Pairs:
        a, b = np.searchsorted(sorted_first, [k - longest, k + 1])
        active = order[a:b]
        active = active[last_slice[active] >= k]
        starting = active[first_slice[active] == k]
        i, j = shapely.STRtree(box[active]).query(box[starting])
        i, j = starting[i], active[j]
        keep = (first_slice[j] < k) | (i < j)
        i, j = i[keep], j[keep]
        keep = meet_in_time_and_height(p, i, j)
        return that_come_near(p, shapes, i[keep], j[keep])

    return graded(p, shapes, in_order(mapped(slice_, iter(range(int(first_slice.max()) + 1)), threads)))


def geopandas_join(p: Plane, _threads: int) -> Found:
    """geopandas: `sjoin` of the widened boxes, then as above. It has no threads of its own."""
    import geopandas

    shapes = geometry(p)
    frame = geopandas.GeoDataFrame({"row": np.arange(len(p))}, geometry=boxes(p))
    parts = []
    for first in range(0, len(p), CHUNK):
        joined = geopandas.sjoin(frame.iloc[first : first + CHUNK], frame, predicate="intersects")
        i, j = joined["row_left"].to_numpy(), joined["row_right"].to_numpy()
        keep = i < j
        i, j = i[keep], j[keep]
        keep = meet_in_time_and_height(p, i, j)
        parts.append(that_come_near(p, shapes, i[keep], j[keep]))
    return graded(p, shapes, in_order(parts))


def rtree_4d(p: Plane, _threads: int) -> Found:
    """rtree (libspatialindex): one index of 4D boxes, packed on loading, asked in bulk (`intersection_v`)."""
    from rtree import index

    shapes = geometry(p)
    low, high = corners_4d(p)
    settings = index.Property(dimension=4, leaf_capacity=100, index_capacity=100)
    tree = index.Index((np.arange(len(p)), low, high), properties=settings, interleaved=True)
    parts = []
    for first in range(0, len(p), CHUNK):
        j, count = tree.intersection_v(low[first : first + CHUNK], high[first : first + CHUNK])
        i = np.repeat(np.arange(first, first + len(count)), count.astype(np.int64))
        j = np.asarray(j, dtype=np.int64)
        keep = i < j
        i, j = i[keep], j[keep]
        keep = meet_in_time_and_height(p, i, j)
        parts.append(that_come_near(p, shapes, i[keep], j[keep]))
    return graded(p, shapes, in_order(parts))


def corners_4d(p: Plane) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    base = p.start_us.min()
    low = np.column_stack([p.west, p.south, p.lower_m, (p.start_us - base) / MICROSECONDS])
    high = np.column_stack([p.east, p.north, p.upper_m, (p.end_us - base) / MICROSECONDS])
    return low, high


def sqlite_rtree(p: Plane, _threads: int) -> Found:
    """SQLite: an R*Tree of 4D boxes in memory, joined to itself; exact times, heights and distances afterwards, vectorised."""
    shapes = geometry(p)
    low, high = corners_4d(p)
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE box USING rtree(id, w, e, s, n, lo, hi, t0, t1)")
    columns = (low[:, 0], high[:, 0], low[:, 1], high[:, 1], low[:, 2], high[:, 2], low[:, 3], high[:, 3])
    rows = zip(range(len(p)), *(c.tolist() for c in columns), strict=True)
    database.executemany("INSERT INTO box VALUES (?,?,?,?,?,?,?,?,?)", rows)
    found = database.execute(
        "SELECT a.id, b.id FROM box a CROSS JOIN box b ON b.w <= a.e AND b.e >= a.w AND b.s <= a.n AND b.n >= a.s"
        " AND b.lo <= a.hi AND b.hi >= a.lo AND b.t0 <= a.t1 AND b.t1 >= a.t0 WHERE a.id < b.id"
    )
    parts = []
    while rows_found := found.fetchmany(500_000):
        i, j = np.array(rows_found, dtype=np.int64).T
        keep = meet_in_time_and_height(p, i, j)
        parts.append(that_come_near(p, shapes, i[keep], j[keep]))
    return graded(p, shapes, in_order(parts))


# DuckDB

GRID: Final = """
CREATE TABLE cell AS
SELECT id, party, west, east, south, north, lower_m, upper_m, start_us, end_us, x, y, slice
FROM (
    SELECT *, unnest(range(CAST(floor(west / $side) AS BIGINT), CAST(floor(east / $side) AS BIGINT) + 1)) AS x
    FROM (SELECT *, unnest(range(start_us // $slice, end_us // $slice + 1)) AS slice FROM v)
), LATERAL (SELECT unnest(range(CAST(floor(south / $side) AS BIGINT), CAST(floor(north / $side) AS BIGINT) + 1)) AS y)
"""

GRID_JOIN: Final = """
CREATE TABLE candidate AS
SELECT a.id AS i, b.id AS j FROM cell a JOIN cell b ON a.x = b.x AND a.y = b.y AND a.slice = b.slice
WHERE a.id < b.id AND a.party <> b.party
  AND a.start_us <= b.end_us AND b.start_us <= a.end_us
  AND a.lower_m <= b.upper_m AND b.lower_m <= a.upper_m
  AND a.west <= b.east AND b.west <= a.east AND a.south <= b.north AND b.south <= a.north
  -- reported by the first cell the two share
  AND a.x = greatest(CAST(floor(a.west / $side) AS BIGINT), CAST(floor(b.west / $side) AS BIGINT))
  AND a.y = greatest(CAST(floor(a.south / $side) AS BIGINT), CAST(floor(b.south / $side) AS BIGINT))
  AND a.slice = greatest(a.start_us, b.start_us) // $slice
"""

SURE: Final = """
    a.start_us + a.time_slack_us + b.time_slack_us <= b.end_us AND b.start_us + a.time_slack_us + b.time_slack_us <= a.end_us
    AND a.lower_m + a.altitude_slack_m + b.altitude_slack_m <= b.upper_m
    AND b.lower_m + a.altitude_slack_m + b.altitude_slack_m <= a.upper_m
    AND (a.reach_slack_m + b.reach_slack_m = 0
         OR ST_DWithin(a.core, b.core, (a.reach_m + b.reach_m) - (a.reach_slack_m + b.reach_slack_m)))
"""

EXACT: Final = f"""
SELECT c.i, c.j, {SURE} AS sure
FROM candidate c JOIN v a ON a.id = c.i JOIN v b ON b.id = c.j
WHERE ST_DWithin(a.core, b.core, a.reach_m + b.reach_m)
"""

SPATIAL_JOIN: Final = """
CREATE TABLE candidate AS
WITH met AS MATERIALIZED (
    SELECT a.id AS i, b.id AS j, a.start_us AS s1, a.end_us AS e1, b.start_us AS s2, b.end_us AS e2,
           a.lower_m AS l1, a.upper_m AS u1, b.lower_m AS l2, b.upper_m AS u2, a.party AS p1, b.party AS p2
    FROM v a JOIN v b ON ST_Intersects(a.box, b.box)
)
SELECT i, j FROM met WHERE i < j AND p1 <> p2 AND s1 <= e2 AND s2 <= e1 AND l1 <= u2 AND l2 <= u1
"""


def duckdb_grid(p: Plane, threads: int) -> Found:
    """DuckDB: cells of 20 km and two hours, hash-joined, then ST_DWithin."""
    with _database(threads) as database:
        _load(database, p)
        settings = {"side": 20_000.0, "slice": SLICE_US}
        database.execute(GRID, settings)
        database.execute(GRID_JOIN, settings)
        return _fetched(database)


def duckdb_spatial_join(p: Plane, threads: int) -> Found:
    """DuckDB: its own spatial join of boxes; materialised, for else it picks a join on inequalities."""
    with _database(threads) as database:
        _load(database, p)
        database.execute(SPATIAL_JOIN)
        return _fetched(database)


def _database(threads: int) -> duckdb.DuckDBPyConnection:
    import duckdb
    import duckdb_extension_spatial

    database = duckdb.connect(config={"threads": threads, "autoinstall_known_extensions": False})
    (extension,) = Path(duckdb_extension_spatial.__file__).parent.rglob("spatial.duckdb_extension")
    database.execute(f"LOAD '{extension}'")
    return database


def _load(database: duckdb.DuckDBPyConnection, p: Plane) -> None:
    """The table `v`, geometry handed over as WKB."""
    import pandas as pd
    import shapely

    frame = pd.DataFrame(
        {"id": np.arange(len(p)), "party": p.party, "west": p.west, "east": p.east, "south": p.south, "north": p.north}
        | {"lower_m": p.lower_m, "upper_m": p.upper_m, "start_us": p.start_us, "end_us": p.end_us}
        | {"time_slack_us": p.time_slack_us, "altitude_slack_m": p.altitude_slack_m, "reach_slack_m": p.reach_slack_m}
        | {"reach_m": p.reach_m, "wkb": shapely.to_wkb(geometry(p))}
    )
    database.register("frame", frame)
    database.execute(
        "CREATE TABLE v AS SELECT * EXCLUDE wkb, ST_GeomFromWKB(wkb) AS core,"
        " ST_MakeEnvelope(west, south, east, north) AS box FROM frame"
    )


def _fetched(database: duckdb.DuckDBPyConnection) -> Found:
    found = database.execute(f"{EXACT} ORDER BY c.i, c.j").fetchnumpy()
    pairs = np.column_stack([found["i"], found["j"]]).astype(np.int64)
    return pairs, np.where(found["sure"], Answer.CONFLICT, Answer.POSSIBLE).astype(np.int8)


# The list


@dataclass(frozen=True)
class Peer:
    """A way to find the pairs, the threads it can use, and the largest count it is run at; beyond, it takes minutes."""

    name: str
    run: Callable[[Plane, int], Found]
    threads: tuple[int, ...]
    largest: int


PEERS: Final = (
    Peer("shapely STRtree, sliced by time", shapely_sliced, (1, 2), 1_000_000),
    Peer("shapely STRtree, chunked", shapely_tree, (1, 2), 1_000_000),
    Peer("DuckDB grid join", duckdb_grid, (1, 2), 1_000_000),
    Peer("SQLite R*Tree, 4D", sqlite_rtree, (1,), 1_000_000),
    Peer("rtree, 4D", rtree_4d, (1,), 1_000_000),
    Peer("geopandas.sjoin", geopandas_join, (1,), 100_000),
    Peer("DuckDB spatial join", duckdb_spatial_join, (1,), 10_000),
)
