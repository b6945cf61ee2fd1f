"""`detente screen` on a hundred plans, beside merely importing numpy, shapely and pyproj.

What a duty officer waits for is mostly Python starting up, so that is the measure: the command answers in at most three times
what the import of the libraries it stands on costs. Whole processes, one after another and taking turns, so that a busy spell
falls on all alike; medians of wall time and of user and system time, and their ratios to the import's.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Final

FEATURES: Final = 100
SEED: Final = 20180917
ROUNDS: Final = 9
IMPORTS: Final = "import numpy, shapely, pyproj"
MINIMA: Final = ("--lateral", "5nm", "--vertical", "1000ft", "--time", "5min")
DETENTE: Final = "import sys; from detente.cli import main; sys.argv[0] = 'detente'; main()"


@dataclass(frozen=True)
class Run:
    """One process: seconds on the wall, and of the processor as user and as system."""

    wall_s: float
    user_s: float
    system_s: float


def measured(say: Callable[[str], None], rounds: int = ROUNDS) -> list[dict[str, Any]]:
    """Medians, one row a command, the import first; each command is run once before, unmeasured."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "plans.geojson"
        path.write_text(json.dumps(plans()), encoding="utf-8")
        screen = [sys.executable, "-c", DETENTE, "screen", str(path), *MINIMA]
        commands = {
            f"python -c “{IMPORTS}”": [sys.executable, "-c", IMPORTS],
            "detente screen, table": [*screen, "-f", "table"],
            "detente screen, JSON": [*screen, "-f", "json"],
        }
        for command in commands.values():
            run(command)
        runs: dict[str, list[Run]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                runs[name].append(run(command))
    rows = [_row(name, found) for name, found in runs.items()]
    for row in rows:
        say(f"{row['command']}: {row['wall_s']:.2f} s wall, {row['cpu_s']:.2f} s CPU")
    return rows


def plans() -> dict[str, Any]:
    """Squares of a tenth of a degree and circles of 8 km by turns, of five parties, on one day over the Levant."""
    rng = random.Random(SEED)
    return {"type": "FeatureCollection", "features": [_plan(rng, number) for number in range(FEATURES)]}


def _plan(rng: random.Random, number: int) -> dict[str, Any]:
    lat, lon = round(rng.uniform(33.0, 36.0), 4), round(rng.uniform(34.0, 37.0), 4)
    hour, level = rng.randrange(20), 10 * rng.randrange(20)  # up to FL250
    square = [[lon, lat], [lon + 0.1, lat], [lon + 0.1, lat + 0.1], [lon, lat + 0.1], [lon, lat]]
    shape = (
        {"type": "Polygon", "coordinates": [square]}
        if number % 2 == 0
        else {"type": "Point", "coordinates": [lon, lat]}
    )
    radius = {} if number % 2 == 0 else {"radius": "8 km"}
    properties = {
        "party": "ABCDE"[number % 5],
        "reference": f"P{number}",
        "activity": "air_operation",
        "altitude_lower": f"FL{level:03}",
        "altitude_upper": f"FL{level + 60:03}",
        "time_start": f"2018-09-17T{hour:02}:00:00Z",
        "time_end": f"2018-09-17T{hour + 4:02}:00:00Z",
    }
    return {"type": "Feature", "geometry": shape, "properties": properties | radius}


def run(command: Sequence[str]) -> Run:
    """One whole process, its output read as a pipe would; exit codes above 1 are no answer."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall_s = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode not in (0, 1):
        raise SystemExit(f"{command} ended with {process.returncode}")
    return Run(wall_s, usage.ru_utime, usage.ru_stime)


def _row(name: str, runs: Sequence[Run]) -> dict[str, Any]:
    return {
        "command": name,
        "wall_s": median(r.wall_s for r in runs),
        "user_s": median(r.user_s for r in runs),
        "cpu_s": median(r.user_s + r.system_s for r in runs),
        "runs": len(runs),
    }


def as_markdown(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The part of the page."""
    base = rows[0]
    lines = ["", f"## A small file: {FEATURES} plans, the whole command", ""]
    lines += ["| | wall s | × | user s | × | user + system s | × | runs |", "|---|" + "--:|" * 7]
    for row in rows:
        cells = [f"{row[key]:.2f} | {row[key] / base[key]:.1f}" for key in ("wall_s", "user_s", "cpu_s")]
        lines.append(f"| {row['command']} | {' | '.join(cells)} | {row['runs']} |")
    return [
        *lines,
        "",
        "Medians of whole processes that took turns; × the import's. Alternating squares and circles, five parties.",
    ]


if __name__ == "__main__":
    print("\n".join(as_markdown(measured(lambda line: print(line, flush=True)))))
