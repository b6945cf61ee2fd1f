"""What parties do in the channel: the bodies of the acts they sign.

Every act is one envelope (`record.envelope`) with the header of `record.act`: arena, party, key, audience, sequence. The audience
is a party, who is shown the act, or the host (empty), and sequences run for each audience apart: counted over all of them, a
recipient would learn from the gaps how much others are told. What a recipient is to see of a notice is therefore an envelope of
its own, and what the host needs beside it is another.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import inf, isfinite
from typing import Final, Literal, TypeAlias

import msgspec

from detente.channel.forms import Form, PlaceForm, ViewForm, form_from, plain
from detente.channel.webhook import read_webhook
from detente.domain import (
    NotAuthentic,
    NotUnderstood,
    PartyKind,
    Position,
    Post,
    ReceiptStage,
    ReleaseLevel,
    ResponseKind,
    Rung,
    at,
)
from detente.domain.template import MOST_SLOT_TEXT, MOST_SLOTS
from detente.domain.window import OPEN_END_US, OPEN_START_US
from detente.record.act import Act, open_act
from detente.record.canonical import canonical
from detente.record.envelope import from_json
from detente.record.holder import EnrolledKey

HOST: Final = ""  # the audience of what the host alone is given
HOST_PARTY: Final = "host"  # as whom the host signs; no party may be called so
MOST_TEXT: Final = 4_000
MOST_NAME: Final = 200
MOST_NAMED: Final = 100
_OPAQUE: Final = re.compile(r"[0-9a-f]{32}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}|")
_CLAIM: Final = re.compile(r"[0-9a-f]{64}")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9._+\-]{1,64}@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
MOST_ADDRESS: Final = 500
MOST_SOURCES: Final = 20
MOST_PRECISION_M: Final = 20_100_000.0  # no two places are farther apart
_KIND: Final = re.compile(r"[a-z_]{1,40}")


class Release(Form, frozen=True):
    """One recipient of a notice, and the version of its view that holds from now on.

    `digest` names the envelope that carries the view; null where the version in force stays as it is.
    """

    recipient: str
    view_id: str
    version: int
    level: ReleaseLevel
    digest: str | None


class NoticeBody(Form, frozen=True):
    """A notice, new or amended: what it is screened as, and to whom it is released. For the host.

    `screening` is the view that the host is given: level `full`, or already generalised for a sender who does not accept that.
    Its `view_id` is the notice's own id, and its `version` the notice's.
    """

    screening: ViewForm
    releases: tuple[Release, ...]


class ViewBody(Form, frozen=True):
    """What one recipient is told of a notice."""

    view: ViewForm


class CancelBody(Form, frozen=True):
    """A notice is cancelled (for the host, by its own id), or no longer released (for a recipient, by its view's)."""

    id: str
    version: int  # of what is cancelled
    reason: str = ""


class ReceiptBody(Form, frozen=True):
    """How far something has got with its recipient; for its sender. A view by its id and version, a STOP by its id, a message by
    its thread; of these two there is one version.

    `officer` is the named duty officer of ACKNOWLEDGED, `echelon` what CONFIRMED_DOWN reached. `by_report_for`: the party without
    keys for which somebody else reports; empty otherwise.
    `read_back`: of a message made from a phrase, what was filled in, repeated.
    """

    id: str
    version: int
    stage: ReceiptStage
    officer: str = ""
    echelon: str = ""
    by_report_for: str = ""
    read_back: dict[str, str] = msgspec.field(default_factory=dict)


class ResponseBody(Form, frozen=True):
    """An answer to the plan itself, where an understanding asks for one; for its sender. No permission."""

    view_id: str
    version: int
    kind: ResponseKind
    text: str = ""


class MessageBody(Form, frozen=True):
    """Words from officer to officers; `thread` is drawn at random by whoever opens it.

    Made from an agreed phrase, it names the phrase and what was filled in, and `text` is what the phrase then says (`phrases`).
    """

    thread: str
    text: str
    about: str = ""  # a view or notice id
    template: str = ""
    slots: dict[str, str] = msgspec.field(default_factory=dict)


class StopBody(Form, frozen=True):
    """A request to cease, which stands until it is lifted under the same id; outranks everything in every inbox.

    `about` is a view id, where it concerns one.
    """

    stop_id: str
    place: str
    text: str
    about: str = ""
    lifted: bool = False


class DiscloseBody(Form, frozen=True):
    """The party opens its own record to a board of inquiry, or closes it again; for that board.

    Opened is what the party did and was told, the views released to it included: of these kinds and naming one of these ids, where
    any are given, and told from `since_us` to `until_us`; null is open, at the end until it is lifted. The same id again replaces.
    """

    disclosure_id: str
    kinds: tuple[str, ...] = ()
    about: tuple[str, ...] = ()
    since_us: int | None = None
    until_us: int | None = None
    lifted: bool = False
    reason: str = ""


class OutletBody(Form, frozen=True):
    """Where the party wants to be told that something waits; for the host. The same id again changes `kinds`, or removes it.

    `kinds` are of postings; none means all.
    """

    outlet_id: str
    kind: Literal["webhook", "email"]
    address: str
    kinds: tuple[str, ...] = ()
    active: bool = True


class CallBody(Form, frozen=True):
    """A call, as the party that logs it has it: with whom, when, what was said, and whether it was read back.

    For the other party, who may confirm or dispute it, or for the host alone.
    """

    call_id: str
    with_party: str
    with_officer: str
    by_officer: str
    at_us: int
    text: str
    read_back: bool


class CallAnswerBody(Form, frozen=True):
    """What the other party says of a call that was shared with it; `digest` is that of the act that logged it. For who did."""

    call_id: str
    digest: str
    says: Literal["confirmed", "disputed"]
    officer: str
    text: str = ""


class Measured(Form, frozen=True):
    """One thing that was measured; `plus_minus` in the same unit, null where nothing was said of it."""

    what: str
    value: float
    unit: str
    plus_minus: float | None


class Relation(Form, frozen=True):
    """What a claim says of another; the other by its id, whoever made it."""

    kind: Literal["supersedes", "disputes", "confirms", "does_not_confirm"]
    claim_id: str


class ClaimBody(Form, frozen=True):
    """Somebody states what happened, was found, or was violated: when, where, how sure. For one party, or for the host alone.

    It has no id of its own choosing: `claim_id` is the digest of this body. Two parties that hold one id hold the same words, and
    what names a claim names its content. Who was not told learns nothing from the id: `salt` is 16 random bytes.

    `claimant` is the party itself, or whom it quotes; then `sources` say where. `stated_us`: when that was said, null for "hereby".
    `from_us` to `until_us` is when it happened, by the claimant, as narrowly as it says. `place_precision_m` is how far off the place
    may be. `basis` says what of all this was derived or assumed, and not stated.
    """

    salt: str
    of: Literal["event", "finding", "violation"]
    topic: str
    claimant: str
    text: str
    stated_us: int | None = None
    from_us: int | None = None
    until_us: int | None = None
    place: PlaceForm | None = None
    place_precision_m: float | None = None
    basis: str = ""
    sources: tuple[str, ...] = ()
    measured: tuple[Measured, ...] = ()
    relations: tuple[Relation, ...] = ()


class DrillBody(Form, frozen=True):
    """A drill: to be answered as if it were meant, and marked DRILL wherever it shows. For one party."""

    drill_id: str
    text: str


class AliveBody(Form, frozen=True):
    """A sign of life: an officer sits there. For the host."""

    officer: str


class WatchBody(Form, frozen=True):
    """An officer takes the watch, or hands it over, to somebody named or to whoever comes. For the host.

    `open_digest` says what was open then (`watch.digest_of_open`), and `open_count` how much; empty where nobody looked.
    """

    officer: str
    does: Literal["takes", "hands_over"]
    note: str = ""
    to_officer: str = ""
    open_digest: str = ""
    open_count: int = 0


class KeysBody(Form, frozen=True):
    """More statements about the party's own keys (`record.key_history`), each an envelope as JSON text, in order. For everybody."""

    statements: tuple[str, ...]


class ProposeBody(Form, frozen=True):
    """An understanding the party proposes: the payload to sign, as text (`agreements.payload`). For everybody."""

    payload: str


class SignBody(Form, frozen=True):
    """The party's root key has signed an understanding: the envelope, as JSON text. For everybody."""

    envelope: str


class SuspendBody(Form, frozen=True):
    """The party suspends the understanding in force, or lifts its suspension. For everybody."""

    digest: str
    lifted: bool = False
    reason: str = ""


class MemberBody(Form, frozen=True):
    """The host takes a party in, with the statements that found its keys; none for a party without keys. For everybody."""

    name: str
    kind: PartyKind
    statements: tuple[str, ...]


class PassedBody(Form, frozen=True):
    """The host states that a deadline has passed: nobody has said that this got so far. For its recipient, and for its sender.

    `of` says what: a view, or a STOP. `call` is whom the step calls, as the understanding has it: the recipient's own posts, for its
    officers or for the sender.
    """

    sender: str
    recipient: str
    id: str
    version: int
    stage: ReceiptStage
    rung: Rung
    of: str = "view"
    call: tuple[Post, ...] = ()


Says: TypeAlias = Literal["MEETING", "NO_MEETING", "ALERT_UNAVAILABLE"]


class AlertLine(Form, frozen=True):
    """What the alert says of one version of a notice."""

    notice_id: str
    version: int
    says: Says


class AlertBody(Form, frozen=True):
    """The host states, for a party's own notices, whether each meets something of another's at full precision, where that is new.

    `left` bits may be told in the period that ends at `period_ends_us`. For the party alone.
    """

    other: str
    tick_us: int
    lines: tuple[AlertLine, ...]
    left: int
    period_ends_us: int


class ExpiredBody(Form, frozen=True):
    """The host states that a notice has lapsed by its own `expires_us`: for its sender, by its id; for who could read when, by the view's."""

    sender: str
    id: str
    version: int


class UnvalidatedBody(Form, frozen=True):
    """The host states that a notice was to be confirmed by its `revalidate_us`, and was not. For whom, as `ExpiredBody`."""

    sender: str
    id: str
    version: int


class DarkBody(Form, frozen=True):
    """The host states that a party has shown no sign of life for as long as was agreed. For each other party."""

    party: str
    silent_s: int


class BackBody(Form, frozen=True):
    """The host states that a party that was dark shows signs of life again. For each other party."""

    party: str


PublicBody: TypeAlias = KeysBody | ProposeBody | SignBody | SuspendBody | MemberBody
Body: TypeAlias = (
    NoticeBody
    | ViewBody
    | CancelBody
    | ReceiptBody
    | ResponseBody
    | MessageBody
    | StopBody
    | DiscloseBody
    | OutletBody
    | CallBody
    | CallAnswerBody
    | ClaimBody
    | DrillBody
    | AliveBody
    | WatchBody
    | PassedBody
    | AlertBody
    | ExpiredBody
    | UnvalidatedBody
    | DarkBody
    | BackBody
    | PublicBody
)

HOST_KINDS: Final[dict[str, type[Body]]] = {  # what the host alone states, with its own key
    "member": MemberBody,
    "passed": PassedBody,
    "alert": AlertBody,
    "expired": ExpiredBody,
    "unvalidated": UnvalidatedBody,
    "dark": DarkBody,
    "back": BackBody,
}
KINDS: Final[dict[str, type[Body]]] = {  # what parties do
    "notice": NoticeBody,
    "view": ViewBody,
    "cancel": CancelBody,
    "receipt": ReceiptBody,
    "response": ResponseBody,
    "message": MessageBody,
    "stop": StopBody,
    "disclose": DiscloseBody,
    "outlet": OutletBody,
    "call": CallBody,
    "call_answer": CallAnswerBody,
    "claim": ClaimBody,
    "drill": DrillBody,
    "alive": AliveBody,
    "watch": WatchBody,
    "keys": KeysBody,
    "propose": ProposeBody,
    "sign": SignBody,
    "suspend": SuspendBody,
}
REFUSED: Final = (
    "refused"  # the kind of an entry, and of no act: the act has its place in the log and its sequence, and no effect
)
PUBLIC_KINDS: Final = (
    "keys",
    "member",
    "propose",
    "sign",
    "suspend",
)  # what all members see, and the rules follow from


@dataclass(frozen=True, slots=True)
class SignedAct:
    """An act with what proves it. Made by `open_acts`, which verifies signature, key, arena and body.

    Attributes:
        envelope: the signed bytes as they came. digest: of what was signed, 64 hex digits (`Envelope.digest`).
    """

    act: Act
    body: Body
    envelope: bytes
    digest: str

    @property
    def kind(self) -> str:
        return self.act.type

    @property
    def party(self) -> str:
        return self.act.party

    @property
    def audience(self) -> str:
        return self.act.audience


def open_acts(
    envelopes: Sequence[bytes], keys: Mapping[str, EnrolledKey], *, arena: str, party: str, now_us: int
) -> tuple[SignedAct, ...]:
    """The acts of envelopes that a party sent, in order. Touches no state: any worker can do it.

    Args:
        keys: every key of every party of the arena by its id (`record.key_history.keys_by_id`).
        party: whose token came with them; acts of another are refused, however well signed.
        now_us: the moment the channel received them, at which the keys must be valid.
    Raises:
        Malformed, TooLarge: not an envelope, or not an act.
        NotAuthentic: not signed by an officer of that party who could sign now, or for another arena.
        NotUnderstood, InvalidVolume: a kind of act that is not known, or a body that is not of its kind.
    """
    return tuple(_opened(raw, index, keys, arena, party, now_us) for index, raw in enumerate(envelopes))


def _opened(raw: bytes, index: int, keys: Mapping[str, EnrolledKey], arena: str, party: str, now_us: int) -> SignedAct:
    with at(f"acts[{index}]"):
        envelope = from_json(raw)
        act = open_act(envelope, keys, arena=arena, at_us=now_us)
        if act.party != party:
            raise NotAuthentic(f"an act of {act.party}, sent by {party}", hint="a party sends its own acts alone")
        kind = KINDS.get(act.type)
        if kind is None:
            raise NotUnderstood(f"acts of kind {act.type!r} are not known", hint=f"known: {', '.join(KINDS)}")
        with at("body"):
            body = form_from(act.body, kind)
            if plain(body) != act.body:
                raise NotUnderstood("the body has members that are not known", hint="see docs/acts.md")
            check_body(body)
        return SignedAct(act, body, raw, envelope.digest)


_MOST: Final = {
    **dict.fromkeys(("text", "reason", "note", "basis"), MOST_TEXT),
    **dict.fromkeys(("officer", "to_officer", "with_party", "with_officer", "by_officer", "claimant"), MOST_NAME),
}


def check_body(body: Body) -> None:
    """What types cannot say: ids are drawn at random, texts are bounded, a receipt names who it has to.

    Raises:
        NotUnderstood: which member, and why.
    """
    for name in ("id", "view_id", "thread", "stop_id", "disclosure_id", "drill_id", "call_id", "outlet_id", "salt"):
        value: str | None = getattr(body, name, None)
        is_claim = isinstance(body, ReceiptBody) and _CLAIM.fullmatch(body.id)
        if value is not None and not _OPAQUE.fullmatch(value) and not is_claim:
            raise NotUnderstood(f"{value!r:.40} is not 32 hex digits", hint="draw 16 random bytes", where=name)
    for name, most in _MOST.items():
        length = len(getattr(body, name, ""))
        if length > most:
            raise NotUnderstood(f"{length} characters; the limit is {most}", hint="shorten it", where=name)
    if isinstance(body, MessageBody | ReceiptBody):
        _check_slots(*(("slots", body.slots) if isinstance(body, MessageBody) else ("read_back", body.read_back)))
    match body:
        case ReceiptBody(stage=ReceiptStage.ACKNOWLEDGED, officer=""):
            raise NotUnderstood("an acknowledgement names nobody", hint="give the duty officer's name", where="officer")
        case ReceiptBody(stage=ReceiptStage.CONFIRMED_DOWN, echelon=""):
            raise NotUnderstood("no echelon is named", hint="say which echelon or unit was told", where="echelon")
        case ReceiptBody(stage=ReceiptStage.RECEIVED):
            raise NotUnderstood("RECEIVED is for the channel to say", hint="send delivered or later", where="stage")
        case DiscloseBody():
            _check_disclosure(body)
        case ClaimBody():
            check_claim(body)
        case StopBody(place=place) if len(place) > MOST_NAME:
            raise NotUnderstood(f"{len(place)} characters; the limit is {MOST_NAME}", hint="shorten it", where="place")
        case OutletBody():
            _check_outlet(body)
        case CallBody(with_party="") | CallBody(by_officer="") | CallBody(text=""):
            raise NotUnderstood("with whom, by whom, or what was said is missing", hint="fill all three in")
        case CallAnswerBody(says="disputed", text="") | CallAnswerBody(officer=""):
            raise NotUnderstood(
                "nobody is named, or not what is disputed", hint="give the officer, and what was otherwise"
            )
        case AliveBody(officer="") | WatchBody(officer=""):
            raise NotUnderstood("nobody is named", hint="give the officer's name or post", where="officer")
        case WatchBody(open_digest=digest, open_count=number) if (
            not _DIGEST.fullmatch(digest) or not 0 <= number < 2**31
        ):
            raise NotUnderstood(
                "not the digest of what is open, with its count", hint="detente open", where="open_digest"
            )
        case MessageBody(text="") | StopBody(text="") | DrillBody(text=""):
            raise NotUnderstood("there is no text", hint="say what it is about", where="text")
        case _:
            return


def claim_id(body: ClaimBody) -> str:
    """What names a claim: 64 hex digits, the SHA-256 of its canonical JSON."""
    return sha256(canonical(plain(body))).hexdigest()


def check_claim(body: ClaimBody) -> None:
    """What types cannot say of a claim by itself.

    Raises:
        NotUnderstood: which member, and why.
    """
    if not body.claimant or not body.text:
        raise NotUnderstood("nobody states it, or nothing is stated", hint="give claimant and text")
    if not _KIND.fullmatch(body.topic):
        raise NotUnderstood(
            f"{body.topic[:40]!r} is no topic", hint="such as strike, warning, overflight", where="topic"
        )
    for name, most in (("sources", MOST_SOURCES), ("measured", MOST_SLOTS), ("relations", MOST_NAMED)):
        if len(getattr(body, name)) > most:
            raise NotUnderstood(f"more than {most}", hint="state it in parts", where=name)
    for index, source in enumerate(body.sources):
        if not source or len(source) > MOST_ADDRESS or not source.isprintable():
            raise NotUnderstood("no source", hint="an address or a title, on one line", where=f"sources[{index}]")
    for index, relation in enumerate(body.relations):
        if not _CLAIM.fullmatch(relation.claim_id):
            raise NotUnderstood("no claim's id", hint="its 64 hex digits", where=f"relations[{index}].claim_id")
    _check_when(body)
    _check_where(body)
    _check_measured(body.measured)


def _check_when(body: ClaimBody) -> None:
    if (body.from_us is None) != (body.until_us is None):
        raise NotUnderstood(
            "half of a time", hint="give both from_us and until_us, the same for a moment", where="from_us"
        )
    for name in ("stated_us", "from_us", "until_us"):
        moment_us = getattr(body, name)
        if moment_us is not None and not OPEN_START_US < moment_us < OPEN_END_US:
            raise NotUnderstood("no moment", hint="microseconds since 1970 UTC", where=name)
    if body.from_us is None or body.until_us is None:
        return
    if body.until_us < body.from_us:
        raise NotUnderstood("ends before it begins", hint="swap them", where="until_us")
    if body.stated_us is not None and body.stated_us < body.from_us:
        raise NotUnderstood("was stated before it happened", hint="check days and zones", where="stated_us")


def _check_where(body: ClaimBody) -> None:
    if (body.place is None) != (body.place_precision_m is None):
        raise NotUnderstood("a place needs its precision, and a precision its place", hint="give both", where="place")
    if body.place is None or body.place_precision_m is None:
        return
    with at("place"):
        Position(*body.place)
    if not 0 < body.place_precision_m <= MOST_PRECISION_M:
        raise NotUnderstood(
            f"a place known to {body.place_precision_m} m", hint="metres, more than 0", where="place_precision_m"
        )


def _check_measured(measured: Sequence[Measured]) -> None:
    for index, each in enumerate(measured):
        with at(f"measured[{index}]"):
            if not each.what or max(len(each.what), len(each.unit)) > MOST_SLOT_TEXT:
                raise NotUnderstood("not said what was measured", hint="what, value, unit", where="what")
            if not isfinite(each.value) or not (each.plus_minus is None or 0 <= each.plus_minus < inf):
                raise NotUnderstood("no finite number", hint="check value and plus_minus", where="value")


def _check_slots(name: str, said: Mapping[str, str]) -> None:
    if len(said) > MOST_SLOTS or any(max(len(slot), len(value)) > MOST_SLOT_TEXT for slot, value in said.items()):
        raise NotUnderstood(
            f"more than {MOST_SLOTS} slots, or one of more than {MOST_SLOT_TEXT} characters",
            hint="say less",
            where=name,
        )


def _check_outlet(body: OutletBody) -> None:
    with at("kinds"):
        if len(body.kinds) > MOST_NAMED or not all(_KIND.fullmatch(kind) for kind in body.kinds):
            raise NotUnderstood("not kinds of postings", hint="such as stop, view, passed")
    with at("address"):
        if not body.address.isascii() or not body.address.isprintable() or len(body.address) > MOST_ADDRESS:
            raise NotUnderstood("no address", hint="https://… or somebody@example.org, in ASCII")
        if body.kind == "webhook":
            read_webhook(body.address)
        elif not _MAILBOX.fullmatch(body.address):
            raise NotUnderstood(f"{body.address[:60]!r} is no e-mail address", hint="name@host")


def _check_disclosure(body: DiscloseBody) -> None:
    for name, pattern, values in (("about", _OPAQUE, body.about), ("kinds", _KIND, body.kinds)):
        with at(name):
            if len(values) > MOST_NAMED:
                raise NotUnderstood(f"{len(values)} are named; the limit is {MOST_NAMED}", hint="open it in parts")
            for value in values:
                if not pattern.fullmatch(value):
                    raise NotUnderstood(f"{value[:40]!r} is none", hint="see docs/history.md")
    if body.since_us is not None and body.until_us is not None and body.since_us > body.until_us:
        raise NotUnderstood("ends before it begins", hint="swap them", where="until_us")
