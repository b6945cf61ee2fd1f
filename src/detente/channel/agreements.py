"""Understandings of an arena: proposed, signed by every party's root key, in force, superseded, suspended. Never edited.

What is signed is one payload: the arena's identifier, the understanding, and the digest of the one it supersedes. It comes into force
with the last party's signature, and only where it supersedes the one then in force, so that two proposals cannot both win. Any
party may suspend it; then, as before any was in force, the default rules apply: nothing is released unless its sender says so,
and `world.DEFAULT_MINIMA` separate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Final

from detente.channel.forms import plain, understanding_of
from detente.domain import AgainstTerms, InvalidVolume, NotUnderstood, Signatory, StaleVersion, Terms, Understanding, at
from detente.record.canonical import canonical, read_canonical
from detente.record.envelope import Envelope, verify
from detente.record.key_history import KeyHistory
from detente.record.keys import public_key_from_text

PAYLOAD_TYPE: Final = "application/vnd.detente.understanding+json"
MOST_PROPOSALS: Final = 20  # of one party's, open at once
DEFAULT_NAME: Final = "default rules, nothing is agreed"


@dataclass(frozen=True, slots=True)
class Proposal:
    """A version that parties are asked to sign.

    Attributes:
        digest: SHA-256 of the payload, 64 hex digits: what is read out before signing.
        supersedes: digest of the one that was in force when it was proposed; None for the first.
        signed_by: parties whose root key has signed it.
    """

    digest: str
    understanding: Understanding
    supersedes: str | None
    proposed_by: str
    signed_by: frozenset[str] = frozenset()

    @property
    def missing(self) -> tuple[str, ...]:
        """Parties with keys that have not signed, sorted. A party without keys cannot sign, and is bound by nothing."""
        return tuple(
            sorted(p.name for p in self.understanding.terms.parties if p.root_key and p.name not in self.signed_by)
        )


@dataclass(frozen=True, slots=True)
class Agreements:
    """Where an arena's understandings stand. A value: each step gives a new one.

    Attributes:
        members: the parties the host has taken in, by name; who may propose, and who the default rules are between.
        in_force: the digest of the version in force; None before the first.
        suspended_by: parties that have suspended it.
    """

    arena: str
    members: Mapping[str, Signatory] = field(default_factory=dict)
    proposals: Mapping[str, Proposal] = field(default_factory=dict)
    in_force: str | None = None
    suspended_by: frozenset[str] = frozenset()

    @property
    def rules(self) -> Understanding:
        """The understanding that applies now; the default rules between the members where none is in force, or it is suspended."""
        if self.in_force is None or self.suspended_by:
            return default_rules(tuple(self.members.values()))
        return self.proposals[self.in_force].understanding

    def with_member(self, party: Signatory) -> Agreements:
        """With a party taken in, or its keys changed."""
        return replace(self, members={**self.members, party.name: party})


def default_rules(members: tuple[Signatory, ...]) -> Understanding:
    """What applies where nothing is agreed."""
    return Understanding(DEFAULT_NAME, "0", (), terms=Terms(parties=members))


def payload(arena: str, understanding: Understanding, supersedes: str | None) -> bytes:
    """What the parties sign."""
    return canonical({"arena": arena, "understanding": plain(understanding), "supersedes": supersedes})


def read_payload(raw: bytes) -> tuple[str, Understanding, str | None]:
    """Arena, understanding and what it supersedes.

    Raises:
        Malformed, NotUnderstood, InvalidVolume: it is none.
    """
    value: Any = read_canonical(raw)
    if not isinstance(value, dict) or value.keys() != {"arena", "understanding", "supersedes"}:
        raise NotUnderstood("not an understanding to sign", hint="use detente understanding propose")
    with at("understanding"):
        return str(value["arena"]), understanding_of(value["understanding"]), value["supersedes"]


def check_names_host(raw: bytes, host_key_id: str) -> None:
    """Returns where an understanding names no host's key, or that of this host: whoever verifies the record goes by it.

    Raises:
        AgainstTerms: it names another.
    """
    record = read_payload(raw)[1].terms.record
    if record and public_key_from_text(record.host_key).id != host_key_id:
        raise AgainstTerms(
            "terms.record names another key than this host's", hint="copy it from detente understanding show, host key"
        )


def digest_of(raw: bytes) -> str:
    """The digest by which a version is called."""
    return sha256(raw).hexdigest()


def propose(agreements: Agreements, raw: bytes, *, party: str) -> Agreements:
    """With a version that a party proposes. Proposing it again changes nothing.

    Raises:
        AgainstTerms: the party is no member, it leaves a member out, or it has too many proposals open.
        StaleVersion: it supersedes another than the one in force.
        NotUnderstood, InvalidVolume: it is no understanding for this arena, or names a key that is not the party's.
    """
    arena, understanding, supersedes = read_payload(raw)
    digest = digest_of(raw)
    if digest in agreements.proposals:
        return agreements
    if party not in agreements.members:
        raise AgainstTerms(f"{party} is no member of the arena", hint="ask the host to add it")
    if arena != agreements.arena:
        raise NotUnderstood(
            f"an understanding for arena {arena!r}, not {agreements.arena!r}", hint="propose it anew here"
        )
    _check_supersedes(agreements, supersedes)
    _check_parties(agreements, understanding)
    open_ones = [p for p in agreements.proposals.values() if p.proposed_by == party and p.missing]
    if len(open_ones) >= MOST_PROPOSALS:
        raise AgainstTerms(f"{party} has {len(open_ones)} proposals open", hint="have one signed first")
    proposal = Proposal(digest, understanding, supersedes, party)
    return replace(agreements, proposals={**agreements.proposals, digest: proposal})


def _check_supersedes(agreements: Agreements, supersedes: str | None) -> None:
    if supersedes != agreements.in_force:
        raise StaleVersion(
            f"supersedes {_short(supersedes)}, and in force is {_short(agreements.in_force)}",
            hint="propose it anew on top of the version in force",
        )


def _short(digest: str | None) -> str:
    return f"{digest[:16]}…" if digest else "none"


def _check_parties(agreements: Agreements, understanding: Understanding) -> None:
    named = {p.name: p for p in understanding.terms.parties}
    missing = agreements.members.keys() - named.keys()
    if missing:
        raise AgainstTerms(f"{min(missing)} is a member, and no party to it", hint="name every member")
    for name, party in named.items():
        member = agreements.members.get(name)
        if member is None:
            raise AgainstTerms(f"{name} is no member of the arena", hint="ask the host to add it first")
        if (party.root_key, party.recovery_key) != (member.root_key, member.recovery_key):
            raise InvalidVolume(
                f"the keys of {name} are not those it has here", hint="have the party read its fingerprint out"
            )


def sign(agreements: Agreements, envelope: Envelope, histories: Mapping[str, KeyHistory]) -> Agreements:
    """With the signatures of an envelope. In force, where that was the last party missing.

    Args:
        histories: the verified keys of each member.
    Raises:
        NotAuthentic: signed by no party's root key in force.
        StaleVersion: it was not proposed, or another version came into force meanwhile.
    """
    digest = digest_of(envelope.payload)
    proposal = agreements.proposals.get(digest)
    if proposal is None:
        raise StaleVersion(f"understanding {_short(digest)} was not proposed", hint="propose it first")
    if digest == agreements.in_force:
        return agreements
    _check_supersedes(agreements, proposal.supersedes)
    roots = {
        p.name: public_key_from_text(p.root_key)
        for p in proposal.understanding.terms.parties
        if p.root_key and p.name in histories and histories[p.name].root.public.text == p.root_key
    }
    signers = verify(envelope, roots.values(), payload_type=PAYLOAD_TYPE)
    signed = {name for name, key in roots.items() if key in signers}
    proposal = replace(proposal, signed_by=proposal.signed_by | signed)
    after = replace(agreements, proposals={**agreements.proposals, digest: proposal})
    return after if proposal.missing else replace(after, in_force=digest, suspended_by=frozenset())


def suspend(agreements: Agreements, digest: str, *, party: str) -> Agreements:
    """With the version in force suspended by a party: the default rules apply until it resumes, or a new version is in force.

    Raises:
        StaleVersion: that version is not in force.
    """
    _check_in_force(agreements, digest)
    return replace(agreements, suspended_by=agreements.suspended_by | {party})


def resume(agreements: Agreements, digest: str, *, party: str) -> Agreements:
    """With a party's suspension lifted by the same party.

    Raises:
        StaleVersion: that version is not in force, or the party has not suspended it.
    """
    _check_in_force(agreements, digest)
    if party not in agreements.suspended_by:
        raise StaleVersion(f"{party} has not suspended the understanding", hint="each party lifts its own suspension")
    return replace(agreements, suspended_by=agreements.suspended_by - {party})


def _check_in_force(agreements: Agreements, digest: str) -> None:
    if digest != agreements.in_force:
        raise StaleVersion(f"understanding {_short(digest)} is not in force", hint="see detente understanding show")
