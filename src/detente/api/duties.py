"""What a party reads of its own duties. Nothing of anybody else's stands here. Blocking calls to the store."""

from __future__ import annotations

from detente.channel.store import Store
from detente.channel.watch import DEAD_MAN, WATCH, vigil_of, watch_of, watch_plain
from detente.record.canonical import canonical


def watch(store: Store, arena: str, party: str) -> bytes:
    """Who has the party's watch, and by when its next sign of life has to come: `{"watch", "dead_man"}`, null where there is none."""
    watches = dict(map(watch_of, store.due_of(arena, WATCH)))
    dead_man = None
    for due in store.due_of(arena, DEAD_MAN):
        of, vigil = vigil_of(due)
        if of == party:
            next_by_us = None if vigil.is_dark else due.due_us
            dead_man = {"last_us": vigil.last_us, "is_dark": vigil.is_dark, "next_by_us": next_by_us}
    return canonical({"watch": watch_plain(watches[party]) if party in watches else None, "dead_man": dead_man})
