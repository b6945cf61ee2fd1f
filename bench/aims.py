"""What was aimed at, beside what was measured: met or missed, computed. Takes the dictionary that `run` writes to `results.json`.

An aim that the run did not measure says so. Where an aim can be read in two ways, the harder one counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from bench.batch import ENGINE
from bench.streams import BLUESKY

Row = dict[str, Any]
MILLION: Final = 1_000_000
ASKED: Final = "index: ask about one volume"
ROUTE: Final = "index: ask about a route of 24 volumes"
SQLITE: Final = "SQLite R*Tree: ask about one volume"
PROPOSED: Final = "index: propose"  # so a figure of proposals begins; its second number is the worst


@dataclass(frozen=True)
class Aim:
    """`measured` as a number; None where it was not."""

    what: str
    limit: float
    measured: float | None
    unit: str
    at_least: bool

    @property
    def met(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def __str__(self) -> str:
        word = {True: "met", False: "**missed**", None: "not measured"}[self.met]
        number = self.measured
        measured = "–" if number is None else f"{number:{',.0f' if number >= 100 else '.3g'}}{self.unit}"
        sign = "≥" if self.at_least else "≤"
        return f"| {self.what} | {sign} {self.limit:,g}{self.unit} | {measured} | {word} |"


def aims(measured: dict[str, Any]) -> list[Aim]:
    """Every aim, in the order of the page."""
    return [
        *_batch(measured["batch"]),
        *_online(measured["online"]),
        *_streams(measured),
        *_small(measured.get("small")),
        *_cover(measured.get("cover")),
    ]


def _batch(rows: list[Row]) -> list[Aim]:
    one, two, dense = (
        _times(rows, *which) for which in (("day", 1, "cpu_s"), ("day", 2, "wall_s"), ("dense", 1, "cpu_s"))
    )
    peak_mb = [
        row["peak_mb"]
        for row in rows
        if row["contender"] == ENGINE and row["count"] == MILLION and row["set_name"] == "day"
    ]
    wrong = [float(len(row["agreement"]["wrong"])) for row in rows]
    return [
        Aim("all against all, 10⁶, a day, one thread, CPU time, times the best peer", 15, one, " ×", at_least=True),
        Aim(
            "the same on two threads, by the clock, the best peer on as many threads as suit it",
            25,
            two,
            " ×",
            at_least=True,
        ),
        Aim("10⁶, dense, one thread, CPU time, times the best peer", 20, dense, " ×", at_least=True),
        Aim(
            "10⁶, a day: memory of the whole process at its peak",
            700,
            max(peak_mb, default=None),
            " MB",
            at_least=False,
        ),
        Aim(
            "pairs in which the exact predicate contradicts the engine",
            0,
            sum(wrong) if wrong else None,
            "",
            at_least=False,
        ),
    ]


def _times(rows: list[Row], set_name: str, threads: int, what: str) -> float | None:
    """How many times as long as the engine the best peer takes at a million, on up to so many threads."""
    here = [row for row in rows if (row["set_name"], row["count"]) == (set_name, MILLION)]
    ours = [row[what] for row in here if row["contender"] == ENGINE and row["threads"] == threads]
    peers = [row[what] for row in here if row["contender"] != ENGINE and row["threads"] <= threads]
    return min(peers) / ours[0] if ours and peers else None


def _online(figures: list[Row]) -> list[Aim]:
    asked, route = _figure(figures, ASKED), _figure(figures, ROUTE)
    proposed = [f["p99_us"] / 1e3 for f in figures if f["count"] == MILLION and f["name"].startswith(PROPOSED)]
    return [
        Aim("one volume against 10⁶ that change, p50", 15, asked and asked["p50_us"], " µs", at_least=False),
        Aim("the same, p99", 80, asked and asked["p99_us"], " µs", at_least=False),
        Aim("the same, times SQLite's R*Tree, p50", 20, _slower(figures), " ×", at_least=True),
        Aim("a route of 24 volumes, p99", 500, route and route["p99_us"], " µs", at_least=False),
        Aim(
            "a clearing move against 10⁶, the worst of 200, of any kind",
            100,
            max(proposed, default=None),
            " ms",
            at_least=False,
        ),
    ]


def _figure(figures: list[Row], name: str) -> Row | None:
    return next((f for f in figures if f["count"] == MILLION and f["name"] == name), None)


def _slower(figures: list[Row]) -> float | None:
    ours, sqlite = _figure(figures, ASKED), _figure(figures, SQLITE)
    return sqlite["p50_us"] / ours["p50_us"] if ours and sqlite else None


def _streams(measured: dict[str, Any]) -> list[Aim]:
    million = {
        row["contender"]: row["answered"] / row["cpu_s"] for row in measured["positions"] if row["count"] == MILLION
    }
    peers = [rate for name, rate in million.items() if name != ENGINE]
    ours = million.get(ENGINE)
    apart = [
        row["ours_only"] + row["theirs_only"] for row in measured["tracks"] if row["contender"] not in (ENGINE, BLUESKY)
    ]
    return [
        Aim("positions against 10⁶ volumes, a second and core", 3.0, ours and ours / 1e6, " M", at_least=True),
        Aim("the same, times the best peer", 8, ours / max(peers) if ours and peers else None, " ×", at_least=True),
        Aim("10⁵ tracks, CPU seconds", 0.5, _tracks_s(measured, ENGINE, 100_000), " s", at_least=False),
        Aim(
            "pairs of 10⁴ tracks that every pair one by one says otherwise of",
            0,
            max(apart, default=None),
            "",
            at_least=False,
        ),
        Aim("10⁴ tracks, times BlueSky's compiled detector", 300, _times_bluesky(measured), " ×", at_least=True),
    ]


def _tracks_s(measured: dict[str, Any], name: str, count: int) -> float | None:
    rows = (row for row in measured["tracks"] if (row["contender"], row["count"]) == (name, count))
    return next((row["cpu_s"] for row in rows), None)


def _times_bluesky(measured: dict[str, Any]) -> float | None:
    theirs, ours = (_tracks_s(measured, name, 10_000) for name in (BLUESKY, ENGINE))
    return theirs / ours if theirs and ours else None


def _small(rows: list[Row] | None) -> list[Aim]:
    """The table, by the clock or in CPU time, whichever compares worse."""
    table = next((row for row in rows or () if "table" in row["command"]), None)
    ratio = max(table[key] / rows[0][key] for key in ("wall_s", "cpu_s")) if rows and table else None
    what = "`detente screen` on a hundred plans, times `import numpy, shapely, pyproj`"
    return [Aim(what, 3, ratio, " ×", at_least=False)]


def _cover(rows: list[Row] | None) -> list[Aim]:
    """The sweep on all cores against the march on one, in CPU time, which is the harder; the worst round of it."""
    ratios = [row["peer_cpu_s"] / row["sweep_cpu_s"] for row in rows or ()]
    peaks = [max(row["sweep_mb"], row["all_mb"]) for row in rows or ()]
    differ = [float(row["differ"]) for row in rows or ()]
    return [
        Aim(
            "a cover of 300 km, CPU time, times a march along each ray in Python",
            20,
            min(ratios, default=None),
            " ×",
            at_least=True,
        ),
        Aim(
            "the same: memory of the whole process at its peak", 1_500, max(peaks, default=None), " MB", at_least=False
        ),
        Aim(
            "cells of sampled rays in which the march contradicts it", 0, max(differ, default=None), "", at_least=False
        ),
    ]
