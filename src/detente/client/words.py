"""What was sent and told, in words for a terminal: worst first, times in UTC and DTG, nothing that the view does not show."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from detente.channel import acts
from detente.channel.forms import view_of
from detente.channel.views import View
from detente.client.answers import DrillsShown, OpenItem, WatchNow, WatchShown
from detente.client.told import Told
from detente.domain import Answer, Post, ReceiptStage
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.interop import answer_words as words
from detente.interop.claim_words import claim_words
from detente.interop.volume_words import volume_words

MOST_VOLUMES: Final = 4
MOST_MEETINGS: Final = 5
_ID: Final = 8  # digits of an id that people are shown; commands take any beginning of 4 and more


def short(opaque_id: str) -> str:
    """The beginning of an id, as commands take it."""
    return opaque_id[:_ID]


def moment(us: int) -> str:
    """A moment in UTC to the second."""
    return words.iso(us // MICROSECONDS_PER_SECOND * MICROSECONDS_PER_SECOND) or "open"


def view_lines(view: View) -> Iterator[str]:
    """What a recipient is shown, line by line."""
    title = " ".join(part for part in (view.reference, view.title) if part)
    yield f"{view.activity.value.replace('_', ' ')}, shown at level {view.level.value}{f': {title}' if title else ''}"
    for volume in view.volumes[:MOST_VOLUMES]:
        yield f"  {volume_words(volume)}"
    if len(view.volumes) > MOST_VOLUMES:
        yield f"  and {words.plural(len(view.volumes) - MOST_VOLUMES, 'more volume')}"
    for what, moment_us in (("expires", view.expires_us), ("to be confirmed again by", view.revalidate_us)):
        if moment_us is not None:
            yield f"  {what} {moment(moment_us)}"
    if view.declared_by:
        yield f"  declared by {view.declared_by}"
    if view.details:
        yield from _details_lines(view)
    if view.stated_place:
        yield f"  place as stated: {view.stated_place}"
    for assumed in view.assumptions:
        yield f"  assumed: {assumed.field}, {assumed.basis}"
    marking = [f"REL TO {', '.join(view.marking.rel_to)}"] if view.marking.rel_to else []
    marking += [view.marking.tlp.value] if view.marking.tlp else []
    if marking or view.marking.caveats:
        yield f"  {'; '.join([*marking, *view.marking.caveats])}"


def _details_lines(view: View) -> Iterator[str]:
    details = view.details
    assert details is not None
    said = [part for part in (details.site_function, details.purpose) if part]
    said += [words.plural(details.headcount, "person").replace("persons", "people")] if details.headcount else []
    said += [f"vehicles {', '.join(v.plate for v in details.vehicles)}"] if details.vehicles else []
    if details.armed_escort is not None:
        said.append("armed escort" if details.armed_escort else "no armed escort")
    if said:
        yield f"  {'; '.join(said)}"
    for contact in details.contacts:
        yield f"  contact{' on the move' if contact.on_the_move else ''}: {contact.name}, {contact.reach}"


def lead_words(told: Mapping[str, Any]) -> str:
    """`LATE: 12 min before it begins, where 30 min were agreed`."""
    given_s, agreed_s = told["given_s"], told["agreed_s"]
    if given_s is None:
        given = "of a beginning that is not stated"
    elif given_s < 0:
        given = f"{words.duration(-given_s)} after it began"
    else:
        given = f"{words.duration(given_s)} before it begins"
    agreed = f", where {words.duration(agreed_s)} were agreed" if agreed_s is not None else ", no lead time is agreed"
    return f"{'LATE: ' if told['late'] else ''}notice given {given}{agreed}"


def answer_words(told: Mapping[str, Any]) -> str:
    """`POSSIBLE: meets 2 of what was released to us; 1 hazard area entered`."""
    met, warned = told["meeting_count"], told["warning_count"]
    name = told["answer"]
    if name == Answer.CLEAR.name:
        said = "CLEAR against what was released to us, which is not all there is"
    else:
        said = (
            f"{name}: {'meets' if name == Answer.CONFLICT.name else 'may meet'} {words.plural(met, 'volume')} of others"
        )
    return said + (f"; enters, or may enter, {words.plural(warned, 'hazard area')}" if warned else "")


def meeting_lines(told: Mapping[str, Any]) -> Iterator[str]:
    """The gravest meetings, one line each."""
    for meeting in told["meetings"][:MOST_MEETINGS]:
        what = "hazard area of" if meeting["is_warning"] else "with"
        yield f"  {meeting['answer']} {what} {meeting['sender']}, view {short(meeting['view_id'])}"
    more = told["meeting_count"] + told["warning_count"] - MOST_MEETINGS
    if more > 0:
        yield f"  and {more:,} more"


# ── what is open ─────────────────────────────────────────────────────────────────────────────────────────────────────

_OPEN_WORDS: Final[dict[str, Callable[[OpenItem], str]]] = {
    "stop": lambda item: f"STOP, asked by {item.sender}, {_read(item.stage)}: {short(item.id)}",
    "stop_asked": lambda item: f"STOP that we asked of {item.recipient}, {_read(item.stage)}: {short(item.id)}",
    "notice": lambda item: f"notice of {item.sender} to acknowledge: {short(item.id)}",
    "by_report": lambda item: (
        f"{item.recipient} has no keys: tell it by other means, and report that: {item.of} {short(item.id)}"
    ),
    "unanswered": lambda item: f"{item.recipient} has not {item.stage} our {item.of} in time: {short(item.id)}",
    "response": lambda item: f"{item.recipient} has {item.response} our notice {short(item.id)}",
    "meeting": lambda item: (
        f"{item.answer}: our notice {short(item.notice_id)}, {words.plural(item.meeting_count, 'volume')} of others"
    ),
    "revalidate": lambda item: f"our notice {short(item.notice_id)} was to be confirmed by now: amend or cancel it",
    "call": lambda item: f"call logged by {item.sender} to confirm or dispute: {short(item.id)}",
    "claim": lambda item: f"claim of {item.sender} to acknowledge (it was read; nobody agrees by it): {short(item.id)}",
    "drill": lambda item: f"DRILL DRILL DRILL of {item.sender}, to acknowledge: {short(item.id)}",
    "dark": lambda item: f"{item.sender} is DARK: no sign of life, and nobody may be reading there",
    "message": lambda item: f"message of {item.sender} to answer, thread {short(item.id)}{_to_read_back(item.slots)}",
}


def _to_read_back(slots: Mapping[str, str]) -> str:
    return f"; to be read back: {', '.join(sorted(slots))}" if slots else ""


def open_lines(item: OpenItem, now_us: int) -> Iterator[str]:
    """Something that is open, since when, and how long there is left."""
    said = _OPEN_WORDS[item.kind](item) if item.kind in _OPEN_WORDS else item.kind.replace("_", " ")
    left_s = None if item.due_us is None else (item.due_us - now_us) // MICROSECONDS_PER_SECOND
    if left_s is None:
        due = ""
    elif left_s < 0:
        due = f"; OVERDUE by {words.duration(-left_s)}"
    else:
        due = f"; {words.duration(left_s)} left"
    yield f"{said}{due}; since {moment(item.since_us)}"


def _read(stage: str) -> str:
    is_read = stage in (ReceiptStage.ACKNOWLEDGED.value, ReceiptStage.CONFIRMED_DOWN.value)
    return stage.replace("_", " ") if is_read else "NOT ACKNOWLEDGED"


# ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────────────


def shown_lines(shown: WatchShown) -> Iterator[str]:
    """Who has the watch, and by when our own next sign of life is due."""
    yield from watch_lines(shown.watch)
    if shown.dead_man is None:
        yield "no signs of life are agreed"
    elif shown.dead_man.next_by_us is None:
        yield "WE ARE DARK to the others: send a sign of life with `detente alive`"
    else:
        yield f"our next sign of life is due by {moment(shown.dead_man.next_by_us)}"


def watch_lines(watch: WatchNow | None) -> Iterator[str]:
    """Who has the watch, and what was noted and open when it was taken, or handed over last."""
    if watch is None:
        yield "nobody has taken the watch yet"
    elif watch.is_on:
        yield f"{watch.officer} has the watch, since {moment(watch.since_us)}"
    else:
        to = f" to {watch.to_officer}" if watch.to_officer else ""
        yield f"NOBODY HAS THE WATCH: {watch.officer} handed it over{to}, {moment(watch.since_us)}"
    if watch and watch.note:
        yield f"  note: {watch.note}"
    if watch and watch.open_digest:
        yield f"  {words.plural(watch.open_count, 'item')} open then"


def call_words(body: acts.CallBody) -> str:
    """`with B (Captain X), by the night watch, 2018-09-17T18:39:00Z: … (read back; id …)`."""
    whom = f"{body.with_party}{f' ({body.with_officer})' if body.with_officer else ''}"
    back = "read back" if body.read_back else "NOT READ BACK"
    return f"with {whom}, by {body.by_officer}, {moment(body.at_us)}: {body.text} ({back}; id {short(body.call_id)})"


def drill_lines(shown: DrillsShown) -> Iterator[str]:
    """How drills went, with each other party."""
    for said, lines in (("our drills, answered by", shown.asked), ("drills that we answered, of", shown.answered)):
        for line in lines:
            times = (
                f"half of them within {words.duration(line.median_s)}, the slowest after {words.duration(line.worst_s)}"
                if line.median_s is not None and line.worst_s is not None
                else "none of them"
            )
            yield f"{said} {line.party}: {line.count - line.unanswered} of {line.count}, {times}"
    if not shown.asked and not shown.answered:
        yield "no drills yet"


# ── postings ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def told_lines(told: Told) -> Iterator[str]:
    """A posting, line by line; the first says what it is and how it is answered."""
    at = moment(told.tick_us)
    if told.refusal:
        yield f"{at}  NOT TO BE BELIEVED: a posting of kind {told.kind}, for {told.refusal}"
        return
    body = told.body
    match body:
        case acts.ViewBody(form):
            view = view_of(form)
            late = "LATE " if told.payload["late"] else ""
            version = f" (version {view.version})" if view.version > 1 else ""
            yield f"{at}  {late}NOTICE of {told.sender}{version}, id {short(view.view_id)}: {lead_words(told.payload)}"
            yield from (f"    {line}" for line in view_lines(view))
        case acts.CancelBody(view_id):
            yield f"{at}  CANCELLED by {told.sender}: notice {short(view_id)}{_because(body.reason)}"
        case acts.StopBody(lifted=True):
            yield f"{at}  STOP lifted by {told.sender}: {body.text} (id {short(body.stop_id)})"
        case acts.StopBody():
            yield f"{at}  STOP, asked by {told.sender}: {body.text} (place: {body.place}; id {short(body.stop_id)})"
        case acts.MessageBody():
            yield f"{at}  MESSAGE of {told.sender}: {body.text} (thread {short(body.thread)}{_to_read_back(body.slots)})"
        case acts.ReceiptBody():
            who = " ".join(part for part in (body.officer, body.echelon) if part)
            reported = f", BY REPORT for {body.by_report_for}" if body.by_report_for else ""
            drill = "DRILL " if told.payload.get("drill") else ""
            if told.payload.get("read_back"):
                drill = f"READ-BACK {told.payload['read_back'].upper()}, so NOT "
            yield f"{at}  {drill}{body.stage.value.upper()} by {told.sender}{reported}{f' ({who})' if who else ''}: {short(body.id)}"
        case acts.ResponseBody():
            said = f"{body.kind.value.upper()}, no permission, says {told.sender}"
            yield f"{at}  {said}: {short(body.view_id)}{f', {body.text}' if body.text else ''}"
        case acts.PassedBody():
            what = "STOP " if body.of == "stop" else ""
            yield f"{at}  NOT {body.stage.value.upper()} in time: {what}{short(body.id)} of {body.sender} for {body.recipient}; step: {body.rung.value.replace('_', ' ')}"
            yield from (f"    call {line}" for line in map(post_words, body.call))
        case acts.AlertBody():
            yield f"{at}  ALERT, at full precision, about what {body.other} has submitted, released to us or not:"
            yield from (f"    {line}" for line in alert_lines(body))
        case acts.DiscloseBody():
            opened = "no longer opens" if body.lifted else "opens"
            yield f"{at}  {told.sender} {opened} its past to us, id {short(body.disclosure_id)}{_because(body.reason)}"
        case acts.CallBody():
            yield f"{at}  CALL logged by {told.sender}: {call_words(body)}"
        case acts.CallAnswerBody():
            said = f", {body.text}" if body.text else ""
            yield f"{at}  CALL {short(body.call_id)} {body.says.upper()} by {told.sender} ({body.officer}){said}"
        case acts.ClaimBody():
            by = told.act.party if told.act else told.sender
            yield f"{at}  {body.of.upper()} {body.topic}, stated by {by} (id {short(acts.claim_id(body))}): {claim_words(body, by)}"
        case acts.DrillBody():
            yield f"{at}  DRILL DRILL DRILL of {told.sender}: {body.text} (DRILL, id {short(body.drill_id)})"
        case acts.ExpiredBody():
            yield f"{at}  EXPIRED: notice {short(body.id)} of {body.sender} has lapsed, and holds no longer"
        case acts.UnvalidatedBody():
            yield f"{at}  UNVALIDATED: notice {short(body.id)} of {body.sender} was to be confirmed by now, and was not"
        case acts.DarkBody():
            yield f"{at}  {body.party} is DARK: no sign of life for {words.duration(body.silent_s)}; nobody may be reading there"
        case acts.BackBody():
            yield f"{at}  {body.party} is back: it shows signs of life again"
        case acts.SuspendBody():
            yield f"{at}  UNDERSTANDING {'no longer suspended' if body.lifted else 'SUSPENDED'} by {told.sender}{_because(body.reason)}"
        case _ if told.kind == "answer":
            yield f"{at}  ANSWER for our notice {short(told.payload['notice_id'])}: {answer_words(told.payload)}"
            yield from (f"  {line}" for line in meeting_lines(told.payload))
        case _:
            yield f"{at}  {told.kind} of {told.sender or 'the channel'}{_rest(told)}"


def post_words(post: Post) -> str:
    """`the duty desk, level 0 (alternate): +7 000 000`."""
    return f"{post.name}, level {post.level}{' (alternate)' if post.is_alternate else ''}: {post.reach}"


_ALERT_WORDS: Final = {
    "MEETING": "meets, or may meet, something of theirs",
    "NO_MEETING": "meets nothing of theirs",
    "ALERT_UNAVAILABLE": "ALERT UNAVAILABLE, not told: the bits that were agreed are spent",
}
_EXPECTED_WORDS: Final = {
    "pending": "ALERT pending: whether it meets what was not released to us is told at the next tick",
    "unavailable": "ALERT UNAVAILABLE: the bits that were agreed are spent, or it is over by then",
}


def alert_lines(body: acts.AlertBody) -> Iterator[str]:
    """What the alert says of each notice, those that meet first."""
    for says, said in _ALERT_WORDS.items():
        for line in body.lines:
            if line.says == says:
                yield f"our notice {short(line.notice_id)} (version {line.version}) {said}"


def expected_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    """What the alert will say of a notice just submitted; nothing where no alert is agreed."""
    if answer.get("alert") in _EXPECTED_WORDS:
        yield _EXPECTED_WORDS[answer["alert"]]


def _because(reason: str) -> str:
    return f", because: {reason}" if reason else ""


def _rest(told: Told) -> str:
    """What has no words of its own yet: its plain members."""
    body: Any = told.body if told.body is not None else told.payload
    named: Sequence[tuple[str, Any]] = (
        list(body.items()) if isinstance(body, dict) else [(n, getattr(body, n)) for n in body.__struct_fields__]
    )
    plain = [f"{n} {str(v)[:60]}" for n, v in named if isinstance(v, str | int) and v != "" and len(str(v)) <= 200]
    return f": {', '.join(plain)}" if plain else ""
