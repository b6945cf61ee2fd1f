"""What is open for a party, as it reads it: a list in pages, and the requests to cease that nobody has read yet, ahead of everything.

Those stand in every page of the inbox and at the beginning of every stream, at once and outside its order, until somebody
acknowledges them. In the order of the inbox they stand as well, from the tick on.
"""

from __future__ import annotations

import struct
from typing import Any

from detente.api.cursors import Cursors
from detente.api.history import Asked
from detente.channel.batch import NEVER_US, OpenItem
from detente.channel.open_items import FIRST
from detente.channel.store import Store
from detente.record.canonical import canonical, read_canonical

_KEY = struct.Struct(">qqq")


def open_items(store: Store, cursors: Cursors, asked: Asked) -> bytes:
    """A page of what is open for a party just now, what comes first, first: `{"cursor", "items"}`, canonical JSON.

    The list changes while it is read: what is done between two pages is not on the second.

    Raises:
        NotUnderstood: `after` is not a cursor of this list.
    """
    bound = {"arena": asked.arena, "party": asked.party, "purpose": "open"}
    after = _item(cursors.read(asked.after, **bound)) if asked.after else None
    found = store.open_items_of(asked.arena, asked.party, store.now_us(), after=after, limit=asked.limit)
    cursor = cursors.make(_place(found[-1]), **bound) if len(found) == asked.limit else None
    return canonical({"cursor": cursor, "items": [shown(item) for item in found]})


def stops(store: Store, arena: str, party: str) -> list[OpenItem]:
    """The requests to cease that the party has not acknowledged."""
    return store.open_items_of(arena, party, store.now_us(), most_urgency=FIRST, limit=1_000)


def shown(item: OpenItem) -> dict[str, Any]:
    """An item as its party reads it."""
    due_us = None if item.due_us == NEVER_US else item.due_us
    said: dict[str, Any] = read_canonical(item.payload)
    return {"kind": item.kind, "since_us": item.shown_us, "due_us": due_us} | said


def stop_event(item: OpenItem) -> bytes:
    """A request to cease as a server-sent event, without an id: it moves nobody's place in the inbox."""
    return b"event: stop_now\ndata: %b\n\n" % canonical(shown(item))


def _place(item: OpenItem) -> bytes:
    return _KEY.pack(item.urgency, item.due_us, item.shown_us) + item.subject.encode()


def _item(place: bytes) -> OpenItem:
    urgency, due_us, shown_us = _KEY.unpack(place[: _KEY.size])
    return OpenItem("", place[_KEY.size :].decode(), "", urgency, shown_us, due_us, b"")
