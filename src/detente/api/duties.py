"""What a party reads of its own duties. Nothing of anybody else's stands here. Blocking calls to the store."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from detente.channel.drills import DRILLS, drills_of
from detente.channel.standing import Drilled
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


def drills(store: Store, arena: str, party: str) -> bytes:
    """How long others took to answer the party's own drills, and the party to answer theirs: `{"asked", "answered"}`.

    Of each other party, and of the last drills with it alone (`drills.MOST_KEPT`), as far as their tick has come.
    """
    now_us = store.now_us()
    logs = dict(map(drills_of, store.due_of(arena, DRILLS)))
    asked = [{"party": to, **_statistics(log, now_us)} for (asker, to), log in sorted(logs.items()) if asker == party]
    answered = [
        {"party": asker, **_statistics([each for each in log if each.asked_us <= now_us], now_us)}
        for (asker, to), log in sorted(logs.items())
        if to == party
    ]
    return canonical({"asked": asked, "answered": [each for each in answered if each["count"]]})


def _statistics(log: Sequence[Drilled], now_us: int) -> dict[str, Any]:
    took_s = [s for each in log if (s := each.took_s) is not None and (each.answered_us or 0) <= now_us]
    return {
        "count": len(log),
        "unanswered": len(log) - len(took_s),
        "median_s": median(took_s) if took_s else None,
        "worst_s": max(took_s, default=None),
    }
