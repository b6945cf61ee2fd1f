"""How far a notice has to get with each recipient, by when, and what is done when nobody says that it has.

Every stage with a deadline is due once for each version of a view. When the moment passes and the stage has not been reached, the
ladder of the understanding begins: step by step, each due in its turn, until somebody answers or the last has been taken. Each
step is an act of the host's, in the record. What is due stands in the store, so that it is done once, by whichever sequencer is
there, and does not hang on a timer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from detente.channel.acts import PassedBody
from detente.channel.batch import Due
from detente.channel.standing import Standing, Turn
from detente.channel.views import View
from detente.domain import ReceiptStage, Rung
from detente.record.canonical import read_canonical

DEADLINE: Final = "deadline"
_STAGES: Final = tuple(ReceiptStage)


def set_deadlines(standing: Standing, turn: Turn, sender: str, view: View) -> None:
    """Makes due what a version of a view has to reach; RECEIVED it has by being here."""
    standing.reached[sender, view.recipient, view.view_id, view.version] = ReceiptStage.RECEIVED
    for stage in _STAGES[1:]:
        within_s = standing.understanding.terms.within_s(stage, view.activity)
        if within_s is not None:
            turn.due(_subject(sender, view, stage, 0), DEADLINE, within_s, _payload(sender, view, stage, 0))


def forget_deadlines(standing: Standing, turn: Turn, sender: str, view: View) -> None:
    """A version of a view is in force no longer: nothing of it is due any more."""
    standing.reached.pop((sender, view.recipient, view.view_id, view.version), None)
    _done(standing, turn, sender, view, _STAGES[1:])


def reach(standing: Standing, turn: Turn, sender: str, view: View, stage: ReceiptStage) -> None:
    """A stage was reached, and with it those before."""
    key = (sender, view.recipient, view.view_id, view.version)
    standing.reached[key] = max(standing.reached[key], stage, key=lambda s: s.rank)
    _done(standing, turn, sender, view, [s for s in _STAGES[1:] if s.rank <= stage.rank])


def passed(standing: Standing, turn: Turn, due: Due) -> None:
    """What was due is due now: takes the steps whose moment has come, and makes the next one due."""
    turn.done(due.subject)
    told = read_canonical(due.payload)
    sender, recipient, stage = told["sender"], told["recipient"], ReceiptStage(told["stage"])
    key = (sender, recipient, told["view_id"], told["version"])
    if key not in standing.reached or standing.reached[key].rank >= stage.rank:
        return
    view = standing.world(recipient).view(sender, told["view_id"])
    ladder, step = standing.understanding.terms.ladder, told["step"]
    if step > len(ladder):
        return  # the understanding has changed since, and its ladder is shorter
    elapsed_s = ladder[step - 1].after_s if step else 0
    for number in range(max(step - 1, 0), len(ladder)):
        wait_s = ladder[number].after_s - elapsed_s
        if wait_s > 0:
            payload = _payload(sender, view, stage, number + 1)
            turn.due(_subject(sender, view, stage, number + 1), DEADLINE, wait_s, payload)
            return
        _take(turn, sender, view, stage, ladder[number].rung)


def _take(turn: Turn, sender: str, view: View, stage: ReceiptStage, rung: Rung) -> None:
    """One step: the sender is told, or somebody more at the recipient's."""
    audience = sender if rung is Rung.SENDER_TOLD else view.recipient
    body = PassedBody(sender, view.recipient, view.view_id, view.version, stage, rung)
    act = turn.state("passed", audience, body)
    turn.post(audience, "passed", {"envelope": act.envelope.decode()})


def _done(standing: Standing, turn: Turn, sender: str, view: View, stages: Iterable[ReceiptStage]) -> None:
    for stage in stages:
        for number in range(len(standing.understanding.terms.ladder) + 1):
            turn.done(_subject(sender, view, stage, number))


def _subject(sender: str, view: View, stage: ReceiptStage, step: int) -> str:
    """Step 0 is the deadline itself, step k the k-th of the ladder."""
    return f"{DEADLINE}/{sender}/{view.recipient}/{view.view_id}/{view.version}/{stage.value}/{step}"


def _payload(sender: str, view: View, stage: ReceiptStage, step: int) -> dict[str, Any]:
    return {
        "sender": sender,
        "recipient": view.recipient,
        "view_id": view.view_id,
        "version": view.version,
        "stage": stage.value,
        "step": step,
    }
