"""What was measured, as a page and as a picture. Takes the dictionary that `run` writes to `results.json`."""

from __future__ import annotations

from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any, Final

from bench import hazard, small
from bench.agreement import BAND_M
from bench.aims import aims
from bench.batch import ENGINE, SLOW_ROUNDS, SLOW_S, TIMES_THE_BEST
from bench.peers import PEERS
from bench.streams import BLUESKY

Row = dict[str, Any]

SET_WORDS: Final = {
    "day": "A day: overlap is meeting",
    "week": "A week: overlap is meeting",
    "dense": "Dense: 5 NM, 1,000 ft, 5 minutes",
}

HEAD: Final = """# What `make bench` measured

Seconds differ from machine to machine, ratios less so: whatever is compared was run by turns on the same numbers.
"""

BATCH_HEAD: Final = """## All against all

All volumes against all, from flat arrays to the sorted list of pairs that meet; building geometry and index is counted. The workload
(`bench/workload.py`, seeded): 60 % polygons of 1 to 30 km, 20 % circles, 20 % routes cut into 4D legs, on 2,000 × 1,500 km with hot
spots; eight parties; a third of the volumes unsure of place, height and hour. Everyone gets the same volumes, minima and uncertainties.
Everyone says of each pair whether it is CONFLICT or POSSIBLE. The peers (`bench/peers.py`) get the arrays already projected on a plane,
which is not counted; the engine measures geodesics. CPU seconds are those of all threads; ratios are of medians taken in one run.
Every contender runs in a process of its own. `peak` is the most memory that process held: Python, numpy and compiled code (about 170 MB
for the engine), the input, and the rest. `above the input` is the peak less what it held when all was loaded and the input was there.
"""

ONLINE_HEAD: Final = """## A changing index

Microseconds by the clock: one asks about a volume, takes it in and takes the oldest out, 4,000 times; half the times and 99 in a hundred
were shorter. SQLite keeps the same boxes, in memory, and its candidates go through the same exact step. Of proposals, the second number is
the worst. All figures are medians over the rounds.
"""

POSITIONS_HEAD: Final = f"""## Positions

A million positions at once against what is active at noon; CPU seconds of one thread. The index holds the whole day and answers for any
moment, with CONFLICT or POSSIBLE, along geodesics. The peers are given what is active at that moment, on a plane, and say only yes;
`laid out` is what they take to lay it out, or the index to take in the whole day, and is not in the rate. Differences are those to the
index: none may lie more than {BAND_M:g} m from the rim, and the exact predicate has to side with the index each time (`wrong`).
"""

TRACKS_HEAD: Final = """## Pairs of tracks

Who comes within 5 NM and 1,000 ft of whom at one moment of the next 300 s; CPU seconds of one thread. Every pair in numpy is the
definition, written apart from the kernel: its set has to be the same. BlueSky compares every pair too, in compiled code, on a sphere and
along parallels. Each pair that one alone found is walked along its geodesics: `missed` are those that do come within the minima and that
the engine has not; `beyond` is how far past the minimum those stay at most that the engine alone has, which widens it outward.
"""


AGREEMENT_HEAD: Final = f"""### Do they find the same pairs?

The engine reports as POSSIBLE what lies up to 1 m beyond the minimum and the uncertainties; peers do not. Other differences come of
straight lines on a plane instead of geodesics, and of a scale that changes along a volume. Every pair that only one of two found,
or that they grade differently, was measured along the geodesic: none may lie more than {BAND_M:g} m from the threshold, and the exact
predicate has to side with the engine each time. Runs on two threads are held to the same.
"""
FOOT: Final = f"""A contender above {SLOW_S:g} CPU-s is run {SLOW_ROUNDS} times instead of five (`runs`). A peer that takes more than {TIMES_THE_BEST:g} times as long as the best
contender at 10⁵ is not run at 10⁶. `extrapolated` stands for one that was not run: its cost a volume and pair at the largest count it was
run at, which flatters it. PostGIS is not among them: it is no
package that `make bench` could install."""


def as_markdown(measured: dict[str, Any]) -> str:
    """The page."""
    lines = [HEAD, f"Measured on {measured['day']}{'' if measured['whole'] else ', a quick run'}.", ""]
    lines += ["| machine | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in measured["machine"].items()]
    lines += ["", "## Aims", "", "| aim | | measured | |", "|---|--:|--:|---|", *map(str, aims(measured))]
    rows = measured["batch"]
    lines += ["", BATCH_HEAD, "![CPU seconds against the number of volumes](../docs/img/all-against-all.svg)"]
    for set_name in dict.fromkeys(row["set_name"] for row in rows):
        lines += ["", f"### {SET_WORDS[set_name]}", ""]
        for count in sorted({row["count"] for row in rows if row["set_name"] == set_name}):
            lines += _table([r for r in rows if r["set_name"] == set_name and r["count"] == count], rows)
        lines += _growth([r for r in rows if r["set_name"] == set_name])
    lines += ["", *_agreement(rows)] if rows else []
    lines += [*_online(measured["online"]), *_positions(measured["positions"]), *_tracks(measured["tracks"])]
    lines += small.as_markdown(measured["small"]) if measured.get("small") else []
    lines += hazard.as_markdown(measured["cover"]) if measured.get("cover") else []
    return "\n".join(lines) + "\n"


def _table(here: list[Row], rows: list[Row]) -> list[str]:
    ours = {row["threads"]: row for row in here if row["contender"] == ENGINE}
    pairs, count = ours[1]["pairs"], ours[1]["count"]
    lines = [f"#### {count:,} volumes, {pairs:,} pairs ({2 * pairs / count:.2g} a volume)", ""]
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


def _online(figures: list[Row]) -> list[str]:
    """Figures in rows, counts in columns; what a proposal found differs by count, so it is told with its first."""
    if not figures:
        return []
    counts = sorted({f["count"] for f in figures})
    names = list(dict.fromkeys(_kind(f) for f in figures))
    lines = ["", ONLINE_HEAD, "| p50 / p99, µs | " + " | ".join(f"{count:,}" for count in counts) + " |"]
    lines.append("|---|" + "--:|" * len(counts))
    for name in names:
        by_count = {f["count"]: f"{f['p50_us']:.1f} / {f['p99_us']:.1f}" for f in figures if _kind(f) == name}
        lines.append(f"| {name} | " + " | ".join(by_count.get(count, "") for count in counts) + " |")
    return lines


def _kind(figure: Row) -> str:
    return str(figure["name"]).strip().split(": ")[0] + "".join(f": {x}" for x in figure["name"].split(": ")[1:2])


def _positions(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    lines = ["", POSITIONS_HEAD]
    lines += [
        "| | volumes | active | M/s | × | laid out, s | found | index only | of it in the 1 m | peer only | farthest, m | wrong | runs |"
    ]
    lines += ["|---|" + "--:|" * 12]
    for row in rows:
        ours = next(r for r in rows if r["contender"] == ENGINE and r["count"] == row["count"])
        rate, our_rate = (r["answered"] / r["cpu_s"] for r in (row, ours))
        lines.append(
            f"| {row['contender']} | {row['count']:,} | {row['active']:,} | {rate / 1e6:.2f} | {our_rate / rate:.1f} | {row['laid_s']:.2f} "
            f"| {row['pairs']:,} | {row['ours_only']} | {row['in_margin']} | {row['theirs_only']} | {row['farthest_m']:.2f} "
            f"| {row['wrong']} | {row['runs']} |"
        )
    few = sorted(
        {f"{row['answered']:,} positions to {row['contender']}" for row in rows if row["answered"] < ours["answered"]}
    )
    return [*lines, "", f"The slow get fewer: {', '.join(few)}."] if few else lines


def _tracks(rows: list[Row]) -> list[str]:
    if not rows:
        return []
    lines = [
        "",
        TRACKS_HEAD,
        "| | tracks | CPU s | × | pairs | engine only | peer only | missed | beyond, m | runs |",
        "|---|" + "--:|" * 9,
    ]
    for row in rows:
        ours = next(r for r in rows if r["contender"] == ENGINE and r["count"] == row["count"])
        lines.append(
            f"| {row['contender']} | {row['count']:,} | {row['cpu_s']:.3g} | {row['cpu_s'] / ours['cpu_s']:.1f} | {row['pairs']:,} "
            f"| {row['ours_only']} | {row['theirs_only']} | {row['missed']} | {row['beyond_m']:.1f} | {row['runs']} |"
        )
    if not any(row["contender"] == BLUESKY for row in rows):
        lines += ["", "BlueSky's compiled detector was not installed."]
    return lines


INK: Final = "#7d7d7d"  # read on white as on black
COLOURS: Final = ("#e8590c", "#1c7ed6", "#2f9e44", "#be4bdb", "#c2255c", "#0c8599", "#a17c1a", "#7d7d7d")
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "*")


def plot(measured: dict[str, Any], path: Path) -> None:
    """CPU seconds against the number of volumes, one thread, for the day and the dense set; SVG without a ground of its own."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams |= {"svg.hashsalt": "detente", "text.color": INK, "axes.labelcolor": INK, "axes.edgecolor": INK}
    mpl.rcParams |= {"xtick.color": INK, "ytick.color": INK, "font.size": 10}
    import matplotlib.pyplot as plt

    rows = [row for row in measured["batch"] if row["threads"] == 1]
    names = [name for name in ("day", "dense") if any(row["set_name"] == name for row in rows)] or [rows[0]["set_name"]]
    looks = dict(zip((ENGINE, *(peer.name for peer in PEERS)), zip(COLOURS, MARKERS, strict=True), strict=True))
    figure, axes = plt.subplots(1, len(names), figsize=(4.6 * len(names), 5.2), sharey=True, squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        _panel(axis, [row for row in rows if row["set_name"] == name], looks)
        axis.set_title(SET_WORDS[name], fontsize=11)
    axes[0][0].set_ylabel("CPU seconds, one thread")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=3, fontsize=9, frameon=False)
    figure.tight_layout(rect=(0, 0.14, 1, 1))
    figure.savefig(path, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    plt.close(figure)


def _panel(axis: Any, rows: list[Row], looks: dict[str, tuple[str, str]]) -> None:
    for name in dict.fromkeys(row["contender"] for row in rows):
        its = sorted((row for row in rows if row["contender"] == name), key=lambda row: int(row["count"]))
        colour, marker = looks[name]
        width = 3.0 if name == ENGINE else 1.4
        seconds = [row["cpu_s"] for row in its]
        axis.plot([row["count"] for row in its], seconds, label=name, color=colour, marker=marker, linewidth=width)
    axis.set_xscale("log")
    axis.set_yscale("log")
    axis.set_xlabel("volumes, all against all")
    axis.grid(visible=True, which="major", alpha=0.25, color=INK)
