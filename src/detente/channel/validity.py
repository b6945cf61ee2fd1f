"""How long what was told is good for: what is due at a view's own `expires_us` and `revalidate_us`. What comes of it is in `lapse`."""

from __future__ import annotations

from typing import Final

from detente.channel.open_items import subject
from detente.channel.standing import Turn
from detente.channel.views import View

EXPIRY: Final = "expiry"
REVALIDATION: Final = "revalidation"


def await_lapse(turn: Turn, sender: str, view: View) -> None:
    """A version of a notice, or of a view of it, is in force from now on: what was due for the one before is not any more."""
    for kind, moment_us in ((EXPIRY, view.expires_us), (REVALIDATION, view.revalidate_us)):
        about = subject(kind, sender, view.recipient, view.view_id)
        if view.version > 1 or moment_us is not None:
            turn.done(about)
        if moment_us is not None:
            said = {"sender": sender, "recipient": view.recipient, "id": view.view_id, "version": view.version}
            turn.due_at(about, kind, max(moment_us, turn.now_us), said | {"moment_us": moment_us})
    if not view.recipient:
        turn.close_item(sender, subject("revalidate", view.view_id), at_once=True)
