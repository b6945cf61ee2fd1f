"""Having stamped what a witness cosigned: from time to time the newest head of each log goes to an authority (RFC 3161).

The answer is kept beside the head it is about, once it is known to be of this head and to this request, and, where the authority's
root was given, that the authority signed it. Where it does not answer, the next time is soon enough: what is stamped then holds all of
what was there before.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from detente.domain import DetenteError
from detente.interop.bounded_http import asked
from detente.record.note import Note, read_note
from detente.record.timestamp import MOST_BYTES, ask_timestamp, check_answers, check_timestamp
from detente.stores.witness import WitnessFolder

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.x509 import Certificate

TIMEOUT_S: Final = 20.0


class Stamper:
    """Stamps what lies in a witness's folder.

    Args:
        roots: certificates to check the answers with; without any it is only checked what they are about.
    """

    def __init__(
        self, folder: WitnessFolder, url: str, roots: Sequence[Certificate], say: Callable[[str], object]
    ) -> None:
        self._folder, self._url, self._roots, self._say = folder, url, roots, say
        self._ended = threading.Event()

    def stamp_new(self) -> list[Path]:
        """Stamps each log's newest head that is not; the files of the answers.

        Raises:
            DetenteError: the authority is away, or answers something else.
        """
        notes = (read_note(path.read_bytes()) for path in self._folder.notes())
        return [self._stamp(note) for note in notes if not self._folder.is_stamped(note)]

    def _stamp(self, note: Note) -> Path:
        request, nonce = ask_timestamp(note)
        answer = asked(self._url, request, "application/timestamp-query", most_bytes=MOST_BYTES, within_s=TIMEOUT_S)
        if self._roots:
            check_timestamp(answer, note, self._roots, nonce=nonce)
        else:
            check_answers(answer, note, nonce)
        return self._folder.keep_timestamp(note, answer)

    def start(self, every_s: float) -> None:
        """Does so from now on, in a thread of its own, until `stop`."""
        threading.Thread(target=self._work, args=(every_s,), name="timestamps", daemon=True).start()

    def stop(self) -> None:
        """No more of it."""
        self._ended.set()

    def _work(self, every_s: float) -> None:
        said = ""
        while not self._ended.is_set():
            try:
                self.stamp_new()
                said = ""
            except DetenteError as error:
                if str(error) != said:
                    self._say(f"not stamped: {error}")
                said = str(error)
            self._ended.wait(every_s)
