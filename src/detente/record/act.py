"""Acts: what an officer signs, bound to one arena, one audience, one place in the key's sequence for it, and the view it answers.

The header makes a signed act useless anywhere else: another arena, another party's name, another key, audience or place in the sequence, and it is refused. Whoever
has only a token cannot make one; the host, who has every one, can neither change nor replay one. Moments in it are the author's word: the record bounds them.
Sequences run for each audience apart: from one over all of them a recipient would learn, by its gaps, how much others are told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from detente.domain import Malformed, NotAuthentic, at
from detente.record.canonical import canonical, read_canonical
from detente.record.envelope import Envelope, sign, verify
from detente.record.holder import LAST_US, EnrolledKey, Role, check_name
from detente.record.keys import PublicKey, SigningKey

PAYLOAD_TYPE: Final = "application/vnd.detente.act+json"
VERSION: Final = 1
_TYPE: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
_HEX_64: Final = re.compile(r"[0-9a-f]{64}")
_MEMBERS: Final = {
    "type",
    "version",
    "arena",
    "party",
    "audience",
    "key",
    "sequence",
    "previous",
    "made_at_us",
    "checkpoint",
    "view",
    "body",
}


@dataclass(frozen=True, slots=True)
class SeenCheckpoint:
    """The head of the arena's log that the author had last seen: an act that names it was made after it."""

    tree_size: int
    root_hash: str

    def __post_init__(self) -> None:
        _check_count(self.tree_size, "tree_size")
        _check_hex(self.root_hash, "root_hash")


@dataclass(frozen=True, slots=True)
class Act:
    """One act of a party.

    Attributes:
        type: what it is, such as "notice" or "receipt"; says how to read `body`.
        arena: the arena's identifier, which no other arena has; not merely its name.
        party: for whom it is done.
        audience: the party that is to see it; empty for the host alone.
        key_id: the key that signs it.
        sequence: its place among the acts of this key for this audience in this arena, from 1.
        previous: digest of the act before it in that sequence, None for the first.
        made_at_us: when, by the author's clock.
        checkpoint: the latest checkpoint the author had seen, or None where there was none yet.
        view: digest of the view that it answers or releases again, or None where it answers none.
        body: any canonical JSON object.
    """

    type: str
    arena: str
    party: str
    audience: str
    key_id: str
    sequence: int
    previous: str | None
    made_at_us: int
    checkpoint: SeenCheckpoint | None = None
    view: str | None = None
    body: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.type, str) or not _TYPE.fullmatch(self.type):
            raise Malformed(
                f"an act of type {str(self.type)[:40]!r}", hint="lower-case letters, digits and underscores"
            )
        _check_name(self.arena, "arena")
        _check_name(self.party, "party")
        _check_name(self.audience, "audience")
        _check_hex(self.key_id, "key")
        _check_count(self.sequence, "sequence")
        _check_count(self.made_at_us, "made_at_us")
        if self.previous is not None:
            _check_hex(self.previous, "previous")
        if self.view is not None:
            _check_hex(self.view, "view")
        if self.sequence == 0 or (self.sequence == 1) != (self.previous is None):
            raise Malformed("sequences begin at 1; the first act has no previous, and every other one has")
        if not isinstance(self.body, dict):
            raise Malformed("body: not an object")


def _check_name(value: Any, what: str) -> None:
    if not isinstance(value, str):
        raise Malformed(f"{what}: not a text")
    if value or what != "audience":
        check_name(value, what)


def _check_hex(value: Any, what: str) -> None:
    if not isinstance(value, str) or not _HEX_64.fullmatch(value):
        raise Malformed(f"{what}: not 64 hexadecimal digits")


def _check_count(value: Any, what: str) -> None:
    if type(value) is not int or not 0 <= value <= LAST_US:
        raise Malformed(f"{what}: not a whole number, or out of range")


def act_bytes(act: Act) -> bytes:
    """The payload: canonical JSON, see `canonical`."""
    seen = act.checkpoint
    return canonical(
        {
            "type": act.type,
            "version": VERSION,
            "arena": act.arena,
            "party": act.party,
            "audience": act.audience,
            "key": act.key_id,
            "sequence": act.sequence,
            "previous": act.previous,
            "made_at_us": act.made_at_us,
            "checkpoint": seen and {"tree_size": seen.tree_size, "root_hash": seen.root_hash},
            "view": act.view,
            "body": act.body,
        }
    )


def read_act(payload: bytes) -> Act:
    """The act of a payload. Whether it is authentic is for `open_act`.

    Raises:
        Malformed: not canonical JSON, or not an act of this version.
    """
    value = read_canonical(payload)
    if not isinstance(value, dict) or value.get("version") != VERSION or value.get("version") is True:
        raise Malformed("not an act of version 1", hint="a newer détente may read it")
    if value.keys() != _MEMBERS:
        wrong = sorted(value.keys() ^ _MEMBERS)
        raise Malformed(f"member {wrong[0][:40]!r} is missing, or not known")
    with at("checkpoint"):
        checkpoint = _seen(value["checkpoint"])
    return Act(
        value["type"], value["arena"], value["party"], value["audience"], value["key"], value["sequence"],
        value["previous"], value["made_at_us"], checkpoint, value["view"], value["body"],
    )  # fmt: skip


def _seen(value: Any) -> SeenCheckpoint | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != {"tree_size", "root_hash"}:
        raise Malformed("not an object of tree_size and root_hash")
    return SeenCheckpoint(value["tree_size"], value["root_hash"])


def sign_act(act: Act, key: SigningKey) -> Envelope:
    """The act in an envelope.

    Raises:
        Malformed: the act names another key.
    """
    if act.key_id != key.public.id:
        raise Malformed(f"the act names key {act.key_id[:16]}…, and {key.public.id[:16]}… would sign it")
    return sign(act_bytes(act), PAYLOAD_TYPE, key)


def next_act(envelope: Envelope | None) -> tuple[int, str | None]:
    """Sequence and previous for the act that comes after this one in its sequence; (1, None) for the first."""
    if envelope is None:
        return 1, None
    return read_act(envelope.payload).sequence + 1, envelope.digest


def open_act(envelope: Envelope, keys: Mapping[str, EnrolledKey], *, arena: str, at_us: int) -> Act:
    """The act, where an officer's key signed it for its own party in this arena and could sign at the moment.

    Args:
        keys: every key of every party of the arena by its id, ended ones too, so that a refusal can say what is wrong.
        arena: the arena it must be for.
        at_us: the moment to judge the key at: when the record says the act was received. Not the act's own word, which a thief would date back.

    Raises:
        Malformed: no act.
        NotAuthentic: signed by no key given, or by one that is not yet or no longer valid, of another party, or no officer's; or for another arena.
    """
    signers = verify(envelope, _candidates(envelope, keys), payload_type=PAYLOAD_TYPE)
    act = read_act(envelope.payload)
    _check_act(act, signers, keys, arena, at_us)
    return act


def check_act(act: Act, envelope: Envelope, keys: Mapping[str, EnrolledKey], *, arena: str, at_us: int) -> None:
    """Returns where `open_act` would give this act, for who has read it out of the envelope already.

    Raises:
        NotAuthentic: as `open_act`.
    """
    named = keys.get(act.key_id)
    ids = [signature.keyid for signature in envelope.signatures]
    alone = (
        [named.public] if named and ids == [act.key_id] else None
    )  # as nearly always: signed once, by the key that it names
    signers = verify(envelope, alone or _candidates(envelope, keys), payload_type=PAYLOAD_TYPE)
    _check_act(act, signers, keys, arena, at_us)


def _check_act(
    act: Act, signers: tuple[PublicKey, ...], keys: Mapping[str, EnrolledKey], arena: str, at_us: int
) -> None:
    _check_signer(act, signers, keys)
    if act.arena != arena:
        raise NotAuthentic(f"the act is for arena {act.arena!r}, not {arena!r}", hint="acts hold in one arena only")
    keys[act.key_id].check_valid_at(at_us)


def _candidates(envelope: Envelope, keys: Mapping[str, EnrolledKey]) -> list[PublicKey]:
    """The keys that the envelope hints at, out of perhaps thousands; all, where a signature gives no hint."""
    hints = [signature.keyid for signature in envelope.signatures]
    found = keys if "" in hints else [hint for hint in hints if hint in keys]
    if not found:
        named = ", ".join(f"{hint[:16]}…" for hint in hints)
        raise NotAuthentic(f"signed by none of this arena's keys: {named}", hint="check whose keys you hold")
    return [keys[key_id].public for key_id in found]


def _check_signer(act: Act, signers: tuple[PublicKey, ...], enrolled: Mapping[str, EnrolledKey]) -> None:
    if not any(signer.id == act.key_id for signer in signers):
        raise NotAuthentic(f"the act names key {act.key_id[:16]}…, which did not sign it")
    holder = enrolled[act.key_id].holder
    if holder.party != act.party:
        raise NotAuthentic(f"an act for {act.party!r}, signed by {holder}", hint="an officer acts for one party")
    if holder.role is not Role.OFFICER:
        raise NotAuthentic(f"an act signed by {holder}", hint="acts are signed by officers' keys; this key is for keys")


def check_follows(envelope: Envelope, previous: Envelope | None) -> None:
    """Returns where the act is the next of its sequence after `previous`, or the first where that is None. Both are opened already.

    Raises:
        NotAuthentic: one is missing, repeated, or the key made two different acts in one place.
    """
    act = read_act(envelope.payload)
    if previous is not None:
        before = read_act(previous.payload)
        if (before.key_id, before.arena, before.audience) != (act.key_id, act.arena, act.audience):
            raise NotAuthentic("the two acts are not of one key for one audience in one arena")
    sequence, digest = next_act(previous)
    if act.sequence != sequence:
        raise NotAuthentic(
            f"act {act.sequence} of key {act.key_id[:16]}… where {sequence} comes next",
            hint="one is missing, or this is a repetition",
        )
    if act.previous != digest:
        raise NotAuthentic(
            f"act {act.sequence} of key {act.key_id[:16]}… follows another act than the one before it",
            hint="the key signed two acts for one place: keep both, and ask its holder",
        )
