"""Server-sent events: an inbox as it fills. One thread call a while looks for all parties that listen in an arena; each event
is encoded once for all listeners of its party. A request to cease is told at once, ahead of the inbox's order.

Listeners have no queues. Each knows the number it has sent last; it is served from the newest events, and reads the store itself
where it has fallen behind them. So a slow one costs nothing but its own delay, and nothing is lost.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from itertools import islice
from typing import Any, Final, TypeAlias

from detente.api.cursors import Cursors
from detente.api.open_items import stop_event, stops
from detente.api.wire import TooOften
from detente.channel.batch import Posting
from detente.channel.store import Store
from detente.domain import StoreUnavailable
from detente.record.canonical import canonical

LOG: Final = logging.getLogger(__name__)
_News: TypeAlias = tuple[dict[str, bytes], list[tuple[int, bytes]]]
Called = Callable[[Callable[[], Any]], Awaitable[Any]]  # runs a blocking call in a thread
POLL_S: Final = 0.15
HEARTBEAT_S: Final = 10.0
_AFTER_A_FAULT_S: Final = 1.0
MOST_LISTENERS: Final = 4_096
MOST_OF_A_PARTY: Final = 1_024
ALWAYS_OF_A_PARTY: Final = 16  # however many of others listen: parties that hoard streams must not make another deaf
_RECENT: Final = 512
_PAGE: Final = 256
HEARTBEAT: Final = b": still here\n\n"


def shown(posting: Posting, cursor: str) -> bytes:
    """A posting as its recipient reads it, canonical JSON. Its position in the arena's order is not in it."""
    head = canonical({"cursor": cursor, "kind": posting.kind})
    return head[:-1] + b',"payload":' + posting.payload + b',"tick_us":%d}' % posting.tick_us


def event(posting: Posting, cursor: str) -> bytes:
    """The same as a server-sent event; canonical JSON has no line breaks."""
    return b"id: %b\nevent: %b\ndata: %b\n\n" % (cursor.encode(), posting.kind.encode(), shown(posting, cursor))


class _Feed:
    """The newest events of one party's inbox, and who listens."""

    def __init__(self, number: int) -> None:
        self.recent: deque[tuple[int, bytes]] = deque(maxlen=_RECENT)
        self.number, self.listener_count = number, 0
        self.news = asyncio.Event()
        self.stops: dict[str, bytes] = {}  # that nobody of the party has acknowledged, by subject

    def stop(self, found: dict[str, bytes]) -> None:
        is_new = bool(found.keys() - self.stops.keys())
        self.stops = found
        if is_new:
            self.wake()

    def add(self, found: list[tuple[int, bytes]]) -> None:
        self.recent.extend(found)
        self.number = found[-1][0]
        self.wake()

    def wake(self) -> None:
        self.news.set()
        self.news = asyncio.Event()

    def after(self, number: int) -> list[tuple[int, bytes]] | None:
        """Events after a number; None where they are no longer, or not yet, at hand."""
        if number >= self.number:
            return []
        if not self.recent or number + 1 < self.recent[0][0]:
            return None
        return list(islice(self.recent, number + 1 - self.recent[0][0], None))

    def caught_up(self, number: int) -> None:
        """The first listener has read the past itself: only what comes after it is looked for."""
        if not self.recent:
            self.number = max(self.number, number)


class Events:
    """All that listen at this process. For the event loop's thread alone."""

    def __init__(self, store: Store, cursors: Cursors, call: Called) -> None:
        self._store, self._cursors, self._call = store, cursors, call
        self._feeds: dict[tuple[str, str], _Feed] = {}
        self._task: asyncio.Task[None] | None = None
        self.closed = False

    @property
    def listener_counts(self) -> dict[str, int]:
        """By arena."""
        counts: dict[str, int] = {}
        for (arena, _), feed in self._feeds.items():
            counts[arena] = counts.get(arena, 0) + feed.listener_count
        return counts

    def close(self) -> None:
        """Ends every stream."""
        self.closed = True
        for feed in self._feeds.values():
            feed.wake()

    def check_room(self, arena: str, party: str) -> None:
        """Raises TooOften where as many listen as may."""
        feed = self._feeds.get((arena, party))
        count = feed.listener_count if feed else 0
        is_full = sum(self.listener_counts.values()) >= MOST_LISTENERS and count >= ALWAYS_OF_A_PARTY
        if is_full or count >= MOST_OF_A_PARTY:
            raise TooOften(f"{MOST_OF_A_PARTY} listeners of a party, {MOST_LISTENERS} of all", hint="close some")

    async def listen(
        self, arena: str, party: str, after: int, still_may: Callable[[], Awaitable[bool]]
    ) -> AsyncIterator[bytes]:
        """Events after a number, for ever; a comment where nothing happens for a while. Ends when the token does."""
        feed = self._feeds.setdefault((arena, party), _Feed(after))
        feed.listener_count += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())
        told: set[str] = set()
        try:
            yield HEARTBEAT
            feed.stop(await self._call(partial(self._read_stops, arena, party)))
            if feed.stops:
                told = set(feed.stops)
                yield b"".join(feed.stops.values())
            while page := await self._call(partial(self._read, arena, party, after)):
                after = page[-1][0]
                yield b"".join(encoded for _, encoded in page)
            feed.caught_up(after)
            checked_s = asyncio.get_running_loop().time()
            while not self.closed:
                now_s = asyncio.get_running_loop().time()
                if now_s - checked_s > HEARTBEAT_S:
                    checked_s = now_s
                    if not await still_may():
                        return
                news = feed.news
                if new := feed.stops.keys() - told:
                    told = set(feed.stops)
                    yield b"".join(feed.stops[subject] for subject in sorted(new))
                found = feed.after(after)
                if found is None:
                    found = await self._call(partial(self._read, arena, party, after))
                if found:
                    after = found[-1][0]
                    yield b"".join(encoded for _, encoded in found)
                    continue
                try:
                    await asyncio.wait_for(news.wait(), HEARTBEAT_S)
                except TimeoutError:
                    yield HEARTBEAT
        finally:
            feed.listener_count -= 1
            if not feed.listener_count:
                self._feeds.pop((arena, party), None)

    async def _poll(self) -> None:
        while self._feeds and not self.closed:
            asked = {key: feed.number for key, feed in self._feeds.items()}
            try:
                found = await self._call(partial(self._read_all, asked))
            except StoreUnavailable as error:
                LOG.warning("events: %s", error)
                found = {}
            except Exception:
                # A bug, in the log with its traceback. To end here would leave all who listen with heartbeats, and nothing else.
                LOG.exception("events: a fault of ours; looking again")
                found = {}
                await asyncio.sleep(_AFTER_A_FAULT_S)
            for key, (stopped, news) in found.items():
                feed = self._feeds.get(key)
                if feed:
                    feed.stop(stopped)
                if feed and news and feed.number == asked[key]:
                    feed.add(news)
            await asyncio.sleep(POLL_S)

    def _read_all(self, asked: dict[tuple[str, str], int]) -> dict[tuple[str, str], _News]:
        return {
            (arena, party): (self._read_stops(arena, party), self._read(arena, party, last))
            for (arena, party), last in asked.items()
        }

    def _read_stops(self, arena: str, party: str) -> dict[str, bytes]:
        return {item.subject: stop_event(item) for item in stops(self._store, arena, party)}

    def _read(self, arena: str, party: str, after: int) -> list[tuple[int, bytes]]:
        postings = self._store.postings(arena, party, after, self._store.now_us(), _PAGE)
        return [(p.number, event(p, self._cursors.of_number(p.number, arena=arena, party=party))) for p in postings]
