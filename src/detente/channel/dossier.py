"""What a file of evidence tells, in the order a reader asks: who, what was stated, what each party had been shown, what was never answered.

Made of an audit's verdicts, whose payloads it was asked to keep; of what does not hold nothing is told but that it does not. Every event
is a statement of somebody: the dossier says who stated what, when at the earliest and at the latest, and finds nobody right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from detente.channel.acts import (
    HOST,
    HOST_KINDS,
    HOST_PARTY,
    KINDS,
    REFUSED,
    Body,
    CallAnswerBody,
    CallBody,
    CancelBody,
    ClaimBody,
    DrillBody,
    ExpiredBody,
    MemberBody,
    MessageBody,
    NoticeBody,
    PassedBody,
    ReceiptBody,
    ResponseBody,
    StopBody,
    UnvalidatedBody,
    ViewBody,
    claim_id,
)
from detente.channel.forms import form_from, view_of
from detente.channel.phrases import wrong_in
from detente.channel.verdict import EntryVerdict, Finding, Outcome, Verdict
from detente.channel.views import View
from detente.domain import DetenteError, ReceiptStage
from detente.record.act import read_act

_BODIES: Final[dict[str, type[Any]]] = {**KINDS, **HOST_KINDS}
_ANSWERED: Final = (ReceiptStage.ACKNOWLEDGED, ReceiptStage.CONFIRMED_DOWN)


@dataclass(slots=True)
class Event:
    """One entry, and what it states; `body` is None where it does not hold or its words are not known here.

    Attributes:
        answers: of a message, the other side's last in its thread; None where there is none before it.
    """

    entry: EntryVerdict
    body: Body | None
    answers: Event | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing about it is false."""
        return self.entry.outcome is not Outcome.FALSE

    @property
    def by(self) -> str:
        """Who states it: the party and, where it is known, the officer's post."""
        entry = self.entry
        if entry.party in ("", HOST_PARTY):
            return "the host"
        return f"{entry.party} ({entry.officer})" if entry.officer else entry.party


@dataclass(slots=True)
class Shown:
    """One version of what one recipient was told of a notice, and what came back.

    Attributes:
        said: receipts and responses of the recipient's about this version, in order; those by report of others among them.
        passed: what the host stated of deadlines that passed.
    """

    event: Event
    view: View
    said: list[Event] = field(default_factory=list)
    passed: list[Event] = field(default_factory=list)

    @property
    def is_answered(self) -> bool:
        """Whether an officer, or somebody by report, said that it was acknowledged."""
        return any(isinstance(e.body, ReceiptBody) and e.body.stage in _ANSWERED for e in self.said)


@dataclass(slots=True)
class Story:
    """What was stated of one plan of one party: to the host, and to each recipient.

    Attributes:
        id: the notice's, where the file opens what its sender gave the host; else that of a view.
        given: versions as the host was given them. shown: what recipients were told, in order.
        ended: cancellations, and what the host stated of its lapse.
    """

    sender: str
    id: str
    given: list[tuple[Event, View]] = field(default_factory=list)
    shown: list[Shown] = field(default_factory=list)
    ended: list[Event] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What its sender calls it, where anything opened says so."""
        views = [view for _, view in self.given] + [each.view for each in self.shown]
        return next((view.reference for view in views if view.reference), self.id[:8])


@dataclass(slots=True)
class Asked:
    """A STOP, a message, a call as it was logged, a claim, or a drill: what was written, and what came back.

    Attributes:
        said: receipts, words in its thread, or what the other party says of a call, in order.
        passed: what the host stated of deadlines that passed. lifted: of a STOP, that it is.
    """

    event: Event
    said: list[Event] = field(default_factory=list)
    passed: list[Event] = field(default_factory=list)
    lifted: Event | None = None

    @property
    def is_answered(self) -> bool:
        """Whether anybody acknowledged or answered it; a message made from a phrase, by reading back what was filled in."""
        return any(_answers(self.event.body, each.body) for each in self.said)

    @property
    def waits(self) -> bool:
        """Whether it was for somebody who has not answered; a call that was not shared is for nobody."""
        return self.event.entry.audience != HOST and not self.is_answered


@dataclass(slots=True)
class Dossier:
    """All of it, and the verdict it rests on."""

    verdict: Verdict
    events: list[Event]
    stories: list[Story]
    stops: list[Asked] = field(default_factory=list)
    messages: list[Asked] = field(default_factory=list)
    calls: list[Asked] = field(default_factory=list)
    drills: list[Asked] = field(default_factory=list)
    claims: list[Asked] = field(default_factory=list)

    @property
    def unanswered(self) -> list[Shown | Asked]:
        """What nobody acknowledged or answered, as far as the file opens, requests to cease first: versions that another took the place of are left out."""
        views = [each for story in self.stories for each in _last_of_each(story.shown) if not each.is_answered]
        stops, *others = (
            [each for each in kind if each.waits]
            for kind in (self.stops, self.messages, self.calls, self.drills, self.claims)
        )
        return [*stops, *views, *(each for kind in others for each in kind)]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is not as it must be, the gravest first."""
        return tuple(sorted(self.verdict.findings, key=lambda each: -each.outcome))


def _answers(asked: Body | None, said: Body | None) -> bool:
    match asked, said:
        case CallBody(), _:
            return isinstance(said, CallAnswerBody)
        case MessageBody(slots=slots), MessageBody():
            return not slots
        case _, ReceiptBody(stage=stage, read_back=read_back):
            slots = asked.slots if isinstance(asked, MessageBody) else {}
            return stage in _ANSWERED and not (slots and wrong_in(read_back, slots))
        case _:
            return False


def _last_of_each(shown: Iterable[Shown]) -> Iterator[Shown]:
    """Of each view the last version."""
    yield from {(each.view.recipient, each.view.view_id): each for each in shown}.values()


def dossier_of(entries: Iterable[EntryVerdict], verdict: Verdict) -> Dossier:
    """The dossier of an audit.

    Args:
        entries: as the audit gave them, in order, with their payloads. verdict: on the file, once all were given.
    """
    told = Dossier(verdict, [], [])
    gatherer = _Gatherer(told)
    for entry in entries:
        event = Event(entry, _body(entry))
        told.events.append(event)
        if event.holds and event.body is not None:
            gatherer.take(event, event.body)
    return told


def _body(entry: EntryVerdict) -> Body | None:
    if entry.payload is None or entry.outcome is Outcome.FALSE or entry.kind == REFUSED:
        return None
    try:
        act = read_act(entry.payload)
        kind = _BODIES.get(act.type)
        return None if kind is None else form_from(act.body, kind)
    except DetenteError:  # signed, and in no words that we know
        return None


class _Gatherer:
    """Puts each event to what it is about."""

    def __init__(self, told: Dossier) -> None:
        self._told = told
        self._by_notice: dict[tuple[str, str], Story] = {}
        self._by_view: dict[tuple[str, str], Story] = {}  # sender and view id, which no other view of the sender's has
        self._shown: dict[tuple[str, str, int], Shown] = {}
        self._asked: dict[tuple[str, str, str], list[Asked]] = {}  # sender, recipient, and id or thread
        self._keyless: set[str] = set()

    def take(self, event: Event, body: Body) -> None:
        party, audience = event.entry.party, event.entry.audience
        match body:
            case NoticeBody():
                self._notice(event, party, body)
            case ViewBody():
                self._view(event, party, view_of(body.view))
            case CancelBody(cancelled) | ExpiredBody(_, cancelled) | UnvalidatedBody(_, cancelled):
                sender = party if isinstance(body, CancelBody) else body.sender
                story = self._by_notice.get((sender, cancelled)) or self._by_view.get((sender, cancelled))
                if story:
                    story.ended.append(event)
            case ReceiptBody(about, version) if body.by_report_for:
                if body.by_report_for in self._keyless:  # who has keys speaks for itself
                    self._said(event, audience or party, body.by_report_for, about, version)
            case ReceiptBody(about, version) | ResponseBody(about, version):
                self._said(event, audience, party, about, version)
            case PassedBody():
                self._passed(event, body)
            case StopBody():
                self._stop(event, body)
            case MessageBody(thread):
                self._message(event, thread)
            case CallBody(call_id):
                self._ask(event, call_id, self._told.calls)
            case CallAnswerBody(call_id, digest):
                for each in self._asked.get((audience, party, call_id), []):
                    if each.event.entry.digest == digest:
                        each.said.append(event)
            case ClaimBody():
                self._ask(event, claim_id(body), self._told.claims)
            case DrillBody(drill_id):
                self._ask(event, drill_id, self._told.drills)
            case MemberBody(name, _, statements):
                (self._keyless.discard if statements else self._keyless.add)(name)
            case _:
                return

    def _notice(self, event: Event, party: str, body: NoticeBody) -> None:
        view = view_of(body.screening)
        story = self._story(self._by_notice, (party, view.view_id))
        story.given.append((event, view))
        for release in body.releases:
            self._by_view.setdefault((party, release.view_id), story)

    def _view(self, event: Event, party: str, view: View) -> None:
        shown = Shown(event, view)
        self._story(self._by_view, (party, view.view_id)).shown.append(shown)
        self._shown[party, view.view_id, view.version] = shown

    def _story(self, known: dict[tuple[str, str], Story], key: tuple[str, str]) -> Story:
        if key not in known:
            known[key] = Story(*key)
            self._told.stories.append(known[key])
        return known[key]

    def _said(self, event: Event, sender: str, recipient: str, about: str, version: int) -> None:
        """What its recipient says of what it was told; of another's, anybody's word answers nothing, and stands among all entries."""
        shown = self._shown.get((sender, about, version))
        if shown is None:
            for each in self._waiting(sender, recipient, about):
                each.said.append(event)
        elif shown.view.recipient == recipient:
            shown.said.append(event)

    def _waiting(self, sender: str, recipient: str, about: str) -> list[Asked]:
        """What one word answers: all of a thread that waits, and where nothing does, the last."""
        asked = self._asked.get((sender, recipient, about), [])
        return [each for each in asked if not each.is_answered and each.lifted is None] or asked[-1:]

    def _passed(self, event: Event, body: PassedBody) -> None:
        shown = self._shown.get((body.sender, body.id, body.version))
        if shown is None:
            for each in self._asked.get((body.sender, body.recipient, body.id), [])[-1:]:
                each.passed.append(event)
        elif shown.view.recipient == body.recipient:
            shown.passed.append(event)

    def _ask(self, event: Event, about: str, of_its_kind: list[Asked]) -> None:
        asked = Asked(event)
        self._asked.setdefault((event.entry.party, event.entry.audience, about), []).append(asked)
        of_its_kind.append(asked)

    def _message(self, event: Event, thread: str) -> None:
        before = self._waiting(event.entry.audience, event.entry.party, thread)
        for each in before:
            each.said.append(event)
            event.answers = each.event
        self._ask(event, thread, self._told.messages)

    def _stop(self, event: Event, body: StopBody) -> None:
        if not body.lifted:
            self._ask(event, body.stop_id, self._told.stops)
            return
        for each in self._asked.get((event.entry.party, event.entry.audience, body.stop_id), [])[-1:]:
            each.lifted = event
