"""A party's desk: its folder, its line to the server, its officer's key. What an officer does, from here, is one call.

Before anything is signed the key's sequences are asked for; where another officer with the same key was quicker, it is signed
anew. What was under way when the desk died is sent again first, as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, TypeVar

from detente.channel.acts import HOST, AliveBody, Body, CallBody, StopBody
from detente.channel.forms import form_from, plain, view_form
from detente.channel.registry import Registry
from detente.channel.views import View, make_view
from detente.channel.voice import Said, Signed
from detente.client.answers import (
    AnnouncementsPage,
    CallsPage,
    DrillsShown,
    Opening,
    OpeningsPage,
    OpenItem,
    OpenPage,
    PastPage,
    Posting,
    PostingsPage,
    Sequences,
    Submitted,
    ViewsPage,
    WatchShown,
)
from detente.client.carried import settle_answered, settle_refused
from detente.client.explained import InWords, Key, met_views, named, read_explained
from detente.client.folder import PartyFolder
from detente.client.heads import Checked, Head, Heads, check_openings
from detente.client.known import acts_in, furthest
from detente.client.link import Link, Refused
from detente.client.release import Draw, Prepared, Sent, agreed_levels, cancellation, prepare
from detente.client.signer import Signer
from detente.client.stick import Stick
from detente.client.told import (
    FEWEST_DIGITS,
    SeenView,
    Told,
    read_announcement,
    read_past,
    read_posting,
    read_stop,
    read_view,
)
from detente.domain import UNMARKED, KeyRefused, Marking, Notice, NotUnderstood, ReleaseLevel, at
from detente.domain.units import MICROSECONDS_PER_SECOND
from detente.record.act import SeenCheckpoint
from detente.record.checkpoint import origin_of
from detente.record.envelope import Envelope
from detente.record.keys import PublicKey, SigningKey, public_key_from_text
from detente.record.tiles import tile_path

T = TypeVar("T")
TRIES: Final = 5
LOOK_EVERY_S: Final = 10
DECIDED: Final = (400, 403, 409, 413, 422)  # refusals after which nothing of a submission was kept, nor will be


@dataclass
class Desk:
    """One party's desk.

    Args:
        unlock: gives the officer's private key; called when something is first signed.
        link: the line; a `Stick` where there is none. What is signed then waits in the folder, in order, for a file or for the line.
        draw: fresh random bytes. clock_us: the machine's own clock.
        say: told of what was refused of what waited.
    """

    folder: PartyFolder
    link: Link | Stick
    unlock: Callable[[], SigningKey]
    draw: Draw
    clock_us: Callable[[], int]
    say: Callable[[str], object] = lambda _: None
    _registry: Registry | None = field(default=None, init=False)
    _announced: str | None = field(default=None, init=False)
    _seen: dict[Key, SeenView] = field(default_factory=dict, init=False)
    _looked_us: int = field(default=0, init=False)

    @property
    def party(self) -> str:
        return self.folder.membership.party

    @property
    def arena(self) -> str:
        return self.folder.membership.arena

    @property
    def has_line(self) -> bool:
        """Whether what is sent gets anywhere now."""
        return not isinstance(self.link, Stick)

    @cached_property
    def host_key(self) -> PublicKey:
        """The host's key, as it was first seen."""
        return public_key_from_text(self.folder.membership.host_key)

    @cached_property
    def _key(self) -> SigningKey:
        return self.unlock()

    # ── the log ──────────────────────────────────────────────────────────────────────────────────────────────────────

    @cached_property
    def heads(self) -> Heads:
        """The head of the arena's log, followed."""
        link = self.link
        return Heads(
            self.folder.known, origin_of(self.arena), self.host_key,
            fetch=link.log, tile=lambda tile: link.log(tile_path(tile)) or b"", show=link.show_head,
        )  # fmt: skip

    def head(self) -> Head | None:
        """The head of the log now, checked against the last; without a line, that one.

        Raises:
            NotOneLog: it does not go on from the last.
        """
        record = self.registry().rules.terms.record
        return self.heads.look(record) if self.has_line else self.heads.kept(record)

    def openings(self) -> Iterator[Opening]:
        """Everything of the log that the party may open, by position."""
        after: int | None = 0
        while after is not None:
            page = self.link.get("record/openings", OpeningsPage, after=after)
            yield from page.openings
            after = page.after

    def check_log(self) -> tuple[Head, Checked]:
        """Whether all that concerns us stands in the log.

        Raises:
            NotUnderstood: there is no head yet. NotOneLog: as `head`.
        """
        stood = {(e.key, e.audience): (e.sequence, e.digest) for e in self.link.get("sequences", Sequences).sequences}
        lasts = furthest(self.folder.known.lasts or {}, stood)
        head = self.head()
        if head is None:
            raise NotUnderstood("the log has no head yet", hint="try again in a second")
        return head, check_openings(self.openings(), head.checkpoint, self.heads.tile, self.party, lasts)

    def _seen_head(self, *, looks: bool) -> SeenCheckpoint | None:
        """What the next acts name. Looked for at most every ten seconds, and not at all for a STOP, which waits for nothing."""
        if looks and self.has_line and self.clock_us() - self._looked_us > LOOK_EVERY_S * MICROSECONDS_PER_SECOND:
            self.head()
            self._looked_us = self.clock_us()
        named = self.heads.named
        return None if named is None else SeenCheckpoint(named.tree_size, named.root_hash.hex())

    # ── what is so ───────────────────────────────────────────────────────────────────────────────────────────────────

    def registry(self) -> Registry:
        """Members, keys and rules now, from the public acts, each verified.

        Raises:
            NotAuthentic: one is not signed by whom it is said to be.
        """
        known = self._registry or Registry.of(self.arena)
        for page in self.link.pages("announcements", AnnouncementsPage, self._announced):
            for each in page.items:
                known = read_announcement(each, known, self.host_key, arena=self.arena)
            if self.has_line:
                self.folder.known.keep_announcements(page.items, page.cursor, anew=self._announced is None)
            self._announced = page.cursor
        self._registry = known
        return known

    def inbox(self, after: str | None = None) -> Iterator[Told]:
        """Everything posted after a cursor, verified, in order; before it the requests to cease that nobody has acknowledged."""
        yield from self.stops()
        for page in self.link.pages("inbox", PostingsPage, after):
            registry = self.registry()
            for posting in page.items:
                yield self._told(posting, registry)

    def events(self, after: str | None = None) -> Iterator[Told]:
        """The same as it comes, for ever."""
        for told in self.link.events(after):
            registry = self.registry()
            yield self._stop(told, registry) if isinstance(told, OpenItem) else self._told(told, registry)

    def open_items(self) -> list[OpenItem]:
        """What is open for the party, what comes first, first; as the server has it."""
        return [item for page in self.link.pages("open", OpenPage) for item in page.items]

    def watch(self) -> WatchShown:
        """Who has the party's watch, and its own signs of life."""
        return self.link.get("watch", WatchShown)

    def calls(self) -> Iterator[Told]:
        """The call log, each line verified, by time."""
        return self._past("calls", CallsPage)

    def claims(self) -> Iterator[Told]:
        """What we have claimed and what was claimed to us, each verified, by time; to several, once for each."""
        return self._past("entries", PastPage, kind="claim")

    def _past(self, route: str, form: type[CallsPage | PastPage], **filters: str) -> Iterator[Told]:
        registry, after, is_last = self.registry(), None, False
        while not is_last:  # a page may be empty, and not the last
            page = self.link.get(route, form, after=after, **filters)
            for line in page.items:
                yield read_past(line, registry, arena=self.arena, party=self.party)
            after, is_last = page.cursor, page.cursor is None

    def call_to_answer(self, name: str) -> Told:
        """The call, shared with us and neither confirmed nor disputed, whose id begins so; verified.

        Raises:
            NotUnderstood: none, or several.
        """
        waiting = {item.id for item in self._open_called(name) if item.kind == "call"}
        found = [
            told
            for told in self.calls()
            if isinstance(told.body, CallBody) and told.sender != self.party and told.body.call_id in waiting
        ]
        if len(found) != 1:
            raise NotUnderstood(f"{len(found)} calls to confirm begin with {name!r:.40}", hint="detente call list")
        return found[0]

    def drills(self) -> DrillsShown:
        """How long drills took to be answered."""
        return self.link.get("drills", DrillsShown)

    def words_open(self, name: str) -> OpenItem | None:
        """The STOP, message, claim or drill, not dealt with, whose id begins so; None where there is none."""
        found = [item for item in self._open_called(name) if item.kind in ("stop", "message", "claim", "drill")]
        return found[0] if len(found) == 1 else None

    def told_without_keys(self, name: str, party: str) -> tuple[str, int]:
        """The id and version of what a party without keys was told by us: a STOP by the beginning of its id, or a notice of ours.

        Raises:
            NotUnderstood: it was told no such thing.
        """
        asked = [i for i in self._open_called(name) if (i.kind, i.recipient) == ("stop_asked", party)]
        if len(asked) == 1:
            return asked[0].id, 1
        sent = self.folder.notice(name)
        if party not in sent.views:
            raise NotUnderstood(f"{party} was not told of {name}", hint="see detente notice list")
        return sent.views[party].view_id, sent.views[party].version

    def stop_asked(self, name: str) -> OpenItem:
        """The STOP of ours that stands, whose id begins so.

        Raises:
            NotUnderstood: none, or several.
        """
        found = [item for item in self._open_called(name) if item.kind == "stop_asked"]
        if len(found) != 1:
            raise NotUnderstood(f"{len(found)} STOPs of ours that stand begin with {name!r:.40}", hint="detente open")
        return found[0]

    def _open_called(self, name: str) -> list[OpenItem]:
        if self.has_line:
            items = self.open_items()
        else:
            items = [OpenItem(a.kind, 0, None, id=a.id, sender=a.sender) for a in self.folder.known.asked]
        return [item for item in items if len(name) >= FEWEST_DIGITS and item.id.startswith(name)]

    def stops(self) -> Iterator[Told]:
        """The requests to cease that nobody of the party has acknowledged, verified."""
        first = self.link.get("inbox", PostingsPage, limit=1)
        registry = self.registry() if first.stops else None
        for item in first.stops:
            assert registry is not None
            yield self._stop(item, registry)

    def _stop(self, item: OpenItem, registry: Registry) -> Told:
        told = read_stop(item, registry, self.host_key, arena=self.arena, party=self.party)
        self.folder.known.keep_told(told)
        return told

    def _told(self, posting: Posting, registry: Registry) -> Told:
        told = read_posting(posting, registry, self.host_key, arena=self.arena, party=self.party)
        self.folder.known.keep_told(told)
        return told

    def view_in_force(self, name: str) -> SeenView:
        """The one view in force that is named: by the beginning of its id, by the reference it shows, or by its sender where it is the only one.

        Raises:
            NotUnderstood: none, or several; they are listed.
            NotAuthentic: it is not signed by whom the server says.
        """
        found = [each for each in self._views_in_force() if each.is_called(name)]
        if len(found) != 1:
            named = ", ".join(f"{each.form.view_id[:8]} of {each.sender}" for each in found[:10])
            raise NotUnderstood(
                f"{len(found)} notices in force are called {name!r:.40}{f': {named}' if named else ''}",
                hint="give the beginning of an id, as the inbox shows it",
            )
        return found[0]

    def _views_in_force(self) -> Iterator[SeenView]:
        registry = self.registry()
        for page in self.link.pages("views", ViewsPage):
            for each in page.items:
                yield read_view(each, registry, arena=self.arena, party=self.party)

    # ── what is met ──────────────────────────────────────────────────────────────────────────────────────────────────

    def answer(self, sent: Sent) -> Any:
        """What a notice of ours in force meets of what was released to us, explained; and what would clear it.

        Raises:
            Refused: it is over, or meets more than can be looked at.
        """
        return self.link.get(f"notices/{sent.notice_id}/answer", dict[str, Any])

    def check(self, notice: Notice, to_the_host: ReleaseLevel = ReleaseLevel.FULL) -> tuple[View, Any]:
        """The same of a notice that was not sent; only the host sees it. Returns what the host was given, too."""
        grids = self.registry().rules.terms.grids
        draft = make_view(
            notice, to_the_host, grids, recipient=HOST, view_id="0" * 32, version=1, commitment="0" * 64
        )  # fmt: skip
        volumes = plain(view_form(draft))["volumes"]
        asked = {"activity": draft.activity.value, "volumes": volumes, "level": draft.level.value}
        return draft, self.link.post("screenings", asked)

    def in_words(self, told: Any, own: Notice) -> InWords:
        """An explained answer by the names that people know: others' plans as they signed them.

        Raises:
            NotUnderstood, Malformed: it is no such answer. NotAuthentic: a view is not signed by whom the server says.
        """
        explained = read_explained(told)
        keys = met_views(explained, self.party)
        if keys - self._seen.keys():
            for seen in self._views_in_force():
                self._seen[seen.sender, seen.form.view_id] = seen
                if keys <= self._seen.keys():
                    break
        return named(explained, own, {key: self._seen[key] for key in keys & self._seen.keys()})

    # ── what is done ─────────────────────────────────────────────────────────────────────────────────────────────────

    def sign_and_send(self, make: Callable[[Signer], Sequence[Envelope]], *, looks: bool = True) -> Any:
        """Signs acts, each the next of its sequence, and submits them at once; anew where another officer was quicker.

        Args:
            looks: at the head of the log first.
        Raises:
            Refused: the channel's refusal. NotOneLog: the log is not the one it was.
        """
        return _signed_anew(lambda: self._submitted(make(self.signer(looks=looks))))

    def _submitted(self, envelopes: Sequence[Envelope]) -> Any:
        answer = self.link.submit(envelopes)
        if self.has_line:
            self.folder.known.took(envelopes)
        return answer

    def signer(self, *, looks: bool = True) -> Signer:
        """A signer that goes on from what the channel has of the key; what waits in the outbox goes first."""
        self._hand_in()
        known = {(e.key, e.audience): (e.sequence, e.digest) for e in self.link.get("sequences", Sequences).sequences}
        if self.has_line:
            self.folder.known.keep_lasts(known)
        lasts = {audience: last for (key, audience), last in known.items() if key == self._key.public.id}
        seen = self._seen_head(looks=looks)
        return Signer(self._key, arena=self.arena, party=self.party, lasts=lasts, clock_us=self.clock_us, seen=seen)

    def alive(self) -> Any:
        """Shows a sign of life."""
        return self.send("alive", HOST, AliveBody(self.folder.membership.officer))

    def said_and_signed(self, said: Said) -> Signed:
        """The signature of a script to read aloud, by the officer's key."""
        from detente.client.heard import signature_of

        return signature_of(said, self._key)

    def send(self, kind: str, audience: str, body: Body, *, view: str | None = None) -> Any:
        """One act by itself."""
        return self.sign_and_send(
            lambda signer: [signer.sign(kind, audience, body, view=view)], looks=not isinstance(body, StopBody)
        )

    def announce(self, kind: str, body: Body) -> Any:
        """One public act."""
        return self.send(kind, HOST, body)

    def submit(
        self,
        notice: Notice,
        chosen: Mapping[str, ReleaseLevel] | None = None,
        *,
        before: Sent | None = None,
        to_the_host: ReleaseLevel = ReleaseLevel.FULL,
        marking: Marking = UNMARKED,
    ) -> tuple[Sent, Any]:
        """Gives a notice, or amends one: views made, signed, written down, sent; and what the channel answers.

        Args:
            chosen: levels in place of the agreed ones. before: the version to amend.
        Raises:
            Refused: the channel's refusal; nothing is kept. InvalidVolume, TooLarge: as `prepare`.
        """
        self.resume()
        if notice.party != self.party:
            raise KeyRefused(
                f"a notice of {notice.party}, and this is the desk of {self.party}",
                hint="a party gives its own notices",
            )
        terms = self.registry().rules.terms
        levels = agreed_levels(terms, notice, self.party, chosen)

        def attempt() -> tuple[Sent, Any]:
            prepared = prepare(
                notice, levels, signer=self.signer(), grids=terms.grids, draw=self.draw,
                before=before, to_the_host=to_the_host, marking=marking,
            )  # fmt: skip
            self.folder.begin(prepared)
            return prepared.sent, self._sent(prepared)

        return _signed_anew(attempt)

    def _sent(self, prepared: Prepared) -> Any:
        try:
            answer = self._submitted(prepared.envelopes)
        except Refused as refusal:
            if refusal.status in DECIDED:
                self.folder.refused(prepared.sent)
            raise
        if is_waiting(answer):
            self.folder.waits(prepared.sent)
            return answer
        with at("the server's answer"):
            form_from(answer, Submitted)
        self.folder.took(prepared.sent, answer)
        return answer

    def resume(self) -> int:
        """Sends again what was under way when the desk died, after what waits; returns how many notices that were."""
        self._hand_in()
        pending = self.folder.pending()
        for sent, envelopes in pending:
            self._sent(Prepared(sent, envelopes))
        return len(pending)

    def _hand_in(self) -> None:
        """With a line, sends what was signed without one, in order; says what is refused of it."""
        for carried in self.folder.known.outbox if self.has_line else ():
            envelopes = [envelope for _, envelope in acts_in(carried)]
            try:
                answer = self._submitted(envelopes)
            except Refused as refusal:
                if refusal.status not in DECIDED:
                    raise
                self.say(
                    f"refused, of what was signed without a line: {settle_refused(self.folder, carried)}: {refusal}"
                )
            else:
                settle_answered(self.folder, carried, answer)

    def cancel(self, sent: Sent, reason: str = "") -> Any:
        """Cancels a notice with everybody who was told of it."""
        self.resume()
        answer = self.sign_and_send(lambda signer: cancellation(sent, signer=signer, reason=reason))
        self.folder.end(sent)
        return answer


def is_waiting(answer: Any) -> bool:
    """Whether what was signed waits in the outbox, and nobody has answered it."""
    return isinstance(answer, dict) and answer.keys() == {"waiting"}


def _signed_anew(attempt: Callable[[], T]) -> T:
    """What an attempt gives, signed anew a few times where another act of the same key came first."""
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except Refused as refusal:
            if not _outrun(refusal):
                raise
    return attempt()


def _outrun(refusal: Refused) -> bool:
    """Another act of the same key came first: signed anew, it will do. A notice that has changed since will not."""
    return refusal.name == "stale-version" and refusal.where.startswith("acts[") and "of key" in refusal.what
