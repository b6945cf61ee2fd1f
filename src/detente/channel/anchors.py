"""Whom an audit believes: keys that its reader brought, and what follows from them; the witnesses that the parties agreed on.

One root is enough for the rest where its party signed an understanding that names the others, the host's key and the witnesses. What no
such understanding names follows from the host's word, or from the file's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from detente.channel.registry import Registry
from detente.channel.verdict import Finding, Flaw, MemberVerdict, Outcome, Trust
from detente.domain import Understanding
from detente.record.fingerprint import spoken
from detente.record.holder import Role
from detente.record.keys import PublicKey, public_key_from_text

if TYPE_CHECKING:
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True)
class Anchors:
    """What the reader knows by other ways than the file.

    Attributes:
        roots: a root key of a party, the first or a later one; or its fingerprint as it was read out (`record.spoken`).
        witnesses: the only ones to count, by name; where there are none, those that the understanding names.
        authorities: certificates of time stamping authorities, or of those who vouch for them.
    """

    roots: Mapping[str, PublicKey | str] = field(default_factory=dict)
    host_key: PublicKey | str | None = None
    witnesses: Mapping[str, PublicKey] = field(default_factory=dict)
    authorities: tuple[Certificate, ...] = ()


def is_meant(anchor: PublicKey | str, key: PublicKey) -> bool:
    """Whether the reader's key, or fingerprint, is this one."""
    return anchor == (spoken(key) if isinstance(anchor, str) else key)


@dataclass(frozen=True, slots=True)
class Agreed:
    """Who is to vouch for checkpoints: witnesses by name, each with its party, and how many of them are needed."""

    keys: Mapping[str, PublicKey] = field(default_factory=dict)
    parties: Mapping[str, str] = field(default_factory=dict)
    quorum: int = 0


NOBODY: Final = Agreed()


def agreed_by(registry: Registry, anchors: Anchors) -> Agreed:
    """The witnesses of the understanding in force, suspended or not; only those that the reader brought, where it brought any."""
    agreed = _witnesses(registry)
    given = anchors.witnesses
    if not given:
        return agreed
    return Agreed(given, agreed.parties, min(agreed.quorum or len(given), len(given)))


def _witnesses(registry: Registry) -> Agreed:
    in_force = registry.agreements.in_force
    record = registry.agreements.proposals[in_force].understanding.terms.record if in_force else None
    if record is None:
        return NOBODY
    return Agreed(
        {each.name: public_key_from_text(each.key) for each in record.witnesses},
        {each.name: each.party for each in record.witnesses},
        record.quorum,
    )


def check_roots(registry: Registry, anchors: Anchors) -> Iterator[Finding]:
    """Where a root that the reader brought is not its party's."""
    for party, anchor in anchors.roots.items():
        history = registry.histories.get(party)
        if history is None:
            what, hint = f"{party} has no keys in it", "check the name; the file may be of another arena"
        elif any(is_meant(anchor, key.public) for key in history.keys if key.holder.role is Role.ROOT):
            continue
        else:
            what = f"{party} has another root in it: {spoken(history.root.public)}"
            hint = "somebody else's keys stand under its name, or what you brought is not its root's"
        yield Finding(Flaw.ANCHOR, Outcome.FALSE, f"the root of {party}", what, hint)


def _signed_by_anchored(registry: Registry, anchors: Anchors) -> list[Understanding]:
    """The versions that a party signed whose root the reader brought, and that is the file's."""
    wrong = {finding.where.removeprefix("the root of ") for finding in check_roots(registry, anchors)}
    anchored = anchors.roots.keys() - wrong
    return [p.understanding for p in registry.agreements.proposals.values() if p.signed_by & anchored]


def trusted_members(registry: Registry, anchors: Anchors) -> tuple[MemberVerdict, ...]:
    """The parties, and why their keys are believed."""
    agreed = {
        (party.name, party.root_key)
        for understanding in _signed_by_anchored(registry, anchors)
        for party in understanding.terms.parties
    }
    members = []
    for name, party in sorted(registry.agreements.members.items()):
        history = registry.histories.get(name)
        roots = [key.public for key in history.keys if key.holder.role is Role.ROOT] if history else []
        trust = Trust.FILE
        if name in anchors.roots and any(is_meant(anchors.roots[name], root) for root in roots):
            trust = Trust.GIVEN
        elif any((name, root.text) in agreed for root in roots):
            trust = Trust.AGREED
        members.append(MemberVerdict(name, party.kind.value, spoken(history.root.public) if history else "", trust))
    return tuple(members)


def host_trust(registry: Registry, anchors: Anchors, host_key: PublicKey) -> Trust:
    """Why the host's key is believed."""
    if anchors.host_key is not None and is_meant(anchors.host_key, host_key):
        return Trust.GIVEN
    records = [understanding.terms.record for understanding in _signed_by_anchored(registry, anchors)]
    return Trust.AGREED if any(each and each.host_key == host_key.text for each in records) else Trust.FILE


def check_trust(members: tuple[MemberVerdict, ...], host: Trust, anchors: Anchors) -> Iterator[Finding]:
    """What is believed by nobody's word but the file's."""
    if not anchors.roots:
        what = "no party's root was brought: whose keys these are follows from the file's own word"
        yield _unanchored("the keys", what, "--root PARTY=FINGERPRINT, as the party reads it to you")
        return
    for member in members:
        if member.fingerprint and member.trust is Trust.FILE:
            what = "its keys follow from the host's word: no understanding names them that is signed by a party whose root was brought"
            yield _unanchored(f"the root of {member.party}", what, f"--root {member.party}=FINGERPRINT")
    if host is Trust.FILE:
        what = "it follows from the file's word: no understanding names it that is signed by a party whose root was brought"
        yield _unanchored("the host's key", what, "--host-key FINGERPRINT")


def _unanchored(where: str, what: str, hint: str) -> Finding:
    return Finding(Flaw.UNANCHORED, Outcome.INCOMPLETE, where, what, hint)
