"""Answers leave at ticks: how long one took within a tick cannot be told from when it came."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channel_world import ARENA
from detente.api.app import Served, until_tick_s
from detente.api.handover import Handover
from detente.api.tokens import RateLimit
from detente.channel.registry import Registry
from detente.domain import AgainstTerms, InvalidVolume, StaleVersion, Terms
from sequencer_world import a_key


class Clock:
    """Seconds that go by only when somebody works or sleeps."""

    def __init__(self, now_s):
        self.now_s = now_s

    async def sleep(self, for_s):
        self.now_s += for_s


def left_at(store, began_s, took_s, refusal=None):
    """When the answer to something that took so long leaves, in ms; the tick is that of the default rules, 100 ms."""
    clock = Clock(began_s)
    served = Served(
        store, {}, host_key=a_key("host").public, cursor_key=bytes(64),
        clock_s=lambda: clock.now_s, rate_limit=RateLimit(), handover=Handover(bytes(64)), sleep=clock.sleep,
    )  # fmt: skip

    async def answer():
        with suppress(StaleVersion, AgainstTerms):
            async with served.answer_tick(ARENA):
                clock.now_s += took_s
                if refusal:
                    raise refusal

    asyncio.run(answer())
    served.close()
    return round(clock.now_s * 1_000, 3)


def test_a_slow_answer_and_a_fast_one_and_a_refusal_leave_at_the_same_moment(store):
    assert Registry.of(ARENA).rules.terms.answer_tick_ms == 100
    quick = left_at(store, 7.301, 0.0001)
    assert quick == 7_400.0
    assert left_at(store, 7.301, 0.0985) == quick
    assert left_at(store, 7.3999, 0.0) == quick
    assert left_at(store, 7.301, 0.02, StaleVersion("it has changed")) == quick
    assert left_at(store, 7.301, 0.05, AgainstTerms("no")) == quick


def test_what_takes_longer_than_a_tick_leaves_at_a_later_one(store):
    assert left_at(store, 7.301, 0.3) == 7_700.0


@given(st.integers(0, 10**9), st.integers(1, 5_000))
def test_the_next_tick_is_a_whole_multiple_and_never_further_than_one_tick(now_ms, tick_ms):
    wait_ms = until_tick_s(now_ms / 1_000, tick_ms) * 1_000
    assert 0 <= wait_ms <= tick_ms
    assert abs((now_ms + wait_ms + tick_ms / 2) % tick_ms - tick_ms / 2) < 1e-3


def test_without_a_tick_answers_leave_at_once():
    assert until_tick_s(7.301, 0) == 0.0


@pytest.mark.parametrize("tick_ms", [-1, 5_001])
def test_an_answer_tick_that_cannot_be_is_refused(tick_ms):
    with pytest.raises(InvalidVolume, match="is not between 0 and 5000 ms"):
        Terms(answer_tick_ms=tick_ms)
