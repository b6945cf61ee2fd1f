"""What is done when something falls due, by its kind. What is due stands in the store, and is done once, by whoever decides then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from detente.channel.alert import ALERT, ring
from detente.channel.batch import Due
from detente.channel.deadlines import DEADLINE, passed
from detente.channel.lapse import expire_view, unvalidated
from detente.channel.standing import Standing, Turn
from detente.channel.validity import EXPIRY, REVALIDATION
from detente.channel.watch import DEAD_MAN, fall_silent

_DONE_BY: Final[dict[str, Callable[[Standing, Turn, Due], None]]] = {
    DEADLINE: passed,
    ALERT: ring,
    DEAD_MAN: fall_silent,
    EXPIRY: expire_view,
    REVALIDATION: unvalidated,
}


def fall_due(standing: Standing, turn: Turn, due: Due) -> None:
    """Does what is due now."""
    _DONE_BY[due.kind](standing, turn, due)
