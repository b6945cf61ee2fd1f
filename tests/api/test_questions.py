"""Questions that change nothing: answered between turns, each party in its turn, and none for ever."""

import json
import logging
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel_world import ARENA, FULL, NOON_US, Channel, plan
from detente.api.questions import DRAFT_ID, MOST_WAITING, OfDraft, OfNotice, Questions, advised, written
from detente.api.wire import Broken, NotThere, TooOften
from detente.channel import advice
from detente.domain import StoreUnavailable, TooLarge

NOBODYS = "f" * 32


class Clock:
    """Seconds that go by only when it is looked at."""

    def __init__(self, each_s=0.0):
        self.now_s, self.each_s = 0.0, each_s

    def __call__(self):
        self.now_s += self.each_s
        return self.now_s


def met():
    """A channel in which A and B meet, and the ids of their notices."""
    channel = Channel()
    for party, other in ("AB", "BA"):
        channel.submit(party, plan(party), {other: FULL})
    return channel.standing, {name: channel.parties[name].notices["N"].notice_id for name in "AB"}


# ── what is answered ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_notice_and_a_draft_of_the_same_are_answered_the_same_but_for_its_name():
    standing, ids = met()
    own = standing.world("A").own(ids["A"])
    told = json.loads(written(advised(standing, OfNotice("A", ids["A"]), NOON_US)))
    draft = json.loads(written(advised(standing, OfDraft("A", replace(own, view_id=DRAFT_ID)), NOON_US)))
    assert (told.pop("notice_id"), told.pop("version")) == (ids["A"], 1)
    assert json.dumps(told).replace(ids["A"], DRAFT_ID) == json.dumps(draft)
    assert told["answer"] == told["conflicts"][0]["answer"] == "CONFLICT"
    assert told["conflicts"][0]["lateral_m"]["stated"] == 0.0
    assert [move["dimension"] for move in told["proposals"][0]["moves"]] == told["sought"]


def test_nobody_is_told_of_anothers_notice():
    standing, ids = met()
    for asked in (OfNotice("A", ids["B"]), OfNotice("A", NOBODYS), OfNotice("C", ids["A"]), OfNotice("Z", ids["A"])):
        with pytest.raises(NotThere):
            advised(standing, asked, NOON_US)


def test_what_meets_too_much_is_refused_and_not_looked_through(monkeypatch):
    standing, ids = met()
    own = standing.world("A").own(ids["A"])
    monkeypatch.setattr(advice, "MOST_MET", 2)
    assert advised(standing, OfDraft("A", replace(own, volumes=own.volumes * 2)), NOON_US)
    with pytest.raises(TooLarge):
        advised(standing, OfDraft("A", replace(own, volumes=own.volumes * 3)), NOON_US)


# ── whose turn it is ─────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.sampled_from("ABC"), max_size=3 * MOST_WAITING))
def test_parties_take_turns_and_each_partys_questions_keep_their_order(asked):
    questions, standing, order = Questions(Clock()), Channel().standing, []
    told = dict.fromkeys("ABC", 0)
    for name in asked:
        if told[name] < MOST_WAITING:
            future = questions.ask(OfNotice(name, NOBODYS))
            future.add_done_callback(lambda _, mine=(name, told[name]): order.append(mine))
            told[name] += 1
    questions.answer_some(standing, lambda: NOON_US, lambda: False)
    assert not questions.wait
    assert sorted(order) == [(name, k) for name in "ABC" for k in range(told[name])]
    assert [k for _, k in order] == sorted(k for _, k in order)


def test_a_party_that_asks_too_much_is_refused_and_no_other_is():
    questions = Questions(Clock())
    waiting = [questions.ask(OfNotice("A", NOBODYS)) for _ in range(MOST_WAITING)]
    with pytest.raises(TooOften):
        questions.ask(OfNotice("A", NOBODYS))
    questions.ask(OfNotice("B", NOBODYS))
    waiting[3].cancel()
    questions.ask(OfNotice("A", NOBODYS))


def test_while_submissions_wait_a_question_is_followed_by_as_long_without_one():
    looks_s = iter([0.00, 0.02, 0.03, 0.05, 0.09, 0.10, 0.11, 0.12])  # the first took 0.02 s, the second 0.04 s
    questions, standing = Questions(lambda: next(looks_s)), Channel().standing
    futures = [questions.ask(OfNotice("A", NOBODYS)) for _ in range(4)]
    answered = []
    for is_busy in (True, True, True, True, False):
        questions.answer_some(standing, lambda: NOON_US, lambda is_busy=is_busy: is_busy)
        answered.append(sum(each.done() for each in futures))
        if len(answered) == 4:
            looks_s = iter([1.0, 1.0, 1.0, 1.0])
    assert answered == [1, 1, 2, 2, 4]


def test_a_turn_is_never_held_up_by_all_that_wait():
    clock = Clock(each_s=0.06)
    questions, standing = Questions(clock), Channel().standing
    futures = [questions.ask(OfNotice("A", NOBODYS)) for _ in range(6)]
    questions.answer_some(standing, lambda: NOON_US, lambda: False)
    assert 1 <= sum(each.done() for each in futures) < 6


def test_whoever_no_longer_waits_costs_nothing():
    questions = Questions(Clock())
    left, kept = questions.ask(OfNotice("A", NOBODYS)), questions.ask(OfNotice("A", NOBODYS))
    left.cancel()
    questions.answer_some(Channel().standing, lambda: NOON_US, lambda: False)
    assert left.cancelled()
    assert isinstance(kept.exception(), NotThere)


def test_a_fault_of_ours_takes_no_question_but_its_own(caplog):
    standing, ids = met()
    questions = Questions()
    bad, good = questions.ask(OfDraft("A", None)), questions.ask(OfNotice("A", ids["A"]))
    with caplog.at_level(logging.CRITICAL):
        questions.answer_some(standing, lambda: NOON_US, lambda: False)
    assert isinstance(bad.exception(), Broken)
    assert good.result().advice.meetings


# ── in the sequencer ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_sequencer_that_stops_refuses_what_waits_and_what_comes_after(site):
    sequencer = site.start()
    sequencer.stop()
    with pytest.raises(StoreUnavailable):
        sequencer.ask(OfNotice("A", NOBODYS)).result(60)


def test_questions_leave_no_trace_in_the_store(site):
    sequencer = site.start()
    site.found(sequencer)
    before = site.store.heads(ARENA)
    for _ in range(5):
        with pytest.raises(NotThere):
            sequencer.ask(OfNotice("A", NOBODYS)).result(60)
    assert site.store.heads(ARENA) == before
