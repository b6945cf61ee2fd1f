"""`make screen`: screen the Levant scenario under each side's account, then real flights; a page of it, and where the rest is.

Exits 0 whatever meets: it shows what answers look like. `detente screen` is the command whose exit code means something.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from detente.cli.table import print_short, table_text
from detente.domain import (
    AltitudeBand,
    Answer,
    Conflict,
    DetenteError,
    Minima,
    Notice,
    Place,
    ScreeningAnswer,
    TimeWindow,
)
from detente.domain.units import (
    METRES_PER_FLIGHT_LEVEL,
    METRES_PER_FOOT,
    METRES_PER_NAUTICAL_MILE,
    MICROSECONDS_PER_SECOND,
)
from detente.interop import Reading, answer_html, read_files, read_understanding
from detente.interop.flights import FlightNotices, LegTolerance, flight_notices, read_collection
from detente.screening import screen


@dataclass(frozen=True)
class Part:
    """What of an account is screened together, and where its map goes."""

    title: str
    window: TimeWindow
    map_path: Path


ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "scenarios" / "levant-2018"
OUT = ROOT / "out"
WHEEL = ROOT / "data" / "traffic-2.13-py3-none-any.whl"
# The night and December are screened and drawn apart: on one time line the night would be a hair's breadth.
NIGHT = TimeWindow.between(datetime(2018, 9, 17, 15, tzinfo=UTC), datetime(2018, 9, 18, 6, tzinfo=UTC))
DECEMBER = TimeWindow.between(datetime(2018, 12, 1, tzinfo=UTC), datetime(2019, 1, 31, tzinfo=UTC))
PARTS = {
    "rus_mod": (
        Part("the night of 17 September 2018", NIGHT, OUT / "levant-2018.html"),
        Part("December 2018", DECEMBER, OUT / "levant-2018-december.html"),
    ),
    "isr_idf": (Part("the night of 17 September 2018", NIGHT, OUT / "levant-2018-isr-idf.html"),),
}
COLLECTIONS = {
    "switzerland": ("over Switzerland, 1 August 2018", OUT / "flights.html"),
    "quickstart": ("around Paris, 7 October 2021", OUT / "flights-paris.html"),
}
A_MINUTE_A_LEG = LegTolerance(longest_s=60.0)
# Surveillance separation, and half the vertical one: docs/levant-2018.md, Real flights, says why.
FLIGHT_MINIMA = Minima(5 * METRES_PER_NAUTICAL_MILE, 500 * METRES_PER_FOOT, 0.0)
MOST_LINES = 3
MAP_S = 1800  # the map of flights holds the busiest half hour; a day of them is more than a page can carry

Step = Callable[[int, int], None]


def main() -> int:
    """Screen everything bundled and everything fetched; 0 unless the bundled scenario itself cannot be read."""
    console = Console()
    accounts = json.loads((SCENARIO / "expected.json").read_text(encoding="utf-8"))["accounts"]
    console.print(
        "What is stated is attributed, what is assumed is labelled. The minima are assumed: none agreed are public.\n"
    )
    for name, account in accounts.items():
        scenario(console, account["title"], [SCENARIO / file for file in account["files"]], PARTS[name])
    if WHEEL.exists():
        for name, (title, map_path) in COLLECTIONS.items():
            flights(console, name, title, map_path)
        console.print("All flew safely, under air traffic control: a leg holds a block of air for up to a minute,")
        console.print("and that two blocks meet is no incident (docs/levant-2018.md, Real flights).\n")
    else:
        console.print("No real flights: they are not here and could not be fetched; `make data` tries again.\n")
    next_steps(console)
    return 0


def next_steps(console: Console) -> None:
    """Where to go from here."""
    console.rule("Next")
    lines = [
        "Open a map in a browser; docs/levant-2018.md reads these answers.",
        "Your own: detente screen PLANS.csv --lateral 5nm --vertical 1000ft --time 5min",
        "(the command is in .venv/bin; README.md has a file to start from)",
    ]
    console.print("\n".join(lines), highlight=False, markup=False)


def scenario(console: Console, title: str, files: list[Path], parts: Sequence[Part]) -> None:
    """Screen one account of the Levant scenario, part by part; the table and the map of a part hold the same plans."""
    understanding = read_understanding(SCENARIO / "understanding.toml")
    intake = read_files(files, arena=understanding.arena)
    for number, part in enumerate(parts):
        within = [cut for notice in intake.notices if (cut := during(notice, part.window))]
        answer = screen(within, understanding=understanding)
        account = title.partition(" under ")[2] or title
        console.rule(f"Levant 2018: {part.title}, {account}")
        console.print(
            f"{len(within)} of the account's {len(intake.notices)} notices: those of that time.", highlight=False
        )
        full = number == 0 and part.map_path.name == "levant-2018.html"
        print_short(answer, console, problems=intake.problems, in_full=1 if full else 0)
        places = understanding.arena.places
        write_map(console, answer, part.map_path, readings=intake.readings, problems=intake.problems, places=places)
        write_table(console, answer, part.map_path.with_suffix(".txt"), intake.readings, intake.problems)


def write_table(
    console: Console,
    answer: ScreeningAnswer,
    path: Path,
    readings: Sequence[Reading],
    problems: Sequence[DetenteError],
) -> None:
    """Write the whole table, as `detente screen` prints it, and say where."""
    path.write_text(table_text(answer, readings=readings, problems=problems), encoding="utf-8")
    console.print(f"All in words: [bold]{shown(path)}[/bold]\n", highlight=False)


def flights(console: Console, name: str, title: str, map_path: Path) -> None:
    """Screen one collection of real flights: a short table, and the map of its busiest half hour."""
    console.rule(f"Real flights {title}")
    try:
        rows = read_collection(WHEEL, name)
    except DetenteError as error:
        console.print(f"Not screened: {error}", highlight=False, markup=False)
        return
    started_s = time.monotonic()
    made = flight_notices(rows, source=name, tolerance=A_MINUTE_A_LEG)
    with progress(console, "Screening") as step:
        answer = screen(made.notices, minima=FLIGHT_MINIMA, explain=False, propose_most=0, progress=step)
    short_table(console, made, answer, time.monotonic() - started_s)
    if answer.conflicts:
        part = busiest(made, answer)
        write_map(console, part, map_path, readings=readings(name, made))
        console.print(
            f"It shows the busiest half hour: the {len(part.notices)} flights that meet in it.", highlight=False
        )


def short_table(console: Console, made: FlightNotices, answer: ScreeningAnswer, took_s: float) -> None:
    """How much it was, what meets first, and what that does not mean."""
    gravest: dict[tuple[str, str], Conflict] = {}
    for c in answer.conflicts:
        key = (c.a.notice.reference, c.b.notice.reference)
        if key not in gravest or c.answer > gravest[key].answer:
            gravest[key] = c
    conflicts = sum(c.answer is Answer.CONFLICT for c in gravest.values())
    lines = [
        f"{made.row_count:,} position reports make {len(made.notices):,} flights in {made.volume_count:,} legs;",
        f"{answer.pair_count:,} pairs of legs of different operators, cut and screened in {took_s:.0f} s.",
        f"Minima 5 NM, 500 ft, 0 min: {conflicts} pairs of flights in CONFLICT, {len(gravest) - conflicts} POSSIBLE.",
    ]
    first = sorted(gravest.values(), key=lambda c: (-c.answer, moment_us(c)))[:MOST_LINES]
    lines += [line(c) for c in first]
    if len(gravest) > len(first):
        lines.append(f"  … and {len(gravest) - len(first):,} more pairs of flights")
    console.print("\n".join(lines), highlight=False, soft_wrap=True, markup=False)


def line(c: Conflict) -> str:
    """One pair of legs in 80 columns."""
    a, b = (f"{ref.notice.title:8} {levels(ref.notice.volumes[ref.volume_index].altitude):9}" for ref in (c.a, c.b))
    apart = f"{c.lateral_m.stated / METRES_PER_NAUTICAL_MILE:3.1f} NM {c.vertical_m.stated / METRES_PER_FOOT:4.0f} ft"
    return f"  {datetime.fromtimestamp(moment_us(c) / 1e6, UTC):%H:%M:%S}Z  {a}  {b}  {apart}  {c.answer.name}"


def moment_us(c: Conflict) -> int:
    """When the second of the two legs begins."""
    return max(ref.notice.volumes[ref.volume_index].window.start_us for ref in (c.a, c.b))


def levels(band: AltitudeBand) -> str:
    """`FL350`, or `FL350-374` of a leg that climbs."""
    low, high = (round(limit.value_m / METRES_PER_FLIGHT_LEVEL) for limit in (band.lower, band.upper))
    return f"FL{low:03}" if low == high else f"FL{low:03}-{high:03}"


def readings(name: str, made: FlightNotices) -> list[Reading]:
    """What was left out, in full; what was odd about single flights, as a count."""
    dropped = [said for said in made.readings if "rows dropped" in said]
    odd = len(made.readings) - len(dropped)
    return [
        *(Reading(name, said) for said in dropped),
        Reading(name, f"{odd} flights have jumps or silences, kept as recorded"),
    ]


def busiest(made: FlightNotices, answer: ScreeningAnswer) -> ScreeningAnswer:
    """The half hour in which most legs meet, explained, with the flights that meet in it."""
    counts: dict[int, int] = {}
    for c in answer.conflicts:
        start_us = c.a.notice.volumes[c.a.volume_index].window.start_us
        slot = start_us // (MAP_S * MICROSECONDS_PER_SECOND)
        counts[slot] = counts.get(slot, 0) + 1
    first_us = max(counts, key=lambda slot: counts[slot]) * MAP_S * MICROSECONDS_PER_SECOND
    window = TimeWindow(first_us, first_us + MAP_S * MICROSECONDS_PER_SECOND)
    within = [cut for notice in made.notices if (cut := during(notice, window))]
    shown_answer = screen(within, minima=FLIGHT_MINIMA, propose_most=0)
    meeting = {id(ref.notice) for c in shown_answer.conflicts for ref in (c.a, c.b)}
    return replace(shown_answer, notices=tuple(n for n in shown_answer.notices if id(n) in meeting))


def during(notice: Notice, window: TimeWindow) -> Notice | None:
    """The notice with only the legs flown in the window; None where there are none."""
    legs = tuple(v for v in notice.volumes if v.window.start_us <= window.end_us and window.start_us <= v.window.end_us)
    return replace(notice, volumes=legs) if legs else None


def write_map(
    console: Console,
    answer: ScreeningAnswer,
    path: Path,
    *,
    readings: Sequence[Reading],
    problems: Sequence[DetenteError] = (),
    places: Sequence[Place] = (),
) -> None:
    """Write the self-contained map and say where."""
    text = answer_html(answer, readings=readings, problems=problems, places=places, generated_utc=datetime.now(UTC))
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    console.print(
        f"Map: [bold]{shown(path)}[/bold] ({len(text.encode()) / 1e6:.1f} MB, opens without a network)", highlight=False
    )


def shown(path: Path) -> str:
    """A path as a reader at the top of the repository would type it."""
    return str(path.relative_to(ROOT))


@contextmanager
def progress(console: Console, doing: str) -> Iterator[Step | None]:
    """A progress bar on a terminal; nothing when piped."""
    if not console.is_terminal:
        yield None
        return
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(doing, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


if __name__ == "__main__":
    sys.exit(main())
