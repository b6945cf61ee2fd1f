"""`make bench`: measures the engine and its peers, and writes `results.json`, `RESULTS.md` and the plot in the docs.

The whole run takes an hour or two. `python -m bench.run --counts 10000 100000 --rounds 3` is a quick look and writes to `out/`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from bench import batch, results, small
from bench.workload import SETS

ROOT: Final = Path(__file__).parents[1]
COUNTS: Final = (10_000, 100_000, 1_000_000)
PACKAGES: Final = ("numpy", "numba", "shapely", "geopandas", "duckdb", "duckdb-extension-spatial", "rtree", "pyproj")


def main() -> None:
    """Runs, and writes what came out."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    asked.add_argument("--counts", nargs="+", type=int, default=list(COUNTS))
    asked.add_argument("--rounds", type=int, default=batch.ROUNDS)
    options = asked.parse_args()
    whole = options.sets == list(SETS) and options.counts == list(COUNTS)
    folder, docs = (ROOT / "bench", ROOT / "docs" / "img") if whole else (ROOT / "out", ROOT / "out")
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in options.sets:
            for count in options.counts:
                rows += batch.rows_at(name, count, Path(scratch), say, rounds=options.rounds)
    folder.mkdir(exist_ok=True)
    docs.mkdir(exist_ok=True)
    measured = {"machine": machine(), "day": f"{datetime.now(UTC):%Y-%m-%d}", "batch": [asdict(row) for row in rows]}
    measured["small"] = small.measured(say)
    (folder / "results.json").write_text(json.dumps(measured, indent=1) + "\n", encoding="utf-8")
    (folder / "RESULTS.md").write_text(results.as_markdown(measured), encoding="utf-8")
    results.plot(measured, docs / "all-against-all.svg")
    say(f"written: {folder / 'RESULTS.md'}, {docs / 'all-against-all.svg'}")
    wrong = [row for row in rows if not row.agreement.holds]
    if wrong:
        raise SystemExit(f"the sets of pairs differ beyond the tolerance: {wrong}")


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
