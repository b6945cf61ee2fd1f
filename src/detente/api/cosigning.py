"""Bringing each head of an arena's log to the witnesses that the host was told of, and asking them, before it is served, how far they have seen it.

Whoever decides does it, a thread for each witness, so that a slow one delays no other. A cosignature is kept where it is of a witness
that the rules in force name. A witness that has seen more than is committed shows the note: it bears the host's own signature, and so
nobody can make one up. One that can only say a number is believed at the start alone, and the host can leave it out; a lie would else
end the channel at any moment.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from detente.api import log
from detente.api.reads import Registries
from detente.channel.batch import KeptCheckpoint
from detente.channel.store import Store
from detente.domain import DetenteError, NotAuthentic, RolledBack
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.interop.tlog_witness import WitnessAnswer, WitnessLine
from detente.record.checkpoint import origin_of
from detente.record.keys import PublicKey, public_key_from_text
from detente.record.note import read_note
from detente.record.tiles import TileReader
from detente.record.witness import ask, read_cosignature, until_next_look_s

LOG: Final = logging.getLogger(__name__)
EVERY_S: Final = 1.0
ANSWER_S: Final = 5.0
CONSULT_S: Final = 2.0  # of a start or a takeover; a witness that is away holds nobody up for longer
LONGEST_WAIT_S: Final = 60.0
_END_WITHIN_S: Final = 2.0


class _Place:
    """A witness, and what it has cosigned as far as we know."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self.line = name, WitnessLine(url, ANSWER_S)
        self.size = 0
        self.claims = 0  # what it says that it has seen, without showing it
        self._said = ""

    def say(self, what: str, arena: str) -> None:
        """Once, until something else is to be said; nothing is where all is well."""
        if what and what != self._said:
            LOG.warning("witness %s: %s", self.name, what, extra={"arena": arena})
        self._said = what


class Cosigning:
    """The witnesses of one arena.

    Args:
        places: their addresses, by name.
    """

    def __init__(self, store: Store, arena: str, host_key: PublicKey, places: Mapping[str, str]) -> None:
        self._store, self._arena, self._host_key = store, arena, host_key
        self._registries = Registries(store)
        self._places = [_Place(name, url) for name, url in places.items()]
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, holds: Callable[[], bool]) -> None:
        """Begins to bring heads, while `holds` says that this process decides."""
        self._threads = [
            _begun(f"witness {place.name} {self._arena}", self._work, place, holds) for place in self._places
        ]

    def stop(self) -> None:
        """Brings no more; a request that is under way is not waited for."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_END_WITHIN_S)

    # ── before anything is served ────────────────────────────────────────────────────────────────────────────────────

    def consult(self) -> None:
        """Asks every witness what it has seen; what does not fit what is committed is reported, and `log.check_fits` finds it.

        Raises:
            RolledBack: one says that it has seen more, and cannot show it.
        """
        until_s = time.monotonic() + CONSULT_S
        asked = [_begun(f"consults {place.name} {self._arena}", self._consult, place) for place in self._places]
        for thread in asked:
            thread.join(max(0.0, until_s - time.monotonic()))
        size = self._store.heads(self._arena).next_position
        for place in self._places:
            if place.claims > size:
                raise RolledBack(
                    f"witness {place.name} says that it has seen {place.claims} entries, and {size} are here",
                    hint="a backup was restored: put a newer copy back; or, where it lies, start without --witness for it, and tell the parties",
                )

    def _consult(self, place: _Place) -> None:
        try:
            place.claims = 0
            if not self._shown(place):
                head = self._store.checkpoint(self._arena)
                if head is not None:
                    self._bring(place, head)
        except DetenteError as error:
            place.say(str(error), self._arena)

    def _shown(self, place: _Place) -> bool:
        """Has the witness show what it cosigned last, and looks whether it fits; whether it showed anything."""
        raw = place.line.latest(origin_of(self._arena))
        if raw is None:
            return False
        log.report(self._store, self._arena, self._host_key, raw)
        return True

    # ── head by head ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _work(self, place: _Place, holds: Callable[[], bool]) -> None:
        brought, failures = -1, 0
        while not self._stop.wait(_pause_s(failures)):
            try:
                head = self._store.checkpoint(self._arena) if holds() else None
                if head is not None and head.tree_size > brought and self._bring(place, head):
                    brought = head.tree_size
                    place.say("", self._arena)
                failures = 0
            except DetenteError as error:
                failures = min(failures + 1, 10)
                place.say(str(error), self._arena)

    def _bring(self, place: _Place, head: KeptCheckpoint) -> bool:
        """Brings one head to one witness, and keeps its line; whether there is nothing more to do about this head.

        Raises:
            DetenteError: it is away, answers nonsense, or does not cosign.
        """
        key = self._key_of(place.name)
        if key is None:
            place.say("named by no understanding in force here, so nothing is brought to it", self._arena)
            return False
        note = read_note(head.note)
        reader = TileReader(partial(log.committed_tile, self._store, self._arena), head.tree_size)
        for _ in range(2):  # the second time from where it said it is
            answer = place.line.add_checkpoint(ask(min(place.size, head.tree_size), note, reader.node))
            if answer.status == 200:
                now_s = self._store.now_us() // MICROSECONDS_PER_SECOND
                line = read_cosignature(answer.body, note, place.name, key, now_s)
                cosigned = note.signed_also(line)
                log.cosign(self._store, self._arena, self._registries.now(self._arena), self._host_key, cosigned.raw)
                place.size = head.tree_size
                return True
            if answer.size is None or answer.size > head.tree_size:
                break
            if answer.size < place.size:
                LOG.error(
                    "witness %s has cosigned %s entries, and now knows of %s: it was put back",
                    place.name, place.size, answer.size, extra={"arena": self._arena},
                )  # fmt: skip
            place.size = answer.size
        return self._differs(place, answer, head)

    def _differs(self, place: _Place, answer: WitnessAnswer, head: KeptCheckpoint) -> bool:
        """A witness that has seen something else; whether that is only that it is ahead of this head, and not of the log."""
        if answer.size is not None and head.tree_size < answer.size <= self._store.heads(self._arena).next_position:
            place.size = answer.size
            return True
        if answer.status in (409, 422) and not self._shown(place):
            place.claims = answer.size or 0
        raise NotAuthentic(f"does not cosign the head of {head.tree_size} entries: {answer.said}")

    def _key_of(self, name: str) -> PublicKey | None:
        record = self._registries.now(self._arena).rules.terms.record
        keys = [each.key for each in record.witnesses if each.name == name] if record else []
        return public_key_from_text(keys[0]) if keys else None


def _pause_s(failures: int) -> float:
    """Until the next look: when all witnesses look, or later and later where one fails."""
    regular_s = until_next_look_s(time.time(), EVERY_S)
    return min(LONGEST_WAIT_S, EVERY_S * 2**failures) if failures else regular_s


def _begun(name: str, work: Callable[..., None], *given: Any) -> threading.Thread:
    """A thread at work, which the end of the process does not wait for."""
    thread = threading.Thread(target=work, args=given, name=name, daemon=True)
    thread.start()
    return thread
