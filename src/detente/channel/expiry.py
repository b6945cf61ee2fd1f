"""What is over leaves every party's world, once nothing can come within the minima of it any more."""

from __future__ import annotations

from detente.channel import open_items
from detente.channel.receipts import of_view, over
from detente.channel.standing import Standing, Turn
from detente.channel.submit import answered
from detente.record.canonical import read_canonical


def expire(standing: Standing, turn: Turn) -> int:
    """Takes out what is over; returns how many notices and views that were. Nobody is told: a window's end was in what they read."""
    position = standing.heads.next_position - 1
    count = 0
    for party in standing.parties:
        own, views = standing.world(party).expire(turn.now_us)
        for view in own:
            turn.end(view, party, position)
            standing.drop_notice(party, view.view_id)
            open_items.no_meeting(turn, party, view.view_id)
        for sender, view in views:
            turn.end(view, sender, position)
            over(standing, turn, of_view(sender, view))
        if views:
            _look_again(standing, turn, party)
        count += len(own) + len(views)
    return count


def _look_again(standing: Standing, turn: Turn, party: str) -> None:
    """What its own notices met may be over, and so nothing to be done about any more."""
    world = standing.world(party)
    for item in list(standing.items.get(party, {}).values()):
        if item.kind == "meeting":
            notice_id = read_canonical(item.payload)["notice_id"]
            open_items.meeting(turn, party, notice_id, answered(world.of_own(notice_id)), at_once=True)
