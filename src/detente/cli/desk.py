"""What the commands of a party's desk share: which folder, the line, the key, how they print."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

import click

from detente.client import Desk, Link, PartyFolder, Stick
from detente.domain import KeyRefused, NotUnderstood, ReleaseLevel, UnreadableFile
from detente.domain.units import MICROSECONDS_PER_SECOND

FOLDER_VARIABLE: Final = "DETENTE_PARTY"
OFFLINE_VARIABLE: Final = "DETENTE_OFFLINE"
json_option: Final[Callable[[Any], Any]] = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_offline: Final[Callable[[Any], Any]] = click.option(
    "--offline",
    is_flag=True,
    envvar=OFFLINE_VARIABLE,
    expose_value=False,
    callback=lambda ctx, _, offline: ctx.meta.update({OFFLINE_VARIABLE: offline}),
    help="Without a line: what is signed waits in the folder. See detente bundle.",
)
_folder: Final[Callable[[Any], Any]] = click.option(
    "--as",
    "folder",
    type=click.Path(path_type=Path),
    envvar=FOLDER_VARIABLE,
    default=Path(),
    show_default=f"${FOLDER_VARIABLE}, else this one",
    help="The party's folder.",
)


def as_option(command: Any) -> Any:
    """`--as FOLDER`, and `--offline`, which `opened_desk` looks up itself."""
    return _folder(_offline(command))


folder_option: Final = _folder  # where a line makes no difference


@contextmanager
def opened_desk(folder: Path) -> Iterator[Desk]:
    """The desk of a party's folder; the line is hung up at the end. With --offline there is none."""
    from detente.cli.keyring import unlocked

    kept = PartyFolder(folder)
    member = kept.membership

    def unlock() -> Any:
        passphrase = kept.path / member.passphrase if member.passphrase else None
        key, holder = unlocked(kept.path / member.key, passphrase)
        if holder.party != member.party:
            raise KeyRefused(f"{member.key} is the key of {holder}", hint=f"this is the desk of {member.party}")
        return key

    context = click.get_current_context(silent=True)
    offline = context is not None and context.meta.get(OFFLINE_VARIABLE, False)
    link = Stick(kept.known) if offline else opened_link(kept)
    try:
        yield Desk(kept, link, unlock, token_bytes, now_us, _warn)
    finally:
        link.close()
    if offline and (count := len(kept.known.outbox_names)):
        waits = "1 submission waits" if count == 1 else f"{count} submissions wait"
        _warn(f"no line: {waits} to be carried (detente bundle write FILE); nobody has been told yet")


def opened_link(kept: PartyFolder) -> Link:
    """The line of a party's folder."""
    member = kept.membership
    return Link(member.server, member.arena, kept.token, certificates=member.certificates or None, say=_warn)


def _warn(said: str) -> None:
    from detente.interop.answer_words import visible

    click.echo(f"detente: {visible(said)}", err=True)


def now_us() -> int:
    """This machine's clock."""
    return time.time_ns() // (1_000_000_000 // MICROSECONDS_PER_SECOND)


def read_secret(path: Path, what: str) -> str:
    """The first line of a file."""
    try:
        return path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{path}: {what} cannot be read", hint=f"its first line is {what}") from error


def levels_of(pairs: Iterable[str]) -> dict[str, ReleaseLevel]:
    """`PARTY=LEVEL` pairs.

    Raises:
        NotUnderstood: not such a pair, no level, or a party twice.
    """
    levels: dict[str, ReleaseLevel] = {}
    for pair in pairs:
        party, equals, level = pair.rpartition("=")
        if not equals or level not in [each.value for each in ReleaseLevel] or party in levels:
            known = ", ".join(each.value for each in ReleaseLevel)
            raise NotUnderstood(f"--to {pair!r:.80}", hint=f"write PARTY=LEVEL, each party once; levels: {known}")
        levels[party] = ReleaseLevel(level)
    return levels


def say(lines: Iterable[str], told: Any, *, as_json: bool, err: bool = False) -> None:
    """Prints lines, or what they tell as one JSON document; on standard error where it is about the answer and no part of it."""
    if as_json:
        sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
        return
    from detente.interop.answer_words import visible

    for line in lines:
        (sys.stderr if err else sys.stdout).write(visible(line) + "\n")  # others wrote some of it
    sys.stdout.flush()
