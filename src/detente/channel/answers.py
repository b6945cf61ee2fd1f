"""What a recipient says of a view: how far it has got (receipt), and what it thinks of the plan (response). Kept apart.

A receipt is not an acknowledgement, an acknowledgement is not action, and neither is permission. For a party without keys somebody
else reports (`by_report_for`), and what was reported always reads BY_REPORT.
"""

from __future__ import annotations

from typing import Any

from detente.channel.acts import ReceiptBody, ResponseBody, SignedAct
from detente.channel.deadlines import reach
from detente.channel.standing import Standing, Turn
from detente.channel.views import View
from detente.domain import AgainstTerms, StaleVersion


def receive(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes in a receipt, and passes it on to the view's sender.

    Raises:
        StaleVersion: that version of the view is not in force for the party; or the act is not the next of its key.
        AgainstTerms: it reports for a party that has keys and can speak for itself.
    """
    body = act.body
    assert isinstance(body, ReceiptBody)
    standing.check_sequences([act])
    recipient = body.by_report_for or act.party
    if body.by_report_for:
        _check_keyless(standing, body.by_report_for)
    sender = act.party if body.by_report_for and act.audience == "" else act.audience
    view = _view_in_force(standing, recipient, sender, body.view_id, body.version)
    turn.enter(act)
    reach(standing, turn, sender, view, body.stage)
    if sender != act.party:
        turn.post(sender, "receipt", {"from": act.party, "envelope": act.envelope.decode()})
    return {"view_id": body.view_id, "stage": body.stage.value, "by_report": bool(body.by_report_for)}


def respond(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes in a response, and passes it on to the view's sender. It is no permission, whatever it says.

    Raises:
        StaleVersion: as `receive`.
    """
    body = act.body
    assert isinstance(body, ResponseBody)
    standing.check_sequences([act])
    _view_in_force(standing, act.party, act.audience, body.view_id, body.version)
    turn.enter(act)
    turn.post(act.audience, "response", {"from": act.party, "envelope": act.envelope.decode()})
    return {"view_id": body.view_id, "response": body.kind.value}


def _check_keyless(standing: Standing, party: str) -> None:
    named = next((p for p in standing.understanding.terms.parties if p.name == party), None)
    if named is None or named.root_key is not None:
        raise AgainstTerms(
            f"{party} is no party without keys",
            hint="a party with keys signs its receipts itself",
            where="by_report_for",
        )


def _view_in_force(standing: Standing, recipient: str, sender: str, view_id: str, version: int) -> View:
    """The one refusal for what is over, was another's, or never was: a party must not learn which."""
    try:
        view = standing.world(recipient).view(sender, view_id)
    except KeyError:
        view = None
    if view is None or view.version != version:
        raise StaleVersion("no such version of a view is in force", hint="fetch the inbox: it may be amended or over")
    return view
