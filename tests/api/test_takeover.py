"""Whoever works: two servers over one file never both write, and what falls due is done once, by whichever sequencer is there."""

import copy
import json
import random
import signal
import threading
import time
from collections import defaultdict

from channel_world import ARENA, FULL, act_of, random_bytes
from detente.api.sequencer import Sequencer
from detente.channel.acts import AlertBody, PassedBody
from detente.channel.alert import ALERT, alerted_of
from detente.channel.deadlines import DEADLINE
from detente.channel.forms import form_from
from detente.domain import AlertBudget, Deadline, ReceiptStage, Rung, Step
from detente.domain.terms import MOST_SECONDS
from detente.screening import kernels
from detente.stores import open_store
from nothing_lost import TERMS, World
from patience import PATIENCE_S, wait_until
from sequencer_world import HOUR_US, plan
from served_world import Server

# ── two servers over one database ────────────────────────────────────────────────────────────────────────────────────


class Either:
    """Two servers; a client speaks to the one that holds the lease, mostly, or to the other."""

    def __init__(self, store, *servers):
        self.store, self.servers, self._draw = store, servers, random.Random(0)
        self.headers, self.parties = servers[0].headers, servers[0].parties

    @property
    def url(self):
        lease = self.store.lease(ARENA)
        return lease.address if lease and self._draw.random() < 0.95 else self._draw.choice(self.servers).url

    def inbox(self, party):
        return self.servers[1].inbox(party)


def test_of_two_servers_over_one_database_one_writes_at_a_time_and_the_other_goes_on(tmp_path, database_url):
    first = Server(tmp_path, database_url)
    first.start()
    first.found(**TERMS)
    second = copy.copy(first)
    second.start()
    store = open_store(database_url)
    world = World(Either(store, first, second), database_url)
    epochs = [store.lease(ARENA).epoch]
    try:
        world.start()
        for _ in range(2):
            world.wait_for_more(10)
            holder = next(server for server in (first, second) if server.url == store.lease(ARENA).address)
            other = second if holder is first else first
            holder.end(signal.SIGKILL)
            wait_until(lambda other=other: (lease := store.lease(ARENA)) and lease.address == other.url)
            epochs.append(store.lease(ARENA).epoch)
            holder.start()
        world.wait_for_more(10)
        world.stop()
        world.check()
        assert epochs == sorted(set(epochs))
    finally:
        store.close()
        for server in (first, second):
            server.end(signal.SIGKILL)


# ── three sequencers, and what is due ────────────────────────────────────────────────────────────────────────────────

LADDER = (Step(Rung.ALTERNATES, 0), Step(Rung.NEXT_LEVEL, 1), Step(Rung.ALL_OFFICERS, 2), Step(Rung.SENDER_TOLD, 3))


def test_the_steps_of_a_ladder_are_taken_once_and_in_order_however_often_the_sequencer_changes(site):
    sequencers = [site.start(f"number {k}", lease_s=1.0) for k in range(3)]
    wait_until(lambda: any(each.holds_lease.is_set() for each in sequencers))
    holder = next(each for each in sequencers if each.holds_lease.is_set())
    site.found(holder, deadlines=(Deadline(ReceiptStage.ACKNOWLEDGED, 1),), ladder=LADDER)
    starts_us = site.store.now_us() + 24 * HOUR_US
    for k in range(6):
        notice = plan("A", f"N{k}", km_north=20.0 * k, starts_us=starts_us)
        site.submit(holder, "A", notice, {"B": FULL, "C": FULL})
    epochs = set()
    until_s = time.monotonic() + PATIENCE_S
    while site.store.due_of(ARENA, DEADLINE):
        assert time.monotonic() < until_s
        if lease := site.store.lease(ARENA):
            epochs.add(lease.epoch)
            site.store.release_lease(lease)  # whoever holds it finds out at its next commit, and another may be there
        time.sleep(0.2)
    steps = defaultdict(list)
    for entry in site.store.entries_of(ARENA, ["passed"], 0, 10_000):
        told = form_from(act_of(entry.envelope).body, PassedBody)
        steps[told.recipient, told.id].append(told.rung)
    assert len(steps) == 12
    assert set(map(tuple, steps.values())) == {tuple(step.rung for step in LADDER)}
    assert len(site.inbox("B", "passed")) == len(site.inbox("C", "passed")) == 18
    assert len(site.inbox("A", "passed")) == 12
    assert len(epochs) > 3


def test_three_that_race_for_the_lease_do_what_is_due_once(site):
    """All three wait; each time it is free, whoever comes first works, while others try to with what they know."""
    first = site.start("first")
    site.found(first, deadlines=(Deadline(ReceiptStage.ACKNOWLEDGED, 1),), ladder=LADDER[:1])
    for k in range(10):
        notice = plan("A", f"N{k}", km_north=20.0 * k, starts_us=site.store.now_us() + 24 * HOUR_US)
        site.submit(first, "A", notice, {"B": FULL})
    barrier = threading.Barrier(3)
    starting = [threading.Thread(target=lambda k=k: (barrier.wait(), site.start(f"racer {k}"))) for k in range(3)]
    for thread in starting:
        thread.start()
    first.stop()
    for thread in starting:
        thread.join()
    wait_until(lambda: not site.store.due_of(ARENA, DEADLINE))
    assert len(site.inbox("B", "passed")) == 10


# ── the alert's bits ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_kill_wins_no_bit_of_the_alert_back_and_no_tick_is_taken_twice(tmp_path, database_url):
    budget = 12
    server = Server(tmp_path, database_url)
    server.start()
    server.found(alert=AlertBudget(budget, MOST_SECONDS, 1))
    store = open_store(database_url)
    draw = random.Random(7)

    def spent():
        states = dict(map(alerted_of, store.due_of(ARENA, ALERT)))
        return states["A", "B"].spent

    try:
        for party in "AB":
            notice = plan(party, starts_us=store.now_us() + 24 * HOUR_US)
            server.post(party, server.parties[party].submission(notice, {}))
        stood = [spent()]
        for _ in range(3):
            wait_until(lambda: spent() > stood[-1])
            time.sleep(draw.uniform(0, 1))
            server.end(signal.SIGKILL)
            stood.append(spent())
            server.start()
            stood.append(spent())
        wait_until(lambda: spent() == budget)
        wait_until(lambda: "ALERT_UNAVAILABLE" in str(bodies(store, "A", "B")))
        assert stood == sorted(stood)
        told = bodies(store, "A", "B")
        assert [body.tick_us for body in told] == sorted({body.tick_us for body in told})
        assert [line.says for body in told for line in body.lines][-2:] == ["MEETING", "ALERT_UNAVAILABLE"]
        assert told[-1].left == 0
        assert spent() == budget
    finally:
        store.close()
        server.end(signal.SIGKILL)


def bodies(store, party, other):
    told = [
        json.loads(p.payload)["envelope"] for p in store.postings(ARENA, party, 0, 2**60, 10_000) if p.kind == ALERT
    ]
    return [body for body in (form_from(act_of(each).body, AlertBody) for each in told) if body.other == other]


def test_a_turn_that_takes_longer_than_the_lease_is_nobody_elses_to_take_over(site):
    holder = site.start("one", lease_s=1.0)
    site.found(holder)
    holder.stop()

    def slow_salts():
        for salt in random_bytes("slow"):
            time.sleep(1.5)
            yield salt

    slow = Sequencer(site.store, site.host, holder="slow", address="slow", salts=slow_salts(), run=kernels, lease_s=1.0)
    site.running.append(slow)
    slow.start()
    assert slow.holds_lease.wait(30)
    epoch = site.store.lease(ARENA).epoch
    other = site.start("other", lease_s=1.0)
    assert site.submit(slow, "A", plan("A"), {"B": FULL})["answer"] == "CLEAR"
    assert (site.store.lease(ARENA).epoch, other.holds_lease.is_set()) == (epoch, False)
