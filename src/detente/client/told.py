"""What a party is told, verified: every act opened with the keys that the public acts gave, and with the host's own.

The server's word is not taken for what another party said. Where a signature does not hold, the posting is not hidden: it is
given with the refusal, for the officer on duty to see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from detente.channel.acts import HOST_KINDS, HOST_PARTY, KINDS, PUBLIC_KINDS, Body, ViewBody
from detente.channel.examine import open_anyones
from detente.channel.forms import ViewForm, form_from, view_of
from detente.channel.registry import Registry
from detente.client.answers import Announcement, Answer, Lead, ListedView, OpenItem, PastLine, Posting
from detente.domain import DetenteError, Malformed, NotAuthentic
from detente.record.act import PAYLOAD_TYPE, Act, open_act, read_act
from detente.record.envelope import Envelope, from_json, verify
from detente.record.keys import PublicKey

FEWEST_DIGITS: Final = 4
_TOLD_BESIDE: Final[dict[str, type[Any]]] = {
    "view": Lead,
    "answer": Answer,
}  # what the server says by itself, and words are made of


@dataclass(frozen=True, slots=True)
class Told:
    """One posting of a party's inbox.

    Attributes:
        cursor: where the inbox goes on after it; empty for what comes ahead of its place.
        kind: of posting.
        payload: as it came.
        act, body, digest: what somebody signed, verified; None in what the server tells by itself, such as an answer.
        refusal: why it is not to be believed; None where it is.
    """

    cursor: str
    kind: str
    tick_us: int
    payload: dict[str, Any]
    act: Act | None = None
    body: Body | None = None
    digest: str = ""
    refusal: DetenteError | None = None

    @property
    def sender(self) -> str:
        """Whose act it is; empty where the server tells it."""
        return self.act.party if self.act else ""


@dataclass(frozen=True, slots=True)
class SeenView:
    """A view in force that was released to the party; `digest` is that of the act it came with."""

    sender: str
    form: ViewForm
    digest: str

    def is_called(self, name: str) -> bool:
        """Whether a person may mean it by this: 4 digits of its id or more, its reference, its sender."""
        by_id = len(name) >= FEWEST_DIGITS and self.form.view_id.startswith(name)
        return by_id or (bool(name) and name in (self.form.reference, self.sender))


def read_view(raw: ListedView, registry: Registry, *, arena: str, party: str) -> SeenView:
    """A view of the list of those in force, as its sender signed it.

    Raises:
        NotAuthentic: by nobody who ever held a key of the sender's, or for another.
    """
    envelope = from_json(raw.envelope.encode())
    keys = registry.keys
    verify(envelope, [key.public for key in keys.values()], payload_type=PAYLOAD_TYPE)
    act = read_act(envelope.payload)
    if act.key_id not in keys or keys[act.key_id].holder.party != act.party:
        raise NotAuthentic(f"an act of {act.party}, signed with a key that is not its own")
    _check_fits(act, "view", {"sender": raw.sender}, party)
    if act.arena != arena:
        raise NotAuthentic(f"a view for arena {act.arena!r}, not {arena!r}")
    body = form_from(act.body, ViewBody)
    if (body.view.view_id, body.view.version) != (raw.view_id, raw.version):
        raise NotAuthentic("listed as another view than was signed")
    return SeenView(act.party, body.view, envelope.digest)


def read_posting(raw: Posting, registry: Registry, host_key: PublicKey, *, arena: str, party: str) -> Told:
    """A posting, and whether to believe it.

    Args:
        registry: members and keys, from the public acts; at least as new as the posting.
        party: whose inbox it is.
    """
    cursor, kind, tick_us, payload = raw.cursor, raw.kind, raw.tick_us, raw.payload
    try:
        if kind in _TOLD_BESIDE:
            form_from(payload, _TOLD_BESIDE[kind])
        if "envelope" not in payload:
            return Told(cursor, kind, tick_us, payload)
        envelope = from_json(str(payload["envelope"]).encode())
        act = _opened(envelope, registry, host_key, arena, tick_us)
        _check_fits(act, kind, payload, party)
        body: Body = form_from(act.body, (KINDS | HOST_KINDS)[act.type])
        if isinstance(body, ViewBody):
            view_of(body.view)
    except DetenteError as error:
        return Told(cursor, kind, tick_us, payload, refusal=error)
    return Told(cursor, kind, tick_us, payload, act, body, envelope.digest)


def read_stop(item: OpenItem, registry: Registry, host_key: PublicKey, *, arena: str, party: str) -> Told:
    """A request to cease that is told ahead of its place in the inbox, where it will stand as well; it has no cursor."""
    payload = {"from": item.sender, "envelope": item.envelope, "stage": item.stage}
    posting = Posting("", "stop", item.since_us, payload)
    return read_posting(posting, registry, host_key, arena=arena, party=party)


def _opened(envelope: Envelope, registry: Registry, host_key: PublicKey, arena: str, at_us: int) -> Act:
    return open_anyones(envelope, registry.keys, host_key, arena=arena, at_us=at_us)


def _check_fits(act: Act, kind: str, payload: dict[str, Any], party: str) -> None:
    """What was signed is what the posting says it is, and is for this party."""
    told_by = payload.get("sender", payload.get("from", act.party))
    if act.type != kind or act.party != told_by:
        raise NotAuthentic(f"posted as {kind} of {told_by}, signed as {act.type} of {act.party}")
    if act.type in PUBLIC_KINDS or act.audience == party:
        return
    raise NotAuthentic(f"signed for {act.audience or 'the host'}, not for {party}")


def read_past(raw: PastLine, registry: Registry, *, arena: str, party: str) -> Told:
    """An act of the party's own past, its own or one that it was told, and whether to believe it. None of the host's."""
    payload = raw.payload
    try:
        envelope = from_json(str(payload.get("envelope")).encode())
        act = open_act(envelope, registry.keys, arena=arena, at_us=raw.told_us)
        if (act.type, act.party, act.audience) != (raw.kind, raw.sender, raw.audience) or party not in (
            act.party,
            act.audience,
        ):
            raise NotAuthentic(f"listed as {raw.kind} of {raw.sender}, signed as {act.type} of {act.party}")
        body: Body = form_from(act.body, KINDS[act.type])
    except DetenteError as error:
        return Told("", raw.kind, raw.told_us, payload, refusal=error)
    return Told("", raw.kind, raw.told_us, payload, act, body, envelope.digest)


def read_announcement(raw: Announcement, registry: Registry, host_key: PublicKey, *, arena: str) -> Registry:
    """The registry after one more public act, verified.

    Raises:
        NotAuthentic, Malformed, NotUnderstood, StaleVersion, AgainstTerms, InvalidVolume: it is not signed by whom it is said to be, or does not follow.
    """
    envelope = from_json(raw.envelope.encode())
    act = _opened(envelope, registry, host_key, arena, raw.received_us)
    if act.type not in PUBLIC_KINDS:
        raise Malformed(f"an act of kind {act.type} among the public ones")
    by_host = act.party == HOST_PARTY
    if by_host != (act.type in HOST_KINDS):
        raise NotAuthentic(f"an act of kind {act.type}, signed by {act.party}")
    body: Any = form_from(act.body, (KINDS | HOST_KINDS)[act.type])
    return registry.then("" if by_host else act.party, body)
