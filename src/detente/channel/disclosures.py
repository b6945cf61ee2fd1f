"""A party opens its own record to a board of inquiry, and closes it again. Nobody else can open it, the host included.

Each opening is an act of the party's, and so an entry of the record. What is opened follows from those acts alone: of the acts of
one party for one board under one id, the last holds. What was read while it was open stays known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from detente.channel.acts import DiscloseBody, SignedAct
from detente.channel.batch import Entry
from detente.channel.forms import form_from
from detente.channel.standing import Standing, Turn
from detente.domain import AgainstTerms, PartyKind
from detente.record.act import read_act
from detente.record.envelope import from_json


def disclose(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes an opening in, and tells the board.

    Raises:
        AgainstTerms: it is for nobody who inquires.
        StaleVersion: the act is not the next of its key.
    """
    assert isinstance(act.body, DiscloseBody)
    standing.check_sequences([act])
    kinds = {party.name: party.kind for party in standing.understanding.terms.parties}
    if act.audience == act.party or kinds.get(act.audience) is not PartyKind.BOARD_OF_INQUIRY:
        raise AgainstTerms(
            f"{act.audience or 'the host'} is no board of inquiry", hint="sign it for one, as the rules name it"
        )
    turn.enter(act)
    turn.post(act.audience, act.kind, {"from": act.party, "envelope": act.envelope.decode()})
    return {
        "to": act.audience,
        "disclosure_id": act.body.disclosure_id,
        "lifted": act.body.lifted,
        "received_us": turn.now_us,
    }


@dataclass(frozen=True, slots=True)
class Opening:
    """What a party has opened to a board, as it stands.

    Attributes:
        body: the last act's. position: the first's entry. opened_us, changed_us: when the first and the last were received.
    """

    party: str
    board: str
    body: DiscloseBody
    position: int
    opened_us: int
    changed_us: int

    @property
    def key(self) -> tuple[str, str, str]:
        return self.party, self.board, self.body.disclosure_id

    def then(self, later: Opening) -> Opening:
        """With what a later act under the same id says."""
        return replace(later, position=self.position, opened_us=self.opened_us)


def opening_of(entry: Entry) -> Opening:
    """The opening that an entry of kind `disclose` makes, or changes."""
    body = form_from(read_act(from_json(entry.envelope).payload).body, DiscloseBody)
    return Opening(entry.party, entry.audience, body, entry.position, entry.received_us, entry.received_us)
