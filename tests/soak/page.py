"""`docs/soak-results.md`: the census first, then the engine beside its peers, then what was killed. Each is written anew without touching the others."""

from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "soak-results.md"
HEADING = "\n## The engine beside its peers\n"
HEAD = """
The engine screens the benchmark's volumes, seed 20180917, as `make bench` does, and so do two peers that share no code with it: shapely's
trees sliced by time, and a grid join in DuckDB. A peer measures on a plane and knows no margin of 1 m, so the sets may differ near a
threshold. Every pair that only one of the two found, or that they grade differently, is measured along the geodesic and judged by the
oracle (`tests/oracle`); `judged` counts these pairs, `wrong` those in which the oracle or the exact predicate contradicts the engine, and
`farthest` is the largest distance from the threshold of a pair outside the 1 m. This table is what the last runs wrote.

| set | volumes | peer | both | engine only | in the 1 m | peer only | graded apart | judged | farthest, m | wrong |
|---|---:|---|---:|---:|---:|---:|---:|---:|---:|---:|
"""


KILLS_HEADING = "\n## Killed under load\n"
KILLS_HEAD = """
Three parties send notices, amendments, cancels, receipts and messages to a real server, and listen, while one process is killed with `kill -9`
at random moments, and started again. Then everything is checked from outside (`tests/nothing_lost.py`): what was acknowledged is there once, with
every posting, receipt, deadline and answer that follows from it, and streams that went on with `Last-Event-ID` are the inbox. Somebody outside looks at the log all the while, between any two kills at least once:
each head goes on from every one seen before, and the last is over every entry committed. This table is what the last runs wrote.

| killed | store | kills | acknowledged | asked again, answered alike | entries | postings | streams opened | heads of the log seen |
|---|---|---:|---:|---:|---:|---:|---:|---:|
"""


def write_census(text: str) -> None:
    """What stands before the engine's part."""
    _, engine, kills = _parts()
    _write(text, engine, kills)


def write_row(set_name: str, count: int, peer: str, numbers: tuple[object, ...]) -> None:
    """One line of the engine's table; it replaces the line of the same set, count and peer."""
    census, engine, kills = _parts()
    key = f"| {set_name} | {count:,} | {peer} |"
    rows = {line for line in engine.splitlines() if line.startswith(("| day", "| week", "| dense"))}
    rows = {line for line in rows if not line.startswith(key)} | {f"{key} {' | '.join(map(str, numbers))} |"}
    ordered = sorted(rows, key=lambda line: (len(line.split("|")[2]), line))
    _write(census, HEADING + HEAD + "\n".join(ordered) + "\n", kills)


def write_kills(killed: str, store: str, kills: int, counted: dict[str, int]) -> None:
    """One line of what was killed; it replaces the line of the same process and store."""
    census, engine, table = _parts()
    key = f"| {killed} | {store} |"
    names = ("acknowledged", "asked again", "entries", "postings", "streams opened", "heads of the log seen")
    rows = {line for line in table.splitlines() if line.startswith(("| the server", "| PostgreSQL"))}
    rows = {line for line in rows if not line.startswith(key)}
    rows.add(f"{key} {kills} | " + " | ".join(f"{counted[name]:,}" for name in names) + " |")
    _write(census, engine, KILLS_HEADING + KILLS_HEAD + "\n".join(sorted(rows)) + "\n")


def _parts() -> tuple[str, str, str]:
    before, kills_heading, kills = PAGE.read_text(encoding="utf-8").partition(KILLS_HEADING)
    census, heading, engine = before.partition(HEADING)
    return census, heading + engine, kills_heading + kills


def _write(*parts: str) -> None:
    PAGE.write_text("".join(parts), encoding="utf-8")
