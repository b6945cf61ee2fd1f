"""A dossier as pages: headings, paragraphs and tables of plain text, which the HTML and the PDF both render, and neither adds to.

Every sentence about what happened says whose statement it is. Texts of parties are quoted as they stand; who renders them escapes them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from detente.channel import acts
from detente.channel.dossier import Asked, Dossier, Event, Shown, Story
from detente.channel.verdict import EntryVerdict, Finding, Outcome, Trust
from detente.channel.views import View
from detente.interop import answer_words as words
from detente.interop.claim_words import claim_words
from detente.interop.volume_words import volume_words

MOST_VOLUMES: Final = 20
OUTCOMES: Final = {
    Outcome.HOLDS: "Everything in this file is what it says it is",
    Outcome.INCOMPLETE: "Nothing in this file is false; something that would complete the proof is missing",
    Outcome.FALSE: "Something in this file is not what it says it is",
}
_TRUST: Final = {
    Trust.GIVEN: "brought by whoever made this dossier",
    Trust.AGREED: "named in an understanding that a party known to the reader signed",
    Trust.FILE: "by the file's own word alone",
}
NOT_PROVEN: Final = (
    "That a person read a notice: a receipt shows that somebody at the party's desk signed it, and no more.",
    "That what is not here never was. What nobody logged, and what this file does not open, cannot be told from what did not happen.",
    "Anything signed with a key after it was stolen, until it was revoked.",
    "What anybody intended, or that anything stated here is true: each line is the statement of whoever signed it.",
    "Moments finer than those given. What the host states as received is its own clock's word; earliest and latest are the witnesses'.",
)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under a head; `anchors` name rows that others refer to, empty for none."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing of our own as SVG, in which every text is escaped already; `says` is what it shows, for whoever does not see it."""

    svg: str
    says: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, and what stands under it: texts and tables. `level` 1 or 2."""

    title: str
    blocks: tuple[str | Table | Figure, ...]
    level: int = 1


@dataclass(frozen=True, slots=True)
class Pages:
    """The whole: a title, lines under it, whether all of it holds (None where nothing was judged), and the sections."""

    title: str
    under: tuple[str, ...]
    outcome: Outcome | None
    sections: tuple[Section, ...]


def pages(dossier: Dossier) -> Pages:
    """The pages of a dossier."""
    verdict = dossier.verdict
    first, last = (
        words.iso(us) if us is not None else None for us in (verdict.first_received_us, verdict.last_received_us)
    )
    under = [
        f"Arena {verdict.arena}; written for {verdict.written_for or 'nobody named'}; {verdict.opened_count:,} entries opened of {verdict.tree_size:,}.",
        f"By the host's clock received from {first or 'no moment'} to {last or 'no moment'}. All times are UTC.",
        f"{OUTCOMES[verdict.outcome]}.",
    ]
    if not verdict.anchored:
        under.append("No key was brought to compare: everything below follows from the file's own word.")
    return Pages(f"The record of {verdict.arena}", tuple(under), verdict.outcome, tuple(_sections(dossier)))


def _sections(dossier: Dossier) -> Iterator[Section]:
    yield Section("What does not hold, or is missing", tuple(_findings(dossier)))
    yield Section("What was never answered", tuple(_unanswered(dossier)))
    yield Section("Who, and by which keys", tuple(_who(dossier)))
    yield Section("Notices", (_counted(len(dossier.stories), "notice is", "notices are", "opened here"),))
    for story in dossier.stories:
        yield Section(f"{story.name}, of {story.sender}", tuple(_story(story)), 2)
    yield Section("Requests to cease (STOP)", tuple(_asked(dossier.stops)))
    yield Section("Messages", tuple(_asked(dossier.messages)))
    yield Section("Calls, as they were logged", tuple(_asked(dossier.calls)))
    yield Section("Drills", tuple(_asked(dossier.drills)))
    yield Section("Claims", tuple(_asked(dossier.claims)))
    yield Section("Every entry, in the order of the log", (_timeline(dossier.events),))
    yield Section("What this does not prove", NOT_PROVEN)


def _counted(count: int, one: str, many: str, rest: str) -> str:
    return f"{'No' if count == 0 else f'{count:,}'} {one if count == 1 else many} {rest}."


# ── what holds, and who ──────────────────────────────────────────────────────────────────────────────────────────────


def _findings(dossier: Dossier) -> Iterator[str | Table]:
    if not dossier.findings:
        yield "Nothing."
        return
    rows = tuple((_grade(each), each.where, each.what, each.hint) for each in dossier.findings)
    yield Table(("", "where", "what", "what to do"), rows)


def _grade(finding: Finding) -> str:
    return "FALSE" if finding.outcome is Outcome.FALSE else "missing"


def _who(dossier: Dossier) -> Iterator[str | Table]:
    verdict = dossier.verdict
    members = [
        (each.party, each.kind.replace("_", " "), each.fingerprint or "no keys", _TRUST[each.trust])
        for each in verdict.members
    ]
    host = ("the host", "", verdict.host_key, _TRUST[verdict.host_trust])
    yield Table(("party", "kind", "fingerprint of its root key", "known by"), (*members, host))
    latest = verdict.latest
    if latest is None:
        yield "No head of the log holds."
        return
    yield f"The head of the log: {latest.tree_size:,} entries, root {latest.root_hash}, signed by the host."
    if latest.agreed_count == 0:
        yield "No witnesses were agreed: nobody but the host vouches for it."
    for each in latest.cosigned:
        whose = f", of {each.party}" if each.party else ""
        yield f"The witness {each.witness}{whose} states that it had seen this head at {words.iso(each.at_s * 1_000_000)}."
    if latest.agreed_count:
        enough = "A quorum vouches for it" if latest.has_quorum else "NO QUORUM vouches for it"
        yield f"{enough}: {len(latest.cosigned)} of {latest.agreed_count} witnesses cosigned, {latest.quorum} are needed."


# ── what was stated ──────────────────────────────────────────────────────────────────────────────────────────────────


def _unanswered(dossier: Dossier) -> Iterator[str | Table]:
    rows = []
    for each in dossier.unanswered:
        event = each.event
        if isinstance(each, Shown):
            what = f"{event.by} told {each.view.recipient} of a plan ({each.view.level.value}), version {each.view.version}"
            late = "; ".join(_sentence(passed) for passed in each.passed)
        else:
            what = _sentence(event)
            late = "; ".join(_sentence(each) for each in [*each.passed, *([each.lifted] if each.lifted else [])])
        rows.append((_link(event), _received(event.entry), what, late or "nothing further is stated here"))
    if not rows:
        yield "Everything that was told, as far as this file opens it, was acknowledged or answered by somebody who signed that."
        return
    yield "Of these no acknowledgement and no answer is opened here. One may stand in entries that this file does not open."
    yield Table(("entry", "received by the host", "what was told", "what is stated of it since"), tuple(rows))


def _story(story: Story) -> Iterator[str | Table]:
    for event, view in story.given:
        yield f"{event.by} gave the host version {view.version}, {_when(event.entry)} (entry {event.entry.position})."
        yield from _volumes(view)
    for shown in story.shown:
        view = shown.view
        yield (
            f"{shown.event.by} told {view.recipient} at level {view.level.value}, version {view.version}, {_when(shown.event.entry)} "
            f"(entry {shown.event.entry.position}). {view.recipient} had been shown:"
        )
        yield from _volumes(view)
        told = [*shown.said, *shown.passed]
        yield (
            Table(("entry", "when", "what"), tuple((_link(e), _when(e.entry), _sentence(e)) for e in told))
            if told
            else (f"No answer of {view.recipient} is opened here.")
        )
    for event in story.ended:
        yield f"{_sentence(event)}, {_when(event.entry)} (entry {event.entry.position})."


def _volumes(view: View) -> Iterator[str]:
    named = ", ".join(
        part for part in (view.activity.value.replace("_", " "), view.reference, view.title, view.stated_place) if part
    )
    yield f"{named}: {words.plural(len(view.volumes), 'volume')}."
    for volume in view.volumes[:MOST_VOLUMES]:
        yield f"— {volume_words(volume)}"
    if len(view.volumes) > MOST_VOLUMES:
        yield f"— and {len(view.volumes) - MOST_VOLUMES:,} more, in the evidence"


def _asked(asked: list[Asked]) -> Iterator[str | Table]:
    if not asked:
        yield "None is opened here."
        return
    rows = []
    for each in asked:
        came = sorted(
            [*each.said, *each.passed, *([each.lifted] if each.lifted else [])], key=lambda event: event.entry.position
        )
        said = "; ".join(f"{_sentence(event)} ({_when(event.entry)})" for event in came)
        nothing = "no answer is opened here" if each.event.entry.audience else "it was for the host alone"
        rows.append((_link(each.event), _when(each.event.entry), _sentence(each.event), said or nothing))
    yield Table(("entry", "when", "what", "what came back"), tuple(rows))


def _timeline(events: list[Event]) -> Table:
    head = ("entry", "made, at the earliest", "received, by the host's clock", "in the log, at the latest", "what")
    rows = tuple(
        (
            str(e.entry.position),
            words.iso(e.entry.earliest_us) or "" if e.entry.earliest_us is not None else "",
            _received(e.entry),
            words.iso(e.entry.latest_us) or "" if e.entry.latest_us is not None else "",
            _sentence(e),
        )
        for e in events
    )
    return Table(head, rows, tuple(f"entry-{e.entry.position}" for e in events))


def _link(event: Event) -> str:
    return str(event.entry.position)


def _received(entry: EntryVerdict) -> str:
    return words.iso(entry.received_us) or ""


def _when(entry: EntryVerdict) -> str:
    """When it was, by whose word."""
    parts = []
    if entry.earliest_us is not None:
        parts.append(f"made after {words.iso(entry.earliest_us)} by the witnesses")
    parts.append(f"received by {_received(entry)} by the host")
    if entry.latest_us is not None:
        parts.append(f"in the log by {words.iso(entry.latest_us)} by the witnesses")
    return ", ".join(parts)


def _sentence(event: Event) -> str:
    """What an entry states, and who states it."""
    by, to = event.by, event.entry.audience or "the host"
    if not event.holds:
        return f"An entry of kind {event.entry.kind} that does not hold: nothing in it is to be believed"
    match event.body:
        case acts.NoticeBody(view, releases):
            told = ", ".join(sorted(release.recipient for release in releases)) or "nobody"
            return f"{by} gives the host a notice, version {view.version}; told are {told}"
        case acts.ViewBody(view):
            return f"{by} tells {to} of a plan at level {view.level.value}, version {view.version}"
        case acts.CancelBody(_, version, reason):
            return f"{by} states to {to} that version {version} is cancelled{_quoted(reason)}"
        case acts.ReceiptBody() as body:
            whom = f" for {body.by_report_for}, by report" if body.by_report_for else ""
            who = f", officer {body.officer}" if body.officer else ""
            down = f", down to {body.echelon}" if body.echelon else ""
            return f"{by} states to {to}{whom}: {body.stage.value.replace('_', ' ').upper()}{who}{down}"
        case acts.ResponseBody(_, version, kind, text):
            return f"{by} answers {to} on version {version}: {kind.value.upper()}{_quoted(text)}"
        case acts.StopBody(_, place, text, _, lifted):
            does = "lifts its request to cease" if lifted else "asks to cease"
            return f"{by} {does}, to {to}{f', at {place}' if place else ''}{_quoted(text)}"
        case acts.MessageBody(_, text):
            reply = f", in reply to entry {event.answers.entry.position}" if event.answers else ""
            return f"{by} writes to {to}{reply}{_quoted(text)}"
        case acts.CallBody() as body:
            return f"{by} states that {body.by_officer} spoke with {body.with_officer or body.with_party} of {body.with_party}{_quoted(body.text)}"
        case acts.ClaimBody() as body:
            return f"{by} states to {to}: {claim_words(body, by)}"
        case acts.CallAnswerBody(_, _, says, officer, text):
            return f"{by} says of the call as {to} logged it: {says.upper()}, officer {officer}{_quoted(text)}"
        case acts.PassedBody() as body:
            late = body.stage.value.replace("_", " ").upper()
            return f"{by} states that {body.recipient} had not reached {late} in time; step taken: {body.rung.value.replace('_', ' ')}"
        case acts.ExpiredBody(sender, _, version):
            return f"{by} states that version {version} of {sender}'s notice has lapsed"
        case acts.UnvalidatedBody(sender, _, version):
            return f"{by} states that {sender} was to confirm version {version} of its notice, and has not"
        case acts.DarkBody(party, silent_s):
            return f"{by} states that {party} has shown no sign of life for {words.duration(silent_s)}"
        case acts.BackBody(party):
            return f"{by} states that {party} shows signs of life again"
        case acts.MemberBody(name, kind):
            return f"{by} takes {name} in, {kind.value.replace('_', ' ')}"
        case acts.KeysBody(statements):
            return f"{by} publishes {words.plural(len(statements), 'statement')} about its keys"
        case acts.ProposeBody():
            return f"{by} proposes an understanding"
        case acts.SignBody():
            return f"{by} hands in its root key's signature of an understanding"
        case acts.SuspendBody(_, lifted, reason):
            return f"{by} {'lifts its suspension of' if lifted else 'suspends'} the understanding{_quoted(reason)}"
        case acts.DrillBody(_, text):
            return f"DRILL: {by} asks {to} to answer{_quoted(text)}"
        case acts.AliveBody(officer):
            return f"{by} shows a sign of life: {officer}"
        case acts.WatchBody(officer, does):
            return f"{by} states that {officer} {'takes' if does == 'takes' else 'hands over'} the watch"
        case _:
            return f"{by} made an entry of kind {event.entry.kind}, for {to}"


def _quoted(text: str) -> str:
    return f": “{text}”" if text else ""
