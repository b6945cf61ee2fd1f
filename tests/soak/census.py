"""A census of screening: hard pairs by the hundred thousand, each judged against the oracle, counted by kind.

Split into shares of a thousand pairs, each with a seed of its own, so the result does not depend on how many cores counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import reduce
from importlib.metadata import version
from itertools import repeat
from platform import python_version

import numpy as np

from claims import judge, wrong_in_a_crowd
from hard_pairs import PAIR_KINDS, REGIONS, draw_pair
from hard_volumes import dress
from oracle import lateral_distance_m as oracle_distance_m

SHARE = 1000


@dataclass
class Census:
    """What was counted.

    Attributes:
        told: (kind, answer) → pairs.
        regions: region → pairs.
        touching: kind → pairs whose footprints overlap or touch.
        worst_m: kind → largest difference from the oracle's distance.
        broken: claim → pairs that break it, with the first few of them written out.
    """

    told: Counter[tuple[str, str]] = field(default_factory=Counter)
    regions: Counter[str] = field(default_factory=Counter)
    touching: Counter[str] = field(default_factory=Counter)
    worst_m: dict[str, float] = field(default_factory=dict)
    broken: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def pair_count(self) -> int:
        return self.told.total()

    def joined(self, other: Census) -> Census:
        """Both counts together."""
        worst_m = {kind: max(self.worst_m.get(kind, 0.0), other.worst_m.get(kind, 0.0)) for kind in PAIR_KINDS}
        return Census(
            self.told + other.told,
            self.regions + other.regions,
            self.touching + other.touching,
            worst_m,
            self.broken + other.broken,
            (self.examples + other.examples)[:10],
        )


def take_census(seed: int, pair_count: int) -> Census:
    """Judge `pair_count` pairs, a multiple of a thousand, on all cores."""
    with ProcessPoolExecutor() as cores:
        shares: Iterable[Census] = cores.map(count_share, repeat(seed), range(pair_count // SHARE))
        return reduce(Census.joined, shares, Census())


def count_share(seed: int, share: int) -> Census:
    """Judge one share: every pair alone, then all of them in one crowd."""
    rng = np.random.default_rng([seed, share])
    census, measured = Census(), []
    for index in range(SHARE):
        pair = draw_pair(rng)
        lateral_m = oracle_distance_m(pair.a, pair.b)
        measured.append((pair, lateral_m))
        a, b, minima = dress(rng, pair, lateral_m)
        finding = judge(a, b, minima, lateral_m)
        census.told[pair.kind, finding.answer.name] += 1
        census.regions[pair.region] += 1
        census.touching[pair.kind] += lateral_m == 0.0
        census.worst_m[pair.kind] = max(census.worst_m.get(pair.kind, 0.0), finding.error_m)
        census.broken.update(finding.broken)
        if finding.broken:
            census.examples.append(f"share {share}, pair {index}: {finding.broken}, {lateral_m} m, {minima}, {a}, {b}")
    for wrong in wrong_in_a_crowd(rng, measured):
        census.broken["told something wrong in a crowd"] += 1
        census.examples.append(f"share {share}, in a crowd: {wrong}")
    return census


def as_markdown(census: Census, seed: int) -> str:
    """The results as committed in docs/soak-results.md."""
    answers = ("CLEAR", "POSSIBLE", "CONFLICT")
    rows = [
        f"| {kind} | {sum(census.told[kind, a] for a in answers):,} | {census.touching[kind]:,} | "
        + " | ".join(f"{census.told[kind, a]:,}" for a in answers)
        + f" | {census.worst_m[kind]:.4f} |"
        for kind in PAIR_KINDS
    ]
    broken = [f"- {claim}: {count}" for claim, count in sorted(census.broken.items())] or ["None."]
    versions = ", ".join(f"{name} {version(name)}" for name in ("detente", "numpy", "pyproj", "numba", "shapely"))
    return "\n".join(
        [
            "# Screening against its definition",
            "",
            f"`make soak` draws {census.pair_count:,} pairs of volumes where screening is easiest to get wrong, measures each with a slow",
            "and obvious definition that shares no code with it (`tests/oracle`, through GeographicLib's geodesics), and judges the",
            "answer (`tests/claims.py`). Every pair is judged alone, in both orders, and again among a thousand others: as `screen` tells",
            "it, and as the compiled kernels do where they decide. Minima are chosen so that many pairs lie within 0, 0.02, 0.3, 1, 1.1, 2.5 or 30 m,",
            "or 1 %, of a threshold. This page is what the last run wrote.",
            "",
            f"Seed {seed}; Python {python_version()}, {versions}.",
            "",
            "## Claims broken",
            "",
            *broken,
            "",
            "The claims: never CLEAR where the two may meet; POSSIBLE only within 1 % or 2 m of it; CONFLICT where what was stated meets and",
            "only within 1 m of it; the same in either order; distances within 6 cm of the definition; every POSSIBLE with its reason.",
            "",
            "## What was drawn, what was told, and the largest difference from the oracle's distance",
            "",
            "| how the second is placed against the first | pairs | touch or overlap | CLEAR | POSSIBLE | CONFLICT | worst, m |",
            "|---|---:|---:|---:|---:|---:|---:|",
            *rows,
            "",
            "Regions: " + ", ".join(f"{region} {census.regions[region]:,}" for region in REGIONS) + ".",
            "",
            "Differences of up to 0.05 m are gaps below 5 cm, which count as touching.",
            "",
        ]
    )
