"""A party's own past: what was in force at a moment, whom it had shown what, and a search through all that it did and was told.

Each list shows one moment, which its cursors carry: what comes later changes no page. Nothing stands in it that the party had
not been told by then, in the release of then: a view counts from the tick at which its recipient could see it, and so does its
end. Views of humanitarian sites of others come a few at a time, in order of time, however many are asked for.
"""

from __future__ import annotations

import json
import re
import struct
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import merge
from typing import Any, Final, TypeAlias

from detente.api.cursors import Cursors
from detente.channel.acts import HOST, HOST_PARTY
from detente.channel.batch import Entry, Held, Posting
from detente.channel.store import Store
from detente.domain import Activity, NotUnderstood, at
from detente.domain.party import check_party_name
from detente.geodesy import read_time
from detente.record.canonical import canonical

MOST_SITES_AT_ONCE: Final = 20  # humanitarian sites of others on one page
MOST_READ_AT_ONCE: Final = 2_000  # looked through for one page; the next goes on from there
MOST_BYTES_AT_ONCE: Final = 8 << 20  # of a page, and one line more
_CHUNK: Final = 32
_LONGEST_MOMENT: Final = 64
_OPAQUE: Final = re.compile(r"[0-9a-f]{32}|[0-9a-f]{64}")
_KIND: Final = re.compile(r"[a-z_]{1,40}")
_SITE: Final = b'"activity":"%b"' % Activity.HUMANITARIAN_SITE.value.encode()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of a list.

    Attributes:
        party: who asks, and reads its own past.
        filters: the query but for `after` and `limit`; the same on every page.
    """

    arena: str
    party: str
    filters: Mapping[str, str]
    after: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class Line:
    """Something that a party did or was told.

    Attributes:
        place: where its source goes on after it.
        told_us: when it was received from the party, or could be seen by it.
        told: what is shown of it.
        said: canonical JSON in which ids are looked for: what was signed, and what was posted with it.
    """

    place: int
    told_us: int
    kind: str
    sender: str
    audience: str
    told: dict[str, Any] = field(compare=False)
    said: bytes


Source: TypeAlias = Callable[[int, int], list[Line]]
"""The next lines after a place, so many at most; fewer where there are no more."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines are looked for; None, or empty, for any.

    Attributes:
        about: ids of which a line has to name one.
        since_us: of lines told before it nothing is shown.
    """

    kinds: tuple[str, ...] = ()
    sender: str | None = None
    audience: str | None = None
    about: tuple[str, ...] = ()
    since_us: int | None = None

    def takes(self, line: Line) -> bool:
        return (
            (not self.kinds or line.kind in self.kinds)
            and self.sender in (None, line.sender)
            and self.audience in (None, line.audience)
            and (self.since_us is None or line.told_us >= self.since_us)
            and (not self.about or any(b'"%b"' % each.encode() in line.said for each in self.about))
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list stands: the moment it shows, and after what of each source it goes on."""

    until_us: int
    places: tuple[int, ...]

    def packed(self) -> bytes:
        """Of one size whatever the numbers: the length of a cursor must not tell how far the arena has got."""
        return struct.pack(f">{1 + len(self.places)}q", self.until_us, *self.places)

    @classmethod
    def unpacked(cls, raw: bytes) -> Place:
        until_us, *places = struct.unpack(f">{len(raw) // 8}q", raw)
        return cls(until_us, tuple(places))


# ── the lists ────────────────────────────────────────────────────────────────────────────────────────────────────────


def views(store: Store, cursors: Cursors, asked: Asked) -> bytes:
    """The views in force that were released to a party, as far as their tick has come.

    Raises:
        NotUnderstood: `after` is not a cursor of this list.
    """
    place = begun(store, cursors, asked, "views", "at", 1)
    source = _versions(store, asked.arena, asked.party, None, place.until_us, in_force=True)
    lines, after = page_of([source], place, asked, Wanted())
    told = [
        {
            "view_id": each.told["id"],
            "version": each.told["version"],
            "sender": each.sender,
            "envelope": each.told["envelope"],
        }
        for each in lines
    ]
    return page_bytes(cursors, asked, "views", place, after, "at_us", "views", told)


def history(store: Store, cursors: Cursors, asked: Asked) -> bytes:
    """What was in force for a party at a moment: its own notices as submitted, and the views it had been shown, by time.

    Filters: `at`, a moment; the present one without.

    Raises:
        NotUnderstood: a moment that is none, or yet to come; or `after` is not a cursor of this list.
    """
    place = begun(store, cursors, asked, "history", "at", 2)
    sources = [
        _versions(store, asked.arena, HOST, asked.party, place.until_us, in_force=True),
        _versions(store, asked.arena, asked.party, None, place.until_us, in_force=True),
    ]
    lines, after = page_of(sources, place, asked, Wanted())
    return page_bytes(cursors, asked, "history", place, after, "at_us", "versions", [line.told for line in lines])


def shown(store: Store, cursors: Cursors, asked: Asked) -> bytes:
    """Which of a party's views another had been shown: those in force at a moment, or all versions with their times.

    Filters: `to`, who was shown; `at`, a moment; all versions without.

    Raises:
        NotUnderstood, InvalidVolume: as `history`; or `to` is missing, or no name.
    """
    with at("to"):
        if "to" not in asked.filters:
            raise NotUnderstood("nobody is named", hint="say who was shown: to=B")
        check_party_name(asked.filters["to"])
    place = begun(store, cursors, asked, "shown", "at", 1)
    in_force = "at" in asked.filters
    source = _versions(store, asked.arena, asked.filters["to"], asked.party, place.until_us, in_force=in_force)
    lines, after = page_of([source], place, asked, Wanted())
    return page_bytes(cursors, asked, "shown", place, after, "at_us", "versions", [line.told for line in lines])


def entries(store: Store, cursors: Cursors, asked: Asked) -> bytes:
    """A search through a party's own acts and what it was posted, by time.

    Filters: `kind`; `from` and `to`, parties; `about`, the id of a notice, view, thread or STOP that is named; `since` and
    `until`, moments.

    Raises:
        NotUnderstood: as `history`; or a kind or id that cannot be.
    """
    place = begun(store, cursors, asked, "entries", "until", 2)
    lines, after = page_of(
        past_of(store, asked.arena, asked.party, place.until_us), place, asked, _wanted(asked.filters)
    )
    return page_bytes(cursors, asked, "entries", place, after, "until_us", "entries", [line.told for line in lines])


def calls(store: Store, cursors: Cursors, asked: Asked) -> bytes:
    """A party's call log, by time: calls it logged, calls others shared with it, and what was said of either.

    Raises:
        NotUnderstood: `after` is not a cursor of this list.
    """
    place = begun(store, cursors, asked, "calls", "until", 2)
    lines, after = page_of(
        past_of(store, asked.arena, asked.party, place.until_us), place, asked, Wanted(kinds=("call", "call_answer"))
    )
    return page_bytes(cursors, asked, "calls", place, after, "until_us", "calls", [line.told for line in lines])


def _wanted(filters: Mapping[str, str]) -> Wanted:
    kind, about, since = filters.get("kind"), filters.get("about"), filters.get("since")
    with at("kind"):
        if kind is not None and not _KIND.fullmatch(kind):
            raise NotUnderstood(f"{kind[:40]!r} is no kind of act", hint="such as notice, view, receipt, message")
    with at("about"):
        if about is not None and not _OPAQUE.fullmatch(about):
            raise NotUnderstood(
                f"{about[:40]!r} is not 32 hex digits, nor 64", hint="give the id of a notice, view, thread or claim"
            )
    return Wanted(
        kinds=() if kind is None else (kind,),
        sender=filters.get("from"),
        audience=filters.get("to"),
        about=() if about is None else (about,),
        since_us=None if since is None else moment_us(since, "since"),
    )


def moment_us(text: str, name: str) -> int:
    """A moment as it is written in a query, in microseconds since 1970.

    Raises:
        NotUnderstood: it is none; `where` is the name.
    """
    with at(name):
        if len(text) > _LONGEST_MOMENT:
            raise NotUnderstood(f"{len(text)} characters are no moment", hint="write 2018-09-17T18:39:00Z")
        return (read_time(text) - _EPOCH) // timedelta(microseconds=1)


# ── where lines come from ────────────────────────────────────────────────────────────────────────────────────────────


def past_of(store: Store, arena: str, party: str, until_us: int) -> list[Source]:
    """All that a party did, and all that it was told, by a moment."""
    return [_acts(store, arena, party, until_us), _postings(store, arena, party, until_us)]


def _acts(store: Store, arena: str, party: str, until_us: int) -> Source:
    def read(after: int, count: int) -> list[Line]:
        return [_act_line(entry) for entry in store.acts_of(arena, party, after - 1, until_us, count)]

    return read


def _act_line(entry: Entry) -> Line:
    envelope = entry.envelope.decode()
    told = {
        "kind": entry.kind,
        "from": entry.party,
        "to": entry.audience,
        "told_us": entry.received_us,
        "payload": {"envelope": envelope},
    }
    place, said = entry.position + 1, signed_payload(envelope)
    return Line(place, entry.received_us, entry.kind, entry.party, entry.audience, told, said)


def _postings(store: Store, arena: str, party: str, until_us: int) -> Source:
    def read(after: int, count: int) -> list[Line]:
        return [_posting_line(posting) for posting in store.postings(arena, party, after, until_us, count)]

    return read


def _posting_line(posting: Posting) -> Line:
    payload = json.loads(posting.payload)
    sender = payload.get("from") or payload.get("sender") or HOST_PARTY
    told = {
        "kind": posting.kind,
        "from": sender,
        "to": posting.recipient,
        "told_us": posting.tick_us,
        "payload": payload,
    }
    said = posting.payload + (signed_payload(payload["envelope"]) if "envelope" in payload else b"")
    return Line(posting.number, posting.tick_us, posting.kind, sender, posting.recipient, told, said)


def signed_payload(envelope: str) -> bytes:
    """What an envelope's signature is over, read and not verified: it was when it was taken in."""
    return b64decode(json.loads(envelope)["payload"])


def _versions(store: Store, arena: str, recipient: str, sender: str | None, until_us: int, *, in_force: bool) -> Source:
    def read(after: int, count: int) -> list[Line]:
        found = store.versions(
            arena, recipient, sender, until_us, in_force=in_force, after_position=after - 1, limit=count
        )
        return [_version_line(held, envelope.decode()) for held, envelope in found]

    return read


def _version_line(held: Held, envelope: str) -> Line:
    told = {
        "id": held.view_id,
        "version": held.version,
        "from": held.sender,
        "to": held.recipient,
        "level": held.level,
        "shown_us": held.shown_us,
        "ended_us": held.ended_us,
        "envelope": envelope,
    }
    kind = "view" if held.recipient else "notice"
    place, said = held.position + 1, signed_payload(envelope)
    return Line(place, held.shown_us, kind, held.sender, held.recipient, told, said)


# ── a page of them ───────────────────────────────────────────────────────────────────────────────────────────────────


def begun(store: Store, cursors: Cursors, asked: Asked, purpose: str, moment: str, count: int) -> Place:
    """Where the page begins; the first of a list settles the moment that all of it shows."""
    if asked.after is not None:
        with at("after"):
            return Place.unpacked(cursors.read(asked.after, **_bound(asked, purpose)))
    now_us, text = store.now_us(), asked.filters.get(moment)
    until_us = now_us if text is None else moment_us(text, moment)
    if until_us > now_us:
        raise NotUnderstood("that moment is yet to come", hint="leave it out for the present one", where=moment)
    return Place(until_us, (0,) * count)


def _bound(asked: Asked, purpose: str) -> dict[str, str]:
    """A cursor is good for this list, with these filters, alone."""
    return {
        "arena": asked.arena,
        "party": asked.party,
        "purpose": f"{purpose} {canonical(dict(asked.filters)).decode()}",
    }


def page_of(sources: Sequence[Source], place: Place, asked: Asked, wanted: Wanted) -> tuple[list[Line], Place | None]:
    """The lines that are wanted, by time, and where the next page goes on; None where this is the last."""
    places, taken = list(place.places), list[Line]()
    byte_count = site_count = 0
    runs = [_run(number, source, places[number]) for number, source in enumerate(sources)]
    for read_count, (number, line) in enumerate(merge(*runs, key=lambda each: each[1].told_us)):
        takes = (
            wanted.takes(line) and line.sender != line.audience
        )  # its own public act, which it is posted as everybody is
        is_site = takes and _SITE in line.said and line.sender != asked.party
        if (
            len(taken) == asked.limit
            or byte_count > MOST_BYTES_AT_ONCE
            or read_count == MOST_READ_AT_ONCE
            or (is_site and site_count == MOST_SITES_AT_ONCE)
        ):
            return taken, Place(place.until_us, tuple(places))
        places[number] = line.place
        if takes:
            taken.append(line)
            byte_count += 2 * len(line.said)
            site_count += is_site
    return taken, None


def _run(number: int, source: Source, after: int) -> Iterator[tuple[int, Line]]:
    while page := source(after, _CHUNK):
        yield from ((number, line) for line in page)
        after = page[-1].place
        if len(page) < _CHUNK:
            return


def page_bytes(
    cursors: Cursors,
    asked: Asked,
    purpose: str,
    place: Place,
    after: Place | None,
    moment: str,
    name: str,
    lines: Sequence[dict[str, Any]],
) -> bytes:
    """A page as canonical JSON: its lines by their name, the moment they show, and the cursor for the next."""
    cursor = cursors.make(after.packed(), **_bound(asked, purpose)) if after else None
    return canonical({"cursor": cursor, moment: place.until_us, name: lines})
