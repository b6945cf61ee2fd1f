"""No line: what would be asked of the server is answered from the folder, and what would be sent waits in its outbox.

To a desk it is a line like the other (`link.Link`), so that whatever an officer does without a line is signed by the same code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeVar, cast

from detente.channel.forms import form_from
from detente.client.answers import AnnouncementsPage, LastAct, Posting, Sequences, ViewsPage
from detente.client.known import Known, Last, acts_in, after_acts, furthest
from detente.domain import StoreUnavailable
from detente.record.act import read_act
from detente.record.envelope import Envelope
from detente.record.note import Note

T = TypeVar("T")
_NOW_ONLY: Final = ("alive", "watch")


class Stick:
    """In place of a line.

    Args:
        known: what the folder knows.
    """

    def __init__(self, known: Known) -> None:
        self._known = known
        self._names: tuple[str, ...] = ()
        self._signed: Last = {}

    def close(self) -> None:
        """There is nothing to hang up."""

    def get(self, route: str, kind: type[T], /, **query: Any) -> T:  # noqa: ARG002 - as a line has it
        """Where the party's keys stand, after what waits.

        Raises:
            StoreUnavailable: the folder does not know; or it is another route.
        """
        if route != "sequences":
            raise _no_line(f"the server's {route} cannot be asked")
        lasts = self._known.lasts
        if lasts is None:
            raise StoreUnavailable(
                "this folder has never been told where its key stands: nothing can be signed after its last act",
                hint="once with a line (detente inbox), or have a file brought (detente bundle read)",
            )
        found = furthest(lasts, self._waiting())
        return cast("T", Sequences(tuple(LastAct(*place, *last) for place, last in sorted(found.items()))))

    def _waiting(self) -> Last:
        """Where keys stand by the outbox alone."""
        names = self._known.outbox_names
        if names != self._names:
            waiting = [envelope for carried in self._known.outbox for _, envelope in acts_in(carried)]
            self._names, self._signed = names, after_acts({}, waiting)
        return self._signed

    def post(self, route: str, body: Any) -> Any:  # noqa: ARG002
        """Nothing can be posted."""
        raise _no_line(f"{route} needs the server")

    def pages(self, route: str, kind: type[T], after: str | None = None) -> Iterator[T]:  # noqa: ARG002
        """The public acts and the views in force, as the folder knows them: one page.

        Raises:
            StoreUnavailable: it is another list.
        """
        if route not in ("announcements", "views"):
            raise _no_line(f"the server's {route} cannot be asked")
        page: Any = self._known.announcements if route == "announcements" else ViewsPage(None, self._known.views)
        assert isinstance(page, AnnouncementsPage | ViewsPage)
        if after is None and page.items:
            yield cast("T", page)

    def log(self, path: str) -> bytes | None:
        """Nothing is served."""
        raise _no_line(f"the log's {path} cannot be asked")

    def show_head(self, note: Note) -> None:
        """Nobody can be shown anything."""
        raise _no_line(f"the host cannot be shown a head of {len(note.raw)} bytes")

    def events(self, after: str | None = None) -> Iterator[Posting]:  # noqa: ARG002
        """Nothing comes."""
        raise _no_line("nothing comes")

    def submit(self, envelopes: Sequence[Envelope]) -> dict[str, Any]:
        """Into the outbox; it is answered with that.

        Raises:
            StoreUnavailable: it would show a sign of life that is over when it arrives.
        """
        if any(read_act(each.payload).type in _NOW_ONLY for each in envelopes):
            raise _no_line("a sign of life is given when it is seen, and cannot be carried")
        signed = self._waiting()
        waiting = self._known.put_out(envelopes)
        self._names, self._signed = self._known.outbox_names, after_acts(signed, envelopes)
        return form_from({"waiting": waiting}, dict[str, Any])


def _no_line(what: str) -> StoreUnavailable:
    return StoreUnavailable(
        f"{what}: there is no line",
        hint="leave --offline out; or read a file that was brought: detente bundle read FILE",
    )
