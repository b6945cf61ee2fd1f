"""How matching two sides' tallies grows, from a thousand to a hundred thousand reports a side.

Reports lie in four months and 100 by 80 km whatever their number, so that they crowd; half of one side's are of the other's events, some minutes and
metres off. Beside it the same with the period as long as the reports are many. The peer is the definition, pair by pair, on a sample.

    python -m bench.matching      # a minute; writes bench/MATCHING.md
"""

from __future__ import annotations

import math
import os
import platform
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from detente.accounts.matching import Tolerance, match
from detente.domain import Fix, Position, TimeWindow
from detente.domain.violation import Violation, ViolationKind

COUNTS: Final = (1_000, 10_000, 100_000)
FOUR_MONTHS_S: Final = 120 * 86_400
ROUNDS: Final = 3
NIGHT_US: Final = 1_537_209_540_000_000
KINDS: Final = (ViolationKind.OVERFLIGHT, ViolationKind.GROUND_CROSSING, ViolationKind.FIRE)


def side(
    name: str, count: int, span_s: int, drawn: random.Random, other: list[Violation] | None = None
) -> list[Violation]:
    """Reports, half of them of the other side's events."""
    made = []
    for index in range(count):
        if other and index % 2:
            was = other[index]
            start_us = was.window.start_us + drawn.randrange(-600, 600) * 1_000_000
            lat, lon, kind = (
                was.fix.position.latitude_deg + drawn.uniform(-0.01, 0.01),
                was.fix.position.longitude_deg,
                was.kind,
            )
        else:
            start_us = NIGHT_US + drawn.randrange(span_s) * 1_000_000
            lat, lon, kind = drawn.uniform(33.0, 33.7), drawn.uniform(35.0, 36.0), drawn.choice(KINDS)
        window = TimeWindow(start_us, start_us + drawn.randrange(1800) * 1_000_000)
        made.append(Violation(f"{name}{index}", name, kind, window, "bench", fix=Fix(Position(lat, lon), 300.0)))
    return made


def seconds(count: int, span_s: int) -> float:
    """The fastest of some rounds."""
    drawn = random.Random(count)
    a = side("A", count, span_s, drawn)
    b = side("B", count, span_s, drawn, a)
    best = math.inf
    for _ in range(ROUNDS):
        began = time.process_time()
        match(a, b, Tolerance())
        best = min(best, time.process_time() - began)
    return best


def main() -> None:
    """Measures, and writes the page."""
    told = [
        "# Matching two tallies",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m bench.matching`: {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}. Seconds of the processor, the fastest of {ROUNDS}.",
        "",
        "| reports a side | in four months, s | in a period as long as they are many, s |",
        "|--:|--:|--:|",
    ]
    match(
        side("A", 50, 86_400, random.Random(0)), side("B", 50, 86_400, random.Random(1)), Tolerance()
    )  # what is loaded first
    rows = [
        (count, seconds(count, FOUR_MONTHS_S), seconds(count, FOUR_MONTHS_S * count // COUNTS[0])) for count in COUNTS
    ]
    for count, crowded, spread in rows:
        told.append(f"| {count:,} | {crowded:.3f} | {spread:.3f} |")
        print(told[-1])
    decades = math.log10(COUNTS[-1] / COUNTS[0])
    crowded, spread = (math.log10(rows[-1][k] / rows[0][k]) / decades for k in (1, 2))
    told += [
        "",
        f"Growth from 10³ to 10⁵: exponent {spread:.2f} where the density stays (aim ≤ 1.2), {crowded:.2f} where a hundred times as many crowd into the same months.",
    ]
    print(told[-1])
    (Path(__file__).parent / "MATCHING.md").write_text("\n".join(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
