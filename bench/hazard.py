"""What a cover of 300 km in 90 m cells costs, beside a march along each ray in plain Python. `python -m bench.hazard` measures it alone.

That puts its rows into `results.json` beside those of the last whole run, and writes the page anew.

The peer does what the kernel does, cell by cell, as one would write it first: for each ray the running steepest line, the ground of each cell the lowest post
of the squares that it touches. It walks a sample of rays, by turns with the whole sweep, and is extrapolated to all of them in the same run. What the two say of
the sampled rays is compared, too. The terrain is made up: ridges and noise, 3 seconds of arc a post.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from math import atan2, ceil, cos, degrees, floor, hypot, inf, pi, radians, sin
from pathlib import Path
from typing import Any, Final

import numpy as np

from detente.domain import Position, amsl
from detente.geodesy.terrain import METRES_A_DEGREE, Terrain, box_about
from detente.hazard import Antenna, Cover, cover, terrain_radius_m
from detente.hazard.cover import _Fan, _knots
from detente.hazard.radar_horizon import OUTWARD_EFFECTIVE_RADIUS_M

ROOT: Final = Path(__file__).parents[1]
PLACE: Final = Position(33.5, 35.9)
RANGE_M: Final = 300_000.0
CELL_M: Final = 90.0
ROUNDS: Final = 3
SAMPLE: Final = 12  # rays a round
ANTENNA_M: Final = 1_400.0
PER_DEGREE: Final = 1200


@dataclass(frozen=True)
class Row:
    """One round: seconds of the clock and of processors for the sweep, and of the peer for all rays, extrapolated; cells of sampled rays in which they differ.

    Of a process of its own: the most memory of the sweep alone, and with the ground kept, the place known to 500 m and an outline drawn.
    """

    day: str
    cells: int
    sweep_s: float
    sweep_cpu_s: float
    peer_s: float
    peer_cpu_s: float
    compared: int
    differ: int
    sweep_mb: float
    all_mb: float

    @property
    def holds(self) -> bool:
        return self.differ == 0


def made_up_terrain(antenna: Antenna, range_m: float) -> Terrain:
    """Ridges from south to north, noise on them, a sea to the west; seeded."""
    south, west, north, east = box_about(antenna.place, terrain_radius_m(antenna, range_m))
    first = floor(south * PER_DEGREE), floor(west * PER_DEGREE)
    rows, columns = ceil(north * PER_DEGREE) - first[0], ceil(east * PER_DEGREE) - first[1]
    draw = np.random.default_rng(2018)
    across = np.arange(columns, dtype=np.float32) / columns
    ridges = np.where(across > 0.35, 900 * np.sin(30 * across) ** 2 + 300, 0).astype(np.float32)
    low = np.empty((rows, columns), np.int16)
    for row in range(rows):
        low[row] = ridges * (0.7 + 0.3 * sin(row / 300)) + draw.integers(0, 40, columns, dtype=np.int16)
    return Terrain(
        first[0] / PER_DEGREE, first[1] / PER_DEGREE, PER_DEGREE, PER_DEGREE, low, low, ("made up",), 1 / PER_DEGREE
    )


def march(made: Cover, terrain: Terrain, wedge: int) -> list[int]:
    """The floors of one wedge, in plain Python."""
    fan = _Fan(PLACE, made.antenna_amsl_m, made.smooth_amsl_m, 0.0, made.ring_m, made.rings)
    a_knot = int(5_000.0 / made.ring_m)
    knots = _knots(fan, wedge, wedge + 1, made.wedges, made.rings, a_knot)[0].tolist()
    ring_m, radius_m, low = made.ring_m, OUTWARD_EFFECTIVE_RADIUS_M, terrain.lowest_m
    r0 = radius_m + made.antenna_amsl_m
    steepest, floors = -inf, []
    for i in range(made.rings):
        near, far = i * ring_m / radius_m, (i + 1) * ring_m / radius_m
        floors.append(floor_between(steepest, r0, radius_m, near, far))
        k = i // a_knot
        part = (i + 0.5) / a_knot - k
        turn = [knots[k + 1][c] - knots[k][c] for c in range(3)]
        x, y, z = (knots[k][c] + part * turn[c] for c in range(3))
        flat, length = hypot(x, y), hypot(*turn)
        if i % a_knot == 0:
            east = abs(-y * turn[0] + x * turn[1]) / (flat * length)
            north = max(0.0, 1.0 - east * east) ** 0.5
            along_north, along_east = min(1.0, north + 2 * length / flat), min(1.0, east + 2 * length / flat)
        lat, lon = degrees(atan2(z, flat)), degrees(atan2(y, x))
        across_m = (i + 1) * ring_m * (pi / made.wedges) * 1.001
        half_lat = (along_north * ring_m / 2 + along_east * across_m + 0.5) / METRES_A_DEGREE
        half_lon = (
            (along_east * ring_m / 2 + along_north * across_m + 0.5)
            / METRES_A_DEGREE
            / cos(radians(abs(lat) + half_lat))
        )
        rows = range(
            floor((lat - half_lat - terrain.south_deg) * PER_DEGREE),
            floor((lat + half_lat - terrain.south_deg) * PER_DEGREE) + 1,
        )
        columns = range(
            floor((lon - half_lon - terrain.west_deg) * PER_DEGREE),
            floor((lon + half_lon - terrain.west_deg) * PER_DEGREE) + 1,
        )
        stands = r0 / (radius_m + min(int(low[row, column]) for row in rows for column in columns))
        if i > 0:
            steepest = max(steepest, (cos(near) - stands) / sin(near), (cos(far) - stands) / sin(far))
    return floors


def floor_between(steepest: float, r0: float, radius_m: float, near: float, far: float) -> int:
    """The lowest altitude seen between two angles from the antenna, whole metres down."""
    if steepest == -inf:
        return -32_768
    most = max(cos(near) - steepest * sin(near), cos(far) - steepest * sin(far))
    if near <= atan2(-steepest, 1) <= far:
        most = (1 + steepest * steepest) ** 0.5
    return 32_767 if most <= 0 else min(max(floor(r0 / most - radius_m), -32_768), 32_767)


def measured(say: Callable[[str], None]) -> list[Row]:
    """Sweep and peer by turns."""
    antenna = Antenna(PLACE, 0.0, amsl(ANTENNA_M))
    terrain = made_up_terrain(antenna, RANGE_M)
    cover(antenna, 30_000.0, terrain=terrain, cell_m=CELL_M)  # compiled, or read from the disk cache
    memory = peak_mb("sweep"), peak_mb("all")
    draw, rows = np.random.default_rng(7), []
    for number in range(ROUNDS):
        rows.append(_round(antenna, terrain, draw, memory))
        say(f"a cover, round {number + 1}: {rows[-1]}")
    return rows


def _round(antenna: Antenna, terrain: Terrain, draw: np.random.Generator, memory_mb: tuple[float, float]) -> Row:
    began = time.perf_counter(), time.process_time()
    made = cover(antenna, RANGE_M, terrain=terrain, cell_m=CELL_M)
    swept = time.perf_counter(), time.process_time()
    wedges = draw.integers(0, made.wedges, SAMPLE).tolist()
    walked = [march(made, terrain, wedge) for wedge in wedges]
    done = time.perf_counter(), time.process_time()
    sweep = [after - before for before, after in zip(began, swept, strict=True)]
    peer = [(after - before) * made.wedges / SAMPLE for before, after in zip(swept, done, strict=True)]
    differ = int((np.array(walked) != made.floor_m[wedges]).sum())
    counted = SAMPLE * made.rings, differ
    return Row(f"{datetime.now(UTC):%Y-%m-%d}", made.floor_m.size, *sweep, *peer, *counted, *memory_mb)


def peak_mb(what: str) -> float:
    """The most memory of a process of its own that does it once."""
    code = f"from bench.hazard import once; print(once({what!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout)


def once(what: str) -> float:
    """A sweep alone, or all there is to a cover; the peak of this process, MB."""
    from detente.hazard import cover_polygons

    antenna = Antenna(PLACE, 500.0 if what == "all" else 0.0, amsl(ANTENNA_M))
    terrain = made_up_terrain(antenna, RANGE_M)
    made = cover(antenna, RANGE_M, terrain=terrain, cell_m=CELL_M, with_ground=what == "all")
    if what == "all":
        cover_polygons(made, amsl(3_000.0))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def as_markdown(rows: Sequence[dict[str, Any]]) -> list[str]:
    """What came out, as a section of the page."""
    squares = pi * RANGE_M**2 / CELL_M**2
    return [
        "",
        "## A cover",
        "",
        f"`python -m bench.hazard`, {rows[0]['day']}: {RANGE_M / 1000:.0f} km about {PLACE.latitude_deg}° N in cells no larger than {CELL_M:.0f} m, over made-up",
        f"terrain of 3 seconds of arc: {squares / 1e6:.0f} million squares of {CELL_M:.0f} m, {rows[0]['cells'] / 1e6:.0f} million cells of the fan, which narrow toward the antenna. The sweep runs on",
        f"all cores. The peer is the same march in plain Python, {SAMPLE} rays a round by turns with the sweep, extrapolated to all; what the two say",
        f"of those rays has to be the same to the metre. Memory is that of a process of its own, terrain included: {rows[0]['sweep_mb']:.0f} MB for the sweep, {rows[0]['all_mb']:.0f} MB",
        "with the ground of every cell kept, the place known to 500 m, and an outline drawn. Other work ran beside it.",
        "",
        "| sweep, wall s | CPU s | peer, wall s | CPU s | wall × | CPU × | cells compared | that differ |",
        "|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(
            f"| {r['sweep_s']:.1f} | {r['sweep_cpu_s']:.1f} | {r['peer_s']:,.0f} | {r['peer_cpu_s']:,.0f} | {r['peer_s'] / r['sweep_s']:.0f} | {r['peer_cpu_s'] / r['sweep_cpu_s']:.0f} | {r['compared']:,} | {r['differ']:,} |"
            for r in rows
        ),
    ]


def main() -> None:
    """Measures, and puts it beside what the last whole run measured."""
    from bench import results

    path = ROOT / "bench" / "results.json"
    everything = json.loads(path.read_text(encoding="utf-8"))
    everything["cover"] = [asdict(row) for row in measured(lambda line: print(line, flush=True))]
    path.write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    (ROOT / "bench" / "RESULTS.md").write_text(results.as_markdown(everything), encoding="utf-8")
    if any(row["differ"] for row in everything["cover"]):
        raise SystemExit("sweep and march differ")


if __name__ == "__main__":
    main()
