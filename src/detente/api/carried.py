"""Files in place of a line: a party's submissions handed in by whoever carries them, and its postings given out, signed by the host.

Whoever holds any token of the arena may hand a file in: the signatures of the acts are the authority, as over a line. But an answer
follows from what was released to the party, and so does many a refusal: both are told to a reader's token of that party alone.
Another learns what the file itself and the public acts show, and that it was handed in.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from detente.api import reads
from detente.api.cursors import Cursors
from detente.api.tokens import READERS
from detente.api.wire import SubmissionRequest, check_depth, json_bytes, problem
from detente.channel.bundle import CarriedAnswer, CarriedSubmission, SubmissionsBundle, read_submissions, write_bundle
from detente.channel.forms import plain
from detente.channel.store import Store
from detente.channel.tokens import Token
from detente.domain import DetenteError, NotAuthentic, at
from detente.domain.party import check_party_name
from detente.record.canonical import canonical, read_strict
from detente.record.keys import SigningKey

if TYPE_CHECKING:
    from detente.api.app import Served

PAGE: Final = 500  # postings, and public acts, of one file; further files go on from it
LONGEST_S: Final = 15.0  # after which the rest of a file is left for the next time


def read_carried(raw: bytes, arena: str) -> SubmissionsBundle:
    """A file that is handed in, its acts still sealed.

    Raises:
        TooLarge, Malformed, NotUnderstood: as `read_submissions`, or nested too deep.
        InvalidVolume: it is for a party of no possible name. NotAuthentic: it is for another arena.
    """
    check_depth(raw)
    bundle = read_submissions(raw)
    with at("party"):
        check_party_name(bundle.party)
    if bundle.arena != arena:
        raise NotAuthentic(
            f"a bundle for arena {bundle.arena!r}, not {arena!r}", hint="acts hold in one arena only", where="arena"
        )
    return bundle


async def hand_in(served: Served, token: Token, bundle: SubmissionsBundle) -> bytes:
    """Has a file's submissions decided, one after another; what became of each, signed by the host."""
    until_s = served.clock_s() + LONGEST_S
    found = []
    for each in bundle.submissions:
        in_time = served.clock_s() < until_s
        found.append(await _became(served, token, bundle.party, each) if in_time else _not_now(each))
    host = served.sequencers[token.arena].host
    made_at_us = await served.call(served.store.now_us)
    texts = {"answers": [canonical(plain(each)) for each in found]}
    return write_bundle("answers", texts, host.key, arena=token.arena, party=bundle.party, made_at_us=made_at_us)


async def _became(served: Served, token: Token, party: str, carried: CarriedSubmission) -> CarriedAnswer:
    own = token.party == party and token.role in READERS
    as_party, asked = replace(token, party=party), SubmissionRequest(carried.submission, carried.acts)
    may_tell = True  # so far it follows from the file and the public acts alone
    try:
        answer = await served.call(lambda: served.answered_before(as_party, asked))
        if answer is None:
            served.rate_limit.take(token.digest, served.clock_s())
            acts = await served.call(lambda: served.opened(token.arena, party, asked.acts))
            may_tell = own
            answer = await served.decide_opened(as_party, asked, acts, carried=True)
    except DetenteError as error:
        refusal, family = problem(error)
        if family.retry_after_s is not None:
            return _not_now(carried)
        return CarriedAnswer(carried.submission, "refused", plain(refusal)) if may_tell else _handed_in(carried)
    if not own:
        return _handed_in(carried)
    told = read_strict(answer)
    if told.keys() == {"refused"}:
        return CarriedAnswer(carried.submission, "refused", told["refused"], spent=True)
    return CarriedAnswer(carried.submission, "answered", told)


def _handed_in(carried: CarriedSubmission) -> CarriedAnswer:
    return CarriedAnswer(carried.submission, "handed_in")


def _not_now(carried: CarriedSubmission) -> CarriedAnswer:
    return CarriedAnswer(carried.submission, "not_now")


def postings_bundle(
    store: Store,
    cursors: Cursors,
    key: SigningKey,
    arena: str,
    party: str,
    *,
    after: str | None,
    announced_after: str | None,
) -> bytes:
    """A party's postings after a place, and the STOPs nobody has acknowledged; with the public acts by which to verify them, and
    where its keys stand. Signed by the host.

    Raises:
        NotUnderstood: a place is none of this party's.
    """
    page = read_strict(reads.inbox(store, cursors, arena, party, after, PAGE))
    public = read_strict(reads.announcements(store, cursors, arena, party, announced_after, PAGE))
    behind = len(public["announcements"]) == PAGE  # keys first: without them what was posted cannot be verified
    postings, cursor = ([], after) if behind else (page["postings"], page["cursor"])
    texts: dict[str, Any] = {
        "announcements": public["announcements"],
        "postings": postings,
        "stops": page["stops"],
        "sequences": read_strict(reads.sequences(store, arena, party))["sequences"],
    }
    return write_bundle(
        "postings", {name: [json_bytes(each) for each in found] for name, found in texts.items()}, key,
        arena=arena, party=party, made_at_us=store.now_us(), after=after, cursor=cursor,
        announced_after=announced_after, announced=public["cursor"], more=behind or len(postings) == PAGE,
    )  # fmt: skip
