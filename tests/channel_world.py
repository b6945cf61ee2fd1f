"""Parties that talk to a channel in one process: each makes and signs its own acts, and keeps what it is told.

`check()` re-verifies from outside, after any act: everybody has been told the present answer of each of its notices, and that
answer is the one an ordinary screening of all the party knows would give.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import count

from detente.channel.acts import HOST, CancelBody, NoticeBody, ReceiptBody, Release, SignedAct, ViewBody, open_acts
from detente.channel.agreements import Agreements, Proposal
from detente.channel.answers import receive
from detente.channel.batch import Heads
from detente.channel.dues import fall_due
from detente.channel.forms import notice_form, plain, view_form
from detente.channel.registry import Registry
from detente.channel.standing import Standing, Turn
from detente.channel.submit import cancel, read_submission, submit
from detente.channel.views import make_view, same_to_the_recipient
from detente.domain import (
    Activity,
    AltitudeBand,
    Answer,
    Circle,
    Deadline,
    Minima,
    MinimaRule,
    Notice,
    PartyKind,
    Position,
    ReceiptStage,
    ReleaseGrids,
    ReleaseLevel,
    Rung,
    Signatory,
    Step,
    Terms,
    TimeWindow,
    Understanding,
    Volume4D,
    amsl,
)
from detente.record.act import Act, next_act, read_act, sign_act
from detente.record.canonical import canonical
from detente.record.commitment import commit
from detente.record.envelope import from_json, to_json
from detente.record.holder import EnrolledKey, Holder, Role
from detente.record.keys import SigningKey
from detente.screening import kernels, screen

FULL, NONE = ReleaseLevel.FULL, ReleaseLevel.NONE
RULE = MinimaRule("all", Minima(500.0, 100.0, 60.0))
NOON_US = 1_537_185_600_000_000  # 17 September 2018
ARENA = "levant"


def an_understanding(parties="ABC", **terms) -> Understanding:
    signatories = tuple(
        Signatory(name, PartyKind.ARMED_FORCE, None if name == "Z" else "A" * 43 + "=") for name in parties
    )
    told = {"grids": ReleaseGrids(general_levels=(12, 10, 8))} | terms
    return Understanding("U", "1", (RULE,), terms=Terms(parties=signatories, **told))


def in_force(understanding) -> Registry:
    """A registry in which an understanding is in force, however it came to be."""
    members = {party.name: party for party in understanding.terms.parties}
    proposal = Proposal("0" * 64, understanding, None, "A")
    return Registry(Agreements(ARENA, members, {proposal.digest: proposal}, proposal.digest))


def random_bytes(seed):
    """Endless bytes that look random and are the same in every run, 32 at a time."""
    return (sha256(f"{seed} {k}".encode()).digest() for k in count())


@dataclass
class Told:
    """What one notice was released as, by recipient."""

    version: int
    notice_id: str
    screening: object
    views: dict = field(default_factory=dict)


class Party:
    """One party's own client: makes views, signs acts, counts its sequences."""

    def __init__(self, name, grids, seed=0):
        self.name, self.grids = name, grids
        self.key = SigningKey(sha256(name.encode()).digest())
        self.enrolled = EnrolledKey(self.key.public, Holder(name, Role.OFFICER, "duty officer"), 0)
        self.last = {}
        self.notices = {}
        self.random = random_bytes(f"{name} {seed}")

    def sign(self, kind, audience, body, /, **changed):
        """A signed act, the next for its audience; `changed` makes it another than it should be."""
        sequence, previous = next_act(self.last.get(audience))
        act = {
            "type": kind, "arena": ARENA, "party": self.name, "audience": audience, "key_id": self.key.public.id,
            "sequence": sequence, "previous": previous, "made_at_us": NOON_US, "body": plain(body),
        }  # fmt: skip
        self.last[audience] = sign_act(Act(**act | changed), self.key)
        return self.last[audience]

    def submission(self, notice: Notice, levels, screened=FULL):
        """The envelopes of a new notice, or of an amended one of the same reference."""
        before = self.notices.get(notice.reference)
        commitment = commit(next(self.random), canonical(plain(notice_form(notice)))).hex()
        told = Told(
            before.version + 1 if before else 1,
            before.notice_id if before else next(self.random)[:16].hex(),
            None,
        )
        told.screening = make_view(
            notice, screened, self.grids,
            recipient=HOST, view_id=told.notice_id, version=told.version, commitment=commitment,
        )  # fmt: skip
        acts, releases = [], []
        for recipient, level in sorted(levels.items()):
            if level is NONE:
                continue
            held = before.views.get(recipient) if before else None
            view = make_view(
                notice, level, self.grids,
                recipient=recipient, view_id=held.view_id if held else next(self.random)[:16].hex(),
                version=held.version + 1 if held else 1, commitment=commitment,
            )  # fmt: skip
            if held and same_to_the_recipient(held, view):
                told.views[recipient] = held
                releases.append(Release(recipient, held.view_id, held.version, held.level, None))
                continue
            told.views[recipient] = view
            acts.append(self.sign("view", recipient, ViewBody(view_form(view))))
            releases.append(Release(recipient, view.view_id, view.version, view.level, acts[-1].digest))
        for recipient, held in (before.views if before else {}).items():
            if recipient not in told.views:
                acts.append(self.sign("cancel", recipient, CancelBody(held.view_id, held.version)))
        self.notices[notice.reference] = told
        return [*acts, self.sign("notice", HOST, NoticeBody(view_form(told.screening), tuple(releases)))]

    def cancellation(self, reference):
        told = self.notices.pop(reference)
        acts = [self.sign("cancel", HOST, CancelBody(told.notice_id, told.version))]
        return acts + [
            self.sign("cancel", recipient, CancelBody(v.view_id, v.version)) for recipient, v in told.views.items()
        ]


class Channel:
    """A sequencer's memory, and the inboxes of all parties."""

    def __init__(self, understanding=None, seed=0):
        understanding = understanding or an_understanding()
        self.standing = Standing(in_force(understanding), Heads(0, {}), run=kernels)
        self.salts = random_bytes(f"salts {seed}")
        self.host = SigningKey(sha256(b"host").digest())
        self.due = {}
        self.items = {}  # by party and subject, as a store would have it
        self.parties = {name: Party(name, understanding.terms.grids, seed) for name in self.standing.parties}
        self.inbox = {name: [] for name in self.parties}
        self.answers = {name: {} for name in self.parties}
        self.batches = []
        self.now_us = NOON_US

    def host_sign(self, kind, audience, body, last):
        sequence, previous = last
        act = Act(
            kind, ARENA, "host", audience, self.host.public.id, sequence + 1, previous, self.now_us, body=plain(body)
        )
        envelope = sign_act(act, self.host)
        return SignedAct(act, body, to_json(envelope), envelope.digest)

    def turn(self, decide):
        turn = Turn(
            self.standing,
            now_us=self.now_us,
            salts=self.salts,
            host_key_id=self.host.public.id,
            host_sign=self.host_sign,
        )
        result = decide(turn)
        batch = turn.batch()
        self.batches.append(batch)
        for subject in batch.done:
            self.due.pop(subject, None)
        assert not self.due.keys() & {due.subject for due in batch.due}
        self.due |= {due.subject: due for due in batch.due}
        for close in batch.closed:
            self.items.pop((close.party, close.subject), None)
        assert not self.items.keys() & {(item.party, item.subject) for item in batch.opened}
        self.items |= {(item.party, item.subject): item for item in batch.opened}
        for posting in batch.postings:
            payload = json.loads(posting.payload)
            self.inbox[posting.recipient].append((posting, payload))
            if posting.kind == "answer":
                self.answers[posting.recipient][payload["notice_id"]] = _told(payload)
        return result

    def open(self, party, envelopes):
        """The acts of a party's envelopes, as a worker would open them."""
        keys = {p.key.public.id: p.enrolled for p in self.parties.values()}
        return open_acts([to_json(e) for e in envelopes], keys, arena=ARENA, party=party, now_us=self.now_us)

    def submit(self, party, notice, levels, screened=FULL):
        acts = self.open(party, self.parties[party].submission(notice, levels, screened))
        submission = read_submission(acts)
        result = self.turn(lambda turn: submit(self.standing, turn, submission))
        self.answers[party][result["notice_id"]] = _told(result)
        return result

    def cancel(self, party, reference):
        acts = self.open(party, self.parties[party].cancellation(reference))
        result = self.turn(lambda turn: cancel(self.standing, turn, acts))
        del self.answers[party][result["notice_id"]]
        return result

    def send(self, party, decide, kind, audience, body):
        """One act of a party's, decided by itself."""
        (act,) = self.open(party, [self.parties[party].sign(kind, audience, body)])
        return self.turn(lambda turn: decide(self.standing, turn, act))

    def wait(self, seconds):
        """Time passes, and what falls due in it is done when it falls due."""
        until_us = self.now_us + seconds * 1_000_000
        while soon := sorted((d.due_us, d.subject) for d in self.due.values() if d.due_us <= until_us):
            self.now_us, subject = soon[0]
            due = self.due[subject]
            self.turn(lambda turn, due=due: fall_due(self.standing, turn, due))
        self.now_us = until_us

    def told(self, recipient, kind):
        """The bodies of the acts of a kind that a party was posted."""
        return [act_of(payload["envelope"]).body for payload in self.postings(recipient, kind)]

    def opens(self, party, kind=None):
        """What is open for a party, as it would read it: what comes first, first."""
        items = [item for (whose, _), item in self.items.items() if whose == party and kind in (None, item.kind)]
        ordered = sorted(items, key=lambda item: (item.urgency, item.due_us, item.shown_us, item.subject))
        return [(item.kind, json.loads(item.payload)) for item in ordered]

    def postings(self, recipient, kind):
        return [payload for posting, payload in self.inbox[recipient] if posting.kind == kind]

    def check(self):
        for name in self.parties:
            world = self.standing.world(name)
            found = screen(world.as_notices(), understanding=self.standing.understanding, explain=False, propose_most=0)
            levels = {view.view_id: view.level for view in (*world.own_views(), *(v for _, v in world.seen()))}
            worst = dict.fromkeys((t.notice_id for t in self.parties[name].notices.values()), Answer.CLEAR)
            for c in found.conflicts:
                sides = sorted((c.a.notice, c.b.notice), key=lambda n: n.party != name)
                if sides[0].party != name:
                    continue
                surely = all(levels[side.reference] is FULL for side in sides)
                bounded = c.answer if surely else min(c.answer, Answer.POSSIBLE)
                worst[sides[0].reference] = max(worst[sides[0].reference], bounded)
            assert {n: a["answer"] for n, a in self.answers[name].items()} == {n: a.name for n, a in worst.items()}
            for notice_id, told in self.answers[name].items():
                assert len(world.of_own(notice_id)) == told["meeting_count"] + told["warning_count"]
        for name in self.parties:
            own = [n for (sender, _), n in self.standing.notices.items() if sender == name]
            assert self.standing.quota_used(name) == (sum(n.volume_count for n in own), sum(n.volume_us for n in own))
        self._check_open()
        positions = [entry.position for batch in self.batches for entry in batch.entries]
        assert positions == list(range(len(positions)))
        for name, got in self.inbox.items():
            assert [posting.number for posting, _ in got] == list(range(1, len(got) + 1)), name

    def _check_open(self):
        """Nothing is open in memory that is not in the store; every meeting and every unread view is open, and no other."""
        held = {(p, s): item for p, items in self.standing.items.items() for s, item in items.items()}
        assert held == self.items
        for name in self.parties:
            meets = {n for n, answer in self.answers[name].items() if answer["answer"] != "CLEAR"}
            assert {told["notice_id"] for _, told in self.opens(name, "meeting")} == meets
            unread = {
                told.id
                for told, stage in self.standing.reached.items()
                if (told.kind, told.recipient) == ("view", name) and stage.rank < ReceiptStage.ACKNOWLEDGED.rank
            }
            if self.standing.has_keys(name):
                assert {told["id"] for _, told in self.opens(name, "notice")} == unread
            else:
                assert self.opens(name) == []


def act_of(envelope):
    """The act in an envelope, which is text or bytes."""
    return read_act(from_json(envelope if isinstance(envelope, bytes) else envelope.encode()).payload)


def _told(payload):
    return {key: payload[key] for key in ("answer", "meeting_count", "warning_count", "meetings")}


# ── one plan, told to everybody ──────────────────────────────────────────────────────────────────────────────────────

HOUR_US = 3_600_000_000
DELIVERED, ACKNOWLEDGED = ReceiptStage.DELIVERED, ReceiptStage.ACKNOWLEDGED
LADDER = (Step(Rung.ALTERNATES, 0), Step(Rung.ALL_OFFICERS, 300), Step(Rung.SENDER_TOLD, 300))


def plan(party, *, title=""):
    window = TimeWindow(NOON_US + HOUR_US, NOON_US + 2 * HOUR_US)
    volume = Volume4D(Circle(Position(34.0, 36.0), 2_000.0), AltitudeBand(amsl(1_000.0), amsl(2_000.0)), window)
    return Notice("N", party, Activity.AIR_OPERATION, (volume,), title=title)


def a_channel(*deadlines, parties="ABC", ladder=LADDER):
    """A channel in which B has been told of a plan of A's; and the view."""
    channel = Channel(an_understanding(parties, deadlines=deadlines or (Deadline(ACKNOWLEDGED, 600),), ladder=ladder))
    channel.submit("A", plan("A"), {p: FULL for p in parties if p != "A"})
    return channel, channel.parties["A"].notices["N"].views["B"]


def acknowledge(channel, view, **changed):
    told = {"stage": ACKNOWLEDGED, "officer": "Duty officer, night watch"} | changed
    return channel.send("B", receive, "receipt", "A", ReceiptBody(view.view_id, view.version, **told))
