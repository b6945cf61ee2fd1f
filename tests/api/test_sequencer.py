"""The sequencer on both stores: nothing lost, nothing twice, never both CLEAR, and another goes on where one stopped."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import count

import pytest

from channel_world import ARENA, FULL, NOON_US, Party, random_bytes
from detente.api.load import load_registry, load_standing
from detente.api.sequencer import Host, Sequencer, Statement, Submission
from detente.channel.acts import MemberBody, MessageBody, ProposeBody, ReceiptBody, SignBody, SuspendBody, open_acts
from detente.channel.agreements import PAYLOAD_TYPE, payload
from detente.channel.submit import answered
from detente.domain import (
    Activity,
    AltitudeBand,
    Circle,
    Conflicted,
    Deadline,
    Minima,
    MinimaRule,
    NotAuthentic,
    Notice,
    PartyKind,
    Position,
    ReceiptStage,
    ReleaseGrids,
    StaleVersion,
    StoreUnavailable,
    Terms,
    TimeWindow,
    Understanding,
    Volume4D,
    amsl,
)
from detente.record.envelope import sign, to_json
from detente.record.key_history import Enrolment, Founding, found, sign_statement
from detente.record.key_history import Statement as KeyStatement
from detente.record.keys import SigningKey
from detente.screening import kernels

HOUR_US = 3_600_000_000
GRIDS = ReleaseGrids(general_levels=(12, 10, 8))
PARTIES = "ABC"


def a_key(name):
    return SigningKey(sha256(name.encode()).digest())


def statements_of(party, officer):
    root = a_key(f"{party} root")
    founding = sign_statement(KeyStatement(party, 0, None, 0, Founding(root.public, None, None)), root)
    enrolment = found(founding).next(Enrolment(officer, "duty officer", 1, None, None), made_at_us=1)
    return tuple(to_json(e).decode() for e in (founding, sign_statement(enrolment, root)))


def plan(party, reference="N", *, km_north=0.0, starts_us=None):
    starts_us = starts_us or NOON_US + HOUR_US
    where = Circle(Position(34.0 + km_north / 111.0, 36.0), 2_000.0)
    window = TimeWindow(starts_us, starts_us + HOUR_US)
    volume = Volume4D(where, AltitudeBand(amsl(1_000.0), amsl(2_000.0)), window)
    return Notice(reference, party, Activity.AIR_OPERATION, (volume,))


class Site:
    """A store with one arena, the parties' clients, and sequencers that are started and stopped."""

    ids = count()

    def __init__(self, store):
        self.store = store
        store.create_arena(ARENA, 0)
        self.host = Host(a_key("host"), ARENA, store.now_us)
        self.running = []
        self.parties = {name: Party(name, GRIDS) for name in PARTIES}

    def start(self, holder="one", lease_s=4.0):
        sequencer = Sequencer(
            self.store, self.host, holder=holder, address=holder, salts=random_bytes(f"{holder} {next(self.ids)}"),
            run=kernels, lease_s=lease_s,
        )  # fmt: skip
        sequencer.start()
        self.running.append(sequencer)
        return sequencer

    def stop(self):
        for sequencer in self.running:
            sequencer.stop()

    def ask(self, sequencer, asked):
        return json.loads(sequencer.submit(asked).result(timeout=30))

    def opened(self, party, envelopes):
        keys = load_registry(self.store, ARENA).keys
        raw = [to_json(e) for e in envelopes]
        return open_acts(raw, keys, arena=ARENA, party=party, now_us=self.store.now_us())

    def submission(self, party, envelopes, name=None):
        return Submission(party, name or f"{next(self.ids):032x}", self.opened(party, envelopes))

    def found(self, sequencer, **terms):
        """Members with keys, and an understanding in force."""
        for name, client in self.parties.items():
            body = MemberBody(name, PartyKind.ARMED_FORCE, statements_of(name, client.key.public))
            self.ask(sequencer, Statement("member", body))
        members = tuple(load_registry(self.store, ARENA).agreements.members.values())
        rules = (MinimaRule("all", Minima(500.0, 100.0, 60.0)),)
        agreed = Understanding("U", "1", rules, terms=Terms(parties=members, grids=GRIDS, **terms))
        raw = payload(ARENA, agreed, None)
        self.public(sequencer, "A", "propose", ProposeBody(raw.decode()))
        for name in PARTIES:
            envelope = to_json(sign(raw, PAYLOAD_TYPE, a_key(f"{name} root"))).decode()
            told = self.public(sequencer, name, "sign", SignBody(envelope))
        assert told["rules"] == "U"

    def public(self, sequencer, party, kind, body):
        return self.ask(sequencer, self.submission(party, [self.parties[party].sign(kind, "", body)]))

    def submit(self, sequencer, party, notice, levels):
        return self.ask(sequencer, self.submission(party, self.parties[party].submission(notice, levels)))

    def inbox(self, party, kind=None):
        found = self.store.postings(ARENA, party, 0, 2**60, 10_000)
        return [json.loads(p.payload) for p in found if kind in (None, p.kind)]


@pytest.fixture
def site(store):
    site = Site(store)
    yield site
    site.stop()


def test_from_an_empty_arena_to_a_conflict_that_both_read(site):
    sequencer = site.start()
    site.found(sequencer)
    assert site.submit(sequencer, "A", plan("A"), {"B": FULL})["answer"] == "CLEAR"
    assert site.submit(sequencer, "B", plan("B"), {"A": FULL})["answer"] == "CONFLICT"
    assert [told["answer"] for told in site.inbox("A", "answer")] == ["CONFLICT"]
    assert len(site.inbox("B", "view")) == 1


def test_the_same_submission_twice_is_one_and_is_answered_the_same(site):
    sequencer = site.start()
    site.found(sequencer)
    asked = site.submission("A", site.parties["A"].submission(plan("A"), {"B": FULL}))
    entry_count = site.store.heads(ARENA).next_position
    first, second = (sequencer.submit(asked) for _ in range(2))
    assert first.result(30) == second.result(30) == sequencer.submit(asked).result(30)
    assert site.store.heads(ARENA).next_position == entry_count + 2


def test_another_submission_under_the_same_id_is_refused(site):
    sequencer = site.start()
    site.found(sequencer)
    client = site.parties["A"]
    site.ask(sequencer, site.submission("A", [client.sign("message", "B", MessageBody("1" * 32, "one"))], "0" * 32))
    with pytest.raises(Conflicted):
        site.ask(sequencer, site.submission("A", [client.sign("message", "B", MessageBody("1" * 32, "two"))], "0" * 32))


def test_a_refusal_harms_nobody_else_in_the_same_turn(site):
    sequencer = site.start()
    site.found(sequencer)
    bad = site.submission("A", [site.parties["A"].sign("suspend", "", SuspendBody("f" * 64))])
    good = site.submission("B", site.parties["B"].submission(plan("B"), {"A": FULL}))
    futures = [sequencer.submit(each) for each in (bad, good)]
    with pytest.raises(StaleVersion):
        futures[0].result(30)
    assert json.loads(futures[1].result(30))["answer"] == "CLEAR"


def test_a_stranger_cannot_speak(site):
    sequencer = site.start()
    site.found(sequencer)
    with pytest.raises(NotAuthentic):
        site.submission("Q", [Party("Q", GRIDS).sign("message", "B", MessageBody("1" * 32, "hello"))])


def test_what_the_next_sequencer_knows_is_what_the_last_one_knew(site):
    first = site.start("one")
    site.found(first)
    site.submit(first, "A", plan("A"), {"B": FULL, "C": FULL})
    site.submit(first, "A", plan("A", km_north=1.0), {"B": FULL})
    site.submit(first, "B", plan("B"), {"A": FULL})
    first.stop()
    loaded = load_standing(site.store, ARENA, run=kernels)
    assert {party: loaded.world(party).view_count for party in PARTIES} == {"A": 1, "B": 1, "C": 0}
    notice_id = site.parties["B"].notices["N"].notice_id
    assert answered(loaded.world("B").of_own(notice_id))["answer"] == "CONFLICT"
    second = site.start("two")
    assert site.submit(second, "A", plan("A", km_north=300.0), {"B": FULL})["version"] == 3
    assert site.inbox("B", "answer")[-1]["answer"] == "CLEAR"


def test_while_one_holds_the_lease_another_waits_and_then_goes_on(site):
    first, second = site.start("one"), site.start("two", lease_s=1.0)
    assert first.holds_lease.wait(10)
    site.found(first)
    assert not second.holds_lease.is_set()
    waiting = second.submit(site.submission("A", site.parties["A"].submission(plan("A"), {"B": FULL})))
    assert not waiting.done()
    first.stop()
    assert json.loads(waiting.result(30))["answer"] == "CLEAR"


def race(site, sequencer, submissions):
    """Sends all at once, each from a thread of its own; returns the answers in the order of the submissions."""
    with ThreadPoolExecutor(len(submissions)) as pool:
        return list(pool.map(lambda each: site.ask(sequencer, each)["answer"], submissions))


def test_two_that_race_are_never_both_told_clear(site):
    sequencer = site.start()
    site.found(sequencer)
    for k in range(20):
        plans = [("A", plan("A", f"N{k}", km_north=10.0 * k), "B"), ("B", plan("B", f"N{k}", km_north=10.0 * k), "A")]
        asked = [site.submission(p, site.parties[p].submission(notice, {to: FULL})) for p, notice, to in plans]
        assert sorted(race(site, sequencer, asked)) == ["CLEAR", "CONFLICT"]


def test_a_deadline_passes_by_the_stores_clock_and_the_ladder_begins(site):
    sequencer = site.start()
    site.found(sequencer, deadlines=(Deadline(ReceiptStage.ACKNOWLEDGED, 1),))
    site.submit(sequencer, "A", plan("A"), {"B": FULL, "C": FULL})
    view = site.parties["A"].notices["N"].views["C"]
    receipt = ReceiptBody(view.view_id, 1, ReceiptStage.ACKNOWLEDGED, officer="night watch")
    site.ask(sequencer, site.submission("C", [site.parties["C"].sign("receipt", "A", receipt)]))
    until_s = time.monotonic() + 20
    while not site.inbox("B", "passed") and time.monotonic() < until_s:
        time.sleep(0.05)
    assert len(site.inbox("B", "passed")) == 1
    assert site.inbox("C", "passed") == []


def test_when_the_sequencer_stops_who_still_waits_is_told_to_try_again(site):
    sequencer = site.start("two")
    blocked = site.store.take_lease(ARENA, "somebody else", "", 60.0)
    if blocked is None:  # it was quicker
        sequencer.holds_lease.wait(10)
    future = sequencer.submit(Statement("member", MemberBody("Z", PartyKind.OPERATOR, ())))
    sequencer.stop()
    if blocked:
        with pytest.raises(StoreUnavailable, match="has stopped"):
            future.result(10)


def test_a_stale_sequencer_writes_nothing_and_says_nothing(site):
    first = site.start("one")
    site.found(first)
    entry_count = site.store.heads(ARENA).next_position
    usurper = None
    site.store.release_lease(site.store.lease(ARENA))
    while usurper is None:
        usurper = site.store.take_lease(ARENA, "two", "", 30.0)
    future = first.submit(site.submission("A", site.parties["A"].submission(plan("A"), {"B": FULL})))
    time.sleep(1.0)
    assert not future.done() or future.exception() is not None
    assert site.store.heads(ARENA).next_position == entry_count
