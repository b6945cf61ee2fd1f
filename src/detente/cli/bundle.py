"""`detente bundle`: files in place of a line. Write what waits, carry it, hand it in, bring back what came, read it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import click

from detente.cli.desk import OFFLINE_VARIABLE, folder_option, json_option, opened_desk, opened_link, read_secret, say
from detente.client import Link, PartyFolder, Told
from detente.domain import NotUnderstood, StoreUnavailable, UnreadableFile

_FILE: Final = click.Path(path_type=Path, exists=True, dir_okay=False)
_NEW: Final = click.Path(path_type=Path, dir_okay=False)
SOMETHING: Final = 1  # a submission was refused, or is not to be believed
TRIES: Final = 20
_ANSWERS_BYTES: Final = 16 << 20  # what answers to one file may take of what is brought back
_MOST_READ: Final = 65 << 20  # a byte more than any file may have, so that it is told from one that may
_server = click.option("--server", metavar="URL", help="With --token-file, in place of a folder.")
_arena = click.option("--arena", help="With --server.")
_token_file = click.option("--token-file", type=_FILE, help="Its first line is a token of the arena, anybody's.")
_certificates = click.option("--certificates", type=_FILE, help="Certificates to trust in place of the system's, PEM.")


@click.group()
def bundle() -> None:
    """Without a line: acts signed with --offline, carried as a file, and what came back.

    A file is signed, not sealed: whoever carries it can read it.
    """


@bundle.command()
@click.argument("out", type=_NEW)
@folder_option
@json_option
def write(out: Path, folder: Path, *, as_json: bool) -> None:
    """Write all that waits in the outbox into a file, for whoever carries it. What was carried before and is not answered goes again.

    With nothing waiting, the file asks for what came since. `-` is standard output.
    """
    from detente.client.carried import what_is, write_up
    from detente.interop.answer_words import plural
    from detente.record.key_file import write_new

    if out.exists():
        raise NotUnderstood(f"{out} is there already", hint="give another name; what waits goes into each file anew")
    kept = PartyFolder(folder)
    raw, count, left = write_up(kept)
    if str(out) == "-":
        sys.stdout.buffer.write(raw + b"\n")
        return
    write_new(out, raw + b"\n", mode=0o600)
    held = [what_is(each) for each in kept.known.outbox[:count]]
    lines = [f"{out}: {plural(count, 'submission')}, {len(raw):,} bytes", *(f"    {each}" for each in held)]
    if not count:
        lines.append("    nothing waits; it asks for what came since")
    if left:
        lines.append(f"    {left} more wait: write again once the answers to these were read")
    lines.append("whoever carries it can read it; hand it in with detente bundle hand-in")
    say(lines, {"file": str(out), "submissions": held, "left": left}, as_json=as_json)


@bundle.command("list")
@folder_option
@json_option
def list_waiting(folder: Path, *, as_json: bool) -> None:
    """List what waits in the outbox, in order."""
    from detente.client.carried import what_is

    waiting = PartyFolder(folder).known.outbox
    told = [{"submission": each.submission, "what": what_is(each)} for each in waiting]
    lines = [f"{each['submission'][:8]}  {each['what']}" for each in told]
    say(lines or ["nothing waits"], {"waiting": told}, as_json=as_json)


@bundle.command("hand-in")
@click.argument("file", type=_FILE)
@click.option("--back", type=_NEW, help="Where what is brought back goes. Default: FILE.back.")
@_server
@_arena
@_token_file
@_certificates
@folder_option
@json_option
def hand_in(
    file: Path,
    back: Path | None,
    server: str | None,
    arena: str | None,
    token_file: Path | None,
    certificates: Path | None,
    folder: Path,
    *,
    as_json: bool,
) -> None:
    """Hand a file in, with any token of the arena, and bring back what the host says to it, in a file for its party.

    With a token of the file's own party (an observer's will do) answers and inbox come back with it. Handed in twice, a file is
    answered the same. Exit code 1: a submission of it was refused.
    """
    from detente.channel.bundle import read_submissions
    from detente.record.key_file import write_new

    carried = read_submissions(_read(file))
    target = back or file.with_name(f"{file.name}.back")
    if target.exists():
        raise NotUnderstood(f"{target} is there already", hint="give another name with --back")
    with closing(_line(server, arena, token_file, certificates, folder)) as link:
        answered, answers = _handed_in(link, file, carried)
        inbox = list(_fetched(link, carried))
    write_new(target, b"".join(each + b"\n" for each in (answered, *inbox)), mode=0o600)
    refused = [each for each in answers if each.outcome == "refused"]
    lines = [f"{each.submission[:8]}  {_outcome_words(each)}" for each in answers]
    brought = "answers and inbox" if inbox else "that it was handed in; answers and inbox need a token of its own party"
    lines.append(f"{target}: for the desk of {carried.party}: {brought}")
    told = [{"submission": each.submission, "outcome": each.outcome, "told": each.told} for each in answers]
    say(lines, {"back": str(target), "inbox": bool(inbox), "submissions": told}, as_json=as_json)
    sys.exit(SOMETHING if refused else 0)


def _handed_in(link: Link, file: Path, carried: Any) -> tuple[bytes, Any]:
    """The host's answer, once it has decided all: as signed, and read for whoever carries it, who does not have to believe it."""
    from detente.channel.bundle import CarriedAnswer
    from detente.channel.forms import form_from, plain
    from detente.record.canonical import canonical, read_strict

    for _ in range(TRIES):
        sealed = link.post("bundles", plain(carried))
        answers = [form_from(read_strict(each.encode()), CarriedAnswer) for each in sealed["texts"]["answers"]]
        if all(each.outcome != "not_now" for each in answers):
            return canonical(sealed), answers
        time.sleep(1.0)
    raise StoreUnavailable(
        f"{file}: the channel could not decide all of it", hint="hand it in again", retry_may_help=True
    )


def _fetched(link: Link, carried: Any) -> Iterator[bytes]:
    """The party's inbox from where it has read to, as the host's files; none where the token is not that party's."""
    from detente.client.link import Refused

    place = {"after": carried.after, "announced_after": carried.announced_after}
    try:
        yield from _files(link, carried.party, place)
    except Refused as refusal:
        if refusal.status not in (404, 422):
            raise


def _files(link: Link, party: str, place: dict[str, str | None]) -> Iterator[bytes]:
    from detente.channel.bundle import MANIFEST_TYPE, MOST_DOWN_BYTES, Manifest
    from detente.channel.forms import form_from
    from detente.client.carried import MOST_FILES
    from detente.record.canonical import canonical, read_canonical
    from detente.record.envelope import from_json

    more, left = True, MOST_DOWN_BYTES - _ANSWERS_BYTES
    for _ in range(MOST_FILES - 1):  # with the answers before them, as many as are read at once
        if not more:
            return
        sealed = link.get("bundle", dict[str, Any], **place)
        envelope = from_json(sealed["manifest"].encode())
        assert envelope.payload_type == MANIFEST_TYPE
        told = form_from(read_canonical(envelope.payload), Manifest)
        if told.party != party:
            return
        raw = canonical(sealed)
        left -= len(raw) + 1
        if left < 0:
            return  # the rest is for the next file, which goes on from here
        yield raw
        place, more = {"after": told.cursor, "announced_after": told.announced}, told.more


def _outcome_words(answer: Any) -> str:
    if answer.outcome == "refused":
        told = answer.told or {}
        where = f"{told['where']}: " if told.get("where") else ""
        hint = f" — {told['hint']}" if told.get("hint") else ""
        return f"REFUSED: {where}{told.get('detail') or told.get('title', '')}{hint}"
    return {"answered": "taken", "handed_in": "handed in", "not_now": "NOT DECIDED YET: hand it in again"}[
        answer.outcome
    ]


@bundle.command()
@click.argument("file", type=_FILE)
@click.option("--no-receipts", is_flag=True, help="Do not sign that the notices in it were delivered.")
@folder_option
@json_option
@click.pass_context
def read(ctx: click.Context, file: Path, folder: Path, *, no_receipts: bool, as_json: bool) -> None:
    """Read what was brought back, verified with nothing but this folder: what became of what was carried, then the inbox.

    Each notice read is receipted as delivered; the receipts wait for the next file. Exit code 1: something carried was refused.
    """
    from detente.cli.inbox import show_told
    from detente.client.carried import read_down

    ctx.meta[OFFLINE_VARIABLE] = True
    gravity, told = 0, []
    with opened_desk(folder) as desk:
        for each in read_down(_read(file), desk.folder):
            if isinstance(each, Told):
                told.append(each)
                continue
            gravity = SOMETHING if each.answer.outcome == "refused" else gravity
            _show_settled(each, as_json=as_json)
        in_force = {(view.view_id, view.version) for view in desk.folder.known.views}
        ahead: set[str] = set()
        for posting in told:
            replaced = _version(posting) not in (None, *in_force)  # nobody waits for a receipt of that
            show_told(desk, posting, ahead, receipts=not (no_receipts or replaced), as_json=as_json)
    if not told and not as_json:
        say(["nothing new in the inbox"], None, as_json=False)
    sys.exit(gravity)


def _version(posting: Told) -> tuple[str, int] | None:
    from detente.channel.acts import ViewBody

    return (posting.body.view.view_id, posting.body.view.version) if isinstance(posting.body, ViewBody) else None


def _show_settled(settled: Any, *, as_json: bool) -> None:
    answer = settled.answer
    lines = [f"carried: {settled.what}: {_outcome_words(answer)}", *_answer_lines(answer)]
    told = {"submission": answer.submission, "what": settled.what, "outcome": answer.outcome, "told": answer.told}
    say(lines, told, as_json=as_json)


def _answer_lines(answer: Any) -> Iterator[str]:
    """What a notice that was carried was answered."""
    from detente.client.words import answer_words, lead_words, meeting_lines

    if answer.outcome == "answered" and "meeting_count" in answer.told:
        yield f"    {lead_words(answer.told)}"
        yield f"    {answer_words(answer.told)}"
        yield from (f"    {line}" for line in meeting_lines(answer.told))


def _line(
    server: str | None, arena: str | None, token_file: Path | None, certificates: Path | None, folder: Path
) -> Link:
    if not (server or arena or token_file):
        return opened_link(PartyFolder(folder))
    if not (server and arena and token_file):
        raise NotUnderstood("--server, --arena and --token-file belong together", hint="or --as FOLDER in their place")
    token = read_secret(token_file, "the token")
    return Link(server, arena, token, certificates=str(certificates) if certificates else None)


def _read(file: Path) -> bytes:
    """A file's bytes; of one that is too large, enough to refuse it."""
    try:
        with file.open("rb") as opened:
            return opened.read(_MOST_READ)
    except OSError as error:
        raise UnreadableFile(f"{file}: cannot be read: {error.strerror}") from error
