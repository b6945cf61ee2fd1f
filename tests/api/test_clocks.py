"""The channel while somebody sets the clock: on either store, by the clock the store is given."""

import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from channel_world import ARENA, FULL, act_of
from detente.channel.acts import MessageBody
from detente.domain import Deadline, ReceiptStage, Rung, Step
from detente.stores.clock import BELIEVED_AFTER_S, SteadyClock, elapsed_us, system_clock_us
from detente.stores.postgres import PostgresStore
from detente.stores.sqlite import SqliteStore
from door_world import Door
from patience import wait_until
from sequencer_world import HOUR_US, plan

S = 1_000_000
WITHIN_S = 600
TERMS = {
    "deadlines": (Deadline(ReceiptStage.ACKNOWLEDGED, WITHIN_S),),
    "ladder": (Step(Rung.ALTERNATES, 0), Step(Rung.SENDER_TOLD, 300)),
    "answer_tick_ms": 0,
}


class Hands:
    """A clock that goes, that is set, and by which time passes faster where a test says so."""

    def __init__(self):
        self.set_by_us = self.passed_us = 0

    def clock(self):
        return SteadyClock(
            lambda: system_clock_us() + self.passed_us + self.set_by_us, lambda: elapsed_us() + self.passed_us
        )


class Clocked(Door):
    """A door whose store goes by hands. One second passes at a time, and whoever works in between sees it."""

    def __init__(self, url, hands):
        path = Path(url.removeprefix("sqlite:///"))
        clock = hands.clock()
        super().__init__(SqliteStore(path, clock=clock) if "sqlite" in url else PostgresStore(url, clock=clock))
        self.hands, self.url = hands, url

    def set(self, by_s):
        self.hands.set_by_us += by_s * S
        self.store.now_us()

    def wait(self, for_s):
        """Time passes, in steps that a sequencer would see."""
        for _ in range(20):
            self.hands.passed_us += for_s * S // 20
            self.store.now_us()

    def message(self, text):
        """It arrives, a tick later at the most, and is the last in its recipient's inbox."""
        self.send("A", "message", "B", MessageBody("1" * 32, text))
        told = wait_until(lambda: self.read_inbox("B", limit=100), lambda found: text in str(texts_of(found)))
        assert texts_of(told)[-1] == text

    def passed(self, to="B"):
        return [p for p in self.read_inbox(to, limit=100) if p["kind"] == "passed"]

    def check(self):
        """Moments and ticks never go back, in no list."""
        moments_us = [entry.received_us for entry in self.store.entries(ARENA, 0, 10_000)]
        assert moments_us == sorted(moments_us)
        for party in self.parties:
            ticks_us = [p.tick_us for p in self.store.postings(ARENA, party, 0, 2**60, 10_000)]
            assert ticks_us == sorted(ticks_us)

    @contextmanager
    def served(self):
        with self.ajar():
            yield self
        self.check()
        self.stop()
        self.store.close()


def texts_of(postings):
    return [act_of(p["payload"]["envelope"]).body["text"] for p in postings if p["kind"] == "message"]


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def door(database_url, hands):
    with Clocked(database_url, hands).served() as door:
        door.found(door.sequencer, **TERMS)
        yield door


def notify(door, party="A", recipient="B"):
    soon = plan(party, starts_us=door.store.now_us() + HOUR_US)
    return door.post(party, door.parties[party].submission(soon, {recipient: FULL})).json()


def holder_of(door):
    """Who decides: a lease that ran out while half a minute passed at once is renewed a moment later."""
    return wait_until(lambda: door.store.lease(ARENA)).holder


@pytest.mark.parametrize("leap_s", [5 * 3600, -5 * 3600])
def test_a_clock_that_is_set_wrongly_for_a_moment_changes_nothing(door, leap_s):
    notify(door)
    holder = holder_of(door)
    door.message("before")
    door.set(leap_s)
    door.message("while it is wrong")
    door.wait(BELIEVED_AFTER_S // 2)
    door.set(-leap_s)
    door.message("after")
    assert door.passed() == []
    assert notify(door, "B", "A")["answer"] == "CONFLICT"  # nothing was taken for over
    assert holder_of(door) == holder


def test_with_the_clock_set_back_for_good_inboxes_go_on_and_deadlines_take_twice_as_long_at_most(door):
    notify(door)
    door.message("before")
    door.set(-5 * 3600)
    door.wait(BELIEVED_AFTER_S)
    door.message("after")
    door.wait(WITHIN_S - BELIEVED_AFTER_S - 30)
    door.message("later")
    assert door.passed() == []
    door.wait(WITHIN_S + 60)
    wait_until(door.passed)
    door.wait(2 * 300 + 10)
    wait_until(lambda: door.passed("A"))
    door.message("last")
    assert (len(door.passed()), len(door.passed("A"))) == (1, 1)


def test_with_the_clock_set_ahead_for_good_what_is_due_comes_once(door):
    notify(door)
    door.message("before")
    door.set(1800)
    door.message("not believed yet")
    assert door.passed() == []
    door.wait(BELIEVED_AFTER_S + 1)
    wait_until(door.passed)
    door.wait(301)
    wait_until(lambda: door.passed("A"))
    door.message("last")
    assert (len(door.passed()), len(door.passed("A"))) == (1, 1)


def test_a_server_started_with_its_clock_in_the_past_goes_on_from_its_last_entry(database_url, hands):
    with Clocked(database_url, hands).served() as door:
        door.found(door.sequencer, **TERMS)
        notify(door)
        door.message("before")
        token = door.headers("B")
        clients = door.parties
        last_us = door.store.entries(ARENA, 0, 1000)[-1].received_us
    hands.set_by_us -= 5 * 3600 * S
    with Clocked(database_url, hands).served() as door:
        door.parties = clients
        assert last_us <= door.store.now_us() < last_us + 60 * S
        assert door.http.get(f"/arenas/{ARENA}/inbox", headers=token).status_code == 200
        door.message("after")
        assert door.passed() == []
        door.wait(2 * WITHIN_S + 60)
        wait_until(door.passed)
        assert notify(door, "B", "A")["answer"] == "CONFLICT"


def test_an_expired_token_is_not_revived_by_setting_the_clock_back(door):
    headers = {"Authorization": f"Bearer {door.token(valid_for_s=3600)[0]}"}

    def status():
        return door.http.get(f"/arenas/{ARENA}/inbox", headers=headers).status_code

    door.set(5 * 3600)
    assert status() == 200  # not ended either, by a clock that may be wrong
    door.set(-5 * 3600)
    door.wait(3601)
    assert status() == 401
    door.set(-2 * 3600)
    door.wait(2 * BELIEVED_AFTER_S)
    assert status() == 401


@pytest.mark.parametrize("made_at_us", [0, 2**52])
def test_a_client_with_a_wrong_clock_is_heard_and_its_notice_is_measured_by_the_channels(door, made_at_us):
    client = door.parties["A"]
    honest = client.sign
    client.sign = lambda *what, **changed: honest(*what, **{"made_at_us": made_at_us} | changed)
    told = notify(door)
    assert 3600 - 120 <= told["given_s"] <= 3600
    assert not told["late"]
    door.message("hello")
    assert abs(told["received_us"] - time.time_ns() // 1000) < 120 * S
