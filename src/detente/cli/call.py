"""`detente call`: the log of what was said by voice, shared with the other party where one likes, who confirms or disputes it."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Any

import click

from detente.cli.desk import as_option, json_option, now_us, opened_desk, say
from detente.cli.reply import not_yet


@click.group()
def call() -> None:
    """Log what was said by voice. Shared, the other party confirms or disputes it; both words stand."""


@call.command()
@click.option("--with", "with_party", required=True, help="The party it was with.")
@click.option("--with-officer", default="", help="Who was there, as they gave their name or post.")
@click.option("--by", "by_officer", help="Who called. Default: the officer of this desk.")
@click.option("--at", "moment", help="When it was: 2018-09-17T18:39Z, 171839ZSEP18. Default: now.")
@click.option("--text", required=True, help="What was said.")
@click.option("--read-back/--not-read-back", required=True, help="Whether they read it back, and it was right.")
@click.option("--share", is_flag=True, help="Pass it on to that party, who confirms or disputes it.")
@as_option
@json_option
def log(
    with_party: str,
    with_officer: str,
    by_officer: str | None,
    moment: str | None,
    text: str,
    folder: Path,
    *,
    read_back: bool,
    share: bool,
    as_json: bool,
) -> None:
    """Log a call. Without --share it is for our own record: no other party sees it."""
    from detente.channel.acts import HOST, CallBody
    from detente.client.words import call_words
    from detente.geodesy import read_time

    at_us = round(read_time(moment).timestamp()) * 1_000_000 if moment else now_us()
    with opened_desk(folder) as desk:
        by = by_officer or desk.folder.membership.officer
        body = CallBody(token_hex(16), with_party, with_officer, by, at_us, text, read_back)
        answer = desk.send("call", with_party if share else HOST, body)
    say(
        [f"logged{f', shared with {with_party}' if share else ''}: {call_words(body)}{not_yet(answer)}"],
        answer,
        as_json=as_json,
    )


@call.command()
@click.argument("name", metavar="ID")
@click.option("--officer", help="Who confirms. Default: the officer of this desk.")
@click.option("--text", default="", help="What is to be added.")
@as_option
@json_option
def confirm(name: str, officer: str | None, text: str, folder: Path, *, as_json: bool) -> None:
    """Confirm a call that another party logged and shared: so it was said."""
    _answer(folder, name, "confirmed", officer, text, as_json=as_json)


@call.command()
@click.argument("name", metavar="ID")
@click.option("--officer", help="Who disputes. Default: the officer of this desk.")
@click.option("--text", required=True, help="What was otherwise.")
@as_option
@json_option
def dispute(name: str, officer: str | None, text: str, folder: Path, *, as_json: bool) -> None:
    """Dispute a call that another party logged and shared. Both words stand."""
    _answer(folder, name, "disputed", officer, text, as_json=as_json)


def _answer(folder: Path, name: str, says: Any, officer: str | None, text: str, *, as_json: bool) -> None:
    from detente.channel.acts import CallAnswerBody, CallBody
    from detente.client.words import short

    with opened_desk(folder) as desk:
        told = desk.call_to_answer(name)
        assert isinstance(told.body, CallBody)
        who = officer or desk.folder.membership.officer
        body = CallAnswerBody(told.body.call_id, told.digest, says, who, text)
        answer = desk.send("call_answer", told.sender, body)
    say([f"call {short(body.call_id)} of {told.sender}: {says} by {who}{not_yet(answer)}"], answer, as_json=as_json)


@call.command("list")
@as_option
@json_option
def list_calls(folder: Path, *, as_json: bool) -> None:
    """The call log: ours, what was shared with us, and what was said of either."""
    from detente.channel.forms import plain
    from detente.client.words import told_lines

    with opened_desk(folder) as desk:
        found = list(desk.calls())
    lines = [line for told in found for line in told_lines(told)] or ["no calls yet"]
    rows = [
        {"from": t.sender, "told_us": t.tick_us, "body": plain(t.body), "refusal": str(t.refusal or "") or None}
        for t in found
    ]
    say(lines, {"calls": rows}, as_json=as_json)
