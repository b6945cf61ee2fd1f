"""Telling the outlets of an arena that something waits, by whichever process decides there.

One thread looks what each outlet has not been told, and begins; it waits for nobody. Each lane of an outlet that has something waiting is
told by a thread of its own, one posting after another, and how each went is committed before the next. So a slow receiver costs its
own outlet time and no other: a party may have so many under way, its STOPs counted apart.

If we die between telling and committing, whoever goes on tells that posting again, under the same id. What is told is never taken back.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from random import SystemRandom
from typing import Any, Final

from detente.api.cursors import Cursors
from detente.api.outlets import News, NotTold, Smtp, message_id, post_webhook, send_mail
from detente.api.sequencer import Sequencer
from detente.channel.batch import Posting
from detente.channel.outlets import OUTLET, Progress, is_stop, outlet_of
from detente.channel.standing import Lane, Outlet
from detente.channel.store import Store
from detente.domain import DetenteError, StoreUnavailable
from detente.record.canonical import read_canonical
from detente.record.keys import SigningKey

LOG: Final = logging.getLogger(__name__)
LOOK_EVERY_S: Final = 0.5
LONGEST_S: Final = 10.0  # a lane's turn: no attempt begins after it
MOST_OF_PARTY: Final = 4  # outlets of a party that are being told at once, and as many again of STOPs
MOST_AT_ONCE: Final = 256  # of all parties, and as many of STOPs
OUR_FAULT: Final = "the host failed, by a fault of its own"
_PAGE: Final = 100  # postings of a lane's turn
_READ_AT_ONCE: Final = 1_000
_LAG: Final = 500  # postings without a STOP, after which the lane of STOPs is moved on, for the next start to read less
_KEEP_WITHIN_S: Final = 30.0
_END_WITHIN_S: Final = 3.0
READS_AT_ONCE: Final = 4  # by all turns: each read has a connection of its own to the database, which has not many
_DRAW: Final = SystemRandom().random

_Key = tuple[str, str, bool]  # party, outlet, whether its STOPs


@dataclass(frozen=True, slots=True)
class _Turn:
    """What one lane is about to be told: of STOPs those with these numbers, of all else what comes next.

    Attributes:
        seen_number: up to which the inbox was seen; there is no other STOP up to there.
    """

    outlet: Outlet
    is_stops: bool
    stops: tuple[int, ...]
    seen_number: int
    now_us: int

    @property
    def key(self) -> _Key:
        return self.outlet.party, self.outlet.outlet_id, self.is_stops

    @property
    def lane(self) -> Lane:
        return self.outlet.lane(self.is_stops)

    def progress(self, after_number: int, **told: Any) -> Progress:
        """How it went."""
        return Progress(self.outlet.party, self.outlet.outlet_id, self.is_stops, after_number, **told)

    def concerns(self, posting: Posting) -> bool:
        """Whether it is told here: each posting is in one lane."""
        is_wanted = not self.outlet.kinds or posting.kind in self.outlet.kinds
        return is_wanted and is_stop(posting) == self.is_stops

    def waits(self) -> bool:
        """Whether there is anything to do."""
        if self.is_stops:
            return bool(self.stops) or self.seen_number > self.lane.after_number + _LAG
        return self.seen_number > self.lane.after_number


@dataclass(slots=True)
class _Inbox:
    """What has been seen of a party's inbox: up to which number, and which of it are STOPs that some outlet has still to be told."""

    number: int
    stops: list[int] = field(default_factory=list)


def keep_by(sequencer: Sequencer, told: Progress) -> bool:
    """Has the sequencer commit how an attempt went; whether the outlet is still there.

    Raises:
        StoreUnavailable: it was not committed, as far as we know.
    """
    answer = sequencer.submit(told)
    try:
        return bool(read_canonical(answer.result(_KEEP_WITHIN_S))["is_there"])
    except TimeoutError as error:
        answer.cancel()
        raise StoreUnavailable("how it went was not kept in time", hint="it may be told again") from error


class Deliverer:
    """Tells the outlets of one arena while `holds` says that this process decides.

    Args:
        keep: commits how an attempt went, and returns once it is; whether the outlet is still there.
        to_loopback: webhooks may lead to this machine, without TLS. smtp: None sends no e-mail.
    """

    def __init__(
        self,
        store: Store,
        cursors: Cursors,
        key: SigningKey,
        arena: str,
        *,
        holds: Callable[[], bool],
        keep: Callable[[Progress], bool],
        to_loopback: bool = False,
        smtp: Smtp | None = None,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._store, self._cursors, self._key, self._arena = store, cursors, key, arena
        self._holds, self._keep = holds, keep
        self._to_loopback, self._smtp, self._context = to_loopback, smtp, context
        self._inboxes: dict[str, _Inbox] = {}
        self._under_way: set[_Key] = set()
        self._changed, self._reads = threading.Condition(), threading.BoundedSemaphore(READS_AT_ONCE)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"outlets {arena}", daemon=True)

    def start(self) -> None:
        """Begins to work."""
        self._thread.start()

    def stop(self) -> None:
        """Begins no more, and waits a moment for what is under way; what is not over by then may be told again by whoever goes on."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_END_WITHIN_S)
        with self._changed:
            self._changed.wait_for(lambda: not self._under_way, _END_WITHIN_S)

    def _work(self) -> None:
        while not self._stop.wait(LOOK_EVERY_S):
            try:
                if self._holds():
                    self.look()
            except StoreUnavailable as error:
                LOG.warning("outlets: %s", error, extra={"arena": self._arena})
            except Exception:
                # A bug, in the log: we look again, and everything stays in the inboxes.
                LOG.exception("outlets: a fault of ours", extra={"arena": self._arena})

    # ── what waits ───────────────────────────────────────────────────────────────────────────────────────────────────

    def look(self) -> None:
        """Begins to tell every outlet what it has not been told, as far as it is time. From one thread at a time."""
        with self._changed:
            busy = frozenset(self._under_way)  # before we read: what ends from now on may change what we read
        outlets = [outlet_of(due) for due in self._store.due_of(self._arena, OUTLET)]
        now_us = self._store.now_us()
        self._read_on(outlets, now_us)
        of_party = Counter((party, is_stops) for party, _, is_stops in busy)
        of_all = Counter(is_stops for _, _, is_stops in busy)
        for turn in self._turns(outlets, now_us):
            whose = turn.outlet.party, turn.is_stops
            if turn.key not in busy and of_party[whose] < MOST_OF_PARTY and of_all[turn.is_stops] < MOST_AT_ONCE:
                of_party[whose] += 1
                of_all[turn.is_stops] += 1
                self._begin(turn)

    def _read_on(self, outlets: Iterable[Outlet], now_us: int) -> None:
        """Looks at what came to the inboxes since, and forgets what no outlet has to be told any more."""
        least: dict[str, int] = {}
        for outlet in outlets:
            number = min(outlet.stops.after_number, outlet.rest.after_number)
            least[outlet.party] = min(number, least.get(outlet.party, number))
        self._inboxes = {party: self._inboxes.get(party) or _Inbox(number) for party, number in least.items()}
        for party, inbox in self._inboxes.items():
            inbox.stops = [number for number in inbox.stops if number > least[party]]
            while page := self._store.postings(self._arena, party, inbox.number, now_us, _READ_AT_ONCE):
                inbox.number = page[-1].number
                inbox.stops += [posting.number for posting in page if is_stop(posting)]

    def _turns(self, outlets: Iterable[Outlet], now_us: int) -> list[_Turn]:
        """What there is to do now: STOPs first, then who failed least recently."""
        turns = []
        for outlet in outlets:
            inbox = self._inboxes[outlet.party]
            stops = tuple(number for number in inbox.stops if number > outlet.stops.after_number)
            turns.append(_Turn(outlet, True, stops, inbox.number, now_us))
            turns.append(_Turn(outlet, False, (), inbox.number, now_us))
        ready = (turn for turn in turns if turn.waits() and turn.lane.try_us <= now_us)
        return sorted(ready, key=lambda turn: (not turn.is_stops, turn.lane.try_us))

    # ── a lane's turn ────────────────────────────────────────────────────────────────────────────────────────────────

    def _begin(self, turn: _Turn) -> None:
        with self._changed:
            self._under_way.add(turn.key)
        try:
            threading.Thread(target=self._run, args=(turn,), name="outlet", daemon=True).start()
        except RuntimeError:  # the system has no more threads for us
            self._over(turn)
            raise

    def _over(self, turn: _Turn) -> None:
        with self._changed:
            self._under_way.discard(turn.key)
            self._changed.notify_all()

    def _run(self, turn: _Turn) -> None:
        try:
            self._tell_all(turn)
        except DetenteError as error:
            LOG.warning("outlets: it may be told again: %s", error, extra={"arena": self._arena})
        except Exception:
            # A bug, in the log: this turn is over, and nobody else's; the outlet is looked at again.
            LOG.exception("outlets: a fault of ours", extra={"arena": self._arena})
        finally:
            self._over(turn)

    def _tell_all(self, turn: _Turn) -> None:
        """Tells what waits, in order, up to the first that is not taken; how each went is committed before the next."""
        until_s = time.monotonic() + LONGEST_S
        kept = seen = turn.lane.after_number
        for posting in self._postings(turn):
            if self._stop.is_set() or not self._holds() or time.monotonic() > until_s:
                break
            if turn.concerns(posting):
                told = self._attempt(turn, seen, posting)
                if not self._keep(told) or told.failed:
                    return
                kept = posting.number
            seen = posting.number
        else:
            seen = max(seen, turn.seen_number) if turn.is_stops else seen
        if seen > kept:
            self._keep(turn.progress(seen))

    def _postings(self, turn: _Turn) -> Iterator[Posting]:
        if not turn.is_stops:
            yield from self._page(turn, turn.lane.after_number, _PAGE)
        for number in turn.stops:
            yield from self._page(turn, number - 1, 1)

    def _page(self, turn: _Turn, after_number: int, limit: int) -> list[Posting]:
        with self._reads:
            return self._store.postings(self._arena, turn.outlet.party, after_number, turn.now_us, limit)

    def _attempt(self, turn: _Turn, after_number: int, posting: Posting) -> Progress:
        failed = posting.number, posting.kind
        try:
            self._tell(turn.outlet, posting)
        except NotTold as error:
            return turn.progress(
                after_number, failed=failed, problem=error.problem, is_final=error.is_final, share=_DRAW()
            )
        except StoreUnavailable:
            raise
        except Exception:
            # A bug, in the log, and in the party's own list: it counts as an attempt of this outlet's, and stops no other.
            LOG.exception("outlets: a fault of ours", extra={"arena": self._arena, "outlet": turn.outlet.outlet_id})
            return turn.progress(after_number, failed=failed, problem=OUR_FAULT, share=_DRAW())
        return turn.progress(posting.number)

    def _tell(self, outlet: Outlet, posting: Posting) -> None:
        due_us = read_canonical(posting.payload).get("due_us")
        reference = self._cursors.of_number(posting.number, arena=self._arena, party=outlet.party)
        identity = message_id(self._cursors, self._arena, outlet, posting)
        news = News(self._arena, identity, posting.kind, reference, posting.tick_us, due_us)
        if outlet.kind == "email":
            if self._smtp is None:
                raise NotTold("this host sends no e-mail")
            send_mail(outlet.address, news, self._smtp)
            return
        with self._reads:
            now_us = self._store.now_us()
        post_webhook(
            outlet.address, news, self._key, now_us=now_us, to_loopback=self._to_loopback, context=self._context
        )
