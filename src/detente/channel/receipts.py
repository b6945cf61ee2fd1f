"""How far what one party tells another has got: from the moment the channel has it until somebody has read it, or it is over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from detente.channel import open_items
from detente.channel.batch import NEVER_US
from detente.channel.deadlines import forget_deadlines, set_deadlines
from detente.channel.standing import Addressed, Standing, Turn
from detente.channel.views import View
from detente.domain import ReceiptStage
from detente.domain.units import MICROSECONDS_PER_SECOND

STAGES: Final = tuple(ReceiptStage)[1:]  # those that somebody has to state


def of_view(sender: str, view: View) -> Addressed:
    """A version of a view, as what was addressed to its recipient."""
    return Addressed("view", sender, view.recipient, view.view_id, view.version)


def await_view(standing: Standing, turn: Turn, sender: str, view: View) -> int | None:
    """A version of a view waits for its receipts, each by when the understanding says. Returns by when somebody has to have read it."""
    terms = standing.understanding.terms
    within_s = {stage: terms.within_s(stage, view.activity) for stage in STAGES}
    return await_receipts(
        standing, turn, of_view(sender, view), {stage: s for stage, s in within_s.items() if s is not None}
    )


def await_receipts(standing: Standing, turn: Turn, told: Addressed, within_s: Mapping[ReceiptStage, int]) -> int | None:
    """Something waits for its receipts; RECEIVED it has by being here. Returns by when somebody has to have read it, if by any moment."""
    standing.reached[told] = ReceiptStage.RECEIVED
    set_deadlines(turn, told, from_us(turn, told), within_s)
    by_us = due_us(turn, told, within_s)
    open_items.addressed(standing, turn, told, by_us)
    return None if by_us == NEVER_US else by_us


def from_us(turn: Turn, told: Addressed) -> int:
    """From when its deadlines count: when it shows. From the commit on, they would tell its moment finer than the tick."""
    return turn.now_us if told.kind == "stop" else turn.tick_us


def due_us(turn: Turn, told: Addressed, within_s: Mapping[ReceiptStage, int]) -> int:
    """By when somebody has to have read it."""
    seconds = within_s.get(ReceiptStage.ACKNOWLEDGED)
    return NEVER_US if seconds is None else from_us(turn, told) + seconds * MICROSECONDS_PER_SECOND


def reach(standing: Standing, turn: Turn, told: Addressed, stage: ReceiptStage) -> None:
    """A stage was reached, and with it those before. One that was passed before changes nothing."""
    if stage.rank <= standing.reached[told].rank:
        return
    standing.reached[told] = stage
    forget_deadlines(standing, turn, told, [each for each in STAGES if each.rank <= stage.rank])
    if told.kind == "view":
        turn.reach(told, stage)
    open_items.reached(standing, turn, told, stage)
    if told.kind in ("message", "claim") and stage.rank >= ReceiptStage.ACKNOWLEDGED.rank:
        over(standing, turn, told)


def over(standing: Standing, turn: Turn, told: Addressed) -> None:
    """It was amended, withdrawn, lifted or answered, or its time is over: nobody waits for anything of it any more."""
    standing.reached.pop(told, None)
    forget_deadlines(standing, turn, told, STAGES)
    open_items.over(turn, told)
