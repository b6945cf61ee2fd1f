"""`detente voice`: what is read aloud over a telephone or a radio, and what was typed down on the other side."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import click

from detente.cli.desk import as_option, json_option, now_us, opened_desk, say
from detente.domain import KeyRefused, NotUnderstood, ReceiptStage

SOMETHING: Final = 1  # a request to cease, or something of ours that meets or may meet what was heard
_MOST_TYPED: Final = 100_000
_signed = click.option("--signed", is_flag=True, help="With its signature, 21 groups of five more to read.")


@click.group()
def voice() -> None:
    """Say what cannot wait for a line, hear what another says; each line with check digits, everything read back."""


@voice.group("say")
def say_() -> None:
    """Print a script to read aloud, line by line: as it is typed down, and as it is spelled."""


@say_.command()
@click.argument("name")
@click.option("--to", "recipient", required=True, help="To whom it is read. It is said no more than its view shows it.")
@_signed
@as_option
@json_option
def flash(name: str, recipient: str, folder: Path, *, signed: bool, as_json: bool) -> None:
    """Say a notice of our own, sent or waiting, as a flash notice: one circle round the recipient's view, and its time."""
    from detente.channel.forms import view_of
    from detente.client.heard import flash_of

    with opened_desk(folder) as desk:
        sent = desk.folder.notice(name)
        if recipient not in sent.views:
            raise NotUnderstood(f"{recipient} is not told of {name}", hint="see detente notice list")
        view = view_of(sent.views[recipient])
        _show(desk, flash_of(view, arena=desk.arena, party=desk.party, now_us=now_us()), signed, None, as_json=as_json)


@say_.command()
@click.option("--to", "recipient", required=True, help="Whom it is asked of.")
@click.option("--place", required=True, help="Where, in words or coordinates.")
@click.option("--text", required=True, help="What is to cease.")
@_signed
@as_option
@json_option
def stop(recipient: str, place: str, text: str, folder: Path, *, signed: bool, as_json: bool) -> None:
    """Ask another to cease, by act as `detente stop` does, and as a script with the same id."""
    from detente.channel.acts import StopBody
    from detente.channel.voice import Stop, whole_minute
    from detente.client.heard import as_said

    with opened_desk(folder) as desk:
        if recipient not in desk.registry().agreements.members:
            raise NotUnderstood(f"{recipient} is no party", hint="see detente party list")
        body = StopBody(token_hex(16), place, text)
        said = Stop(
            as_said(desk.arena), as_said(desk.party), as_said(recipient), whole_minute(now_us()),
            body.stop_id, as_said(place), as_said(text),
        )  # fmt: skip
        _show(desk, said, signed, desk.send("stop", recipient, body), as_json=as_json)


@say_.command()
@click.argument("name", metavar="ID")
@click.option("--officer", help="Who read it. Default: the officer of this desk.")
@click.option("--down-to", metavar="ECHELON", help="It has reached this echelon: stage confirmed_down.")
@_signed
@as_option
@json_option
def ack(name: str, officer: str | None, down_to: str | None, folder: Path, *, signed: bool, as_json: bool) -> None:
    """Acknowledge a notice, a STOP or a message, by act as `detente ack` does, and as a script.

    ID may be the check words of a script that was heard: then there is nothing yet to acknowledge by act, and the script says so.
    """
    from detente.channel.acts import ReceiptBody
    from detente.channel.voice import Acknowledgement, whole_minute
    from detente.cli.reply import acknowledged
    from detente.client.heard import as_said, check_words_of

    stage = ReceiptStage.CONFIRMED_DOWN if down_to else ReceiptStage.ACKNOWLEDGED
    with opened_desk(folder) as desk:
        heard = desk.folder.known.heard(name)
        if heard:
            sender, told_id, version, digest = heard.sender, check_words_of(name), 1, None
        else:
            sender, told_id, version, digest = acknowledged(desk, name)
        who = officer or desk.folder.membership.officer
        said = Acknowledgement(
            as_said(desk.arena), as_said(desk.party), as_said(sender), whole_minute(now_us()),
            told_id, version, stage, as_said(f"{who}, {down_to}" if down_to else who),
        )  # fmt: skip
        answer = None
        if not heard:
            body = ReceiptBody(told_id, version, stage, officer=who, echelon=down_to or "")
            answer = desk.send("receipt", sender, body, view=digest)
        _show(desk, said, signed, answer, as_json=as_json)


def _show(desk: Any, said: Any, signed: bool, answer: Any, *, as_json: bool) -> None:
    from detente.channel.voice import script, words_of

    scripts = [script(said), *([script(desk.said_and_signed(said))] if signed else [])]
    lines = ["read each line aloud as it is spelled; have it read back; ask for the check words at the end"]
    for each in scripts:
        lines.append("")
        for line in each:
            lines += [line.written, f"      {line.spoken}"]
    if not signed:
        lines += ["", "not signed: whoever hears it has to know who is speaking"]
    if answer is not None:
        waits = "waiting" in answer
        lines.append(
            f"the act itself is signed, and {'waits to be carried: it counts once it arrives' if waits else 'was sent'}"
        )
    told = {
        "check_words": words_of(said),
        "script": [[line.written for line in each] for each in scripts],
        "spoken": [[line.spoken for line in each] for each in scripts],
        "answer": answer,
    }
    say(lines, told, as_json=as_json)


# ── heard ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@voice.command()
@click.argument("file", type=click.File("r", encoding="utf-8", errors="replace"), default="-")
@click.option("--read-back", is_flag=True, help="It was read back, and confirmed. Asked for at a terminal.")
@click.option("--officer", help="Who took it down. Default: the officer of this desk.")
@as_option
@json_option
def hear(file: Any, officer: str | None, folder: Path, *, read_back: bool, as_json: bool) -> None:
    """Take in what was read to us and typed down, from FILE or standard input: checked, read back, and entered as our report.

    What is entered is a call in our log, signed by us and shared with the party that spoke, which may confirm or dispute it. It is
    no act of theirs.
    Exit code 1: it asks us to cease, or a notice of ours meets, or may meet, what was said. 2: a line does not check, the signature
    does not hold, or it was not confirmed: nothing is kept.
    """
    from detente.client.heard import read_heard

    typed = _typed(file)
    with opened_desk(folder) as desk:
        registry = desk.registry()
        heard = read_heard(typed, registry, arena=desk.arena, party=desk.party, now_us=now_us())
        meets = _own_that_meet(desk, heard)
        if not as_json:
            say(_read_back_lines(heard), None, as_json=False)
        _confirmed(file, read_back=read_back)
        who = officer or desk.folder.membership.officer
        is_new = desk.folder.known.heard(heard.words) is None
        answer = _entered(desk, heard, who) if is_new else None
    lines = [f"HEARD {heard.words}: {'logged as a call, by our word' if is_new else 'heard before; logged once'}"]
    told = {
        "check_words": heard.words,
        "from": heard.sender,
        "signed_by": heard.signer or None,
        "meets": meets,
        "new": is_new,
        "answer": answer,
    }
    say([*lines, *_heard_lines(heard, meets)], told, as_json=as_json)
    sys.exit(SOMETHING if meets or _is_stop(heard) else 0)


def _typed(file: Any) -> str:
    """What was typed; at a terminal line by line, each wrong one asked for again at once."""
    if not file.isatty():
        typed = file.read(_MOST_TYPED)
        assert isinstance(typed, str)
        return typed
    from detente.channel.voice import check_line
    from detente.domain import DetenteError

    click.echo("type each line as you hear it, its number and check digits too; an empty line ends", err=True)
    lines: list[str] = []
    while line := click.prompt("", default="", show_default=False, prompt_suffix="> ").strip():
        try:
            check_line(line)
            lines.append(line)
        except DetenteError as error:
            click.echo(f"detente: {error}", err=True)
    return "\n".join(lines)


def _confirmed(file: Any, *, read_back: bool) -> None:
    if read_back:
        return
    if not file.isatty() or not click.confirm("Read back to whoever said it, and confirmed?"):
        raise KeyRefused("it was not read back and confirmed: nothing is kept", hint="--read-back, once it was")


def _is_stop(heard: Any) -> bool:
    from detente.channel.voice import Stop

    return isinstance(heard.said, Stop)


def _own_that_meet(desk: Any, heard: Any) -> list[dict[str, str]]:
    """Notices of our own that meet, or may meet, a flash notice."""
    from detente.channel.voice import Flash
    from detente.client import notice_in
    from detente.client.heard import screened

    if not isinstance(heard.said, Flash):
        return []
    own = [notice_in(sent) for sent in desk.folder.notices()]
    found = screened(heard.said, heard.sender, own, desk.registry().rules)
    gravest: dict[str, Any] = {}
    met: tuple[Any, ...] = (*found.conflicts, *found.unmeasured)
    pairs = [(each.a, each.b, each.answer) for each in met]
    pairs += [(each.plan, each.hazard, each.answer) for each in found.warnings]
    for a, b, answer in pairs:
        ours = a.notice if a.notice.party == desk.party else b.notice
        gravest[ours.reference] = max(answer, gravest.get(ours.reference, answer))
    return [{"reference": name, "answer": answer.name} for name, answer in sorted(gravest.items())]


def _entered(desk: Any, heard: Any, who: str) -> Any:
    from detente.channel.acts import CallBody
    from detente.client.known import HeardBefore

    at_us = heard.said.said_us
    body = CallBody(heard.call_id, heard.sender, "", who, at_us, heard.report, read_back=True)
    answer = desk.send("call", heard.sender, body)
    desk.folder.known.keep_heard(heard.words, HeardBefore(heard.sender, heard.report))
    return answer


def _read_back_lines(heard: Any) -> Iterator[str]:
    yield "read back:"
    for line in heard.lines:
        yield line.written
        yield f"      {line.spoken}"
    if heard.signer:
        yield f"its signature holds: {heard.signer}"
    else:
        yield "NOT SIGNED: that it is who it says, you have to know"


def _heard_lines(heard: Any, meets: list[dict[str, str]]) -> Iterator[str]:
    from detente.channel.voice import Acknowledgement, Flash, Stop

    match heard.said:
        case Stop() as said:
            yield f"STOP, asked by {heard.sender}: {said.text} (place: {said.place}; id {said.stop_id[:8]})"
        case Flash():
            yield from (f"{each['answer']} with our notice {each['reference']}" for each in meets)
            if not meets:
                yield "none of our notices in this folder meets it, which is not all there is; nobody else has screened it"
        case Acknowledgement() as said:
            yield f"{said.stage.value.upper()} by {heard.sender} ({said.officer}): {said.about}; until its act arrives, by our word alone"
