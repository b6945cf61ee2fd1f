"""One submission of a party's, decided: which use case its acts are, and what comes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from detente.channel import calls, claims, drills, open_items
from detente.channel.acts import PUBLIC_KINDS, REFUSED, MemberBody, ProposeBody, PublicBody, SignedAct
from detente.channel.agreements import check_names_host
from detente.channel.alert import agree, expected
from detente.channel.answers import respond
from detente.channel.disclosures import disclose
from detente.channel.outlets import place
from detente.channel.phrases import acknowledge
from detente.channel.standing import Standing, Turn
from detente.channel.submit import answered, cancel, read_submission, submit
from detente.channel.watch import agree as agree_on_signs
from detente.channel.watch import alive, watch
from detente.channel.words import pass_on, stop
from detente.domain import NotUnderstood


def _receipt(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    return (drills.answer if drills.is_of_a_drill(standing, act) else acknowledge)(standing, turn, act)


_ALONE: Final[dict[str, Callable[[Standing, Turn, SignedAct], dict[str, Any]]]] = {
    "receipt": _receipt,
    "response": respond,
    "message": pass_on,
    "stop": stop,
    "disclose": disclose,
    "outlet": place,
    "call": calls.log,
    "call_answer": calls.answer,
    "claim": claims.state,
    "drill": drills.drill,
    "alive": alive,
    "watch": watch,
}


def decide(standing: Standing, turn: Turn, acts: Sequence[SignedAct]) -> dict[str, Any]:
    """Does what the acts of one submission say, whole or not at all.

    Returns:
        what the sender is answered.
    Raises:
        DetenteError: as the use case; nothing has changed.
    """
    kinds = {act.kind for act in acts}
    if "notice" in kinds:
        told = submit(standing, turn, read_submission(acts))
        return told | {"alert": expected(standing, acts[0].party, told["notice_id"], turn.now_us)}
    if kinds == {"cancel"}:
        return cancel(standing, turn, acts)
    if len(acts) != 1:
        raise NotUnderstood(f"{len(acts)} acts that do not belong together", hint="send each by itself")
    (act,) = acts
    if act.kind in PUBLIC_KINDS:
        standing.check_sequences(acts)
        return announce(standing, turn, act)
    if act.kind not in _ALONE:
        raise NotUnderstood(f"an act of kind {act.kind} by itself", hint="it belongs to the submission of a notice")
    return _ALONE[act.kind](standing, turn, act)


def spend(standing: Standing, turn: Turn, acts: Sequence[SignedAct]) -> None:
    """Acts that were refused, and take their places in their sequences all the same: entries of kind `refused`, of which nothing comes.

    Raises:
        StaleVersion: they are not the next of their keys.
    """
    standing.check_sequences(acts)
    for act in acts:
        turn.enter(act, kind=REFUSED)


def announce(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """A public act: the registry follows it, and every member is shown it. Where the rules change by it, answers are reissued.

    Raises:
        DetenteError: it does not follow (`Registry.then`).
    """
    assert isinstance(act.body, PublicBody)
    by_host = isinstance(act.body, MemberBody)
    if isinstance(act.body, ProposeBody):
        check_names_host(act.body.payload.encode(), turn.host_key_id)
    registry = standing.registry.then("" if by_host else act.party, act.body)
    changed = registry.rules != standing.registry.rules
    before = _answers(standing) if changed else {}
    standing.adopt(registry)
    turn.enter(act)
    for member in registry.agreements.members:
        turn.post(member, act.kind, {"from": act.party, "envelope": act.envelope.decode()})
    for (party, notice_id), told in before.items():
        tells = answered(standing.world(party).of_own(notice_id))
        if tells != told:
            turn.post(party, "answer", {"notice_id": notice_id, **tells})
            open_items.meeting(turn, party, notice_id, tells)
    if changed:
        agree(standing, turn)
        agree_on_signs(standing, turn)
    return {"rules": registry.rules.name, "version": registry.rules.version, "turned": registry.turned}


def _answers(standing: Standing) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (party, view.view_id): answered(standing.world(party).of_own(view.view_id))
        for party in standing.parties
        for view in standing.world(party).own_views()
    }
