"""A witness that follows one arena's log: fetches its head and tiles, cosigns what goes on, and brings the cosignature back.

What is fetched is believed only as far as it is proven. An outage is waited out. A log that told two stories, or has gone back behind
what was cosigned, ends it: both notes are kept, and the arena is shown the one it seems to have forgotten.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from detente.client.link import check_server
from detente.domain import DetenteError, NotAuthentic, StoreUnavailable
from detente.interop.bounded_http import AS_IT_IS, check_status, read_bounded
from detente.record.checkpoint import Checkpoint, cosigner_hash, open_checkpoint, origin_of
from detente.record.keys import PublicKey
from detente.record.merkle import HASH_BYTES, root_at
from detente.record.note import MOST_BYTES, Note
from detente.record.split_view import SplitView, split_view
from detente.record.tiles import WIDTH, TileAddress, TileReader, tile_path
from detente.record.witness import Refusal, Seen, Watched, ask, until_next_look_s
from detente.stores.witness import Witness

TIMEOUT_S: Final = 10.0
LONGEST_WAIT_S: Final = 30.0
TRIES: Final = 3  # of what is not as it should be and proves nothing: somebody between may have kept an old answer
OFFER_AGAIN_S: Final = 60.0


class WentBack(NotAuthentic):
    """The log is behind what was cosigned, or what somebody by the way kept of it is. `served` is the head that it shows."""

    def __init__(self, what: str, *, hint: str = "", where: str = "", seen: Seen, served: Note) -> None:
        super().__init__(what, hint=hint, where=where)
        self.seen, self.served = seen, served


class TwoStories(NotAuthentic):
    """It is proven that the log signed two trees that cannot both be. Looking again changes nothing."""


class LogLink:
    """A line to the public log of an arena. No token: the log is open to all.

    Args:
        certificates: a file of certificates to trust in place of the system's.
    """

    def __init__(self, server: str, arena: str, *, certificates: str | None = None) -> None:
        import httpx

        verify: Any = True
        if certificates:
            import ssl

            verify = ssl.create_default_context(cafile=certificates)
        self.url = f"{check_server(server)}/arenas/{quote(arena, safe='')}/log"
        self._http = httpx.Client(
            headers={"User-Agent": "detente witness", **AS_IT_IS},
            timeout=TIMEOUT_S,
            verify=verify,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """Hangs up."""
        self._http.close()

    def checkpoint(self) -> bytes:
        """The head of the log, as it is served."""
        return self._asked("GET", "checkpoint", most_bytes=MOST_BYTES)

    def tile(self, tile: TileAddress) -> bytes:
        """A tile of hashes."""
        return self._asked("GET", tile_path(tile), most_bytes=WIDTH * HASH_BYTES)

    def offer(self, route: str, note: Note) -> None:
        """Sends a note: `cosignatures`, or `seen`."""
        self._asked("POST", route, content=note.raw, headers={"Content-Type": "text/plain; charset=utf-8"})

    def _asked(self, method: str, route: str, *, most_bytes: int = MOST_BYTES, **request: Any) -> bytes:
        """The body of an answer.

        Raises:
            StoreUnavailable: nobody answers, or not now.
            NotAuthentic: another answer than a log gives.
            TooLarge: more bytes than can be meant.
        """
        import httpx

        place = f"{self.url}/{route}"
        try:
            with self._http.stream(method, place, **request) as answer:
                body = read_bounded(answer, most_bytes, TIMEOUT_S)
        except httpx.HTTPError as error:
            raise StoreUnavailable(f"{self.url} does not answer: {error}", hint="check the address") from error
        check_status(answer, place, body)
        return body


@dataclass(frozen=True, slots=True)
class Step:
    """What one look at the log came to: `what` is `cosigned`, `offered` (again, a line the log had not got), or `nothing`."""

    what: str
    seen: Seen


class Follower:
    """Looks at a log, cosigns what goes on. `log_key` is the host's, as the understanding has it.

    Raises (all but `run`):
        TwoStories, WentBack: what this process is there to find. NotAuthentic, Malformed: what was fetched is not what it should be.
        StoreUnavailable: the log, or our own disk, is away.
    """

    def __init__(
        self, witness: Witness, link: LogLink, arena: str, log_key: PublicKey, say: Callable[[str], object]
    ) -> None:
        self._witness, self._link, self._say = witness, link, say
        self.origin, self._key = origin_of(arena), log_key
        self._offered: tuple[int, float] | None = None  # the size whose line was last taken, and when by our own clock

    def look(self) -> Step:
        """One look at the log."""
        head, note = open_checkpoint(self._link.checkpoint(), self.origin, self._key)
        log = self._witness.watched(self.origin, self._key)
        if log.seen and head.tree_size < log.size:
            raise WentBack(
                f"{self.origin} WENT BACK: it serves {head.tree_size} entries, and has signed {log.size}",
                hint="was the server restored from a backup? Tell the other parties by voice",
                seen=log.seen,
                served=note,
            )
        if log.seen and log.seen.checkpoint == head:
            return self._offer_again(log.seen, note)
        return self._cosign(log, note, head)

    def _cosign(self, log: Watched, note: Note, head: Checkpoint) -> Step:
        reader = TileReader(self._link.tile, head.tree_size)
        found = self._witness.add(ask(log.size, note, reader.node), self.origin, self._key)
        if isinstance(found, Refusal):
            raise self._refused(found, log, note, head, reader)
        self._offer(found.seen)
        return Step("cosigned", found.seen)

    def _offer_again(self, seen: Seen, note: Note) -> Step:
        """The line of a head that was cosigned before, where the log does not show it: a crash or an outage came between."""
        name, key = self._witness.name, self._witness.key.public
        is_shown = bool(note.of(name, cosigner_hash(name, key)))
        size, at_s = self._offered or (-1, 0.0)
        if is_shown or (size == seen.checkpoint.tree_size and time.monotonic() - at_s < OFFER_AGAIN_S):
            return Step("nothing", seen)
        self._offer(seen)
        return Step("offered", seen)

    def _offer(self, seen: Seen) -> None:
        self._offered = (seen.checkpoint.tree_size, time.monotonic())
        try:
            self._link.offer("cosignatures", seen.note)
        except StoreUnavailable:
            self._offered = None
            raise
        except NotAuthentic as error:
            self._say(f"the cosignature of {seen.checkpoint.tree_size} entries was not taken: {error}")

    # ── what is wrong ────────────────────────────────────────────────────────────────────────────────────────────────

    def _refused(
        self, refusal: Refusal, log: Watched, note: Note, head: Checkpoint, reader: TileReader
    ) -> DetenteError:
        """What our own refusal means. A fork is proven where the log's tiles make its new head, and do not begin with the old."""
        if refusal.status == 503:
            return StoreUnavailable(refusal.what)
        if log.seen is None or not (refusal.is_fork or refusal.is_unexplained):
            return NotAuthentic(refusal.what)
        if refusal.is_fork:
            shown = SplitView(log.seen.note, note, head.root_hash, ())
        elif root_at(head.tree_size, reader.node) == head.root_hash:
            shown = split_view(log.seen.note, log.size, note, head.tree_size, reader.node)
        else:
            return NotAuthentic(f"the tiles of {self.origin} do not make its head of {head.tree_size} entries")
        path = self._witness.folder.keep_split_view(shown)
        self._show(log.seen)
        return TwoStories(
            f"{self.origin} TOLD TWO STORIES: its tree of {head.tree_size} entries does not begin with that of {log.size}, which was cosigned",
            hint=f"both notes and the proof are in {path}; tell the other parties by voice",
        )

    def _went_back(self, error: WentBack) -> None:
        path = self._witness.folder.keep_went_back(error.seen.note, error.served)
        self._say(f"both notes are in {path}")
        self._show(error.seen)

    def _show(self, seen: Seen) -> None:
        """The arena is shown what it signed before: it has to stop serving."""
        try:
            self._link.offer("seen", seen.note)
        except DetenteError as error:
            self._say(f"the arena could not be shown what it signed: {error}")

    # ── going on ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def run(
        self,
        told: Callable[[Step], object],
        wait: Callable[[float], bool],
        every_s: float,
        *,
        once: bool = False,
        clock_s: Callable[[], float] = time.time,
    ) -> None:
        """Looks again and again, until `wait` says so, which sleeps for as long as it is told and says whether it is over.

        Args:
            clock_s: to look when all witnesses do. once: until a look came to something; then an outage is not waited out either.

        Raises:
            TwoStories: at once.
            WentBack, NotAuthentic, Malformed, TooLarge: it is so several times in a row.
            StoreUnavailable: with `once`.
        """
        outages = wrongs = 0
        while True:
            try:
                told(self.look())
                if outages:
                    self._say("the line is back")
                if once:
                    return
                outages = wrongs = 0
            except StoreUnavailable as error:
                outages += 1
                if once and outages == TRIES:
                    raise
                if outages == 1:
                    self._say(f"trying again: {error}")
            except DetenteError as error:
                wrongs += 1
                if wrongs == TRIES and isinstance(error, WentBack):
                    self._went_back(error)
                if wrongs == TRIES or isinstance(error, TwoStories):
                    raise
                self._say(f"looking again: {error}")
            regular_s = until_next_look_s(clock_s(), every_s)
            if wait(min(LONGEST_WAIT_S, every_s * 2 ** min(outages, 10)) if outages else regular_s):
                return


@contextmanager
def opened_log(server: str, arena: str, certificates: str | None) -> Iterator[LogLink]:
    """A line to a log; hung up at the end."""
    link = LogLink(server, arena, certificates=certificates)
    try:
        yield link
    finally:
        link.close()
