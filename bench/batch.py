"""All against all: the engine and its peers on the same arrays, each run in a process of its own.

A round runs every contender once, so that a machine that slows down slows all of them; the table gives medians over the rounds.
Each process first screens a thousand volumes, so that imports and compiled code are there; from then on counts all that leads from
arrays to sorted pairs. `python -m bench.batch ARRAYS CONTENDER THREADS` is what such a process runs.
"""

from __future__ import annotations

import json
import pickle
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from bench.agreement import Agreement, Exact, Found, compared
from bench.peers import PEERS, Peer
from bench.workload import Plane, Planned, plane, planned

Say = Callable[[str], None]

ENGINE: Final = "détente"
ROUNDS: Final = 5
SLOW_S: Final = 20.0  # a contender that takes longer is run `SLOW_ROUNDS` times
SLOW_ROUNDS: Final = 3
TIMES_THE_BEST: Final = 10.0  # a contender slower than this at one count is left out at a million
WARM: Final = 1_000
BEST: Final = 3  # of the peers, in their order, also run on the other sets


@dataclass(frozen=True)
class Run:
    """One process's measure: seconds of all its threads and by the clock; the most memory it held, with all it has loaded and the input,
    and by how much that is more than it held with the input in memory and everything loaded."""

    cpu_s: float
    wall_s: float
    grew_mb: float
    peak_mb: float
    pairs: int


@dataclass(frozen=True)
class Row:
    """One contender on one set at one count."""

    contender: str
    threads: int
    set_name: str
    count: int
    pairs: int
    runs: int
    cpu_s: float
    wall_s: float
    grew_mb: float
    peak_mb: float
    agreement: Agreement


def rows_at(
    set_name: str,
    count: int,
    folder: Path,
    say: Say,
    *,
    rounds: int = ROUNDS,
    peer_threads: int = 2,
    without: Collection[str] = (),
) -> list[Row]:
    """The engine and every peer that is run at this count and not left out, peers on up to so many threads."""
    p = planned(set_name, count)
    arrays = folder / f"{set_name}-{count}"
    arrays.mkdir()
    for name, value in (("engine", p), ("peers", plane(p))):
        (arrays / name).write_bytes(pickle.dumps(value, protocol=5))
    who = [key for key in contenders(set_name, count, peer_threads) if key[0] not in without]
    _in_a_process(arrays, ENGINE, 1)  # whoever compiles for the first time holds more memory
    taken = _rounds(arrays, who, rounds, say)
    agreements = _agreements(p, arrays, list(taken))
    shutil.rmtree(arrays)
    return [_row(*key, set_name, count, runs, agreements[key]) for key, runs in taken.items()]


def too_slow(rows: Sequence[Row]) -> set[str]:
    """Peers that took more than `TIMES_THE_BEST` times as long as the best contender, on one thread, at the largest count in `rows`."""
    largest = max(row.count for row in rows)
    took = {row.contender: row.cpu_s for row in rows if (row.count, row.threads) == (largest, 1)}
    return {name for name, cpu_s in took.items() if cpu_s > TIMES_THE_BEST * min(took.values())}


def _agreements(p: Planned, arrays: Path, keys: Sequence[tuple[str, int]]) -> dict[tuple[str, int], Agreement]:
    """How each one's pairs compare with the engine's on one thread; what two found alike is measured once."""
    ours = _answer(arrays, ENGINE, 1)
    seen: dict[bytes, Agreement] = {}
    agreements = {}
    for key in keys:
        pairs, answers = _answer(arrays, *key)
        mark = sha256(pairs.tobytes() + answers.tobytes()).digest()
        if mark not in seen:
            seen[mark] = compared(p, ours, (pairs, answers))
        agreements[key] = seen[mark]
    return agreements


def contenders(set_name: str, count: int, peer_threads: int = 2) -> list[tuple[str, int]]:
    """Who runs, on how many threads: on the day every peer that can, on the other sets the best of them."""
    peers = PEERS if set_name == "day" else PEERS[:BEST]
    return [
        *((ENGINE, threads) for threads in (1, 2)),
        *((peer.name, threads) for peer in peers if count <= peer.largest for threads in peer.threads[:peer_threads]),
    ]


def _rounds(arrays: Path, keys: Sequence[tuple[str, int]], rounds: int, say: Say) -> dict[tuple[str, int], list[Run]]:
    taken: dict[tuple[str, int], list[Run]] = {key: [] for key in keys}
    for number in range(rounds):
        for key, runs in taken.items():
            if number >= SLOW_ROUNDS and runs[0].cpu_s > SLOW_S:
                continue
            runs.append(_in_a_process(arrays, *key))
            say(f"{arrays.name}, round {number + 1}: {key[0]}, {key[1]} thread(s): {runs[-1].cpu_s:.2f} CPU-s")
    return taken


def _in_a_process(arrays: Path, name: str, threads: int) -> Run:
    command = [sys.executable, "-m", "bench.batch", str(arrays), name, str(threads)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, cwd=Path(__file__).parents[1])
    return Run(**json.loads(done.stdout.splitlines()[-1]))


def _row(name: str, threads: int, set_name: str, count: int, runs: Sequence[Run], agreement: Agreement) -> Row:
    return Row(
        contender=name,
        threads=threads,
        set_name=set_name,
        count=count,
        pairs=runs[0].pairs,
        runs=len(runs),
        cpu_s=median(r.cpu_s for r in runs),
        wall_s=median(r.wall_s for r in runs),
        grew_mb=max(r.grew_mb for r in runs),
        peak_mb=max(r.peak_mb for r in runs),
        agreement=agreement,
    )


def _answer_path(arrays: Path, name: str, threads: int) -> Path:
    return arrays / f"{''.join(filter(str.isalnum, name))}-{threads}.npz"


def _answer(arrays: Path, name: str, threads: int) -> Found:
    with np.load(_answer_path(arrays, name, threads)) as saved:
        return saved["pairs"], saved["answers"]


# In the process


def main(arrays: Path, name: str, threads: int) -> None:
    """Takes one measure and prints it; the pairs are left beside the arrays."""
    small = planned("day", WARM)
    _found(name, small if name == ENGINE else plane(small), threads)
    Exact(small).excess_m(0, 0)
    with (arrays / ("engine" if name == ENGINE else "peers")).open("rb") as saved:
        given = pickle.load(saved)  # straight into the arrays, with no copy that would raise the peak
    before_mb = _held_mb()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    pairs, answers = _found(name, given, threads)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    peak_mb = _peak_mb()
    np.savez(_answer_path(arrays, name, threads), pairs=pairs, answers=answers)
    measured = {"cpu_s": cpu_s, "wall_s": wall_s, "grew_mb": peak_mb - before_mb, "peak_mb": peak_mb}
    print(json.dumps(measured | {"pairs": len(pairs)}))


def _found(name: str, given: Planned | Plane, threads: int) -> Found:
    if isinstance(given, Planned):
        from detente.screening.engine import find_meetings

        found = find_meetings(given.volumes, given.table, Exact(given), threads=threads)
        return found.pairs, found.answers
    return peer_named(name).run(given, threads)


def peer_named(name: str) -> Peer:
    return next(peer for peer in PEERS if peer.name == name)


def _held_mb() -> float:
    """The memory the process holds now, MB; where the system doesn't tell, the most it has held."""
    return _told_by_linux("VmRSS") or _most_mb()


def _peak_mb() -> float:
    """The most memory the process has held, MB. `ru_maxrss` would do, but that Linux counts into it what the parent held when it forked."""
    return _told_by_linux("VmHWM") or _most_mb()


def _told_by_linux(what: str) -> float:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(f"{what}:")), 0.0)


def _most_mb() -> float:
    """macOS counts in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6 * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
