"""The sequencer: the one process that decides for an arena, in one order, as long as it holds the arena's lease.

It takes what waits, decides each submission against what it holds in memory, commits all of it at once, and only then does
anyone hear. If we die before the commit, nobody was told anything; after it, whoever submits again is answered the same, for
results are committed with what they answer. When a commit fails, memory is ahead of the store: it is thrown away and made anew.
Another process that finds the lease run out takes it, loads, and goes on; the old one, should it wake, can write nothing.

A fault of ours, an exception nobody foresaw, takes the turn with it and no more: memory is made anew, the submission that was being
decided is refused as `Broken` from then on, and the others of its turn may be sent again.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count
from types import ModuleType
from typing import Any, Final

from detente.api.load import load_standing
from detente.api.log import Signer, check_fits
from detente.api.questions import Advised, Question, Questions
from detente.api.wire import Broken, problem
from detente.channel.acts import HOST, HOST_PARTY, Body, SignedAct
from detente.channel.batch import Batch, Lease, Result
from detente.channel.decide import announce, decide, spend
from detente.channel.dues import fall_due
from detente.channel.expiry import expire
from detente.channel.forms import plain
from detente.channel.outlets import Progress, progress
from detente.channel.standing import Standing, Turn
from detente.channel.store import Store
from detente.channel.submit import given_ids
from detente.domain import (
    Conflicted,
    DetenteError,
    LeaseLost,
    NotAuthentic,
    OutOfStep,
    RolledBack,
    StoreUnavailable,
    at,
)
from detente.record.act import Act, sign_act
from detente.record.canonical import canonical
from detente.record.envelope import to_json
from detente.record.keys import SigningKey

LOG: Final = logging.getLogger(__name__)
LEASE_S: Final = 4.0
STUCK_S: Final = 60.0  # a turn, or loading an arena, that takes longer will not end
MOST_AT_ONCE: Final = 256  # submissions in one commit
MOST_WAITING: Final = 4_096
LONGEST_TURN_S: Final = 1.0  # of deciding: nobody is answered before a turn is over
MOST_STOPS_MORE: Final = 256  # for a STOP there is room where there is none for anything else
_IDLE_S: Final = 0.05
_DUE_EVERY_S: Final = 0.25
_EXPIRE_EVERY_S: Final = 10.0
_CHECK_EVERY_S: Final = 1.0
_AGAIN_S: Final = 0.2
_AFTER_A_FAULT_S: Final = 1.0
_ROLLED_BACK_S: Final = 5.0
_MOST_BROKEN: Final = 10_000


@dataclass(frozen=True, slots=True)
class Submission:
    """Acts that a party sends at once, opened already, and the id under which it would send them again.

    `carried`: signed without a line, with others that follow. Refused, it takes its place in its sequence all the same, or the first
    refusal would take with it all that was signed after it; the refusal is its answer then, and stays.
    """

    party: str
    submission: str
    acts: tuple[SignedAct, ...]
    carried: bool = False

    @property
    def digest(self) -> bytes:
        """Of what is asked: the same id with other acts is another question."""
        return digest_of_acts(act.digest for act in self.acts)


def digest_of_acts(digests: Iterable[str]) -> bytes:
    """One digest of the acts of a submission, from theirs."""
    return sha256(b"".join(bytes.fromhex(digest) for digest in digests)).digest()


@dataclass(frozen=True, slots=True)
class Statement:
    """A public act of the host's own, to be signed when its turn comes."""

    kind: str
    body: Body


@dataclass(slots=True, order=True)
class _Waiting:
    """In the order they are decided: a STOP before all that waits; then parties take turns, each party's own as it came."""

    is_behind: bool
    round: int
    number: int
    asked: Submission | Statement | Progress = field(compare=False)
    answer: Future[bytes] = field(default_factory=Future, compare=False)


class Host:
    """The host's own key, and how it signs for an arena."""

    def __init__(self, key: SigningKey, arena: str, clock_us: Callable[[], int]) -> None:
        self.key, self.arena, self._clock_us = key, arena, clock_us

    def sign(self, kind: str, audience: str, body: Body, last: tuple[int, str | None]) -> SignedAct:
        """The host's next act for an audience, after `last`: sequence and digest of the one before."""
        sequence, previous = last
        act = Act(
            type=kind,
            arena=self.arena,
            party=HOST_PARTY,
            audience=audience,
            key_id=self.key.public.id,
            sequence=sequence + 1,
            previous=previous,
            made_at_us=self._clock_us(),
            body=plain(body),
        )
        envelope = sign_act(act, self.key)
        return SignedAct(act, body, to_json(envelope), envelope.digest)


class Sequencer:
    """Decides for one arena while it holds the lease; waits for the lease while it does not.

    Args:
        holder: a name no other process has. address: where other workers reach this one.
        salts: fresh random bytes, 32 at a time.
        run: the kernels; the compiled ones when None.
        most_at_once: submissions in one commit; 1 commits each by itself.
        consult: asks those who watch the log, before we serve, how far they have seen it; what it has to report it reports to the store.
    """

    def __init__(
        self,
        store: Store,
        host: Host,
        *,
        holder: str,
        address: str,
        salts: Iterator[bytes],
        run: ModuleType | None = None,
        lease_s: float = LEASE_S,
        most_at_once: int = MOST_AT_ONCE,
        consult: Callable[[], None] = lambda: None,
    ) -> None:
        self._consult = consult
        self._store, self._host, self._arena = store, host, host.arena
        self.holder, self._address, self._lease_s = holder, address, lease_s
        self._salts, self._run, self._most_at_once = salts, run, most_at_once
        self._queue: queue.PriorityQueue[_Waiting] = queue.PriorityQueue()
        self._round, self._rounds, self._rounds_lock = 0, dict[str, int](), threading.Lock()
        self._order = count()
        self._questions = Questions()
        self._broken: set[bytes] = set()  # digests of what we failed to decide, by a fault of ours
        self._stop = threading.Event()
        self._lost: DetenteError | None = None  # why the lease is not renewed any more
        self._turn_began_s = 0.0
        self.holds_lease, self.ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"sequencer {self._arena}", daemon=True)

    @property
    def host(self) -> Host:
        """For whom it states things."""
        return self._host

    def start(self) -> None:
        """Begins to work, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Finishes the turn under way, gives the lease back, and refuses what still waits."""
        self._stop.set()
        self._thread.join()

    def submit(self, asked: Submission | Statement | Progress) -> Future[bytes]:
        """Has a submission decided, a public act of the host's own, or how an outlet was told kept.

        Returns:
            canonical JSON, once it is committed; or the DetenteError that refuses it.
        Raises:
            StoreUnavailable: too many wait already.
        """
        is_stop = isinstance(asked, Submission) and any(act.kind == "stop" for act in asked.acts)
        waiting = _Waiting(not is_stop, self._round_for(asked), next(self._order), asked)
        if self._queue.qsize() >= MOST_WAITING + is_stop * MOST_STOPS_MORE:
            raise StoreUnavailable(
                f"{MOST_WAITING} submissions wait already", hint="try again in a second", retry_may_help=True
            )
        self._queue.put(waiting)
        if self.ended.is_set():  # looked at after it was put there: whoever ended refuses what it finds, or we do
            self._refuse_all()
        return waiting.answer

    def ask(self, question: Question) -> Future[Advised]:
        """Has a question answered between turns; nothing changes by it.

        Raises:
            TooOften: as many of the party's wait as may.
        """
        answer = self._questions.ask(question)
        if self.ended.is_set():  # as in `submit`
            self._refuse_all()
        return answer

    def _round_for(self, asked: Submission | Statement | Progress) -> int:
        """Which round of turns is its own: who sends much waits behind itself, not in front of the others."""
        party = asked.party if isinstance(asked, Submission) else HOST_PARTY
        with self._rounds_lock:
            self._rounds[party] = max(self._round, self._rounds.get(party, -1) + 1)
            return self._rounds[party]

    # ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                self._serve()
        finally:  # a bug ends the thread, loudly; then too nobody waits for ever
            self.ended.set()
            self._refuse_all()

    def _serve(self) -> None:
        """Waits for the lease and serves under it, until it is lost or the store fails."""
        try:
            lease = self._store.take_lease(self._arena, self.holder, self._address, self._lease_s)
            if lease is None:
                self._forget_cancelled()
                self._stop.wait(_AGAIN_S)
                return
            self._hold(lease)
        except (LeaseLost, OutOfStep, StoreUnavailable) as error:
            LOG.warning("starting anew: %s", error, extra={"arena": self._arena})
            self._stop.wait(_AGAIN_S)
        except RolledBack as error:
            LOG.error("not served: %s", error, extra={"arena": self._arena})
            self._stop.wait(_ROLLED_BACK_S)
        except Exception:
            # A bug, in the log with its traceback. To end here would leave every party without a channel for one submission's sake.
            LOG.exception("a fault of ours; starting anew", extra={"arena": self._arena})
            self._stop.wait(_AFTER_A_FAULT_S)
        finally:
            self.holds_lease.clear()

    def _hold(self, lease: Lease) -> None:
        """Serves under the lease, and has it renewed meanwhile: a turn that takes long is no reason for another to take over."""
        ended, self._lost, self._turn_began_s = threading.Event(), None, time.monotonic()
        beat = threading.Thread(target=self._renew, args=(lease, ended), name=f"lease {self._arena}", daemon=True)
        beat.start()
        try:
            self._serve_under(lease)
        finally:
            ended.set()
            beat.join()

    def _renew(self, lease: Lease, ended: threading.Event) -> None:
        """Renews the lease until the end, or until a turn has taken so long that it will not end: then another takes over."""
        while not ended.wait(self._lease_s / 4):
            if time.monotonic() - self._turn_began_s > STUCK_S:
                continue
            try:
                self._store.renew_lease(lease, self._lease_s)
            except DetenteError as error:
                self._lost = error
                return

    def _serve_under(self, lease: Lease) -> None:
        self._consult()
        check_fits(self._store, self._arena)
        with Signer(self._store, lease, self._host.key) as signer:
            self._serve_while(lease, signer)
        self._store.release_lease(lease)
        LOG.info("gave the lease back", extra={"arena": self._arena, "epoch": lease.epoch})

    def _serve_while(self, lease: Lease, signer: Signer) -> None:
        began_s = time.monotonic()
        standing = load_standing(self._store, self._arena, run=self._run)
        self.holds_lease.set()
        seconds = round(time.monotonic() - began_s, 3)
        LOG.info("decides", extra={"arena": self._arena, "epoch": lease.epoch, "seconds": seconds})
        if standing.frontier.size:
            signer.committed(standing.frontier)  # what a crash left unsigned; where nothing is, the same head stays
        looked_s = expired_s = checked_s = 0.0
        while not self._stop.is_set():
            now_s = self._turn_began_s = time.monotonic()
            lost = self._lost or signer.failed
            if lost is not None:
                raise lost
            look, sweep = now_s - looked_s > _DUE_EVERY_S, now_s - expired_s > _EXPIRE_EVERY_S
            looked_s, expired_s = now_s if look else looked_s, now_s if sweep else expired_s
            size = standing.frontier.size
            self._turn(standing, lease, self._next(), look=look, sweep=sweep)
            if standing.frontier.size > size:
                signer.committed(standing.frontier)
            if now_s - checked_s > _CHECK_EVERY_S:
                checked_s = now_s
                check_fits(self._store, self._arena)
            self._questions.answer_some(standing, self._store.now_us, lambda: not self._queue.empty())

    def _next(self) -> list[_Waiting]:
        """What waits, at least the first of it; nothing when nothing comes for a while."""
        try:
            found = [self._queue.get(timeout=0 if self._questions.wait else _IDLE_S)]
        except queue.Empty:
            return []
        while len(found) < self._most_at_once:
            try:
                found.append(self._queue.get_nowait())
            except queue.Empty:
                break
        self._round = max(self._round, found[-1].round)
        return found

    def _turn(self, standing: Standing, lease: Lease, waiting: Sequence[_Waiting], *, look: bool, sweep: bool) -> None:
        waiting = [each for each in waiting if not each.answer.cancelled()]
        told: list[tuple[_Waiting, bytes | DetenteError]] = []
        results: dict[tuple[str, str], Result] = {}
        try:
            turn = self._begun(standing, waiting)
            until_s = time.monotonic() + LONGEST_TURN_S
            for index, each in enumerate(waiting):
                told.append((each, self._decided(standing, turn, each.asked, results)))
                if time.monotonic() > until_s:
                    waiting = self._put_back(waiting, index + 1)
                    break
            if look:
                for due in self._store.due(self._arena, turn.now_us, MOST_AT_ONCE):
                    fall_due(standing, turn, due)
            if sweep and standing.heads.next_position:
                expire(standing, turn)
            batch = turn.batch(tuple(results.values()))
            if batch != Batch():
                self._store.commit(lease, batch)
        except BaseException as error:
            self._nobody_was_told(waiting, error)
            raise
        for each, answer in told:
            _tell(each.answer, answer)

    def _put_back(self, waiting: Sequence[_Waiting], count: int) -> Sequence[_Waiting]:
        """What was decided; the rest waits for the next turn, where whoever came meanwhile has a place too."""
        for each in waiting[count:]:
            self._queue.put(each)
        return waiting[:count]

    def _begun(self, standing: Standing, waiting: Sequence[_Waiting]) -> Turn:
        return Turn(
            standing,
            now_us=self._store.now_us(),
            salts=self._salts,
            host_key_id=self._host.key.public.id,
            host_sign=self._host.sign,
            used=self._used_ids(waiting),
        )

    def _used_ids(self, waiting: Sequence[_Waiting]) -> list[tuple[str, str]]:
        """Of the ids that submissions give, those that were given before: (party, id). Those of this turn are not among them."""
        submissions = [each.asked for each in waiting if isinstance(each.asked, Submission)]
        given = [(asked.party, new_id) for asked in submissions for new_id in given_ids(asked.acts)]
        return self._store.used_ids(self._arena, given) if given else []

    def _decided(
        self,
        standing: Standing,
        turn: Turn,
        asked: Submission | Statement | Progress,
        results: dict[tuple[str, str], Result],
    ) -> bytes | DetenteError:
        """The answer, or the refusal. A refusal has changed nothing, so the turn goes on."""
        entry_count = turn.entry_count
        try:
            if isinstance(asked, Progress):
                return canonical({"is_there": progress(standing, turn, asked)})
            if isinstance(asked, Statement):
                last = standing.lasts.get((self._host.key.public.id, HOST), (0, None))
                return canonical(announce(standing, turn, self._host.sign(asked.kind, HOST, asked.body, last)))
            key = asked.party, asked.submission
            before = results.get(key) or self._store.result(self._arena, *key)
            if before is not None:
                return _same(before, asked)
            if asked.digest in self._broken:
                return Broken("we failed to decide it, by a fault of our own; nothing was kept", hint="tell the host")
            _check_keys(standing, asked.acts, turn)
            answer = canonical(_decided_or_spent(standing, turn, asked))
        except DetenteError as error:
            if isinstance(error, LeaseLost | StoreUnavailable):
                raise
            if turn.entry_count != entry_count:
                self._give_up(asked)
                raise RuntimeError("a submission was refused half-way") from error
            return error
        except Exception:
            self._give_up(asked)
            raise
        results[key] = Result(*key, asked.digest, answer)
        return answer

    def _give_up(self, asked: Submission | Statement | Progress) -> None:
        """Not to be tried again: each time it would take a turn, and what others sent in it, with it."""
        if isinstance(asked, Submission) and len(self._broken) < _MOST_BROKEN:
            self._broken.add(asked.digest)

    def _nobody_was_told(self, waiting: Sequence[_Waiting], error: BaseException) -> None:
        """The commit failed, or we did: whether it is there will be known when it is sent again."""
        refusal = StoreUnavailable(
            "the channel could not keep it just now", hint="send it again, under the same id", retry_may_help=True
        )
        refusal.__cause__ = error
        for each in waiting:
            _tell(each.answer, refusal)

    def _forget_cancelled(self) -> None:
        """Lets go of what nobody waits for any more: it went to whoever holds the lease."""
        kept = [each for each in self._waiting() if not each.answer.cancelled()]
        for each in kept:
            self._queue.put(each)

    def _waiting(self) -> Iterator[_Waiting]:
        while True:
            try:
                yield self._queue.get_nowait()
            except queue.Empty:
                return

    def _refuse_all(self) -> None:
        refusal = StoreUnavailable("the sequencer has stopped", hint="try again", retry_may_help=True)
        self._questions.refuse_all(refusal)
        for each in self._waiting():
            _tell(each.answer, refusal)


def _decided_or_spent(standing: Standing, turn: Turn, asked: Submission) -> dict[str, Any]:
    """What a submission is answered; where it was carried and is refused, that.

    Raises:
        DetenteError: it is refused, and nothing has changed.
    """
    entry_count = turn.entry_count
    try:
        return decide(standing, turn, asked.acts)
    except DetenteError as error:
        if not asked.carried or turn.entry_count != entry_count or isinstance(error, LeaseLost | StoreUnavailable):
            raise
        spend(standing, turn, asked.acts)
        return {"refused": plain(problem(error)[0])}


def _check_keys(standing: Standing, acts: Sequence[SignedAct], turn: Turn) -> None:
    """Refuses what was signed by a key that could sign when the acts were opened, and was given up since.

    Nor may it end before the tick: that is the moment at which the record says that the act was received.
    """
    for index, act in enumerate(acts):
        with at(f"acts[{index}]"):
            key = standing.registry.keys.get(act.act.key_id)
            if key is None:
                raise NotAuthentic(
                    f"signed by none of this arena's keys: {act.act.key_id[:16]}…", hint="check whose keys you hold"
                )
            key.check_valid_at(turn.now_us)
            key.check_valid_at(turn.tick_us)


def _tell(future: Future[bytes], answer: bytes | DetenteError) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(answer, DetenteError):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _same(before: Result, asked: Submission) -> bytes | DetenteError:
    if before.digest == asked.digest:
        return before.payload
    return Conflicted(
        f"submission {asked.submission} was something else before",
        hint="draw a new id for what is new",
        where="submission",
    )
