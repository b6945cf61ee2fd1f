"""`detente inbox`: what the party is told, verified, as it comes; and for each notice read, the receipt that it was delivered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from detente.cli.desk import as_option, json_option, opened_desk, say
from detente.client import Refused, Told
from detente.domain import ReceiptStage


@click.command()
@click.option("--all", "everything", is_flag=True, help="From the beginning, not only what is new since last time.")
@click.option("--follow", is_flag=True, help="Stay, and print what comes, until Ctrl-C.")
@click.option("--no-receipts", is_flag=True, help="Do not tell senders that their notices were delivered.")
@as_option
@json_option
def inbox(folder: Path, *, everything: bool, follow: bool, no_receipts: bool, as_json: bool) -> None:
    """Read what the party is told. Every signature is checked; what does not hold is shown as not to be believed.

    Each notice read is receipted as delivered to this desk. That is not an acknowledgement: `detente ack` is.
    """
    with opened_desk(folder) as desk:
        after = None if everything else desk.folder.cursor
        count = 0
        try:
            for told in desk.inbox(after):
                count += 1
                after = _one(desk, told, receipts=not no_receipts, as_json=as_json)
            if follow:
                for told in desk.events(after):
                    _one(desk, told, receipts=not no_receipts, as_json=as_json)
        except KeyboardInterrupt:
            return
    if not count and not as_json:
        say(["nothing new"], None, as_json=False)


def _one(desk: Any, told: Told, *, receipts: bool, as_json: bool) -> str:
    from detente.client.words import told_lines

    say(told_lines(told), _json(told), as_json=as_json)
    if receipts and told.kind == "view" and told.refusal is None:
        _receipt_delivered(desk, told)
    desk.folder.cursor = told.cursor
    return told.cursor


def _receipt_delivered(desk: Any, told: Told) -> None:
    from detente.channel.acts import ReceiptBody, ViewBody

    assert isinstance(told.body, ViewBody)
    view = told.body.view
    try:
        body = ReceiptBody(view.view_id, view.version, ReceiptStage.DELIVERED)
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
