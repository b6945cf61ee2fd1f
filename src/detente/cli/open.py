"""`detente open`: what the party still has to do, and must not lose sight of."""

from __future__ import annotations

from pathlib import Path

import click

from detente.cli.desk import as_option, json_option, now_us, opened_desk, say


@click.command()
@as_option
@json_option
def open(folder: Path, *, as_json: bool) -> None:  # noqa: A001 - the command's name
    """What is open for the party: what has to be acknowledged, answered, lifted, looked at; what comes first, first.

    Whoever takes the watch reads this. Exit code 1: a request to cease is not acknowledged, or something is overdue.
    """
    from detente.channel.forms import plain
    from detente.client.words import open_lines

    with opened_desk(folder) as desk:
        items = desk.open_items()
    now = now_us()
    lines = [line for item in items for line in open_lines(item, now)] or ["nothing is open"]
    say(lines, {"items": [plain(item) for item in items]}, as_json=as_json)
    if any(item.due_us is not None and item.due_us < now for item in items) or any(
        item.kind == "stop" and item.due_us is not None for item in items
    ):
        raise SystemExit(1)
