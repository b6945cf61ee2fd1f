"""`detente inbox`: what the party is told, verified, as it comes; for each notice read, the receipt that it was delivered.

A request to cease that nobody has acknowledged stands before everything.
"""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import click

from detente.cli.desk import as_option, json_option, opened_desk, say
from detente.cli.watch import signs_of_life
from detente.client import Refused, Told
from detente.domain import ReceiptStage


@click.command()
@click.option("--all", "everything", is_flag=True, help="From the beginning, not only what is new since last time.")
@click.option("--follow", is_flag=True, help="Stay, and print what comes, until Ctrl-C.")
@click.option("--watch", "watching", is_flag=True, help="With --follow: show signs of life, for an officer sits here.")
@click.option("--no-receipts", is_flag=True, help="Do not tell senders that their notices were delivered.")
@as_option
@json_option
def inbox(folder: Path, *, everything: bool, follow: bool, watching: bool, no_receipts: bool, as_json: bool) -> None:
    """Read what the party is told. Every signature is checked; what does not hold is shown as not to be believed.

    Requests to cease that nobody has acknowledged come first, each time. Each notice and STOP read is receipted as delivered to this desk. That is not an acknowledgement: `detente ack` is.
    """
    with opened_desk(folder) as desk:
        after = None if everything else desk.folder.cursor
        ahead: set[str] = set()  # the requests to cease that were shown before their place in the inbox
        count = 0
        try:
            for told in desk.inbox(after):
                count += 1
                show_told(desk, told, ahead, receipts=not no_receipts, as_json=as_json)
            if follow:
                with signs_of_life(folder, desk) if watching else nullcontext():
                    for told in desk.events(desk.folder.cursor):
                        show_told(desk, told, ahead, receipts=not no_receipts, as_json=as_json)
        except KeyboardInterrupt:
            return
    if not count and not as_json:
        say(["nothing new"], None, as_json=False)


def show_told(desk: Any, told: Told, ahead: set[str], *, receipts: bool, as_json: bool) -> None:
    """Prints a posting, unless it was shown ahead, receipts it, and marks it as read."""
    from detente.client.words import told_lines

    is_shown = bool(told.digest) and told.digest in ahead
    if not is_shown:
        say(told_lines(told), _json(told), as_json=as_json)
        if receipts and told.refusal is None:
            _receipt_delivered(desk, told)
    if told.cursor:
        desk.folder.cursor = told.cursor
    else:
        ahead.add(told.digest)


def _receipt_delivered(desk: Any, told: Told) -> None:
    from detente.channel.acts import ReceiptBody, StopBody, ViewBody

    match told.body:
        case ViewBody(view):
            body = ReceiptBody(view.view_id, view.version, ReceiptStage.DELIVERED)
        case StopBody(lifted=False) if told.payload.get("stage") == ReceiptStage.RECEIVED.value:
            body = ReceiptBody(told.body.stop_id, 1, ReceiptStage.DELIVERED)
        case _:
            return
    try:
        desk.send("receipt", told.sender, body, view=told.digest)
    except Refused as refusal:
        if refusal.name != "stale-version":  # amended or over since: nobody waits for this receipt
            raise


def _json(told: Told) -> dict[str, Any]:
    from detente.channel.forms import plain

    return {
        "cursor": told.cursor,
        "kind": told.kind,
        "from": told.sender,
        "tick_us": told.tick_us,
        "body": plain(told.body) if told.body is not None else None,
        "told": {name: value for name, value in told.payload.items() if name != "envelope"},
        "refusal": str(told.refusal) if told.refusal else None,
    }
