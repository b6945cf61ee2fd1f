"""What a file of evidence tells, in the order a reader asks: who, what was stated, what each party had been shown, what was never answered.

Made of an audit's verdicts, whose payloads it was asked to keep; of what does not hold nothing is told but that it does not. Every event
is a statement of somebody: the dossier says who stated what, when at the earliest and at the latest, and finds nobody right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from detente.channel.acts import (
    HOST_KINDS,
    HOST_PARTY,
    KINDS,
    REFUSED,
    Body,
    CancelBody,
    ExpiredBody,
    MessageBody,
    NoticeBody,
    PassedBody,
    ReceiptBody,
    ResponseBody,
    StopBody,
    UnvalidatedBody,
    ViewBody,
)
from detente.channel.forms import form_from, view_of
from detente.channel.verdict import EntryVerdict, Finding, Outcome, Verdict
from detente.channel.views import View
from detente.domain import DetenteError, ReceiptStage
from detente.record.act import read_act

_BODIES: Final[dict[str, type[Any]]] = {**KINDS, **HOST_KINDS}
_ANSWERED: Final = (ReceiptStage.ACKNOWLEDGED, ReceiptStage.CONFIRMED_DOWN)


@dataclass(frozen=True, slots=True)
class Event:
    """One entry, and what it states; `body` is None where it does not hold or its words are not known here."""

    entry: EntryVerdict
    body: Body | None

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
    """A STOP or a message: what was written, and what came back."""

    event: Event
    said: list[Event] = field(default_factory=list)
    lifted: Event | None = None

    @property
    def is_answered(self) -> bool:
        """Whether anybody acknowledged it."""
        return any(isinstance(e.body, ReceiptBody) and e.body.stage in _ANSWERED for e in self.said)


@dataclass(slots=True)
class Dossier:
    """All of it, and the verdict it rests on."""

    verdict: Verdict
    events: list[Event]
    stories: list[Story]
    stops: list[Asked]
    messages: list[Asked]

    @property
    def unanswered(self) -> list[Shown | Asked]:
        """What nobody acknowledged, as far as the file opens: versions that another took the place of are left out."""
        views = [each for story in self.stories for each in _last_of_each(story.shown) if not each.is_answered]
        return [*views, *(each for each in self.stops if not each.is_answered)]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is not as it must be, the gravest first."""
        return tuple(sorted(self.verdict.findings, key=lambda each: -each.outcome))


def _last_of_each(shown: Iterable[Shown]) -> Iterator[Shown]:
    """Of each view the last version."""
    yield from {(each.view.recipient, each.view.view_id): each for each in shown}.values()


def dossier_of(entries: Iterable[EntryVerdict], verdict: Verdict) -> Dossier:
    """The dossier of an audit.

    Args:
        entries: as the audit gave them, in order, with their payloads. verdict: on the file, once all were given.
    """
    told = Dossier(verdict, [], [], [], [])
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
        self._asked: dict[tuple[str, str], Asked] = {}  # sender, and STOP id or thread

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
            case ReceiptBody(about, version):
                self._said(event, audience, about, version)
            case ResponseBody(about, version):
                self._said(event, audience, about, version)
            case PassedBody(sender=sender, id=about, version=version):
                shown = self._shown.get((sender, about, version))
                if shown:
                    shown.passed.append(event)
            case StopBody():
                self._stop(event, party, body)
            case MessageBody(thread):
                asked = Asked(event)
                self._asked.setdefault((party, thread), asked)
                self._told.messages.append(asked)
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

    def _said(self, event: Event, sender: str, about: str, version: int) -> None:
        shown, asked = self._shown.get((sender, about, version)), self._asked.get((sender, about))
        if shown is not None:
            shown.said.append(event)
        elif asked is not None:
            asked.said.append(event)

    def _stop(self, event: Event, party: str, body: StopBody) -> None:
        key = (party, body.stop_id)
        if body.lifted and key in self._asked:
            self._asked[key].lifted = event
        elif not body.lifted:
            self._asked[key] = Asked(event)
            self._told.stops.append(self._asked[key])
