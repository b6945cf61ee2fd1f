"""`detente replay` and `detente claims`: what each side states of a night, minute by minute, side by side. No finding."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from detente.domain import NotUnderstood


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--lead", help="A lead time for every activity, in place of those agreed: 15min. Default: 15 min.", default="15min"
)
@click.option("--as-agreed", is_flag=True, help="The lead times of the understanding as they stand.")
@click.option("--understanding", type=click.Path(path_type=Path), help="Rules in place of the folder's own.")
@click.option("--party", help="With --at: what this party could have known.")
@click.option("--at", "moment", help="With --party: at this moment, 2018-09-17T18:39Z.")
@click.option("--html", type=click.Path(path_type=Path), help="Write it as a page that stands by itself.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def replay(
    folder: Path,
    lead: str,
    understanding: Path | None,
    party: str | None,
    moment: str | None,
    html: Path | None,
    *,
    as_agreed: bool,
    as_json: bool,
) -> None:
    """Replay a night: each claimant's statements by the minute, what they leave open, and what rules would have asked and told.

    Nothing is weighed and nobody is believed; every line names whose statement it is.
    """
    from detente.cli.output import check_target, replace_file
    from detente.geodesy import read_duration_s
    from detente.interop.night import read_night

    if html:
        check_target(html, [])
    if (party is None) != (moment is None):
        raise NotUnderstood("--party and --at go together", hint="give both: what could this party have known then?")
    night = read_night(folder, lead_s=None if as_agreed else round(read_duration_s(lead)), understanding=understanding)
    if html:
        from detente.interop.write_replay import replay_html

        replace_file(html, replay_html(night))
        click.echo(f"{html}: {len(night.events)} statements with a time, {len(night.accounts)} accounts; no finding")
        return
    if party is not None and moment is not None:
        _show_known(night, party, moment, as_json=as_json)
    elif as_json:
        from detente.interop.replay_json import night_json

        sys.stdout.write(json.dumps(night_json(night), ensure_ascii=False) + "\n")
    else:
        _print(_night_lines(night))


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--topic", help="Only what is stated about this: strike, warning, hit.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def claims(file: Path, topic: str | None, *, as_json: bool) -> None:
    """The ledger of a file of claims: who states what about the same event, where statements differ, and what nobody states. No verdict."""
    from detente.accounts import ledger
    from detente.cli.desk import now_us
    from detente.interop.claims_file import read_claims
    from detente.interop.replay_words import NO_FINDING, topic_lines, versions_words

    told = ledger(read_claims(file, now_us=now_us()))
    names = [each.name for each in told.topics]
    if topic is not None and topic not in names:
        raise NotUnderstood(f"nothing is stated about {topic!r:.60}", hint=f"topics: {', '.join(names)}")
    if as_json:
        from detente.interop.replay_json import ledger_json

        sys.stdout.write(json.dumps(ledger_json(told, topic), ensure_ascii=False) + "\n")
        return
    shown = [each for each in told.topics if topic in (None, each.name)]
    lines = [line for each in shown for line in topic_lines(each)]
    versions = [versions_words(each) for each in told.versions if topic in (None, each.topic)]
    _print(
        [
            *lines,
            *(["", "Several versions by one claimant, none of them taken back here:", *versions] if versions else []),
            "",
            NO_FINDING,
        ]
    )


def _show_known(night: Any, party: str, moment: str, *, as_json: bool) -> None:
    from detente.domain import at
    from detente.domain.window import to_us
    from detente.geodesy import read_time
    from detente.interop.replay_json import known_json
    from detente.interop.replay_words import NO_FINDING, known_lines

    with at("--at"):
        moment_us = to_us(read_time(moment))
    told = {name for claim in night.ledger.claims for each in claim.tells for name in (each.by, each.to)}
    if party not in told:
        raise NotUnderstood(
            f"nobody states that {party!r:.60} was told anything", hint=f"parties: {', '.join(sorted(told))}"
        )
    if as_json:
        sys.stdout.write(json.dumps(known_json(night, party, moment_us), ensure_ascii=False) + "\n")
        return
    _print([*known_lines(night, party, moment_us), "", NO_FINDING])


def _night_lines(night: Any) -> Iterator[str]:
    from detente.interop import replay_words as words

    yield night.title
    yield words.NO_FINDING
    yield ""
    for claim in night.events:
        yield f"{words.when(claim.event):>18}  {words.event_words(claim, night.ledger)}"
        if place := words.place_words(claim):
            yield f"{'':>18}  at {place}"
    yield from _section("Stated about the same things, without a minute:")
    yield from (f"  {words.event_words(claim, night.ledger)}" for claim in night.timeless)
    yield from _section("Several versions by one claimant, none of them taken back here:")
    yield from (f"  {words.versions_words(each)}" for each in night.ledger.versions)
    yield from _section("What claimed places and times need, in a straight line (arithmetic on the statements):")
    yield from (f"  {words.leg_words(leg)}" for leg in night.legs)
    for account in night.accounts:
        yield from _section(f"Under the rules taken, {account.title}: how early notices were given")
        yield from (f"  {words.lead_words(lead, account)}" for lead in account.what_if.leads)
        yield "  with each given as early as agreed, and released as agreed:"
        yield from (f"    {line}" for line in words.answered_lines(account))
        if not account.what_if.meets:
            yield "    nobody would have been answered anything but CLEAR"


def _section(head: str) -> Iterator[str]:
    yield ""
    yield head


def _print(lines: Any) -> None:
    from detente.interop.answer_words import visible

    for line in lines:
        sys.stdout.write(visible(line) + "\n")
    sys.stdout.flush()
