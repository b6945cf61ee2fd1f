"""`detente record`: the arena's log as this desk has seen it, and whether all that is ours stands in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from detente.cli.desk import as_option, folder_option, json_option, opened_desk, say
from detente.domain import NotUnderstood

if TYPE_CHECKING:
    from detente.client.heads import Checked, Head


@click.group()
def record() -> None:
    """The arena's log: how far it has got, who vouches for it, and whether all that is ours is there."""


@record.command()
@as_option
@json_option
def show(folder: Path, *, as_json: bool) -> None:
    """The head of the log, checked against the last one that this desk saw. Exit code 1: no quorum vouches for it yet."""
    with opened_desk(folder) as desk:
        head, named = desk.head(), desk.heads.named
    if head is None:
        raise NotUnderstood("the log has no head yet", hint="try again in a second")
    told = _told(head) | {"named_size": named.tree_size if named else None}
    named_line = f"our acts name the head of {named.tree_size:,} entries" if named else "our acts name no head yet"
    say([*_lines(head), named_line], told, as_json=as_json)
    if head.quorum and not head.has_quorum:
        raise SystemExit(1)


@record.command()
@as_option
@json_option
def check(folder: Path, *, as_json: bool) -> None:
    """Whether everything we may open is in the log, and every act of ours that the channel took is among it.

    Exit code 1: something came after the head, or no quorum vouches for it yet; look again. 2: something is not there, or not what it was.
    """
    with opened_desk(folder) as desk:
        head, checked = desk.check_log()
    say([*_lines(head), *_found(checked)], _told(head) | _told_of(checked), as_json=as_json)
    if checked.wrong or checked.missing:
        raise SystemExit(2)
    if checked.waiting_count or (head.quorum and not head.has_quorum):
        raise SystemExit(1)


@record.command()
@click.option("--yes", is_flag=True, help="Without asking.")
@folder_option
@json_option
def accept(folder: Path, *, yes: bool, as_json: bool) -> None:
    """Go on from the log that is served now, though it is not the one this desk saw. What was kept as proof stays."""
    with opened_desk(folder) as desk:
        record_of = desk.registry().rules.terms.record
        before = desk.heads.kept(record_of)
        known = f"the {before.checkpoint.tree_size:,} entries that this desk saw" if before else "nothing, so far"
        yes or click.confirm(f"The log that is served takes the place of {known}. Do you accept it?", abort=True)
        head = desk.heads.accept(record_of)
    if head is None:
        say(["no log is served; the next one that is will be taken as it comes"], {"tree_size": None}, as_json=as_json)
    else:
        say(_lines(head), _told(head), as_json=as_json)


def _lines(head: Head) -> list[str]:
    from detente.client.words import moment

    root = head.checkpoint.root_hash.hex()
    lines = [f"{head.checkpoint.tree_size:,} entries, root {root[:16]}…, signed by the host"]
    lines += [f"  cosigned by {name} at {moment(at_s * 1_000_000)}" for name, at_s in sorted(head.cosigned_s.items())]
    if head.quorum == 0:
        return [*lines, "  no witnesses are agreed: nobody but the host vouches for it"]
    enough = "a quorum" if head.has_quorum else "NO QUORUM YET"
    return [*lines, f"  {enough}: {len(head.cosigned_s)} cosigned, {head.quorum} are agreed"]


def _found(checked: Checked) -> list[str]:
    lines = [
        f"found in the tree, of what we may open: {checked.held_count:,} of {checked.held_count + checked.waiting_count + len(checked.wrong):,} entries"
    ]
    if checked.waiting_count:
        lines.append(f"after this head, look again in a second: {checked.waiting_count:,}")
    lines += [f"NOT AS IT WAS: {each}" for each in checked.wrong]
    lines += [f"MISSING: {each}" for each in checked.missing]
    if checked.wrong or checked.missing:
        lines.append("tell the other parties by voice, and keep this folder: detente evidence export")
    return lines


def _told(head: Head) -> dict[str, Any]:
    return {
        "tree_size": head.checkpoint.tree_size,
        "root_hash": head.checkpoint.root_hash.hex(),
        "cosigned_s": dict(head.cosigned_s),
        "quorum": head.quorum,
        "has_quorum": head.has_quorum,
    }


def _told_of(checked: Checked) -> dict[str, Any]:
    return {
        "held_count": checked.held_count,
        "waiting_count": checked.waiting_count,
        "wrong": checked.wrong,
        "missing": checked.missing,
    }
