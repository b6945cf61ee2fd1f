"""`detente watch` and `detente alive`: who sits there, what is handed over, and that somebody does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from detente.cli.desk import as_option, json_option, opened_desk, say
from detente.domain import DetenteError

_SIGNS_IN_TIME = 3  # in each agreed time, so that one that is lost does no harm


@click.command()
@as_option
@json_option
def alive(folder: Path, *, as_json: bool) -> None:
    """Show a sign of life: somebody sits here. Where it stays away for as long as was agreed, all others are told that we are dark."""
    from detente.client.words import moment

    with opened_desk(folder) as desk:
        answer = desk.alive()
    by_us = answer["next_by_us"]
    line = f"alive; the next is due by {moment(by_us)}" if by_us else "alive; no signs of life are agreed"
    say([line], answer, as_json=as_json)


@click.group()
def watch() -> None:
    """Take the watch, hand it over, see who has it. What is noted is read by the own party alone."""


@watch.command()
@as_option
@json_option
def show(folder: Path, *, as_json: bool) -> None:
    """Who has the watch, and by when the next sign of life is due."""
    from detente.channel.forms import plain
    from detente.client.words import shown_lines

    with opened_desk(folder) as desk:
        shown = desk.watch()
    say(shown_lines(shown), plain(shown), as_json=as_json)


@watch.command()
@click.option("--officer", help="Who takes it. Default: the officer of this desk.")
@click.option("--note", default="", help="For whoever comes next.")
@as_option
@json_option
def take(officer: str | None, note: str, folder: Path, *, as_json: bool) -> None:
    """Take the watch: reads what was handed over, and what is open now. A sign of life too."""
    _act(folder, officer, "takes", note, "", as_json=as_json)


@watch.command("hand-over")
@click.option("--officer", help="Who hands it over. Default: the officer of this desk.")
@click.option("--to", "to_officer", default="", help="To whom, where that is known.")
@click.option("--note", default="", help="What whoever takes it has to know.")
@as_option
@json_option
def hand_over(officer: str | None, to_officer: str, note: str, folder: Path, *, as_json: bool) -> None:
    """Hand the watch over, with what is open: from now on nobody has it, until somebody takes it. A sign of life too."""
    _act(folder, officer, "hands_over", note, to_officer, as_json=as_json)


def _act(folder: Path, officer: str | None, does: Any, note: str, to_officer: str, *, as_json: bool) -> None:
    from detente.channel.acts import HOST, WatchBody
    from detente.channel.forms import plain
    from detente.channel.watch import digest_of_open
    from detente.cli.desk import now_us
    from detente.client.words import open_lines, shown_lines, watch_lines

    with opened_desk(folder) as desk:
        items, before = desk.open_items(), desk.watch().watch
        digest = digest_of_open([plain(item) for item in items])
        who = officer or desk.folder.membership.officer
        answer = desk.send("watch", HOST, WatchBody(who, does, note, to_officer, digest, len(items)))
        shown = desk.watch()
    lines = []
    if does == "takes" and before is not None:
        lines += ["before:", *(f"  {line}" for line in watch_lines(before))]
        if before.open_digest:
            changed = (
                "the same is open as then" if before.open_digest == digest else "what is open HAS CHANGED since then"
            )
            lines.append(f"  {changed}")
    lines += [*shown_lines(shown), "open now:"]
    lines += [f"  {line}" for item in items for line in open_lines(item, now_us())] or ["  nothing"]
    say(lines, {**answer, "items": [plain(item) for item in items]}, as_json=as_json)


@contextmanager
def signs_of_life(folder: Path, desk: Any) -> Iterator[None]:
    """Shows signs of life while whatever is within runs, as often as is agreed; says so where none are, or where one is refused."""
    within_s = desk.registry().rules.terms.dead_man_s
    if within_s is None:
        click.echo("detente: no signs of life are agreed, so none are sent", err=True)
        yield
        return
    key = desk.unlock()
    desk.unlock = lambda: key
    ended = threading.Event()

    def send() -> None:
        with opened_desk(folder) as beside:
            beside.unlock = lambda: key
            while not ended.is_set():
                try:
                    beside.alive()
                except DetenteError as error:
                    click.echo(f"detente: no sign of life was taken: {error}", err=True)
                ended.wait(within_s / _SIGNS_IN_TIME)

    thread = threading.Thread(target=send, name="signs of life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
