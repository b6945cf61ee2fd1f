"""Who has the watch at a party, and whether it shows a sign of life: what each party signs for itself, for the host alone.

Where a dead-man time is agreed (`terms.dead_man_s`), each party with keys shows a sign of life that often, an `alive` or a `watch`.
One that does not is DARK: the host states so to every other party, once, and states when it is back. No other act counts, for
then this would tell how active a party is. What an officer notes down at a handover is shown to nobody else.

Both stand in the store as something due, so that they are committed with what they bring about and no restart forgets them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from detente.channel.acts import HOST, AliveBody, BackBody, DarkBody, SignedAct, WatchBody
from detente.channel.batch import NEVER_US, Due
from detente.channel.open_items import NEXT, subject
from detente.channel.standing import Standing, Turn, Vigil, Watch
from detente.domain import NotUnderstood, StaleVersion
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.canonical import canonical, read_canonical

DEAD_MAN: Final = "dead_man"
WATCH: Final = "watch"
TOO_LATE_S: Final = 30  # whoever looks only so long after the moment was away, and could take no sign of life either


# ── signs of life ────────────────────────────────────────────────────────────────────────────────────────────────────


def alive(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """Takes in a sign of life.

    Raises:
        NotUnderstood: it is not for the host.
        StaleVersion: the act is not the next of its key.
    """
    assert isinstance(act.body, AliveBody)
    _check_for_host(standing, act)
    turn.enter(act)
    return {"received_us": turn.now_us, "next_by_us": _lives(standing, turn, act.party)}


def agree(standing: Standing, turn: Turn) -> None:
    """The rules have changed: everybody of whom signs of life are agreed has the whole time from now on; who is dark stays so."""
    within_s = standing.understanding.terms.dead_man_s
    for party in sorted({*standing.parties, *standing.vigils}):
        vigil = standing.vigils.get(party)
        if within_s is None or not standing.has_keys(party):
            _forget(standing, turn, party)
        elif vigil is None or not vigil.is_dark:
            _await(standing, turn, party, Vigil(vigil.last_us if vigil else None), within_s)


def fall_silent(standing: Standing, turn: Turn, due: Due) -> None:
    """No sign of life has come in time: every other party is told."""
    turn.done(due.subject)
    party, within_s = read_canonical(due.payload)["party"], standing.understanding.terms.dead_man_s
    vigil = standing.vigils.get(party)
    if vigil is None or within_s is None:
        return
    if turn.now_us - due.due_us > TOO_LATE_S * MICROSECONDS_PER_SECOND:
        _await(standing, turn, party, vigil, within_s)
        return
    _put(standing, turn, party, Vigil(vigil.last_us, is_dark=True), NEVER_US)
    for other in _others(standing, party):
        _state(turn, "dark", other, DarkBody(party, within_s))
        if standing.has_keys(other):
            turn.open_item(other, subject("dark", party), "dark", {"sender": party}, urgency=NEXT)


def vigil_of(due: Due) -> tuple[str, Vigil]:
    """A party's last sign of life, from what is due for it."""
    told = read_canonical(due.payload)
    return told["party"], Vigil(told["last_us"], told["is_dark"])


def _lives(standing: Standing, turn: Turn, party: str) -> int | None:
    """A sign of life has come; returns by when the next has to, None where none is agreed."""
    before, within_s = standing.vigils.get(party), standing.understanding.terms.dead_man_s
    if before is None or within_s is None:
        return None
    if before.is_dark:
        for other in _others(standing, party):
            _state(turn, "back", other, BackBody(party))
            turn.close_item(other, subject("dark", party))
    return _await(standing, turn, party, Vigil(turn.now_us), within_s)


def _await(standing: Standing, turn: Turn, party: str, vigil: Vigil, within_s: int) -> int:
    due_us = turn.now_us + within_s * MICROSECONDS_PER_SECOND
    _put(standing, turn, party, vigil, due_us)
    return due_us


def _put(standing: Standing, turn: Turn, party: str, vigil: Vigil, due_us: int) -> None:
    standing.vigils[party] = vigil
    turn.done(subject(DEAD_MAN, party))
    payload = {"party": party, "last_us": vigil.last_us, "is_dark": vigil.is_dark}
    turn.due_at(subject(DEAD_MAN, party), DEAD_MAN, due_us, payload)


def _forget(standing: Standing, turn: Turn, party: str) -> None:
    vigil = standing.vigils.pop(party, None)
    if vigil is None:
        return
    turn.done(subject(DEAD_MAN, party))
    for other in _others(standing, party):
        turn.close_item(other, subject("dark", party))


def _others(standing: Standing, party: str) -> list[str]:
    return [other for other in standing.parties if other != party]


def _state(turn: Turn, kind: str, audience: str, body: DarkBody | BackBody) -> None:
    turn.post(audience, kind, {"envelope": turn.state(kind, audience, body).envelope.decode()})


# ── the watch ────────────────────────────────────────────────────────────────────────────────────────────────────────


def watch(standing: Standing, turn: Turn, act: SignedAct) -> dict[str, Any]:
    """An officer takes the watch, or hands it over; a sign of life too. It may be taken from whoever has it.

    Raises:
        NotUnderstood, StaleVersion: as `alive`; or somebody hands over who does not have it.
    """
    body = act.body
    assert isinstance(body, WatchBody)
    _check_for_host(standing, act)
    before = standing.watches.get(act.party)
    if body.does == "hands_over" and (before is None or not before.is_on or before.officer != body.officer):
        has = f"{before.officer} has it" if before and before.is_on else "nobody has it"
        raise StaleVersion(f"{body.officer} does not have the watch: {has}", hint="take it first", where="officer")
    turn.enter(act)
    after = Watch(
        body.officer, body.does == "takes", turn.now_us, body.note, body.to_officer, body.open_digest, body.open_count
    )
    standing.watches[act.party] = after
    turn.done(subject(WATCH, act.party))
    turn.due_at(subject(WATCH, act.party), WATCH, NEVER_US, {"party": act.party, **watch_plain(after)})
    return {
        "received_us": turn.now_us,
        "watch": watch_plain(after),
        "before": watch_plain(before) if before else None,
        "next_by_us": _lives(standing, turn, act.party),
    }


def watch_of(due: Due) -> tuple[str, Watch]:
    """Who has a party's watch, from what is due for it."""
    told = read_canonical(due.payload)
    return told.pop("party"), Watch(**told)


def watch_plain(watch: Watch) -> dict[str, Any]:
    """The watch as it is told and kept."""
    return {name: getattr(watch, name) for name in Watch.__slots__}


def digest_of_open(items: Sequence[Mapping[str, Any]]) -> str:
    """SHA-256, 64 hex digits, of what was open at a handover: of each item its kind and what it is about, in the order listed."""
    named = [{name: item[name] for name in sorted(item) if name in _ABOUT} for item in items]
    return sha256(canonical(named)).hexdigest()


_ABOUT: Final = ("kind", "id", "notice_id", "sender", "recipient", "version", "stage", "answer", "response")


def _check_for_host(standing: Standing, act: SignedAct) -> None:
    standing.check_sequences([act])
    if act.audience != HOST:
        raise NotUnderstood(f"an act of kind {act.kind} is for the host", hint="leave its audience empty")
