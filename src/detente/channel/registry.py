"""Who is in an arena, with which keys, and under which understanding: what follows from its public acts, in order.

A registry is a value, and a function of those acts alone: whoever has them, a worker or a board of inquiry, arrives at the same keys and
the same rules. The host says who is a member; from then on a party's own root key says which keys are its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

from detente.channel import agreements
from detente.channel.acts import KeysBody, MemberBody, ProposeBody, PublicBody, SignBody, SuspendBody
from detente.channel.agreements import Agreements
from detente.domain import AgainstTerms, NotAuthentic, Signatory, Understanding, at
from detente.record.envelope import Envelope, from_json
from detente.record.holder import EnrolledKey
from detente.record.key_history import KeyHistory, found, keys_by_id

MOST_MEMBERS: Final = 1_000


@dataclass(frozen=True)
class Registry:
    """Members, keys and understandings of an arena.

    Attributes:
        histories: the verified keys of each member that has any.
        turned: how many public acts it follows from.
    """

    agreements: Agreements
    histories: Mapping[str, KeyHistory] = field(default_factory=dict)
    turned: int = 0

    @classmethod
    def of(cls, arena: str) -> Registry:
        """An arena nobody is in yet."""
        return cls(Agreements(arena))

    @property
    def rules(self) -> Understanding:
        """The understanding that applies now."""
        return self.agreements.rules

    @cached_property
    def keys(self) -> dict[str, EnrolledKey]:
        """Every key of every member by its id, ended ones too."""
        return keys_by_id(self.histories.values())

    def then(self, party: str, body: PublicBody) -> Registry:
        """The registry after one more public act; `party` is whose act it is, empty for the host.

        Raises:
            Malformed, NotAuthentic, NotUnderstood, InvalidVolume, StaleVersion, AgainstTerms: it does not follow; nothing changes.
        """
        match body:
            case MemberBody():
                after = _with_member(self, body)
            case KeysBody(statements):
                after = _with_keys(self, party, statements)
            case ProposeBody(payload):
                proposed = agreements.propose(self.agreements, payload.encode(), party=party)
                after = replace(self, agreements=proposed)
            case SignBody(envelope):
                signed = agreements.sign(self.agreements, from_json(envelope.encode()), self.histories)
                after = replace(self, agreements=signed)
            case SuspendBody(digest, lifted):
                change = agreements.resume if lifted else agreements.suspend
                after = replace(self, agreements=change(self.agreements, digest, party=party))
        return replace(after, turned=self.turned + 1)


def _with_member(registry: Registry, body: MemberBody) -> Registry:
    members = registry.agreements.members
    if body.name in members:
        raise AgainstTerms(f"{body.name} is a member already", hint="a party changes its own keys")
    if len(members) >= MOST_MEMBERS:
        raise AgainstTerms(f"the arena has {len(members)} members; the limit is {MOST_MEMBERS}")
    statements = _envelopes(body.statements)
    if not statements:
        keyless = Signatory(body.name, body.kind)
        return replace(registry, agreements=registry.agreements.with_member(keyless))
    history = found(statements[0])
    for number, statement in enumerate(statements[1:], start=1):
        with at(f"statements[{number}]"):
            history = history.then(statement)
    return _known_by(registry, Signatory(body.name, body.kind), history)


def _with_keys(registry: Registry, party: str, texts: Sequence[str]) -> Registry:
    history = registry.histories.get(party)
    if history is None:
        raise AgainstTerms(f"{party} is no member with keys", hint="ask the host to take it in with them")
    for number, statement in enumerate(_envelopes(texts)):
        with at(f"statements[{number}]"):
            history = history.then(statement)
    return _known_by(registry, registry.agreements.members[party], history)


def _known_by(registry: Registry, party: Signatory, history: KeyHistory) -> Registry:
    """With a party's keys as its statements have them; a key can be one party's only."""
    if history.party != party.name:
        raise NotAuthentic(
            f"the keys are those of {history.party!r}, not of {party.name!r}", hint="ask for its own list"
        )
    recovery_key = history.recovery.public.text if history.recovery else None
    known = replace(party, root_key=history.root.public.text, recovery_key=recovery_key)
    histories = {**registry.histories, party.name: history}
    keys_by_id(histories.values())
    return replace(registry, agreements=registry.agreements.with_member(known), histories=histories)


def _envelopes(texts: Sequence[str]) -> list[Envelope]:
    envelopes = []
    for number, text in enumerate(texts):
        with at(f"statements[{number}]"):
            envelopes.append(from_json(text.encode()))
    return envelopes
