"""`detente notice`: give a notice to the channel, amend it, cancel it; see beforehand what each party will be shown."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import click

from detente.cli.advice import explained_now, gravity, print_advice
from detente.cli.desk import as_option, json_option, levels_of, now_us, opened_desk, say
from detente.client.desk import is_waiting
from detente.domain import (
    Activity,
    AgainstTerms,
    Assumption,
    Circle,
    Notice,
    NotUnderstood,
    ReleaseLevel,
    TimeWindow,
    Volume4D,
)
from detente.domain.altitude import UNSTATED_BAND
from detente.domain.units import MICROSECONDS_PER_SECOND

FLASH_RADIUS: Final = "5nm"
_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_to = click.option(
    "--to", "chosen", multiple=True, metavar="PARTY=LEVEL", help="In place of the agreed level. Repeatable."
)
_map = click.option(
    "--map", "columns", multiple=True, metavar="COLUMN=FIELD", help="Read a column of the file as a field. Repeatable."
)
_default = click.option(
    "--default", "defaults", multiple=True, metavar="FIELD=VALUE", help="Where the file does not state a field."
)
_host_level = click.option(
    "--to-the-host",
    type=click.Choice(["full", "general", "existence"]),
    default="full",
    show_default=True,
    help="What the host is given to screen. With less, others are told less surely.",
)
_expires = click.option(
    "--expires", metavar="WHEN", help="When it lapses: 2018-09-20T00:00Z. Shown at level full alone."
)
_revalidate = click.option(
    "--revalidate", metavar="WHEN", help="By when we confirm it again, by amending it. Shown at level full alone."
)


@click.group()
def notice() -> None:
    """Give notice, amend, cancel. Notification is not permission."""


# ── giving ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@notice.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@_to
@_map
@_default
@_host_level
@_expires
@_revalidate
@as_option
@json_option
def send(
    files: tuple[Path, ...],
    chosen: tuple[str, ...],
    columns: tuple[str, ...],
    defaults: tuple[str, ...],
    to_the_host: str,
    expires: str | None,
    revalidate: str | None,
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Give every notice in files of plans: GeoJSON, KML, GPX, CSV, XLSX, notice JSON. A problem in a file sends nothing of it.

    A notice that was sent before, by its reference, is left as it is; `amend` changes it. Exit code 0: sent, and all is clear;
    1: something meets, or was late; 2: refused.
    """
    levels = levels_of(chosen)
    with opened_desk(folder) as desk:
        notices = _read(files, desk, columns, defaults, as_json=as_json)
        sent_before = {each.notice.reference for each in desk.folder.notices()}
        told, gravity_now = [], 0
        for each in notices:
            if each.reference in sent_before:
                told.append({"reference": each.reference, "sent": False})
                if not as_json:
                    say([f"{each.reference}: sent before, left as it is (detente notice amend)"], None, as_json=False)
                continue
            good_for = _good_for(each, expires, revalidate)
            sent, answer = desk.submit(good_for, levels, to_the_host=ReleaseLevel(to_the_host))
            gravity_now = max(gravity_now, gravity(answer))
            told.append({"reference": each.reference, "sent": True, **_told(desk, sent, answer, as_json=as_json)})
    if as_json:
        say([], {"notices": told}, as_json=True)
    sys.exit(gravity_now)


def _told(desk: Any, sent: Any, answer: Mapping[str, Any], *, as_json: bool) -> dict[str, Any]:
    """Says what a notice was answered, and explains it; returns all of it."""
    from detente.channel.forms import view_of
    from detente.client import as_screened, notice_in

    explained = explained_now(desk, sent, answer)
    if not as_json:
        say(sent_lines(sent, answer, desk, is_explained=explained is not None), None, as_json=False)
        if explained is not None:
            print_advice(desk, explained, as_screened(notice_in(sent), view_of(sent.screening)))
    return dict(answer) if is_waiting(answer) else {**answer, "explained": explained}


def _read(
    files: tuple[Path, ...], desk: Any, columns: tuple[str, ...], defaults: tuple[str, ...], *, as_json: bool
) -> tuple[Notice, ...]:
    """The notices of files, as the desk's own party's.

    Raises:
        AgainstTerms: a notice of another party is among them. NotUnderstood: something could not be read.
    """
    from detente.interop import read_files

    arena = desk.registry().rules.arena
    given = {"party": desk.party, **dict(_pair(each, "--default") for each in defaults)}
    mapped = dict(_pair(each, "--map") for each in columns)
    intake = read_files(files, columns=mapped, defaults=given, arena=arena)
    if not as_json:
        for reading in intake.readings:
            click.echo(f"read: {reading.where}: {reading.what}", err=True)
    for problem in intake.problems:
        click.echo(f"detente: {problem}", err=True)
    if intake.problems:
        raise NotUnderstood(f"{len(intake.problems)} problems; nothing was sent", hint="mend them, and send again")
    for each in intake.notices:
        if each.party != desk.party:
            raise AgainstTerms(
                f"{each.source}: a notice of {each.party}; nothing was sent",
                hint=f"this is the desk of {desk.party}: a party gives its own notices",
            )
    return intake.notices


def _good_for(notice: Notice, expires: str | None, revalidate: str | None) -> Notice:
    """A notice with the moments that were given."""
    from detente.geodesy import read_time

    def moment_us(text: str | None, otherwise: int | None) -> int | None:
        return round(read_time(text).timestamp() * MICROSECONDS_PER_SECOND) if text else otherwise

    return replace(
        notice,
        expires_us=moment_us(expires, notice.expires_us),
        revalidate_us=moment_us(revalidate, notice.revalidate_us),
    )


def _pair(text: str, option: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise NotUnderstood(f"{option} {text!r:.60}", hint=f"write {option} NAME=VALUE")
    return name, value


def sent_lines(sent: Any, answer: Mapping[str, Any], desk: Any, *, is_explained: bool = False) -> Iterator[str]:
    """What the channel answered, worst first; what it meets only where that is not explained."""
    from detente.client.words import answer_words, expected_lines, lead_words, meeting_lines, moment, short

    reference, version = sent.notice.reference, f", version {sent.version}" if sent.version > 1 else ""
    if is_waiting(answer):
        yield f"{reference}: signed, id {short(sent.notice_id)}{version}; it waits to be carried"
        yield "    NOT SCREENED, and nobody is told of it, until it arrives; how much notice it gives counts from then"
        yield f"    to be told: {', '.join(f'{r} {v.value}' for r, v in sorted(sent.levels.items())) or 'nobody'}"
        return
    yield f"{reference}: received {moment(answer['received_us'])}, id {short(sent.notice_id)}{version}"
    yield f"    {lead_words(answer)}"
    yield f"    {answer_words(answer)}"
    yield from (f"    {line}" for line in expected_lines(answer))
    if not is_explained:
        yield from (f"    {line}" for line in meeting_lines(answer))
    levels = {recipient: level.value for recipient, level in sent.levels.items()}
    told = [f"{recipient} {level}" for recipient, level in sorted(levels.items())]
    others = sorted({p.name for p in desk.registry().rules.terms.parties} - levels.keys() - {desk.party})
    untold = f"; not told: {', '.join(others)}" if others else ""
    yield f"    told: {', '.join(told) or 'nobody'}{untold}"


@notice.command()
@click.argument("name")
@click.argument("file", type=_FILE)
@_to
@_map
@_default
@_host_level
@_expires
@_revalidate
@as_option
@json_option
def amend(
    name: str,
    file: Path,
    chosen: tuple[str, ...],
    columns: tuple[str, ...],
    defaults: tuple[str, ...],
    to_the_host: str,
    expires: str | None,
    revalidate: str | None,
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Amend a notice (its reference, or the beginning of its id) with the one notice of a file.

    Recipients are told at the levels they were told before, unless --to says otherwise; when it lapses and is to be confirmed stays
    too, unless --expires and --revalidate say otherwise. Whoever's view stays as it was hears nothing.
    """
    levels = levels_of(chosen)
    with opened_desk(folder) as desk:
        before = desk.folder.notice(name)
        found = _read((file,), desk, columns, defaults, as_json=as_json)
        if len(found) != 1:
            raise NotUnderstood(f"{file} holds {len(found)} notices, not one", hint="amend one at a time")
        named = replace(
            found[0],
            reference=before.notice.reference,
            expires_us=before.notice.expires_us,
            revalidate_us=before.notice.revalidate_us,
        )
        anew = _good_for(named, expires, revalidate)
        others = [p.name for p in desk.registry().rules.terms.parties if p.name != desk.party]
        kept = {other: before.levels.get(other, ReleaseLevel.NONE) for other in others}
        sent, answer = desk.submit(anew, kept | levels, before=before, to_the_host=ReleaseLevel(to_the_host))
        told = _told(desk, sent, answer, as_json=as_json)
    if as_json:
        say([], {"reference": anew.reference, **told}, as_json=True)
    sys.exit(gravity(answer))


@notice.command()
@click.argument("name")
@click.option("--reason", default="", help="For everybody who was told of it.")
@as_option
@json_option
def cancel(name: str, reason: str, folder: Path, *, as_json: bool) -> None:
    """Cancel a notice (its reference, or the beginning of its id) with everybody who was told of it."""
    with opened_desk(folder) as desk:
        sent = desk.folder.notice(name)
        answer = desk.cancel(sent, reason)
    told = ", ".join(sorted(sent.views)) or "nobody"
    done = (
        f"cancellation signed, it waits to be carried; to be told: {told}"
        if is_waiting(answer)
        else f"cancelled; told: {told}"
    )
    say([f"{sent.notice.reference}: {done}"], answer, as_json=as_json)


@notice.command()
@click.option("--place", required=True, help="In any form `detente read` takes.")
@click.option("--time", "time_", required=True, help="When it begins: ISO 8601 or DTG, with a zone; or `now`.")
@click.option("--activity", required=True, type=click.Choice([a.value for a in Activity if a is not Activity.UNSTATED]))
@click.option("--radius", default=FLASH_RADIUS, show_default=True, help="Round the place. An assumption unless given.")
@click.option("--lasting", default="", help="How long. Not said, it stands until it is amended or cancelled.")
@click.option("--reference", default="", help="Made from the time where not given.")
@click.option("--text", default="", help="A few words.")
@_to
@as_option
@json_option
@click.pass_context
def flash(
    ctx: click.Context,
    place: str,
    time_: str,
    activity: str,
    radius: str,
    lasting: str,
    reference: str,
    text: str,
    chosen: tuple[str, ...],
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Give a notice as it comes by voice: place, time, activity, nothing else.

    What was not said is not stated: it may be at any altitude, and has no end; so it is POSSIBLE at most. The radius is marked as assumed.
    """
    from click.core import ParameterSource

    is_assumed = ctx.get_parameter_source("radius") is ParameterSource.DEFAULT
    made = flash_notice(
        place, time_, Activity(activity),
        radius=radius, radius_assumed=is_assumed, lasting=lasting,
        reference=reference, text=text, now_us=now_us(),
    )  # fmt: skip
    with opened_desk(folder) as desk:
        sent, answer = desk.submit(replace(made, party=desk.party), levels_of(chosen))
        if not as_json:
            say(_read_back(made), None, as_json=False)
        told = _told(desk, sent, answer, as_json=as_json)
    if as_json:
        say([], {"reference": made.reference, **told}, as_json=True)
    sys.exit(gravity(answer))


def flash_notice(
    place: str,
    time_: str,
    activity: Activity,
    *,
    radius: str,
    radius_assumed: bool,
    lasting: str,
    reference: str,
    text: str,
    now_us: int,
) -> Notice:
    """A notice of a place, a time and an activity. Without `lasting` its end is not stated.

    Raises:
        NotUnderstood: a part cannot be read.
    """
    from detente.domain.window import OPEN_END_US, from_us, to_us
    from detente.geodesy import read_duration_s, read_length_m, read_position, read_time

    start_us = now_us if time_ == "now" else to_us(read_time(time_))
    end_us = start_us + round(read_duration_s(lasting) * 1_000_000) if lasting else OPEN_END_US
    window = TimeWindow(start_us, end_us, end_stated=bool(lasting))
    footprint = Circle(read_position(place), read_length_m(radius))
    assumptions = (Assumption("radius", f"{radius}; only the place was said"),) if radius_assumed else ()
    name = reference or f"FLASH-{from_us(now_us):%d%H%M%S}"
    volume = Volume4D(footprint, UNSTATED_BAND, window)
    return Notice(name, "nobody", activity, (volume,), title=text, assumptions=assumptions)


def _read_back(made: Notice) -> Iterator[str]:
    from detente.geodesy.read_back import position_forms

    where = made.volumes[0].footprint
    assert isinstance(where, Circle)
    yield "read back:"
    yield from (f"    {name}: {form}" for name, form in position_forms(where.centre).items())
    if not made.volumes[0].window.end_stated:
        yield "    no end: it stands until you amend or cancel it"


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@notice.command("list")
@as_option
@json_option
def list_notices(folder: Path, *, as_json: bool) -> None:
    """List the party's notices that are not cancelled, as this folder keeps them, and who is told what."""
    from detente.channel.forms import view_of
    from detente.client.words import short
    from detente.interop.volume_words import volume_words

    with opened_desk(folder) as desk:
        kept = desk.folder.notices()
    lines, told = [], []
    for sent in kept:
        levels = {recipient: level.value for recipient, level in sorted(sent.levels.items())}
        waits = desk.folder.is_waiting(sent)
        not_yet = "; waits to be carried, not told yet" if waits else ""
        lines.append(f"{sent.notice.reference}  id {short(sent.notice_id)}, version {sent.version}{not_yet}")
        lines.append(f"    {volume_words(view_of(sent.screening).volumes[0])}")
        lines.append(f"    told: {', '.join(f'{r} {level}' for r, level in levels.items()) or 'nobody'}")
        told.append(
            {
                "reference": sent.notice.reference,
                "notice_id": sent.notice_id,
                "version": sent.version,
                "told": levels,
                "waiting": waits,
            }
        )
    say(lines or ["none sent"], {"notices": told}, as_json=as_json)


@notice.command("answer")
@click.argument("name")
@as_option
@json_option
def ask(name: str, folder: Path, *, as_json: bool) -> None:
    """Ask again what a notice (its reference, or the beginning of its id) meets of what was released to us, and what would clear it.

    Exit code 0: all is clear; 1: something meets.
    """
    from detente.channel.forms import view_of
    from detente.client import as_screened, notice_in
    from detente.client.words import answer_words, short

    with opened_desk(folder) as desk:
        sent = desk.folder.notice(name)
        told = desk.answer(sent)
        head = f"{sent.notice.reference}, id {short(sent.notice_id)}, version {told['version']}: {answer_words(told)}"
        say([head], {"reference": sent.notice.reference, **told}, as_json=as_json)
        if not as_json:
            print_advice(desk, told, as_screened(notice_in(sent), view_of(sent.screening)))
    sys.exit(gravity(told))


@notice.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@_map
@_default
@_host_level
@as_option
@json_option
def check(
    files: tuple[Path, ...],
    columns: tuple[str, ...],
    defaults: tuple[str, ...],
    to_the_host: str,
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Ask what the notices in files would meet of what was released to us. No party is told; the host sees them, and keeps nothing.

    Exit code 0: all would be clear; 1: something would meet, or be late.
    """
    from detente.channel.submit import lead
    from detente.client import as_screened
    from detente.client.words import answer_words, lead_words

    found, gravity_now = [], 0
    with opened_desk(folder) as desk:
        for each in _read(files, desk, columns, defaults, as_json=as_json):
            draft, told = desk.check(each, ReleaseLevel(to_the_host))
            told = {**lead(desk.registry().rules, draft, now_us()), **told}
            found.append({"reference": each.reference, **told})
            gravity_now = max(gravity_now, gravity(told))
            lines = [f"{each.reference}, not sent:", f"    now: {lead_words(told)}", f"    {answer_words(told)}"]
            if not as_json:
                say(lines, None, as_json=False)
                print_advice(desk, told, as_screened(each, draft))
    if as_json:
        say([], {"notices": found}, as_json=True)
    sys.exit(gravity_now)


@notice.command()
@click.argument("files", nargs=-1, required=True, type=_FILE)
@_to
@_map
@_default
@as_option
@json_option
def preview(
    files: tuple[Path, ...],
    chosen: tuple[str, ...],
    columns: tuple[str, ...],
    defaults: tuple[str, ...],
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Show exactly what each party would be shown of the notices in files. Nothing is sent."""
    from detente.channel.forms import plain, view_form
    from detente.channel.views import make_view
    from detente.client import agreed_levels
    from detente.client.words import view_lines

    lines: list[str] = []
    told: list[Any] = []
    with opened_desk(folder) as desk:
        terms = desk.registry().rules.terms
        for each in _read(files, desk, columns, defaults, as_json=as_json):
            lines.append(f"{each.reference}:")
            for recipient, level in agreed_levels(terms, each, desk.party, levels_of(chosen)).items():
                if level is ReleaseLevel.NONE:
                    lines.append(f"  {recipient} is told nothing")
                    told.append({"reference": each.reference, "recipient": recipient, "view": None})
                    continue
                view = make_view(
                    each, level, terms.grids,
                    recipient=recipient, view_id="0" * 32, version=1, commitment="0" * 64,
                )  # fmt: skip
                lines.append(f"  {recipient} is told:")
                lines += [f"    {line}" for line in view_lines(view)]
                told.append({"reference": each.reference, "recipient": recipient, "view": plain(view_form(view))})
    say(lines, {"views": told}, as_json=as_json)
