"""What is over leaves every party's world, once nothing can come within the minima of it any more."""

from __future__ import annotations

from detente.channel.deadlines import forget_deadlines
from detente.channel.standing import Standing, Turn


def expire(standing: Standing, turn: Turn) -> int:
    """Takes out what is over; returns how many notices and views that were. Nobody is told: a window's end was in what they read."""
    position = standing.heads.next_position - 1
    count = 0
    for party in standing.parties:
        own, views = standing.world(party).expire(turn.now_us)
        for view in own:
            turn.end(view, party, position)
            standing.drop_notice(party, view.view_id)
        for sender, view in views:
            turn.end(view, sender, position)
            forget_deadlines(standing, turn, sender, view)
        count += len(own) + len(views)
    return count
