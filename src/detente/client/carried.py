"""Files that are carried: what waits in the outbox goes into one, and what comes back is read, with nothing but the party's folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from detente.channel.acts import HOST
from detente.channel.bundle import (
    MOST_DOWN_BYTES,
    MOST_SUBMISSIONS,
    MOST_UP_BYTES,
    Bundle,
    CarriedAnswer,
    CarriedSubmission,
    read_bundle,
    write_submissions,
)
from detente.channel.forms import form_from
from detente.channel.registry import Registry
from detente.client.answers import Announcement, LastAct, OpenItem, Posting, Submitted
from detente.client.folder import PartyFolder
from detente.client.known import acts_in, furthest
from detente.client.told import Told, read_announcement, read_posting, read_stop
from detente.domain import Malformed, StaleVersion, TooLarge, at
from detente.record.canonical import canonical
from detente.record.keys import PublicKey, public_key_from_text

MOST_FILES: Final = 64  # of the host's, one after another, in what is brought back
_OVERHEAD: Final = 4_096  # of a file, beside its submissions


# ── up ───────────────────────────────────────────────────────────────────────────────────────────────────────────────


def write_up(folder: PartyFolder) -> tuple[bytes, int, int]:
    """The file to carry: how many submissions are in it, from the first on, and how many more wait for the next."""
    waiting = folder.known.outbox
    taken = _that_fit(waiting)
    raw = write_submissions(
        folder.membership.arena, folder.membership.party, taken,
        after=folder.cursor, announced_after=folder.known.announcements.cursor,
    )  # fmt: skip
    return raw, len(taken), len(waiting) - len(taken)


def _that_fit(waiting: Sequence[CarriedSubmission]) -> list[CarriedSubmission]:
    taken: list[CarriedSubmission] = []
    left = MOST_UP_BYTES - _OVERHEAD
    for each in waiting[:MOST_SUBMISSIONS]:
        left -= sum(len(canonical(act)) + 4 for act in each.acts) + 100
        if left < 0:
            break
        taken.append(each)
    return taken


def what_is(carried: CarriedSubmission) -> str:
    """What a submission does, in few words."""
    acts = [act for act, _ in acts_in(carried)]
    kinds = {act.type for act in acts}
    kind = next((each for each in ("notice", "cancel") if each in kinds), acts[0].type)
    to = ", ".join(sorted({act.audience for act in acts} - {HOST}))
    return f"{kind} for {to}" if to else kind


# ── what became of it ────────────────────────────────────────────────────────────────────────────────────────────────


def settle_answered(folder: PartyFolder, carried: CarriedSubmission, answer: Any) -> str:
    """The channel took a submission that waited.

    Raises:
        Malformed, NotUnderstood: it says so in no way that a notice is answered.
    """
    for act, _ in acts_in(carried):
        if act.type == "notice":
            screening = act.body["screening"]
            if sent := folder.waiting(screening["view_id"], screening["version"]):
                with at("the server's answer"):
                    form_from(answer, Submitted)
                folder.took(sent, answer)
    folder.known.took([envelope for _, envelope in acts_in(carried)])
    folder.known.put_away(carried.submission)
    return what_is(carried)


def settle_refused(folder: PartyFolder, carried: CarriedSubmission, *, spent: bool = False) -> str:
    """The channel refused a submission that waited: nothing of it holds, but its places in the sequences where they are spent."""
    if spent:
        folder.known.took([envelope for _, envelope in acts_in(carried)])
    for act, _ in acts_in(carried):
        if act.type == "notice":
            screening = act.body["screening"]
            if sent := folder.waiting(screening["view_id"], screening["version"]):
                folder.refused(sent)
        if act.type == "cancel" and act.audience == HOST:
            folder.not_ended(act.body["id"])
    folder.known.put_away(carried.submission)
    return what_is(carried)


# ── down ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a submission that was carried: its outcome (`CarriedAnswer`), and what it was."""

    what: str
    answer: CarriedAnswer


def read_down(raw: bytes, folder: PartyFolder) -> Iterator[Told | Settled]:
    """What was brought back, verified: what became of what was carried, then the STOPs not acknowledged, then the inbox, each posting once.

    Whoever reads on marks how far it got with `folder.cursor`; read again after a crash, a file goes on from there.

    Raises:
        NotAuthentic: not signed by the host that the folder knows, or for another party or arena; nothing of that file is kept.
        StaleVersion: it was read before, or one between is missing. TooLarge, Malformed, NotUnderstood: it is no such file.
    """
    member = folder.membership
    key = public_key_from_text(member.host_key)
    if len(raw) > MOST_DOWN_BYTES:
        raise TooLarge(f"a file of {len(raw)} bytes; the limit is {MOST_DOWN_BYTES}", hint="fetch less at once")
    lines = raw.splitlines()
    if not 1 <= len(lines) <= MOST_FILES:
        raise Malformed(f"{len(lines)} lines; what is brought back has 1 to {MOST_FILES}", hint="fetch it again")
    bundles = []
    for number, line in enumerate(lines, start=1):
        with at(f"line {number}"):
            bundles.append(read_bundle(line, key, arena=member.arena, party=member.party))
    for number, bundle in enumerate(bundles, start=1):
        with at(f"line {number}"):
            yield from _settled(bundle, folder) if bundle.manifest.kind == "answers" else _inbox(bundle, folder, key)


def _settled(bundle: Bundle, folder: PartyFolder) -> Iterator[Settled]:
    made_at_us = bundle.manifest.made_at_us
    if made_at_us < folder.known.answered_us:
        raise StaleVersion("answers older than some that were read", hint="carry what still waits once more")
    waiting = {each.submission: each for each in folder.known.outbox}
    for raw in bundle.texts.get("answers", ()):
        answer = form_from(raw, CarriedAnswer)
        carried = waiting.get(answer.submission)
        if carried is None:
            continue  # known already: it was answered over a line, or by an earlier file
        if answer.outcome == "answered":
            yield Settled(settle_answered(folder, carried, answer.told), answer)
        elif answer.outcome == "refused":
            yield Settled(settle_refused(folder, carried, spent=answer.spent), answer)
        else:
            yield Settled(what_is(carried), answer)
    folder.known.answered_us = made_at_us


def _inbox(bundle: Bundle, folder: PartyFolder, host_key: PublicKey) -> Iterator[Told]:
    member, known = folder.membership, folder.known
    postings, announced = _not_read(bundle, folder), _not_known(bundle, folder)
    if not postings and not announced and any(bundle.texts.get(kind) for kind in ("postings", "announcements")):
        raise _stale()
    registry = Registry.of(member.arena)
    for each in (*known.announcements.items, *announced):
        registry = read_announcement(each, registry, host_key, arena=member.arena)
    if announced:
        known.keep_announcements(announced, bundle.manifest.announced, anew=False)
    told = [form_from(each, LastAct) for each in bundle.texts.get("sequences", ())]
    known.keep_lasts(furthest(known.lasts or {}, {(e.key, e.audience): (e.sequence, e.digest) for e in told}))
    for item in [form_from(each, OpenItem) for each in bundle.texts.get("stops", ())]:
        read = read_stop(item, registry, host_key, arena=member.arena, party=member.party)
        known.keep_told(read)
        yield read
    for posting in postings:
        read = read_posting(posting, registry, host_key, arena=member.arena, party=member.party)
        known.keep_told(read)
        yield read


def _not_read(bundle: Bundle, folder: PartyFolder) -> list[Posting]:
    """The postings after the place where the folder stands, which is the file's beginning, or within it."""
    postings = [form_from(each, Posting) for each in bundle.texts.get("postings", ())]
    places = [bundle.manifest.after, *(posting.cursor for posting in postings)]
    if folder.cursor not in places or (postings and folder.cursor == places[-1]):
        raise _stale()
    return postings[places.index(folder.cursor) :]


def _not_known(bundle: Bundle, folder: PartyFolder) -> list[Announcement]:
    """The public acts after those that the folder knows, which reach into the file, or end where it begins."""
    announced = [form_from(each, Announcement) for each in bundle.texts.get("announcements", ())]
    kept = folder.known.announcements
    known = {each.envelope for each in kept.items}
    new = [each for each in announced if each.envelope not in known]
    if new != announced[len(announced) - len(new) :]:
        raise Malformed("public acts that are known come after others that are not", hint="tell the host")
    if len(new) == len(announced) and kept.cursor != bundle.manifest.announced_after:
        raise _stale()
    return new


def _stale() -> StaleVersion:
    return StaleVersion(
        "the file does not go on from where this desk has read to",
        hint="it was read before, or one between is missing: write a new file (detente bundle write), and have it carried",
    )
