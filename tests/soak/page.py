"""`docs/soak-results.md`: the census first, then the engine beside its peers. Each is written anew without touching the other."""

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


def write_census(text: str) -> None:
    """What stands before the engine's part."""
    _, heading, engine = PAGE.read_text(encoding="utf-8").partition(HEADING)
    PAGE.write_text(text + heading + engine, encoding="utf-8")


def write_row(set_name: str, count: int, peer: str, numbers: tuple[object, ...]) -> None:
    """One line of the engine's table; it replaces the line of the same set, count and peer."""
    census, _, engine = PAGE.read_text(encoding="utf-8").partition(HEADING)
    key = f"| {set_name} | {count:,} | {peer} |"
    rows = {line for line in engine.splitlines() if line.startswith(("| day", "| week", "| dense"))}
    rows = {line for line in rows if not line.startswith(key)} | {f"{key} {' | '.join(map(str, numbers))} |"}
    ordered = sorted(rows, key=lambda line: (len(line.split("|")[2]), line))
    PAGE.write_text(census + HEADING + HEAD + "\n".join(ordered) + "\n", encoding="utf-8")
