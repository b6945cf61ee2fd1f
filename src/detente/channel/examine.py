"""One entry of the record by itself: what its leaf must be, and whether its envelope is an authentic act. The costly part of an audit.

It needs no other entry, only the keys that were known when the entry was made; so pieces of a file may be examined in any order, and by
several processes. What needs the others (order, sequences, moments, the tree) is `channel.audit`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from detente.channel.acts import HOST_KINDS, HOST_PARTY, KINDS, REFUSED
from detente.channel.evidence import Opening, read_opening
from detente.channel.forms import form_from
from detente.channel.verdict import Flaw
from detente.domain import DetenteError, Malformed, NotAuthentic
from detente.record.act import PAYLOAD_TYPE, Act, check_act, read_act
from detente.record.envelope import Envelope, from_json, verify
from detente.record.holder import EnrolledKey
from detente.record.keys import PublicKey
from detente.record.leaf import leaf_data
from detente.record.merkle import leaf_hash

Piece: TypeAlias = tuple[int, bytes]  # the number of its first line, and whole lines
_VIEWS: Final = {"view": "view", "notice": "screening"}  # where a body holds a view, by kind


class Examined(msgspec.Struct, frozen=True, array_like=True):
    """What one line said. `line` counts from 1; a line that is no entry has position -1, and nothing of its file is read after it.

    Attributes:
        leaf: the leaf hash that its opening makes.
        flaw: what is wrong with it; empty where nothing is. Then `where`, `what` and `hint` say it.
        unread: why the words of an authentic act could not be read; empty where they could.
        payload: what was signed, where it was asked for, or is needed again.
    """

    line: int
    position: int
    kind: str = ""
    received_us: int = 0
    leaf: bytes = b""
    digest: str = ""
    party: str = ""
    audience: str = ""
    key_id: str = ""
    sequence: int = 0
    previous: str | None = None
    made_at_us: int | None = None
    seen: tuple[int, str] | None = None
    flaw: str = ""
    where: str = ""
    what: str = ""
    hint: str = ""
    unread: str = ""
    payload: bytes | None = None


@dataclass(frozen=True, slots=True)
class Examiner:
    """What an entry is judged by.

    Attributes:
        keys: of each key by its id what was known of it, and from which position on, the latest last. A key is never forgotten.
        wanted: commitments and ids of views whose payload is needed again. keeps_payloads: whether all are.
    """

    arena: str
    host_key: PublicKey
    keys: Mapping[str, Sequence[tuple[int, EnrolledKey]]]
    wanted: frozenset[str] = frozenset()
    keeps_payloads: bool = False

    def piece(self, lines: bytes, first_line: int) -> list[Examined]:
        """What whole lines say, in order, up to the first that is no entry."""
        found = []
        for number, line in enumerate(lines.split(b"\n")[:-1], start=first_line):
            try:
                opening = read_opening(line)
            except DetenteError as error:
                found.append(_refused(Examined(number, -1), Flaw.UNREADABLE, error))
                break
            found.append(self.examine(opening, number))
        return found

    def examine(self, opening: Opening, line: int = 0) -> Examined:
        """What one entry says."""
        leaf = b""
        flaw = Flaw.UNREADABLE
        try:
            raw = opening.envelope.encode()
            leaf = leaf_of(opening, raw)
            flaw = Flaw.ACT
            envelope = from_json(raw)
            known = self._known_at(opening.position, envelope)
            act = open_anyones(envelope, known, self.host_key, arena=self.arena, at_us=opening.received_us)
        except (DetenteError, UnicodeEncodeError) as error:
            return _refused(Examined(line, opening.position, opening.kind, opening.received_us, leaf), flaw, error)
        fits = act.type == opening.kind or opening.kind == REFUSED
        wrong, what = ("", "") if fits else (Flaw.KIND.value, _other_kind(act, opening.kind))
        seen = (act.checkpoint.tree_size, act.checkpoint.root_hash) if act.checkpoint else None
        payload = envelope.payload if self.keeps_payloads or self._is_wanted(act) else None
        return Examined(
            line, opening.position, opening.kind, opening.received_us, leaf, envelope.digest,
            act.party, act.audience, act.key_id, act.sequence, act.previous, act.made_at_us, seen,
            wrong, "", what, "", _unread(act), payload,
        )  # fmt: skip

    def _known_at(self, position: int, envelope: Envelope) -> dict[str, EnrolledKey]:
        """Of the keys that may have signed it, what was known when the entry at a position was made."""
        hints = [signature.keyid for signature in envelope.signatures]
        known = {}
        for key_id in self.keys if "" in hints else hints:
            for since, key in reversed(self.keys.get(key_id, ())):
                if since <= position:
                    known[key_id] = key
                    break
        return known

    def _is_wanted(self, act: Act) -> bool:
        if not self.wanted or act.type not in _VIEWS:
            return False
        view = act.body.get(_VIEWS[act.type])
        return isinstance(view, dict) and not self.wanted.isdisjoint((view.get("commitment"), view.get("view_id")))


def leaf_of(opening: Opening, envelope: bytes) -> bytes:
    """The leaf hash that an opening makes.

    Raises:
        Malformed: a position, moment or kind that cannot stand in a log.
    """
    salt = bytes.fromhex(opening.salt)
    return leaf_hash(leaf_data(salt, opening.position, opening.received_us, opening.kind, envelope))


def open_anyones(
    envelope: Envelope, keys: Mapping[str, EnrolledKey], host_key: PublicKey, *, arena: str, at_us: int
) -> Act:
    """The act of a party or of the host, where an officer of the one, or the other's own key, signed it for this arena.

    Raises:
        Malformed: no act.
        NotAuthentic: as `open_act`; for the host, by another key than its own, or of a kind that is not the host's to state.
    """
    act = read_act(envelope.payload)
    by_host = act.party == HOST_PARTY
    if act.type in (KINDS if by_host else HOST_KINDS):
        raise NotAuthentic(
            f"an act of kind {act.type}, signed by {act.party}", hint="the host and parties state different things"
        )
    if not by_host:
        check_act(act, envelope, keys, arena=arena, at_us=at_us)
        return act
    verify(envelope, [host_key], payload_type=PAYLOAD_TYPE)
    if act.arena != arena or act.key_id != host_key.id:
        raise NotAuthentic(f"an act of the host's for arena {act.arena!r}, not {arena!r}")
    return act


def _refused(found: Examined, flaw: Flaw, error: DetenteError | UnicodeEncodeError) -> Examined:
    if not isinstance(error, DetenteError):
        error = Malformed("a text that is no Unicode")
    return msgspec.structs.replace(found, flaw=flaw.value, where=error.where, what=error.what, hint=error.hint)


def _other_kind(act: Act, kind: str) -> str:
    return f"logged as {kind[:40]}, signed as {act.type}"


def _unread(act: Act) -> str:
    kind = KINDS.get(act.type) or HOST_KINDS.get(act.type)
    if kind is None:
        return f"acts of kind {act.type!r} are not known"
    try:
        form_from(act.body, kind)
    except DetenteError as error:
        return f"body.{error.where}: {error.what}".replace(".:", ":")
    return ""


def one_after_another(examiner: Examiner, pieces: Iterable[Piece]) -> Iterator[list[Examined]]:
    """Examines in this process."""
    for first_line, lines in pieces:
        yield examiner.piece(lines, first_line)
