"""What parties have opened to a board of inquiry, and what the board reads of it: the party's own past, and no more than it opened.

Whether an opening stands is looked at for every page, so that what is lifted is closed at once, whatever cursors are out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from typing import Any, Final

from detente.api.cursors import Cursors
from detente.api.history import Asked, Line, Source, Wanted, begun, page_bytes, page_of, past_of
from detente.api.wire import NOT_THERE, NotThere
from detente.channel.disclosures import Opening, opening_of
from detente.channel.forms import plain
from detente.channel.store import Store
from detente.domain import NotUnderstood

_PAGE: Final = 1_000


class Openings:
    """The openings of each arena, as of the last one committed. From any thread."""

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._known: dict[str, tuple[dict[tuple[str, str, str], Opening], int]] = {}

    def now(self, arena: str) -> list[Opening]:
        """All of an arena, lifted ones too, in the order they were made, after looking for more."""
        with self._lock:
            known, position = self._known.get(arena, ({}, 0))
            while page := self._store.entries_of(arena, ["disclose"], position, _PAGE):
                for each in map(opening_of, page):
                    known[each.key] = known[each.key].then(each) if each.key in known else each
                position = page[-1].position + 1
                self._known[arena] = known, position
            return list(known.values())

    def disclosures(self, store: Store, cursors: Cursors, asked: Asked) -> bytes:
        """What a party has opened, to whom, and whether it stands.

        Raises:
            NotUnderstood: `after` is not a cursor of this list.
        """
        return self._listed(store, cursors, asked, "disclosures", lambda opening: opening.party == asked.party)

    def disclosed(self, store: Store, cursors: Cursors, asked: Asked) -> bytes:
        """What was opened to a board; with `from` and `opening`, what the one who opened it did and was told, as far as opened.

        Raises:
            NotThere: no such opening for this board, or it was lifted.
            NotUnderstood: one of the two filters without the other; or as `disclosures`.
        """
        if not asked.filters:
            return self._listed(store, cursors, asked, "disclosed", lambda opening: opening.board == asked.party)
        if asked.filters.keys() != {"from", "opening"}:
            raise NotUnderstood("an opening is named by both", hint="give from and opening, as the list has them")
        key = asked.filters["from"], asked.party, asked.filters["opening"]
        opening = next((each for each in self.now(asked.arena) if each.key == key), None)
        if opening is None or opening.body.lifted:
            raise NotThere(NOT_THERE)
        return _opened(store, cursors, asked, opening)

    def _listed(
        self, store: Store, cursors: Cursors, asked: Asked, name: str, takes: Callable[[Opening], bool]
    ) -> bytes:
        place = begun(store, cursors, asked, name, "at", 1)
        found = [_line(opening) for opening in self.now(asked.arena) if takes(opening)]
        lines, after = page_of([_source(found)], place, asked, Wanted())
        return page_bytes(cursors, asked, name, place, after, "at_us", name, [line.told for line in lines])


def _opened(store: Store, cursors: Cursors, asked: Asked, opening: Opening) -> bytes:
    body = opening.body
    place = begun(store, cursors, asked, "disclosed", "at", 2)
    until_us = place.until_us if body.until_us is None else min(place.until_us, body.until_us)
    wanted = Wanted(kinds=body.kinds, about=body.about, since_us=body.since_us)
    lines, after = page_of(past_of(store, asked.arena, opening.party, until_us), place, asked, wanted)
    return page_bytes(cursors, asked, "disclosed", place, after, "at_us", "entries", [line.told for line in lines])


def _line(opening: Opening) -> Line:
    told: dict[str, Any] = plain(opening.body)
    told |= {
        "from": opening.party,
        "to": opening.board,
        "opened_us": opening.opened_us,
        "changed_us": opening.changed_us,
    }
    return Line(opening.position + 1, opening.opened_us, "disclose", opening.party, opening.board, told, b"")


def _source(lines: Collection[Line]) -> Source:
    def read(after: int, count: int) -> list[Line]:
        return [line for line in lines if line.place > after][:count]

    return read
