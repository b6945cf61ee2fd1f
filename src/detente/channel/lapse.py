"""When a notice lapses, and when its sender has to confirm it: what `expires_us` and `revalidate_us` bring about.

Each view lapses by what it says itself. Only a view at level `full` shows these moments, so that whoever was told less sees nothing
happen: such a view stays in force until its own windows are over, which errs outward. To the sender the notice ends by what it was
submitted for screening as. An amendment sets both moments anew.
"""

from __future__ import annotations

from detente.channel import open_items
from detente.channel.acts import ExpiredBody, UnvalidatedBody
from detente.channel.batch import Due
from detente.channel.open_items import NEXT, subject
from detente.channel.receipts import of_view, over
from detente.channel.standing import Standing, Turn
from detente.channel.submit import post_answers
from detente.channel.views import View
from detente.record.canonical import read_canonical


def expire_view(standing: Standing, turn: Turn, due: Due) -> None:
    """A notice, or a view of it, lapses now, unless it was amended or is over."""
    turn.done(due.subject)
    told = read_canonical(due.payload)
    sender, view = told["sender"], _in_force(standing, told)
    if view is None or (view.version, view.expires_us) != (told["version"], told["moment_us"]):
        return
    audience = view.recipient or sender
    act = turn.state("expired", audience, ExpiredBody(sender, view.view_id, view.version))
    turn.post(audience, "expired", {"envelope": act.envelope.decode()})
    turn.end(view, sender, standing.heads.next_position - 1)
    (_end_view if view.recipient else _end_notice)(standing, turn, sender, view)


def _end_notice(standing: Standing, turn: Turn, sender: str, view: View) -> None:
    standing.world(sender).drop_own(view.view_id)
    standing.drop_notice(sender, view.view_id)
    open_items.no_meeting(turn, sender, view.view_id)


def _end_view(standing: Standing, turn: Turn, sender: str, view: View) -> None:
    world = standing.world(view.recipient)
    touched = {meeting.notice_id for meeting in world.of_view(sender, view.view_id)}
    over(standing, turn, of_view(sender, view))
    world.drop_view(sender, view.view_id)
    post_answers(turn, world, touched)


def unvalidated(standing: Standing, turn: Turn, due: Due) -> None:
    """Its sender was to confirm a notice by now, and has not: it is told so, and so is whoever could read by when."""
    turn.done(due.subject)
    told = read_canonical(due.payload)
    sender, view = told["sender"], _in_force(standing, told)
    if view is None or (view.version, view.revalidate_us) != (told["version"], told["moment_us"]):
        return
    audience = view.recipient or sender
    act = turn.state("unvalidated", audience, UnvalidatedBody(sender, view.view_id, view.version))
    turn.post(audience, "unvalidated", {"envelope": act.envelope.decode()})
    if not view.recipient:
        payload = {"notice_id": view.view_id, "version": view.version}
        turn.open_item(sender, subject("revalidate", view.view_id), "revalidate", payload, urgency=NEXT)


def _in_force(standing: Standing, told: dict[str, str]) -> View | None:
    sender, recipient, view_id = told["sender"], told["recipient"], told["id"]
    try:
        return standing.world(recipient).view(sender, view_id) if recipient else standing.world(sender).own(view_id)
    except KeyError:
        return None
