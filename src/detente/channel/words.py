"""Words between officers: messages, and STOP, the request to cease that outranks everything in every inbox."""

from __future__ import annotations

from typing import Any

from detente.channel.acts import HOST, MessageBody, SignedAct, StopBody
from detente.channel.standing import Standing, Turn
from detente.domain import AgainstTerms


def pass_on(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Passes a message or a STOP on to the party it is for; to several, several acts.

    Raises:
        AgainstTerms: it is for nobody, for its own sender, or for somebody who is no party.
        StaleVersion: the act is not the next of its key.
    """
    assert isinstance(act.body, MessageBody | StopBody)
    standing.check_sequences([act])
    if act.audience in (HOST, act.party) or act.audience not in standing.parties:
        raise AgainstTerms(
            f"{act.audience or 'the host'} is nobody to write to", hint="see detente understanding show for the parties"
        )
    turn.enter(act)
    turn.post(act.audience, act.kind, {"from": act.party, "envelope": act.envelope.decode()})
    return {"to": act.audience, "received_us": turn.now_us}
