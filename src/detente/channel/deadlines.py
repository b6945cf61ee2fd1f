"""By when something has to have got how far, and what is done when nobody says that it has.

Every stage with a deadline is due once for each thing addressed. When the moment passes and the stage has not been reached, the
ladder of the understanding begins: step by step, each due in its turn, until somebody answers or the last has been taken. Each
step is an act of the host's, in the record. What is due stands in the store, so that it is done once, by whichever sequencer is
there, and does not hang on a timer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from detente.channel.acts import PassedBody
from detente.channel.batch import Due
from detente.channel.open_items import unanswered
from detente.channel.standing import Addressed, Standing, Turn
from detente.domain import ReceiptStage, Rung
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.canonical import read_canonical

DEADLINE: Final = "deadline"


def set_deadlines(turn: Turn, told: Addressed, from_us: int, within_s: Mapping[ReceiptStage, int]) -> None:
    """Makes due what it has to reach, each so long from a moment on."""
    for stage, seconds in within_s.items():
        due_us = from_us + seconds * MICROSECONDS_PER_SECOND
        turn.due_at(_subject(told, stage, 0), DEADLINE, due_us, _payload(told, stage, 0))


def forget_deadlines(standing: Standing, turn: Turn, told: Addressed, stages: Iterable[ReceiptStage]) -> None:
    """Nothing of these stages is due any more."""
    for stage in stages:
        for number in range(len(standing.understanding.terms.ladder) + 1):
            turn.done(_subject(told, stage, number))


def passed(standing: Standing, turn: Turn, due: Due) -> None:
    """What was due is due now: takes the steps whose moment has come, and makes the next one due."""
    turn.done(due.subject)
    payload = read_canonical(due.payload)
    stage, step = ReceiptStage(payload.pop("stage")), payload.pop("step")
    told = Addressed(**payload)
    if told not in standing.reached or standing.reached[told].rank >= stage.rank:
        return
    ladder = standing.understanding.terms.ladder
    if step > len(ladder):
        return  # the understanding has changed since, and its ladder is shorter
    elapsed_s = ladder[step - 1].after_s if step else 0
    for number in range(max(step - 1, 0), len(ladder)):
        wait_s = ladder[number].after_s - elapsed_s
        if wait_s > 0:
            turn.due(_subject(told, stage, number + 1), DEADLINE, wait_s, _payload(told, stage, number + 1))
            return
        _take(standing, turn, told, stage, number)


def _take(standing: Standing, turn: Turn, told: Addressed, stage: ReceiptStage, number: int) -> None:
    """One step: the sender is told, or somebody more at the recipient's; and whom to call."""
    terms = standing.understanding.terms
    rung, call = terms.ladder[number].rung, terms.to_call(told.recipient, number)
    audience = told.sender if rung is Rung.SENDER_TOLD else told.recipient
    body = PassedBody(told.sender, told.recipient, told.id, told.version, stage, rung, told.kind, call)
    act = turn.state("passed", audience, body)
    turn.post(audience, "passed", {"envelope": act.envelope.decode()})
    if rung is Rung.SENDER_TOLD:
        unanswered(turn, told, stage)


def _subject(told: Addressed, stage: ReceiptStage, step: int) -> str:
    """Step 0 is the deadline itself, step k the k-th of the ladder. A name may hold a slash, and no bar."""
    return "|".join(
        (DEADLINE, told.kind, told.sender, told.recipient, told.id, f"{told.version}", stage.value, f"{step}")
    )


def _payload(told: Addressed, stage: ReceiptStage, step: int) -> dict[str, Any]:
    return {
        "kind": told.kind,
        "sender": told.sender,
        "recipient": told.recipient,
        "id": told.id,
        "version": told.version,
        "stage": stage.value,
        "step": step,
    }
