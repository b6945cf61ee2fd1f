"""What an officer says back: `ack`, `respond`, `message`, `stop`. A receipt is no acknowledgement, and neither is permission."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Any

import click

from detente.cli.desk import as_option, json_option, opened_desk, say
from detente.domain import NotUnderstood, ReceiptStage, ResponseKind


def not_yet(answer: Any) -> str:
    """What is to be said where nobody has been told: what was signed waits to be carried."""
    return " – NOT TOLD YET: it waits to be carried" if "waiting" in answer else ""


@click.command()
@click.argument("name", metavar="ID")
@click.option("--officer", help="Who read it. Default: the officer of this desk.")
@click.option("--down-to", metavar="ECHELON", help="It has reached this echelon: stage confirmed_down.")
@click.option("--by-report-for", metavar="PARTY", help="Report for a party without keys; reads BY_REPORT for ever.")
@click.option(
    "--read-back",
    "said",
    multiple=True,
    metavar="SLOT=VALUE",
    help="What an agreed phrase filled in, repeated. Repeatable.",
)
@as_option
@json_option
def ack(
    name: str,
    officer: str | None,
    down_to: str | None,
    by_report_for: str | None,
    said: tuple[str, ...],
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Acknowledge a notice, a STOP, a message, a claim or a drill in an officer's name: it was read. It says nothing about the plan itself.

    ID is the beginning of its id, the reference it shows, or its sender where that party has one notice in force. With
    --by-report-for it is one of your own notices, of which that party was told by other means.
    """
    from detente.channel.acts import HOST, ReceiptBody
    from detente.client.words import short

    with opened_desk(folder) as desk:
        if by_report_for:
            sender, digest = HOST, None
            told_id, version = desk.told_without_keys(name, by_report_for)
        else:
            sender, told_id, version, digest = acknowledged(desk, name)
        stage = ReceiptStage.CONFIRMED_DOWN if down_to else ReceiptStage.ACKNOWLEDGED
        who = officer or desk.folder.membership.officer
        body = ReceiptBody(
            told_id,
            version,
            stage,
            officer=who,
            echelon=down_to or "",
            by_report_for=by_report_for or "",
            read_back=_slots(said, "--read-back"),
        )
        answer = desk.send("receipt", sender, body, view=digest)
    whose = f"of {sender}" if sender else f"for {by_report_for}, BY REPORT"
    reached = f"{stage.value.replace('_', ' ')}, {who}{f', {down_to}' if down_to else ''}"
    line = f"{short(told_id)} {whose}: {reached}{not_yet(answer)}"
    is_read_back = answer.get("read_back") in (None, "right")
    if not is_read_back:
        wrong = ", ".join(answer["wrong"])
        line = f"{short(told_id)} {whose}: NOT acknowledged, the read-back is {answer['read_back']}: {wrong}"
    say([line], answer, as_json=as_json)
    if not is_read_back:
        raise SystemExit(1)


def _slots(pairs: tuple[str, ...], option: str) -> dict[str, str]:
    """`SLOT=VALUE` pairs.

    Raises:
        NotUnderstood: not such a pair, or a slot twice.
    """
    slots: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name in slots:
            raise NotUnderstood(f"{option} {pair!r:.80}", hint="write SLOT=VALUE, each slot once")
        slots[name] = value
    return slots


def acknowledged(desk: Any, name: str) -> tuple[str, str, int, str | None]:
    """What is acknowledged by a name: its sender, id and version, and the digest of a view."""
    if words := desk.words_open(name):
        return words.sender, words.id, 1, None
    seen = desk.view_in_force(name)
    return seen.sender, seen.form.view_id, seen.form.version, seen.digest


@click.command()
@click.argument("name", metavar="ID")
@click.argument("kind", type=click.Choice([kind.value for kind in ResponseKind]))
@click.option("--text", default="", help="For the sender to read.")
@as_option
@json_option
def respond(name: str, kind: str, text: str, folder: Path, *, as_json: bool) -> None:
    """Answer a notice's plan: coordinated, objected or queried. None of them is permission, and silence is none of them."""
    from detente.channel.acts import ResponseBody
    from detente.client.words import short

    with opened_desk(folder) as desk:
        seen = desk.view_in_force(name)
        body = ResponseBody(seen.form.view_id, seen.form.version, ResponseKind(kind), text)
        answer = desk.send("response", seen.sender, body, view=seen.digest)
    say([f"{short(seen.form.view_id)} of {seen.sender}: {kind}{not_yet(answer)}"], answer, as_json=as_json)


@click.command()
@click.argument("text", required=False, default="")
@click.option("--to", "recipient", default="", help="The party to write to.")
@click.option("--template", default="", metavar="PHRASE", help="An agreed phrase, in place of words of your own.")
@click.option(
    "--slot", "filled", multiple=True, metavar="SLOT=VALUE", help="What the phrase is filled in with. Repeatable."
)
@click.option("--phrases", is_flag=True, help="List the phrases there are, and send nothing.")
@click.option("--thread", default="", help="The thread it goes on with; a new one without.")
@click.option("--about", default="", help="The id of a notice it is about.")
@as_option
@json_option
def message(
    text: str,
    recipient: str,
    template: str,
    filled: tuple[str, ...],
    thread: str,
    about: str,
    folder: Path,
    *,
    phrases: bool,
    as_json: bool,
) -> None:
    """Write to the officers of another party, in words of your own or an agreed phrase.

    What a phrase is filled in with, whoever acknowledges it has to read back: detente ack ID --read-back SLOT=VALUE.
    """
    from detente.channel.acts import MessageBody
    from detente.client.words import short

    with opened_desk(folder) as desk:
        known = desk.registry().rules.terms.phrases if phrases or template else ()
        if phrases:
            listed = [{"name": each.name, "text": each.text, "slots": list(each.slots)} for each in known]
            say([f"{each.name}: {each.text}" for each in known], {"phrases": listed}, as_json=as_json)
            return
        if not recipient or bool(text) == bool(template):
            raise NotUnderstood(
                "to whom, and what?", hint='detente message "…" --to PARTY, or --template PHRASE --to PARTY'
            )
        slots = _slots(filled, "--slot")
        if template:
            named = [each for each in known if each.name == template]
            if not named:
                raise NotUnderstood(f"{template!r:.60} is no phrase here", hint="detente message --phrases")
            text = named[0].filled(slots)
        body = MessageBody(thread or token_hex(16), text, about, template, slots)
        answer = desk.send("message", recipient, body)
    say(
        [f"to {recipient}, thread {short(body.thread)}{not_yet(answer)}"],
        {"thread": body.thread, **answer},
        as_json=as_json,
    )


@click.command()
@click.option("--to", "recipients", multiple=True, help="Whom it is asked of. Repeatable.")
@click.option("--place", default="", help="Where, in words or coordinates.")
@click.option("--text", required=True, help="What is to cease; or why it need not any more.")
@click.option("--about", default="", help="The id of the notice it concerns, where there is one.")
@click.option("--lift", "lifted", metavar="ID", multiple=True, help="Lift one that we asked for. Repeatable.")
@as_option
@json_option
def stop(
    recipients: tuple[str, ...],
    place: str,
    text: str,
    about: str,
    lifted: tuple[str, ...],
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Ask others to cease. It stands before everything else in their inboxes until somebody has read it, and is no order.

    It stands until you lift it: detente stop --lift ID --text "…".
    """
    if bool(lifted) == bool(recipients) or (recipients and not place):
        raise NotUnderstood(
            "ask it of somebody, for a place; or lift what you asked", hint="--to PARTY --place …, or --lift ID"
        )
    if lifted:
        _lift(lifted, text, folder, as_json=as_json)
    else:
        _ask(recipients, place, text, about, folder, as_json=as_json)


def _lift(names: tuple[str, ...], text: str, folder: Path, *, as_json: bool) -> None:
    from detente.channel.acts import StopBody
    from detente.client.words import short

    with opened_desk(folder) as desk:
        asked = [desk.stop_asked(name) for name in names]
        told = [desk.send("stop", each.recipient, StopBody(each.id, "", text, lifted=True)) for each in asked]
    lines = [f"STOP asked of {each.recipient} is lifted, id {short(each.id)}" for each in asked]
    say(lines, {"stops": told}, as_json=as_json)


def _ask(recipients: tuple[str, ...], place: str, text: str, about: str, folder: Path, *, as_json: bool) -> None:
    from detente.channel.acts import StopBody
    from detente.client.words import short

    told: list[Any] = []
    with opened_desk(folder) as desk:
        parties = [p.name for p in desk.registry().rules.terms.parties]
        for stranger in set(recipients) - set(parties):
            raise NotUnderstood(f"{stranger} is no party", hint=f"the parties are {', '.join(parties)}")
        for recipient in dict.fromkeys(recipients):
            body = StopBody(token_hex(16), place, text, about)
            told.append({"stop_id": body.stop_id, "to": recipient, **desk.send("stop", recipient, body)})
    lines = [f"STOP asked of {each['to']}, id {short(each['stop_id'])}{not_yet(each)}" for each in told]
    say(lines, {"stops": told}, as_json=as_json)
