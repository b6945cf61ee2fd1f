"""`make bench`: measures the engine and its peers, and writes `results.json`, `RESULTS.md` and the plot in the docs.

The whole run takes the better part of an hour on two quiet cores. `python -m bench.run --quick` is a look of a few minutes, up to 100,000
volumes and three rounds; whatever is not the whole run is written to `out/`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any, Final

from bench import batch, hazard, online, results, small, streams
from bench.workload import SETS

ROOT: Final = Path(__file__).parents[1]
COUNTS: Final = (10_000, 100_000, 1_000_000)
QUICK_COUNTS: Final = COUNTS[:2]
QUICK_ROUNDS: Final = 3
QUICK_SETS: Final = ["day", "dense"]
PARTS: Final = ("batch", "online", "positions", "tracks", "small", "cover")
TRACK_COUNTS: Final = (10_000, 100_000)
LEFT_OUT_WHEN_QUICK: Final = {"DuckDB spatial join"}
PACKAGES: Final = ("numpy", "numba", "shapely", "geopandas", "duckdb", "duckdb-extension-spatial", "rtree", "pyproj")


def main() -> None:
    """Runs, and writes what came out."""
    options = asked()
    whole = (options.sets, options.counts, options.parts) == (
        list(SETS),
        list(COUNTS),
        list(PARTS),
    ) and not options.quick
    folder, docs = (ROOT / "bench", ROOT / "docs" / "img") if whole else (ROOT / "out", ROOT / "out")
    folder.mkdir(exist_ok=True)
    docs.mkdir(exist_ok=True)
    measured: dict[str, Any] = {"machine": machine(), "day": f"{datetime.now(UTC):%Y-%m-%d}", "whole": whole}
    measured |= {part: [] for part in PARTS}
    wrong: list[object] = []
    for part in options.parts:
        began = datetime.now(UTC)
        rows = MEASURES[part](options)
        measured[part] = [row if isinstance(row, dict) else asdict(row) for row in rows]
        wrong += [row for row in rows if not getattr(row, "holds", True)]
        wrong += [row for row in rows if isinstance(row, batch.Row) and not row.agreement.holds]
        say(f"{part}: {(datetime.now(UTC) - began).total_seconds():.0f} s")
        (folder / "results.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (folder / "RESULTS.md").write_text(results.as_markdown(measured), encoding="utf-8")
    if measured["batch"]:
        results.plot(measured, docs / "all-against-all.svg")
    say(f"written: {folder / 'RESULTS.md'}, {docs / 'all-against-all.svg'}")
    if wrong:
        raise SystemExit(f"answers differ beyond the tolerance: {wrong}")


def asked() -> argparse.Namespace:
    """Options; a quick look fills in what was not said."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--sets", nargs="+", choices=SETS)
    parser.add_argument("--counts", nargs="+", type=int)
    parser.add_argument("--rounds", type=int)
    options = parser.parse_args()
    options.sets = options.sets or (QUICK_SETS if options.quick else list(SETS))
    options.counts = options.counts or list(QUICK_COUNTS if options.quick else COUNTS)
    options.rounds = options.rounds or (QUICK_ROUNDS if options.quick else batch.ROUNDS)
    return options


def all_against_all(options: argparse.Namespace) -> list[batch.Row]:
    """Every set at every count; who was too slow at one count is left out at a million."""
    rows: list[batch.Row] = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.sets:
            before: list[batch.Row] = []
            for count in options.counts:
                without = LEFT_OUT_WHEN_QUICK if options.quick else set()
                without = without | (batch.too_slow(before) if before and count >= COUNTS[-1] else set())
                limits = {"rounds": options.rounds, "peer_threads": 1 if options.quick else 2, "without": without}
                now = batch.rows_at(name, count, Path(scratch), say, **limits)
                before, rows = before + now, rows + now
    return rows


def while_it_changes(options: argparse.Namespace) -> list[online.Figure]:
    """Medians over the rounds."""
    found = []
    for count in options.counts:
        rounds = []
        for number in range(options.rounds):
            say(f"a changing index, {count:,}, round {number + 1}")
            rounds.append(online.figures("day", count, with_sqlite=True))
        found += medians(rounds)
    return found


def medians(rounds: Sequence[list[online.Figure]]) -> list[online.Figure]:
    """Figure by figure, by name, in the order of the first round."""
    by_name = {first.name: [f for figures in rounds for f in figures if f.name == first.name] for first in rounds[0]}
    return [
        replace(same[0], p50_us=median(f.p50_us for f in same), p99_us=median(f.p99_us for f in same))
        for same in by_name.values()
    ]


def positions(options: argparse.Namespace) -> list[streams.PositionsRow]:
    return [row for count in options.counts for row in streams.positions_at(count, say, rounds=options.rounds)]


def tracks(options: argparse.Namespace) -> list[streams.TracksRow]:
    return [row for count in TRACK_COUNTS for row in streams.tracks_at(count, say, rounds=options.rounds)]


MEASURES: Final = {
    "batch": all_against_all,
    "online": while_it_changes,
    "positions": positions,
    "tracks": tracks,
    "small": lambda _: small.measured(say),
    "cover": lambda _: hazard.measured(say),
}


def say(line: str) -> None:
    print(line, flush=True)


def machine() -> dict[str, str]:
    """The shape of the machine, without its name."""
    return {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
    } | {package: version(package) for package in PACKAGES}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line.split(":", 1)[1].strip() for line in cpuinfo.read_text().splitlines() if "model name" in line]
        return names[0] if names else platform.machine()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
