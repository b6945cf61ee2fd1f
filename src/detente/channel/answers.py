"""What a recipient says: how far something has got (receipt), and what it thinks of a plan (response). Kept apart.

A receipt is not an acknowledgement, an acknowledgement is not action, and neither is permission. For a party without keys somebody
else reports (`by_report_for`), and what was reported always reads BY_REPORT.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from detente.channel.acts import ReceiptBody, ResponseBody, SignedAct
from detente.channel.open_items import responded
from detente.channel.receipts import of_view, reach
from detente.channel.standing import Addressed, Standing, Turn
from detente.channel.views import View
from detente.domain import AgainstTerms, StaleVersion

_KINDS: Final[tuple[Literal["view", "stop", "message", "claim"], ...]] = ("view", "stop", "message", "claim")
_NOTHING: Final = "no such version of a view is in force"


def receive(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes in a receipt, and passes it on to the view's sender.

    Raises:
        StaleVersion: nothing of that id and version waits for the party; or the act is not the next of its key.
        AgainstTerms: it reports for a party that has keys and can speak for itself.
    """
    body = act.body
    assert isinstance(body, ReceiptBody)
    standing.check_sequences([act])
    recipient = body.by_report_for or act.party
    if body.by_report_for:
        _check_keyless(standing, body.by_report_for)
    sender = act.party if body.by_report_for and act.audience == "" else act.audience
    told = _waiting(standing, sender, recipient, body)
    turn.enter(act)
    reach(standing, turn, told, body.stage)
    if sender != act.party:
        turn.post(sender, "receipt", {"from": act.party, "envelope": act.envelope.decode()})
    return {"id": body.id, "stage": body.stage.value, "by_report": bool(body.by_report_for)}


def respond(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes in a response, and passes it on to the view's sender. It is no permission, whatever it says.

    Raises:
        StaleVersion: as `receive`.
    """
    body = act.body
    assert isinstance(body, ResponseBody)
    standing.check_sequences([act])
    view = _view_in_force(standing, act.party, act.audience, body.view_id, body.version)
    turn.enter(act)
    responded(turn, of_view(act.audience, view), body.kind)
    turn.post(act.audience, "response", {"from": act.party, "envelope": act.envelope.decode()})
    return {"view_id": body.view_id, "response": body.kind.value}


def _check_keyless(standing: Standing, party: str) -> None:
    if party not in standing.parties or standing.has_keys(party):
        raise AgainstTerms(
            f"{party} is no party without keys",
            hint="a party with keys signs its receipts itself",
            where="by_report_for",
        )


def _waiting(standing: Standing, sender: str, recipient: str, body: ReceiptBody) -> Addressed:
    """What a receipt is for. The one refusal for what is over, was another's, or never was: a party must not learn which."""
    for kind in _KINDS:
        told = Addressed(kind, sender, recipient, body.id, body.version)
        if told in standing.reached:
            return told
    raise StaleVersion(_NOTHING, hint="fetch the inbox: it may be amended or over")


def _view_in_force(standing: Standing, recipient: str, sender: str, view_id: str, version: int) -> View:
    try:
        view = standing.world(recipient).view(sender, view_id)
    except KeyError:
        view = None
    if view is None or view.version != version:
        raise StaleVersion(_NOTHING, hint="fetch the inbox: it may be amended or over")
    return view
