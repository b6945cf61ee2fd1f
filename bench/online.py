"""The changing index beside SQLite's R*Tree, while volumes come and go, and the moves it proposes.

`python -m bench.online --counts 10000 100000 1000000` prints a table. SQLite keeps the very boxes the index keeps (whole
numbers, so nothing is rounded twice) in memory, and what it finds goes through the very same exact step; so the two differ in
nothing but how they find candidates. One thread. Each step asks about one volume, takes it in and takes the oldest out.
"""

from __future__ import annotations

import argparse
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bench.workload import planned
from detente.domain import Activity, Notice
from detente.screening import kernels
from detente.screening.clearing import propose
from detente.screening.engine import VolumeArrays, compiled
from detente.screening.index import VolumeIndex
from detente.screening.packed import ACTIVITIES, Pack, prepared_of

COUNTS = (10_000, 100_000, 1_000_000)
STEPS = 4_000
SQLITE_STEPS = 1_000
LEGS = 24
PROPOSED = 200


@dataclass(frozen=True)
class Figure:
    """Microseconds: the middle one, and one in a hundred is slower."""

    name: str
    count: int
    p50_us: float
    p99_us: float

    def __str__(self) -> str:
        return f"{self.count:>9,}  {self.name:<58} {self.p50_us:>9.1f} {self.p99_us:>9.1f}"


def main() -> None:
    """Runs and prints."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--counts", nargs="+", type=int, default=list(COUNTS))
    asked.add_argument("--set", choices=("day", "week", "dense"), default="day")
    asked.add_argument("--without-sqlite", action="store_true")
    asked.add_argument("--clock", choices=CLOCKS, default="wall")
    options = asked.parse_args()
    Clock.now_ns = CLOCKS[options.clock]
    print(f"{'active':>9}  {'':<58} {'p50 µs':>9} {'p99 µs':>9}")
    for count in options.counts:
        for figure in figures(options.set, count, with_sqlite=not options.without_sqlite):
            print(figure, flush=True)


def figures(set_name: str, count: int, *, with_sqlite: bool) -> list[Figure]:
    """Everything at one count."""
    plan = planned(set_name, count + STEPS)
    index = VolumeIndex(np.tile(plan.table, (len(ACTIVITIES), len(ACTIVITIES), 1)), room=count + STEPS)
    index.query(index.pack_arrays(part(plan.volumes, 0, 1)))
    filled_us = timed(lambda: index.insert(np.arange(count), index.pack_arrays(part(plan.volumes, 0, count)))) / count
    packs = [index.pack_arrays(part(plan.volumes, count + k, count + k + 1)) for k in range(STEPS)]
    sqlite = Sqlite(index, count) if with_sqlite else None
    found = [Figure("filled at once, a volume", count, filled_us, filled_us), *_steps(index, packs, count)]
    found += [_values(index, packs, count), _routes(index, packs, count), *_proposals(index, packs, count)]
    if sqlite is not None:
        found += sqlite.steps(packs[:SQLITE_STEPS])
        ratio = found[-2].p50_us / found[1].p50_us
        found.append(
            Figure("  times as long as the index, p50 of asking", count, ratio, found[-2].p99_us / found[1].p99_us)
        )
    return found


def part(v: VolumeArrays, first: int, last: int) -> VolumeArrays:
    """Volumes from `first` to `last`."""
    a, b = v.offset[first], v.offset[last]
    cut = {f.name: getattr(v, f.name)[first:last] for f in fields(v)}
    cut |= {name: getattr(v, name)[a:b] for name in ("lat_deg", "lon_deg", "joins")}
    return VolumeArrays(**cut | {"offset": v.offset[first : last + 1] - a})


CLOCKS = {"wall": time.perf_counter_ns, "cpu": time.thread_time_ns}


class Clock:
    """The wall's time, or this thread's own, which leaves out what others on a shared machine take."""

    now_ns = CLOCKS["wall"]


def timed(act: Callable[[], object]) -> float:
    """Microseconds."""
    began = Clock.now_ns()
    act()
    return (Clock.now_ns() - began) / 1e3


def figure(name: str, count: int, took_us: list[float] | NDArray[np.float64]) -> Figure:
    """Of what single acts took."""
    p50, p99 = np.percentile(took_us, [50, 99])
    return Figure(name, count, float(p50), float(p99))


def _steps(index: VolumeIndex, packs: list[Pack], count: int) -> list[Figure]:
    """Asked, in, the oldest out. Several rounds; what was in before comes out again."""
    index.query(packs[0])
    took = np.empty((3, len(packs)))
    for k, pack in enumerate(packs):
        took[0, k] = timed(lambda pack=pack: index.query(pack))
        took[1, k] = timed(lambda pack=pack, k=k: index.insert([count + k], pack))
        took[2, k] = timed(lambda k=k: index.delete([k]))
    names = ("index: ask about one volume", "index: take one in", "index: take one out")
    return [figure(name, count, us) for name, us in zip(names, took, strict=True)]


def _values(index: VolumeIndex, packs: list[Pack], count: int) -> Figure:
    """From a `Volume4D`: made ready and asked about."""
    volumes = [prepared_of(p.real, p.lat_lon, p.joins, [0]).volume for p in packs[:STEPS]]
    parties = [int(p.whole[0, kernels.WHO]) >> 8 for p in packs]
    took = [
        timed(lambda v=v, who=who: index.query(index.pack([v], who, Activity.AIR_OPERATION)))
        for v, who in zip(volumes, parties, strict=True)
    ]
    return figure("index: the same from a Volume4D, made ready first", count, took)


def _routes(index: VolumeIndex, packs: list[Pack], count: int) -> Figure:
    """24 volumes at once. They are any 24, so nothing one leg has looked at serves the next."""
    routes = []
    for k in range(0, len(packs) - LEGS, LEGS):
        legs = packs[k : k + LEGS]
        real = np.concatenate([p.real for p in legs])
        whole = real.view(np.int64)
        whole[:, kernels.FIRST] = np.cumsum(whole[:, kernels.COUNT]) - whole[:, kernels.COUNT]
        whole[:, kernels.NUMBER] = np.arange(LEGS)
        whole[:, kernels.WHO] = whole[0, kernels.WHO]
        rest = [np.concatenate([getattr(p, name) for p in legs]) for name in ("box", "lat_lon", "vertices", "joins")]
        routes.append(Pack(real, *rest, LEGS))
    index.query(routes[0])
    return figure("index: ask about a route of 24 volumes", count, [timed(lambda r=r: index.query(r)) for r in routes])


def _proposals(index: VolumeIndex, packs: list[Pack], count: int) -> list[Figure]:
    """Clearing moves of 200 volumes that meet something, dimension by dimension and all three; the middle one and the worst."""
    asked = []
    for pack in [p for p in packs if len(index.query(p))][:PROPOSED]:
        volume = prepared_of(pack.real, pack.lat_lon, pack.joins, [0]).volume
        notice = Notice("1", "A", Activity.AIR_OPERATION, (volume,))
        asked.append((notice, notice.volumes, index, int(pack.whole[0, kernels.WHO]) >> 8))
    found = []
    for among in (("time",), ("altitude",), ("sideways",), ("time", "altitude", "sideways")):
        propose(*asked[0], among=among)
        moves: list[int] = []
        took = [timed(lambda a=a: moves.append(len(propose(*a, among=among)))) for a in asked]  # noqa: B023 called at once
        name = f"index: propose, {' '.join(among)}: {sum(moves)} for {len(asked)} (worst)"
        found.append(Figure(name, count, float(np.median(took)), max(took)))
    return found


class Sqlite:
    """The same boxes in SQLite's R*Tree, four dimensions of whole numbers, in memory."""

    def __init__(self, index: VolumeIndex, count: int) -> None:
        self.index, self.count = index, count
        self.answers = _exact_step()
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("CREATE VIRTUAL TABLE v USING rtree_i32(id, s, n, w, e, t0, t1, h0, h1)")
        t = index._tables
        rows = np.flatnonzero(t.box[: t.book[kernels.ROWS], 0] <= t.box[: t.book[kernels.ROWS], 1])
        self.row_of = dict(zip(t.whole[rows, kernels.NUMBER].tolist(), rows.tolist(), strict=True))
        self.db.execute("BEGIN")
        self.db.executemany(
            "INSERT INTO v VALUES (?,?,?,?,?,?,?,?,?)",
            ((row, *box) for row, box in zip(rows.tolist(), t.box[rows].tolist(), strict=True)),
        )
        self.db.execute("COMMIT")

    def steps(self, packs: list[Pack]) -> list[Figure]:
        """Asked, and one in and one out. The exact step looks at rows of the index as they were; it changes no more."""
        took = np.empty((2, len(packs)))
        for pack in packs[:100]:
            self.ask(pack)
        for k, pack in enumerate(packs):
            took[0, k] = timed(lambda pack=pack: self.ask(pack))
            box = pack.box[0].tolist()
            took[1, k] = timed(
                lambda box=box, k=k: (
                    self.db.execute("INSERT INTO v VALUES (?,?,?,?,?,?,?,?,?)", (2**30 + k, *box)),
                    self.db.execute("DELETE FROM v WHERE id = ?", (2**30 + k,)),
                )
            )
        names = ("SQLite R*Tree: ask about one volume", "SQLite R*Tree: take one in and out")
        return [figure(name, self.count, us) for name, us in zip(names, took, strict=True)]

    def ask(self, pack: Pack) -> int:
        """How many meet or may."""
        s, n, w, e, t0, t1, h0, h1 = pack.box[0].tolist()
        near = self.db.execute(
            "SELECT id FROM v WHERE s<=? AND n>=? AND w<=? AND e>=? AND t0<=? AND t1>=? AND h0<=? AND h1>=?",
            (n, s, e, w, t1, t0, h1, h0),
        ).fetchall()
        if not near:
            return 0
        t = self.index._tables
        rows = np.array(near, dtype=np.int64)[:, 0]
        return int(
            self.answers(t.real, t.vertices, t.joins, rows, pack.real, pack.vertices, pack.joins, self.index.minima)
        )


def _exact_step() -> Callable[..., int]:
    """The exact step of the index over given rows."""
    import numba

    run = compiled()
    new_pair, lay_out, row_answer = run._new_pair, run._lay_out, run._row_answer

    @numba.njit
    def count_meeting(real, vert, joins, rows, p_real, p_vert, p_joins, minima):
        whole, p_whole, pair = real.view(np.int64), p_real.view(np.int64), new_pair(64)
        lay_out(0, p_real, p_whole, p_vert, p_joins, 0, pair)
        meeting = 0
        for row in rows:
            if row_answer(real, whole, vert, joins, row, p_real, p_whole, 0, minima, pair) != 0:
                meeting += 1
        return meeting

    return count_meeting


if __name__ == "__main__":
    main()
