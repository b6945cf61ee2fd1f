"""The sequencer on both stores: nothing lost, nothing twice, never both CLEAR, and another goes on where one stopped."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from channel_world import ARENA, FULL, Party, random_bytes
from detente.api.load import load_registry, load_standing
from detente.api.sequencer import Sequencer, Statement
from detente.api.wire import Broken
from detente.channel.acts import KeysBody, MemberBody, MessageBody, ReceiptBody, SuspendBody
from detente.channel.submit import answered
from detente.domain import (
    Conflicted,
    Deadline,
    NotAuthentic,
    PartyKind,
    ReceiptStage,
    StaleVersion,
    StoreUnavailable,
)
from detente.record.envelope import to_json
from detente.record.key_history import Reason, Revocation, sign_statement
from detente.screening import kernels
from patience import wait_until
from sequencer_world import GRIDS, PARTIES, a_key, plan


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
    wait_until(lambda: site.inbox("B", "passed"))
    assert len(site.inbox("B", "passed")) == 1
    assert site.inbox("C", "passed") == []


def test_when_the_sequencer_stops_who_waits_is_told_to_try_again_and_so_is_who_comes_later(site):
    site.store.take_lease(ARENA, "somebody else", "", 60.0)
    sequencer = site.start("two")
    asked = Statement("member", MemberBody("Z", PartyKind.OPERATOR, ()))
    waiting = sequencer.submit(asked)
    sequencer.stop()
    for future in (waiting, sequencer.submit(asked)):
        with pytest.raises(StoreUnavailable, match="has stopped"):
            future.result(10)


def test_a_key_given_up_while_its_act_waited_signs_no_more(site):
    sequencer = site.start()
    site.found(sequencer)
    client = site.parties["A"]
    before = dict(client.last)
    waiting = site.submission("A", client.submission(plan("A"), {"B": FULL}))
    client.last = before
    history = load_registry(site.store, ARENA).histories["A"]
    now_us = site.store.now_us()
    gone = history.next(Revocation(client.key.public.id, Reason.STOLEN, now_us, None, ""), made_at_us=now_us)
    text = to_json(sign_statement(gone, a_key("A root"))).decode()
    site.public(sequencer, "A", "keys", KeysBody((text,)))
    with pytest.raises(NotAuthentic, match="stolen"):
        site.ask(sequencer, waiting)


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


class Salts:
    """Random bytes, until somebody breaks them."""

    def __init__(self):
        self.good, self.is_broken = random_bytes("salts"), False

    def __iter__(self):
        return self

    def __next__(self):
        if self.is_broken:
            raise ZeroDivisionError("a fault of ours")
        return next(self.good)


def test_a_fault_of_ours_costs_its_own_submission_and_no_other(site):
    salts = Salts()
    sequencer = Sequencer(site.store, site.host, holder="one", address="", salts=salts, run=kernels)
    sequencer.start()
    site.running.append(sequencer)
    site.found(sequencer)
    poison = site.submission("A", [site.parties["A"].sign("message", "B", MessageBody("1" * 32, "one"))])
    salts.is_broken = True
    with pytest.raises(StoreUnavailable):
        sequencer.submit(poison).result(30)
    salts.is_broken = False
    before = site.store.heads(ARENA).next_position
    good = site.submission("B", [site.parties["B"].sign("message", "A", MessageBody("2" * 32, "two"))])
    assert sequencer.submit(good).result(30)
    with pytest.raises(Broken, match="a fault of our own"):
        sequencer.submit(poison).result(30)
    assert site.store.heads(ARENA).next_position == before + 1
    assert [told["from"] for told in site.inbox("A", "message")] == ["B"]
    assert not sequencer.ended.is_set()
