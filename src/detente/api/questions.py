"""Questions to the sequencer that change nothing: what a party's plan meets of what was released to it, and what would clear it.

They wait in a queue of their own and are answered between turns, against what is committed, in the sequencer's thread alone. Parties
take turns, one question each; while submissions wait, questions take no more of the thread's time than submissions do. What one may
cost is bounded by `channel.advice`. Nothing is kept of a question, and nobody is told of it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from detente.api.wire import NOT_THERE, Broken, NotThere, TooOften, read_body
from detente.channel.acts import HOST
from detente.channel.advice import Advice, advise, corner_count
from detente.channel.forms import Form, VolumeForm, volume_of
from detente.channel.standing import Standing
from detente.channel.submit import answered, check_footprints
from detente.channel.views import View
from detente.domain import Activity, DetenteError, ReleaseLevel, TooLarge, Volume4D, at
from detente.interop.write_json import explained
from detente.record.canonical import canonical
from detente.screening.generalise import GENERALISER_VERSION

LOG: Final = logging.getLogger(__name__)
MOST_WAITING: Final = 8  # questions of one party
MOST_DRAFT_VOLUMES: Final = 1_000
MOST_DRAFT_CORNERS: Final = 500  # of one volume; each that it meets may have to be looked at exactly
DRAFT_ID: Final = "0" * 32  # what a draft is called in its answer
_LONGEST_S: Final = 0.1  # of answering, before a turn


class ScreeningRequest(Form, frozen=True):
    """A plan that nobody has been told of; its volumes as they stand in a view.

    Attributes:
        level: at which the volumes are given: below `full` where they are generalised already.
    """

    activity: Activity
    volumes: tuple[VolumeForm, ...]
    level: Literal["full", "general", "existence"] = "full"


@dataclass(frozen=True, slots=True)
class OfNotice:
    """What a notice of the party's own in force meets."""

    party: str
    notice_id: str


@dataclass(frozen=True, slots=True)
class OfDraft:
    """What a draft would meet."""

    party: str
    draft: View


Question: TypeAlias = OfNotice | OfDraft


@dataclass(frozen=True, slots=True)
class Advised:
    """An answer, not yet written: to which question, of which plan, and what is said of it."""

    question: Question
    own: View
    advice: Advice


# ── one question ─────────────────────────────────────────────────────────────────────────────────────────────────────


def read_draft(raw: bytes) -> View:
    """The body of a request to screen a draft, as the view the host would be given.

    Raises:
        as `read_body`; InvalidVolume: a volume cannot be; TooLarge: more volumes or corners than are looked at for nothing.
    """
    asked = read_body(raw, ScreeningRequest)
    if len(asked.volumes) > MOST_DRAFT_VOLUMES:
        raise TooLarge(
            f"{len(asked.volumes)} volumes; the limit is {MOST_DRAFT_VOLUMES}", hint="ask about a part of it"
        )
    volumes = tuple(_volume(index, form) for index, form in enumerate(asked.volumes))
    check_footprints(volumes)
    level = ReleaseLevel(asked.level)
    return View(
        view_id=DRAFT_ID,
        version=1,
        recipient=HOST,
        level=level,
        activity=asked.activity,
        volumes=volumes,
        commitment="0" * 64,
        generaliser=0 if level is ReleaseLevel.FULL else GENERALISER_VERSION,
    )


def _volume(index: int, form: VolumeForm) -> Volume4D:
    with at(f"volumes[{index}]"):
        volume = volume_of(form)
        if (corners := corner_count(volume.footprint)) > MOST_DRAFT_CORNERS:
            raise TooLarge(
                f"{corners:,} corners; of a draft the limit is {MOST_DRAFT_CORNERS}", hint="simplify it outward"
            )
        return volume


def advised(standing: Standing, question: Question, now_us: int) -> Advised:
    """The answer to a question, from the world of the party that asks and nothing else.

    Raises:
        NotThere: no such notice of the party's own is in force.
        InvalidVolume, TooLarge: as `advise`.
    """
    world = standing.world(question.party)
    if isinstance(question, OfDraft):
        own = question.draft
    else:
        try:
            own = world.own(question.notice_id)
        except KeyError:
            raise NotThere(NOT_THERE) from None
    return Advised(question, own, advise(world, own, now_us))


def written(told: Advised) -> bytes:
    """An answer as canonical JSON; touches no state, so that it can be done wherever there is time."""
    named: dict[str, Any] = {"notice_id": told.own.view_id, "version": told.own.version}
    return canonical(
        {
            **({} if isinstance(told.question, OfDraft) else named),
            **answered(told.advice.meetings),
            **explained(told.advice.found, told.question.party),
            "sought": list(told.advice.sought),
        }
    )


# ── all that wait ────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Waiting:
    question: Question
    answer: Future[Advised]


class Questions:
    """What waits to be answered, by party. Asked from any thread, answered in one."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[_Waiting]] = {}  # whose turn it is comes first
        self._rests_until_s = 0.0

    @property
    def wait(self) -> bool:
        """Whether any do."""
        return bool(self._waiting)

    def ask(self, question: Question) -> Future[Advised]:
        """Has a question answered.

        Raises:
            TooOften: as many of the party's wait as may.
        """
        with self._lock:
            own = self._waiting.get(question.party, deque())
            still = deque(each for each in own if not each.answer.cancelled())
            if len(still) >= MOST_WAITING:
                raise TooOften(f"{MOST_WAITING} questions of yours wait already", hint="wait for their answers")
            waiting = _Waiting(question, Future())
            still.append(waiting)
            self._waiting[question.party] = still
        return waiting.answer

    def answer_some(self, standing: Standing, now_us: Callable[[], int], is_busy: Callable[[], bool]) -> None:
        """Answers what waits, for a while: all of it where nothing else is to be done, else one, and then not for as long as it took."""
        began_s = now_s = self._clock_s()
        while now_s - began_s < _LONGEST_S and not (is_busy() and now_s < self._rests_until_s):
            waiting = self._next()
            if waiting is None:
                return
            _answer(standing, waiting, now_us)
            before_s, now_s = now_s, self._clock_s()
            self._rests_until_s = now_s + (now_s - before_s)

    def refuse_all(self, refusal: DetenteError) -> None:
        """Refuses what waits."""
        while (waiting := self._next()) is not None:
            if waiting.answer.set_running_or_notify_cancel():
                waiting.answer.set_exception(refusal)

    def _next(self) -> _Waiting | None:
        """The first of the party whose turn it is; its others wait until every other party has had one."""
        with self._lock:
            if not self._waiting:
                return None
            party, own = next(iter(self._waiting.items()))
            del self._waiting[party]
            waiting = own.popleft()
            if own:
                self._waiting[party] = own
            return waiting


def _answer(standing: Standing, waiting: _Waiting, now_us: Callable[[], int]) -> None:
    if not waiting.answer.set_running_or_notify_cancel():
        return
    try:
        waiting.answer.set_result(advised(standing, waiting.question, now_us()))
    except DetenteError as error:
        waiting.answer.set_exception(error)
    except Exception as error:
        # A bug, in the log with its traceback. It read, and changed nothing: no turn is lost for it, and whoever asked is told.
        LOG.exception("a question was not answered, by a fault of ours")
        broken = Broken("we failed to answer, by a fault of our own", hint="tell the host")
        broken.__cause__ = error
        waiting.answer.set_exception(broken)
