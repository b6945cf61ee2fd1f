"""What was measured, as a page and as a picture. Takes the dictionary that `run` writes to `results.json`."""

from __future__ import annotations

from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any, Final

from bench import small
from bench.agreement import BAND_M
from bench.batch import ENGINE, SLOW_S
from bench.peers import PEERS

Row = dict[str, Any]

SET_WORDS: Final = {
    "day": "A day: overlap is meeting",
    "week": "A week: overlap is meeting",
    "dense": "Dense: 5 NM, 1,000 ft, 5 minutes",
}

HEAD: Final = """# What `make bench` measured

All volumes against all, from flat arrays to the sorted list of pairs that meet; building geometry and index is counted. The workload
(`bench/workload.py`, seeded): 60 % polygons of 1 to 30 km, 20 % circles, 20 % routes cut into 4D legs, on 2,000 × 1,500 km with hot
spots; eight parties; a third of the volumes unsure of place, height and hour. Everyone gets the same volumes, minima and uncertainties.
Everyone says of each pair whether it is CONFLICT or POSSIBLE. The peers (`bench/peers.py`) get the arrays already projected on a plane,
which is not counted; the engine measures geodesics. CPU seconds are those of all threads; ratios are of medians taken in one run.
"""


AGREEMENT_HEAD: Final = f"""## Do they find the same pairs?

The engine reports as POSSIBLE what lies up to 1 m beyond the minimum and the uncertainties; peers do not. Other differences come of
straight lines on a plane instead of geodesics, and of a scale that changes along a volume. Every pair that only one of two found,
or that they grade differently, was measured along the geodesic: none may lie more than {BAND_M:g} m from the threshold, and the exact
predicate has to side with the engine each time. Runs on two threads are held to the same.
"""
FOOT: Final = f"""A contender above {SLOW_S:g} CPU-s is run twice instead of five times (`runs`). `extrapolated`: it would take more than ten minutes;
the row is its cost a volume and pair at the largest count it was run at, which flatters it. PostGIS is not among them: it is no
package that `make bench` could install."""


def as_markdown(measured: dict[str, Any]) -> str:
    """The page."""
    lines = [HEAD, f"Measured on {measured['day']}.", ""]
    lines += ["| machine | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in measured["machine"].items()]
    rows = measured["batch"]
    for set_name in dict.fromkeys(row["set_name"] for row in rows):
        lines += ["", f"## {SET_WORDS[set_name]}", ""]
        for count in sorted({row["count"] for row in rows if row["set_name"] == set_name}):
            lines += _table([r for r in rows if r["set_name"] == set_name and r["count"] == count], rows)
        lines += _growth([r for r in rows if r["set_name"] == set_name])
    lines += small.as_markdown(measured["small"]) if "small" in measured else []
    return "\n".join([*lines, "", *_agreement(rows)]) + "\n"


def _table(here: list[Row], rows: list[Row]) -> list[str]:
    ours = {row["threads"]: row for row in here if row["contender"] == ENGINE}
    pairs, count = ours[1]["pairs"], ours[1]["count"]
    lines = [f"### {count:,} volumes, {pairs:,} pairs ({2 * pairs / count:.2g} a volume)", ""]
    lines += ["| | threads | CPU s | × | wall s | × | peak MB | of it above the input | runs |", "|---|" + "--:|" * 8]
    lines += [_line(row, ours.get(row["threads"], ours[1])) for row in here]
    lines += [_beyond(name, rows, ours[1]) for name in _left_out(here, rows)]
    return [*lines, ""]


def _line(row: Row, ours: Row) -> str:
    cpu, wall = row["cpu_s"] / ours["cpu_s"], row["wall_s"] / ours["wall_s"]
    return (
        f"| {row['contender']} | {row['threads']} | {row['cpu_s']:.3g} | {cpu:.1f} | {row['wall_s']:.3g} | {wall:.1f} "
        f"| {row['peak_mb']:.0f} | {row['grew_mb']:.0f} | {row['runs']} |"
    )


def _left_out(here: list[Row], rows: list[Row]) -> list[str]:
    ran = {row["contender"] for row in here}
    before = {row["contender"] for row in rows if row["set_name"] == here[0]["set_name"]}
    return [peer.name for peer in PEERS if peer.name in before - ran]


def _beyond(name: str, rows: list[Row], ours: Row) -> str:
    """A peer that was not run at this count: its cost a volume and pair at the largest count it was run at."""
    its = [r for r in rows if (r["contender"], r["threads"], r["set_name"]) == (name, 1, ours["set_name"])]
    last = max(its, key=lambda r: int(r["count"]))
    cpu_s = last["cpu_s"] * (ours["count"] + ours["pairs"]) / (last["count"] + last["pairs"])
    return f"| {name}, extrapolated | 1 | ≥ {cpu_s:.3g} | {cpu_s / ours['cpu_s']:.0f} | | | | | 0 |"


def _growth(rows: list[Row]) -> list[str]:
    ours = sorted((r for r in rows if r["contender"] == ENGINE and r["threads"] == 1), key=lambda r: int(r["count"]))
    if len(ours) < 2:
        return []
    cost = [f"{r['cpu_s'] / (r['count'] + r['pairs']) * 1e6:.2f} µs at {r['count']:,}" for r in ours]
    power = [f"{log(b['cpu_s'] / a['cpu_s']) / log(b['count'] / a['count']):.2f}" for a, b in pairwise(ours)]
    return [f"Growth, one thread, a volume or pair: {', '.join(cost)}; exponent in the count {', '.join(power)}."]


def _agreement(rows: list[Row]) -> list[str]:
    lines = [
        AGREEMENT_HEAD,
        "| set | volumes | peers | both | engine only | of it in the 1 m | peer only | graded apart |",
        "|---|--:|---|" + "--:|" * 5,
    ]
    alike: dict[tuple[Any, ...], list[str]] = {}
    for row in (row for row in rows if row["contender"] != ENGINE and row["threads"] == 1):
        a = row["agreement"]
        key = (
            row["set_name"],
            row["count"],
            a["both"],
            a["ours_only"],
            a["in_margin"],
            a["theirs_only"],
            a["graded_apart"],
        )
        alike.setdefault(key, []).append(row["contender"])
    for (set_name, count, both, ours_only, in_margin, theirs_only, graded_apart), names in alike.items():
        who = "all that ran" if len(names) > 2 else " and ".join(names)
        lines.append(
            f"| {set_name} | {count:,} | {who} | {both:,} | {ours_only} | {in_margin} | {theirs_only} | {graded_apart} |"
        )
    farthest_m = max(row["agreement"]["farthest_m"] for row in rows)
    wrong = sum(len(row["agreement"]["wrong"]) for row in rows)
    lines += [
        "",
        f"Farthest from the threshold, the 1 m aside: {farthest_m:.2f} m. Exact predicate against the engine: {wrong} pairs.",
    ]
    return [*lines, "", FOOT]


def plot(measured: dict[str, Any], path: Path) -> None:
    """CPU seconds against the number of volumes, one thread, for the day and the dense set; SVG."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "detente"
    import matplotlib.pyplot as plt

    rows = [row for row in measured["batch"] if row["threads"] == 1]
    names = [name for name in ("day", "dense") if any(row["set_name"] == name for row in rows)] or [rows[0]["set_name"]]
    figure, axes = plt.subplots(1, len(names), figsize=(5.2 * len(names), 4.6), sharey=True, squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        _panel(axis, [row for row in rows if row["set_name"] == name])
        axis.set_title(SET_WORDS[name], fontsize=10)
    axes[0][0].set_ylabel("CPU seconds, one thread")
    axes[0][0].legend(fontsize=8, frameon=False)
    figure.tight_layout()
    figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _panel(axis: Any, rows: list[Row]) -> None:
    for name in dict.fromkeys(row["contender"] for row in rows):
        its = sorted((row for row in rows if row["contender"] == name), key=lambda row: int(row["count"]))
        style = {"linewidth": 2.5, "color": "black", "marker": "o"} if name == ENGINE else {"marker": "."}
        axis.plot([row["count"] for row in its], [row["cpu_s"] for row in its], label=name, **style)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("volumes, all against all")
    axis.grid(visible=True, which="major", alpha=0.3)
