"""Who tells the outlets: nobody waits for a slow receiver, a STOP for nothing, and how each attempt went is kept before the next."""

import json
import logging
import threading
import time
from contextlib import closing
from functools import partial
from hashlib import sha256
from itertools import pairwise

import pytest

from channel_world import ARENA
from detente.api import deliverer as delivering
from detente.api import outlets as told
from detente.api.cursors import Cursors
from detente.api.deliverer import MOST_OF_PARTY, OUR_FAULT, READS_AT_ONCE, Deliverer, keep_by
from detente.api.history import Asked
from detente.api.outlets import Smtp, outlets
from detente.api.sequencer import Sequencer
from detente.channel.acts import MessageBody, OutletBody, StopBody
from detente.channel.outlets import OUTLET, Progress, outlet_of
from detente.domain import StoreUnavailable
from detente.stores import open_store
from outlet_world import Hook, until
from sequencer_world import Site, a_key

CURSORS = Cursors(bytes(range(64)))


class World(Site):
    """A site with its deliverer, and receivers that are told."""

    def __init__(self, store):
        super().__init__(store)
        self.sequencer = self.start()
        self.found(self.sequencer)
        self.keep = partial(keep_by, self.sequencer)
        self.hooks, self.deliverers, self.let_go = [], [], threading.Event()

    def deliver(self, *, starts=True, **options):
        """Begins to tell; without `starts` whoever has it looks by itself."""
        told = {"holds": self.sequencer.holds_lease.is_set, "keep": lambda told: self.keep(told), "to_loopback": True}
        deliverer = Deliverer(self.store, CURSORS, a_key("host"), ARENA, **told | options)
        if starts:
            deliverer.start()
            self.deliverers.append(deliverer)
        return deliverer

    def hook(self, *, hangs=False):
        """A receiver; one that hangs takes what it is told and does not answer until the end."""
        hook = Hook()
        if hangs:
            hook.before = lambda: self.let_go.wait(60)
        self.hooks.append(hook)
        return hook

    def place(self, party, address, *kinds, kind="webhook", active=True):
        body = OutletBody(sha256(address.encode()).hexdigest()[:32], kind, address, kinds, active=active)
        self.public(self.sequencer, party, "outlet", body)

    def say(self, recipient, text="word", sender="A"):
        body = MessageBody(f"{next(self.ids):032x}", text)
        self.ask(self.sequencer, self.submission(sender, [self.parties[sender].sign("message", recipient, body)]))

    def stop_them(self, recipient, sender="A"):
        body = StopBody(f"{next(self.ids):032x}", "there", "cease")
        self.ask(self.sequencer, self.submission(sender, [self.parties[sender].sign("stop", recipient, body)]))

    def outlets(self, party):
        told = json.loads(outlets(self.store, CURSORS, Asked(ARENA, party, {}, None, 1)))["outlets"]
        return {each["address"]: each for each in told}

    def numbers(self, hook, kind):
        """Of the postings of a kind that a receiver of B's got, in order."""
        told = zip(hook.kinds, hook.references, strict=True)
        return [CURSORS.number(cursor, arena=ARENA, party="B") for was, cursor in told if was == kind]

    def newest(self, party):
        """The reference of the newest posting."""
        number = self.store.heads(ARENA).next_numbers[party] - 1
        return CURSORS.of_number(number, arena=ARENA, party=party)

    def close(self):
        self.let_go.set()
        for deliverer in self.deliverers:
            deliverer.stop()
        self.stop()
        for hook in self.hooks:
            hook.close()


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(told, "ATTEMPT_S", 60.0)  # who hangs does so until we let go, however busy this machine is
    with closing(open_store(f"sqlite:///{tmp_path / 'channel.db'}")) as store:
        world = World(store)
        yield world
        world.close()


def test_a_receiver_that_hangs_holds_up_nobody_else(world):
    """Of its own party, or another: they are told of what came later too, while it still has the first in its hands."""
    slow, own, other = world.hook(hangs=True), world.hook(), world.hook()
    for party, hook in (("B", slow), ("B", own), ("C", other)):
        world.place(party, hook.url, "message")
    world.deliver()
    for count in (1, 2):
        for party in "BC":
            world.say(party)
        until(lambda count=count: len(own.got) == len(other.got) == count)
    assert len(slow.got) == 1
    assert world.outlets("B")[slow.url]["attempts"] == 0  # it has not even failed yet


def test_a_party_whose_receivers_all_hang_has_its_own_limit_and_none_on_its_stops(world):
    slow = [world.hook(hangs=True) for _ in range(MOST_OF_PARTY + 2)]
    stopping, other = world.hook(), world.hook()
    for hook in slow:
        world.place("B", hook.url, "message")
    world.place("B", stopping.url)
    world.place("C", other.url, "message")
    world.say("B")
    world.deliver()
    until(lambda: sum(len(hook.got) for hook in slow) + len(stopping.got) >= MOST_OF_PARTY)
    world.say("C")
    world.stop_them("B")
    until(lambda: other.got and "stop" in stopping.kinds)
    assert sum(len(hook.got) for hook in slow) <= MOST_OF_PARTY


def test_where_no_more_may_be_told_at_once_a_stop_is_all_the_same(world, monkeypatch):
    monkeypatch.setattr(delivering, "MOST_AT_ONCE", 1)
    slow, other = world.hook(hangs=True), world.hook()
    world.place("B", slow.url)
    world.place("C", other.url)
    world.say("B")
    world.deliver()
    until(lambda: slow.got)
    world.say("C")
    world.stop_them("C")
    until(lambda: other.got)
    assert other.kinds == ["stop"]


def test_how_each_attempt_went_is_kept_before_the_next(world):
    """The receiver looks, at each, how far the store says that it has got: up to the one before."""
    hook, kept = world.hook(), []
    hook.before = lambda: kept.append(world.outlets("B")[hook.url]["told_up_to"])
    world.place("B", hook.url, "message")
    for _ in range(5):
        world.say("B")
    world.deliver()
    until(lambda: len(hook.got) == 5)
    assert kept[1:] == hook.references[:-1]


def test_a_stop_overtakes_what_is_not_taken_and_nothing_is_told_twice(world):
    hook = world.hook()
    hook.status = lambda data: 200 if data["kind"] == "stop" else 500
    world.place("B", hook.url, "message", "stop")
    world.deliver()
    world.say("B")
    until(lambda: world.outlets("B")[hook.url]["attempts"] > 0)
    world.say("B")
    world.stop_them("B")
    until(lambda: "stop" in hook.kinds)
    told = world.outlets("B")[hook.url]
    assert (told["problem"], told["stops"]["problem"]) == ("it answered 500", "")
    hook.status = 200
    until(lambda: world.outlets("B")[hook.url]["told_up_to"] == world.newest("B"))
    taken = hook.kinds.count("message"), hook.kinds.count("stop")
    assert hook.kinds[-2:] == ["message", "message"]  # in order, the one that failed first
    assert taken[1] == 1
    assert len(set(hook.ids)) == 3


def test_a_stop_that_is_not_taken_holds_back_nothing_else(world):
    hook = world.hook()
    hook.status = lambda data: 500 if data["kind"] == "stop" else 200
    world.place("B", hook.url, "message", "stop")
    world.deliver()
    world.stop_them("B")
    world.say("B")
    until(lambda: "message" in hook.kinds and world.outlets("B")[hook.url]["stops"]["attempts"] > 0)
    hook.status = 200
    until(lambda: world.outlets("B")[hook.url]["stops"]["attempts"] == 0)
    assert hook.kinds.count("message") == 1
    assert len(set(hook.ids)) == 2


def test_a_fault_of_ours_is_a_failure_of_one_outlet_and_is_in_the_log_and_in_the_list(world, caplog):
    """A sender that no message can be from: nobody foresaw that."""
    hook = world.hook()
    world.place("B", "duty@example.org", "message", kind="email")
    world.place("B", hook.url, "message")
    with caplog.at_level(logging.ERROR):
        world.deliver(smtp=Smtp("127.0.0.1", 9, "channel@example.org\r\nBcc: all@example.org", tls="none"))
        world.say("B")
        until(lambda: hook.got and world.outlets("B")["duty@example.org"]["attempts"] > 0)
    assert world.outlets("B")["duty@example.org"]["problem"] == OUR_FAULT
    (first, *_) = [record for record in caplog.records if record.exc_info]
    assert "a fault of ours" in first.message
    world.say("B")
    until(lambda: len(hook.got) == 2)


def test_while_nothing_fails_every_outlet_is_told_everything_once_and_in_order(world):
    """However thick and fast looks come, between attempts that end and what they commit."""
    hooks = [world.hook() for _ in range(3)]
    for hook in hooks:
        world.place("B", hook.url)
    deliverer = world.deliver(starts=False)

    def is_told():
        deliverer.look()
        return all(len(hook.got) >= 24 for hook in hooks)

    for _ in range(12):
        for act in (world.say, world.stop_them):
            act("B")
            is_told()
    until(is_told, every_s=0.002)
    until(lambda: all(told["told_up_to"] == world.newest("B") for told in world.outlets("B").values()))
    for hook in hooks:
        assert len(set(hook.ids)) == len(hook.ids) == 24
        assert is_rising(world.numbers(hook, "message"))
        assert is_rising(world.numbers(hook, "stop"))


def test_what_ends_while_we_look_is_not_told_again(world):
    """The look reads an outlet as it was, and before it goes on the attempt that was under way ends and is kept."""
    hook, answers = world.hook(), threading.Event()
    hook.before = lambda: answers.wait(60)
    world.place("B", hook.url, "message")
    world.say("B")
    deliverer, read = world.deliver(starts=False), world.store.due_of

    def read_slowly(*asked):
        found = read(*asked)
        if hook.got:
            answers.set()
            until(lambda: not deliverer._under_way)
        return found

    until(lambda: deliverer.look() or hook.got)
    world.store.due_of = read_slowly
    deliverer.look()
    world.store.due_of = read
    until(lambda: not deliverer._under_way)
    assert world.outlets("B")[hook.url]["told_up_to"] == hook.references[0]
    assert len(hook.got) == 1


def is_rising(numbers):
    return all(before < after for before, after in pairwise(numbers))


def test_what_could_not_be_kept_is_told_again_under_its_id(world):
    hook, keep = world.hook(), world.keep

    def fail_once(_):
        world.keep = keep
        raise StoreUnavailable("away for a moment")

    world.place("B", hook.url, "message")
    world.keep = fail_once
    world.say("B")
    world.deliver()
    until(lambda: world.outlets("B")[hook.url]["told_up_to"] == world.newest("B"))
    assert len(hook.ids) == 2
    assert len(set(hook.ids)) == 1


def test_what_the_sequencer_does_not_keep_in_time_is_unknown_and_is_not_kept_later(world, monkeypatch):
    """It waits in the queue of one that does not decide."""
    monkeypatch.setattr(delivering, "_KEEP_WITHIN_S", 0.1)
    waiting = Sequencer(world.store, world.host, holder="two", address="two", salts=iter(()))
    with pytest.raises(StoreUnavailable, match="not kept in time"):
        keep_by(waiting, Progress("B", "a" * 32, is_stops=False, after_number=1))
    assert waiting._queue.get_nowait().answer.cancelled()


def test_however_many_are_told_at_once_few_read_the_store_at_once(world):
    """Each read has a connection of its own, and a database has not many."""
    hooks, reads, most, lock = [world.hook() for _ in range(3 * MOST_OF_PARTY)], [], [], threading.Lock()
    postings = world.store.postings

    def counted(*asked):
        with lock:
            reads.append(asked)
            most.append(len(reads))
        time.sleep(0.02)
        try:
            return postings(*asked)
        finally:
            with lock:
                reads.pop()

    for number, hook in enumerate(hooks):
        world.place("ABC"[number % 3], hook.url, "message")
    world.store.postings = counted
    for sender, recipient in ("AB", "BC", "CA"):
        world.say(recipient, sender=sender)
    world.deliver()
    until(lambda: all(hook.got for hook in hooks))
    assert max(most) <= READS_AT_ONCE + 1  # and who looks


def test_what_was_removed_meanwhile_is_told_of_nothing_more(world):
    hook = world.hook()
    hook.before = lambda: len(hook.got) == 1 and world.place("B", hook.url, "message", active=False)
    world.place("B", hook.url, "message")
    other = world.hook()
    world.place("B", other.url, "message")
    for _ in range(3):
        world.say("B")
    world.deliver()
    until(lambda: len(other.got) == 3)
    world.deliverers[0].stop()
    assert len(hook.got) == 1


def test_another_deliverer_goes_on_where_one_stopped_and_tells_nothing_twice(world, monkeypatch):
    monkeypatch.setattr(delivering, "_LAG", 3)
    monkeypatch.setattr(delivering, "_PAGE", 2)
    monkeypatch.setattr(delivering, "_READ_AT_ONCE", 2)
    hook = world.hook()
    world.place("B", hook.url)
    for _ in range(3):
        for _ in range(4):
            world.say("B")
        world.stop_them("B")
        deliverer = world.deliver()
        until(lambda: world.outlets("B")[hook.url]["told_up_to"] == world.newest("B"))
        until(lambda: hook.kinds.count("stop") == len(world.deliverers))
        deliverer.stop()
    assert (hook.kinds.count("message"), hook.kinds.count("stop")) == (12, 3)
    assert len(set(hook.ids)) == 15


def test_without_stops_their_lane_moves_on_too_for_the_next_start_to_read_less(world, monkeypatch):
    monkeypatch.setattr(delivering, "_LAG", 3)
    hook = world.hook()
    world.place("B", hook.url)
    before = kept(world, "B").stops.after_number
    for _ in range(6):
        world.say("B")
    world.deliver()
    until(lambda: kept(world, "B").stops.after_number > before + 3)
    until(lambda: len(hook.got) == 6)


def test_who_decides_no_longer_tells_no_more(world):
    hook, holds = world.hook(), threading.Event()
    holds.set()
    hook.before = holds.clear
    world.place("B", hook.url, "message")
    for _ in range(3):
        world.say("B")
    deliverer = world.deliver(holds=holds.is_set)
    until(lambda: world.outlets("B")[hook.url]["told_up_to"] in hook.references)
    deliverer.stop()
    assert len(hook.got) == 1


def kept(world, party):
    (outlet,) = [each for each in map(outlet_of, world.store.due_of(ARENA, OUTLET)) if each.party == party]
    return outlet
