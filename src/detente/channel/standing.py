"""Where an arena stands: the rules in force, every party's world, what each notice was released as. In the sequencer's memory.

It follows from the entries committed, and is made anew from them when a sequencer starts or a commit fails; nothing is kept here
alone. One thread at a time. A `Turn` gathers what one turn changes, for the store to commit at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any, Final, Literal, TypeAlias

from detente.channel.acts import Body, Says, SignedAct
from detente.channel.batch import (
    NEVER_US,
    Batch,
    Closed,
    Due,
    Ended,
    Entry,
    Heads,
    Held,
    OpenItem,
    Posting,
    Reached,
    Result,
)
from detente.channel.registry import Registry
from detente.channel.views import View
from detente.channel.world import World, with_defaults
from detente.domain import Conflicted, ReceiptStage, StaleVersion, Understanding
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.domain.window import OPEN_END_US, OPEN_START_US
from detente.record.canonical import canonical
from detente.record.leaf import leaf_data
from detente.record.merkle import leaf_hash
from detente.record.tiles import Frontier, FullTile

HOUR_US: Final = 3600 * MICROSECONDS_PER_SECOND
LONGEST_US: Final = 366 * 24 * HOUR_US  # what an open window counts as, against a quota


@dataclass(frozen=True, slots=True)
class Released:
    """The version of a view that is in force for a recipient."""

    view_id: str
    version: int


@dataclass(frozen=True, slots=True)
class Notified:
    """A notice in force: its version, its views by recipient, and how much it counts against the quota."""

    version: int
    releases: dict[str, Released]
    volume_count: int
    volume_us: int


@dataclass(frozen=True, slots=True)
class Alerted:
    """One direction of the alert between two parties: what one was told of the other, and what that has cost (`channel.alert`).

    Attributes:
        ticked_us: the last tick; none is taken twice.
        period_ends_us: when spending begins anew. spent: bits told since it began.
        told: version and words last told, by id of the notice.
    """

    ticked_us: int = 0
    period_ends_us: int = 0
    spent: int = 0
    told: Mapping[str, tuple[int, Says]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vigil:
    """When a party last showed a sign of life, None for never; and whether the others were told that it is dark."""

    last_us: int | None
    is_dark: bool = False


@dataclass(frozen=True, slots=True)
class Watch:
    """Who has a party's watch, or handed it over last (`is_on` is false), since when, and what was open then (`channel.watch`)."""

    officer: str
    is_on: bool
    since_us: int
    note: str
    to_officer: str
    open_digest: str
    open_count: int


@dataclass(frozen=True, slots=True)
class Drilled:
    """A drill of one party's with another: the tick at which it could be read, and at which its answer could; None for no answer."""

    drill_id: str
    asked_us: int
    answered_us: int | None = None

    @property
    def took_s(self) -> int | None:
        """How long the answer took, in seconds rounded up."""
        return None if self.answered_us is None else -(-(self.answered_us - self.asked_us) // MICROSECONDS_PER_SECOND)


@dataclass(frozen=True, slots=True)
class Dead:
    """Something that was given up: which posting, why, and when."""

    number: int
    kind: str
    problem: str
    given_up_us: int


@dataclass(frozen=True, slots=True)
class Lane:
    """How far an outlet has got with the postings of one sort.

    Attributes:
        after_number: the last posting that was told, passed over or given up.
        attempts: how often the next one failed. try_us: not before this.
        problem: of the last attempt; empty after a good one.
    """

    after_number: int
    attempts: int = 0
    try_us: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Outlet:
    """An outlet, and how far it has got: with STOPs, which wait for nothing else, and with all the rest.

    Attributes:
        kind: webhook or email. kinds: of postings that it is told of; empty for all.
    """

    party: str
    outlet_id: str
    kind: str
    address: str
    kinds: tuple[str, ...]
    stops: Lane
    rest: Lane
    dead: tuple[Dead, ...] = ()

    def lane(self, is_stops: bool) -> Lane:
        """That of STOPs, or of all the rest."""
        return self.stops if is_stops else self.rest

    def at(self, is_stops: bool, lane: Lane) -> Outlet:
        """The same, with one lane where it is now."""
        return replace(self, stops=lane) if is_stops else replace(self, rest=lane)


@dataclass(frozen=True, slots=True)
class Addressed:
    """What one party has told another, and waits to hear that it was read: a version of a view, a STOP, a message's thread, a claim.

    Of all but views there is one version.
    """

    kind: Literal["view", "stop", "message", "claim"]
    sender: str
    recipient: str
    id: str
    version: int


HostSign: TypeAlias = Callable[[str, str, Body, tuple[int, str | None]], SignedAct]
"""Signs an act of the host's own: kind, audience, body, and the sequence and digest of its last act for that audience."""


@dataclass(slots=True)
class Standing:
    """An arena, as its sequencer knows it.

    Attributes:
        registry: members, keys and rules. Its rules are those of `understanding`, which says something of every pair of activities.
        notices: by sender and notice id; changed by `put_notice` and `drop_notice` alone.
        lasts: sequence and digest of the last act of each key for each audience.
        reached: how far each view in force has got, each STOP that stands, each message and claim that waits.
        items: what is open for each party, by subject; changed by a `Turn` alone.
        alerts: by the party that is told and the one it is told of.
        drills: the last of each party's with each other.
        vigils: of each party of which signs of life are agreed. watches: by party.
        frontier: where the log goes on; as many leaves as there are entries.
    """

    registry: Registry
    heads: Heads
    run: ModuleType | None = None
    notices: dict[tuple[str, str], Notified] = field(default_factory=dict)
    lasts: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    reached: dict[Addressed, ReceiptStage] = field(default_factory=dict)
    items: dict[str, dict[str, OpenItem]] = field(default_factory=dict)
    alerts: dict[tuple[str, str], Alerted] = field(default_factory=dict)
    drills: dict[tuple[str, str], tuple[Drilled, ...]] = field(default_factory=dict)
    vigils: dict[str, Vigil] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict)
    understanding: Understanding = field(init=False)
    outlets: dict[tuple[str, str], Outlet] = field(default_factory=dict)  # by party and id
    frontier: Frontier = field(default_factory=Frontier)
    _worlds: dict[str, World] = field(default_factory=dict)
    _used: dict[str, tuple[int, int]] = field(
        default_factory=dict
    )  # of each party's quota; summed anew, it would cost as much as there is

    def __post_init__(self) -> None:
        self.understanding = with_defaults(self.registry.rules)

    @property
    def parties(self) -> tuple[str, ...]:
        return tuple(party.name for party in self.understanding.terms.parties)

    def has_keys(self, party: str) -> bool:
        """Whether a party speaks for itself; others report for one that does not."""
        named = (p for p in self.understanding.terms.parties if p.name == party)
        return any(p.root_key is not None for p in named)

    def item(self, party: str, subject: str) -> OpenItem | None:
        """What is open for a party under a subject."""
        return self.items.get(party, {}).get(subject)

    def world(self, party: str) -> World:
        """The world of a party; an empty one to begin with."""
        if party not in self._worlds:
            self._worlds[party] = World(party, self.understanding, run=self.run)
        return self._worlds[party]

    def adopt(self, registry: Registry) -> None:
        """Takes over a registry; where the rules have changed, every world is made anew under them."""
        changed = registry.rules != self.registry.rules
        self.registry = registry
        if not changed:
            return
        self.understanding = with_defaults(registry.rules)
        before, self._worlds = self._worlds, {}
        for party, world in before.items():
            anew = self.world(party)
            for view in world.own_views():
                anew.hold_own(view)
            for sender, view in world.seen():
                anew.hold_view(sender, view)

    def check_sequences(self, acts: Iterable[SignedAct]) -> None:
        """Refuses acts that are not, one after another, the next of their keys for their audiences.

        Raises:
            StaleVersion: one is missing, comes a second time, or was signed beside another that came first.
        """
        lasts = dict(self.lasts)
        for index, signed in enumerate(acts):
            act = signed.act
            sequence, digest = lasts.get((act.key_id, act.audience), (0, None))
            if (act.sequence, act.previous) != (sequence + 1, digest):
                raise StaleVersion(
                    f"act {act.sequence} of key {act.key_id[:16]}… for {act.audience or 'the host'}, where {sequence + 1} comes next",
                    hint="fetch the key's last act for that audience, and sign anew after it",
                    where=f"acts[{index}]",
                )
            lasts[act.key_id, act.audience] = (act.sequence, signed.digest)

    def put_notice(self, sender: str, notice_id: str, notified: Notified) -> None:
        """A version of a notice is in force from now on, in place of the one before."""
        self.drop_notice(sender, notice_id)
        self.notices[sender, notice_id] = notified
        self._count(sender, notified, 1)

    def drop_notice(self, sender: str, notice_id: str) -> None:
        """A notice is in force no longer; nothing happens where it was not."""
        before = self.notices.pop((sender, notice_id), None)
        if before:
            self._count(sender, before, -1)

    def _count(self, sender: str, notified: Notified, times: int) -> None:
        count, us = self._used.get(sender, (0, 0))
        self._used[sender] = count + times * notified.volume_count, us + times * notified.volume_us

    def quota_used(self, sender: str, *, but: str = "") -> tuple[int, int]:
        """How many volumes a party holds, and for how many microseconds together; one notice of it left out."""
        count, us = self._used.get(sender, (0, 0))
        left_out = self.notices.get((sender, but))
        return (count - left_out.volume_count, us - left_out.volume_us) if left_out else (count, us)


def volume_us(view: View) -> int:
    """How long a view's volumes last together; an open one counts as a year."""
    return sum(min(v.window.end_us - v.window.start_us, LONGEST_US) for v in view.volumes)


def extent_us(view: View) -> tuple[int, int]:
    """When a view's volumes begin and end; the domain's open ends where one is open."""
    starts, ends = zip(*((v.window.start_us, v.window.end_us) for v in view.volumes), strict=True)
    return max(OPEN_START_US, min(starts)), min(OPEN_END_US, max(ends))


class Turn:
    """One turn of the sequencer: what it appends, posts and has done, in order.

    Args:
        salts: 32 fresh random bytes at a time.
        host_key_id, host_sign: the host's key, and how it signs.
        used: of what is submitted, the ids that its sender has given something before: (sender, id).
    """

    def __init__(
        self,
        standing: Standing,
        *,
        now_us: int,
        salts: Iterator[bytes],
        host_key_id: str,
        host_sign: HostSign,
        used: Collection[tuple[str, str]] = (),
    ) -> None:
        self.now_us = now_us
        self._used = set(used)
        tick_us = standing.understanding.terms.tick_s * MICROSECONDS_PER_SECOND
        self.tick_us = -(-now_us // tick_us) * tick_us
        self._standing = standing
        self._salts = salts
        self.host_key_id, self._host_sign = host_key_id, host_sign
        self._entries: list[Entry] = []
        self._tiles: list[FullTile] = []
        self._postings: list[Posting] = []
        self._held: list[Held] = []
        self._ended: list[Ended] = []
        self._due: dict[str, Due] = {}
        self._done: dict[str, None] = {}
        self._reached: dict[tuple[str, str, int, str], Reached] = {}
        self._closed: dict[tuple[str, str], Closed] = {}
        self._opened: dict[tuple[str, str], OpenItem] = {}

    def enter(self, act: SignedAct, *, kind: str = "") -> int:
        """Appends a party's act, as of its own kind unless another is given; returns its position."""
        heads = self._standing.heads
        position, as_kind, salt = heads.next_position, kind or act.kind, next(self._salts)
        leaf = leaf_data(salt, position, self.tick_us, as_kind, act.envelope)
        self._entries.append(
            Entry(
                position, self.now_us, as_kind, act.party, act.act.key_id, act.audience, act.act.sequence, act.envelope,
                salt, leaf, self.tick_us,
            )
        )  # fmt: skip
        self._tiles += self._standing.frontier.append([leaf_hash(leaf)])
        self._standing.heads = replace(heads, next_position=position + 1)
        self._standing.lasts[act.act.key_id, act.audience] = (act.act.sequence, act.digest)
        return position

    def state(self, kind: str, audience: str, body: Body) -> SignedAct:
        """Signs and appends an act of the host's own."""
        last = self._standing.lasts.get((self.host_key_id, audience), (0, None))
        act = self._host_sign(kind, audience, body, last)
        self.enter(act)
        return act

    def post(self, recipient: str, kind: str, payload: dict[str, Any]) -> int:
        """Puts something into a recipient's inbox, at the tick; returns its number there."""
        numbers = self._standing.heads.next_numbers
        number = numbers.get(recipient, 1)
        numbers[recipient] = number + 1
        position = self._standing.heads.next_position - 1
        self._postings.append(Posting(recipient, number, kind, canonical(payload), self.tick_us, position))
        return number

    def check_new(self, sender: str, new_id: str) -> None:
        """Refuses an id for something new that the sender has given something before: it would stand for both in the record.

        Raises:
            Conflicted: it has.
        """
        if (sender, new_id) in self._used:
            raise Conflicted(
                f"the id {new_id} was given to something before", hint="draw 16 random bytes for a new one"
            )

    def hold(self, view: View, sender: str, position: int) -> None:
        """Notes that a version is in force from an entry on."""
        self._used.add((sender, view.view_id))
        earliest_us, latest_us = extent_us(view)
        self._held.append(
            Held(
                view.view_id, view.version, sender, view.recipient, view.level.value, earliest_us, latest_us, position,
                shown_us=self._seen_us(view),
            )
        )  # fmt: skip

    def end(self, view: View, sender: str, position: int) -> None:
        """Notes that a version is in force no longer."""
        self._ended.append(Ended(sender, view.view_id, view.version, view.recipient, position, self._seen_us(view)))

    def _seen_us(self, view: View) -> int:
        """When what is done now may be seen: by a recipient at the tick, by the sender of a notice at once."""
        return self.tick_us if view.recipient else self.now_us

    def due(self, subject: str, kind: str, after_s: int, payload: dict[str, Any]) -> None:
        """Has something done so many seconds from now, unless it is done away with before."""
        self.due_at(subject, kind, self.now_us + after_s * MICROSECONDS_PER_SECOND, payload)

    def due_at(self, subject: str, kind: str, due_us: int, payload: dict[str, Any]) -> None:
        """Has something done at a moment, unless it is done away with before."""
        self._due[subject] = Due(subject, kind, due_us, canonical(payload))

    def done(self, subject: str) -> None:
        """What was due is due no longer."""
        self._due.pop(subject, None)
        self._done[subject] = None

    def reach(self, told: Addressed, stage: ReceiptStage) -> None:
        """Notes how far a version of a view has got."""
        key = told.sender, told.id, told.version, told.recipient
        self._reached[key] = Reached(*key, stage.value)

    def open_item(
        self,
        party: str,
        subject: str,
        kind: str,
        payload: dict[str, Any],
        *,
        urgency: int = 2,
        due_us: int = NEVER_US,
        at_once: bool = False,
    ) -> None:
        """Something is open for a party, in place of what was open under the subject; at the tick, or at once."""
        shown_us = self.now_us if at_once else self.tick_us
        item = OpenItem(party, subject, kind, urgency, shown_us, due_us, canonical(payload))
        before = self._standing.item(party, subject)
        if before and replace(before, shown_us=shown_us) == item:
            return
        self.close_item(party, subject, at_once=at_once)
        self._opened[party, subject] = item
        self._standing.items.setdefault(party, {})[subject] = item

    def close_item(self, party: str, subject: str, *, at_once: bool = False) -> None:
        """Nothing is open under a subject any more; nothing happens where nothing was."""
        if self._standing.items.get(party, {}).pop(subject, None) is None:
            return
        if self._opened.pop((party, subject), None) is None:
            self._closed[party, subject] = Closed(party, subject, self.now_us if at_once else self.tick_us)

    @property
    def entry_count(self) -> int:
        """How many acts it has appended so far."""
        return len(self._entries)

    def batch(self, results: tuple[Result, ...] = ()) -> Batch:
        """All of it, and what the submissions were answered."""
        return Batch(
            tuple(self._entries),
            tuple(self._postings),
            tuple(self._held),
            tuple(self._ended),
            tuple(self._due.values()),
            tuple(self._done),
            results=results,
            reached=tuple(self._reached.values()),
            closed=tuple(self._closed.values()),
            opened=tuple(self._opened.values()),
            tiles=tuple(self._tiles),
        )
