"""The HTTP door: who asks, what is asked, one call into what decides or reads, and the answer. Nothing is decided here.

Every route names the roles that may use it. Whoever may not is answered as if there were nothing.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.response import Stream

from detente.api import duties, log, reads
from detente.api import history as past
from detente.api.carried import hand_in, postings_bundle, read_carried
from detente.api.console_files import console_file
from detente.api.cursors import Cursors
from detente.api.disclosed import Openings
from detente.api.events import Events
from detente.api.handover import HEADER as HANDOVER_HEADER
from detente.api.handover import MOST_HANDED_BYTES, Asked, Handed, Handover
from detente.api.open_items import open_items
from detente.api.openapi import document
from detente.api.outlets import outlets as own_outlets
from detente.api.questions import OfDraft, OfNotice, Question, read_draft, written
from detente.api.readings import Readings
from detente.api.sequencer import Sequencer, Statement, Submission, digest_of_acts
from detente.api.tokens import (
    ANYONE,
    BOARD_ONLY,
    HOST_ONLY,
    OFFICERS,
    READERS,
    RateLimit,
    TokenRole,
    check_may,
    is_valid_at,
    open_token,
)
from detente.api.wire import (
    MOST_BODY_BYTES,
    NOT_THERE,
    PROBLEM_TYPE,
    NotThere,
    Problem,
    SubmissionRequest,
    json_bytes,
    problem,
    problem_of_status,
    read_member_request,
    read_submission_request,
)
from detente.channel.acts import HOST_PARTY, SignedAct, open_acts
from detente.channel.forms import plain
from detente.channel.store import Store
from detente.channel.tokens import Token
from detente.domain import (
    AgainstTerms,
    DetenteError,
    LeaseLost,
    Malformed,
    NotUnderstood,
    RolledBack,
    StoreUnavailable,
    at,
)
from detente.record.envelope import from_json
from detente.record.keys import PublicKey
from detente.record.tiles import read_tile_path

LOG: Final = logging.getLogger(__name__)
T = TypeVar("T")
WAIT_S: Final = 15.0  # a takeover takes some five seconds
_STORE_THREADS: Final = 8
_LOOK_S: Final = 0.2
LOOK_AT_REPORTS_S: Final = 1.0
_NO_STORE: Final = {"cache-control": "no-store"}


class Served:
    """What the routes share: the store, the sequencers, who asked how often, and who listens."""

    def __init__(
        self,
        store: Store,
        sequencers: Mapping[str, Sequencer],
        *,
        host_key: PublicKey,
        cursor_key: bytes,
        clock_s: Callable[[], float],
        rate_limit: RateLimit,
        handover: Handover,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.store, self.sequencers, self.host_key = store, sequencers, host_key
        self.cursors, self.registries = Cursors(cursor_key), reads.Registries(store)
        self.openings = Openings(store)
        self.clock_s, self.rate_limit, self._sleep = clock_s, rate_limit, sleep
        self._threads = ThreadPoolExecutor(_STORE_THREADS, "store")
        self.events = Events(store, self.cursors, self.call)
        self.outcomes: Counter[tuple[str, str]] = Counter()
        self._fits: dict[str, tuple[float, RolledBack | None]] = {}
        self.handover = handover
        self.readings = Readings()

    async def call(self, blocking: Callable[[], T]) -> T:
        """Runs a blocking call in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, blocking)

    def close(self) -> None:
        """Ends every stream, and lets threads go."""
        self.events.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def token(self, request: Request[Any, Any, Any], roles: Collection[TokenRole]) -> Token:
        """Who asks, if it may.

        Raises:
            NotKnown, NotThere, TooOften: it may not.
        """
        header, arena = request.headers.get("authorization"), request.path_params.get("arena")
        token = await self.call(lambda: open_token(self.store, header, self.store.now_us()))
        self.rate_limit.take(token.digest, self.clock_s())
        check_may(token, arena, roles)
        if token.arena not in self.sequencers:
            raise NotThere(NOT_THERE)
        await self.check_fits(token.arena)
        return token

    async def check_fits(self, arena: str) -> None:
        """Returns where nobody has shown that the log was put back, as of a second ago.

        Raises:
            RolledBack: somebody has; nothing is served.
        """
        now_s = self.clock_s()
        looked_s, refusal = self._fits.get(arena, (-LOOK_AT_REPORTS_S, None))
        if now_s - looked_s >= LOOK_AT_REPORTS_S:
            refusal = await self.call(lambda: self._rolled_back(arena))
            self._fits[arena] = now_s, refusal
        if refusal is not None:
            raise RolledBack(refusal.what, hint=refusal.hint)

    def _rolled_back(self, arena: str) -> RolledBack | None:
        try:
            log.check_fits(self.store, arena)
        except RolledBack as error:
            return error
        return None

    def public_arena(self, request: Request[Any, Any, Any]) -> str:
        """The arena of a request for its log, which anybody may read.

        Raises:
            NotThere: there is none of that name.
        """
        arena = request.path_params["arena"]
        if arena not in self.sequencers:
            raise NotThere(NOT_THERE)
        return str(arena)

    async def reported(self, arena: str, raw: bytes) -> bool:
        """Takes in a head that somebody has seen; whether it fits."""
        fits = await self.call(lambda: log.report(self.store, arena, self.host_key, raw))
        self._fits.pop(arena, None)
        return fits

    async def still_may(self, token: Token) -> bool:
        """Whether a token that opened a stream would open it now."""

        def look() -> bool:
            kept = self.store.token(token.digest)
            return kept is not None and is_valid_at(kept, self.store.now_us())

        return await self.call(look)

    async def decided(self, arena: str, asked: Submission | Statement) -> bytes:
        """What the sequencer answers, whichever worker it is in.

        Raises:
            DetenteError: its refusal; StoreUnavailable where it takes too long.
        """
        return await self._at_the_holder(arena, asked, lambda: self.decided_here(arena, asked))

    async def told(self, arena: str, question: Question) -> bytes:
        """What a question is answered, whichever worker decides.

        Raises:
            DetenteError: its refusal; StoreUnavailable where it takes too long.
        """
        return await self._at_the_holder(arena, question, lambda: self.told_here(arena, question))

    async def _at_the_holder(self, arena: str, asked: Asked, here: Callable[[], Awaitable[bytes]]) -> bytes:
        """Asks here, or hands over to whoever holds the lease; again, for a while, when that changes or cannot be reached.

        Who holds it is looked at while we wait: one that was stopped does not answer, and does not say so.
        """
        until_s = time.monotonic() + WAIT_S
        while True:
            address = await self._elsewhere(arena)
            task = asyncio.ensure_future(here() if address is None else self._handed_over(address, arena, asked))
            try:
                while not (await asyncio.wait({task}, timeout=_LOOK_S))[0]:
                    if await self._elsewhere(arena) != address:
                        break
                else:
                    return task.result()
            except StoreUnavailable as error:
                is_passing = address is not None or isinstance(error.__cause__, LeaseLost)
                if not is_passing or time.monotonic() > until_s:
                    raise
                await asyncio.sleep(_LOOK_S)
            finally:
                task.cancel()
            if time.monotonic() > until_s:
                raise StoreUnavailable(f"nobody decided in {WAIT_S:g} s", hint="send it again", retry_may_help=True)

    async def _handed_over(self, address: str, arena: str, asked: Asked) -> bytes:
        self.outcomes[arena, "handed_over"] += 1
        return await self.handover.ask(address, arena, asked, now_us=time.time_ns() // 1000, within_s=WAIT_S)

    async def _elsewhere(self, arena: str) -> str | None:
        """Where another worker decides; None where this one does, or nobody yet."""
        sequencer = self.sequencers[arena]
        if sequencer.holds_lease.is_set():
            return None
        lease = await self.call(lambda: self.store.lease(arena))
        return lease.address if lease and lease.holder != sequencer.holder and lease.address else None

    async def decided_here(self, arena: str, asked: Submission | Statement) -> bytes:
        """What the sequencer of this worker answers.

        Raises:
            DetenteError: its refusal; StoreUnavailable where it takes too long.
        """
        if self.sequencers[arena].ended.is_set():
            raise StoreUnavailable("the sequencer has stopped", hint="send it again", retry_may_help=True)
        waiting: Future[bytes] = self.sequencers[arena].submit(asked)
        try:
            answer = await asyncio.wait_for(asyncio.wrap_future(waiting), WAIT_S)
        except TimeoutError:
            self.outcomes[arena, "timeout"] += 1
            raise StoreUnavailable(f"no answer in {WAIT_S:g} s", hint="send it again", retry_may_help=True) from None
        except DetenteError:
            self.outcomes[arena, "refused"] += 1
            raise
        self.outcomes[arena, "answered"] += 1
        return answer

    async def told_here(self, arena: str, question: Question) -> bytes:
        """What the sequencer of this worker answers a question.

        Raises:
            DetenteError: its refusal; StoreUnavailable where it takes too long.
        """
        waiting = asyncio.wrap_future(self.sequencers[arena].ask(question))
        try:
            advised = await asyncio.wait_for(waiting, WAIT_S)
        except TimeoutError:
            raise StoreUnavailable(f"no answer in {WAIT_S:g} s", hint="ask again", retry_may_help=True) from None
        return await self.call(lambda: written(advised))

    @asynccontextmanager
    async def answer_tick(self, arena: str) -> AsyncIterator[None]:
        """Holds what is answered within, a refusal too, until the next whole multiple of the rules' answer tick.

        By the server's own clock. Whoever takes longer than a tick is a tick later; nothing finer can be read from when it came.
        """
        try:
            yield
        except DetenteError:
            await self._until_tick(arena)
            raise
        await self._until_tick(arena)

    async def _until_tick(self, arena: str) -> None:
        tick_ms = self.registries.known(arena).rules.terms.answer_tick_ms
        await self._sleep(until_tick_s(self.clock_s(), tick_ms))

    def answered_before(self, token: Token, asked: SubmissionRequest) -> bytes | None:
        """What the same submission was answered; whatever became of its keys since, what was kept was kept."""
        before = self.store.result(token.arena, token.party, asked.submission)
        if before is None:
            return None
        envelopes = [from_json(each.encode("utf-8", "surrogatepass")) for each in asked.acts]
        return before.payload if before.digest == digest_of_acts(each.digest for each in envelopes) else None

    async def submitted(self, token: Token, asked: SubmissionRequest) -> bytes:
        """What a submission is answered, or was."""
        known = await self.call(
            lambda: self.answered_before(token, asked) or self.opened(token.arena, token.party, asked.acts)
        )
        return known if isinstance(known, bytes) else await self.decide_opened(token, asked, known)

    async def decide_opened(
        self, token: Token, asked: SubmissionRequest, acts: tuple[SignedAct, ...], *, carried: bool = False
    ) -> bytes:
        """What a submission is answered whose acts were opened."""
        return await self.decided(token.arena, Submission(token.party, asked.submission, acts, carried))

    def opened(self, arena: str, party: str, envelopes: tuple[str, ...]) -> tuple[SignedAct, ...]:
        """The acts that a party sent, verified."""
        keys = self.registries.now(arena).keys
        raw = [envelope.encode("utf-8", "surrogatepass") for envelope in envelopes]
        acts = open_acts(raw, keys, arena=arena, party=party, now_us=self.store.now_us())
        log.check_seen(self.store, arena, acts)
        return acts

    async def handed_in(self, arena: str, handed: Handed) -> bytes:
        """What another worker hands over, decided here: verified again, and answered as it would be there."""
        if handed.member is not None:
            return await self.decided_here(arena, Statement("member", handed.member))
        question = handed.question()
        if question is not None:
            return await self.told_here(arena, question)
        acts = await self.call(lambda: self.opened(arena, handed.party, handed.acts))
        return await self.decided_here(arena, Submission(handed.party, handed.submission, acts, handed.carried))


def until_tick_s(now_s: float, tick_ms: int) -> float:
    """How long until the next whole multiple of a tick, now included; nothing where there is no tick."""
    return -(now_s * 1_000) % tick_ms / 1_000 if tick_ms else 0.0


def _served(request: Request[Any, Any, Any]) -> Served:
    served = request.app.state.served
    assert isinstance(served, Served)
    return served


def _json(raw: bytes, status: int = 200) -> Response[bytes]:
    return Response(raw, media_type="application/json", status_code=status, headers=_NO_STORE)


def _asked(request: Request[Any, Any, Any], *known: str) -> dict[str, str]:
    """The query, every member known and given once."""
    found: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        with at(f"query.{name[:40]}"):
            if name not in known or name in found:
                raise NotUnderstood("not known here, or given twice", hint=f"known: {', '.join(known) or 'none'}")
            found[name] = value
    return found


def _limit(asked: Mapping[str, str]) -> int:
    text = asked.get("limit", "100")
    with at("query.limit"):
        if not (text.isascii() and text.isdigit() and len(text) <= 4 and 1 <= int(text) <= reads.MOST_AT_ONCE):
            raise NotUnderstood(f"{text[:20]!r} is not a number from 1 to {reads.MOST_AT_ONCE}")
        return int(text)


# ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────


@post("/arenas/{arena:str}/submissions")
async def submissions(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Acts of the token's party, decided at once and whole; answered once they are committed."""
    served = _served(request)
    token = await served.token(request, OFFICERS)
    asked = read_submission_request(await request.body())
    async with served.answer_tick(token.arena):
        return _json(await served.submitted(token, asked))


@post("/arenas/{arena:str}/bundles")
async def bundles(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A party's submissions as a file, handed in by whoever carries it; what became of each, in a file signed by the host."""
    served = _served(request)
    token = await served.token(request, ANYONE)
    bundle = read_carried(await request.body(), token.arena)
    async with served.answer_tick(token.arena):
        return _json(await hand_in(served, token, bundle))


@get("/arenas/{arena:str}/bundle")
async def bundle(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The party's postings after a place as a file, signed by the host: to be carried, and verified without a line."""
    served = _served(request)
    token = await served.token(request, READERS)
    asked = _asked(request, "after", "announced_after")
    after, announced_after = asked.get("after"), asked.get("announced_after")
    key = served.sequencers[token.arena].host.key

    def made() -> bytes:
        return postings_bundle(
            served.store, served.cursors, key, token.arena, token.party, after=after, announced_after=announced_after
        )

    with at("query"):
        return _json(await served.call(made))


@get("/arenas/{arena:str}/notices/{notice_id:str}/answer")
async def answer(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What a notice of the party's own in force meets of what was released to the party, explained; and what would clear it."""
    served = _served(request)
    token = await served.token(request, READERS)
    _asked(request)
    async with served.answer_tick(token.arena):
        return _json(await served.told(token.arena, OfNotice(token.party, request.path_params["notice_id"])))


@post("/arenas/{arena:str}/screenings")
async def screenings(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The same of a draft. Nothing is kept of it, and nobody is told."""
    served = _served(request)
    token = await served.token(request, OFFICERS)
    body = await request.body()
    async with served.answer_tick(token.arena):
        draft = await served.call(lambda: read_draft(body))
        return _json(await served.told(token.arena, OfDraft(token.party, draft)))


@post("/arenas/{arena:str}/readings")
async def readings(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What can be read of a file of plans; nothing of it is kept."""
    served = _served(request)
    token = await served.token(request, OFFICERS)
    name = _asked(request, "name").get("name", "")
    body = await request.body()
    registry = await served.call(lambda: served.registries.now(token.arena))
    async with served.answer_tick(token.arena):
        return _json(await served.readings.read(body, name, registry.rules.arena))


@post("/arenas/{arena:str}/members")
async def members(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The host takes a party in."""
    served = _served(request)
    token = await served.token(request, HOST_ONLY)
    body = read_member_request(await request.body())
    if body.name == HOST_PARTY:
        raise AgainstTerms(f"no party is called {HOST_PARTY!r}", hint="choose another short name", where="name")
    return _json(await served.decided(token.arena, Statement("member", body)))


@post("/handover/{arena:str}", request_max_body_size=MOST_HANDED_BYTES)
async def handover(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What another worker of this host hands over, to be decided here and nowhere else. For workers alone."""
    served, arena, raw = _served(request), request.path_params["arena"], await request.body()
    now_us = time.time_ns() // 1000
    handed = served.handover.open(request.headers.get(HANDOVER_HEADER), arena, raw, now_us)
    if arena not in served.sequencers or not served.sequencers[arena].holds_lease.is_set():
        raise StoreUnavailable("another worker decides", hint="look again which", retry_may_help=True)
    return _json(await served.handed_in(arena, handed))


@get("/arenas/{arena:str}/inbox")
async def inbox(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The party's postings in order, none before its tick."""
    served = _served(request)
    token = await served.token(request, READERS)
    asked = _asked(request, "after", "limit")
    limit, after = _limit(asked), asked.get("after")
    with at("query.after"):
        told = await served.call(
            lambda: reads.inbox(served.store, served.cursors, token.arena, token.party, after, limit)
        )
    return _json(told)


@get("/arenas/{arena:str}/events")
async def events(request: Request[Any, Any, Any]) -> Stream:
    """The same as they come: server-sent events, from `Last-Event-ID` or `after` on, or from the beginning."""
    served = _served(request)
    token = await served.token(request, READERS)
    text = request.headers.get("last-event-id") or _asked(request, "after").get("after")
    with at("after"):
        after = served.cursors.number(text, arena=token.arena, party=token.party)
        await served.call(lambda: reads.check_is_there(served.store, token.arena, token.party, after))
    served.events.check_room(token.arena, token.party)

    async def still_may() -> bool:
        return await served.still_may(token)

    stream = served.events.listen(token.arena, token.party, after, still_may)
    return Stream(stream, media_type="text/event-stream", headers={**_NO_STORE, "x-accel-buffering": "no"})


@get("/arenas/{arena:str}/rules")
async def rules(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Members, the rules that apply, and what is proposed."""
    served = _served(request)
    token = await served.token(request, ANYONE)
    _asked(request)
    host_key = served.host_key.text
    return _json(await served.call(lambda: reads.rules(served.registries.now(token.arena), host_key)))


@get("/arenas/{arena:str}/announcements")
async def announcements(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The public acts in order, from which members, keys and rules follow."""
    served = _served(request)
    token = await served.token(request, ANYONE)
    asked = _asked(request, "after", "limit")
    limit, after = _limit(asked), asked.get("after")
    with at("query.after"):
        told = await served.call(
            lambda: reads.announcements(served.store, served.cursors, token.arena, token.party, after, limit)
        )
    return _json(told)


@get("/arenas/{arena:str}/sequences")
async def sequences(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Where each key of the party stands for each audience."""
    return await _whole(request, OFFICERS, reads.sequences)


async def _whole(
    request: Request[Any, Any, Any], roles: Collection[TokenRole], read: Callable[[Store, str, str], bytes]
) -> Response[bytes]:
    """Something of the party's own that has no pages."""
    served = _served(request)
    token = await served.token(request, roles)
    _asked(request)
    return _json(await served.call(lambda: read(served.store, token.arena, token.party)))


async def _listed(
    request: Request[Any, Any, Any],
    roles: Collection[TokenRole],
    read: Callable[[Store, Cursors, past.Asked], bytes],
    *known: str,
) -> Response[bytes]:
    """A page of a list of the party's past."""
    served = _served(request)
    token = await served.token(request, roles)
    asked = _asked(request, "after", "limit", *known)
    filters = {name: asked[name] for name in known if name in asked}
    page = past.Asked(token.arena, token.party, filters, asked.get("after"), _limit(asked))
    with at("query"):
        return _json(await served.call(lambda: read(served.store, served.cursors, page)))


@get("/arenas/{arena:str}/views")
async def views(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The views in force that were released to the party."""
    return await _listed(request, READERS, past.views)


@get("/arenas/{arena:str}/open")
async def open_now(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What the party still has to do, what comes first, first."""
    return await _listed(request, READERS, open_items)


@get("/arenas/{arena:str}/watch")
async def watch(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Who has the party's watch, and by when its next sign of life has to come."""
    return await _whole(request, READERS, duties.watch)


@get("/arenas/{arena:str}/calls")
async def calls(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The party's call log: its own, what was shared with it, and what was said of either."""
    return await _listed(request, READERS, past.calls)


@get("/arenas/{arena:str}/drills")
async def drills(request: Request[Any, Any, Any]) -> Response[bytes]:
    """How long the party's own drills took to be answered, and it to answer others'."""
    return await _whole(request, READERS, duties.drills)


@get("/arenas/{arena:str}/outlets")
async def outlets(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Where the party is told that something waits, how far each has got, and what was given up."""
    return await _listed(request, OFFICERS, own_outlets)


@get("/arenas/{arena:str}/history")
async def history(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What was in force for the party at a moment."""
    return await _listed(request, READERS, past.history, "at")


@get("/arenas/{arena:str}/shown")
async def shown(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Which of the party's views another had been shown."""
    return await _listed(request, READERS, past.shown, "to", "at")


@get("/arenas/{arena:str}/entries")
async def entries(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A search through the party's own acts and what it was posted."""
    return await _listed(request, READERS, past.entries, "kind", "from", "to", "about", "since", "until")


@get("/arenas/{arena:str}/disclosures")
async def disclosures(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What the party has opened to boards of inquiry."""
    return await _listed(request, READERS, _served(request).openings.disclosures)


@get("/arenas/{arena:str}/disclosed")
async def disclosed(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What parties have opened to the board that asks."""
    return await _listed(request, BOARD_ONLY, _served(request).openings.disclosed, "from", "opening")


# ── the log, for anybody ─────────────────────────────────────────────────────────────────────────────────────────────


@get("/arenas/{arena:str}/log/checkpoint")
async def log_checkpoint(request: Request[Any, Any, Any]) -> Response[bytes]:
    """The head of the log, signed, with its cosignatures."""
    served = _served(request)
    arena = served.public_arena(request)
    found = await served.call(lambda: log.checkpoint(served.store, arena))
    if found is None:
        raise NotThere(NOT_THERE)
    return Response(found, media_type="text/plain; charset=utf-8", headers={"cache-control": "no-cache"})


@get("/arenas/{arena:str}/log/checkpoints")
async def log_checkpoints(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Heads of the log by size, each a signed note with its cosignatures."""
    served = _served(request)
    arena = served.public_arena(request)
    asked = _asked(request, "after", "limit")
    after, limit = _number(asked, "after"), min(_limit(asked), log.MOST_NOTES)
    return _json(await served.call(lambda: log.checkpoints(served.store, arena, after, limit)))


@get("/arenas/{arena:str}/log/tile/{tile:path}")
async def log_tile(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A tile of the log's hashes, or of its leaves."""
    served = _served(request)
    arena = served.public_arena(request)
    try:
        tile = read_tile_path("tile/" + request.path_params["tile"].lstrip("/"))
    except Malformed:
        raise NotThere(NOT_THERE) from None
    found = await served.call(lambda: log.read_tile(served.store, arena, tile))
    if found is None:
        raise NotThere(NOT_THERE)
    headers = {"cache-control": "public, max-age=31536000, immutable"}
    return Response(found, media_type="application/octet-stream", headers=headers)


@post("/arenas/{arena:str}/log/cosignatures")
async def log_cosignatures(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A witness's line under a head of the log: its key is all it needs."""
    served = _served(request)
    arena = served.public_arena(request)
    raw = await request.body()
    await served.call(lambda: log.cosign(served.store, arena, served.registries.now(arena), served.host_key, raw))
    return _json(json_bytes({"kept": True}))


@post("/arenas/{arena:str}/log/seen")
async def log_seen(request: Request[Any, Any, Any]) -> Response[bytes]:
    """A head signed by this host that somebody has seen; where the log does not go on from it, the arena is served no more."""
    served = _served(request)
    arena = served.public_arena(request)
    raw = await request.body()
    return _json(json_bytes({"fits": await served.reported(arena, raw)}))


def _number(asked: Mapping[str, str], name: str) -> int:
    text = asked.get(name, "0")
    with at(f"query.{name}"):
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise NotUnderstood(f"{text[:20]!r} is not a whole number from 0 on")
        return int(text)


@get("/arenas/{arena:str}/record/openings")
async def record_openings(request: Request[Any, Any, Any]) -> Response[bytes]:
    """What the party may open of the log, by position."""
    served = _served(request)
    token = await served.token(request, READERS)
    asked = _asked(request, "after", "limit")
    after, limit = _number(asked, "after"), _limit(asked)
    return _json(await served.call(lambda: log.openings(served.store, token.arena, token.party, after, limit)))


@get("/healthz")
async def healthz(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Whether the store answers."""
    served = _served(request)
    await served.call(served.store.now_us)
    return _json(json_bytes({"status": "ok"}))


@get("/metrics")
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    """Counts of the token's arena, for Prometheus; for the host alone."""
    served = _served(request)
    arena = (await served.token(request, HOST_ONLY)).arena
    heads = await served.call(lambda: served.store.heads(arena))
    registry = await served.call(lambda: served.registries.now(arena))
    by_quorum, by_witness = await served.call(lambda: log.vouched(served.store, arena, registry))
    label = f'{{arena="{arena}"}}'
    lines = [
        f"detente_holds_lease{label} {int(served.sequencers[arena].holds_lease.is_set())}",
        f"detente_entries{label} {heads.next_position}",
        f"detente_cosigned_entries{label} {by_quorum}",
        *(f'detente_cosigned_by{{arena="{arena}",witness="{name}"}} {size}' for name, size in by_witness.items()),
        f"detente_turns_total{label} {heads.turns}",
        f"detente_listeners{label} {served.events.listener_counts.get(arena, 0)}",
    ]
    for (of, outcome), count in sorted(served.outcomes.items()):
        if of == arena:
            lines.append(f'detente_submissions_total{{arena="{arena}",outcome="{outcome}"}} {count}')
    text = "".join(line + "\n" for line in lines)
    return Response(text.encode(), media_type="text/plain; version=0.0.4", headers=_NO_STORE)


@get("/schema")
async def schema() -> Response[bytes]:
    """The OpenAPI document."""
    return Response(document(), media_type="application/json")


# ── refusals ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _answered(told: Problem, headers: Mapping[str, str]) -> Response[bytes]:
    return Response(
        json_bytes(plain(told)), media_type=PROBLEM_TYPE, status_code=told.status, headers={**_NO_STORE, **headers}
    )


def _refused(_: Request[Any, Any, Any], error: DetenteError) -> Response[bytes]:
    told, family = problem(error)
    headers = {} if family.retry_after_s is None else {"retry-after": str(family.retry_after_s)}
    if family.status == 401:
        headers["www-authenticate"] = "Bearer"
    if family.status == 503:
        LOG.warning("refused: %s", error)
    return _answered(told, headers)


def _not_ours(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    allow = (error.headers or {}).get("Allow") or (error.headers or {}).get("allow")
    return _answered(problem_of_status(error.status_code), {"allow": allow} if allow else {})


def _broken(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    LOG.error("a request failed", exc_info=error)
    return _answered(problem_of_status(500), {})


def create_app(
    store: Store,
    sequencers: Mapping[str, Sequencer],
    *,
    host_key: PublicKey,
    cursor_key: bytes,
    clock_s: Callable[[], float] = time.monotonic,
    rate_limit: RateLimit | None = None,
    workers_ca: str | None = None,
) -> Litestar:
    """The ASGI application. Starts and stops no sequencer, and closes no store: who made them does.

    Args:
        sequencers: of each arena that is served.
        cursor_key: 64 secret bytes, the same after a restart.
        clock_s: never goes back; for the limits on tokens.
        workers_ca: a file of certificates to trust of the host's other workers.
    """
    served = Served(
        store, sequencers,
        host_key=host_key, cursor_key=cursor_key, clock_s=clock_s, rate_limit=rate_limit or RateLimit(),
        handover=Handover(cursor_key, certificates=workers_ca),
    )  # fmt: skip

    @asynccontextmanager
    async def running(app: Litestar) -> AsyncIterator[None]:
        app.state.served = served
        yield
        await served.handover.close()
        served.close()

    return Litestar(
        [
            submissions,
            bundles,
            bundle,
            answer,
            screenings,
            readings,
            members,
            handover,
            inbox,
            events,
            rules,
            announcements,
            sequences,
            views,
            open_now,
            outlets,
            watch,
            drills,
            calls,
            history,
            shown,
            entries,
            disclosures,
            disclosed,
            log_checkpoint,
            log_checkpoints,
            log_tile,
            log_cosignatures,
            log_seen,
            record_openings,
            healthz,
            metrics,
            schema,
            console_file,
        ],
        lifespan=[running],
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MOST_BODY_BYTES,
        exception_handlers={DetenteError: _refused, HTTPException: _not_ours, 500: _broken},
    )
