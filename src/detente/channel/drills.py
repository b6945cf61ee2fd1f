"""Drills: a party asks others to answer, as if it were meant, and both see how long it took. Marked DRILL wherever it shows.

A drill is answered with a receipt at stage `acknowledged`, under the drill's id. How long it took is counted from the tick at
which its recipient could read it to the tick at which its sender could read the answer. The last of each pair are kept in the
store as something due at no moment, so that they are committed with what they follow from.
"""

from __future__ import annotations

from typing import Any, Final

from detente.channel.acts import HOST, DrillBody, ReceiptBody, SignedAct
from detente.channel.batch import NEVER_US, Due
from detente.channel.open_items import subject
from detente.channel.standing import Drilled, Standing, Turn
from detente.domain import AgainstTerms, Conflicted, NotUnderstood, ReceiptStage, StaleVersion
from detente.record.canonical import read_canonical

DRILLS: Final = "drills"
MOST_KEPT: Final = 200  # of one party's to another, the last; statistics are of these


def drill(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Passes a drill on; in the recipient's list it takes the place of the sender's last.

    Raises:
        AgainstTerms: it is for nobody who could answer.
        Conflicted: one of that id was asked before.
        StaleVersion: the act is not the next of its key.
    """
    body = act.body
    assert isinstance(body, DrillBody)
    standing.check_sequences([act])
    if act.audience in (HOST, act.party) or not standing.has_keys(act.audience):
        raise AgainstTerms(f"{act.audience or 'the host'} cannot answer a drill", hint="ask another party with keys")
    if _find(standing, act.party, act.audience, body.drill_id):
        raise Conflicted("a drill of that id was asked before", hint="draw a new id", where="drill_id")
    turn.enter(act)
    log = standing.drills.get((act.party, act.audience), ())
    _put(standing, turn, act.party, act.audience, (*log, Drilled(body.drill_id, turn.tick_us))[-MOST_KEPT:])
    turn.post(act.audience, act.kind, {"from": act.party, "envelope": act.envelope.decode()})
    turn.open_item(act.audience, subject("drill", act.party), "drill", {"sender": act.party, "id": body.drill_id})
    return {"to": act.audience, "drill_id": body.drill_id, "received_us": turn.now_us}


def is_of_a_drill(standing: Standing, act: SignedAct) -> bool:
    """Whether a receipt is the answer to a drill."""
    assert isinstance(act.body, ReceiptBody)
    return _find(standing, act.audience, act.party, act.body.id) is not None


def answer(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes in the answer to a drill, and passes it on.

    Raises:
        NotUnderstood: it is at another stage than `acknowledged`.
        StaleVersion: it was answered before; or the act is not the next of its key.
    """
    body, asker = act.body, act.audience
    assert isinstance(body, ReceiptBody)
    standing.check_sequences([act])
    asked = _find(standing, asker, act.party, body.id)
    assert asked is not None
    if body.stage is not ReceiptStage.ACKNOWLEDGED or body.by_report_for:
        raise NotUnderstood("a drill is answered by an officer's own acknowledgement", where="stage")
    if asked.answered_us is not None:
        raise StaleVersion("this drill was answered", hint="fetch the inbox for the last one")
    turn.enter(act)
    answered = Drilled(asked.drill_id, asked.asked_us, turn.tick_us)
    log = standing.drills[asker, act.party]
    _put(standing, turn, asker, act.party, tuple(answered if each is asked else each for each in log))
    item = standing.item(act.party, subject("drill", asker))
    if item and read_canonical(item.payload)["id"] == body.id:
        turn.close_item(act.party, item.subject, at_once=True)
    turn.post(asker, "receipt", {"from": act.party, "envelope": act.envelope.decode(), "drill": True})
    return {"id": body.id, "stage": body.stage.value, "by_report": False, "drill": True, "took_s": answered.took_s}


def drills_of(due: Due) -> tuple[tuple[str, str], tuple[Drilled, ...]]:
    """Who asked whom, and the drills, from what is due for the pair."""
    told = read_canonical(due.payload)
    return (told["from"], told["to"]), tuple(Drilled(*each) for each in told["log"])


def _find(standing: Standing, asker: str, answerer: str, drill_id: str) -> Drilled | None:
    log = standing.drills.get((asker, answerer), ())
    return next((each for each in log if each.drill_id == drill_id), None)


def _put(standing: Standing, turn: Turn, asker: str, answerer: str, log: tuple[Drilled, ...]) -> None:
    standing.drills[asker, answerer] = log
    about = subject(DRILLS, asker, answerer)
    turn.done(about)
    kept = [[each.drill_id, each.asked_us, each.answered_us] for each in log]
    turn.due_at(about, DRILLS, NEVER_US, {"from": asker, "to": answerer, "log": kept})
