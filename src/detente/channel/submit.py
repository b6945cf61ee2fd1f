"""A notice is submitted, amended, cancelled: checked whole, then done whole.

The sender is answered at once: how much notice it gave, against what was agreed, and what its notice meets of what was released to
it. A notice that comes too late is taken, marked LATE and said to be late to everybody who is told of it; it is never refused, for
a late warning is better than none. Each recipient is posted its view, if that is new to it, and anew the answer of each of
its own notices that the change touches; what it reads follows from its own world alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from detente.channel import open_items
from detente.channel.acts import HOST, CancelBody, NoticeBody, Release, SignedAct, ViewBody
from detente.channel.advice import corner_count
from detente.channel.forms import view_of
from detente.channel.receipts import await_view, of_view, over
from detente.channel.standing import HOUR_US, Notified, Released, Standing, Turn, extent_us, volume_us
from detente.channel.validity import await_lapse
from detente.channel.views import View
from detente.channel.world import Meeting, World
from detente.domain import (
    AgainstTerms,
    Answer,
    InvalidVolume,
    NotUnderstood,
    ReleaseLevel,
    StaleVersion,
    TooLarge,
    Understanding,
    Volume4D,
    at,
)
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_START_US
from detente.screening import check_footprint

MOST_MEETINGS: Final = 100  # told one by one; the rest are counted
MOST_VOLUMES: Final = 10_000
MOST_CORNERS_OF_A_VOLUME: Final = (
    1_000  # as it was given: past that the kernels leave a volume to slower code; cells may have more
)
MOST_CORNERS: Final = 10_000  # of a view: looked at one by one, in the sequencer's thread, while everybody waits


@dataclass(frozen=True, slots=True)
class Submission:
    """The acts of one submission of a notice, in the order they were sent, checked against one another."""

    acts: tuple[SignedAct, ...]
    sender: str
    notice: SignedAct
    screening: View
    releases: tuple[Release, ...]
    views: Mapping[str, tuple[SignedAct, View]]  # by recipient, those that are new to it
    cancels: Mapping[str, tuple[SignedAct, CancelBody]]  # by recipient, those that are told no more


def given_ids(acts: Sequence[SignedAct]) -> list[str]:
    """The ids that acts give a notice, and the views of it."""
    notices = [act.body for act in acts if isinstance(act.body, NoticeBody)]
    return [
        each for body in notices for each in (body.screening.view_id, *(release.view_id for release in body.releases))
    ]


# ── reading the acts ─────────────────────────────────────────────────────────────────────────────────────────────────


def read_submission(acts: Sequence[SignedAct]) -> Submission:
    """What a party submits at once: one `notice` for the host, and a `view` or `cancel` for each recipient it touches.

    Touches no state, so that it can be done wherever there is time.

    Raises:
        NotUnderstood: the acts do not belong together.
        InvalidVolume: a view cannot be; `where` names it.
    """
    notices = [act for act in acts if act.kind == "notice"]
    if len(notices) != 1:
        raise NotUnderstood(f"{len(notices)} acts of kind notice, not one", hint="submit each notice by itself")
    (notice,) = notices
    body = notice.body
    assert isinstance(body, NoticeBody)
    with at("notice"):
        _check_parties(acts, notice)
        screening = _view(body.screening, HOST)
        _check_releases(body.releases, notice.party)
    views: dict[str, tuple[SignedAct, View]] = {}
    cancels: dict[str, tuple[SignedAct, CancelBody]] = {}
    for act in acts:
        with at(f"{act.kind} for {act.audience}"):
            if isinstance(act.body, ViewBody):
                _put_once(views, act, _view(act.body.view, act.audience))
            elif isinstance(act.body, CancelBody):
                _put_once(cancels, act, act.body)
            elif act is not notice:
                raise NotUnderstood("is no part of submitting a notice", hint="send it by itself")
    _check_named(body.releases, views)
    return Submission(tuple(acts), notice.party, notice, screening, body.releases, views, cancels)


def _check_parties(acts: Sequence[SignedAct], notice: SignedAct) -> None:
    if notice.audience != HOST:
        raise NotUnderstood("an act of kind notice is for the host", hint="leave its audience empty", where="audience")
    strangers = {act.party for act in acts} - {notice.party}
    if strangers:
        raise NotUnderstood(f"acts of {notice.party} and of {min(strangers)}", hint="a party submits its own alone")


def _view(form: Any, recipient: str) -> View:
    view = view_of(form)
    if view.recipient != recipient:
        raise NotUnderstood(
            f"the view is for {view.recipient!r}, the envelope for {recipient!r}", hint="sign it for its recipient"
        )
    if len(view.volumes) > MOST_VOLUMES:
        raise InvalidVolume(f"{len(view.volumes)} volumes; the limit is {MOST_VOLUMES}", hint="split the notice")
    of_a_volume = MOST_CORNERS_OF_A_VOLUME if view.level is ReleaseLevel.FULL else MOST_CORNERS
    check_footprints(view.volumes, most_of_a_volume=of_a_volume)
    return view


def check_footprints(volumes: Sequence[Volume4D], *, most_of_a_volume: int = MOST_CORNERS) -> None:
    """Returns where their geometry can be, and takes no longer than a view may.

    Raises:
        TooLarge: more than `MOST_CORNERS` corners together, or more of one volume than may be.
        InvalidVolume: a footprint's geometry cannot be; `where` names it.
    """
    counts = [corner_count(volume.footprint) for volume in volumes]
    corners = sum(counts)
    if max(counts, default=0) > most_of_a_volume:
        raise TooLarge(
            f"a volume of {max(counts):,} corners; the limit is {most_of_a_volume:,}",
            hint="simplify its outline outward, or split it",
        )
    if corners > MOST_CORNERS:
        raise TooLarge(
            f"{corners:,} corners; the limit is {MOST_CORNERS:,}", hint="simplify the outlines outward, or split it"
        )
    for index, volume in enumerate(volumes):
        with at(f"volumes[{index}].footprint"):
            check_footprint(volume.footprint)


def _check_releases(releases: Sequence[Release], sender: str) -> None:
    told = [release.recipient for release in releases]
    twice = [recipient for recipient in told if told.count(recipient) > 1]
    if twice:
        raise NotUnderstood(f"{twice[0]} is released to twice", hint="one view a recipient", where="releases")
    if sender in told or HOST in told:
        raise NotUnderstood("released to the sender itself, or to nobody", hint="name the others", where="releases")


def _put_once(into: dict[str, tuple[SignedAct, Any]], act: SignedAct, what: Any) -> None:
    if act.audience in into:
        raise NotUnderstood("stands twice", hint="one for each recipient")
    into[act.audience] = (act, what)


def _check_named(releases: Sequence[Release], views: Mapping[str, tuple[SignedAct, View]]) -> None:
    named = {release.recipient for release in releases if release.digest is not None}
    for recipient in sorted(named ^ views.keys()):
        missing = "is named and not there" if recipient in named else "is there and not named"
        raise NotUnderstood(f"the view for {recipient} {missing}", hint="name each new view by its digest")
    for release in releases:
        if release.digest is None:
            continue
        act, view = views[release.recipient]
        says = (release.view_id, release.version, release.level, release.digest)
        if says != (view.view_id, view.version, view.level, act.digest):
            raise NotUnderstood(
                f"the view for {release.recipient} is another than the one named", hint="sign the notice last"
            )


# ── submitting ───────────────────────────────────────────────────────────────────────────────────────────────────────


def submit(standing: Standing, turn: Turn, submission: Submission) -> dict[str, Any]:
    """Takes a new or amended notice in; everything is checked before anything changes.

    Returns:
        what the sender is answered.
    Raises:
        StaleVersion: it amends a version that is no longer, or not yet, in force.
        Conflicted: it gives a new notice or view the id of another.
        AgainstTerms: somebody it is released to is no party, somebody who has to be told is not, or a quota is spent.
    """
    before = standing.notices.get((submission.sender, submission.screening.view_id))
    standing.check_sequences(submission.acts)
    _check_terms(standing, submission)
    _check_versions(submission, before)
    _check_ids(turn, submission, before)
    _check_quota(standing, submission)
    return _take_in(standing, turn, submission, before)


def _check_terms(standing: Standing, submission: Submission) -> None:
    terms = standing.understanding.terms
    told = {release.recipient for release in submission.releases}
    for recipient in sorted((told | submission.cancels.keys()) - set(standing.parties)):
        raise AgainstTerms(f"{recipient} is no party to the understanding", hint="see detente understanding show")
    missing = set(terms.required_recipients(submission.sender, submission.screening.activity)) - told
    if missing:
        raise AgainstTerms(
            f"{min(missing)} has to be told of {submission.screening.activity.value}",
            hint="release it at level existence at least",
        )


def _check_versions(submission: Submission, before: Notified | None) -> None:
    version, current = submission.screening.version, before.version if before else 0
    if version != current + 1:
        raise StaleVersion(f"version {version} of a notice of which {current} is in force", hint="amend that one")
    releases = before.releases if before else {}
    for release in submission.releases:
        held = releases.get(release.recipient)
        expected = Released(release.view_id, 1) if held is None else Released(held.view_id, held.version + 1)
        if release.digest is None and held is not None:
            expected = held
        if Released(release.view_id, release.version) != expected or (release.digest is None and held is None):
            raise StaleVersion(
                f"version {release.version} of the view for {release.recipient}, not {expected.version}",
                hint="a view keeps its id, and counts its versions from 1",
            )
    told = {release.recipient for release in submission.releases}
    for recipient in sorted((releases.keys() - told) ^ submission.cancels.keys()):
        raise StaleVersion(
            f"{recipient} was told before, and is told nothing now"
            if recipient in releases
            else f"{recipient} is told of a cancellation, and knows of nothing",
            hint="a recipient who is told no more needs a cancel of its own",
        )
    for recipient, (_, body) in submission.cancels.items():
        _check_cancel(body, releases[recipient], recipient)


def _check_ids(turn: Turn, submission: Submission, before: Notified | None) -> None:
    if before is None:
        turn.check_new(submission.sender, submission.screening.view_id)
    for release in submission.releases:
        if before is None or release.recipient not in before.releases:
            turn.check_new(submission.sender, release.view_id)


def _check_cancel(body: CancelBody, held: Released, recipient: str) -> None:
    if Released(body.id, body.version) != held:
        raise StaleVersion(
            f"the cancel for {recipient or 'the host'} names another version", hint="cancel what is in force"
        )


def _check_quota(standing: Standing, submission: Submission) -> None:
    quota, view = standing.understanding.terms.quota, submission.screening
    count, us = standing.quota_used(submission.sender, but=view.view_id)
    count, us = count + len(view.volumes), us + volume_us(view)
    for what, used, most in (
        ("active volumes", count, quota.active_volumes),
        ("volume-hours", us // HOUR_US, quota.volume_hours),
    ):
        if used > most:
            raise AgainstTerms(f"{used:,} {what}; the quota is {most:,}", hint="cancel what is no longer planned")


def _take_in(standing: Standing, turn: Turn, submission: Submission, before: Notified | None) -> dict[str, Any]:
    sender, screening = submission.sender, submission.screening
    world = standing.world(sender)
    position = turn.enter(submission.notice)
    if before:
        turn.end(world.own(screening.view_id), sender, position)
    turn.hold(screening, sender, position)
    await_lapse(turn, sender, screening)
    meetings = world.put_own(screening)
    for recipient, (act, body) in submission.cancels.items():
        _withdraw(standing, turn, sender, recipient, act, body)
    for recipient, (act, view) in submission.views.items():
        _release(standing, turn, sender, act, view, known=before is not None and recipient in before.releases)
    releases = {release.recipient: Released(release.view_id, release.version) for release in submission.releases}
    notified = Notified(screening.version, releases, len(screening.volumes), volume_us(screening))
    standing.put_notice(sender, screening.view_id, notified)
    told = answered(meetings)
    open_items.meeting(turn, sender, screening.view_id, told, at_once=True)
    return {
        "notice_id": screening.view_id,
        "version": screening.version,
        "received_us": turn.now_us,
        **lead(standing.understanding, screening, turn.now_us),
        **told,
    }


def _release(standing: Standing, turn: Turn, sender: str, act: SignedAct, view: View, *, known: bool) -> None:
    world = standing.world(view.recipient)
    position = turn.enter(act)
    touched: set[str] = set()
    if known and world.holds(sender, view.view_id):
        touched = {meeting.notice_id for meeting in world.of_view(sender, view.view_id)}
        turn.end(world.view(sender, view.view_id), sender, position)
        over(standing, turn, of_view(sender, world.view(sender, view.view_id)))
    turn.hold(view, sender, position)
    await_lapse(turn, sender, view)
    touched |= {meeting.notice_id for meeting in world.put_view(sender, view)}
    told = lead(standing.understanding, view, turn.tick_us)
    due_us = await_view(standing, turn, sender, view)
    turn.post(view.recipient, "view", {"sender": sender, "envelope": act.envelope.decode(), "due_us": due_us, **told})
    post_answers(turn, world, touched)


def _withdraw(standing: Standing, turn: Turn, sender: str, recipient: str, act: SignedAct, body: CancelBody) -> None:
    world = standing.world(recipient)
    position = turn.enter(act)
    if not world.holds(sender, body.id):
        return  # over already: a view may end before what its notice is screened as
    view = world.view(sender, body.id)
    touched = {meeting.notice_id for meeting in world.of_view(sender, body.id)}
    turn.end(view, sender, position)
    over(standing, turn, of_view(sender, view))
    world.drop_view(sender, body.id)
    turn.post(recipient, "cancel", {"sender": sender, "envelope": act.envelope.decode()})
    post_answers(turn, world, touched)


def post_answers(turn: Turn, world: World, notice_ids: set[str]) -> None:
    """The present answers of notices of a party's own that a change has touched."""
    for notice_id in sorted(notice_ids):
        told = answered(world.of_own(notice_id))
        turn.post(world.party, "answer", {"notice_id": notice_id, **told})
        open_items.meeting(turn, world.party, notice_id, told)


# ── cancelling ───────────────────────────────────────────────────────────────────────────────────────────────────────


def cancel(standing: Standing, turn: Turn, acts: Sequence[SignedAct]) -> dict[str, Any]:
    """Takes a notice out: one `cancel` for the host, and one for each recipient who was told of it.

    Raises:
        NotUnderstood: the acts are not that.
        StaleVersion: another version is in force, or none.
    """
    standing.check_sequences(acts)
    by_audience: dict[str, tuple[SignedAct, CancelBody]] = {}
    for act in acts:
        if not isinstance(act.body, CancelBody):
            raise NotUnderstood(f"an act of kind {act.kind} among the cancels", hint="send it by itself")
        with at(f"cancel for {act.audience}"):
            _put_once(by_audience, act, act.body)
    if HOST not in by_audience:
        raise NotUnderstood("no cancel for the host", hint="sign one with an empty audience")
    act, body = by_audience.pop(HOST)
    before = standing.notices.get((act.party, body.id))
    if before is None:
        raise StaleVersion("no such notice is in force", hint="it may be over, or cancelled already")
    _check_cancel(body, Released(body.id, before.version), HOST)
    if by_audience.keys() != before.releases.keys():
        raise StaleVersion("not the recipients who were told", hint="sign a cancel for each of them, and no others")
    for recipient, (_, told) in by_audience.items():
        _check_cancel(told, before.releases[recipient], recipient)
    world = standing.world(act.party)
    position = turn.enter(act)
    turn.end(world.own(body.id), act.party, position)
    world.drop_own(body.id)
    standing.drop_notice(act.party, body.id)
    open_items.no_meeting(turn, act.party, body.id)
    for recipient, (their_act, their_body) in by_audience.items():
        _withdraw(standing, turn, act.party, recipient, their_act, their_body)
    return {"notice_id": body.id, "version": body.version, "received_us": turn.now_us}


# ── what is said of it ───────────────────────────────────────────────────────────────────────────────────────────────


def lead(understanding: Understanding, view: View, now_us: int) -> dict[str, Any]:
    """How much notice was given, in seconds, against what was agreed, and whether it is late.

    Of a view: against the view's own beginning, so that a recipient reads nothing that its view does not tell.
    """
    earliest_us, _ = extent_us(view)
    given_s = None if earliest_us <= OPEN_START_US else (earliest_us - now_us) // MICROSECONDS_PER_SECOND
    agreed_s = understanding.terms.lead_s(view.activity)
    is_late = agreed_s is not None and (given_s is None or given_s < agreed_s)
    return {"given_s": given_s, "agreed_s": agreed_s, "late": is_late or (given_s is not None and given_s < 0)}


def answered(meetings: Sequence[Meeting]) -> dict[str, Any]:
    """The answer, the gravest meetings one by one, and how many there are."""
    conflicts = [m for m in meetings if not m.is_warning]
    worst_first = sorted(meetings, key=lambda m: (m.is_warning, -m.answer, m))
    return {
        "answer": max((m.answer for m in conflicts), default=Answer.CLEAR).name,
        "meeting_count": len(conflicts),
        "warning_count": len(meetings) - len(conflicts),
        "meetings": [
            {
                "volume_index": m.volume_index,
                "sender": m.sender,
                "view_id": m.view_id,
                "view_volume_index": m.view_volume_index,
                "answer": m.answer.name,
                "is_warning": m.is_warning,
            }
            for m in worst_first[:MOST_MEETINGS]
        ],
    }
