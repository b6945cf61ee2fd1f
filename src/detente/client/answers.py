"""What a server answers, as a client of it expects it. Another shape is refused; members that are not known are left alone.

Nothing is believed for having the right shape: what somebody signed is verified in `told`.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Answered(msgspec.Struct, frozen=True):
    """What every form here is: frozen, and open to members that a newer server may add."""


class Posting(Answered, frozen=True):
    """One posting of an inbox, as it comes."""

    cursor: str
    kind: str
    tick_us: int
    payload: dict[str, Any]


class OpenItem(Answered, frozen=True, omit_defaults=True):
    """Something that is open for the party; each kind has its own members of those below (`channel.open_items`)."""

    kind: str
    since_us: int
    due_us: int | None
    id: str = ""
    notice_id: str = ""
    sender: str = ""
    recipient: str = ""
    version: int = 1
    of: str = ""
    stage: str = ""
    response: str = ""
    answer: str = ""
    meeting_count: int = 0
    template: str = ""
    slots: dict[str, str] = msgspec.field(default_factory=dict)
    envelope: str = ""


class OpenPage(Answered, frozen=True):
    """A page of what is open."""

    cursor: str | None
    items: tuple[OpenItem, ...]


class DeadMan(Answered, frozen=True):
    """Where the party's own signs of life stand."""

    last_us: int | None
    is_dark: bool
    next_by_us: int | None


class WatchNow(Answered, frozen=True):
    """Who has the party's watch, or handed it over last."""

    officer: str
    is_on: bool
    since_us: int
    note: str
    to_officer: str
    open_digest: str
    open_count: int


class WatchShown(Answered, frozen=True):
    """The party's own watch."""

    watch: WatchNow | None
    dead_man: DeadMan | None


class PastLine(Answered, frozen=True):
    """Something the party did or was told, as it was signed; `sender` and `audience` are the server's word until it is opened."""

    kind: str
    sender: str = msgspec.field(name="from")
    audience: str = msgspec.field(name="to")
    told_us: int
    payload: dict[str, Any]


class CallsPage(Answered, frozen=True):
    """A page of the call log."""

    cursor: str | None
    items: tuple[PastLine, ...] = msgspec.field(name="calls")


class PastPage(Answered, frozen=True):
    """A page of what the party did and was told."""

    cursor: str | None
    items: tuple[PastLine, ...] = msgspec.field(name="entries")


class DrillLine(Answered, frozen=True):
    """How drills with one other party went; seconds."""

    party: str
    count: int
    unanswered: int
    median_s: float | None
    worst_s: float | None


class DrillsShown(Answered, frozen=True):
    """How long others took to answer our drills, and we theirs."""

    asked: tuple[DrillLine, ...]
    answered: tuple[DrillLine, ...]


class PostingsPage(Answered, frozen=True):
    """A page of an inbox, and the requests to cease that nobody has acknowledged."""

    cursor: str | None
    items: tuple[Posting, ...] = msgspec.field(name="postings")
    stops: tuple[OpenItem, ...] = ()


class Announcement(Answered, frozen=True):
    """One public act."""

    received_us: int
    envelope: str


class AnnouncementsPage(Answered, frozen=True):
    """A page of the public acts."""

    cursor: str | None
    items: tuple[Announcement, ...] = msgspec.field(name="announcements")


class ListedView(Answered, frozen=True):
    """A view in force, as the server lists it."""

    sender: str
    view_id: str
    version: int
    envelope: str


class ViewsPage(Answered, frozen=True):
    """A page of the views in force."""

    cursor: str | None
    items: tuple[ListedView, ...] = msgspec.field(name="views")


class LastAct(Answered, frozen=True):
    """Where a key stands for an audience."""

    key: str
    audience: str
    sequence: int
    digest: str


class Sequences(Answered, frozen=True):
    """Where a party's keys stand."""

    sequences: tuple[LastAct, ...]


class Member(Answered, frozen=True):
    """A member, as the server sums it up."""

    name: str
    kind: str
    root_key: str | None


class Rules(Answered, frozen=True):
    """What the server sums up; for who is not in yet, and cannot follow the public acts."""

    host_key: str
    members: tuple[Member, ...]


class Lead(Answered, frozen=True):
    """How much notice was given, against what was agreed."""

    given_s: int | None
    agreed_s: int | None
    late: bool


class ToldMeeting(Answered, frozen=True):
    """One meeting of an answer."""

    answer: str
    sender: str
    view_id: str
    is_warning: bool


class Met(Answered, frozen=True):
    """What a plan meets of what was released."""

    answer: str
    meeting_count: int
    warning_count: int
    meetings: tuple[ToldMeeting, ...]


class Answer(Met, frozen=True):
    """The same of a notice in force."""

    notice_id: str


class Submitted(Answer, frozen=True):
    """What a notice, new or amended, is answered: `Answer`, and how much notice was given, as `Lead`."""

    version: int
    received_us: int
    given_s: int | None
    agreed_s: int | None
    late: bool


class Opening(Answered, frozen=True):
    """An entry of the log, opened: with it anybody makes its leaf again."""

    position: int
    received_us: int
    kind: str
    salt: str
    envelope: str


class OpeningsPage(Answered, frozen=True):
    """A page of what the party may open, by position; `after` is where the next begins, None on the last."""

    after: int | None
    openings: tuple[Opening, ...]
