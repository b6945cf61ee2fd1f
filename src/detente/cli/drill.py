"""`detente drill`: asks others to answer as if it were meant, and shows how long they took. Marked DRILL wherever it shows."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Any

import click

from detente.cli.desk import as_option, json_option, opened_desk, say
from detente.cli.reply import not_yet
from detente.domain import NotUnderstood


@click.group()
def drill() -> None:
    """Ask others to answer as if it were meant, and see how long it takes. A drill is answered with `detente ack`."""


@drill.command()
@click.option("--to", "recipients", multiple=True, help="Whom it is asked of. Repeatable.")
@click.option("--all", "everybody", is_flag=True, help="Every other party with keys.")
@click.option("--text", required=True, help="What is drilled. It is marked DRILL by itself.")
@as_option
@json_option
def ask(recipients: tuple[str, ...], text: str, folder: Path, *, everybody: bool, as_json: bool) -> None:
    """Ask one party, several or all to answer a drill."""
    from detente.channel.acts import DrillBody
    from detente.client.words import short

    if bool(recipients) == everybody:
        raise NotUnderstood("whom?", hint="--to PARTY, or --all")
    told: list[Any] = []
    with opened_desk(folder) as desk:
        parties = desk.registry().rules.terms.parties
        known = [p.name for p in parties if p.root_key and p.name != desk.party]
        for stranger in set(recipients) - set(known):
            raise NotUnderstood(f"{stranger} cannot answer a drill", hint=f"those who can: {', '.join(known)}")
        body = DrillBody(token_hex(16), text)
        for recipient in known if everybody else dict.fromkeys(recipients):
            told.append({"to": recipient, "drill_id": body.drill_id, **desk.send("drill", recipient, body)})
    say(
        [f"DRILL asked of {each['to']}, id {short(each['drill_id'])}{not_yet(each)}" for each in told],
        {"drills": told},
        as_json=as_json,
    )


@drill.command()
@as_option
@json_option
def show(folder: Path, *, as_json: bool) -> None:
    """How long others took to answer our drills, and we theirs."""
    from detente.channel.forms import plain
    from detente.client.words import drill_lines

    with opened_desk(folder) as desk:
        shown = desk.drills()
    say(drill_lines(shown), plain(shown), as_json=as_json)
