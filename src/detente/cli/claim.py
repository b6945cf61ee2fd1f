"""`detente claim`: what happened, was found or was violated, as somebody states it. Claims stand beside one another; no verdict."""

from __future__ import annotations

import re
from pathlib import Path
from secrets import token_hex
from typing import Any, Final

import click

from detente.cli.desk import as_option, json_option, opened_desk, say
from detente.cli.reply import not_yet
from detente.domain import NotUnderstood

_MEASURED: Final = re.compile(r"([^=]+)=\s*([^±\s]+)\s*(?:(?:±|\+/-)\s*([^\s]+)\s*)?(\S*)")
_RELATIONS: Final = ("supersedes", "disputes", "confirms", "does_not_confirm")


@click.group()
def claim() -> None:
    """State what happened, was found or was violated; dispute or confirm what others state. Nothing here is a verdict."""


@claim.command()
@click.argument("text")
@click.option(
    "--to",
    "recipients",
    multiple=True,
    required=True,
    metavar="PARTY",
    help="Whom to tell; repeatable. 'record': no party.",
)
@click.option("--of", "what", type=click.Choice(["event", "finding", "violation"]), default="event", show_default=True)
@click.option("--topic", required=True, help="Such as strike, warning, lost_contact, tunnel, overflight.")
@click.option("--claimant", help="Whose statement it is, where you quote somebody. Default: your party.")
@click.option("--stated", help="When that was said. Default: hereby.")
@click.option("--at", "moment", help="When it happened: 2018-09-17T18:39Z, 171839ZSEP18.")
@click.option("--until", help="The latest it can have been, where it is not known to the moment.")
@click.option("--place", help="Where: any way coordinates are written.")
@click.option("--within", help="How far off the place may be: 5 km, 300 m. At least what its digits leave open.")
@click.option("--measured", multiple=True, metavar="WHAT=VALUE±DOUBT UNIT", help="Such as 'depth=25±2 m'; repeatable.")
@click.option("--basis", default="", help="What of it was derived or assumed.")
@click.option("--source", "sources", multiple=True, help="Where it is stated; needed where you quote. Repeatable.")
@click.option("--supersedes", multiple=True, metavar="ID", help="A claim that this one takes the place of.")
@click.option("--disputes", multiple=True, metavar="ID", help="A claim that is disputed.")
@click.option(
    "--confirms", multiple=True, metavar="ID", help="A claim that was looked into independently, and confirmed."
)
@click.option(
    "--does-not-confirm", multiple=True, metavar="ID", help="A claim that was looked into, and not confirmed."
)
@as_option
@json_option
def state(text: str, recipients: tuple[str, ...], folder: Path, *, as_json: bool, **given: Any) -> None:
    """State a claim to other parties, or for the record alone (--to record). The same words to all of them."""
    from detente.channel.acts import HOST, check_claim, claim_id
    from detente.client.words import short
    from detente.interop.claim_words import claim_words

    with opened_desk(folder) as desk:
        named = {name: tuple(_named(desk, each) for each in given[name]) for name in _RELATIONS}
        body = _body(text, given, named, party=desk.party)
        check_claim(body)
        answers = {to: desk.send("claim", HOST if to == "record" else to, body) for to in dict.fromkeys(recipients)}
        line = claim_words(body, desk.party)
    lines = [f"claim {short(claim_id(body))}: {line}"]
    lines += [
        f"  {'kept for the record' if to == 'record' else f'told to {to}'}{not_yet(a)}" for to, a in answers.items()
    ]
    say(lines, {"claim_id": claim_id(body), "told": answers}, as_json=as_json)


@claim.command("list")
@as_option
@json_option
def list_claims(folder: Path, *, as_json: bool) -> None:
    """Every claim of ours and every one stated to us, by time."""
    from detente.channel.acts import ClaimBody, claim_id
    from detente.channel.forms import plain
    from detente.client.words import told_lines

    with opened_desk(folder) as desk:
        found = list(desk.claims())
    rows = [
        {
            "claim_id": claim_id(t.body) if isinstance(t.body, ClaimBody) else None,
            "from": t.sender, "to": t.act.audience if t.act else None, "told_us": t.tick_us, "body": plain(t.body),
            "refusal": str(t.refusal or "") or None,
        }
        for t in found
    ]  # fmt: skip
    lines = [line for told in found for line in told_lines(told)] or ["no claims yet"]
    say(lines, {"claims": rows}, as_json=as_json)


def _body(text: str, given: dict[str, Any], named: dict[str, tuple[str, ...]], *, party: str) -> Any:
    from detente.channel.acts import ClaimBody, Relation

    from_us = _moment_us(given["moment"], "--at")
    until_us = _moment_us(given["until"], "--until")
    if until_us is not None and from_us is None:
        raise NotUnderstood("--until without --at", hint="say from when")
    place, precision_m = _place(given["place"], given["within"])
    return ClaimBody(
        token_hex(16), given["what"], given["topic"], given["claimant"] or party, text,
        stated_us=_moment_us(given["stated"], "--stated"), from_us=from_us, until_us=from_us if until_us is None else until_us,
        place=place, place_precision_m=precision_m, basis=given["basis"], sources=given["sources"],
        measured=tuple(map(_measured, given["measured"])),
        relations=tuple(Relation(kind, each) for kind in _RELATIONS for each in named[kind]),
    )  # fmt: skip


def _moment_us(text: str | None, option: str) -> int | None:
    from detente.domain import at
    from detente.domain.window import to_us
    from detente.geodesy import read_time

    if text is None:
        return None
    with at(option):
        return to_us(read_time(text))


def _place(text: str | None, within: str | None) -> tuple[tuple[float, float] | None, float | None]:
    """A place, and how far off it may be: what was said, and never less than its digits leave open."""
    from detente.domain import at
    from detente.geodesy import read_length_m, read_position_with_notes

    if text is None:
        if within is not None:
            raise NotUnderstood("--within without --place", hint="say where")
        return None, None
    with at("--place"):
        read = read_position_with_notes(text)
    with at("--within"):
        said_m = read_length_m(within) if within else 0.0
    return (read.position.latitude_deg, read.position.longitude_deg), max(said_m, read.off_by_m)


def _measured(text: str) -> Any:
    from detente.channel.acts import Measured
    from detente.domain import at
    from detente.geodesy.quantities import read_number

    match = _MEASURED.fullmatch(text.strip())
    if not match:
        raise NotUnderstood(f"--measured {text!r:.80}", hint="write WHAT=VALUE±DOUBT UNIT, such as 'depth=25±2 m'")
    what, value, doubt, unit = match.groups()
    with at("--measured"):
        return Measured(what.strip(), read_number(value), unit, None if doubt is None else read_number(doubt))


def _named(desk: Any, name: str) -> str:
    """The whole id of a claim of ours or stated to us, by its beginning.

    Raises:
        NotUnderstood: none, or several.
    """
    from detente.channel.acts import ClaimBody, claim_id

    if re.fullmatch(r"[0-9a-f]{64}", name):
        return name
    known = {claim_id(told.body) for told in desk.claims() if isinstance(told.body, ClaimBody)}
    found = [each for each in known if len(name) >= 4 and each.startswith(name)]
    if len(found) != 1:
        raise NotUnderstood(f"{len(found)} claims begin with {name!r:.40}", hint="detente claim list")
    return found[0]
